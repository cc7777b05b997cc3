"""The procedural teachers' tools: blurs, gradients, colour ramps and edge-preserving filters.

Legend: B batch, C channels, H height, W width in pixels. Pictures are float32 RGB in 0..1.
Everything is local (a neighbourhood of about 24 px), so that a convolutional student can learn it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

Colour = tuple[float, float, float]
"""RGB in 0..1."""

TILE_PX = 16
"""Fixed textures repeat after the network's deepest stride but one, so that it can know their phase."""


def ink(colour: Colour, like: Tensor) -> Tensor:
    """A colour as (1, 3, 1, 1), on the device of `like`."""
    return like.new_tensor(colour).view(1, 3, 1, 1)


def luminance(picture: Tensor) -> Tensor:
    """Rec. 601 luma, (B, 1, H, W)."""
    return (picture * ink((0.299, 0.587, 0.114), picture)).sum(1, keepdim=True)


def mix(a: Tensor, b: Tensor, amount: Tensor | float) -> Tensor:
    """Interpolate: `a` where amount is 0, `b` where it is 1; shapes broadcast."""
    return a + (b - a) * amount


def screen(picture: Tensor, light: Tensor) -> Tensor:
    """Add light (B, 1 or 3, H, W) as a second exposure: never beyond white, never darker."""
    return 1 - (1 - picture.clamp(0, 1)) * (1 - light.clamp(0, 1))


def smoothstep(low: float, high: float, value: Tensor) -> Tensor:
    """0 below `low`, 1 above `high` (or the reverse where low > high), smooth between; elementwise."""
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def saturate(picture: Tensor, amount: float) -> Tensor:
    """Scale the distance from grey, (B, 3, H, W) in 0..1: amount 0 is grey, 1 leaves it unchanged."""
    grey = luminance(picture)
    return (grey + (picture - grey) * amount).clamp(0, 1)


def ramp(value: Tensor, stops: tuple[tuple[float, Colour], ...]) -> Tensor:
    """Map `value` (B, 1, H, W) to (B, 3, H, W) by a gradient of (position, colour) stops, positions rising."""
    (position, colour), *rest = stops
    out = ink(colour, value).expand(value.shape[0], 3, *value.shape[2:])
    for following, following_colour in rest:
        out = mix(out, ink(following_colour, value), ((value - position) / (following - position)).clamp(0, 1))
        position = following
    return out


def box(picture: Tensor, size: int) -> Tensor:
    """Mean over `size` x `size` px (odd), edges repeated; the same shape."""
    half = size // 2
    across = F.avg_pool2d(F.pad(picture, (half, half, 0, 0), mode="replicate"), (1, size), 1)
    return F.avg_pool2d(F.pad(across, (0, 0, half, half), mode="replicate"), (size, 1), 1)


def soft(picture: Tensor, pixels: int) -> Tensor:
    """A wide blur of about `pixels` px (4, 8 or 16): pooled, then interpolated; the same shape."""
    small = box(F.avg_pool2d(picture, pixels), 3)
    return F.interpolate(small, size=picture.shape[-2:], mode="bilinear", align_corners=False)


