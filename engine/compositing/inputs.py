"""What comes into the mattes: pictures are checked here, and OpenCV is kept to the caller's thread.

OpenCV's own threads would take the cores of the network and the browser, and win nothing at these sizes.
"""

from __future__ import annotations

import cv2
import numpy as np

cv2.setNumThreads(1)

LEAST_PX = 16
"""Shortest side of a picture; under it a person is a blot."""
MOST_PX = 8192
"""Longest side; OpenCV's warps go to 32767, memory does not."""


def picture(rgb: np.ndarray) -> np.ndarray:
    """The picture itself, in one piece of memory: (H, W, 3) uint8 sRGB, 16 to 8192 px a side.

    Raises TypeError for what is not an array of bytes and ValueError for another shape or size, with the remedy.
    """
    if not isinstance(rgb, np.ndarray):
        raise TypeError(f"a picture is a numpy array (H, W, 3) of uint8, not a {type(rgb).__name__}; use np.asarray")
    if rgb.dtype != np.uint8:
        raise TypeError(f"a picture is uint8, 0 to 255, not {rgb.dtype}; scale it and use .astype(np.uint8)")
    if rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ValueError(f"a picture is (H, W, 3), red, green and blue, not {rgb.shape}; drop or add channels")
    height, width = rgb.shape[:2]
    if min(height, width) < LEAST_PX or max(height, width) > MOST_PX:
        raise ValueError(f"a picture of {width}x{height} px: each side is {LEAST_PX} to {MOST_PX} px; resize it first")
    return np.ascontiguousarray(rgb)


def matte_like(alpha: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """The matte itself: (H, W) uint8. size: (height, width) that it must have. Raises like `picture`."""
    if not isinstance(alpha, np.ndarray) or alpha.dtype != np.uint8:
        what = alpha.dtype if isinstance(alpha, np.ndarray) else type(alpha).__name__
        raise TypeError(f"a matte is a numpy array (H, W) of uint8, 0 set to 255 cast, not {what}")
    if alpha.ndim != 2:
        raise ValueError(f"a matte is (H, W), one number a pixel, not {alpha.shape}")
    if size is not None and alpha.shape != size:
        raise ValueError(f"a matte of {alpha.shape[1]}x{alpha.shape[0]} px beside {size[1]}x{size[0]}; resize one")
    return np.ascontiguousarray(alpha)
