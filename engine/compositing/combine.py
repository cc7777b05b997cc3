"""Mattes put together: united, cut, inverted. (H, W) uint8 in, (H, W) uint8 out, owned by the caller.

Each raises TypeError for what is not a matte and ValueError where sizes differ.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.compositing.inputs import matte_like


def united(*mattes: np.ndarray) -> np.ndarray:
    """What is cast in any of one or more mattes: the most of them, pixel by pixel. Raises ValueError for none."""
    if not mattes:
        raise ValueError("no matte to unite: give at least one")
    result = matte_like(mattes[0]).copy()
    for each in mattes[1:]:
        cv2.max(result, matte_like(each, result.shape), dst=result)
    return result


def cut(matte: np.ndarray, away: np.ndarray) -> np.ndarray:
    """A matte without what is in another: where `away` is 255 nothing stays."""
    left = matte_like(matte)
    return np.asarray(cv2.multiply(left, cv2.bitwise_not(matte_like(away, left.shape)), scale=1 / 255))


def inverted(matte: np.ndarray) -> np.ndarray:
    """Cast becomes set, and set cast."""
    return np.asarray(cv2.bitwise_not(matte_like(matte)))
