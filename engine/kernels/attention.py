"""Attention over this frame's tokens, a null key and the ring of remembered frames, in one kernel and without a copy.

Keys lie in the ring as they were made, without position. A program reads them with the ring's own strides, rotates them
by position and age, and goes on with an online softmax (Milakov and Gimelshein 2018), so that neither rotated keys nor
scores ever reach memory. Each frequency rotates with x, with y or with age: positions are a table that holds for a
picture size, and age costs one cosine and sine per frequency and remembered frame.

Legend: B batch, N tokens of this frame, M tokens of a remembered frame, S slots, L layers, D width, d head width.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.layout import check
from engine.kernels.rotary import RotaryTables
from engine.models.attention import AGE_LIMIT, AGE_UNIT

OLDEST, UNIT = tl.constexpr(AGE_LIMIT), tl.constexpr(AGE_UNIT)
"""Frames at which ages are clamped, and frames per unit of age: those of `engine.models.attention`."""


@triton.jit
def _rotated(keys, cos, sin, inside, HALF: tl.constexpr, element: tl.constexpr):
    """Both halves of rows of heads, rotated by their position's cosines and sines."""
    a = tl.load(keys, inside, 0.0).to(tl.float32)
    b = tl.load(keys + HALF, inside, 0.0).to(tl.float32)
    return (a * cos - b * sin).to(element), (a * sin + b * cos).to(element)


@triton.jit
def _online_softmax(q1, q2, k1, k2, values, inside, allowed, peak, total, y1, y2, scale, HALF: tl.constexpr):
    """One more tile of keys and values into the online softmax; scores are to the base of two."""
    scores = tl.dot(q1, tl.trans(k1), input_precision="ieee") + tl.dot(q2, tl.trans(k2), input_precision="ieee")
    scores = tl.where(allowed, scores * scale, -float("inf"))
    higher = tl.maximum(peak, tl.max(scores, 1))
    weight = tl.exp2(scores - higher[:, None])
    fade = tl.exp2(peak - higher)
    v1, v2 = tl.load(values, inside, 0.0), tl.load(values + HALF, inside, 0.0)
    rounded = weight.to(v1.dtype)
    y1 = y1 * fade[:, None] + tl.dot(rounded, v1, input_precision="ieee")
    y2 = y2 * fade[:, None] + tl.dot(rounded, v2, input_precision="ieee")
    return higher, total * fade + tl.sum(weight, 1), y1, y2


