"""Inference path for CPUs: prompts folded into oneDNN-packed weights.

A prompt scales and shifts the output of a block's first convolution. Where one prompt has the whole picture, that is
the same as other weights, so it is folded into them once a prompt; the activation and the residual sum are done by
oneDNN while it writes, so that a block is two calls. The result is that of `Modulation.apply_block` up to the rounding
of bfloat16. All other layers are packed once, with the sum or the activation after them inside.
"""

from __future__ import annotations

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.fast.inputs import FrameInputs
from engine.fast.plain import Plain, denoise
from engine.models.attention import Linear
from engine.models.hourglass import Conditions, Hourglass
from engine.models.modulation import ConvBlock, Modulation, Place

CHANNELS = 32
"""The first layer's input channels are filled up to a multiple of this: matrix units take as many bfloat16 numbers at a
time."""
FOLDINGS_KEPT = 4
"""Foldings that are kept at least: a cut back to a recent prompt costs nothing."""


def available(network: Hourglass) -> bool:
    """Whether oneDNN can run this network's blocks here."""
    weight = network.stem.weight
    has_onednn = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
    if weight.device.type != "cpu" or not has_onednn:
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

    def added_to(self, base: Tensor, x: Tensor) -> Tensor:
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

    Convolution blocks stay as they are: a modulation folds them itself.
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

    def __init__(self, vectors: Tensor, seconds: dict[Place, Tensor]) -> None:
        """vectors (1, 1, 2 channels of all places). seconds: the blocks' second weights as they were packed, which no
        prompt changes; shared by all modulations of a network."""
        super().__init__(vectors, None)
        self._seconds = seconds
        self._firsts: dict[Place, tuple[Tensor, Tensor]] = {}
        self._scale_and_shift: dict[Place, tuple[Tensor, Tensor]] = {}
        self._norms: dict[Place, tuple[Tensor, Tensor]] = {}

    def at(self, place: Place) -> tuple[Tensor, Tensor]:
        """See `Modulation.at`; sliced once."""
        if place not in self._scale_and_shift:
            self._scale_and_shift[place] = super().at(place)
        return self._scale_and_shift[place]

    def norm(self, x: Tensor, grid: tuple[int, int], place: Place) -> Tensor:
        """See `Modulation.norm`; scale and shift are LayerNorm's own."""
        if place not in self._norms:
            scale, shift = self.at(place)
            self._norms[place] = (1 + scale).flatten(), shift.flatten()
        return F.layer_norm(x, x.shape[-1:], *self._norms[place])

    def apply_block(self, block: ConvBlock, x: Tensor) -> Tensor:
        """See `Modulation.apply_block`; x (1, C, h, w) channels-last is overwritten and returned."""
        place = block.place
        if place not in self._firsts:
            scale, shift = (part.flatten() for part in self.at(place))
            weight = block.first.weight * (1 + scale).view(-1, 1, 1, 1)
            assert block.first.bias is not None
            self._firsts[place] = _packed(weight, x.shape), torch.addcmul(shift, block.first.bias, 1 + scale)
        if place not in self._seconds:
            self._seconds[place] = _packed(block.second.weight, x.shape)
        weight, bias = self._firsts[place]
        y = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, [1, 1], [1, 1], [1, 1], 1, "hardswish", [], "")
        return torch.ops.mkldnn._convolution_pointwise_.binary(
            x, y, self._seconds[place], block.second.bias, [1, 1], [1, 1], [1, 1], 1, "add", 1.0, None, [], None
        )


def packed_copy(network: Hourglass) -> Hourglass:
    """The same network with layers that oneDNN has packed, for inference alone; the given one stays as it is.

    Convolution blocks and vectors share their parameters with it, so neither may be trained afterwards.
    """
    packed = copy.deepcopy(network, {id(parameter): parameter for parameter in network.parameters()})
    packed.stem = PackedConvolution(packed.stem, packed.stem.in_channels + -packed.stem.in_channels % CHANNELS)
    for part in (packed.bottleneck, packed.shrink, packed.grow):
        pack(part)
    packed.head = PackedConvolution(packed.head)
    packed.memory_in, packed.memory_out = PackedLinear(packed.memory_in), PackedLinear(packed.memory_out)
    return packed


class PromptFolder:
    """Folds the prompt of one stream's conditions into its network's weights, and keeps the latest foldings."""

    def __init__(self, network: Hourglass) -> None:
        """network: on a CPU, in the type of its frames; a packed copy of it, `network`, is what makes frames."""
        self.network = packed_copy(network)
        self._seconds: dict[Place, Tensor] = {}
        self._folded: OrderedDict[bytes, FoldedModulation] = OrderedDict()

    def __call__(self, conditions: Conditions, steps: int = 1) -> FoldedModulation | None:
        """The modulation by one prompt; None where masks divide the picture: then the network modulates unfolded.

        steps: foldings that a frame needs, one for each denoising step; all of them are kept.
        """
        if conditions.masks is not None:
            return None
        parts = (conditions.concepts.flatten(), conditions.level, conditions.step)
        key = torch.cat([part.float().cpu() for part in parts]).numpy().tobytes()
        if key not in self._folded:
            self._folded[key] = self._fold(self.network.vectors(conditions))
            while len(self._folded) > max(FOLDINGS_KEPT, steps):
                self._folded.popitem(last=False)
        self._folded.move_to_end(key)
        return self._folded[key]

    def _fold(self, vectors: Tensor) -> FoldedModulation:
        return FoldedModulation(vectors, self._seconds)


class OneDnn(Plain):
    """Makes frames as `Plain` does, by packed layers and with each prompt folded into the blocks' weights."""

    def __init__(self, folder: PromptFolder) -> None:
        """folder: of a network on a CPU in the dtype of its frames; the maker's own is the folder's packed copy."""
        self._folder = folder
        super().__init__(folder.network)

    def denoise(self, inputs: FrameInputs, steps: int) -> Tensor:
        """The clean frame's patches (1, h, w, 48), about -1..1."""
        return denoise(self.forward, inputs, steps, lambda conditions: self._folder(conditions, steps))
