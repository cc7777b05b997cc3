"""What is asked of the picture, when: prompt keys and markers on a take's clock. Standard library only; read first.

    Timeline.at(time_s) -> Cue        pure: the same timeline and time give the same cue, and no later key changes it
    add, move, change, delete         return a new timeline

    day = Timeline().at(0, "wild west").at(4.5, "underwater", fade=1).set(6, strength=0.5)
    (day[:8] + day[2:6].stretch(2)).loop(3)

Times are seconds on the take's clock, which starts with the take's first frame and counts microseconds: a time is held
to the nearest of them. A span of time includes its start and excludes its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from numbers import Integral
from typing import Any, SupportsFloat, TypeAlias, overload

from studio.timeline import curves as lanes
from studio.timeline.curves import PARAMETERS, Ease, Values, number, seconds, ticks, value_at
from studio.timeline.curves import TICK_S as TICK_S
from studio.timeline.curves import TimelineError as TimelineError
from studio.timeline.curves import Track as Track
from studio.timeline.curves import Value as Value

SCHEMA = "lsd-studio.timeline"
VERSION = 2
"""2 added `end_s`, `tracks` and `mattes`."""

MAX_PROMPT = 1000
"""Characters in one prompt; the engine's text encoder has the same limit."""

MAX_LOOPS = 10_000
"""Often enough for a day of a ten-second timeline; more is a slip of the finger."""

AS_IT_IS = "as it is"
"""What the picture is where nothing is said."""

Prompt: TypeAlias = str | Sequence[tuple[str, float]]
"""A text, or texts with positive weights."""

Blend: TypeAlias = tuple[tuple[str, float], ...]
"""Texts with positive weights that sum to one: every prompt in its normal form."""


def blend(prompt: Prompt) -> Blend:
    """The normal form of a prompt: white space collapsed, weights summing to one, equal texts merged.

    Raises TimelineError for an empty prompt, one of more than 1,000 characters, or a weight that is not positive.
    """
    if not isinstance(prompt, Sequence):
        raise TimelineError(f"{prompt!r} is no prompt; write a text, or pairs such as ['underwater', 0.5]")
    pairs: Iterable[Any] = [(prompt, 1.0)] if isinstance(prompt, str) else prompt
    weights: dict[str, float] = {}
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TimelineError(f"{pair!r} is not a weighted text; write a text, or pairs such as ['underwater', 0.5]")
        text, weight = " ".join(pair[0].split()), number(pair[1], "a prompt's weight")
        if not text:
            raise TimelineError("the prompt is empty; write what the picture should become, or 'as it is'")
        if len(text) > MAX_PROMPT:
            raise TimelineError(f"the prompt has {len(text):,} characters; at most {MAX_PROMPT:,} are read")
        if weight <= 0:
            raise TimelineError(f"the weight of {text!r} is {weight}; weights are above 0")
        weights[text] = weights.get(text, 0.0) + weight
    total = sum(weights.values())
    if not total:
        raise TimelineError("the prompt is empty; write what the picture should become, or 'as it is'")
    if abs(total - 1) < 1e-9:  # normal already: dividing again would move the last bit, and replay must be exact
        total = 1.0
    return tuple((text, weight / total) for text, weight in weights.items())


def words(prompt: Prompt) -> str:
    """A prompt as one line for people: `underwater`, or `underwater 60 % + wild west 40 %`."""
    pairs = blend(prompt)
    if len(pairs) == 1:
        return pairs[0][0]
    return " + ".join(f"{text} {weight * 100:.0f} %" for text, weight in pairs)


@dataclass(frozen=True)
class Key:
    """From `time_s` on the picture turns to `prompt`, at once or fading over `fade_s` seconds."""

    time_s: float
    prompt: Prompt
    fade_s: float = 0.0
    id: str = ""
    """Names the key while it is edited; a timeline gives one to a key that has none."""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a key's time")))
        object.__setattr__(self, "fade_s", ticks(lanes.length(self.fade_s, "a key's fade")))
        pairs = blend(self.prompt)
        object.__setattr__(self, "prompt", pairs[0][0] if len(pairs) == 1 else pairs)


@dataclass(frozen=True)
class Marker:
    """A named moment."""

    time_s: float
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a marker's time")))
        if not isinstance(self.name, str) or not self.name.strip():
            raise TimelineError(f"{self.name!r} is no name of a marker; write a text, such as 'the ball drops'")
        object.__setattr__(self, "name", " ".join(self.name.split()))


