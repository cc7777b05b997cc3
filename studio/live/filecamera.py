"""A video file in the camera's place: JPEG packets of the working size, in real time or every frame."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from engine.media.pictures import encode_jpeg, padded
from engine.media.video import VideoSource, open_source
from engine.prompts import seconds
from engine.types import Frame
from studio.live.connection import Connection
from studio.live.frames import LIVE_QUALITY, LiveFrame
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.sound import Part, clip_sound
from studio.workers import Worker

WORKING_PX = 384
"""The longer side of what the engine works on by default: 384x216 for 16:9, 384x288 for 4:3."""

Shape: TypeAlias = Literal["crop", "pad"]
"""How a picture of another shape becomes one of a size."""
NOTICED = 0.02
"""The share of a picture from which on its loss is said: rounding to whole pixels takes less."""
_CAMERA = re.compile(r"\d+|/dev/video\d+|camera|webcam", re.IGNORECASE)
"""What other programs open as a camera."""


@dataclass(frozen=True)
class CameraFrame:
    """One frame of a camera."""

    packet: bytes
    """JPEG."""
    index: int
    ticks: int


class FileCamera:
    """A video or picture file as a camera.

    size: (width, height), by default the working size of its shape. quality: JPEG quality of its frames and their
    answers, 1 to 95. start_s, end_s: the part of it that is played, in seconds from its first frame. shape: how a
    picture of another shape becomes one of that size, `crop` around its centre or `pad` with black.

    Raises MediaError at once for what is not a video, ValueError for a part that is not in it, and TruncatedVideo after
    the last frame of a damaged one.
    """

    def __init__(
        self,
        path: Path,
        size: tuple[int, int] | None = None,
        quality: int = LIVE_QUALITY,
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        shape: Shape = "crop",
    ) -> None:
        if not Path(path).exists() and _CAMERA.fullmatch(str(path)):
            raise ValueError(
                f"{str(path)!r} is a camera, and a source is a file; a camera is opened in the browser, by lsd-studio "
                "serve, or in a notebook by LiveCamera()"
            )
        start_s = seconds(start_s, "the start of a clip")
        end_s = math.inf if end_s is None else seconds(end_s, "the end of a clip")
        if end_s <= start_s:
            raise ValueError(
                f"from {start_s:g} s to {end_s:g} s nothing is left of {path}; the start is before the end"
            )
        self.quality = quality
        source = open_source(path)
        self.path, self._moving = Path(path), isinstance(source, VideoSource)
        self.width, self.height = size or working_size(source.width, source.height)
        self.fps = source.fps
        self._start_s, self._end_s = start_s, end_s
        self._stopped = threading.Event()
        self.late = 0
        """Frames that were not sent, since their time had passed when they were decoded."""
        self._pads = shape == "pad"
        self._source = source if self._pads else open_source(path, (self.width, self.height))
        self.reshaped = _reshaped(source.width, source.height, self.width, self.height, shape)
        """What becomes of a picture of another shape, in words; empty where nothing does."""

    def _frames(self) -> Iterator[Frame]:
        """Those of its part, in the camera's size. Raises ValueError where the file ends before the part."""
        before = None
        for frame in self._source:
            if frame.time_s >= self._end_s:
                break
            if frame.time_s >= self._start_s:
                before = frame.time_s
                yield replace(frame, rgb=padded(frame.rgb, self.width, self.height)) if self._pads else frame
        if before is None:
            raise ValueError(f"{self.path} has no frame from {self._start_s:g} s on; let it start earlier")

    def __iter__(self) -> Iterator[CameraFrame]:
        """Every frame, as fast as it is asked for."""
        for frame in self._frames():
            yield CameraFrame(encode_jpeg(frame.rgb, self.quality), frame.index, round(frame.time_s * TICKS_PER_SECOND))

    def play(self, offer: Callable[[bytes, int, int], None]) -> None:
        """Offer each frame at its time; one whose time has passed by more than a frame is left out."""
        started: float | None = None
        for frame in self._frames():
            if self._stopped.is_set():
                return
            if started is None:
                started = time.monotonic() - frame.time_s
            ahead_s = started + frame.time_s - time.monotonic()
            if ahead_s < -1 / self.fps:
                self.late += 1
                continue
            packet = encode_jpeg(frame.rgb, self.quality)
            self._stopped.wait(max(0.0, started + frame.time_s - time.monotonic()))
            offer(packet, frame.index, round(frame.time_s * TICKS_PER_SECOND))

    def sound(self, parts: Sequence[tuple[int, int, int]]) -> Iterator[bytes]:
        """The file's own sound in parts of it as chunks of one WebM file; nothing where it has none.

        parts: when on the WebM's clock, and from when to when on this camera's, in ticks; none before 0, one after the
        other. Raises TakeError where its sound is damaged.
        """
        if self._moving:
            yield from clip_sound(self.path, [Part(*(ticks / TICKS_PER_SECOND for ticks in part)) for part in parts])

    def stop(self) -> None:
        """End `play`, from another thread."""
        self._stopped.set()


def roll(camera: FileCamera, connection: Connection, show: Callable[[LiveFrame], object]) -> None:
    """Play a file through a connection to its end, in real time. Raises what the file raises, after its last frame."""

    def offer(packet: bytes, index: int, ticks: int) -> None:
        connection.offer(packet, index, ticks, camera.quality)

    def play() -> None:
        try:
            camera.play(offer)
        finally:
            connection.finish()

    player = Worker("file camera", play, lambda error: None).start()
    try:
        connection.run(show)
    finally:
        camera.stop()
        player.join()
    if player.error is not None:
        raise player.error


def _reshaped(width: int, height: int, to_width: int, to_height: int, shape: Shape) -> str:
    """What is lost or added where a picture becomes one of another shape; empty for less than a fiftieth."""
    kept = min(width * to_height, height * to_width) / max(width * to_height, height * to_width)
    if kept > 1 - NOTICED:
        return ""
    shapes = f"its {width}x{height} become {to_width}x{to_height}"
    if shape == "pad":
        return f"{shapes}: {1 - kept:.0%} of the picture is black around it"
    sides = "its sides" if width * to_height > height * to_width else "its top and bottom"
    return f"{shapes}: {1 - kept:.0%} of it is cropped at {sides} (--fit pad keeps all of it)"


def working_size(width: int, height: int) -> tuple[int, int]:
    """The size in which a picture of that shape is shot: 384 px on its longer side, at least 64 on the other."""
    scale = WORKING_PX / max(width, height)
    return max(64, round(width * scale / 8) * 8), max(64, round(height * scale / 8) * 8)
