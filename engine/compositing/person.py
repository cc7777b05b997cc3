"""The matte of people: the segmenter's mask made steady, corrected by colour, its edges by mixture.

    mask       the segmenter's, 144 lines high, averaged along the picture's motion     temporal.py
    sides      the colours of cast and background around each pixel                     colours.py
    backdrop   the background itself, where it was seen a moment ago                    backdrop.py

All of it at the segmenter's size, and only around the mask's edge; the matte is enlarged at the end. The segmenter is
spared a picture in which all has but moved: the mask moves with it, never twice in a row.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.backdrop import Backdrop
from engine.compositing.colours import ONES, STEP, Box, LocalColours, Side
from engine.compositing.inputs import picture
from engine.compositing.segmenter import Segmenter
from engine.compositing.temporal import Steady

NOBODY = 0.002
"""Share of the picture under which what the segmenter marks is not a person."""
PRIOR = 1.2
"""Weight of the segmenter's log odds."""
COLOUR = 0.25
"""Weight of the colours' log likelihood ratio: neighbouring pixels are no independent witnesses."""
MOST = 4.0
"""What the colours can say at most, in log odds."""
REACH_PX = 25
"""Window in the segmenter's pixels, in which a mask's edge may be corrected."""
MIXED_PX = 5
"""Window in the segmenter's pixels, in which an edge is a mixture of both sides' colours."""
ALIKE = 60.0
"""Distance of both sides' colours, in 8-bit steps, at which a mixture is half trusted."""

CONTRAST = 1.12
"""Of the matte around one half: what is nearly cast is cast, and the haze of doubt is cleared."""


@dataclass(frozen=True)
class PersonSettings:
    """How people are cut out."""

    name = "person"


@dataclass(frozen=True)
class Look:
    """A picture at the segmenter's size, and where people are in it."""

    rgb: np.ndarray
    """(h, w, 3) uint8."""
    person: np.ndarray
    """(h, w) float32 0..1: the segmenter's mask, zero where there is nobody."""
    mask: np.ndarray
    """(h, w) float32 0..1: the same, steady in time."""
    size: tuple[int, int]
    """Height and width of the picture itself."""


