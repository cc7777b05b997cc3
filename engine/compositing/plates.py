"""Plates that stand still, a colour or a picture, and the blurred camera."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from engine.compositing.types import STRAIGHT, Light, View
from engine.media.pictures import as_picture, read_picture

LONGEST_SIDE = 4096
"""Pixels of a picture's longer side that a plate keeps; larger ones are reduced when they are read."""
Focus = tuple[float, float]
"""The point of a picture that stays in it when it is cropped: x 0 (left) to 1 (right), y 0 (top) to 1 (bottom)."""
CENTRE: Focus = (0.5, 0.5)


def cover(rgb: np.ndarray, width: int, height: int, focus: Focus = CENTRE) -> np.ndarray:
    """Scale (H, W, 3) uint8 to fill width x height and crop what stands over, as near around `focus` as it goes."""
    if width < 1 or height < 1:
        raise ValueError(f"a plate of {width}x{height} pixels; width and height are at least 1")
    full_height, full_width = as_picture(rgb).shape[:2]
    scale = max(width / full_width, height / full_height)
    wide, high = min(full_width, width / scale), min(full_height, height / scale)
    left = min(max(focus[0] * full_width - wide / 2, 0.0), full_width - wide)
    top = min(max(focus[1] * full_height - high / 2, 0.0), full_height - high)
    rows, columns = (slice(round(a), max(round(a) + 1, round(a + b))) for a, b in ((top, high), (left, wide)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(np.ascontiguousarray(rgb[rows, columns]), (width, height), interpolation=how)


def check_focus(focus: Focus) -> Focus:
    """The focus itself; raises ValueError where it lies outside of the picture."""
    if len(focus) != 2 or not all(0 <= place <= 1 for place in focus):
        raise ValueError(f"a focus of {focus}; x and y are 0 to 1, from the upper left corner")
    return focus


class ColourPlate:
    """One colour everywhere. rgb: sRGB, 0..255 each. Raises ValueError for other numbers."""

    light: Light | None = None
    still = True

    def __init__(self, rgb: tuple[int, int, int]) -> None:
        if len(rgb) != 3 or not all(isinstance(value, int) and 0 <= value <= 255 for value in rgb):
            raise ValueError(f"a colour of {rgb}; it is three whole numbers of 0 to 255, red, green and blue")
        self.rgb = rgb
        self._filled = np.empty((0, 0, 3), np.uint8)

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """See `Plate.picture`."""
        filled = self._filled
        if filled.shape[:2] != (height, width):
            filled = self._filled = np.full((height, width, 3), self.rgb, np.uint8)
        return filled.copy()

    def close(self) -> None:
        """See `Plate.close`."""


class PicturePlate:
    """A picture, cropped to fill the frame around a focus.

    picture: a file (JPEG, PNG, WebP, HEIC and others, upright as its camera was held; one of more than `LONGEST_SIDE`
    is reduced), or an array (H, W, 3) uint8. ground: the colour, 0..255 each, behind what is transparent. Raises
    MediaError (ValueError) for what is not a picture.
    """

    light: Light | None = None
    still = True

    def __init__(
        self, picture: str | Path | np.ndarray, focus: Focus = CENTRE, ground: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        self.focus = check_focus(focus)
        if isinstance(picture, np.ndarray):
            self._rgb = as_picture(picture)
        else:
            self._rgb = read_picture(picture, ground, LONGEST_SIDE)
        self._lock = threading.Lock()
        self._fitted: np.ndarray | None = None

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """See `Plate.picture`."""
        with self._lock:
            if self._fitted is None or self._fitted.shape[:2] != (height, width):
                self._fitted = cover(self._rgb, width, height, self.focus)
            return self._fitted.copy()

    def close(self) -> None:
        """See `Plate.close`."""
        with self._lock:
            self._rgb, self._fitted = np.zeros((1, 1, 3), np.uint8), None


_FREE = (np.clip(1 - 2 * np.arange(256, dtype=np.float32) / 255, 0, 1) ** 4).reshape(256, 1)
"""How far a pixel of such a matte counts as background."""


_LIGHT = np.square(np.arange(256, dtype=np.float32) / 255).reshape(256, 1)


def _widely_blurred(sums: np.ndarray, sigma: float) -> np.ndarray:
    """Blurred by so many pixels, on a quarter of them each way."""
    height, width = sums.shape[:2]
    coarse = cv2.resize(sums, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(coarse, (0, 0), max(0.3, sigma / 4))
    return np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR))


class BlurredCamera:
    """The camera's own background, blurred, as in a video call (a `CameraPlate`).

    amount: standard deviation of the blur in parts of the picture's height, above 0 and at most 0.2. The cast does not
    bleed into it: each place is the mean of the background around it alone (Knutsson and Westin, Normalized and
    Differential Convolution, 1993). Raises ValueError for an amount out of range.
    """

    def __init__(self, amount: float = 0.035) -> None:
        if not 0 < amount <= 0.2:
            raise ValueError(f"a blur of {amount} of the picture's height; it is above 0 and at most 0.2")
        self.amount = amount

    def picture_of(self, rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """See `CameraPlate.picture_of`."""
        height, width = alpha.shape
        sigma = self.amount * height
        shrink = max(1, int(sigma / 2))  # a blurred picture keeps all it has on fewer pixels
        if shrink >= 3:  # every other pixel: a mean of four would mix cast and background
            half = (width + 1) // 2, (height + 1) // 2
            rgb, alpha = (cv2.resize(each, half, interpolation=cv2.INTER_NEAREST) for each in (rgb, alpha))
        small = max(1, width // shrink), max(1, height // shrink)
        # What is half cast already has the cast's colour in it, and counts little.
        free = cv2.LUT(alpha, _FREE)
        behind = cv2.LUT(rgb, _LIGHT)  # linear, where a lamp stays bright when it is blurred
        sums = cv2.merge([*cv2.split(cv2.multiply(behind, cv2.merge([free, free, free]))), free])
        sums = cv2.resize(sums, small, interpolation=cv2.INTER_AREA)
        near = cv2.GaussianBlur(sums, (0, 0), sigma * small[1] / height)
        # Deep inside the cast no background is near: there the wider surroundings stand, and at last the mean of all.
        far = _widely_blurred(near, 0.2 * small[1])
        total = near + 0.02 * far + np.asarray(cv2.mean(sums), np.float32) * 1e-4 + 1e-9
        blurred = cv2.convertScaleAbs(np.sqrt(total[..., :3] / total[..., 3:]), alpha=255)
        return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR))

    def close(self) -> None:
        """See `Plate.close`."""
