"""A frame's planes of particles in two launches, where plain torch takes some fifty small ones.

First where every spot of light is, in float64 and integers as the twin does it; then the planes, tile by tile: a
Gaussian spot is the product of one profile across and one down, so a tile of a plane is a product of matrices over the
plane's spots. The twin is `engine.models.particles.particle_planes`.

Legend: B batch, A kinds of particles, N spots of light, L layers, H height, W width in pixels.
"""

from __future__ import annotations

import math

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check
from engine.models import fields
from engine.models.particles import SWAYS_PER_LOOP, ParticleTable, caustic_waves

TWO_PI = tl.constexpr(2 * math.pi)
LOOP = tl.constexpr(fields.LOOP_S)
"""Seconds after which the travelling waves repeat."""
SWAYS = tl.constexpr(SWAYS_PER_LOOP / fields.LOOP_S)
"""Sways a second."""
ROWS, COLUMNS, SPOTS = 16, 64, 32
"""Pixels down and across that a program paints, and the spots that it takes at a time."""
BLOCK = 128
"""Spots that a program places."""


@triton.jit
def _hashed(value):
    """`engine.models.particles._hashed`, on unsigned integers, whose shifts bring in zeros."""
    value = (value ^ (value >> 30)) * tl.full((1,), 0xBF58476D1CE4E5B9, tl.uint64)
    value = (value ^ (value >> 27)) * tl.full((1,), 0x94D049BB133111EB, tl.uint64)
    return value ^ (value >> 31)


@triton.jit
def _uniform(bits, shift: tl.constexpr):
    """21 of 64 random bits as float64 in 0..1."""
    return ((bits >> shift) & 0x1FFFFF).to(tl.float64) / 2097152


@triton.jit
def _locate_spots(
    seed, clock, layer, local, shift, cell, velocity, margin, sway, centres, spots, seed_pitch, BLOCK: tl.constexpr
):  # fmt: skip
    sample = tl.program_id(1)
    spot = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = spot < spots
    time = tl.load(clock + sample)
    own_seed = tl.load(seed + sample * seed_pitch) & 0x7FFFFFFFFFFFFFFF
    depth = tl.load(layer + spot, inside, 0)
    side = tl.load(cell + depth, inside, 1.0)
    drift_x = tl.load(velocity + 2 * depth, inside, 0.0) * time
    drift_y = tl.load(velocity + 2 * depth + 1, inside, 0.0) * time
    first_x = tl.floor((-tl.load(margin + 2 * depth, inside, 0.0) - drift_x) / side).to(tl.int64)
    first_y = tl.floor((-tl.load(margin + 2 * depth + 1, inside, 0.0) - drift_y) / side).to(tl.int64)
    column = first_x + tl.load(local + 2 * spot, inside, 0)
    row = first_y + tl.load(local + 2 * spot + 1, inside, 0)
    bits = _hashed((own_seed * 64 + depth).to(tl.uint64))
    bits = _hashed(_hashed(bits + column.to(tl.uint64)) + row.to(tl.uint64))
    x = (column.to(tl.float64) + _uniform(bits, 0)) * side + drift_x + tl.load(shift + 2 * spot, inside, 0.0)
    y = (row.to(tl.float64) + _uniform(bits, 21)) * side + drift_y + tl.load(shift + 2 * spot + 1, inside, 0.0)
    cycles = time * SWAYS + _uniform(bits, 42)
    x += tl.load(sway + depth, inside, 0.0) * tl.sin((cycles - tl.floor(cycles)) * TWO_PI)
    at = centres + (sample * spots + spot) * 2
    tl.store(at, x.to(tl.float32), inside)
    tl.store(at + 1, y.to(tl.float32), inside)


@triton.jit
def _profile(pixel, centre, radius):
    """exp(-(distance / radius)^2) along one axis."""
    away = tl.minimum(tl.maximum((pixel - centre) / radius, -4.0), 4.0)
    return tl.exp(-away * away)


@triton.jit
def _paint_planes(
    centres, radius, light, starts, waves, which, shares, clock, planes, spots, height, width,
    KINDS: tl.constexpr, WAVES: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, SPOTS: tl.constexpr,
):  # fmt: skip
    kind, sample = tl.program_id(1), tl.program_id(2).to(tl.int64)
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    if kind < KINDS - 1:
        last = tl.load(starts + kind + 1)
        for start in range(tl.load(starts + kind), last, SPOTS):
            a = start + tl.arange(0, SPOTS)[None, :]
            b = start + tl.arange(0, SPOTS)[:, None]
            at_a, at_b = centres + (sample * spots + a) * 2, centres + (sample * spots + b) * 2
            down = _profile(row + 0.5, tl.load(at_a + 1, a < last, 0.0), tl.load(radius + 2 * a + 1, a < last, 1.0))
            across = _profile(column + 0.5, tl.load(at_b, b < last, 0.0), tl.load(radius + 2 * b, b < last, 1.0))
            total += tl.dot(down * tl.load(light + a, a < last, 0.0), across, input_precision="ieee")
    else:  # the caustics
        time = tl.load(clock + sample + tl.zeros((1, 1), tl.int32))
        loop = (time - tl.floor(time / LOOP) * LOOP).to(tl.float32)
        for i in tl.static_range(WAVES):
            wave = waves + 4 * tl.load(which + i)
            phase = tl.load(wave) * (column - width / 2) + tl.load(wave + 1) + loop * tl.load(wave + 3)
            total += tl.load(shares + i) * tl.sin(phase + tl.load(wave + 2) * (row - height / 2))
        total = tl.minimum(tl.maximum(1 - 1.15 * tl.abs(total), 0.0), 1.0)
        total = total * total * total * total
    inside = (row < height) & (column < width)
    at = planes + ((sample * KINDS + kind) * height + row) * width + column
    tl.store(at, tl.minimum(tl.maximum(total, 0.0), 1.0), inside)


def fill_particles(counter: Tensor, clock: Tensor, table: ParticleTable, planes: Tensor) -> None:
    """Fill `planes` (B, A, H, W) float32, 0..1, with the particles of a seed at a time.

    counter (B, 2) int64, whose first is the seed; clock (B,) float64 seconds; table: of the picture's size, on the
    device.
    """
    check(counter, clock, planes, table.layer, table.local, table.shift, table.radius, table.light)
    b, kinds, height, width = planes.shape
    count = len(table.layer)
    centres = planes.new_empty(b, count, 2)
    _locate_spots[(triton.cdiv(count, BLOCK), b)](
        counter, clock, table.layer, table.local, table.shift, table.cell, table.velocity, table.margin, table.sway,
        centres, count, counter.shape[1], BLOCK,
    )  # fmt: skip
    which, shares = caustic_waves(planes.device)
    tiles = triton.cdiv(height, ROWS) * triton.cdiv(width, COLUMNS)
    _paint_planes[(tiles, kinds, b)](
        centres, table.radius, table.light, table.starts, fields.wave_table(planes.device), which, shares, clock,
        planes, count, height, width, kinds, len(which), ROWS, COLUMNS, SPOTS,
    )  # fmt: skip
