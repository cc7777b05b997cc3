"""The denoiser: a pixel-space hourglass that makes one frame from source, past and prompt.

Convolution blocks at 1/4, 1/8 and 1/16 of the resolution, skips across, and at 1/32 a transformer whose queries are
this frame's tokens and whose keys are these tokens and those of remembered frames. It predicts the clean frame
(x-prediction) at flow-matching noise levels: noisy = (1 - level) * clean + level * noise (Lipman et al. 2023).

Legend: B batch, P prompts, H height, W width in pixels (multiples of 32); h, w the same at a block's level;
C channels, N tokens of this frame, M tokens of a remembered frame, S remembered frames, L layers, D token width,
K worlds, T things, E condition width. Pictures are RGB in -1..1.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.config import ModelConfig
from engine.models import fields
from engine.models.particles import PARTICLE_KINDS

PATCH = 4
"""Pixels per side of the finest level's positions."""
MULTIPLE = 32
"""Height and width must be whole multiples of this."""
POOL = 8
"""A remembered frame is averaged over this many pixels, then cut into patches of 8x8 of these."""
DETAIL = 6.0
"""How much louder than brightness the first layer hears detail at the start of training."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Shares of red, green and blue."""
PLANES = 2 + 8 + len(fields.WAVELENGTHS_PX) + 3
"""What the first layer sees once a patch: place, lattice, waves, and the past's noise levels and the interval."""
AIR = len(PARTICLE_KINDS)
"""Planes of particles, at full resolution."""
AGE_LIMIT = 32.0
"""Ages of remembered frames, in frames, are clamped here: older is just 'old', so there is no last frame."""


@dataclass(frozen=True)
class Conditions:
    """What a frame is made under. All per sample; prompts share the picture through their masks."""

    concepts: Tensor
    """(B, P, K + T) each prompt's weights over the worlds, sum 1, then those of things that a prop becomes, 0..1."""
    level: Tensor
    """(B,) noise level of the noisy frame, 0 clean to 1 pure noise."""
    step: Tensor
    """(B,) size of the denoising step to take from `level` (Frans et al. 2024, shortcut models)."""
    past_level: Tensor
    """(B, 2) noise level of the two last outputs, last first; 1 says that there is none (Diffusion Forcing)."""
    interval_s: Tensor
    """(B,) seconds since the last frame."""
    time_s: Tensor
    """(B,) stream time, for the travelling waves."""
    particles: Tensor
    """(B, H/4, W/4, 96) patches of the planes of particles, 0..1."""
    masks: Tensor | None = None
    """(B, P, H, W) in 0..1, summing to one over P; None where one prompt has the whole picture."""


@dataclass(frozen=True)
class Memory:
    """Remembered frames at the bottleneck: keys and values without position; position is applied when read."""

    keys_values: Tensor
    """(B, S, M, L, 2, D)"""
    age: Tensor
    """(B, S) frames since then."""
    valid: Tensor | None = None
    """(B, S) bool; None where all are."""


def to_patches(picture: Tensor) -> Tensor:
    """(B, H, W, C) -> (B, H/4, W/4, 16 C): each 4x4 patch's red, row by row, then its green, then its blue."""
    return planes_to_patches(torch.stack(picture.unbind(-1), 1))  # one copy a colour, faster than a permuted one


