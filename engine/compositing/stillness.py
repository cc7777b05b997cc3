"""Whether the camera still stands where the clean plate was taken."""

from __future__ import annotations

import cv2
import numpy as np

WIDTH = 192
"""Pixels across, at which pictures are compared."""
BLOCK = 12
"""Side of a block, in those pixels."""
TEXTURE = 2.0
"""Standard deviation in 8-bit steps of a block's fine detail, under which it tells nothing."""
ALIKE = 0.55
"""Correlation of the fine detail under which a block has moved. Noise alone leaves 0.8; a shift by two pixels 0.3."""
SHIFT_PX = 0.5
"""Of those pixels: the background's median shift at which the camera has moved, however alike it still looks."""
LEAST_BLOCKS = 4
"""Blocks with detail beside the cast, under which nothing is said: a bare wall looks alike from everywhere."""
SURE_S = 0.3
"""Seconds for which most blocks have to differ: a person who walks by covers them for less."""


class Stillness:
    """Watches the background's fine detail, block by block."""

    def __init__(self, mean: np.ndarray) -> None:
        """mean: the plate, (H, W, 3) float32 in 8-bit steps."""
        self._plate = _detail(mean)
        self._plate_deviation = np.sqrt(_blocks(self._plate**2))
        self._x, self._y = (cv2.Sobel(self._plate, -1, x, 1 - x, scale=1 / 8) for x in (1, 0))
        self._xx, self._yy, self._xy = (
            _blocks(a * b) for a, b in ((self._x, self._x), (self._y, self._y), (self._x, self._y))
        )
        self._since: float | None = None
        self.moved = False
        """Whether the camera does not stand where the plate was taken, as far as the pictures so far tell."""

    def reset(self) -> None:
        """Forget all pictures."""
        self._since, self.moved = None, False

    def watch(self, rgb: np.ndarray, person: np.ndarray, time_s: float) -> None:
        """Look at a picture (H, W, 3) uint8. person: (h, w) float32 0..1, where a person probably is."""
        now = _detail(rgb)
        deviation = np.sqrt(_blocks(now**2))
        alike = _blocks(now * self._plate) / (deviation * self._plate_deviation + 1e-3)
        rows, columns = alike.shape
        free = cv2.resize(person, (columns, rows), interpolation=cv2.INTER_AREA) < 0.2
        telling = free & (self._plate_deviation > TEXTURE)
        if telling.sum() < LEAST_BLOCKS:
            return
        unlike = float(np.median(alike[telling])) < ALIKE
        if not unlike and np.hypot(*self._shift(now, telling)) < SHIFT_PX:
            self._since, self.moved = None, False
        elif self._since is None or time_s < self._since:
            self._since = time_s
        elif time_s - self._since >= SURE_S:
            self.moved = True

    def _shift(self, now: np.ndarray, telling: np.ndarray) -> tuple[float, float]:
        """How far the background is beside the plate, in pixels: the median of the blocks (Lucas and Kanade 1981)."""
        off = self._plate - now
        x, y = _blocks(self._x * off), _blocks(self._y * off)
        determinant = self._xx * self._yy - self._xy**2 + 1e-3
        across = (self._yy * x - self._xy * y) / determinant
        down = (self._xx * y - self._xy * x) / determinant
        return float(np.median(across[telling])), float(np.median(down[telling]))


def _detail(picture: np.ndarray) -> np.ndarray:
    """Fine detail of a picture, grey, WIDTH across, (h, w) float32."""
    height = max(BLOCK, round(WIDTH * picture.shape[0] / picture.shape[1]))
    small = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.float32).mean(2)
    return np.asarray(small - cv2.GaussianBlur(small, (0, 0), 3))


def _blocks(values: np.ndarray) -> np.ndarray:
    """The mean of each block, (h // BLOCK, w // BLOCK)."""
    rows, columns = values.shape[0] // BLOCK, values.shape[1] // BLOCK
    return values[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK).mean((1, 3))
