"""A new world: it is learnt, it lasts, and nothing else has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.config import lsd_test
from engine.models.checkpoint import card_path, load_weights, save_weights
from engine.models.hourglass import Hourglass
from engine.stream import Stream
from engine.teachers.inputs import TeacherInputs
from engine.teachers.wordings import wordings
from engine.teachers.worlds import WORLDS, World
from engine.text import TextEncoder
from engine.training.__main__ import main
from engine.training.data import TrainingClip
from engine.training.leaves import dead_leaves
from engine.training.newworld import NewWorldTrainer, widen
from engine.training.pool import Pool
from engine.training.recipes import Size

SIZES = (Size(64, 64, 3, 1.0),)
WORDS = (
    "a photographic negative",
    "inverted colours",
    "a film negative on a light table",
    "white is black and black is white",
    "developed but never printed",
    "an x-ray of a photograph",
    "the colours are reversed",
    "negative film",
)


def negative(s: TeacherInputs) -> Tensor:
    return 1 - s.source


@pytest.fixture(scope="module")
def clips() -> list[TrainingClip]:
    return dead_leaves(2)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small network with the shipped router and its wordings."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    shipped = load_weights()
    torch.manual_seed(0)
    network = Hourglass(lsd_test())
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=max(parameter[0].numel(), 4) ** -0.5)
    save_weights(path, network, shipped.router, shipped.wordings)
    return path


@pytest.fixture(scope="module")
def few_words(parent: Path) -> Path:
    """The same weights with a tenth of the wordings, where what the router learns is not the point: the new world's
    part of it is fitted to all of them, which takes seconds."""
    path, weights = parent.with_name("few_words.safetensors"), load_weights(parent)
    save_weights(path, weights.network, weights.router, dict(list(weights.wordings.items())[::10]))
    return path


@pytest.fixture(scope="module")
def trainer(parent: Path, clips: list[TrainingClip]) -> NewWorldTrainer:
    return NewWorldTrainer(World("negative", negative, wordings=WORDS), clips, parent, steps=80, sizes=SIZES, threads=1)


@pytest.fixture(scope="module")
def untrained_db(trainer: NewWorldTrainer) -> float:
    """PSNR to the teacher before the first step."""
    return trainer.psnr_db()


@pytest.fixture(scope="module")
def losses(trainer: NewWorldTrainer, untrained_db: float) -> list[float]:
    return list(trainer)


@pytest.fixture(scope="module")
def child(trainer: NewWorldTrainer, losses: list[float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "wide.safetensors"
    trainer.save(path)
    return path


@dataclass
class Learnt:
    """A trainer that has learnt a world, the weights with which it began, and those that it saved."""

    trainer: NewWorldTrainer
    parent: Path
    child: Path


@pytest.fixture(scope="module", params=["briefly", pytest.param("well", marks=pytest.mark.long)])
def learnt(request: pytest.FixtureRequest, clips: list[TrainingClip]) -> Learnt:
    """Where how well the world was learnt is not the point: in two steps, beside few words; and as well as it can."""
    if request.param == "well":
        return Learnt(*map(request.getfixturevalue, ("trainer", "parent", "child")))
    parent = request.getfixturevalue("few_words")
    world = World("negative", negative, wordings=WORDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.training.router.JOINED_TEXTS", 20)
        patch.setattr("engine.training.router.BLENDED_POINTS", 200)
        trainer = NewWorldTrainer(world, clips, parent, steps=2, sizes=SIZES, threads=1)
    list(trainer)
    trainer.save(child := parent.with_name("brief.safetensors"))
    return Learnt(trainer, parent, child)


def played(weights: Path | None, prompt: str | list[tuple[str, float]], count: int = 3) -> np.ndarray:
    stream = Stream.load(weights, device="cpu", seed=3, threads=1)
    stream.prompt(prompt)
    camera = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return np.stack([stream.step(np.roll(camera, 2 * n, 1)) for n in range(count)])


def same(first: Path, second: Path) -> bool:
    """Whether two weights files hold the same numbers."""
    a, b = (load_weights(path) for path in (first, second))
    pairs = zip(
        [*a.network.state_dict().values(), *a.router.state_dict().values()],
        [*b.network.state_dict().values(), *b.router.state_dict().values()],
        strict=True,
    )
    return a.config == b.config and a.wordings.keys() == b.wordings.keys() and all(torch.equal(x, y) for x, y in pairs)


@pytest.mark.timeout(300)  # on a busy machine its eighty steps take minutes
@pytest.mark.long
def test_training_learns_the_teacher(trainer: NewWorldTrainer, losses: list[float], untrained_db: float) -> None:
    assert len(losses) == 80
    assert np.nanmean(losses[-20:]) < 0.7 * np.nanmean(losses[:20])
    assert trainer.psnr_db() > untrained_db + 1


@pytest.mark.long
def test_the_new_world_is_another_picture(parent: Path, child: Path) -> None:
    new = played(child, "negative").astype(float)
    assert min(np.abs(new - played(child, world)).mean() for world in ("as it is", "pencil", "underwater")) > 3


@pytest.mark.long
@pytest.mark.parametrize(
    "prompt",
    [
        "underwater",
        "a pencil sketch",
        "the ball is a fireball in the snow",
        [("underwater", 2.0), ("a comic book", 1.0)],
    ],
)
def test_the_other_worlds_stay_what_they_were(learnt: Learnt, prompt: str | list[tuple[str, float]]) -> None:
    """A longer sum of the same numbers may round otherwise: one level in 256 at most, almost nowhere, under the same
    past. (Under its own past a random network makes more of a level from frame to frame.)"""
    streams = [Stream.load(weights, device="cpu", seed=3, threads=1) for weights in (learnt.parent, learnt.child)]
    for stream in streams:
        stream.prompt(prompt)
    camera = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    for n in range(3):
        first, second = (stream.step(np.roll(camera, 2 * n, 1)).astype(int) for stream in streams)
        apart = np.abs(first - second)
        assert apart.max() <= 1
        assert (apart > 0).mean() < 0.01
        streams[1].maker.restore((64, 96), streams[0].maker.state())


def test_nothing_but_its_own_weights_was_learnt(learnt: Learnt) -> None:
    before, after = load_weights(learnt.parent).network, load_weights(learnt.child).network
    at, condition = len(before.config.worlds), before.config.condition
    assert after.config.worlds == (*before.config.worlds, "negative")
    own: dict[str, Any] = {"concepts.weight": np.s_[:condition, np.r_[:at, at + 1 : after.config.concepts]]}
    for name in ("state.weight", "state.bias", "embed.bias"):
        own[name] = np.s_[:condition]
    own |= {"embed.weight": np.s_[:condition, :condition], "modulate.weight": np.s_[:, :condition]}
    for name, value in before.state_dict().items():
        assert torch.equal(after.state_dict()[name][own.get(name, ...)], value), name


@pytest.mark.long
def test_words_find_the_new_world(child: Path) -> None:
    stream = Stream.load(child, device="cpu", threads=1)
    for text in ("negative", *WORDS, "show me the negative", "colours inverted like on a negative"):
        assert stream.nearest(text)[0][0] == "negative", text
    wording, cosine = stream.how_near("negative film")
    assert wording == "negative film"
    assert cosine == pytest.approx(1, abs=1e-3)


@pytest.mark.long
def test_a_text_of_two_worlds_is_mostly_both(child: Path) -> None:
    stream = Stream.load(child, device="cpu", threads=1)
    others = wordings("held_out")["snowfall"] + wordings("held_out")["underwater"]
    shares_of = [dict(stream.nearest(f"{mine}, {other}")) for mine, other in zip(WORDS * 2, others, strict=False)]
    both = ["negative" in shares and len(shares.keys() & set(WORLDS)) > 0 for shares in shares_of]
    assert np.mean(both) >= 0.5


@pytest.mark.long
def test_words_of_old_mean_what_they_meant(parent: Path, child: Path) -> None:
    before, after = (load_weights(path) for path in (parent, child))
    held_out = [text for name in before.config.worlds for text in wordings("held_out")[name]]
    encoder = TextEncoder(before.wordings)
    x = torch.from_numpy(np.stack([*before.wordings.values(), *map(encoder.embed, held_out)]))
    with torch.inference_mode():
        old, new = before.router(x), after.router(x)
    at = len(before.config.worlds)
    assert float(new[: len(before.wordings), at].max()) == 0, "no known wording is the new world"
    torch.testing.assert_close(
        torch.cat([new[:, :at], new[:, at + 1 :]], 1)[: len(before.wordings)],
        old[: len(before.wordings)],
        atol=0.02,
        rtol=0,
    )
    same = old[:, :at].argmax(1) == new[:, : at + 1].argmax(1)
    assert float(same.float().mean()) > 0.995


def test_it_loads_wherever_weights_load(learnt: Learnt) -> None:
    again = learnt.child.with_name("again.safetensors")
    assert learnt.trainer.save(again) == load_weights(again).sha256
    assert same(learnt.child, again)
    data = bytearray(again.read_bytes())
    data[-5] ^= 1
    again.write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        load_weights(again)
    assert card_path(learnt.child).is_file()


def test_the_weights_that_training_began_with_are_never_overwritten(learnt: Learnt) -> None:
    with pytest.raises(ValueError, match="save under another name"):
        learnt.trainer.save(learnt.parent)


@pytest.mark.long
def test_training_that_was_stopped_goes_on(few_words: Path, clips: list[TrainingClip], tmp_path: Path) -> None:
    world = World("negative", negative, wordings=WORDS)
    whole, parts = (NewWorldTrainer(world, clips, few_words, steps=6, sizes=SIZES, threads=1) for _ in range(2))
    assert whole.starts_as == parts.starts_as
    losses = list(whole)
    first = [loss for loss, _ in zip(parts, range(2), strict=False)]
    assert len(parts) == 6 - parts.done
    assert [*first, *parts][-3:] == losses[-3:]
    whole.save(tmp_path / "a.safetensors")
    parts.save(tmp_path / "b.safetensors")
    assert same(tmp_path / "a.safetensors", tmp_path / "b.safetensors")


@pytest.mark.long
def test_a_second_world_leaves_the_first_alone(child: Path, clips: list[TrainingClip], tmp_path: Path) -> None:
    words = tuple(f"green light, {text}" for text in ("all", "wide", "only", "deep", "pale", "soft", "cold", "warm"))
    green = World("green-light", lambda s: s.source * s.source.new_tensor([0.2, 1, 0.3]).view(3, 1, 1), wordings=words)
    trainer = NewWorldTrainer(green, clips, child, steps=30, sizes=SIZES, threads=1)
    list(trainer)
    trainer.save(tmp_path / "two.safetensors")
    assert load_weights(tmp_path / "two.safetensors").config.worlds[-2:] == ("negative", "green-light")
    apart = np.abs(played(child, "negative").astype(int) - played(tmp_path / "two.safetensors", "negative"))
    assert apart.max() <= 1


def test_the_shipped_network_takes_a_world_without_a_change() -> None:
    """Before any training the new one is the first world, and one number of the condition more is not to be seen."""
    shipped = load_weights()
    wide = widen(shipped.network, "negative")
    assert wide.config.condition == shipped.config.condition + 1
    assert sum(p.numel() for p in wide.parameters()) - sum(p.numel() for p in shipped.network.parameters()) < 8_000
    torch.testing.assert_close(wide.concepts.weight[:-1, len(shipped.config.worlds)], wide.concepts.weight[:-1, 0])


def test_a_pool_asks_for_what_is_wanted(clips: list[TrainingClip]) -> None:
    table = WORLDS | {"negative": World("negative", negative)}
    config = widen(Hourglass(lsd_test()), "negative").config
    for masked in (False, True):
        pool = Pool(
            config, iter(clips * 99), 64, 64, 40, masked, 0, torch.device("cpu"), worlds=table, wanted="negative"
        )
        batch = pool.draw(20)
        asked = [any(world == "negative" for world, _ in state.worlds) for state in batch.streams]
        assert 0.6 < np.mean(asked) < 1


def test_leaves_are_the_same_for_a_seed() -> None:
    first, second, other = (dead_leaves(1, seed)[0].levels[0] for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.shape == (1, 3, 216, 384)


def _painter(paint: Callable[[TeacherInputs], object]) -> dict:
    return {"paint": paint}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "pencil"}, "the name 'pencil' is taken; choose one that is none of as-is, underwater"),
        ({"name": "fireball"}, "is taken"),
        ({"name": "My World"}, "small letters"),
        ({"wordings": WORDS[:3]}, "3 wordings for 'negative'; at least 8"),
        ({"wordings": (*WORDS, "underwater")}, "know 'underwater' already"),
        ({"wordings": (*WORDS, " ")}, "the prompt is empty"),
        (_painter(lambda s: s.grey), r"shape \(2, 1, 64, 96\)"),
        (_painter(lambda s: s.source.double()), "float64"),
        (_painter(lambda s: s.source.numpy()), "returned ndarray"),
        (_painter(lambda s: s.source * 255), "values from .* to .*; colours go from 0 to 1"),
        (_painter(lambda s: s.source.log() / 0), "NaN or infinite"),
        (_painter(lambda s: s.source + torch.rand_like(s.source)), "differently the second time"),
        (_painter(lambda s: s.source - s.source.mean()), "no other frame of the batch"),
    ],
)
def test_what_is_not_a_world_is_refused(parent: Path, clips: list[TrainingClip], change: dict, says: str) -> None:
    world = World(**{"name": "negative", "paint": negative, "wordings": WORDS, **change})
    with pytest.raises(ValueError, match=says):
        NewWorldTrainer(world, clips, parent, sizes=SIZES, threads=1)


def test_training_needs_clips_and_steps(parent: Path, clips: list[TrainingClip]) -> None:
    world = World("negative", negative, wordings=WORDS)
    with pytest.raises(ValueError, match="no clip to train on"):
        NewWorldTrainer(world, [], parent)
    with pytest.raises(ValueError, match="0 training steps; at least 1 is needed"):
        NewWorldTrainer(world, clips, parent, steps=0)
    with pytest.raises(ValueError, match="no picture"):
        TrainingClip.of("empty", [])


@pytest.mark.long
def test_the_command_line_widens(few_words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "clips").mkdir()
    Image.fromarray(np.full((90, 160, 3), 128, np.uint8)).save(tmp_path / "clips" / "grey.png")
    source = f"""
