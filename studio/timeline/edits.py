"""The algebra of timelines: each edit returns a new one. Standard library only; mixed into `Timeline` (timeline.py).

    (day[:8] + day[2:6].stretch(2)).loop(3)

What an edit must not change it leaves as it was, bit for bit: joining is associative, a slice is that part, a split is
not seen (tests/studio/timeline/test_edits.py holds these laws).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from numbers import Integral
from typing import Any, TypeVar

from engine.prompts import Prompts, number, seconds, words
from studio.timeline import curves
from studio.timeline.curves import TICK_S, Ease, Keyframe, Keyframes, TimelineError, ticks
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.parameters import parameter_of
from studio.timeline.sets import SetKey, Sets

MAX_LOOPS = 10_000
"""Often enough for a day of a ten-second timeline; a sanity limit against typing errors."""

AnyTimeline = TypeVar("AnyTimeline", bound="Edits")
"""The timeline that is edited."""

AnyKey = TypeVar("AnyKey", Key, SetKey)
"""A prompt's key or a set's."""


class Edits:
    """What is done to a timeline, whose fields `Timeline` declares."""

    keys: tuple[Key, ...]
    markers: tuple[Marker, ...]
    metadata: Mapping[str, Any]
    tracks: tuple[Track, ...]
    mattes: tuple[Matte, ...]
    end_s: float | None
    sets: tuple[SetKey, ...]

    @cached_property
    def prompts(self) -> Prompts:
        """The keys, ready to be asked what holds; worked out once."""
        return Prompts(self.keys)

    @cached_property
    def set_lane(self) -> Sets:
        """The keys of the sets, likewise."""
        return Sets(self.sets)

    def _with(self: AnyTimeline, **fields: Any) -> AnyTimeline:
        return replace(self, **fields)  # type: ignore[type-var]  # a dataclass where it is mixed in

    # -- one thing

    def set(self: AnyTimeline, time_s: float, ease: Ease = "linear", **values: float) -> AnyTimeline:
        """With parameters that reach these values at that time: `set(4, strength=0.5, ease="smooth")`."""
        tracks = {track.name: track.keyframes for track in self.tracks}
        for name, value in values.items():
            keyframe = Keyframe(time_s, value, ease)
            others = (other for other in tracks.get(name, ()) if other.time_s != keyframe.time_s)
            tracks[name] = (*others, keyframe)
        return self._with(tracks=tuple(Track(name, keyframes) for name, keyframes in tracks.items()))

    def key(self, id: str) -> Key:
        """The prompt's key of that id. Raises TimelineError."""
        return _of_id(self.keys, id, "key")

    def set_key(self, id: str) -> SetKey:
        """The set's key of that id. Raises TimelineError."""
        return _of_id(self.sets, id, "set")

    def add(self: AnyTimeline, key: Key | SetKey) -> AnyTimeline:
        """With one more key, of a prompt or of a set."""
        if isinstance(key, SetKey):
            return self._with(sets=(*self.sets, key))
        return self._with(keys=(*self.keys, key))

    def change(self: AnyTimeline, id: str, **fields: Any) -> AnyTimeline:
        """With other `prompt` (of a set `set`), `fade_s`, `time_s` or `metadata` for one key."""
        of_a_set = any(key.id == id for key in self.sets)
        what = "set" if of_a_set else "prompt"
        if unknown := fields.keys() - {what, "fade_s", "time_s", "metadata"}:
            raise TimelineError(f"a key has no {sorted(unknown)[0]!r}; it has {what}, fade_s, time_s and metadata")
        if of_a_set:
            changed_set = replace(self.set_key(id), **fields)
            return self._with(sets=tuple(changed_set if key.id == id else key for key in self.sets))
        changed = replace(self.key(id), **fields)
        return self._with(keys=tuple(changed if key.id == id else key for key in self.keys))

    def move(self: AnyTimeline, id: str, time_s: float) -> AnyTimeline:
        """With one key at another time."""
        return self.change(id, time_s=time_s)

    def delete(self: AnyTimeline, id: str) -> AnyTimeline:
        """Without one key; the last prompt stays, sets may all go."""
        if any(key.id == id for key in self.sets):
            return self._with(sets=tuple(key for key in self.sets if key.id != id))
        gone = self.key(id)
        return self._with(keys=tuple(key for key in self.keys if key is not gone))

    def mark(self: AnyTimeline, time_s: float, name: str) -> AnyTimeline:
        """With one more marker."""
        return self._with(markers=(*self.markers, Marker(time_s, name)))

    def split(self: AnyTimeline, time_s: float) -> AnyTimeline:
        """With one more key there that asks for what holds already: the picture stays, the second half can be changed.

        A fade that is cut goes on behind it. Raises TimelineError where no prompt is running yet.
        """
        at = ticks(seconds(time_s, "a split"))
        ruling = self.keys[self.prompts.at(at).key]
        if at <= ruling.time_s:
            raise TimelineError(f"a prompt begins at {ruling.time_s} s; split it at a moment within it, not at {at} s")
        return self.add(Key(at, ruling.prompt, max(0.0, ruling.time_s + ruling.fade_s - at)))

    def trim(self: AnyTimeline, id: str, *, start_s: float | None = None, end_s: float | None = None) -> AnyTimeline:
        """With another start or end for the span of one key; its neighbour gives or takes.

        The first prompt holds from the start and the last one to the end: these two edges stay.
        """
        n = self.keys.index(self.key(id))
        keys = list(self.keys)
        for at, place, what in ((start_s, n, "first"), (end_s, n + 1, "last")):
            if at is None:
                continue
            if not 0 < place < len(keys):
                raise TimelineError(f"{id!r} is the {what} prompt, whose edge stays; the keys are moved with move()")
            keys[place] = replace(keys[place], time_s=at)
        for before, after in pairwise(keys):
            if after.time_s <= before.time_s:
                raise TimelineError(f"nothing would be left of {words(before.prompt)!r}; use delete({before.id!r})")
        return self._with(keys=tuple(keys))

    # -- a part of it

    def since(self: AnyTimeline, time_s: float) -> AnyTimeline:
        """As seen from a clock that starts at `time_s`: the blend of that moment, the rest of its fade, later keys.

        Of a smooth curve that is cut the rest goes on as it was, in short even pieces.
        """
        start = ticks(seconds(time_s, "the start"))
        if self.end_s is not None and start >= self.end_s:
            raise TimelineError(f"nothing is left from {start} s on: the timeline ends at {self.end_s} s")
        now = self.prompts.at(start)
        keys = [Key(0.0, now.blend)]
        later = [replace(key, time_s=key.time_s - start) for key in self.keys if key.time_s > start]
        if now.fading and not (later and later[0].time_s <= TICK_S):
            ruling = self.keys[now.key]
            keys.append(replace(ruling, time_s=TICK_S, fade_s=ruling.time_s + ruling.fade_s - start))
        return self._with(
            keys=(*keys, *later),
            markers=tuple(replace(mark, time_s=mark.time_s - start) for mark in self.markers if mark.time_s >= start),
            tracks=tuple(replace(track, keyframes=curves.since(track.keyframes, start)) for track in self.tracks),
            mattes=_shown(replace(matte, weight=curves.since(matte.weight, start)) for matte in self.mattes),
            end_s=None if self.end_s is None else self.end_s - start,
            sets=_sets_since(self.sets, self.set_lane, start),
        )

    def until(self: AnyTimeline, end_s: float) -> AnyTimeline:
        """With an end there, without what comes after it; one that ended earlier holds on until then.

        What comes before it stays as it was: a smooth curve that is cut becomes short even pieces.
        """
        end = ticks(seconds(end_s, "the end"))
        keys = tuple(key for key in self.keys if key.time_s < end)
        return self._with(
            keys=keys or (Key(0.0, self.keys[0].prompt),),
            markers=tuple(mark for mark in self.markers if mark.time_s < end),
            tracks=tuple(replace(track, keyframes=curves.until(track.keyframes, end)) for track in self.tracks),
            mattes=_shown(replace(matte, weight=curves.until(matte.weight, end)) for matte in self.mattes),
            end_s=end,
            sets=tuple(key for key in self.sets if key.time_s < end),
        )

    def __getitem__(self: AnyTimeline, span: slice) -> AnyTimeline:
        """The part between two times, on a clock of its own: `timeline[2:6.5]`, `timeline[2:]`, `timeline[:8]`."""
        if not isinstance(span, slice) or span.step is not None:
            raise TimelineError("write timeline[2:6] for the part from 2 s to 6 s")
        start = seconds(span.start or 0, "the start of a slice")
        part = self.since(start) if start else self
        if span.stop is None:
            return part
        stop = seconds(span.stop, "the end of a slice")
        if stop <= start:
            raise TimelineError(f"a slice from {start} s to {stop} s is empty; it ends after its start")
        return part.until(stop - start)

    # -- all of it

    def shift(self: AnyTimeline, by_s: float) -> AnyTimeline:
        """Everything later by so many seconds, or earlier by a negative number; nothing may come before 0."""
        by = number(by_s, "a shift")
        times = [key.time_s for key in self.keys] + [key.time_s for key in self.sets]
        times += [mark.time_s for mark in self.markers] + [keyframe.time_s for keyframe in self._keyframes()]
        earliest = min(times)
        if earliest + by < -TICK_S / 2:
            raise TimelineError(f"a shift by {by} s moves what is at {earliest} s before 0; slice it: timeline[{-by}:]")
        return self._retimed(lambda time_s: max(time_s + by, 0.0))

    def stretch(self: AnyTimeline, factor: float) -> AnyTimeline:
        """Everything, fades too, so many times as long. What moves in a set keeps its own speed."""
        factor = number(factor, "a stretch")
        if factor <= 0:
            raise TimelineError(f"a stretch by {factor}; the factor is above 0")
        slow = self._retimed(lambda time_s: time_s * factor)
        return slow._with(
            keys=tuple(replace(key, fade_s=key.fade_s * factor) for key in slow.keys),
            sets=tuple(replace(key, fade_s=key.fade_s * factor) for key in slow.sets),
        )

    def __add__(self: AnyTimeline, other: AnyTimeline) -> AnyTimeline:
        """This one, then the other one from this one's end on.

        The other's first key takes over at the joint; where it stands at 0 with a fade, it fades. A set ends at the
        joint, unless the other begins with one; one that both have there goes on. Ids are given anew.
        """
        if not isinstance(other, Edits):
            return NotImplemented
        end = self.end_s
        if end is None:
            raise TimelineError("a timeline without an end cannot be joined to; say until(8) or take a slice: line[:8]")
        later = other._retimed(lambda time_s: end + time_s)
        first = other.keys[0]
        begins = replace(later.keys[0], time_s=end, fade_s=0.0 if first.time_s else first.fade_s)
        tracks = []
        for name in dict.fromkeys(track.name for line in (self, other) for track in line.tracks):
            default = (Keyframe(0.0, parameter_of(name).default),)
            one, two = (
                next((track.keyframes for track in line.tracks if track.name == name), default)
                for line in (self, other)
            )
            tracks.append(Track(name, curves.joined(one, two, end)))
        return self._with(
            keys=anonymous((*self.keys, begins, *later.keys[1:])),
            markers=(*self.markers, *later.markers),
            metadata={**self.metadata, **other.metadata},
            tracks=tuple(tracks),
            mattes=_joined(self.mattes, other.mattes, end),
            end_s=later.end_s,
            sets=anonymous(_joined_sets(self.sets, later.sets, end)),
        )

    def loop(self: AnyTimeline, times: int | None = None, *, until_s: float | None = None) -> AnyTimeline:
        """Joined to itself so many times, or as often as `until_s` seconds need."""
        if (times is None) == (until_s is None):
            raise TimelineError("loop(3) plays it three times, loop(until_s=60) until second 60; say one of them")
        if self.end_s is None:
            raise TimelineError("a timeline without an end does not loop; say until(8) or take a slice: line[:8]")
        if until_s is not None:
            times = math.ceil(seconds(until_s, "the end of a loop") / self.end_s)
            if not 1 <= times <= MAX_LOOPS:
                most = f"{MAX_LOOPS * self.end_s:g} s, {MAX_LOOPS:,} times {self.end_s:g} s"
                raise TimelineError(f"a loop until {until_s} s; its end is above 0 and at most {most}")
        count: Any = times
        if isinstance(count, bool) or not isinstance(count, Integral) or not 1 <= int(count) <= MAX_LOOPS:
            raise TimelineError(f"a loop of {times!r} times; it is a whole number from 1 to {MAX_LOOPS:,}")
        left = int(count)
        looped, doubled = None, self
        while left:  # joining is associative: a thousand loops are ten doublings
            if left % 2:
                looped = doubled if looped is None else looped + doubled
            left //= 2
            doubled = doubled + doubled if left else doubled
        assert looped is not None, "at least one time"
        return looped if until_s is None else looped.until(until_s)

    def _keyframes(self) -> list[Keyframe]:
        rows = [track.keyframes for track in self.tracks] + [matte.weight for matte in self.mattes]
        return [keyframe for keyframes in rows for keyframe in keyframes]

    def _retimed(self: AnyTimeline, moved: Callable[[float], float]) -> AnyTimeline:
        """Each time by a function that keeps their order; keys that fall together stay a tick apart."""

        def retimed(keyframes: Keyframes) -> Keyframes:
            return tuple(replace(keyframe, time_s=moved(keyframe.time_s)) for keyframe in keyframes)

        return self._with(
            keys=_apart(self.keys, moved),
            markers=tuple(replace(mark, time_s=moved(mark.time_s)) for mark in self.markers),
            tracks=tuple(replace(track, keyframes=retimed(track.keyframes)) for track in self.tracks),
            mattes=tuple(replace(matte, weight=retimed(matte.weight)) for matte in self.mattes),
            end_s=None if self.end_s is None else moved(self.end_s),
            sets=_apart(self.sets, moved),
        )


