"""What a script supervisor writes: scenes, props and beats. Pure data.

    desert, sea = Scene("desert", "wild west at dusk", set="gallery:dunes"), Scene("sea", "underwater")
    stick = Prop("stick", becomes="a lightsaber", region="green")
    script = Script([Beat(0, desert), Beat("0:04.5", sea, props=[stick], fade=1), Beat("when the ball drops", desert)])

    load_script("duel.yaml"), save_script(script, "duel.yaml")     studio/script/files.py
    timeline_of(script, take.clock)                                studio/script/compile.py
    check_script(script, take)                                     studio/rendering/preflight.py

A beat stands at seconds (4.5), a frame ("108f"), a time ("0:04.5", "00:00:04:12"), a marker of the take, with an offset
if wanted ("the ball drops + 0.5"), or a musical beat ("beat 9", "bar 3 beat 2") of the script's tempo. What it does not
say goes on: without a scene the one before holds, without props those before; `props=[]` takes them away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeAlias

from engine.media import timecode
from engine.prompts import AS_IT_IS, Prompt, blend, length, number, short
from studio.script.region import Box, Region
from studio.timeline.curves import TimelineError
from studio.timeline.keys import WAYS
from studio.timeline.sets import FILE_KINDS, SetBlend, normal, set_from_text

Moment: TypeAlias = float | str
"""Where a beat stands, as the module's first lines describe it."""


MUSICAL = re.compile(r"beat (\d+(?:\.\d+)?)|bar (\d{1,9})(?: beat (\d+(?:\.\d+)?))?", re.IGNORECASE)
FRAME = re.compile(r"(?:frame )?(\d{1,12})f", re.IGNORECASE)
OFFSET = re.compile(r"(.+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*s?")
"""Behind a marker's name."""
MOST_LOOPS = 1000
"""Of a script: a sanity limit against typing errors."""


class ScriptError(TimelineError):
    """A script that has no meaning; the text says where, what is legal and the remedy."""


