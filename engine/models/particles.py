"""Weather: the part of the noise that lives on from frame to frame, the same for network and teachers.

A denoiser that gets fresh noise with every frame can only invent what falls, rises or glitters anew each time, and one
step of regression averages it away. So beside the white noise a stream has noise that is transported through time
(after Chang et al. 2024, arXiv:2504.03072, and Burgert et al. 2025, arXiv:2501.08331, who warp noise along motion):
flakes that fall, drops, bubbles that rise, sparks, stars that drift, and the web of light under moving water. What a
world makes of it, if anything, the network learns.

It is a function of seed and time alone: nothing is kept, so nothing is lost by dropped frames, snapshots or hours.

Legend: B batch, L layers, N spots of light, H height, W width in pixels.
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
    sway: float = 0.0
    """Pixels to both sides of its way."""

    @property
    def margin(self) -> tuple[float, float]:
        """How far outside the picture a particle may be and still be seen, pixels."""
        return 2.5 * self.radius[0] + self.sway, 2.5 * self.radius[1]


PARTICLE_KINDS = ("flakes", "rain", "bubbles", "sparks", "stars", "caustics")
"""The planes of the weather."""

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

_SPOTS = {"bubbles": ((1.0, 0.0, 0.85), (0.62, 0.0, -0.64), (0.3, -0.35, 0.9))}
"""What a particle is drawn of: share of the radius, shift in radii along both axes, light. A bubble is a soft disc, its
hollow and a glint; all others are one spot."""

_WEB = ((2, 0.5), (3, 0.5), (4, 0.45), (5, 0.3))
"""The waves whose common zeros are the bright lines of the caustics, and their shares."""


def particle_planes(
    seed: Tensor, time_s: Tensor, height: int, width: int, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Six planes of light, (B, 6, H, W) in 0..1, in the order of `PARTICLE_KINDS`.

    seed: (B,) int64, another seed is other weather. time_s: (B,) float64 seconds. dtype: of the planes and of the
    products that they are; bfloat16 is right to half a grey level. On the device of `time_s`.
    """
    spots = particle_table(height, width, time_s.device)
    x, y = _places(spots, seed, time_s)
    across = _profile(x, spots.radius[:, 0], width)
    down = _profile(y, spots.radius[:, 1], height) * spots.light[:, None]
    pairs = zip(down.to(dtype).split(spots.counts, 1), across.to(dtype).split(spots.counts, 1), strict=True)
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
    """Of each kind."""
    starts: Tensor
    """(kinds + 1,) int64, where each kind's begin."""
    layer: Tensor
    """(N,) which of the L layers."""
    local: Tensor
    """(N, 2) column and row in the grid, from the first cell that can be seen."""
    radius: Tensor
    """(N, 2) pixels."""
    shift: Tensor
    """(N, 2) pixels."""
    light: Tensor
    """(N,)"""
    cell: Tensor
    """(L, 1) pixels."""
    velocity: Tensor
    """(L, 2) pixels a second."""
    margin: Tensor
    """(L, 2) pixels."""
    sway: Tensor
    """(L,) pixels."""


@functools.lru_cache(maxsize=8)
def particle_table(height: int, width: int, device: torch.device) -> ParticleTable:
    """The spots of a picture's size; a recorded program must hold it as long as it may run."""
    layers = [layer for kind in LAYERS.values() for layer in kind]
    counts: list[int] = []
    which: list[int] = []
    local: list[tuple[int, int]] = []
    radius: list[tuple[float, float]] = []
    shift: list[tuple[float, float]] = []
    light: list[float] = []
    for kind, of_kind in LAYERS.items():
        before = len(which)
        for layer in of_kind:
            columns, rows = (
                math.ceil((length + 2 * margin) / layer.cell) + 1
                for length, margin in zip((width, height), layer.margin, strict=True)
            )
            for scale, moved, share in _SPOTS.get(kind, ((1.0, 0.0, 1.0),)):
                cells = [(column, row) for row in range(rows) for column in range(columns)]
                local += cells
                which += [layers.index(layer)] * len(cells)
                radius += [(layer.radius[0] * scale, layer.radius[1] * scale)] * len(cells)
                shift += [(layer.radius[0] * moved, layer.radius[1] * moved)] * len(cells)
                light += [layer.light * share] * len(cells)
        counts.append(len(which) - before)

    def wide(values: object) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=device)

    return ParticleTable(
        counts,
        torch.tensor([0, *itertools.accumulate(counts)], device=device),
        torch.tensor(which, device=device),
        torch.tensor(local, device=device),
        wide(radius).float(),
        wide(shift),
        wide(light).float(),
        wide([[layer.cell] for layer in layers]),
        wide([layer.velocity for layer in layers]),
        wide([layer.margin for layer in layers]),
        wide([layer.sway for layer in layers]),
    )


