"""What is wrong with a script for a take, before any rendering: its beats, its words, its props in the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from studio.director import load_stream
from studio.mattes import sightings
from studio.mjpeg import packets
from studio.script import Beat, Clock, Placed, Problem, Script
from studio.take import Take, TakeError
from studio.timeline import TimelineError, blend

if TYPE_CHECKING:
    from studio.director import Stream

KNOWN_COSINE, KNOWN_SHARE = 0.4, 0.5
"""From these on a text counts as known: its likeness to the nearest wording, or the share of the nearest world."""


def check(script: Script, take: Take, stream: Stream | None = None) -> list[Problem]:
    """See `Script.check`."""
    clock = Clock.of(take)
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
        problems += _words(script, placed, stream or load_stream(take.manifest.engine))
    return sorted(problems, key=lambda problem: problem.level != "error")


def _times(script: Script, clock: Clock, placed: list[Placed]) -> Iterator[Problem]:
    """Gaps, overlaps, what comes after the end, frames of another rate, markers that stand twice."""
    if converted := script.converts(clock):
        yield Problem("warning", "the script", converted)
    said = " ".join(str(moment) for beat in script.beats for moment in (beat.at, beat.until)).casefold()
    for name, count in Counter(marker.name for marker in clock.markers).items():
        if count > 1 and name.casefold() in said:
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
        over = min((time_s for time_s in (follows, ends) if time_s is not None), default=None)
        if over is not None and one.start_s < over < one.start_s + one.beat.fade:
            text = f"an overlap: it fades for {one.beat.fade:g} s, and is over after {over - one.start_s:g} s"
            yield Problem("warning", one.where, text)


def _fields(script: Script) -> Iterator[Problem]:
    """Names in a file that are kept as metadata and look like a slip of the finger."""
    names = [field.name for field in fields(Beat) if field.name not in ("metadata", "place")]
    for n, beat in enumerate(script.beats, start=1):
        for name in beat.metadata:
            if near := get_close_matches(str(name), names, 1):
                where = f"beat {n}" + (f" ({beat.place})" if beat.place else "")
                yield Problem("warning", where, f"{name!r} means nothing; did you mean {near[0]!r}?")


def _words(script: Script, placed: list[Placed], stream: Stream) -> Iterator[Problem]:
    """Texts that are far from all that the model was taught."""
    texts: dict[str, str] = {}
    for one in placed:
        looks = [text for text, _ in blend(script.scene(one.scene).look)] if one.scene else []
        for text in [*looks, *(script.prop(name).becomes for name in one.props)]:
            texts.setdefault(text, one.where)
    for text, where in texts.items():
        how_near = getattr(stream, "how_near", None)
        if how_near is not None:
            wording, cosine = how_near(text)
            if cosine < KNOWN_COSINE:
                yield Problem(
                    "warning", where, f"the model does not know {text!r}; the nearest it knows is {wording!r}"
                )
            continue
        (world, share), *others = stream.nearest(text)
        if share < KNOWN_SHARE:
            blended = ", ".join(f"{name} {part:.0%}" for name, part in [(world, share), *others[:2]])
            yield Problem("warning", where, f"the model does not know {text!r}; it would show {blended}")


def _props(script: Script, take: Take, placed: list[Placed]) -> Iterator[Problem]:
    """Props by region that are not in the picture while a beat wants them."""
    ends = [one.start_s for one in placed[1:]] + [take.duration_s]
    for name in dict.fromkeys(name for one in placed for name in one.props):
        area = script.prop(name).area
        if area is None:
            continue
        try:
            seen = [sighting.time_s for sighting in sightings(take, area, script.folder) if sighting.box]
        except TimelineError as error:
            yield Problem("error", f"the prop {name!r}", str(error))
            continue
        for one, end in zip(placed, ends, strict=True):
            stops = min(end, one.end_s if one.end_s is not None else end)
            if name in one.props and one.start_s < stops and not any(one.start_s <= time_s < stops for time_s in seen):
                last = f"; it is from {seen[0]:.1f} s to {seen[-1]:.1f} s" if seen else " at all"
                text = f"the prop {name!r} is not seen from {one.start_s:g} s to {stops:g} s{last}"
                yield Problem("warning", one.where, f"{text}: correct its region")
