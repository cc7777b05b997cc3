"""Adds a world to trained weights: a new teacher is learnt in minutes on a CPU, and all other worlds stay as they are.

    teach_world(World("gauguin", pictures=["a.jpg", "b.jpg", "c.jpg"]), "gauguin.safetensors")

    trainer = NewWorldTrainer(World("risograph", paint, wordings=texts), clips)
    losses = list(track(trainer))
    trainer.save(Path("risograph.safetensors"))
    stream = Stream.load("risograph.safetensors")

A look is a scale and a shift of every feature: with all convolutions frozen, these alone can learn a new one (Dumoulin,
Shlens and Kudlur 2017, arXiv:1610.07629). So the network gets one more column in its table of concepts, and one more
number in its condition, which this concept alone turns on: a scale and a shift of its own for every block. All other
weights are frozen, and so are the router's other answers.
"""

from __future__ import annotations

import json
import math
import re
import runpy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from engine import runtime
from engine.media.files import write_whole
from engine.media.pictures import PICTURE_SUFFIXES
from engine.models.checkpoint import SHIPPED, Weights, card_path, load_weights, save_weights
from engine.models.hourglass import Hourglass
from engine.models.patches import to_picture
from engine.prompts import tidy
from engine.teachers.worlds import WORLDS, World, check_teacher
from engine.training.data import TrainingClip, sample_clips
from engine.training.leaves import dead_leaves
from engine.training.objectives import denoising_loss, draw_levels
from engine.training.pool import Batch, Pool
from engine.training.recipes import Size
from engine.training.router import widen_router

SIZES = (Size(192, 128, 6, 0.5), Size(256, 160, 4, 0.3), Size(384, 224, 2, 0.2))
"""Picture sizes to train at."""
MASKED_SHARE = 0.1
"""Share of steps whose streams have two prompts, divided by masks."""
POOL_STREAMS = 12
"""Streams of each pool."""
COLUMN_RATE, MODULATION_RATE = 1e-2, 6e-2
"""AdamW's learning rates, for the concept's column and for its scales and shifts."""
WARMUP_STEPS = 20
OWN_PAST_SHARE = 0.7
"""Share of the past that is the network's own output, after a third of the steps."""
MIN_WORDINGS = 8
CONDITION_GAIN = 2.0
"""Value of the new concept's number in the condition, where the concept's weight is one."""


def widen(network: Hourglass, world: str) -> Hourglass:
    """Copy a network with one more world, which at first looks like the first world; the others are unchanged."""
    old = network.config
    config = replace(old, worlds=(*old.worlds, world), condition=old.condition + 1)
    at = len(old.worlds)  # things come after the worlds
    state = {name: value.detach().clone() for name, value in network.state_dict().items()}
    table = state["concepts.weight"]
    state["concepts.weight"] = F.pad(torch.cat([table[:, :at], table[:, :1], table[:, at:]], 1), (0, 0, 0, 1))
    state["concepts.weight"][-1, at] = 1.0
    state["state.weight"] = F.pad(state["state.weight"], (0, 0, 0, 1))
    state["embed.weight"] = F.pad(state["embed.weight"], (0, 1, 0, 1))
    state["embed.weight"][-1, -1] = CONDITION_GAIN
    state["modulate.weight"] = F.pad(state["modulate.weight"], (0, 1))
    for name in ("state.bias", "embed.bias"):
        state[name] = F.pad(state[name], (0, 1))
    with torch.device("meta"):
        wide = Hourglass(config)
    wide.load_state_dict(state, assign=True)
    return wide.eval().requires_grad_(False)


