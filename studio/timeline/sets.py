"""Sets in time: what stands behind the cast, from when on, and how it turns into the next. Standard library only.

    Sets((SetKey(0, {"gallery": "dunes"}), SetKey(4.5, {"colour": "#203040"}, fade_s=1))).at(5.0)

A set is plain JSON, so that a timeline is read without what draws it; studio/sets makes its plate.

    {"gallery": "dunes"}          one of the gallery
    {"file": "<sha256>.jpg"}      a picture or a clip of the production, named by its content
    {"colour": "#2040c0"}         one colour
    {"blur": 0.5}                 the camera's own picture, blurred, 0 to 1
    {"plan": {...}}               a place, composed and drawn by the set designer
    {"words": "a beach"}          the same by words; what is asked for live is kept as the plan that they give
    None                          the camera's own background
    [[set, weight], ...]          several over each other, as in the middle of a fade

A set may say `into_s`, where its own clock stands when its key begins (the in-point of a clip), and `cast`: who stays
before it. Without that the cast is people.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from engine.prompts import PromptError, length, mix, number, seconds
from studio.timeline.curves import TimelineError, ticks

KINDS = ("gallery", "file", "colour", "blur", "plan", "words")
"""What a set is of: one of these fields, see above."""

DRAWN = frozenset(("gallery", "plan", "words"))
"""Of them, those that the set designer draws."""

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff")
CLIPS = (".mp4", ".mov", ".m4v", ".webm", ".mkv")
FILE_KINDS = (*PICTURES, *CLIPS)
"""How the name of a set's file ends."""

MAX_BYTES = 64_000
"""Of one set as JSON: many times the longest plan of a place."""

MOST_LAYERS = 4
"""Layers that a fade mixes, its own target among them: each is a plate to be drawn and composed in every frame."""

EQUAL = 1e-4
"""Weights no farther apart are equal: a slice begins a fade anew, which moves them by a tick's worth."""

_CONTENT = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{2,5}")

OWN = "null"
"""The layer of the camera's own background, as JSON."""

Set: TypeAlias = Mapping[str, Any] | None
"""One set in JSON values; None is the camera's own background."""

SetBlend: TypeAlias = Set | Sequence[Sequence[Any]]
"""A set, or sets with positive weights of any sum."""


@dataclass(frozen=True)
class SetKey:
    """From `time_s` on the set behind the cast turns to `set`, at once or fading over `fade_s` seconds.

    Raises TimelineError, PromptError for its times.
    """

    time_s: float
    set: SetBlend = field(hash=False)
    """In its normal form once the key is made: plain JSON of its own, with the weights of a blend summing to one."""
    fade_s: float = 0.0
    id: str = ""
    """Names the key while it is edited; a timeline gives one to a key that has none. No prompt's key has the same."""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a set's time")))
        object.__setattr__(self, "fade_s", ticks(length(self.fade_s, "a set's fade")))
        object.__setattr__(self, "set", normal(self.set))

    @property
    def pairs(self) -> tuple[tuple[Set, float], ...]:
        """Its sets with their weights, which sum to one."""
        return pairs_of(self.set)


@dataclass(frozen=True)
class SetCue:
    """One set that stands in one frame."""

    place: str
    """Its JSON text, without `into_s` and `cast`: sets of the same text are one place; `null` is the camera's own."""
    set: Set = field(hash=False)
    """The same as JSON values."""
    weight: float
    """Above 0, up to 1; those of a frame sum to one."""
    time_s: float
    """Its own clock: seconds since it stands, or into a clip; 0 for the camera's own background."""


class Layer(NamedTuple):
    """A set that stands: its JSON text, and when its clock was at 0, in seconds on the take's clock."""

    text: str
    zero_s: float


Layers: TypeAlias = tuple[tuple[Layer, float], ...]
"""Sets that stand, each once, with their weights."""

_NOTHING: Layers = ((Layer(OWN, 0.0), 1.0),)


