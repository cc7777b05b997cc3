"""Edges of a matte that follow those of the picture.

refined(..)         where nothing is known of the background: the guided filter, He, Sun and Tang, PAMI 2013
mixed_edges(..)     where it is (a clean plate, a screen): how much of the cast's colour is mixed into it
"""

from __future__ import annotations

import cv2
import numpy as np

ALIKE = 40.0
"""Distance in 8-bit steps of two colours at which their mixture is half trusted."""


def mixed_edges(rgb: np.ndarray, cast: np.ndarray, plate: np.ndarray, reach_px: int) -> np.ndarray:
    """A matte's edge by mixture: (H, W, 3) uint8 and (H, W) float32 0..1 -> (H, W) float32 0..1.

    Between the cast eroded and dilated by reach_px, a pixel is seen as a mixture of the cast's colour nearby and of the
    plate, (H, W, 3) float32 in 8-bit steps; where both are alike, the given cast, smoothed, is all there is to know.
    """
    side = 2 * reach_px + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    core, hull = cv2.erode(cast, kernel), cv2.dilate(cast, kernel)
    colours = rgb.astype(np.float32)
    wide = (2 * side - 1, 2 * side - 1)
    ahead = cv2.blur(colours * core[..., None], wide) / (cv2.blur(core, wide)[..., None] + 1e-3)
    span = ahead - plate
    ones = np.ones((1, 3), np.float32)
    length = cv2.transform(span * span, ones)
    share = cv2.transform((colours - plate) * span, ones) / (length + 1.0)
    trust = length / (length + ALIKE**2)
    soft = cv2.blur(cast, (side, side))
    alpha = trust * np.clip(share, 0, 1) + (1 - trust) * soft
    return np.where(core > 0.5, 1.0, np.where(hull < 0.5, 0.0, alpha))
