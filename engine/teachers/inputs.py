"""What a world's teacher paints from.

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
class TeacherInputs:
    """Everything that a teacher may use; the network is given the same."""

    source: Tensor
    """(B, 3, H, W) in 0..1."""
    noise: Tensor
    """(B, 3, H, W) standard normal, the noise that this frame is denoised from."""
    particles: Tensor
    """(B, 6, H, W) in 0..1, as the network sees it, see `engine.models.particles`."""
    time_s: Tensor
    """(B,) seconds on the stream's clock, float64."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.source.shape[2], self.source.shape[3]

    @cached_property
    def grey(self) -> Tensor:
        """Luma of the source, (B, 1, H, W) in 0..1."""
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
        """Travelling waves, (B, 8, H, W) in -1..1, see `engine.models.fields.waves`."""
        return fields.waves(self.time_s, *self.size)

    @cached_property
    def far(self) -> Tensor:
        """A cheap estimate of distance, (B, 1, H, W) in 0..1: what is high in the picture, pale and smooth is far."""
        texture = b.soft(b.edges(self.grey), 8)
        pale = b.soft(self.grey, 8)
        height = (0.5 - 0.5 * self.y).clamp(0, 1)
        return (0.2 + 0.5 * height + 0.35 * pale - 3.0 * texture).clamp(0, 1)

    def plane(self, kind: str) -> Tensor:
        """The particles of one kind, (B, 1, H, W) in 0..1: flakes, rain, bubbles, sparks, stars or caustics.

        Raises ValueError for another kind.
        """
        index = PARTICLE_KINDS.index(kind)
        return self.particles[:, index : index + 1]
