"""Architecture-aware pruning: a smaller preset cut out of a larger trained network, to be healed by distillation.

Whole channels, heads and blocks go, so what stays is a plain smaller network whose channel counts suit the hardware (as
in Molchanov et al. 2019, arXiv:1906.10771, and Minitron, Muralidharan et al. 2024, arXiv:2407.14679). A channel's
importance is the energy of all weights that write or read it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from engine.config import ModelConfig
from engine.models.hourglass import ConvBlock, Hourglass, TransformerBlock


def prune(network: Hourglass, config: ModelConfig) -> Hourglass:
    """`config` cut out of `network`; raises ValueError where it is not smaller in every respect, or cannot be cut."""
    big = network.config
    _check(big, config)
    with torch.no_grad():
        return _Surgeon(network, config).operate()


def _check(big: ModelConfig, small: ModelConfig) -> None:
    fixed = ("worlds", "things", "condition", "ring", "ring_stride", "sinks")
    other = big.differences(replace(small, **{name: getattr(big, name) for name in fixed}))
    for name in fixed:
        if getattr(big, name) != getattr(small, name):
            raise ValueError(f"{small.name} has another {name} than {big.name}; pruning keeps it")
    if big.width // big.heads != small.width // small.heads:
        raise ValueError(f"heads of {big.width // big.heads} cannot become heads of {small.width // small.heads}")
    for name in ("channels", "encoder", "decoder", "width", "layers", "heads"):
        mine, theirs = getattr(big, name), getattr(small, name)
        pairs = zip(mine, theirs, strict=True) if isinstance(mine, tuple) else [(mine, theirs)]
        if any(m < t for m, t in pairs):
            raise ValueError(f"{small.name} has more {name} than {big.name}: {'; '.join(other)}")


def _best(energy: Tensor, count: int) -> Tensor:
    """Indices of the `count` strongest, in order."""
    return energy.topk(count).indices.sort().values


class _Surgeon:
    def __init__(self, network: Hourglass, config: ModelConfig) -> None:
        self.big, self.small = network, Hourglass(config)
        self.config = config
        c, width = network.config.channels, network.config.width
        energies = [torch.zeros(n) for n in (*c, width)]
        for i, (down, up) in enumerate(zip(network.shrink, network.grow, strict=True)):
            assert isinstance(down, nn.Conv2d)
            assert isinstance(up, nn.Conv2d)
            energies[i] += down.weight.square().sum((0, 2, 3)) + up.weight.square().flatten(1).sum(1).view(4, -1).sum(0)
            energies[i + 1] += down.weight.square().sum((1, 2, 3)) + up.weight.square().sum((0, 2, 3))
        energies[0] += network.stem.weight.square().sum((1, 2, 3)) + network.head.weight.square().sum((0, 2, 3))
        self.stream = [_best(e, n) for e, n in zip(energies, (*config.channels, config.width), strict=True)]
        """The channels that stay, at 1/4, 1/8, 1/16 and the bottleneck."""
        self.rows: list[Tensor] = []
        self.at = 0

    def operate(self) -> Hourglass:
        big, small, stream = self.big, self.small, self.stream
        self._copy(small.stem, big.stem, stream[0], None)
        for name in ("concepts", "state", "embed"):
            getattr(small, name).load_state_dict(getattr(big, name).state_dict())
        for i, level in enumerate(big.encoder):
            self._blocks(small.encoder[i], level, stream[i])
            self._copy(small.shrink[i], big.shrink[i], stream[i + 1], stream[i])
        kept = self._waist()
        for i in (2, 1, 0):
            n = big.config.channels[i]
            quadrants = torch.cat([stream[i] + k * n for k in range(4)])
            self._copy(small.grow[i], big.grow[i], quadrants, stream[i + 1])
            self._blocks(small.decoder[i], big.decoder[i], stream[i])
        self._modulated(stream[0], big.config.channels[0])
        self._copy(small.head, big.head, None, stream[0])
        self._copy(small.memory_in, big.memory_in, stream[3], None)
        width = big.config.width
        lines = [(layer * 2 + part) * width + index for layer, index in kept for part in range(2)]
        self._copy(small.memory_out, big.memory_out, torch.cat(lines), stream[3])
        self._copy(small.modulate, big.modulate, torch.cat(self.rows), None)
        return small

    @staticmethod
    def _copy(to: nn.Module, of: nn.Module, out: Tensor | None, into: Tensor | None) -> None:
        weight, bias = cast("Tensor", of.weight), cast("Tensor", of.bias)
        if out is not None:
            weight, bias = weight[out], bias[out]
        if into is not None:
            weight = weight[:, into]
        cast("Tensor", to.weight).copy_(weight)
        cast("Tensor", to.bias).copy_(bias)

    def _modulated(self, kept: Tensor | None, channels: int) -> None:
        """Scale and shift of the next `channels`, of which `kept` stay (None drops them)."""
        if kept is not None:
            self.rows += [self.at + kept, self.at + channels + kept]
        self.at += 2 * channels

    def _blocks(self, small: nn.Module, big: nn.Module, stream: Tensor) -> None:
        blocks = [cast("ConvBlock", block) for block in big.blocks]  # type: ignore[union-attr]
        places = [cast("ConvBlock", block) for block in small.blocks]  # type: ignore[union-attr]
        strength = torch.stack([block.second.weight.square().sum() for block in blocks])
        staying = set(_best(strength, len(places)).tolist())
        for k, block in enumerate(blocks):
            inner = None
            if k in staying:
                energy = block.first.weight.square().sum((1, 2, 3)) + block.second.weight.square().sum((0, 2, 3))
                place = places.pop(0)
                inner = _best(energy, len(stream))
                self._copy(place.first, block.first, inner, stream)
                self._copy(place.second, block.second, stream, inner)
            self._modulated(inner, block.channels)

    def _waist(self) -> list[tuple[int, Tensor]]:
        """Layers and, of each, the attention channels that stay."""
        stream, config = self.stream[3], self.config
        layers = [cast("TransformerBlock", layer) for layer in self.big.bottleneck]
        places = [cast("TransformerBlock", layer) for layer in self.small.bottleneck]
        side = self.big.config.width // self.big.config.heads
        strength = torch.stack(
            [layer.attention.out.weight.square().sum() + layer.down.weight.square().sum() for layer in layers]
        )
        staying = set(_best(strength, len(places)).tolist())
        kept = []
        for k, layer in enumerate(layers):
            if k not in staying:
                self._modulated(None, 2 * layer.width)
                continue
            place = places.pop(0)
            heads = _best(layer.attention.out.weight.square().sum(0).view(-1, side).sum(1), config.heads)
            inner = (heads[:, None] * side + torch.arange(side)).flatten()
            kept.append((k, inner))
            attention, cut = layer.attention, place.attention
            self._copy(cut.qkv, attention.qkv, torch.cat([inner + part * layer.width for part in range(3)]), stream)
            self._copy(cut.out, attention.out, stream, inner)
            cut.null.copy_(attention.null[:, inner])
            energy = layer.up.weight.square().sum(1) + layer.down.weight.square().sum(0)
            hidden = _best(energy, place.up.out_features)
            self._copy(place.up, layer.up, hidden, stream)
            self._copy(place.down, layer.down, stream, hidden)
            self._modulated(stream, layer.width)
            self._modulated(stream, layer.width)
        return kept
