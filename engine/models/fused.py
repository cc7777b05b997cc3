"""The network as a CPU likes it: a block is two calls of oneDNN, with all between inside them.

A prompt scales and shifts what a block's first convolution says. Where one prompt has the whole picture, that is the
same as other weights, so it is folded into them once a prompt; the activation and the residual sum are done by oneDNN
while it writes. The result is that of `Modulation.through` up to the rounding of bfloat16. The waist's linear layers
are packed once.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from engine.models.network import Conditions, ConvBlock, Hourglass, Modulation

KEPT = 4
"""Prompts whose folded weights are kept: a cut back costs nothing."""


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


class PackedLinear(nn.Linear):
    """A linear layer that reads its weight in the layout that oneDNN prefers, for inference alone."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__(plain.in_features, plain.out_features, device="meta")
        self.weight, self.bias = plain.weight, plain.bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(plain.weight)

    def forward(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self.bias, "none", [], "")


def pack_linears(module: nn.Module) -> None:
    """Replace the linear layers inside a module, whose weights must not change afterwards."""
    for name, child in list(module.named_children()):
        if type(child) is nn.Linear:
            setattr(module, name, PackedLinear(child))
        else:
            pack_linears(child)


class FoldedModulation(Modulation):
    """A modulation by one prompt, folded into weights on first use; good for any number of frames."""

    def __init__(self, vectors: Tensor, seconds: dict[ConvBlock, Tensor]) -> None:
        super().__init__(vectors, None)
        self._seconds = seconds
        self._firsts: dict[ConvBlock, tuple[Tensor, Tensor]] = {}
        self._parts: dict[int, tuple[Tensor, Tensor]] = {}

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


class Folder:
    """Hands out the modulation of one stream's conditions, folded, and keeps the latest."""

    def __init__(self, network: Hourglass) -> None:
        self._network = network
        pack_linears(network.waist)
        self._seconds: dict[ConvBlock, Tensor] = {}
        self._kept: OrderedDict[bytes, FoldedModulation] = OrderedDict()

    def __call__(self, conditions: Conditions) -> FoldedModulation | None:
        """None where masks divide the picture: then the network's own path is taken."""
        if conditions.masks is not None:
            return None
        parts = (conditions.concepts.flatten(), conditions.level, conditions.step)
        key = torch.cat([part.float().cpu() for part in parts]).numpy().tobytes()
        if key not in self._kept:
            self._kept[key] = FoldedModulation(self._network.vectors(conditions), self._seconds)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key].rewound()
