"""How a picture looks, in a few numbers: exposure, colour of its light, black, noise, softness.

Linear light is the square of the coded value throughout this package: within 3 % of sRGB's curve above its dark end,
and its inverse, a square root, gives each of the 256 values back exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.types import RGB

LINES = 54
"""Height in pixels of the small pictures on which looks and fields of light are computed."""
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear light, BT.709
_DARK = 0.004  # linear; below it a picture has no exposure to speak of


@dataclass(frozen=True)
class Texture:
    """What a lens and a sensor leave in a picture."""

    noise: float = 0.0
    """Standard deviation of the noise, in 1/255 of the coded value."""
    blur: float = 0.6
    """How soft it is: the standard deviation of a Gaussian blur in pixels that would make a sharp picture so."""


@dataclass(frozen=True)
class Look:
    """Of one picture, or smoothed over many."""

    exposure: float = 0.18
    """Linear light of what is in the middle between dark and bright, 0..1; photographers set it to 18 %."""
    light: RGB = (1.0, 1.0, 1.0)
    """Colour of the light, linear, of luminance 1: an estimate, the Minkowski norm of order 4, between grey world and
    white patch (Finlayson and Trezzi, Shades of Gray, 2004)."""
    black: float = 0.03
    """Coded value, 0..1, of the darkest twentieth."""


NEUTRAL = Look()
SHARP = Texture()


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


def look_of(light: np.ndarray, weights: np.ndarray | None = None) -> Look:
    """The look of a picture by the linear light of its small one, (h, w, 3) float32.

    weights: (h, w) float32, 0..1, where exposure and black are measured: the cast. The colour of the light is that of
    the whole picture, for a cast in green is not in green light.
    """
    levels = (np.sqrt(luminance(light)) * np.float32(255)).astype(np.uint8).ravel()
    counts = np.bincount(levels, None if weights is None else weights.ravel(), 256)
    total = float(counts.sum())
    if total <= 0:
        return Look(light=_light_of(light))
    exposure = (float(counts @ _LEVELS) / total) ** 2
    dark = int(np.searchsorted(np.cumsum(counts), total / 20))
    return Look(max(exposure, _DARK), _light_of(light), dark / 255)


_LEVELS = np.arange(0.5, 256) / 255


def _light_of(light: np.ndarray) -> RGB:
    """Colour of the light that (H, W, 3) linear values stand in."""
    fourth = np.square(np.square(light))
    norm = np.sqrt(np.sqrt(np.asarray(cv2.mean(fourth)[:3]) + 1e-9))
    norm = norm / max(float(norm @ _LUMA), 1e-6)
    return float(norm[0]), float(norm[1]), float(norm[2])


def _middle(rgb: np.ndarray) -> np.ndarray:
    """Green of the picture's middle third of rows: it carries most of the light, and there are faces and horizons."""
    third = len(rgb) // 3
    return cv2.extractChannel(rgb[third : max(third + 1, len(rgb) - third)], 1)


_LAPLACIAN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def texture_of(rgb: np.ndarray) -> Texture:
    """The texture of a picture (H, W, 3) uint8."""
    return Texture(noise_of(rgb), blur_of(rgb))


def noise_of(rgb: np.ndarray) -> float:
    """Standard deviation of a picture's noise in 1/255, measured where it is smooth.

    By the difference of two Laplacians (Immerkaer, Fast Noise Variance Estimation, 1996), of which the quietest
    quarter of the blocks counts, so that texture is not taken for noise. Black and white, which are clipped, are quiet
    too; where all is flat, it is 0.
    """
    response = cv2.convertScaleAbs(cv2.filter2D(_middle(rgb), cv2.CV_16S, _LAPLACIAN))
    height, width = response.shape
    size = max(1, width // 12), max(1, height // 12)
    blocks = np.sort(cv2.resize(response, size, interpolation=cv2.INTER_AREA), axis=None)
    return float(blocks[len(blocks) // 4]) * float(np.sqrt(np.pi / 2)) / 6


def blur_of(rgb: np.ndarray) -> float:
    """How soft a picture is, in pixels (`Texture.blur`), by its steepest edges beside those of a softened copy.

    An edge of blur s that is blurred by t more has its gradient lowered to s / sqrt(s^2 + t^2); the ratio gives s.
    """
    luma = _middle(rgb)
    if luma.shape[1] < 2:
        return Texture.blur
    softer = cv2.GaussianBlur(luma, (5, 5), 1.0)
    steep, less = (_steepest(picture) for picture in (luma, softer))
    if steep < 2.0:  # nothing but flat areas
        return Texture.blur
    ratio = min(less / steep, 0.95)
    return float(min(3.0, ratio / np.sqrt(1 - ratio**2)))


def _steepest(luma: np.ndarray) -> float:
    """Mean of the steepest hundredth of the differences between neighbours in a row."""
    steps = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    counts = cv2.calcHist([steps], [0], None, [256], [0, 256]).ravel()[::-1].astype(np.int64)
    most = np.minimum(np.cumsum(counts), max(1, steps.size // 100))
    taken = np.diff(most, prepend=0)
    return float(taken @ np.arange(255, -1, -1)) / float(most[-1])
