"""What stands on a timeline (keys, markers, tracks, mattes), and what it comes to at one moment: a cue.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import engine.prompts
from engine.prompts import Blend, Prompt, blend, seconds, short
from studio.timeline import curves
from studio.timeline.curves import Keyframe, Keyframes, TimelineError, ticks
from studio.timeline.parameters import defaults, directed, on_pictures, on_sets, parameter_of
from studio.timeline.sets import SetCue


@dataclass(frozen=True)
class Key(engine.prompts.Key):
    """From `time_s` on the picture turns to `prompt`, at once or fading over `fade_s` seconds.

    Both times are rounded to the take's clock. Raises PromptError.
    """

    id: str = ""
    """Names the key while it is edited; a timeline gives one to a key that has none."""
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "time_s", ticks(self.time_s))
        object.__setattr__(self, "fade_s", ticks(self.fade_s))


@dataclass(frozen=True)
class Marker:
    """A named moment."""

    time_s: float
    name: str
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_s", ticks(seconds(self.time_s, "a marker's time")))
        if not isinstance(self.name, str) or not self.name.strip():
            raise TimelineError(f"{self.name!r} is not a marker's name; write a text, such as 'the ball drops'")
        object.__setattr__(self, "name", " ".join(self.name.split()))


@dataclass(frozen=True)
class Track:
    """A parameter over time; studio/timeline/parameters.py lists the names and their ranges."""

    name: str
    keyframes: Keyframes

    def __post_init__(self) -> None:
        parameter = parameter_of(self.name)
        ordered = curves.in_order(self.keyframes, self.name, parameter.least, parameter.most)
        object.__setattr__(self, "keyframes", ordered)


WAYS = ("apart", "painted", "drawn")
"""How a part of the picture becomes what its prompt names. Apart: the model makes it of the camera's picture, and the
scene's look is off there. Painted: the model makes it over the scene's look, which stays where the thing is not made.
Drawn: a drawing of the thing stands in the camera's picture, under the scene's look."""


@dataclass(frozen=True)
class Matte:
    """A part of the picture with a prompt of its own, which shows as far as `weight` (0 to 1 over time) lets it."""

    name: str
    prompt: Prompt
    region: Mapping[str, Any] = field(hash=False)
    """Which part, in the JSON values of studio/script/region.py."""
    weight: Keyframes = (Keyframe(0.0, 1.0),)
    made: str = "apart"
    """One of WAYS; takes and timelines from before there was another have no such field."""

    def __post_init__(self) -> None:
        if self.made not in WAYS:
            raise TimelineError(f"a part is made {self.made!r}; write one of {', '.join(WAYS)}")
        object.__setattr__(self, "prompt", short(blend(self.prompt)))
        object.__setattr__(self, "weight", curves.in_order(self.weight, f"the weight of {self.name!r}", 0.0, 1.0))


@dataclass(frozen=True)
class MatteCue:
    """What a part of one frame becomes."""

    name: str
    prompt: Blend
    weight: float
    """Above 0, up to 1."""
    region: Mapping[str, Any] = field(hash=False)
    made: str = "apart"
    """One of WAYS."""


@dataclass(frozen=True)
class Cue:
    """What a timeline asks for at one moment."""

    prompt: Blend
    key: str
    """Id of the key that rules this moment."""
    fading: bool = False
    mattes: tuple[MatteCue, ...] = ()
    """Parts of the picture with a prompt of their own; `prompt` holds for the rest."""
    parameters: Mapping[str, float] = field(default_factory=defaults, hash=False)
    """The value of every declared parameter, by name."""
    sets: tuple[SetCue, ...] = ()
    """What stands behind the cast, the last the newest; none is the camera's own background."""
    cast: Mapping[str, Any] | None = field(default=None, hash=False)
    """Who stays before the sets; None is people."""

    def directed(self) -> Cue:
        """The same with its prompts as its parameters change them: what the model is asked for."""
        mattes = tuple(replace(matte, prompt=directed(matte.prompt, self.parameters)) for matte in self.mattes)
        return replace(self, prompt=directed(self.prompt, self.parameters), mattes=mattes)

    def same_picture(self, other: Cue) -> bool:
        """Whether both ask for the same picture."""
        one, two = self.directed(), other.directed()
        same_prompts = one.prompt == two.prompt and one.mattes == two.mattes
        same_sets = one.sets == two.sets and (
            not one.sets or (one.cast, on_sets(one.parameters)) == (two.cast, on_sets(two.parameters))
        )
        return same_prompts and same_sets and on_pictures(one.parameters) == on_pictures(two.parameters)
