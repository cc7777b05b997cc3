"""The trainer: it trains a network by a recipe, in slices that save and resume.

    python -m engine.training train --pack train.pack --run runs/tiny --minutes 9

A slice is `Recipe.slice` steps. It begins with freshly opened pools, seeded by the step, and ends with a checkpoint: so
a run that was interrupted at any moment goes on from its last slice to the same losses. The learning rate warms up,
stays constant, and at last decays to zero (WSD, Hu et al. 2024, arXiv:2404.06395), so a run may be resumed for as long
as there is time, and cooled down from any checkpoint. Master weights, optimiser and average are float32; forward and
backward run on a copy in the device's best dtype. The next batch is painted beside the network, in a thread. Under
`torchrun` each process has its own streams, and gradients are averaged.
"""

from __future__ import annotations

import copy
import json
import logging
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine import runtime
from engine.config import ModelConfig
from engine.media.files import published
from engine.models.checkpoint import code_keys, file_keys, load_weights
from engine.models.hourglass import Conditions, Hourglass
from engine.models.patches import to_picture
from engine.training.adversary import AdversarialLoss
from engine.training.auxiliary import AuxiliaryHead
from engine.training.data import load_pack, sample_clips
from engine.training.muon import Muon
from engine.training.objectives import Average, denoising_loss, draw_levels, shortcut_target
from engine.training.pool import Batch, Pool
from engine.training.prune import prune
from engine.training.recipes import Recipe

log = logging.getLogger(__name__)

_AUXILIARY, _AUXILIARY_OPTIMISER = "lookout", "lookout_optimiser"
"""What the auxiliary head is called in checkpoints."""


