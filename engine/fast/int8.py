"""Inference path for CPUs that multiply bytes (VNNI): the folded network's convolutions in int8.

Weights are signed bytes with a scale per output channel, activations unsigned bytes by the static ranges of a
calibration (`engine/models/calibration.py`). A prompt scales and shifts the outputs of a block's first convolution, so
folding it changes scales and biases alone: the bytes are packed once, for all prompts. Between a block's two
convolutions values stay bytes; the sum that a block adds to, the norms and the transformer stay in floating point.

Legend: B batch, C channels, h, w positions of a level.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.fast.onednn import FoldedModulation, OneDnn, PromptFolder
from engine.models.calibration import Calibration, Range
from engine.models.hourglass import Conditions, Hourglass
from engine.models.modulation import ConvBlock, Modulation, Place, conv_blocks, modulate

GREATEST = 127
"""Of a weight's bytes, to both sides."""
SHAPES = 6
"""Of tensors whose buffers are kept: the levels of a picture's size, and of another."""
NO_DILATION, NO_GROUPS = [1, 1], 1


def available() -> bool:
    """Whether torch brings oneDNN's convolutions of bytes."""
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.onednn, "qconv2d_pointwise")


class Quantiser:
    """Turns values into bytes, by way of buffers that it keeps: half of the time goes into fresh memory otherwise."""

    def __init__(self) -> None:
        self._buffers: dict[torch.Size, tuple[Tensor, ...]] = {}

    def __call__(self, x: Tensor, of: Range) -> Tensor:
        """x (B, C, h, w) as bytes, rounded to the nearest; values beyond the range are clamped. Good until the next
        call for a tensor of that shape."""
        if x.shape not in self._buffers:
            if len(self._buffers) == SHAPES:
                self._buffers.clear()
            dtypes = torch.float32, torch.int16, torch.uint8
            self._buffers[x.shape] = tuple(torch.empty_like(x, dtype=dtype) for dtype in dtypes)
        wide, whole, made = self._buffers[x.shape]
        wide.copy_(x).mul_(1 / of.scale).add_(of.zero + 0.5).clamp_(0, 255)
        return made.copy_(whole.copy_(wide))  # a third of the time of going straight there


