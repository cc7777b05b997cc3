"""The transformer at the network's bottleneck: a frame's tokens look at each other and at remembered frames.

Keys of remembered frames are kept without position and placed relative to the present when read, so that there is no
last frame: positions do not grow with a stream.

Legend: B batch, h, w positions of the bottleneck, 32 pixels each; N = h w tokens of this frame, M tokens of a
remembered frame, S remembered frames, L layers, D token width, d = D / heads.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.modulation import Modulation, Place
from engine.models.patches import MEMORY_POOL, SIZE_MULTIPLE

MEMORY_PATCH = 8
"""A remembered frame's tokens are squares of this many pooled pixels a side."""
MEMORY_STRIDE = MEMORY_PATCH * MEMORY_POOL
"""Pixels per token of a remembered frame, across and down."""
AGE_LIMIT = 32.0
"""Ages of remembered frames, in frames, are clamped here: older is just 'old', so there is no last frame."""
AGE_UNIT = 4
"""Frames per unit of age in a rotary position."""


@dataclass(frozen=True)
class Memory:
    """Remembered frames at the bottleneck: keys and values without position; position is applied when read."""

    keys_values: Tensor
    """(B, S, M, L, 2, D)"""
    age: Tensor
    """(B, S) frames since then."""
    valid: Tensor | None = None
    """(B, S) bool; None where all are."""


@dataclass(frozen=True)
class MemoryKV:
    """The memory as one layer reads it."""

    keys: Tensor
    """(B, heads, S M, d), rotated by position and age."""
    values: Tensor
    """(B, heads, S M, d)"""
    allowed: Tensor | None
    """(B, 1, 1, N + 1 + S M) bool, None for all: what a token may look at, those of its own frame first."""


class Rotary:
    """Rotary position (Su et al. 2021) of tokens at positions (..., 3): x and y in 32 pixels, age in four frames."""

    def __init__(self, position: Tensor, head: int) -> None:
        """head: d, the width of a head."""
        angles = position @ rotary_rates(head // 2, position.device)
        cos, sin = angles.cos(), angles.sin()
        self._cos, self._sin = torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)

    def __call__(self, x: Tensor) -> Tensor:
        """x (..., d), halves paired, rotated by its position."""
        x32 = x.float()
        swapped = x32.roll(x.shape[-1] // 2, -1)  # each half beside the other
        return torch.addcmul(x32 * self._cos, swapped, self._sin).to(x.dtype)


@functools.cache
def rotary_rates(count: int, device: torch.device) -> Tensor:
    """(3, count) radians per unit of x, y and age: a quarter of the frequencies go with age, the others with x or y."""
    axis = torch.tensor([(0, 1, 0, 2, 1, 0, 1, 2)[i % 8] for i in range(count)], device=device)
    rate = math.pi / 2 * 0.05 ** (torch.arange(count, device=device) / max(count - 1, 1))
    return F.one_hot(axis, 3).float().T * rate


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def frame_rotary(height: int, width: int, head: int, device: torch.device) -> Rotary:
    """Of a frame's own height x width tokens (N, 1, 1, .), for queries and keys (B, N, 2, heads, d) at once."""
    return Rotary(F.pad(grid_positions(height, width, SIZE_MULTIPLE, device), (0, 1))[:, None, None], head)


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def grid_positions(height: int, width: int, side: int, device: torch.device) -> Tensor:
    """(height width, 2) centres of tokens of `side` pixels, x then y, in units of 32 pixels."""
    y = (torch.arange(height, device=device) + 0.5) * side / SIZE_MULTIPLE
    x = (torch.arange(width, device=device) + 0.5) * side / SIZE_MULTIPLE
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], -1)


