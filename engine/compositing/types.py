"""What a composite is made of: a matte of the cast, a plate behind it, and a view of the plate. Read this first.

    alpha = matter.matte(rgb, time_s)                              the cast, from the camera's picture
    behind = plate.picture(time_s, width, height, view)            the set
    picture = composite(rgb, alpha, behind, light=plate.light)     the cast before the set

The trade's words: the *cast* is who and what stays of the camera's picture, the *matte* says how much of each pixel is
cast, the *plate* is the picture behind. Everything here is numbers; no model is loaded but a matter's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

RGB = tuple[float, float, float]
"""Red, green and blue of linear light or of sRGB, as the place says; 0..1 each."""


@dataclass(frozen=True)
class View:
    """How a plate is looked at in one frame. A plate that is flat and has no landmark may ignore all of it."""

    x: float = 0.0
    """Where the virtual camera stands, sideways: -1 (left) to 1 (right), 0 straight. Near layers move most."""
    y: float = 0.0
    """The same upwards: -1 (low) to 1 (high)."""
    free_x: float = 0.5
    """The place across the picture where the cast is least, 0 (left edge) to 1 (right edge): a landmark stands there.
    It moves slowly, never in a jump."""


STRAIGHT = View()


@dataclass(frozen=True)
class Light:
    """The light of a plate, which relights the cast. Colours are linear light, 0..1; (1, 1, 1) changes nothing."""

    key: RGB = (1.0, 1.0, 1.0)
    """Of the sun, the moon, the lamp."""
    key_from: tuple[float, float] = (0.0, 1.0)
    """Where it comes from in the picture: x -1 (left) to 1 (right), y -1 (below) to 1 (above)."""
    ambient: RGB = (1.0, 1.0, 1.0)
    """Of everything else, from all sides."""
    rim: float = 0.0
    """How much of the key falls on the edge of the cast that faces it, 0..1."""


class Matter(Protocol):
    """Finds the cast in the camera's pictures, one by one, in order. One thread at a time.

    It is deterministic on one machine: the same pictures and times give the same mattes after `reset`. A take keeps the
    mattes themselves, so that a render elsewhere uses the very same.
    """

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel is cast: (H, W, 3) uint8 sRGB -> (H, W) uint8, 0 set to 255 cast.

        time_s: seconds on the source's clock. A picture of another size than the one before begins anew. Raises
        ValueError for what is not a picture.
        """

    def reset(self) -> None:
        """Forget all pictures."""


class Plate(Protocol):
    """The picture behind the cast. A function of its arguments alone, so that a replay is exact. Any thread."""

    @property
    def light(self) -> Light | None:
        """Its light, where it is known (a drawn place); None where it can only be guessed from its pixels."""

    @property
    def still(self) -> bool:
        """Whether `picture` is the same at all times, which a caller may use to keep it."""

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """The plate, (height, width, 3) uint8 sRGB, filling the whole picture; the caller owns it.

        time_s: seconds since the set stands, on the take's clock, 0 or more.
        """

    def close(self) -> None:
        """Give back files and memory; the plate is not used after it."""


@runtime_checkable
class CameraPlate(Protocol):
    """A plate that is made of the camera's picture itself, such as its background blurred. Any thread.

    It is a kind of its own, for `Plate.picture` is a function of time, size and view, so that a caller may keep still
    plates and paint others ahead, and neither holds for what needs this frame's picture and matte. Its light is that in
    which the cast was filmed, so that nothing of the cast changes.
    """

    def picture_of(self, rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """The plate, (H, W, 3) uint8 sRGB, of the camera's picture (H, W, 3) uint8 and its matte (H, W) uint8.

        The caller owns it.
        """

    def close(self) -> None:
        """See `Plate.close`."""
