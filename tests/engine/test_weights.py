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


def test_presets_keep_their_budgets() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in Hourglass(lsd_base()).parameters()) <= 28_000_000
        assert sum(p.numel() for p in Hourglass(lsd_tiny()).parameters()) <= 12_000_000


@pytest.mark.parametrize("change", [{"heads": 3}, {"ring": 0}, {"worlds": ()}, {"worlds": ("a", "a")}])
def test_an_impossible_configuration_is_refused(change: dict) -> None:
    with pytest.raises(ValueError, match=r"heads|positive|distinct"):
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
