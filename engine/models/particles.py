"""Particles: the part of the noise that lives on from frame to frame, the same for network and teachers.

A denoiser that gets fresh noise with every frame can only invent what falls, rises or glitters anew each time, and one
step of regression averages it away. So beside the white noise a stream has noise that is transported through time
(after Chang et al. 2024, arXiv:2504.03072, and Burgert et al. 2025, arXiv:2501.08331, who warp noise along motion):
flakes that fall, drops, bubbles that rise, sparks, stars that drift, and the web of light under moving water. What a
world makes of it, if anything, the network learns.

It is a function of seed and time alone: nothing is kept, so nothing is lost by dropped frames, snapshots or hours.

Legend: B batch, A kinds of particles, L layers, N spots of light, H height, W width in pixels.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.models import fields


@dataclass(frozen=True)
class Layer:
    """Particles of one depth, one in each cell of a grid that the wind carries."""

    cell: float
    """Side of the grid's cells, pixels."""
    velocity: tuple[float, float]
    """Pixels a second, to the right and downward."""
    radius: tuple[float, float]
    """Pixels at which the light has fallen to 1/e, across and down."""
    light: float = 1.0
    """Brightness at the centre, 0..1."""
    sway: float = 0.0
    """Pixels to both sides of its way."""

    @property
    def margin(self) -> tuple[float, float]:
        """How far outside the picture a particle may be and still be seen, pixels."""
        return 2.5 * self.radius[0] + self.sway, 2.5 * self.radius[1]


PARTICLE_KINDS = ("flakes", "rain", "bubbles", "sparks", "stars", "caustics")
"""A plane each, in this order."""

LAYERS: dict[str, tuple[Layer, ...]] = {
    "flakes": (
        Layer(104, (12.0, 72.0), (3.6, 3.6), sway=6.0),
        Layer(66, (8.0, 48.0), (2.3, 2.3), 0.9, 4.0),
        Layer(48, (5.0, 30.0), (1.5, 1.5), 0.75, 3.0),
    ),
    "rain": (Layer(84, (0.0, 288.0), (0.9, 13.0)), Layer(64, (0.0, 192.0), (0.8, 8.0), 0.6)),
    "bubbles": (Layer(150, (5.0, -46.0), (4.6, 4.6), sway=5.0), Layer(110, (-3.0, -30.0), (2.6, 2.6), 0.8, 3.0)),
    "sparks": (
        Layer(110, (7.0, -34.0), (2.2, 2.2), sway=6.0),
        Layer(84, (-4.0, -20.0), (1.4, 1.4), 0.8, 4.0),
    ),
    "stars": (Layer(70, (-9.0, 2.0), (1.5, 1.5)), Layer(44, (-4.0, 1.0), (1.0, 1.0), 0.65)),
}
"""Of each kind but the caustics, the nearest layer first."""

SWAYS_PER_LOOP = 3
"""Sways of a particle in the travelling waves' period; whole, so that the clock may wrap without a seam."""

_SPOTS = {"bubbles": ((1.0, 0.0, 0.85), (0.62, 0.0, -0.64), (0.3, -0.35, 0.9))}
"""The spots of light that make a particle: share of its radius, shift in radii along both axes, share of its light. A
bubble is a soft disc, its hollow and a glint; all others are one spot."""

_CAUSTIC_WAVES = ((2, 0.5), (3, 0.5), (4, 0.45), (5, 0.3))
"""The waves of `fields.waves` whose common zeros are the bright lines of the caustics, and their shares in the sum."""


def particle_planes(
    seed: Tensor, time_s: Tensor, height: int, width: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Six planes of light, (B, A, H, W) in 0..1, in the order of `PARTICLE_KINDS`.

    seed: (B,) int64, another seed is other particles. time_s: (B,) float64 seconds. height and width in pixels. dtype:
    of the planes and of the products that they are; bfloat16 is right to half a grey level. On the device of `time_s`.
    """
    table = particle_table(height, width, time_s.device)
    x, y = _positions(table, seed, time_s)
    across = _profile(x, table.radius[:, 0], width)
    down = _profile(y, table.radius[:, 1], height) * table.light[:, None]
    pairs = zip(down.to(dtype).split(table.counts, 1), across.to(dtype).split(table.counts, 1), strict=True)
    planes = down.new_empty(len(time_s), len(PARTICLE_KINDS), height, width, dtype=dtype)
    for i, (a, b) in enumerate(pairs):  # a Gaussian spot is a product, and a sum of these a product of matrices
        torch.bmm(a.mT, b, out=planes[:, i])
    planes[:, :-1].clamp_(0, 1)
    planes[:, -1] = _caustics(time_s, height, width)
    return planes


@dataclass(frozen=True)
class ParticleTable:
    """All N spots of a picture's size, constant through time."""

    counts: list[int]
    """Spots of each kind but the caustics."""
    starts: Tensor
    """(A,) int64, where each kind's spots begin, and where the last kind's end."""
    layer: Tensor
    """(N,) which of the L layers."""
    local: Tensor
    """(N, 2) column and row in the grid, from the first cell that can be seen."""
    radius: Tensor
    """(N, 2) pixels, across and down."""
    shift: Tensor
    """(N, 2) pixels from the particle's centre, to the right and downward."""
    light: Tensor
    """(N,) brightness at the centre; a hollow's is negative."""
    cell: Tensor
    """(L, 1) pixels a side."""
    velocity: Tensor
    """(L, 2) pixels a second, to the right and downward."""
    margin: Tensor
    """(L, 2) pixels outside the picture from where a particle may still be seen."""
    sway: Tensor
    """(L,) pixels to both sides."""


@functools.lru_cache(maxsize=8)
def particle_table(height: int, width: int, device: torch.device) -> ParticleTable:
    """The spots of a picture's size in pixels; a recorded program must hold it as long as it may run."""
    layers = [layer for kind in LAYERS.values() for layer in kind]
    counts: list[int] = []
    layer_of: list[int] = []
    local: list[tuple[int, int]] = []
    radius: list[tuple[float, float]] = []
    shift: list[tuple[float, float]] = []
    light: list[float] = []
    for kind, of_kind in LAYERS.items():
        before = len(layer_of)
        for layer in of_kind:
            columns, rows = (
                math.ceil((length + 2 * margin) / layer.cell) + 1
                for length, margin in zip((width, height), layer.margin, strict=True)
            )
            for scale, moved, share in _SPOTS.get(kind, ((1.0, 0.0, 1.0),)):
                cells = [(column, row) for row in range(rows) for column in range(columns)]
                local += cells
                layer_of += [layers.index(layer)] * len(cells)
                radius += [(layer.radius[0] * scale, layer.radius[1] * scale)] * len(cells)
                shift += [(layer.radius[0] * moved, layer.radius[1] * moved)] * len(cells)
                light += [layer.light * share] * len(cells)
        counts.append(len(layer_of) - before)

    def float64(values: object) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)

    return ParticleTable(
        counts,
        torch.tensor([0, *itertools.accumulate(counts)], device=device),
        torch.tensor(layer_of, device=device),
        torch.tensor(local, device=device),
        float64(radius).float(),
        float64(shift),
        float64(light).float(),
        float64([[layer.cell] for layer in layers]),
        float64([layer.velocity for layer in layers]),
        float64([layer.margin for layer in layers]),
        float64([layer.sway for layer in layers]),
    )


