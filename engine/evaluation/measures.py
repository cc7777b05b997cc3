"""Measures of pictures: pure functions of tensors.

Legend: T frames, C channels, H height, W width in pixels. Pictures are (T, 3, H, W) float32 RGB in 0..1 as they are
shown (gamma-encoded sRGB); results are per frame, (T,), unless said otherwise.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

QUANTISATION_MSE = (1 / 255) ** 2 / 12
"""Mean squared error of rounding to 8 bits. PSNR is not finite for equal pictures, so this caps it (at 58.9 dB)."""

WINDOW_PX = 32
"""Side of the windows that `local_statistics` are taken over; they lie half a window apart."""
BANDS = 4
"""Octaves of detail in `local_statistics`, from one pixel up."""
DETAIL_WEIGHT = 16.0
"""Weight of a difference of local contrast beside one of local colour in `world_distance`, chosen so that both make up
about half of it between the teachers' worlds."""


def luma(pictures: Tensor) -> Tensor:
    """(T, 3, H, W) -> (T, 1, H, W): ITU-R BT.709 luma."""
    weights = pictures.new_tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    return (pictures * weights).sum(1, keepdim=True)


def psnr(pictures: Tensor, reference: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB over all three channels, at most 58.9."""
    mse = (pictures - reference).square().mean((1, 2, 3))
    return -10 * mse.clamp(min=QUANTISATION_MSE).log10()


def ssim(pictures: Tensor, reference: Tensor) -> Tensor:
    """Structural similarity of luma, -1..1 (Wang et al. 2004, eq. 13: 11x11 Gaussian of sigma 1.5, K 0.01 and 0.03).

    Raises ValueError for pictures smaller than the Gaussian's window.
    """
    a, b = luma(pictures), luma(reference)
    if min(a.shape[2:]) < 11:
        raise ValueError(f"pictures of {a.shape[3]}x{a.shape[2]}; SSIM's window needs at least 11x11")
    offsets = torch.arange(-5.0, 6.0, device=a.device)
    gaussian = torch.exp(-(offsets**2) / (2 * 1.5**2))
    gaussian = gaussian / gaussian.sum()

    def smooth(x: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(x, gaussian.view(1, 1, 11, 1)), gaussian.view(1, 1, 1, 11))

    mean_a, mean_b = smooth(a), smooth(b)
    var_a = smooth(a * a) - mean_a**2
    var_b = smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    score = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    score = score / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return score.mean((1, 2, 3))


def laplacian(pictures: Tensor) -> Tensor:
    """The Laplacian of luma, five-point, without the picture's rim: (T, 1, H-2, W-2)."""
    kernel = pictures.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(luma(pictures), kernel)


def sharpness(pictures: Tensor) -> Tensor:
    """Variance of the Laplacian (T,), a measure of focus (Pech-Pacheco et al. 2000)."""
    return laplacian(pictures).var((1, 2, 3), unbiased=False)


def detail_correlation(pictures: Tensor, reference: Tensor) -> Tensor:
    """Pearson's correlation of the two Laplacians, -1..1: is detail where it should be? 0 where one has none."""
    a, b = (laplacian(x).flatten(1) for x in (pictures, reference))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)).clamp(min=1e-9)


def flicker(pictures: Tensor) -> Tensor:
    """Mean absolute change from frame to frame: (T, ...) -> (T-1,). On a still input all of it is the stream's own."""
    return (pictures[1:] - pictures[:-1]).abs().mean((1, 2, 3))


def motion_energy(pictures: Tensor, lag: int = 1) -> Tensor:
    """Mean squared change of luma over `lag` frames, of what is larger than 4 px: (T, 3, H, W) -> (T - lag,).

    The low pass keeps the noise of single pixels, which moves nothing, out of it; a longer lag shows slow motion.
    """
    smooth = F.avg_pool2d(luma(pictures), 4)
    return (smooth[lag:] - smooth[:-lag]).square().mean((1, 2, 3))


def vital_signs(pictures: Tensor) -> dict[str, Tensor]:
    """The figures that drift when a stream collapses, each (T,), all but contrast and sharpness 0..1.

    Saturation, luminance, contrast, sharpness, and the share of values that are clipped.
    """
    grey = luma(pictures)
    return {
        "saturation": (pictures.amax(1) - pictures.amin(1)).mean((1, 2)),
        "luminance": grey.mean((1, 2, 3)),
        "contrast": grey.std((1, 2, 3)),
        "sharpness": sharpness(pictures),
        "clipped": ((pictures <= 0.5 / 255) | (pictures >= 254.5 / 255)).float().mean((1, 2, 3)),
    }


def local_statistics(pictures: Tensor) -> Tensor:
    """Colour and texture of a picture per window, blind to where within a window: (T, 3 + BANDS, h, w).

    Per window: the mean colour, and the contrast (root mean square) of each octave of luma, the octaves being an à
    trous wavelet decomposition (Starck and Murtagh 1994). Such pooled statistics are what peripheral vision keeps of a
    texture (Freeman and Simoncelli 2011), so a snowflake may fall elsewhere in its window, but a world without snow is
    another. Raises ValueError for pictures smaller than a window.
    """
    if min(pictures.shape[2:]) < WINDOW_PX:
        size = f"{pictures.shape[3]}x{pictures.shape[2]}"
        raise ValueError(f"pictures of {size}; local statistics need at least {WINDOW_PX}x{WINDOW_PX}")
    smooth, energies = luma(pictures), []
    for octave in range(BANDS):
        coarser = _smooth(smooth, 2**octave)
        energies.append((smooth - coarser).square())
        smooth = coarser
    means = F.avg_pool2d(torch.cat([pictures, *energies], 1), WINDOW_PX, WINDOW_PX // 2)
    return torch.cat([means[:, :3], means[:, 3:].sqrt()], 1)


def _smooth(x: Tensor, spacing: int) -> Tensor:
    """Binomial low pass of five taps, `spacing` pixels apart."""
    taps = x.new_tensor([1, 4, 6, 4, 1]) / 16
    x = F.pad(x, (2 * spacing,) * 4, mode="replicate")
    x = F.conv2d(x, taps.view(1, 1, 5, 1), dilation=spacing)
    return F.conv2d(x, taps.view(1, 1, 1, 5), dilation=spacing)


def world_distance(statistics: Tensor, reference: Tensor) -> Tensor:
    """Distance of two pictures' worlds, from their `local_statistics`: (T,), 0 equal, about 0.5 very different.

    Mean absolute difference of local colour plus `DETAIL_WEIGHT` times that of local contrast.
    """
    difference = (statistics - reference).abs()
    colour, detail = difference[:, :3].mean((1, 2, 3)), difference[:, 3:].mean((1, 2, 3))
    return colour + DETAIL_WEIGHT * detail
