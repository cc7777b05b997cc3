"""Few-step denoising as pure functions: noise levels, counter-based noise, the Euler loop.

The path is flow matching's straight line: noisy(level) = (1 - level) * clean + level * noise (Lipman et al. 2023,
arXiv:2210.02747). The denoiser predicts the clean frame, so a step from `level` to `lower` is the exact interpolation
`clean + lower / level * (noisy - clean)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.models.patches import PATCH, to_picture

Denoiser = Callable[[Tensor, float, float], Tensor]
"""(noisy, level, step size) -> clean."""

LASTING_SHARE = 0.75
"""Share of the noise's variance that is the same in all frames of a stream."""


def noise_levels(steps: int) -> list[float]:
    """`steps` + 1 levels from 1, pure noise, down to 0, clean. Raises ValueError for fewer than one step."""
    if steps < 1:
        raise ValueError(f"{steps} denoising steps; at least 1 is needed")
    return [1 - i / steps for i in range(steps)] + [0.0]


def denoise(denoiser: Denoiser, noise: Tensor, steps: int) -> Tensor:
    """From noise to a clean frame in `steps` Euler steps; tensors of the denoiser's shape."""
    noisy = noise
    for level, lower in pairwise(noise_levels(steps)):
        clean = denoiser(noisy, level, level - lower)
        noisy = clean + (lower / level) * (noisy - clean) if lower > 0 else clean
    return noisy


def quantise(clean: Tensor) -> Tensor:
    """A signal in -1..1 as uint8, rounded; values beyond are clamped."""
    grey = (clean * 127.5).add_(128.0).clamp_(0, 255)  # 127.5 shifts the range, 0.5 rounds
    return grey.to(torch.int16).to(torch.uint8)  # a third of the time of going straight there


def noise_patches(seed: int, index: int, height: int, width: int) -> Tensor:
    """The standard normal noise of source frame `index`: (H/4, W/4, 48) float32 in -6..6, as patches of a picture.

    Three quarters of its variance are the stream's own, the same in all frames, the rest is new in each: what the
    network makes of noise would flicker otherwise (mixed noise, Ge et al. 2023, arXiv:2305.10474). A function of (seed,
    index) alone by a counter-based generator, so a frame's noise does not depend on how many were made before it.
    """
    bits = _bits(seed, index, height * width * 3)
    fresh = torch.from_numpy(noise_tables()[1].take(bits, mode="wrap"))  # unchecked is faster; all are in range
    return fresh.view(height // PATCH, width // PATCH, 3 * PATCH**2).add_(_lasting_noise(seed, height, width))


@functools.lru_cache(maxsize=64)  # as many streams in turn
def _lasting_noise(seed: int, height: int, width: int) -> Tensor:
    """The part of the noise that all frames of a stream share: that of a frame before the first."""
    lasting = torch.from_numpy(noise_tables()[0].take(_bits(seed, -1, height * width * 3)))
    return lasting.view(height // PATCH, width // PATCH, 3 * PATCH**2)


def _bits(seed: int, index: int, count: int) -> np.ndarray:
    """Sixteen random bits a value (Philox, Salmon et al. 2011): a quarter of the time of the usual generators."""
    counter = np.array([0, 0, 0, index % 2**64], np.uint64)
    philox = np.random.Philox(key=seed % 2**64, counter=counter)
    return philox.random_raw(-(-count // 4)).astype("<u8", copy=False).view("<u2")[:count]


def frame_noise(seed: int, index: int, height: int, width: int) -> Tensor:
    """The same noise as a picture, (H, W, 3) float32."""
    return to_picture(noise_patches(seed, index, height, width)[None])[0]


@functools.cache
def noise_tables() -> np.ndarray:
    """(2, 65536) float32: a standard normal value for each number of sixteen bits, scaled for the lasting and the fresh
    part of the noise.

    The values are the quantiles in the middle of each of 65,536 equal shares of the distribution.
    """
    shares = (torch.arange(2**16, dtype=torch.float64) + 0.5) / 2**16
    quantiles = torch.special.ndtri(shares)
    return torch.stack([LASTING_SHARE**0.5 * quantiles, (1 - LASTING_SHARE) ** 0.5 * quantiles]).float().numpy()
