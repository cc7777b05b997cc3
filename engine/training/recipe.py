"""The recipe: one function that trains a network, in slices that save and resume.

    python -m engine.training train --pack train.pack --run runs/tiny --minutes 9

The learning rate warms up, stays, and at last decays to zero over `cooldown` steps (WSD, Hu et al. 2024,
arXiv:2404.06395), so a run may be resumed for as long as there is time, and cooled down from any checkpoint.
Master weights, optimiser and average are float32; forward and backward run on a copy in the device's best dtype.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine import runtime
from engine.config import ModelConfig, lsd_tiny
from engine.models.network import Conditions, Hourglass, Memory, to_picture
from engine.training.data import deal, load_pack
from engine.training.muon import Muon
from engine.training.objectives import Average, denoising_loss, draw_levels
from engine.training.pool import PAST_LABEL, Batch, Pool

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Size:
    """A picture size to train at, how many streams a step advances, and how often it comes."""

    width: int
    height: int
    batch: int
    chance: float


@dataclass(frozen=True)
class Recipe:
    """All that decides a run, but its length."""

    model: ModelConfig
    sizes: tuple[Size, ...] = (Size(192, 128, 8, 0.8), Size(256, 160, 5, 0.2))
    pool: int = 32
    masked: float = 0.12
    """Share of steps whose streams have two prompts, divided by masks."""
    muon_rate: float = 0.02
    """Muon's, for the matrices inside."""
    rate: float = 1.2e-3
    """AdamW's, for the rest."""
    warmup: int = 60
    weight_decay: float = 0.01
    own_after: int = 1200
    """Steps until half of the past is the network's own; it starts with none and ends at `own`."""
    own: float = 0.6
    seed: int = 0


