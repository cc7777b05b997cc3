"""What is wrong with a script for a take, before any rendering: its beats, its words, its props in the picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from engine.prompts import AS_IT_IS, PromptError, blend
from engine.types import LiveModel
from studio.model import load_model
from studio.performing.casting import Casting
from studio.rendering.propcheck import Wanted, check_region
from studio.script.compile import PlacedBeat, Problem, name_of_beat, place, set_files
from studio.script.moments import conversion, counts_frames, may_name, with_markers
from studio.script.script import Beat, Prop, Scene, Script, ScriptError
from studio.sets.stage import Stage, check_file, place_in_words
from studio.takes.documents import TakeError
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.timeline.clock import Clock
from studio.timeline.sets import Set, pairs_of
from studio.timeline.timeline import Timeline

KNOWN_COSINE, KNOWN_SHARE = 0.55, 0.5
"""From these on a text counts as known: its likeness to the nearest wording that the model was taught, and the share of
the nearest world or thing. Of the wordings that were held back from the shipped weights one in twenty lies below."""

_NOT_IN_FILES = ("metadata", "place", "folder", "includes")
"""Fields of scripts, scenes, props and beats that stand in no file."""


def check_script(script: Script, take: Take, model: LiveModel | None = None) -> list[Problem]:
    """What is wrong with a script for a take before any rendering, errors first; an empty list where nothing is.

    model: the one that will render it, to ask which words it knows; by default the take's is loaded.
    """
    clock = take.clock
    placed, problems = place(script, clock)
    with suppress(ScriptError):  # which stands among the problems
        clock = with_markers(script, clock)
    sound = not problems
    try:
        next(packets(take.folder / "raw.mkv"), None)
    except TakeError as error:  # without the camera's frames nothing is rendered
        problems.append(Problem("error", take.name, str(error)))
    else:
        problems += _props(script, take, placed) if sound else ()
    problems += _sets(script, take, placed) if sound else ()
    problems += _times(script, clock, placed)
    problems += _fields(script)
    if sound:
        problems += _words(script, placed, model or load_model(take.manifest.engine))
    return sorted(problems, key=lambda problem: problem.level != "error")


def _times(script: Script, clock: Clock, placed: list[PlacedBeat]) -> Iterator[Problem]:
    """Gaps, overlaps, what comes after the end, frames of another rate, markers that stand twice."""
    moments = [moment for beat in script.beats for moment in (beat.at, beat.until)]
    if any(map(counts_frames, moments)) and (converted := conversion(script, clock)):
        yield Problem("warning", "the script", converted)
    for name, count in Counter(marker.name for marker in clock.markers).items():
        if count > 1 and any(may_name(moment, name) for moment in moments):
            yield Problem("warning", "the script", f"the marker {name!r} is set {count} times; the first is meant")
    if placed and placed[0].start_s > 0:
        yield Problem("warning", placed[0].where, f"a gap: nothing is said before {placed[0].start_s:g} s")
    for i, beat in enumerate(placed):
        follows = placed[i + 1].start_s if i + 1 < len(placed) else None
        if clock.duration_s is not None and beat.start_s >= clock.duration_s:
            text = f"it is at {beat.start_s:g} s, past the end of the take at {clock.duration_s:g} s; it never shows"
            yield Problem("warning", beat.where, text)
        ends = beat.end_s
        if follows is not None and ends is not None and ends > follows:
            text = (
                f"an overlap: it goes until {ends:g} s, and {placed[i + 1].where} begins at {follows:g} s and ends it"
            )
            yield Problem("warning", beat.where, text)
        if follows is not None and ends is not None and ends < follows:
            yield Problem("warning", beat.where, f"a gap: nothing is said from {ends:g} s to {follows:g} s")
        if follows is not None and not frames_between(clock, beat.start_s, follows):
            text = f"it never shows: {placed[i + 1].where} begins within the same frame"
            yield Problem("warning", beat.where, text)
        limits = (follows, ends, clock.duration_s)
        over = min((time_s for time_s in limits if time_s is not None), default=None)
        if over is not None and beat.start_s < over < beat.start_s + beat.beat.fade:
            text = f"an overlap: it fades for {beat.beat.fade:g} s, and is over after {over - beat.start_s:g} s"
            yield Problem("warning", beat.where, text)


def frames_between(clock: Clock, start_s: float, end_s: float) -> bool:
    """Whether a frame begins at or after the one and before the other."""
    if clock.frames and end_s <= clock.frames[-1]:
        return any(start_s <= time_s < end_s for time_s in clock.frames)
    first, after = (math.ceil(time_s * clock.fps - 1e-3) for time_s in (start_s, end_s))
    return first < after


def _fields(script: Script) -> Iterator[Problem]:
    """Names in a file that are kept as metadata and look like a slip of the finger."""
    things: list[tuple[str, Script | Scene | Prop | Beat]] = [("the script", script)]
    things += [(f"the scene {scene.name!r}", scene) for scene in script.scenes]
    things += [(f"the prop {prop.name!r}", prop) for prop in script.props]
    things += [(name_of_beat(n, beat), beat) for n, beat in enumerate(script.beats, start=1)]
    for where, thing in things:
        names = [field.name for field in fields(thing) if field.name not in _NOT_IN_FILES]
        for name in thing.metadata:
            if near := get_close_matches(str(name), names, 1):
                yield Problem("warning", where, f"{name!r} means nothing; did you mean {near[0]!r}?")


def _words(script: Script, placed: list[PlacedBeat], model: LiveModel) -> Iterator[Problem]:
    """Texts of a script's scenes and props."""
    looks: dict[str, str] = {}
    things: dict[str, str] = {}
    for beat in placed:
        for text, _ in blend(script.scene(beat.scene).look) if beat.scene else ():
            looks.setdefault(text, beat.where)
        for name in beat.props:
            things.setdefault(script.prop(name).becomes, beat.where)
    yield from words_problems(looks, things, model)


