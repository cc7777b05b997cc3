"""Weights on disk: round trip, hash, architecture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from engine.config import ModelConfig, lsd_base, lsd_test, lsd_tiny
from engine.models.checkpoint import (
    FORMAT,
    SHIPPED,
    WeightsError,
    card_path,
    code_keys,
    file_keys,
    least_numbers,
    load_weights,
    save_weights,
    shard,
)
from engine.models.hourglass import Hourglass
from engine.router import Router
from engine.stream import Stream
from studio.takes.take import Take


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "w.safetensors"
    config = lsd_test()
    known = {"underwater": np.full(384, 0.5, np.float32)}
    sha256 = save_weights(path, Hourglass(config), Router(len(config.worlds), len(config.things)), known)
    card_path(path).write_text(json.dumps({"sha256": sha256}))
    return path


def test_save_then_load_is_nothing(saved: Path) -> None:
    a, b = load_weights(saved), load_weights(saved)
    torch.manual_seed(0)
    fresh = Hourglass(lsd_test()).state_dict()
    for name, tensor in a.network.state_dict().items():
        assert torch.equal(tensor, fresh[name].bfloat16().float()), name
    assert a.config == lsd_test()
    assert a.sha256 == b.sha256
    assert list(a.wordings) == ["underwater"]


def test_files_keep_their_names_where_the_code_has_others(saved: Path) -> None:
    with safe_open(saved, "pt") as file, safe_open(SHIPPED, "pt") as shipped:
        modules, first = (
            {name.split(".")[1] for name in keys if "." in name} for keys in (file.keys(), shipped.keys())
        )
    assert modules == first
    state = load_weights(saved).network.state_dict()
    assert code_keys(file_keys(state)).keys() == state.keys()


def test_shards_load_as_the_file_that_they_were(saved: Path) -> None:
    whole, data = load_weights(saved), saved.read_bytes()
    shard(saved, len(data) // 2)  # split once more below: old shards must not stay
    saved.write_bytes(data)
    parts = shard(saved, len(data) // 11)
    assert not saved.exists()
    assert max(part.stat().st_size for part in parts) <= len(data) // 11
    assert b"".join(part.read_bytes() for part in parts) == data
    again = load_weights(saved)
    assert again.sha256 == whole.sha256
    assert torch.equal(again.network.stem.weight, whole.network.stem.weight)
    parts[3].rename(saved.with_name("elsewhere"))
    with pytest.raises(WeightsError, match=f"without {parts[3].name}"):
        load_weights(saved)
    saved.with_name(f"{saved.name}.1-of-2").write_bytes(b"of another split")
    with pytest.raises(WeightsError, match="of several splits"):
        load_weights(saved)


def test_a_flipped_byte_is_refused(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[-5] ^= 1
    saved.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(saved)


def test_what_is_no_safetensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(b"\x80\x04 a pickle, say")
    with pytest.raises(WeightsError, match="only safetensors"):
        load_weights(path)
    with pytest.raises(WeightsError, match="no weights at"):
        load_weights(tmp_path / "none.safetensors")
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="no known format"):
        load_weights(path)


def test_another_architecture_is_refused_with_its_difference(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    network = Hourglass(lsd_test())
    network.config = ModelConfig.from_dict({**lsd_test().to_dict(), "channels": [8, 8, 24]})
    save_weights(path, network, Router(len(network.config.worlds), len(network.config.things)), {})
    with pytest.raises(WeightsError, match="does not fit the architecture"):
        load_weights(path)


def test_the_shipped_weights_are_what_their_card_says() -> None:
    weights = load_weights()
    card = json.loads(card_path(SHIPPED).read_text())
    assert SHIPPED.stat().st_size <= 25_000_000
    assert sum(p.numel() for p in weights.network.parameters()) == card["parameters"] <= 12_000_000
    assert weights.config == lsd_tiny()
    assert {"underwater", "as it is"} <= set(weights.wordings)


def test_every_name_lands_on_what_it_names() -> None:
    stream = Stream.load(threads=1)
    for name in stream.vocabulary.worlds:
        assert stream.nearest(name.replace("-", " "))[0][0] == name
    for name in stream.vocabulary.things:
        shares = dict(stream.nearest(name.replace("-", " ")))
        assert shares.get(name, 0) > 0.5, (name, shares)


SAID = {
    "under the sea, with shafts of sunlight": "underwater",
    "underwater, with shafts of sunlight": "underwater",
    "the wild west at dusk": "wild-west",
    "a Japanese woodblock print": "woodblock",
    "snowfall in winter": "snowfall",
    "a stained glass window": "stained-glass",
    "a pencil sketch": "pencil",
    "deep space among the stars": "deep-space",
    "a rainy cyberpunk street at night": "neon-rain",
    "a rainy neon street at night": "neon-rain",
    "a volcano with lava": "volcano",
    "a palace of ice": "ice-palace",
    "golden Rome": "golden-rome",
}
"""What the example take, the README and the course say."""


def test_the_studios_own_words_land_where_they_should() -> None:
    take = Take.open(Path(__file__).parents[2] / "sessions/example/S01/A/T001")
    assert {str(key.prompt) for key in take.timeline.keys} <= {*SAID, "as it is"}
    stream = Stream.load(threads=1)
    for words, world in SAID.items():
        assert dict(stream.nearest(words)).get(world, 0) > 0.9, (words, stream.nearest(words))


@pytest.mark.long
def test_presets_keep_their_budgets() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in Hourglass(lsd_base()).parameters()) <= 28_000_000
        assert sum(p.numel() for p in Hourglass(lsd_tiny()).parameters()) <= 12_000_000


@pytest.mark.parametrize("change", [{"heads": 3}, {"ring": 0}, {"worlds": ()}, {"worlds": ("a", "a")}])
def test_an_impossible_configuration_is_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r"heads|ring is 0; a whole number from 1|distinct"):
        ModelConfig.from_dict({**lsd_test().to_dict(), **change})


def test_shards_of_a_thousand_million_parts_are_not_counted(tmp_path: Path) -> None:
    """A take names its weights, and may come from somebody else."""
    path = tmp_path / "evil.safetensors"
    for name in ("1-of-999999999", "x-of-y", "1-of-2-of-3"):
        (tmp_path / f"{path.name}.{name}").write_bytes(b"")
        with pytest.raises(WeightsError, match="no weights at"):
            load_weights(path)


@pytest.mark.parametrize("config", ["{", "[]", "5", '{"width": "x"}', '{"name": 5, "width": []}', None])
def test_weights_without_a_config_are_refused_in_words(tmp_path: Path, config: str | None) -> None:
    path = tmp_path / "odd.safetensors"
    metadata = {"format": FORMAT, **({} if config is None else {"config": config})}
    save_file({"known": torch.zeros(1)}, path, metadata)
    with pytest.raises(WeightsError, match="does not say which architecture"):
        load_weights(path)


def rewritten(path: Path, config: dict[str, object] | None = None, **metadata: str) -> Path:
    """The same tensors under another config or other metadata, and no card."""
    tensors, own = {}, {}
    with safe_open(path, "pt") as file:
        own = {**file.metadata(), **metadata}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a mapping
    if config is not None:
        own["config"] = json.dumps({**json.loads(own["config"]), **config})
    save_file(tensors, path, own)
    card_path(path).unlink()
    return path


@pytest.mark.parametrize(
    "config",
    [
        {"layers": 10**12},
        {"channels": [2**20] * 3},
        {"channels": [8, 8]},
        {"channels": [8.5, 8, 16]},
        {"encoder": [10**9, 1, 1]},
        {"width": 2**24},
        {"heads": 0},
        {"heads": -1},
        {"ring": 10**9},
        {"ring": 2.5},
        {"ring_stride": 10**30},
        {"sinks": -5},
        {"condition": 2**30},
        {"condition": True},
        {"name": 5},
        {"worlds": [1, 2]},
        {"worlds": "abc"},
        {"things": [None]},
        {"worlds": ["w" * 10_000]},
    ],
    ids=lambda config: str(config)[:30],
)
def test_an_architecture_beyond_all_bounds_is_refused_in_words(saved: Path, config: dict[str, object]) -> None:
    """Some would take all memory, some hours; others were loaded, and failed at the first frame."""
    with pytest.raises(WeightsError, match="does not say which architecture"):
        load_weights(rewritten(saved, config))


@pytest.mark.parametrize(
    "config",
    [
        {"channels": [4096] * 3, "encoder": [64] * 3, "decoder": [64] * 3},
        {"width": 4096, "layers": 64},
        {"condition": 4096, "encoder": [64, 64, 64]},
    ],
    ids=["channels", "layers", "condition"],
)
def test_memory_is_not_given_to_an_architecture_that_the_file_cannot_fill(
    saved: Path, config: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.models.checkpoint.Hourglass", None)  # which would be built
    with pytest.raises(WeightsError, match=r"does not fit the architecture of 'lsd-test': it holds [0-9,]+ numbers"):
        load_weights(rewritten(saved, config))


@pytest.mark.parametrize("config", [lsd_test(), lsd_tiny(), lsd_base()])
def test_the_least_that_an_architecture_needs_is_near_what_it_has(config: ModelConfig) -> None:
    with torch.device("meta"):
        numbers = sum(parameter.numel() for parameter in Hourglass(config).parameters())
    assert numbers / 20 <= least_numbers(config) <= numbers


@pytest.mark.parametrize("known", ["{", "5", "[1]", '["a", "b"]', '[["a"]]', "[" * 100_000, '["\\ud800"]'])
def test_known_wordings_that_are_not_a_text_for_each_embedding_are_refused(saved: Path, known: str) -> None:
    with pytest.raises(WeightsError, match=r"is damaged: .*; fetch it again"):
        load_weights(rewritten(saved, known=known))


@pytest.mark.parametrize("card", [b"{", b"[]", b"5", b"{}", b"\xff\xfe", b"[" * 100_000, b"\0"])
def test_a_card_that_cannot_be_read_is_named(saved: Path, card: bytes) -> None:
    card_path(saved).write_bytes(card)
    with pytest.raises(WeightsError, match=r"model card .*w\.json cannot be read"):
        load_weights(saved)


def test_a_file_larger_than_any_weights_is_not_read(saved: Path) -> None:
    with saved.open("ab") as file:
        file.truncate(2**42)  # which takes no room on the disk
    with pytest.raises(WeightsError, match=r"cannot be read: it has 4,398,046,511,104 bytes"):
        load_weights(saved)


def test_weights_saved_anew_are_not_called_damaged_by_the_card_of_those_before(saved: Path) -> None:
    weights = load_weights(saved)
    save_weights(saved, weights.network, weights.router, {})
    assert load_weights(saved).wordings == {}
    with pytest.raises(WeightsError, match=r"is the name of a card; name the weights w\.safetensors"):
        save_weights(card_path(saved), weights.network, weights.router, {})
