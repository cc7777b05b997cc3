"""The cast's own colours: freed of the old background at its edges, and of a screen's light on it.

colours = decontaminated(rgb, alpha)        where the matte is partial, what the cast alone would show
colours = despilled(rgb, key)               the screen's colour taken off skin and cloth
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.compositing.inputs import matte_like, picture

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Of ITU-R BT.601, for sRGB values as they are."""


def decontaminated(rgb: np.ndarray, alpha: np.ndarray, radius_px: int | None = None) -> np.ndarray:
    """The colours of the cast, where its matte is partial: (H, W, 3) and (H, W) uint8 -> (H, W, 3) uint8.

    Fast multi-level blur fusion (Forte 2021, arXiv:2006.14970, without the second pass): the cast's colour nearby,
    corrected by what the picture shows. Where the matte is 255 the picture stays as it is. radius_px: how far the old
    background is taken from; default: a twenty-fourth of the picture's height. The caller owns the result. Raises
    TypeError and ValueError for what are not a picture and its matte.
    """
    rgb, alpha = picture(rgb), matte_like(alpha, rgb.shape[:2])
    radius = max(2, round(rgb.shape[0] / 24)) if radius_px is None else radius_px
    edge = (alpha > 0) & (alpha < 255)
    places = np.flatnonzero(edge)  # by their numbers pixels are taken and put many times faster than by a mask
    result = rgb.copy()
    if not places.size:
        return result
    y0, y1, x0, x1 = _around(edge.view(np.uint8), 2 * radius)
    part, share, within = rgb[y0:y1, x0:x1], alpha[y0:y1, x0:x1], np.flatnonzero(edge[y0:y1, x0:x1])
    step = max(1, radius // 3)
    size = (max(1, part.shape[1] // step), max(1, part.shape[0] // step))
    colours = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    level = cv2.resize(share, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    window = 2 * round(radius / step) + 1
    ahead, behind = (
        _taken(_nearby(colours, weight, (window, window), part.shape[1::-1]), within).astype(np.float32)
        for weight in (level**3, (1 - level) ** 3)  # the surer a pixel, the more its colour counts
    )
    a = np.repeat(alpha.reshape(-1).take(places)[:, None] * np.float32(1 / 255), 3, axis=1)
    own = ahead + a * (_taken(rgb, places) - a * ahead - (1 - a) * behind)
    result.reshape(-1, 3)[places] = np.clip(own + 0.5, 0, 255).astype(np.uint8)
    return result


def _taken(rgb: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(N, 3) pixels of a picture (H, W, 3) by their numbers, row by row."""
    return rgb.reshape(-1, 3).take(places, axis=0)


def _nearby(colours: np.ndarray, weight: np.ndarray, window: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """The weighted mean of the colours in a window around each pixel, enlarged to (width, height): uint8."""
    total = cv2.blur(cv2.multiply(colours, cv2.merge([weight, weight, weight])), window)
    count = cv2.blur(weight, window) + np.float32(1e-4)
    mean = cv2.convertScaleAbs(
        cv2.divide(total, cv2.merge([count, count, count]))
    )  # bytes enlarge in a third of the time
    return np.asarray(cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR))


def despilled(rgb: np.ndarray, key: tuple[int, int, int], amount: float = 1.0) -> np.ndarray:
    """A picture without a screen's light on it: (H, W, 3) uint8 -> the same, owned by the caller.

    The screen's light came on top of the cast's own: as much of the key's pure colour is taken off as leaves none of
    its hue. key: the screen's colour, sRGB 0..255. amount: 0 nothing to 1 all of it. Raises as `picture` does.
    """
    rgb = picture(rgb)
    colour = np.array(key, np.float32)
    direction = colour - colour @ LUMA
    strength = float(np.linalg.norm(direction))
    if strength < 1 or amount <= 0:
        return rgb.copy()
    direction /= strength
    colours = rgb.astype(np.float32)
    luma = cv2.transform(colours, LUMA[None])
    chroma = colours - luma[..., None]
    along = cv2.transform(chroma, direction[None])
    squared = cv2.transform(cv2.multiply(chroma, chroma), np.ones((1, 3), np.float32))
    across = np.sqrt(np.maximum(squared - along * along, 0))
    spill = np.maximum(along - across, 0) * (amount / strength)
    return np.clip(colours - spill[..., None] * (colour - colour.min()) + 0.5, 0, 255).astype(np.uint8)


def _around(mask: np.ndarray, margin: int) -> tuple[int, int, int, int]:
    """The box of what is not 0, with a margin: top, bottom, left, right; bottom and right excluded."""
    left, top, wide, high = cv2.boundingRect(mask)
    height, width = mask.shape
    bottom, right = min(height, top + high + margin), min(width, left + wide + margin)
    return max(0, top - margin), bottom, max(0, left - margin), right
