"""The network's weights and a prompt's modulation in the layouts that the kernels read."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.hourglass import ConvBlock, Hourglass


def _whole(channels: int) -> int:
    """Channels rounded up to 16 bytes of bfloat16, which matrix units want rows to be a multiple of."""
    return -(-channels // 8) * 8


def conv_blocks(level: nn.Module) -> list[ConvBlock]:
    """The blocks of one level, in order."""
    return [block for block in level.modules() if isinstance(block, ConvBlock)]


def _parameters(layer: nn.Module) -> tuple[Tensor, Tensor]:
    return layer.get_parameter("weight"), layer.get_parameter("bias")


@dataclass(frozen=True)
class TransformerWeights:
    """The transformer's weights, all layers in one tensor each. L layers, D width."""

    qkv_weight: Tensor
    """(L, 3 D, D)"""
    qkv_bias: Tensor
    out_weight: Tensor
    """(L, D, D)"""
    out_bias: Tensor
    up_weight: Tensor
    """(L, 3 D, D)"""
    up_bias: Tensor
    down_weight: Tensor
    """(L, D, 3 D)"""
    down_bias: Tensor
    null: Tensor
    """(L, 2, D)"""

    @classmethod
    def of(cls, network: Hourglass) -> TransformerWeights:
        blocks = list(network.bottleneck)

        def stacked(name: str) -> Tensor:
            return torch.stack([block.get_parameter(name).detach() for block in blocks])

        layers = ("attention.qkv", "attention.out", "up", "down")
        names = [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]
        return cls(*(stacked(name) for name in [*names, "attention.null"]))


@dataclass(frozen=True)
class Folded:
    """What a prompt does to a frame: gain and offset of every modulated place. P prompts, T channels of all places."""

    gain: Tensor
    """(B, P, T) float32"""
    offset: Tensor
    """(B, P, T) float32, the convolutions' biases in it."""

    def part(self, place: slice) -> tuple[Tensor, Tensor]:
        """Gain and offset of one place, (B, P, C) each."""
        return self.gain[..., place], self.offset[..., place]


class Folding:
    """Where in the network's modulation vectors each place's scale and shift lie, in the order of its blocks."""

    def __init__(self, network: Hourglass) -> None:
        config, device = network.config, network.stem.weight.device
        levels = [*network.encoder, *reversed(network.decoder)]
        biases = [[block.get_parameter("first.bias").float() for block in conv_blocks(level)] for level in levels]
        nothing = torch.zeros(config.channels[0], device=device)
        between = torch.zeros(2 * config.layers * config.width, device=device)
        down, up = ([bias for level in part for bias in level] for part in (biases[:3], biases[3:]))
        places = [*down, *between.split(config.width), *up, nothing]
        self._bias = torch.cat(places)
        ends = torch.tensor([len(place) for place in places]).cumsum(0).tolist()
        starts = [0, *ends[:-1]]
        scale = [torch.arange(start, end) + start for start, end in zip(starts, ends, strict=True)]
        shift = [torch.arange(start, end) + end for start, end in zip(starts, ends, strict=True)]
        self._scale, self._shift = torch.cat(scale).to(device), torch.cat(shift).to(device)
        slices = [slice(start, end) for start, end in zip(starts, ends, strict=True)]
        self.blocks = [*slices[: len(down)], *slices[len(down) + 2 * config.layers :]]
        """One per convolution block, then the last layer's."""
        self.bottleneck = slice(starts[len(down)], starts[len(down)] + len(between))
        """(L, 2, D) channels."""
        self.channels = len(self._bias)

    def __call__(self, vectors: Tensor) -> Folded:
        """vectors (B, P, 2 T) as `Hourglass.vectors` makes them."""
        vectors = vectors.float()
        gain = 1 + vectors[..., self._scale]
        return Folded(gain, torch.addcmul(vectors[..., self._shift], gain, self._bias))


@dataclass(frozen=True)
class Packed:
    """A network as the kernels read it; shares the convolutions' weights with it."""

    network: Hourglass
    stem: Tensor
    """(C, K) with K rounded up: columns of zeros see the padding of what the first layer sees."""
    shrink: list[tuple[Tensor, Tensor]]
    """Weight (C', C, 2, 2) and bias per level, on the way down."""
    grow: list[tuple[Tensor, Tensor]]
    """Weight (4 C, C') and bias per level, finest first."""
    head: Tensor
    """(75 rounded up, C, 3, 3)"""
    transformer: TransformerWeights
    folding: Folding

    @classmethod
    def of(cls, network: Hourglass) -> Packed:
        stem, head = network.stem.weight.flatten(1), network.head.weight
        wide_head = F.pad(head, (0, 0, 0, 0, 0, 0, 0, _whole(len(head)) - len(head)))
        grow = [_parameters(layer) for layer in network.grow]
        return cls(
            network,
            F.pad(stem, (0, _whole(stem.shape[1]) - stem.shape[1])),
            [_parameters(layer) for layer in network.shrink],
            [(weight.flatten(1), bias) for weight, bias in grow],
            wide_head.contiguous(memory_format=torch.channels_last),
            TransformerWeights.of(network),
            Folding(network),
        )
