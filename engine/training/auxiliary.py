"""A lookout that says where the prop is that a prompt turns into something, and who stays in a place.

Squared error on pixels says little about where a small thing has to be: finding it costs the network as much as not
finding it. So while it trains, a layer of its own reads the features at 1/8 of the resolution and is asked for a mask
of the prop, for the coordinates on its surface that the thing is painted by, and for a matte of the person whom a place
keeps. Its gradient teaches these features to see (deep supervision, Lee et al. 2015, arXiv:1409.5185); the layer itself
is thrown away, so nothing of it is paid for at run time.

Legend: B batch, C channels, h, w are H/8, W/8.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.hourglass import Hourglass

STRIDE = 8
"""Pixels a cell: the level of the hourglass that is read."""
ANSWERS = 5
"""Thing, three coordinates on it, person."""


@dataclass(frozen=True)
class Sight:
    """What there is to be found in the frames of a batch."""

    thing: Tensor
    """(B, 1, h, w) in 0..1, where the prop is that the prompt turns into a thing."""
    surface: Tensor
    """(B, 3, h, w) coordinates on it, see `engine.teachers.props.Drawn.frame`."""
    person: Tensor
    """(B, 1, h, w) in 0..1, who stays in a place."""
    sought: Tensor
    """(B, 2) bool, whether the prompt needs the thing, and the person, to be found."""

    def to(self, device: torch.device) -> Sight:
        return Sight(*(value.to(device) for value in vars(self).values()))


class Lookout:
    """A layer in training that reads a network's features as they pass."""

    def __init__(self, network: Hourglass, device: torch.device, rate: float = 1.2e-3) -> None:
        self.layer = nn.Conv2d(network.config.channels[1], ANSWERS, 1).to(device)
        self.optimiser = torch.optim.AdamW(self.layer.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.rate = rate
        self._features: Tensor | None = None
        network.decoder[1].register_forward_hook(self._pass)

    def _pass(self, block: nn.Module, given: object, made: Tensor) -> None:
        self._features = made

    def loss(self, sight: Sight) -> Tensor:
        """What the features of the network's last forward pass leave unsaid: a mean over the batch, a scalar."""
        assert self._features is not None, "the network has to look first"
        said = self.layer(self._features.float())
        self._features = None
        thing, surface, person = said.split([1, 3, 1], 1)
        off = (surface - sight.surface).square().mean(1, keepdim=True)
        placed = (off * sight.thing).sum((1, 2, 3)) / sight.thing.sum((1, 2, 3)).clamp(min=1)
        found = torch.stack([missed(thing, sight.thing) + placed, missed(person, sight.person)], 1)
        return (found * sight.sought).sum() / len(said)

    def learn(self, share: float) -> None:
        """One step at a share of the rate, on the gradient that the loss left in the layer."""
        for parameter in self.layer.parameters():
            if dist.is_initialized() and parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= dist.get_world_size()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * share
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)


def missed(logits: Tensor, mask: Tensor) -> Tensor:
    """(B,) cross entropy, of which what is inside the mask makes one half and what is outside the other."""
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    inside, outside = mask, 1 - mask
    parts = [(entropy * part).sum((1, 2, 3)) / part.sum((1, 2, 3)).clamp(min=1) for part in (inside, outside)]
    return (parts[0] + parts[1]) / 2
