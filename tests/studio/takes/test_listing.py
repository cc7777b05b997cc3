"""The list of takes: in the order of their numbers, quick where nothing changed, and right where something did."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.rendering.render import render
from studio.takes import summaries
from studio.takes.listing import line, list_takes
from studio.takes.lock import RecordingLock
from studio.takes.slate import natural
from studio.takes.summaries import NAME, summaries_of
from studio.takes.take import Take
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Which takes were read, by number."""
    numbers: list[str] = []
    open_take = Take.open

    def noted(folder: Path) -> Take:
        numbers.append(Path(folder).name)
        return open_take(folder)

    monkeypatch.setattr(Take, "open", noted)
    yield numbers
    summaries_of.cache_clear()


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written just now counts as old: the time of a file's last change cannot be set."""
    monkeypatch.setattr(summaries, "SETTLED_S", -1.0)


def listed(take: Take) -> list[dict[str, object]]:
    return [line(each) for each in list_takes(take.folder.parents[3])]


@pytest.mark.usefixtures("settled")
def test_takes_that_did_not_change_are_read_once(edge_take: Take, opened: list[str]) -> None:
    first = listed(edge_take)
    assert opened == ["T001"]
    assert listed(edge_take) == first
    summaries_of.cache_clear()  # another process
    assert listed(edge_take) == first
    assert opened == ["T001"]
    (only,) = first
    assert (only["state"], only["frames"], only["dropped"]) == ("complete", len(edge_take.made), edge_take.dropped)
    assert only["prompts"] == ", ".join(edge_take.timeline.texts())
    json.dumps(first)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("again", [False, True], ids=["same process", "another process"])
@pytest.mark.parametrize("what", ["verdict", "frames", "same size", "render", "removed", "copied over"])
def test_what_changed_is_read_again(edge_take: Take, opened: list[str], what: str, again: bool) -> None:
    before = listed(edge_take)
    if again:
        summaries_of.cache_clear()
    rows = edge_take.folder / "frames.jsonl"
    if what == "verdict":
        edge_take.edit(verdict="circled")
        assert listed(edge_take)[0]["verdict"] == "circled"
    elif what == "frames":
        rows.write_bytes(rows.read_bytes()[:-30] + b"\n")
        assert listed(edge_take)[0]["state"] == "damaged"
    elif what == "same size":
        data, times = rows.read_bytes(), rows.stat()
        with rows.open("r+b") as file:
            file.write(b"x" * 40)
        os.utime(rows, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a careless tool would leave it
        assert listed(edge_take)[0]["state"] == "damaged"
        rows.write_bytes(data)
        assert listed(edge_take) == before
    elif what == "render":
        render(edge_take, Timeline.of("pencil"), EdgeModel(seed=7))
        assert listed(edge_take)[0]["versions"] == 1
    elif what == "removed":
        shutil.rmtree(edge_take.folder)
        assert listed(edge_take) == []
    else:
        other = edge_take.folder.with_name("T002")
        shutil.copytree(edge_take.folder, other)
        assert [each["state"] for each in listed(edge_take)] == ["complete", "complete"]


def test_what_was_written_just_now_is_not_kept(edge_take: Take, opened: list[str]) -> None:
    """A disk may count time in steps of two seconds: what changes within one would not be seen."""
    listed(edge_take)
    listed(edge_take)
    assert opened == ["T001", "T001"]


@pytest.mark.usefixtures("settled")
def test_a_recovered_take_is_asked_whether_it_is_recorded(crashed: Take, opened: list[str]) -> None:
    assert listed(crashed)[0]["state"] == "recovered"
    lock = RecordingLock(crashed.folder)
    assert listed(crashed)[0]["state"] == "recording"
    lock.release()
    assert listed(crashed)[0]["state"] == "recovered"


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff", b'{"schema": "lsd-studio.takes", "version": 1, "takes": {"a": 1}}', b"{" * 9000],
)
def test_a_kept_list_that_cannot_be_used_is_made_again(edge_take: Take, opened: list[str], content: bytes) -> None:
    kept = edge_take.folder.parents[3] / NAME
    first = listed(edge_take)
    kept.write_bytes(content)
    summaries_of.cache_clear()
    assert listed(edge_take) == first
    assert len(opened) == 2
    summaries_of.cache_clear()
    assert listed(edge_take) == first
    assert len(opened) == 2


@pytest.mark.usefixtures("settled")
def test_a_folder_that_cannot_be_written_is_listed(
    edge_take: Take, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(summaries, "write_document", refuse)
    assert listed(edge_take) == listed(edge_take)
    assert opened == ["T001"]


@pytest.mark.usefixtures("settled")
def test_fifty_long_takes_are_listed_at_once(edge_take: Take, opened: list[str]) -> None:
    for number in range(2, 51):
        shutil.copytree(edge_take.folder, edge_take.folder.with_name(f"T{number:03d}"))
    listed(edge_take)
    del opened[:]
    begun_s = time.process_time()
    assert len(listed(edge_take)) == 50
    assert time.process_time() - begun_s < 0.3
    assert opened == []


def test_takes_are_listed_in_the_order_of_their_numbers(edge_take: Take) -> None:
    names = ["T1000", "T101", "T009", "T010", "T99"]
    for name in names:
        shutil.copytree(edge_take.folder, edge_take.folder.with_name(name))
    ordered = [each.folder.name for each in list_takes(edge_take.folder.parents[3])]
    assert ordered == ["T001", "T009", "T010", "T99", "T101", "T1000"]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["film10/S1", "film9/S1", "film1/S1"], ["film1/S1", "film9/S1", "film10/S1"]),
        (["a/S10", "a/S2", "a/S2B", "a/S02"], ["a/S02", "a/S2", "a/S2B", "a/S10"]),
        (["b", "2001", "a", "300"], ["300", "2001", "a", "b"]),
    ],
)
def test_the_order_is_that_in_which_people_number(names: list[str], ordered: list[str]) -> None:
    assert [path.as_posix() for path in sorted(map(Path, names), key=natural)] == ordered
