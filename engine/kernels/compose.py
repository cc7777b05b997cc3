"""From the last layer's output to a clean frame, and a denoising step to it, in one launch.

The twin is in `engine/kernels/twins.py`, the network's own way is `engine.models.hourglass.compose_output`.

Legend: B batch, H height, W width in pixels; h, w those of the padded picture divided by 4; A kinds of particles.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check
from engine.kernels.pixels import PIXELS, ROWS, particle_pointers, picture_values
from engine.models.hourglass import LUMINANCE

RED, GREEN, BLUE = map(tl.constexpr, LUMINANCE)


@triton.jit
def _compose_step(
    head, bias, camera, last, before, particles, noisy, scalars, ratio, positions, wide, height, width,
    KINDS: tl.constexpr, COLUMNS: tl.constexpr, SCALARS: tl.constexpr, FINAL: tl.constexpr, ROWS: tl.constexpr,
):  # fmt: skip
    sample = tl.program_id(1).to(tl.int64)
    position = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    value = tl.arange(0, 64)[None, :]
    inside = (position < positions) & (value < PIXELS)
    camera += sample * height * width * 3
    last += sample * height * width * 3
    before += sample * height * width * 3
    colour = value // 16
    output = head + (sample * positions + position) * COLUMNS
    gains = output + PIXELS + colour
    biases = bias + PIXELS + colour
    clean = tl.load(output + value, inside, 0.0).to(tl.float32) + tl.load(bias + value, inside, 0.0).to(tl.float32)
    on_own = tl.load(gains, inside, 0.0).to(tl.float32) + tl.load(biases, inside, 0.0).to(tl.float32)
    on_luminance = tl.load(gains + 3, inside, 0.0).to(tl.float32) + tl.load(biases + 3, inside, 0.0).to(tl.float32)
    on_last = tl.load(gains + 6, inside, 0.0).to(tl.float32) + tl.load(biases + 6, inside, 0.0).to(tl.float32)
    pixel = value % 16
    red = picture_values(camera, position, pixel, inside, wide, height, width)
    green = picture_values(camera, position, pixel + 16, inside, wide, height, width)
    blue = picture_values(camera, position, pixel + 32, inside, wide, height, width)
    own = tl.where(colour == 0, red, tl.where(colour == 1, green, blue))
    luminance = RED * red + GREEN * green + BLUE * blue
    has_last = inside & (tl.load(scalars + sample * SCALARS + 2 + tl.zeros((1, 1), tl.int32)) < 1)
    past = tl.where(has_last, picture_values(last, position, value, has_last, wide, height, width), 0.0)
    clean += own * (1 + on_own) + on_luminance * luminance + on_last * past
    for kind in tl.static_range(KINDS):
        at = PIXELS + 9 + colour * KINDS + kind
        on_kind = tl.load(output + at, inside, 0.0).to(tl.float32) + tl.load(bias + at, inside, 0.0).to(tl.float32)
        of_kind = particle_pointers(particles, sample, position, pixel + 16 * kind, wide, positions, KINDS)
        clean += on_kind * tl.load(of_kind, inside, 0.0)
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
    particles: Tensor,
    noisy: Tensor,
    scalars: Tensor,
    ratio: float,
) -> None:
    """Compose the clean frame of the last layer's output, head (B, h, w, at least 75) + bias (75,), and step to it.

    ratio: the next noise level over this one. At 0 the frame is done: `before` becomes `last`, `last` the new picture
    (B, H, W, 3) uint8. Else `noisy` (B, h, w, 48) float32 is denoised in place. camera (B, H, W, 3) uint8; particles
    (B, A, 4 h, 4 w) float32, 0..1; scalars as in `assemble_input`.
    """
    check(head, bias, camera, last, before, particles, noisy, scalars)
    b, h, w, columns = head.shape
    _compose_step[(triton.cdiv(h * w, ROWS), b)](
        head, bias, camera, last, before, particles, noisy, scalars, ratio, h * w, w, camera.shape[1], camera.shape[2],
        particles.shape[1], columns, scalars.shape[-1], ratio == 0, ROWS,
    )  # fmt: skip
