"""Moments of a script in seconds: "0:04.5", "108f", "bar 3 beat 2", "when the ball drops + 0.5"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.media import timecode
from engine.prompts import PromptError
from studio.script.script import MUSICAL, OFFSET, Moment, Script, ScriptError, Tempo
from studio.timeline.clock import Clock
from studio.timeline.curves import ticks
from studio.timeline.keys import Marker

RATE_STEP = 0.005
"""Frames a second by which two rates differ at least: 23.976 and 24 do, 29.97 and its exact 30000/1001 do not."""

_FRAME = re.compile(r"(?:frame )?(\d{1,12})f?", re.IGNORECASE)
_TIME_LIKE = re.compile(r"-?[\d.][\d.:;]*\w?")


def seconds_of(moment: Moment, script: Script, clock: Clock) -> float:
    """A moment of a script in seconds on a clock. Raises ScriptError for an unknown marker, or a time before 0."""
    if not isinstance(moment, str):
        return ticks(float(moment))
    text = " ".join(moment.split())
    if MUSICAL.fullmatch(text):
        return ticks(_tempo(script, text).at(text))
    fps = script.fps or clock.fps
    if (framed := _FRAME.fullmatch(text)) and not text.isdecimal():
        return _frame_s(int(framed[1]), script, clock)
    if timecode.looks_like_time(text) or _TIME_LIKE.fullmatch(text):
        try:
            time_s = timecode.to_seconds(text, fps)
        except ValueError as error:
            raise ScriptError(str(error)) from None
        return _frame_s(round(time_s * fps), script, clock) if counts_frames(text) else ticks(time_s)
    return ticks(_marker_s(text, clock.markers))


def with_markers(script: Script, clock: Clock) -> Clock:
    """The clock with the script's own markers, in place of those of the same name. Raises ScriptError."""
    own = []
    for name, moment in script.markers.items():
        try:
            own.append(Marker(seconds_of(moment, script, clock), name))
        except PromptError as error:
            raise ScriptError(f"the marker {name!r}: {error}") from None
    others = [marker for marker in clock.markers if marker.name not in script.markers]
    return replace(clock, markers=tuple(sorted([*others, *own], key=lambda marker: marker.time_s))) if own else clock


def counts_frames(moment: Moment | None) -> bool:
    """Whether it is a frame or a timecode, which mean another time at another rate."""
    if not isinstance(moment, str):
        return False
    text = " ".join(moment.split())
    return text.count(":") == 3 or (_FRAME.fullmatch(text) is not None and not text.isdecimal())


def conversion(script: Script, clock: Clock) -> str:
    """What to tell people where a script counts frames at another rate than the clock; empty where it does not."""
    if script.fps is None or abs(script.fps - clock.fps) <= RATE_STEP:
        return ""
    return f"it counts {script.fps:g} frames a second and the take {clock.fps:g}; its frames are converted"


def may_name(moment: Moment | None, marker: str) -> bool:
    """Whether a moment may be the marker of that name, with an offset or without."""
    readings = _readings(" ".join(moment.split())) if isinstance(moment, str) else ()
    return any(_loosely(name) == _loosely(marker) for name, _ in readings)


def _tempo(script: Script, text: str) -> Tempo:
    if not isinstance(script.tempo, Tempo):
        raise ScriptError(f"{text!r} needs a tempo; give the script one in beats a minute: tempo=120")
    return script.tempo


def _frame_s(frame: int, script: Script, clock: Clock) -> float:
    """The time of a frame: of the take's own where both count alike, else at the script's rate."""
    if not conversion(script, clock) and frame < len(clock.frames):
        return clock.frames[frame]
    return ticks(frame / (script.fps or clock.fps))


def _marker_s(text: str, markers: Sequence[Marker]) -> float:
    """The first marker of that name, exactly so or nearly so, with an offset in seconds behind it if there is one."""
    for name, offset_s in _readings(text):
        for form in (str, _loosely):
            for marker in markers:
                if form(marker.name) == form(name):
                    time_s = marker.time_s + offset_s
                    if time_s < 0:
                        raise ScriptError(f"{text!r} is at {time_s:g} s; times start at 0")
                    return time_s
    names = ", ".join(repr(name) for name in dict.fromkeys(marker.name for marker in markers)) or "none"
    raise ScriptError(f"{text!r} is not a marker; the markers are: {names}. Otherwise {timecode.LEGAL}, or beat 9")


def _readings(text: str) -> Iterator[tuple[str, float]]:
    """The names and offsets, in seconds, that a text may mean: all of it first."""
    yield text, 0.0
    if offset := OFFSET.fullmatch(text):
        yield offset[1], float(offset[2] + offset[3])


def _loosely(name: str) -> str:
    """A name without its case, its spacing and words such as "when"."""
    return re.sub(r"^(when|at|as|on)\s+", "", " ".join(name.split()).casefold())
