"""Laws of edits: each returns a new timeline that shows what its name says, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio.timeline.curves import Keyframe, TimelineError
from studio.timeline.keys import Key, Marker, Matte
from studio.timeline.timeline import Timeline
from tests.studio.timeline.lines import (
    BETWEEN,
    EVEN,
    LENGTHS,
    LINES,
    ONE_PIECE,
    PROMPTS,
    QUARTERS,
    SECONDS,
    TIME,
    TIMELINES,
    WORLDS,
    same,
)


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


@given(TIMELINES, TIMELINES, TIMELINES, LENGTHS, LENGTHS)
def test_joining_is_associative(one, two, three, one_s, two_s):
    one, two = one.until(one_s), two.until(two_s)
    assert (one + two) + three == one + (two + three)


@given(LINES, LINES, LENGTHS, BETWEEN)
def test_joined_it_is_the_one_and_then_the_other(one, two, end_s, time_s):
    two = two.at(two.keys[0].time_s, two.keys[0].prompt)  # a first key that fades would fade over from the one
    if two.sets and two.sets[0].time_s == 0:
        two = two.change(two.sets[0].id, fade_s=0)
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