@dataclass(frozen=True)
class Sets:
    """Keys in order of time, ready to be asked what stands at any moment. Immutable.

    Before the first key stands the camera's own background. A key fades linearly from what stood when it began, another
    running fade included; of the layers that fades left over each other the faintest go at the next key, so that with
    its own there are MOST_LAYERS. A set that stands already when a key asks for it goes on, its clock too. The cast is
    that of the last key which has one: it changes at its key, without a fade.
    """

    keys: tuple[SetKey, ...]
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _starts: tuple[Layers, ...] = field(init=False, repr=False, compare=False)
    """For each key what stood when it began."""
    _targets: tuple[Layers, ...] = field(init=False, repr=False, compare=False)
    _casts: tuple[Any, ...] = field(init=False, repr=False, compare=False)
    _sets: Mapping[str, Set] = field(init=False, repr=False, compare=False)
    """By a layer's text."""

    def __post_init__(self) -> None:
        starts: list[Layers] = []
        targets: list[Layers] = []
        casts: list[Any] = []
        for n, key in enumerate(self.keys):
            start = _during(self.keys[n - 1], starts[-1], targets[-1], key.time_s)[0] if n else _NOTHING
            sets = [set_ for set_, _ in key.pairs if set_ is not None]
            casts.append(sets[-1].get("cast") if sets else casts[-1] if casts else None)
            targets.append(_layers(key, dict(layer for layer, _ in start)))
            starts.append(_bounded(start, targets[-1]))
        object.__setattr__(self, "_times", tuple(key.time_s for key in self.keys))
        object.__setattr__(self, "_starts", tuple(starts))
        object.__setattr__(self, "_targets", tuple(targets))
        object.__setattr__(self, "_casts", tuple(casts))
        texts = {layer.text for target in targets for layer, _ in target} | {OWN}
        object.__setattr__(self, "_sets", {text: json.loads(text) for text in texts})

    def layers(self, time_s: float) -> tuple[Layers, int, bool]:
        """What stands at a time, which key rules (counted from 0; -1 before the first), whether its fade still runs."""
        n = bisect_right(self._times, time_s) - 1 if time_s == time_s else -1  # no key before what is not a number
        if n < 0:
            return _NOTHING, -1, False
        layers, fading = _during(self.keys[n], self._starts[n], self._targets[n], time_s)
        return layers, n, fading

    def at(self, time_s: float) -> tuple[SetCue, ...]:
        """The sets that stand at a time, the last the newest; none where all is the camera's own background."""
        layers, n, _ = self.layers(time_s)
        if n < 0 or all(layer.text == OWN for layer, _ in layers):
            return ()
        return tuple(
            SetCue(layer.text, self._sets[layer.text], weight, _clock(layer, time_s)) for layer, weight in layers
        )

    def cast(self, time_s: float) -> Mapping[str, Any] | None:
        """Who stays before the sets at a time; None is people."""
        _, n, _ = self.layers(time_s)
        cast: Mapping[str, Any] | None = self._casts[n] if n >= 0 else None
        return cast

    def carried(self, layers: Layers, time_s: float, at_s: float) -> SetBlend:
        """Layers as the set of a key at `at_s` of a clock that starts at `time_s`: their clocks and the cast go on."""
        cast = self.cast(time_s)

        def set_of(layer: Layer) -> Set:
            if layer.text == OWN:
                return None
            into_s = ticks(time_s + at_s - layer.zero_s)
            carried = {"into_s": into_s, "cast": cast}
            return {**json.loads(layer.text), **{name: value for name, value in carried.items() if value}}

        return [[set_of(layer), weight] for layer, weight in layers]


