"""The matte of people: the segmenter's mask made steady, corrected by colour, its edges by mixture.

    mask       the segmenter's, 144 lines high, averaged along the picture's motion     temporal.py
    sides      the colours of cast and background around each pixel                     colours.py
    backdrop   the background itself, where it was seen a moment ago                    backdrop.py

All of it at the segmenter's size; the matte is enlarged at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.backdrop import Backdrop
from engine.compositing.colours import ONES, LocalColours, Side
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
BACKDROP_VARIANCE = 100.0
"""Of a pixel of a known background, in squared 8-bit steps."""
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

    colours: np.ndarray
    """(h, w, 3) float32, sRGB in 8-bit steps."""
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

    @property
    def trouble(self) -> str | None:
        """What the director should be told of the last picture; None where all is well."""
        return "nobody in the picture" if self.nobody else None

    def reset(self) -> None:
        """Forget all pictures."""
        self.nobody, self._size, self._mirrored = True, None, False
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
        colours = small.astype(np.float32)
        person = self._segment(colours / 255)
        self.nobody = int(np.count_nonzero(person > 0.5)) < NOBODY * person.size
        if self.nobody:
            person = np.zeros_like(person)
        return Look(colours, person, self._steady(small, person), (height, width))

    def finish(self, look: Look) -> np.ndarray:
        """The second half: the matte (H, W) uint8 of the last picture looked at."""
        alpha = self._refine(look.colours, look.person, look.mask)
        height, width = look.size
        if self.nobody:
            return np.zeros((height, width), np.uint8)
        solid = np.clip((alpha - 0.5) * (255 * CONTRAST) + 128, 0, 255).astype(np.uint8)
        return np.asarray(cv2.resize(solid, (width, height), interpolation=cv2.INTER_LINEAR))

    def _segment(self, picture: np.ndarray) -> np.ndarray:
        """The segmenter's mask; every other picture is shown to it mirrored, for the mean of both errs less."""
        mirrored, self._mirrored = self._mirrored, not self._mirrored
        if not mirrored:
            return self._segmenter(picture)
        return np.asarray(cv2.flip(self._segmenter(np.asarray(cv2.flip(picture, 1))), 1))

    def _refine(self, colours: np.ndarray, person: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The matte, (h, w) float32 0..1; the arguments are those of `Look`."""
        near = cv2.blur(mask, (REACH_PX, REACH_PX))
        free = cv2.blur(cv2.max(mask, person), (9, 9)) < 0.05
        plate, known = self._backdrop.seen(colours, free)
        cast, behind = self._colours.sides(colours, mask)
        behind = Side(
            np.asarray(cv2.blendLinear(plate, behind.mean, known, 1 - known)),
            behind.precision + known * (1 / BACKDROP_VARIANCE - behind.precision),
        )
        ratio = cv2.subtract(behind.distance(colours), cast.distance(colours))
        odds = np.clip(mask, 0.02, 0.98)
        odds = PRIOR * cv2.log(odds / (1 - odds)) + np.clip(ratio * (COLOUR / 2), -MOST, MOST)
        likely = 1 / (1 + cv2.exp(-odds))
        open_ = np.clip(cv2.min(near, 1 - near) * 20, 0, 1)
        alpha = mask + open_ * (likely - mask)
        self._backdrop.learn(colours, free)
        return _mixed(colours, alpha, cast.mean, behind.mean)


def _mixed(colours: np.ndarray, alpha: np.ndarray, cast: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """A matte whose edge pixels are mixtures of both sides' colours, (h, w, 3) float32 each."""
    span = cv2.subtract(cast, behind)
    length = cv2.transform(cv2.multiply(span, span), ONES)
    share = cv2.transform(cv2.multiply(cv2.subtract(colours, behind), span), ONES) / (length + 1)
    kernel = np.ones((MIXED_PX, MIXED_PX), np.uint8)
    edge = (cv2.dilate(alpha, kernel) > 0.95) & (cv2.erode(alpha, kernel) < 0.05)
    trust = length / (length + ALIKE**2) * edge
    return alpha + trust * (np.clip(share, 0, 1) - alpha)
