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
GAP = 2 * WINDOW - 2
"""Empty rows of blocks between the planes of sums, so that a window over one does not see the next."""
GRAIN = 2 * STEP
"""Of the sides of a box in pixels, for pairs of blocks are averaged."""
KEPT = 0.8
"""Share of the last picture's sums that counts again."""
LEAST_VARIANCE = 200.0
"""Of colours, in squared 8-bit steps."""
CAST, SET = 0.65, 0.35
"""Above and below these a mask is sure."""
ONES = np.ones((1, 3), np.float32)
TRACE = np.float32(1e-20)
"""Sums that fade for ever stay above this: processors are slow with smaller numbers."""


@dataclass(frozen=True)
class Box:
    """A part of a picture; top and left are included, bottom and right not. Each is a multiple of GRAIN."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def around(cls, blocks: np.ndarray) -> Box | None:
        """The smallest around all blocks, (H / STEP, W / STEP) uint8, that are not 0; None where all are."""
        x, y, width, height = cv2.boundingRect(blocks)
        if not width:
            return None
        top, left = y // 2 * GRAIN, x // 2 * GRAIN
        return cls(top, -(-(y + height) // 2) * GRAIN, left, -(-(x + width) // 2) * GRAIN)

    @property
    def pixels(self) -> tuple[slice, slice]:
        """Rows and columns of the picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def blocks(self) -> tuple[slice, slice]:
        """Rows and columns of blocks."""
        return slice(self.top // STEP, self.bottom // STEP), slice(self.left // STEP, self.right // STEP)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top


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
        square = cv2.transform(cv2.multiply(off, off, dst=off), ONES)
        return np.asarray(cv2.scaleAdd(cv2.log(self.precision), -3.0, cv2.multiply(square, self.precision, dst=square)))


class LocalColours:
    """The two sides of each place, from picture to picture. All are of one size."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all pictures."""
        self._sums: np.ndarray | None = None

    def sides(self, rgb: np.ndarray, share: np.ndarray, box: Box) -> tuple[Side, Side]:
        """Cast and background in a box of the picture; what lies outside of it is forgotten.

        rgb: the picture, (H, W, 3) uint8. share: (H / STEP, W / STEP) float32 0..1, the mask's mean in each block.
        """
        if self._sums is None:
            self._sums = np.full((2, 5, *share.shape), TRACE)
        share = share[box.blocks]
        height, width = share.shape
        few = cv2.resize(rgb[box.pixels], (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
        moments = np.empty((4, height, width), np.float32)
        cv2.split(few, list(moments[:3]))
        cv2.transform(cv2.multiply(few, few), ONES, dst=moments[3])

        sums = np.zeros((2, 5, height + GAP, width), np.float32)
        within = sums[:, :, :height]
        for of_side, sure in zip(within, (share > CAST, share < SET), strict=True):
            of_side[4] = sure
            np.multiply(moments, of_side[4], out=of_side[:4])
        rows, columns = box.blocks
        within += self._sums[:, :, rows, columns] * np.float32(KEPT) + TRACE
        latest = within.copy()
        self._sums.fill(TRACE)
        self._sums[:, :, rows, columns] = latest

        sums = _widely(sums.reshape(-1, width)).reshape(sums.shape)[:, :, :height]
        sums[:, :4] *= 1 / (sums[:, 4:] + np.float32(1e-6))
        spread = np.maximum(sums[:, 3] - (sums[:, :3] ** 2).sum(1), 0)
        np.divide(1, spread / 3 + np.float32(LEAST_VARIANCE), out=sums[:, 3])
        return self._side(sums[0], box), self._side(sums[1], box)

    @staticmethod
    def _side(sums: np.ndarray, box: Box) -> Side:
        mean = cv2.resize(cv2.merge(list(sums[:3])), box.size, interpolation=cv2.INTER_LINEAR)
        return Side(np.asarray(mean), np.asarray(cv2.resize(sums[3], box.size, interpolation=cv2.INTER_LINEAR)))


def _widely(planes: np.ndarray) -> np.ndarray:
    """Sums over the window, and a trace of those around it. Planes lie one under the other, with gaps of GAP rows."""
    near = cv2.blur(planes, (WINDOW, WINDOW))
    height, width = planes.shape
    coarse = cv2.resize(near, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    far = cv2.resize(cv2.blur(coarse, (WINDOW, WINDOW)), (width, height))
    return np.asarray(cv2.scaleAdd(far, 1e-2, near))
