"""Markers of a take that are added, moved, named or deleted after it was shot.

take = mark(take, "0:04.5", "the ball drops")
take = move_marker(take, "the ball drops", 4.75)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from studio.script.moments import seconds_of
from studio.script.script import Moment, Script
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.keys import Marker


def mark(take: Take, at: Moment, name: str) -> Take:
    """With one more marker; the take as it is then. at: as a beat of a script has it, `4.5`, `"0:04.5"`, `"108f"`.

    Raises ScriptError for what is not a moment, TakeError for one past the take's end.
    """
    return take.edit(markers=[*take.timeline.markers, Marker(_time(take, at), name)])


def move_marker(take: Take, name: str, at: Moment) -> Take:
    """With the marker of that name at another moment. Raises as `mark`, and TakeError where there is none."""
    n = _place(take, name)
    return _changed(take, n, replace(take.timeline.markers[n], time_s=_time(take, at)))


def rename_marker(take: Take, name: str, to: str) -> Take:
    """With another name for the marker of that name. Raises TakeError where there is none."""
    n = _place(take, name)
    return _changed(take, n, replace(take.timeline.markers[n], name=to))


def delete_marker(take: Take, name: str) -> Take:
    """Without the marker of that name. Raises TakeError where there is none."""
    return _changed(take, _place(take, name))


def changed(
    folder: Path, at: str | None, name: str, *, move: str | None, rename: str | None, delete: str | None
) -> tuple[Marker, ...]:
    """Do what `lsd-studio takes mark` asks for; the take's markers then. Raises ValueError."""
    take = Take.open(folder)
    if sum(option is not None for option in (move, rename, delete)) > 1:
        raise TakeError("--move, --rename and --delete exclude each other; say one of them")
    if delete is not None:
        take = delete_marker(take, delete)
    elif rename is not None:
        take = rename_marker(take, rename, name or at or "")
    elif move is not None:
        if at is None:
            raise TakeError(f"to where? lsd-studio takes mark TAKE 0:04.5 --move {move!r}")
        take = move_marker(take, move, at)
    elif at is not None:
        if not name:
            raise TakeError(f"what is at {at}? lsd-studio takes mark TAKE {at} 'the ball drops'")
        take = mark(take, at, name)
    return take.timeline.markers


def _time(take: Take, at: Moment) -> float:
    number = isinstance(at, str) and at.strip().replace(".", "", 1).isdecimal()
    return seconds_of(float(at) if number else at, Script([]), take.clock)


def _place(take: Take, name: str) -> int:
    markers: Sequence[Marker] = take.timeline.markers
    for n, marker in enumerate(markers):
        if marker.name == name:
            return n
    names = ", ".join(repr(marker.name) for marker in markers) or "none"
    raise TakeError(f"{take.name} has no marker {name!r}; it has {names}")


def _changed(take: Take, n: int, *now: Marker) -> Take:
    markers = take.timeline.markers
    return take.edit(markers=[*markers[:n], *now, *markers[n + 1 :]])
