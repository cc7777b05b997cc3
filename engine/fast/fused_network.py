"""Inference path for GPUs: convolutions from cuDNN, products from cuBLAS, and our kernels for all between.

The same function of the same weights as `Hourglass.forward` between its first layer's input and its last layer's
output, which stays the reference. Tensors are channels-last, (B, h, w, C) in memory and in shape.
"""

from __future__ import annotations

from types import ModuleType

import torch.nn.functional as F
from torch import Tensor

from engine.kernels.packing import Folded, Packed
from engine.kernels.rotary import RotaryTables
from engine.models.hourglass import Hourglass
from engine.models.modulation import LEVEL_STRIDES, ConvBlock, Place, conv_blocks
from engine.models.patches import SIZE_MULTIPLE

STRIDES = (*LEVEL_STRIDES, SIZE_MULTIPLE)
"""Pixels per position, across and down, of the levels, the bottleneck last."""


def pooled_masks(masks: Tensor) -> list[Tensor]:
    """(B, P, H, W) -> (B, h, w, P) float32 for each level, in the order of `STRIDES`."""
    return [F.avg_pool2d(masks, stride).permute(0, 2, 3, 1).contiguous() for stride in STRIDES]


def _convolved(x: Tensor, weight: Tensor, stride: int = 1, padding: int = 1) -> Tensor:
    """x (B, h, w, C) convolved; the bias is added by the kernel that follows."""
    y = F.conv2d(x.permute(0, 3, 1, 2), weight, None, stride, padding)
    return y.permute(0, 2, 3, 1).contiguous()  # it is already, where the library keeps channels last


class FusedNetwork:
    """A network's weights, made ready once; shares the convolutions' with it."""

    def __init__(self, network: Hourglass, operations: ModuleType) -> None:
        """operations: `engine.kernels.twins` or another module of the same names."""
        self.network, self.operations = network, operations
        self.packed = Packed.of(network)

    def __call__(
        self,
        assembled: Tensor,
        folded: Folded,
        masks: list[Tensor] | None,
        ring: Tensor,
        age: Tensor,
        tables: RotaryTables,
    ) -> Tensor:
        """The last layer's output without its bias, (B, h, w, 75 or more), for the first one's input (B, h, w, K).

        folded and masks: of the prompts; ring (B, S, M, L, 2, D) and age (B, S): remembered frames, as `attend` takes
        them; tables: of the picture's size.
        """
        network, packed, do = self.network, self.packed, self.operations

        def modulate_hardswish(x: Tensor, place: Place) -> Tensor:
            mask = None if masks is None else masks[STRIDES.index(place.stride)]
            return do.modulate_hardswish(x, *folded.at(place), mask)

        def apply_block(block: ConvBlock, x: Tensor) -> Tensor:
            y = modulate_hardswish(_convolved(x, block.first.weight), block.place)
            return do.add(x, _convolved(y, block.second.weight), block.second.bias)

        x, skips = F.linear(assembled, packed.stem, network.stem.bias), []
        for level, (weight, bias) in enumerate(packed.shrink):
            for block in conv_blocks(network.encoder[level]):
                x = apply_block(block, x)
            skips.append(x)
            x = do.bias_norm(_convolved(x, weight, 2, 0), bias)

        gain, offset = folded.of_transformer(network)
        mask = None if masks is None else masks[-1].flatten(1, 2)
        tokens = do.run_transformer(x.flatten(1, 2), packed.transformer, gain, offset, mask, ring, age, tables)
        x = tokens.unflatten(1, x.shape[1:3])

        for level in (2, 1, 0):
            x = do.upsample_add_norm(skips[level], F.linear(x, *packed.grow[level]))
            for block in conv_blocks(network.decoder[level]):
                x = apply_block(block, x)
        return _convolved(modulate_hardswish(x, network.output_place), packed.head)
