"""Prompts in time: texts, blends of texts, and keys from which on they hold. Standard library only.

    prompts = Prompts([Key(0, "wild west"), Key(4.5, "underwater", fade_s=1)])
    prompts.at(5.0).blend        # (("wild west", 0.5), ("underwater", 0.5))

The engine's render, the schedules that people type and the studio's timelines all build on this module. A prompt is
brought into its normal form once, when its key is made.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Real
from typing import Any, NamedTuple, TypeAlias, TypeVar

MAX_BLENDED = 10_000_000
"""Texts in all blends from which the fades of a sequence of prompts begin: ten hours in which each second's prompt
fades for five. Each takes 80 bytes."""
MOST_BETWEEN = 256
"""Texts in the blend from which a fade begins: where each fades before the last one has ended, the faintest go. Of a
prompt a second, fading for five, they hold less than a number of 64 bits can add to one."""
MAX_CHARACTERS = 1000
"""In one text of a prompt: longer than any description of a picture, shorter than an accident of pasting."""

AS_IT_IS = "as it is"
"""The prompt that leaves the picture unchanged."""

Prompt: TypeAlias = str | Sequence[tuple[str, float]]
"""A text, or texts with positive weights of any sum."""

Blend: TypeAlias = tuple[tuple[str, float], ...]
"""Different texts with positive weights that sum to one: the normal form of a prompt."""

_EMPTY = "the prompt is empty; write what the picture should become, such as 'underwater', or 'as it is' for no change"


class PromptError(ValueError):
    """A prompt, or a sequence of prompts in time, that cannot be used; the text says what is legal and the remedy."""


def tidy(text: str) -> str:
    """A text with its white space collapsed. Raises PromptError for an empty one, more than 1,000 characters, half
    a character (a lone surrogate), or bytes that are not UTF-8."""
    if not isinstance(text, str):
        raise PromptError(f"a prompt is text, not {type(text).__name__}")
    tidied = " ".join(text.split())
    if not tidied:
        raise PromptError(_EMPTY)
    if len(tidied) > MAX_CHARACTERS:
        raise PromptError(f"the prompt has {len(tidied):,} characters; at most {MAX_CHARACTERS:,} are read: shorten it")
    for char in tidied:
        if "\udc80" <= char <= "\udcff":  # what a command line or a file's name makes of a byte
            raise PromptError(
                f"the prompt {tidied!a} is not UTF-8: it holds the byte {ord(char) & 0xFF:02x}; write it as UTF-8 text"
            )
        if "\ud800" <= char <= "\udfff":  # which no tokenizer reads and no file holds
            raise PromptError(f"the prompt {tidied!a} holds half a character; write the whole character")
    return tidied


def blend(prompt: Prompt) -> Blend:
    """The normal form of a prompt: texts tidied, equal texts merged, weights summing to one.

    Raises PromptError for what is neither a text nor pairs, a text that `tidy` refuses, or a weight that is not a
    positive number.
    """
    if not isinstance(prompt, Sequence):
        raise PromptError(f"{prompt!r} is not a prompt; write a text, or pairs such as ['underwater', 0.5]")
    pairs: Iterable[Any] = [(prompt, 1.0)] if isinstance(prompt, str) else prompt
    weights: dict[str, float] = {}
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2 or not isinstance(pair[0], str):
            raise PromptError(f"{pair!r} is not a weighted text; write a text, or pairs such as ['underwater', 0.5]")
        text, weight = tidy(pair[0]), number(pair[1], "a prompt's weight")
        if weight <= 0:
            raise PromptError(f"the weight of {text!r} is {weight}; weights are above 0")
        weights[text] = weights.get(text, 0.0) + weight
    if not weights:
        raise PromptError(_EMPTY)
    total = sum(weights.values())
    if abs(total - 1) < 1e-9:  # normal already: dividing again would move the last bit, and replay must be exact
        total = 1.0
    return tuple((text, share) for text, weight in weights.items() if (share := weight / total))


def words(prompt: Prompt) -> str:
    """A prompt as one line for people: `underwater`, or `underwater 60 % + wild west 40 %`."""
    pairs = blend(prompt)
    if len(pairs) == 1:
        return pairs[0][0]
    return " + ".join(f"{text} {weight * 100:.0f} %" for text, weight in pairs)


def short(pairs: Blend) -> str | Blend:
    """A blend as a key keeps it and files write it: a single text without its weight."""
    return pairs[0][0] if len(pairs) == 1 else pairs


Thing = TypeVar("Thing", bound=Hashable)


def mix(
    start: tuple[tuple[Thing, float], ...], target: tuple[tuple[Thing, float], ...], amount: float
) -> tuple[tuple[Thing, float], ...]:
    """The blend that lies `amount` (0 to 1) of the way from `start` to `target`; from 1 on the target itself.

    Of texts as a prompt has them, or of whatever else stands once in each with its weight.
    """
    if amount >= 1:
        return target
    weights = {thing: weight * (1 - amount) for thing, weight in start}
    for thing, weight in target:
        weights[thing] = weights.get(thing, 0.0) + weight * amount
    return tuple((thing, weight) for thing, weight in weights.items() if weight > 0)


def number(value: Any, what: str) -> float:
    """A finite number as a float, or PromptError, which calls it `what`."""
    try:
        plain = float(value) if not isinstance(value, bool) and isinstance(value, Real) else math.nan
    except OverflowError:  # an integer of hundreds of digits
        plain = math.inf
    if not abs(plain) <= 1e300:
        raise PromptError(f"{what} is {value!r}; it must be a finite number, such as 4.5")
    return plain


def seconds(value: Any, what: str) -> float:
    """A time from 0 s on, or PromptError, which calls it `what`."""
    time_s = number(value, what)
    if time_s < 0:
        raise PromptError(f"{what} is {time_s} s; times start at 0")
    return time_s


def length(value: Any, what: str) -> float:
    """A duration of 0 s or more, or PromptError, which calls it `what`."""
    length_s = number(value, what)
    if length_s < 0:
        raise PromptError(f"{what} is {length_s} s; it is 0 (a cut) or more")
    return length_s


@dataclass(frozen=True)
class Key:
    """From `time_s` on the picture turns to `prompt`, at once or fading over `fade_s` seconds. Raises PromptError."""

    time_s: float
    prompt: Prompt
    """In its normal form once the key is made: a text, or a blend of several."""
    fade_s: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", seconds(self.time_s, "a key's time"))
        object.__setattr__(self, "fade_s", length(self.fade_s, "a key's fade"))
        object.__setattr__(self, "prompt", short(blend(self.prompt)))

    @property
    def blend(self) -> Blend:
        """Its prompt as a blend."""
        return ((self.prompt, 1.0),) if isinstance(self.prompt, str) else self.prompt  # type: ignore[return-value]


AnyKey = TypeVar("AnyKey", bound=Key)


class PromptState(NamedTuple):
    """What holds at one moment."""

    blend: Blend
    key: int
    """Which key rules, counted from 0 in order of time."""
    fading: bool
    """Whether that key's fade still runs."""


