"""Few-step denoising as pure functions: noise levels, counter-based noise, the Euler loop.

The path is flow matching's straight line: noisy(level) = (1 - level) * clean + level * noise (Lipman et al. 2023,
arXiv:2210.02747). The denoiser predicts the clean frame, so a step from `level` to `lower` is the exact interpolation
`clean + lower / level * (noisy - clean)`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

Denoiser = Callable[[Tensor, float, float], Tensor]
"""(noisy, level, step size) -> clean."""


def frame_noise(seed: int, index: int, height: int, width: int) -> Tensor:
    """The standard normal noise of source frame `index`: (H, W, 3) float32.

    A function of (seed, index) alone by a counter-based generator (Philox, Salmon et al. 2011), so a frame's noise does
    not depend on how many frames were made before it.
    """
    philox = np.random.Philox(key=seed % 2**64, counter=[0, 0, 0, index % 2**64])
    noise = np.random.Generator(philox).standard_normal((height, width, 3), dtype=np.float32)
    return torch.from_numpy(noise)


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
