"""The recipe: one function that trains a network, in slices that save and resume.

    python -m engine.training train --pack train.pack --run runs/tiny --minutes 9

A slice is `Recipe.slice` steps. It begins with freshly opened pools, seeded by the step, and ends with a checkpoint: so
a run that was interrupted at any moment goes on from its last slice to the same losses. The learning rate warms up,
stays, and at last decays to zero (WSD, Hu et al. 2024, arXiv:2404.06395), so a run may be resumed for as long as there
is time, and cooled down from any checkpoint. Master weights, optimiser and average are float32; forward and backward
run on a copy in the device's best dtype. The next batch is painted beside
the network. Under `torchrun` each process lives its own streams, and gradients are
averaged.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine import runtime
from engine.config import ModelConfig, lsd_base, lsd_tiny
from engine.models.checkpoint import code_keys, file_keys, load_weights
from engine.models.hourglass import Conditions, Hourglass
from engine.models.patches import to_picture
from engine.training.adversary import AdversarialLoss
from engine.training.auxiliary import Lookout
from engine.training.data import deal, load_pack
from engine.training.muon import Muon
from engine.training.objectives import Average, denoising_loss, draw_levels, shortcut_target
from engine.training.pool import Batch, Pool
from engine.training.prune import prune

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
    sizes: tuple[Size, ...] = (
        Size(192, 128, 8, 0.44),
        Size(256, 160, 5, 0.26),
        Size(384, 224, 2, 0.18),
        Size(512, 288, 1, 0.12),
    )
    pool: int = 24
    props: float = 0.4
    """Share of streams with a prop in the picture."""
    masked: float = 0.1
    """Share of steps whose streams have two prompts, divided by masks."""
    shortcut: float = 0.06
    """Share of steps that learn a step as two half steps, once half of the past is the network's own."""
    muon_rate: float = 0.02
    """Muon's, for the matrices inside."""
    rate: float = 1.2e-3
    """AdamW's, for the rest."""
    warmup: int = 60
    weight_decay: float = 0.1
    own_after: int = 3000
    """Steps until half of the past is the network's own; it starts with none and ends at `own`."""
    own: float = 0.7
    augmented: bool = True
    """Whether the past is worn and sometimes missing."""
    noisy_past: bool = True
    """Whether past frames have noise levels of their own."""
    detail: float = 2.0
    """What a lack or an excess of detail counts beside the squared error."""
    distilled: float = 0.0
    """Share of a larger network's answer in the target, where one is given."""
    sight: float = 0.1
    """What it counts that the features do not say where the prop or the person is."""
    adversarial: float = 0.0
    """How strong the critic's gradient is on a one-step answer, as a share of the regression's."""
    slice: int = 400
    seed: int = 0