def planes_to_patches(planes: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H/4, W/4, 16 C), as `to_patches`."""
    runs = _as_runs(planes.contiguous())
    if runs is None:
        return planes.unflatten(3, (-1, PATCH)).unflatten(2, (-1, PATCH)).permute(0, 2, 4, 1, 3, 5).flatten(3)
    return runs.unflatten(2, (-1, PATCH)).permute(0, 2, 4, 1, 3).contiguous().view(planes.dtype).flatten(3)


def to_picture(patches: Tensor) -> Tensor:
    """(B, H/4, W/4, 48) -> (B, H, W, 3), the inverse of `to_patches`."""
    runs = _as_runs(patches.contiguous())
    if runs is None:
        return patches.unflatten(3, (3, PATCH, PATCH)).permute(0, 1, 4, 2, 5, 3).flatten(3, 4).flatten(1, 2)
    rows = runs.unflatten(3, (3, PATCH)).permute(0, 3, 1, 4, 2).flatten(2, 3).contiguous()
    return torch.stack(rows.view(patches.dtype).unbind(1), -1)


def _as_runs(values: Tensor) -> Tensor | None:
    """The last dimension's runs of four as one number each, which a processor moves as fast as one value.

    None where they cannot be seen so: on a device without such numbers, or where gradients must pass.
    """
    run = {1: torch.int32, 2: torch.int64, 4: torch.complex128}.get(values.itemsize)
    if run is None or values.device.type != "cpu" or (values.requires_grad and torch.is_grad_enabled()):
        return None
    return values.view(run)


def pool_frame(picture: Tensor) -> Tensor:
    """What is remembered of a frame: (B, H, W, 3) -> (B, 3, H/8, W/8)."""
    return F.avg_pool2d(picture.permute(0, 3, 1, 2), POOL).contiguous()


def padded_size(height: int, width: int) -> tuple[int, int]:
    """Height and width rounded up to what the network works on."""
    return -(-height // MULTIPLE) * MULTIPLE, -(-width // MULTIPLE) * MULTIPLE


def pad_picture(picture: Tensor) -> Tensor:
    """(H, W, 3) to multiples of 32 by repeating the last row and column; a stream crops its answer back."""
    height, width = picture.shape[:2]
    tall, wide = padded_size(height, width)
    if tall > height:
        picture = torch.cat([picture, picture[-1:].expand(tall - height, -1, -1)], 0)
    if wide > width:
        picture = torch.cat([picture, picture[:, -1:].expand(-1, wide - width, -1)], 1)
    return picture


class Modulation:
    """Hands each block its slice of scale and shift; built once a frame."""

    def __init__(self, vectors: Tensor, masks: Tensor | None) -> None:
        self._vectors = vectors  # (B, P, total)
        self._masks = masks
        self._pooled: dict[int, Tensor] = {}
        self._taken = 0

    def take(self, channels: int, stride: int) -> tuple[Tensor, Tensor]:
        """Scale and shift, (B, 1, 1, C) each, or (B, h, w, C) where masks divide the picture."""
        part = self._vectors[..., self._taken : self._taken + 2 * channels]
        self._taken += 2 * channels
        if self._masks is None:
            assert part.shape[1] == 1, "several prompts need masks"
            both = part[:, :, None]
        else:
            if stride not in self._pooled:
                self._pooled[stride] = F.avg_pool2d(self._masks, stride).permute(0, 2, 3, 1)
            both = torch.einsum("bhwp,bpc->bhwc", self._pooled[stride].to(part.dtype), part)
        scale, shift = both.chunk(2, -1)
        return scale, shift

    def norm(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        """The waist's tokens (B, N, D), which lie in a grid of (h, w), normalised and modulated."""
        scale, shift = self.take(x.shape[-1], MULTIPLE)
        return modulated_norm(x.unflatten(1, grid), scale, shift).flatten(1, 2)

    def through(self, block: ConvBlock, x: Tensor) -> Tensor:
        """What a block makes of x (B, C, h, w)."""
        y = modulated(block.first(x), *self.take(block.channels, block.stride))
        return x + block.second(F.hardswish(y))


