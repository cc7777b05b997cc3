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
    """A number that can change over time. At its default it changes nothing."""

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
    texts: tuple[str, ...] = ()
    """Texts that `on_prompt` adds, which are embedded before the first frame."""


def _faded(prompt: Blend, strength: float) -> Blend:
    return mix(((AS_IT_IS, 1.0),), prompt, strength)


PARAMETERS: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("strength", 0.0, 1.0, 1.0, "1 is the prompt, 0 the picture as it is", _faded, texts=(AS_IT_IS,)),
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
