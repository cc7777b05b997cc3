"""The kernels under the names of their twins."""

from __future__ import annotations

from torch import Tensor

from engine.kernels import transformer as waist
from engine.kernels import twins
from engine.kernels.attention import attend
from engine.kernels.packing import Waist
from engine.kernels.particles import shine
from engine.kernels.picture import develop, draw, see
from engine.kernels.pointwise import activate, add, begin, join
from engine.kernels.rotary import Places

__all__ = ["activate", "add", "attend", "begin", "develop", "draw", "join", "see", "shine", "think"]


def think(
    tokens: Tensor,
    weights: Waist,
    gain: Tensor,
    offset: Tensor,
    masks: Tensor | None,
    ring: Tensor,
    age: Tensor,
    places: Places,
) -> Tensor:
    """All layers of the waist: the mega-kernel for one frame, cuBLAS and `attend` for a batch, which fills the GPU."""
    if len(tokens) == 1:
        return waist.think(tokens, weights, gain, offset, masks, ring, age, places)
    return twins.think(tokens, weights, gain, offset, masks, ring, age, places, attend)
