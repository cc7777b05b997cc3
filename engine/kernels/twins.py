"""The kernels' meaning in plain torch: same names, same signatures, built of the network's own functions.

Documentation, fallback where there is no Triton, and oracle of the tests.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from engine import sampler
from engine.history import as_signal
from engine.kernels.packing import TransformerWeights
from engine.kernels.rotary import RotaryTables
from engine.models import fields
from engine.models.attention import AGE_LIMIT, AGE_UNIT
from engine.models.hourglass import compose_output, fill, level_norm, upsample_add
from engine.models.modulation import modulate
from engine.models.particles import ParticleTable, particle_planes
from engine.models.patches import PATCH, pad_picture, planes_to_patches, to_patches, to_picture


def modulate_hardswish(x: Tensor, gain: Tensor, offset: Tensor, masks: Tensor | None = None) -> Tensor:
    """hardswish(gain x + offset): x (B, h, w, C), gain and offset (B, P, C) float32, masks (B, h, w, P) float32."""
    scale, shift = _at_positions(gain, masks), _at_positions(offset, masks)
    y = modulate(x.float().permute(0, 3, 1, 2), scale - 1, shift)
    return F.hardswish(y).permute(0, 2, 3, 1).to(x.dtype)


def _at_positions(part: Tensor, masks: Tensor | None) -> Tensor:
    """(B, P, C) of the prompts -> (B, 1, 1, C) of all positions, or (B, h, w, C) by their masks."""
    return part[:, :, None] if masks is None else torch.einsum("bhwp,bpc->bhwc", masks, part)


def add(x: Tensor, y: Tensor, bias: Tensor) -> Tensor:
    """x + y + bias: x and y (B, h, w, C), bias (C,)."""
    return (x.float() + y.float() + bias.float()).to(x.dtype)


def bias_norm(x: Tensor, bias: Tensor) -> Tensor:
    """Begin a level on the way down: x + bias, normalised over channels; x (B, h, w, C), bias (C,)."""
    total = (x.float() + bias.float()).permute(0, 3, 1, 2)
    return level_norm(total).permute(0, 2, 3, 1).to(x.dtype)


def upsample_add_norm(skip: Tensor, coarse: Tensor) -> Tensor:
    """Begin a level on the way up: skip (B, h, w, C) + coarse (B, h/2, w/2, 4 C), normalised over channels."""
    total = upsample_add(skip.float().permute(0, 3, 1, 2), coarse.float().permute(0, 3, 1, 2))
    return level_norm(total).permute(0, 2, 3, 1).to(skip.dtype)


def fill_noise(counter: Tensor, tables: Tensor, out: Tensor) -> None:
    """Fill `out` (B, h, w, 48) float32 with the noise of counter (B, 2) int64, seed and source frame index."""
    for sample, (seed, index) in zip(out, counter.tolist(), strict=True):
        sample.copy_(sampler.noise_patches(seed, index, sample.shape[0] * PATCH, sample.shape[1] * PATCH))


def fill_particles(counter: Tensor, clock: Tensor, table: ParticleTable, planes: Tensor) -> None:
    """Fill `planes` (B, A, H, W) with the particles of counter (B, 2) int64, seed first, at clock (B,) seconds."""
    planes.copy_(particle_planes(counter[:, 0] & 2**63 - 1, clock, *planes.shape[2:]))


def _patches(pictures: Tensor) -> Tensor:
    """(B, H, W, 3) uint8 of any size -> (B, h, w, 48) in -1..1 of the padded one."""
    return to_patches(as_signal(torch.stack([pad_picture(picture) for picture in pictures])))


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
    """Fill `assembled` (B, h, w, K) with the first layer's input; see the kernel for the arguments."""
    b, h, w, _ = assembled.shape
    clock, interval, *levels = scalars[:, :4].unbind(1)
    pasts = [
        _patches(picture) * (level < 1).view(-1, 1, 1, 1) for picture, level in zip((last, before), levels, strict=True)
    ]
    motion = fields.waves(clock, h * PATCH, w * PATCH, PATCH).permute(0, 2, 3, 1)
    state = torch.stack([*levels, (interval * 12).clamp(0, 2)], 1)[:, None, None].expand(-1, h, w, -1)
    fill(
        assembled,
        [noisy, _patches(camera), *pasts, planes_to_patches(particles), still.expand(b, -1, -1, -1), motion, state],
    )


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
    """Compose the clean frame of the last layer's output, and step to it; see the kernel for the arguments."""
    output = head[..., : len(bias)].float() + bias.float()
    has_last = (scalars[:, 2] < 1).view(-1, 1, 1, 1)
    clean = compose_output(output, _patches(camera), _patches(last) * has_last, planes_to_patches(particles))
    if ratio > 0:
        noisy.copy_(clean + ratio * (noisy - clean))
        return
    height, width = camera.shape[1:3]
    before.copy_(last)
    last.copy_(to_picture(sampler.quantise(clean))[:, :height, :width])


