"""Architecture-aware pruning: a smaller preset cut out of a larger trained network, to be repaired by distillation.

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
from engine.models.attention import TransformerBlock
from engine.models.hourglass import Hourglass
from engine.models.modulation import Place, conv_blocks


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
    """Cuts one small network out of a large one."""

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
        self.modulated: dict[Place, Tensor] = {}
        """Of each place of the small network the scales and shifts of the large one that stay."""

    def operate(self) -> Hourglass:
        """The small network, each layer of it written once."""
        big, small, stream = self.big, self.small, self.stream
        self._copy(small.stem, big.stem, stream[0], None)
        for name in ("concepts", "state", "embed"):
            getattr(small, name).load_state_dict(getattr(big, name).state_dict())
        for i in range(3):
            n = big.config.channels[i]
            quadrants = torch.cat([stream[i] + k * n for k in range(4)])
            self._blocks(small.encoder[i], big.encoder[i], stream[i])
            self._copy(small.shrink[i], big.shrink[i], stream[i + 1], stream[i])
            self._copy(small.grow[i], big.grow[i], quadrants, stream[i + 1])
            self._blocks(small.decoder[i], big.decoder[i], stream[i])
        attended = self._layers()
        self._keep(small.output_place, big.output_place, stream[0])
        self._copy(small.head, big.head, None, stream[0])
        self._copy(small.memory_in, big.memory_in, stream[3], None)
        width = big.config.width
        rows = [(layer * 2 + part) * width + channels for layer, channels in attended for part in range(2)]
        self._copy(small.memory_out, big.memory_out, torch.cat(rows), stream[3])
        self._copy(small.modulate, big.modulate, torch.cat([self.modulated[place] for place in small.places]), None)
        return small

    @staticmethod
    def _copy(to: nn.Module, of: nn.Module, out: Tensor | None, into: Tensor | None) -> None:
        """Weights and biases, of the outputs `out` and the inputs `into`; None keeps all."""
        weight, bias = cast("Tensor", of.weight), cast("Tensor", of.bias)
        if out is not None:
            weight, bias = weight[out], bias[out]
        if into is not None:
            weight = weight[:, into]
        cast("Tensor", to.weight).copy_(weight)
        cast("Tensor", to.bias).copy_(bias)

    def _keep(self, to: Place, of: Place, channels: Tensor) -> None:
        """Scale and shift of these channels of a place stay."""
        scale, shift = torch.arange(of.vector_span.start, of.vector_span.stop).chunk(2)
        self.modulated[to] = torch.cat([scale[channels], shift[channels]])

    def _blocks(self, small: nn.Module, big: nn.Module, stream: Tensor) -> None:
        """The strongest blocks of a level, of each the strongest channels between its convolutions."""
        blocks, cuts = conv_blocks(big), conv_blocks(small)
        strength = torch.stack([block.second.weight.square().sum() for block in blocks])
        for k, cut in zip(_best(strength, len(cuts)).tolist(), cuts, strict=True):
            block = blocks[k]
            energy = block.first.weight.square().sum((1, 2, 3)) + block.second.weight.square().sum((0, 2, 3))
            inner = _best(energy, len(stream))
            self._copy(cut.first, block.first, inner, stream)
            self._copy(cut.second, block.second, stream, inner)
            self._keep(cut.place, block.place, inner)

    def _layers(self) -> list[tuple[int, Tensor]]:
        """The strongest layers of the transformer; which they are and, of each, the attention channels that stay."""
        stream, config = self.stream[3], self.config
        layers = [cast("TransformerBlock", layer) for layer in self.big.bottleneck]
        cuts = [cast("TransformerBlock", layer) for layer in self.small.bottleneck]
        side = self.big.config.width // self.big.config.heads
        strength = torch.stack(
            [layer.attention.out.weight.square().sum() + layer.down.weight.square().sum() for layer in layers]
        )
        attended = []
        for k, cut in zip(_best(strength, len(cuts)).tolist(), cuts, strict=True):
            layer = layers[k]
            heads = _best(layer.attention.out.weight.square().sum(0).view(-1, side).sum(1), config.heads)
            inner = (heads[:, None] * side + torch.arange(side)).flatten()
            attended.append((k, inner))
            qkv = torch.cat([inner + part * layer.width for part in range(3)])
            self._copy(cut.attention.qkv, layer.attention.qkv, qkv, stream)
            self._copy(cut.attention.out, layer.attention.out, stream, inner)
            cut.attention.null.copy_(layer.attention.null[:, inner])
            energy = layer.up.weight.square().sum(1) + layer.down.weight.square().sum(0)
            hidden = _best(energy, cut.up.out_features)
            self._copy(cut.up, layer.up, hidden, stream)
            self._copy(cut.down, layer.down, stream, hidden)
            self._keep(cut.before_attention, layer.before_attention, stream)
            self._keep(cut.before_mlp, layer.before_mlp, stream)
        return attended
