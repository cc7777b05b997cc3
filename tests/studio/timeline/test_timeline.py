"""Timelines: evaluation is pure and total, an edit changes nothing before it, and what is saved comes back."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.prompts import PromptError, blend, words
from studio.timeline import files
from studio.timeline.curves import PIECES, Keyframe, TimelineError
from studio.timeline.files import VERSION, timeline_from_dict, timeline_to_dict
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.parameters import defaults
from studio.timeline.timeline import Timeline

WORLDS = ("underwater", "wild west", "deep space", "snow falls")
SECONDS = st.integers(0, 40_000_000).map(lambda ticks: ticks / 1_000_000)  # a take's clock counts microseconds
QUARTERS = st.integers(0, 40).map(lambda quarters: quarters / 4)
WEIGHTS = st.floats(0.01, 10)
PROMPTS = st.sampled_from(WORLDS) | st.lists(st.tuples(st.sampled_from(WORLDS), WEIGHTS), min_size=1, max_size=3)
KEYS = st.builds(Key, SECONDS, PROMPTS, st.sampled_from([0.0, 0.5, 3.0, 20.0]))
EASES = st.sampled_from(["linear", "smooth", "step"])
TIME = attrgetter("time_s")
PLAIN = st.lists(KEYS, min_size=1, max_size=6, unique_by=TIME).map(lambda keys: Timeline(tuple(keys)))


def timelines(times, eases=EASES):
    """Timelines with all that one can hold, at such times."""
    keys = st.builds(Key, times, st.sampled_from(WORLDS), st.sampled_from([0.0, 0.5, 3.0]))
    values = st.builds(Keyframe, times, st.sampled_from([0.0, 0.25, 1.0]), eases)
    lane = st.lists(values, min_size=1, max_size=4, unique_by=TIME).map(tuple)
    mattes = st.builds(Matte, st.sampled_from(["stick", "ball"]), st.just("fire"), st.just({"colour": "red"}), lane)
    return st.builds(
        Timeline,
        keys=st.lists(keys, min_size=1, max_size=4, unique_by=TIME).map(tuple),
        markers=st.lists(st.builds(Marker, times, st.just("ball")), max_size=2).map(tuple),
        tracks=st.just(()) | st.builds(Track, st.just("strength"), lane).map(lambda track: (track,)),
        mattes=st.lists(mattes, max_size=2).map(tuple),
    )


TIMELINES = timelines(SECONDS)
LINES = timelines(QUARTERS)
EVEN = timelines(QUARTERS, eases=st.sampled_from(["linear", "step"]))
LENGTHS = QUARTERS.map(lambda quarters: quarters + 0.25)
BETWEEN = QUARTERS.map(lambda quarters: quarters + 0.125)
"""Between two quarters, where a microsecond moves no cut."""


ONE_PIECE = 6 / 8 / PIECES**2
"""How far a straight piece is from a smooth way at most: its curvature, 6 at most, times a piece's square over 8."""


def same(one, other, within=1e-5):
    """Two cues that tell the engine the same, up to the last bits of a fade that was begun anew.

    within: more where a smooth way was cut, of which even pieces are left.
    """
    one, other = one.directed(), other.directed()
    parts = [dict(one.prompt), dict(other.prompt)]
    for a, b in zip(one.mattes, other.mattes, strict=True):
        assert (a.name, a.region) == (b.name, b.region)
        assert a.weight == pytest.approx(b.weight, abs=within)
        parts += [dict(a.prompt), dict(b.prompt)]
    for a, b in zip(parts[::2], parts[1::2], strict=True):
        texts = a.keys() | b.keys()
        assert {text: a.get(text, 0) for text in texts} == pytest.approx({t: b.get(t, 0) for t in texts}, abs=within)
    return True


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


@given(LINES, BETWEEN, BETWEEN)
def test_a_split_changes_nothing_that_is_seen(timeline, cut_s, time_s):
    assume(timeline.keys[0].time_s < cut_s)
    halves = timeline.split(cut_s)
    assert same(halves.at(time_s), timeline.at(time_s))
    (second,) = (key for key in halves.keys if key not in timeline.keys)
    assert second.time_s == cut_s
    assert halves.delete(second.id) == timeline


@given(LINES, BETWEEN)
def test_a_trim_moves_one_cut_and_never_past_another(timeline, cut_s):
    for n, key in enumerate(timeline.keys[1:], start=1):
        low = timeline.keys[n - 1].time_s
        high = timeline.keys[n + 1].time_s if n + 1 < len(timeline.keys) else 1e9
        if low < cut_s < high:
            rolled = timeline.trim(key.id, start_s=cut_s)
            assert rolled == timeline.trim(timeline.keys[n - 1].id, end_s=cut_s) == timeline.move(key.id, cut_s)
            assert rolled.trim(key.id, start_s=key.time_s) == timeline
        else:
            with pytest.raises(TimelineError, match="nothing would be left"):
                timeline.trim(key.id, start_s=cut_s)
    for edge, id in (("start_s", timeline.keys[0].id), ("end_s", timeline.keys[-1].id)):
        with pytest.raises(TimelineError, match="edge stays"):
            timeline.trim(id, **{edge: cut_s})


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


