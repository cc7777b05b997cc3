"""How a picture looks, in a few numbers: exposure, colour of its light, black, noise, sharpness.

Linear light is the square of the coded value throughout this package: within 3 % of sRGB's curve above its dark end,
and its inverse, a square root, gives each of the 256 values back exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.types import RGB

LINES = 72
"""Height in pixels of the small pictures on which looks and fields of light are computed."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear light, BT.709
_NORM = 4  # shades of grey: the Minkowski norm between grey world (1) and white patch (infinity)
_DARK = 0.004  # linear; below it a picture has no exposure to speak of


@dataclass(frozen=True)
class Look:
    """Of one picture, or smoothed over many."""

    exposure: float = 0.18
    """Linear light of what is in the middle between dark and bright, 0..1; photographers set it to 18 %."""
    light: RGB = (1.0, 1.0, 1.0)
    """Colour of the light, linear, of luminance 1: an estimate (Finlayson and Trezzi, Shades of Gray, 2004)."""
    black: float = 0.03
    """Coded value, 0..1, of the darkest twentieth."""
    noise: float = 0.0
    """Standard deviation of the noise, in 1/255 of the coded value."""
    blur: float = 0.6
    """How soft it is: the standard deviation of a Gaussian blur in pixels that would make a sharp picture so."""


NEUTRAL = Look()


def small_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the small picture of such a picture; never larger than it."""
    lines = min(LINES, height)
    return max(1, round(width * lines / height)), lines


def linear(rgb: np.ndarray) -> np.ndarray:
    """uint8 coded values as float32 linear light, 0..1."""
    return np.square(rgb.astype(np.float32) * np.float32(1 / 255))


def luminance(light: np.ndarray) -> np.ndarray:
    """(..., 3) linear light -> (...) luminance."""
    return light @ _LUMA


def look_of(rgb: np.ndarray, small: np.ndarray, weights: np.ndarray | None = None) -> Look:
    """The look of a picture (H, W, 3) uint8 by itself and its small one.

    weights: (h, w) float32 of `small`, 0..1, where exposure and black are measured: the cast. The colour of the light
    is that of the whole picture, for a cast in green is not in green light.
    """
    light = linear(small).reshape(-1, 3)
    bright = np.sqrt(luminance(light))
    share = np.ones_like(bright) if weights is None else weights.ravel()
    total = float(share.sum())
    if total <= 0:
        return Look(light=_light_of(light), noise=noise_of(rgb), blur=blur_of(rgb))
    exposure = (float(bright @ share) / total) ** 2
    order = np.argsort(bright, kind="stable")
    dark = bright[order[np.searchsorted(np.cumsum(share[order]), total / 20)]]
    return Look(max(exposure, _DARK), _light_of(light), float(dark), noise_of(rgb), blur_of(rgb))


def _light_of(light: np.ndarray) -> RGB:
    """Colour of the light that (N, 3) linear values stand in."""
    norm = np.power(np.mean(np.power(light, _NORM), axis=0) + 1e-9, 1 / _NORM)
    norm = norm / max(float(norm @ _LUMA), 1e-6)
    return tuple(float(value) for value in norm)  # type: ignore[return-value]


def _luma(rgb: np.ndarray) -> np.ndarray:
    return cv2.extractChannel(rgb, 1)  # green carries most of the light, and costs nothing


_LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def noise_of(rgb: np.ndarray) -> float:
    """Standard deviation of a picture's noise in 1/255, measured where it is smooth.

    By the difference of two Laplacians (Immerkaer, Fast Noise Variance Estimation, 1996), of which the quietest
    quarter of the blocks counts, so that texture is not taken for noise. Black and white, which are clipped, are quiet
    too; where all is flat, it is 0.
    """
    height, width = rgb.shape[:2]
    response = np.abs(cv2.filter2D(_luma(rgb), cv2.CV_16S, _LAPLACIAN))
    blocks = cv2.resize(response, (max(1, width // 12), max(1, height // 12)), interpolation=cv2.INTER_AREA)
    return float(np.percentile(blocks, 25)) * float(np.sqrt(np.pi / 2)) / 6


def blur_of(rgb: np.ndarray) -> float:
    """How soft a picture is, in pixels (`Look.blur`), by its steepest edges beside those of a softened copy.

    An edge of blur s that is blurred by t more has its gradient lowered to s / sqrt(s^2 + t^2); the ratio gives s.
    """
    luma = _luma(rgb)
    softer = cv2.GaussianBlur(luma, (5, 5), 1.0)
    steep, less = (_steepest(picture) for picture in (luma, softer))
    if steep < 2.0:  # nothing but flat areas
        return Look.blur
    ratio = min(less / steep, 0.95)
    return float(min(3.0, ratio / np.sqrt(1 - ratio**2)))


def _steepest(luma: np.ndarray) -> float:
    """Mean of the steepest hundredth of the differences between neighbours in a row."""
    steps = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    counts = np.bincount(steps.ravel(), minlength=256)[::-1]
    most = np.minimum(np.cumsum(counts), max(1, steps.size // 100))
    taken = np.diff(most, prepend=0)
    return float(taken @ np.arange(255, -1, -1)) / float(most[-1])
