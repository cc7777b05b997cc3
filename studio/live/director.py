"""The live stream under direction: prompts and a timeline in, pictures out, takes recorded. Owns the live model.

    director = Director(load_model())
    director.say("underwater")                      # asks for a prompt: any thread, held from a next frame on
    director.set("strength", 0.5)                   # asks for a parameter's value, likewise
    director.change_set({"gallery": "dunes"})       # asks for a set behind the cast, likewise
    frame = director.shoot(jpeg, index, ticks)      # the frame loop: one JPEG in, one JPEG out

`say`, `set` and `change_set` leave their requests in mailboxes. `answer` takes them out, asks the timeline for the cue
(prompt, parameters, sets) that holds at its frame, and has the model make the picture. `shoot` is `answer` for a source
that waits for each answer.

The page hands frames to a `Connection` (studio/live/connection.py), which keeps the newest and calls `answer`. Replay
(studio/rendering/replay.py) makes each picture by the same function, `Performance.answer`, from the take's ticks and
events alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from engine.compositing.cleanplate import CleanPlate
from engine.media.pictures import decode_jpeg, encode_jpeg
from engine.prompts import AS_IT_IS, Prompt, length, words
from engine.types import LiveModel, Setup, Sizes, Vocabulary
from studio.live.ahead import Ahead
from studio.live.cleanplate import Learning
from studio.live.cues import LiveCues
from studio.live.frames import LIVE_QUALITY, MAX_QUALITY, Arrival, LiveFrame
from studio.live.mailbox import Mailbox, PromptRequest, SetRequest, ValueRequest
from studio.live.newest import Newest
from studio.live.status import Counts, Status
from studio.live.takelog import TakeLog
from studio.model import settle
from studio.performing.casting import Casting
from studio.performing.performance import Performance
from studio.takes.documents import TakeError, rgb_sha256
from studio.takes.manifest import TICKS_PER_SECOND, EngineEntry
from studio.takes.slate import Slate
from studio.timeline.curves import Ease, Keyframe
from studio.timeline.keys import Key, Matte, Track
from studio.timeline.parameters import PARAMETERS
from studio.timeline.sets import SetBlend, SetKey, words_of
from studio.timeline.timeline import Timeline
from studio.workers import Worker, in_words

log = logging.getLogger(__name__)


class Director:
    """Directs one model. `answer` belongs to one frame loop at a time; everything else may be called from any thread.

    model: makes the pictures; the director closes it. prompt: what holds until another is asked for.
    weights: the model's file, for the manifest; empty for the shipped ones.
    """

    def __init__(self, model: LiveModel, prompt: Prompt = AS_IT_IS, *, weights: str = "") -> None:
        self._model = model
        self._weights = weights
        self._cues = LiveCues(Timeline.of(prompt))
        self._casting = Casting()
        self._take_casting = self._casting
        """That of the take that was asked for: before a timeline the cast is found anew, as in every replay."""
        self._performance = Performance(model, casting=self._casting)
        self._learning: Learning | None = None
        self.show_matte = False
        """Whether frames are answered with their matte, in grey, in place of the picture; a take keeps the picture."""
        self._cast_trouble = ""
        """What the cast's matter says of the last frame, for `status`."""
        self._prompt = prompt
        """That of the last frame, for `status`."""
        self._size: tuple[int, int] | None = None
        """(height, width) of the camera's frames in pixels; None before the first."""
        self._last_frame = (-1, -1)
        """(index, ticks) of the last frame, on the director's count and clock."""
        self._last_s = time.monotonic()
        """When that was."""
        self._frame_lock = threading.Lock()
        """Held while a frame is answered, and by whoever changes which take records it."""
        self._record_lock = threading.Lock()
        """Held while a take is prepared, so that two calls of `record` do not both begin one."""
        self._pending_take: TakeLog | None = None
        """Asked for, and waits for its first frame."""
        self._recording_take: TakeLog | None = None
        """Records every frame."""
        self._ended_take: TakeLog | None = None
        """Ended by itself; `cut` has not given its folder yet."""
        self._counts = Counts()
        self._trouble = ""
        for text in self._cues.timeline.texts():
            model.prepare(text)
        self._mailbox = Mailbox(model.prepare, self._complain)
        self._sets = Newest("set", self._prepared, self._complain, lambda request: words_of(request.key.set))
        self._ahead = Ahead(self.prepare_set, self._complain)

    # -- what the model is

    @property
    def setup(self) -> Setup:
        """The model's numeric set-up."""
        return self._model.setup

    @property
    def vocabulary(self) -> Vocabulary:
        """What the model knows of words."""
        return self._model.vocabulary

    @property
    def sizes(self) -> Sizes:
        """Which pictures the model takes."""
        return self._model.sizes

    @property
    def seed(self) -> int:
        """Determines the model's noise, with each frame's index."""
        return self._model.seed

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """The worlds that a text lands on and their shares; see LiveModel.nearest. Raises PromptError (ValueError)."""
        return self._model.nearest(text)

    def warm(self, width: int, height: int) -> None:
        """Make two frames of that size, so that the first real one is not slow, then have the model forget all frames.

        Call it before the first frame: it resets the model's memory. Garbage collection is settled too, see `settle`.
        """
        with self._frame_lock:
            for _ in range(2):
                self._model.step(np.zeros((height, width, 3), np.uint8))
            self._model.reset()
        settle()

    # -- what is asked for

    def say(self, prompt: Prompt, fade_s: float = 0.0, *, wait: bool = False) -> None:
        """Ask for another prompt, reached over `fade_s` seconds; the newest wins. It is embedded beside the frame loop.

        wait: return when it is embedded, so that it holds from the very next frame. Raises ValueError at once for a
        prompt or fade that cannot be used.
        """
        self._mailbox.ask(PromptRequest(Key(0.0, prompt, fade_s), self.ticks_now()), wait=wait)

    def set(self, name: str, value: float, fade_s: float = 0.0, ease: Ease = "linear") -> None:
        """Let a parameter reach a value over `fade_s` seconds from the next frame on; the newest wins.

        name, value: see studio/timeline/parameters.py for names and ranges. Raises ValueError at once for others.
        """
        fade_s = length(fade_s, f"the fade of {name}")
        (reached,) = Track(name, (Keyframe(0.0, value, ease),)).keyframes
        for text in PARAMETERS[name].texts:
            self._model.prepare(text)  # here, so that no frame waits for it
        self._mailbox.set(ValueRequest(name, reached.value, fade_s, reached.ease))

    def change_set(self, set: SetBlend, fade_s: float = 0.0, *, wait: bool = False) -> None:
        """Ask for another set behind the cast, reached over `fade_s` seconds; None is the camera's own background.

        set: see studio/timeline/sets.py. Its plate is made beside the frame loop, and the newest wins. wait: return
        when it is made, so that it stands from the very next frame. Raises ValueError at once for what is not a set;
        what cannot be shown, such as a file that is not a picture, is said by `status`, and the picture goes on.
        """
        self._sets.ask(SetRequest(SetKey(0.0, set, fade_s), self.ticks_now()), wait=wait)

    def _prepared(self, request: SetRequest) -> SetRequest:
        self._casting.prepare(request.key.set)
        return request

    def prepare_set(self, set: SetBlend) -> None:
        """Make what a set needs, so that `change_set` finds it made; any thread. Raises SetError (ValueError)."""
        self._casting.prepare(set)

    def clean_plate(self, done: Callable[[CleanPlate | None, str], object]) -> None:
        """Learn from the frames of the next second what the camera sees while nobody is there.

        done: called beside the frame loop with the plate, or with None and why there is none. It is the film maker's to
        use: `Store.add_bytes` keeps it, and a cast `{"matter": "clean-plate", "plate": name}` names it.
        """
        self._learning = Learning(done)

    def look_in(self, folder: Path) -> None:
        """Look for files of sets in one folder more, such as a production's; see studio/sets/store.py."""
        self._casting.stage.look_in(folder)

    def parameters(self) -> list[dict[str, Any]]:
        """Each parameter that can be set, for a page: its name, its least, most and default value, and what it is."""
        return [
            {
                "name": parameter.name,
                "meaning": parameter.meaning,
                "least": parameter.least,
                "most": parameter.most,
                "default": parameter.default,
                "value": self.value(parameter.name),
                "on_set": parameter.on_set,
            }
            for parameter in PARAMETERS.values()
        ]

    def value(self, name: str) -> float:
        """What a parameter is now, or will be from the next frame on. Raises ValueError for an unknown one."""
        asked = self._mailbox.asked_value(name)
        return self._cues.value(name, self.ticks_now()) if asked is None else asked

    def mark(self, name: str) -> None:
        """Set a marker at this moment of the take; without a take it does nothing. Raises ValueError as `note` does."""
        self.note("marker", name=" ".join(name.split()) or "Marker")

    def note(self, kind: str, **fields: object) -> None:
        """Record an event of that kind (connection, drop …) at this moment of the take; nothing without a take.

        Raises ValueError for fields that no file can hold: half characters, NaN, integers of more than 64 bits.
        """
        if take := self._recording_take:
            take.event(kind, self.ticks_now(), **fields)

    def sound(self, chunk: bytes, ticks: int) -> None:
        """Record a chunk of the microphone's WebM, begun at `ticks` of the director's clock; dropped without a take.

        Raises ValueError where the take's first chunk does not begin a WebM file: restart MediaRecorder with the take.
        """
        if take := self._recording_take or self._pending_take:
            take.sound(chunk, ticks)

    # -- takes

    def record(self, sessions: Path, slate: Slate, *, timeline: Timeline | None = None, fps: float = 24.0) -> Path:
        """Start a take with the next frame; its clock starts there. Returns the take's folder.

        timeline: played from the take's start, in place of the prompts before. fps: the source's nominal rate.
        Raises TakeError where a take is recording already or the folder cannot be written.
        """
        with self._record_lock:
            if folder := self.recording:
                raise TakeError(f"{folder} is recording; cut it first")
            casting = self._casting
            if timeline:
                casting = Casting(casting.stage)
                for text in timeline.texts():
                    self._model.prepare(text)  # here, so that no frame of the take waits for it
                first = timeline.keys[0]  # holds before its own time, too: the same as from 0 on
                timeline = replace(timeline.change(first.id, time_s=0.0), mattes=_named_apart(timeline.mattes))
                for key in reversed(timeline.sets):  # the first are the newest, and kept until their time
                    casting.prepare(key.set)
            engine, locate = self._engine_entry(), casting.stage.locate
            take = TakeLog(sessions, slate, engine, timeline=timeline, fps=fps, locate=locate)
            with self._frame_lock:
                self._pending_take, self._take_casting, self._trouble = take, casting, ""
            return take.folder

    def _engine_entry(self) -> EngineEntry:
        model = self._model
        setup = model.setup.to_dict()
        return EngineEntry(kind=model.kind, weights=self._weights, seed=model.seed, steps=model.steps, setup=setup)

    def cut(self, ended: str = "cut") -> Path | None:
        """End the take after the frame that is being made, and wait until it is on the disk.

        Returns its folder (make its proxies with `studio.delivery.proxies.make`, beside the loop), that of a take which
        ended by itself too, or None where nothing was recorded. The picture goes on. Raises TakeError where the folder
        has gone meanwhile.
        """
        with self._frame_lock:
            take = self._pending_take or self._recording_take or self._ended_take
            self._pending_take = self._recording_take = self._ended_take = None
        return take.finish(ended) if take else None

    @property
    def recording(self) -> Path | None:
        """The folder of the take that is recording."""
        take = self._pending_take or self._recording_take
        return take.folder if take else None

    @property
    def take_began(self) -> int | None:
        """The tick of the director's clock at which the take that is recording began; None before its first frame."""
        take = self._recording_take
        return take.origin if take else None

    # -- the frame loop

    def shoot(self, packet: bytes, index: int, ticks: int, *, quality: int = LIVE_QUALITY) -> LiveFrame:
        """Answer one frame, for a source that waits for each answer: files and tests.

        packet: JPEG. index, ticks: number and microseconds on the director's own count and clock, from 0. quality: JPEG
        quality of the answer, 1 to 95. A camera's frames reach `answer` through `Connection`, which drops some and
        brings number and time to the director's.
        """
        return self.answer(Arrival(packet, index, ticks, index, ticks, time.monotonic(), quality))

    def answer(self, arrival: Arrival, skipped: Sequence[Arrival] = ()) -> LiveFrame:
        """Answer one camera frame. skipped: those that came before it and were dropped, for the record.

        Where the frame's index or ticks (microseconds on the director's clock) do not advance, they are moved on by
        one. What `say` and `set` asked for takes effect here, at the frame's ticks, in the frame loop's thread. A
        frame that cannot be made is answered with itself, and the answer's `error` says why.
        """
        with self._frame_lock:
            index, ticks = (
                max(arrival.index, self._last_frame[0] + 1),
                max(round(arrival.ticks), self._last_frame[1] + 1),
            )
            self._last_frame, self._last_s = (index, ticks), time.monotonic()
            self._counts.dropped += len(skipped)
            return self._answer(replace(arrival, index=index, ticks=ticks), skipped)

    def _answer(self, arrival: Arrival, skipped: Sequence[Arrival]) -> LiveFrame:
        started_s, index, ticks = time.monotonic(), arrival.index, arrival.ticks
        rgb = error = sha256 = matte = None
        cast_trouble = ""
        live = arrival.packet
        try:
            rgb = decode_jpeg(arrival.packet, one_pass=True)
            self._fit(rgb.shape[:2])
        except ValueError as problem:
            error = str(problem)
        take = self._current_take(ticks, skipped, start=error is None)
        self._obey(ticks, keep_past=take is not None)
        cue, take_s = self._cues.at(ticks)
        self._ahead.look(self._cues.timeline.sets, take_s)
        self._prompt = cue.prompt
        if take:
            self._record(take, lambda: take.record_cue(self._cues.timeline, cue, arrival))
        if rgb is not None and error is None:
            stream_s = ticks / TICKS_PER_SECOND
            snapshot = partial(take.snapshot, ticks, self._model.snapshot) if take else None
            try:
                picture = self._performance.answer(
                    cue, rgb, take_s=take_s, stream_s=stream_s, index=index, before_step=snapshot
                )
                matte, cast_trouble = self._performance.matte, self._performance.trouble(cue)
                sha256 = rgb_sha256(picture) if take else None
                live = encode_jpeg(picture, min(max(arrival.quality, 1), MAX_QUALITY))
            except Exception as problem:  # every frame must be answered, or the page stands still
                log.exception("frame %d", index)
                error, sha256, live = in_words(problem), None, arrival.packet
        self._cast_trouble = cast_trouble  # none where the frame failed: nobody was looked for
        step_ms = (time.monotonic() - started_s) * 1e3
        if take:
            self._record(take, lambda: take.frame(arrival, live, sha256, error, matte))
        if rgb is not None and not error and self._learning and self._learning.sees(rgb, ticks):
            self._learning = None
        if self.show_matte and matte is not None:
            live = encode_jpeg(np.repeat(matte[..., None], 3, 2), min(max(arrival.quality, 1), MAX_QUALITY))
        if error:
            self._complain(f"frame {index}: {error}")
        done_s = time.monotonic()
        age_ms = (done_s - arrival.arrived_s) * 1e3
        self._counts.answered(done_s, age_ms, step_ms, failed=error is not None)
        own = (arrival.number, arrival.camera_ticks)
        return LiveFrame(live, *own, index, ticks, age_ms, step_ms, cue.prompt, error, sha256)

    def _obey(self, ticks: int, *, keep_past: bool) -> None:
        """What was asked for holds from that tick on; what cannot be is said, and the picture goes on as it was."""
        try:
            if request := self._mailbox.take():
                self._cues.apply_prompt(request, ticks, keep_past=keep_past)
            if set_request := self._sets.take():
                self._cues.apply_set(set_request, ticks, keep_past=keep_past)
        except ValueError as problem:
            self._complain(str(problem))
        for value in self._mailbox.take_values():
            self._cues.set(value, ticks)

    def _record(self, take: TakeLog, write: Callable[[], None]) -> None:
        """Write to the take; what cannot be written ends the take, not the picture."""
        try:
            write()
        except Exception as problem:
            log.exception("%s", take.folder)
            take.give_up(f"a frame could not be recorded: {in_words(problem)}")

    def _fit(self, size: tuple[int, int]) -> None:
        """Adopt the camera's (height, width), or refuse another one in the middle of a take. Raises ValueError."""
        if self._size is not None and self._size != size:
            if self._recording_take:
                (was_h, was_w), (height, width) = self._size, size
                raise ValueError(f"the camera changed from {was_w}x{was_h} to {width}x{height} in a take; cut first")
            self._model.reset()
        self._size = size

    def _current_take(self, ticks: int, skipped: Sequence[Arrival], *, start: bool) -> TakeLog | None:
        """The take that records this frame: the pending one starts with it if it may, one that broke off is let go."""
        take = self._pending_take or self._recording_take
        if take is None:
            return None
        if take.ended:  # by itself: the disk is full, or too slow
            self._complain(f"the recording stopped: {take.ended}")
            self._pending_take, self._recording_take, self._ended_take = None, None, take
            Worker("end of take", take.finish, self._complain).start()
        elif self._recording_take:
            take.drop(skipped)
        elif start:
            assert self._size is not None
            seen = self._performance.seen(self._cues.timeline.mattes)
            if lost := self._cues.restart(ticks, take.timeline, seen):
                names = ", ".join(lost)
                self._complain(
                    f"{names} could not be seen when the take began, and is followed no longer; mark it again"
                )
            self._casting = self._take_casting
            self._performance = Performance(self._model, self._cues.timeline.mattes, self._casting)
            take.start(ticks, *self._size)
            self._recording_take = take
            self._pending_take = None
        return self._recording_take

    # -- beside the frame loop

    def _complain(self, trouble: str) -> None:
        self._trouble = trouble

    def ticks_now(self) -> int:
        """This moment on the director's clock, in ticks, which are microseconds; 0 before the first frame."""
        _, last_ticks = self._last_frame
        return last_ticks + round((time.monotonic() - self._last_s) * TICKS_PER_SECOND) if last_ticks >= 0 else 0

    def status(self) -> Status:
        """What the status line shows."""
        take, pending, counts = self._recording_take, self._pending_take, self._counts
        current = take or pending
        trouble = self._trouble
        if current and current.ended:  # by itself, and no frame has come since
            trouble, take, current = f"the recording stopped: {current.ended}", None, None
        fps, age_p50, age_p95, step_p50 = counts.rates()
        return Status(
            fps=fps,
            age_p50_ms=age_p50,
            age_p95_ms=age_p95,
            step_p50_ms=step_p50,
            shown=counts.shown,
            dropped=counts.dropped,
            failed=counts.failed,
            prompt=words(self._prompt),
            cast=self._cast_trouble,
            take=current.folder if current else None,
            take_s=(self._last_frame[1] - take.origin) / TICKS_PER_SECOND if take else 0.0,
            waiting=current.waiting if current else 0,
            trouble=trouble,
        )

    @property
    def clock(self) -> tuple[int, int]:
        """Index and ticks of the last frame, (-1, -1) before the first: where a new connection goes on."""
        return self._last_frame

    def close(self) -> None:
        """Cut a running take, end the embedder, free the model's memory."""
        try:
            self.cut("closed")
        except TakeError as error:
            log.error("%s", error)
        self._mailbox.close()
        self._sets.close()
        self._ahead.close()
        with self._frame_lock:
            self._model.close()
            self._casting.stage.close()


def _named_apart(mattes: Iterable[Matte]) -> tuple[Matte, ...]:
    """Each with a name of its own, by which a take tells its regions apart: `ball`, `ball (2)`."""
    named: dict[str, Matte] = {}
    for matte in mattes:
        names = (f"{matte.name} ({n})" for n in count(2))
        name = matte.name if matte.name not in named else next(name for name in names if name not in named)
        named[name] = replace(matte, name=name)
    return tuple(named.values())
