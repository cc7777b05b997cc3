"""Cast or not, by colour: each place has its cast's colours and its background's, and a pixel is of the likelier.

A local form of the colour models of GrabCut (Rother et al. 2004): one Gaussian for each side, from the sure pixels of
the neighbourhood, in the place of a mixture over the whole picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

STEP = 2
"""The models are made for blocks of this many pixels a side."""
WINDOW = 5
"""Blocks a side, from which a model is made; where they hold nothing sure, a window of three times the side."""
KEPT = 0.8
"""Share of the last picture's sums that counts again."""
LEAST_VARIANCE = 200.0
"""Of colours, in squared 8-bit steps."""
CAST, SET = 0.65, 0.35
"""Above and below these a mask is sure."""
ONES = np.ones((1, 3), np.float32)


@dataclass(frozen=True)
class Side:
    """The colours of cast or background around each pixel."""

    mean: np.ndarray
    """(H, W, 3) float32, 8-bit steps."""
    precision: np.ndarray
    """(H, W) float32: one over the variance of a channel."""

    def distance(self, colours: np.ndarray) -> np.ndarray:
        """Minus twice the log likelihood of a picture's colours, (H, W) float32, but for a constant."""
        off = cv2.subtract(colours, self.mean)
        square = cv2.transform(cv2.multiply(off, off), ONES)
        return np.asarray(cv2.multiply(square, self.precision) - 3 * cv2.log(self.precision))


class LocalColours:
    """The two sides of each place, from picture to picture. All are of one size."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._sums: list[np.ndarray] = []

    def sides(self, colours: np.ndarray, mask: np.ndarray) -> tuple[Side, Side]:
        """Cast and background. colours: (H, W, 3) float32, 8-bit steps. mask: (H, W) float32 0..1."""
        height, width = mask.shape
        small = (max(1, width // STEP), max(1, height // STEP))
        few = cv2.resize(colours, small, interpolation=cv2.INTER_AREA)
        squares = cv2.transform(cv2.multiply(few, few), ONES)
        share = cv2.resize(mask, small, interpolation=cv2.INTER_AREA)
        sums: list[np.ndarray] = []
        sides: list[Side] = []
        for sure in (share > CAST, share < SET):
            weight = sure.astype(np.float32)
            parts = [cv2.multiply(channel, weight) for channel in (*cv2.split(few), squares)]
            sums += [cv2.merge(parts), weight]
        if self._sums:
            sums = [_faded(then, now) for now, then in zip(sums, self._sums, strict=True)]
        self._sums = sums
        for total, weight in (sums[:2], sums[2:]):
            count = np.asarray(_widely(weight) + np.float32(1e-6))
            *means, square = (cv2.divide(channel, count) for channel in cv2.split(_widely(total)))
            mean = np.asarray(cv2.merge(means))
            spread = np.asarray(square - cv2.transform(cv2.multiply(mean, mean), ONES))
            precision = 1 / (np.maximum(spread, 0) / 3 + np.float32(LEAST_VARIANCE))
            full = [np.asarray(cv2.resize(each, (width, height))) for each in (mean, precision)]
            sides.append(Side(*full))
        return sides[0], sides[1]


def _faded(then: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Sums with a share of those before; a last trace becomes nothing, for processors are slow with tiny numbers."""
    return np.asarray(cv2.threshold(cv2.scaleAdd(then, KEPT, now), 1e-3, 0, cv2.THRESH_TOZERO)[1])


def _widely(sums: np.ndarray) -> np.ndarray:
    """Sums over the window, and a trace of those around it."""
    near = cv2.blur(sums, (WINDOW, WINDOW))
    return np.asarray(cv2.scaleAdd(cv2.blur(near, (2 * WINDOW + 1, 2 * WINDOW + 1)), 1e-2, near))
