"""Composes frame by frame: what is known of the cast goes from frame to frame, sets fade into each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine.compositing.composite import ANY_LOOK, PlateLook, Scratch, composite, plate_look
from engine.compositing.follow import Following, follow
from engine.compositing.settings import DEFAULTS, Settings, check_pictures
from engine.compositing.types import CameraPlate, Light, Plate


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
        self._still: tuple[Plate, tuple[int, int], PlateLook] | None = None
        """The look of the still plate that stood last, and the size for which it was seen."""

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
        total = sum(each.weight for each in behind)
        sets = [each for each in behind if each.plate is not None]
        shown = sum(each.weight for each in sets)
        if not sets:
            self.following = following
            return rgb.copy()
        pictures = [_picture(each, rgb, alpha, following, time_s) for each in sets]
        shares = [each.weight / shown for each in sets]
        plate = _mixed(pictures, shares)
        lights = [
            (each.plate.light, share)
            for each, share in zip(sets, shares, strict=True)
            if each.plate is not None and not isinstance(each.plate, CameraPlate)
        ]
        elsewhere = sum(share for _, share in lights)
        settings = _toned_down(settings, elsewhere)
        light = mixed_light(lights)
        height, width = alpha.shape
        if self._scratch is None or self._scratch.share.shape != alpha.shape:
            self._scratch = Scratch(width, height)
        cast = rgb if cast is None else cast
        look = self._look(sets[0].plate, width, height) if len(sets) == 1 else None
        look = look if elsewhere else ANY_LOOK
        picture = composite(cast, alpha, plate, settings, light, following, look, self._scratch)
        self.following = following
        return picture if shown == total else _mixed([picture, rgb], [shown / total, 1 - shown / total])

    def _look(self, plate: Plate | CameraPlate | None, width: int, height: int) -> PlateLook | None:
        """That of a still plate, seen straight, so that it does not depend on where its first frame was seen from."""
        if plate is None or isinstance(plate, CameraPlate) or not plate.still:
            return None
        if self._still is None or self._still[0] is not plate or self._still[1] != (width, height):
            self._still = plate, (width, height), plate_look(plate.picture(0.0, width, height))
        return self._still[2]

    def pass_by(self, rgb: np.ndarray, alpha: np.ndarray, time_s: float) -> None:
        """Know what `compose` would know of this frame, without a picture."""
        check_pictures(rgb, alpha)
        self.following = follow(self.following, rgb, alpha, time_s)

    def reset(self) -> None:
        """Forget all frames."""
        self.following = None


def _picture(behind: Behind, rgb: np.ndarray, alpha: np.ndarray, following: Following, time_s: float) -> np.ndarray:
    plate = behind.plate
    assert plate is not None
    if isinstance(plate, CameraPlate):
        return plate.picture_of(rgb, alpha)
    height, width = alpha.shape
    return plate.picture(max(0.0, time_s - behind.since_s), width, height, following.view)


def _mixed(pictures: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Pictures mixed by shares that sum to 1, in coded values as any cross-fade."""
    picture, sofar = pictures[0], shares[0]
    for other, share in zip(pictures[1:], shares[1:], strict=True):
        sofar += share
        picture = cv2.addWeighted(picture, 1 - share / sofar, other, share / sofar, 0)
    return picture


_OF_ANOTHER_PLACE = ("light_wrap", "match", "match_set", "relight", "softness", "grain", "shadow")


def _toned_down(settings: Settings, share: float) -> Settings:
    """Settings where only a share of what stands behind the cast is another place than that where it was filmed."""
    if share >= 1:
        return settings
    return replace(settings, **{name: share * getattr(settings, name) for name in _OF_ANOTHER_PLACE})


def mixed_light(lights: Sequence[tuple[Light | None, float]]) -> Light | None:
    """Lights mixed by their shares; None where one is not known, for then it is guessed from the mixed plate."""
    known = [(light, share) for light, share in lights if light is not None]
    if not known or len(known) < len(lights):
        return None
    total = sum(share for _, share in known)

    def mixed(values: Sequence[Sequence[float]]) -> tuple[float, ...]:
        return tuple(
            sum(share * number for (_, share), number in zip(known, numbers, strict=True)) / total
            for numbers in zip(*values, strict=True)
        )

    return Light(
        mixed([light.key for light, _ in known]),  # type: ignore[arg-type]
        mixed([light.key_from for light, _ in known]),  # type: ignore[arg-type]
        mixed([light.ambient for light, _ in known]),  # type: ignore[arg-type]
        mixed([(light.rim,) for light, _ in known])[0],
    )
