"""The mega-kernel: all layers of the transformer at the bottleneck, for one frame, in one launch.

A frame of 512x288 is 144 tokens of 256 numbers: a layer is ten small operations of two or three microseconds, mostly
launch and memory round trip. Here one grid of programs, all resident at once, goes through five phases a layer, dealt
out as tiles, and meets at a barrier between them:

0 norm, modulate, qkv   1 attention over own tokens and ring   2 out, add   3 norm, modulate, up, GELU   4 down, add

Tiles go to all programs, not rows to each, because 144 rows would keep nine programs busy, each of which would read
all weights through its own port. The barrier is a counter in memory that every program adds to and then watches. That
needs all programs to be resident, which a cooperative launch guarantees or refuses (an ordinary one may deadlock), and
release and acquire at the GPU's scope, which make what was written before the barrier visible after it. The counter is
never reset: each meeting adds the number of programs, so the sum to wait for follows from the value found.

The interpreter runs programs one after the other, in which a barrier would wait for ever. So a launch can be told one
PHASE, and then any number of programs works without barriers; and one program alone passes every barrier. The tests
take both ways. What neither shows is the order of memory between programs; that is for a test on a GPU.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import triton
import triton.language as tl
from torch import Tensor

from engine.kernels.attention import attention_rows
from engine.kernels.layout import check
from engine.kernels.packing import TransformerWeights
from engine.kernels.pointwise import NORM_EPS, modulation
from engine.kernels.rotary import RotaryTables

ALL = tl.constexpr(-1)
"""The PHASE of a launch that goes through all of them."""
PHASES = 5
"""Of a layer, see above."""


@triton.jit
def _grid_barrier(counter, programs):
    """Wait until all programs have come here; what they wrote before it is visible after it."""
    tl.debug_barrier()
    before = tl.atomic_add(counter, 1, sem="acq_rel", scope="gpu")
    target = (before // programs + 1) * programs
    while tl.atomic_add(counter, 0, sem="acq_rel", scope="gpu") < target:
        pass
    tl.debug_barrier()


@triton.jit
def _mean_and_scale(x, row, tokens, WIDTH: tl.constexpr, COLUMNS: tl.constexpr):
    """Mean and inverse deviation of rows of x."""
    channel = tl.arange(0, COLUMNS)[None, :]
    inside = (row < tokens)[:, None] & (channel < WIDTH)
    values = tl.load(x + row[:, None] * WIDTH + channel, inside, 0.0).to(tl.float32)
    mean = tl.sum(values, 1) / WIDTH
    centred = tl.where(inside, values - mean[:, None], 0.0)
    return mean, 1 / tl.sqrt(tl.sum(centred * centred, 1) / WIDTH + NORM_EPS)


@triton.jit
def _product(
    a, weight, bias, row, column, tokens, mean, spread, gain, offset, masks, pitch,
    DEPTH: tl.constexpr, OUTPUTS: tl.constexpr, NORMED: tl.constexpr, PROMPTS: tl.constexpr,
    ROWS: tl.constexpr, COLUMNS: tl.constexpr, INNER: tl.constexpr,
):  # fmt: skip
    """A tile (ROWS, COLUMNS) float32 of a weight^T + bias; a (tokens, DEPTH) may be normalised and modulated first."""
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    wanted = (column < OUTPUTS)[None, :]
    real = (row < tokens)[:, None]
    for start in range(0, DEPTH, INNER):
        k = start + tl.arange(0, INNER)
        inside = real & (k < DEPTH)[None, :]
        left = tl.load(a + row[:, None] * DEPTH + k[None, :], inside, 0.0)
        if NORMED:
            normed = (left.to(tl.float32) - mean[:, None]) * spread[:, None]
            scale, shift = modulation(gain, offset, masks, row[:, None], k[None, :], tokens, DEPTH, pitch, PROMPTS)
            left = tl.where(inside, normed * scale + shift, 0.0).to(left.dtype)
        right = tl.load(weight + column[None, :] * DEPTH + k[:, None], wanted & (k < DEPTH)[:, None], 0.0)
        total += tl.dot(left, right, input_precision="ieee")
    return total + tl.load(bias + column, column < OUTPUTS, 0.0).to(tl.float32)[None, :]


@triton.jit
def _transformer(
    x, qkv, mixed, hidden, counter, qkv_weight, qkv_bias, out_weight, out_bias, up_weight, up_bias, down_weight,
    down_bias, null, gain, offset, masks, ring, age, own_cos, own_sin, past_cos, past_sin, age_rates,
    tokens, past_tokens, first_layer, last_layer, pitch,
    LAYERS: tl.constexpr, SLOTS: tl.constexpr, WIDTH: tl.constexpr, HALF: tl.constexpr, LANES: tl.constexpr,
    PROMPTS: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, INNER: tl.constexpr, KEYS: tl.constexpr,
    WHOLE: tl.constexpr, PHASE: tl.constexpr,
):  # fmt: skip
    element: tl.constexpr = x.dtype.element_ty
    program, programs = tl.program_id(0), tl.num_programs(0)
    bands = tl.cdiv(tokens, ROWS)
    WIDE: tl.constexpr = 3 * WIDTH
    HEADS: tl.constexpr = WIDTH // (2 * HALF)
    wide_tiles = bands * tl.cdiv(WIDE, COLUMNS)
    narrow_tiles = bands * tl.cdiv(WIDTH, COLUMNS)
    for layer in range(first_layer, last_layer):
        first, second = layer * 2 * WIDTH, (layer * 2 + 1) * WIDTH

        if PHASE == ALL or PHASE == 0:
            for tile in range(program, wide_tiles, programs):
                row = tile % bands * ROWS + tl.arange(0, ROWS)
                column = tile // bands * COLUMNS + tl.arange(0, COLUMNS)
                mean, spread = _mean_and_scale(x, row, tokens, WIDTH, WHOLE)
                y = _product(
                    x, qkv_weight + layer * WIDE * WIDTH, qkv_bias + layer * WIDE, row, column, tokens, mean, spread,
                    gain + first, offset + first, masks, pitch, WIDTH, WIDE, True, PROMPTS, ROWS, COLUMNS, INNER,
                )  # fmt: skip
                inside = (row < tokens)[:, None] & (column < WIDE)[None, :]
                tl.store(qkv + row[:, None] * WIDE + column[None, :], y.to(element), inside)
        if PHASE == ALL:
            _grid_barrier(counter, programs)

        if PHASE == ALL or PHASE == 1:
            for tile in range(program, bands * HEADS, programs):
                first_row, head = tile % bands * ROWS, tile // bands
                y1, y2 = attention_rows(
                    qkv, null + layer * 2 * WIDTH, ring, age, own_cos, own_sin, past_cos, past_sin, age_rates,
                    first_row, head, tokens, past_tokens, layer, LAYERS, SLOTS, WIDTH, HALF, LANES, ROWS, KEYS,
                )  # fmt: skip
                row = first_row + tl.arange(0, ROWS)[:, None]
                lane = tl.arange(0, LANES)[None, :]
                inside = (lane < HALF) & (row < tokens)
                at = mixed + row * WIDTH + head * 2 * HALF + lane
                tl.store(at, y1.to(element), inside)
                tl.store(at + HALF, y2.to(element), inside)
        if PHASE == ALL:
            _grid_barrier(counter, programs)

        if PHASE == ALL or PHASE == 2:
            for tile in range(program, narrow_tiles, programs):
                row = tile % bands * ROWS + tl.arange(0, ROWS)
                column = tile // bands * COLUMNS + tl.arange(0, COLUMNS)
                y = _product(
                    mixed, out_weight + layer * WIDTH * WIDTH, out_bias + layer * WIDTH, row, column, tokens, row, row,
                    gain, offset, masks, pitch, WIDTH, WIDTH, False, PROMPTS, ROWS, COLUMNS, INNER,
                )  # fmt: skip
                inside = (row < tokens)[:, None] & (column < WIDTH)[None, :]
                at = x + row[:, None] * WIDTH + column[None, :]
                tl.store(at, (tl.load(at, inside, 0.0).to(tl.float32) + y).to(element), inside)
        if PHASE == ALL:
            _grid_barrier(counter, programs)

        if PHASE == ALL or PHASE == 3:
            for tile in range(program, wide_tiles, programs):
                row = tile % bands * ROWS + tl.arange(0, ROWS)
                column = tile // bands * COLUMNS + tl.arange(0, COLUMNS)
                mean, spread = _mean_and_scale(x, row, tokens, WIDTH, WHOLE)
                y = _product(
                    x, up_weight + layer * WIDE * WIDTH, up_bias + layer * WIDE, row, column, tokens, mean, spread,
                    gain + second, offset + second, masks, pitch, WIDTH, WIDE, True, PROMPTS, ROWS, COLUMNS, INNER,
                )  # fmt: skip
                y = 0.5 * y * (1 + tl.erf(y * 0.7071067811865476))
                inside = (row < tokens)[:, None] & (column < WIDE)[None, :]
                tl.store(hidden + row[:, None] * WIDE + column[None, :], y.to(element), inside)
        if PHASE == ALL:
            _grid_barrier(counter, programs)

        if PHASE == ALL or PHASE == 4:
            for tile in range(program, narrow_tiles, programs):
                row = tile % bands * ROWS + tl.arange(0, ROWS)
                column = tile // bands * COLUMNS + tl.arange(0, COLUMNS)
                y = _product(
                    hidden, down_weight + layer * WIDE * WIDTH, down_bias + layer * WIDTH, row, column, tokens, row,
                    row, gain, offset, masks, pitch, WIDE, WIDTH, False, PROMPTS, ROWS, COLUMNS, INNER,
                )  # fmt: skip
                inside = (row < tokens)[:, None] & (column < WIDTH)[None, :]
                at = x + row[:, None] * WIDTH + column[None, :]
                tl.store(at, (tl.load(at, inside, 0.0).to(tl.float32) + y).to(element), inside)
        if PHASE == ALL and layer + 1 < last_layer:
            _grid_barrier(counter, programs)


@dataclass(frozen=True)
class Workspace:
    """Scratch memory through which programs pass on their results; launches at the same time need one each."""

    qkv: Tensor
    """(N, 3 D)"""
    mixed: Tensor
    """(N, D), the output of attention."""
    hidden: Tensor
    """(N, 3 D), inside the MLP."""
    counter: Tensor
    """(1,) int64, arrivals at barriers so far."""

    @classmethod
    def like(cls, tokens: Tensor) -> Workspace:
        """For tokens (1, N, D)."""
        _, n, width = tokens.shape
        qkv, mixed, hidden = (tokens.new_empty(n, k * width) for k in (3, 1, 3))
        return cls(qkv, mixed, hidden, torch.zeros(1, dtype=torch.int64, device=tokens.device))


def run_transformer(
    tokens: Tensor,
    weights: TransformerWeights,
    gain: Tensor,
    offset: Tensor,
    masks: Tensor | None,
    ring: Tensor,
    age: Tensor,
    tables: RotaryTables,
    workspace: Workspace | None = None,
    programs: int | None = None,
    phases: bool = False,
) -> Tensor:
    """All layers of the transformer over one frame's tokens (1, N, D), which are overwritten and returned.

    gain and offset (1, P, L, 2, D) float32, of the norms before attention and before the MLP; masks (1, N, P) float32;
    ring (1, S, M, L, 2, D) and age (1, S) as in `attend`. programs: the grid, by default one per multiprocessor.
    phases: a launch per phase, without barriers.
    """
    batch, n, width = tokens.shape
    assert batch == 1, f"the mega-kernel is for one frame, got {batch}"
    check(tokens, *vars(weights).values(), masks, ring, age, tables.own_cos, tables.past_cos, tables.age_rates)
    work = workspace or Workspace.like(tokens)
    _, prompts, layers, _, _ = gain.shape
    pitch = gain.stride(1)
    assert gain.stride()[1:] == offset.stride()[1:] == (pitch, 2 * width, width, 1), "gain and offset lie alike"
    _, slots, past_tokens, _, _, _ = ring.shape
    half = tables.own_cos.shape[1]
    if programs is None:
        on_gpu = tokens.device.type == "cuda"
        programs = torch.cuda.get_device_properties(tokens.device).multi_processor_count if on_gpu else 1
    inner = min(64, max(16, triton.next_power_of_2(width)))

    def launch(first_layer: int, last_layer: int, phase: int) -> None:
        _transformer[(programs,)](
            tokens, work.qkv, work.mixed, work.hidden, work.counter,
            weights.qkv_weight, weights.qkv_bias, weights.out_weight, weights.out_bias, weights.up_weight,
            weights.up_bias, weights.down_weight, weights.down_bias, weights.null, gain, offset,
            gain if masks is None else masks, ring, age,
            tables.own_cos, tables.own_sin, tables.past_cos, tables.past_sin, tables.age_rates,
            n, past_tokens, first_layer, last_layer, pitch,
            LAYERS=layers, SLOTS=slots, WIDTH=width, HALF=half, LANES=max(16, triton.next_power_of_2(half)),
            PROMPTS=prompts, ROWS=16 if n <= 256 else 32, COLUMNS=64 if width >= 64 else 16, INNER=inner,
            KEYS=64 if n > 16 else 16, WHOLE=triton.next_power_of_2(width), PHASE=phase,
            num_warps=4, launch_cooperative_grid=phase == ALL.value,
        )  # fmt: skip

    if phases:
        for layer in range(layers):
            for phase in range(PHASES):
                launch(layer, layer + 1, phase)
    else:
        launch(0, layers, ALL.value)
    return tokens