@dataclass(frozen=True)
class Matte:
    """A part of the picture that becomes something of its own, as far as `values` (0 to 1 over time) let it."""

    name: str
    prompt: Prompt
    where: Mapping[str, Any] = field(hash=False)
    """Which part, as studio/script/area.py describes it, in JSON values."""
    values: Values = (Value(0.0, 1.0),)

    def __post_init__(self) -> None:
        pairs = blend(self.prompt)
        object.__setattr__(self, "prompt", pairs[0][0] if len(pairs) == 1 else pairs)
        object.__setattr__(self, "values", lanes.in_order(self.values, f"the weight of {self.name!r}", 0.0, 1.0))


@dataclass(frozen=True)
class MatteCue:
    """What a part of one frame becomes."""

    name: str
    prompt: Blend
    weight: float
    """Above 0, up to 1."""
    where: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Cue:
    """What the engine is told for one frame."""

    prompt: Blend
    key: str
    """Id of the key that rules this moment."""
    fading: bool = False
    mattes: tuple[MatteCue, ...] = ()
    """Parts of the picture with a prompt of their own; `prompt` holds for the rest."""

    def same_picture(self, other: Cue) -> bool:
        """Whether the engine is told the same."""
        return self.prompt == other.prompt and self.mattes == other.mattes


