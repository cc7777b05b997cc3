"""The live stream under direction: prompts and a timeline in, pictures out, takes recorded. Owns the engine's stream.

    director = Director(load_model())
    director.say("underwater")
    shot = director.shoot(jpeg, index, ticks)      # the frame loop: one JPEG in, one JPEG out

The page hands frames to a `Connection` (studio/live/connection.py), which keeps the newest and calls `shoot`. Replay
(studio/rendering/render.py) goes the same way: the weights of a cue come from the take's ticks and its events alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.media.pictures import decode_jpeg, encode_jpeg
from engine.types import LiveModel
from studio.live.mailbox import Mailbox, PromptRequest
from studio.live.takelog import REQUESTED, Arrival, TakeLog
from studio.model import settle
from studio.takes.documents import rgb_sha256
from studio.takes.recorder import Recorder
from studio.takes.take import TICKS_PER_SECOND, EngineEntry, Slate, TakeError
from studio.timeline.timeline import Blend, Key, Prompt, Timeline, blend, words

LIVE_QUALITY = 85
"""JPEG quality of what is shown, unless the page asks for another."""
MAX_QUALITY = 95
"""Beyond it a JPEG grows and looks no better."""
RATE_WINDOW = 72
"""Shots over which frame rate and age are measured; three seconds."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shot:
    """The answer to one camera frame."""

    packet: bytes
    """JPEG of the generated picture, or the camera's own where the engine failed."""
    index: int
    ticks: int
    age_ms: float
    """From the frame's arrival to this answer."""
    step_ms: float
    """Of that, the engine's share."""
    prompt: Blend
    error: str | None = None
    sha256: str | None = None
    """Of the generated RGB, while a take is recorded."""


@dataclass(frozen=True)
class Status:
    """For the status line; rates are over the last three seconds of shots."""

    fps: float
    age_p50_ms: float
    age_p95_ms: float
    step_p50_ms: float
    shown: int
    dropped: int
    failed: int
    prompt: str
    """What the last frame was told, as words."""
    take: Path | None
    """Folder of the take that is recording."""
    take_s: float
    waiting: int
    """Writes that wait for the disk."""
    trouble: str
    """The last thing that went wrong, in words for the page; empty where nothing did."""


