"""The mattes that a take was composited with: 8-bit grey, lossless (FFV1, RFC 9043) in a Matroska file.

Each is a picture by itself, so that a file which was cut off is read up to the cut. FFV1 is of the codecs that Matroska
and every editing program know the smallest, and quick: 3.7 KB and 0.6 ms for a frame of 384x216 on one core, beside
6.0 KB and 1.0 ms of PNG.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from engine.media.decoder import FORMATS
from engine.media.paths import local
from engine.media.pictures import MAX_HEIGHT, MAX_WIDTH
from studio.takes.documents import DamagedError, WholeFile, crc
from studio.takes.mjpeg import MILLISECOND, MUXER

MATTE = "matte.mkv"
"""The file, in a take's folder; only where a set stood."""

_CODER = {"level": "1", "coder": "0", "context": "0", "g": "1"}  # each frame by itself, Golomb-Rice codes


class MatteFile:
    """Writes mattes with their times, each on disk when the next one comes."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self._file = WholeFile(path, "x")
        self._container = av.open(self._file, "w", format="matroska", options=MUXER)
        self._stream = self._container.add_stream("ffv1", rate=Fraction(fps).limit_denominator(1001), options=_CODER)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "gray"
        self._stream.codec_context.time_base = MILLISECOND
        self._stream.codec_context.thread_count = 1
        self._last_ms = -1

    def write(self, matte: np.ndarray, time_ms: int) -> None:
        """Add a matte, (H, W) uint8; times that do not advance are moved to the next millisecond. Raises OSError."""
        frame = av.VideoFrame.from_ndarray(matte, format="gray")
        self._last_ms = frame.pts = max(time_ms, self._last_ms + 1)
        frame.time_base = MILLISECOND
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write the index; a file without it is read, too."""
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        finally:
            self._file.close()


def mattes(path: Path) -> Iterator[np.ndarray]:
    """The mattes of a file in order, (H, W) uint8, up to where a crash cut it. Raises DamagedError."""
    if not path.is_file():
        raise DamagedError(f"{path} is missing; bring it back from a copy")
    try:
        with av.open(local(path), options=FORMATS) as container:
            size = container.streams.video[0].codec_context
            if size.width * size.height > MAX_WIDTH * MAX_HEIGHT:
                raise DamagedError(f"{path} has mattes of {size.width}x{size.height}, larger than any picture")
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="gray")
    except (FFmpegError, IndexError) as error:
        why = getattr(error, "strerror", None) or error
        raise DamagedError(f"{path} is damaged: {why}; bring it back from a copy") from None


def count_mattes(path: Path) -> int:
    """How many mattes a file holds; 0 for one that was cut before its first, or never begun."""
    count = 0
    try:
        for _ in mattes(path):
            count += 1
    except DamagedError:
        pass  # up to here
    return count


def matte_crc(matte: np.ndarray) -> str:
    """crc32 of a matte's values, as rows keep it: the same on every machine, however it is packed."""
    return crc(matte.tobytes())
