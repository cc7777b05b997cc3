"""The recipe at toy size: data, lives, losses, resuming."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.config import ModelConfig, lsd_test
from engine.models.checkpoint import save_weights
from engine.models.hourglass import Conditions, Hourglass
from engine.models.patches import to_patches, to_picture
from engine.router import Router
from engine.teachers.places import PLACES
from engine.teachers.worlds import WORLDS
from engine.training.adversary import AdversarialLoss
from engine.training.auxiliary import AuxiliaryHead, AuxiliaryTargets, balanced_cross_entropy
from engine.training.data import Player, TrainingClip, load_pack, pack, read_manifest, sample_clips
from engine.training.muon import orthogonal
from engine.training.objectives import Average, denoising_loss, draw_levels, shortcut_target
from engine.training.pool import Pool
from engine.training.recipes import Recipe, Size
from engine.training.trainer import Trainer


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
def clips(packed: Path) -> list[TrainingClip]:
    return load_pack(packed)[0]


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(lsd_test(), sizes=(Size(64, 64, 3, 1.0),), pool=4, warmup=5)


def test_a_damaged_clip_is_skipped_and_named(packed: Path, caplog: pytest.LogCaptureFixture) -> None:
    manifest = pack(packed.parent, packed.parent / "again.pack")
    assert "damaged.jpg" in caplog.text
    assert manifest == read_manifest(packed) == read_manifest(packed.parent / "again.pack")


def test_a_player_is_a_camera_held_by_hand(clips: list[TrainingClip]) -> None:
    player = Player(clips[0], 64, 96, np.random.default_rng(1))
    still = torch.zeros(3, 64, 96)
    a, b, c = (player.picture(t, still) for t in (0.0, 1 / 24, 1.0))
    assert a.shape == (3, 64, 96)
    assert 0 <= float(a.min()) <= float(a.max()) <= 1
    assert float((a - b).abs().mean()) < float((a - c).abs().mean()), "it should drift smoothly"
    assert torch.equal(player.picture(0.0, still), a)


@pytest.mark.parametrize("masked", [False, True])
def test_a_pool_hands_each_stream_its_own_past(clips: list[TrainingClip], masked: bool) -> None:
    rng = np.random.default_rng(0)
    pool = Pool(lsd_test(), sample_clips(clips, rng), 64, 64, 6, masked, seed=1, device=torch.device("cpu"))
    for _ in range(6):
        batch = pool.draw(3)
        assert batch.target.shape == batch.source.shape == batch.noise.shape == (3, 16, 16, 48)
        torch.testing.assert_close(
            batch.conditions.concepts[..., : len(lsd_test().worlds)].sum(-1), torch.ones(3, 2 if masked else 1)
        )
        if batch.conditions.masks is not None:
            torch.testing.assert_close(batch.conditions.masks.sum(1), torch.ones(3, 64, 64))
        made = torch.rand(3, 64, 64, 3) * 2 - 1
        pool.advance(batch, made, own_share=1.0)
        for state, picture in zip(batch.streams, made, strict=True):
            assert torch.allclose(state.last[0], picture, atol=1 / 127)
            assert len(state.last) <= 2
            assert len(state.pooled) <= lsd_test().slots


def test_the_loss_is_zero_at_the_target_alone() -> None:
    target = to_patches(torch.rand(2, 64, 64, 3))
    assert denoising_loss(target, target).tolist() == [0, 0]
    smooth, rough = target + 0.1, target + 0.1 * torch.sign(torch.randn_like(target))
    assert bool((denoising_loss(rough, target) > 2 * denoising_loss(smooth, target)).all()), "edges should weigh"


def test_faint_detail_costs_even_where_it_cannot_be_placed() -> None:
    lines = torch.zeros(1, 64, 64, 3)
    lines[:, 4::8] = 1.0
    moved = lines.roll(1, 1)  # in the same windows, so of the same strength
    flat = lines.mean().expand_as(lines)

    def lack(made: Tensor) -> float:
        made, target = to_patches(made), to_patches(lines)
        return float(denoising_loss(made, target, detail=1.0) - denoising_loss(made, target))

    assert lack(lines) == 0
    assert lack(flat) > lack(0.5 * lines) > 20 * lack(moved)
    assert lack(1.5 * lines) == pytest.approx(lack(0.5 * lines), rel=0.02), "too much is as bad as too little"


def test_three_levels_of_five_are_live() -> None:
    level, step = draw_levels(4000, torch.Generator().manual_seed(0))
    assert 0.56 < float((level == 1).float().mean()) < 0.64
    assert bool((step <= level).all())
    assert float(level.min()) > 0


def test_the_average_follows() -> None:
    weights = [torch.nn.Parameter(torch.zeros(3))]
    average = Average(weights, decay=0.9)
    for _ in range(200):
        weights[0].data.fill_(1.0)
        average.update(weights)
    torch.testing.assert_close(average.values[0], torch.ones(3), atol=1e-3, rtol=0)


def weights_of(trainer: Trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in trainer.master.parameters()])


@pytest.mark.long
def test_training_learns(packed: Path, recipe: Recipe) -> None:
    trainer = Trainer(recipe, packed, "cpu")
    losses = [trainer.step(1.0) for _ in range(150)]  # enough that each world comes early and late
    assert np.nanmean(losses[-60:]) < 0.8 * np.nanmean(losses[:60])


@pytest.mark.parametrize(
    "adversarial", [pytest.param(0.0, id="alone"), pytest.param(0.3, id="with a critic", marks=pytest.mark.long)]
)
def test_an_interrupted_run_resumes_to_the_same_weights(
    packed: Path, recipe: Recipe, tmp_path: Path, adversarial: float
) -> None:
    """Two slices at once, and one slice, a crash in the middle of the next, and a resumed one: bit for bit the same."""
    recipe = replace(recipe, slice=8, own_past_steps=4, shortcut=0.5, adversarial=adversarial)
    whole = Trainer(recipe, packed, "cpu")
    whole.run(tmp_path / "whole", minutes=60, cooldown=16)
    first = Trainer(recipe, packed, "cpu")
    first.cooldown = (0, 16)
    first.run(tmp_path / "parts", minutes=0)
    for _ in range(3):
        first.step(1.0)  # lost, as in a crash
    second = Trainer(recipe, packed, "cpu")
    second.resume(tmp_path / "parts")
    assert second.steps == 8
    second.run(tmp_path / "parts", minutes=60)
    assert second.steps == whole.steps == 16
    assert torch.equal(weights_of(second), weights_of(whole))
    for a, b in zip(second.average.values, whole.average.values, strict=True):
        assert torch.equal(a, b)


def test_a_run_begins_with_shipped_weights(packed: Path, recipe: Recipe, tmp_path: Path) -> None:
    old = Trainer(recipe, packed, "cpu")
    old.step(1.0, last=True)
    config = recipe.model
    save_weights(tmp_path / "w.safetensors", old.master, Router(len(config.worlds), len(config.things)), {})
    new = Trainer(recipe, packed, "cpu")
    new.start_from(tmp_path / "w.safetensors")
    assert torch.equal(weights_of(new), weights_of(old).bfloat16().float())
    larger = Trainer(replace(recipe, model=replace(config, layers=2)), packed, "cpu")
    with pytest.raises(ValueError, match="more layers"):
        larger.start_from(tmp_path / "w.safetensors")
    smaller = Trainer(replace(recipe, model=replace(config, channels=(8, 8, 8))), packed, "cpu")
    smaller.start_from(tmp_path / "w.safetensors")
    assert torch.equal(smaller.master.stem.weight, new.master.stem.weight)


@pytest.mark.long
def test_a_student_of_a_larger_network_learns_what_it_says(packed: Path, recipe: Recipe) -> None:
    """A larger network that always answers black pulls the student's picture down."""
    distil_from = Hourglass(replace(recipe.model, layers=2))
    assert distil_from.head.bias is not None
    torch.nn.init.constant_(distil_from.head.bias, -1.0)
    recipe = replace(recipe, shortcut=0.0)
    means = []
    for student in (
        Trainer(replace(recipe, distilled=1.0), packed, "cpu", distil_from=distil_from),
        Trainer(recipe, packed, "cpu"),
    ):
        for _ in range(40):
            student.step(1.0)
        _, batch = student._draw()
        level, step = torch.ones(3), torch.ones(3)
        with torch.no_grad():
            seen = batch.noised(level, step, torch.device("cpu"))
            made = student.worker(*seen, batch.memory(student.worker))
        means.append(float((made.float() - batch.source).mean()))
    assert means[0] < means[1] - 0.1


