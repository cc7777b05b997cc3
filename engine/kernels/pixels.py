"""How the kernels at the two ends of a frame read pictures and particles: patch by patch, as the network sees them.

Pictures stay uint8 (B, H, W, 3) of their true size in memory: a kernel that reads beyond an edge reads the edge again,
which is how `pad_picture` fills up to whole multiples of 32.

Legend: B batch, H height, W width in pixels; h, w those of the padded picture divided by 4; A kinds of particles.
"""

from __future__ import annotations

import triton
import triton.language as tl

from engine.models.hourglass import PATCH_CHANNELS

ROWS = 8
"""Positions of 4x4 pixels that a program takes; half as many where each has several hundred values."""
PIXELS = tl.constexpr(PATCH_CHANNELS)
"""Values of a position in one picture."""


@triton.jit
def picture_values(picture, position, value, inside, wide, height, width):
    """A picture's values, -1..1: value 0..47 of a position is colour, row and column; the edge goes on outwards."""
    y = tl.minimum(position // wide * 4 + value % 16 // 4, height - 1)
    x = tl.minimum(position % wide * 4 + value % 4, width - 1)
    byte = tl.load(picture + (y * width + x) * 3 + value // 16, inside, 0)
    return byte.to(tl.float32) * (1 / 127.5) - 1


@triton.jit
def particle_pointers(particles, sample, position, value, wide, positions, KINDS: tl.constexpr):
    """Where the planes of particles (B, A, 4 h, 4 w) hold a value of a position: kind, row and column."""
    y = position // wide * 4 + value % 16 // 4
    x = position % wide * 4 + value % 4
    return particles + (sample * KINDS + value // 16) * positions * 16 + y * wide * 4 + x
