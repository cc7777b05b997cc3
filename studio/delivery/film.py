"""A film from takes: title cards and excerpts, one after the other, cut at exact frames.

film = Film([Card("The chest", 3), Excerpt(version, 0, 8), Excerpt(version, 12, 20)], fps=24)
film.cuts                          # the frame at which each part begins
write_film(film, "film.mp4")
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from numbers import Integral
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from engine.media.lettering import Typeface, set_in_lines, typeface_for
from engine.media.pictures import fit
from engine.media.video import VideoSource, whole_video
from engine.prompts import number, seconds
from engine.types import Frame
from studio.background import Progress, cancellable, progress_bar, run_in_background
from studio.takes.documents import TakeError
from studio.takes.frames import pictures
from studio.takes.take import Take
from studio.takes.version import Render

JITTER_S = 0.015
"""A frame that comes so much late is still the one of its time."""
SLACK_S = 2 / 24
"""An excerpt may end so much after its take, whose last picture then stays."""
MOST_CHARACTERS = 1000
"""On one card."""
ROOM = 0.9
"""The share of a card's width that its words may take."""
GROUND, INK, FAINT = "#0b0c0e", "#e7e9ec", "#8a9099"


@dataclass(frozen=True)
class Card:
    """Words on black for some seconds; long ones stand in lines, and get smaller.

    Raises TakeError or LetteringError for words that cannot be shown: letters that no font has are named.
    """

    text: str
    duration_s: float
    below: str = ""
    """A second, smaller text."""
    font: str | Path = ""
    """A font's file, or its name among this machine's; by default one that has the words' letters is chosen."""

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not isinstance(self.below, str):
            raise TakeError(f"a card's words are {self.text!r} and {self.below!r}; write texts: Card('The chest', 3)")
        if not self.text.strip():
            raise TakeError("a card without words; write its text, or leave it out")
        if (count := len(self.text) + len(self.below)) > MOST_CHARACTERS:
            raise TakeError(f"a card of {count:,} characters; at most {MOST_CHARACTERS:,} can be read: shorten it")
        self._typeface()  # which names the letters that no font has
        _long_enough(self.duration_s, "a card")

    def frames(self, size: tuple[int, int], fps: float) -> Iterator[np.ndarray]:
        """The card, fading in and out."""
        picture = np.asarray(self._drawn(size), np.float32)
        count = frames_of(self.duration_s, fps)
        fade = max(1, min(round(0.4 * fps), count // 3))
        for n in range(count):
            share = min(1.0, (n + 1) / fade, (count - n) / fade)
            yield (picture * share).astype(np.uint8)

    def _typeface(self) -> Typeface:
        return typeface_for(_composed(self.text + self.below), self.font)

    def _drawn(self, size: tuple[int, int]) -> Image.Image:
        """The card at full light. Raises LetteringError for words that do not fit it."""
        width, height = size
        face, room = self._typeface(), width * ROOM
        title = set_in_lines(_composed(self.text.strip()), face, max(8, round(height * 0.10)), room, height * 0.5)
        below = set_in_lines(_composed(self.below.strip()), face, max(8, round(height * 0.05)), room, height * 0.3)
        middles = (height * 0.46, height * 0.60)
        if len(title.lines) + len(below.lines) > 2:  # they stand around the middle of the card together
            heights = [len(block.lines) * block.pitch if block.lines[0] else 0.0 for block in (title, below)]
            top = (height - sum(heights) - below.pitch / 2) / 2
            middles = (top + heights[0] / 2, top + heights[0] + below.pitch / 2 + heights[1] / 2)
        card = Image.new("RGB", size, GROUND)
        draw = ImageDraw.Draw(card)
        for block, middle, ink in ((title, middles[0], INK), (below, middles[1], FAINT)):
            for n, line in enumerate(block.lines):
                y = middle + (n - (len(block.lines) - 1) / 2) * block.pitch
                draw.text((width / 2, y), line, fill=ink, font=block.font, anchor="mm")
        return card


@dataclass(frozen=True)
class Excerpt:
    """A part of a take: of a version, of what was shown live, or of the camera."""

    source: Render | Take
    start_s: float = 0.0
    end_s: float | None = None
    """By default the end."""
    picture: str = "live"
    """Of a take: `live` or `raw`."""

    def __post_init__(self) -> None:
        if not isinstance(self.source, Render | Take):
            raise TakeError(f"{self.source!r} is nothing to cut; give a take or one of its renders")
        start = seconds(self.start_s, "the start of an excerpt")
        if self.picture not in ("live", "raw"):
            raise TakeError(f"{self.picture!r} is not a picture of a take; it is live or raw")
        if self.end_s is not None:
            _long_enough(seconds(self.end_s, "the end of an excerpt") - start, "an excerpt")
        length_s, name = self._length_s, self._name
        if start >= length_s:
            raise TakeError(f"an excerpt from {start:g} s, and {name} ends at {length_s:.2f} s; let it start earlier")
        if self.end_s is not None and self.end_s > length_s + SLACK_S:
            raise TakeError(f"an excerpt to {self.end_s:g} s, and {name} ends at {length_s:.2f} s; let it end earlier")

    def __repr__(self) -> str:
        end = "the end" if self.end_s is None else f"{self.end_s:g} s"
        return f"Excerpt({self._name}: {self.start_s:g} s to {end})"

    @property
    def duration_s(self) -> float:
        """From its start to its end."""
        return (self._length_s if self.end_s is None else self.end_s) - self.start_s

    @property
    def _name(self) -> str:
        return f"{self.source.name} {self.picture}" if isinstance(self.source, Take) else self.source.title

    @property
    def _length_s(self) -> float:
        if isinstance(self.source, Take):
            return self.source.duration_s
        video = VideoSource(self.source.video)
        return (video.expected_frames or 0) / video.fps

    def frames(self, size: tuple[int, int], fps: float) -> Iterator[np.ndarray]:
        """What is on screen at each of the film's frames. Raises TakeError where the take ends before the excerpt."""
        count = frames_of(self.duration_s, fps)
        source: VideoSource | Iterator[Frame]
        if isinstance(self.source, Render):
            source = VideoSource(self.source.video)
            rate = source.fps
        else:
            source = pictures(self.source, self.picture)
            rate = self.source.fps
        wanted, last, end_s = 0, None, 0.0
        for frame in source:
            while last is not None and wanted < count and frame.time_s > self.start_s + wanted / fps + JITTER_S:
                yield last
                wanted += 1
            if wanted == count:
                return
            last, end_s = fit(frame.rgb, *size), frame.time_s + 1 / rate
        if last is None or self.start_s + self.duration_s > end_s + SLACK_S:
            raise TakeError(f"the pictures of {self._name} end at {end_s:.2f} s, before the excerpt; end it earlier")
        for _ in range(wanted, count):
            yield last


Part: TypeAlias = Card | Excerpt


@dataclass(frozen=True)
class Film:
    """Parts in order, at one size and rate."""

    parts: Sequence[Part]
    fps: float = 24.0
    size: tuple[int, int] = field(default=(1280, 720))
    """Width and height, even numbers."""

    def __post_init__(self) -> None:
        parts: Any = self.parts
        if not isinstance(parts, Sequence) or isinstance(parts, str):
            raise TakeError(f"a film's parts are a list, not {parts!r}; write Film([Card(...), Excerpt(...)])")
        if not parts:
            raise TakeError("a film without parts; give it a Card or an Excerpt")
        if wrong := [part for part in parts if not isinstance(part, Card | Excerpt)]:
            raise TakeError(f"{wrong[0]!r} is not a part of a film; give it a Card or an Excerpt(take, 0, 8)")
        object.__setattr__(self, "parts", tuple(parts))
        if number(self.fps, "a film's rate") <= 0 or not _even(self.size):
            raise TakeError(f"a film of size {self.size!r} at {self.fps} fps; sides are even, from 16 on: (1280, 720)")

    def __repr__(self) -> str:
        width, height = self.size
        parts = f"{len(self.parts)} part{'s' * (len(self.parts) > 1)}"
        return f"Film({parts}: {width}x{height} at {self.fps:g} fps)"

    @property
    def cuts(self) -> list[int]:
        """The frame at which each part begins."""
        return [0, *accumulate(frames_of(part.duration_s, self.fps) for part in self.parts)][:-1]

    @property
    def length(self) -> int:
        """Frames in all."""
        return sum(frames_of(part.duration_s, self.fps) for part in self.parts)


def write_film(film: Film, path: Path | str, progress: Progress | None = None) -> Path:
    """Write a film as H.264 in MP4, MOV or Matroska, by the path's suffix. Returns the path.

    A file that is there gives way when the new one is whole. progress: by default a bar shows it. Raises TakeError
    where a take ends before its excerpt, MediaError for another suffix or a folder that is not there.
    """
    path = Path(path)
    pictures = (rgb for part in film.parts for rgb in part.frames(film.size, film.fps))
    with (
        progress_bar(path.name, progress, film.length) as shown,
        whole_video(path, *film.size, film.fps) as writer,
    ):
        for n, rgb in enumerate(pictures):
            writer.write(Frame(rgb, n, n / film.fps))
            shown(n + 1, film.length)
    return path


async def write_film_async(film: Film, path: Path | str, progress: Progress | None = None) -> Path:
    """`write_film` for `await`: other cells and pages go on meanwhile. Cancelled, it leaves nothing behind."""

    def work(step: Callable[[], None]) -> Path:
        with progress_bar(Path(path).name, progress, film.length) as shown:
            return write_film(film, path, cancellable(step, shown))

    return await run_in_background(work)


def _composed(text: str) -> str:
    """With letters and their accents as one character, which more fonts have, and with plain spaces alone."""
    return re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFC", text))


def frames_of(duration_s: float, fps: float) -> int:
    """How many frames of a film a duration is."""
    return max(1, round(duration_s * fps))


def _even(size: Any) -> bool:
    """Whether it is a width and a height that H.264 takes."""
    sides = size if isinstance(size, Sequence) and len(size) == 2 else (0, 0)
    return all(isinstance(side, Integral) and int(side) >= 16 and int(side) % 2 == 0 for side in sides)


def _long_enough(duration_s: float, what: str) -> None:
    if not number(duration_s, f"the length of {what}") > 0:
        raise TakeError(f"{what} of {duration_s:g} s; it lasts more than 0 seconds, and ends after it starts")
