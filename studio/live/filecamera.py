"""A video file in the camera's place: JPEG packets of the working size, in real time or every frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.media.pictures import encode_jpeg
from engine.media.video import VideoSource, open_source
from studio.live.connection import Connection
from studio.live.frames import LIVE_QUALITY, LiveFrame
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.sound import Part, clip_sound
from studio.workers import Worker

WORKING_PX = 384
"""The longer side of what the engine works on by default: 384x216 for 16:9, 384x288 for 4:3."""


@dataclass(frozen=True)
class CameraFrame:
    """One frame of a camera."""

    packet: bytes
    """JPEG."""
    index: int
    ticks: int


class FileCamera:
    """A video or picture file as a camera. size: (width, height), by default the working size of its shape.
    quality: JPEG quality of its frames and their answers, 1 to 95.

    Raises MediaError at once for what is not a video, and TruncatedVideo after the last frame of a damaged one.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None = None, quality: int = LIVE_QUALITY) -> None:
        self.quality = quality
        source = open_source(path)
        self._path, self._moving = path, isinstance(source, VideoSource)
        self.width, self.height = size or working_size(source.width, source.height)
        self.fps = source.fps
        self._stopped = threading.Event()
        self.late = 0
        """Frames that were not sent, since their time had passed when they were decoded."""
        self._source = open_source(path, (self.width, self.height))

    def __iter__(self) -> Iterator[CameraFrame]:
        """Every frame, as fast as it is asked for."""
        for frame in self._source:
            yield CameraFrame(encode_jpeg(frame.rgb, self.quality), frame.index, round(frame.time_s * TICKS_PER_SECOND))

    def play(self, offer: Callable[[bytes, int, int], None]) -> None:
        """Offer each frame at its time; one whose time has passed by more than a frame is left out."""
        started: float | None = None
        for frame in self._source:
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
            yield from clip_sound(self._path, [Part(*(ticks / TICKS_PER_SECOND for ticks in part)) for part in parts])

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


def working_size(width: int, height: int) -> tuple[int, int]:
    """The size in which a picture of that shape is shot: 384 px on its longer side, at least 64 on the other."""
    scale = WORKING_PX / max(width, height)
    return max(64, round(width * scale / 8) * 8), max(64, round(height * scale / 8) * 8)
