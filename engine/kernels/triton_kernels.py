"""The kernels under the names of their twins."""

from __future__ import annotations

from torch import Tensor

from engine.kernels import transformer, twins
from engine.kernels.assemble import assemble_input
from engine.kernels.attention import attend
from engine.kernels.compose import compose_step
from engine.kernels.noise import fill_noise
from engine.kernels.packing import TransformerWeights
from engine.kernels.particles import fill_particles
from engine.kernels.pointwise import add, bias_norm, modulate_hardswish, upsample_add_norm
from engine.kernels.rotary import RotaryTables

__all__ = [
    "add",
    "assemble_input",
    "attend",
    "bias_norm",
    "compose_step",
    "fill_noise",
    "fill_particles",
    "modulate_hardswish",
    "run_transformer",
    "upsample_add_norm",
]


def run_transformer(
    tokens: Tensor,
    weights: TransformerWeights,
    gain: Tensor,
    offset: Tensor,
    masks: Tensor | None,
    ring: Tensor,
    age: Tensor,
    tables: RotaryTables,
) -> Tensor:
    """All layers: the mega-kernel for one frame, cuBLAS and `attend` for a batch, which fills the GPU."""
    if len(tokens) == 1:
        return transformer.run_transformer(tokens, weights, gain, offset, masks, ring, age, tables)
    return twins.run_transformer(tokens, weights, gain, offset, masks, ring, age, tables, attend)