def _places(roster: ParticleTable, seed: Tensor, time_s: Tensor) -> tuple[Tensor, Tensor]:
    """Where all spots are, x and y (B, N) float32 pixels: each somewhere in its cell of a grid that moves."""
    r = roster
    blown = r.velocity * time_s[:, None, None]  # (B, L, 2)
    first = torch.floor((-r.margin - blown) / r.cell).long()  # whole cells since the beginning of time
    cell = first[:, r.layer] + r.local
    luck = _luck(seed, r.layer, cell)
    place = (cell + luck[..., :2]) * r.cell[r.layer] + blown[:, r.layer] + r.shift
    turns = time_s[:, None] * (3 / fields.LOOP_S) + luck[..., 2]  # sways three times in the waves' period
    x = place[..., 0] + r.sway[r.layer] * torch.sin(2 * math.pi * (turns % 1))
    return x.float(), place[..., 1].float()


def _luck(seed: Tensor, layer: Tensor, cell: Tensor) -> Tensor:
    """(B, N, 3) float64 in 0..1 of the particles in cells (B, N, 2) of layers (N,): each cell's own, for good."""
    if cell.device.type == "cpu":  # forty operations on so few numbers cost numpy a quarter of what they cost torch
        column, row = cell[..., 0].numpy(), cell[..., 1].numpy()
        luck = torch.from_numpy(_mixed(_mixed(_mixed(seed.numpy()[:, None] * 64 + layer.numpy()) + column) + row))
    else:
        luck = _mixed(_mixed(_mixed(seed[:, None] * 64 + layer) + cell[..., 0]) + cell[..., 1])
    return torch.stack([_uniform(luck, i) for i in range(3)], -1)


Integers = TypeVar("Integers", Tensor, np.ndarray)


def _mixed(value: Integers) -> Integers:
    """A bijection of 64-bit integers that looks random (Stafford's variant 13 of MurmurHash3's finaliser)."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        value = (value ^ (value >> shift & (1 << (64 - shift)) - 1)) * factor
    return value ^ (value >> 31 & (1 << 33) - 1)


def _uniform(luck: Tensor, which: int) -> Tensor:
    """The first, second or third 21 of 64 bits as float64 in 0..1."""
    return (luck >> (21 * which) & (1 << 21) - 1).double() / (1 << 21)


def _profile(centre: Tensor, radius: Tensor, length: int) -> Tensor:
    """(B, N) -> (B, N, length) of exp(-(distance / radius)^2) along one axis."""
    inverse = 1 / radius
    pixel = torch.arange(length, device=centre.device, dtype=torch.float32) + 0.5
    away = (pixel - centre[..., None]) * inverse[:, None]
    return away.clamp_(-4, 4).square_().neg_().exp_()  # beyond lie denormal numbers, which are slow


def _caustics(time_s: Tensor, height: int, width: int) -> Tensor:
    """(B, H, W): bright where some of the travelling waves cancel."""
    across, down = fields.wave_phases(time_s, height, width)
    which, share = web(time_s.device)
    x, y = across[:, which], down[:, which]
    rows = torch.cat([share * y.cos(), share * y.sin()], 1)
    total = rows.mT @ torch.cat([x.sin(), x.cos()], 1)  # sin(x + y), a product of matrices too
    return (1 - 1.15 * total.abs()).clamp_(0, 1).square_().square_()


@functools.cache
def web(device: torch.device) -> tuple[Tensor, Tensor]:
    """(4,) which of the waves, (4, 1) their shares."""
    which, share = zip(*_WEB, strict=True)
    return torch.tensor(which, device=device), torch.tensor(share, device=device)[:, None]
