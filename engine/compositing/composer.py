"""Composes frame by frame: what is known of the cast goes from frame to frame, sets fade into each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine.compositing.composite import ANY_LOOK, PlateLook, Scratch, composite, plate_look
from engine.compositing.follow import Following, follow
from engine.compositing.settings import CUT_OUT, DEFAULTS, Settings, check_pictures
from engine.compositing.types import CameraPlate, Plate


@dataclass(frozen=True)
class Behind:
    """One set in a frame, or one of two while they fade."""

    plate: Plate | CameraPlate | None
    """None is the camera's own picture, untouched."""
    weight: float = 1.0
    """Its share, above 0; shares are divided by their sum."""
    since_s: float = 0.0
    """When the set began to stand, on the clock of the frames: the plate's own clock counts from there."""


class Composer:
    """Puts the cast of a camera's pictures before plates, in the order of the frames. One thread at a time.

    What it knows from earlier frames (`following`) depends on the camera's pictures, the mattes and their times alone,
    not on sets and settings: `pass_by` over the frames before gives the same as `compose`.
    """

    def __init__(self) -> None:
        self.following: Following | None = None
        """What is known after the last frame, None before the first; may be kept, and set again."""
        self._scratch: Scratch | None = None
        self._looks: deque[tuple[Plate, tuple[int, int], PlateLook]] = deque(maxlen=3)
        """The looks of the still plates that stood last, and the sizes for which they were seen."""

    def compose(
        self,
        rgb: np.ndarray,
        alpha: np.ndarray,
        behind: Sequence[Behind],
        settings: Settings = DEFAULTS,
        time_s: float = 0.0,
        cast: np.ndarray | None = None,
    ) -> np.ndarray:
        """The cast before the set, (H, W, 3) uint8 sRGB; the caller owns it.

        rgb: the camera's picture, (H, W, 3) uint8 sRGB. alpha: (H, W) uint8, 0 set to 255 cast. behind: the sets that
        stand now; none is the camera's own picture. time_s: seconds on the clock of the frames. cast: the picture with
        the cast's own colours where its edges took those of the old background, (H, W, 3) uint8 (mattes.cast_colours);
        by default rgb. Raises ValueError for pictures of different sizes, or a weight that is not above 0, and knows
        nothing more for it.
        """
        check_pictures(rgb, alpha)
        if any(each.weight <= 0 for each in behind):
            raise ValueError(f"weights {[each.weight for each in behind]} of sets; each is above 0")
        following = follow(self.following, rgb, alpha, time_s)
        cast = rgb if cast is None else cast
        pictures = [self._composed(each, rgb, alpha, cast, settings, following, time_s) for each in behind]
        self.following = following
        return _mixed(pictures, [each.weight for each in behind]) if pictures else rgb.copy()

    def _composed(
        self,
        behind: Behind,
        rgb: np.ndarray,
        alpha: np.ndarray,
        cast: np.ndarray,
        settings: Settings,
        following: Following,
        time_s: float,
    ) -> np.ndarray:
        """The cast before one set. Sets that fade are composed each by itself, so that light and grade fade as well."""
        plate = behind.plate
        height, width = alpha.shape
        if plate is None:
            return rgb.copy()
        if self._scratch is None or self._scratch.share.shape != alpha.shape:
            self._scratch = Scratch(width, height)
        if isinstance(plate, CameraPlate):
            edges = replace(CUT_OUT, feather=settings.feather, choke=settings.choke)  # the rest is as it was filmed
            picture = plate.picture_of(rgb, alpha)
            return composite(cast, alpha, picture, edges, None, following, ANY_LOOK, self._scratch)
        picture = plate.picture(max(0.0, time_s - behind.since_s), width, height, following.view)
        look = self._look(plate, width, height) if plate.still else None
        return composite(cast, alpha, picture, settings, plate.light, following, look, self._scratch)

    def _look(self, plate: Plate, width: int, height: int) -> PlateLook:
        """That of a still plate, seen straight, so that it does not depend on where its first frame was seen from."""
        for kept, size, look in self._looks:
            if kept is plate and size == (width, height):
                return look
        look = plate_look(plate.picture(0.0, width, height))
        self._looks.append((plate, (width, height), look))
        return look

    def pass_by(self, rgb: np.ndarray, alpha: np.ndarray, time_s: float) -> None:
        """Know what `compose` would know of this frame, without a picture."""
        check_pictures(rgb, alpha)
        self.following = follow(self.following, rgb, alpha, time_s)

    def reset(self) -> None:
        """Forget all frames."""
        self.following = None


def _mixed(pictures: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Pictures mixed by their weights, in coded values as any cross-fade."""
    picture, sofar = pictures[0], weights[0]
    for other, weight in zip(pictures[1:], weights[1:], strict=True):
        sofar += weight
        picture = cv2.addWeighted(picture, 1 - weight / sofar, other, weight / sofar, 0)
    return picture
