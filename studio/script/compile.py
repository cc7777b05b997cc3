"""A script becomes a timeline: its beats in order of time, what holds in each, and keys and mattes for that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from engine.media import timecode
from engine.prompts import AS_IT_IS, Prompt, PromptError, blend
from studio.script.moments import seconds_of, with_markers
from studio.script.script import Beat, Scene, Script, ScriptError
from studio.takes.documents import file_sha256
from studio.takes.take import Take
from studio.timeline import curves
from studio.timeline.clock import Clock
from studio.timeline.curves import TICK_S, Keyframe, Keyframes, value_at
from studio.timeline.keys import Key, Marker, Matte
from studio.timeline.sets import Set, SetBlend, SetKey, is_content, normal, pairs_of
from studio.timeline.timeline import Timeline


@dataclass(frozen=True)
class Problem:
    """What is wrong with a script for a take."""

    level: Literal["error", "warning"]
    """With an error it does not render."""
    where: str
    text: str

    @property
    def at(self) -> str:
        """Where and what, without its level."""
        return f"{self.where}: {self.text}"

    def __str__(self) -> str:
        return f"{self.level}: {self.at}"


@dataclass(frozen=True)
class PlacedBeat:
    """A beat with its times in seconds, and the scene and props that hold in it."""

    where: str
    """For people: which beat, and where it stands in its file."""
    beat: Beat
    start_s: float
    end_s: float | None
    scene: str | None
    props: tuple[str, ...]


def timeline_of(
    script: Script,
    clock: Clock | Take | None = None,
    *,
    markers: Mapping[str, float] | None = None,
    fps: float | None = None,
    end_s: float | None = None,
    files: Mapping[str, Path] | None = None,
) -> Timeline:
    """The timeline that a script means on a clock: that of a take, or of the plan of one.

    markers: moments in seconds by their names, in place of the clock's of the same names. fps: frames a second, in
    place of the clock's. end_s: where a plan ends; such a timeline can be joined and looped, and must hold all beats.
    files: of the script's sets (`set_files`), where the caller has them; else those that are needed are read, each
    once. Reads the files of drawn masks, which the timeline then carries, and those of sets, which it names by their
    content. Raises ScriptError with the first mistake, TimelineError for a mask.
    """
    clock = clock.clock if isinstance(clock, Take) else clock or Clock()
    if fps is not None and fps != clock.fps:
        clock = replace(clock, fps=timecode.rate(fps), frames=())
    if markers:
        others = [marker for marker in clock.markers if marker.name not in markers]
        clock = replace(clock, markers=(*others, *(Marker(time_s, name) for name, time_s in markers.items())))
    clock = with_markers(script, clock)
    placed, errors = place(script, clock)
    if errors:
        raise ScriptError(errors[0].at)
    keys = [] if placed[0].start_s == 0 else [Key(0.0, AS_IT_IS)]
    weights: dict[str, Keyframes] = {}
    present: set[str] = set()
    sets = [SetKey(0.0, None)]
    contents = {path: name for name, path in (files or {}).items()}
    for i, beat in enumerate(placed):
        by_words = [script.prop(name).words for name in beat.props if script.prop(name).part is None]
        look = script.scene(beat.scene).look if beat.scene else AS_IT_IS
        notes = {"scene": beat.scene, "props": list(beat.props), "note": beat.beat.note}
        metadata = {name: value for name, value in notes.items() if value}
        keys.append(Key(beat.start_s, _with_props(look, by_words), beat.beat.fade, metadata=metadata))
        behind = _behind(script, beat.scene, contents)
        if behind != sets[-1].set:
            sets.append(SetKey(beat.start_s, behind, beat.beat.fade))
        by_region = {name for name in beat.props if script.prop(name).part is not None}
        _turn(weights, beat.start_s, beat.beat.fade, by_region, present)
        present = by_region
        next_s = placed[i + 1].start_s if i + 1 < len(placed) else None
        if beat.end_s is not None and (next_s is None or beat.end_s < next_s):
            keys.append(Key(beat.end_s, AS_IT_IS))
            if sets[-1].set is not None:
                sets.append(SetKey(beat.end_s, None))
            _turn(weights, beat.end_s, 0.0, set(), present)
            present = set()
    timeline = Timeline(tuple(keys), clock.markers, mattes=tuple(_mattes(script, weights)), sets=tuple(sets[1:]))
    if end_s is None:
        return timeline
    if keys[-1].time_s >= end_s:
        raise ScriptError(f"the last beat is at {keys[-1].time_s:g} s, past the end of the plan at {end_s:g} s")
    return timeline.until(end_s)


def set_files(script: Script) -> dict[str, Path]:
    """The files of a script's sets by the names that its timelines have for them. Raises ScriptError."""
    scenes = [*script.scenes, *(thing for thing in script.shared if isinstance(thing, Scene))]
    paths = [_path(script, set_) for scene in scenes for set_, _ in pairs_of(scene.behind) if _is_path(set_)]
    return {_content(path): path for path in dict.fromkeys(paths)}


