"""The network as a CPU likes it: a block is two calls of oneDNN, with all between inside them.

A prompt scales and shifts what a block's first convolution says. Where one prompt has the whole picture, that is the
same as other weights, so it is folded into them once a prompt; the activation and the residual sum are done by oneDNN
while it writes. The result is that of `Modulation.through` up to the rounding of bfloat16. All other layers are packed
once, with the sum or the activation after them inside.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.hourglass import MULTIPLE, Conditions, ConvBlock, Hourglass, Linear, Modulation

CHANNELS = 32
"""Channels that the first layer sees are filled up to this: matrix units take as many bfloat16 numbers at a time."""
KEPT = 4
"""Foldings that are kept at least: a cut back costs nothing."""


def available(network: Hourglass) -> bool:
    """Whether oneDNN can run this network's blocks here."""
    weight = network.stem.weight
    found = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    if weight.device.type != "cpu" or not found:
        return False
    return weight.dtype != torch.bfloat16 or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _packed(weight: Tensor, shape: torch.Size) -> Tensor:
    """A 3x3 weight in the layout that oneDNN prefers for inputs of `shape` (B, C, h, w)."""
    return torch.ops.mkldnn._reorder_convolution_weight(weight, [1, 1], [1, 1], [1, 1], 1, list(shape))


class PackedLinear(Linear):
    """A linear layer that reads its weight in the layout that oneDNN prefers, for inference alone."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__(plain.in_features, plain.out_features, device="meta")
        self.weight, self.bias = plain.weight, plain.bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(plain.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")

    def gelu(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "gelu", [], "none")

    def onto(self, base: Tensor, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise.binary(x, base, self._packed, self.bias, "add")


class PackedConvolution(nn.Conv2d):
    """A convolution whose weight is brought into oneDNN's layout once and not with each call, for inference alone."""

    def __init__(self, plain: nn.Conv2d, in_channels: int | None = None) -> None:
        """in_channels: of the inputs, where they are wider than the plain layer's by channels of zeros."""
        wide = in_channels or plain.in_channels
        super().__init__(wide, plain.out_channels, plain.kernel_size, plain.stride, plain.padding, device="meta")  # type: ignore[arg-type]
        self.weight, self.bias = plain.weight, plain.bias
        self._packed: dict[torch.Size, Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        options = list(self.padding), list(self.stride), [1, 1], 1  # no dilation, no groups
        if x.shape not in self._packed:
            weight = F.pad(self.weight, (0, 0, 0, 0, 0, self.in_channels - self.weight.shape[1]))
            self._packed.clear()  # one size at a time
            self._packed[x.shape] = torch.ops.mkldnn._reorder_convolution_weight(weight, *options, list(x.shape))
        return torch.ops.mkldnn._convolution_pointwise(x, self._packed[x.shape], self.bias, *options, "none", [], "")


def pack(module: nn.Module) -> None:
    """Replace the linear layers and plain convolutions inside a module, whose weights must not change afterwards.

    Those of convolution blocks stay: a modulation folds them itself.
    """
    for name, child in list(module.named_children()):
        if isinstance(child, PackedLinear | PackedConvolution | ConvBlock):
            continue
        if isinstance(child, nn.Linear):
            setattr(module, name, PackedLinear(child))
        elif isinstance(child, nn.Conv2d):
            setattr(module, name, PackedConvolution(child))
        else:
            pack(child)


class FoldedModulation(Modulation):
    """A modulation by one prompt, folded into weights on first use; good for any number of frames."""

    def __init__(self, vectors: Tensor, seconds: dict[ConvBlock, Tensor]) -> None:
        super().__init__(vectors, None)
        self._seconds = seconds
        self._firsts: dict[ConvBlock, tuple[Tensor, Tensor]] = {}
        self._parts: dict[int, tuple[Tensor, Tensor]] = {}
        self._norms: dict[int, tuple[Tensor, Tensor]] = {}

    def take(self, channels: int, stride: int) -> tuple[Tensor, Tensor]:
        at = self._taken
        if at not in self._parts:
            self._parts[at] = super().take(channels, stride)
        self._taken = at + 2 * channels
        return self._parts[at]

    def rewound(self) -> FoldedModulation:
        """Itself, to be taken from the beginning again."""
        self._taken = 0
        return self

    def norm(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        at = self._taken
        scale, shift = self.take(x.shape[-1], MULTIPLE)
        if at not in self._norms:
            self._norms[at] = (1 + scale).flatten(), shift.flatten()
        return F.layer_norm(x, x.shape[-1:], *self._norms[at])

    def through(self, block: ConvBlock, x: Tensor) -> Tensor:
        scale, shift = (part.flatten() for part in self.take(block.channels, block.stride))
        if block not in self._firsts:
            weight = block.first.weight * (1 + scale).view(-1, 1, 1, 1)
            assert block.first.bias is not None
            self._firsts[block] = _packed(weight, x.shape), torch.addcmul(shift, block.first.bias, 1 + scale)
        if block not in self._seconds:
            self._seconds[block] = _packed(block.second.weight, x.shape)
        weight, bias = self._firsts[block]
        y = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, [1, 1], [1, 1], [1, 1], 1, "hardswish", [], "")
        return torch.ops.mkldnn._convolution_pointwise_.binary(
            x, y, self._seconds[block], block.second.bias, [1, 1], [1, 1], [1, 1], 1, "add", 1.0, None, [], None
        )


class PromptFolder:
    """Hands out the modulation of one stream's conditions, folded, and keeps the latest."""

    def __init__(self, network: Hourglass) -> None:
        self._network = network
        whole = network.stem.in_channels + -network.stem.in_channels % CHANNELS
        network.stem = PackedConvolution(network.stem, whole)
        for part in (network.bottleneck, network.shrink, network.grow):
            pack(part)
        network.head = PackedConvolution(network.head)
        network.memory_in, network.memory_out = PackedLinear(network.memory_in), PackedLinear(network.memory_out)
        self._seconds: dict[ConvBlock, Tensor] = {}
        self._kept: OrderedDict[bytes, FoldedModulation] = OrderedDict()

    def __call__(self, conditions: Conditions, steps: int = 1) -> FoldedModulation | None:
        """None where masks divide the picture: then the network's own path is taken.

        steps: foldings that a frame needs, one for each denoising step; all of them are kept.
        """
        if conditions.masks is not None:
            return None
        parts = (conditions.concepts.flatten(), conditions.level, conditions.step)
        key = torch.cat([part.float().cpu() for part in parts]).numpy().tobytes()
        if key not in self._kept:
            self._kept[key] = FoldedModulation(self._network.vectors(conditions), self._seconds)
            while len(self._kept) > max(KEPT, steps):
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key].rewound()
