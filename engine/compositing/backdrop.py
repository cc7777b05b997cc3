"""What is seen beside the cast, remembered where the cast stands before it now.

A camera on a table stands still and people move, so that most of what is at their edges was seen a moment ago. A pixel
is remembered only while it is surely not cast, and forgotten as soon as it looks different there.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.compositing.colours import Box, Side

SURE_FRAMES = 6
"""Pictures after which a pixel is trusted."""
RATE = 0.15
"""Share of each new picture: light drifts."""
CHANGED = 23
"""Difference of a channel, in 8-bit steps, at which a pixel is learnt anew."""
VARIANCE = 100.0
"""Of a pixel that is known, in squared 8-bit steps."""
MOVED = 12.0
"""Mean difference over all that is known, in 8-bit steps, at which the camera has moved: nothing is known any more."""
LEAST_SHARE = 0.02
"""Share of the picture that must be known beside the cast, for its light to be compared."""
COARSE = 4
"""Light is compared on each so manieth row and column."""

_TRUST = np.minimum(np.arange(256, dtype=np.float32) / SURE_FRAMES, 1)[:, None]


class Backdrop:
    """The background so far. All pictures are of one size.

    look(rgb, free)            each picture first
    model, trust = seen(box)   what is behind the cast in the light of now
    learn(rgb, free)           then remember it
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._mean: np.ndarray = np.zeros((0, 0, 3), np.float32)
        self._frames: np.ndarray = np.zeros((0, 0), np.uint8)
        self._gain = np.ones(3)

    def look(self, rgb: np.ndarray, free: np.ndarray) -> None:
        """Compare with a picture: how the light has changed, and whether the camera has moved.

        rgb: the picture, (H, W, 3) uint8. free: (H, W) uint8, 1 for what is surely not cast, else 0.
        """
        self._gain = np.ones(3)
        if self._mean.shape != rgb.shape:
            self._mean, self._frames = rgb.astype(np.float32), np.zeros(free.shape, np.uint8)
            return
        few = (free.shape[1] // COARSE, free.shape[0] // COARSE)
        now, then, frames, both = (
            cv2.resize(each, few, interpolation=cv2.INTER_NEAREST) for each in (rgb, self._mean, self._frames, free)
        )
        both = cv2.bitwise_and(both, (frames > SURE_FRAMES // 2).view(np.uint8))
        count = cv2.countNonZero(both)
        if count < LEAST_SHARE * both.size:
            return
        self._gain = np.array(cv2.mean(now, both)[:3]) / np.maximum(cv2.mean(then, both)[:3], 1)
        lit = cv2.multiply(then, np.array([*self._gain, 0.0]), dtype=cv2.CV_8U)  # four numbers are a pixel's to OpenCV
        if cv2.norm(now, lit, cv2.NORM_L1, both) / (3 * count) > MOVED:
            self._frames.fill(0)
            self._gain = np.ones(3)

    def seen(self, box: Box) -> tuple[Side, np.ndarray]:
        """The background of a box in the light of now, and how far it is known, (h, w) float32 0..1."""
        plate = cv2.multiply(self._mean[box.pixels], np.array([*self._gain, 0.0]))
        precision = np.full(plate.shape[:2], 1 / VARIANCE, np.float32)
        return Side(np.asarray(plate), precision), np.asarray(cv2.LUT(self._frames[box.pixels], _TRUST))

    def learn(self, rgb: np.ndarray, free: np.ndarray) -> None:
        """Remember what of a picture is free of the cast. The arguments are those of `look`."""
        off = cv2.absdiff(rgb, cv2.convertScaleAbs(self._mean))
        same = cv2.inRange(off, (0, 0, 0), (CHANGED, CHANGED, CHANGED))
        anew = cv2.bitwise_and(cv2.bitwise_not(same), free)  # bit 0 says it
        cv2.copyTo(rgb.astype(np.float32), anew, self._mean)
        cv2.copyTo(np.zeros_like(self._frames), anew, self._frames)
        cv2.accumulateWeighted(rgb, self._mean, RATE, free)
        self._frames = np.asarray(cv2.add(self._frames, free))