@triton.jit
def attention_rows(
    qkv, null, ring, age, own_cos, own_sin, past_cos, past_sin, age_rates, first_row, head, tokens, past_tokens, layer,
    LAYERS: tl.constexpr, SLOTS: tl.constexpr, WIDTH: tl.constexpr, HALF: tl.constexpr, LANES: tl.constexpr,
    ROWS: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    """Both halves (ROWS, LANES) float32 of one head's output for rows `first_row`... of one sample.

    HALF is d/2, LANES at least that and at least 16, which tensor cores need.
    """
    element = qkv.dtype.element_ty
    lane = tl.arange(0, LANES)[None, :]
    lanes = lane < HALF
    row = first_row + tl.arange(0, ROWS)[:, None]
    column = head * 2 * HALF + lane
    in_rows = lanes & (row < tokens)
    row_cos = tl.load(own_cos + row * HALF + lane, in_rows, 1.0)
    row_sin = tl.load(own_sin + row * HALF + lane, in_rows, 0.0)
    q1, q2 = _rotated(qkv + row * 3 * WIDTH + column, row_cos, row_sin, in_rows, HALF, element)

    scale = 1.4426950408889634 / tl.sqrt(tl.full((), 2.0 * HALF, tl.float32))  # log2(e) / sqrt(d)
    null_k1 = tl.load(null + column, lanes, 0.0).to(element).to(tl.float32)
    null_k2 = tl.load(null + column + HALF, lanes, 0.0).to(element).to(tl.float32)
    peak = tl.sum(q1.to(tl.float32) * null_k1 + q2.to(tl.float32) * null_k2, 1) * scale
    total = tl.full((ROWS,), 1.0, tl.float32)
    y1 = tl.zeros((ROWS, LANES), tl.float32) + tl.load(null + WIDTH + column, lanes, 0.0).to(tl.float32)
    y2 = tl.zeros((ROWS, LANES), tl.float32) + tl.load(null + WIDTH + column + HALF, lanes, 0.0).to(tl.float32)

    for start in range(0, tokens, KEYS):
        key = start + tl.arange(0, KEYS)[:, None]
        inside = lanes & (key < tokens)
        cos = tl.load(own_cos + key * HALF + lane, inside, 1.0)
        sin = tl.load(own_sin + key * HALF + lane, inside, 0.0)
        at = qkv + key * 3 * WIDTH + WIDTH + column
        k1, k2 = _rotated(at, cos, sin, inside, HALF, element)
        allowed = (start + tl.arange(0, KEYS)[None, :]) < tokens
        peak, total, y1, y2 = _online_softmax(
            q1, q2, k1, k2, at + WIDTH, inside, allowed, peak, total, y1, y2, scale, HALF
        )

    rates = tl.load(age_rates + lane, lanes, 0.0)
    for slot in range(SLOTS):
        ages = tl.load(age + slot + tl.zeros((1, 1), tl.int32))
        angle = tl.minimum(ages, OLDEST) / UNIT * rates
        age_cos, age_sin = tl.cos(angle), tl.sin(angle)
        for start in range(0, past_tokens, KEYS):
            key = start + tl.arange(0, KEYS)[:, None]
            inside = lanes & (key < past_tokens)
            position_cos = tl.load(past_cos + key * HALF + lane, inside, 1.0)
            position_sin = tl.load(past_sin + key * HALF + lane, inside, 0.0)
            cos, sin = tl.where(rates > 0, age_cos, position_cos), tl.where(rates > 0, age_sin, position_sin)
            at = ring + ((slot * past_tokens + key) * LAYERS + layer) * 2 * WIDTH + column
            k1, k2 = _rotated(at, cos, sin, inside, HALF, element)
            allowed = ((start + tl.arange(0, KEYS)[None, :]) < past_tokens) & (ages >= 0)
            peak, total, y1, y2 = _online_softmax(
                q1, q2, k1, k2, at + WIDTH, inside, allowed, peak, total, y1, y2, scale, HALF
            )
    return y1 / total[:, None], y2 / total[:, None]


@triton.jit
def _attend(
    qkv, null, ring, age, own_cos, own_sin, past_cos, past_sin, age_rates, out, tokens, past_tokens, layer,
    LAYERS: tl.constexpr, SLOTS: tl.constexpr, WIDTH: tl.constexpr, HALF: tl.constexpr, LANES: tl.constexpr,
    ROWS: tl.constexpr, KEYS: tl.constexpr,
):  # fmt: skip
    sample = tl.program_id(2).to(tl.int64)
    head = tl.program_id(1)
    first_row = tl.program_id(0) * ROWS
    y1, y2 = attention_rows(
        qkv + sample * tokens * 3 * WIDTH, null, ring + sample * SLOTS * past_tokens * LAYERS * 2 * WIDTH,
        age + sample * SLOTS, own_cos, own_sin, past_cos, past_sin, age_rates, first_row, head, tokens, past_tokens,
        layer, LAYERS, SLOTS, WIDTH, HALF, LANES, ROWS, KEYS,
    )  # fmt: skip
    row = first_row + tl.arange(0, ROWS)[:, None]
    lane = tl.arange(0, LANES)[None, :]
    inside = (lane < HALF) & (row < tokens)
    at = out + (sample * tokens + row) * WIDTH + head * 2 * HALF + lane
    tl.store(at, y1.to(out.dtype.element_ty), inside)
    tl.store(at + HALF, y2.to(out.dtype.element_ty), inside)


def attend(qkv: Tensor, null: Tensor, ring: Tensor, age: Tensor, tables: RotaryTables, layer: int) -> Tensor:
    """The output of attention for each token, (B, N, D), before the output projection.

    qkv (B, N, 3 D); null (2, D), the null key and value; ring (B, S, M, L, 2, D); age (B, S) float32 in frames,
    negative where a slot is empty; tables: of the picture's size.
    """
    check(qkv, null, ring, age, tables.own_cos, tables.past_cos, tables.age_rates)
    b, n, width3 = qkv.shape
    width, (_, slots, past_tokens, layers) = width3 // 3, ring.shape[:4]
    half = tables.own_cos.shape[1]
    out = qkv.new_empty(b, n, width)
    rows, keys = 16, 64 if n > 16 else 16
    _attend[(triton.cdiv(n, rows), width // (2 * half), b)](
        qkv, null, ring, age, tables.own_cos, tables.own_sin, tables.past_cos, tables.past_sin, tables.age_rates,
        out, n, past_tokens, layer, layers, slots, width, half, max(16, triton.next_power_of_2(half)), rows, keys,
    )  # fmt: skip
    return out