def test_a_pool_says_where_the_prop_and_the_person_are(clips: list[TrainingClip]) -> None:
    """Where a prompt turns a prop into a thing, target and source differ there and nowhere else is it sought."""
    there, only = torch.device("cpu"), {"as-is": WORLDS["as-is"]}
    pool = Pool(
        lsd_test(), sample_clips(clips, np.random.default_rng(0)), 64, 64, 12, False, 1, there, worlds=only, props=1.0
    )
    needed = 0
    for _ in range(4):
        batch = pool.draw(6)
        auxiliary = batch.auxiliary
        assert auxiliary.thing.shape == auxiliary.person.shape == (6, 1, 8, 8)
        assert auxiliary.coordinates.shape == (6, 3, 8, 8)
        for i, state in enumerate(batch.streams):
            assert bool(auxiliary.needed[i, 0]) == (state.thing is not None)
            assert bool(auxiliary.needed[i, 1]) == (state.worlds[0][0] in PLACES)
            if state.thing is None or state.worlds != [("as-is", 1.0)] or float(auxiliary.thing[i].sum()) < 4:
                continue
            needed += 1
            change = F.avg_pool2d((to_picture(batch.target) - to_picture(batch.source)).abs()[i].mean(-1)[None], 8)[0]
            inside = auxiliary.thing[i, 0] > 0.9
            assert float(change[inside].mean()) > 3 * float(change[auxiliary.thing[i, 0] == 0].mean())
        pool.advance(batch, torch.rand(6, 64, 64, 3), own_share=0.0)
    assert needed > 3


