"""Timelines as files: a schedule that people type (engine/media/schedule.py), or a timeline that the studio saved."""

from __future__ import annotations

import json
from pathlib import Path

import engine.media.schedule
from engine.media.schedule import Form, Lost, Schedule
from engine.media.timecode import Style
from engine.prompts import Key as ScheduleKey
from studio.timeline.timeline import Key, Timeline, TimelineError


def load(path: Path, fps: float = 24.0, *, frames: bool = False) -> Timeline:
    """Read a schedule or a saved timeline. Raises TimelineError naming the file and, in a schedule, line and column.

    fps, frames: as `parse` has them.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise TimelineError(f"cannot read the schedule {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise TimelineError(f"{path}: byte {error.start} is not UTF-8; save the schedule as UTF-8 text") from None
    try:
        return parse(text, fps, frames=frames)
    except ValueError as error:
        raise TimelineError(f"{path}: {error}") from None


def parse(text: str, fps: float = 24.0, *, frames: bool = False) -> Timeline:
    """A timeline from the text of either; raises ScheduleError or TimelineError.

    fps: the rate in which frames and timecodes are counted. frames: a bare number in JSON is a frame, as in Deforum.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None  # the schedule's parser says where and why
    if isinstance(data, dict) and "schema" in data:
        return Timeline.from_dict(data)
    schedule = engine.media.schedule.read(text, fps, frames=frames)
    return Timeline(tuple(Key(key.time_s, key.prompt, key.fade_s) for key in schedule.keys), end_s=schedule.end_s)


def dumps(
    timeline: Timeline, form: Form = "json", times: Style | None = None, fps: float = 24.0, *, lossy: bool = False
) -> str:
    """A timeline as a schedule; `parse` is the inverse. form, times: see engine/media/schedule.py.

    lossy: leave out what the form has no place for (markers, parameters and props; outside JSON fades, and all but the
    strongest text of a blend; outside durations the end). Raises TimelineError where that would be needed and is not
    wanted, and where two keys fall into one frame.
    """
    end_s = timeline.end_s
    keys = [ScheduleKey(key.time_s, key.prompt, key.fade_s) for key in timeline.keys]
    if lossy:
        end_s = end_s if form == "durations" else None
        keys = keys if form == "json" else [ScheduleKey(key.time_s, _strongest(key)) for key in keys]
    else:
        held = {"markers": timeline.markers, "parameters": timeline.tracks, "props": timeline.mattes}
        if lost := [name for name, things in held.items() if things]:
            raise TimelineError(f"a schedule has no {' and no '.join(lost)}; save the timeline, or say lossy=True")
    try:
        return engine.media.schedule.write(Schedule(tuple(keys), end_s), form, times, fps)
    except Lost as error:
        raise TimelineError(f"{error}{'' if lossy else ', or say lossy=True'}") from None
    except ValueError as error:
        raise TimelineError(str(error)) from None


def _strongest(key: ScheduleKey) -> str:
    return key.prompt if isinstance(key.prompt, str) else max(key.prompt, key=lambda pair: pair[1])[0]