class Trainer:
    """A run: network, optimiser, average and pools. Everything but the pools' lives is in its checkpoint."""

    def __init__(self, recipe: Recipe, pack: Path, device: str = "auto", threads: int | None = None) -> None:
        self.recipe = recipe
        self.device = runtime.choose_device(device)
        self.dtype = runtime.choose_dtype(self.device)
        runtime.set_threads(threads)
        torch.manual_seed(recipe.seed)
        self.master = Hourglass(recipe.model).to(self.device)
        worker = copy.deepcopy(self.master).to(self.dtype)
        self.worker: Hourglass = worker.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(self.master.parameters())
        inner, outer = split_parameters(self.master)
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(inner, recipe.muon_rate, weight_decay=recipe.weight_decay),
            torch.optim.AdamW(outer, recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True),
        ]
        self.steps = 0
        self.frames = 0
        self.clips, self.manifest = load_pack(pack)
        self.log: list[dict] = []
        self._open_pools()

    def _open_pools(self) -> None:
        """Streams are seeded by the step at which they are opened, so a resumed run sees other lives, not the same."""
        r = self.recipe
        rng = np.random.default_rng([r.seed, self.steps])
        clips = deal(self.clips, rng)
        self._rng = rng
        self._generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self._pools = {
            (size, masked): Pool(
                r.model, clips, size.height, size.width, max(r.pool, size.batch), masked, int(rng.integers(2**62))
            )
            for size in r.sizes
            for masked in (False, True)
        }

    def _to_device(self, batch: Batch, level: Tensor, step: Tensor) -> tuple[Tensor, Tensor, Tensor, Conditions]:
        def there(tensor: Tensor) -> Tensor:
            return tensor.to(self.device, non_blocking=True)

        c = batch.conditions
        conditions = Conditions(
            worlds=there(c.worlds),
            level=there(level),
            step=there(step),
            past_level=there(c.past_level),
            interval_s=there(c.interval_s),
            time_s=there(c.time_s),
            masks=there(c.masks) if c.masks is not None else None,
        )
        weight = level.view(-1, 1, 1, 1)
        noisy = (1 - weight) * batch.target + weight * batch.noise
        return there(noisy), there(batch.source), there(batch.past), conditions

    def _memory(self, batch: Batch) -> Memory:
        pooled = batch.remembered.to(self.device, self.dtype)
        b, s = pooled.shape[:2]
        level = torch.full((b * s,), PAST_LABEL, device=self.device)
        keys_values = self.worker.remember(pooled.flatten(0, 1), level).unflatten(0, (b, s))
        age = batch.remembered_age.to(self.device)
        return Memory(keys_values, age, age >= 0)

    def step(self, share: float) -> float:
        """One step on one frame of some streams at a share of the recipe's rates; returns the loss from pure noise."""
        r = self.recipe
        size = r.sizes[self._rng.choice(len(r.sizes), p=[s.chance for s in r.sizes])]
        pool = self._pools[size, bool(self._rng.random() < r.masked)]
        batch = pool.draw(size.batch)
        level, step = draw_levels(size.batch, self._generator)
        clean = self.worker(*self._to_device(batch, level, step), self._memory(batch))
        losses = denoising_loss(clean, batch.target.to(self.device))
        losses.mean().backward()
        pool.advance(batch, to_picture(clean.detach().float().cpu()), r.own * min(1.0, self.steps / r.own_after))
        self._apply(share)
        self._note(batch, losses.detach().cpu(), level)
        self.frames += size.batch
        return float(losses.detach()[level.to(self.device) == 1].mean()) if bool((level == 1).any()) else math.nan

    def _apply(self, share: float) -> None:
        for master, worker in zip(self.master.parameters(), self.worker.parameters(), strict=True):
            assert worker.grad is not None, "every weight takes part in every step"
            master.grad = worker.grad.float()
            worker.grad = None
        torch.nn.utils.clip_grad_norm_(self.master.parameters(), 1.0)
        for optimiser, rate in zip(self.optimisers, (self.recipe.muon_rate, self.recipe.rate), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * share
            optimiser.step()
        self.average.update(self.master.parameters())
        with torch.no_grad():
            for master, worker in zip(self.master.parameters(), self.worker.parameters(), strict=True):
                worker.copy_(master)
        self.steps += 1

    def _note(self, batch: Batch, losses: Tensor, level: Tensor) -> None:
        for live, loss, t in zip(batch.streams, losses.tolist(), level.tolist(), strict=True):
            if len(live.worlds) == 1 and t == 1:
                self.log.append({"world": live.worlds[0][0], "loss": loss})

    def run(self, folder: Path, minutes: float, cooldown: int = 0, every_s: float = 60.0) -> None:
        """Train for `minutes` (or, with `cooldown`, for that many steps to a rate of zero), saving every minute."""
        folder.mkdir(parents=True, exist_ok=True)
        begin, saved, first = time.monotonic(), time.monotonic(), self.steps
        while time.monotonic() - begin < minutes * 60 and (not cooldown or self.steps - first < cooldown):
            share = min(1.0, (self.steps + 1) / self.recipe.warmup)
            if cooldown:
                share *= 1 - (self.steps - first) / cooldown
            loss = self.step(share)
            if not math.isfinite(loss) and not math.isnan(loss):
                raise RuntimeError(f"the loss is {loss} at step {self.steps}; resume from {folder} with a lower rate")
            if time.monotonic() - saved > every_s:
                self.save(folder)
                self._report(folder, time.monotonic() - begin)
                saved = time.monotonic()
        self.save(folder)

    def _report(self, folder: Path, seconds: float) -> None:
        worlds: dict[str, list[float]] = {}
        for entry in self.log:
            worlds.setdefault(entry["world"], []).append(entry["loss"])
        means = {world: round(float(np.mean(values)), 4) for world, values in sorted(worlds.items())}
        line = {"step": self.steps, "frames": self.frames, "s": round(seconds), "loss": means}
        line["mean"] = round(float(np.mean(list(means.values()))), 4)
        with (folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        log.info("%s", line)
        self.log.clear()

    # -- checkpoints

    def save(self, folder: Path) -> None:
        """Write the full checkpoint, replacing the last one atomically."""
        state = {
            "recipe": json.dumps(asdict(self.recipe), sort_keys=True),
            "manifest": self.manifest["sha256"],
            "network": self.master.state_dict(),
            "average": self.average.values,
            "average_count": self.average.count,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "steps": self.steps,
            "frames": self.frames,
        }
        part = folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(folder / "checkpoint.pt")

    def resume(self, folder: Path) -> None:
        """Go on from a checkpoint of the same architecture; raises ValueError naming what differs."""
        state = torch.load(folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        mine, theirs = asdict(self.recipe.model), json.loads(state["recipe"])["model"]
        differences = [k for k in mine if json.dumps(mine[k]) != json.dumps(theirs.get(k))]
        if differences:
            raise ValueError(f"{folder} was trained with another {', '.join(differences)}; start a new --run")
        self.master.load_state_dict(state["network"])
        self.worker.load_state_dict(state["network"])
        self.average.values = [value.to(self.device) for value in state["average"]]
        self.average.count = state["average_count"]
        for optimiser, held in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(held)
        self.steps, self.frames = state["steps"], state["frames"]
        self._open_pools()


def split_parameters(network: Hourglass) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The matrices inside the network, for Muon, and the rest: what meets pixels or conditions, and all vectors."""
    outside = {network.stem, network.head, network.worlds, network.state, network.modulate, network.memory_in}
    skipped = {id(p) for module in outside for p in module.parameters()}
    skipped |= {id(p) for name, p in network.named_parameters() if p.ndim < 2 or name.endswith("null")}
    inner = [p for p in network.parameters() if id(p) not in skipped]
    return inner, [p for p in network.parameters() if id(p) in skipped]


def averaged(folder: Path) -> tuple[Hourglass, dict[str, Any]]:
    """The network to ship, a run's average of the weights, and what the model card says of the run."""
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    recipe = json.loads(state["recipe"])
    network = Hourglass(ModelConfig.from_dict(recipe["model"]))
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), state["average"], strict=True):
            parameter.copy_(value)
    known = {"recipe": recipe, "data_sha256": state["manifest"], "steps": state["steps"], "frames": state["frames"]}
    return network.eval(), known


def tiny_recipe() -> Recipe:
    """The shipped weights' recipe."""
    return Recipe(lsd_tiny())
