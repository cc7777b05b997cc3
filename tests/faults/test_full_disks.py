"""A disk that is full when a writer comes to it: what was there stays, words say what failed and what to do.

The disk is a tmpfs that is filled to the last byte just before the writer in question writes (tests/faults/support.py),
so that the refusal is the kernel's own.
"""

from __future__ import annotations

import errno
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.delivery import proxies
from studio.delivery.finish import finish
from studio.delivery.formats import FORMATS, export
from studio.live.director import Director
from studio.rendering.render import render
from studio.script.files import save_script
from studio.script.script import Beat, Scene, Script
from studio.takes import drafts
from studio.takes.recorder import WEBM_MAGIC, Recorder
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED, shoot, shoot_take
from tests.faults.support import Disk, assert_kept, contents, every_take, rows_on_disk, small_disk, until

REMEDY = "make room"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as it:
        yield it


def filling(disk: Disk, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, nth: int = 1) -> None:
    """The disk is filled just before the n-th call of that function, which is then called as it is."""
    before = getattr(owner, name)
    calls: list[None] = []

    def filled(*arguments: object, **named: object) -> object:
        calls.append(None)
        if len(calls) == nth:
            disk.fill()
        return before(*arguments, **named)

    monkeypatch.setattr(owner, name, filled)


WRITERS = {
    "the begin: streams and manifest": ("_begin", 1),
    "raw, live and rows": ("_write_frame", 7),
    "snapshots": ("_write_snapshot", 2),
    "sound, its file": ("_write_sound", 1),
    "sound, a chunk": ("_write_sound", 2),
    "the end: event, index, manifest": ("_close", 1),
}
"""What the recorder writes: the function, and at which call of it the disk is full."""