def anonymous(keys: Iterable[AnyKey]) -> tuple[AnyKey, ...]:
    """Keys without ids, so that a timeline numbers them in order of time."""
    return tuple(replace(key, id="") for key in keys)


def _of_id(keys: Iterable[AnyKey], id: str, what: str) -> AnyKey:
    keys = tuple(keys)
    for key in keys:
        if key.id == id:
            return key
    raise TimelineError(f"no {what} {id!r}; the {what}s are {', '.join(key.id for key in keys) or 'none'}")


def _apart(keys: Iterable[AnyKey], moved: Callable[[float], float]) -> tuple[AnyKey, ...]:
    """Keys at other times, in the same order; those that fall together stay a tick apart."""
    retimed: list[AnyKey] = []
    for key in keys:
        time_s = ticks(moved(key.time_s))
        retimed.append(replace(key, time_s=max(time_s, retimed[-1].time_s + TICK_S) if retimed else time_s))
    return tuple(retimed)


def _sets_since(keys: tuple[SetKey, ...], lane: Sets, start_s: float) -> tuple[SetKey, ...]:
    """Sets as seen from a clock that starts at `start_s`: what stands then, the rest of its fade, later keys."""
    layers, ruling, fading = lane.layers(start_s)
    later = [replace(key, time_s=key.time_s - start_s) for key in keys if key.time_s > start_s]
    if ruling < 0:
        return tuple(later)
    now = [SetKey(0.0, lane.carried(layers, start_s, 0.0))]
    if fading and not (later and later[0].time_s <= TICK_S):
        key = keys[ruling]
        now.append(replace(key, time_s=TICK_S, fade_s=key.time_s + key.fade_s - start_s))
    return (*now, *later)


