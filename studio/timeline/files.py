"""Timelines as files: what the studio saves, and the schedules that people type (engine/media/schedule.py).

A saved timeline says its schema and version. Fields that this version does not know are kept as metadata and written
again in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import engine.media.schedule
import engine.prompts
from engine.media.schedule import Form, Lost, Schedule
from engine.media.texts import MARK, read_text
from engine.media.timecode import Style
from engine.media.values import parse as parsed
from engine.prompts import PromptError
from studio.timeline.curves import Keyframe, Keyframes, TimelineError
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.sets import SetKey, to_json
from studio.timeline.timeline import Timeline

SCHEMA = "lsd-studio.timeline"
VERSION = 4
"""2 added `end_s`, `tracks` and `mattes`; 3 added `sets`; 4 added `made` to mattes, and regions that are found in
another way than the first (`finder`). A timeline is written as the oldest that can hold it, which older studios read.
"""

MOST_ENTRIES = 100_000
"""Prompts, markers, mattes or sets of a timeline: one a second for a day."""
MOST_VALUES = 2_500_000
"""Of a parameter: one a frame for a day at 24 frames a second."""

_SCRIPT = re.compile(r"""^[{\s]*["']?(?:schema["']?\s*:\s*["']?lsd-studio\.script\b|beats["']?\s*:)""", re.MULTILINE)

Read = TypeVar("Read")


# -- what the studio saves


def timeline_to_dict(timeline: Timeline) -> dict[str, Any]:
    """A timeline as JSON values, with schema and version, in a stable order."""
    return {
        "schema": SCHEMA,
        "version": _version(timeline),
        **{name: rows for name, rows in lane_to_dict(timeline).items() if rows or name != "sets"},
        **({"end_s": timeline.end_s} if timeline.end_s is not None else {}),
        **({"tracks": [track_to_dict(track) for track in timeline.tracks]} if timeline.tracks else {}),
        **({"mattes": [_matte_to_dict(matte) for matte in timeline.mattes]} if timeline.mattes else {}),
        **timeline.metadata,
    }


def _version(timeline: Timeline) -> int:
    """The oldest that can hold it."""
    if any(matte.made != "apart" or "finder" in matte.region for matte in timeline.mattes):
        return VERSION
    return 3 if timeline.sets else 2


def timeline_from_dict(data: Mapping[str, Any]) -> Timeline:
    """A timeline from `timeline_to_dict`'s values. Raises PromptError, which says where the mistake is."""
    if data.get("schema") != SCHEMA:
        raise TimelineError(f"schema {data.get('schema')!r} is not {SCHEMA!r}")
    version = data.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise TimelineError(f"timeline version {version!r}; this studio reads 1 to {VERSION}; update lsd-studio")
    return Timeline(
        _entries(data, "keys", key_from_dict),
        _entries(data, "markers", _marker_from_dict),
        _without(data, "schema", "version", "keys", "markers", "end_s", "tracks", "mattes", "sets"),
        _entries(data, "tracks", _track_from_dict),
        _entries(data, "mattes", matte_from_dict),
        data.get("end_s"),
        _entries(data, "sets", set_key_from_dict),
    )


def lane_to_dict(timeline: Timeline) -> dict[str, Any]:
    """Keys, markers and sets as JSON values: what a lane shows and edits (studio/web/edits.js)."""
    return {
        "keys": [key_to_dict(key) for key in timeline.keys],
        "markers": [{"time_s": mark.time_s, "name": mark.name, **mark.metadata} for mark in timeline.markers],
        "sets": [set_key_to_dict(key) for key in timeline.sets],
    }


def with_lane(timeline: Timeline, lane: Mapping[str, Any]) -> Timeline:
    """The timeline with a lane's keys, markers and sets in place of its own; all else stays. Raises PromptError.

    A lane that speaks of no sets leaves them as they are.
    """
    keys, markers = _entries(lane, "keys", key_from_dict), _entries(lane, "markers", _marker_from_dict)
    sets = _entries(lane, "sets", set_key_from_dict) if "sets" in lane else timeline.sets
    return replace(timeline, keys=keys, markers=markers, sets=sets)


def key_to_dict(key: Key) -> dict[str, Any]:
    """A key as JSON values."""
    prompt = _prompt_to_json(key.prompt)
    return {"id": key.id, "time_s": key.time_s, "prompt": prompt, "fade_s": key.fade_s, **key.metadata}


def key_from_dict(row: Mapping[str, Any]) -> Key:
    """A key from JSON values; unknown fields are kept as metadata. Raises KeyError or PromptError."""
    rest = _without(row, "id", "time_s", "prompt", "fade_s")
    return Key(row["time_s"], row["prompt"], row.get("fade_s", 0.0), str(row.get("id", "")), rest)


def set_key_to_dict(key: SetKey) -> dict[str, Any]:
    """A set's key as JSON values."""
    return {"id": key.id, "time_s": key.time_s, "set": to_json(key.set), "fade_s": key.fade_s, **key.metadata}


def set_key_from_dict(row: Mapping[str, Any]) -> SetKey:
    """A set's key from JSON values; unknown fields are kept as metadata. Raises KeyError or PromptError."""
    rest = _without(row, "id", "time_s", "set", "fade_s")
    return SetKey(row["time_s"], row["set"], row.get("fade_s", 0.0), str(row.get("id", "")), rest)


def track_to_dict(track: Track) -> dict[str, Any]:
    """A track as JSON values."""
    return {"name": track.name, "values": keyframes_to_rows(track.keyframes)}


def keyframes_to_rows(keyframes: Keyframes) -> list[dict[str, Any]]:
    """Keyframes as JSON values."""
    return [{"time_s": frame.time_s, "value": frame.value, "ease": frame.ease} for frame in keyframes]


def _marker_from_dict(row: Mapping[str, Any]) -> Marker:
    return Marker(row["time_s"], str(row["name"]).strip() or "Marker", _without(row, "time_s", "name"))


def _track_from_dict(row: Mapping[str, Any]) -> Track:
    return Track(str(row["name"]), _keyframes_from_rows(row["values"]))


def _matte_to_dict(matte: Matte) -> dict[str, Any]:
    prompt, values = _prompt_to_json(matte.prompt), keyframes_to_rows(matte.weight)
    made = {"made": matte.made} if matte.made != "apart" else {}
    return {"name": matte.name, "prompt": prompt, "where": dict(matte.region), "values": values, **made}


def matte_from_dict(row: Mapping[str, Any]) -> Matte:
    """A matte from JSON values. Raises KeyError for what it lacks, TimelineError for what is not legal."""
    if not isinstance(row["where"], Mapping):
        raise TimelineError(f'"where" is {_short(row["where"])}, not an object')
    values, made = _keyframes_from_rows(row["values"]), str(row.get("made", "apart"))
    return Matte(str(row["name"]), row["prompt"], dict(row["where"]), values, made)


def _keyframes_from_rows(rows: Any) -> Keyframes:
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise TimelineError(f'"values" is {_short(rows)}, not a list')
    if len(rows) > MOST_VALUES:
        raise TimelineError(f"{len(rows):,} values; a parameter has at most {MOST_VALUES:,}")

    def read(row: Mapping[str, Any]) -> Keyframe:
        return Keyframe(row["time_s"], row["value"], row.get("ease", "linear"))

    return tuple(_entry(read, "values", i, row) for i, row in enumerate(rows))


def _prompt_to_json(prompt: engine.prompts.Prompt) -> Any:
    return prompt if isinstance(prompt, str) else [[text, weight] for text, weight in prompt]


def _short(value: Any) -> str:
    """A wrong value in an error: a file is not printed there."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]} …"


def _without(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """What is left of an object beside these fields: its metadata."""
    return {name: value for name, value in data.items() if name not in names}


def _entries(data: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], Read]) -> tuple[Read, ...]:
    rows = data.get(name) or []
    if not isinstance(rows, list | tuple):
        raise TimelineError(f"{name} is {_short(rows)}, not a list")
    if len(rows) > MOST_ENTRIES:
        raise TimelineError(f"{len(rows):,} {name}; a timeline has at most {MOST_ENTRIES:,}")
    return tuple(_entry(read, name, i, row) for i, row in enumerate(rows))


def _entry(read: Callable[[Mapping[str, Any]], Read], name: str, i: int, row: Any) -> Read:
    """One object of a saved list; an error says which one it is."""
    if not isinstance(row, Mapping):
        raise TimelineError(f"{name}[{i}] is {_short(row)}, not an object")
    try:
        return read(row)
    except KeyError as missing:
        raise TimelineError(f"{name}[{i}] lacks {missing}") from None
    except (TypeError, AttributeError) as error:
        raise TimelineError(f"{name}[{i}] is of the wrong kind: {error}") from None
    except PromptError as error:
        raise TimelineError(f"{name}[{i}]: {error}") from None


# -- what people type


def load(path: Path, fps: float = 24.0, *, frames: bool = False) -> Timeline:
    """Read a schedule or a saved timeline. Raises TimelineError naming the file and, in a schedule, line and column.

    fps, frames: as `parse` has them.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise TimelineError(f"cannot read the schedule {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise TimelineError(str(error)) from None
    try:
        return parse(text, fps, frames=frames)
    except ValueError as error:
        raise TimelineError(f"{path}: {error}") from None


def parse(text: str | Path, fps: float = 24.0, *, frames: bool = False) -> Timeline:
    """A timeline from the text of either; raises PromptError, which for a schedule is a ScheduleError with its place.

    text: or a Path, whose file is read, see `load`. fps: the rate in which frames and timecodes are counted. frames: a
    bare number in JSON is a frame, as in Deforum.
    """
    if isinstance(text, Path):
        return load(text, fps, frames=frames)
    if not isinstance(text, str):
        raise TimelineError(f"{_short(text)} is not a schedule; give its text, or the Path of its file")
    text = text.removeprefix(MARK)
    if is_script(text):
        raise TimelineError(
            "a script of scenes and beats, not a schedule of prompts; read it with load_script, or give it as --script"
        )
    try:
        data = parsed(text)
    except ValueError:
        data = None  # the schedule's parser says where and why
    if isinstance(data, dict) and "schema" in data:
        return timeline_from_dict(data)
    schedule = engine.media.schedule.read(text, fps, frames=frames)
    return Timeline(tuple(Key(key.time_s, key.prompt, key.fade_s) for key in schedule.keys), end_s=schedule.end_s)


def is_script(text: str) -> bool:
    """Whether a text has the form of a script, by its schema or its beats; it may still have mistakes."""
    return _SCRIPT.search(text) is not None


def is_schedule(text: str) -> bool:
    """Whether a text can be read as a schedule or a saved timeline, and is not a script."""
    try:
        parse(text)
    except (PromptError, RecursionError):
        return False
    return True


def dumps(
    timeline: Timeline, form: Form = "json", times: Style | None = None, fps: float = 24.0, *, lossy: bool = False
) -> str:
    """A timeline as a schedule; `parse` is the inverse. form, times: see engine/media/schedule.py.

    lossy: leave out what the form has no place for (markers, parameters, props and sets; outside JSON fades, and all
    but the strongest text of a blend; outside durations the end). Raises TimelineError where that would be needed and
    is not wanted, and where two keys fall into one frame.
    """
    end_s = timeline.end_s
    keys: list[engine.prompts.Key] = list(timeline.keys)
    if lossy:
        end_s = end_s if form == "durations" else None
        keys = keys if form == "json" else [engine.prompts.Key(key.time_s, _strongest(key)) for key in keys]
    else:
        beyond = {"markers": timeline.markers, "parameters": timeline.tracks, "props": timeline.mattes}
        beyond |= {"sets": timeline.sets}
        if lost := [name for name, things in beyond.items() if things]:
            raise TimelineError(f"a schedule has no {' and no '.join(lost)}; save the timeline, or say lossy=True")
    try:
        return engine.media.schedule.write(Schedule(tuple(keys), end_s), form, times, fps)
    except Lost as error:
        raise TimelineError(f"{error}{'' if lossy else ', or say lossy=True'}") from None
    except ValueError as error:
        raise TimelineError(str(error)) from None


def _strongest(key: engine.prompts.Key) -> str:
    return max(key.blend, key=lambda pair: pair[1])[0]
