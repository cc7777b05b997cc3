"""A prompt schedule: which prompt from which second on, in the forms that people write by hand.

    {"0": "underwater", "3.0": {"prompt": "wild west", "fade_s": 0.5}}    JSON, in seconds or (Deforum) in frames
    0:(underwater), 72:(wild west)                                        keyframes, in frames
    underwater[3s] | wild west[5s]                                        durations

A time is also written `72f`, `3s`, `0:03.0` or `00:00:03:00`, in each of the forms. In JSON a prompt is a text, or a
blend as a list of texts with weights: [["underwater", 0.7], ["golden rome", 0.3]]. In the other two a backslash takes
the meaning from a bracket, a bar or a backslash. `read` says line and column of every mistake; `write` is its inverse.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in typeshed, stable since Python 2.6
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from engine.media import timecode
from engine.prompts import Key, Prompt, PromptError, blend, tidy

EXAMPLE = '{"0": "underwater", "3.0": {"prompt": "wild west", "fade_s": 0.5}}'

MOST_KEYS, MOST_CHARACTERS = 10_000, 4_000_000
"""In a schedule: a prompt every second for three hours, and more than anybody types."""
LONGEST_PROBLEM = 800
"""Characters of what is wrong: a schedule is not printed in an error."""

Form: TypeAlias = Literal["json", "keyframes", "durations"]
"""The three forms, as the module's first lines show them."""

_NEGATIVE = re.compile(r"--neg|[–—]neg\b", re.IGNORECASE)
"""What begins a negative prompt in a Deforum schedule, wherever it stands; editors make one dash of the two."""
_ESCAPED = "\\()[]{}|"
"""What a backslash takes the meaning from."""
_KEYFRAME = re.compile(r"\s*([0-9.][0-9.:;a-z]*?)\s*:\s*\(", re.IGNORECASE)
_WHITESPACE = " \t\n\r"
_NUMBER = re.compile(r"[-+*/().,\d\s]*\d[-+*/().,\d\s]*(?:(?:sin|cos|tan|exp|abs|min|max|pi|t)\b[-+*/().,\d\s]*)*")
"""A value of a parameter, or a formula of Deforum's for one, where a prompt belongs."""
_SETTINGS = {
    "W",
    "H",
    "animation_mode",
    "max_frames",
    "strength_schedule",
    "cfg_scale_schedule",
    "sampler",
    "steps",
    "fps",
}
"""What stands in the settings that Deforum saves."""
_BLOCK = re.compile(r"(?:\s*#[^\n]*\n|\s*---[^\n]*\n)*\s*([A-Za-z_][\w-]*):(?:[ \t][^|\[]*)?(?:\n|$)")
"""A line of YAML, `schema: lsd-studio.script` or `beats:`, with which no schedule begins."""
_DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Schedule:
    """Keys in order of time, and where the last one ends, in seconds, where it does."""

    keys: tuple[Key, ...]
    end_s: float | None = None


class ScheduleError(PromptError):
    """A mistake in a schedule, with the `line` and `column` (both from 1) where it stands."""

    def __init__(self, problem: str, text: str, position: int) -> None:
        if len(problem) > LONGEST_PROBLEM:
            problem = f"{problem[: LONGEST_PROBLEM // 2]} … {problem[-LONGEST_PROBLEM // 2 :]}"
        self.problem = problem
        self.line = text.count("\n", 0, position) + 1
        self.column = position - text.rfind("\n", 0, position)
        super().__init__(f"line {self.line}, column {self.column}: {problem}")


class Lost(PromptError):
    """Raised for what a form has no place for."""


def read(text: str, fps: float = 24.0, *, frames: bool = False) -> Schedule:
    """A schedule in any of the forms; raises ScheduleError.

    Times and fades are zero or more; a time may stand once; a prompt's texts are 1 to 1000 characters, its weights
    positive. fps: the rate in which frames are counted, above 0, up to 1000. frames: a bare number in JSON counts
    frames, as Deforum has it, and not seconds.
    """
    schedule = _read(text, fps, frames)
    if _moves_a_parameter(schedule):
        first = schedule.keys[0].blend[0][0]
        problem = (
            f"numbers in place of prompts, such as {first!r}: this schedule moves a parameter, as Deforum's strength "
            "does; a timeline has parameters of its own: timeline.set(0, strength=0.65)"
        )
        raise ScheduleError(problem, text, 0)
    return schedule