class Bytes:
    """A convolution's weights as signed bytes, a scale per output channel."""

    def __init__(self, layer: nn.Conv2d, of: Range) -> None:
        """of: the range of its inputs."""
        weight = layer.weight.detach().float()
        self.input = of
        self.scale = weight.abs().amax((1, 2, 3)).clamp_(min=1e-12) / GREATEST
        """(C,) value of a weight's step."""
        self.weight = (weight / self.scale.view(-1, 1, 1, 1)).round_().to(torch.int8)
        self.bias = torch.zeros(len(weight)) if layer.bias is None else layer.bias.detach().float()
        self._zeros = torch.zeros(len(weight), dtype=torch.int64)
        self._options = list(layer.stride), list(layer.padding), NO_DILATION, NO_GROUPS
        self._packed: dict[torch.Size, Tensor] = {}

    def _pack(self, shape: torch.Size) -> Tensor:
        """In the layout that oneDNN prefers for inputs of `shape`."""
        if shape not in self._packed:
            self._packed.clear()  # one size at a time
            scale, zero = self.input.scale, self.input.zero
            packed = torch.ops.onednn.qconv_prepack(self.weight, self.scale, scale, zero, *self._options, list(shape))
            self._packed[shape] = packed
        return self._packed[shape]

    def _arguments(self, x: Tensor, scale: Tensor) -> tuple[object, ...]:
        return x, self.input.scale, self.input.zero, self._pack(x.shape), scale, self._zeros

    def convolve(
        self,
        x: Tensor,
        out: torch.dtype | Range,
        activation: str = "none",
        scale: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        """Bytes x (B, C, h, w) convolved, activated, and as bytes of a range or in a dtype.

        scale, bias: (C',) float32 in place of the layer's own.
        """
        step, zero, dtype = (out.scale, out.zero, torch.uint8) if isinstance(out, Range) else (1.0, 0, out)
        return torch.ops.onednn.qconv2d_pointwise(
            *self._arguments(x, self.scale if scale is None else scale),
            self.bias if bias is None else bias,
            *self._options, step, zero, dtype, activation, [], "",
        )  # fmt: skip

    def add_to(self, base: Tensor, x: Tensor) -> Tensor:
        """Bytes x convolved and added to `base` (B, C', h, w), which is overwritten."""
        return torch.ops.onednn.qconv2d_pointwise.binary(
            *self._arguments(x, self.scale), base, self.bias, *self._options,
            1.0, 0, base.dtype, 1.0, 0, "sum", 1.0, "none", [], "",
        )  # fmt: skip


class ByteModulation(FoldedModulation):
    """A modulation by prompts over blocks of bytes; one prompt is folded into scales and biases."""

    def __init__(
        self,
        vectors: Tensor,
        masks: Tensor | None,
        blocks: Mapping[nn.Conv2d, Bytes],
        quantise: Quantiser,
        seconds: dict[Place, Tensor],
    ) -> None:
        """vectors, masks: as for `Modulation`. blocks: the bytes of the blocks' layers. seconds: as for
        `FoldedModulation`."""
        super().__init__(vectors, seconds)
        self._masks, self._blocks, self._quantise = masks, blocks, quantise
        self._folded: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def norm(self, x: Tensor, grid: tuple[int, int], place: Place) -> Tensor:
        """See `Modulation.norm`."""
        return super().norm(x, grid, place) if self._masks is None else Modulation.norm(self, x, grid, place)

    def apply_block(self, block: ConvBlock, x: Tensor) -> Tensor:
        """See `Modulation.apply_block`; x (B, C, h, w) channels-last may be overwritten and returned."""
        first, second = (self._blocks.get(layer) for layer in (block.first, block.second))
        if first is None or second is None:
            return super().apply_block(block, x) if self._masks is None else Modulation.apply_block(self, block, x)
        entering = self._quantise(x, first.input)
        if self._masks is None:
            if block.first not in self._folded:
                scale, shift = (part.flatten().float() for part in self.at(block.place))
                self._folded[block.first] = first.scale * (1 + scale), torch.addcmul(shift, first.bias, 1 + scale)
            y = first.convolve(entering, second.input, "hardswish", *self._folded[block.first])
        else:
            wide = modulate(first.convolve(entering, x.dtype), *self.at(block.place))
            y = self._quantise(F.hardswish(wide), second.input)
        return second.add_to(x, y)


class ByteFolder(PromptFolder):
    """Folds prompts as `PromptFolder` does, over a packed copy whose calibrated convolutions are of bytes."""

    def __init__(self, network: Hourglass, calibration: Calibration) -> None:
        """network: on a CPU, in the dtype of all that stays in floating point."""
        super().__init__(network)
        ranges = calibration.ranges
        names = {layer: name for name, layer in self.network.named_modules()}
        layers = [layer for block in conv_blocks(self.network) for layer in (block.first, block.second)]
        self._blocks = {layer: Bytes(layer, ranges[names[layer]]) for layer in layers if names[layer] in ranges}
        self._quantise = Quantiser()

    def __call__(self, conditions: Conditions, steps: int = 1) -> FoldedModulation | None:
        """See `PromptFolder`; several prompts modulate unfolded, over the same bytes."""
        if conditions.masks is None:
            return super().__call__(conditions, steps)
        return self._modulation(self.network.vectors(conditions), conditions.masks)

    def _fold(self, vectors: Tensor) -> FoldedModulation:
        return self._modulation(vectors, None)

    def _modulation(self, vectors: Tensor, masks: Tensor | None) -> ByteModulation:
        return ByteModulation(vectors, masks, self._blocks, self._quantise, self._seconds)


class Int8(OneDnn):
    """Makes frames as `OneDnn` does, with the calibrated convolutions in int8."""

    def __init__(self, network: Hourglass, calibration: Calibration) -> None:
        """network: on a CPU, in the dtype of all that stays in floating point."""
        super().__init__(ByteFolder(network, calibration))
        self.calibration = calibration