def modulated_norm(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """LayerNorm over the last dimension, then (1 + scale) x + shift; one kernel where the modulation is uniform."""
    if scale.numel() == x.shape[-1]:
        return F.layer_norm(x, x.shape[-1:], (1 + scale).flatten(), shift.flatten())
    normed = F.layer_norm(x, x.shape[-1:])
    return torch.addcmul(shift, normed, 1 + scale)


def modulated(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(1 + scale) x + shift over channels: x (B, C, h, w), scale and shift (B, 1 or h, 1 or w, C)."""
    return torch.addcmul(shift.permute(0, 3, 1, 2), x, 1 + scale.permute(0, 3, 1, 2))


def level_norm(x: Tensor) -> Tensor:
    """Where a level begins, (B, C, h, w) is normalised over channels, each position by itself: nothing leaks across."""
    return F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2]).permute(0, 3, 1, 2)


def grown(skip: Tensor, coarse: Tensor) -> Tensor:
    """The sum of a level (B, C, h, w) and the next coarser one (B, 4 C, h/2, w/2), four positions in each of its."""
    fine = skip.permute(0, 2, 3, 1).unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
    four = coarse.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1)).transpose(2, 3)
    return (fine + four).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


class ConvBlock(nn.Module):
    """Convolve, modulate, activate, convolve, add.

    No norm inside: what a prompt does is then a scale and a shift of the first convolution's outputs, which can be
    folded into its weights, and at inference a block is two convolutions with everything else inside them.
    """

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, modulation: Modulation) -> Tensor:
        return modulation.through(self, x)


class ConvBlocks(nn.Module):
    """The blocks of one level, one after the other."""

    def __init__(self, count: int, channels: int, stride: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ConvBlock(channels, stride) for _ in range(count))

    def forward(self, x: Tensor, modulation: Modulation) -> Tensor:
        for block in self.blocks:
            x = block(x, modulation)
        return x


class Rotary:
    """Rotary position (Su et al. 2021) of tokens at positions (..., 3): x and y in 32 pixels, age in four frames."""

    def __init__(self, position: Tensor, head: int) -> None:
        angles = position @ rotary_rates(head // 2, position.device)
        cos, sin = angles.cos(), angles.sin()
        self._own, self._other = torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)

    def __call__(self, x: Tensor) -> Tensor:
        """x (..., d), halves paired, turned by its position."""
        x32 = x.float()
        swapped = x32.roll(x.shape[-1] // 2, -1)  # each half beside the other
        return torch.addcmul(x32 * self._own, swapped, self._other).to(x.dtype)


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def own_turn(height: int, width: int, head: int, device: torch.device) -> Rotary:
    """Of a frame's own height x width tokens (N, 1, 1, .), for queries and keys (B, N, 2, heads, d) at once."""
    return Rotary(F.pad(grid_positions(height, width, MULTIPLE, device), (0, 1))[:, None, None], head)


@functools.cache
def rotary_rates(count: int, device: torch.device) -> Tensor:
    """(3, count) radians per unit of x, y and age: a quarter of the frequencies turns with age, others with x or y."""
    axis = torch.tensor([(0, 1, 0, 2, 1, 0, 1, 2)[i % 8] for i in range(count)], device=device)
    rate = math.pi / 2 * 0.05 ** (torch.arange(count, device=device) / max(count - 1, 1))
    return F.one_hot(axis, 3).float().T * rate


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def grid_positions(height: int, width: int, side: int, device: torch.device) -> Tensor:
    """(n, 2) centres of tokens of `side` pixels, x then y, in units of 32 pixels."""
    y = (torch.arange(height, device=device) + 0.5) * side / MULTIPLE
    x = (torch.arange(width, device=device) + 0.5) * side / MULTIPLE
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], -1)


@dataclass(frozen=True)
class MemoryKV:
    """The memory as one layer reads it."""

    keys: Tensor
    """(B, heads, S M, d), turned by where and how old they are."""
    values: Tensor
    """(B, heads, S M, d)"""
    allowed: Tensor | None
    """(B, 1, 1, N + 1 + S M) bool, None for all: what a token may look at, those of its own frame first."""


class Linear(nn.Linear):
    """A linear layer, with what comes right after one: at inference both are a single call (engine/fast/onednn.py)."""

    def gelu(self, x: Tensor) -> Tensor:
        """(..., D) -> (..., D'), activated."""
        return F.gelu(self(x))

    def onto(self, base: Tensor, x: Tensor) -> Tensor:
        """What it says of x (..., D) added to base (..., D')."""
        return base + self(x)


