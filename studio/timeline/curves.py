"""Numbers over time: what a timeline's parameters and mattes are made of. Standard library only.

A lane is a row of values in order of time, each reached from the one before it evenly, smoothly or at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from numbers import Real
from typing import Any, Literal, TypeAlias, get_args

TICK_S = 1e-6
"""The shortest time between two keys that the studio makes by itself: one tick of the take's clock."""

PARAMETERS = {"strength": (0.0, 1.0, 1.0)}
"""Name -> least, most, default. `strength`: 1 is the prompt, 0 the picture as it is."""

Ease: TypeAlias = Literal["linear", "smooth", "step"]
"""How a value is reached from the one before: evenly, slowly at both ends, or at once and not before its time."""


class TimelineError(ValueError):
    """A prompt, key, timeline or schedule that has no meaning; the text says what is legal."""


def number(value: Any, what: str) -> float:
    """A finite number as a float, or TimelineError, which calls it `what`."""
    try:
        plain = float(value) if not isinstance(value, bool) and isinstance(value, Real) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        plain = math.inf
    if not abs(plain) <= 1e300:
        raise TimelineError(f"{what} is {value!r}; it must be a finite number, such as 4.5")
    return plain


def ticks(time_s: float) -> float:
    """The nearest tick of the take's clock, in seconds; a time that was rounded stays as it is."""
    return round(time_s, 6) + 0.0  # no minus before a zero


def seconds(value: Any, what: str) -> float:
    """A time from 0 on, or TimelineError, which calls it `what`."""
    time_s = number(value, what)
    if time_s < 0:
        raise TimelineError(f"{what} is {time_s} s; times start at 0")
    return time_s


def length(value: Any, what: str) -> float:
    """How long something takes, or TimelineError, which calls it `what`."""
    length_s = number(value, what)
    if length_s < 0:
        raise TimelineError(f"{what} is {length_s} s; it is 0 (a cut) or more")
    return length_s


@dataclass(frozen=True)
class Value:
    """A number that is reached at `time_s`."""

    time_s: float
    value: float
    ease: Ease = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a value's time")))
        object.__setattr__(self, "value", number(self.value, "a value"))
        if self.ease not in get_args(Ease):
            raise TimelineError(f"ease {self.ease!r}; it is linear, smooth or step")


Values: TypeAlias = tuple[Value, ...]
"""In order of time. Before the first the first holds, however it is reached, and after the last the last."""

PIECES = 16
"""Even ways that stand for a smooth one which is cut: right to 0.3 % of what it climbs."""


@dataclass(frozen=True)
class Track:
    """A parameter over time; `PARAMETERS` lists the names and their ranges."""

    name: str
    values: Values

    def __post_init__(self) -> None:
        if self.name not in PARAMETERS:
            raise TimelineError(f"no parameter {self.name!r}; there is {', '.join(PARAMETERS)}")
        low, high, _ = PARAMETERS[self.name]
        object.__setattr__(self, "values", in_order(self.values, self.name, low, high))


def in_order(values: Iterable[Value], what: str, low: float, high: float) -> Values:
    """In order of time, a jump after the ramp that it ends. Raises TimelineError, which calls them `what`."""
    ordered = sorted(values, key=lambda value: (value.time_s, value.ease == "step"))
    if not ordered:
        raise TimelineError(f"{what} has no values; give at least one")
    for value in ordered:
        if not low <= value.value <= high:
            raise TimelineError(f"{what} is {value.value} at {value.time_s} s; it goes from {low} to {high}")
    for before, after in pairwise(ordered):
        if before.time_s == after.time_s and (before.ease == "step") == (after.ease == "step"):
            raise TimelineError(f"{what} stands twice at {after.time_s} s; keep one of the two")
    return tuple(ordered)


def value_at(values: Values, time_s: float) -> float:
    """The value at a time, whatever the time."""
    now = values[0].value
    for before, after in pairwise(values):
        if time_s < after.time_s:
            if after.ease == "step" or not time_s > before.time_s:
                return before.value
            share = (time_s - before.time_s) / (after.time_s - before.time_s)
            if after.ease == "smooth":
                share *= share * (3 - 2 * share)
            value = before.value + (after.value - before.value) * share
            return min(max(value, min(before.value, after.value)), max(before.value, after.value))
        now = after.value
    return now


