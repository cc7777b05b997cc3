"""What is asked of the picture, when: prompt keys and markers on a take's clock. Standard library only; read first.

    Timeline.at(time_s) -> Cue        pure: the same timeline and time give the same cue, and no later key changes it
    add, move, change, delete         return a new timeline

Times are seconds on the take's clock, which starts with the take's first frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeAlias

SCHEMA = "lsd-studio.timeline"
VERSION = 1

MAX_PROMPT = 1000
"""Characters in one prompt; the engine's text encoder has the same limit."""

TICK_S = 1e-6
"""The shortest time between two keys that the studio makes by itself: one tick of the take's clock."""

Prompt: TypeAlias = str | Sequence[tuple[str, float]]
"""A text, or texts with positive weights."""

Blend: TypeAlias = tuple[tuple[str, float], ...]
"""Texts with positive weights that sum to one: every prompt in its normal form."""


class TimelineError(ValueError):
    """A prompt, key, timeline or schedule that has no meaning; the text says what is legal."""


def blend(prompt: Prompt) -> Blend:
    """The normal form of a prompt: white space collapsed, weights summing to one, equal texts merged.

    Raises TimelineError for an empty prompt, one of more than 1,000 characters, or a weight that is not positive.
    """
    pairs: Iterable[Any] = [(prompt, 1.0)] if isinstance(prompt, str) else prompt
    weights: dict[str, float] = {}
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TimelineError(f"{pair!r} is not a weighted text; write a text, or pairs such as ['underwater', 0.5]")
        text, weight = " ".join(pair[0].split()), _number(pair[1], "a prompt's weight")
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
        object.__setattr__(self, "time_s", _seconds(self.time_s, "a key's time"))
        object.__setattr__(self, "fade_s", _seconds(self.fade_s, "a key's fade"))
        pairs = blend(self.prompt)
        object.__setattr__(self, "prompt", pairs[0][0] if len(pairs) == 1 else pairs)


@dataclass(frozen=True)
class Marker:
    """A named moment."""

    time_s: float
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", _seconds(self.time_s, "a marker's time"))


@dataclass(frozen=True)
class Cue:
    """What the engine is told for one frame."""

    prompt: Blend
    key: str
    """Id of the key that rules this moment."""
    fading: bool = False


@dataclass(frozen=True)
class Timeline:
    """Prompt keys and markers in order of time: at least one key, no two at the same time."""

    keys: tuple[Key, ...]
    markers: tuple[Marker, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Unknown fields of a saved timeline; they pass through."""

    def __post_init__(self) -> None:
        if not self.keys:
            raise TimelineError("a timeline needs at least one prompt key")
        keys = sorted(self.keys, key=lambda key: key.time_s)
        for before, after in pairwise(keys):
            if before.time_s == after.time_s:
                both = f"{words(before.prompt)!r} and {words(after.prompt)!r}"
                raise TimelineError(f"two keys at {after.time_s} s ({both}); move one of them")
        object.__setattr__(self, "keys", tuple(_named(keys)))
        object.__setattr__(self, "markers", tuple(sorted(self.markers, key=lambda marker: marker.time_s)))

    @classmethod
    def of(cls, prompt: Prompt) -> Timeline:
        """One prompt from the start to the end."""
        return cls((Key(0.0, prompt),))

    def at(self, time_s: float) -> Cue:
        """The cue at a time; before the first key, the first key's prompt.

        A fade moves linearly from what ruled when it began, another running fade included.
        """
        ruling, fading = self.keys[0], False
        now = blend(ruling.prompt)
        for i, key in enumerate(self.keys[1:], start=1):
            if not key.time_s <= time_s:
                break
            until = min(time_s, self.keys[i + 1].time_s) if i + 1 < len(self.keys) else time_s
            amount = (until - key.time_s) / key.fade_s if key.fade_s else 1.0
            now = _mix(now, blend(key.prompt), amount)
            ruling, fading = key, amount < 1
        return Cue(now, ruling.id, fading)

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
        changed = replace(self.key(id), **fields)
        return replace(self, keys=tuple(changed if key.id == id else key for key in self.keys))

    def move(self, id: str, time_s: float) -> Timeline:
        """With one key at another time."""
        return self.change(id, time_s=time_s)

    def delete(self, id: str) -> Timeline:
        """Without one key; the last one stays."""
        gone = self.key(id)
        return replace(self, keys=tuple(key for key in self.keys if key is not gone))

    def mark(self, time_s: float, name: str) -> Timeline:
        """With one more marker."""
        return replace(self, markers=(*self.markers, Marker(time_s, name)))

    def since(self, time_s: float) -> Timeline:
        """As seen from a clock that starts at `time_s`: the blend of that moment, the rest of its fade, later keys."""
        cue = self.at(time_s)
        keys = [Key(0.0, cue.prompt)]
        if cue.fading:
            ruling = self.key(cue.key)
            keys.append(replace(ruling, time_s=TICK_S, fade_s=ruling.time_s + ruling.fade_s - time_s))
        keys += [replace(key, time_s=key.time_s - time_s) for key in self.keys if key.time_s > time_s]
        markers = [replace(mark, time_s=mark.time_s - time_s) for mark in self.markers if mark.time_s >= time_s]
        return replace(self, keys=tuple(keys), markers=tuple(markers))

    def texts(self) -> tuple[str, ...]:
        """Every text in it, once, in order of appearance."""
        return tuple(dict.fromkeys(text for key in self.keys for text, _ in blend(key.prompt)))

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, with schema and version."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "keys": [key_to_dict(key) for key in self.keys],
            "markers": [{"time_s": mark.time_s, "name": mark.name, **mark.metadata} for mark in self.markers],
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
        keys = [_entry(key_from_dict, "keys", i, row) for i, row in enumerate(data.get("keys") or [])]
        markers = [_entry(_marker_from_dict, "markers", i, row) for i, row in enumerate(data.get("markers") or [])]
        known = {"schema", "version", "keys", "markers"}
        return cls(tuple(keys), tuple(markers), {name: value for name, value in data.items() if name not in known})


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
    return Marker(row["time_s"], str(row["name"]), rest)


def _entry(read: Any, where: str, i: int, row: Any) -> Any:
    if not isinstance(row, Mapping):
        raise TimelineError(f"{where}[{i}] is {row!r}, not an object")
    try:
        return read(row)
    except KeyError as missing:
        raise TimelineError(f"{where}[{i}] lacks {missing}") from None
    except TimelineError as error:
        raise TimelineError(f"{where}[{i}]: {error}") from None


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


def _mix(start: Blend, target: Blend, amount: float) -> Blend:
    if amount >= 1:
        return target
    weights = {text: weight * (1 - amount) for text, weight in start}
    for text, weight in target:
        weights[text] = weights.get(text, 0.0) + weight * amount
    return tuple((text, weight) for text, weight in weights.items() if weight > 0)


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TimelineError(f"{what} is {value!r}; it must be a finite number")
    return float(value)


def _seconds(value: Any, what: str) -> float:
    seconds = _number(value, what)
    if seconds < 0:
        raise TimelineError(f"{what} is {seconds} s; times start at 0")
    return seconds
