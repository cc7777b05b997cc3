"""The take on disk: names, numbers, opening what is whole, torn or damaged."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio.rendering.render import render
from studio.script.script import Beat, Scene
from studio.takes.documents import DamagedError, Journal, TakeError, read_document, read_journal, write_document
from studio.takes.listing import list_takes
from studio.takes.manifest import Manifest
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import TimelineError
from studio.variants import Grid


def test_names_become_safe_folder_names(tmp_path: Path) -> None:
    slate = Slate("  Mein  Film ", "3", "b")
    assert (slate.production, slate.scene, slate.shot) == ("Mein-Film", "03", "B")
    assert slate.folder(tmp_path) == tmp_path / "Mein-Film" / "S03" / "B"
    assert Slate("a", "S12a").scene == "12A"
    assert Slate("Ä€", "prologue").production == "Ä€" if "Ä€".isalnum() else True


@pytest.mark.parametrize(
    "name",
    [
        "../../etc",
        "..",
        ".",
        "",
        " ",
        "a/b",
        "a\\b",
        "/etc",
        "a\0b",
        "a\nb/c",
        ".hidden",
        "-rf",
        "con",
        "nul.txt",
        "x" * 65,
        "end.",
    ],
)
def test_a_name_that_is_no_folders_is_refused(name: str, tmp_path: Path) -> None:
    for fields in ((name,), ("film", name), ("film", "1", name)):
        with pytest.raises(TakeError, match=re.escape(repr(name))):
            Slate(*fields).reserve(tmp_path)
    assert not list(tmp_path.iterdir())


def test_take_numbers_advance_by_slate(tmp_path: Path) -> None:
    slate, other = Slate("film", "1", "A"), Slate("film", "1", "B")
    assert slate.next_take(tmp_path) == 1
    assert [slate.reserve(tmp_path).name for _ in range(3)] == ["T001", "T002", "T003"]
    assert other.reserve(tmp_path).name == "T001"
    (slate.folder(tmp_path) / "T017").mkdir()
    assert slate.next_take(tmp_path) == 18
    assert read_document(tmp_path / "film" / "production.json")[0]["name"] == "film"


def test_two_recorders_never_share_a_number(tmp_path: Path) -> None:
    slate = Slate("film")
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(lambda _: slate.reserve(tmp_path), range(24)))
    assert len(set(folders)) == 24


@pytest.mark.long
def test_a_recorded_take_opens_complete(shot: Path) -> None:
    take = Take.open(shot)
    assert (take.state, take.problems, take.notices) == ("complete", (), ())
    assert take.name == "Test-film S01 A T001"
    assert (len(take.frames), len(take.made), take.dropped) == (100, 89, 10)
    assert [row.step for row in take.made] == list(range(89))
    assert take.duration_s == pytest.approx(100 / 24, abs=1e-3)
    assert [mark.name for mark in take.timeline.markers] == ["the ball falls"]
    assert [row.error is not None for row in take.frames].count(True) == 1


def test_a_take_says_in_a_line_what_it_is(take: Take, crashed: Take) -> None:
    assert repr(Take.open(crashed.folder)).endswith(f"{len(crashed.made)} frames, recovered)")
    assert repr(take) == "Take(Test-film S01 A T001: 4.2 s, 89 frames)"
    version = Render(take.folder / "renders" / "v001", {"take": take.name, "hashes": ["a"] * 89})
    assert repr(version) == "Render(Test-film S01 A T001 v001: 89 frames)"
    assert repr(Grid(take, ())) == "Grid(Test-film S01 A T001: 0 variants)"


def test_what_is_nothing_to_render_is_told_in_a_line(shot: Path) -> None:
    take = Take.open(shot)
    sea = Beat(0, Scene("sea", "underwater"))
    for wrong, told in (
        (take, "Take(Test-film S01 A T001: 4.2 s, 89 frames) is nothing to render; give a Script, a Timeline or"),
        ([sea, Beat(1)], "write Script([Beat(...), ...])"),
        (sea, "write Script([Beat(...), ...])"),
        (dict.fromkeys(range(1000), "underwater"), "is nothing to render; give a Script"),
    ):
        with pytest.raises(TimelineError) as error:
            render(take, wrong)  # type: ignore[arg-type]
        assert told in str(error.value)
        assert len(str(error.value)) < 320


@pytest.mark.parametrize("name", ["take.json", "events.jsonl", "frames.jsonl"])
def test_a_missing_file_is_named_in_one_line(take: Take, name: str) -> None:
    (take.folder / name).unlink()
    with pytest.raises(TakeError, match=f"{re.escape(name)} is missing") as error:
        Take.open(take.folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("take.json", b"{", "line 1, column 2"),
        ("take.json", b"[]", "no object"),
        ("take.json", b"\xff\xfe", "UTF-8"),
        ("take.json", b'{"schema": "other"}', "not a take's manifest"),
        ("take.json", b'{"schema": "lsd-studio.take", "version": 2}', "update lsd-studio"),
        ("take.json", b'{"schema": "lsd-studio.take", "version": 1, "slate": 3}', "slate"),
        ("events.jsonl", b'{"kind": "pro\n{"kind": "end"}\n', "line 1"),
        ("frames.jsonl", b"\0\0\0\n", "line 1"),
    ],
)
def test_a_damaged_file_is_named_in_one_line(take: Take, name: str, data: bytes, says: str) -> None:
    (take.folder / name).write_bytes(data)
    with pytest.raises(TakeError, match=says) as error:
        Take.open(take.folder)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_that_is_no_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="not a folder"):
        Take.open(tmp_path / "none")
    with pytest.raises(TakeError, match=r"take\.json is missing"):
        Take.open(tmp_path)


def test_a_crashed_take_opens_as_recovered(shot: Path, crashed: Take) -> None:
    whole = Take.open(shot)
    assert (crashed.state, crashed.problems) == ("recovered", ())
    assert any("torn" in notice for notice in crashed.notices)
    assert any("never reached the disk" in notice for notice in crashed.notices)
    assert crashed.frames == whole.frames[: len(crashed.frames)]
    assert whole.duration_s - crashed.duration_s < 1
    assert crashed.timeline == whole.timeline


def test_verdict_and_notes_are_kept_and_nothing_else_changes(take: Take) -> None:
    before = take.manifest
    circled = take.edit(verdict="circled", notes="the light!")
    assert (circled.manifest.verdict, circled.manifest.notes) == ("circled", "the light!")
    assert circled.edit(verdict=None, notes="").manifest == before
    assert circled.problems == ()
    for wrong in ({"verdict": "good"}, {"notes": 3}, {"state": "recording"}):
        with pytest.raises(TakeError):
            take.edit(**wrong)


def test_unknown_fields_of_a_manifest_pass_through(take: Take) -> None:
    path = take.folder / "take.json"
    data, _ = read_document(path)
    write_document(path, data | {"lens": "35 mm", "slate": data["slate"] | {"unit": 2}})
    Take.open(take.folder).edit(notes="n")
    again, sealed = read_document(path)
    assert sealed
    assert (again["lens"], again["slate"]["unit"]) == ("35 mm", 2)
    assert list(again)[:4] == list(data)[:4]


def test_a_manifest_changed_elsewhere_opens_and_is_noted(take: Take) -> None:
    path = take.folder / "take.json"
    path.write_text(path.read_text().replace('"seed": 7', '"seed": 8'))
    assert Take.open(take.folder).problems == ("take.json: was changed outside the studio",)


def test_a_damaged_take_does_not_hide_the_others(take: Take) -> None:
    sessions = take.folder.parents[3]
    (take.folder.parent / "T002").mkdir()
    (take.folder.parent / "T002" / "raw.mkv").touch()  # something was shot, and its manifest is gone
    (take.folder.parent / "T003").mkdir()  # reserved by a recorder that has not begun
    (take.folder.parent / "notes").mkdir()
    listed = list(list_takes(sessions))
    assert [one.folder.name for one in listed] == ["T001", "T002"]
    assert listed[0].take
    assert "missing" in listed[1].error


def test_a_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"kind": "prompt", "text": "Bühne – „los“", "t": 0.1 + 0.2},
        {"a": [1, None, {"b": True}]},
    ]
    journal = Journal(tmp_path / "j.jsonl")
    for row in rows:
        journal.append(row)
    journal.close()
    assert read_journal(tmp_path / "j.jsonl") == (rows, [])


def test_every_changed_byte_of_a_journal_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path)
    for n in range(3):
        journal.append({"kind": "marker", "ticks": n})
    journal.close()
    data = path.read_bytes()
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            _, wrong = read_journal(path)
        except DamagedError:
            continue
        assert wrong, f"byte {at}: {data[at]:c}"


def test_a_lost_line_of_a_journal_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path)
    for n in range(3):
        journal.append({"n": n})
    journal.close()
    first, _, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + last)
    assert read_journal(path)[1] == ["j.jsonl: line 2 was changed"]


def test_a_document_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    write_document(path, {"a": 1})
    with pytest.raises(TypeError):
        write_document(path, {"a": object()})
    assert read_document(path) == ({"a": 1}, True)
    assert json.loads(path.read_text())["a"] == 1
    assert [p.name for p in tmp_path.iterdir()] == ["d.json"]


def test_the_manifest_survives_a_round_trip(shot: Path) -> None:
    manifest, sealed = Manifest.load(shot)
    assert sealed
    assert Manifest.model_validate(manifest.model_dump(by_alias=True)) == manifest


def test_a_take_is_opened_by_folder_by_path_and_by_name(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the command line does; the sessions folder is `sessions` beside, or that of LSD_SESSIONS."""
    sessions = take.folder.parents[3]
    place = take.folder.relative_to(sessions)
    ways = (str(take.folder), place, str(place), " ".join(place.parts), take.name)
    monkeypatch.setenv("LSD_SESSIONS", str(sessions))
    assert [Take.open(way).folder for way in ways] == [take.folder] * len(ways)
    monkeypatch.delenv("LSD_SESSIONS")
    monkeypatch.chdir(sessions.parent)
    if sessions.name == "sessions":
        assert Take.open(place).name == take.name
    monkeypatch.chdir(sessions)
    with pytest.raises(TakeError, match="no-film/S01/A/T001 is not a folder; a take looks like"):
        Take.open("no-film/S01/A/T001")
