"""Timelines from files: a schedule as people type it, or a timeline that the studio saved."""

from __future__ import annotations

import json
from pathlib import Path

import engine.schedule
from studio.timeline import Key, Timeline, TimelineError


def load(path: Path) -> Timeline:
    """Read a schedule or a saved timeline. Raises TimelineError naming the file and, in a schedule, line and column."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise TimelineError(f"cannot read the schedule {path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise TimelineError(f"{path}: byte {error.start} is not UTF-8; save the schedule as UTF-8 text") from None
    try:
        return parse(text)
    except ValueError as error:
        raise TimelineError(f"{path}: {error}") from None


def parse(text: str) -> Timeline:
    """A timeline from the text of either form; raises ScheduleError or TimelineError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None  # the schedule's parser says where and why
    if isinstance(data, dict) and "schema" in data:
        return Timeline.from_dict(data)
    return Timeline(tuple(Key(key.time_s, key.prompt, key.fade_s) for key in engine.schedule.parse(text)))