def normal(blend: SetBlend) -> SetBlend:
    """The normal form of a set or of a blend of sets. Raises TimelineError, which says what is legal."""
    if blend is None or isinstance(blend, Mapping):
        return _normal_set(blend)
    if isinstance(blend, str) or not isinstance(blend, Sequence) or not blend:
        raise TimelineError(
            f'{blend!r} is not a set; write {{"gallery": "dunes"}}, or set_from_text(\'gallery:dunes\')'
        )
    pairs: list[tuple[Set, float]] = []
    for pair in blend:
        if isinstance(pair, str | Mapping) or not isinstance(pair, Sequence) or len(pair) != 2:
            raise TimelineError(f'{pair!r} is not a set with its weight; write [{{"gallery": "dunes"}}, 0.5]')
        weight = number(pair[1], "a set's weight")
        if weight <= 0:
            raise TimelineError(f"the weight of a set is {weight}; weights are above 0")
        pairs.append((_normal_set(pair[0]), weight))
    places = [place_of(set_) for set_, _ in pairs]
    if twice := [place for n, place in enumerate(places) if place in places[:n]]:
        raise TimelineError(f"{twice[0][:200]} stands twice in one blend of sets; give it one weight")
    if len(pairs) == 1:
        return pairs[0][0]
    total = sum(weight for _, weight in pairs)
    total = 1.0 if abs(total - 1) < 1e-9 else total  # normal already: dividing again would move the last bit
    return tuple((set_, weight / total) for set_, weight in pairs)


def to_json(blend: SetBlend) -> Any:
    """A key's set as JSON values."""
    return [[set_, weight] for set_, weight in blend] if isinstance(blend, tuple) else blend


def set_from_text(text: str) -> Set:
    """A set as people type it: `gallery:dunes`, `colour:#2040c0`, `blur:0.5`, `off`; other words describe a place."""
    plain = " ".join(text.split())
    try:
        plain.encode()
    except UnicodeEncodeError:
        raise TimelineError(f"the set {plain[:80]!a} holds half a character; write the whole character") from None
    kind, _, rest = plain.partition(":")
    kind, rest = kind.strip().lower(), rest.strip()
    if plain.lower() in ("off", "none"):
        return None
    if kind == "blur" and rest:
        try:
            amount = float(rest)
            if not math.isfinite(amount):
                raise ValueError
        except ValueError:
            raise TimelineError(f"blur:{rest} is not a blur; it goes from 0 to 1, such as blur:0.5") from None
        return _normal_set({"blur": amount})
    return _normal_set({kind: rest} if kind in ("gallery", "colour", "words") and rest else {"words": plain})


def words_of(blend: SetBlend) -> str:
    """A set in a few words, for people."""
    if isinstance(blend, tuple | list):
        return " + ".join(f"{words_of(set_)} {weight * 100:.0f} %" for set_, weight in blend)
    if blend is None:
        return "off"
    assert isinstance(blend, Mapping)
    kind = kind_of(blend)
    value = blend[kind]
    if kind == "blur":
        return f"blurred {value:.0%}"
    if kind == "plan":
        return str(blend.get("name") or "a drawn place")
    return str(blend.get("name") or value)


def pairs_of(blend: SetBlend) -> tuple[tuple[Set, float], ...]:
    """A set or a blend of sets as sets with their weights."""
    pairs: Any = blend
    return tuple((set_, weight) for set_, weight in pairs) if isinstance(blend, list | tuple) else ((pairs, 1.0),)


def files_of(blend: SetBlend) -> tuple[str, ...]:
    """The files that sets need, by their names: pictures, clips, and the clean plates of casts."""
    names: list[str] = []
    for set_, _ in pairs_of(blend):
        if set_ is not None:
            names += [set_.get("file", ""), (set_.get("cast") or {}).get("plate", "")]
    return tuple(dict.fromkeys(name for name in names if name))


def is_content(name: str) -> bool:
    """Whether it names a file by its content, and no place on a disk."""
    return _CONTENT.fullmatch(name) is not None


def kind_of(set_: Mapping[str, Any]) -> str:
    """Which of KINDS a set is. Raises TimelineError for none or several."""
    kinds = [kind for kind in KINDS if kind in set_]
    if len(kinds) != 1:
        names = ", ".join(map(str, set_)) or "nothing"
        raise TimelineError(f"a set of {names}; it has one of {', '.join(KINDS)}")
    return kinds[0]


