"""Takes of others, or from a damaged disk: what can be used is; all else is refused in words, and stays inside."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.forgery import (
    DOCUMENTS,
    JOURNALS,
    contents,
    copy_of,
    endure,
    forge,
    make_take,
    places,
    replaced,
    values,
)

DEEP: Any = []
for _ in range(200):
    DEEP = [DEEP]
HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 0.5, 1e308, -1e308, 10**30, -(2**63) - 1, math.nan, math.inf, -math.inf, 10**6),
    *(
        "",
        " ",
        "x",
        "\ud800",
        "\0",
        "a\nb\x1b[31m",
        "A" * 20_000,
        "../../../escape",
        "/etc/passwd",
        "C:\\x",
        "a/../../b",
    ),
    *([], {}, [[]], [None], {"a": 1}, DEEP, ...),
]
"""Put in the place of anything; Ellipsis takes it away."""
HOSTILE_VALUES: st.SearchStrategy[Any] = st.sampled_from(HOSTILE) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
BOUNDED = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[*HealthCheck])
LONG = settings(BOUNDED, max_examples=3_000, derandomize=False)

Forger = Callable[[str, Callable[[Any], Any]], list[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small take with one of everything. Never written to."""
    return make_take(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def forger(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Forger:
    """Forges a fresh copy of the take, endures it, and sees that nothing was written outside of it."""
    root = tmp_path_factory.mktemp("forged")
    folder = copy_of(made, root / "sessions")
    before = contents(root, without=folder)

    def endured(name: str, change: Callable[[Any], Any], thorough: bool = True) -> list[str]:
        shutil.rmtree(folder)
        shutil.copytree(made, folder)
        forge(folder, name, change)
        refused = endure(folder, thorough=thorough)
        assert contents(root, without=folder) == before, "something was written outside of the take"
        return refused

    return endured


def at(path: tuple[str | int, ...], new: Any) -> Callable[[Any], Any]:
    return lambda value: replaced(value, path, new)


def test_an_untouched_take_is_sound(forger: Forger) -> None:
    """Forging nothing leaves every checksum right: what the others find is what they changed."""
    for name in (*DOCUMENTS, *JOURNALS):
        assert forger(name, lambda value: value) == []


@given(st.data())
@BOUNDED
def test_forged_documents(made: Path, forger: Forger, data: st.DataObject) -> None:
    _forged(made, forger, data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(st.data())
@LONG
def test_many_forged_documents(made: Path, forger: Forger, data: st.DataObject) -> None:
    _forged(made, forger, data)


def _forged(made: Path, forger: Forger, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*DOCUMENTS, *JOURNALS]))
    value = values(made, name)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(value))))
        value = replaced(value, path, data.draw(HOSTILE_VALUES))
    thorough = data.draw(st.integers(0, 3)) == 0
    forger(name, lambda _: value, thorough=thorough)  # type: ignore[call-arg]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [*DOCUMENTS, *JOURNALS])
def test_every_hostile_value_in_every_place(made: Path, forger: Forger, name: str) -> None:
    for path in places(values(made, name)):
        for value in HOSTILE:
            forger(name, at(path, value), thorough=False)  # type: ignore[call-arg]
