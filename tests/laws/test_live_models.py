"""Every kind of live model fulfils the protocol by which the studio knows it."""

from __future__ import annotations

import pytest

from engine.config import lsd_test
from engine.stream import Stream
from studio.model import KINDS, load_model
from studio.takes.manifest import EngineEntry
from tests.edge_model import EdgeModel
from tests.live_model import assert_laws


def test_the_shipped_stream_is_a_live_model() -> None:
    assert_laws(lambda: load_model(EngineEntry(setup={"device": "cpu", "threads": 1})))


def test_a_stream_of_random_weights_is_a_live_model() -> None:
    assert_laws(lambda: Stream.from_config(lsd_test(), threads=1), as_it_is=False)


def test_the_fake_of_the_studio_tests_is_a_live_model() -> None:
    assert_laws(EdgeModel)


def test_a_model_that_breaks_a_law_is_caught() -> None:
    class Forgetful(EdgeModel):
        def snapshot(self) -> bytes:
            return EdgeModel(self.seed).snapshot()

    with pytest.raises(AssertionError):
        assert_laws(Forgetful)


def test_a_take_is_not_rendered_by_another_kind_of_model(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EngineEntry(kind="edge", setup={"device": "cpu"})
    with pytest.raises(ValueError, match="shot with the model kind 'edge', which is not installed here; there is lsd"):
        load_model(entry)
    monkeypatch.setitem(KINDS, "edge", lambda weights, seed, **how: EdgeModel(seed))
    assert load_model(entry).kind == "edge"
    assert load_model(kind="edge", seed=3).seed == 3
    with pytest.raises(ValueError, match="the model kind 'wan', which is not installed here; there is lsd, edge"):
        load_model(kind="wan")
