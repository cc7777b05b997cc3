"""A world in two lines: pictures of a style, or a folder of them, become weights that know it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from docs.drawings import tropics
from engine.config import lsd_test
from engine.media.pictures import encode_jpeg
from engine.models.checkpoint import card_path, load_weights, save_weights
from engine.models.hourglass import Hourglass
from engine.stream import Stream
from engine.teachers.worlds import World
from engine.training.leaves import dead_leaves
from engine.training.newworld import read_world, teach_world
from engine.training.recipes import Size


@pytest.mark.long
def test_a_world_of_pictures_is_taught_in_two_lines(tmp_path: Path) -> None:
    shipped = load_weights()
    small = tmp_path / "small.safetensors"
    save_weights(small, Hourglass(lsd_test()), shipped.router, dict(list(shipped.wordings.items())[:40]))
    done = []
    world = World("tropics", pictures=[tropics(seed) for seed in range(3)])
    path = teach_world(
        world,
        tmp_path / "tropics.safetensors",
        dead_leaves(2),
        small,
        steps=2,
        sizes=(Size(64, 64, 3, 1.0),),
        threads=1,
        progress=lambda *at: done.append(at),
    )
    assert done == [(1, 2), (2, 2)]
    stream = Stream.load(path, device="cpu", threads=1)
    assert stream.vocabulary.worlds[-1] == "tropics"
    assert stream.nearest("in the style of tropics")[0][0] == "tropics"
    assert '"style": "palette #' in card_path(path).read_text()


def test_a_folder_of_pictures_is_a_world_of_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "My Tropics"
    folder.mkdir()
    with pytest.raises(ValueError, match="has no picture"):
        read_world(folder)
    for seed in range(3):
        (folder / f"{seed}.jpg").write_bytes(encode_jpeg(tropics(seed)[:160, :200]))
    world = read_world(folder)
    assert world.name == "my-tropics"
    assert world.wordings[0] == "my tropics"
    assert world.style is not None
    assert torch.isfinite(world.style.table).all()
    with pytest.raises(ValueError, match="there is no folder"):
        teach_world(world, tmp_path / "none" / "out.safetensors")
