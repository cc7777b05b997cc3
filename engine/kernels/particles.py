"""The weather of a frame in two launches, where plain torch takes some fifty small ones.

First where every spot of light is, in float64 and integers as the twin does it; then the planes, tile by tile: a
Gaussian spot is the product of one profile across and one down, so a tile of a plane is a product of matrices over the
plane's spots. The twin is `engine.models.particles.weather`.

Legend: B batch, N spots of light, L layers, H height, W width in pixels.
"""

from __future__ import annotations

import math

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check
from engine.models import fields
from engine.models.particles import ParticleTable, web

TURN = tl.constexpr(2 * math.pi)
LOOP = tl.constexpr(fields.LOOP_S)
SWAYS = tl.constexpr(3 / fields.LOOP_S)
"""Sways a second."""
ROWS, COLUMNS, SPOTS = 16, 64, 32


@triton.jit
def _mixed(value):
    """`engine.models.particles._mixed`, on unsigned integers, whose shifts bring in zeros."""
    value = (value ^ (value >> 30)) * tl.full((1,), 0xBF58476D1CE4E5B9, tl.uint64)
    value = (value ^ (value >> 27)) * tl.full((1,), 0x94D049BB133111EB, tl.uint64)
    return value ^ (value >> 31)


@triton.jit
def _uniform(luck, shift: tl.constexpr):
    return ((luck >> shift) & 0x1FFFFF).to(tl.float64) / 2097152


@triton.jit
def _place(
    seed, clock, layer, local, shift, cell, velocity, margin, sway, places, spots, seed_pitch, BLOCK: tl.constexpr
):  # fmt: skip
    sample = tl.program_id(1)
    spot = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = spot < spots
    time = tl.load(clock + sample)
    own_seed = tl.load(seed + sample * seed_pitch) & 0x7FFFFFFFFFFFFFFF
    depth = tl.load(layer + spot, inside, 0)
    side = tl.load(cell + depth, inside, 1.0)
    blown_x = tl.load(velocity + 2 * depth, inside, 0.0) * time
    blown_y = tl.load(velocity + 2 * depth + 1, inside, 0.0) * time
    first_x = tl.floor((-tl.load(margin + 2 * depth, inside, 0.0) - blown_x) / side).to(tl.int64)
    first_y = tl.floor((-tl.load(margin + 2 * depth + 1, inside, 0.0) - blown_y) / side).to(tl.int64)
    column = first_x + tl.load(local + 2 * spot, inside, 0)
    row = first_y + tl.load(local + 2 * spot + 1, inside, 0)
    luck = _mixed((own_seed * 64 + depth).to(tl.uint64))
    luck = _mixed(_mixed(luck + column.to(tl.uint64)) + row.to(tl.uint64))
    x = (column.to(tl.float64) + _uniform(luck, 0)) * side + blown_x + tl.load(shift + 2 * spot, inside, 0.0)
    y = (row.to(tl.float64) + _uniform(luck, 21)) * side + blown_y + tl.load(shift + 2 * spot + 1, inside, 0.0)
    turns = time * SWAYS + _uniform(luck, 42)
    x += tl.load(sway + depth, inside, 0.0) * tl.sin((turns - tl.floor(turns)) * TURN)
    at = places + (sample * spots + spot) * 2
    tl.store(at, x.to(tl.float32), inside)
    tl.store(at + 1, y.to(tl.float32), inside)


@triton.jit
def _profile(pixel, centre, radius):
    away = tl.minimum(tl.maximum((pixel - centre) / radius, -4.0), 4.0)
    return tl.exp(-away * away)


@triton.jit
def _paint(
    places, radius, light, starts, waves, which, shares, clock, planes, spots, height, width,
    PARTICLE_KINDS: tl.constexpr, WEB: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, SPOTS: tl.constexpr,
):  # fmt: skip
    kind, sample = tl.program_id(1), tl.program_id(2).to(tl.int64)
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    if kind < PARTICLE_KINDS - 1:
        last = tl.load(starts + kind + 1)
        for start in range(tl.load(starts + kind), last, SPOTS):
            a = start + tl.arange(0, SPOTS)[None, :]
            b = start + tl.arange(0, SPOTS)[:, None]
            at_a, at_b = places + (sample * spots + a) * 2, places + (sample * spots + b) * 2
            down = _profile(row + 0.5, tl.load(at_a + 1, a < last, 0.0), tl.load(radius + 2 * a + 1, a < last, 1.0))
            across = _profile(column + 0.5, tl.load(at_b, b < last, 0.0), tl.load(radius + 2 * b, b < last, 1.0))
            total += tl.dot(down * tl.load(light + a, a < last, 0.0), across, input_precision="ieee")
    else:
        time = tl.load(clock + sample + tl.zeros((1, 1), tl.int32))
        loop = (time - tl.floor(time / LOOP) * LOOP).to(tl.float32)
        for i in tl.static_range(WEB):
            wave = waves + 4 * tl.load(which + i)
            phase = tl.load(wave) * (column - width / 2) + tl.load(wave + 1) + loop * tl.load(wave + 3)
            total += tl.load(shares + i) * tl.sin(phase + tl.load(wave + 2) * (row - height / 2))
        total = tl.minimum(tl.maximum(1 - 1.15 * tl.abs(total), 0.0), 1.0)
        total = total * total * total * total
    inside = (row < height) & (column < width)
    at = planes + ((sample * PARTICLE_KINDS + kind) * height + row) * width + column
    tl.store(at, tl.minimum(tl.maximum(total, 0.0), 1.0), inside)


def fill_particles(counter: Tensor, clock: Tensor, spots: ParticleTable, planes: Tensor) -> None:
    """Fill `planes` (B, 6, H, W) float32 with the weather of counter (B, 2) int64, whose first is the seed, at `clock`.

    clock (B,) float64 seconds; spots: of the picture's size, on the device.
    """
    check(counter, clock, planes, spots.layer, spots.local, spots.shift, spots.radius, spots.light)
    b, kinds, height, width = planes.shape
    count = len(spots.layer)
    places = planes.new_empty(b, count, 2)
    _place[(triton.cdiv(count, 128), b)](
        counter, clock, spots.layer, spots.local, spots.shift, spots.cell, spots.velocity, spots.margin, spots.sway,
        places, count, counter.shape[1], 128,
    )  # fmt: skip
    which, shares = web(planes.device)
    tiles = triton.cdiv(height, ROWS) * triton.cdiv(width, COLUMNS)
    _paint[(tiles, kinds, b)](
        places, spots.radius, spots.light, spots.starts, fields.wave_table(planes.device), which, shares, clock, planes,
        count, height, width, kinds, len(which), ROWS, COLUMNS, SPOTS,
    )  # fmt: skip
