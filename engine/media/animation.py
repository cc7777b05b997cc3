"""Pictures that move: animated WebP, PNG (APNG) and AVIF, by Pillow. A GIF is read as the video that it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.media.pace import measure
from engine.media.pictures import MediaError, as_rgb, fit, opened
from engine.media.sequence import Indexed
from engine.types import Frame

_ANIMATED = {"WEBP", "PNG", "AVIF"}  # a TIFF's or an MPO's pictures are pages
_CLOCK_S = 0.001
_REMEDY = "cut a piece out of it, or make a video of it"
_UNSAID_MS = 100.0  # how long browsers show a picture whose duration is 0


def moves(path: str | Path) -> bool:
    """Whether a picture file holds an animation; False for what is not a picture."""
    try:
        with opened(path) as image:
            return image.format in _ANIMATED and len(_numbers(image)) > 1
    except MediaError:
        return False


def _numbers(image: Any) -> range:
    """The frames that belong to an animation: of a PNG the first may be for programs that know none."""
    return range(int(bool(image.info.get("default_image"))), getattr(image, "n_frames", 1))


class Animation(Indexed):
    """The frames of an animation, each at its own time, upright and opaque; may be read any number of times.

    With `size` (width, height), frames are resized to cover it and cropped around the centre. To know their
    times all are decoded at first. Raises MediaError, also for more than `most`, before that, and as soon as they last
    over `longest_s` seconds.
    """

    has_sound = False

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int] | None = None,
        *,
        longest_s: float = math.inf,
        most: float = math.inf,
    ) -> None:
        self.path = Path(path)
        with opened(self.path) as image:
            numbers = _numbers(image)
            if len(numbers) > most:
                raise MediaError(f"{self.path} has {len(numbers):,} pictures; there may be {most:,} at most: {_REMEDY}")
            self._times = [0.0]
            for number in numbers:
                image.seek(number)
                image.load()  # Pillow learns the duration of a WebP's picture with its pixels
                shown_ms = float(image.info.get("duration") or _UNSAID_MS)
                self._times.append(self._times[-1] + shown_ms / 1000)
                if self._times[-1] > longest_s:
                    raise MediaError(f"{self.path} lasts over {longest_s:g} s, which is the most: {_REMEDY}")
            image.seek(numbers.start)
            first = as_rgb(image)
        self.width: int
        self.height: int
        self.width, self.height = size or (first.shape[1], first.shape[0])
        self.expected_frames = len(numbers)
        self.fps = measure(self._times[:-1], _CLOCK_S).fps
        self.length_s = self._times[-1]

    def __iter__(self) -> Iterator[Frame]:
        with opened(self.path) as image:
            for index, number in enumerate(_numbers(image)):
                image.seek(number)
                yield Frame(fit(as_rgb(image), self.width, self.height), index, self._times[index])
