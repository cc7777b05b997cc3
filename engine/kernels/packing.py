"""The network's weights and a prompt's modulation in the layouts that the kernels read."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.hourglass import Hourglass
from engine.models.modulation import Place, conv_blocks


def _whole(channels: int) -> int:
    """Channels rounded up to 16 bytes of bfloat16, which matrix units want rows to be a multiple of."""
    return -(-channels // 8) * 8


def _parameters(layer: nn.Module) -> tuple[Tensor, Tensor]:
    return layer.get_parameter("weight"), layer.get_parameter("bias")


@dataclass(frozen=True)
class TransformerWeights:
    """The transformer's weights, all layers in one tensor each. L layers, D width."""

    qkv_weight: Tensor
    """(L, 3 D, D)"""
    qkv_bias: Tensor
    """(L, 3 D)"""
    out_weight: Tensor
    """(L, D, D)"""
    out_bias: Tensor
    """(L, D)"""
    up_weight: Tensor
    """(L, 3 D, D)"""
    up_bias: Tensor
    """(L, 3 D)"""
    down_weight: Tensor
    """(L, D, 3 D)"""
    down_bias: Tensor
    """(L, D)"""
    null: Tensor
    """(L, 2, D) key and value to look at when nothing fits."""

    @classmethod
    def of(cls, network: Hourglass) -> TransformerWeights:
        """Copies of the weights at the network's bottleneck."""
        blocks = list(network.bottleneck)

        def stacked(name: str) -> Tensor:
            return torch.stack([block.get_parameter(name).detach() for block in blocks])

        layers = ("attention.qkv", "attention.out", "up", "down")
        names = [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]
        return cls(*(stacked(name) for name in [*names, "attention.null"]))


@dataclass(frozen=True)
class Folded:
    """What prompts do to a frame: gain and offset of every modulated place. P prompts, T channels of all places."""

    gain: Tensor
    """(B, P, T) float32"""
    offset: Tensor
    """(B, P, T) float32, the convolutions' biases in it."""

    def at(self, place: Place) -> tuple[Tensor, Tensor]:
        """Gain and offset of one place, (B, P, C) each."""
        return self.gain[..., place.span], self.offset[..., place.span]

    def of_transformer(self, network: Hourglass) -> tuple[Tensor, Tensor]:
        """Gain and offset at the network's bottleneck, (B, P, L, 2, D) each: before attention and before the MLP."""
        places = [place for place in network.places if place.part == "bottleneck"]
        span = slice(places[0].start, places[-1].span.stop)
        assert span.stop - span.start == sum(place.channels for place in places), "its places lie one after the other"
        shape = -1, 2, network.config.width
        return self.gain[..., span].unflatten(-1, shape), self.offset[..., span].unflatten(-1, shape)


class Folding:
    """Turns the network's modulation vectors into gains and offsets, with the bias of the convolution before each."""

    def __init__(self, network: Hourglass) -> None:
        device = network.stem.weight.device
        biases = {block.place: block.get_parameter("first.bias").float() for block in conv_blocks(network)}
        places = network.places
        self._bias = torch.cat(
            [biases[place] if place in biases else torch.zeros(place.channels, device=device) for place in places]
        )
        scale_and_shift = [torch.arange(2 * place.start, 2 * place.span.stop).chunk(2) for place in places]
        self._scale, self._shift = (torch.cat(part).to(device) for part in zip(*scale_and_shift, strict=True))
        self.channels = len(self._bias)
        """Of all places, T."""

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
    """(C, K) with K rounded up: columns of zeros meet the padding of the first layer's input."""
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
        """The network's weights, copied only where the kernels need another layout."""
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
