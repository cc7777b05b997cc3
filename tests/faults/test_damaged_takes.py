"""A damaged take is a line that says what is wrong, on the page and in the terminal; the others are listed as ever."""

from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.__main__ import main
from studio.app.callbacks import Callbacks
from studio.app.guard import Guard
from studio.app.sessions import Sessions
from studio.farm.farm import Farm
from studio.farm.inprocess import InProcess
from studio.farm.jobs import Job
from studio.live.connection import Connection
from studio.live.director import Director
from studio.rendering.verify import check_take
from studio.takes import lock
from studio.takes.documents import TakeError, write_document
from studio.takes.listing import line, list_takes
from studio.takes.manifest import MOST_TICKS, Manifest
from studio.takes.rows import FrameRow, checked_rows
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.faults.forgery import SEED, contents, copy_of, forge, make_take
from tests.faults.shooting import shoot
from tests.faults.support import small_disk
from tests.studio.conftest import camera_jpeg

Damage = Callable[[Path], object]


def row(change: Callable[[list[dict[str, Any]]], object]) -> Damage:
    """Damage to the rows of frames.jsonl, with right checksums."""

    def rows(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
        change(values)
        return values

    return lambda folder: forge(folder, "frames.jsonl", rows)


def event(of: str, /, **fields: Any) -> Damage:
    """Damage to the events of a kind: other values, or none where Ellipsis stands."""

    def changed(values: dict[str, Any]) -> dict[str, Any]:
        if values["kind"] != of:
            return values
        return {name: value for name, value in {**values, **fields}.items() if value is not ...}

    return lambda folder: forge(folder, "events.jsonl", lambda events: [*map(changed, events)])


def manifest(**fields: Any) -> Damage:
    return lambda folder: forge(folder, "take.json", lambda take: {**take, **fields})


def written(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


PICTURE = {"width": 96, "height": 64, "fps": 24.0}
DAMAGES: dict[str, tuple[Damage, str]] = {
    "a time before the one before": (row(lambda rows: rows[3].update(ticks=5)), "line 4: ticks is not"),
    "a time below 0": (row(lambda rows: rows[0].update(ticks=-1)), "line 1: ticks is not"),
    "a time of years": (row(lambda rows: rows[-1].update(ticks=MOST_TICKS + 1)), "line 8: ticks is not"),
    "a time that is a text": (row(lambda rows: rows[2].update(ticks="83333")), "line 3: ticks is not"),
    "a time that is half": (row(lambda rows: rows[2].update(ticks=83333.5)), "line 3: ticks is not"),
    "a time that is NaN": (row(lambda rows: rows[2].update(ticks=math.nan)), "line 3"),
    "a dropped frame two seconds late": (
        row(lambda rows: rows[-1].update(ticks=0, step=None, live_crc=None) or rows[-2].update(ticks=2_000_000)),
        "line 8: ticks is not",
    ),
    "no time": (row(lambda rows: rows[2].pop("ticks")), "line 3: ticks is not"),
    "a number that is true": (row(lambda rows: rows[1].update(index=True)), "line 2: index is not"),
    "a step twice": (row(lambda rows: rows[3].update(step=2)), "line 4: step is not"),
    "a step without its picture": (row(lambda rows: rows[3].pop("live_crc")), "line 4: live_crc is not"),
    "a checksum that is a list": (row(lambda rows: rows[3].update(raw_crc=[])), "line 4: raw_crc is not"),
    "a row that is a list": (lambda folder: forge(folder, "frames.jsonl", lambda rows: [[], *rows]), "line 1"),
    "an event without a kind": (event("prompt", kind=...), "line 1: kind"),
    "a prompt without its key": (event("prompt", key=...), "line 1: key"),
    "a key that is a list": (event("prompt", key=[]), "line 1: key"),
    "a key without a time": (event("prompt", key={"prompt": "underwater"}), "time_s"),
    "a prompt that is a number": (event("prompt", key={"prompt": 5, "time_s": 0.0}), "5 is not a prompt"),
    "a parameter that is not there": (event("param", name="loudness"), "no parameter 'loudness'"),
    "a value that is a text": (event("param", value="0.5"), "value"),
    "a value that is out of range": (event("param", value=7.0), "strength is 7.0"),
    "a marker without a name": (event("marker", name=...), "name"),
    "a sound without a file": (event("sound", file=...), "file"),
    "a snapshot of a row below 0": (event("snapshot", row=-1), "row"),
    "an event at infinity": (event("marker", ticks=math.inf), "line"),
    "a rate of 0": (manifest(picture={**PICTURE, "fps": 0}), "picture.fps"),
    "a rate that is NaN": (manifest(picture={**PICTURE, "fps": math.nan}), "NaN"),
    "a rate below 0": (manifest(picture={**PICTURE, "fps": -24.0}), "picture.fps"),
    "a width of a million": (manifest(picture={**PICTURE, "width": 10**6}), "picture.width"),
    "a width that is a text": (manifest(picture={**PICTURE, "width": "96"}), "picture.width"),
    "another clock": (manifest(ticks_per_second=1000), "ticks_per_second"),
    "a seed of 70 bits": (manifest(engine={"kind": "edge", "seed": 2**70}), "71 bits"),
    "a hundred thousand threads": (manifest(engine={"setup": {"threads": 100_000}}), "threads"),
    "half a character": (manifest(notes="\ud800"), "half a character"),
    "a version from the future": (manifest(version=2), "update lsd-studio"),
    "an empty take.json": (written("take.json", b""), "line 1"),
    "an empty object": (written("take.json", b"{}"), "not a take's manifest"),
    "numbers without end": (written("take.json", b'{"version": ' + b"9" * 5000 + b"}"), "digits"),
    "values too deep": (written("take.json", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "deep"),
    "UTF-16": (written("events.jsonl", '{"kind": "end"}\n'.encode("utf-16")), "line 1"),
    "a surrogate in UTF-8": (written("events.jsonl", b'{"kind": "\xed\xa0\x80"}\n'), "line 1"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_take(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the take, T001, to be damaged; T002 beside it is whole."""
    return copy_of(made, tmp_path / "sessions")


@contextmanager
def page(sessions: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """Asks what a page asks."""
    guard = Guard()
    places = Sessions(lambda: Director(EdgeModel()), 1)
    callbacks = Callbacks(guard, places, sessions, Farm(InProcess(EdgeModel(seed=SEED))))
    try:
        yield lambda name, **data: getattr(callbacks, name)({"token": guard.issue(), **data})
    finally:
        callbacks.close()
        places.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_take_is_a_line_that_says_what_is_wrong(folder: Path, damage: str) -> None:
    hurt, words = DAMAGES[damage]
    hurt(folder)
    first, second = (line(listed) for listed in list_takes(folder.parents[3]))
    assert (first["state"], second["state"]) == ("damaged", "complete")
    assert words in first["error"]
    assert str(folder) in first["error"], "the file is named"
    assert "\n" not in first["error"]
    with pytest.raises(TakeError) as error:
        _ = Take.open(folder).timeline
    assert str(error.value) == first["error"]
    with suppress(TakeError):  # the take cannot be opened: that is what `check` says then
        assert any(words in fault for fault in check_take(folder, EdgeModel(seed=SEED)).faults)


def test_the_page_lists_all_takes_and_says_what_is_wrong_with_some(folder: Path, made: Path) -> None:
    sessions = folder.parents[3]
    for number, damage in enumerate(DAMAGES, start=3):
        copy_to = folder.with_name(f"T{number:03d}")
        copy_of(made, sessions / ".copies" / str(number)).rename(copy_to)
        DAMAGES[damage][0](copy_to)
    with page(sessions) as ask:
        takes = ask("takes")["takes"]
        assert len(takes) == 2 + len(DAMAGES)
        assert [bool(take["error"]) for take in takes[:2]] == [False, False]
        unreadable = [take["take"] for take in takes if take["error"]]
        for number, damage in enumerate(DAMAGES, start=3):
            shown = ask("take", take=f"Forged/S01/A/T{number:03d}")
            assert "error" in shown, damage
            assert DAMAGES[damage][1] in shown["error"]
        assert len(unreadable) >= len(DAMAGES) - 5, "only damage to a prompt itself is met when the take is shown"


def test_the_terminal_lists_all_takes_and_check_ends_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = folder.parents[3]
    event("prompt", key={"prompt": 5, "time_s": 0.0})(folder)
    with suppress(SystemExit):
        main(["takes", "ls", "--json", "--sessions", str(sessions)])
    first, second = json.loads(capsys.readouterr().out)
    assert (first["state"], second["state"], second["frames"]) == ("damaged", "complete", 8)
    forge(folder, "events.jsonl", lambda rows: [{"kind": "prompt"}, *rows])
    with pytest.raises(SystemExit, match="1"):
        main(["check", str(folder)])
    assert "events.jsonl is damaged: line 1: key: Field required" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("render.json", b""),
        ("render.json", b'{"hashes": 5}'),
        ("render.json", b'{"first_row": -1}'),
        ("render.json", b'{"files": {"../../take.json": "x"}}'),
        ("timeline.json", b"{}"),
        ("timeline.json", b"\xff"),
    ],
)
def test_a_damaged_version_is_left_out_and_named(folder: Path, name: str, data: bytes) -> None:
    (folder / "renders" / "v001" / name).write_bytes(data)
    take = Take.open(folder)
    assert take.renders == ()
    assert [path.name for path in take.damaged_versions] == ["v001"]
    assert line(next(list_takes(folder.parents[3])))["versions"] == 0
    faults = check_take(folder, EdgeModel(seed=SEED)).faults
    assert any(f"renders/v001/{name}" in fault for fault in faults)
    with page(folder.parents[3]) as ask:
        shown = ask("take", take="Forged/S01/A/T001")
        assert [version["name"] for version in shown["versions"]] == ["live"]
        assert any(name in problem for problem in shown["problems"])


def test_a_crashed_take_on_a_disk_that_cannot_be_written_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a disk that is mounted for reading; where none can be mounted, EROFS is put in."""
    with small_disk(tmp_path / "disk") as disk:
        director = Director(EdgeModel(seed=SEED))
        director.record(disk.folder, Slate("Crashed"))
        shoot(director, 0, 8)
        recording = next(list_takes(disk.folder))
        assert recording.take
        assert recording.take.state == "recording", "while it is shot"
        folder = director.cut()
        director.close()
        assert folder
        Manifest.load(folder)[0].model_copy(update={"state": "recording", "ended": "", "files": {}}).save(folder)
        (folder / lock.NAME).touch()
        if disk.mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(disk.folder)], check=True)
        else:
            monkeypatch.setattr(os, "open", _read_only(os.open))
        try:
            (listed,) = list_takes(disk.folder)
            assert listed.error == ""
            assert listed.take
            assert (listed.take.state, len(listed.take.made)) == ("recovered", 8)
            assert line(listed)["state"] == "recovered"
        finally:
            if disk.mounted:
                subprocess.run(["mount", "-o", "remount,rw", str(disk.folder)], check=True)


def _read_only(real: Callable[..., int]) -> Callable[..., int]:
    def opened(path: str, flags: int, *rest: int) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY | os.O_CREAT):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)
        return real(path, flags, *rest)

    return opened


@pytest.mark.parametrize(
    "damage",
    [
        {"take": 5},
        {"seed": "7"},
        {"seed": 2**70},
        {"full": "yes"},
        {"device": "../../x"},
        {"timeline": []},
        {"timeline": {"schema": "other"}},
        {"weights": 1},
        {"take": ...},
    ],
)
def test_a_damaged_job_is_left_out_and_the_others_are_done(folder: Path, damage: dict[str, Any]) -> None:
    jobs = folder.parents[3] / ".renders"
    jobs.mkdir()
    sound = Job(folder, Timeline.of("golden rome")).to_dict()
    broken = {name: value for name, value in {**sound, **damage}.items() if value is not ...}
    write_document(jobs / "0broken.json", broken)
    write_document(jobs / "1sound.json", sound)
    (jobs / "2empty.json").write_bytes(b"")
    farm = Farm(InProcess(EdgeModel(seed=SEED)), jobs)
    try:
        assert [job.name for job in farm.jobs()] == ["1sound"]
    finally:
        farm.close()


def test_a_damaged_draft_is_left_out_and_the_take_is_shown(folder: Path) -> None:
    for data in (b"", b"[]", b'{"schema": "lsd-studio.timeline", "version": 2, "keys": [5]}', b"\xff"):
        (folder / "drafts" / "live.json").write_bytes(data)
        with page(folder.parents[3]) as ask:
            assert ask("take", take="Forged/S01/A/T001")["versions"][0]["draft"] is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("param", {"value": 0.5}),
        ("param", {"name": "strength", "value": "0.5"}),
        ("marker", {}),
        ("sound", {"file": "../../escape"}),
        ("snapshot", {"row": 0}),
        ("prompt", {"key": 5}),
    ],
)
def test_what_could_not_be_read_again_is_not_recorded(tmp_path: Path, kind: str, fields: dict[str, Any]) -> None:
    director = Director(EdgeModel(seed=SEED))
    try:
        director.record(tmp_path, Slate("Noted"))
        shoot(director, 0, 4)
        with pytest.raises(ValueError, match=r"Field required|valid|does not name"):
            director.note(kind, **fields)
        shoot(director, 4, 8)
        folder = director.cut()
    finally:
        director.close()
    assert folder
    assert check_take(folder, EdgeModel(seed=SEED)).faults == []


