"""Timelines: evaluation is pure and total, and a key changes nothing before it."""

from __future__ import annotations

import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.prompts import blend, words
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Key, Matte, Track
from studio.timeline.parameters import defaults
from studio.timeline.timeline import Timeline
from tests.studio.timeline.lines import KEYS, PLAIN, PROMPTS, SECONDS, TIME, TIMELINES, WORLDS


@given(TIMELINES, st.floats(allow_nan=True, allow_infinity=True))
def test_every_time_has_a_cue_and_it_is_always_the_same(timeline, time_s):
    cue = timeline.at(time_s)
    assert cue == timeline.at(time_s) == replace(timeline).at(time_s)
    assert sum(weight for _, weight in cue.prompt) == pytest.approx(1)
    assert all(weight > 0 for _, weight in cue.prompt)
    assert len(dict(cue.prompt)) == len(cue.prompt), "a text stands once"


@given(TIMELINES, KEYS, SECONDS)
def test_a_key_changes_nothing_before_it(timeline, key, time_s):
    assume(all(key.time_s != other.time_s for other in timeline.keys))
    assume(timeline.keys[0].time_s < key.time_s)  # the first key also rules what is before it
    assume(time_s < key.time_s)
    assert timeline.add(key).at(time_s).same_picture(timeline.at(time_s))


@given(PLAIN, st.lists(KEYS, min_size=1, max_size=4, unique_by=TIME), SECONDS)
def test_a_timeline_that_grows_equals_one_that_is_made_anew(timeline, keys, time_s):
    grown = whole = timeline
    for key in sorted(keys, key=TIME):
        if key.time_s > grown.keys[-1].time_s:
            grown, whole = grown.extended(key), whole.add(key)
    assert grown == whole
    assert grown.at(time_s) == whole.at(time_s)


