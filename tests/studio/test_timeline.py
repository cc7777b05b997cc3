"""Timelines: evaluation is pure and total, an edit changes nothing before it, and what is saved comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from studio import schedule
from studio.timeline import VERSION, Key, Marker, Timeline, TimelineError, blend, words

WORLDS = ("underwater", "wild west", "deep space", "snow falls")
SECONDS = st.integers(0, 40_000_000).map(lambda ticks: ticks / 1_000_000)  # a take's clock counts microseconds
QUARTERS = st.integers(0, 40).map(lambda quarters: quarters / 4)
WEIGHTS = st.floats(0.01, 10)
PROMPTS = st.sampled_from(WORLDS) | st.lists(st.tuples(st.sampled_from(WORLDS), WEIGHTS), min_size=1, max_size=3)
KEYS = st.builds(Key, SECONDS, PROMPTS, st.sampled_from([0.0, 0.5, 3.0, 20.0]))
TIME = attrgetter("time_s")
TIMELINES = st.lists(KEYS, min_size=1, max_size=6, unique_by=TIME).map(lambda keys: Timeline(tuple(keys)))


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
    assert timeline.add(key).at(time_s).prompt == timeline.at(time_s).prompt


@given(TIMELINES)
def test_before_the_first_key_its_prompt_holds_already(timeline):
    first = timeline.keys[0]
    assert timeline.at(-1).prompt == timeline.at(first.time_s).prompt == blend(first.prompt)


@given(TIMELINES)
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


@given(TIMELINES)
def test_saved_then_loaded_is_equal(timeline):
    text = json.dumps(timeline.to_dict())
    again = Timeline.from_dict(json.loads(text))
    assert again == timeline
    assert json.dumps(again.to_dict()) == text
    assert schedule.parse(text) == timeline


def test_unknown_fields_pass_through_in_their_place():
    data = Timeline((Key(0, "underwater"),), (Marker(1, "splash"),)).to_dict()
    data["mood"] = "blue"
    data["keys"][0]["colour"] = "#08f"
    data["markers"][0]["by"] = "second unit"
    assert Timeline.from_dict(data).to_dict() == data
    assert list(Timeline.from_dict(data).to_dict()) == list(data)


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


@pytest.mark.parametrize(
    ("make", "told"),
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
        (lambda: Key(0, ["ab"]), "is not a weighted text"),  # type: ignore[list-item]
        (lambda: Timeline(()), "at least one prompt key"),
        (lambda: Timeline((Key(1, "a"), Key(1, "b"))), "two keys at 1.0 s ('a' and 'b')"),
        (lambda: Timeline.of("a").key("k9"), "no key 'k9'; the keys are k1"),
        (lambda: Timeline.of("a").delete("k1"), "at least one prompt key"),
        (lambda: Timeline.from_dict({"schema": "other"}), "schema 'other' is not"),
        (lambda: Timeline.from_dict({"schema": "lsd-studio.timeline", "version": VERSION + 1}), "update lsd-studio"),
        (lambda: Timeline.from_dict(_saved(keys=[{"time_s": 1}])), "keys[0] lacks 'prompt'"),
        (lambda: Timeline.from_dict(_saved(keys=["a"])), "keys[0] is 'a', not an object"),
        (lambda: Timeline.from_dict(_saved(keys=[{"time_s": 1, "prompt": ""}])), "keys[0]: the prompt is empty"),
    ],
)
def test_mistakes_are_told_with_what_is_legal(make, told):
    with pytest.raises(TimelineError) as error:
        make()
    assert told in str(error.value)


def _saved(**fields):
    return {"schema": "lsd-studio.timeline", "version": 1, "keys": [], "markers": [], **fields}


def test_a_schedule_becomes_a_timeline(tmp_path: Path):
    path = tmp_path / "schedule.json"
    path.write_text('{"3.0": {"prompt": "wild west", "fade_s": 0.5}, "0": "underwater"}')
    assert schedule.load(path) == Timeline((Key(0, "underwater"), Key(3, "wild west", 0.5)))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{\n  "0": "underwater",\n  "-3": "x"}', "line 3, column 3"),
        (b'{"0": ', "line 1, column"),
        (b'{"0": "\xff"}', "byte 7 is not UTF-8"),
        (b'{"schema": "lsd-studio.timeline", "version": 1}', "at least one prompt key"),
    ],
)
def test_a_schedule_with_a_mistake_names_file_and_place(tmp_path: Path, data: bytes, told: str):
    path = tmp_path / "schedule.json"
    path.write_bytes(data)
    with pytest.raises(TimelineError) as error:
        schedule.load(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)


def test_a_schedule_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(TimelineError, match=r"cannot read the schedule .*none\.json: No such file"):
        schedule.load(tmp_path / "none.json")
