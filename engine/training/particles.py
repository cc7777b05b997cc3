"""Particles that live through a film: snowflakes, bubbles, dust, stars, raindrops.

Legend: B batch, N particles, L layers, H height, W width in pixels.

One law rules births at every frame: the frame's noise draws a whole fresh population, and of it those are kept
that were outside the picture a moment ago. At a cold start all of it is kept. So the density is the same at every
place, time and frame rate, and a denoiser that sees the noise and its last outputs can know every particle.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.fields import births


@dataclass(frozen=True)
class Layer:
    """Particles of one depth."""

    per_cell: float
    """Mean number in a cell of 16x16 px; all layers of a world together at most 1."""
    velocity: tuple[float, float]
    """Pixels a second, to the right and downward."""
    radius: tuple[float, float]
    """Pixels at which the light has fallen to 1/e, across and down."""
    light: float = 1.0


@dataclass(frozen=True)
class Particles:
    """All particles of a batch; rows of different length are padded with dead ones."""

    position: Tensor
    """(B, N, 2) pixels from the top left corner, x then y."""
    layer: Tensor
    """(B, N) index of the layer."""
    alive: Tensor
    """(B, N) bool."""
    time_s: Tensor
    """(B,) seconds."""

    def to(self, device: torch.device | str) -> Particles:
        """The same on another device."""
        return Particles(*(field.to(device) for field in (self.position, self.layer, self.alive, self.time_s)))

    def __getitem__(self, index: slice | Tensor) -> Particles:
        """Some samples of the batch, by a slice or an index tensor."""
        return Particles(self.position[index], self.layer[index], self.alive[index], self.time_s[index])


def advance(previous: Particles | None, noise: Tensor, time_s: Tensor, layers: tuple[Layer, ...]) -> Particles:
    """Move `previous` to `time_s` (B,), bury what left the picture, and add what this frame's noise gives birth to.

    noise: (B, 3, H, W) standard normal. None for `previous` is a cold start: a full population is born.
    """
    height, width = noise.shape[-2:]
    born = _drawn(noise, time_s, layers)
    if previous is None:
        return _packed(born)
    velocity = noise.new_tensor([layer.velocity for layer in layers])
    reach = noise.new_tensor([layer.radius for layer in layers]) * 2
    elapsed = (time_s - previous.time_s)[:, None, None].to(noise)
    extent = noise.new_tensor([width, height])

    before = born.position - velocity[born.layer] * elapsed
    seen = ((before >= 0) & (before < extent)).all(-1)
    position = previous.position + velocity[previous.layer] * elapsed
    margin = reach[previous.layer]
    still = ((position >= -margin) & (position < extent + margin)).all(-1)
    return _packed(
        Particles(
            torch.cat([position, born.position], 1),
            torch.cat([previous.layer, born.layer], 1),
            torch.cat([previous.alive & still, born.alive & ~seen], 1),
            time_s,
        )
    )


def _drawn(noise: Tensor, time_s: Tensor, layers: tuple[Layer, ...]) -> Particles:
    """The population that the noise draws: the strongest cells, the strongest of all in the first layer."""
    strength, x, y = births(noise)
    shares = noise.new_tensor([layer.per_cell for layer in layers]).cumsum(0)
    layer = torch.bucketize(1 - torch.special.ndtr(strength.flatten(1)), shares)
    alive = layer < len(layers)
    return Particles(torch.stack([x, y], -1).flatten(1, 2), layer.clamp(max=len(layers) - 1), alive, time_s)


def _packed(particles: Particles) -> Particles:
    """The same without the slots that no sample needs, the living first and in order."""
    order = particles.alive.to(torch.uint8).sort(dim=1, descending=True, stable=True).indices
    order = order[:, : int(particles.alive.sum(1).max())]
    return Particles(
        particles.position.gather(1, order[..., None].expand(-1, -1, 2)),
        particles.layer.gather(1, order),
        particles.alive.gather(1, order),
        particles.time_s,
    )


def splat(
    particles: Particles,
    layers: tuple[Layer, ...],
    height: int,
    width: int,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Tensor:
    """Draw Gaussian spots, their radii times `scale`, moved by `shift` radii: light (B, 1, H, W), 0 and up."""
    device = particles.position.device
    radius = torch.tensor([layer.radius for layer in layers], device=device)[particles.layer]
    light = torch.tensor([layer.light for layer in layers], device=device)[particles.layer] * particles.alive
    centre = particles.position + radius * torch.tensor(shift, device=device)
    radius = radius * scale
    x = torch.arange(width, device=device) + 0.5
    y = torch.arange(height, device=device) + 0.5
    across = (-((x - centre[..., :1]) / radius[..., :1]).square()).exp()
    down = (-((y - centre[..., 1:]) / radius[..., 1:]).square()).exp() * light[..., None]
    return torch.einsum("bnh,bnw->bhw", down, across)[:, None]
