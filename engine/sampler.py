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

from engine.models.network import PATCH, to_picture

Denoiser = Callable[[Tensor, float, float], Tensor]
"""(noisy, level, step size) -> clean."""


def noise_patches(seed: int, index: int, height: int, width: int) -> Tensor:
    """The standard normal noise of source frame `index`: (H/4, W/4, 48) float32 in -4.4..4.4, as patches of a picture.

    A function of (seed, index) alone by a counter-based generator (Philox, Salmon et al. 2011), so a frame's noise does
    not depend on how many frames were made before it. Sixteen random bits a value through the inverse of the normal
    distribution: a quarter of the time of the usual generators.
    """
    philox = np.random.Philox(key=seed % 2**64, counter=[0, 0, 0, index % 2**64])
    count = height * width * 3
    bits = philox.random_raw(-(-count // 4)).astype("<u8", copy=False).view("<u2")[:count]
    return torch.from_numpy(normals().take(bits)).view(height // PATCH, width // PATCH, 3 * PATCH**2)


def frame_noise(seed: int, index: int, height: int, width: int) -> Tensor:
    """The same noise as a picture, (H, W, 3)."""
    return to_picture(noise_patches(seed, index, height, width)[None])[0]


@functools.cache
def normals() -> np.ndarray:
    """(65536,) float32: the normal distribution's quantiles in the middle of each of as many equal shares."""
    shares = (torch.arange(2**16, dtype=torch.float64) + 0.5) / 2**16
    return torch.special.ndtri(shares).float().numpy()


def noise_levels(steps: int) -> list[float]:
    """`steps` + 1 levels from 1, pure noise, down to 0, clean."""
    if steps < 1:
        raise ValueError(f"{steps} denoising steps; at least 1 is needed")
    return [1 - i / steps for i in range(steps)] + [0.0]


def denoise(denoiser: Denoiser, noise: Tensor, steps: int) -> Tensor:
    """From noise to a clean frame in `steps` steps."""
    noisy = noise
    for level, lower in pairwise(noise_levels(steps)):
        clean = denoiser(noisy, level, level - lower)
        noisy = clean + (lower / level) * (noisy - clean)
    return noisy


def quantise(clean: Tensor) -> Tensor:
    """-1..1 to uint8, rounded."""
    return (clean * 127.5 + 128.0).clamp_(0, 255).to(torch.uint8)  # 127.5 shifts the range, 0.5 rounds
