"""Numbers over time, which a timeline's parameters and mattes are made of. Standard library only.

A curve is a row of keyframes in order of time, each reached from the one before it evenly, smoothly or at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from typing import Literal, TypeAlias, get_args

from engine.prompts import PromptError, number, seconds

TICK_S = 1e-6
"""The shortest time between two keys that the studio makes by itself: one tick of the take's clock."""

Ease: TypeAlias = Literal["linear", "smooth", "step"]
"""How a value is reached from the one before: evenly, slowly at both ends, or at once and not before its time."""


class TimelineError(PromptError):
    """A timeline, or something on it, that has no meaning; the text says what is legal."""


def ticks(time_s: float) -> float:
    """The nearest tick of the take's clock, in seconds; a time that was rounded stays as it is."""
    return round(time_s, 6) + 0.0  # no minus before a zero


@dataclass(frozen=True)
class Keyframe:
    """A number that is reached at `time_s`."""

    time_s: float
    value: float
    ease: Ease = "linear"

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a value's time")))
        object.__setattr__(self, "value", number(self.value, "a value"))
        if self.ease not in get_args(Ease):
            raise TimelineError(f"ease {self.ease!r}; it is linear, smooth or step")


Keyframes: TypeAlias = tuple[Keyframe, ...]
"""In order of time. Before the first the first holds, however it is reached, and after the last the last."""

PIECES = 16
"""Even ways that stand for a smooth one which is cut: right to 0.3 % of what it climbs."""


def in_order(keyframes: Iterable[Keyframe], what: str, low: float, high: float) -> Keyframes:
    """In order of time, a jump after the ramp that it ends. Raises TimelineError, which calls them `what`."""
    ordered = sorted(keyframes, key=lambda keyframe: (keyframe.time_s, keyframe.ease == "step"))
    if not ordered:
        raise TimelineError(f"{what} has no values; give at least one")
    for keyframe in ordered:
        if not low <= keyframe.value <= high:
            raise TimelineError(f"{what} is {keyframe.value} at {keyframe.time_s} s; it goes from {low} to {high}")
    for before, after in pairwise(ordered):
        if before.time_s == after.time_s and (before.ease == "step") == (after.ease == "step"):
            raise TimelineError(f"{what} stands twice at {after.time_s} s; keep one of the two")
    return tuple(ordered)


def value_at(keyframes: Keyframes, time_s: float) -> float:
    """The value at a time, whatever the time."""
    n = bisect_right(keyframes, time_s, lo=1, key=attrgetter("time_s"))
    if n == len(keyframes):
        return keyframes[-1].value
    before, after = keyframes[n - 1], keyframes[n]
    if after.ease == "step" or not time_s > before.time_s:
        return before.value
    share = (time_s - before.time_s) / (after.time_s - before.time_s)
    if after.ease == "smooth":
        share *= share * (3 - 2 * share)
    value = before.value + (after.value - before.value) * share
    return min(max(value, min(before.value, after.value)), max(before.value, after.value))


def _cut(keyframes: Keyframes, at_s: float) -> Keyframes:
    """The same, with even ways in place of a smooth one that runs at that time, one of which ends there."""
    for n, (before, after) in enumerate(pairwise(keyframes), start=1):
        if after.ease == "smooth" and before.time_s < at_s < after.time_s:
            way = after.time_s - before.time_s
            times = sorted([at_s, *(before.time_s + way * i / PIECES for i in range(1, PIECES))])
            pieces = (Keyframe(time_s, value_at(keyframes, time_s)) for time_s in times)
            apart = {piece.time_s: piece for piece in pieces if before.time_s < ticks(piece.time_s) < after.time_s}
            return (*keyframes[:n], *apart.values(), replace(after, ease="linear"), *keyframes[n + 1 :])
    return keyframes


def since(keyframes: Keyframes, start_s: float) -> Keyframes:
    """From `start_s` on, on a clock that starts there."""
    now = Keyframe(0.0, value_at(keyframes, start_s))
    later = (keyframe for keyframe in _cut(keyframes, start_s) if keyframe.time_s > start_s)
    return (now, *(replace(keyframe, time_s=keyframe.time_s - start_s) for keyframe in later))


def until(keyframes: Keyframes, end_s: float) -> Keyframes:
    """Up to `end_s`, where a ramp that runs on stops at the value that it has by then."""
    keyframes = _cut(keyframes, end_s)
    kept = tuple(keyframe for keyframe in keyframes if keyframe.time_s < end_s)
    if not kept:
        return (replace(keyframes[0], time_s=0.0),)
    following = keyframes[len(kept) :][:1]
    if not following or following[0].ease == "step":
        return kept
    (ramp,) = following
    stopped = ramp.value if ramp.time_s == end_s else value_at(keyframes, end_s)
    return (*kept, replace(ramp, time_s=end_s, value=stopped))


def joined(one: Keyframes, two: Keyframes, end_s: float) -> Keyframes:
    """`one` up to `end_s`, then `two`; without keyframes that change nothing, so that joining is associative."""
    one, two = _begun(one), _begun(two)
    before = (keyframe for keyframe in one if keyframe.time_s < end_s or keyframe.ease != "step")
    after = (replace(keyframe, time_s=end_s + keyframe.time_s) for keyframe in two if keyframe.time_s > 0)
    both = (*before, Keyframe(end_s, value_at(two, 0.0), "step"), *after)
    kept: list[Keyframe] = []
    for i, keyframe in enumerate(both):
        earlier, later = both[max(i - 1, 0)], both[min(i + 1, len(both) - 1)]
        if not kept and later.value != keyframe.value:
            kept.append(replace(keyframe, time_s=0.0) if later.ease == "step" else keyframe)
        elif earlier.value != keyframe.value:
            kept.append(keyframe)
        elif later.value != keyframe.value and later.ease != "step":  # a ramp begins here
            kept.append(replace(keyframe, ease="step"))
    return _begun(tuple(kept)) or (Keyframe(0.0, both[0].value),)


def _begun(keyframes: Keyframes) -> Keyframes:
    """The same, the first reached evenly: nothing comes before it."""
    return tuple(replace(keyframe, ease="linear") for keyframe in keyframes[:1]) + keyframes[1:]
