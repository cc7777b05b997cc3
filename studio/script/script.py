"""What a script supervisor would say: scenes, props and beats; pure data until it becomes a `Timeline`.

    desert, sea = Scene("desert", "wild west at dusk"), Scene("sea", "underwater")
    stick = Prop("stick", becomes="a lightsaber", region="green")
    script = Script([Beat(0, desert), Beat("0:04.5", sea, props=[stick], fade=1), Beat("when the ball drops", desert)])
    print(*script.check(take), sep="\\n")
    version = take.render(script)

A beat stands at seconds (4.5), a frame ("108f"), a time ("0:04.5", "00:00:04:12"), a marker of the take, with an offset
if wanted ("the ball drops + 0.5"), or a musical beat ("beat 9", "bar 3 beat 2") of the script's tempo. What it does not
say goes on: without a scene the one before holds, without props those before; `props=[]` takes them away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import pairwise
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from engine.media import timecode
from engine.prompts import AS_IT_IS, Blend, Prompt, PromptError, blend, length, number
from studio.script.region import Box, Region
from studio.timeline import curves as lanes
from studio.timeline.clock import Clock
from studio.timeline.curves import TICK_S, Keyframe, Keyframes, TimelineError, ticks, value_at
from studio.timeline.keys import Key, Marker, Matte
from studio.timeline.timeline import Timeline

if TYPE_CHECKING:
    from engine.types import LiveModel
    from studio.takes.take import Take

Moment: TypeAlias = float | str
"""Where a beat stands, as the module's first lines describe it."""

_BEAT = re.compile(r"beat (\d+(?:\.\d+)?)", re.IGNORECASE)
_BAR = re.compile(r"bar (\d{1,9})(?: beat (\d+(?:\.\d+)?))?", re.IGNORECASE)
_FRAME = re.compile(r"(?:frame )?(\d{1,12})f?", re.IGNORECASE)
_OFFSET = re.compile(r"(.+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*s?")


class ScriptError(TimelineError):
    """A script that has no meaning; the text says where, what is legal and the remedy."""


@dataclass(frozen=True)
class Scene:
    """A world with a name."""

    name: str
    look: Prompt
    note: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _called(self.name, "scene"))
        pairs = blend(self.look)
        object.__setattr__(self, "look", pairs[0][0] if len(pairs) == 1 else pairs)


@dataclass(frozen=True)
class Prop:
    """A thing that becomes another. Without a region its words join the scene's, and the model finds it or does not."""

    name: str
    becomes: str
    region: Region | str | Path | tuple[int, int, int] | Box | Mapping[str, Any] | None = field(
        default=None, hash=False
    )
    """Where it is: a Region, a colour ("green", (40, 200, 60)), a mask's PNG, a box, or a region's fields by name."""
    note: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _called(self.name, "prop"))
        if not isinstance(self.becomes, str):
            raise ScriptError(
                f"the prop {self.name!r} becomes {self.becomes!r}; write one text, such as 'a lightsaber'"
            )
        object.__setattr__(self, "becomes", blend(self.becomes)[0][0])
        if self.region is not None and not isinstance(self.region, Region):
            object.__setattr__(self, "region", Region.from_dict(self.region))

    @property
    def part(self) -> Region | None:
        """The region, as one."""
        assert self.region is None or isinstance(self.region, Region)
        return self.region

    @property
    def words(self) -> str:
        """What joins the scene's words: `the stick becomes a lightsaber`."""
        article = "" if self.name.lower().startswith(("the ", "a ", "an ", "my ")) else "the "
        return f"{article}{self.name} becomes {self.becomes}"


