"""The dropper: what colour is there, how much of the picture is of it over a take, and what else has it.

spot(take, at="0:02", xy=(0.4, 0.5))            # -> Spot(colour='#b02c30', ...), which shows itself
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.compositing.colourkey import colour_at, distance, keyed
from studio.script.moments import seconds_of
from studio.script.region import COLOURS, Box, Region
from studio.script.script import Moment, Script
from studio.takes.documents import TakeError
from studio.takes.frames import pictures
from studio.takes.take import Take

FRAMES = 24
"""Of a take, over which the share of the picture is measured."""
LEAST = 0.0005
"""Share of the picture from which on what has the colour is listed."""
MOST = 5
"""Other things that are listed, the largest."""


@dataclass(frozen=True)
class Spot:
    """A colour in a take's camera picture."""

    colour: str
    """As #rrggbb."""
    name: str
    """The nearest of the names of colours."""
    share: tuple[float, float, float]
    """Of the picture that has it over the take, 0 to 1: the least, the mean and the most."""
    box: Box | None
    """Around the thing that was pointed at."""
    others: tuple[Box, ...]
    """Around what else has the colour in this frame, the largest first."""
    tolerance: float
    picture: Image.Image = field(repr=False, compare=False)
    """The frame with what has the colour lit, all else dark, and coordinates along its edges."""

    @property
    def region(self) -> Region:
        """All that has the colour, for a prop."""
        return Region(self.colour, self.tolerance)

    def __str__(self) -> str:
        least, mean, most = self.share
        line = f"{self.colour}, nearest to {self.name}: {mean:.1%} of the picture, from {least:.1%} to {most:.1%}"
        places = ", ".join(f"({box[0] + box[2] / 2:.2f}, {box[1] + box[3] / 2:.2f})" for box in self.others)
        return f"{line}; also at {places}" if places else f"{line}; nothing else has it here"

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.picture.save(buffer, "PNG")
        return buffer.getvalue()


def spot(take: Take, at: Moment = 0, xy: tuple[float, float] = (0.5, 0.5), tolerance: float = 0.2) -> Spot:
    """The colour at a place of the camera's picture, and how good a key it is.

    at: seconds, a frame ("48f"), a time ("0:02") or a marker. xy: shares of the picture, from its upper left corner.
    tolerance: as a region has it. Raises TakeError for a place outside the picture and for a take without one,
    ScriptError for a moment that there is not.
    """
    if not all(0 <= share <= 1 for share in xy):
        raise TakeError(f"xy={xy!r} is outside the picture; x and y are shares from 0 to 1, from the upper left corner")
    time_s = seconds_of(at, Script([]), take.clock)
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    if not made:
        raise TakeError(f"{take.name} holds no picture to look at")
    there = min(made, key=lambda n: abs(take.frames[n].time_s - time_s))
    looked_at = {*made[:: max(1, len(made) // FRAMES)], there}
    frames = {frame.index: frame.rgb for frame in pictures(take, "raw") if frame.index in looked_at}
    colour = colour_at(frames[there], xy)
    shares = [float(keyed(rgb, colour, tolerance).mean()) for _, rgb in sorted(frames.items())]
    mask = keyed(frames[there], colour, tolerance)
    own, others = _things(mask, xy)
    distances = {name: float(distance(np.array(rgb), colour)) for name, rgb in COLOURS.items()}
    return Spot(
        "#{:02x}{:02x}{:02x}".format(*colour),
        min(distances, key=distances.__getitem__),
        (min(shares), float(np.mean(shares)), max(shares)),
        own,
        others,
        tolerance,
        _picture(frames[there], mask, xy),
    )


def _things(mask: np.ndarray, xy: tuple[float, float]) -> tuple[Box | None, tuple[Box, ...]]:
    """The box of the thing at a place, and those of all others, the largest first."""
    height, width = mask.shape
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8))
    here = int(labels[min(int(xy[1] * height), height - 1), min(int(xy[0] * width), width - 1)])
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= LEAST * mask.size]
    large.sort(key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))

    def box(n: int) -> Box:
        left, top, wide, tall = (int(value) for value in stats[n, :4])
        return left / width, top / height, wide / width, tall / height

    return (box(here) if here else None), tuple(box(n) for n in large if n != here)[:MOST]


def _picture(rgb: np.ndarray, mask: np.ndarray, xy: tuple[float, float]) -> Image.Image:
    image = Image.fromarray((rgb * (0.25 + 0.75 * mask[..., None])).astype(np.uint8))
    with_coordinates(image)
    x, y = xy[0] * (image.width - 1), xy[1] * (image.height - 1)
    draw = ImageDraw.Draw(image)
    for radius, shade in ((6, "black"), (5, "white")):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=shade)
    return image


def with_coordinates(image: Image.Image, left: int = 0, width: int | None = None) -> None:
    """Marks the tenths of a picture along its lower and left edge, and writes every fifth of them; in place.

    left, width: where in the image the picture lies, in pixels.
    """
    draw, font, wide = ImageDraw.Draw(image), ImageFont.load_default(10), width or image.width
    for tenth, _ in pairwise(range(1, 11)):
        x, y = left + wide * tenth / 10, image.height * tenth / 10
        long = 7 if tenth % 5 == 0 else 4
        draw.line((x, image.height - long, x, image.height), fill="#e7e9ec")
        draw.line((left, y, left + long, y), fill="#e7e9ec")
        if tenth == 5:
            draw.text((x, image.height - 19), "x 0.5", fill="#e7e9ec", font=font, anchor="ma")
            draw.text((left + 10, y), "y 0.5", fill="#e7e9ec", font=font, anchor="lm")
