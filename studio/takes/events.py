"""The events of events.jsonl: what each kind must hold, checked where it is written and where it is read.

An event of a kind that is not listed here may hold anything; what a later version adds to the others passes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from studio.takes.manifest import Count, Entry, Moment, PlainName, entry_of


class Event(Entry):
    """Something that happened in a take."""

    kind: str
    ticks: Moment = 0
    """When, on the take's clock."""


class PromptEvent(Event):
    """A key took effect, as a timeline's JSON has it."""

    key: dict[str, Any]


class MarkerEvent(Event):
    """A marker was set."""

    name: str


class ParamEvent(Event):
    """A parameter reached a value."""

    name: str
    value: Annotated[float, Field(strict=True)]
    ease: str = "step"


class RegionEvent(Event):
    """A part of the picture got a prompt, as a timeline's JSON has it."""

    matte: dict[str, Any]
    libraries: dict[str, str] = Field(default_factory=dict)
    """Versions of what found and drew it; empty where nothing but the studio's own code did."""


class SetEvent(Event):
    """A set came to stand behind the cast, as a timeline's JSON has it."""

    key: dict[str, Any]
    libraries: dict[str, str] = Field(default_factory=dict)
    """Versions of what made its picture; empty for the camera's own background, and in takes before they were kept."""


class SoundEvent(Event):
    """A sound file begins."""

    file: PlainName


class SnapshotEvent(Event):
    """The model's state before a row was written."""

    row: Count
    file: PlainName
    sha256: str


KINDS: Mapping[str, type[Event]] = {
    "prompt": PromptEvent,
    "marker": MarkerEvent,
    "param": ParamEvent,
    "region": RegionEvent,
    "set": SetEvent,
    "sound": SoundEvent,
    "snapshot": SnapshotEvent,
}


def event_of(data: Mapping[str, Any]) -> Event:
    """JSON values as an event of their kind. Raises ValueError, which names the field."""
    kind = data.get("kind")
    return entry_of(KINDS.get(kind, Event) if isinstance(kind, str) else Event, data)


def check_events(rows: Iterable[Mapping[str, Any]]) -> None:
    """Whether a journal's rows are events. Raises ValueError, which names line and field."""
    for number, row in enumerate(rows, start=1):
        try:
            event_of(row)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