def in_order(keys: Iterable[AnyKey]) -> tuple[AnyKey, ...]:
    """Keys in order of time. Raises PromptError for none, and for two at the same time."""
    ordered = tuple(sorted(keys, key=lambda key: key.time_s))
    if not ordered:
        raise PromptError("no keys; give at least one prompt, such as Key(0, 'underwater')")
    for before, after in pairwise(ordered):
        if before.time_s == after.time_s:
            both = f"{words(before.prompt)!r} and {words(after.prompt)!r}"
            raise PromptError(f"two keys at {after.time_s} s ({both}); move one of them")
    return ordered


@dataclass(frozen=True)
class Prompts:
    """Keys in order of time, ready to be asked what holds at any moment. Immutable.

    Before the first key its prompt holds already, and its own fade is not seen. A later key fades linearly from what
    held when it began, another running fade included. That is worked out here once for each key, so that `at` costs the
    same for the thousandth prompt of a take as for the second: a binary search and one mix.
    """

    keys: tuple[Key, ...]
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _starts: tuple[Blend, ...] = field(init=False, repr=False, compare=False)
    """For each key what held when it began; for the first its own prompt."""
    _texts: int = field(init=False, repr=False, compare=False)
    """In all of them but the first."""

    def __post_init__(self) -> None:
        keys = in_order(self.keys)
        starts = [keys[0].blend]
        texts = 0
        for i, after in enumerate(keys[1:]):
            starts.append(_heaviest(_during(keys[i], starts[-1], after.time_s, first=i == 0)[0]))
            texts = _counted(texts + len(starts[-1]), after.time_s)
        self._set(keys, tuple(key.time_s for key in keys), tuple(starts), texts)

    def _set(self, keys: tuple[Key, ...], times: tuple[float, ...], starts: tuple[Blend, ...], texts: int) -> None:
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "_times", times)
        object.__setattr__(self, "_starts", starts)
        object.__setattr__(self, "_texts", texts)

    def at(self, time_s: float) -> PromptState:
        """What holds at a time, in seconds; any float is one."""
        n = 0 if math.isnan(time_s) else max(bisect_right(self._times, time_s) - 1, 0)
        now, fading = _during(self.keys[n], self._starts[n], time_s, first=n == 0)
        return PromptState(now, n, fading)

    def extended(self, key: Key) -> Prompts:
        """With one more key behind all others, as a live take adds them: one mix, and a copy of the references.

        Raises PromptError for a key that does not come after the last one, and where too many texts are blended.
        """
        last_s = self._times[-1]
        if key.time_s <= last_s:
            raise PromptError(f"a key at {key.time_s} s does not come after the last one, which is at {last_s} s")
        longer = object.__new__(Prompts)
        start = _heaviest(self.at(key.time_s).blend)
        texts = _counted(self._texts + len(start), key.time_s)
        longer._set((*self.keys, key), (*self._times, key.time_s), (*self._starts, start), texts)
        return longer

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text in it once, in order of appearance: what is to be embedded before the first frame."""
        return tuple(dict.fromkeys(text for key in self.keys for text, _ in key.blend))


def _during(key: Key, start: Blend, time_s: float, *, first: bool) -> tuple[Blend, bool]:
    """What holds at a time within a key's rule, and whether its fade still runs."""
    amount = (time_s - key.time_s) / key.fade_s if key.fade_s and not first else 1.0
    return mix(start, key.blend, amount), amount < 1


def _heaviest(start: Blend) -> Blend:
    """What a key fades from, without its faintest texts, the older of equals first, where there are too many."""
    if len(start) <= MOST_BETWEEN:
        return start
    faintest = {*sorted(range(len(start)), key=lambda n: start[n][1])[: len(start) - MOST_BETWEEN]}
    return tuple(pair for n, pair in enumerate(start) if n not in faintest)


def _counted(texts: int, time_s: float) -> int:
    """The number itself. Raises PromptError where it is beyond what is kept."""
    if texts > MAX_BLENDED:
        raise PromptError(f"up to {time_s} s fades overlap so long that {texts:,} texts are blended; shorten the fades")
    return texts
