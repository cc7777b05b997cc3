"""A prompt schedule: which prompt from which second on, as JSON that people write by hand.

    {"0": "underwater", "3.0": {"prompt": "wild west", "fade_s": 0.5}}

A prompt is a text, or a blend as a list of texts with weights: [["underwater", 0.7], ["golden rome", 0.3]].
`parse` says line and column of every mistake, be it the JSON's or the schedule's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed, stable since Python 2.6
from typing import Any, NamedTuple

from engine.types import Prompt

EXAMPLE = '{"0": "underwater", "3.0": {"prompt": "wild west", "fade_s": 0.5}}'
LONGEST_PROMPT = 1000
"""Characters; what the text encoder accepts."""

_WHITESPACE = " \t\n\r"
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class ScheduleKey:
    """From `time_s` on, `prompt`, reached by a fade of `fade_s` seconds (0 cuts)."""

    time_s: float
    prompt: Prompt
    fade_s: float = 0.0


class ScheduleError(ValueError):
    """A mistake in a schedule, with the `line` and `column` (both from 1) where it stands."""

    def __init__(self, problem: str, text: str, position: int) -> None:
        self.problem = problem
        self.line = text.count("\n", 0, position) + 1
        self.column = position - text.rfind("\n", 0, position)
        super().__init__(f"line {self.line}, column {self.column}: {problem}")


def parse(text: str) -> list[ScheduleKey]:
    """The keys of a schedule, in the order of their times; raises ScheduleError.

    Times and fades are in seconds, zero or more; a time may stand once; a prompt's texts are 1 to 1000
    characters, its weights positive.
    """
    text = text.removeprefix("\ufeff")
    keys: dict[float, ScheduleKey] = {}
    for name, at, value, value_at in _document(text):
        try:
            time_s = float(name)
        except ValueError:
            raise ScheduleError(f"a key is a time in seconds such as 3.5, not {name!r}", text, at) from None
        if not 0 <= time_s < math.inf:
            raise ScheduleError(f"a time is zero or more seconds, not {name}", text, at)
        if time_s in keys:
            raise ScheduleError(f"second {name} stands twice; keep one of the two", text, at)
        keys[time_s] = _key(text, time_s, value, value_at)
    if not keys:
        raise ScheduleError(f"the schedule is empty; write at least one key, as in {EXAMPLE}", text, 0)
    return [keys[time_s] for time_s in sorted(keys)]


def _key(text: str, time_s: float, value: Any, at: int) -> ScheduleKey:
    if isinstance(value, str):
        return ScheduleKey(time_s, _prompt(text, value, at))
    if not isinstance(value, dict):
        problem = f'expected a prompt in quotes or {{"prompt": ..., "fade_s": ...}}, not {json.dumps(value)}'
        raise ScheduleError(problem, text, at)
    prompt, fade_s = None, 0.0
    for name, name_at, entry, entry_at in _object(text, at):
        if name == "prompt":
            prompt = _prompt(text, entry, entry_at)
        elif name == "fade_s":
            fade_s = _seconds(text, entry, entry_at)
        else:
            raise ScheduleError(f'unknown entry {name!r}; a key has "prompt" and "fade_s"', text, name_at)
    if prompt is None:
        raise ScheduleError('this key has no "prompt"', text, at)
    return ScheduleKey(time_s, prompt, fade_s)


def _prompt(text: str, value: Any, at: int) -> Prompt:
    if isinstance(value, str):
        return _words(text, value, at)
    pairs = value if isinstance(value, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 and _positive(pair[1]) for pair in pairs):
        problem = f"a prompt is text in quotes, or a list of texts with positive weights, not {json.dumps(value)}"
        raise ScheduleError(problem, text, at)
    return tuple((_words(text, words, at), float(weight)) for words, weight in pairs)


def _words(text: str, value: Any, at: int) -> str:
    if not isinstance(value, str):
        raise ScheduleError(f"a prompt is text in quotes, not {json.dumps(value)}", text, at)
    if not value.strip():
        raise ScheduleError("the prompt is empty; write what the picture becomes, or as-is", text, at)
    if len(value) > LONGEST_PROMPT:
        raise ScheduleError(f"the prompt has {len(value)} characters; at most {LONGEST_PROMPT} fit", text, at)
    return value


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _seconds(text: str, value: Any, at: int) -> float:
    if value != 0 and not _positive(value):
        raise ScheduleError(f"fade_s is zero or more seconds, not {json.dumps(value)}", text, at)
    return float(value)


class _Member(NamedTuple):
    """One `"name": value` of an object, with the positions of both: what `json` alone does not tell."""

    name: str
    at: int
    value: Any
    value_at: int


def _document(text: str) -> Iterator[_Member]:
    """The members of the one object that the text is."""
    start = _skip(text, 0)
    if text[start : start + 1] != "{":
        raise ScheduleError(f"a schedule is a JSON object of seconds and prompts, as in {EXAMPLE}", text, start)
    try:
        _, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ScheduleError(f"not valid JSON: {error.msg}", text, error.pos) from None
    except RecursionError:
        raise ScheduleError("not a schedule: nested too deeply", text, start) from None
    rest = _skip(text, end)
    if rest < len(text):
        raise ScheduleError(f"not valid JSON: {text[rest]!r} after the end of the schedule", text, rest)
    return _object(text, start)


def _object(text: str, at: int) -> Iterator[_Member]:
    """Walk the valid JSON object that opens at `at`."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, end = scanstring(text, at + 1)
        value_at = _skip(text, _skip(text, end) + 1)  # past the colon
        value, end = _DECODER.raw_decode(text, value_at)
        yield _Member(name, at, value, value_at)
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _WHITESPACE:
        at += 1
    return at
