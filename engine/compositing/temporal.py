"""A mask that is steady in time and does not lag: each is averaged with the one before, moved as the picture moved."""

from __future__ import annotations

import cv2
import numpy as np

FRESH = 0.36
"""Share of the new mask where the picture is as the one before."""
NOISE = 4.0
"""Difference of two pictures, 8-bit steps of grey, that a camera's noise and the flow's errors leave."""
DOUBT = 0.05
"""How much the share of the new mask grows with each further step of difference: 17 steps replace the old."""
WINDOW_PX = 3
"""At half the size."""
NEW, NEW_SHARE = 10, 0.001
"""A picture shows something new where more than this share of it differs by more than NEW steps of grey."""
TRACE = 1e-3
"""Less than this is nothing: what fades for ever becomes a number too small for a processor to be quick with."""

_NO_MAP = np.empty((0, 0), np.float32)  # the other map has x and y already
_CHANGE = np.arange(256, dtype=np.float32)[:, None]
_FRESH_BY_CHANGE = np.clip(FRESH + (_CHANGE - NOISE) * DOUBT, FRESH, 1).astype(np.float32)


class Steady:
    """Averages masks along the flow of the picture (DIS, Kroeger et al. 2016). All pictures are of one size.

    look(rgb)                      each picture first
    mask = join(mask), or moved    then its own mask, or that of the picture before, moved as the picture moved
    """

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grid = np.zeros((0, 0, 2), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._grey: np.ndarray | None = None
        self._mask: np.ndarray | None = None
        self._fresh: np.ndarray | None = None

    def look(self, rgb: np.ndarray) -> bool:
        """See a picture (H, W, 3) uint8; whether its mask can be told by the one before, for all only moved."""
        height, width = rgb.shape[:2]
        grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        grey = cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        before, self._grey = self._grey, grey
        if before is None or self._mask is None:
            return False
        flow = self._flow.calc(grey, before, np.zeros((*grey.shape, 2), np.float32))
        half, full = self._came_from(flow, (width, height))
        self._mask = cv2.remap(self._mask, full, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        looked = cv2.remap(before, half, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        change = cv2.blur(cv2.absdiff(looked, grey), (WINDOW_PX, WINDOW_PX))
        fresh = cv2.LUT(change, _FRESH_BY_CHANGE)
        self._fresh = np.asarray(cv2.resize(fresh, (width, height), interpolation=cv2.INTER_LINEAR))
        return int(np.count_nonzero(change >= NEW)) <= NEW_SHARE * change.size

    @property
    def moved(self) -> np.ndarray:
        """The mask of the picture before (H, W) float32, moved as the picture that was looked at. Not to be changed."""
        assert self._mask is not None, "look at two pictures before you ask how the mask moved"
        return self._mask

    def join(self, mask: np.ndarray) -> np.ndarray:
        """The mask (H, W) float32 0..1 of the picture looked at, made steady. The caller must not change it."""
        if self._fresh is not None and self._mask is not None:
            mask = cv2.blendLinear(mask, self._mask, self._fresh, 1 - self._fresh)
        self._mask = np.asarray(cv2.threshold(mask, TRACE, 0, cv2.THRESH_TOZERO)[1])
        return self._mask

    def _came_from(self, flow: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Where each pixel was in the picture before, x and y, at half the size and at the whole."""
        if self._grid.shape[:2] != size[::-1]:
            self._half, self._grid = (
                np.dstack(np.meshgrid(np.arange(w), np.arange(h))).astype(np.float32)
                for w, h in (flow.shape[1::-1], size)
            )
        half = cv2.add(flow, self._half)
        full = cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR)
        return half, np.asarray(cv2.scaleAdd(full, 2.0, self._grid))