def words_problems(looks: Mapping[str, str], things: Mapping[str, str], model: LiveModel) -> Iterator[Problem]:
    """Texts that are far from all that the model was taught or mean nothing to it, and things where a world should
    stand. looks, things: where each text stands, for people."""
    if model.vocabulary.any_words:
        return
    for text, where in {**things, **looks}.items():
        wording, cosine = model.how_near(text)
        shares = dict(model.nearest(text))
        world, thing = _nearest(model, shares)
        if wording and cosine < KNOWN_COSINE:
            yield Problem("warning", where, f"the model does not know {text!r}; the nearest it knows is {wording!r}")
        elif world == "as-is" and shares.get(thing, 0.0) >= KNOWN_SHARE and text in looks:
            problem = f"{text!r} is a thing ({thing}) and not a world; the picture stays as it is: write it as a prop"
            yield Problem("warning", where, problem)
        elif world == "as-is" and shares.get(thing, 0.0) < KNOWN_SHARE and _means_else(model, wording, text in things):
            problem = f"{text!r} means nothing to the model, lands on 'as it is' and changes nothing"
            yield Problem("warning", where, f"{problem}; the nearest it knows is {wording!r}")
        elif not wording and shares.get(world, 0.0) < KNOWN_SHARE and shares.get(thing, 0.0) < KNOWN_SHARE:
            blended = ", ".join(f"{name} {share:.0%}" for name, share in model.nearest(text)[:3])
            yield Problem("warning", where, f"the model does not know {text!r}; it would show {blended}")


def _nearest(model: LiveModel, shares: Mapping[str, float]) -> tuple[str, str]:
    """The world and the thing with the largest shares."""
    world = max(model.vocabulary.worlds, key=lambda name: shares.get(name, 0.0))
    return world, max(model.vocabulary.things, key=lambda name: shares.get(name, 0.0), default="")


