"""The two ends of a frame: noise and pictures into what the first layer sees, the last layer's answer into a picture.

Pictures stay uint8 (B, H, W, 3) of their true size in memory: a kernel that reads beyond an edge reads the edge again,
which is how `pad_picture` fills up to whole multiples of 32. The twins are in `engine/kernels/twins.py`.

Legend: B batch, H height, W width in pixels; h, w those of the padded picture divided by 4.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check

ROWS = 8
"""Positions of 4x4 pixels that a program takes; half as many where each has several hundred values."""
PIXELS = tl.constexpr(48)
"""Values of a position in one picture."""


@triton.jit
def _words(c0, key0, c3):
    """Philox-4x64 with ten rounds (Salmon et al. 2011): four words of 64 bits a block."""
    zero = tl.zeros_like(c0)
    c1, c2, key1 = zero, zero, zero
    m0 = zero + tl.full((1,), 0xD2E7470EE14C6C93, tl.uint64)
    m1 = zero + tl.full((1,), 0xCA5A826395121157, tl.uint64)
    for _ in tl.static_range(10):
        high0, high1 = tl.umulhi(m0, c0), tl.umulhi(m1, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, m1 * c2, high0 ^ c3 ^ key1, m0 * c0
        key0 += tl.full((1,), 0x9E3779B97F4A7C15, tl.uint64)
        key1 += tl.full((1,), 0xBB67AE8584CAA73B, tl.uint64)
    return c0, c1, c2, c3


@triton.jit
def _value(table, word, shift, inside):
    """The table's value of sixteen of a word's bits."""
    few = tl.zeros_like(word) + 0xFFFF
    return tl.load(table + ((word >> shift) & few).to(tl.int32), inside)


@triton.jit
def _noise(counter, tables, noise, blocks, BLOCK: tl.constexpr):
    """Each block's sixteen values: those of the frame before all frames, and those of this one."""
    sample = tl.program_id(1)
    block = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = block < blocks
    zero = tl.zeros_like(block).to(tl.uint64)
    key = zero + tl.load(counter + 2 * sample).to(tl.uint64)
    index = zero + tl.load(counter + 2 * sample + 1).to(tl.uint64)
    count = (block + 1).to(tl.uint64)  # numpy counts on before it draws
    a0, a1, a2, a3 = _words(count, key, zero + tl.full((1,), 0xFFFFFFFFFFFFFFFF, tl.uint64))
    b0, b1, b2, b3 = _words(count, key, index)
    out = noise + sample.to(tl.int64) * blocks * 16 + block * 16
    fresh = tables + 65536
    for part in tl.static_range(4):
        shift = zero + 16 * part
        tl.store(out + part, _value(tables, a0, shift, inside) + _value(fresh, b0, shift, inside), inside)
        tl.store(out + 4 + part, _value(tables, a1, shift, inside) + _value(fresh, b1, shift, inside), inside)
        tl.store(out + 8 + part, _value(tables, a2, shift, inside) + _value(fresh, b2, shift, inside), inside)
        tl.store(out + 12 + part, _value(tables, a3, shift, inside) + _value(fresh, b3, shift, inside), inside)


def fill_noise(counter: Tensor, tables: Tensor, out: Tensor) -> None:
    """Fill `out` (B, h, w, 48) float32 with the noise of counter (B, 2) int64, seed and source frame index.

    tables (2, 65536) float32 are `sampler.noise_tables`. Equal to `sampler.noise_patches`, bit for bit.
    """
    check(counter, tables, out)
    blocks = out[0].numel() // 16
    _noise[(triton.cdiv(blocks, 128), out.shape[0])](counter, tables, out, blocks, 128)


