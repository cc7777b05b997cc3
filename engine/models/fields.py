"""Fields over the picture that network and teachers share: position, travelling waves, births of particles.

Legend: B batch, H height, W width in pixels; h, w the same divided by a stride.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WAVELENGTHS_PX = (160.0, 112.0, 80.0, 56.0, 44.0, 36.0, 28.0, 22.0)
"""One travelling plane wave each. Below 20 px a wave could not be sampled once in four pixels."""

CYCLES = (1, -2, 3, -2, 4, -5, 3, -6)
"""Whole periods of each wave in one loop; whole, so that the clock may wrap without a seam."""

LOOP_S = 8.0
"""The waves' common period: stream time enters the network modulo this, so there is no last frame."""

CELL_PX = 16
"""Side of the cell of noise that may give birth to one particle."""

_GOLDEN = math.pi * (3 - math.sqrt(5))  # directions spread without ever lining up


def _pixel_centres(length: int, stride: int, device: torch.device) -> Tensor:
    return torch.arange(length // stride, device=device, dtype=torch.float32) * stride + (stride - 1) / 2


def coordinates(height: int, width: int, stride: int = 1, device: torch.device | str = "cpu") -> Tensor:
    """(1, 2, h, w): x then y, from -1 at the left/top edge to 1 at the right/bottom edge."""
    device = torch.device(device)
    x = (_pixel_centres(width, stride, device) + 0.5) / width * 2 - 1
    y = (_pixel_centres(height, stride, device) + 0.5) / height * 2 - 1
    grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([grid_x, grid_y])[None]


def lattice(height: int, width: int, stride: int = 1, device: torch.device | str = "cpu") -> Tensor:
    """(1, 8, h, w) in -1..1: where in its 16 and 32 px cell a position is, as cosine and sine along x and y.

    Textures and tiles repeat in these cells; convolutions alone could not know where a cell begins.
    """
    device = torch.device(device)
    y, x = (_pixel_centres(side, stride, device) for side in (height, width))
    planes = []
    for period in (16.0, 32.0):
        for wave in (torch.cos, torch.sin):
            planes += [
                wave(2 * math.pi / period * x).expand(height // stride, -1),
                wave(2 * math.pi / period * y)[:, None].expand(-1, width // stride),
            ]
    return torch.stack(planes)[None]


def waves(time_s: Tensor, height: int, width: int, stride: int = 1) -> Tensor:
    """Eight travelling plane waves at `time_s` (B,), sampled every `stride` pixels: (B, 8, h, w) in -1..1.

    They are measured in pixels from the picture's centre, so a pattern built of them keeps its grain at every size.
    """
    device = time_s.device
    n = len(WAVELENGTHS_PX)
    angle = torch.arange(n, device=device, dtype=torch.float32) * _GOLDEN
    k = 2 * math.pi / torch.tensor(WAVELENGTHS_PX, device=device)
    omega = 2 * math.pi / LOOP_S * torch.tensor(CYCLES, device=device, dtype=torch.float32)
    clock = torch.remainder(time_s.double(), LOOP_S).float()
    x = _pixel_centres(width, stride, device) - width / 2
    y = _pixel_centres(height, stride, device) - height / 2
    phase_x = (k * angle.cos())[:, None] * x + torch.arange(n, device=device)[:, None]
    phase_y = (k * angle.sin())[:, None] * y
    phase = phase_x[None, :, None, :] + phase_y[None, :, :, None] + (clock[:, None] * omega)[:, :, None, None]
    return phase.sin()


def births(noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Where noise (B, 3, H, W), H and W multiples of 16, may give birth: strength, x, y, each (B, H/16, W/16).

    Strength is standard normal (the cell's mean of the first channel, scaled); x and y are pixel positions, uniform
    within the cell (from the means of the second and third channel through the normal distribution's CDF). A particle
    is born where the strength passes a threshold: P(strength > s) births a cell and frame. A teacher that draws its
    randomness here is predictable to the denoiser, which sees the same noise, so one regression step need not average.
    """
    _, _, height, width = noise.shape
    assert (height % CELL_PX, width % CELL_PX) == (0, 0), f"noise of {width}x{height} is not whole {CELL_PX} px cells"
    means = torch.nn.functional.avg_pool2d(noise, CELL_PX) * CELL_PX
    strength, across, down = means.unbind(1)
    row = torch.arange(height // CELL_PX, device=noise.device)[:, None]
    column = torch.arange(width // CELL_PX, device=noise.device)
    x = (column + torch.special.ndtr(across)) * CELL_PX
    y = (row + torch.special.ndtr(down)) * CELL_PX
    return strength, x, y