class PersonMatter:
    """People, found by the shipped segmenter in each picture. A `Matter` (types.py)."""

    def __init__(self, settings: PersonSettings = PersonSettings()) -> None:
        self.settings = settings
        self.nobody = True
        """Whether the last picture showed nobody: its matte is zero everywhere."""
        self._segmenter = Segmenter()
        self._steady, self._colours, self._backdrop = Steady(), LocalColours(), Backdrop()
        self._size: tuple[int, int] | None = None
        self._mirrored = False
        self._rested = False
        """Whether the segmenter was spared the last picture."""

    @property
    def trouble(self) -> str | None:
        """What the director should be told of the last picture; None where all is well."""
        return "nobody in the picture" if self.nobody else None

    def reset(self) -> None:
        """Forget all pictures."""
        self.nobody, self._size, self._mirrored, self._rested = True, None, False, False
        for memory in (self._steady, self._colours, self._backdrop):
            memory.reset()

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel is a person: (H, W, 3) uint8 sRGB -> (H, W) uint8, which the caller owns."""
        return self.finish(self.look(rgb))

    def look(self, rgb: np.ndarray) -> Look:
        """The first half of `matte`: where people are, roughly. Each picture is looked at once."""
        rgb = picture(rgb)
        height, width = rgb.shape[:2]
        if self._size != (height, width):
            self.reset()
            self._size = height, width
        much = width >= 2 * self._segmenter.width  # else each pixel counts by interpolation, three times as fast
        how = cv2.INTER_AREA if much else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(rgb, (self._segmenter.width, self._segmenter.height), interpolation=how))
        rest = self._steady.look(small) and not self._rested
        person = self._steady.moved if rest else self._segment(small)
        self._rested = rest
        self.nobody = int(np.count_nonzero(person > 0.5)) < NOBODY * person.size
        if self.nobody:
            person = np.zeros_like(person)
        return Look(small, person, person if rest else self._steady.join(person), (height, width))

    def finish(self, look: Look) -> np.ndarray:
        """The second half: the matte (H, W) uint8 of the last picture looked at."""
        height, width = look.size
        rows, columns = look.mask.shape
        few = (columns // STEP, rows // STEP)
        share, person = (cv2.resize(each, few, interpolation=cv2.INTER_AREA) for each in (look.mask, look.person))
        beside = (cv2.blur(cv2.max(share, person), (5, 5)) < 0.05).view(np.uint8)
        free = np.asarray(cv2.resize(beside, (columns, rows), interpolation=cv2.INTER_NEAREST))
        self._backdrop.look(look.rgb, free)
        matte = np.zeros((height, width), np.uint8)
        if not self.nobody:
            near = cv2.blur(share, (REACH_PX // 2 + 1, REACH_PX // 2 + 1))
            doubt = np.minimum(cv2.min(near, 1 - near) * np.float32(20), np.float32(1))
            alpha = look.mask
            if box := Box.around((doubt > 0.01).view(np.uint8)):
                alpha = alpha.copy()
                alpha[box.pixels] = self._refine(look, share, doubt, box)
            solid = cv2.addWeighted(alpha, 255 * CONTRAST, alpha, 0, 127.5 - 127.5 * CONTRAST, dtype=cv2.CV_8U)
            matte = np.asarray(cv2.resize(solid, (width, height), interpolation=cv2.INTER_LINEAR))
        self._backdrop.learn(look.rgb, free)
        return matte

    def _segment(self, picture: np.ndarray) -> np.ndarray:
        """The segmenter's mask; every other picture is shown to it mirrored, for the mean of both errs less."""
        mirrored, self._mirrored = self._mirrored, not self._mirrored
        if not mirrored:
            return self._segmenter(_light(picture))
        return np.asarray(cv2.flip(self._segmenter(_light(cv2.flip(picture, 1))), 1))

    def _refine(self, look: Look, share: np.ndarray, doubt: np.ndarray, box: Box) -> np.ndarray:
        """The matte of a box, (h, w) float32 0..1. share, doubt: (H / STEP, W / STEP), of the whole picture."""
        mask = np.ascontiguousarray(look.mask[box.pixels])
        colours = look.rgb[box.pixels].astype(np.float32)
        cast, behind = self._colours.sides(look.rgb, share, box)
        plate, trust = self._backdrop.seen(box)
        rest = 1 - trust
        behind = Side(
            np.asarray(cv2.blendLinear(plate.mean, behind.mean, trust, rest)),
            np.asarray(cv2.blendLinear(plate.precision, behind.precision, trust, rest)),
        )
        ratio = cv2.subtract(behind.distance(colours), cast.distance(colours))
        odds = np.clip(mask, 0.02, 0.98)
        odds = PRIOR * cv2.log(odds / (1 - odds)) + np.clip(ratio * np.float32(COLOUR / 2), -MOST, MOST)
        likely = 1 / (1 + cv2.exp(-odds))
        doubt = cv2.resize(doubt[box.blocks], box.size)
        return _mixed(colours, mask + doubt * (likely - mask), cast.mean, behind.mean)


def _light(rgb: np.ndarray) -> np.ndarray:
    return rgb * np.float32(1 / 255)


def _mixed(colours: np.ndarray, alpha: np.ndarray, cast: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """A matte whose edge pixels are mixtures of both sides' colours, (h, w, 3) float32 each."""
    span = cv2.subtract(cast, behind)
    off = cv2.subtract(colours, behind)
    length = cv2.transform(cv2.multiply(span, span), ONES)
    share = cv2.transform(cv2.multiply(off, span, dst=off), ONES) / (length + 1)
    edge = (cv2.dilate(alpha, _MIXED) > 0.95) & (cv2.erode(alpha, _MIXED) < 0.05)
    trust = length / (length + np.float32(ALIKE**2)) * edge
    return np.asarray(alpha + trust * (np.clip(share, 0, 1) - alpha))


_MIXED = np.ones((MIXED_PX, MIXED_PX), np.uint8)