@pytest.mark.long
def test_an_auxiliary_loss_teaches_features_where_things_are() -> None:
    """Its gradient alone, through the network, is enough to find a bright square; a small one counts as a large one."""
    torch.manual_seed(0)
    network = Hourglass(lsd_test())
    auxiliary_head = AuxiliaryHead(network, torch.device("cpu"), rate=1e-2)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-2)
    rng = np.random.default_rng(0)
    lost = []
    needed = torch.tensor([[True, False]]).expand(4, 2)
    nothing = torch.zeros(4, 1, 8, 8)
    for _ in range(80):
        thing = nothing.clone()
        for i in range(4):
            y, x = rng.integers(0, 6, 2)
            thing[i, :, y : y + 2, x : x + 2] = 1
        picture = F.interpolate(thing, scale_factor=8.0).expand(-1, 3, -1, -1) * 2 - 1
        source = to_patches(picture.permute(0, 2, 3, 1))
        conditions = Conditions(
            torch.eye(4, lsd_test().concepts)[:, None],
            torch.ones(4),
            torch.ones(4),
            torch.ones(4, 2),
            torch.ones(4),
            torch.zeros(4, dtype=torch.float64),
            torch.zeros(4, 16, 16, 96),
        )
        network(torch.randn_like(source), source, torch.zeros(4, 2, 16, 16, 48), conditions)
        loss = auxiliary_head.loss(
            AuxiliaryTargets(thing, thing.expand(-1, 3, -1, -1), torch.zeros_like(thing), needed)
        )
        loss.backward()
        auxiliary_head.step(1.0)
        optimiser.step()
        optimiser.zero_grad()
        lost.append(float(loss.detach()))
    assert np.mean(lost[-10:]) < 0.5 * np.mean(lost[:10])
    with pytest.raises(AssertionError, match="follows a forward pass"):
        auxiliary_head.loss(AuxiliaryTargets(nothing, nothing.expand(-1, 3, -1, -1), nothing, needed))
    small, large = torch.zeros(2, 1, 1, 8, 8)
    small[..., :1, :1], large[..., :4] = 1, 1
    blind = torch.full_like(small, -4.0)  # sees nothing anywhere
    assert float(balanced_cross_entropy(blind, small)) == pytest.approx(float(balanced_cross_entropy(blind, large)))


def test_without_augmentation_the_past_is_the_teachers(clips: list[TrainingClip]) -> None:
    there = torch.device("cpu")
    pool = Pool(lsd_test(), sample_clips(clips, np.random.default_rng(0)), 64, 64, 6, False, 1, there, False, False)
    for _ in range(8):
        batch = pool.draw(3)
        for state, past, level in zip(batch.streams, batch.past, batch.conditions.past_level, strict=True):
            for k, picture in enumerate(state.last):
                assert torch.equal(past[k], to_patches(picture[None])[0])
                assert float(level[k]) == pytest.approx(0.05)
        pool.advance(batch, torch.rand(3, 64, 64, 3), own_share=0.0)
        for i, state in enumerate(batch.streams):
            assert torch.allclose(to_patches(state.last[0][None])[0], batch.target[i].clamp(-1, 1), atol=1 / 127)