def _moves_a_parameter(schedule: Schedule) -> bool:
    """Whether numbers or formulas stand where prompts belong, one at least with a decimal point: "1984" is a prompt."""
    texts = [prompt for key in schedule.keys for prompt, _ in key.blend]
    return all(map(_NUMBER.fullmatch, texts)) and any(re.search(r"\.\d", text) for text in texts)


def _read(text: str, fps: float, frames: bool) -> Schedule:
    """See `read`."""
    timecode.rate(fps)
    if len(text) > MOST_CHARACTERS:
        raise ScheduleError(f"a schedule of {len(text):,} characters; at most {MOST_CHARACTERS:,} are read", text, 0)
    text = text.removeprefix("\ufeff")
    if _KEYFRAME.match(text):
        return _keyframes(text, fps)
    start_at = _skip(text, 0)
    start = text[start_at : start_at + 1]
    if block := _BLOCK.match(text):
        problem = f"a block of {block[1]!r}, not a schedule; what has beats and scenes is a script, and read as one"
        raise ScheduleError(problem, text, block.start(1))
    if start not in ("", "{", "[") and any(char == "[" for _, char, plain in _characters(text, 0) if plain):
        return _durations(text, fps)
    keys: dict[float, Key] = {}
    members = list(_document(text))
    names = {name for name, *_ in members}
    if "prompts" in names or len(names & _SETTINGS) > 1:
        problem = (
            'the settings of a whole animation, as Deforum saves them; put the value of its "prompts" into a file of '
            "its own, and say at which rate its frames are counted"
        )
        raise ScheduleError(problem, text, start_at)
    for name, at, value, value_at in members:
        time_s = _time(text, name, at, fps, frames, keys)
        keys[_tick(time_s)] = _key(text, time_s, value, value_at)
    if not keys:
        raise ScheduleError(f"the schedule is empty; write at least one key, as in {EXAMPLE}", text, 0)
    return Schedule(tuple(keys[time_s] for time_s in sorted(keys)))


def write(schedule: Schedule, form: Form = "json", times: timecode.Style | None = None, fps: float = 24.0) -> str:
    """A schedule as text. times: `frames` in keyframes and `seconds` elsewhere by default.

    In frames and timecode a time goes to the nearest frame. Raises Lost where the form has no place for a fade or a
    blend (outside JSON) or an end (outside durations), ValueError for two keys in one frame and a negative prompt.
    """
    if form not in get_args(Form):
        raise ValueError(f"form {form!r}; it is one of {', '.join(get_args(Form))}")
    for prompt, _ in (pair for key in schedule.keys for pair in key.blend):
        if negative := _NEGATIVE.search(prompt):
            raise ValueError(f"the prompt {prompt!r} would be read as a negative one; take {negative[0]} out")
    if schedule.keys and _moves_a_parameter(schedule):
        raise ValueError("prompts that are numbers alone would be read as those of a parameter; write them in words")
    times = times or ("frames" if form == "keyframes" else "seconds")
    if schedule.end_s is not None and form != "durations":
        raise Lost(f"{form} have no end, and this schedule ends at {schedule.end_s} s; durations have one")
    if form == "json":
        names = [timecode.from_seconds(key.time_s, times, fps) for key in schedule.keys]
        _refuse_twice(names)
        return json.dumps(dict(zip(names, map(_value, schedule.keys), strict=True)), indent=2, ensure_ascii=False)
    texts = [_only_text(key, form) for key in schedule.keys]
    if form == "keyframes":
        names = [timecode.from_seconds(key.time_s, times, fps) for key in schedule.keys]
        if times == "seconds":
            names = [f"{name}s" for name in names]  # a bare number would be a frame
        _refuse_twice(names)
        return ",\n".join(f"{name}:({_escape(prompt)})" for name, prompt in zip(names, texts, strict=True))
    if times == "frames":
        times = "f"  # a bare number would be a second
    starts = [0.0, *(key.time_s for key in schedule.keys[1:])]
    ends = [*starts[1:], schedule.end_s]
    parts = []
    for prompt, start, end in zip(texts, starts, ends, strict=True):
        if end is not None and times in ("f", "timecode"):
            start, end = round(start * fps) / fps, round(end * fps) / fps
        length = "" if end is None else f"[{timecode.from_seconds(round(end - start, 6), times, fps)}]"
        parts.append(_escape(prompt, always=True) + length)
    if schedule.end_s is None and len(parts) == 1:
        raise ValueError("one prompt without an end has no duration; write it as JSON")
    return " | ".join(parts)