@dataclass(frozen=True)
class Beat:
    """From a moment on: a scene, and the props that are something else in it."""

    at: Moment
    scene: Scene | str | None = None
    props: Sequence[Prop | str] | None = None
    fade: float = 0.0
    """Seconds."""
    until: Moment | None = None
    """Where the picture goes back to what it is; by default the next beat ends this one."""
    note: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    place: str = field(default="", compare=False)
    """File and line, for errors."""

    def __post_init__(self) -> None:
        for name in ("at", "until"):
            moment = getattr(self, name)
            if (isinstance(moment, str) and moment.strip()) or (name == "until" and moment is None):
                continue
            if isinstance(moment, str | bool) or not isinstance(moment, Real):
                raise ScriptError(
                    f"a beat at {moment!r}; write seconds such as 4.5, '108f', '0:04.5' or a marker's name"
                )
            time_s = number(moment, "a beat's time")
            if time_s < 0:
                raise ScriptError(f"a beat at {moment} s; times start at 0")
            object.__setattr__(self, name, int(time_s) if isinstance(moment, Integral) else time_s)
        object.__setattr__(self, "fade", length(self.fade, "a beat's fade"))
        if isinstance(self.props, str | Prop):
            raise ScriptError("a beat's props are a list; write props=[...]")
        if self.props is not None:
            object.__setattr__(self, "props", tuple(self.props))


@dataclass(frozen=True)
class Tempo:
    """Music: beat 1 is at `first_s`."""

    bpm: float
    first_s: float = 0.0
    beats_per_bar: int = 4

    def __post_init__(self) -> None:
        if not 1 <= number(self.bpm, "the tempo") <= 1000:
            raise ScriptError(f"a tempo of {self.bpm} beats a minute; it is 1 to 1000")
        if number(self.first_s, "the first beat") < 0:
            raise ScriptError(f"the first beat is at {self.first_s} s; times start at 0")
        if isinstance(self.beats_per_bar, bool) or not isinstance(self.beats_per_bar, int) or self.beats_per_bar < 1:
            raise ScriptError(f"{self.beats_per_bar!r} beats in a bar; it is a whole number from 1 on")

    def seconds(self, beat: float, bar: int = 1) -> float:
        """When a beat of a bar is, both counted from 1."""
        if beat < 1 or bar < 1:
            raise ScriptError("beats and bars are counted from 1")
        return self.first_s + ((bar - 1) * self.beats_per_bar + beat - 1) * 60 / self.bpm


@dataclass(frozen=True)
class Problem:
    """What is wrong with a script for a take."""

    level: Literal["error", "warning"]
    """With an error it does not render."""
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


@dataclass(frozen=True)
class Placed:
    """A beat with all that it means."""

    where: str
    beat: Beat
    start_s: float
    end_s: float | None
    scene: str | None
    props: tuple[str, ...]


Included: TypeAlias = tuple[Path, tuple[str, ...], tuple[Scene | Prop, ...]]
"""Folder, files, and the scenes and props that were read of them."""