def lines_run(timeline: Timeline, time_s: float) -> int:
    """How many lines of Python the cue at a time takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        timeline.at(time_s)
    finally:
        sys.settrace(before)
    return count


def test_a_cue_costs_the_same_at_the_ten_thousandth_prompt_as_at_the_second():
    keys = tuple(Key(n, WORLDS[n % 2], 0.5) for n in range(10_000))
    few, many = Timeline(keys[:2]), Timeline(keys)
    few.at(0), many.at(0)  # the keys are worked out once
    assert lines_run(few, 1.25) == lines_run(many, 1.25) == lines_run(many, 9_999.25)


def test_any_kind_of_number_is_a_time():
    numbers: list[Any] = [Fraction(5, 2), np.float32(2.5), np.float64(2.5)]
    assert {Timeline().at(number, "underwater") for number in numbers} == {Timeline().at(2.5, "underwater")}
    two: Any = np.int64(2)
    assert Timeline().at(two, "underwater") == Timeline().at(2, "underwater")
    line = Timeline().at(1, "underwater", fade=1)
    assert line.at(10**400) == line.at(1e9)
    assert line.at(-(10**400)) == line.at(-1)
    assert line.at(Decimal("1.5")) == line.at(1.5)  # type: ignore[call-overload]


@given(PLAIN)
def test_before_the_first_key_its_prompt_holds_already(timeline):
    first = timeline.keys[0]
    assert timeline.at(-1).prompt == timeline.at(first.time_s).prompt == blend(first.prompt)


@given(PLAIN)
def test_at_a_key_the_picture_does_not_jump_unless_it_is_a_cut(timeline):
    for before, key in pairwise(timeline.keys):
        if key.fade_s:
            just_before = max(before.time_s, key.time_s - 1e-9)
            if just_before < key.time_s:
                now = dict(timeline.at(key.time_s).prompt)
                then = dict(timeline.at(just_before).prompt)
                assert all(abs(now.get(text, 0) - then.get(text, 0)) < 1e-6 for text in WORLDS)
        else:
            assert timeline.at(key.time_s).prompt == blend(key.prompt)


def test_a_fade_moves_linearly_and_ends():
    timeline = Timeline((Key(0, "underwater"), Key(2, "wild west", fade_s=4)))
    assert timeline.at(2).prompt == (("underwater", 1.0),)
    assert dict(timeline.at(3).prompt) == {"underwater": 0.75, "wild west": 0.25}
    assert timeline.at(3).fading
    assert timeline.at(6).prompt == (("wild west", 1.0),)
    assert not timeline.at(6).fading


def test_a_fade_begins_at_the_blend_of_a_fade_that_runs():
    timeline = Timeline((Key(0, "underwater"), Key(0.5, "wild west", fade_s=2), Key(1.5, "deep space", fade_s=2)))
    assert dict(timeline.at(1.5).prompt) == {"underwater": 0.5, "wild west": 0.5}
    assert dict(timeline.at(2.5).prompt) == {"underwater": 0.25, "wild west": 0.25, "deep space": 0.5}
    assert timeline.at(3.5).prompt == (("deep space", 1.0),)


def test_a_blend_of_one_prompt_is_that_prompt():
    assert blend([("underwater", 0.3)]) == blend("underwater") == (("underwater", 1.0),)
    assert blend([("a", 2), ("a", 1), ("b", 1)]) == (("a", 0.75), ("b", 0.25))
    assert Key(0, [("  deep \n space ", 7)]).prompt == "deep space"
    assert words([("underwater", 3), ("wild west", 1)]) == "underwater 75 % + wild west 25 %"


@given(PROMPTS)
def test_normal_form_is_stable(prompt):
    assert blend(blend(prompt)) == blend(prompt), "weights that were stored come back bit by bit"


def test_a_timeline_is_said_in_one_breath():
    timeline = Timeline().at(0, "wild west").at(4.5, "underwater", fade=1)
    assert timeline == Timeline((Key(0, "wild west"), Key(4.5, "underwater", 1)))
    assert Timeline().at(4, "snow falls").at(1).prompt == (("as it is", 1.0),), "before the first word it is as it is"
    assert timeline.at(4.5, "deep space").keys[1].prompt == "deep space", "the newest word at a time holds"


def test_strength_mixes_the_prompt_with_the_picture_as_it_is():
    timeline = Timeline.of("underwater").set(2, strength=1).set(4, strength=0).set(6, "step", strength=0.5)
    assert timeline.at(1).directed().prompt == timeline.at(2).directed().prompt == (("underwater", 1.0),)
    assert dict(timeline.at(3).directed().prompt) == {"as it is": 0.5, "underwater": 0.5}
    assert timeline.at(4).directed().prompt == timeline.at(5.9).directed().prompt == (("as it is", 1.0),)
    assert dict(timeline.at(6).directed().prompt) == {"as it is": 0.5, "underwater": 0.5}
    assert timeline.at(3).prompt == (("underwater", 1.0),), "the cue says both, whoever answers the frame mixes them"
    assert timeline.at(3).parameters == {**defaults(), "strength": 0.5}
    assert timeline.texts() == ("underwater", "as it is")


@given(TIMELINES, TIMELINES, SECONDS)
def test_two_cues_are_of_one_picture_where_the_model_is_asked_for_the_same(one, two, time_s):
    a, b = one.at(time_s), two.at(time_s)
    asked = a.directed(), b.directed()
    prompts = asked[0].prompt == asked[1].prompt and asked[0].mattes == asked[1].mattes
    assert a.same_picture(b) == (prompts and (a.sets, a.cast) == (b.sets, b.cast))


@pytest.mark.parametrize(("ease", "quarter"), [("linear", 0.25), ("smooth", 0.15625), ("step", 0.0)])
def test_each_ease_has_its_way(ease, quarter):
    timeline = Timeline.of("underwater").set(0, strength=0).set(4, ease, strength=1)
    assert timeline.value("strength", 1) == quarter
    assert timeline.value("strength", 4) == timeline.value("strength", 99) == 1


def test_a_matte_has_a_prompt_of_its_own_while_it_has_weight():
    values = (Keyframe(0, 0), Keyframe(1, 0), Keyframe(3, 1), Keyframe(5, 0, "step"))
    timeline = replace(Timeline.of("wild west"), mattes=(Matte("stick", "a lightsaber", {"colour": "green"}, values),))
    assert timeline.at(1).mattes == timeline.at(5).mattes == ()
    (cue,) = timeline.at(2).mattes
    assert (cue.name, cue.prompt, cue.weight) == ("stick", (("a lightsaber", 1.0),), 0.5)
    assert timeline.texts() == ("wild west", "a lightsaber")
    assert not timeline.at(2).same_picture(timeline.at(4))


@given(TIMELINES, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_said_does_not_matter(timeline, random):
    def shuffled(things):
        return tuple(random.sample(things, len(things)))

    keys = shuffled([replace(key, id="") for key in timeline.keys])
    tracks = tuple(Track(track.name, shuffled(track.keyframes)) for track in timeline.tracks)
    mattes = tuple(replace(matte, weight=shuffled(matte.weight)) for matte in timeline.mattes)
    assert replace(timeline, keys=keys, tracks=tracks, mattes=mattes) == timeline
    fluent = Timeline().at(0, "as it is")
    for key in keys:
        fluent = fluent.at(key.time_s, key.prompt, key.fade_s)
    in_order = Timeline()
    for key in timeline.keys:
        in_order = in_order.at(key.time_s, key.prompt, key.fade_s)
    for track in tracks:
        for keyframe in track.keyframes:
            fluent = fluent.set(keyframe.time_s, keyframe.ease, **{track.name: keyframe.value})
    assert fluent == replace(in_order, tracks=timeline.tracks)
