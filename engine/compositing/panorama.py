"""A panorama all round as a plate: a virtual camera inside of it pans, and follows the head."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.compositing.types import STRAIGHT, Light, View
from engine.media.pictures import as_picture, read_picture

LONGEST_SIDE = 8192
"""Pixels of a panorama's width that are kept; larger ones are reduced when they are read."""
_KNOT = 8  # pixels between two places whose direction is computed; between them it is interpolated
_SHARPEST = 1.15  # pixels of the panorama to one of the picture; more would flicker while it pans


@dataclass(frozen=True)
class Lens:
    """How the virtual camera stands and moves. Angles are in degrees. Raises ValueError for one out of its range."""

    field: float = 75.0
    """Angle of view along the picture's longer side, 30 to 100."""
    yaw: float = 0.0
    """Where it looks at first, to the right of the panorama's middle."""
    pitch: float = 0.0
    """How far it looks up, -25 to 25."""
    pan: float = 0.0
    """How far it turns to the right in a second, -60 to 60."""
    follow: float = 1.0
    """How far it follows the head, 0 to 1: at 1 it turns by 8 degrees to each side, and by 3 up and down."""

    def __post_init__(self) -> None:
        ranges = {"field": (30, 100), "yaw": (-360, 360), "pitch": (-25, 25), "pan": (-60, 60), "follow": (0, 1)}
        for name, (least, most) in ranges.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"a panorama's {name} of {getattr(self, name)}; it is {least} to {most}")


class PanoramaPlate:
    """An equirectangular panorama of 360 by 180 degrees, seen by a virtual camera in its middle.

    picture: a file as for `PicturePlate`, or an array (H, W, 3) uint8, twice as wide as high. It has no seam: its left
    edge continues its right one. Raises MediaError (ValueError) for what is not a picture, and ValueError for one of
    another shape.
    """

    light: Light | None = None

    def __init__(self, picture: str | Path | np.ndarray, lens: Lens = Lens()) -> None:
        rgb = as_picture(picture) if isinstance(picture, np.ndarray) else read_picture(picture, at_most=LONGEST_SIDE)
        height, width = rgb.shape[:2]
        if abs(width / height / 2 - 1) > 0.02:
            raise ValueError(
                f"a panorama of {width}x{height} pixels; one all round (equirectangular) is twice as wide as high"
            )
        self.lens = lens
        self._rgb = rgb
        self._lock = threading.Lock()
        self._size = (0, 0)
        self._reduced = rgb

    @property
    def still(self) -> bool:
        """See `Plate.still`: it is as long as the camera does not pan; the view still moves it."""
        return self.lens.pan == 0

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """See `Plate.picture`."""
        lens = self.lens
        focal_px = max(width, height) / 2 / math.tan(math.radians(lens.field) / 2)
        panorama = self._reduced_for(width, height, focal_px)
        yaw = lens.yaw + lens.pan * time_s + 8 * lens.follow * view.x
        pitch = lens.pitch + 3 * lens.follow * view.y
        high, wide = panorama.shape[0], panorama.shape[1] - 2
        across, down = _directions(width, height, focal_px, math.radians(pitch))
        x = across * np.float32(wide / (2 * math.pi)) + np.float32((yaw / 360 + 0.5) % 1 * wide - 0.5)
        x -= np.float32(wide) * np.floor(x * np.float32(1 / wide))  # 0 up to the width
        y = np.clip(down * np.float32(high / math.pi) + np.float32(high / 2 - 0.5), 0, high - 1)
        return np.asarray(cv2.remap(panorama, x + 1, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    def close(self) -> None:
        """See `Plate.close`."""
        with self._lock:
            self._rgb = self._reduced = np.zeros((1, 2, 3), np.uint8)

    def _reduced_for(self, width: int, height: int, focal_px: float) -> np.ndarray:
        """The panorama about as fine as the picture, with a column of the other side at its left and its right."""
        with self._lock:
            if self._size != (width, height):
                self._size = width, height
                full = self._rgb.shape[1]
                finest = round(2 * math.pi * focal_px * _SHARPEST)
                size = min(full, finest), max(1, min(full, finest) // 2)
                reduced = _resized(self._rgb, size)
                self._reduced = np.asarray(cv2.copyMakeBorder(reduced, 0, 0, 1, 1, cv2.BORDER_WRAP))
            return self._reduced


def _resized(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return rgb if rgb.shape[1] <= size[0] else np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _directions(width: int, height: int, focal_px: float, pitch: float) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude, in radians to the right and downwards, that each pixel looks at; (height, width) each."""
    x = (np.arange(-1, width // _KNOT + 2) * _KNOT + (_KNOT - width) / 2) / focal_px
    y = (np.arange(-1, height // _KNOT + 2) * _KNOT + (_KNOT - height) / 2)[:, None] / focal_px
    forward = math.cos(pitch) + y * math.sin(pitch)
    down = y * math.cos(pitch) - math.sin(pitch)
    across = np.arctan2(x, forward)
    below = np.arctan2(down, np.hypot(x, forward))
    grids = []
    for knots in (across, below):
        size = knots.shape[1] * _KNOT, knots.shape[0] * _KNOT
        full = cv2.resize(knots.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        grids.append(full[_KNOT : _KNOT + height, _KNOT : _KNOT + width])
    return grids[0], grids[1]