def attend(qkv: Tensor, null: Tensor, ring: Tensor, age: Tensor, tables: RotaryTables, layer: int) -> Tensor:
    """The output of attention for each token, (B, N, D); see the kernel for the arguments."""
    b, n, width3 = qkv.shape
    m, half, width = ring.shape[2], tables.own_cos.shape[1], width3 // 3

    def heads(x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, 2 * half)).transpose(1, 2)

    def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        first, second = x.float().chunk(2, -1)
        return torch.cat([first * cos - second * sin, first * sin + second * cos], -1).to(x.dtype)

    q, k, v = (heads(part) for part in qkv.split(width, -1))
    null_k, null_v = null.to(qkv.dtype).view(2, 1, -1, 1, 2 * half).expand(-1, b, -1, -1, -1)
    past_k, past_v = (heads(part) for part in ring[:, :, :, layer].flatten(1, 2).unbind(2))
    angle = (age.clamp(max=AGE_LIMIT) / AGE_UNIT)[..., None, None] * tables.age_rates
    with_age = tables.age_rates > 0
    cos = torch.where(with_age, angle.cos(), tables.past_cos).flatten(1, 2)[:, None]
    sin = torch.where(with_age, angle.sin(), tables.past_sin).flatten(1, 2)[:, None]
    keys = torch.cat([rotated(k, tables.own_cos, tables.own_sin), null_k, rotated(past_k, cos, sin)], 2)
    values = torch.cat([v, null_v, past_v], 2)
    valid = (age >= 0).repeat_interleave(m, 1)
    allowed = torch.cat([valid.new_ones(b, n + 1), valid], 1)[:, None, None]
    y = F.scaled_dot_product_attention(rotated(q, tables.own_cos, tables.own_sin), keys, values, attn_mask=allowed)
    return y.transpose(1, 2).flatten(2)


def run_transformer(
    tokens: Tensor,
    weights: TransformerWeights,
    gain: Tensor,
    offset: Tensor,
    masks: Tensor | None,
    ring: Tensor,
    age: Tensor,
    tables: RotaryTables,
    attend: Callable[[Tensor, Tensor, Tensor, Tensor, RotaryTables, int], Tensor] = attend,
) -> Tensor:
    """All layers of the transformer over tokens (B, N, D); gain and offset (B, P, L, 2, D), masks (B, N, P)."""

    def normed(x: Tensor, layer: int, which: int) -> Tensor:
        scale, shift = (part[:, :, layer, which] for part in (gain, offset))
        if masks is not None:
            scale, shift = masks @ scale, masks @ shift
        return torch.addcmul(shift, F.layer_norm(x.float(), x.shape[-1:]), scale).to(x.dtype)

    for i in range(len(weights.null)):
        qkv = F.linear(normed(tokens, i, 0), weights.qkv_weight[i], weights.qkv_bias[i])
        attended = attend(qkv, weights.null[i], ring, age, tables, i)
        tokens = tokens + F.linear(attended, weights.out_weight[i], weights.out_bias[i])
        wide = F.gelu(F.linear(normed(tokens, i, 1), weights.up_weight[i], weights.up_bias[i]))
        tokens = tokens + F.linear(wide, weights.down_weight[i], weights.down_bias[i])
    return tokens
