"""Timelines that are saved and loaded: what is read is what was written, whatever its age."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from studio.timeline import files
from studio.timeline.curves import TimelineError
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.keys import Key, Marker
from studio.timeline.timeline import Timeline
from tests.studio.timeline.lines import TIMELINES


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


def test_a_marker_of_an_old_take_is_read_whatever_its_name():
    saved = {**timeline_to_dict(Timeline().mark(1, "ball")), "markers": [{"time_s": 1, "name": "  "}]}
    assert timeline_from_dict(saved).markers == (Marker(1, "Marker"),)


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
