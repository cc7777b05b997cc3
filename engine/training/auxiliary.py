"""Auxiliary loss: the features must say where the prop or the person is that the prompt is about.

Squared error on pixels says little about where a small thing has to be: a network that misses it pays hardly more than
one that finds it. So while it trains, a layer of its own reads the features at 1/8 of the resolution and predicts a
mask of the prop, the coordinates on its surface that the thing is painted by, and a matte of the person whom a place
keeps. Its gradient teaches the features these positions (deep supervision, Lee et al. 2015, arXiv:1409.5185). The layer
is not part of the network, so it costs nothing at run time.

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
OUTPUTS = 5
"""Channels of the head: thing, three coordinates on it, person."""


@dataclass(frozen=True)
class AuxiliaryTargets:
    """What the head should predict for the frames of a batch."""

    thing: Tensor
    """(B, 1, h, w) in 0..1, where the prop is that the prompt turns into a thing."""
    coordinates: Tensor
    """(B, 3, h, w) on that prop, see `engine.teachers.props.PropFrame.coordinates`."""
    person: Tensor
    """(B, 1, h, w) in 0..1, the person who stays in a place."""
    needed: Tensor
    """(B, 2) bool, whether the prompt needs the thing's and the person's position; other rows are not counted."""

    def to(self, device: torch.device) -> AuxiliaryTargets:
        """The same on a device."""
        return AuxiliaryTargets(*(value.to(device) for value in vars(self).values()))


class AuxiliaryHead:
    """A layer in training that reads a network's features in its forward pass."""

    def __init__(self, network: Hourglass, device: torch.device, rate: float = 1.2e-3) -> None:
        self.layer = nn.Conv2d(network.config.channels[1], OUTPUTS, 1).to(device)
        self.optimiser = torch.optim.AdamW(self.layer.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.rate = rate
        self._features: Tensor | None = None
        network.decoder[1].register_forward_hook(self._keep)

    def _keep(self, block: nn.Module, inputs: object, features: Tensor) -> None:
        self._features = features

    def loss(self, targets: AuxiliaryTargets) -> Tensor:
        """Loss of the prediction from the network's last forward pass: a mean over the batch, a scalar."""
        assert self._features is not None, "loss() follows a forward pass of the network"
        predicted = self.layer(self._features.float())
        self._features = None
        thing, coordinates, person = predicted.split([1, 3, 1], 1)
        error = (coordinates - targets.coordinates).square().mean(1, keepdim=True)
        error = (error * targets.thing).sum((1, 2, 3)) / targets.thing.sum((1, 2, 3)).clamp(min=1)
        thing_loss = balanced_cross_entropy(thing, targets.thing) + error
        losses = torch.stack([thing_loss, balanced_cross_entropy(person, targets.person)], 1)
        return (losses * targets.needed).sum() / len(predicted)

    def step(self, share: float) -> None:
        """Train the layer one step at a share of its rate, on the gradient that the loss left in it."""
        for parameter in self.layer.parameters():
            if dist.is_initialized() and parameter.grad is not None:
                dist.all_reduce(parameter.grad)
                parameter.grad /= dist.get_world_size()
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * share
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)


def balanced_cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    """(B,) binary cross entropy in which the inside of the mask counts as much as the outside.

    logits, mask: (B, 1, h, w), mask in 0..1.
    """
    entropy = F.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    inside, outside = mask, 1 - mask
    parts = [(entropy * part).sum((1, 2, 3)) / part.sum((1, 2, 3)).clamp(min=1) for part in (inside, outside)]
    return (parts[0] + parts[1]) / 2
