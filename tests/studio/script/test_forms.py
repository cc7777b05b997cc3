"""A script given where a schedule is meant, and the other way round, is known by its form."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.script.files import by_form, load_script
from studio.script.script import ScriptError
from studio.timeline.curves import TimelineError
from studio.timeline.files import load, parse

SCRIPT = "# a film\nschema: lsd-studio.script\nversion: 1\nscenes: {sea: underwater}\nbeats:\n- {at: 0, scene: sea}\n"
TIMELINE = '{"schema": "lsd-studio.timeline", "version": 2, "keys": [{"time_s": 0, "prompt": "gold"}]}'
SCHEDULES = ('{"0": "underwater"}', "0:(underwater), 72:(gold)", "underwater[3s] | gold[5s]", TIMELINE)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    texts = {"film.yaml": SCRIPT, "words.json": SCHEDULES[0], "none.txt": "\x00", "bare.yaml": "beats: []\n"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return {name: tmp_path / name for name in (*texts, "missing.json")}


def test_each_file_is_run_as_what_it_is(files: dict[str, Path]) -> None:
    remarks: list[str] = []
    schedules, scripts = by_form([files["film.yaml"], files["words.json"]], [files["words.json"]], remarks.append)
    assert scripts == [files["film.yaml"]]
    assert schedules == [files["words.json"]] * 2
    assert [remark.partition(" is a ")[2] for remark in remarks] == [
        "script, and rendered as one",
        "schedule, and rendered as one",
    ]


def test_what_has_no_form_stays_where_it_was_given(files: dict[str, Path]) -> None:
    odd = [files["none.txt"], files["missing.json"]]
    assert by_form(odd, odd, pytest.fail) == (odd, odd)


def test_a_script_is_not_read_as_a_schedule(files: dict[str, Path]) -> None:
    for name in ("film.yaml", "bare.yaml"):
        with pytest.raises(TimelineError, match="load_script, or give it as --script"):
            load(files[name])


@pytest.mark.parametrize("text", SCHEDULES)
def test_a_schedule_is_not_read_as_a_script(text: str, tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text(text)
    with pytest.raises(ScriptError, match="is a schedule of prompts, not a script; give it as --schedule"):
        load_script(tmp_path / "words.yaml")


def test_the_path_of_a_schedule_is_read(files: dict[str, Path]) -> None:
    assert parse(files["words.json"]) == load(files["words.json"]) == parse(SCHEDULES[0])
    with pytest.raises(TimelineError, match="Path of its file"):
        parse(7)  # type: ignore[arg-type]