@triton.jit
def _pixels(picture, position, value, inside, wide, height, width):
    """A picture's values, -1..1: value 0..47 of a position is colour, row and column; the edge goes on outwards."""
    y = tl.minimum(position // wide * 4 + value % 16 // 4, height - 1)
    x = tl.minimum(position % wide * 4 + value % 4, width - 1)
    byte = tl.load(picture + (y * width + x) * 3 + value // 16, inside, 0)
    return byte.to(tl.float32) * (1 / 127.5) - 1


@triton.jit
def _light(weather, sample, position, value, wide, positions, AIR: tl.constexpr):
    """Where the weather's planes (B, AIR, 4 h, 4 w) hold a value of a position: kind, row and column."""
    y = position // wide * 4 + value % 16 // 4
    x = position % wide * 4 + value % 4
    return weather + (sample * AIR + value // 16) * positions * 16 + y * wide * 4 + x


@triton.jit
def _assemble_input(
    noisy, camera, last, before, weather, planes, waves, dials, seen, positions, wide, height, width,
    AIR: tl.constexpr, PLANES: tl.constexpr, WAVES: tl.constexpr, DIALS: tl.constexpr, COLUMNS: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    sample = tl.program_id(1).to(tl.int64)
    position = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, BLOCK)[None, :]
    inside = position < positions
    value = column % PIXELS
    picture = column // PIXELS
    area = sample * height * width * 3
    dials += sample * DIALS + tl.zeros((1, 1), tl.int32)
    clock, interval = tl.load(dials), tl.load(dials + 1)
    last_level, before_level = tl.load(dials + 2), tl.load(dials + 3)

    is_noisy = inside & (picture == 0)
    total = tl.load(noisy + (sample * positions + position) * PIXELS + value, is_noisy, 0.0)
    is_camera = inside & (picture == 1)
    total = tl.where(is_camera, _pixels(camera + area, position, value, is_camera, wide, height, width), total)
    is_last = inside & (picture == 2) & (last_level < 1)
    total = tl.where(is_last, _pixels(last + area, position, value, is_last, wide, height, width), total)
    is_before = inside & (picture == 3) & (before_level < 1)
    total = tl.where(is_before, _pixels(before + area, position, value, is_before, wide, height, width), total)

    air = column - 4 * PIXELS
    is_air = inside & (air >= 0) & (air < 16 * AIR)
    total += tl.load(_light(weather, sample, position, air, wide, positions, AIR), is_air, 0.0)

    plane = air - 16 * AIR
    is_plane = inside & (plane >= 0) & (plane < PLANES)
    total += tl.load(planes + position * PLANES + plane, is_plane, 0.0)
    state = plane - PLANES - WAVES
    total = tl.where(state == 0, last_level, total)
    total = tl.where(state == 1, before_level, total)
    total = tl.where(state == 2, tl.minimum(tl.maximum(interval * 12, 0.0), 2.0), total)
    out = seen + (sample * positions + position) * COLUMNS
    element: tl.constexpr = seen.dtype.element_ty
    elsewhere = inside & (column < COLUMNS) & ((plane < PLANES) | (state >= 0))
    tl.store(out + column, total.to(element), elsewhere)

    wave = tl.arange(0, WAVES)[None, :]  # a tile of its own: a sine costs more than all the rest
    at = waves + wave * 4
    y = position // wide * 4 + 1.5 - tl.cdiv(height, 32) * 16.0
    x = position % wide * 4 + 1.5 - wide * 2.0
    phase = tl.load(at) * x + tl.load(at + 1) + tl.load(at + 2) * y + tl.load(at + 3) * clock
    tl.store(out + 4 * PIXELS + 16 * AIR + PLANES + wave, tl.sin(phase).to(element), inside)


def assemble_input(
    noisy: Tensor,
    camera: Tensor,
    last: Tensor,
    before: Tensor,
    air: Tensor,
    planes: Tensor,
    waves: Tensor,
    dials: Tensor,
    seen: Tensor,
) -> None:
    """Fill `seen` (B, h, w, K) with what the first layer sees; K may be wider than that, the rest is zero.

    noisy (B, h, w, 48) float32; camera, last and before (B, H, W, 3) uint8; air (B, 6, 4 h, 4 w) float32, the weather;
    planes (h, w, 10) float32, place and lattice; waves (8, 4) float32: radians per pixel of x, offset, per pixel of y
    and per second; dials (B, ...) float32: clock and interval in seconds, noise level of last and of before (1: there
    is none).
    """
    check(noisy, camera, last, before, air, planes, waves, dials, seen)
    b, h, w, columns = seen.shape
    block = triton.next_power_of_2(columns)
    _assemble_input[(triton.cdiv(h * w, ROWS // 2), b)](
        noisy, camera, last, before, air, planes, waves, dials, seen, h * w, w, camera.shape[1], camera.shape[2],
        air.shape[1], planes.shape[-1], waves.shape[0], dials.shape[-1], columns, ROWS // 2, block,
    )  # fmt: skip


@triton.jit
def _compose_step(
    head, bias, camera, last, before, weather, noisy, dials, ratio, positions, wide, height, width,
    AIR: tl.constexpr, COLUMNS: tl.constexpr, DIALS: tl.constexpr, FINAL: tl.constexpr, ROWS: tl.constexpr,
):  # fmt: skip
    sample = tl.program_id(1).to(tl.int64)
    position = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    value = tl.arange(0, 64)[None, :]
    inside = (position < positions) & (value < PIXELS)
    camera += sample * height * width * 3
    last += sample * height * width * 3
    before += sample * height * width * 3
    colour = value // 16
    answer = head + (sample * positions + position) * COLUMNS
    gains = answer + PIXELS + colour
    tints = bias + PIXELS + colour
    clean = tl.load(answer + value, inside, 0.0).to(tl.float32) + tl.load(bias + value, inside, 0.0).to(tl.float32)
    turn = tl.load(gains, inside, 0.0).to(tl.float32) + tl.load(tints, inside, 0.0).to(tl.float32)
    dye = tl.load(gains + 3, inside, 0.0).to(tl.float32) + tl.load(tints + 3, inside, 0.0).to(tl.float32)
    keep = tl.load(gains + 6, inside, 0.0).to(tl.float32) + tl.load(tints + 6, inside, 0.0).to(tl.float32)
    pixel = value % 16
    red = _pixels(camera, position, pixel, inside, wide, height, width)
    green = _pixels(camera, position, pixel + 16, inside, wide, height, width)
    blue = _pixels(camera, position, pixel + 32, inside, wide, height, width)
    own = tl.where(colour == 0, red, tl.where(colour == 1, green, blue))
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    there = inside & (tl.load(dials + sample * DIALS + 2 + tl.zeros((1, 1), tl.int32)) < 1)
    past = tl.where(there, _pixels(last, position, value, there, wide, height, width), 0.0)
    clean += own * (1 + turn) + dye * grey + keep * past
    for kind in tl.static_range(AIR):
        at = PIXELS + 9 + colour * AIR + kind
        glow = tl.load(answer + at, inside, 0.0).to(tl.float32) + tl.load(bias + at, inside, 0.0).to(tl.float32)
        light = _light(weather, sample, position, pixel + 16 * kind, wide, positions, AIR)
        clean += glow * tl.load(light, inside, 0.0)
    if FINAL:
        y = position // wide * 4 + pixel // 4
        x = position % wide * 4 + pixel % 4
        shown = inside & (y < height) & (x < width)
        byte = (y * width + x) * 3 + colour
        # A pixel belongs to one program, so the past moves up in place; threads may deal pixels out anew in between.
        tl.store(before + byte, tl.load(last + byte, shown, 0), shown)
        made = tl.minimum(tl.maximum(clean * 127.5 + 128.0, 0.0), 255.0)
        tl.debug_barrier()
        tl.store(last + byte, made.to(tl.int32).to(tl.uint8), shown)
    else:
        own_noise = noisy + (sample * positions + position) * PIXELS + value
        tl.store(own_noise, clean + ratio * (tl.load(own_noise, inside, 0.0) - clean), inside)


def compose_step(
    head: Tensor,
    bias: Tensor,
    camera: Tensor,
    last: Tensor,
    before: Tensor,
    air: Tensor,
    noisy: Tensor,
    dials: Tensor,
    ratio: float,
) -> None:
    """What the last layer said, head (B, h, w, at least 75) + bias (75,), becomes a clean frame; a step is taken to it.

    ratio: the next noise level over this one. At 0 the frame is done: `before` becomes `last`, `last` the new picture
    (B, H, W, 3) uint8. Else `noisy` (B, h, w, 48) is denoised in place. dials as in `see`.
    """
    check(head, bias, camera, last, before, air, noisy, dials)
    b, h, w, columns = head.shape
    _compose_step[(triton.cdiv(h * w, ROWS), b)](
        head, bias, camera, last, before, air, noisy, dials, ratio, h * w, w, camera.shape[1], camera.shape[2],
        air.shape[1], columns, dials.shape[-1], ratio == 0, ROWS,
    )  # fmt: skip
