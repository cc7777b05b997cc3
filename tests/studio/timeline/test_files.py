"""Timelines as schedules: what is written is read back as the same timeline, and nothing is lost unsaid."""

from __future__ import annotations

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.timeline import files
from studio.timeline.curves import TimelineError
from studio.timeline.files import timeline_to_dict
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline

TEXTS = (
    st.text(st.sampled_from("ab é()[]{}|\\:,\"'0"), min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
FRAMES = st.lists(st.integers(1, 500), max_size=5).map(lambda gaps: list(accumulate([0, *gaps])))
STYLES = st.sampled_from(["seconds", "s", "frames", "f", "clock", "timecode"])
RATES = st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 60.0])


@given(FRAMES, st.data(), STYLES, RATES, st.sampled_from(["json", "keyframes", "durations"]))
def test_parse_of_print_is_the_timeline(frames, data, times, fps, form):
    keys = tuple(Key(frame / fps, data.draw(TEXTS)) for frame in frames)
    end_s = (frames[-1] + 7) / fps if form == "durations" else None
    timeline = Timeline(keys, end_s=end_s)
    again = files.parse(files.dumps(timeline, form, times, fps), fps, frames=times == "frames")
    assert [key.prompt for key in again.keys] == [key.prompt for key in timeline.keys]
    if form == "durations":  # lengths add up, each rounded to the clock's tick
        assert [key.time_s for key in again.keys] == pytest.approx([key.time_s for key in timeline.keys], abs=1e-5)
        assert again.end_s == pytest.approx(timeline.end_s, abs=1e-5)
    else:
        assert again == timeline


@given(
    st.lists(
        st.builds(
            Key,
            st.integers(0, 10**9).map(lambda ticks: ticks / 1e6),
            TEXTS | st.lists(st.tuples(TEXTS, st.floats(0.1, 5)), min_size=1, max_size=3),
            st.integers(0, 10**7).map(lambda ticks: ticks / 1e6),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda key: key.time_s,
    ),
    st.sampled_from(["seconds", "s", "clock"]),
)
def test_json_holds_fades_and_blends(keys, times):
    timeline = Timeline(tuple(keys))
    assert files.parse(files.dumps(timeline, times=times)) == timeline


@pytest.mark.parametrize(
    ("timeline", "form", "message", "lossy"),
    [
        (Timeline.of("a").mark(1, "ball"), "json", "no markers; save the timeline, or say lossy", '{\n  "0.0": "a"\n}'),
        (Timeline.of("a").set(1, strength=0), "json", "no parameters", '{\n  "0.0": "a"\n}'),
        (Timeline.of("a").at(1, "b", 0.5), "keyframes", "fades", "0:(a),\n24:(b)"),
        (Timeline.of([("a", 1), ("b", 2)]), "keyframes", "is a blend", "0:(b)"),
        (Timeline.of("a").until(2), "keyframes", "no end", "0:(a)"),
        (Timeline.of("a").until(2), "durations", "", "a[2.0]"),
    ],
)
def test_what_would_be_lost_is_told(timeline, form, message, lossy):
    if message:
        with pytest.raises(TimelineError, match=message):
            files.dumps(timeline, form)
    assert files.dumps(timeline, form, lossy=True) == lossy


def test_the_remedy_is_one_that_helps():
    """Saying lossy=True moves no key out of a frame."""
    two = Timeline.of("a").at(0.01, "b")
    for lossy in (False, True):
        with pytest.raises(TimelineError, match=r"two keys would stand at 0; .* take one of them out$"):
            files.dumps(two, "keyframes", lossy=lossy)


def test_a_saved_timeline_with_everything_comes_back(tmp_path):
    timeline = Timeline.of("a").set(1, strength=0.5).mark(1, "ball").until(3)
    path = tmp_path / "words.txt"
    path.write_text("0:(a), 50:(b)\n c")
    with pytest.raises(TimelineError, match=r"words\.txt: line 2, column 2: expected a comma"):
        files.load(path)
    path.write_text('{"0": "a", "50": "b"}')
    assert files.load(path, 25, frames=True) == Timeline((Key(0, "a"), Key(2, "b")))

    assert files.parse(json.dumps(timeline_to_dict(timeline))) == timeline