@given(TIMELINES)
def test_saved_then_loaded_is_equal(timeline):
    text = json.dumps(timeline_to_dict(timeline))
    again = timeline_from_dict(json.loads(text))
    assert again == timeline
    assert json.dumps(timeline_to_dict(again)) == text
    assert files.parse(text) == timeline


def test_unknown_fields_pass_through_in_their_place():
    data = timeline_to_dict(Timeline((Key(0, "underwater"),), (Marker(1, "splash"),)))
    data["mood"] = "blue"
    data["keys"][0]["colour"] = "#08f"
    data["markers"][0]["by"] = "second unit"
    assert timeline_to_dict(timeline_from_dict(data)) == data
    assert list(timeline_to_dict(timeline_from_dict(data))) == list(data)


def test_edits_return_new_timelines():
    timeline = Timeline((Key(0, "underwater"), Key(3, "wild west", 0.5)))
    first, second = (key.id for key in timeline.keys)
    assert timeline.move(second, 5).keys[1] == replace(timeline.keys[1], time_s=5.0)
    assert timeline.change(second, prompt="deep space", fade_s=2).at(9).prompt == (("deep space", 1.0),)
    assert timeline.delete(first).at(0).prompt == (("wild west", 1.0),)
    assert timeline.mark(4, "door opens").markers == (Marker(4.0, "door opens"),)
    assert [key.time_s for key in timeline.add(Key(1, "snow falls")).keys] == [0, 1, 3]
    assert timeline == Timeline((Key(0, "underwater"), Key(3, "wild west", 0.5))), "and leave the old one as it was"


@given(TIMELINES)
def test_each_key_has_an_id_of_its_own_that_edits_keep(timeline):
    ids = [key.id for key in timeline.keys]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    edited = timeline.add(Key(50, "as it is"))
    assert [key.id for key in edited.keys][:-1] == ids


@given(
    st.lists(st.builds(Key, QUARTERS, PROMPTS, QUARTERS), min_size=1, max_size=5, unique_by=TIME), QUARTERS, QUARTERS
)
def test_a_later_clock_sees_the_same(keys, start_s, later_s):
    """`since` is how a take's timeline begins in the middle of what was said before."""
    timeline, later_s = Timeline(tuple(keys)), later_s + 1 / 8  # between two keys, where a microsecond moves no cut
    expected, found = dict(timeline.at(start_s + later_s).prompt), dict(timeline.since(start_s).at(later_s).prompt)
    assert all(found.get(text, 0) == pytest.approx(expected.get(text, 0), abs=1e-5) for text in WORLDS)


# -- the fluent form and its laws


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
    assert a.same_picture(b) == (asked[0].prompt == asked[1].prompt and asked[0].mattes == asked[1].mattes)


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


@given(TIMELINES, TIMELINES, TIMELINES, LENGTHS, LENGTHS)
def test_joining_is_associative(one, two, three, one_s, two_s):
    one, two = one.until(one_s), two.until(two_s)
    assert (one + two) + three == one + (two + three)


@given(LINES, LINES, LENGTHS, BETWEEN)
def test_joined_it_is_the_one_and_then_the_other(one, two, end_s, time_s):
    two = two.at(two.keys[0].time_s, two.keys[0].prompt)  # a first key that fades would fade over from the one
    both = one.until(end_s) + two
    assert same(both.at(end_s + time_s), two.at(time_s))
    assert same(both.at(end_s), two.at(0))
    if time_s < end_s:
        assert same(both.at(time_s), one.until(end_s).at(time_s))


@given(TIMELINES, SECONDS)
def test_shift_then_shift_back_is_nothing(timeline, by_s):
    assert timeline.shift(by_s).shift(-by_s) == timeline


@given(LINES, QUARTERS, BETWEEN)
def test_a_shift_is_only_later(timeline, by_s, time_s):
    assert same(timeline.shift(by_s).at(time_s + by_s), timeline.at(time_s))


@given(LINES, st.sampled_from([0.5, 1.5, 4.0]), BETWEEN)
def test_a_stretch_is_only_slower(timeline, factor, time_s):
    assert same(timeline.stretch(factor).at(time_s * factor), timeline.at(time_s))


