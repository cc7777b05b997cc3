"""What a painter of a world works from, apart from the painters.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from engine.models import fields
from engine.models.particles import PARTICLE_KINDS
from engine.teachers import brushes as b


@dataclass(frozen=True)
class Set:
    """What a painter works from."""

    source: Tensor
    """(B, 3, H, W) in 0..1."""
    noise: Tensor
    """(B, 3, H, W) standard normal, the noise that this frame is denoised from."""
    particles: Tensor
    """(B, 6, H, W) in 0..1, as the network sees it, see `engine.models.particles`."""
    time_s: Tensor
    """(B,)"""

    @property
    def size(self) -> tuple[int, int]:
        return self.source.shape[2], self.source.shape[3]

    @cached_property
    def grey(self) -> Tensor:
        """(B, 1, H, W)"""
        return b.luminance(self.source)

    @cached_property
    def x(self) -> Tensor:
        """(1, 1, 1 or H, W) from -1 at the left to 1 at the right."""
        return fields.coordinates(*self.size, device=self.source.device)[:, :1]

    @cached_property
    def y(self) -> Tensor:
        """(1, 1, H, W) from -1 at the top to 1 at the bottom."""
        return fields.coordinates(*self.size, device=self.source.device)[:, 1:]

    @cached_property
    def waves(self) -> Tensor:
        """(B, 8, H, W) in -1..1."""
        return fields.waves(self.time_s, *self.size)

    @cached_property
    def far(self) -> Tensor:
        """A cheap guess at distance, 0..1: what is high in the picture, pale and smooth is far."""
        texture = b.soft(b.edges(self.grey), 8)
        pale = b.soft(self.grey, 8)
        height = (0.5 - 0.5 * self.y).clamp(0, 1)
        return (0.2 + 0.5 * height + 0.35 * pale - 3.0 * texture).clamp(0, 1)

    def air(self, kind: str) -> Tensor:
        """One plane of particles, (B, 1, H, W): flakes, rain, bubbles, sparks, stars or caustics."""
        plane = PARTICLE_KINDS.index(kind)
        return self.particles[:, plane : plane + 1]
