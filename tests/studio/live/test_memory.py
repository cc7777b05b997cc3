"""What a session leaves behind: nothing, however many there were; the process is changed once, at the first."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable

import numpy as np
import psutil
import pytest

from engine.runtime import settle
from studio.app.sessions import Sessions
from studio.live.director import Director
from tests.edge_model import EdgeModel

WEIGHTS_BYTES = 8 << 20

pytestmark = pytest.mark.usefixtures("thawed")


class HeavyModel(EdgeModel):
    """Holds as much as weights do, and itself in a circle, as networks with hooks do."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = np.ones(WEIGHTS_BYTES, np.uint8)
        self.hooks = [self.close]


def resident() -> int:
    return int(psutil.Process().memory_info().rss)


def one_by_one(models: list[weakref.ref[HeavyModel]]) -> Callable[[], None]:
    """A director after the other, as a notebook makes them."""

    def session() -> None:
        model = HeavyModel()
        models.append(weakref.ref(model))
        director = Director(model)
        director.warm(96, 64)
        director.close()

    return session


def by_pages(models: list[weakref.ref[HeavyModel]]) -> Callable[[], None]:
    """A page after the other presses Start and goes."""

    def direct() -> Director:
        model = HeavyModel()
        models.append(weakref.ref(model))
        return Director(model)

    places = Sessions(direct, 1)
    tokens = iter(range(1000))

    def session() -> None:
        places.leave(places.enter(str(next(tokens))))

    session.__dict__["places"] = places
    return session


@pytest.mark.long
@pytest.mark.parametrize("how", [one_by_one, by_pages])
def test_memory_after_thirty_sessions_is_that_after_five(
    how: Callable[[list[weakref.ref[HeavyModel]]], Callable[[], None]],
) -> None:
    models: list[weakref.ref[HeavyModel]] = []
    session = how(models)
    for _ in range(5):
        session()
    after_five, frozen = resident(), gc.get_freeze_count()
    for _ in range(25):
        session()
    alive = sum(model() is not None for model in models)
    assert alive <= 3, f"{alive} of {len(models)} models are still there"
    assert gc.get_freeze_count() <= frozen, "the process is changed once"
    if sys.platform == "linux":
        assert resident() - after_five < 8 * WEIGHTS_BYTES
    if places := session.__dict__.get("places"):
        places.close()


@pytest.mark.parametrize("calls", [2, pytest.param(30, marks=pytest.mark.long)])
def test_what_came_after_the_first_settling_is_still_found(calls: int) -> None:
    class Node:
        me: object

    settle()
    nodes: list[weakref.ref[Node]] = []

    def session() -> None:
        node = Node()
        node.me = node
        nodes.append(weakref.ref(node))
        settle()  # while it is alive

    for _ in range(calls):
        session()
    gc.collect()
    assert [node for node in nodes if node() is not None] == []