def _refuse_twice(names: list[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"two keys would stand at {name}; write seconds, or take one of them out")


def _value(key: Key) -> Any:
    prompt = key.prompt if isinstance(key.prompt, str) else [[text, weight] for text, weight in key.prompt]
    return {"prompt": prompt, "fade_s": key.fade_s} if key.fade_s or not isinstance(prompt, str) else prompt


def _only_text(key: Key, form: str) -> str:
    if key.fade_s or not isinstance(key.prompt, str):
        what = "fades" if key.fade_s else "is a blend"
        raise Lost(f"the key at {key.time_s} s {what}, and {form} have only texts and cuts; write JSON")
    return key.prompt


def _escape(text: str, *, always: bool = False) -> str:
    """always: each bracket; else only the parentheses that do not close each other."""
    depth, lowest = 0, 0
    for char in text:
        depth += (char == "(") - (char == ")")
        lowest = min(lowest, depth)
    chars = _ESCAPED if always else "\\" if depth == lowest == 0 else "\\()"
    return "".join(f"\\{char}" if char in chars else char for char in text)


def _characters(text: str, at: int) -> Iterator[tuple[int, str, bool]]:
    """Position, character, and whether it stands without a backslash, from `at` on."""
    while at < len(text):
        escaped = text[at] == "\\" and text[at + 1 : at + 2] in tuple(_ESCAPED)
        yield at, text[at + escaped], not escaped
        at += 1 + escaped


def _tick(time_s: float) -> float:
    """The nearest microsecond: two times within one are the same on a take's clock."""
    return round(time_s, 6)


def _time(text: str, name: str, at: int, fps: float, frames: bool, keys: dict[float, Key]) -> float:
    """The time of a new key."""
    if len(keys) >= MOST_KEYS:
        raise ScheduleError(f"a schedule has at most {MOST_KEYS:,} prompts", text, at)
    try:
        time_s = timecode.to_seconds(name, fps, frames=frames)
    except ValueError as error:
        raise ScheduleError(str(error), text, at) from None
    if _tick(time_s) in keys:
        raise ScheduleError(f"the time {name} stands twice; keep one of the two", text, at)
    return time_s


def _keyframes(text: str, fps: float) -> Schedule:
    """`0:(text), 50:(text)`."""
    keys: dict[float, Key] = {}
    at = 0
    while _skip(text, at) < len(text):
        at = _skip(text, at)
        head = _KEYFRAME.match(text, at)
        if head is None:
            raise ScheduleError("expected a key such as 50:(wild west)", text, at)
        depth, prompt, end = 1, "", head.end()
        for end, char, plain in _characters(text, head.end()):  # noqa: B007 - where it ends is what is wanted
            depth += plain * ((char == "(") - (char == ")"))
            if not depth:
                break
            prompt += char
        else:
            raise ScheduleError(
                "this parenthesis is never closed; write \\( for one that is text", text, head.end() - 1
            )
        time_s = _time(text, head[1], head.start(1), fps, True, keys)
        keys[_tick(time_s)] = Key(time_s, _words(text, prompt, head.end()))
        at = _skip(text, end + 1)
        if at < len(text) and text[at] != ",":
            raise ScheduleError(f"expected a comma and the next key, not {text[at]!r}", text, at)
        at += 1
    return Schedule(tuple(keys[time_s] for time_s in sorted(keys)))


def _durations(text: str, fps: float) -> Schedule:
    """`text[10s] | text[5s]`; the last may go without, and has no end then."""
    marks = [(at, char) for at, char, plain in _characters(text, 0) if plain and char in "|[]"]
    bars, brackets = ([at for at, char in marks if char == mark] for mark in "|[")
    closings = {at for at, char in marks if char == "]"}
    if len(bars) >= MOST_KEYS:
        raise ScheduleError(f"a schedule has at most {MOST_KEYS:,} prompts", text, bars[MOST_KEYS - 1])
    keys: list[Key] = []
    time_s = 0.0
    for start, end in zip([0, *(bar + 1 for bar in bars)], [*bars, len(text)], strict=True):
        last = bisect_left(brackets, end) - 1
        closing = start + len(text[start:end].rstrip()) - 1
        open_ended = last < 0 or brackets[last] < start or closing not in closings
        opening = end if open_ended else brackets[last]
        body = text[start:opening]
        prompt = "".join(char for _, char, _ in _characters(body.strip(), 0))
        at = start + len(body) - len(body.lstrip())
        keys.append(Key(time_s, _words(text, prompt, at)))
        if open_ended:
            if end < len(text):
                raise ScheduleError("this prompt has no duration; write it as text[5s]", text, at)
            return Schedule(tuple(keys))
        try:
            length = timecode.to_seconds(text[opening + 1 : closing], fps)
        except ValueError as error:
            raise ScheduleError(str(error), text, opening + 1) from None
        if not _tick(length):
            raise ScheduleError("a duration is above 0", text, opening + 1)
        time_s = _tick(time_s + length)
    return Schedule(tuple(keys), time_s)


def _key(text: str, time_s: float, value: Any, at: int) -> Key:
    if isinstance(value, str):
        return Key(time_s, _prompt(text, value, at))
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
    return Key(time_s, prompt, fade_s)


def _prompt(text: str, value: Any, at: int) -> Prompt:
    if isinstance(value, str):
        return _words(text, value, at)
    pairs = value if isinstance(value, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 and _positive(pair[1]) for pair in pairs):
        problem = f"a prompt is text in quotes, or a list of texts with positive weights, not {json.dumps(value)}"
        raise ScheduleError(problem, text, at)
    return blend([(_words(text, words, at), weight) for words, weight in pairs])


def _words(text: str, value: Any, at: int) -> str:
    if not isinstance(value, str):
        raise ScheduleError(f"a prompt is text in quotes, not {json.dumps(value)}", text, at)
    try:
        prompt = tidy(value)
    except PromptError as error:
        raise ScheduleError(str(error), text, at) from None
    if negative := _NEGATIVE.search(prompt):
        problem = f"the engine knows no negative prompts; take out what begins with {negative[0]}"
        raise ScheduleError(problem, text, at)
    return prompt


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


def _seconds(text: str, value: Any, at: int) -> float:
    if value != 0 and not _positive(value):
        raise ScheduleError(f"fade_s is zero or more seconds, not {json.dumps(value)}", text, at)
    return float(value)


class _Member(NamedTuple):
    """One `"name": value` of an object, with the positions of both, which `json` alone does not give.

    PyYAML gives positions, too, but refuses JSON that is legal: a tab between two values, a name of over 1,024
    characters.
    """

    name: str
    at: int
    value: Any
    value_at: int


def _document(text: str) -> Iterator[_Member]:
    """The members of the one object that the text is."""
    start = _skip(text, 0)
    if text[start : start + 1] != "{":
        forms = f"a JSON object of seconds and prompts, as in {EXAMPLE}, 0:(text), 50:(text) or text[10s] | text[5s]"
        raise ScheduleError(f"a schedule is {forms}", text, start)
    try:
        _, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ScheduleError(f"not valid JSON: {error.msg}", text, error.pos) from None
    except RecursionError:
        raise ScheduleError("not a schedule: nested too deeply", text, start) from None
    except ValueError as error:  # an integer of thousands of digits
        raise ScheduleError(f"not a schedule: {str(error).partition(';')[0]}", text, start) from None
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
