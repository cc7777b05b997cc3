"""What is wrong with a script for a take, before any rendering: its beats, its words, its props in the picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from engine.prompts import PromptError, blend
from studio.model import load_model
from studio.performing.mattes import sightings
from studio.script.script import Beat, Placed, Problem, Prop, Scene, Script, counts_frames, means
from studio.takes.mjpeg import packets
from studio.takes.take import Take, TakeError
from studio.timeline.clock import Clock

if TYPE_CHECKING:
    from engine.types import LiveModel

KNOWN_COSINE, KNOWN_SHARE = 0.55, 0.5
"""From these on a text counts as known: its likeness to the nearest wording that the model was taught, and the share of
the nearest world or thing. Of the wordings that were held back from the shipped weights one in twenty lies below."""

_OURS = ("metadata", "place", "folder", "shared")
"""Fields that stand in no file."""


def check(script: Script, take: Take, stream: LiveModel | None = None) -> list[Problem]:
    """See `Script.check`."""
    clock = take.clock
    placed, problems = script.placed(clock)
    known = not problems
    try:
        next(packets(take.folder / "raw.mkv"), None)
    except TakeError as error:  # without the camera's frames nothing is rendered
        problems.append(Problem("error", take.name, str(error)))
    else:
        problems += _props(script, take, placed) if known else ()
    problems += _times(script, clock, placed)
    problems += _fields(script)
    if known:
        problems += _words(script, placed, stream or load_model(take.manifest.engine))
    return sorted(problems, key=lambda problem: problem.level != "error")


def _times(script: Script, clock: Clock, placed: list[Placed]) -> Iterator[Problem]:
    """Gaps, overlaps, what comes after the end, frames of another rate, markers that stand twice."""
    moments = [moment for beat in script.beats for moment in (beat.at, beat.until)]
    if any(map(counts_frames, moments)) and (converted := script.converts(clock)):
        yield Problem("warning", "the script", converted)
    for name, count in Counter(marker.name for marker in clock.markers).items():
        if count > 1 and any(means(moment, name) for moment in moments):
            yield Problem("warning", "the script", f"the marker {name!r} is set {count} times; the first is meant")
    if placed and placed[0].start_s > 0:
        yield Problem("warning", placed[0].where, f"a gap: nothing is said before {placed[0].start_s:g} s")
    for i, one in enumerate(placed):
        follows = placed[i + 1].start_s if i + 1 < len(placed) else None
        if clock.duration_s is not None and one.start_s >= clock.duration_s:
            text = f"it is at {one.start_s:g} s, past the end of the take at {clock.duration_s:g} s; it never shows"
            yield Problem("warning", one.where, text)
        ends = one.end_s
        if follows is not None and ends is not None and ends > follows:
            text = (
                f"an overlap: it goes until {ends:g} s, and {placed[i + 1].where} begins at {follows:g} s and ends it"
            )
            yield Problem("warning", one.where, text)
        if follows is not None and ends is not None and ends < follows:
            yield Problem("warning", one.where, f"a gap: nothing is said from {ends:g} s to {follows:g} s")
        if follows is not None and not frames_between(clock, one.start_s, follows):
            text = f"it never shows: {placed[i + 1].where} begins within the same frame"
            yield Problem("warning", one.where, text)
        limits = (follows, ends, clock.duration_s)
        over = min((time_s for time_s in limits if time_s is not None), default=None)
        if over is not None and one.start_s < over < one.start_s + one.beat.fade:
            text = f"an overlap: it fades for {one.beat.fade:g} s, and is over after {over - one.start_s:g} s"
            yield Problem("warning", one.where, text)


def frames_between(clock: Clock, start_s: float, end_s: float) -> bool:
    """Whether a frame begins at or after the one and before the other."""
    if clock.frames and end_s <= clock.frames[-1]:
        return any(start_s <= time_s < end_s for time_s in clock.frames)
    first, after = (math.ceil(time_s * clock.fps - 1e-3) for time_s in (start_s, end_s))
    return first < after


def _fields(script: Script) -> Iterator[Problem]:
    """Names in a file that are kept as metadata and look like a slip of the finger."""
    told: list[tuple[str, Script | Scene | Prop | Beat]] = [("the script", script)]
    told += [(f"the scene {scene.name!r}", scene) for scene in script.scenes]
    told += [(f"the prop {prop.name!r}", prop) for prop in script.props]
    told += [(f"beat {n}" + (f" ({beat.place})" if beat.place else ""), beat) for n, beat in enumerate(script.beats, 1)]
    for where, thing in told:
        names = [field.name for field in fields(thing) if field.name not in _OURS]
        for name in thing.metadata:
            if near := get_close_matches(str(name), names, 1):
                yield Problem("warning", where, f"{name!r} means nothing; did you mean {near[0]!r}?")


def _words(script: Script, placed: list[Placed], stream: LiveModel) -> Iterator[Problem]:
    """Texts that are far from all that the model was taught, and things where a world should stand."""
    looks: dict[str, str] = {}
    things: dict[str, str] = {}
    for one in placed:
        for text, _ in blend(script.scene(one.scene).look) if one.scene else ():
            looks.setdefault(text, one.where)
        for name in one.props:
            things.setdefault(script.prop(name).becomes, one.where)
    for text, where in {**things, **looks}.items():
        wording, cosine = stream.how_near(text)
        shares = dict(stream.nearest(text))
        world = max(stream.vocabulary.worlds, key=lambda name: shares.get(name, 0.0))
        thing = max(stream.vocabulary.things, key=lambda name: shares.get(name, 0.0), default="")
        if wording and cosine < KNOWN_COSINE:
            yield Problem("warning", where, f"the model does not know {text!r}; the nearest it knows is {wording!r}")
        elif world == "as-is" and shares.get(thing, 0.0) >= KNOWN_SHARE and text in looks:
            told = f"{text!r} is a thing ({thing}) and no world; the picture stays as it is: write it as a prop"
            yield Problem("warning", where, told)
        elif not wording and shares.get(world, 0.0) < KNOWN_SHARE and shares.get(thing, 0.0) < KNOWN_SHARE:
            blended = ", ".join(f"{name} {share:.0%}" for name, share in stream.nearest(text)[:3])
            yield Problem("warning", where, f"the model does not know {text!r}; it would show {blended}")


def _props(script: Script, take: Take, placed: list[Placed]) -> Iterator[Problem]:
    """Props by region that are not in the picture while a beat wants them."""
    ends = [one.start_s for one in placed[1:]] + [take.duration_s]
    for name in dict.fromkeys(name for one in placed for name in one.props):
        region = script.prop(name).part
        if region is None:
            continue
        try:
            seen = [sighting.time_s for sighting in sightings(take, region, script.folder) if sighting.box]
        except PromptError as error:
            yield Problem("error", f"the prop {name!r}", str(error))
            continue
        for one, end in zip(placed, ends, strict=True):
            stops = min(end, one.end_s if one.end_s is not None else end)
            if name in one.props and one.start_s < stops and not any(one.start_s <= time_s < stops for time_s in seen):
                last = f"; it is from {seen[0]:.1f} s to {seen[-1]:.1f} s" if seen else " at all"
                text = f"the prop {name!r} is not seen from {one.start_s:g} s to {stops:g} s{last}"
                yield Problem("warning", one.where, f"{text}: correct its region")