def _means_else(model: LiveModel, wording: str, is_prop: bool) -> bool:
    """Whether a text that lands on "as it is" means something else: the wording nearest to it does, or it is a prop."""
    if not wording:
        return False
    shares = dict(model.nearest(wording))
    world, thing = _nearest(model, shares)
    return (is_prop and wording != AS_IT_IS) or world != "as-is" or shares.get(thing, 0.0) >= KNOWN_SHARE


def _sets(script: Script, take: Take, placed: list[PlacedBeat]) -> Iterator[Problem]:
    """Sets that cannot be shown, and words of a set that the designer does not know."""
    try:
        files = set_files(script)
    except PromptError as error:
        yield Problem("error", "the script", str(error))
        return
    with closing(Stage.of_take(take)) as stage:
        for beat in placed:
            for set_, _ in pairs_of(script.scene(beat.scene).behind) if beat.scene else ():
                try:
                    yield from _set(set_, Casting(stage), beat.where, script.folder, files)
                except ValueError as error:
                    yield Problem("error", beat.where, f"the set of the scene {beat.scene!r}: {error}")


def _set(set_: Set, casting: Casting, where: str, folder: Path, files: Mapping[str, Path]) -> Iterator[Problem]:
    if set_ is None:
        return
    if "file" in set_ and (folder / set_["file"]) in files.values():
        check_file(folder / set_["file"])
        set_ = {"colour": "black", "cast": set_.get("cast")}  # the cast alone is left to be looked at
    casting.prepare(set_)
    if "words" in set_:
        place = place_in_words(set_["words"])
        for word in place.unknown:
            yield Problem("warning", where, f"the set designer does not know {word!r}; it leaves it out")
        if place.look:
            look = f"the set's words name the look {place.look!r}, which a set has not"
            yield Problem("warning", where, f"{look}; write it as the scene's look")


def _props(script: Script, take: Take, placed: list[PlacedBeat]) -> Iterator[Problem]:
    """Props by region, where beats want them."""
    ends = [beat.start_s for beat in placed[1:]] + [take.duration_s]
    for name in dict.fromkeys(name for beat in placed for name in beat.props):
        if (region := script.prop(name).part) is None:
            continue
        wanted = [
            Wanted(beat.where, beat.start_s, min(end, beat.end_s if beat.end_s is not None else end))
            for beat, end in zip(placed, ends, strict=True)
            if name in beat.props
        ]
        yield from check_region(name, region, take, wanted, script.folder)


def check_timeline(timeline: Timeline, take: Take, model: LiveModel | None = None) -> list[Problem]:
    """What is wrong with a timeline for a take: what comes past its end, and words that the model does not know.

    model: as in `check_script`.
    """
    problems = list(_late(timeline, take.duration_s))
    model = model or load_model(take.manifest.engine)
    looks = {text: f"the prompt at {key.time_s:g} s" for key in reversed(timeline.keys) for text, _ in key.blend}
    things = {text: f"the prop {part.name!r}" for part in timeline.mattes for text, _ in blend(part.prompt)}
    return [*problems, *words_problems(looks, things, model)]


def _late(timeline: Timeline, duration_s: float) -> Iterator[Problem]:
    for what, keys in (("prompt", timeline.keys), ("set", timeline.sets)):
        for key in keys:
            if key.time_s >= duration_s:
                text = f"it is past the end of the take at {duration_s:g} s; it never shows"
                yield Problem("warning", f"the {what} at {key.time_s:g} s", text)


def refuse(problems: Iterable[Problem], strict: bool) -> None:
    """Raise ScriptError for the first error; strict: for all warnings as well."""
    problems = list(problems)
    wrong = problems if strict else [problem for problem in problems if problem.level == "error"][:1]
    if wrong:
        text = "; ".join(problem.at for problem in wrong)
        raise ScriptError(text if wrong[0].level == "error" else f"refused, for strict is asked for: {text}")
