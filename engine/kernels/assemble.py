"""The first layer's input, assembled from noise, pictures, particles and fields in one launch.

The twin is in `engine/kernels/twins.py`, the network's own way is `Hourglass.assemble_input`.

Legend: B batch, H height, W width in pixels; h, w those of the padded picture divided by 4; A kinds of particles; K
values of a position, of which the last may be padding.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check
from engine.kernels.pixels import PIXELS, ROWS, particle_pointers, picture_values


@triton.jit
def _assemble_input(
    noisy, camera, last, before, particles, still, waves, scalars, assembled, positions, wide, height, width,
    KINDS: tl.constexpr, STILL: tl.constexpr, WAVES: tl.constexpr, SCALARS: tl.constexpr, COLUMNS: tl.constexpr,
    ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    sample = tl.program_id(1).to(tl.int64)
    position = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    column = tl.arange(0, BLOCK)[None, :]
    inside = position < positions
    value = column % PIXELS
    picture = column // PIXELS
    area = sample * height * width * 3
    scalars += sample * SCALARS + tl.zeros((1, 1), tl.int32)
    clock, interval = tl.load(scalars), tl.load(scalars + 1)
    last_level, before_level = tl.load(scalars + 2), tl.load(scalars + 3)

    is_noisy = inside & (picture == 0)
    total = tl.load(noisy + (sample * positions + position) * PIXELS + value, is_noisy, 0.0)
    is_camera = inside & (picture == 1)
    from_camera = picture_values(camera + area, position, value, is_camera, wide, height, width)
    total = tl.where(is_camera, from_camera, total)
    is_last = inside & (picture == 2) & (last_level < 1)
    total = tl.where(is_last, picture_values(last + area, position, value, is_last, wide, height, width), total)
    is_before = inside & (picture == 3) & (before_level < 1)
    total = tl.where(is_before, picture_values(before + area, position, value, is_before, wide, height, width), total)

    particle = column - 4 * PIXELS
    is_particle = inside & (particle >= 0) & (particle < 16 * KINDS)
    total += tl.load(particle_pointers(particles, sample, position, particle, wide, positions, KINDS), is_particle, 0.0)

    field = particle - 16 * KINDS
    is_still = inside & (field >= 0) & (field < STILL)
    total += tl.load(still + position * STILL + field, is_still, 0.0)
    state = field - STILL - WAVES
    total = tl.where(state == 0, last_level, total)
    total = tl.where(state == 1, before_level, total)
    total = tl.where(state == 2, tl.minimum(tl.maximum(interval * 12, 0.0), 2.0), total)
    out = assembled + (sample * positions + position) * COLUMNS
    element: tl.constexpr = assembled.dtype.element_ty
    elsewhere = inside & (column < COLUMNS) & ((field < STILL) | (state >= 0))
    tl.store(out + column, total.to(element), elsewhere)

    wave = tl.arange(0, WAVES)[None, :]  # a tile of its own: a sine costs more than all the rest
    at = waves + wave * 4
    y = position // wide * 4 + 1.5 - tl.cdiv(height, 32) * 16.0
    x = position % wide * 4 + 1.5 - wide * 2.0
    phase = tl.load(at) * x + tl.load(at + 1) + tl.load(at + 2) * y + tl.load(at + 3) * clock
    tl.store(out + 4 * PIXELS + 16 * KINDS + STILL + wave, tl.sin(phase).to(element), inside)


def assemble_input(
    noisy: Tensor,
    camera: Tensor,
    last: Tensor,
    before: Tensor,
    particles: Tensor,
    still: Tensor,
    waves: Tensor,
    scalars: Tensor,
    assembled: Tensor,
) -> None:
    """Fill `assembled` (B, h, w, K) with the first layer's input; K may be wider than that, the rest is zero.

    noisy (B, h, w, 48) float32; camera, last and before (B, H, W, 3) uint8; particles (B, A, 4 h, 4 w) float32, 0..1;
    still (h, w, 10) float32, coordinates and lattice; waves (8, 4) float32, `fields.wave_table`; scalars (B, 4 or more)
    float32: clock and interval in seconds, noise level of last and of before (1: there is none).
    """
    check(noisy, camera, last, before, particles, still, waves, scalars, assembled)
    b, h, w, columns = assembled.shape
    block = triton.next_power_of_2(columns)
    _assemble_input[(triton.cdiv(h * w, ROWS // 2), b)](
        noisy, camera, last, before, particles, still, waves, scalars, assembled, h * w, w, camera.shape[1],
        camera.shape[2], particles.shape[1], still.shape[-1], waves.shape[0], scalars.shape[-1], columns, ROWS // 2,
        block,
    )  # fmt: skip
