"""The parameters of the picture, each declared once: what can be set over time beside prompts. Standard library only.

A `Parameter` in the table below has a track on the timeline, a place in its JSON, a value in every cue, and is applied
wherever a frame is answered, live, in a replay and in a check (studio/performing/performance.py). One that changes the
finished picture imports what it needs for that (numpy, say) inside its function, so that a timeline is read without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.prompts import AS_IT_IS, Blend, mix
from studio.timeline.curves import TimelineError


@dataclass(frozen=True)
class Parameter:
    """A number that can change over time. At its default it changes nothing but where a set stands."""

    name: str
    least: float
    most: float
    default: float
    meaning: str
    """In a phrase, for people: the tooltip of the slider, and the table in docs/timeline.md."""
    on_prompt: Callable[[Blend, float], Blend] | None = None
    """(prompt, value) -> the prompt that the model is asked for; applied to the whole picture's and each part's."""
    on_picture: Callable[[Any, float, float, int, int], Any] | None = None
    """(rgb, value, time_s, index, seed) -> rgb: the finished picture, (H, W, 3) uint8, made anew. time_s: seconds on
    the take's clock. index: the source frame's number. seed: the model's. A function of these alone, or a replay would
    differ."""
    on_set: bool = False
    """A setting of the composite, by its name in engine/compositing/settings.py: applied where a set stands behind the
    cast, and nowhere else. Its default is what looks right, for that is what changes nothing here."""
    texts: tuple[str, ...] = ()
    """Texts that `on_prompt` adds, which are embedded before the first frame."""


def _faded(prompt: Blend, strength: float) -> Blend:
    return mix(((AS_IT_IS, 1.0),), prompt, strength)


def _of_sets(name: str, least: float, most: float, default: float, meaning: str) -> Parameter:
    return Parameter(name, float(least), float(most), default, meaning, on_set=True)


PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("strength", 0.0, 1.0, 1.0, "1 is the prompt, 0 the picture as it is", _faded, texts=(AS_IT_IS,)),
        _of_sets("light_wrap", 0, 1, 0.35, "how much of the set's light spills over the edges of the cast"),
        _of_sets("match", 0, 1, 0.45, "how far the cast's exposure and colour go towards those of the set"),
        _of_sets("match_set", 0, 1, 0.15, "how far the set's exposure and colour go towards those of the cast"),
        _of_sets("relight", 0, 1, 0.6, "how far the set's light falls on the cast: its side, its colours, its rim"),
        _of_sets("softness", 0, 1, 0.5, "how far the set is softened to the sharpness of the camera"),
        _of_sets("grain", 0, 1, 0.7, "how much of the camera's noise the set gets"),
        _of_sets("feather", 0, 1, 0.1, "softness of the matte's edge, of a hundredth of the picture's height"),
        _of_sets("choke", -1, 1, 0.1, "takes the matte's edge in (above 0) or out, as a share of its width"),
        _of_sets("shadow", 0, 1, 0.5, "strength of the shadow on the ground, where feet are seen"),
    )
}


def parameter_of(name: str) -> Parameter:
    """The parameter of that name. Raises TimelineError."""
    if name not in PARAMETERS:
        raise TimelineError(f"no parameter {name!r}; there is {', '.join(PARAMETERS)}")
    return PARAMETERS[name]


def defaults() -> dict[str, float]:
    """Every parameter's default, by name."""
    return {name: parameter.default for name, parameter in PARAMETERS.items()}


def directed(prompt: Blend, values: Mapping[str, float]) -> Blend:
    """A prompt as the parameters' values change it: what the model is asked for."""
    for name, value in values.items():
        parameter = PARAMETERS[name]
        if parameter.on_prompt is not None and value != parameter.default:
            prompt = parameter.on_prompt(prompt, value)
    return prompt


def finished(rgb: Any, values: Mapping[str, float], *, time_s: float, index: int, seed: int) -> Any:
    """A picture as the parameters' values change it; see `Parameter.on_picture`. The same object where none does."""
    for name, value in values.items():
        parameter = PARAMETERS[name]
        if parameter.on_picture is not None and value != parameter.default:
            rgb = parameter.on_picture(rgb, value, time_s, index, seed)
    return rgb


def on_pictures(values: Mapping[str, float]) -> dict[str, float]:
    """Of these values those that change the finished picture."""
    return {name: value for name, value in values.items() if PARAMETERS[name].on_picture is not None}


def on_sets(values: Mapping[str, float]) -> dict[str, float]:
    """Of these values the settings of the composite."""
    return {name: value for name, value in values.items() if PARAMETERS[name].on_set}