def _positions(table: ParticleTable, seed: Tensor, time_s: Tensor) -> tuple[Tensor, Tensor]:
    """Where all spots are, x and y (B, N) float32 pixels: each somewhere in its cell of a grid that moves."""
    layer = table.layer
    drift = table.velocity * time_s[:, None, None]  # (B, L, 2)
    first = torch.floor((-table.margin - drift) / table.cell).long()  # whole cells since the beginning of time
    cell = first[:, layer] + table.local
    random = _random(seed, layer, cell)
    position = (cell + random[..., :2]) * table.cell[layer] + drift[:, layer] + table.shift
    cycles = time_s[:, None] * (SWAYS_PER_LOOP / fields.LOOP_S) + random[..., 2]
    x = position[..., 0] + table.sway[layer] * torch.sin(2 * math.pi * (cycles % 1))
    return x.float(), position[..., 1].float()


def _random(seed: Tensor, layer: Tensor, cell: Tensor) -> Tensor:
    """(B, N, 3) float64 in 0..1 of the particles in cells (B, N, 2) of layers (N,): each cell's own, for good."""
    if cell.device.type == "cpu":  # forty operations on so few numbers cost numpy a quarter of what they cost torch
        column, row = cell[..., 0].numpy(), cell[..., 1].numpy()
        bits = torch.from_numpy(_hashed(_hashed(_hashed(seed.numpy()[:, None] * 64 + layer.numpy()) + column) + row))
    else:
        bits = _hashed(_hashed(_hashed(seed[:, None] * 64 + layer) + cell[..., 0]) + cell[..., 1])
    return torch.stack([_uniform(bits, i) for i in range(3)], -1)


Integers = TypeVar("Integers", Tensor, np.ndarray)


def _hashed(value: Integers) -> Integers:
    """A bijection of 64-bit integers that looks random (Stafford's variant 13 of MurmurHash3's finaliser)."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        value = (value ^ (value >> shift & (1 << (64 - shift)) - 1)) * factor
    return value ^ (value >> 31 & (1 << 33) - 1)


def _uniform(bits: Tensor, which: int) -> Tensor:
    """The first, second or third 21 of 64 bits as float64 in 0..1."""
    return (bits >> (21 * which) & (1 << 21) - 1).double() / (1 << 21)


def _profile(centre: Tensor, radius: Tensor, length: int) -> Tensor:
    """(B, N) -> (B, N, length) of exp(-(distance / radius)^2) along one axis."""
    inverse = 1 / radius
    pixel = torch.arange(length, device=centre.device, dtype=torch.float32) + 0.5
    away = (pixel - centre[..., None]) * inverse[:, None]
    return away.clamp_(-4, 4).square_().neg_().exp_()  # beyond lie denormal numbers, which are slow


def _caustics(time_s: Tensor, height: int, width: int) -> Tensor:
    """(B, H, W): bright where some of the travelling waves cancel."""
    across, down = fields.wave_phases(time_s, height, width)
    which, share = caustic_waves(time_s.device)
    x, y = across[:, which], down[:, which]
    rows = torch.cat([share * y.cos(), share * y.sin()], 1)
    total = rows.mT @ torch.cat([x.sin(), x.cos()], 1)  # sin(x + y), a product of matrices too
    return (1 - 1.15 * total.abs()).clamp_(0, 1).square_().square_()


@functools.cache
def caustic_waves(device: torch.device) -> tuple[Tensor, Tensor]:
    """(4,) which of the waves, (4, 1) their shares."""
    which, share = zip(*_CAUSTIC_WAVES, strict=True)
    return torch.tensor(which, device=device), torch.tensor(share, device=device)[:, None]