def _joined_sets(one: tuple[SetKey, ...], two: tuple[SetKey, ...], end_s: float) -> tuple[SetKey, ...]:
    """The sets of a line up to `end_s` and those of the next; what stands at the end goes, unless the next says so."""
    stands = bool(one) and (one[-1].set is not None or one[-1].time_s + one[-1].fade_s > end_s)
    begins = bool(two) and two[0].time_s == end_s
    return (*one, *([SetKey(end_s, None)] if stands and not begins else []), *two)


def _shown(mattes: Iterable[Matte]) -> tuple[Matte, ...]:
    """Without those that never show."""
    return tuple(matte for matte in mattes if any(keyframe.value for keyframe in matte.weight))


def _joined(one: tuple[Matte, ...], two: tuple[Matte, ...], end_s: float) -> tuple[Matte, ...]:
    """The mattes of a line up to `end_s` and those of the next; what both hold is one, that comes and goes."""
    nothing = (Keyframe(0.0, 0.0),)
    later = list(two)
    joined = []
    for matte in one:
        again = next((other for other in later if replace(other, weight=matte.weight) == matte), None)
        if again is not None:
            later.remove(again)
        weight = curves.joined(matte.weight, again.weight if again is not None else nothing, end_s)
        joined.append(replace(matte, weight=weight))
    joined += (replace(matte, weight=curves.joined(nothing, matte.weight, end_s)) for matte in later)
    return tuple(joined)
