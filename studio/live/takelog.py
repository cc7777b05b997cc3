"""A take while it is shot: every frame, key, parameter and region, by the director's clock, on to the disk."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from studio.live.frames import Arrival
from studio.sets.libraries import libraries_of, libraries_of_part
from studio.takes.documents import TakeError, crc, serialised
from studio.takes.manifest import TICKS_PER_SECOND, EngineEntry, PictureEntry
from studio.takes.mattes import matte_crc
from studio.takes.recorder import Recorder
from studio.takes.rows import FrameRow
from studio.takes.slate import Slate
from studio.timeline.files import key_to_dict, set_key_to_dict, timeline_to_dict
from studio.timeline.keys import Cue, Matte
from studio.timeline.parameters import defaults
from studio.timeline.sets import files_of
from studio.timeline.timeline import Timeline

MOST_EARLY = 60
"""Chunks of sound that are kept before a take's first frame: half a minute."""
SNAPSHOT_TICKS = 2 * TICKS_PER_SECOND
"""How far apart the model's states in a take are: the most that an edit makes a render do again in vain."""

REQUESTED = "requested_ticks"
"""In a key's metadata: when it was asked for. The key's own time is that of the frame where it took effect."""


class TakeLog:
    """Records one take. Made when recording is asked for; `start` begins it with its first frame.

    sessions, slate: where; engine: what makes the picture. timeline: played from the take's start, in place of the
    prompts before. fps: the source's nominal rate. locate: where a set's file lies, of which the take keeps a copy.
    Times are microseconds on the director's clock. `event`, `sound` and `finish` may be called from any thread, the
    rest belongs to the frame loop. Raises TakeError where nothing can be written, ValueError for a timeline or an event
    that cannot.
    """

    def __init__(
        self,
        sessions: Path,
        slate: Slate,
        engine: EngineEntry,
        *,
        timeline: Timeline | None,
        fps: float,
        locate: Callable[[str], Path] = Path,
    ) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise TakeError(f"a camera of {fps} frames a second; the rate is a number above 0, such as 24")
        if timeline:
            serialised(timeline_to_dict(timeline))  # before the take: in it, no frame must fail for a name
        self.timeline = timeline
        self.origin = 0
        """The director's tick of the take's first frame."""
        self.rows = 0
        """Frames so far, made or not: the number of the next row."""
        self._fps = fps
        self._steps = self._next_snapshot = self._last_ticks = 0
        self._keys = self._markers = self._sets = 0
        self._locate = locate
        self._values = defaults()
        """Of every parameter, in the frame before."""
        self._mattes: tuple[Matte, ...] = ()
        self._early: list[tuple[bytes, int]] | None = []
        """Sound that came before the first frame, with its times; None after it."""
        self._sounding = threading.Lock()
        self._recorder = Recorder(sessions, slate, engine)

    @property
    def folder(self) -> Path:
        """The take's folder."""
        return self._recorder.folder

    @property
    def ended(self) -> str:
        """Why the recording ended by itself; empty while it runs."""
        return self._recorder.ended

    @property
    def waiting(self) -> int:
        """Writes that wait for the disk."""
        return self._recorder.waiting

    def start(self, ticks: int, height: int, width: int) -> None:
        """The take's clock starts, with a frame of that size."""
        self.origin = ticks
        self._recorder.begin(PictureEntry(width=width, height=height, fps=self._fps), ticks)
        with self._sounding:
            early, self._early = self._early or (), None
            for chunk, begun in early:
                with suppress(ValueError):  # the next chunk is refused in words
                    self._recorder.sound(chunk, begun - ticks)

    def event(self, kind: str, ticks: int, **fields: object) -> None:
        """Record something that happened at that tick."""
        self._recorder.event(kind, ticks - self.origin, **fields)

    def sound(self, chunk: bytes, ticks: int) -> None:
        """Record a chunk of the microphone's WebM; see Recorder.sound. Raises ValueError.

        A microphone begins with the order to record, and the take with the next frame: what comes between is kept.
        """
        with self._sounding:
            if self._early is None:
                self._recorder.sound(chunk, ticks - self.origin)
            elif len(self._early) < MOST_EARLY:
                self._early.append((chunk, ticks))

    def record_cue(self, timeline: Timeline, cue: Cue, arrival: Arrival) -> None:
        """Record what this frame reaches: keys, markers, regions and sets once each, and every change of a parameter.

        The timeline runs on the take's clock. A parameter is recorded as the value that each frame had, for a way that
        is left before its end (a slider is moved in the middle of a fade) is not the start of another way, to the bit.
        """
        now_s = (arrival.ticks - self.origin) / TICKS_PER_SECOND
        while self._keys < len(timeline.keys) and (key := timeline.keys[self._keys]).time_s <= now_s:
            self._keys += 1
            asked = {REQUESTED: key.metadata.get(REQUESTED, round(key.time_s * TICKS_PER_SECOND))}
            plain = key_to_dict(replace(key, metadata={}))
            self.event("prompt", arrival.ticks, row=self.rows, index=arrival.index, **asked, key=plain)
        while self._markers < len(timeline.markers) and (mark := timeline.markers[self._markers]).time_s <= now_s:
            self._markers += 1
            self._recorder.event("marker", round(mark.time_s * TICKS_PER_SECOND), name=mark.name)
        while self._sets < len(timeline.sets) and (set_ := timeline.sets[self._sets]).time_s <= now_s:
            self._sets += 1
            for name in files_of(set_.set):
                self._recorder.keep(name, self._locate(name))
            asked = {REQUESTED: set_.metadata.get(REQUESTED, round(set_.time_s * TICKS_PER_SECOND))}
            plain = set_key_to_dict(replace(set_, metadata={}))
            made_by = {"libraries": libraries} if (libraries := libraries_of(set_.set)) else {}
            self.event("set", arrival.ticks, row=self.rows, index=arrival.index, **asked, key=plain, **made_by)
        for name, value in cue.parameters.items():
            if value != self._values[name]:
                self._values[name] = value
                self.event("param", arrival.ticks, name=name, value=value, ease="step")
        if timeline.mattes != self._mattes:
            self._mattes = timeline.mattes
            for matte in timeline_to_dict(timeline)["mattes"]:
                made_by = {"libraries": libraries} if (libraries := libraries_of_part(matte)) else {}
                self.event("region", arrival.ticks, matte=matte, **made_by)

    def snapshot(self, ticks: int, state: Callable[[], bytes]) -> None:
        """Record the model's state before the frame at that tick, where it is time for one."""
        if ticks - self.origin >= self._next_snapshot:
            self._recorder.snapshot(self.rows, ticks - self.origin, state())
            self._next_snapshot = ticks - self.origin + SNAPSHOT_TICKS

    def frame(
        self, arrival: Arrival, live: bytes, sha256: str | None, error: str | None, matte: np.ndarray | None = None
    ) -> None:
        """Record a frame that was answered with `live`, composited by a matte, (H, W) uint8, where a set stood."""
        step = None if error else self._steps
        matte = None if error else matte
        ticks = self._row_ticks(arrival)
        matte_sum = None if matte is None else matte_crc(matte)
        row = FrameRow(arrival.index, ticks, step, crc(arrival.packet), crc(live), sha256, error, matte_sum)
        self._recorder.frame(row, arrival.packet, live, matte)
        self.rows += 1
        self._steps += error is None

    def drop(self, missed: Sequence[Arrival]) -> None:
        """Record frames that came and were not made."""
        for arrival in missed:
            row = FrameRow(arrival.index, self._row_ticks(arrival), None, crc(arrival.packet))
            self._recorder.frame(row, arrival.packet, None)
            self.rows += 1

    def _row_ticks(self, arrival: Arrival) -> int:
        """When it was taken, on the take's clock, which never runs back: else the take would be refused as damaged.

        A frame that was made comes after the one before as it is (`Director.answer`); a dropped one may bear the
        camera's own time still, where many have the same.
        """
        self._last_ticks = max(self._last_ticks, round(arrival.ticks - self.origin))
        return self._last_ticks

    def give_up(self, why: str) -> None:
        """End the recording for that reason; the take opens as recovered."""
        self._recorder.give_up(why)

    def finish(self, ended: str = "cut") -> Path | None:
        """End the take and wait until it is on the disk. Returns its folder, or None where no frame was recorded."""
        return self._recorder.finish(ended)