from engine.teachers.worlds import World
WORLD = World("negative", lambda s: 1 - s.source, wordings={WORDS!r})
"""
    (tmp_path / "negative.py").write_text(source)
    options = ["--clips", tmp_path / "clips", "--leaves", 1, "--steps", 2, "--threads", 1, "--weights", few_words]
    command = ["widen", tmp_path / "negative.py", "--out", tmp_path / "wide.safetensors", *options]
    assert run(command) == 0
    assert "knows negative" in capsys.readouterr().out
    assert Stream.load(tmp_path / "wide.safetensors", device="cpu", threads=1).vocabulary.worlds[-1] == "negative"
    assert run([*command, "--out", tmp_path / "none" / "wide.safetensors"]) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "negative.py").write_text("WORLD = 1")
    assert run(command) == 1
    assert "makes 0 worlds; it should make one" in capsys.readouterr().err
    (tmp_path / "negative.py").unlink()
    assert run(command) == 1
    assert "name a Python file that makes a World" in capsys.readouterr().err


def test_an_unknown_recipe_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--pack", tmp_path, "--run", tmp_path, "--recipe", "soup"]) == 1
    assert "'soup' is not a recipe; there are tiny, finetune" in capsys.readouterr().err


def run(arguments: list[object]) -> int:
    """`python -m engine.training …` in this process: its exit status."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code
