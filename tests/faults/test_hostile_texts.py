"""Hostile schedules, timelines and scripts: each is read, or refused with the project's own error and its place."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.media import timecode
from engine.media.schedule import ScheduleError
from engine.prompts import PromptError
from studio.script import files as scripts
from studio.script.compile import timeline_of
from studio.script.reader import SCHEMA
from studio.script.region import Region
from studio.script.script import Beat, Prop, Scene, Script, ScriptError, Tempo
from studio.timeline import files as timelines
from studio.timeline.clock import Clock
from studio.timeline.curves import Keyframe, TimelineError
from studio.timeline.keys import Key, Marker, Matte, Track
from studio.timeline.timeline import Timeline

BOUNDED = settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = settings(BOUNDED, max_examples=5000, derandomize=False)

# -- hostile values and texts

ODD_NUMBERS = st.sampled_from([0, -1, 1e-9, 1e300, 1e308, -1e308, 10**400, 2**63, math.nan, math.inf, -math.inf, True])
ODD_TEXTS = st.sampled_from(
    ["", " ", "\0", "\ud800", "\ufeff", "\u202e", "x" * 1001, "a: b", "- a", "*a", "&a", "%TAG"]
)
TEXTS = st.text(max_size=20) | ODD_TEXTS
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.sampled_from(
    ["0", "3.0", "30", "72f", "3s", "0:03.0", "00:00:03:00", "1e9", "-1", "99:99:99:99", "9" * 400, "."]
)
PIECES = TIMES | st.sampled_from(
    ["(", ")", "[", "]", "{", "}", "|", ":", ",", '"', "\\", "\n", "\t", "--neg", "0:(", "), 50:(", "[3s] | ", "fade_s"]
    + ["prompt", "underwater", " ", "//", "\u00a0", "\u2028", "NaN", "null"]
)
SCHEDULES = st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join)
PROMPTS = TEXTS | st.lists(st.tuples(TEXTS, st.floats(0, 1) | ODD_NUMBERS), max_size=2) | VALUES
JSON_SCHEDULES = st.dictionaries(
    TIMES | TEXTS,
    PROMPTS | st.fixed_dictionaries({}, optional={"prompt": PROMPTS, "fade_s": VALUES, "ease": VALUES}),
    max_size=4,
).map(json.dumps)


def cut(text: str) -> st.SearchStrategy[str]:
    """The text with a part taken out, or doubled."""
    places = st.integers(0, len(text))
    return st.tuples(places, places).map(lambda pair: text[: pair[0]] + text[pair[1] :])


GOOD_SCHEDULE = '{"0": "underwater", "3.0": {"prompt": [["wild west", 0.7], ["rome", 0.3]], "fade_s": 0.5}}'
GOOD_SCRIPT = """schema: lsd-studio.script
version: 1
title: The duel
tempo: {bpm: 120}
scenes: {sea: underwater, rome: {look: [[golden rome, 0.7], [dusk, 0.3]], note: wide}}
props:
  stick: {becomes: a lightsaber, region: {colour: green, box: [0.4, 0.2, 0.1, 0.6]}}
