"""Fields over the picture, inputs of network and teachers alike: coordinates, lattice, travelling waves.

Legend: B batch, H height, W width in pixels; h, w the same divided by a stride.
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

WAVELENGTHS_PX = (160.0, 112.0, 80.0, 56.0, 44.0, 36.0, 28.0, 22.0)
"""Of eight travelling plane waves. Under 20 px a wave could not be sampled once in four pixels."""

CYCLES = (1, -2, 3, -2, 4, -5, 3, -6)
"""Whole periods of each wave in one loop; whole, so that the clock may wrap without a seam."""

LOOP_S = 8.0
"""The waves' common period: stream time enters the network modulo this, so there is no last frame."""

_GOLDEN = math.pi * (3 - math.sqrt(5))  # directions spread without ever lining up


def _pixel_centres(length: int, stride: int, device: torch.device) -> Tensor:
    """(length / stride,) the centre of each `stride` pixels, in pixels from the first one's centre."""
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


@functools.cache
def wave_table(device: torch.device) -> Tensor:
    """(8, 4) float32, a row per wave: radians per pixel of x, radians at the centre, per pixel of y and per second."""
    n = len(WAVELENGTHS_PX)
    angle = torch.arange(n, device=device, dtype=torch.float32) * _GOLDEN
    k = 2 * math.pi / torch.tensor(WAVELENGTHS_PX, device=device)
    omega = 2 * math.pi / LOOP_S * torch.tensor(CYCLES, device=device, dtype=torch.float32)
    offset = torch.arange(n, device=device, dtype=torch.float32)
    return torch.stack([k * angle.cos(), offset, k * angle.sin(), omega], 1)


def wave_phases(time_s: Tensor, height: int, width: int, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Phases of the eight waves at `time_s` (B,), whose sum is the wave's: across (B, 8, w) and down (B, 8, h)."""
    device = time_s.device
    along_x, offset, along_y, omega = wave_table(device).unbind(1)
    clock = torch.remainder(time_s if device.type == "mps" else time_s.double(), LOOP_S).float()  # mps lacks float64
    x = _pixel_centres(width, stride, device) - width / 2
    y = _pixel_centres(height, stride, device) - height / 2
    across = along_x[:, None] * x + offset[:, None]
    down = along_y[:, None] * y
    return across + (clock[:, None] * omega)[..., None], down.expand(len(clock), -1, -1)


def waves(time_s: Tensor, height: int, width: int, stride: int = 1) -> Tensor:
    """Eight travelling plane waves at `time_s` (B,), sampled every `stride` pixels: (B, 8, h, w) in -1..1.

    They are measured in pixels from the picture's centre, so a pattern built of them keeps its grain at every size.
    """
    across, down = wave_phases(time_s, height, width, stride)
    return (across[..., None, :] + down[..., None]).sin()
