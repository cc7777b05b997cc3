"""What the network is told of a frame: prompts as shares of worlds and things with masks, and its own inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.attention import Memory
from engine.models.hourglass import Conditions
from engine.prompts import PromptError


@dataclass(frozen=True)
class Direction:
    """What the prompts ask for: shares of worlds and things per prompt, and where each holds."""

    concepts: Tensor
    """(P, K + T)"""
    masks: Tensor | None
    """(P, h, w) float32 summing to one over P, at the size they were given; None for one prompt everywhere."""

    def seen(self) -> Direction:
        """Without the prompts that are hardly to be seen.

        For where a fade begins: fades that begin in fades would add up for ever. Within a fade their number stays, for
        each number of prompts is another program on a GPU.
        """
        if self.masks is None:
            return self
        seen = self.masks.amax((1, 2)) >= UNSEEN
        return Direction(self.concepts[seen], self.masks[seen] / self.masks[seen].sum(0))


@dataclass(frozen=True)
class Fade:
    """From one direction to another; `start_s` is set by the first frame that sees it."""

    before: Direction
    start_s: float | None
    length_s: float

    def towards(self, after: Direction, time_s: float | None) -> Direction:
        """What holds at `time_s` on the way to `after`."""
        before = self.before
        if self.start_s is None or time_s is None:
            return before
        share = min((time_s - self.start_s) / self.length_s, 1.0)
        if share >= 1:
            return after
        if before.masks is None and after.masks is None:
            return Direction(torch.lerp(before.concepts, after.concepts, share), None)
        size = next(d.masks.shape[1:] for d in (after, before) if d.masks is not None)

        def masks(direction: Direction, weight: float) -> Tensor:
            if direction.masks is None:
                return torch.full((1, *size), weight)
            return F.interpolate(direction.masks[None], size, mode="bilinear")[0] * weight

        both = torch.cat([masks(before, 1 - share), masks(after, share)])
        return _merged(torch.cat([before.concepts, after.concepts]), both)


UNSEEN = 1 / 256
"""Of a prompt's share at its best place: less moves hardly a grey level."""


def _merged(concepts: Tensor, masks: Tensor) -> Direction:
    """Equal prompts as one."""
    kept, group = torch.unique(concepts, dim=0, return_inverse=True)
    return Direction(kept, masks.new_zeros(len(kept), *masks.shape[1:]).index_add_(0, group, masks))


def shares(given: Sequence[np.ndarray]) -> Tensor:
    """Regions' masks (H, W) in 0..1 as (P, H, W) that sum to one over P. Raises PromptError where they cannot."""
    masks, shape = [], given[0].shape
    for one in given:
        mask = torch.as_tensor(np.asarray(one, np.float32))
        if mask.ndim != 2 or mask.shape != shape or not bool(((mask >= 0) & (mask <= 1)).all()):
            raise PromptError(f"a region's mask is (H, W) in 0..1, of one size for all; got {tuple(mask.shape)}")
        masks.append(mask)
    stacked = torch.stack(masks)
    total = stacked.sum(0)
    if bool((total <= 0).any()):
        raise PromptError("the regions leave a part of the picture without a prompt; add one, e.g. 'as it is'")
    return stacked / total


@dataclass(frozen=True)
class Moment:
    """When a frame is."""

    index: int
    """Number at the source."""
    time_s: float
    interval_s: float
    """Since the last frame."""


@dataclass(frozen=True)
class FrameInputs:
    """One frame of one stream on its way into the network; a batch of these is one of several streams."""

    source: Tensor
    """(1, h, w, 48) patches in -1..1."""
    noise: Tensor
    """(1, h, w, 48)"""
    past: Tensor
    """(1, 2, h, w, 48)"""
    past_level: Tensor
    """(1, 2)"""
    memory: Memory | None
    concepts: Tensor
    """(1, P, K + T)"""
    masks: Tensor | None
    """(1, P, H, W)"""
    interval_s: Tensor
    clock_s: Tensor
    particles: Tensor
    """(1, h, w, 96)"""

    def conditions(self, level: float, step: float) -> Conditions:
        """What the network is told at a noise level and for a step size."""
        return Conditions(
            concepts=self.concepts,
            level=torch.full_like(self.interval_s, level),
            step=torch.full_like(self.interval_s, step),
            past_level=self.past_level,
            interval_s=self.interval_s,
            time_s=self.clock_s,
            particles=self.particles,
            masks=self.masks,
        )
