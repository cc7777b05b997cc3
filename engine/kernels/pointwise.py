"""Kernels between the convolutions, one pass over memory each: modulate and activate, add, begin a level.

A convolution is called without its bias, which would be a pass of its own; the kernel behind it adds the bias. All
arithmetic is float32, whatever the tensors are. The twins are in `engine/kernels/twins.py`.

Legend: B batch, P prompts, h and w positions of a level, C channels; channels come last, (B, h, w, C) contiguous.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check

BLOCK = 1024
"""Elements that a program takes where no element depends on another."""
NORM_EPS = tl.constexpr(1e-5)
"""Added to the variance, as `torch.nn.functional.layer_norm` does."""


@triton.jit
def modulation(
    gain, offset, masks, position, channel, positions, channels: tl.constexpr, pitch, PROMPTS: tl.constexpr
):  # fmt: skip
    """Gain and offset at (position, channel) pairs: of the one prompt, or of several by their masks."""
    real = channel < channels
    scale = tl.load(gain + channel, real, 0.0)
    shift = tl.load(offset + channel, real, 0.0)
    if PROMPTS > 1:
        there = position < positions
        share = tl.load(masks + position * PROMPTS, there, 0.0)
        scale, shift = share * scale, share * shift
        for prompt in tl.static_range(1, PROMPTS):
            share = tl.load(masks + position * PROMPTS + prompt, there, 0.0)
            scale += share * tl.load(gain + prompt * pitch + channel, real, 0.0)
            shift += share * tl.load(offset + prompt * pitch + channel, real, 0.0)
    return scale, shift


@triton.jit
def _modulate_hardswish(
    x, gain, offset, masks, out, count, pitch, channels: tl.constexpr, PROMPTS: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    sample = tl.program_id(1)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    position, channel = at // channels, at % channels
    base = sample.to(tl.int64) * count
    gain += sample * PROMPTS * pitch
    offset += sample * PROMPTS * pitch
    positions = count // channels
    masks += sample.to(tl.int64) * positions * PROMPTS
    scale, shift = modulation(gain, offset, masks, position, channel, positions, channels, pitch, PROMPTS)
    y = tl.load(x + base + at, inside, 0.0).to(tl.float32) * scale + shift
    y = y * tl.minimum(tl.maximum(y + 3, 0.0), 6.0) * (1 / 6)
    tl.store(out + base + at, y.to(out.dtype.element_ty), inside)


def modulate_hardswish(x: Tensor, gain: Tensor, offset: Tensor, masks: Tensor | None = None) -> Tensor:
    """hardswish(gain x + offset): x (B, h, w, C), gain and offset (B, P, C) float32, masks (B, h, w, P) float32.

    gain and offset may be the same part of two wider tensors.
    """
    check(x, masks)
    b, h, w, c = x.shape
    out, count = torch.empty_like(x), h * w * c
    prompts, pitch = gain.shape[1], gain.stride(1)
    assert (masks is not None) == (prompts > 1), "several prompts need masks"
    assert gain.stride() == offset.stride() == (prompts * pitch, pitch, 1), "gain and offset lie alike, row by row"
    grid = (triton.cdiv(count, BLOCK), b)
    _modulate_hardswish[grid](x, gain, offset, gain if masks is None else masks, out, count, pitch, c, prompts, BLOCK)
    return out


@triton.jit
def _add(x, y, bias, out, count, channels: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    inside = at < count
    total = tl.load(x + at, inside, 0.0).to(tl.float32) + tl.load(y + at, inside, 0.0).to(tl.float32)
    total += tl.load(bias + at % channels, inside, 0.0).to(tl.float32)
    tl.store(out + at, total.to(out.dtype.element_ty), inside)


def add(x: Tensor, y: Tensor, bias: Tensor) -> Tensor:
    """x + y + bias: x and y (B, h, w, C), bias (C,)."""
    check(x, y, bias)
    out = torch.empty_like(x)
    _add[(triton.cdiv(x.numel(), BLOCK),)](x, y, bias, out, x.numel(), x.shape[-1], BLOCK)
    return out


@triton.jit
def _normed(x, inside, channels):
    """Rows of x, zero outside, with mean 0 and variance 1 over their channels."""
    mean = tl.sum(x, 1) / channels
    centred = tl.where(inside, x - mean[:, None], 0.0)
    variance = tl.sum(centred * centred, 1) / channels
    return centred * (1 / tl.sqrt(variance + NORM_EPS))[:, None]


@triton.jit
def _bias_norm(x, bias, out, rows, channels: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    channel = tl.arange(0, COLUMNS)[None, :]
    inside = (row < rows) & (channel < channels)
    at = row.to(tl.int64) * channels + channel
    total = tl.load(x + at, inside, 0.0).to(tl.float32)
    total += tl.load(bias + channel, inside, 0.0).to(tl.float32)
    tl.store(out + at, _normed(total, inside, channels).to(out.dtype.element_ty), inside)


def _tile(channels: int) -> tuple[int, int]:
    """Rows and columns of a program that needs whole rows."""
    columns = triton.next_power_of_2(channels)
    return max(2048 // columns, 1), columns


def bias_norm(x: Tensor, bias: Tensor) -> Tensor:
    """Begin a level on the way down: x + bias, normalised over channels; x (B, h, w, C), bias (C,)."""
    check(x, bias)
    out, c = torch.empty_like(x), x.shape[-1]
    rows, columns = _tile(c)
    count = x.numel() // c
    _bias_norm[(triton.cdiv(count, rows),)](x, bias, out, count, c, rows, columns)
    return out


@triton.jit
def _upsample_add_norm(
    skip, coarse, out, rows, width: tl.constexpr, channels: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):  # fmt: skip
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    channel = tl.arange(0, COLUMNS)[None, :]
    inside = (row < rows) & (channel < channels)
    x, y = row % width, row // width  # y counts on through the batch: a picture has an even number of rows
    from_coarse = ((y // 2) * (width // 2) + x // 2) * 4 + (y % 2) * 2 + x % 2
    at = row.to(tl.int64) * channels + channel
    total = tl.load(skip + at, inside, 0.0).to(tl.float32)
    total += tl.load(coarse + from_coarse.to(tl.int64) * channels + channel, inside, 0.0).to(tl.float32)
    tl.store(out + at, _normed(total, inside, channels).to(out.dtype.element_ty), inside)


def upsample_add_norm(skip: Tensor, coarse: Tensor) -> Tensor:
    """Begin a level on the way up: skip (B, h, w, C) + coarse (B, h/2, w/2, 4 C), normalised over channels."""
    check(skip, coarse)
    out, (_, h, w, c) = torch.empty_like(skip), skip.shape
    assert (h % 2, w % 2) == (0, 0), f"a level of {w}x{h} has no coarser one"
    rows, columns = _tile(c)
    count = skip.numel() // c
    _upsample_add_norm[(triton.cdiv(count, rows),)](skip, coarse, out, count, w, c, rows, columns)
    return out
