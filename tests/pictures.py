"""The picture that most tests are shown."""

from __future__ import annotations

import numpy as np


def disc(index: int, width: int = 96, height: int = 64) -> np.ndarray:
    """Frame `index` of a bright disc that crosses a colour gradient at 3 pixels a frame, (height, width, 3) uint8.

    It has edges, and no two neighbours are alike. The disc's radius is a fifth of the height.
    """
    y, x = np.mgrid[0:height, 0:width]
    ground = np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], -1)
    inside = (x - index * 3 % width) ** 2 + (y - height // 2) ** 2 < (height // 5) ** 2
    return np.where(inside[..., None], 240, ground).astype(np.uint8)