@dataclass(frozen=True)
class Scene:
    """A world with a name: its look over all of the picture, and the set behind the cast."""

    name: str
    look: Prompt = AS_IT_IS
    note: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)
    set: SetBlend | str | Path = field(default=None, hash=False)
    """A picture's or a clip's path, `gallery:castle`, `colour:#204060`, words, or a set as studio/timeline/sets.py has
    it; None is the camera's own background. A path starts from the script's folder."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _called(self.name, "scene"))
        object.__setattr__(self, "look", short(blend(self.look)))
        try:
            object.__setattr__(self, "set", _set(self.set))
        except TimelineError as error:
            raise ScriptError(f"the scene {self.name!r}: {error}") from None

    @property
    def behind(self) -> SetBlend:
        """The set in its normal form; a path stands as the set's file."""
        assert not isinstance(self.set, str | Path)
        return self.set


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
    made: str = ""
    """`drawn`, `painted` by the model over the scene's look, or `apart` from it (studio/timeline/keys.py); empty is
    drawn where there is a drawing that does better than the model, and painted otherwise."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _called(self.name, "prop"))
        if self.made not in ("", *WAYS):
            raise ScriptError(f"the prop {self.name!r} is made {self.made!r}; write one of {', '.join(WAYS)}")
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

    def at(self, text: str) -> float:
        """When "beat 9" or "bar 3 beat 2" is, in seconds: `Timeline().at(tempo.at("bar 3"), "underwater")`.

        Raises ScriptError.
        """
        musical = MUSICAL.fullmatch(" ".join(str(text).split()))
        if musical is None:
            raise ScriptError(f"{text!r} is not a musical beat; write 'beat 9', 'bar 3' or 'bar 3 beat 2'")
        return self.seconds(float(musical[1] or musical[3] or 1), int(musical[2] or 1))

    def seconds(self, beat: float, bar: int = 1) -> float:
        """When a beat of a bar is, both counted from 1."""
        if beat < 1 or bar < 1:
            raise ScriptError("beats and bars are counted from 1")
        return self.first_s + ((bar - 1) * self.beats_per_bar + beat - 1) * 60 / self.bpm


@dataclass(frozen=True)
class Includes:
    """What was read of the files that a script includes."""

    folder: Path
    """Where their paths start."""
    names: tuple[str, ...]
    things: tuple[Scene | Prop, ...]


@dataclass(frozen=True)
class Script:
    """Beats in any order, and the scenes and props that they name; those that stand in beats join by themselves.

    Raises ScriptError for what has no meaning. Making one reads no file: what it includes is read by `load_script`, or
    by `with_includes` for a script that is written in Python (both in studio/script/files.py).
    """

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
    includes: Includes | None = field(default=None, compare=False, repr=False)
    """What was read of the included files; None before that."""
    markers: Mapping[str, Moment] = field(default_factory=dict, hash=False)
    """Moments with names, for its beats: seconds, frames, times or musical beats. One of the take's by the same name
    gives way."""

    def __post_init__(self) -> None:
        scenes: dict[str, Scene] = {}
        props: dict[str, Prop] = {}
        kinds: tuple[tuple[str, type, str], ...] = (
            ("beats", Beat, "Beat(at=4.5, scene=...)"),
            ("scenes", Scene, "Scene('sea', 'underwater')"),
            ("props", Prop, "Prop('stick', becomes='a lightsaber')"),
        )
        for name, kind, legal in kinds:
            things = getattr(self, name)
            if not isinstance(things, Sequence) or isinstance(things, str):
                raise ScriptError(f"a script's {name} are a list, not {things!r}; write [{legal}]")
            if wrong := [thing for thing in things if not isinstance(thing, kind)]:
                raise ScriptError(f"{wrong[0]!r} is not a {name[:-1]}; write {legal}")
        in_beats = [beat.scene for beat in self.beats if isinstance(beat.scene, Scene)]
        for scene in (*self.scenes, *in_beats):
            if scenes.setdefault(scene.name, scene) != scene:
                raise ScriptError(f"two scenes are called {scene.name!r}; give one another name")
        used = [prop for beat in self.beats for prop in beat.props or () if isinstance(prop, Prop)]
        for prop in (*self.props, *used):
            if props.setdefault(prop.name, prop) != prop:
                raise ScriptError(f"two props are called {prop.name!r}; give one another name")
        object.__setattr__(self, "beats", tuple(_by_name(beat) for beat in self.beats))
        object.__setattr__(self, "scenes", tuple(scenes.values()))
        object.__setattr__(self, "props", tuple(props.values()))
        object.__setattr__(self, "include", _file_names(self.include))
        object.__setattr__(self, "markers", _named_moments(self.markers))
        if self.tempo is not None and not isinstance(self.tempo, Tempo):
            object.__setattr__(self, "tempo", Tempo(self.tempo))
        if self.fps is not None:
            try:
                timecode.rate(self.fps)
            except ValueError as error:
                raise ScriptError(f"the script's fps: {error}") from None

    @property
    def unread(self) -> bool:
        """Whether it includes files that were not read yet."""
        read = self.includes
        return bool(self.include) and (read is None or (read.folder, read.names) != (self.folder, self.include))

    @property
    def shared(self) -> tuple[Scene | Prop, ...]:
        """The scenes and props of the included files; none before they are read."""
        return self.includes.things if self.includes and self.include and not self.unread else ()

    def change(self, number: int, **fields: Any) -> Script:
        """With other fields of one beat: `script.change(2, fade=1, scene=sea)`. number: from 1, as errors count them.

        Raises ScriptError.
        """
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= len(self.beats):
            raise ScriptError(f"no beat {number!r}; they are 1 to {len(self.beats)}")
        legal = ("at", "scene", "props", "fade", "until", "note", "metadata")
        if unknown := sorted(fields.keys() - {*legal}):
            raise ScriptError(f"a beat has no {unknown[0]!r}; it has {', '.join(legal)}")
        beats = list(self.beats)
        beats[number - 1] = replace(beats[number - 1], **fields)
        return replace(self, beats=beats)

    def shift(self, by_s: float) -> Script:
        """With all beats later by so many seconds, or earlier; those at markers of the take move against them.

        Frames and musical beats become seconds. Raises ScriptError for what would come before 0, or frames of a script
        without fps.
        """
        by = number(by_s, "a shift")

        def moved(moment: Moment) -> Moment:
            time_s = self._seconds(moment)
            if time_s is not None:
                return time_s + by
            name, offset_s = _with_offset(str(moment))
            return f"{name} {'-' if offset_s + by < 0 else '+'} {abs(offset_s + by):g}"

        return self._retimed(moved, 1.0)

    def stretch(self, factor: float) -> Script:
        """With all times and fades so many times as long. Raises ScriptError, also for beats at markers of a take."""
        factor = number(factor, "a stretch")
        if factor <= 0:
            raise ScriptError(f"a stretch by {factor}; the factor is above 0")

        def moved(moment: Moment) -> Moment:
            time_s = self._seconds(moment)
            if time_s is None:
                raise ScriptError(
                    f"{moment!r} is a marker of the take, which stays; stretch its timeline: timeline_of(…)"
                )
            return time_s * factor

        return self._retimed(moved, factor)

    def loop(self, times: int, every_s: float) -> Script:
        """With its beats so many times, from 0 s, `every_s`, twice that … on. Raises ScriptError as `stretch`."""
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_LOOPS:
            raise ScriptError(f"a loop of {times!r} times; it is a whole number from 1 to {MOST_LOOPS:,}")
        every = number(every_s, "the length of a loop")
        begins = [self._seconds(beat.at) for beat in self.beats]
        if late := [begin for begin in begins if begin is None or begin >= every]:
            where = "at a marker of the take" if late[0] is None else f"at {late[0]:g} s"
            raise ScriptError(f"a beat is {where}, and the loop is {every:g} s long; move it before that")
        rounds = [self.shift(n * every).beats for n in range(times)]
        return replace(self.shift(0), beats=[beat for beats in rounds for beat in beats])

    def _seconds(self, moment: Moment) -> float | None:
        """A moment in seconds; None at a marker that is not the script's own."""
        if not isinstance(moment, str):
            return float(moment)
        text = " ".join(moment.split())
        for name, offset_s in ((text, 0.0), _with_offset(text)):
            if name in self.markers:
                begins = self._seconds(self.markers[name])
                return None if begins is None else begins + offset_s
        if MUSICAL.fullmatch(text):
            if not isinstance(self.tempo, Tempo):
                raise ScriptError(f"{text!r} needs a tempo; give the script one in beats a minute: tempo=120")
            return self.tempo.at(text)
        if not (timecode.looks_like_time(text) or FRAME.fullmatch(text)):
            return None
        if self.fps is None and (FRAME.fullmatch(text) or text.count(":") == 3):
            raise ScriptError(f"{text!r} counts frames, and the script has no rate; give it one: fps=24")
        if framed := FRAME.fullmatch(text):
            return int(framed[1]) / (self.fps or 1.0)
        return timecode.to_seconds(text, self.fps or 24.0)

    def _retimed(self, moved: Callable[[Moment], Moment], factor: float) -> Script:
        beats = [
            replace(
                beat,
                at=moved(beat.at),
                until=None if beat.until is None else moved(beat.until),
                fade=beat.fade * factor,
            )
            for beat in self.beats
        ]
        return replace(self, beats=beats)

    def scene(self, name: str) -> Scene:
        """The scene of that name. Raises ScriptError."""
        return self._look_up(
            name, "scene", [*self.scenes, *(thing for thing in self.shared if isinstance(thing, Scene))]
        )

    def prop(self, name: str) -> Prop:
        """The prop of that name. Raises ScriptError."""
        return self._look_up(name, "prop", [*self.props, *(thing for thing in self.shared if isinstance(thing, Prop))])

    def _look_up(self, name: str, what: str, things: Sequence[Any]) -> Any:
        for thing in things:
            if thing.name == name:
                return thing
        if self.unread:
            remedy = "what the script includes was not read yet: with_includes(script) reads it"
        else:
            names = list(dict.fromkeys(thing.name for thing in things))
            near = get_close_matches(str(name), names, 1)
            remedy = f"did you mean {near[0]!r}?" if near else f"the {what}s are: {', '.join(names) or 'none'}"
        raise ScriptError(f"no {what} is called {name!r}; {remedy}")