class Director:
    """Directs one stream. `shoot` belongs to one frame loop at a time; everything else may be called from any thread.

    prompt: what the picture is until something else is said. weights: their file, for the manifest; empty for the
    shipped ones. quality: JPEG quality of the shown picture, 1 to 95; may be set while it runs.
    """

    def __init__(
        self, stream: LiveModel, prompt: Prompt = "as it is", *, weights: str = "", quality: int = LIVE_QUALITY
    ) -> None:
        self.stream = stream
        self.quality = quality
        self._weights = weights
        self._timeline = Timeline.of(prompt)
        self._base = 0
        """The director's tick at which the timeline's clock starts."""
        self._said: Blend | None = None
        self._size: tuple[int, int] | None = None
        self._last = (-1, -1)
        self._last_s = time.monotonic()
        self._stepping = threading.Lock()
        self._slating = threading.Lock()
        self._rolling: TakeLog | None = None
        self._over: Recorder | None = None  # ended by itself, nobody has asked for its folder yet
        self._ages: deque[tuple[float, float, float]] = deque(maxlen=RATE_WINDOW)
        self._shown = self._dropped = self._failed = 0
        self._trouble = ""
        for text in self._timeline.texts():
            stream.prepare(text)
        self._wishes = Mailbox(stream.prepare, self._complain)

    def warm(self, width: int, height: int) -> None:
        """Make two frames of that size and forget them, so that the first real one is not slow; see `settle`, too."""
        with self._stepping:
            for _ in range(2):
                self.stream.step(np.zeros((height, width, 3), np.uint8))
            self.stream.reset()
        settle()

    # -- what is asked for

    def say(self, prompt: Prompt, fade_s: float = 0.0, *, wait: bool = False) -> None:
        """Ask for another prompt; the newest wish wins. It is embedded beside the frame loop.

        wait: return when it is embedded, so that it holds from the very next frame. Raises ValueError at once for a
        prompt or fade that cannot be used.
        """
        key = Key(0.0, prompt, fade_s)
        self._wishes.ask(PromptRequest(blend(key.prompt), key.fade_s, self.ticks_now()), wait=wait)

    def mark(self, name: str) -> None:
        """Set a marker at this moment of the take; without a take it does nothing."""
        self.note("marker", name=" ".join(name.split()) or "Marker")

    def note(self, kind: str, **fields: object) -> None:
        """Record an event of that kind (connection, param …) at this moment of the take; nothing without a take."""
        if rolling := self._rolling:
            rolling.event(kind, self.ticks_now(), **fields)

    def sound(self, chunk: bytes, ticks: int) -> None:
        """Record a chunk of the microphone's WebM, begun at `ticks` of the director's clock; dropped without a take.

        Raises ValueError where the take's first chunk does not begin a WebM file: restart MediaRecorder with the take.
        """
        rolling = self._rolling
        if rolling and rolling.origin is not None:
            rolling.recorder.sound(chunk, ticks - rolling.origin)

    # -- takes

    def record(self, sessions: Path, slate: Slate, *, timeline: Timeline | None = None, fps: float = 24.0) -> Path:
        """Start a take with the next frame; its clock starts there. Returns the take's folder.

        timeline: played from the take's start, in place of what was said before. fps: the source's nominal rate.
        Raises TakeError where a take is recording already or the folder cannot be written.
        """
        with self._slating:
            return self._record(sessions, slate, timeline, fps)

    def _record(self, sessions: Path, slate: Slate, timeline: Timeline | None, fps: float) -> Path:
        if self._rolling:
            raise TakeError(f"{self._rolling.recorder.folder} is recording; cut it first")
        if timeline:
            if timeline.tracks or timeline.mattes:  # its events record prompts alone, and a replay must be exact
                raise TakeError("parameters and regions are rendered, not shot: record the prompts, then render")
            for text in timeline.texts():
                self.stream.prepare(text)  # here, so that no frame of the take waits for it
            first = timeline.keys[0]  # holds before its own time, too: the same as from 0 on
            timeline = timeline.change(first.id, time_s=0.0)
        setup = self.stream.setup.to_dict()
        engine = EngineEntry(
            kind=self.stream.kind, weights=self._weights, seed=self.stream.seed, steps=self.stream.steps, setup=setup
        )
        rolling = TakeLog(Recorder(sessions, slate, engine), timeline, fps)
        with self._stepping:
            self._rolling, self._trouble = rolling, ""
        return rolling.recorder.folder

    def cut(self, ended: str = "cut") -> Path | None:
        """End the take after the frame that is being made, and wait until it is on the disk.

        Returns its folder (make its proxies with `studio.delivery.proxies.make`, beside the loop), that of a take which ended by
        itself too, or None where nothing was recorded. The picture goes on.
        """
        with self._stepping:
            recorder = self._rolling.recorder if self._rolling else self._over
            self._rolling = self._over = None
        return recorder.finish(ended) if recorder else None

    @property
    def recording(self) -> Path | None:
        """The folder of the take that is recording."""
        rolling = self._rolling
        return rolling.recorder.folder if rolling else None

    # -- the frame loop

    def shoot(
        self,
        packet: bytes,
        index: int,
        ticks: int,
        *,
        arrived_s: float | None = None,
        skipped: Sequence[Arrival] = (),
    ) -> Shot:
        """Answer one camera frame.

        packet: JPEG. index: the source's frame number, keys the noise. ticks: microseconds on the director's clock,
        from 0 or later; where one of the two does not advance it is moved on by one. arrived_s: time.monotonic() of
        its arrival, for its age. skipped: frames that came before this one and were dropped, for the record. A frame
        that cannot be made is answered with itself, and the shot's `error` says why.
        """
        arrived_s = time.monotonic() if arrived_s is None else arrived_s
        with self._stepping:
            index, ticks = max(index, self._last[0] + 1), max(ticks, self._last[1] + 1)
            self._last, self._last_s = (index, ticks), time.monotonic()
            self._dropped += len(skipped)
            return self._shoot(Arrival(packet, index, ticks, arrived_s), skipped)

    def _shoot(self, arrival: Arrival, skipped: Sequence[Arrival]) -> Shot:
        started = time.monotonic()
        error = sha = None
        live = arrival.packet
        rgb = None
        try:
            rgb = decode_jpeg(arrival.packet)
            self._fit(rgb.shape[:2])
        except ValueError as problem:
            error = str(problem)
        self._roll(arrival, skipped, error is None)
        self._apply_wish(arrival.ticks)
        rolling = self._rolling
        cue = self._timeline.at((arrival.ticks - self._base) / TICKS_PER_SECOND)
        if cue.prompt != self._said:
            self.stream.prompt(cue.prompt)
            self._said = cue.prompt
        if rolling:
            rolling.tell(self._timeline, arrival)
        if rgb is not None and error is None:
            if rolling:
                rolling.snapshot(arrival.ticks, self.stream.snapshot)
            try:
                made = self.stream.step(rgb, arrival.ticks / TICKS_PER_SECOND, arrival.index)
                sha = rgb_sha256(made) if rolling else None
                live = encode_jpeg(made, min(max(self.quality, 1), MAX_QUALITY))
            except Exception as problem:  # every frame must be answered, or the page stands still
                log.exception("frame %d", arrival.index)
                error, sha, live = f"{type(problem).__name__}: {problem}", None, arrival.packet
        step_ms = (time.monotonic() - started) * 1e3
        if rolling:
            rolling.write(arrival, live, sha, error)
        done = time.monotonic()
        self._shown += 1
        if error:
            self._failed += 1
            self._complain(f"frame {arrival.index}: {error}")
        age_ms = (done - arrival.arrived_s) * 1e3
        self._ages.append((done, age_ms, step_ms))
        return Shot(live, arrival.index, arrival.ticks, age_ms, step_ms, cue.prompt, error, sha)

    def _fit(self, size: tuple[int, int]) -> None:
        """Take the camera's size, or refuse it in the middle of a take."""
        if self._size is not None and self._size != size:
            if self._rolling and self._rolling.origin is not None:
                (was_h, was_w), (height, width) = self._size, size
                raise ValueError(f"the camera changed from {was_w}x{was_h} to {width}x{height} in a take; cut first")
            self.stream.reset()
        self._size = size

    def _roll(self, arrival: Arrival, skipped: Sequence[Arrival], good: bool) -> None:
        """Begin the take that was asked for, or record what was skipped in the one that runs."""
        rolling = self._rolling
        if rolling is None:
            return
        if rolling.recorder.ended:  # by itself: the disk is full, or too slow
            self._complain(f"the recording stopped: {rolling.recorder.ended}")
            self._rolling, self._over = None, rolling.recorder
            threading.Thread(target=rolling.recorder.finish, name="end of take").start()
        elif rolling.origin is None and good:
            assert self._size is not None
            self._timeline = rolling.script or self._timeline.since((arrival.ticks - self._base) / TICKS_PER_SECOND)
            self._base = arrival.ticks
            rolling.begin(arrival.ticks, *self._size)
        else:
            rolling.skip(skipped)

    def _apply_wish(self, ticks: int) -> None:
        """The newest embedded wish becomes a key of the timeline, at this frame."""
        wish = self._wishes.take()
        if wish is None:
            return
        time_s = (ticks - self._base) / TICKS_PER_SECOND
        key = Key(time_s, wish.prompt, wish.fade_s, metadata={REQUESTED: wish.requested_ticks - self._base})
        recorded = self._rolling is not None and self._rolling.origin is not None
        if not recorded and time_s > 0:  # nobody will ask for the past: keep what holds now
            self._timeline = Timeline((Key(0.0, self._timeline.at(time_s).prompt), key))
        else:
            others = tuple(other for other in self._timeline.keys if other.time_s != time_s)
            self._timeline = Timeline((*others, key), self._timeline.markers)

    # -- beside the frame loop

    def _complain(self, trouble: str) -> None:
        self._trouble = trouble

    def ticks_now(self) -> int:
        """This moment on the director's clock, in ticks."""
        return self._last[1] + round((time.monotonic() - self._last_s) * TICKS_PER_SECOND) if self._last[1] >= 0 else 0

    def status(self) -> Status:
        """What the status line shows."""
        ages = list(self._ages)
        fps = (len(ages) - 1) / (ages[-1][0] - ages[0][0]) if len(ages) > 1 else 0.0
        p50, p95 = np.percentile([age for _, age, _ in ages] or [0.0], [50, 95])
        rolling = self._rolling
        origin = rolling.origin if rolling else None
        return Status(
            fps=fps,
            age_p50_ms=float(p50),
            age_p95_ms=float(p95),
            step_p50_ms=float(np.median([step for *_, step in ages] or [0.0])),
            shown=self._shown,
            dropped=self._dropped,
            failed=self._failed,
            prompt=words(self._said or self._timeline.keys[-1].prompt),
            take=rolling.recorder.folder if rolling else None,
            take_s=(self._last[1] - origin) / TICKS_PER_SECOND if origin is not None else 0.0,
            waiting=rolling.recorder.waiting if rolling else 0,
            trouble=self._trouble,
        )

    @property
    def clock(self) -> tuple[int, int]:
        """Index and ticks of the last frame, (-1, -1) before the first: where a new connection goes on."""
        return self._last

    def close(self) -> None:
        """Cut a running take, end the embedder, free the stream's memory."""
        self.cut("closed")
        self._wishes.close()
        with self._stepping:
            self.stream.close()
