"""Rotary positions of tokens as tables of cosines and sines: they hold for a picture size."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.attention import MEMORY_STRIDE, grid_positions, memory_grid, rotary_rates
from engine.models.patches import SIZE_MULTIPLE


@dataclass(frozen=True)
class RotaryTables:
    """Rotary positions without age; N tokens of a frame, M of a remembered one, d width of a head."""

    own_cos: Tensor
    """(N, d/2) float32"""
    own_sin: Tensor
    """(N, d/2) float32"""
    past_cos: Tensor
    """(M, d/2) float32"""
    past_sin: Tensor
    """(M, d/2) float32"""
    age_rates: Tensor
    """(d/2,) float32, radians per unit of age, four frames; 0 for the frequencies that go with x or y."""

    @classmethod
    def of(cls, height: int, width: int, head: int, device: torch.device) -> RotaryTables:
        """For pictures of a padded size in pixels and heads of width `head`."""
        rates = rotary_rates(head // 2, device)
        own = grid_positions(height // SIZE_MULTIPLE, width // SIZE_MULTIPLE, SIZE_MULTIPLE, device)
        past = grid_positions(*memory_grid(height, width), MEMORY_STRIDE, device)
        own_angles, past_angles = (F.pad(position, (0, 1)) @ rates for position in (own, past))
        return cls(own_angles.cos(), own_angles.sin(), past_angles.cos(), past_angles.sin(), rates[2].contiguous())
