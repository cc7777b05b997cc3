"""Every kind of live model fulfils the protocol by which the studio knows it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from engine.config import lsd_test
from engine.models.checkpoint import load_weights, random_weights, save_weights
from engine.stream import Stream
from studio.model import KINDS, load_model
from studio.takes.manifest import EngineEntry
from tests.edge_model import EdgeModel
from tests.live_model import assert_laws


def test_the_shipped_stream_is_a_live_model() -> None:
    setup = load_model(EngineEntry(setup={"device": "cpu", "threads": 1})).setup
    weights = load_weights()
    assert setup == Stream.of(weights, threads=1).setup
    assert_laws(lambda: Stream.of(weights, threads=1))


def test_a_stream_of_random_weights_is_a_live_model() -> None:
    weights = random_weights(lsd_test())
    assert_laws(lambda: Stream.of(weights, threads=1), as_it_is=False)


def test_the_fake_of_the_studio_tests_is_a_live_model() -> None:
    assert_laws(EdgeModel)


def test_a_model_that_breaks_a_law_is_caught() -> None:
    class Forgetful(EdgeModel):
        def snapshot(self) -> bytes:
            return EdgeModel(self.seed).snapshot()

    with pytest.raises(AssertionError):
        assert_laws(Forgetful)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_called_as_its_models_are(kind: str) -> None:
    module, _, name = KINDS[kind].partition(":")
    assert getattr(importlib.import_module(module), name).kind == kind


def test_a_take_is_not_rendered_by_another_kind_of_model(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = EngineEntry(kind="no-such-kind", setup={"device": "cpu"})
    with pytest.raises(ValueError, match="shot with the model kind 'no-such-kind', which is not installed here; there"):
        load_model(unknown)
    monkeypatch.setitem(KINDS, "test-edge", "tests.edge_model:EdgeModel")
    entry = EngineEntry(kind="test-edge", setup={"device": "cpu"})
    assert isinstance(load_model(entry), EdgeModel)
    assert load_model(kind="test-edge", seed=3).seed == 3
    legal = ", ".join(KINDS)
    with pytest.raises(
        ValueError, match=f"the model kind 'no-such-kind', which is not installed here; there is {legal}"
    ):
        load_model(kind="no-such-kind")


def test_a_take_is_rendered_in_its_own_number_type(tmp_path: Path) -> None:
    random = random_weights(lsd_test())
    weights = tmp_path / "tiny.safetensors"
    save_weights(weights, random.network, random.router, {})

    def loaded(dtype: str) -> str:
        setup = {"device": "cpu", "threads": 1, "dtype": dtype}
        return str(load_model(EngineEntry(weights=str(weights), setup=setup)).setup.dtype)

    assert loaded("float32") == "float32"
    assert loaded("of-another-model") == loaded("auto") == Stream.of(random, threads=1).setup.dtype


def test_a_model_that_answers_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EdgeModel, "delay", 2)
    monkeypatch.setitem(KINDS, "test-edge", "tests.edge_model:EdgeModel")
    for asked in ({"kind": "test-edge"}, {"engine": EngineEntry(kind="test-edge", setup={})}):
        with pytest.raises(ValueError, match="answers 2 frames late, which takes cannot record yet"):
            load_model(**asked)
