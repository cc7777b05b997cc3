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
    if not edge.any():
        return rgb.copy()
    y0, y1, x0, x1 = _around(edge, 2 * radius)
    part, share = rgb[y0:y1, x0:x1], alpha[y0:y1, x0:x1]
    level = share.astype(np.float32) / 255
    a = cv2.merge([level, level, level])
    colours = part.astype(np.float32)
    sure, free = a * a * a, (1 - a) ** 3  # the surer a pixel, the more its colour counts
    small = max(1, radius // 3)
    size = (max(1, part.shape[1] // small), max(1, part.shape[0] // small))
    low = [
        cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (colours * sure, sure, colours * free, free)
    ]
    window = 2 * round(radius / small) + 1
    cast, kept, wall, left = (cv2.blur(each, (window, window)) for each in low)
    ahead, behind = cast / (kept + 1e-4), wall / (left + 1e-4)
    whole = part.shape[1::-1]
    ahead, behind = (cv2.resize(each, whole, interpolation=cv2.INTER_LINEAR) for each in (ahead, behind))
    own = ahead + a * (colours - a * ahead - (1 - a) * behind)
    result = rgb.copy()
    inside = edge[y0:y1, x0:x1]
    result[y0:y1, x0:x1][inside] = np.clip(own[inside] + 0.5, 0, 255).astype(np.uint8)
    return result


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
    """The box of what is True, with a margin: top, bottom, left, right; bottom and right excluded."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = mask.shape
    top, bottom = max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)
    return top, bottom, max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)