@dataclass(frozen=True)
class Script:
    """Beats in any order, and the scenes and props that they name; those that stand in beats join by themselves."""

    beats: Sequence[Beat]
    scenes: Sequence[Scene] = ()
    props: Sequence[Prop] = ()
    tempo: Tempo | float | None = None
    fps: float | None = None
    """The rate in which it counts frames; by default the take's."""
    title: str = ""
    include: Sequence[str | Path] = ()
    """Files whose scenes and props it uses; its own come before them."""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    folder: Path = field(default=Path(), compare=False)
    """What paths of masks and includes start from."""
    included: Included | None = field(default=None, compare=False, repr=False)
    """What was read of the included files."""

    def __post_init__(self) -> None:
        scenes: dict[str, Scene] = {}
        props: dict[str, Prop] = {}
        kinds: tuple[tuple[str, type, str], ...] = (
            ("beats", Beat, "Beat(at=4.5, scene=...)"),
            ("scenes", Scene, "Scene('sea', 'underwater')"),
            ("props", Prop, "Prop('stick', becomes='a lightsaber')"),
        )
        for name, kind, legal in kinds:
            listed = getattr(self, name)
            if not isinstance(listed, Sequence) or isinstance(listed, str):
                raise ScriptError(f"a script's {name} are a list, not {listed!r}; write [{legal}]")
            if wrong := [one for one in listed if not isinstance(one, kind)]:
                raise ScriptError(f"{wrong[0]!r} is no {name[:-1]}; write {legal}")
        stated = [beat.scene for beat in self.beats if isinstance(beat.scene, Scene)]
        for scene in (*self.scenes, *stated):
            if scenes.setdefault(scene.name, scene) != scene:
                raise ScriptError(f"two scenes are called {scene.name!r}; give one another name")
        used = [prop for beat in self.beats for prop in beat.props or () if isinstance(prop, Prop)]
        for prop in (*self.props, *used):
            if props.setdefault(prop.name, prop) != prop:
                raise ScriptError(f"two props are called {prop.name!r}; give one another name")
        object.__setattr__(self, "beats", tuple(_by_name(beat) for beat in self.beats))
        object.__setattr__(self, "scenes", tuple(scenes.values()))
        object.__setattr__(self, "props", tuple(props.values()))
        self._include()
        if self.tempo is not None and not isinstance(self.tempo, Tempo):
            object.__setattr__(self, "tempo", Tempo(self.tempo))
        if self.fps is not None:
            try:
                timecode.rate(self.fps)
            except ValueError as error:
                raise ScriptError(f"the script's fps: {error}") from None

    def _include(self) -> None:
        """Read what is included, unless it was read already."""
        listed: Any = self.include
        if isinstance(listed, str | Path) or not isinstance(listed, Sequence):
            raise ScriptError(f"a script's include is a list of files, not {listed!r}; write include=['scenes.yaml']")
        if wrong := [one for one in listed if not isinstance(one, str | Path) or not str(one)]:
            raise ScriptError(f"{wrong[0]!r} is no file to include; write a path such as 'scenes.yaml'")
        names = tuple(one if isinstance(one, str) else one.as_posix() for one in listed)
        object.__setattr__(self, "include", names)
        if names and (self.included is None or self.included[:2] != (self.folder, names)):
            from studio.script.files import shared  # it reads what stands here

            object.__setattr__(self, "included", (self.folder, names, shared(self.folder, names)))

    @property
    def shared(self) -> tuple[Scene | Prop, ...]:
        """The scenes and props of the included files."""
        return self.included[2] if self.include and self.included else ()

    def _repr_html_(self) -> str:
        from studio.notebook.html import script_html  # for notebooks alone

        return script_html(self)

    # -- files

    @classmethod
    def load(cls, path: Path | str) -> Script:
        """Read a YAML or JSON file, and what it includes. Raises ScriptError with file, line and column."""
        from studio.script.files import load  # it reads what stands here

        return load(Path(path))

    def save(self, path: Path | str) -> None:
        """Write a readable file, YAML or JSON by its name; what is included is named, not copied."""
        from studio.script.files import save

        save(self, Path(path))

    # -- what it means

    def scene(self, name: str) -> Scene:
        """The scene of that name. Raises ScriptError."""
        return _named(name, "scene", [*self.scenes, *(one for one in self.shared if isinstance(one, Scene))])

    def prop(self, name: str) -> Prop:
        """The prop of that name. Raises ScriptError."""
        return _named(name, "prop", [*self.props, *(one for one in self.shared if isinstance(one, Prop))])

    def place(self, moment: Moment, clock: Clock) -> float:
        """A moment in seconds. Raises ScriptError for an unknown marker, a time that is none, or one before 0."""
        if not isinstance(moment, str):
            return ticks(float(moment))
        text = " ".join(moment.split())
        if musical := _BEAT.fullmatch(text):
            return ticks(self._tempo(text).seconds(float(musical[1])))
        if musical := _BAR.fullmatch(text):
            return ticks(self._tempo(text).seconds(float(musical[2] or 1), int(musical[1])))
        fps = self.fps or clock.fps
        if (framed := _FRAME.fullmatch(text)) and not text.isdecimal():
            return self._frame(int(framed[1]), clock)
        if timecode.looks_like_time(text) or re.match(r"-?[\d.][\d.:;]*\w?$", text):
            try:
                time_s = timecode.to_seconds(text, fps)
            except ValueError as error:
                raise ScriptError(str(error)) from None
            return self._frame(round(time_s * fps), clock) if counts_frames(text) else ticks(time_s)
        return ticks(_marked(text, clock.markers))

    def timeline(
        self,
        take: Take | None = None,
        *,
        fps: float = 24.0,
        duration_s: float | None = None,
        markers: Sequence[Marker] = (),
    ) -> Timeline:
        """The timeline that it means for a take, or for a plan of one. Raises ScriptError with the first mistake.

        duration_s: where the plan ends; such a timeline can be joined and looped, and must hold all beats.
        """
        clock = take.clock if take else Clock(fps, duration_s, tuple(markers))
        placed, errors = self.placed(clock)
        if errors:
            raise ScriptError(str(errors[0]))
        keys = [] if placed[0].start_s == 0 else [Key(0.0, AS_IT_IS)]
        ramps: dict[str, Keyframes] = {}
        present: set[str] = set()
        for i, one in enumerate(placed):
            plain = [self.prop(name).words for name in one.props if self.prop(name).part is None]
            look = self.scene(one.scene).look if one.scene else AS_IT_IS
            said = {"scene": one.scene, "props": list(one.props), "note": one.beat.note}
            metadata = {name: value for name, value in said.items() if value}
            keys.append(Key(one.start_s, _joined(look, plain), one.beat.fade, metadata=metadata))
            now = {name for name in one.props if self.prop(name).part is not None}
            self._turn(ramps, one.start_s, one.beat.fade, now, present)
            present = now
            follows = placed[i + 1].start_s if i + 1 < len(placed) else None
            if one.end_s is not None and (follows is None or one.end_s < follows):
                keys.append(Key(one.end_s, AS_IT_IS))
                self._turn(ramps, one.end_s, 0.0, set(), present)
                present = set()
        mattes = []
        for name, values in ramps.items():
            prop = self.prop(name)
            assert prop.part is not None
            mattes.append(Matte(name, prop.becomes, prop.part.embedded(self.folder).to_dict(), values))
        line = Timeline(tuple(keys), clock.markers, mattes=tuple(mattes))
        if take is not None or duration_s is None:
            return line
        if keys[-1].time_s >= duration_s:
            raise ScriptError(
                f"the last beat is at {keys[-1].time_s:g} s, past the end of the plan at {duration_s:g} s"
            )
        return line.until(duration_s)

    def check(self, take: Take, stream: LiveModel | None = None) -> list[Problem]:
        """What is wrong before any rendering, errors first; an empty list where nothing is.

        stream: the engine that will render it, to ask which words it knows; by default the take's is loaded.
        """
        from studio.rendering.preflight import check  # it loads the engine

        return check(self, take, stream)

    def _tempo(self, text: str) -> Tempo:
        if not isinstance(self.tempo, Tempo):
            raise ScriptError(f"{text!r} needs a tempo; give the script one in beats a minute: tempo=120")
        return self.tempo

    def _frame(self, frame: int, clock: Clock) -> float:
        """The time of a frame: of the take's own where both count alike, else at the script's rate."""
        if not self.converts(clock) and frame < len(clock.frames):
            return clock.frames[frame]
        return ticks(frame / (self.fps or clock.fps))

    def converts(self, clock: Clock) -> str:
        """What is to be said where it counts frames at another rate than the clock; empty where it does not."""
        if self.fps is None or abs(self.fps - clock.fps) <= 0.005:
            return ""
        return f"it counts {self.fps:g} frames a second and the take {clock.fps:g}; its frames are converted"

    def placed(self, clock: Clock) -> tuple[list[Placed], list[Problem]]:
        """The beats in order of time, with the scene and the props that hold in each, and what forbids to render."""
        problems: list[Problem] = []
        found: list[tuple[float, float | None, str, Beat]] = []
        for n, beat in enumerate(self.beats, start=1):
            where = f"beat {n}" + (f" ({beat.place})" if beat.place else "")
            problems += [Problem("error", where, text) for text in self._unknown(beat)]
            try:
                start = self.place(beat.at, clock)
                end = None if beat.until is None else self.place(beat.until, clock)
            except PromptError as error:
                problems.append(Problem("error", where, str(error)))
                continue
            if end is not None and end <= start:
                problems.append(
                    Problem("error", where, f"it is from {start:g} s until {end:g} s; it ends after it began")
                )
            found.append((start, end, where, beat))
        found.sort(key=lambda one: one[0])
        for before, after in pairwise(found):
            if after[0] == before[0]:
                text = f"it stands at {after[0]:g} s, as {before[2]} does; move one of them"
                problems.append(Problem("error", after[2], text))
        if not self.beats:
            problems.append(Problem("error", "the script", "it has no beat; write one: Beat(0, Scene(...))"))
        scene: str | None = None
        props: tuple[str, ...] = ()
        ended: float | None = None
        placed = []
        for start, end, where, beat in found:
            if ended is not None and ended <= start:
                scene, props = None, ()
            scene = str(beat.scene) if beat.scene else scene
            props = props if beat.props is None else tuple(dict.fromkeys(map(str, beat.props)))
            placed.append(Placed(where, beat, start, end, scene, props))
            ended = end
        return placed, problems

    def _unknown(self, beat: Beat) -> Iterator[str]:
        """What is wrong with the names in a beat."""
        named = [(self.scene, beat.scene)] if beat.scene else []
        for look_up, name in [*named, *((self.prop, name) for name in beat.props or ())]:
            try:
                look_up(str(name))
            except ScriptError as error:
                yield str(error)

    @staticmethod
    def _turn(ramps: dict[str, Keyframes], at_s: float, fade_s: float, now: set[str], before: set[str]) -> None:
        """Bring props in and out of the picture at a moment."""
        for name in sorted(now ^ before):
            values = ramps.get(name, (Keyframe(0.0, 0.0),))
            weight, target = value_at(values, at_s), float(name in now)
            stop = lanes.until(values, at_s)
            if fade_s >= TICK_S:
                ramps[name] = (*stop, Keyframe(at_s, weight, "step"), Keyframe(at_s + fade_s, target))
            else:
                ramps[name] = (*stop, Keyframe(at_s, target, "step"))


