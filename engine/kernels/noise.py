"""A frame's noise on the GPU: the values of `engine.sampler.noise_patches`, bit for bit.

The twin is in `engine/kernels/twins.py`.

Legend: B batch, h, w positions of 4x4 pixels.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check

BLOCK = 128
"""Blocks of Philox, sixteen values each, that a program draws."""


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
    _noise[(triton.cdiv(blocks, BLOCK), out.shape[0])](counter, tables, out, blocks, BLOCK)
