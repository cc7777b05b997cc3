"""A mask that is steady in time and does not lag: each is averaged with the one before, moved as the picture moved."""

from __future__ import annotations

import cv2
import numpy as np

FRESH = 0.27
"""Share of the new mask where the picture is as the one before."""
NOISE = 4.0
"""Difference of two pictures, 8-bit steps of grey, that a camera's noise and the flow's errors leave."""
DOUBT = 0.1
"""How much the share of the new mask grows with each further step of difference: 6 steps replace the old."""
WINDOW_PX = 7
TRACE = 1e-3
"""Less than this is nothing: what fades for ever becomes a number too small for a processor to be quick with."""


class Steady:
    """Averages masks along the flow of the picture (DIS, Kroeger et al. 2016). All pictures are of one size."""

    def __init__(self) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._grid = np.zeros((0, 0, 2), np.float32)
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._grey: np.ndarray | None = None
        self._mask: np.ndarray | None = None

    def __call__(self, rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The mask (H, W) float32 0..1 of a picture (H, W, 3) uint8, made steady. The caller must not change it."""
        grey = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        if self._grey is not None and self._mask is not None:
            x, y = cv2.split(self._came_from(grey, self._grey))
            before = cv2.remap(self._mask, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            looked = cv2.remap(self._grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            change = cv2.blur(cv2.absdiff(looked, grey), (WINDOW_PX, WINDOW_PX)).astype(np.float32)
            fresh = np.clip(FRESH + (change - NOISE) * DOUBT, FRESH, 1)
            mask = before + fresh * (mask - before)
        mask = np.asarray(cv2.threshold(mask, TRACE, 0, cv2.THRESH_TOZERO)[1])
        self._grey, self._mask = grey, mask
        return mask

    def _came_from(self, grey: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Where each pixel was in the picture before, (H, W, 2) float32 x and y; the flow is made at half the size."""
        height, width = grey.shape
        if self._grid.shape[:2] != grey.shape:
            self._grid = np.dstack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)
        half = (width // 2, height // 2)
        small, old = (cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (grey, before))
        flow = self._flow.calc(small, old, np.zeros((half[1], half[0], 2), np.float32))
        flow = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.scaleAdd(flow, 2.0, self._grid))