def _cut(values: Values, at_s: float) -> Values:
    """The same, with even ways in place of a smooth one that runs at that time, one of which ends there."""
    for n, (before, after) in enumerate(pairwise(values), start=1):
        if after.ease == "smooth" and before.time_s < at_s < after.time_s:
            way = after.time_s - before.time_s
            times = sorted([at_s, *(before.time_s + way * i / PIECES for i in range(1, PIECES))])
            pieces = (Value(time_s, value_at(values, time_s)) for time_s in times)
            apart = {piece.time_s: piece for piece in pieces if before.time_s < ticks(piece.time_s) < after.time_s}
            return (*values[:n], *apart.values(), replace(after, ease="linear"), *values[n + 1 :])
    return values


def since(values: Values, start_s: float) -> Values:
    """From `start_s` on, on a clock that starts there."""
    now = Value(0.0, value_at(values, start_s))
    later = (value for value in _cut(values, start_s) if value.time_s > start_s)
    return (now, *(replace(value, time_s=value.time_s - start_s) for value in later))


def until(values: Values, end_s: float) -> Values:
    """Up to `end_s`, where a ramp that runs on stops at the value that it has by then."""
    values = _cut(values, end_s)
    kept = tuple(value for value in values if value.time_s < end_s)
    if not kept:
        return (replace(values[0], time_s=0.0),)
    following = values[len(kept) :][:1]
    if not following or following[0].ease == "step":
        return kept
    (ramp,) = following
    stopped = ramp.value if ramp.time_s == end_s else value_at(values, end_s)
    return (*kept, replace(ramp, time_s=end_s, value=stopped))


def joined(one: Values, two: Values, end_s: float) -> Values:
    """`one` up to `end_s`, then `two`; without values that change nothing, so that joining is associative."""
    one, two = _begun(one), _begun(two)
    before = (value for value in one if value.time_s < end_s or value.ease != "step")
    after = (replace(value, time_s=end_s + value.time_s) for value in two if value.time_s > 0)
    both = (*before, Value(end_s, value_at(two, 0.0), "step"), *after)
    kept: list[Value] = []
    for i, value in enumerate(both):
        earlier, later = both[max(i - 1, 0)], both[min(i + 1, len(both) - 1)]
        if not kept and later.value != value.value:
            kept.append(replace(value, time_s=0.0) if later.ease == "step" else value)
        elif earlier.value != value.value:
            kept.append(value)
        elif later.value != value.value and later.ease != "step":  # a ramp begins here
            kept.append(replace(value, ease="step"))
    return _begun(tuple(kept)) or (Value(0.0, both[0].value),)


def _begun(values: Values) -> Values:
    """The same, the first reached evenly: nothing comes before it."""
    return tuple(replace(value, ease="linear") for value in values[:1]) + values[1:]


def track_to_dict(track: Track) -> dict[str, Any]:
    """A track as JSON values."""
    return {"name": track.name, "values": rows(track.values)}


def track_from_dict(row: Mapping[str, Any]) -> Track:
    """A track from JSON values."""
    return Track(str(row["name"]), values_of(row["values"]))


def rows(values: Values) -> list[dict[str, Any]]:
    """Values as JSON values."""
    return [{"time_s": value.time_s, "value": value.value, "ease": value.ease} for value in values]


def values_of(listed: Any) -> Values:
    """Values from JSON values."""
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise TimelineError(f'"values" is {listed!r}, not a list')

    def read(row: Mapping[str, Any]) -> Value:
        return Value(row["time_s"], row["value"], row.get("ease", "linear"))

    return tuple(entry(read, "values", i, row) for i, row in enumerate(listed))


def entry(read: Any, where: str, i: int, row: Any) -> Any:
    """One object of a saved list, read by `read`; an error says which one it is."""
    if not isinstance(row, Mapping):
        raise TimelineError(f"{where}[{i}] is {row!r}, not an object")
    try:
        return read(row)
    except KeyError as missing:
        raise TimelineError(f"{where}[{i}] lacks {missing}") from None
    except TimelineError as error:
        raise TimelineError(f"{where}[{i}]: {error}") from None