class Trainer:
    """A training run: network, optimisers, average and pools; its checkpoint holds all but the pools."""

    def __init__(
        self,
        recipe: Recipe,
        pack: Path,
        device: str = "auto",
        threads: int | None = None,
        distil_from: Hourglass | None = None,
    ) -> None:
        """pack: footage, of `engine.training.data.pack`. device: auto, cpu, cuda or mps. threads: CPU cores to use.
        distil_from: the larger network whose answers `recipe.distilled` mixes into the target."""
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
        self.distil_from: Hourglass | None = None
        if distil_from is not None:
            distil_from = distil_from.requires_grad_(False).to(self.device, self.dtype)
            self.distil_from = distil_from.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
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
        self.auxiliary_head = AuxiliaryHead(self.worker, self.device) if recipe.auxiliary > 0 else None
        self.adversarial_loss = (
            AdversarialLoss(recipe.model.concepts, self.device, self.dtype) if recipe.adversarial > 0 else None
        )
        self.steps = 0
        self.frames = 0
        self.cooldown: tuple[int, int] | None = None
        """Step at which the rates began to fall, and over how many steps they reach zero."""
        self.clips, self.manifest = load_pack(pack)
        self.log: list[dict] = []
        self.critic_accuracy: list[float] = []
        """Share of pairs in which the critic preferred the teachers' frame, by step."""
        self.auxiliary_losses: list[float] = []
        """Mean loss of the auxiliary head per row that needs it, by step."""
        self._painter = ThreadPoolExecutor(1, "painter")
        self._ahead: Future[tuple[Pool, Batch]] | None = None
        self._open_pools()

    def _open_pools(self) -> None:
        """Open fresh streams, seeded by the step, so that a slice depends on nothing that came before it."""
        r = self.recipe
        self._ahead = None
        self._choices = np.random.default_rng([r.seed, self.steps])  # the same on all ranks: one size a step
        rng = np.random.default_rng([r.seed, self.steps, self.rank])
        clips = sample_clips(self.clips, rng)
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
        """Draw a batch; runs in the painter's thread, one batch ahead of the network."""
        r = self.recipe
        size = r.sizes[self._choices.choice(len(r.sizes), p=[s.chance for s in r.sizes])]
        pool = self._pools[size, bool(self._choices.random() < r.masked)]
        return pool, pool.draw(size.batch)

    def step(self, share: float, last: bool = False) -> float:
        """Train one step on one frame of some streams; returns the mean loss of rows at pure noise, NaN for none.

        share: of the recipe's learning rates, 0..1. last: the slice ends here, so nothing is drawn ahead.
        """
        r = self.recipe
        pool, batch = self._ahead.result() if self._ahead is not None else self._draw()
        self._ahead = None if last else self._painter.submit(self._draw)
        size = len(batch.streams)
        level, step = draw_levels(size, self._generator)
        noisy, source, past, conditions = batch.noised(level, step, self.device)
        memory = batch.memory(self.worker)
        target = batch.target.to(self.device)
        if self.distil_from is not None:
            with torch.no_grad():
                larger = self.distil_from(noisy, source, past, conditions, batch.memory(self.distil_from))
            target = torch.lerp(target, larger, r.distilled)
        late = self.steps > r.own_past_steps / 2
        if late and float(torch.rand((), generator=self._generator)) < r.shortcut:
            target = shortcut_target(self.worker, noisy, source, past, conditions, memory, target)
        clean = self.worker(noisy, source, past, conditions, memory)
        losses = denoising_loss(clean, target, batch.weight, r.detail)
        (gradient,) = torch.autograd.grad(losses.mean(), clean)
        if self.adversarial_loss is not None:
            gradient = gradient + self._adversarial_gradient(
                self.adversarial_loss, batch, source, past, conditions, clean, share
            )
        self._back(clean, gradient, batch)
        if self.auxiliary_head is not None:
            self.auxiliary_head.step(share)
        pool.advance(batch, to_picture(clean.detach().float()), r.own_past * min(1.0, self.steps / r.own_past_steps))
        self._gather()
        self._apply(share)
        self._note(batch, losses.detach().cpu(), level)
        self.frames += size * self.ranks
        return float(losses.detach()[level.to(self.device) == 1].mean()) if bool((level == 1).any()) else math.nan

    def _back(self, clean: Tensor, gradient: Tensor, batch: Batch) -> None:
        """Backward through the network: the frame's gradient, and the auxiliary loss beside it."""
        if self.auxiliary_head is None:
            clean.backward(gradient)
            return
        loss = self.auxiliary_head.loss(batch.auxiliary.to(self.device))
        torch.autograd.backward([clean, self.recipe.auxiliary * loss], [gradient, None])
        if bool(batch.auxiliary.needed.any()):
            self.auxiliary_losses.append(float(loss.detach()) * len(clean) / int(batch.auxiliary.needed.sum()))

    def _adversarial_gradient(
        self,
        adversarial_loss: AdversarialLoss,
        batch: Batch,
        source: Tensor,
        past: Tensor,
        conditions: Conditions,
        clean: Tensor,
        share: float,
    ) -> Tensor:
        """The critic's gradient on the rows that one step answers, scaled as the recipe says; else zero."""
        rows = ((conditions.level == 1) & (conditions.step == 1)).nonzero()[:, 0]
        gradient = torch.zeros_like(clean)
        if conditions.masks is not None or len(rows) == 0:
            return gradient
        target, output = batch.target.to(self.device)[rows], clean.detach()[rows]
        context = source[rows], past[rows, 0], conditions.concepts[rows, 0]
        gradient[rows] = adversarial_loss.gradient(output, target, context)
        (regression,) = torch.autograd.grad(denoising_loss(output.requires_grad_(), target).sum() / len(clean), output)
        self.critic_accuracy.append(adversarial_loss.step(output, target, context, share, self._generator))
        return gradient * (self.recipe.adversarial * regression.norm() / (gradient.norm() + 1e-12))

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
        for state, loss, t in zip(batch.streams, losses.tolist(), level.tolist(), strict=True):
            if len(state.worlds) == 1 and t == 1:
                self.log.append({"world": state.worlds[0][0], "loss": loss})

    def share(self) -> float:
        """Share of the recipe's rates at this step, 0..1: warm-up, plateau, cool-down."""
        share = min(1.0, (self.steps + 1) / self.recipe.warmup)
        if self.cooldown is not None:
            start, length = self.cooldown
            share *= max(0.0, 1 - (self.steps - start) / length)
        return share

    def run(self, folder: Path, minutes: float, cooldown: int = 0) -> None:
        """Train whole slices for about `minutes`, saving after each.

        folder: of the checkpoint and the log. cooldown: from here on, let the rates fall to zero over so many steps
        (rounded up to slices), and end there; a run resumed in the middle goes on falling. Raises RuntimeError for an
        infinite loss.
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

    def _over(self, over: bool) -> bool:
        """Whether the first rank is over, on all ranks."""
        if self.ranks == 1:
            return over
        answer = torch.tensor([float(over)])
        dist.broadcast(answer, 0)
        return bool(answer.item())

    def _report(self, folder: Path, seconds: float) -> None:
        worlds: dict[str, list[float]] = {}
        for entry in self.log:
            worlds.setdefault(entry["world"], []).append(entry["loss"])
        means = {world: round(float(np.mean(values)), 4) for world, values in sorted(worlds.items())}
        line = {"step": self.steps, "frames": self.frames, "s": round(seconds), "loss": means}
        line["mean"] = round(float(np.mean(list(means.values()))), 4)
        if self.critic_accuracy:
            line["critic_accuracy"] = round(float(np.mean(self.critic_accuracy)), 3)
            self.critic_accuracy.clear()
        if self.auxiliary_losses:
            line["auxiliary"] = round(float(np.mean(self.auxiliary_losses)), 4)
            self.auxiliary_losses.clear()
        with (folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        log.info("%s", line)
        self.log.clear()

    # -- checkpoints

    def save(self, folder: Path) -> None:
        """Write the checkpoint into a folder, replacing the last one atomically."""
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
        if self.adversarial_loss is not None:
            state["critic"] = self.adversarial_loss.critic.state_dict()
            state["critic_optimiser"] = self.adversarial_loss.optimiser.state_dict()
        if self.auxiliary_head is not None:
            state[_AUXILIARY] = self.auxiliary_head.layer.state_dict()
            state[_AUXILIARY_OPTIMISER] = self.auxiliary_head.optimiser.state_dict()
        with published(folder / "checkpoint.pt") as part:
            torch.save(state, part)

    def resume(self, folder: Path) -> None:
        """Go on from a folder's checkpoint; raises ValueError that names the differences of another architecture."""
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
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        if self.adversarial_loss is not None and "critic" in state:  # a run may begin to use the critic late
            self.adversarial_loss.critic.load_state_dict(state["critic"])
            self.adversarial_loss.optimiser.load_state_dict(state["critic_optimiser"])
        if self.auxiliary_head is not None and _AUXILIARY in state:
            self.auxiliary_head.layer.load_state_dict(state[_AUXILIARY])
            self.auxiliary_head.optimiser.load_state_dict(state[_AUXILIARY_OPTIMISER])
        self.steps, self.frames, self.cooldown = state["steps"], state["frames"], state["cooldown"]
        self._open_pools()

    def start_from(self, weights: Path) -> None:
        """Begin with the weights of a file, where no checkpoint was kept; the optimisers warm up anew.

        Weights of a larger model are pruned to the recipe's; raises ValueError where they cannot be.
        """
        shipped = load_weights(weights).network
        if shipped.config.differences(self.recipe.model):
            shipped = prune(shipped, self.recipe.model)
        self.begin_with(shipped)

    def begin_with(self, network: Hourglass) -> None:
        """Begin with a network's weights; it has the recipe's architecture."""
        self.master.load_state_dict(network.state_dict())
        self.worker.load_state_dict(network.state_dict())
        self.average = Average(self._masters)


def split_parameters(network: Hourglass) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Split into the matrices inside the network, for Muon, and the rest: layers at pixels or conditions, vectors."""
    outside = {network.stem, network.head, network.concepts, network.state, network.modulate, network.memory_in}
    skipped = {id(p) for module in outside for p in module.parameters()}
    skipped |= {id(p) for name, p in network.named_parameters() if p.ndim < 2 or name.endswith("null")}
    inner = [p for p in network.parameters() if id(p) not in skipped]
    return inner, [p for p in network.parameters() if id(p) in skipped]


def load_average(folder: Path) -> tuple[Hourglass, dict[str, Any]]:
    """Load a run's average of the weights, which ships, and the run's part of the model card."""
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    recipe = json.loads(state["recipe"])
    network = Hourglass(ModelConfig.from_dict(recipe["model"]))
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), state["average"], strict=True):
            parameter.copy_(value)
    facts = {"recipe": recipe, "data_sha256": state["manifest"], "steps": state["steps"], "frames": state["frames"]}
    return network.eval(), facts