@given(EVEN, LINES, QUARTERS, LENGTHS, BETWEEN)
def test_a_slice_is_that_part(even, smooth, start_s, length_s, time_s):
    for timeline, within in ((even, 1e-5), (smooth, ONE_PIECE)):
        part = timeline[start_s : start_s + length_s]
        assert part.end_s == length_s
        if time_s < length_s:
            assert same(part.at(time_s), timeline.at(start_s + time_s), within)


@given(EVEN, LINES, LENGTHS, LENGTHS, BETWEEN)
def test_cut_in_two_and_joined_again_it_shows_the_same(even, smooth, cut_s, rest_s, time_s):
    for timeline, within in ((even, 1e-5), (smooth, ONE_PIECE)):
        whole = timeline.until(cut_s + rest_s)
        again = whole[:cut_s] + whole[cut_s:]
        assert (again.end_s, again.markers) == (whole.end_s, whole.markers)
        assert same(again.at(time_s), whole.at(time_s), within)


def test_a_smooth_way_that_is_cut_does_not_jump():
    line = Timeline().set(0, strength=0).set(8, "smooth", strength=1).until(8)
    again = line[:3.3] + line[3.3:]
    for time_s in (3.3 - 1e-6, 3.3, 3.3 + 1e-6):
        assert again.value("strength", time_s) == pytest.approx(line.value("strength", time_s), abs=1e-6)
    assert line.since(1.3).since(1.1).value("strength", 0) == pytest.approx(line.value("strength", 2.4), abs=1e-3)


def test_a_marker_of_an_old_take_is_read_whatever_its_name():
    saved = {**timeline_to_dict(Timeline().mark(1, "ball")), "markers": [{"time_s": 1, "name": "  "}]}
    assert timeline_from_dict(saved).markers == (Marker(1, "Marker"),)


def test_a_loop_is_joined_to_itself():
    weight = (Keyframe(0, 1), Keyframe(1, 0, "step"))
    prop = Timeline(mattes=(Matte("stick", "fire", {"colour": "red"}, weight),)).until(2)
    assert [matte.name for matte in prop.loop(50).mattes] == ["stick"], "which comes and goes"
    assert [bool(prop.loop(50).at(t).mattes) for t in (0.5, 1.5, 98.5, 99.5)] == [True, False, True, False]
    once = Timeline().at(0, "underwater").at(1, "wild west", fade=0.5)[:2]
    assert once.loop(3) == once + once + once
    assert once.loop(1) == once
    assert once.loop(6) == once.loop(2) + once.loop(4)
    assert len(once.loop(1000).keys) == 2000
    assert once.loop(until_s=5) == (once + once + once)[:5]
    assert [key.time_s for key in once.loop(until_s=5).keys] == [0, 1, 2, 3, 4]


