"""Modulation: how prompt, noise level and step size reach the network, as a scale and a shift at each of its places.

Scale and shift by a condition are FiLM (Perez et al. 2018, arXiv:1709.07871). One vector for each prompt holds those of
all places, and one table (`modulated_places`) says which of its numbers belong where. Whatever folds, packs, prunes or
counts the network reads that table, so a new modulated place is one new entry in it.

Legend: B batch, P prompts, H height, W width in pixels; h, w positions of a level; C channels, N tokens of a frame, D
token width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.config import ModelConfig
from engine.models.patches import PATCH, SIZE_MULTIPLE

LEVEL_STRIDES = (PATCH, 2 * PATCH, 4 * PATCH)
"""Pixels per position, across and down, of the three levels of convolution blocks, finest first."""


@dataclass(frozen=True)
class Place:
    """A point in the network where each channel is scaled and shifted."""

    name: str
    """Path of its block in the network; where a block has several places, then which of them."""
    channels: int
    stride: int
    """Pixels per position, across and down."""
    start: int
    """Channels of all places before this one."""

    @property
    def part(self) -> str:
        """encoder, bottleneck, decoder or output."""
        return self.name.partition(".")[0]

    @property
    def span(self) -> slice:
        """Its channels among those of all places."""
        return slice(self.start, self.start + self.channels)

    @property
    def vector_span(self) -> slice:
        """Its scales, then its shifts, in the modulation vector."""
        return slice(2 * self.start, 2 * (self.start + self.channels))


def modulated_places(config: ModelConfig) -> tuple[Place, ...]:
    """All places of a network, in the order in which a frame passes them."""
    blocks = [
        [(f"{part}.{i}.blocks.{k}", channels, stride) for k in range(count)]
        for part, counts in (("encoder", config.encoder), ("decoder", config.decoder))
        for i, (count, channels, stride) in enumerate(zip(counts, config.channels, LEVEL_STRIDES, strict=True))
    ]
    layers = [
        (f"bottleneck.{i}.{part}", config.width, SIZE_MULTIPLE)
        for i in range(config.layers)
        for part in ("attention", "mlp")
    ]
    levels = [*blocks[:3], layers, *reversed(blocks[3:]), [("output", config.channels[0], PATCH)]]
    places: list[Place] = []
    for name, channels, stride in [entry for level in levels for entry in level]:
        places.append(Place(name, channels, stride, places[-1].span.stop if places else 0))
    return tuple(places)


class Modulation:
    """Scale and shift at each place of a network; built once a frame."""

    def __init__(self, vectors: Tensor, masks: Tensor | None) -> None:
        """vectors (B, P, 2 channels of all places), as `Hourglass.vectors` makes them. masks (B, P, H, W) in 0..1, sum
        1 over P; None where one prompt has the whole picture."""
        self._vectors = vectors
        self._masks = masks
        self._pooled: dict[int, Tensor] = {}

    def at(self, place: Place) -> tuple[Tensor, Tensor]:
        """Scale and shift, (B, 1, 1, C) each, or (B, h, w, C) where masks divide the picture."""
        part = self._vectors[..., place.vector_span]
        if self._masks is None:
            assert part.shape[1] == 1, "several prompts need masks"
            both = part[:, :, None]
        else:
            stride = place.stride
            if stride not in self._pooled:
                self._pooled[stride] = F.avg_pool2d(self._masks, stride).permute(0, 2, 3, 1)
            both = torch.einsum("bhwp,bpc->bhwc", self._pooled[stride].to(part.dtype), part)
        scale, shift = both.chunk(2, -1)
        return scale, shift

    def norm(self, x: Tensor, grid: tuple[int, int], place: Place) -> Tensor:
        """Tokens x (B, N, D) that lie in a grid of (h, w), normalised and modulated."""
        scale, shift = self.at(place)
        return modulated_norm(x.unflatten(1, grid), scale, shift).flatten(1, 2)

    def apply_block(self, block: ConvBlock, x: Tensor) -> Tensor:
        """The output of a block for x (B, C, h, w)."""
        y = modulate(block.first(x), *self.at(block.place))
        return x + block.second(F.hardswish(y))


def modulate(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(1 + scale) x + shift over channels: x (B, C, h, w), scale and shift (B, 1 or h, 1 or w, C)."""
    return torch.addcmul(shift.permute(0, 3, 1, 2), x, 1 + scale.permute(0, 3, 1, 2))


def modulated_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """LayerNorm over the last dimension, then (1 + scale) x + shift; one kernel where the modulation is uniform."""
    if scale.numel() == x.shape[-1]:
        return F.layer_norm(x, x.shape[-1:], (1 + scale).flatten(), shift.flatten())
    normed = F.layer_norm(x, x.shape[-1:])
    return torch.addcmul(shift, normed, 1 + scale)


class ConvBlock(nn.Module):
    """Convolve, modulate, activate, convolve, add.

    No norm inside: what a prompt does is then a scale and a shift of the first convolution's outputs, which can be
    folded into its weights, and at inference a block is two convolutions with everything else inside them.
    """

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.first = nn.Conv2d(place.channels, place.channels, 3, padding=1)
        self.second = nn.Conv2d(place.channels, place.channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, modulation: Modulation) -> Tensor:
        """The output for x (B, C, h, w), of the same shape."""
        return modulation.apply_block(self, x)


def conv_blocks(module: nn.Module) -> list[ConvBlock]:
    """The convolution blocks inside a module, in order."""
    return [block for block in module.modules() if isinstance(block, ConvBlock)]


class ConvBlocks(nn.Module):
    """The blocks of one level, one after the other."""

    def __init__(self, places: list[Place]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(map(ConvBlock, places))

    def forward(self, x: Tensor, modulation: Modulation) -> Tensor:
        """The last block's output for x (B, C, h, w), of the same shape."""
        for block in self.blocks:
            x = block(x, modulation)
        return x
