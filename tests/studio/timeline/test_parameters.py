"""A parameter is declared once: its place in timelines, cues and JSON, and how it acts, follow from the table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.compositing.settings import SETTINGS
from engine.prompts import AS_IT_IS
from studio.timeline.curves import TimelineError
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.parameters import PARAMETERS, Parameter, defaults, directed, finished
from studio.timeline.timeline import Timeline


def darker(rgb: np.ndarray, share: float, time_s: float, index: int, seed: int) -> np.ndarray:
    return (rgb * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=list(PARAMETERS))
def test_what_is_declared_is_within_its_own_bounds_and_changes_nothing_at_its_default(parameter):
    assert PARAMETERS[parameter.name] is parameter
    assert parameter.least <= parameter.default <= parameter.most
    assert parameter.meaning
    prompt = (("underwater", 0.5), ("wild west", 0.5))
    rgb = np.zeros((2, 2, 3), np.uint8)
    assert directed(prompt, {parameter.name: parameter.default}) is prompt
    assert finished(rgb, {parameter.name: parameter.default}, time_s=1.0, index=2, seed=3) is rgb


def test_a_cue_has_the_value_of_every_declared_parameter():
    line = Timeline.of("underwater").set(0, strength=0).set(4, strength=1)
    assert Timeline().at(2).parameters == defaults()
    assert line.at(1).parameters == {**defaults(), "strength": 0.25}
    with pytest.raises(TimelineError, match=r"no parameter 'no_such'; there is .*strength"):
        line.set(2, no_such=1)


def test_strength_mixes_with_the_picture_as_it_is():
    assert directed((("underwater", 1.0),), {"strength": 0.25}) == ((AS_IT_IS, 0.75), ("underwater", 0.25))


def test_one_more_entry_in_the_table_is_one_more_parameter(monkeypatch):
    declared = Parameter("shade", 0.0, 0.5, 0.0, "how dark the picture is", on_picture=darker)
    monkeypatch.setitem(PARAMETERS, "shade", declared)
    line = Timeline.of("underwater").set(0, shade=0).set(4, shade=0.5)
    assert timeline_from_dict(json.loads(json.dumps(timeline_to_dict(line)))) == line
    cue = line.at(2)
    assert cue.parameters == {**defaults(), "shade": 0.25}
    assert not cue.same_picture(line.at(3))
    assert cue.same_picture(Timeline.of("underwater").set(0, shade=0.25).at(9))
    rgb = np.full((2, 2, 3), 100, np.uint8)
    assert np.array_equal(finished(rgb, cue.parameters, time_s=2.0, index=48, seed=0), np.full((2, 2, 3), 75))
    with pytest.raises(TimelineError, match=r"shade is 0\.75 at 5\.0 s; it goes from 0\.0 to 0\.5"):
        line.set(5, shade=0.75)


def test_the_settings_of_the_composite_are_declared_as_the_compositor_has_them() -> None:
    declared = [
        (each.name, each.least, each.most, each.default, each.meaning) for each in PARAMETERS.values() if each.on_set
    ]
    assert declared == [(each.name, each.least, each.most, each.default, each.meaning) for each in SETTINGS]
