"""The matte of all that was not there: the difference to a clean plate, joined with the segmenter's people."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.cleanplate import CleanPlate, Learner
from engine.compositing.difference import Comparer, Difference
from engine.compositing.edges import mixed_edges
from engine.compositing.inputs import picture
from engine.compositing.person import PersonMatter
from engine.compositing.stillness import Stillness

ASPECT = 0.02
"""How far, as a share, the proportions of picture and plate may differ."""
SPECK = 0.0006
"""Share of the picture under which what differs is not a thing."""
NO_PLATE = "no clean plate yet: the camera stands still, everybody steps out for a second"
MOVED = "the camera has moved: take a new clean plate"
OTHER_SIZE = "the clean plate is of another camera picture: take a new one"


@dataclass(frozen=True)
class CleanPlateSettings:
    """How what differs from the clean plate becomes cast."""

    sensitivity: float = 1.0
    """Above 1 fainter differences are cast too, and more noise; 0.25 to 4."""
    shadow: float = 0.45
    """How much of the light a shadow of the cast may take without being cast itself, 0 to 0.9."""
    name = "clean-plate"

    def __post_init__(self) -> None:
        if not 0.25 <= self.sensitivity <= 4:
            raise ValueError(f"sensitivity is 0.25 to 4, not {self.sensitivity}")
        if not 0 <= self.shadow <= 0.9:
            raise ValueError(f"shadow is 0 to 0.9, not {self.shadow}")


class CleanPlateMatter:
    """People, hands, props: whatever was not there when the clean plate was taken. A `Matter` (types.py).

    `learn` takes the pictures of the empty scene, `plate` is what came of them and may be set to one that was kept.
    Without a plate, and while the camera does not stand where it was taken, people alone are cut out and `trouble` says
    why.
    """

    def __init__(self, settings: CleanPlateSettings = CleanPlateSettings(), plate: CleanPlate | None = None) -> None:
        self.settings = settings
        self.person = PersonMatter()
        self.trouble: str | None = None
        """What the director should be told of the last picture; None where all is well."""
        self._learner: Learner | None = None
        self._plate: CleanPlate | None = None
        self._comparer: Comparer | None = None
        self._stillness: Stillness | None = None
        self._ghosts: np.ndarray = np.zeros(
            (1, 1), np.float32
        )  # what the segmenter takes for people in the empty picture
        self._size: tuple[int, int] | None = None
        self.plate = plate

    @property
    def plate(self) -> CleanPlate | None:
        """The clean plate in use; None before there is one."""
        return self._plate

    @plate.setter
    def plate(self, plate: CleanPlate | None) -> None:
        self._plate, self._size, self._learner = plate, None, None
        self.reset()

    def learn(self, rgb: np.ndarray) -> int:
        """Add a picture of the empty scene, (H, W, 3) uint8; returns how many there are. `finish` makes the plate."""
        if self._learner is None:
            self._learner = Learner()
        self._learner.add(rgb)
        return self._learner.frames

    def finish(self) -> CleanPlate:
        """Make the plate of the pictures learnt, and use it from the next picture on.

        Raises ValueError for too few of them, and where something moved; what was learnt is forgotten, and a plate that
        there was before stays.
        """
        learner, self._learner = self._learner or Learner(), None
        self.plate = plate = learner.plate()
        return plate

    def reset(self) -> None:
        """Forget all pictures; the plate stays."""
        self.trouble = None
        self.person.reset()
        if self._comparer and self._stillness:
            self._comparer.reset()
            self._stillness.reset()

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel was not there: (H, W, 3) uint8 sRGB -> (H, W) uint8, which the caller owns."""
        rgb = picture(rgb)
        look = self.person.look(rgb)
        self.trouble = self._fit(rgb.shape[0], rgb.shape[1])
        if self.trouble is not None or self._comparer is None or self._stillness is None:
            return self.person.finish(look)
        people = np.maximum(look.mask - self._ghosts, 0)
        self._stillness.watch(rgb, people, time_s)
        if self._stillness.moved:
            self.trouble = MOVED
            return self.person.finish(look)
        person = np.asarray(cv2.resize(people, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR))
        difference = self._comparer.compare(rgb, person)
        cast = cast_of(difference, person, self.settings.sensitivity)
        return mixed_edges(rgb, cast, difference.plate, max(1, round(rgb.shape[0] / 72)))

    def _fit(self, height: int, width: int) -> str | None:
        """Prepare for pictures of this size; why that cannot be, where it cannot."""
        if self._plate is None:
            return NO_PLATE
        rows, columns = self._plate.size
        if abs(width * rows / (height * columns) - 1) > ASPECT:
            return OTHER_SIZE
        if self._size != (height, width):
            plate = self._plate.resized(height, width)
            self._comparer = Comparer(plate.mean, plate.noise, self.settings.shadow)
            self._stillness = Stillness(plate.mean)
            self._ghosts = PersonMatter().look(plate.mean.round().astype(np.uint8)).mask
            self._size = height, width
        return None


def cast_of(difference: Difference, person: np.ndarray, sensitivity: float) -> np.ndarray:
    """What is cast, (H, W) uint8, 0 or 1. person: (H, W) float32 0..1, where a person probably is."""
    height, width = person.shape
    seen = np.clip(difference.evidence * (2 * sensitivity) - 1, 0, 1)
    thing = seen * np.maximum(1 - difference.shade, person)
    near = cv2.dilate(cv2.blur(seen, (5, 5)), np.ones((9, 9), np.uint8))
    solid = ((thing > 0.5) | (person * np.minimum(near * 2, 1) > 0.5)).astype(np.uint8)
    side = max(3, 2 * round(height / 72) + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    solid = cv2.morphologyEx(cv2.medianBlur(solid, 3), cv2.MORPH_CLOSE, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    large = (stats[:, cv2.CC_STAT_AREA] >= SPECK * height * width).astype(np.uint8)
    large[0] = 0
    return large[labels]