def test_times_that_run_back_or_are_no_whole_ticks_leave_a_take_that_opens(tmp_path: Path) -> None:
    director = Director(EdgeModel(seed=SEED))
    try:
        director.record(tmp_path, Slate("Back"))
        for n, at in enumerate([0, 41_667, 20_000, -5, 83_333.4, 83_333]):
            director.shoot(camera_jpeg(n), n, at)  # type: ignore[arg-type]
        folder = director.cut()
    finally:
        director.close()
    assert folder
    assert [row.ticks for row in Take.open(folder).frames] == [0, 41_667, 41_668, 41_669, 83_333, 83_334]


def test_a_dropped_frame_may_bear_the_cameras_own_time(folder: Path) -> None:
    """As those of earlier takes do, from cameras that give several frames the same time."""
    row(lambda rows: rows[4].update(ticks=rows[3]["ticks"] - 2, step=None, live_crc=None))(folder)
    assert len(Take.open(folder).frames) == 8


def test_a_camera_whose_clock_stands_leaves_a_take_that_opens(tmp_path: Path) -> None:
    """Frames of one and the same time: those that are made move on by a tick, those that are dropped come between."""
    director = Director(EdgeModel(seed=SEED))
    connection = Connection(director, held=False)
    try:
        director.record(tmp_path, Slate("Still"))
        for n in range(12):
            connection.offer(camera_jpeg(n), n, 1_000_000)
            if n % 3 == 2:
                arrivals = connection._take()
                assert arrivals
                director.answer(arrivals[-1], arrivals[:-1])
        folder = director.cut()
    finally:
        director.close()
    assert folder
    rows = Take.open(folder).frames
    assert [row.step for row in rows if row.step is not None] == [0, 1, 2, 3]
    assert check_take(folder, EdgeModel(seed=SEED)).faults == []


