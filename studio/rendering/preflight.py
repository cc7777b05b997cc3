"""What is wrong with a script for a take, before any rendering: its beats, its words, its props in the picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from engine.prompts import PromptError, blend
from engine.types import LiveModel
from studio.model import load_model
from studio.performing.casting import Casting
from studio.performing.mattes import sightings
from studio.script.compile import PlacedBeat, Problem, name_of_beat, place, set_files
from studio.script.moments import conversion, counts_frames, may_name
from studio.script.script import Beat, Prop, Scene, Script
from studio.sets.stage import Stage, check_file, place_in_words
from studio.takes.documents import TakeError
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.timeline.clock import Clock
from studio.timeline.sets import Set, pairs_of

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
    """Texts that are far from all that the model was taught, and things where a world should stand."""
    looks: dict[str, str] = {}
    things: dict[str, str] = {}
    for beat in placed:
        for text, _ in blend(script.scene(beat.scene).look) if beat.scene else ():
            looks.setdefault(text, beat.where)
        for name in beat.props:
            things.setdefault(script.prop(name).becomes, beat.where)
    for text, where in {**things, **looks}.items():
        wording, cosine = model.how_near(text)
        shares = dict(model.nearest(text))
        world = max(model.vocabulary.worlds, key=lambda name: shares.get(name, 0.0))
        thing = max(model.vocabulary.things, key=lambda name: shares.get(name, 0.0), default="")
        if wording and cosine < KNOWN_COSINE:
            yield Problem("warning", where, f"the model does not know {text!r}; the nearest it knows is {wording!r}")
        elif world == "as-is" and shares.get(thing, 0.0) >= KNOWN_SHARE and text in looks:
            problem = f"{text!r} is a thing ({thing}) and not a world; the picture stays as it is: write it as a prop"
            yield Problem("warning", where, problem)
        elif not wording and shares.get(world, 0.0) < KNOWN_SHARE and shares.get(thing, 0.0) < KNOWN_SHARE:
            blended = ", ".join(f"{name} {share:.0%}" for name, share in model.nearest(text)[:3])
            yield Problem("warning", where, f"the model does not know {text!r}; it would show {blended}")


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
    """Props by region that are not in the picture while a beat wants them."""
    ends = [beat.start_s for beat in placed[1:]] + [take.duration_s]
    for name in dict.fromkeys(name for beat in placed for name in beat.props):
        region = script.prop(name).part
        if region is None:
            continue
        try:
            seen = [sighting.time_s for sighting in sightings(take, region, script.folder) if sighting.box]
        except PromptError as error:
            yield Problem("error", f"the prop {name!r}", str(error))
            continue
        for beat, end in zip(placed, ends, strict=True):
            stops = min(end, beat.end_s if beat.end_s is not None else end)
            shown = any(beat.start_s <= time_s < stops for time_s in seen)
            if name in beat.props and beat.start_s < stops and not shown:
                last = f"; it is from {seen[0]:.1f} s to {seen[-1]:.1f} s" if seen else " at all"
                text = f"the prop {name!r} is not seen from {beat.start_s:g} s to {stops:g} s{last}"
                yield Problem("warning", beat.where, f"{text}: correct its region")
