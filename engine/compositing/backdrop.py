"""What is seen beside the cast, remembered where the cast stands before it now.

A camera on a table stands still and people move, so that most of what is at their edges was seen a moment ago. A pixel
is remembered only while it is surely not cast, and forgotten as soon as it looks different there.
"""

from __future__ import annotations

import cv2
import numpy as np

ONES = np.ones((1, 3), np.float32)
SURE_FRAMES = 6
"""Pictures after which a pixel is trusted."""
MOST_FRAMES = 9.0
"""Pictures that a pixel counts at most, so that each new one is a tenth of it: light drifts."""
CHANGED = 40.0
"""Distance of colours, in 8-bit steps, at which a pixel is learnt anew."""
MOVED = 12.0
"""Mean difference over all that is known, in 8-bit steps, at which the camera has moved: nothing is known any more."""
LEAST_SHARE = 0.02
"""Share of the picture that must be known beside the cast, for its light to be compared."""


class Backdrop:
    """The background so far. All pictures are of one size."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._mean: np.ndarray | None = None
        self._frames: np.ndarray = np.zeros((0, 0), np.float32)

    def seen(self, colours: np.ndarray, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The background in the light of now, (H, W, 3) float32, and how far it is known, (H, W) float32 0..1.

        colours: the picture, (H, W, 3) float32, 8-bit steps. free: (H, W) bool, what is surely not cast.
        """
        if self._mean is None:
            self._mean, self._frames = colours.copy(), np.zeros(free.shape, np.float32)
        known = np.clip(self._frames / SURE_FRAMES, 0, 1)
        both = (free & (known > 0.5)).astype(np.uint8)
        if cv2.countNonZero(both) < LEAST_SHARE * both.size:
            return self._mean, known
        now, then = np.array(cv2.mean(colours, both)[:3]), np.array(cv2.mean(self._mean, both)[:3])
        gain = now / np.maximum(then, 1)
        plate = cv2.multiply(self._mean, np.array([*gain, 0.0]))  # four numbers are a pixel's to OpenCV
        if cv2.norm(colours, plate, cv2.NORM_L1, both) / (3 * cv2.countNonZero(both)) > MOVED:
            self._frames[:] = 0
            known = np.zeros_like(known)
        return np.asarray(plate), known

    def learn(self, colours: np.ndarray, free: np.ndarray) -> None:
        """Remember what of a picture is free of the cast. The arguments are those of `seen`, which comes first."""
        assert self._mean is not None, "look at a picture (`seen`) before you learn from it"
        off = cv2.subtract(colours, self._mean)
        changed = cv2.transform(cv2.multiply(off, off), ONES) > CHANGED**2
        self._frames[changed & free] = 0
        rate = (free / (1 + self._frames)).astype(np.float32)
        cv2.multiply(off, cv2.merge([rate, rate, rate]), dst=off)
        cv2.add(self._mean, off, dst=self._mean)
        self._frames = np.minimum(self._frames + free, np.float32(MOST_FRAMES))
