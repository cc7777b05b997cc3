"""Keys a colour in any light: how much each pixel is of it, in OKLab.

A thing in shade has the lightness and both colour axes of OKLab scaled alike (Ottosson, "A perceptual color space for
image processing", 2020), so a/L and b/L, here its *tint*, stay as they are. Hair and hands have the hue of a red
cup and half of its tint, by which the two are told apart in light and in shade. What has hardly a tint is found by its
lightness as well.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np

RGB: TypeAlias = tuple[int, int, int]

REACH = 1.5
"""How far a pixel's tint may be from the colour's at a tolerance of 1, as a share of the colour's own."""
PLAIN, VIVID = 0.05, 0.25
"""Length of a tint up to which lightness counts fully, and from which on it does not."""
OVER = 0.4
"""How much it counts that a tint is longer than the colour's: what is more vivid than it is still of it."""
LIGHTNESS = 2.0
"""How much lightness, 0..1, counts beside a tint, for a colour that has hardly any."""
LEAST_TINT = 0.12
"""What a distance is a share of at least, so that greys are not told apart by noise."""
DARK = (0.12, 0.2)
"""Lightness under which a tint is noise, and from which on it counts."""
SOFT = 0.006
"""Softness of a mask's edge, as a share of the picture's height."""
BITS = 6
"""Of each channel, to which colours are looked up."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) in 0..255 -> OKLab (..., 3) float64: L in 0..1, a and b about -0.4..0.4."""
    share = np.asarray(rgb, np.float64) / 255
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    lab: np.ndarray = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def distance(rgb: np.ndarray, colour: RGB) -> np.ndarray:
    """How far colours (..., 3) in 0..255 are from one: (...) float64, 0 the same, up to about a tolerance."""
    lab, own = oklab(rgb), oklab(np.array(colour))
    tint = lab[..., 1:] / np.maximum(lab[..., :1], 0.02)
    own_tint = own[1:] / max(own[0], 0.02)
    length = float(np.hypot(*own_tint))
    direction = own_tint / length if length > 1e-3 else np.array([1.0, 0.0])
    along, across = tint @ direction - length, tint @ np.array([-direction[1], direction[0]])
    along = np.where(along > 0, OVER * along, along) if length > PLAIN else along
    away = np.hypot(along, across) / max(length, LEAST_TINT)
    plain = min(max((VIVID - length) / (VIVID - PLAIN), 0.0), 1.0)
    away = np.hypot(away, LIGHTNESS * plain**2 * (lab[..., 0] - own[0]))
    if plain < 1:
        dark = np.clip((DARK[1] - lab[..., 0]) / (DARK[1] - DARK[0]), 0, 1)
        away = away + 10 * (1 - plain) * dark
    return away / REACH


@lru_cache(maxsize=16)
def _table(colour: RGB, tolerance: float) -> np.ndarray:
    """How much each colour of BITS a channel is the one, (2**BITS,) * 3 uint8."""
    levels = (np.arange(2**BITS) + 0.5) * 2 ** (8 - BITS) - 0.5
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    match = np.clip((1.2 * tolerance - distance(rgb, colour)) / (0.4 * tolerance), 0, 1)
    return np.rint(match * 255).astype(np.uint8)


def keyed(rgb: np.ndarray, colour: RGB, tolerance: float) -> np.ndarray:
    """How much each pixel is of a colour: (H, W, 3) uint8 -> (H, W) float32 in 0..1, without specks.

    tolerance: above 0, up to 1; 0.2 takes a thing in its lights and shades.
    """
    table = _table(colour, tolerance)
    red, green, blue = (rgb[..., channel] >> (8 - BITS) for channel in range(3))
    match = cv2.medianBlur(table[red, green, blue], 3)
    closed = cv2.morphologyEx(match, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    spread = cv2.dilate(closed, np.ones((3, 3), np.uint8))
    return cv2.GaussianBlur(spread, (0, 0), max(0.5, SOFT * rgb.shape[0])).astype(np.float32) / 255


def colour_at(rgb: np.ndarray, xy: tuple[float, float]) -> RGB:
    """The colour at a place of a picture, (H, W, 3) uint8; x and y as shares: the median of what is around it."""
    height, width = rgb.shape[:2]
    x, y, reach = int(xy[0] * (width - 1)), int(xy[1] * (height - 1)), max(1, round(0.008 * height))
    around = rgb[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1].reshape(-1, 3)
    red, green, blue = (int(value) for value in np.median(around, 0))
    return red, green, blue