class NewWorldTrainer:
    """Trains one new world: iterate over it, one loss a step; `save` writes the weights as they are by then."""

    def __init__(
        self,
        world: World,
        clips: Sequence[TrainingClip],
        weights: Path | None = None,
        *,
        steps: int = 2000,
        sizes: Sequence[Size] = SIZES,
        seed: int = 0,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        """world: name, teacher and wordings. clips: what to train on, of `engine.training.data`. weights: those to add
        to, by default the shipped ones; the file is not changed. steps: in all; the learning rates fall to zero over
        them. sizes: of the pictures to train on. device, threads: as for a Stream.

        Raises ValueError for a name that is taken, a teacher that breaks the rules, too few wordings, or no clip.
        """
        self.world, self.steps, self.sizes, self.seed = world, steps, tuple(sizes), seed
        self._parent_path = SHIPPED if weights is None else Path(weights)
        self.parent = load_weights(weights)
        check_world(world, self.parent)
        if not clips:
            raise ValueError("there is no clip to train on; make some with engine.training.data.read_clips")
        if steps < 1:
            raise ValueError(f"{steps} training steps; at least 1 is needed")
        runtime.set_threads(threads)
        self.device = runtime.choose_device(device)
        self.router, self.wordings = widen_router(
            self.parent.router, self.parent.wordings, world.name, world.wordings, seed
        )
        self.network = widen(self.parent.network, world.name)
        frozen = widen(self.parent.network, world.name).to(self.device, runtime.choose_dtype(self.device))
        self._frozen: Hourglass = frozen.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._open_pools(clips)
        self._at = torch.tensor([len(self.parent.config.worlds)], device=self.device)
        self._last = torch.tensor([self.network.config.condition - 1], device=self.device)
        self._open_validation()
        self.starts_as = self._nearest()
        """The known world that it begins as: the nearest one."""
        table = self.network.concepts.weight.to(self.device)
        column = table[:, [self.network.config.worlds.index(self.starts_as)]]
        column[-1] = 1.0
        self._column = column.requires_grad_()
        self._own = torch.zeros(self.network.modulate.out_features, 1, device=self.device, requires_grad=True)
        groups = [{"params": [self._column], "lr": COLUMN_RATE}, {"params": [self._own], "lr": MODULATION_RATE}]
        self._rates = (COLUMN_RATE, MODULATION_RATE)
        self._optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0)
        self.done = 0
        """Steps so far."""

    def _open_pools(self, clips: Sequence[TrainingClip]) -> None:
        rng = np.random.default_rng(self.seed)
        endless = sample_clips(list(clips), rng)
        self._choices = np.random.default_rng([self.seed, 1])
        self._chances = [size.chance / sum(other.chance for other in self.sizes) for size in self.sizes]
        self._generator = torch.Generator().manual_seed(self.seed)
        self._painter = ThreadPoolExecutor(1, "painter")
        self._ahead: Future[tuple[Pool, Batch]] | None = None
        self._pools = {
            (size, masked): Pool(
                self.network.config,
                endless,
                size.height,
                size.width,
                max(POOL_STREAMS, 2 * size.batch),
                masked,
                int(rng.integers(2**62)),
                self.device,
                worlds=WORLDS | {self.world.name: self.world},
                wanted=self.world.name,
                props=0.0,
            )
            for size in self.sizes
            for masked in (False, True)
        }

    def _draw(self) -> tuple[Pool, Batch]:
        """Draw a batch; runs in the painter's thread, one ahead of the network."""
        size = self.sizes[self._choices.choice(len(self.sizes), p=self._chances)]
        pool = self._pools[size, bool(self._choices.random() < MASKED_SHARE)]
        return pool, pool.draw(size.batch)

    def _open_validation(self) -> None:
        """Draw some streams' first frames for validation; no step is trained on them."""
        size = self.sizes[0]
        batch = self._pools[size, False].draw(size.batch)
        ones = torch.ones(size.batch)
        self._validation = (*batch.noised(ones, ones, self.device), batch.memory(self._frozen))
        self._target = batch.target.to(self.device)
        self._asked = torch.tensor([state.worlds == [(self.world.name, 1.0)] for state in batch.streams])

    @torch.no_grad()
    def _nearest(self) -> str:
        """The known world whose pictures are nearest to the new teacher's: the best start."""
        noisy, source, past, conditions, memory = self._validation
        losses = {}
        for k, name in enumerate(self.parent.config.worlds):
            concepts = torch.zeros_like(conditions.concepts)
            concepts[..., k] = 1.0
            output = self._frozen(noisy, source, past, replace(conditions, concepts=concepts), memory)
            losses[name] = float(denoising_loss(output, self._target)[self._asked].sum())
        return min(losses, key=losses.__getitem__)

    @torch.no_grad()
    def psnr_db(self) -> float:
        """PSNR of the network to the teacher by now, on the validation frames."""
        output = functional_call(self._frozen, self._trained_weights(), self._validation)
        error = (output - self._target)[self._asked].square().mean() / 4  # of -1..1
        return -10 * math.log10(float(error))

    def __len__(self) -> int:
        """Steps that are left."""
        return self.steps - self.done

    def __iter__(self) -> Iterator[float]:
        """Train the steps that are left, a loss for each; may be stopped and continued."""
        while self.done < self.steps:
            yield self.step()

    def step(self) -> float:
        """Train one step on one frame of some streams; returns the loss of those that ask for the new world, or NaN."""
        pool, batch = self._ahead.result() if self._ahead is not None else self._draw()
        self._ahead = self._painter.submit(self._draw) if self.done < self.steps - 1 else None
        level, size = draw_levels(len(batch.streams), self._generator)
        noisy, source, past, conditions = batch.noised(level, size, self.device)
        inputs = noisy, source, past, conditions, batch.memory(self._frozen)
        clean = functional_call(self._frozen, self._trained_weights(), inputs)
        losses = denoising_loss(clean, batch.target.to(self.device), batch.weight)
        self._optimiser.zero_grad()
        losses.mean().backward()
        share = min(1.0, (self.done + 1) / WARMUP_STEPS) * (1 - self.done / self.steps)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * share
        self._optimiser.step()
        own_share = OWN_PAST_SHARE * min(1.0, 3 * self.done / self.steps)
        pool.advance(batch, to_picture(clean.detach().float()), own_share)
        self.done += 1
        asked = [any(name == self.world.name for name, _ in state.worlds) for state in batch.streams]
        asked_losses = losses.detach().cpu()[torch.tensor(asked)]
        return float(asked_losses.mean()) if len(asked_losses) else math.nan

    def _trained_weights(self) -> dict[str, Tensor]:
        """The two matrices that have trained columns, those inserted."""
        concepts, modulate = self._frozen.concepts.weight, self._frozen.modulate.weight
        return {
            "concepts.weight": concepts.index_copy(1, self._at, self._column.to(concepts.dtype)),
            "modulate.weight": modulate.index_copy(1, self._last, self._own.to(modulate.dtype)),
        }

    def save(self, path: Path) -> str:
        """Write the weights as they are now, and their card beside them; returns the file's sha256.

        They load wherever weights load: `Stream.load(path)`, `lsd-studio serve --weights`, `python -m engine eval`.
        Raises ValueError for the file that training began with.
        """
        if self._parent_path.exists() and path.resolve() == self._parent_path.resolve():
            raise ValueError(f"{path} holds the weights that training began with; save under another name")
        with torch.no_grad():
            self.network.concepts.weight[:, self._at.cpu()] = self._column.cpu()
            self.network.modulate.weight[:, self._last.cpu()] = self._own.cpu()
        sha256 = save_weights(path, self.network, self.router, self.wordings)
        card = {
            "name": self.network.config.name,
            "sha256": sha256,
            "about": f"Weights {self.parent.sha256[:12]}…, with one more world: {self.world.name}.",
            "parameters": sum(p.numel() for p in self.network.parameters()),
            "parent_sha256": self.parent.sha256,
            "world": self.world.name,
            "like": self.starts_as,
            "wordings": list(self.world.wordings),
            **({"style": str(self.world.style)} if self.world.style else {}),
            "steps": self.done,
            "seed": self.seed,
            "torch": torch.__version__,
        }
        write_whole(card_path(path), (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())
        return sha256


def teach_world(
    world: World,
    path: Path | str,
    clips: Sequence[TrainingClip] = (),
    weights: Path | None = None,
    *,
    steps: int = 2000,
    sizes: Sequence[Size] = SIZES,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Path:
    """Teach weights one world more and write them to `path`, which is returned: minutes on a CPU.

    clips: what to train on, by default drawn stills (engine/training/leaves.py); clips like those that it will see are
    better. progress: called with the steps done and all of them. The rest as for `NewWorldTrainer`, whose errors it
    raises.
    """
    path = Path(path)
    if not path.absolute().parent.is_dir():
        raise ValueError(f"there is no folder {path.absolute().parent} for {path.name}; make it first")
    trainer = NewWorldTrainer(
        world, clips or dead_leaves(60), weights, steps=steps, seed=seed, threads=threads, sizes=sizes
    )
    for _ in trainer:
        progress(trainer.done, trainer.steps)
    trainer.save(path)
    return path


def read_world(path: Path) -> World:
    """Run a Python file and return the one World that it makes, or make one of a folder of pictures, by its name.

    Raises ValueError where there is none, or more.
    """
    if path.is_dir():
        pictures = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES)
        name = "-".join(re.findall(r"[a-z0-9]+", path.resolve().name.lower()))
        if not pictures:
            raise ValueError(f"{path} has no picture; a style is learnt from three to thirty pictures")
        return World(name, pictures=pictures)
    if not path.is_file():
        raise ValueError(f"there is no {path}; name a Python file that makes a World, or a folder of pictures")
    made = [value for value in runpy.run_path(str(path)).values() if isinstance(value, World)]
    if len(made) != 1:
        raise ValueError(f"{path} makes {len(made)} worlds; it should make one: WORLD = World(name, paint, wordings=…)")
    return made[0]


def check_world(world: World, weights: Weights) -> None:
    """Raise ValueError where a world cannot be added to these weights: name, wordings or teacher, and the remedy."""
    taken = (*weights.config.worlds, *weights.config.things)
    if world.name in taken:
        raise ValueError(f"the name {world.name!r} is taken; choose one that is none of {', '.join(taken)}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", world.name):
        raise ValueError(f"a world's name has small letters, digits and hyphens, like 'wild-west', not {world.name!r}")
    wordings = {tidy(text) for text in world.wordings}
    if len(wordings) < MIN_WORDINGS:
        raise ValueError(
            f"{len(wordings)} wordings for {world.name!r}; at least {MIN_WORDINGS} different ones are needed, "
            "and thirty are better: say it as others would"
        )
    shared = sorted(wordings & weights.wordings.keys())
    if shared:
        raise ValueError(f"these weights know {shared[0]!r} already, as another world; word {world.name!r} otherwise")
    check_teacher(world)
