"""A take's events become the timeline that was played: parameters and regions take effect where they were recorded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.takes.played import timeline_of, with_region
from studio.timeline.curves import Keyframe, Keyframes, TimelineError, value_at
from studio.timeline.files import timeline_to_dict
from studio.timeline.keys import Key, Matte
from studio.timeline.timeline import Timeline

SECOND = 1_000_000
PROMPT = {"kind": "prompt", "ticks": 0, "key": {"id": "k1", "time_s": 0.0, "prompt": "underwater"}}


def param(at_s: float, value: float, ease: str = "step") -> dict[str, Any]:
    return {"kind": "param", "ticks": round(at_s * SECOND), "name": "strength", "value": value, "ease": ease}


def strength(events: list[dict[str, Any]], time_s: float) -> float:
    return timeline_of([PROMPT, *events]).at(time_s).parameters["strength"]


def test_a_parameter_has_its_default_until_its_first_event() -> None:
    events = [param(2, 0.5), param(3, 0.25)]
    assert [strength(events, time_s) for time_s in (0, 1.999, 2, 2.5, 3, 9)] == [1, 1, 0.5, 0.5, 0.25, 0.25]


def test_the_newest_value_takes_the_place_of_what_was_to_come() -> None:
    events = [param(1, 1.0), param(3, 0.0, "linear")]
    assert strength(events, 2) == 0.5
    events += [param(2, 0.5), param(2.5, 1.0, "linear")]
    times = (1.5, 1.999999, 2, 2.25, 2.5, 3, 9)
    assert [strength(events, time_s) for time_s in times] == pytest.approx([0.75, 0.5, 0.5, 0.75, 1, 1, 1], abs=1e-5)


def test_a_parameter_that_is_not_known_is_refused() -> None:
    with pytest.raises(TimelineError, match="no parameter 'glow'"):
        timeline_of([PROMPT, {**param(0, 1), "name": "glow"}])


def region(at_s: float, **fields: Any) -> dict[str, Any]:
    matte = {
        "name": "stick",
        "prompt": "a lightsaber",
        "where": {"box": {"0.0": [0.1, 0.1, 0.2, 0.2], "9.0": [0.5, 0.5, 0.2, 0.2]}},
        "values": [{"time_s": 0.0, "value": 1.0, "ease": "linear"}],
    }
    return {"kind": "region", "ticks": round(at_s * SECOND), "matte": {**matte, **fields}}


def test_a_region_shows_from_its_event_on_and_is_followed_from_there() -> None:
    timeline = timeline_of([PROMPT, region(2)])
    assert [len(timeline.at(time_s).mattes) for time_s in (0, 1.999, 2, 5)] == [0, 0, 1, 1]
    (matte,) = timeline.mattes
    assert matte.region["box"] == {"2.0": [0.1, 0.1, 0.2, 0.2], "9.0": [0.5, 0.5, 0.2, 0.2]}


def test_another_prompt_keeps_a_regions_track_and_a_weight_of_0_ends_it() -> None:
    timeline = timeline_of([PROMPT, region(2)])
    (first,) = timeline.mattes
    timeline = with_region(timeline, 4.0, Matte("stick", "a torch", first.region))
    shown = [[(cue.prompt, cue.region) for cue in timeline.at(time_s).mattes] for time_s in (3, 5)]
    assert shown == [[((("a lightsaber", 1.0),), first.region)], [((("a torch", 1.0),), first.region)]]
    timeline = with_region(timeline, 6.0, Matte("stick", "a torch", first.region, (Keyframe(0.0, 0.0),)))
    assert [len(timeline.at(time_s).mattes) for time_s in (3, 5, 7)] == [1, 1, 0]


def test_a_region_that_is_in_the_timeline_changes_nothing() -> None:
    timeline = timeline_of([PROMPT, region(0)])
    assert with_region(timeline, 3.0, timeline.mattes[0]) is timeline


def test_takes_without_such_events_read_as_before() -> None:
    assert timeline_of([PROMPT, {"kind": "end", "ticks": 5}]) == Timeline.of("underwater")


EASES = st.sampled_from(["linear", "smooth", "step"])
WEIGHTS = st.lists(
    st.builds(Keyframe, st.integers(0, 40).map(lambda tenths: tenths / 10), st.floats(0, 1), EASES),
    min_size=1,
    max_size=4,
    unique_by=lambda keyframe: keyframe.time_s,
).map(lambda keyframes: tuple(sorted(keyframes, key=lambda keyframe: keyframe.time_s)))
GREEN = {"colour": "green"}
MOMENTS = st.integers(0, 45).map(lambda tenths: tenths / 10)
SMOOTH_CUT = 0.003
"""How far the even ways that stand for a smooth one that is cut are from it: studio/timeline/curves.py."""


def weight_at(timeline: Timeline, time_s: float, prompt: str) -> float:
    mattes = [cue.weight for cue in timeline.at(time_s).mattes if cue.prompt == ((prompt, 1.0),)]
    assert len(mattes) <= 1
    return mattes[0] if mattes else 0.0


@given(WEIGHTS, WEIGHTS, st.integers(0, 40).map(lambda tenths: tenths / 10), MOMENTS)
def test_a_region_in_place_of_another_leaves_the_past_and_ends_the_old_one(
    old: Keyframes, new: Keyframes, at_s: float, time_s: float
) -> None:
    """Whatever runs at that moment, a smooth way too: before it the old weight as it was, from it on the new alone."""
    before = Timeline((Key(0.0, "as it is"),), mattes=(Matte("stick", "a torch", GREEN, old),))
    after = with_region(before, at_s, Matte("stick", "a lightsaber", GREEN, new))
    if time_s < at_s:
        assert weight_at(after, time_s, "a torch") == pytest.approx(value_at(old, time_s), abs=SMOOTH_CUT)
        assert weight_at(after, time_s, "a lightsaber") == 0
    else:
        assert weight_at(after, time_s, "a torch") == 0
        assert weight_at(after, time_s, "a lightsaber") == pytest.approx(value_at(new, time_s), abs=SMOOTH_CUT)


@given(WEIGHTS, st.integers(0, 40).map(lambda tenths: tenths / 10))
def test_a_region_that_was_cut_in_is_recorded_and_read_as_it_was_played(new: Keyframes, at_s: float) -> None:
    start = Timeline((Key(0.0, "underwater", 0.0, "k1"),))
    played = with_region(start, at_s, Matte("stick", "a lightsaber", GREEN, new))
    mattes = timeline_to_dict(played).get("mattes", [])
    events = [{"kind": "region", "ticks": round(at_s * SECOND), "matte": matte} for matte in mattes]
    assert timeline_of([PROMPT, *events]) == played
