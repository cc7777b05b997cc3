"""A frame's inputs as plain torch takes them, and those of several streams as one batch.

Legend: B streams, P prompts, S remembered frames, K worlds, T things; h, w a quarter of the padded height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.attention import Memory
from engine.models.hourglass import Conditions


@dataclass(frozen=True, eq=False)
class FrameInputs:
    """All that the network reads for one frame of each of B streams, beside noise level and step size."""

    source: Tensor
    """(B, h, w, 48) patches in -1..1."""
    noise: Tensor
    """(B, h, w, 48) patches, standard normal."""
    past: Tensor
    """(B, 2, h, w, 48) patches of the two last outputs in -1..1, newest first."""
    past_level: Tensor
    """(B, 2) their noise levels, 0..1; 1 where there is none."""
    memory: Memory | None
    concepts: Tensor
    """(B, P, K + T)"""
    masks: Tensor | None
    """(B, P, H, W) in 0..1 of the padded size; None for one prompt everywhere."""
    interval_s: Tensor
    """(B,) seconds since the last frame."""
    clock_s: Tensor
    """(B,) seconds on the source's clock."""
    particles: Tensor
    """(B, h, w, 96) patches in 0..1."""

    def conditions(self, level: float, step: float) -> Conditions:
        """What the network is conditioned on at a noise level, 0 clean to 1 noise, and for a step size."""
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

    @classmethod
    def joined(cls, frames: Sequence[FrameInputs]) -> FrameInputs:
        """Several streams' inputs, of one size and number of prompts, as one batch."""

        def cat(name: str) -> Tensor:
            return torch.cat([getattr(frame, name) for frame in frames])

        names = ("source", "noise", "past", "past_level", "concepts", "interval_s", "clock_s", "particles")
        return cls(
            memory=_joined_memories([frame.memory for frame in frames]),
            masks=cat("masks") if frames[0].masks is not None else None,
            **{name: cat(name) for name in names},
        )


def _joined_memories(memories: Sequence[Memory | None]) -> Memory | None:
    """Several memories as one batch, the shorter ones padded with empty slots."""
    present = [memory for memory in memories if memory is not None]
    if not present:
        return None
    longest = max(present, key=lambda memory: memory.age.shape[1])
    slots = longest.age.shape[1]

    def padded(memory: Memory | None) -> tuple[Tensor, Tensor, Tensor]:
        if memory is None:
            nothing = torch.zeros_like(longest.age)
            return torch.zeros_like(longest.keys_values), nothing, nothing.bool()
        valid = torch.ones_like(memory.age, dtype=torch.bool) if memory.valid is None else memory.valid
        more = slots - memory.age.shape[1]
        return (
            torch.cat([memory.keys_values, memory.keys_values.new_zeros(1, more, *memory.keys_values.shape[2:])], 1),
            torch.cat([memory.age, memory.age.new_zeros(1, more)], 1),
            torch.cat([valid, valid.new_zeros(1, more)], 1),
        )

    return Memory(*(torch.cat(parts) for parts in zip(*map(padded, memories), strict=True)))
