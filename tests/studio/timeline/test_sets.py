"""Laws of sets in time: which stand, how they fade, that their clocks go on through edits, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.prompts import PromptError
from studio.timeline.curves import TimelineError
from studio.timeline.files import lane_to_dict, parse, timeline_from_dict, timeline_to_dict, with_lane
from studio.timeline.keys import Key
from studio.timeline.sets import MOST_LAYERS, SetKey, normal, set_from_text, words_of
from studio.timeline.timeline import Timeline
from tests.studio.timeline.lines import BETWEEN, LENGTHS, LINES, QUARTERS, TIMELINES, same

DUNES, NIGHT = {"gallery": "dunes"}, {"colour": "#203040"}


def standing(timeline: Timeline, time_s: float) -> dict[str, tuple[float, float]]:
    """Each set in words, with its weight and its own clock."""
    return {words_of(cue.set): (round(cue.weight, 6), round(cue.time_s, 6)) for cue in timeline.at(time_s).sets}


def test_sets_cut_and_fade_as_prompts_do() -> None:
    line = Timeline().with_set(2, DUNES).with_set(4, NIGHT, fade=1).with_set(4.5, None, fade=2)
    assert line.at(1.9).sets == ()
    assert standing(line, 2) == {"dunes": (1, 0)}
    assert standing(line, 4.25) == {"dunes": (0.75, 2.25), "#203040": (0.25, 0.25)}
    assert standing(line, 5.5) == {"dunes": (0.25, 3.5), "#203040": (0.25, 1.5), "off": (0.5, 0)}
    assert line.at(6.5).sets == ()
    assert [line.at(float(x)).prompt for x in (3, 5)] == [(("as it is", 1.0),)] * 2, "and no prompt changes"


def test_the_first_set_fades_in_from_the_cameras_own() -> None:
    assert standing(Timeline().with_set(0, DUNES, fade=2), 0.5) == {"off": (0.75, 0), "dunes": (0.25, 0.5)}


def test_a_set_that_stands_goes_on_and_one_that_comes_back_begins_anew() -> None:
    line = Timeline().with_set(1, DUNES).with_set(3, {**DUNES, "into_s": 9}).with_set(5, NIGHT).with_set(6, DUNES)
    assert standing(line, 4) == {"dunes": (1, 3)}
    assert standing(line, 6.5) == {"dunes": (1, 0.5)}
    assert standing(Timeline().with_set(1, {**DUNES, "into_s": 9}), 1.5) == {"dunes": (1, 9.5)}


def test_fades_that_are_interrupted_leave_four_layers_of_which_the_faintest_went() -> None:
    """By hand: a, b, c, d stand with 14, 7, 7 and 36 of 64 parts when e comes; b goes, and 57 are the whole."""
    line = (
        Timeline()
        .with_set(0, {"colour": "a"})
        .with_set(1, {"colour": "b"}, fade=3)
        .with_set(2, {"colour": "c"}, fade=4)
    )
    line = line.with_set(3, {"colour": "d"}, fade=16 / 9).with_set(4, {"colour": "e"}, fade=2)
    assert standing(line, 3) == {"a": (0.5, 3), "b": (0.25, 2), "c": (0.25, 1)}
    kept = {"a": 0.21875, "b": 0.109375, "c": 0.109375, "d": 0.5625}
    before = standing(line, 3.999999).items()
    assert {name: weight for name, (weight, _) in before} == pytest.approx(kept, abs=1e-5)
    total = 1 - kept["b"]
    assert {cue.set["colour"]: cue.weight for cue in line.at(5.0).sets if cue.set} == pytest.approx(
        {**{name: kept[name] / total / 2 for name in "acd"}, "e": 0.5}
    ), "of two equals the older goes"
    assert {name: line.at(5.0).sets[n].time_s for n, name in enumerate("acde")} == {"a": 5, "c": 3, "d": 2, "e": 1}


@example([(colour, 1) for colour in "abcd"], 0.25, 1.375)
@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 8)), min_size=1, max_size=12), QUARTERS, BETWEEN)
def test_no_frame_has_more_than_four_layers_and_a_slice_has_the_same(fades, start_s, time_s):
    line = Timeline()
    for n, (colour, fade_s) in enumerate(fades):
        line = line.with_set(n / 2, {"colour": colour}, fade=fade_s)
    cues = line.at(start_s + time_s).sets
    assert len(cues) <= MOST_LAYERS
    assert sum(cue.weight for cue in cues) == pytest.approx(1 if cues else 0)
    assert same(line[start_s:60].at(time_s), line.at(start_s + time_s))


def test_a_blend_that_was_asked_for_keeps_all_its_sets() -> None:
    many = [[{"colour": name}, 1] for name in "abcdef"]
    line = Timeline().with_set(0, many).with_set(1, [[NIGHT, 1]], fade=2)
    assert [len(line.at(time_s).sets) for time_s in (0.5, 2.0, 3.5)] == [6, 4, 1]
    assert len(Timeline().with_set(0, NIGHT).with_set(1, many, fade=2).at(2.0).sets) == 7


def test_the_cast_cuts_where_the_place_fades() -> None:
    green = {"matter": "chroma", "colour": "#00ff00"}
    line = Timeline().with_set(0, DUNES).with_set(2, {**NIGHT, "cast": green}, fade=2).with_set(6, None, fade=2)
    assert [line.at(float(t)).cast for t in (1, 2, 5, 7)] == [None, green, green, green]
    assert line.at(9.0).cast is None
    again = Timeline().with_set(0, DUNES).with_set(2, {**DUNES, "cast": green})
    assert standing(again, 3) == {"dunes": (1, 3)}, "another cast before the same place does not begin it anew"


@given(LINES, QUARTERS, LENGTHS, BETWEEN)
def test_clocks_go_on_in_a_slice_and_a_shift(timeline, start_s, length_s, time_s):
    def clocks(line: Timeline, at_s: float) -> dict[str, float]:
        return {cue.place: cue.time_s for cue in line.at(at_s).sets if cue.set is not None and cue.weight > 1e-5}

    part, later = timeline[start_s : start_s + length_s], timeline.shift(start_s)
    if time_s < length_s:
        assert clocks(part, time_s) == pytest.approx(clocks(timeline, start_s + time_s), abs=2e-6)
    assert clocks(later, time_s + start_s) == pytest.approx(clocks(timeline, time_s), abs=2e-6)


@given(TIMELINES)
def test_what_is_saved_comes_back(timeline):
    data = json.loads(json.dumps(timeline_to_dict(timeline)))
    assert timeline_from_dict(data) == timeline
    assert ("sets" in data, data["version"]) == ((True, 3) if timeline.sets else (False, 2))
    assert with_lane(Timeline(), lane_to_dict(timeline)).sets == timeline.sets


def test_a_lane_without_sets_leaves_them() -> None:
    timeline = Timeline().with_set(2, DUNES)
    lane = lane_to_dict(timeline)
    assert with_lane(timeline, {**lane, "sets": []}).sets == ()
    del lane["sets"]
    assert with_lane(timeline, lane) == timeline


def test_a_timeline_without_sets_is_written_as_before() -> None:
    assert json.dumps(timeline_to_dict(Timeline((Key(0, "underwater"), Key(2, "wild west", 0.5))))) == (
        '{"schema": "lsd-studio.timeline", "version": 2, "keys": ['
        '{"id": "k1", "time_s": 0.0, "prompt": "underwater", "fade_s": 0.0}, '
        '{"id": "k2", "time_s": 2.0, "prompt": "wild west", "fade_s": 0.5}], "markers": []}'
    )


def test_edits_work_on_sets_by_their_ids() -> None:
    line = Timeline().with_set(1, DUNES).with_set(3, NIGHT, fade=1)
    first, second = (key.id for key in line.sets)
    assert (first, second) == ("s1", "s2")
    assert line.move(second, 5).set_key(second) == SetKey(5, NIGHT, 1, second)
    assert line.change(first, set=None, fade_s=0.5).set_key(first) == SetKey(1, None, 0.5, first)
    assert line.delete(first).delete(second) == Timeline()
    assert line.add(SetKey(2, {"blur": 0.5})).set_key("s3").time_s == 2
    assert line.stretch(2).set_key(second) == SetKey(6, NIGHT, 2, second)
    with pytest.raises(TimelineError, match=r"no set 's9'; the sets are s1, s2"):
        line.set_key("s9")
    with pytest.raises(TimelineError, match="a key has no 'prompt'; it has set, fade_s, time_s and metadata"):
        line.change(first, prompt="underwater")
    ids = Timeline((Key(0, "underwater", id="s1"),)).with_set(1, DUNES)
    assert (ids.keys[0].id, ids.sets[0].id) == ("s1", "s2"), "an id names one thing"


def test_a_set_ends_where_a_line_without_one_is_joined() -> None:
    line = (Timeline().with_set(1, DUNES).until(2) + Timeline().until(2)).loop(2)
    assert [bool(line.at(float(t)).sets) for t in (1.5, 2, 4.5, 5.5, 6)] == [True, False, False, True, False]


def test_bad_sets_are_refused_with_the_remedy() -> None:
    for wrong, text in (
        ("dunes", "'dunes' is not a set; write"),
        ({}, "a set of nothing; it has one of gallery, file, colour, blur, plan, words"),
        ({"gallery": "a", "colour": "#fff"}, "a set of gallery, colour"),
        ({"gallery": " "}, "a set's gallery is ' '; write a text"),
        ({"blur": 2}, "blurred by 2; it is above 0 and at most 1"),
        ({"plan": "beach"}, "a set's plan is 'beach'"),
        ({"gallery": "dunes", "into_s": -1}, "a set's in-point is -1"),
        ({"gallery": "dunes", "cast": "person"}, "a cast is 'person'"),
        ({"gallery": "dunes", "cast": {"plate": 5}}, "a cast is"),
        ({"file": 5}, "a set's file is 5; write a text"),
        ({"plan": {"x": float("nan")}}, "holds what no file can"),
        ({"plan": {"x": "x" * 70_000}}, "at most 64,000"),
        ([[DUNES, 0]], "weights are above 0"),
        ([[DUNES, 1], [DUNES, 2]], "stands twice"),
        ([DUNES], "is not a set with its weight"),
        ([], "is not a set"),
    ):
        with pytest.raises(TimelineError, match=text):
            normal(wrong)  # type: ignore[arg-type]
    with pytest.raises(TimelineError, match=r"two sets at 1.0 s \(dunes and #203040\)"):
        Timeline(sets=(SetKey(1, DUNES), SetKey(1, NIGHT)))
    with pytest.raises(PromptError, match=r"sets\[0\] lacks 'set'"):
        parse('{"schema": "lsd-studio.timeline", "version": 3, "keys": [], "sets": [{"time_s": 0}]}')
    with pytest.raises(TimelineError, match="the set dunes is at 3"):
        Timeline(sets=(SetKey(3, DUNES),), end_s=2)


def test_people_type_sets() -> None:
    assert set_from_text("gallery: dunes") == DUNES
    assert set_from_text("off") is None
    assert set_from_text("blur:0.5") == {"blur": 0.5}
    assert set_from_text("a beach at dusk: calm") == {"words": "a beach at dusk: calm"}
    with pytest.raises(TimelineError, match="blur:much"):
        set_from_text("blur:much")
