"""Edges of a matte that follow those of the picture, where the background is known (a clean plate)."""

from __future__ import annotations

import cv2
import numpy as np

ONES = np.ones((1, 3), np.float32)

ALIKE = 40.0
"""Distance in 8-bit steps of two colours at which their mixture is half trusted."""


def mixed_edges(rgb: np.ndarray, cast: np.ndarray, plate: np.ndarray, reach_px: int) -> np.ndarray:
    """A matte's edge by mixture: (H, W, 3) uint8 and (H, W) uint8, 0 or 1 -> (H, W) uint8, 0 set to 255 cast.

    Between the cast eroded and dilated by reach_px, a pixel is seen as a mixture of the cast's colour nearby and of the
    plate, (H, W, 3) float32 in 8-bit steps; where both are alike, the given cast, smoothed, is all there is to know.
    """
    if not cast.any():
        return np.zeros(cast.shape, np.uint8)
    side = 2 * reach_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    core, hull = cv2.erode(cast, kernel), cv2.dilate(cast, kernel)
    wide = (2 * side - 1, 2 * side - 1)
    weight = cv2.blur(core * np.float32(1), wide) + np.float32(1e-3)
    own = cv2.blur(cv2.copyTo(rgb, core).astype(np.float32), wide)
    ahead = cv2.divide(own, cv2.merge([weight, weight, weight]))
    span = cv2.subtract(ahead, plate)
    length = cv2.transform(cv2.multiply(span, span), ONES)
    off = cv2.subtract(rgb, plate, dtype=cv2.CV_32F)
    share = cv2.divide(cv2.transform(cv2.multiply(off, span), ONES), length + np.float32(1))
    trust = cv2.divide(length, length + np.float32(ALIKE**2))
    soft = cv2.blur(cast * np.float32(1), (side, side))
    alpha = soft + trust * (np.clip(share, 0, 1) - soft)
    solid = np.clip(alpha * 255 + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.max(cv2.multiply(solid, hull), core * 255))
