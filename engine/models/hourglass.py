"""The denoiser: a pixel-space hourglass that makes one frame from source, past and prompt.

Convolution blocks at 1/4, 1/8 and 1/16 of the resolution, skips across, and at 1/32 a transformer whose queries are
this frame's tokens and whose keys are these tokens and those of remembered frames. It predicts the clean frame
(x-prediction) at flow-matching noise levels: noisy = (1 - level) * clean + level * noise (Lipman et al. 2023).

Legend: B batch, P prompts, H height, W width in pixels (multiples of 32); h, w the same at a block's level;
C channels, N tokens of this frame, M tokens of a remembered frame, S remembered frames, L layers, D token width,
K worlds, T things, E condition width, A kinds of particles. Pictures are RGB in -1..1.
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
from engine.models.attention import MEMORY_PATCH, Linear, Memory, MemoryKV, TransformerBlock, frame_rotary, read_memory
from engine.models.modulation import ConvBlocks, Modulation, modulate, modulated_places
from engine.models.particles import PARTICLE_KINDS
from engine.models.patches import PATCH, SIZE_MULTIPLE

DETAIL_GAIN = 6.0
"""At the start of training the first layer weighs detail this many times as much as brightness."""
NOISE_GAIN = 0.3
"""And the noisy frame this many times as much as it weighs pictures."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in luma (ITU-R BT.601)."""
PATCH_CHANNELS = 3 * PATCH**2
"""A patch's values: its red, row by row, then its green, then its blue."""
FIELD_CHANNELS = 2 + 8 + len(fields.WAVELENGTHS_PX) + 3
"""Inputs once a patch: coordinates, lattice and waves (`engine/models/fields.py`), then the noise levels of the two
last outputs and the interval."""
PARTICLE_PLANES = len(PARTICLE_KINDS)
"""Planes of particles, at full resolution."""
INPUT_CHANNELS = 4 * PATCH_CHANNELS + PARTICLE_PLANES * PATCH**2 + FIELD_CHANNELS
"""The first layer's: noisy frame, source, the two last outputs, particles, fields."""
GAIN_CHANNELS = 9 + 3 * PARTICLE_PLANES
"""For each colour a gain on the source's own colour, its luminance, the last output, and each plane of particles."""
OUTPUT_CHANNELS = PATCH_CHANNELS + GAIN_CHANNELS
"""The last layer's: a residual, then the gains."""


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


