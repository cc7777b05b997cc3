"""A take's drawn sets as clips: each picture that stood behind the cast, so that no later drawing can change it.

    baked/
      baked.json    which place is in which file, when each of its pictures stood, and which libraries drew them
      0.mkv         the pictures of one place, RGB, lossless (FFV1, RFC 9043)

`Clip` is a plate: at the times that were baked it shows the pictures, at others what is drawn here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from engine.compositing.types import STRAIGHT, Light, Plate, View
from engine.media.decoder import FORMATS
from engine.media.paths import local
from engine.media.pictures import MAX_HEIGHT, MAX_WIDTH
from studio.takes.documents import DamagedError, WholeFile, file_sha256, read_document, write_document

FOLDER, INDEX = "baked", "baked.json"
SCHEMA, VERSION = "lsd-baked-sets", 1
_CODER = {"level": "1", "coder": "0", "context": "0", "g": "1"}  # each picture by itself


class ClipFile:
    """Writes the pictures of one place with the times of its own clock."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self.path = path
        self.times: list[float] = []
        """Of each picture, in seconds since the set stands; the first is its picture at 0, seen straight."""
        self._file = WholeFile(path, "x")
        self._container = av.open(self._file, "w", format="matroska")
        self._stream = self._container.add_stream("ffv1", rate=Fraction(24), options=_CODER)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "bgr0"
        self._stream.codec_context.thread_count = 1

    def write(self, rgb: np.ndarray, time_s: float) -> None:
        """Add a picture, (H, W, 3) uint8 sRGB. Raises OSError."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(format="bgr0")
        frame.pts = len(self.times)
        self._container.mux(self._stream.encode(frame))
        self.times.append(time_s)

    def close(self) -> None:
        """Write what is left."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()


class Clip:
    """The plate of one place as it was baked. Any thread, one at a time."""

    def __init__(self, path: Path, times: Sequence[float], size: tuple[int, int], drawn: Plate) -> None:
        self._path, self._size, self._drawn = path, size, drawn
        self._at = {time_s: n for n, time_s in reversed(list(enumerate(times))) if n}
        self._lock = threading.Lock()
        self._pictures: Iterator[np.ndarray] = iter(())
        self._next = -1
        self._last: tuple[int, np.ndarray] | None = None

    @property
    def light(self) -> Light | None:
        """That of the place."""
        return self._drawn.light

    @property
    def still(self) -> bool:
        """Whether nothing in the place moves."""
        return self._drawn.still

    def picture(self, time_s: float, width: int, height: int, view: View = STRAIGHT) -> np.ndarray:
        """See `Plate.picture`. Raises DamagedError where the clip cannot be read."""
        straight = time_s == 0 and view == STRAIGHT
        n = 0 if straight else self._at.get(time_s)
        if n is None or (width, height) != self._size:
            return self._drawn.picture(time_s, width, height, view)
        with self._lock:
            return self._picture(n).copy()

    def close(self) -> None:
        """Give back the file and what is drawn."""
        with self._lock:
            self._pictures, self._next, self._last = iter(()), -1, None
        self._drawn.close()

    def _picture(self, n: int) -> np.ndarray:
        """Picture number n: they are read in order, and anew for an earlier one."""
        if self._last is not None and self._last[0] == n:
            return self._last[1]
        if self._next < 0 or n < self._next:
            self._pictures, self._next = _pictures(self._path), 0
        for rgb in self._pictures:
            self._next += 1
            if self._next == n + 1:
                self._last = n, rgb
                return rgb
        self._next = -1
        raise DamagedError(f"{self._path} ends before picture {n}; remove {self._path.parent} to draw the set anew")


def _pictures(path: Path) -> Iterator[np.ndarray]:
    """The pictures of a file in order, (H, W, 3) uint8."""
    try:
        with av.open(local(path), options=FORMATS) as container:
            size = container.streams.video[0].codec_context
            if size.width * size.height > MAX_WIDTH * MAX_HEIGHT:
                raise DamagedError(f"{path} has pictures of {size.width}x{size.height}, larger than any")
            for frame in container.decode(video=0):
                yield frame.reformat(format="rgb24").to_ndarray()
    except (FFmpegError, OSError, IndexError) as error:
        why = getattr(error, "strerror", None) or error
        raise DamagedError(f"{path} is damaged: {why}; remove {path.parent} to draw the set anew") from None


def write_index(
    folder: Path, clips: Mapping[str, ClipFile], size: tuple[int, int], libraries: Mapping[str, str]
) -> None:
    """Say what a folder of closed clips holds: by each place's JSON text its clip."""
    places = {
        place: {"file": clip.path.name, "sha256": file_sha256(clip.path), "times": clip.times}
        for place, clip in clips.items()
    }
    write_document(
        folder / INDEX,
        {"schema": SCHEMA, "version": VERSION, "size": list(size), "libraries": dict(libraries), "places": places},
    )


def read_index(take: Path) -> dict[str, Any] | None:
    """What is baked in a take's folder; None where nothing is. Raises DamagedError for what was changed."""
    path = take / FOLDER / INDEX
    if not path.is_file():
        return None
    index, sealed = read_document(path)
    if not sealed or index.get("schema") != SCHEMA or index.get("version") != VERSION:
        raise DamagedError(f"{path} was changed, or is of a later version; remove {path.parent} to draw the sets anew")
    return index
