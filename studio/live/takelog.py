"""A take while it is shot: the frame loop's side of a recorder, from the first frame's clock to each frame's row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from studio.takes.documents import crc
from studio.takes.recorder import Recorder
from studio.takes.take import TICKS_PER_SECOND, FrameRow, PictureEntry
from studio.timeline.timeline import Timeline, key_to_dict

SNAPSHOT_TICKS = 2 * TICKS_PER_SECOND
"""How far apart the stream's states in a take are: the most that an edit makes a render do again in vain."""

REQUESTED = "requested_ticks"
"""In a key's metadata: when it was asked for. The key's own time is that of the frame where it took effect."""


@dataclass(frozen=True)
class Arrival:
    """A camera frame as it reached the studio, on the director's clock."""

    packet: bytes
    """JPEG."""
    index: int
    ticks: int
    arrived_s: float
    """time.monotonic() of its arrival."""


class TakeLog:
    """Counts the rows of a take and tells its recorder what happened. Belongs to the frame loop but for `event`.

    script: played from the take's start, in place of what was said before. fps: the source's nominal rate.
    """

    def __init__(self, recorder: Recorder, script: Timeline | None, fps: float) -> None:
        self.recorder, self.script = recorder, script
        self.origin: int | None = None
        """The director's tick of the take's first frame; None before it."""
        self._fps = fps
        self._rows = self._steps = self._next_snapshot = 0
        self._told: set[str] = set()
        self._marked = 0

    def begin(self, ticks: int, height: int, width: int) -> None:
        """The take's clock starts, with a frame of that size."""
        self.origin = ticks
        self.recorder.begin(PictureEntry(width=width, height=height, fps=self._fps), ticks)

    def event(self, kind: str, ticks: int, **fields: object) -> None:
        """Something happened at that tick of the director's clock; nothing is recorded before the first frame."""
        if self.origin is not None:
            self.recorder.event(kind, ticks - self.origin, **fields)

    def skip(self, missed: Sequence[Arrival]) -> None:
        """Frames that came and were not made."""
        if self.origin is not None:
            for arrival in missed:
                row = FrameRow(arrival.index, arrival.ticks - self.origin, None, crc(arrival.packet))
                self.recorder.frame(row, arrival.packet, None)
                self._rows += 1

    def tell(self, timeline: Timeline, arrival: Arrival) -> None:
        """Record the keys and markers that this frame reaches, each once. The timeline runs on the take's clock."""
        if self.origin is None:
            return
        ticks = arrival.ticks - self.origin
        for key in timeline.keys:
            if key.time_s <= ticks / TICKS_PER_SECOND and key.id not in self._told:
                self._told.add(key.id)
                asked = {REQUESTED: key.metadata.get(REQUESTED, round(key.time_s * TICKS_PER_SECOND))}
                plain = key_to_dict(replace(key, metadata={}))
                self.recorder.event("prompt", ticks, row=self._rows, index=arrival.index, **asked, key=plain)
        for mark in timeline.markers[self._marked :]:
            if mark.time_s <= ticks / TICKS_PER_SECOND:
                self._marked += 1
                self.recorder.event("marker", round(mark.time_s * TICKS_PER_SECOND), name=mark.name)

    def snapshot(self, ticks: int, state: Callable[[], bytes]) -> None:
        """Record the stream's state before the frame at that tick, where it is time for one."""
        if self.origin is not None and ticks - self.origin >= self._next_snapshot:
            self.recorder.snapshot(self._rows, ticks - self.origin, state())
            self._next_snapshot = ticks - self.origin + SNAPSHOT_TICKS

    def write(self, arrival: Arrival, live: bytes, sha256: str | None, error: str | None) -> None:
        """Record a frame that was answered with `live`."""
        if self.origin is None:
            return
        step = None if error else self._steps
        ticks = arrival.ticks - self.origin
        row = FrameRow(arrival.index, ticks, step, crc(arrival.packet), crc(live), sha256, error)
        self.recorder.frame(row, arrival.packet, live)
        self._rows += 1
        self._steps += error is None