def memory_grid(height: int, width: int) -> tuple[int, int]:
    """Tokens down and across of a remembered frame of height x width pixels; M is their product."""
    return -(-height // MEMORY_STRIDE), -(-width // MEMORY_STRIDE)


def read_memory(memory: Memory, grid: tuple[int, int], head: int, dtype: torch.dtype) -> list[MemoryKV]:
    """The memory as each layer reads it, positions applied, for a frame of grid (h, w) tokens and heads of width
    `head`."""
    height, width = grid
    s, m = memory.keys_values.shape[1:3]
    device = memory.keys_values.device
    tokens_at = grid_positions(*memory_grid(height * SIZE_MULTIPLE, width * SIZE_MULTIPLE), MEMORY_STRIDE, device)
    age = (memory.age.clamp(max=AGE_LIMIT) / AGE_UNIT).repeat_interleave(m, 1)
    position = torch.cat([tokens_at.repeat(s, 1).expand(len(age), -1, -1), age[..., None]], -1)
    allowed = None
    if memory.valid is not None:
        own = memory.valid.new_ones(len(age), height * width + 1)
        allowed = torch.cat([own, memory.valid.repeat_interleave(m, 1)], 1)[:, None, None]
    by_head = memory.keys_values.to(dtype).flatten(1, 2).unflatten(-1, (-1, head))
    keys, values = by_head.unbind(3)  # of all layers at once, (B, S M, L, heads, d)
    keys = Rotary(position[:, :, None, None], head)(keys)
    by_layer = (part.permute(2, 0, 3, 1, 4) for part in (keys, values))
    return [MemoryKV(k, v, allowed) for k, v in zip(*by_layer, strict=True)]


class Linear(nn.Linear):
    """A linear layer, with what comes right after one: at inference both are a single call (engine/fast/onednn.py)."""

    def gelu(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D'), activated."""
        return F.gelu(self(x))

    def added_to(self, base: Tensor, x: Tensor) -> Tensor:
        """Its output for x (..., D), added to base (..., D')."""
        return base + self(x)


class Attention(nn.Module):
    """This frame's tokens attend to themselves and to the memory, in which position is applied at read."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.null = nn.Parameter(torch.zeros(2, width))  # key and value to look at when nothing fits
        nn.init.zeros_(self.out.weight)

    def queries_keys_values(
        self, normed: Tensor, rotary: Rotary, memory: MemoryKV | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (B, heads, N, d), keys and values (B, heads, N + 1 + S M, d): the frame's own, the null, the past's.

        normed (B, N, D), rotary of its positions, and the memory.
        """
        b, n, d = normed.shape
        qkv = self.qkv(normed).view(b, n, 3, self.heads, d // self.heads)
        q, k = rotary(qkv[:, :, :2]).permute(2, 0, 3, 1, 4)
        null = self.null.to(k.dtype).view(2, 1, self.heads, 1, -1).expand(-1, b, -1, -1, -1)
        keys, values = [k, null[0]], [qkv[:, :, 2].transpose(1, 2), null[1]]
        if memory is not None:
            keys.append(memory.keys)
            values.append(memory.values)
        return q, torch.cat(keys, 2), torch.cat(values, 2)

    def forward(self, x: Tensor, normed: Tensor, rotary: Rotary, memory: MemoryKV | None) -> Tensor:
        """x (B, N, D) plus what its tokens attend to, see `queries_keys_values`."""
        q, keys, values = self.queries_keys_values(normed, rotary, memory)
        y = F.scaled_dot_product_attention(q, keys, values, attn_mask=None if memory is None else memory.allowed)
        return self.out.added_to(x, y.transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Attention and an MLP, each behind a modulated norm."""

    def __init__(self, width: int, heads: int, before_attention: Place, before_mlp: Place) -> None:
        super().__init__()
        self.width = width
        self.before_attention, self.before_mlp = before_attention, before_mlp
        self.attention = Attention(width, heads)
        self.up = Linear(width, 3 * width)
        self.down = Linear(3 * width, width)
        nn.init.zeros_(self.down.weight)

    def forward(
        self, x: Tensor, rotary: Rotary, memory: MemoryKV | None, grid: tuple[int, int], modulation: Modulation
    ) -> Tensor:
        """Tokens x (B, N, D), which lie in a grid of (h, w), after attention and MLP."""
        x = self.attention(x, modulation.norm(x, grid, self.before_attention), rotary, memory)
        return self.down.added_to(x, self.up.gelu(modulation.norm(x, grid, self.before_mlp)))
