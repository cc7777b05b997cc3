"""The recipe at toy size: data, lives, losses, resuming."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config import ModelConfig, lsd_test
from engine.models.network import to_patches
from engine.training.data import Clip, Player, deal, load_pack, pack, read_manifest
from engine.training.objectives import Average, denoising_loss, draw_levels
from engine.training.pool import Pool
from engine.training.recipe import Recipe, Size, Trainer


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of two drawn stills."""
    folder = tmp_path_factory.mktemp("footage")
    rng = np.random.default_rng(0)
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "kind", "source", "license"])
        writer.writeheader()
        for name in ("a.jpg", "b.jpg", "damaged.jpg"):
            coarse = Image.fromarray(rng.integers(0, 255, (12, 20, 3), dtype=np.uint8))
            coarse.resize((320, 192)).save(folder / name)
            writer.writerow({"file": name, "kind": "face", "source": "drawn", "license": "Apache-2.0"})
    (folder / "damaged.jpg").write_bytes(b"not a picture")
    manifest = pack(folder, folder / "train.pack")
    assert [clip["file"] for clip in manifest["clips"]] == ["a.jpg", "b.jpg"]
    return folder / "train.pack"


@pytest.fixture(scope="module")
def clips(packed: Path) -> list[Clip]:
    return load_pack(packed)[0]


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(lsd_test(), sizes=(Size(64, 64, 3, 1.0),), pool=4, warmup=5)


def test_a_damaged_clip_is_skipped_and_named(packed: Path, caplog: pytest.LogCaptureFixture) -> None:
    manifest = pack(packed.parent, packed.parent / "again.pack")
    assert "damaged.jpg" in caplog.text
    assert manifest == read_manifest(packed) == read_manifest(packed.parent / "again.pack")


def test_a_player_is_a_camera_held_by_hand(clips: list[Clip]) -> None:
    player = Player(clips[0], 64, 96, np.random.default_rng(1))
    still = torch.zeros(3, 64, 96)
    a, b, c = (player.picture(t, still) for t in (0.0, 1 / 24, 1.0))
    assert a.shape == (3, 64, 96)
    assert 0 <= float(a.min()) <= float(a.max()) <= 1
    assert float((a - b).abs().mean()) < float((a - c).abs().mean()), "it should drift smoothly"
    assert torch.equal(player.picture(0.0, still), a)


@pytest.mark.parametrize("masked", [False, True])
def test_a_pool_hands_each_stream_its_own_past(clips: list[Clip], masked: bool) -> None:
    rng = np.random.default_rng(0)
    pool = Pool(lsd_test(), deal(clips, rng), 64, 64, 3, masked, seed=1)
    for _ in range(6):
        batch = pool.draw(3)
        assert batch.target.shape == batch.source.shape == batch.noise.shape == (3, 16, 16, 48)
        torch.testing.assert_close(batch.conditions.worlds.sum(-1), torch.ones(3, 2 if masked else 1))
        if batch.conditions.masks is not None:
            torch.testing.assert_close(batch.conditions.masks.sum(1), torch.ones(3, 64, 64))
        made = torch.rand(3, 64, 64, 3) * 2 - 1
        pool.advance(batch, made, own=1.0)
        for live, picture in zip(batch.streams, made, strict=True):
            assert torch.allclose(live.last[0], picture, atol=1 / 127)
            assert len(live.last) <= 2
            assert len(live.pooled) <= lsd_test().slots


def test_the_loss_is_zero_at_the_target_alone() -> None:
    target = to_patches(torch.rand(2, 64, 64, 3))
    assert denoising_loss(target, target).tolist() == [0, 0]
    smooth, rough = target + 0.1, target + 0.1 * torch.sign(torch.randn_like(target))
    assert bool((denoising_loss(rough, target) > 2 * denoising_loss(smooth, target)).all()), "edges should weigh"


def test_half_of_the_levels_are_live() -> None:
    level, step = draw_levels(4000, torch.Generator().manual_seed(0))
    assert 0.45 < float((level == 1).float().mean()) < 0.55
    assert bool((step <= level).all())
    assert float(level.min()) > 0


def test_the_average_follows() -> None:
    weights = [torch.nn.Parameter(torch.zeros(3))]
    average = Average(weights, decay=0.9)
    for _ in range(200):
        weights[0].data.fill_(1.0)
        average.update(weights)
    torch.testing.assert_close(average.values[0], torch.ones(3), atol=1e-3, rtol=0)


def test_training_learns_and_resumes(packed: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Sixty steps lower the loss; resumed runs have the same weights and average, and take the same step."""
    trainer = Trainer(recipe, packed, "cpu")
    losses = [trainer.step(1.0) for _ in range(60)]
    assert np.nanmean(losses[-20:]) < 0.8 * np.nanmean(losses[:20])
    trainer.save(tmp_path)
    steps = []
    for _ in range(2):
        again = Trainer(recipe, packed, "cpu")
        again.resume(tmp_path)
        assert again.steps == trainer.steps
        for a, b in zip(again.average.values, trainer.average.values, strict=True):
            assert torch.equal(a, b)
        again.step(0.5)
        steps.append(torch.cat([p.detach().flatten() for p in again.master.parameters()]))
    assert torch.equal(steps[0], steps[1])


def test_another_architecture_is_refused_by_name(packed: Path, recipe: Recipe, tmp_path: Path) -> None:
    Trainer(recipe, packed, "cpu").save(tmp_path)
    other = ModelConfig.from_dict({**lsd_test().to_dict(), "layers": 2})
    with pytest.raises(ValueError, match="layers"):
        Trainer(replace(recipe, model=other), packed, "cpu").resume(tmp_path)
