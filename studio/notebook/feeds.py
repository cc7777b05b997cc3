"""What sends frames to the director of a notebook's camera: a page, or a clip in its place."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.filecamera import FileCamera, roll
from studio.live.frames import LiveFrame
from studio.workers import Worker

Show = Callable[["Feed", LiveFrame], None]
"""Called with every answer, in the feed's thread."""


class Feed(ABC):
    """Frames from somewhere, answered in a thread of their own from `start` to `end`."""

    view = ""
    """Which page sends them; empty where none does."""
    name = ""
    """Which clip sends them; empty where none does."""
    fps = 24.0

    def __init__(self, director: Director, show: Show) -> None:
        self._director, self._show = director, show
        self._connection = Connection(director)
        self._worker: Worker | None = None

    def start(self, routed: Callable[..., Any], failed: Callable[[str], object]) -> None:
        """Begin; `routed` calls the work in the thread, `failed` hears in words what ended it too early."""
        self._worker = Worker("camera", lambda: routed(self._run), failed).start()

    def end(self) -> None:
        """No more frames; the last picture was answered when this returns."""
        self._connection.close()
        if self._worker:
            self._worker.join()

    @abstractmethod
    def _run(self) -> None: ...

    def _answered(self, frame: LiveFrame) -> None:
        self._show(self, frame)


class PageFeed(Feed):
    """A camera in a page: its frames come by `offer`."""

    def __init__(self, director: Director, show: Show, view: str, fps: float) -> None:
        super().__init__(director, show)
        self.view, self.fps = view, fps

    def offer(self, packet: bytes, number: int, time_ms: float, quality: float) -> None:
        """A frame as JPEG, its number, the time on the page's clock, the JPEG quality of its answer (0 to 1).

        Never blocks.
        """
        self._connection.offer(packet, number, round(time_ms * 1000), round(quality * 100))

    def sound(self, chunk: bytes, time_ms: float) -> None:
        """A chunk of the microphone's WebM, begun at that time on the page's clock."""
        self._connection.sound(chunk, round(time_ms * 1000))

    def _run(self) -> None:
        self._connection.run(self._answered)


class ClipFeed(Feed):
    """A video file in the camera's place, in real time, again and again. Raises MediaError for what is not a video."""

    def __init__(self, director: Director, show: Show, path: Path) -> None:
        super().__init__(director, show)
        self._path, self.name = path, path.name
        self._camera = FileCamera(path)
        self._over = threading.Event()
        self._again = True
        self._shifts: list[int] = []
        """What the director's clock has on top of the clip's, each time that it was played."""
        self.fps = self._camera.fps

    def end(self) -> None:
        """Stop between two frames."""
        self._over.set()
        self._camera.stop()
        super().end()

    def sound(self, began: int, ended: int) -> Iterator[bytes]:
        """The clip's own sound between two ticks of the director's clock, as chunks of a WebM file that begins there.

        Raises TakeError where it is damaged.
        """
        parts = []
        for shift, following in zip(self._shifts, [*self._shifts[1:], ended], strict=True):
            start, end = max(shift, began), min(following, ended)
            if start < end:
                parts.append((start - began, start - shift, end - shift))
        return self._camera.sound(parts)

    def _answered(self, frame: LiveFrame) -> None:
        if self._again:
            self._again = False
            self._shifts.append(frame.ticks - frame.camera_ticks)
        super()._answered(frame)

    def _run(self) -> None:
        while not self._over.is_set():
            self._again = True
            roll(self._camera, self._connection, self._answered)
            self._camera, self._connection = FileCamera(self._path), Connection(self._director, held=False)
