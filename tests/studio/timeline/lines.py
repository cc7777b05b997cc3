"""Timelines of every kind, for the tests of their laws."""

from __future__ import annotations

from operator import attrgetter

import pytest
from hypothesis import strategies as st

from studio.timeline.curves import PIECES, Keyframe
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline

WORLDS = ("underwater", "wild west", "deep space", "snow falls")
SECONDS = st.integers(0, 40_000_000).map(lambda ticks: ticks / 1_000_000)  # a take's clock counts microseconds
QUARTERS = st.integers(0, 40).map(lambda quarters: quarters / 4)
WEIGHTS = st.floats(0.01, 10)
PROMPTS = st.sampled_from(WORLDS) | st.lists(st.tuples(st.sampled_from(WORLDS), WEIGHTS), min_size=1, max_size=3)
KEYS = st.builds(Key, SECONDS, PROMPTS, st.sampled_from([0.0, 0.5, 3.0, 20.0]))
EASES = st.sampled_from(["linear", "smooth", "step"])
TIME = attrgetter("time_s")
SETS = (
    {"gallery": "dunes"},
    {"colour": "#203040", "cast": {"matter": "chroma"}},
    {"gallery": "dunes", "into_s": 2.5},
    [[{"blur": 0.5}, 1], [None, 3]],
    None,
)
PLAIN = st.lists(KEYS, min_size=1, max_size=6, unique_by=TIME).map(lambda keys: Timeline(tuple(keys)))


def timelines(times, eases=EASES):
    """Timelines with all that one can hold, at such times."""
    keys = st.builds(Key, times, st.sampled_from(WORLDS), st.sampled_from([0.0, 0.5, 3.0]))
    values = st.builds(Keyframe, times, st.sampled_from([0.0, 0.25, 1.0]), eases)
    lane = st.lists(values, min_size=1, max_size=4, unique_by=TIME).map(tuple)
    sets = st.builds(SetKey, times, st.sampled_from(SETS), st.sampled_from([0.0, 0.5, 3.0]))
    mattes = st.builds(Matte, st.sampled_from(["stick", "ball"]), st.just("fire"), st.just({"colour": "red"}), lane)
    return st.builds(
        Timeline,
        keys=st.lists(keys, min_size=1, max_size=4, unique_by=TIME).map(tuple),
        markers=st.lists(st.builds(Marker, times, st.just("ball")), max_size=2).map(tuple),
        tracks=st.just(()) | st.builds(Track, st.just("strength"), lane).map(lambda track: (track,)),
        mattes=st.lists(mattes, max_size=2).map(tuple),
        sets=st.just(()) | st.lists(sets, max_size=3, unique_by=TIME).map(tuple),
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
    parts += [{cue.place: cue.weight for cue in each.sets} or {"null": 1.0} for each in (one, other)]
    assert one.cast == other.cast
    for a, b in zip(parts[::2], parts[1::2], strict=True):
        texts = a.keys() | b.keys()
        assert {text: a.get(text, 0) for text in texts} == pytest.approx({t: b.get(t, 0) for t in texts}, abs=within)
    return True