class Attention(nn.Module):
    """This frame's tokens attend to themselves and to the memory, in which position is applied at read."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = Linear(width, 3 * width)
        self.out = Linear(width, width)
        self.null = nn.Parameter(torch.zeros(2, width))  # something to look at when nothing fits
        nn.init.zeros_(self.out.weight)

    def queries_keys_values(
        self, normed: Tensor, turn: Rotary, recall: MemoryKV | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (B, heads, N, d), keys and values (B, heads, N + 1 + S M, d): the frame's own, the null, the past's.

        normed (B, N, D), its positions' `turn`, and the memory.
        """
        b, n, d = normed.shape
        qkv = self.qkv(normed).view(b, n, 3, self.heads, d // self.heads)
        q, k = turn(qkv[:, :, :2]).permute(2, 0, 3, 1, 4)
        null = self.null.to(k.dtype).view(2, 1, self.heads, 1, -1).expand(-1, b, -1, -1, -1)
        keys, values = [k, null[0]], [qkv[:, :, 2].transpose(1, 2), null[1]]
        if recall is not None:
            keys.append(recall.keys)
            values.append(recall.values)
        return q, torch.cat(keys, 2), torch.cat(values, 2)

    def forward(self, x: Tensor, normed: Tensor, turn: Rotary, recall: MemoryKV | None) -> Tensor:
        """x (B, N, D) plus what is seen from there, see `queries_keys_values`."""
        q, keys, values = self.queries_keys_values(normed, turn, recall)
        y = F.scaled_dot_product_attention(q, keys, values, attn_mask=None if recall is None else recall.allowed)
        return self.out.onto(x, y.transpose(1, 2).flatten(2))


class TransformerBlock(nn.Module):
    """Attention and an MLP, each behind a modulated norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.attention = Attention(width, heads)
        self.up = Linear(width, 3 * width)
        self.down = Linear(3 * width, width)
        nn.init.zeros_(self.down.weight)

    def forward(
        self, x: Tensor, turn: Rotary, recall: MemoryKV | None, grid: tuple[int, int], modulation: Modulation
    ) -> Tensor:
        x = self.attention(x, modulation.norm(x, grid), turn, recall)
        return self.down.onto(x, self.up.gelu(modulation.norm(x, grid)))


def fourier(value: Tensor, count: int = 16) -> Tensor:
    """(B,) in about 0..1 -> (B, 2 count) sines and cosines at rising frequencies."""
    angles = value[:, None] * torch.exp(torch.linspace(0, math.log(100), count, device=value.device))
    return torch.cat([angles.sin(), angles.cos()], 1)


class Hourglass(nn.Module):
    """The network of `lsd-tiny` and `lsd-base`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        c, width, e = config.channels, config.width, config.condition
        pixels = 3 * PATCH**2
        self.stem = nn.Conv2d(4 * pixels + AIR * PATCH**2 + PLANES, c[0], 1)
        self._emphasise_detail()
        self.concepts = nn.Linear(config.concepts, e, bias=False)
        self.state = nn.Linear(2 * 32, e)
        self.embed = nn.Linear(e, e)
        strides = [PATCH, 2 * PATCH, 4 * PATCH]

        self.encoder = nn.ModuleList(ConvBlocks(*level) for level in zip(config.encoder, c, strides, strict=True))
        self.decoder = nn.ModuleList(ConvBlocks(*level) for level in zip(config.decoder, c, strides, strict=True))
        wide = (*c, width)
        self.shrink = nn.ModuleList(nn.Conv2d(wide[i], wide[i + 1], 2, stride=2) for i in range(3))
        self.grow = nn.ModuleList(nn.Conv2d(wide[i + 1], 4 * wide[i], 1) for i in range(3))
        self.bottleneck = nn.ModuleList(TransformerBlock(width, config.heads) for _ in range(config.layers))
        self.memory_in = Linear(3 * POOL**2 + 1, width)
        self.memory_out = Linear(width, config.layers * 2 * width)
        modulated = sum(n * c[i] for i in range(3) for n in (config.encoder[i], config.decoder[i]))
        self.modulate = nn.Linear(e, 2 * (modulated + 2 * width * config.layers + c[0]))
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)
        self.head = nn.Conv2d(c[0], pixels + 9 + 3 * AIR, 3, padding=1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    @torch.no_grad()
    def _emphasise_detail(self) -> None:
        """Begin with detail as loud as brightness, of which photographs hold far more, and noise softer.

        Only the start of training: edges are found in fewer steps.
        """
        noisy, *pictures = self.stem.weight[:, : 12 * PATCH**2].split(3 * PATCH**2, 1)
        noisy *= 0.3
        for weight in pictures:
            pixels = weight.view(-1, 3, PATCH**2)
            mean = pixels.mean(2, keepdim=True)
            pixels.copy_(mean + DETAIL * (pixels - mean))

    def remember(self, pooled: Tensor, level: Tensor) -> Tensor:
        """Keys and values of a frame from that frame alone: pooled (B, 3, H/8, W/8), level (B,) -> (B, M, L, 2, D)."""
        b, _, h, w = pooled.shape
        padded = F.pad(pooled, (0, -w % 8, 0, -h % 8), mode="replicate")
        patches = F.pixel_unshuffle(padded, 8).flatten(2).transpose(1, 2)
        labelled = torch.cat([patches, level.to(patches.dtype).view(b, 1, 1).expand(-1, patches.shape[1], 1)], -1)
        tokens = self.memory_in.gelu(labelled)
        tokens = F.layer_norm(tokens, tokens.shape[-1:])
        return self.memory_out(tokens).unflatten(-1, (self.config.layers, 2, self.config.width))

    def condition(self, c: Conditions) -> Modulation:
        """Scale and shift of every block: of prompt, noise level and step size alone, so they hold for many frames."""
        return Modulation(self.vectors(c), c.masks)

    def vectors(self, c: Conditions) -> Tensor:
        """(B, P, ...) all blocks' scales and shifts."""
        state = torch.cat([fourier(c.level), fourier(c.step)], 1)
        dtype = self.modulate.weight.dtype
        e = self.concepts(c.concepts.to(dtype)) + self.state(state.to(dtype))[:, None]
        return self.modulate(F.silu(self.embed(F.silu(e))))

    def _seen(self, noisy: Tensor, source: Tensor, past: Tensor, conditions: Conditions) -> Tensor:
        """All that the first layer sees, (B, 4 x 48 + 96 + PLANES, H/4, W/4)."""
        b, h4, w4, _ = source.shape
        height, width, device = h4 * PATCH, w4 * PATCH, source.device
        across, down = fields.wave_phases(conditions.time_s, height, width, PATCH)
        motion = (across.mT[:, None] + down.mT[:, :, None]).sin()  # `fields.waves`, channels last
        interval = (conditions.interval_s * 12).clamp(0, 2)
        state = torch.cat([conditions.past_level, interval[:, None]], 1)[:, None, None].expand(-1, h4, w4, -1)
        seen = torch.empty(b, h4, w4, self.stem.in_channels, dtype=self.stem.weight.dtype, device=device)
        planes = standing(height, width, device)
        fill(seen, [noisy, source, past[:, 0], past[:, 1], conditions.particles, planes, motion, state])
        return seen.permute(0, 3, 1, 2)

    def forward(
        self,
        noisy: Tensor,
        source: Tensor,
        past: Tensor,
        conditions: Conditions,
        memory: Memory | None = None,
        modulation: Modulation | None = None,
    ) -> Tensor:
        """Predict the clean frame.

        noisy, source (B, H/4, W/4, 48) and past (B, 2, H/4, W/4, 48; the last output, then the one before) are patches
        of pictures in -1..1. modulation: what `condition` made of these conditions, where it was kept. Returns the
        clean frame's patches (B, H/4, W/4, 48), float32, unclamped.
        """
        _, h4, w4, _ = source.shape
        height, width = h4 * PATCH, w4 * PATCH
        assert (height % MULTIPLE, width % MULTIPLE) == (0, 0), f"{width}x{height} is not a multiple of {MULTIPLE}"
        modulation = modulation or self.condition(conditions)
        x = self.stem(self._seen(noisy, source, past, conditions))

        skips = []
        for blocks, shrink in zip(self.encoder, self.shrink, strict=True):
            x = blocks(x, modulation)
            skips.append(x)
            x = level_norm(shrink(x))
        x = self._think(x, modulation, memory)
        for i in (2, 1, 0):
            x = level_norm(grown(skips[i], self.grow[i](x)))
            x = self.decoder[i](x, modulation)

        x = modulated(x, *modulation.take(self.config.channels[0], PATCH))
        head = self.head(F.hardswish(x)).permute(0, 2, 3, 1).float()
        return self._compose(head, source, past[:, 0], conditions.particles)

    def _think(self, x: Tensor, modulation: Modulation, memory: Memory | None) -> Tensor:
        b, _, h, w = x.shape
        head = self.config.width // self.config.heads
        turn = own_turn(h, w, head, x.device)
        tokens = x.flatten(2).transpose(1, 2)
        recalls: list[MemoryKV | None] = [None] * len(self.bottleneck)
        if memory is not None:
            s, m = memory.keys_values.shape[1:3]
            side = 8 * POOL
            there = grid_positions(-(-h * MULTIPLE // side), -(-w * MULTIPLE // side), side, x.device)
            age = (memory.age.clamp(max=AGE_LIMIT) / 4).repeat_interleave(m, 1)
            where = torch.cat([there.repeat(s, 1).expand(b, -1, -1), age[..., None]], -1)
            allowed = None
            if memory.valid is not None:
                own = memory.valid.new_ones(b, h * w + 1)
                allowed = torch.cat([own, memory.valid.repeat_interleave(m, 1)], 1)[:, None, None]
            kept = memory.keys_values.to(tokens.dtype).flatten(1, 2).unflatten(-1, (-1, head))
            keys, values = kept.unbind(3)  # of all layers at once, (B, S M, L, heads, d)
            keys = Rotary(where[:, :, None, None], head)(keys)
            past_k, past_v = (part.permute(2, 0, 3, 1, 4) for part in (keys, values))
            recalls = [MemoryKV(k, v, allowed) for k, v in zip(past_k, past_v, strict=True)]
        for block, recall in zip(self.bottleneck, recalls, strict=True):
            tokens = block(tokens, turn, recall, (h, w), modulation)
        return tokens.transpose(1, 2).unflatten(2, (h, w)).contiguous(memory_format=torch.channels_last)

    @staticmethod
    def _compose(head: Tensor, source: Tensor, last: Tensor, particles: Tensor) -> Tensor:
        """Residual, plus a gain per patch and colour on what is sharp: source, its luminance, last output, particles.

        head (B, h, w, 48 + 9 + 3 A) float32, the others patches of any type; float32.
        """
        residual, gains = head.split([3 * PATCH**2, 9 + 3 * AIR], -1)
        spread, bias = mixing(head.device)
        mix = torch.addmm(bias, gains.flatten(0, 2), spread).unflatten(1, (3, -1))
        sharp = head.new_empty(*source.shape[:3], (AIR + 6) * PATCH**2)
        fill(sharp, [particles, source, last])
        sharp = sharp.flatten(0, 2).unflatten(1, (-1, PATCH**2))
        clean = torch.baddbmm(residual.flatten(0, 2).unflatten(1, (3, -1)), mix, sharp)
        return clean.view(source.shape)


def fill(whole: Tensor, parts: list[Tensor]) -> None:
    """The parts one after the other along the last dimension, zeros in what is left; casts on the way, where a
    concatenation would copy twice."""
    at = 0
    for part in parts:
        whole.narrow(-1, at, part.shape[-1]).copy_(part)
        at += part.shape[-1]
    if at < whole.shape[-1]:
        whole[..., at:].zero_()


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def standing(height: int, width: int, device: torch.device) -> Tensor:
    """(1, H/4, W/4, 10): the planes of the first layer's that do not change, place and lattice."""
    planes = [field(height, width, PATCH, device) for field in (fields.coordinates, fields.lattice)]
    return torch.cat(planes, 1).permute(0, 2, 3, 1).contiguous()


@functools.cache
@torch.inference_mode(False)
def mixing(device: torch.device) -> tuple[Tensor, Tensor]:
    """(9 + 3 A, 3 (A + 6)) and (3 (A + 6),): from the head's gains (turn, dye and keep of each colour, then of the A
    planes of particles) to what each colour takes of particles, source and last output."""
    size = 9 + 3 * AIR
    given = torch.cat([torch.zeros(1, size, device=device), torch.eye(size, device=device)])  # nothing, then each gain
    turn, dye, keep, air = given.split([3, 3, 3, 3 * AIR], 1)
    of_source = torch.diag_embed(1 + turn) + dye[..., None] * torch.tensor(LUMINANCE, device=device)
    mixed = torch.cat([air.unflatten(1, (3, AIR)), of_source, torch.diag_embed(keep)], 2).flatten(1)
    return mixed[1:] - mixed[0], mixed[0]
