"""A take's pictures as frames and as video files for the browser and the editing room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.media.pictures import decode_jpeg
from engine.media.video import VideoWriter
from engine.types import Frame
from studio.takes.documents import TakeError
from studio.takes.mjpeg import packets
from studio.takes.rows import FrameRow
from studio.takes.take import Take

_CLOSEST_S = 0.001  # between two frames of a video


def recorded(take: Take, stream: str) -> Iterator[tuple[int, FrameRow, bytes]]:
    """Row number, row and JPEG of every frame of `raw` (what the camera gave) or `live` (what was shown)."""
    shown = stream == "live"
    rows = ((n, row) for n, row in enumerate(take.frames) if row.live_crc is not None or not shown)
    for (n, row), packet in zip(rows, packets(take.folder / f"{stream}.mkv"), strict=False):
        yield n, row, packet


def pictures(take: Take, stream: str) -> Iterator[Frame]:
    """The frames of `raw` or `live` on the take's clock; what does not decode is left out."""
    for n, row, packet in recorded(take, stream):
        try:
            rgb = decode_jpeg(packet)
        except ValueError:
            continue  # the model failed on it, too: its row says so
        yield Frame(rgb, n, row.time_s)


def moments(frames: Iterable[Frame], times_s: Sequence[float]) -> list[np.ndarray]:
    """The pictures that are on screen at these times, (H, W, 3) uint8. Raises ValueError where there is none."""
    shown: list[np.ndarray] = []
    last = None
    for frame in frames:
        while len(shown) < len(times_s) and frame.time_s > times_s[len(shown)] and last is not None:
            shown.append(last)
        last = frame.rgb
        if len(shown) == len(times_s):
            break
    if last is None:
        raise ValueError("there is no picture to show")
    return shown + [last] * (len(times_s) - len(shown))


def evenly(duration_s: float, count: int) -> list[float]:
    """`count` times in seconds, each in the middle of its share of a duration."""
    return [duration_s * (i + 0.5) / count for i in range(count)]


def write_video(path: Path, frames: Iterable[Frame], take: Take, size: tuple[int, int] | None = None) -> int:
    """Write frames of one size to an MP4 with their own times; returns how many. Raises TakeError for none.

    size: (width, height), by default the take's.
    """
    picture = take.manifest.picture
    if picture is None:
        raise TakeError(f"{take.name} has no frame")
    last_s = -1.0
    width, height = size or (picture.width, picture.height)
    with VideoWriter(path, width, height, picture.fps) as writer:
        for frame in frames:
            if frame.rgb.shape[:2] == (height, width):  # a camera that changed its size was refused
                last_s = max(frame.time_s, last_s + _CLOSEST_S)
                writer.write(Frame(frame.rgb, frame.index, last_s))
    if not writer.frames:
        raise TakeError(f"{take.name} has no frame that decodes")
    return writer.frames