@pytest.mark.parametrize("writer", WRITERS)
def test_a_recording_whose_disk_fills_keeps_what_was_written(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    kept = shoot_take(disk.folder, 12)
    before = contents(kept)
    director = Director(EdgeModel(SEED))
    folder = director.record(disk.folder, Slate("film"))
    filling(disk, monkeypatch, Recorder, *WRITERS[writer])
    shoot(director, 0, 3)
    director.sound(WEBM_MAGIC + b"head", 0)
    director.sound(bytes(70_000), 0)
    shoot(director, 3, 120)
    if writer.startswith("the end"):
        cut = director.cut()
    else:
        until(lambda: director.status().trouble)
        assert disk.words in director.status().trouble
        assert REMEDY in director.status().trouble
        assert director.status().take is None, "the page sees that it has ended"
        shoot(director, 120, 130)  # the picture goes on
        cut = director.cut()
    monkeypatch.undo()
    assert contents(kept) == before
    assert cut == (folder if folder.exists() else None)
    if cut:
        take = assert_kept(cut, rows_on_disk(cut))
        assert take.state == ("complete" if take.manifest.state == "complete" else "recovered")
        if disk.mounted and not writer.startswith("the end"):
            assert disk.words in take.manifest.ended, "room was kept for that"
    disk.free()
    director.record(disk.folder, Slate("film"))
    shoot(director, 200, 205)
    assert assert_kept(director.cut() or Path(), 5).state == "complete"
    director.close()
    assert kept in every_take(disk.folder)


def test_a_take_whose_disk_is_full_from_the_start_is_refused_in_words(disk: Disk) -> None:
    kept = shoot_take(disk.folder, 12)
    before = contents(kept)
    disk.fill()
    director = Director(EdgeModel(SEED))
    with pytest.raises(ValueError, match=rf"{disk.words}.*{REMEDY}"):
        director.record(disk.folder, Slate("film"))
    with pytest.raises(ValueError, match=rf"{disk.words}.*{REMEDY}"):
        director.record(disk.folder, Slate("another"))
    director.close()
    disk.free()
    assert contents(kept) == before
    assert every_take(disk.folder) == [kept], "nothing is left of the others"


# -- what is made of a take


@pytest.fixture
def take(disk: Disk) -> Take:
    folder = shoot_take(disk.folder, 120)
    proxies.make(folder)
    render(Take.open(folder), "wild west", EdgeModel(SEED))
    return Take.open(folder)


def test_proxies_for_which_there_is_no_room_leave_those_that_were(disk: Disk, take: Take) -> None:
    before = contents(take.folder)
    disk.fill()
    finished = finish(take.folder)
    assert disk.words in finished.trouble
    assert REMEDY in finished.trouble
    disk.free()
    assert contents(take.folder) == before
    assert finish(take.folder).trouble == ""
    assert_kept(take.folder)


@pytest.mark.parametrize(
    ("writer", "nth"),
    [
        ("studio.rendering.making.write_video", 1),
        ("studio.rendering.checkpoints.write_whole", 1),
        ("studio.rendering.checkpoints.write_whole", 2),
        ("studio.rendering.making.write_document", 1),
        ("studio.rendering.making.write_document", 2),
    ],
    ids=["picture", "first checkpoint", "second checkpoint", "timeline", "figures"],
)
def test_a_render_whose_disk_fills_goes_on_where_it_was(
    disk: Disk, take: Take, monkeypatch: pytest.MonkeyPatch, writer: str, nth: int
) -> None:
    module, _, function = writer.rpartition(".")
    before = contents(take.folder)
    never_full = render(take, "a pencil sketch", EdgeModel(SEED), full=True, resumable=False)
    with monkeypatch.context() as patch:
        filling(disk, patch, importlib.import_module(module), function, nth)
        with pytest.raises(OSError, match=disk.words) as failed:
            render(take, "a pencil sketch", EdgeModel(SEED), full=True)
    assert failed.value.errno in (errno.ENOSPC, errno.EFBIG)
    left = [*(take.folder / "renders").glob(".unfinished-*/*.checkpoint")]
    assert len(left) == {"write_video": 0, "write_whole": nth - 1, "write_document": 2}[function]
    disk.free()
    version = render(Take.open(take.folder), "a pencil sketch", EdgeModel(SEED), full=True)
    assert version.info["files"] == never_full.info["files"]
    assert [path.name for path in (take.folder / "renders").iterdir() if not path.name.startswith("v")] == []
    assert before.items() <= contents(take.folder).items()


@pytest.mark.parametrize("to", FORMATS)
def test_an_export_for_which_there_is_no_room_leaves_no_half_file(disk: Disk, take: Take, to: str) -> None:
    before = contents(disk.folder)
    disk.fill()
    out = disk.folder / f"out.{to}"
    with pytest.raises(OSError, match=disk.words):
        export(take, to, out, progress=lambda done, total: None)
    assert not out.exists()
    disk.free()
    assert contents(disk.folder) == before
    assert export(take, to, out, progress=lambda done, total: None).stat().st_size


def writes_of(take: Take) -> dict[str, Callable[[], object]]:
    """What else is written beside a take, over something that is there."""
    script = Script([Beat(0, Scene("sea", "underwater " * 80))])
    return {
        "draft": lambda: drafts.keep(take, None, Timeline.of("underwater " * 80)),
        "verdict": lambda: take.edit(verdict="circled", notes="x" * 8000),
        "script": lambda: save_script(script, take.folder / "film.yaml"),
    }


@pytest.mark.parametrize("what", ["draft", "verdict", "script"])
def test_what_is_written_anew_on_a_full_disk_stays_as_it_was(disk: Disk, take: Take, what: str) -> None:
    drafts.keep(take, None, Timeline.of("wild west"))
    save_script(Script([Beat(0, Scene("rome", "golden Rome"))]), take.folder / "film.yaml")
    before = contents(disk.folder)
    disk.fill()
    with pytest.raises((OSError, ValueError), match=disk.words):
        writes_of(take)[what]()
    disk.free()
    assert contents(disk.folder) == before
    writes_of(take)[what]()
    assert contents(disk.folder) != before
