"""A take from somebody else writes nothing outside of its folder, reads nothing there, and waits for nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.media.files import write_whole
from studio.app.files import Files
from studio.delivery import proxies
from studio.delivery.formats import export, file_name
from studio.rendering.render import render
from studio.rendering.verify import check_take
from studio.takes import drafts
from studio.takes.documents import TakeError, write_document
from studio.takes.inside import plain, within
from studio.takes.listing import line, list_takes
from studio.takes.take import Take
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.faults.forgery import SEED, contents, copy_of, endure, forge, make_take

OUTSIDE = [
    "../../../outside.txt",
    "/etc/passwd",
    "..",
    "a/../../b",
    "",
    "a//b",
    "C:\\x",
    "\\\\host\\x",
    "a\nb",
    "./x",
    "\0",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_take(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of the take, to be forged; beside the sessions folder lies a file that is nobody's business."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "diary.txt").write_text("dear diary")
    return copy_of(made, tmp_path / "sessions")


@pytest.mark.parametrize("name", OUTSIDE)
def test_only_plain_names_name_files(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not name a file"):
        plain(name)
    with pytest.raises(TakeError, match="does not name a file"):
        within(tmp_path, name)


def test_the_names_of_a_takes_own_files_are_plain() -> None:
    for name in ("raw.mkv", "snapshots/000048.state", "proxy/raw.mp4", "T001.otio", "12:30 é.otio"):
        assert plain(name) == name


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("where", ["take.json", "sound", "snapshot", "render.json"])
def test_documents_name_files_of_the_take_alone(folder: Path, where: str, name: str) -> None:
    if where == "take.json":
        forge(folder, where, lambda take: {**take, "files": {**take["files"], name: "0" * 64}})
    elif where == "render.json":
        forge(folder, f"renders/v001/{where}", lambda version: {**version, "files": {name: "0" * 64}})
    else:
        forge(
            folder,
            "events.jsonl",
            lambda rows: [{**row, "file": name} if row["kind"] == where else row for row in rows],
        )
    assert any("does not name a file" in error for error in endure(folder, thorough=False))


@pytest.mark.parametrize("part", ["production", "scene", "shot"])
@pytest.mark.parametrize("name", ["../../../../escape", "/tmp/escape", "a/b", "a\\b", "..", "", "x" * 65])
def test_an_export_is_never_named_by_a_slate_that_leads_elsewhere(folder: Path, part: str, name: str) -> None:
    forge(folder, "take.json", lambda take: {**take, "slate": {**take["slate"], part: name}})
    with pytest.raises(TakeError, match=rf"slate\.{part}.*does not name"):
        Take.open(folder)


def test_what_is_exported_for_a_page_stays_in_its_folder(folder: Path) -> None:
    files = Files(folder.parents[3])
    try:
        take = Take.open(folder)
        out = export(take, "otio", files.new_export(file_name(take, "otio")))
        assert out.name == "Forged_S01_A_T001.otio"
        for name in ("../escape.otio", "/tmp/escape.otio", "a/b.otio"):
            with pytest.raises(ValueError, match="not a file's name"):
                files.new_export(name)
    finally:
        files.close()


def through_links(folder: Path) -> None:
    """All that the studio writes into a take: proxies, a version, a draft, a verdict."""
    for act in (
        lambda: proxies.make(folder),
        lambda: render(Take.open(folder), "golden rome", EdgeModel(seed=SEED)),
        lambda: drafts.keep(Take.open(folder), None, Timeline.of("golden rome")),
        lambda: Take.open(folder).edit(verdict="circled", notes="good"),
        lambda: check_take(folder, EdgeModel(seed=SEED)),
        lambda: [line(listed) for listed in list_takes(folder.parents[3])],
    ):
        try:
            act()
        except (TakeError, OSError) as error:
            assert str(error)


@pytest.mark.parametrize("name", ["proxy", "drafts", "renders", "renders/v001", "snapshots", "sets"])
def test_no_folder_is_written_into_by_a_link(folder: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "outside" / "elsewhere"
    target.mkdir()
    if (folder / name).is_dir():
        shutil.copytree(folder / name, target, dirs_exist_ok=True)
        shutil.rmtree(folder / name)
    (folder / name).symlink_to(target, target_is_directory=True)
    before = contents(tmp_path / "outside", without=folder)
    through_links(folder)
    assert contents(tmp_path / "outside", without=folder) == before


@pytest.mark.parametrize(
    "name",
    [
        *("proxy/raw.mp4", "proxy/raw.mp4.part", "proxy/.part-raw.mp4", "poster.jpg", "poster.jpg.part", "T001.otio"),
        *("drafts/live.json", "take.json", ".changing", ".recording", ".proxies", "renders/v002", "raw.mkv"),
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_no_file_is_written_through_a_link(folder: Path, tmp_path: Path, name: str, there: bool) -> None:
    target = tmp_path / "outside" / ("diary.txt" if there else "new.txt")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)
    before = contents(tmp_path / "outside", without=folder)
    through_links(folder)
    assert contents(tmp_path / "outside", without=folder) == before


@pytest.mark.parametrize("name", ["take.json", "events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv"])
def test_what_a_link_leads_to_is_not_read(folder: Path, made: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(made / name)
    with pytest.raises(TakeError, match=f"{name} is a link that leads out of T001"):
        Take.open(folder)
    (folder / name).unlink()
    shutil.copy(made / name, folder / f"own-{name}")
    (folder / name).symlink_to(f"own-{name}")
    assert Take.open(folder).state == "complete", "a link within the take is the take's own affair"


@pytest.mark.parametrize(
    "name", ["mic.webm", "snapshots/000000.state", "renders/v001/out.mp4", "renders/v001/render.json"]
)
def test_check_says_which_file_leads_out(folder: Path, made: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(made / name)
    faults = check_take(folder, EdgeModel(seed=SEED)).faults
    assert any(name in fault and "leads out" in fault for fault in faults), faults


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are files only where the system has them")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "name",
    [
        *("take.json", "events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv", "mic.webm", "snapshots/000000.state"),
        *("renders/v001/render.json", "renders/v001/timeline.json", "renders/v001/out.mp4", "drafts/live.json"),
        *(".recording", ".changing", ".proxies", "proxy/raw.mp4"),
    ],
)
def test_nothing_waits_for_a_pipe(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    endure(folder)
    (folder / name).unlink(missing_ok=True)


@pytest.mark.parametrize("act", [write_whole, write_document])
def test_writing_replaces_a_link_and_not_what_it_leads_to(tmp_path: Path, act: Callable[..., None]) -> None:
    (tmp_path / "diary.txt").write_text("dear diary")
    link = tmp_path / "link.json"
    link.symlink_to("diary.txt")
    act(link, {"a": 1} if act is write_document else b"new")
    assert (tmp_path / "diary.txt").read_text() == "dear diary"
    assert not link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diary.txt", "link.json"]