beats:
- {at: 0, scene: sea}
- {at: 0:04.5, scene: rome, props: [stick], fade: 1, until: 108f}
- {at: bar 3 beat 2, props: []}
"""


def assert_place(error: ScheduleError, text: str) -> None:
    """The place lies in the text."""
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1
    assert str(error).startswith(f"line {error.line}, column {error.column}: ")


def read_schedule(text: str, fps: float, frames: bool) -> None:
    """It is a timeline, or a mistake with its place; what is read is written and read again, the same."""
    try:
        timeline = timelines.parse(text, fps, frames=frames)
    except ScheduleError as error:
        assert_place(error, text)
        return
    except PromptError as error:  # of a saved timeline, which has no lines
        assert '"schema"' in text
        assert str(error)
        return
    assert_sound(timeline)


def assert_sound(timeline: Timeline) -> None:
    """Whatever was read answers at every time, and is itself when it is saved and loaded."""
    for time_s in (-1.0, 0.0, 3.3, 1e9, math.inf, math.nan):
        assert timeline.at(time_s).prompt
    saved = json.dumps(timelines.timeline_to_dict(timeline))
    again = timelines.timeline_from_dict(json.loads(saved))
    assert again == timeline
    assert json.dumps(timelines.timeline_to_dict(again)) == saved


RATES = st.sampled_from([24.0, 23.976, 1.0, 1000.0])
ANY_SCHEDULE = (
    SCHEDULES | JSON_SCHEDULES | cut(GOOD_SCHEDULE) | cut("0:(sea), 50:(a (b) \\) c)") | cut("a[3s] | b [72f] | c")
)


@BOUNDED
@given(ANY_SCHEDULE, RATES, st.booleans())
def test_a_schedule_is_read_or_refused_with_its_place(text: str, fps: float, frames: bool) -> None:
    read_schedule(text, fps, frames)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@LONG
@given(ANY_SCHEDULE, RATES, st.booleans())
def test_a_schedule_is_read_or_refused_with_its_place_at_length(text: str, fps: float, frames: bool) -> None:
    read_schedule(text, fps, frames)


@BOUNDED
@given(TIMES | TEXTS | SCHEDULES, RATES, st.booleans())
def test_a_time_is_read_or_refused(text: str, fps: float, frames: bool) -> None:
    try:
        time_s = timecode.to_seconds(text, fps, frames=frames)
    except ValueError as error:
        assert str(error)
        return
    assert 0 <= time_s < math.inf


# -- saved timelines

ROWS = st.fixed_dictionaries(
    {},
    optional={
        "time_s": st.floats(0, 20) | VALUES,
        "prompt": PROMPTS,
        "fade_s": st.floats(0, 2) | VALUES,
        "name": st.just("strength") | TEXTS | VALUES,
        "id": TEXTS | VALUES,
        "values": st.lists(
            st.fixed_dictionaries({}, optional={"time_s": VALUES, "value": VALUES, "ease": VALUES | st.just("smooth")}),
            max_size=2,
        )
        | VALUES,
        "where": st.just({"colour": "green"}) | st.just({"box": [0.1, 0.1, 0.2, 0.2]}) | VALUES,
        "other": VALUES,
    },
)
SAVED: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"schema": st.just(timelines.SCHEMA), "version": st.just(2) | VALUES},
    optional={
        "keys": st.lists(ROWS | VALUES, max_size=3) | VALUES,
        "markers": st.lists(ROWS | VALUES, max_size=2) | VALUES,
        "tracks": st.lists(ROWS | VALUES, max_size=2) | VALUES,
        "mattes": st.lists(ROWS | VALUES, max_size=2) | VALUES,
        "end_s": st.floats(0, 30) | VALUES,
        "more": VALUES,
    },
)


def read_saved(data: dict[str, Any]) -> None:
    """As it lies in a file, whatever wrote it."""
    read = json.loads(json.dumps(data))
    try:
        timeline = timelines.timeline_from_dict(read)
    except PromptError as error:
        assert str(error)
        return
    assert timeline.at(1.0).prompt


@BOUNDED
@given(SAVED)
def test_a_saved_timeline_is_read_or_refused(data: dict[str, Any]) -> None:
    read_saved(data)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@LONG
@given(SAVED)
def test_a_saved_timeline_is_read_or_refused_at_length(data: dict[str, Any]) -> None:
    read_saved(data)


WHOLE = st.characters(exclude_categories=["Cs"])
GOOD_TEXTS = st.text(WHOLE, min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
SECONDS = st.floats(0, 60)
BLENDS = GOOD_TEXTS | st.lists(st.tuples(GOOD_TEXTS, st.floats(0.01, 5)), min_size=1, max_size=3)
EASES = st.sampled_from(["linear", "smooth", "step"])
FRAMES = st.lists(
    st.builds(Keyframe, SECONDS, st.floats(0, 1), EASES), min_size=1, max_size=4, unique_by=lambda frame: frame.time_s
).map(tuple)
KEYS = st.builds(Key, SECONDS, BLENDS, SECONDS)
GOOD_TIMELINES = st.builds(
    Timeline,
    st.lists(st.builds(Key, SECONDS, BLENDS, SECONDS), min_size=1, max_size=4, unique_by=lambda key: key.time_s).map(
        tuple
    ),
    st.lists(st.builds(Marker, SECONDS, GOOD_TEXTS), max_size=2).map(tuple),
    st.just({}),
    st.lists(st.builds(Track, st.just("strength"), FRAMES), max_size=1).map(tuple),
    st.lists(
        st.builds(
            Matte, GOOD_TEXTS, BLENDS, st.sampled_from([{"colour": "green"}, {"box": [0.1, 0.1, 0.2, 0.2]}]), FRAMES
        ),
        max_size=2,
    ).map(tuple),
    st.none() | st.floats(61, 99),
)


@BOUNDED
@given(GOOD_TIMELINES)
def test_a_timeline_is_itself_when_it_is_saved_and_loaded(timeline: Timeline) -> None:
    assert_sound(timeline)


# -- scripts

LINES = ["schema: lsd-studio.script\n", "version: 1\n", "scenes:", "props:", "beats:", "tempo: ", "region: ", "at: "]
SIGNS = ["\n", "  ", "- ", "{", "}", "[", "]", ",", ": ", "|\n", "'", '"', "\t", "#", "? ", "---\n", "...\n", "<<: "]
ODD = [
    "&a ",
    "*a",
    "!!python/object:os.system ",
    "!!int ",
    "%YAML 9.9\n",
    "\x00",
    "\u2028",
    "\ufffe",
    "1e999",
    "0:04.5",
]
SCRIPT_PIECES = st.sampled_from([*LINES, *SIGNS, *ODD, "sea", "underwater"])
SCRIPT_VALUES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"schema": st.just(SCHEMA), "version": st.just(1)},
    optional={
        "title": VALUES,
        "fps": st.floats(1, 60) | VALUES,
        "tempo": st.floats(1, 300)
        | VALUES
        | st.dictionaries(st.sampled_from(["bpm", "first_s", "beats_per_bar"]), VALUES),
        "include": VALUES,
        "scenes": st.dictionaries(TEXTS, PROMPTS | st.fixed_dictionaries({"look": PROMPTS})) | VALUES,
        "props": st.dictionaries(
            TEXTS,
            TEXTS | st.fixed_dictionaries({"becomes": TEXTS | VALUES}, optional={"region": VALUES | st.just("green")}),
            max_size=2,
        )
        | VALUES,
        "beats": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "at": TIMES | st.floats(0, 9) | VALUES,
                    "scene": TEXTS | VALUES,
                    "props": VALUES,
                    "fade": VALUES,
                    "until": TIMES | VALUES,
                },
            )
            | VALUES,
            max_size=3,
        )
        | VALUES,
    },
)
ANY_SCRIPT = (
    st.lists(SCRIPT_PIECES | st.text(max_size=3), max_size=20).map("".join)
    | st.lists(SCRIPT_PIECES, max_size=8).map(
        lambda pieces: "schema: lsd-studio.script\nversion: 1\n" + "".join(pieces)
    )
    | SCRIPT_VALUES.map(json.dumps)
    | cut(GOOD_SCRIPT)
)
PLACE = re.compile(r"film\.yaml(, line (\d+), column (\d+))?: .+", re.DOTALL)
CLOCK = Clock(24.0, 10.0, (Marker(1.0, "the ball drops"),), tuple(n / 24 for n in range(240)))


def read_script(text: str) -> None:
    """It is a script, or a mistake with its place; and what it is, it is again when it is written and read."""
    try:
        script = scripts.loads(text, Path("/nowhere/film.yaml"))
    except ScriptError as error:
        place = PLACE.search(str(error))
        assert place, error
        lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
        assert place[1] is None or 1 <= int(place[2]) <= len(lines) + 1
        return
    try:
        timeline_of(script, CLOCK)
    except TimelineError as error:
        assert str(error)
    for suffix in (".yaml", ".json"):
        assert scripts.loads(scripts.dumps(script, suffix), Path("/nowhere/film.yaml")) == script


@BOUNDED
@given(ANY_SCRIPT)
def test_a_script_is_read_or_refused_with_its_place(text: str) -> None:
    read_script(text)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@LONG
@given(ANY_SCRIPT)
def test_a_script_is_read_or_refused_with_its_place_at_length(text: str) -> None:
    read_script(text)


NAMES = st.sampled_from(
    ["sea", "the stick", "no", "1", "1e3", "0:04.5", "null", "- a", "a: b", "#", "é ü 漢", "'", '"x"']
)
REGIONS = st.sampled_from(
    [None, Region("green"), Region((1, 2, 3), 0.5, (0.1, 0.1, 0.2, 0.2)), Region(mask="stick.png")]
)
SCRIPTS = st.builds(
    Script,
    st.lists(
        st.builds(
            Beat,
            SECONDS | st.sampled_from(["108f", "0:04.5", "bar 3 beat 2", "the ball drops + 0.5", "1e3"]),
            st.none() | NAMES,
            st.none() | st.lists(NAMES, max_size=2),
            st.floats(0, 5),
            st.none() | st.floats(0, 9),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
        ),
        max_size=3,
    ),
    st.lists(st.builds(Scene, NAMES, BLENDS), max_size=3, unique_by=lambda scene: scene.name),
    st.lists(st.builds(Prop, NAMES, GOOD_TEXTS, REGIONS), max_size=3, unique_by=lambda prop: prop.name),
    st.none() | st.builds(Tempo, st.floats(1, 300), st.floats(0, 9), st.integers(1, 9)),
    st.none() | st.floats(1, 60),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
)


@BOUNDED
@given(SCRIPTS, st.sampled_from([".yaml", ".json"]))
def test_a_script_is_itself_when_it_is_saved_and_loaded(script: Script, suffix: str) -> None:
    assert scripts.loads(scripts.dumps(script, suffix)) == script


# -- files of any bytes


@BOUNDED
@given(st.binary(max_size=60) | ANY_SCRIPT.map(lambda text: text.encode(errors="replace")))
def test_files_of_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.yaml"
    path.write_bytes(data)
    for load in (timelines.load, scripts.load_script):
        try:
            load(path)
        except PromptError as error:
            assert "hostile.yaml" in str(error)


def test_yaml_is_what_scripts_are_written_in() -> None:
    """The good script that the others are made from is one: else they would all stop at its first line."""
    assert yaml.safe_load(GOOD_SCRIPT)["schema"] == SCHEMA
    assert len(scripts.loads(GOOD_SCRIPT).beats) == 3
    assert len(timelines.parse(GOOD_SCHEDULE).keys) == 2