ROWS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([None, True, -1, 0, 1, 2, 3.0, 2**60, math.nan, "", "0" * 8, "0" * 64, [], {}, "\ud800"])
        for name in FrameRow.__dataclass_fields__
    },
)


@given(st.lists(ROWS, max_size=3))
@settings(max_examples=300, derandomize=True, deadline=None)
def test_a_row_is_taken_as_it_is_or_its_fields_are_named(rows: list[dict[str, Any]]) -> None:
    """What the quick look refuses, the thorough one explains, and nothing else."""
    whole = {"index": 0, "ticks": 0, "step": None, "raw_crc": "0" * 8}
    filled = [{**whole, **each} for each in rows]
    try:
        read = list(checked_rows(filled))
    except ValueError as error:
        assert "is not" in str(error) or "half a character" in str(error)
        assert str(error).startswith("line ") or "half a character" in str(error)
        return
    assert [each.to_dict() for each in read] == [
        {"index": each["index"], "ticks": each["ticks"], "step": each["step"]}
        | {name: value for name, value in each.items() if value is not None}
        for each in filled
    ]


def test_a_linked_or_odd_take_leaves_the_list_whole(folder: Path) -> None:
    (folder.with_name("T003")).symlink_to("nowhere")
    (folder.with_name("T004")).write_text("not a folder")
    (folder.with_name("T005")).mkdir()
    if sys.platform != "win32":
        os.mkfifo(folder.with_name("T006"))
    assert [listed.take is not None for listed in list_takes(folder.parents[3])][:2] == [True, True]


def test_contents_sees_links_and_files(tmp_path: Path) -> None:
    """That of the tests themselves."""
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert len(contents(tmp_path, without=tmp_path / "none")) == 2