def test_a_first_key_with_a_fade_fades_over_the_joint():
    both = Timeline.of("underwater").until(2) + Timeline((Key(0, "wild west", 1),))
    assert dict(both.at(2.5).prompt) == {"underwater": 0.5, "wild west": 0.5}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Key(0, "   "), "the prompt is empty"),
        (lambda: Key(0, []), "the prompt is empty"),
        (lambda: Key(0, "x" * 5000), "5,000 characters; at most 1,000"),
        (lambda: Key(-1, "a"), "times start at 0"),
        (lambda: Key(float("nan"), "a"), "finite number"),
        (lambda: Key(0, "a", float("inf")), "finite number"),
        (lambda: Key(0, "a", -1), "a key's fade is -1.0 s"),
        (lambda: Key("3", "a"), "finite number"),  # type: ignore[arg-type]
        (lambda: Key(True, "a"), "finite number"),
        (lambda: Key(0, [("a", 0)]), "weights are above 0"),
        (lambda: Key(0, [("a", float("nan"))]), "finite number"),
        (lambda: Key(0, 5), "5 is not a prompt; write a text"),  # type: ignore[arg-type]
        (lambda: Key(0, ["ab"]), "is not a weighted text"),  # type: ignore[list-item]
        (lambda: Timeline(()), "at least one prompt key"),
        (lambda: Timeline((Key(1, "a"), Key(1, "b"))), "two keys at 1.0 s ('a' and 'b')"),
        (lambda: Timeline.of("a").key("k9"), "no key 'k9'; the keys are k1"),
        (lambda: Timeline.of("a").delete("k1"), "at least one prompt key"),
        (lambda: Timeline.of("a") + Timeline.of("b"), "without an end cannot be joined to; say until(8)"),
        (lambda: Timeline.of("a").loop(2), "without an end does not loop"),
        (lambda: Timeline.of("a").until(2).loop(0), "a loop of 0 times; it is a whole number from 1 to 10,000"),
        (lambda: Timeline.of("a").until(2).loop(), "say one of them"),
        (lambda: Timeline.of("a").until(2).loop("3"), "a loop of '3' times; it is a whole number"),  # type: ignore[arg-type]
        (lambda: Timeline.of("a").until(2).loop(until_s=0), "a loop until 0 s; its end is above 0 and at most 20000 s"),
        (lambda: Timeline().at(3, "x", fade=-1), "a key's fade is -1.0 s; it is 0 (a cut) or more"),
        (lambda: Timeline.of("a").change("k1", fade=2), "a key has no 'fade'; it has prompt, fade_s"),
        (lambda: Timeline("underwater"), "for one prompt: Timeline.of('underwater')"),  # type: ignore[arg-type]
        (lambda: Timeline(("a",)), "'a' in a timeline's keys; each is a Key(...)"),  # type: ignore[arg-type]
        (lambda: Timeline().mark(1, 3), "3 is not a marker's name"),  # type: ignore[arg-type]
        (lambda: Timeline().mark(1, " "), "' ' is not a marker's name"),
        (lambda: Timeline.of("a").until(2).at(2, "b"), "the prompt 'b' is at 2.0 s, and the timeline ends at 2.0 s"),
        (lambda: Timeline.of("a").until(0), "its end is above 0"),
        (lambda: Timeline.of("a").until(2)[3:], "nothing is left from 3.0 s on"),
        (lambda: Timeline.of("a")[3:2], "a slice from 3.0 s to 2.0 s is empty"),
        (lambda: Timeline.of("a")[1:2:1], "write timeline[2:6]"),
        (lambda: Timeline.of("a")[-1:], "times start at 0"),
        (lambda: Timeline((Key(1, "a"),)).shift(-2), "moves what is at 1.0 s before 0; slice it: timeline[2.0:]"),
        (lambda: Timeline.of("a").stretch(0), "the factor is above 0"),
        (lambda: Timeline.of("a").set(0, zoom=1), "no parameter 'zoom'; there is strength"),
        (lambda: Timeline.of("a").value("zoom", 0), "no parameter 'zoom'; there is strength"),
        (lambda: Timeline.of("a").set(0, strength=2), "strength is 2.0 at 0.0 s; it goes from 0.0 to 1.0"),
        (lambda: Timeline.of("a").set(0, "fast", strength=1), "ease 'fast'; it is linear, smooth or step"),  # type: ignore[arg-type]
        (lambda: Track("strength", ()), "strength has no values"),
        (lambda: Track("strength", (Keyframe(1, 0), Keyframe(1, 1))), "strength stands twice at 1.0 s"),
        (lambda: Timeline(tracks=(Track("strength", (Keyframe(0, 1),)),) * 2), "two tracks of 'strength'"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1, "prompt": "a"}], mattes=[{}])), "mattes[0] lacks"),
        (lambda: Timeline().at(True), "True is not a time"),
        (lambda: Timeline().at("4"), "'4' is not a time; write seconds, such as 4.5"),  # type: ignore[call-overload]
        (lambda: timeline_from_dict({"schema": "other"}), "schema 'other' is not"),
        (lambda: timeline_from_dict({"schema": "lsd-studio.timeline", "version": VERSION + 1}), "update lsd-studio"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1}])), "keys[0] lacks 'prompt'"),
        (lambda: timeline_from_dict(_saved(keys=5)), "keys is 5, not a list"),
        (lambda: timeline_from_dict(_saved(keys=["a"])), "keys[0] is 'a', not an object"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1, "prompt": ""}])), "keys[0]: the prompt is empty"),
    ],
)
def test_mistakes_are_told_with_what_is_legal(make, message):
    with pytest.raises(PromptError) as error:
        make()
    assert message in str(error.value)


def _saved(**fields):
    return {"schema": "lsd-studio.timeline", "version": 1, "keys": [], "markers": [], **fields}


def test_a_schedule_becomes_a_timeline(tmp_path: Path):
    path = tmp_path / "schedule.json"
    path.write_text('{"3.0": {"prompt": "wild west", "fade_s": 0.5}, "0": "underwater"}')
    assert files.load(path) == Timeline((Key(0, "underwater"), Key(3, "wild west", 0.5)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{\n  "0": "underwater",\n  "-3": "x"}', "line 3, column 3"),
        (b'{"0": ', "line 1, column"),
        (b'{"0": "\xff"}', "byte 7 is not UTF-8"),
        (b'{"schema": "lsd-studio.timeline", "version": 1}', "at least one prompt key"),
    ],
)
def test_a_schedule_with_a_mistake_names_file_and_place(tmp_path: Path, data: bytes, message: str):
    path = tmp_path / "schedule.json"
    path.write_bytes(data)
    with pytest.raises(TimelineError) as error:
        files.load(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_a_schedule_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(TimelineError, match=r"cannot read the schedule .*none\.json: No such file"):
        files.load(tmp_path / "none.json")
