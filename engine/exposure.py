"""One frame of a stream on its way into the network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.network import Conditions, Memory


@dataclass(frozen=True)
class Moment:
    """When a frame is."""

    index: int
    """Number at the source."""
    time_s: float
    interval_s: float
    """Since the last frame."""


@dataclass(frozen=True)
class Exposure:
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
    weather: Tensor
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
            weather=self.weather,
            masks=self.masks,
        )
