"""Edges of a matte that follow those of the picture: the guided filter, He, Sun and Tang, PAMI 2013 (fast: 2015)."""

from __future__ import annotations

import cv2
import numpy as np


def refined(rgb: np.ndarray, alpha: np.ndarray, radius_px: float, noise: float = 8.0) -> np.ndarray:
    """A coarse matte snapped to the picture's edges: (H, W, 3) uint8 and (H, W) float32 0..1 -> (H, W) float32 0..1.

    radius_px: how far, in pixels, an edge of the matte may lie beside that of the picture. noise: contrast in 8-bit
    steps below which the picture tells nothing.
    """
    scale = min(1.0, 2.0 / max(radius_px, 2.0))
    fine = cv2.ximgproc.guidedFilter(rgb, alpha, max(1, round(radius_px)), noise**2, scale=scale)
    return np.clip(fine, 0, 1)