def test_a_step_is_two_half_steps_where_the_network_is_sure(recipe: Recipe) -> None:
    """A network that always says the same clean frame is its own shortcut: the target is what it says."""
    answer = torch.rand(2, 16, 16, 48) * 2 - 1

    class Sure:
        def __call__(self, *_: object) -> torch.Tensor:
            return answer

    level, step = torch.tensor([1.0, 0.5]), torch.tensor([1.0, 0.01])
    clock, air = torch.zeros(2, dtype=torch.float64), torch.zeros(2, 16, 16, 96)
    conditions = Conditions(torch.zeros(2, 1, 1), level, step, torch.ones(2, 2), torch.ones(2), clock, air)
    clean = torch.zeros_like(answer)
    target = shortcut_target(Sure(), torch.randn_like(answer), answer, answer, conditions, None, clean)  # type: ignore[arg-type]
    torch.testing.assert_close(target[0], answer[0], atol=1e-4, rtol=0)
    assert torch.equal(target[1], clean[1]), "a step too small to halve keeps the truth"


def test_a_critic_learns_to_tell_and_pulls_towards_the_taught() -> None:
    """Frames of the network's are the teachers' without their stripes; what the critic pulls is stripes."""
    generator = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    adversarial_loss = AdversarialLoss(3, torch.device("cpu"), torch.float32, rate=2e-3)
    stripes = 0.5 * to_patches((torch.arange(32) % 2 * 2.0 - 1).expand(4, 32, 32)[..., None].repeat(1, 1, 1, 3))

    def pair() -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        plain = 0.3 * torch.randn(4, 8, 8, 48, generator=generator)
        given = plain, plain, torch.tensor([[1.0, 0.0, 0.0]]).expand(4, -1)
        return plain, plain + stripes, given

    accuracy = [adversarial_loss.step(*pair(), 1.0, generator) for _ in range(40)]
    assert accuracy[-1] > 0.9
    made, teacher_frames, given = pair()
    down = -adversarial_loss.gradient(made, teacher_frames, given)
    assert float((down * stripes).sum() / (down.norm() * stripes.norm())) > 0.2


def test_muon_steps_are_nearly_orthogonal() -> None:
    for shape in ((3, 16, 64), (2, 64, 16)):
        steps = orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(0))).float()
        values = torch.linalg.svdvals(steps)
        assert 0.1 < float(values.min()) <= float(values.max()) < 2
        assert float(values.mean()) == pytest.approx(1, abs=0.3)


@pytest.mark.long
def test_two_processes_share_a_step(packed: Path, tmp_path: Path) -> None:
    """Under torchrun, each of two processes lives its own streams; their weights stay the same."""
    program = tmp_path / "ranks.py"
    program.write_text(_RANKS)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(program)]
    done = subprocess.run(
        [*command, str(packed), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (torch.load(tmp_path / f"rank{i}.pt", weights_only=True) for i in range(2))
    assert torch.equal(first["weights"], second["weights"])
    assert not torch.equal(first["loss"], second["loss"]), "each sees its own streams"


_RANKS = """
import sys
from pathlib import Path
import torch
import torch.distributed as dist
from engine.config import lsd_test
from engine.training.recipes import Recipe, Size
from engine.training.trainer import Trainer
from engine.teachers.worlds import WORLDS
dist.init_process_group("gloo")
trainer = Trainer(Recipe(lsd_test(), sizes=(Size(64, 64, 3, 1.0),), pool=6, warmup=2), Path(sys.argv[1]), "cpu", 1)
loss = torch.tensor([trainer.step(1.0, last=k == 3) for k in range(4)])
weights = torch.cat([p.detach().flatten() for p in trainer.master.parameters()])
torch.save({"weights": weights, "loss": loss}, Path(sys.argv[2]) / f"rank{dist.get_rank()}.pt")
dist.destroy_process_group()
"""


def test_another_architecture_is_refused_by_name(packed: Path, recipe: Recipe, tmp_path: Path) -> None:
    Trainer(recipe, packed, "cpu").save(tmp_path)
    other = ModelConfig.from_dict({**lsd_test().to_dict(), "layers": 2})
    with pytest.raises(ValueError, match="layers"):
        Trainer(replace(recipe, model=other), packed, "cpu").resume(tmp_path)
