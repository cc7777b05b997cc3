"""What is asked of the picture, when: prompt keys and markers on a take's clock. Standard library only; read first.

    Timeline.at(time_s) -> Cue        pure: the same timeline and time give the same cue, and no later key changes it
    add, move, change, delete …       return a new timeline (edits.py)

    day = Timeline().at(0, "wild west").at(4.5, "underwater", fade=1).set(6, strength=0.5)
    (day[:8] + day[2:6].stretch(2)).loop(3)

Times are seconds on the take's clock, which starts with the take's first frame and counts microseconds: a time is held
to the nearest of them. A span of time includes its start and excludes its end.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from typing import Any, SupportsFloat, overload

from engine.prompts import AS_IT_IS, Prompt, blend, in_order, seconds, words
from studio.timeline.curves import TimelineError, ticks, value_at
from studio.timeline.edits import AnyKey, Edits, anonymous
from studio.timeline.keys import Cue, Key, Marker, Matte, MatteCue, Track
from studio.timeline.parameters import PARAMETERS, parameter_of
from studio.timeline.sets import SetBlend, SetKey, words_of
from studio.timeline.sets import in_order as sets_in_order


@dataclass(frozen=True)
class Timeline(Edits):
    """Prompt keys, markers, parameters, mattes and sets, each in order: at least one key, no two at the same time."""

    keys: tuple[Key, ...] = (Key(0.0, AS_IT_IS),)
    markers: tuple[Marker, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Unknown fields of a saved timeline; they pass through."""
    tracks: tuple[Track, ...] = ()
    """Parameters over time; one that has no track has its default."""
    mattes: tuple[Matte, ...] = ()
    end_s: float | None = None
    """Where it ends, which joining and looping need; None for a timeline that holds on."""
    sets: tuple[SetKey, ...] = ()
    """What stands behind the cast; before the first the camera's own background. No two at the same time."""

    def __post_init__(self) -> None:
        for name, kind in _PARTS:
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
        object.__setattr__(self, "keys", _named(in_order(self.keys)))
        object.__setattr__(self, "sets", _named(sets_in_order(self.sets), "s", {key.id for key in self.keys}))
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
        late += [(key.time_s, f"the set {words_of(key.set)}") for key in self.sets if key.time_s >= end]
        late += [(mark.time_s, f"the marker {mark.name!r}") for mark in self.markers if mark.time_s >= end]
        late += [(keyframe.time_s, "a value") for keyframe in self._keyframes() if keyframe.time_s > end]
        for time_s, what in late[:1]:
            raise TimelineError(f"{what} is at {time_s} s, and the timeline ends at {end} s; move its end with until()")

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
        Raises TimelineError for what is not a number, PromptError for a prompt that cannot be used.
        """
        if prompt is None:
            return self._cue(_moment(time_s))
        key = Key(time_s, prompt, fade)
        return replace(self, keys=anonymous((*(other for other in self.keys if other.time_s != key.time_s), key)))

    def with_set(self, time_s: float, set: SetBlend, fade: float = 0.0) -> Timeline:
        """The timeline whose set turns to `set` at that time; None is the camera's own background.

        set: see studio/timeline/sets.py. fade: in seconds. A set's key that stands at the same time gives way; ids of
        sets are given anew. Raises TimelineError.
        """
        key = SetKey(time_s, set, fade)
        return replace(self, sets=anonymous((*(other for other in self.sets if other.time_s != key.time_s), key)))

    def _cue(self, time_s: float) -> Cue:
        now = self.prompts.at(time_s)
        mattes = tuple(
            MatteCue(matte.name, blend(matte.prompt), weight, matte.region, matte.made)
            for matte in self.mattes
            if (weight := value_at(matte.weight, time_s))
        )
        values = {name: parameter.default for name, parameter in PARAMETERS.items()}
        values |= {track.name: value_at(track.keyframes, time_s) for track in self.tracks}
        sets, cast = (self.set_lane.at(time_s), self.set_lane.cast(time_s)) if self.sets else ((), None)
        return Cue(now.blend, self.keys[now.key].id, now.fading, mattes, values, sets, cast if sets else None)

    def value(self, name: str, time_s: float) -> float:
        """A parameter at a time; its default where it has no track. Raises TimelineError for an unknown one."""
        default = parameter_of(name).default
        return next((value_at(track.keyframes, time_s) for track in self.tracks if track.name == name), default)

    def extended(self, key: Key) -> Timeline:
        """With one more key behind all others, as a take grows while it is shot; what `add` gives, at less cost.

        What the earlier keys come to is not worked out again. Raises PromptError for a key that does not come after
        the last one.
        """
        if self.end_s is not None:
            return self.add(key)  # it may lie behind the end
        taken = {other.id for other in self.keys}
        fresh = (f"k{n}" for n in count(1))
        named = (
            key
            if key.id and key.id not in taken
            else replace(key, id=next(name for name in fresh if name not in taken))
        )
        longer = copy.copy(self)
        object.__setattr__(longer, "keys", (*self.keys, named))
        object.__setattr__(longer, "prompts", self.prompts.extended(named))
        return longer

    def texts(self) -> tuple[str, ...]:
        """Every text that it can ask for, once, in order of appearance: what is embedded before the first frame."""
        mattes = [text for matte in self.mattes for text, _ in blend(matte.prompt)]
        added = [text for track in self.tracks for text in PARAMETERS[track.name].texts]
        return tuple(dict.fromkeys([*self.prompts.texts, *mattes, *added]))


def _moment(time_s: Any) -> float:
    """Any kind of number as a time; what is larger than a float is infinite."""
    if isinstance(time_s, bool) or not isinstance(time_s, SupportsFloat):
        raise TimelineError(f"{time_s!r} is not a time; write seconds, such as 4.5")
    try:
        return float(time_s)
    except OverflowError:
        return math.inf if time_s > 0 else -math.inf  # type: ignore[operator]


def _named(keys: tuple[AnyKey, ...], letter: str = "k", elsewhere: Collection[str] = ()) -> tuple[AnyKey, ...]:
    """Each key with an id of its own, and of none elsewhere; ids that are there stay."""
    taken = {key.id for key in keys if key.id} | {*elsewhere}
    fresh = (f"{letter}{n}" for n in range(1, len(keys) + len(taken) + 2) if f"{letter}{n}" not in taken)
    named: dict[str, AnyKey] = {}
    for key in keys:
        free = key.id and key.id not in named and key.id not in elsewhere
        named_key = key if free else replace(key, id=next(fresh))
        named[named_key.id] = named_key
    return tuple(named.values())


_PARTS = (("keys", Key), ("markers", Marker), ("tracks", Track), ("mattes", Matte), ("sets", SetKey))
"""A timeline's lists, and what is in each."""