def _set(set_: Any) -> Any:
    """A scene's set in its normal form; a path stands as the set's file."""
    if isinstance(set_, Path):
        return {"file": set_.as_posix()}
    if isinstance(set_, str):
        return {"file": set_} if Path(set_).suffix.lower() in FILE_KINDS else set_from_text(set_)
    return normal(set_)


def _with_offset(text: str) -> tuple[str, float]:
    """A marker's name, and the offset in seconds behind it; 0 where there is none."""
    offset = OFFSET.fullmatch(text)
    return (offset[1], float(offset[2] + offset[3])) if offset else (text, 0.0)


def _named_moments(markers: Any) -> dict[str, Moment]:
    """A script's markers. Raises ScriptError."""
    if not isinstance(markers, Mapping):
        raise ScriptError(f"a script's markers are names with moments, not {markers!r}; write {{'drop': 2.5}}")
    return {_called(name, "marker"): Beat(at).at for name, at in markers.items()}


def _file_names(include: Any) -> tuple[str, ...]:
    """The files of an `include` as text. Raises ScriptError."""
    if isinstance(include, str | Path) or not isinstance(include, Sequence):
        raise ScriptError(f"a script's include is a list of files, not {include!r}; write include=['scenes.yaml']")
    if wrong := [name for name in include if not isinstance(name, str | Path) or not str(name)]:
        raise ScriptError(f"{wrong[0]!r} is not a file to include; write a path such as 'scenes.yaml'")
    return tuple(name if isinstance(name, str) else name.as_posix() for name in include)


def _by_name(beat: Beat) -> Beat:
    """With the names of its scene and props in their places."""
    scene = beat.scene.name if isinstance(beat.scene, Scene) else beat.scene
    props = None if beat.props is None else [prop.name if isinstance(prop, Prop) else prop for prop in beat.props]
    return replace(beat, scene=scene, props=props)


def _called(name: Any, what: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ScriptError(f"{name!r} is not a {what}'s name; write a text")
    return " ".join(name.split())