def _normal_set(set_: Any) -> Set:
    """One set as plain JSON of its own. Raises TimelineError."""
    if set_ is None:
        return None
    if not isinstance(set_, Mapping):
        raise TimelineError(f"{set_!r} is not a set; write a mapping with one of {', '.join(KINDS)}, or None")
    try:
        text = json.dumps(dict(set_), allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TimelineError(
            f"a set holds what no file can ({error}); keep texts, numbers, lists and mappings"
        ) from None
    if len(text) > MAX_BYTES:
        raise TimelineError(f"a set of {len(text):,} bytes; at most {MAX_BYTES:,} are kept: make its plan smaller")
    plain: dict[str, Any] = json.loads(text)
    kind = kind_of(plain)
    value = plain[kind]
    if kind == "blur":
        plain[kind] = number(value, "a set's blur")
        if not 0 < plain[kind] <= 1:
            raise TimelineError(f"a set is blurred by {value}; it is above 0 and at most 1")
    elif kind == "plan":
        if not isinstance(value, dict):
            raise TimelineError(f"a set's plan is {value!r}; it is a mapping, as the set designer gives it")
    elif not isinstance(value, str) or not value.strip():
        raise TimelineError(f"a set's {kind} is {value!r}; write a text")
    else:
        plain[kind] = " ".join(value.split())
    try:
        plain = {**plain, **({"into_s": seconds(plain["into_s"], "a set's in-point")} if "into_s" in plain else {})}
    except PromptError as error:
        raise TimelineError(str(error)) from None
    cast = plain.get("cast") or {}
    if not isinstance(plain.get("cast"), dict | None) or not isinstance(cast.get("plate", ""), str):
        raise TimelineError(f'a cast is {plain["cast"]!r}; write a mapping, such as {{"matter": "person"}}')
    return {name: field for name, field in plain.items() if not (name in ("cast", "into_s") and not field)}


def _clock(layer: Layer, time_s: float) -> float:
    """A layer's own clock at a time; the camera's own background has none."""
    return 0.0 if layer.text == OWN else max(0.0, ticks(time_s - layer.zero_s))


def place_of(set_: Set) -> str:
    """The place alone, as JSON text, without in-point and cast: sets of the same text are one place."""
    if set_ is None:
        return OWN
    return json.dumps({name: field for name, field in set_.items() if name not in ("into_s", "cast")}, sort_keys=True)


def _layers(key: SetKey, standing: Mapping[str, float]) -> Layers:
    """What a key turns to; what stands already goes on. standing: when the clocks of those sets were at 0."""

    def layer(set_: Set) -> Layer:
        text = place_of(set_)
        begun = 0.0 if set_ is None else ticks(key.time_s - set_.get("into_s", 0.0))
        return Layer(text, standing.get(text, begun))

    return tuple((layer(set_), weight) for set_, weight in key.pairs)


def _during(key: SetKey, start: Layers, target: Layers, time_s: float) -> tuple[Layers, bool]:
    """What stands at a time within a key's rule, and whether its fade still runs."""
    amount = (time_s - key.time_s) / key.fade_s if key.fade_s else 1.0
    return mix(start, target, amount), amount < 1


def _bounded(start: Layers, target: Layers) -> Layers:
    """What a key fades from, without its faintest layers, the older of equals first, where there are too many.

    Those of the target stay, and of the others at least one; the weights that are left sum to one again.
    """
    stays = {layer for layer, _ in target}
    others = [n for n, (layer, _) in enumerate(start) if layer not in stays]
    many = len(others) - max(1, MOST_LAYERS - len(stays))
    if many <= 0:
        return start
    for _ in range(many):
        least = min(start[n][1] for n in others)
        others.remove(next(n for n in others if start[n][1] <= least + EQUAL))
    kept = [pair for n, pair in enumerate(start) if n in others or pair[0] in stays]
    total = sum(weight for _, weight in kept)
    return tuple((layer, weight / total) for layer, weight in kept)


def in_order(keys: Iterable[SetKey]) -> tuple[SetKey, ...]:
    """Keys in order of time. Raises TimelineError for two at the same time."""
    ordered = tuple(sorted(keys, key=lambda key: key.time_s))
    for before, after in pairwise(ordered):
        if before.time_s == after.time_s:
            raise TimelineError(
                f"two sets at {after.time_s} s ({words_of(before.set)} and {words_of(after.set)}); move one of them"
            )
    return ordered