@dataclass(frozen=True)
class Timeline:
    """Prompt keys and markers in order of time: at least one key, no two at the same time."""

    keys: tuple[Key, ...] = (Key(0.0, AS_IT_IS),)
    markers: tuple[Marker, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Unknown fields of a saved timeline; they pass through."""
    tracks: tuple[Track, ...] = ()
    """Parameters over time; one that has no track has its default."""
    mattes: tuple[Matte, ...] = ()
    end_s: float | None = None
    """Where it ends, which joining and looping need; None for a timeline that holds on."""

    def __post_init__(self) -> None:
        for name, kind in (("keys", Key), ("markers", Marker), ("tracks", Track), ("mattes", Matte)):
            things: Any = getattr(self, name)
            if isinstance(things, str) or not isinstance(things, Iterable):
                raise TimelineError(
                    f"a timeline's {name} are a list, not {things!r}; for one prompt: Timeline.of('underwater')"
                )
            object.__setattr__(self, name, tuple(things))
            if wrong := [thing for thing in getattr(self, name) if not isinstance(thing, kind)]:
                raise TimelineError(f"{wrong[0]!r} in a timeline's {name}; each is a {kind.__name__}(...)")
        if not self.keys:
            raise TimelineError("a timeline needs at least one prompt key; write Timeline.of('underwater')")
        keys = sorted(self.keys, key=lambda key: key.time_s)
        for before, after in pairwise(keys):
            if before.time_s == after.time_s:
                both = f"{words(before.prompt)!r} and {words(after.prompt)!r}"
                raise TimelineError(f"two keys at {after.time_s} s ({both}); move one of them")
        object.__setattr__(self, "keys", tuple(_named(keys)))
        object.__setattr__(self, "markers", tuple(sorted(self.markers, key=lambda marker: marker.time_s)))
        object.__setattr__(self, "tracks", tuple(sorted(self.tracks, key=lambda track: track.name)))
        object.__setattr__(self, "mattes", tuple(sorted(self.mattes, key=lambda matte: matte.name)))
        for track, other in pairwise(self.tracks):
            if track.name == other.name:
                raise TimelineError(f"two tracks of {track.name!r}; make one of their values")
        if self.end_s is not None:
            self._end(self.end_s)

    def _end(self, end_s: float) -> None:
        end = ticks(seconds(end_s, "the end"))
        if end <= 0:
            raise TimelineError(f"the timeline would end at {end} s; its end is above 0")
        object.__setattr__(self, "end_s", end)
        late = [(key.time_s, f"the prompt {words(key.prompt)!r}") for key in self.keys if key.time_s >= end]
        late += [(mark.time_s, f"the marker {mark.name!r}") for mark in self.markers if mark.time_s >= end]
        late += [(value.time_s, "a value") for value in self._values() if value.time_s > end]
        for time_s, what in late[:1]:
            raise TimelineError(f"{what} is at {time_s} s, and the timeline ends at {end} s; move its end with until()")

    def _repr_html_(self) -> str:
        from studio.notebook.html import timeline_html  # for notebooks alone

        return timeline_html(self)

    @classmethod
    def of(cls, prompt: Prompt) -> Timeline:
        """One prompt from the start to the end."""
        return cls((Key(0.0, prompt),))

    @overload
    def at(self, time_s: float) -> Cue: ...
    @overload
    def at(self, time_s: float, prompt: Prompt, fade: float = 0.0) -> Timeline: ...
    def at(self, time_s: float, prompt: Prompt | None = None, fade: float = 0.0) -> Cue | Timeline:
        """The cue at a time; or, given a prompt, the timeline that turns to it at that time.

        Before the first key, the first key's prompt holds. A fade moves linearly from what ruled when it began, another
        running fade included. fade: in seconds. A key that stands at the same time gives way; ids are given anew.
        """
        if prompt is None:
            moment: Any = time_s
            if isinstance(moment, bool) or not isinstance(moment, SupportsFloat):
                raise TimelineError(f"{moment!r} is no time; write seconds, such as 4.5")
            try:
                return self._cue(float(moment))
            except OverflowError:
                return self._cue(math.inf if time_s > 0 else -math.inf)
        key = Key(time_s, prompt, fade)
        return replace(self, keys=_anonymous((*(other for other in self.keys if other.time_s != key.time_s), key)))

    def _cue(self, time_s: float) -> Cue:
        ruling, fading = self.keys[0], False
        now = blend(ruling.prompt)
        for i, key in enumerate(self.keys[1:], start=1):
            if not key.time_s <= time_s:
                break
            until = min(time_s, self.keys[i + 1].time_s) if i + 1 < len(self.keys) else time_s
            amount = (until - key.time_s) / key.fade_s if key.fade_s else 1.0
            now = _mix(now, blend(key.prompt), amount)
            ruling, fading = key, amount < 1
        strength = self.value("strength", time_s)
        mattes = tuple(
            MatteCue(matte.name, _strong(blend(matte.prompt), strength), weight, matte.where)
            for matte in self.mattes
            if (weight := value_at(matte.values, time_s))
        )
        return Cue(_strong(now, strength), ruling.id, fading, mattes)

    def value(self, name: str, time_s: float) -> float:
        """A parameter at a time; its default where it has no track."""
        if name not in PARAMETERS:
            raise TimelineError(f"no parameter {name!r}; there is {', '.join(PARAMETERS)}")
        for track in self.tracks:
            if track.name == name:
                return value_at(track.values, time_s)
        return PARAMETERS[name][2]

    def set(self, time_s: float, ease: Ease = "linear", **values: float) -> Timeline:
        """With parameters that reach these values at that time: `set(4, strength=0.5, ease="smooth")`."""
        tracks = {track.name: track.values for track in self.tracks}
        for name, reached in values.items():
            value = Value(time_s, reached, ease)
            others = (other for other in tracks.get(name, ()) if other.time_s != value.time_s)
            tracks[name] = (*others, value)
        return replace(self, tracks=tuple(Track(name, values) for name, values in tracks.items()))

    def key(self, id: str) -> Key:
        """The key of that id."""
        for key in self.keys:
            if key.id == id:
                return key
        raise TimelineError(f"no key {id!r}; the keys are {', '.join(key.id for key in self.keys)}")

    def add(self, key: Key) -> Timeline:
        """With one more key."""
        return replace(self, keys=(*self.keys, key))

    def change(self, id: str, **fields: Any) -> Timeline:
        """With other `prompt`, `fade_s`, `time_s` or `metadata` for one key."""
        if unknown := fields.keys() - {"prompt", "fade_s", "time_s", "metadata"}:
            raise TimelineError(f"a key has no {sorted(unknown)[0]!r}; it has prompt, fade_s, time_s and metadata")
        changed = replace(self.key(id), **fields)
        return replace(self, keys=tuple(changed if key.id == id else key for key in self.keys))

    def move(self, id: str, time_s: float) -> Timeline:
        """With one key at another time."""
        return self.change(id, time_s=time_s)

    def split(self, time_s: float) -> Timeline:
        """With one more key there that says what holds already: the picture stays, and the second half can be changed.

        A fade that is cut goes on behind it. Raises TimelineError where no prompt is running yet.
        """
        at = ticks(seconds(time_s, "a split"))
        ruling = self.key(self._cue(at).key)
        if at <= ruling.time_s:
            raise TimelineError(f"a prompt begins at {ruling.time_s} s; split it at a moment within it, not at {at} s")
        return self.add(Key(at, ruling.prompt, max(0.0, ruling.time_s + ruling.fade_s - at)))

    def trim(self, id: str, *, start_s: float | None = None, end_s: float | None = None) -> Timeline:
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
        return replace(self, keys=tuple(keys))

    def delete(self, id: str) -> Timeline:
        """Without one key; the last one stays."""
        gone = self.key(id)
        return replace(self, keys=tuple(key for key in self.keys if key is not gone))

    def lane(self) -> dict[str, Any]:
        """Keys and markers in JSON values: what a lane shows and edits (app/web/edits.js)."""
        data = self.to_dict()
        return {name: data[name] for name in ("keys", "markers")}

    def edited(self, lane: Mapping[str, Any]) -> Timeline:
        """With a lane's keys and markers; all else stays. Raises TimelineError."""
        held = {name: lane.get(name) for name in ("keys", "markers")}
        read = Timeline.from_dict({"schema": SCHEMA, "version": VERSION, **held})
        return replace(self, keys=read.keys, markers=read.markers)

    def mark(self, time_s: float, name: str) -> Timeline:
        """With one more marker."""
        return replace(self, markers=(*self.markers, Marker(time_s, name)))

    def since(self, time_s: float) -> Timeline:
        """As seen from a clock that starts at `time_s`: the blend of that moment, the rest of its fade, later keys.

        Of a smooth way that is cut the rest goes on as it was, in short even ones.
        """
        start = ticks(seconds(time_s, "the start"))
        if self.end_s is not None and start >= self.end_s:
            raise TimelineError(f"nothing is left from {start} s on: the timeline ends at {self.end_s} s")
        cue = replace(self, tracks=(), mattes=())._cue(start)
        keys = [Key(0.0, cue.prompt)]
        later = [replace(key, time_s=key.time_s - start) for key in self.keys if key.time_s > start]
        if cue.fading and not (later and later[0].time_s <= TICK_S):
            ruling = self.key(cue.key)
            keys.append(replace(ruling, time_s=TICK_S, fade_s=ruling.time_s + ruling.fade_s - start))
        return replace(
            self,
            keys=(*keys, *later),
            markers=tuple(replace(mark, time_s=mark.time_s - start) for mark in self.markers if mark.time_s >= start),
            tracks=tuple(replace(track, values=lanes.since(track.values, start)) for track in self.tracks),
            mattes=_seen(replace(matte, values=lanes.since(matte.values, start)) for matte in self.mattes),
            end_s=None if self.end_s is None else self.end_s - start,
        )

    def until(self, end_s: float) -> Timeline:
        """With an end there, without what comes after it; one that ended earlier holds on until then.

        What comes before it stays as it was: a smooth way that is cut becomes short even ones.
        """
        end = ticks(seconds(end_s, "the end"))
        keys = tuple(key for key in self.keys if key.time_s < end)
        return replace(
            self,
            keys=keys or (Key(0.0, self.keys[0].prompt),),
            markers=tuple(mark for mark in self.markers if mark.time_s < end),
            tracks=tuple(replace(track, values=lanes.until(track.values, end)) for track in self.tracks),
            mattes=_seen(replace(matte, values=lanes.until(matte.values, end)) for matte in self.mattes),
            end_s=end,
        )

    def __getitem__(self, span: slice) -> Timeline:
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

    def shift(self, by_s: float) -> Timeline:
        """Everything later by so many seconds, or earlier by a negative number; nothing may come before 0."""
        by = number(by_s, "a shift")
        earliest = min([*self._moments(), *(value.time_s for value in self._values())])
        if earliest + by < -TICK_S / 2:
            raise TimelineError(f"a shift by {by} s moves what is at {earliest} s before 0; slice it: timeline[{-by}:]")
        return self._retime(lambda time_s: max(time_s + by, 0.0))

    def stretch(self, factor: float) -> Timeline:
        """Everything, fades too, so many times as long."""
        factor = number(factor, "a stretch")
        if factor <= 0:
            raise TimelineError(f"a stretch by {factor}; the factor is above 0")
        slow = self._retime(lambda time_s: time_s * factor)
        return replace(slow, keys=tuple(replace(key, fade_s=key.fade_s * factor) for key in slow.keys))

    def __add__(self, other: Timeline) -> Timeline:
        """This one, then the other one from this one's end on.

        The other's first key takes over at the joint; where it stands at 0 with a fade, it fades. Ids are given anew.
        """
        if not isinstance(other, Timeline):
            return NotImplemented
        end = self.end_s
        if end is None:
            raise TimelineError("a timeline without an end cannot be joined to; say until(8) or take a slice: line[:8]")
        later = other._retime(lambda time_s: end + time_s)
        first = other.keys[0]
        begins = replace(later.keys[0], time_s=end, fade_s=0.0 if first.time_s else first.fade_s)
        tracks = []
        for name in dict.fromkeys(track.name for line in (self, other) for track in line.tracks):
            default = (Value(0.0, PARAMETERS[name][2]),)
            one, two = (next((t.values for t in line.tracks if t.name == name), default) for line in (self, other))
            tracks.append(Track(name, lanes.joined(one, two, end)))
        return Timeline(
            _anonymous((*self.keys, begins, *later.keys[1:])),
            (*self.markers, *later.markers),
            {**self.metadata, **other.metadata},
            tuple(tracks),
            _joined(self.mattes, other.mattes, end),
            later.end_s,
        )

    def loop(self, times: int | None = None, *, until_s: float | None = None) -> Timeline:
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
        said: Any = times
        if isinstance(said, bool) or not isinstance(said, Integral) or not 1 <= int(said) <= MAX_LOOPS:
            raise TimelineError(f"a loop of {times!r} times; it is a whole number from 1 to {MAX_LOOPS:,}")
        times = int(said)
        looped, doubled = None, self
        while times:  # joining is associative: a thousand loops are ten doublings
            if times % 2:
                looped = doubled if looped is None else looped + doubled
            times //= 2
            doubled = doubled + doubled if times else doubled
        assert looped is not None
        return looped if until_s is None else looped.until(until_s)

    def _moments(self) -> list[float]:
        return [key.time_s for key in self.keys] + [mark.time_s for mark in self.markers]

    def _values(self) -> list[Value]:
        numbers = [track.values for track in self.tracks] + [matte.values for matte in self.mattes]
        return [value for values in numbers for value in values]

    def _retime(self, moved: Callable[[float], float]) -> Timeline:
        """Each time by a function that keeps their order; keys that fall together stay a tick apart."""
        keys: list[Key] = []
        for key in self.keys:
            time_s = ticks(moved(key.time_s))
            keys.append(replace(key, time_s=max(time_s, keys[-1].time_s + TICK_S) if keys else time_s))

        def values(old: Values) -> Values:
            return tuple(replace(value, time_s=moved(value.time_s)) for value in old)

        return replace(
            self,
            keys=tuple(keys),
            markers=tuple(replace(mark, time_s=moved(mark.time_s)) for mark in self.markers),
            tracks=tuple(replace(track, values=values(track.values)) for track in self.tracks),
            mattes=tuple(replace(matte, values=values(matte.values)) for matte in self.mattes),
            end_s=None if self.end_s is None else moved(self.end_s),
        )

    def texts(self) -> tuple[str, ...]:
        """Every text in it, once, in order of appearance."""
        said = [blend(key.prompt) for key in self.keys] + [blend(matte.prompt) for matte in self.mattes]
        weak = [((AS_IT_IS, 1.0),)] if any(track.name == "strength" for track in self.tracks) else []
        return tuple(dict.fromkeys(text for pairs in said + weak for text, _ in pairs))

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, with schema and version."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "keys": [key_to_dict(key) for key in self.keys],
            "markers": [{"time_s": mark.time_s, "name": mark.name, **mark.metadata} for mark in self.markers],
            **({"end_s": self.end_s} if self.end_s is not None else {}),
            **({"tracks": [lanes.track_to_dict(track) for track in self.tracks]} if self.tracks else {}),
            **({"mattes": [_matte_to_dict(matte) for matte in self.mattes]} if self.mattes else {}),
            **self.metadata,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Timeline:
        """From `to_dict`'s values; unknown fields are kept as metadata. Raises TimelineError."""
        if data.get("schema") != SCHEMA:
            raise TimelineError(f"schema {data.get('schema')!r} is not {SCHEMA!r}")
        version = data.get("version")
        if not isinstance(version, int) or not 1 <= version <= VERSION:
            raise TimelineError(f"timeline version {version!r}; this studio reads 1 to {VERSION}; update lsd-studio")

        def entries(name: str, read: Callable[[Mapping[str, Any]], Any]) -> tuple[Any, ...]:
            rows = data.get(name) or []
            if not isinstance(rows, list | tuple):
                raise TimelineError(f"{name} is {rows!r}, not a list")
            return tuple(lanes.entry(read, name, i, row) for i, row in enumerate(rows))

        known = {"schema", "version", "keys", "markers", "end_s", "tracks", "mattes"}
        rest = {name: value for name, value in data.items() if name not in known}
        return cls(
            entries("keys", key_from_dict),
            entries("markers", _marker_from_dict),
            rest,
            entries("tracks", lanes.track_from_dict),
            entries("mattes", _matte_from_dict),
            data.get("end_s"),
        )


def key_to_dict(key: Key) -> dict[str, Any]:
    """A key as JSON values."""
    prompt = key.prompt if isinstance(key.prompt, str) else [[text, weight] for text, weight in key.prompt]
    return {"id": key.id, "time_s": key.time_s, "prompt": prompt, "fade_s": key.fade_s, **key.metadata}


def key_from_dict(row: Mapping[str, Any]) -> Key:
    """A key from JSON values; unknown fields are kept as metadata."""
    rest = {name: value for name, value in row.items() if name not in {"id", "time_s", "prompt", "fade_s"}}
    return Key(row["time_s"], row["prompt"], row.get("fade_s", 0.0), str(row.get("id", "")), rest)


def _marker_from_dict(row: Mapping[str, Any]) -> Marker:
    rest = {name: value for name, value in row.items() if name not in {"time_s", "name"}}
    return Marker(row["time_s"], str(row["name"]).strip() or "Marker", rest)


def _matte_to_dict(matte: Matte) -> dict[str, Any]:
    prompt = matte.prompt if isinstance(matte.prompt, str) else [[text, weight] for text, weight in matte.prompt]
    return {"name": matte.name, "prompt": prompt, "where": dict(matte.where), "values": lanes.rows(matte.values)}


def _matte_from_dict(row: Mapping[str, Any]) -> Matte:
    if not isinstance(row["where"], Mapping):
        raise TimelineError(f'"where" is {row["where"]!r}, not an object')
    return Matte(str(row["name"]), row["prompt"], dict(row["where"]), lanes.values_of(row["values"]))


def _anonymous(keys: Iterable[Key]) -> tuple[Key, ...]:
    """Without ids, so that a timeline numbers them in order of time."""
    return tuple(replace(key, id="") for key in keys)


def _seen(mattes: Iterable[Matte]) -> tuple[Matte, ...]:
    """Without those that never show."""
    return tuple(matte for matte in mattes if any(value.value for value in matte.values))


def _joined(one: tuple[Matte, ...], two: tuple[Matte, ...], end_s: float) -> tuple[Matte, ...]:
    """The mattes of a line up to `end_s` and those of the next; what both hold is one, that comes and goes."""
    nothing = (Value(0.0, 0.0),)
    later = list(two)
    joined = []
    for matte in one:
        again = next((other for other in later if replace(other, values=matte.values) == matte), None)
        if again is not None:
            later.remove(again)
        values = lanes.joined(matte.values, again.values if again is not None else nothing, end_s)
        joined.append(replace(matte, values=values))
    joined += (replace(matte, values=lanes.joined(nothing, matte.values, end_s)) for matte in later)
    return tuple(joined)


def _strong(prompt: Blend, strength: float) -> Blend:
    return _mix(((AS_IT_IS, 1.0),), prompt, strength)


def _mix(start: Blend, target: Blend, amount: float) -> Blend:
    if amount >= 1:
        return target
    weights = {text: weight * (1 - amount) for text, weight in start}
    for text, weight in target:
        weights[text] = weights.get(text, 0.0) + weight * amount
    return tuple((text, weight) for text, weight in weights.items() if weight > 0)


def _named(keys: list[Key]) -> Iterable[Key]:
    """Each key with an id of its own; ids that are there stay."""
    taken = {key.id for key in keys if key.id}
    fresh = (f"k{n}" for n in range(1, 2 * len(keys) + 2) if f"k{n}" not in taken)
    seen: set[str] = set()
    for key in keys:
        if not key.id or key.id in seen:
            key = replace(key, id=next(fresh))
        seen.add(key.id)
        yield key