class Hourglass(nn.Module):
    """The network of `lsd-tiny` and `lsd-base`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        c, width, e = config.channels, config.width, config.condition
        self.places = modulated_places(config)
        """Where scale and shift of the modulation vector belong, in the order in which a frame passes."""
        place = {place.name: place for place in self.places}
        self.stem = nn.Conv2d(INPUT_CHANNELS, c[0], 1)
        self._emphasise_detail()
        self.concepts = nn.Linear(config.concepts, e, bias=False)
        self.state = nn.Linear(2 * 32, e)
        self.embed = nn.Linear(e, e)

        def level(name: str, blocks: int) -> ConvBlocks:
            return ConvBlocks([place[f"{name}.blocks.{k}"] for k in range(blocks)])

        self.encoder = nn.ModuleList(level(f"encoder.{i}", count) for i, count in enumerate(config.encoder))
        self.decoder = nn.ModuleList(level(f"decoder.{i}", count) for i, count in enumerate(config.decoder))
        wide = (*c, width)
        self.shrink = nn.ModuleList(nn.Conv2d(wide[i], wide[i + 1], 2, stride=2) for i in range(3))
        self.grow = nn.ModuleList(nn.Conv2d(wide[i + 1], 4 * wide[i], 1) for i in range(3))
        self.bottleneck = nn.ModuleList(
            TransformerBlock(width, config.heads, place[f"bottleneck.{i}.attention"], place[f"bottleneck.{i}.mlp"])
            for i in range(config.layers)
        )
        self.output_place = place["output"]
        self.memory_in = Linear(3 * MEMORY_PATCH**2 + 1, width)
        self.memory_out = Linear(width, config.layers * 2 * width)
        self.modulate = nn.Linear(e, self.places[-1].vector_span.stop)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)
        self.head = nn.Conv2d(c[0], OUTPUT_CHANNELS, 3, padding=1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)

    @torch.no_grad()
    def _emphasise_detail(self) -> None:
        """Begin with detail as strong as brightness, of which photographs hold far more, and noise weaker.

        Only the start of training: edges are found in fewer steps.
        """
        noisy, *pictures = self.stem.weight[:, : 4 * PATCH_CHANNELS].split(PATCH_CHANNELS, 1)
        noisy *= NOISE_GAIN
        for weight in pictures:
            pixels = weight.view(-1, 3, PATCH**2)
            mean = pixels.mean(2, keepdim=True)
            pixels.copy_(mean + DETAIL_GAIN * (pixels - mean))

    def remember(self, pooled: Tensor, level: Tensor) -> Tensor:
        """Keys and values of a frame from that frame alone: pooled (B, 3, H/8, W/8), level (B,) -> (B, M, L, 2, D)."""
        b, _, h, w = pooled.shape
        padded = F.pad(pooled, (0, -w % MEMORY_PATCH, 0, -h % MEMORY_PATCH), mode="replicate")
        patches = F.pixel_unshuffle(padded, MEMORY_PATCH).flatten(2).transpose(1, 2)
        labelled = torch.cat([patches, level.to(patches.dtype).view(b, 1, 1).expand(-1, patches.shape[1], 1)], -1)
        tokens = self.memory_in.gelu(labelled)
        tokens = F.layer_norm(tokens, tokens.shape[-1:])
        return self.memory_out(tokens).unflatten(-1, (self.config.layers, 2, self.config.width))

    def condition(self, c: Conditions) -> Modulation:
        """Scale and shift of every block: of prompt, noise level and step size alone, so they hold for many frames."""
        return Modulation(self.vectors(c), c.masks)

    def vectors(self, c: Conditions) -> Tensor:
        """(B, P, 2 channels of all places): the scales and shifts of `places`, in their order."""
        state = torch.cat([fourier(c.level), fourier(c.step)], 1)
        dtype = self.modulate.weight.dtype
        e = self.concepts(c.concepts.to(dtype)) + self.state(state.to(dtype))[:, None]
        return self.modulate(F.silu(self.embed(F.silu(e))))

    def assemble_input(self, noisy: Tensor, source: Tensor, past: Tensor, conditions: Conditions) -> Tensor:
        """The first layer's input, (B, INPUT_CHANNELS, H/4, W/4); arguments as in `forward`.

        Zeros follow where the layer takes more channels than that.
        """
        b, h4, w4, _ = source.shape
        height, width, device = h4 * PATCH, w4 * PATCH, source.device
        across, down = fields.wave_phases(conditions.time_s, height, width, PATCH)
        waves = (across.mT[:, None] + down.mT[:, :, None]).sin()  # `fields.waves`, channels last
        interval = (conditions.interval_s * 12).clamp(0, 2)
        state = torch.cat([conditions.past_level, interval[:, None]], 1)[:, None, None].expand(-1, h4, w4, -1)
        whole = torch.empty(b, h4, w4, self.stem.in_channels, dtype=self.stem.weight.dtype, device=device)
        still = constant_fields(height, width, device)
        fill(whole, [noisy, source, past[:, 0], past[:, 1], conditions.particles, still, waves, state])
        return whole.permute(0, 3, 1, 2)

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
        whole = height % SIZE_MULTIPLE == width % SIZE_MULTIPLE == 0
        assert whole, f"{width}x{height} is not a multiple of {SIZE_MULTIPLE}"
        modulation = modulation or self.condition(conditions)
        x = self.stem(self.assemble_input(noisy, source, past, conditions))

        skips = []
        for blocks, shrink in zip(self.encoder, self.shrink, strict=True):
            x = blocks(x, modulation)
            skips.append(x)
            x = level_norm(shrink(x))
        x = self._transform(x, modulation, memory)
        for i in (2, 1, 0):
            x = level_norm(upsample_add(skips[i], self.grow[i](x)))
            x = self.decoder[i](x, modulation)

        x = modulate(x, *modulation.at(self.output_place))
        head = self.head(F.hardswish(x)).permute(0, 2, 3, 1).float()
        return compose_output(head, source, past[:, 0], conditions.particles)

    def _transform(self, x: Tensor, modulation: Modulation, memory: Memory | None) -> Tensor:
        """The transformer over x (B, D, h, w) at the bottleneck."""
        h, w = x.shape[2:]
        head = self.config.width // self.config.heads
        rotary = frame_rotary(h, w, head, x.device)
        tokens = x.flatten(2).transpose(1, 2)
        by_layer: list[MemoryKV | None] = [None] * len(self.bottleneck)
        if memory is not None:
            by_layer = [*read_memory(memory, (h, w), head, tokens.dtype)]
        for block, remembered in zip(self.bottleneck, by_layer, strict=True):
            tokens = block(tokens, rotary, remembered, (h, w), modulation)
        return tokens.transpose(1, 2).unflatten(2, (h, w)).contiguous(memory_format=torch.channels_last)


def fourier(value: Tensor, count: int = 16) -> Tensor:
    """(B,) in about 0..1 -> (B, 2 count) sines and cosines at rising frequencies."""
    angles = value[:, None] * torch.exp(torch.linspace(0, math.log(100), count, device=value.device))
    return torch.cat([angles.sin(), angles.cos()], 1)


def level_norm(x: Tensor) -> Tensor:
    """Where a level begins, (B, C, h, w) is normalised over channels, each position by itself: nothing leaks across."""
    return F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1:2]).permute(0, 3, 1, 2)


def upsample_add(skip: Tensor, coarse: Tensor) -> Tensor:
    """The sum of a level (B, C, h, w) and the next coarser one (B, 4 C, h/2, w/2), four positions in each of its."""
    fine = skip.permute(0, 2, 3, 1).unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
    four = coarse.permute(0, 2, 3, 1).unflatten(3, (2, 2, -1)).transpose(2, 3)
    return (fine + four).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)


def compose_output(head: Tensor, source: Tensor, last: Tensor, particles: Tensor) -> Tensor:
    """The clean frame of the last layer's output: a residual, plus gains on what is sharp.

    Each patch and colour has a gain on the source's own colour, its luminance, the last output and each plane of
    particles. head (B, h, w, 48 + 9 + 3 A) float32; source and last (B, h, w, 48) and particles (B, h, w, 16 A) are
    patches of any type. Returns (B, h, w, 48) float32.
    """
    residual, gains = head.split([PATCH_CHANNELS, GAIN_CHANNELS], -1)
    spread, bias = output_mixing(head.device)
    mix = torch.addmm(bias, gains.flatten(0, 2), spread).unflatten(1, (3, -1))
    sharp = head.new_empty(*source.shape[:3], (PARTICLE_PLANES + 6) * PATCH**2)
    fill(sharp, [particles, source, last])
    sharp = sharp.flatten(0, 2).unflatten(1, (-1, PATCH**2))
    clean = torch.baddbmm(residual.flatten(0, 2).unflatten(1, (3, -1)), mix, sharp)
    return clean.view(source.shape)


def fill(whole: Tensor, parts: list[Tensor]) -> None:
    """Write the parts into `whole` one after the other along the last dimension, zeros into what is left.

    Casts on the way, where a concatenation would copy twice.
    """
    at = 0
    for part in parts:
        whole.narrow(-1, at, part.shape[-1]).copy_(part)
        at += part.shape[-1]
    if at < whole.shape[-1]:
        whole[..., at:].zero_()


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def constant_fields(height: int, width: int, device: torch.device) -> Tensor:
    """(1, H/4, W/4, 10): the first layer's inputs that never change, coordinates and lattice."""
    planes = [field(height, width, PATCH, device) for field in (fields.coordinates, fields.lattice)]
    return torch.cat(planes, 1).permute(0, 2, 3, 1).contiguous()


@functools.cache
@torch.inference_mode(False)
def output_mixing(device: torch.device) -> tuple[Tensor, Tensor]:
    """The linear map from the last layer's gains to what each colour takes of particles, source and last output.

    Matrix (9 + 3 A, 3 (A + 6)) and bias (3 (A + 6),). Gains, for red, green and blue each: on the source's own colour
    (0 leaves it as it is), on its luminance, on the last output, then on the A planes of particles.
    """
    basis = torch.cat([torch.zeros(1, GAIN_CHANNELS, device=device), torch.eye(GAIN_CHANNELS, device=device)])
    own, luminance, last, particles = basis.split([3, 3, 3, 3 * PARTICLE_PLANES], 1)  # no gain, then each by itself
    of_source = torch.diag_embed(1 + own) + luminance[..., None] * torch.tensor(LUMINANCE, device=device)
    of_particles = particles.unflatten(1, (3, PARTICLE_PLANES))
    mixed = torch.cat([of_particles, of_source, torch.diag_embed(last)], 2).flatten(1)
    return mixed[1:] - mixed[0], mixed[0]