def slopes(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences to the right and downward, each (B, 1, H, W)."""
    padded = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    right = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    return right, down


def shifted(picture: Tensor, right: int = 0, down: int = 0) -> Tensor:
    """The picture moved by whole pixels, its edges repeated."""
    height, width = picture.shape[-2:]
    m = max(abs(right), abs(down))
    padded = F.pad(picture, (m, m, m, m), mode="replicate")
    return padded[..., m - down : m - down + height, m - right : m - right + width]


def edges(grey: Tensor) -> Tensor:
    """Length of the gradient, (B, 1, H, W)."""
    right, down = slopes(grey)
    return (right.square() + down.square() + 1e-12).sqrt()


def gaussian(picture: Tensor, sigma: float) -> Tensor:
    """Blur with a Gaussian of `sigma` px, edges repeated."""
    half = math.ceil(2.5 * sigma)
    taps = torch.arange(-half, half + 1, device=picture.device, dtype=picture.dtype)
    taps = (-0.5 * (taps / sigma).square()).exp()
    kernel = (taps / taps.sum()).expand(picture.shape[1], 1, -1)
    padded = F.pad(picture, (half,) * 4, mode="replicate")
    across = F.conv2d(padded, kernel[:, :, None], groups=picture.shape[1])
    return F.conv2d(across, kernel[..., None], groups=picture.shape[1])


def ink_lines(grey: Tensor, sigma: float = 1.0, low: float = 0.010, high: float = 0.045) -> Tensor:
    """Pen lines of about 2 `sigma` px, 0..1, where it is darker than around: features, folds, the dark side of edges.

    A thresholded difference of Gaussians (Winnemoeller et al. 2012, XDoG).
    """
    return smoothstep(low, high, gaussian(grey, 1.8 * sigma) - gaussian(grey, sigma))


def kuwahara(picture: Tensor, size: int = 5, sharpness: float = 6.0) -> Tensor:
    """Edge-preserving smoothing (B, 3, H, W): of four `size` px squares around a pixel the smoothest weighs most."""
    grey = luminance(picture)
    half = size // 2
    moments = F.pad(box(torch.cat([picture, grey, grey.square()], 1), size), (half,) * 4, mode="replicate")
    variance = moments[:, 4:5] - moments[:, 3:4].square()
    weight = (variance.clamp(min=0) * 100 + 0.01).reciprocal().pow(sharpness / 2)
    weighted = torch.cat([moments[:, :3] * weight, weight], 1)
    height, width = picture.shape[-2:]
    parts = [weighted[..., top : top + height, left : left + width] for top in (0, 2 * half) for left in (0, 2 * half)]
    total = parts[0] + parts[1] + parts[2] + parts[3]
    return total[:, :3] / total[:, 3:]


def along(texture: Tensor, form: Tensor, length: int = 6) -> Tensor:
    """A texture smeared into streaks that follow the contours of `form` (both (B or 1, 1, H, W)), of deviation 1.

    length: to either side, in px. A line integral (Cabral and Leedom 1993) along the weak direction of the structure
    tensor, straight within its length.
    """
    right, down = slopes(gaussian(form, 1.0))
    xx, yy, xy = (gaussian(product, 3.0) for product in (right * right, down * down, right * down))
    angle = 0.5 * torch.atan2(2 * xy, xx - yy) + math.pi / 2
    height, width = form.shape[-2:]
    y, x = torch.meshgrid(
        torch.arange(height, device=form.device, dtype=form.dtype),
        torch.arange(width, device=form.device, dtype=form.dtype),
        indexing="ij",
    )
    texture = texture.expand(form.shape[0], -1, -1, -1)
    streaks = torch.zeros_like(form)
    for step in range(-length, length + 1):
        at_x, at_y = x + step * angle.cos()[:, 0], y + step * angle.sin()[:, 0]
        grid = torch.stack([(2 * at_x + 1) / width - 1, (2 * at_y + 1) / height - 1], -1)
        streaks = streaks + F.grid_sample(texture, grid, padding_mode="reflection", align_corners=False)
    deviation = streaks.flatten(1).std(1).clamp(min=1e-6).view(-1, 1, 1, 1)
    return streaks / deviation


def by_table(picture: Tensor, table: Tensor) -> Tensor:
    """Colours looked up in a table (1, 3, N, N, N) by blue, green and red, between its entries linearly."""
    grid = (2 * picture.clamp(0, 1) - 1).permute(0, 2, 3, 1)[:, None]
    out = F.grid_sample(table.expand(picture.shape[0], -1, -1, -1, -1), grid, align_corners=True, padding_mode="border")
    return out[:, :, 0]


def tiled(pattern: Tensor, height: int, width: int) -> Tensor:
    """Repeat a (16, 16) texture over the picture: (1, 1, H, W)."""
    return pattern.repeat(height // TILE_PX, width // TILE_PX)[None, None]


def hatching(height: int, width: int, like: Tensor, period: int = 8, rising: bool = True) -> Tensor:
    """Diagonal pencil lines in -1..1, one every `period` px (a divisor of 16) along a row."""
    axis = torch.arange(TILE_PX, device=like.device, dtype=torch.float32)
    diagonal = axis[None] + (axis[:, None] if rising else -axis[:, None])
    return tiled((diagonal * (2 * math.pi / period)).cos(), height, width)


@lru_cache(maxsize=2)
def _paper_tile() -> Tensor:
    generator = torch.Generator().manual_seed(16)
    tile = torch.randn(1, 1, TILE_PX, TILE_PX, generator=generator)
    tile = F.avg_pool2d(F.pad(tile, (1, 1, 1, 1), mode="circular"), 3, 1)
    return (tile / tile.std())[0, 0]


def paper(height: int, width: int, like: Tensor) -> Tensor:
    """Tooth of paper: a fixed texture of mean about 0 and deviation 1, (1, 1, H, W)."""
    return tiled(_paper_tile().to(like), height, width)


def canvas(height: int, width: int, like: Tensor) -> Tensor:
    """Plain weave of canvas, threads of 4 px, in -1..1."""
    axis = torch.arange(TILE_PX, device=like.device, dtype=torch.float32) * (math.pi / 4)
    return tiled(axis.sin()[None].square() * 2 - 1 - (axis.cos()[:, None].square() * 2 - 1), height, width) / 2