def _behind(script: Script, scene: str | None, contents: dict[Path, str]) -> SetBlend:
    """What stands behind the cast in a scene, its files by their content, which `contents` keeps: to read one takes
    seconds."""
    blend = script.scene(scene).behind if scene else None
    for path in [_path(script, set_) for set_, _ in pairs_of(blend) if _is_path(set_)]:
        contents[path] = contents.get(path) or _content(path)
    pairs = [
        ({**set_, "file": contents[_path(script, set_)]} if set_ and _is_path(set_) else set_, weight)
        for set_, weight in pairs_of(blend)
    ]
    return normal(pairs)


def _is_path(set_: Set) -> bool:
    return set_ is not None and "file" in set_ and not is_content(set_["file"])


def _path(script: Script, set_: Set) -> Path:
    assert set_ is not None, "only a set with a file is asked for its path"
    return script.folder / set_["file"]


def _content(path: Path) -> str:
    if not path.is_file():
        raise ScriptError(f"the set {path} does not exist; give the path of a picture or a clip")
    try:
        return file_sha256(path) + path.suffix.lower()
    except OSError as error:
        raise ScriptError(f"the set {path} cannot be read: {error.strerror or error}") from None


def place(script: Script, clock: Clock) -> tuple[list[PlacedBeat], list[Problem]]:
    """The beats in order of time, with the scene and the props that hold in each, and what forbids to render."""
    problems: list[Problem] = []
    try:
        clock = with_markers(script, clock)
    except ScriptError as error:
        problems.append(Problem("error", "the script", str(error)))
    timed: list[tuple[float, float | None, str, Beat]] = []
    for n, beat in enumerate(script.beats, start=1):
        where = name_of_beat(n, beat)
        problems += [Problem("error", where, text) for text in _unknown_names(script, beat)]
        try:
            start = seconds_of(beat.at, script, clock)
            end = None if beat.until is None else seconds_of(beat.until, script, clock)
        except PromptError as error:
            problems.append(Problem("error", where, str(error)))
            continue
        if end is not None and end <= start:
            problems.append(Problem("error", where, f"it is from {start:g} s until {end:g} s; it ends after it began"))
        timed.append((start, end, where, beat))
    timed.sort(key=lambda entry: entry[0])
    for (before_s, _, before, _), (after_s, _, after, _) in pairwise(timed):
        if after_s == before_s:
            problems.append(Problem("error", after, f"it stands at {after_s:g} s, as {before} does; move one of them"))
    if not script.beats:
        problems.append(Problem("error", "the script", "it has no beat; write one: Beat(0, Scene(...))"))
    return list(_in_force(timed)), problems


def name_of_beat(n: int, beat: Beat) -> str:
    """A beat for people: its number from 1 on, and where it stands in its file."""
    return f"beat {n}" + (f" ({beat.place})" if beat.place else "")


def _in_force(timed: Sequence[tuple[float, float | None, str, Beat]]) -> Iterator[PlacedBeat]:
    """Each beat with what it says, or what goes on from those before it."""
    scene: str | None = None
    props: tuple[str, ...] = ()
    ended: float | None = None
    for start, end, where, beat in timed:
        if ended is not None and ended <= start:
            scene, props = None, ()
        scene = str(beat.scene) if beat.scene else scene
        props = props if beat.props is None else tuple(dict.fromkeys(map(str, beat.props)))
        yield PlacedBeat(where, beat, start, end, scene, props)
        ended = end


def _unknown_names(script: Script, beat: Beat) -> Iterator[str]:
    """What is wrong with the names in a beat."""
    scenes = [(script.scene, beat.scene)] if beat.scene else []
    for look_up, name in [*scenes, *((script.prop, name) for name in beat.props or ())]:
        try:
            look_up(str(name))
        except ScriptError as error:
            yield str(error)


def _with_props(look: Prompt, props: Sequence[str]) -> Prompt:
    """A scene's words with those of the props in it."""
    return tuple((", ".join([text, *props]), weight) for text, weight in blend(look))


def _turn(weights: dict[str, Keyframes], at_s: float, fade_s: float, now: set[str], before: set[str]) -> None:
    """Bring props in and out of the picture at a moment."""
    for name in sorted(now ^ before):
        curve = weights.get(name, (Keyframe(0.0, 0.0),))
        weight, target = value_at(curve, at_s), float(name in now)
        earlier = curves.until(curve, at_s)
        if fade_s >= TICK_S:
            weights[name] = (*earlier, Keyframe(at_s, weight, "step"), Keyframe(at_s + fade_s, target))
        else:
            weights[name] = (*earlier, Keyframe(at_s, target, "step"))


def _mattes(script: Script, weights: dict[str, Keyframes]) -> Iterator[Matte]:
    for name, weight in weights.items():
        prop = script.prop(name)
        assert prop.part is not None, "only props with a region have a weight"
        region = prop.part.embedded(script.folder).to_dict()
        yield Matte(name, prop.becomes, region, weight, prop.made or best_way(prop.becomes))


def best_way(becomes: str) -> str:
    """How a thing is made best: drawn where a drawing does better than the model."""
    from engine.designer.props.draw import drawing_of  # what draws takes its time to load

    drawing = drawing_of(becomes)
    return "drawn" if drawing is not None and drawing.better else "painted"