class Trainer:
    """A run: network, optimiser, average and pools. Its checkpoint is all of it, at the end of a slice."""

    def __init__(
        self,
        recipe: Recipe,
        pack: Path,
        device: str = "auto",
        threads: int | None = None,
        elder: Hourglass | None = None,
    ) -> None:
        """elder: the larger network that `recipe.distilled` asks."""
        self.recipe = recipe
        self.device = runtime.choose_device(device)
        self.dtype = runtime.choose_dtype(self.device)
        runtime.set_threads(threads)
        self.rank, self.ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        torch.manual_seed(recipe.seed)
        self.master = Hourglass(recipe.model).to(self.device)
        worker = copy.deepcopy(self.master).to(self.dtype)
        self.worker: Hourglass = worker.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = Average(self.master.parameters())
        self._masters: list[Tensor] = list(self.master.parameters())
        self._workers: list[Tensor] = list(self.worker.parameters())
        self.elder: Hourglass | None = None
        if elder is not None:
            elder = elder.requires_grad_(False).to(self.device, self.dtype)
            self.elder = elder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._gradient = torch.zeros(sum(p.numel() for p in self._masters), device=self.device)
        parts = self._gradient.split([p.numel() for p in self._masters])
        self._grads = [part.view_as(p) for p, part in zip(self._masters, parts, strict=True)]
        for parameter, grad in zip(self._masters, self._grads, strict=True):
            parameter.grad = grad
        inner, outer = split_parameters(self.master)
        self.optimisers: list[torch.optim.Optimizer] = [
            Muon(inner, recipe.muon_rate, weight_decay=recipe.weight_decay),
            torch.optim.AdamW(outer, recipe.rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True),
        ]
        self.lookout = Lookout(self.worker, self.device) if recipe.sight > 0 else None
        self.criticism = (
            AdversarialLoss(recipe.model.concepts, self.device, self.dtype) if recipe.adversarial > 0 else None
        )
        self.steps = 0
        self.frames = 0
        self.cooldown: tuple[int, int] | None = None
        """Step at which the rates began to fall, and over how many steps they reach zero."""
        self.clips, self.manifest = load_pack(pack)
        self.log: list[dict] = []
        self.caught: list[float] = []
        """How often the critic knew the teachers' frame, by step."""
        self.unseen: list[float] = []
        """The lookout's loss, by step."""
        self._painter = ThreadPoolExecutor(1, "painter")
        self._ahead: Future[tuple[Pool, Batch]] | None = None
        self._open_pools()

    def _open_pools(self) -> None:
        """Fresh streams, seeded by the step: a slice's lives depend on nothing that came before."""
        r = self.recipe
        self._ahead = None
        self._choices = np.random.default_rng([r.seed, self.steps])  # the same on all ranks: one size a step
        rng = np.random.default_rng([r.seed, self.steps, self.rank])
        clips = deal(self.clips, rng)
        self._generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self._pools = {
            (size, masked): Pool(
                r.model,
                clips,
                size.height,
                size.width,
                max(r.pool, 2 * size.batch),
                masked,
                int(rng.integers(2**62)),
                self.device,
                r.augmented,
                r.noisy_past,
                props=r.props,
            )
            for size in r.sizes
            for masked in (False, True)
        }

    def _draw(self) -> tuple[Pool, Batch]:
        """A batch; runs in the painter's thread, one batch ahead of the network."""
        r = self.recipe
        size = r.sizes[self._choices.choice(len(r.sizes), p=[s.chance for s in r.sizes])]
        pool = self._pools[size, bool(self._choices.random() < r.masked)]
        return pool, pool.draw(size.batch)

    def step(self, share: float, last: bool = False) -> float:
        """One step on one frame of some streams at a share of the recipe's rates; returns the loss from pure noise.

        last: the slice ends here, so nothing is drawn ahead.
        """
        r = self.recipe
        pool, batch = self._ahead.result() if self._ahead is not None else self._draw()
        self._ahead = None if last else self._painter.submit(self._draw)
        size = len(batch.streams)
        level, step = draw_levels(size, self._generator)
        noisy, source, past, conditions = batch.noised(level, step, self.device)
        memory = batch.memory(self.worker)
        target = batch.target.to(self.device)
        if self.elder is not None:
            with torch.no_grad():
                said = self.elder(noisy, source, past, conditions, batch.memory(self.elder))
            target = torch.lerp(target, said, r.distilled)
        ripe = self.steps > r.own_after / 2
        if ripe and float(torch.rand((), generator=self._generator)) < r.shortcut:
            target = shortcut_target(self.worker, noisy, source, past, conditions, memory, target)
        clean = self.worker(noisy, source, past, conditions, memory)
        losses = denoising_loss(clean, target, batch.weight, r.detail)
        (gradient,) = torch.autograd.grad(losses.mean(), clean)
        if self.criticism is not None:
            gradient = gradient + self._criticised(self.criticism, batch, source, past, conditions, clean, share)
        self._back(clean, gradient, batch)
        if self.lookout is not None:
            self.lookout.learn(share)
        pool.advance(batch, to_picture(clean.detach().float()), r.own * min(1.0, self.steps / r.own_after))
        self._gather()
        self._apply(share)
        self._note(batch, losses.detach().cpu(), level)
        self.frames += size * self.ranks
        return float(losses.detach()[level.to(self.device) == 1].mean()) if bool((level == 1).any()) else math.nan

    def _back(self, clean: Tensor, gradient: Tensor, batch: Batch) -> None:
        """Backward through the network: the frame's gradient, and the lookout's beside it."""
        if self.lookout is None:
            clean.backward(gradient)
            return
        unseen = self.lookout.loss(batch.sight.to(self.device))
        torch.autograd.backward([clean, self.recipe.sight * unseen], [gradient, None])
        if bool(batch.sight.sought.any()):
            self.unseen.append(float(unseen.detach()) * len(clean) / int(batch.sight.sought.sum()))

    def _criticised(
        self,
        criticism: AdversarialLoss,
        batch: Batch,
        source: Tensor,
        past: Tensor,
        conditions: Conditions,
        clean: Tensor,
        share: float,
    ) -> Tensor:
        """The critic's gradient on the rows that one step answers, as long as the recipe wants it."""
        rows = ((conditions.level == 1) & (conditions.step == 1)).nonzero()[:, 0]
        pull = torch.zeros_like(clean)
        if conditions.masks is not None or len(rows) == 0:
            return pull
        taught, made = batch.target.to(self.device)[rows], clean.detach()[rows]
        given = source[rows], past[rows, 0], conditions.concepts[rows, 0]
        pull[rows] = criticism.pull(made, taught, given)
        (regression,) = torch.autograd.grad(denoising_loss(made.requires_grad_(), taught).sum() / len(clean), made)
        self.caught.append(criticism.learn(made, taught, given, share, self._generator))
        return pull * (self.recipe.adversarial * regression.norm() / (pull.norm() + 1e-12))

    @torch.no_grad()
    def _gather(self) -> None:
        """The workers' gradients, over all ranks, into the masters'."""
        grads = [p.grad for p in self._workers if p.grad is not None]
        assert len(grads) == len(self._workers), "every weight takes part in every step"
        torch._foreach_copy_(self._grads, grads)
        for parameter in self._workers:
            parameter.grad = None
        if self.ranks > 1:
            dist.all_reduce(self._gradient)
            self._gradient /= self.ranks

    @torch.no_grad()
    def _apply(self, share: float) -> None:
        self._gradient *= min(1.0, 1.0 / (float(self._gradient.norm()) + 1e-6))
        for optimiser, rate in zip(self.optimisers, (self.recipe.muon_rate, self.recipe.rate), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * share
            optimiser.step()
        self.average.update(self._masters)
        torch._foreach_copy_(self._workers, self._masters)
        self.steps += 1

    def _note(self, batch: Batch, losses: Tensor, level: Tensor) -> None:
        for live, loss, t in zip(batch.streams, losses.tolist(), level.tolist(), strict=True):
            if len(live.worlds) == 1 and t == 1:
                self.log.append({"world": live.worlds[0][0], "loss": loss})

    def share(self) -> float:
        """Of the recipe's rates, at this step."""
        share = min(1.0, (self.steps + 1) / self.recipe.warmup)
        if self.cooldown is not None:
            start, length = self.cooldown
            share *= max(0.0, 1 - (self.steps - start) / length)
        return share

    def run(self, folder: Path, minutes: float, cooldown: int = 0) -> None:
        """Train whole slices for about `minutes`, saving after each.

        cooldown: from here on, let the rates fall to zero over so many steps (rounded up to slices), and end there; a
        run resumed in the middle goes on falling.
        """
        folder.mkdir(parents=True, exist_ok=True)
        slice_ = self.recipe.slice
        if cooldown and self.cooldown is None:
            self.cooldown = (self.steps, -(-cooldown // slice_) * slice_)
        begin = time.monotonic()
        done = 0
        while self.cooldown is None or self.steps < sum(self.cooldown):
            for left in reversed(range(slice_)):
                loss = self.step(self.share(), last=left == 0)
                if math.isinf(loss):
                    raise RuntimeError(f"the loss is {loss} at step {self.steps}; resume {folder} with lower rates")
            done += 1
            taken = time.monotonic() - begin
            if self.rank == 0:
                self.save(folder)
                self._report(folder, taken)
            self._open_pools()
            if self._over(taken * (done + 0.5) / done > minutes * 60):
                break

    def _over(self, mine: bool) -> bool:
        """The first rank's answer, for all."""
        if self.ranks == 1:
            return mine
        answer = torch.tensor([float(mine)])
        dist.broadcast(answer, 0)
        return bool(answer.item())

    def _report(self, folder: Path, seconds: float) -> None:
        worlds: dict[str, list[float]] = {}
        for entry in self.log:
            worlds.setdefault(entry["world"], []).append(entry["loss"])
        means = {world: round(float(np.mean(values)), 4) for world, values in sorted(worlds.items())}
        line = {"step": self.steps, "frames": self.frames, "s": round(seconds), "loss": means}
        line["mean"] = round(float(np.mean(list(means.values()))), 4)
        if self.caught:
            line["caught"] = round(float(np.mean(self.caught)), 3)
            self.caught.clear()
        if self.unseen:
            line["unseen"] = round(float(np.mean(self.unseen)), 4)
            self.unseen.clear()
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
            "network": file_keys(self.master.state_dict()),
            "average": self.average.values,
            "average_count": self.average.count,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "steps": self.steps,
            "frames": self.frames,
            "cooldown": self.cooldown,
        }
        if self.criticism is not None:
            state["critic"] = self.criticism.critic.state_dict()
            state["critic_optimiser"] = self.criticism.optimiser.state_dict()
        if self.lookout is not None:
            state["lookout"] = self.lookout.layer.state_dict()
            state["lookout_optimiser"] = self.lookout.optimiser.state_dict()
        part = folder / "checkpoint.part"
        torch.save(state, part)
        part.replace(folder / "checkpoint.pt")

    def resume(self, folder: Path) -> None:
        """Go on from a checkpoint of the same architecture; raises ValueError naming what differs."""
        state = torch.load(folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        trained = ModelConfig.from_dict(json.loads(state["recipe"])["model"])
        differences = trained.differences(self.recipe.model)
        if differences:
            raise ValueError(f"{folder} has another architecture: {'; '.join(differences)}; start a new --run")
        weights = code_keys(state["network"])
        self.master.load_state_dict(weights)
        self.worker.load_state_dict(weights)
        self.average.values = [value.to(self.device) for value in state["average"]]
        self.average.count = state["average_count"]
        for optimiser, held in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(held)
        if self.criticism is not None and "critic" in state:  # a run may call in the critic late
            self.criticism.critic.load_state_dict(state["critic"])
            self.criticism.optimiser.load_state_dict(state["critic_optimiser"])
        if self.lookout is not None and "lookout" in state:
            self.lookout.layer.load_state_dict(state["lookout"])
            self.lookout.optimiser.load_state_dict(state["lookout_optimiser"])
        self.steps, self.frames, self.cooldown = state["steps"], state["frames"], state["cooldown"]
        self._open_pools()

    def start_from(self, weights: Path) -> None:
        """Begin with shipped weights where no checkpoint was kept; the optimisers warm up anew.

        Weights of a larger model are pruned to the recipe's; ValueError says why they cannot be.
        """
        shipped = load_weights(weights).network
        if shipped.config.differences(self.recipe.model):
            shipped = prune(shipped, self.recipe.model)
        self.begin_with(shipped)

    def begin_with(self, network: Hourglass) -> None:
        """Take over a network's weights."""
        self.master.load_state_dict(network.state_dict())
        self.worker.load_state_dict(network.state_dict())
        self.average = Average(self._masters)


def split_parameters(network: Hourglass) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The matrices inside the network, for Muon, and the rest: what meets pixels or conditions, and all vectors."""
    outside = {network.stem, network.head, network.concepts, network.state, network.modulate, network.memory_in}
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


def tiny() -> Recipe:
    """The shipped weights' recipe."""
    return Recipe(lsd_tiny())


def base() -> Recipe:
    """The larger model, for a GPU: the same lives, larger batches."""
    sizes = tuple(replace(size, batch=8 * size.batch) for size in Recipe.sizes)
    return Recipe(lsd_base(), sizes=sizes, pool=192)


def healed() -> Recipe:
    """`lsd-tiny` cut out of `lsd-base`, on a GPU: half of what it learns is what the larger one says."""
    return replace(base(), model=lsd_tiny(), distilled=0.5)


def clean_past() -> Recipe:
    """The ablation: the past is always the teacher's, and whole."""
    return replace(tiny(), augmented=False, noisy_past=False, own=0.0)


def sharpened() -> Recipe:
    """The last part of a run: a critic beside the regression."""
    return replace(tiny(), adversarial=0.3)


def refined() -> Recipe:
    """Cooled weights taken further at a quarter of the rates: full ones would first undo what the cool-down brought."""
    return replace(tiny(), muon_rate=0.005, rate=3e-4)


def found() -> Recipe:
    """Finished weights that are to find props and people better, and to be sharper: a prop in most streams."""
    return replace(refined(), muon_rate=0.006, rate=3.6e-4, props=0.55, detail=3.0, own_after=600, slice=200)


RECIPES = {
    "tiny": tiny,
    "refined": refined,
    "found": found,
    "sharpened": sharpened,
    "base": base,
    "healed": healed,
    "clean-past": clean_past,
}