def counts_frames(moment: Moment | None) -> bool:
    """Whether it is a frame or a timecode, which mean another time at another rate."""
    if not isinstance(moment, str):
        return False
    text = " ".join(moment.split())
    return text.count(":") == 3 or (_FRAME.fullmatch(text) is not None and not text.isdecimal())


def _joined(look: Prompt, things: Sequence[str]) -> Prompt:
    """A scene's words with those of the things in it."""
    pairs: Blend = blend(look)
    return tuple((", ".join([text, *things]), weight) for text, weight in pairs)


def _marked(text: str, markers: Sequence[Marker]) -> float:
    """The first marker of that name, exactly so or nearly so, with an offset in seconds behind it if there is one."""
    for name, offset in _readings(text):
        for same in (str, _loosely):
            for marker in markers:
                if same(marker.name) == same(name):
                    if marker.time_s + offset < 0:
                        raise ScriptError(f"{text!r} is at {marker.time_s + offset:g} s; times start at 0")
                    return marker.time_s + offset
    known = ", ".join(repr(name) for name in dict.fromkeys(marker.name for marker in markers)) or "none"
    raise ScriptError(f"{text!r} is no marker; the markers are: {known}. Otherwise {timecode.LEGAL}, or beat 9")


def means(moment: Moment | None, marker: str) -> bool:
    """Whether a moment may be that marker, with an offset or without."""
    said = _readings(" ".join(moment.split())) if isinstance(moment, str) else ()
    return any(_loosely(name) == _loosely(marker) for name, _ in said)


def _readings(text: str) -> Iterator[tuple[str, float]]:
    yield text, 0.0
    if offset := _OFFSET.fullmatch(text):
        yield offset[1], float(offset[2] + offset[3])


def _loosely(name: str) -> str:
    return re.sub(r"^(when|at|as|on)\s+", "", " ".join(name.split()).casefold())


def _by_name(beat: Beat) -> Beat:
    """With the names of its scene and props in their places."""
    scene = beat.scene.name if isinstance(beat.scene, Scene) else beat.scene
    props = None if beat.props is None else [prop.name if isinstance(prop, Prop) else prop for prop in beat.props]
    return replace(beat, scene=scene, props=props)


def _called(name: Any, what: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ScriptError(f"{name!r} is no name of a {what}; write a text")
    return " ".join(name.split())


def _named(name: str, what: str, things: Sequence[Any]) -> Any:
    for thing in things:
        if thing.name == name:
            return thing
    names = list(dict.fromkeys(thing.name for thing in things))
    near = get_close_matches(str(name), names, 1)
    meant = f"did you mean {near[0]!r}?" if near else f"the {what}s are: {', '.join(names) or 'none'}"
    raise ScriptError(f"no {what} is called {name!r}; {meant}")
