"""Whoever writes a file over another one: the old one stays until the new one is whole, and nothing else is left."""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.bench.records import section
from engine.config import lsd_test
from engine.designer.sheets import save as save_sheet
from engine.designer.sheets import table, write_table
from engine.media.files import published, write_whole
from engine.media.pictures import contact_sheet, save_picture
from engine.media.video import whole_video
from engine.models.checkpoint import random_weights, save_weights, shard
from engine.tools.render import save as save_frames
from engine.tools.showcase import film
from engine.types import Frame
from studio.delivery.export import write_mp4, write_otio
from studio.delivery.film import Card, Film, write_film
from studio.rendering.render import render
from studio.script.files import save_script
from studio.script.script import Beat, Scene, Script
from studio.sets.command import drawn
from studio.takes.documents import write_document
from studio.takes.take import Take
from studio.variants import Grid, Variant
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED, shoot_take
from tests.faults.support import ROOT

PICTURE = np.full((64, 64, 3), 90, np.uint8)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    return Take.open(shoot_take(tmp_path_factory.mktemp("writers"), 6))


@pytest.fixture(scope="module")
def grid(take: Take) -> Grid:
    version = render(take, "wild west", EdgeModel(SEED), full=True)
    return Grid(take, (Variant("wild west", SEED, 1.0, version, "", None, 0.0, 1.0, 1.0),))


def film_of(path: Path) -> None:
    write_film(Film([Card("Sea", 0.1)], size=(32, 32)), path, progress=lambda done, total: None)


def weights_of(path: Path) -> None:
    made = random_weights(lsd_test())
    save_weights(path, made.network, made.router, {})


def record_of(path: Path) -> None:
    with section(path.parent, path.stem, seed=0, device="cpu") as kept:
        kept["rows"] = []


def page_of(path: Path) -> None:
    path.write_text(f"before\n\n{table()}\n\nafter\n")
    write_table(path)


WRITERS: dict[str, Callable[[Path, Take, Grid], object]] = {
    "text.txt": lambda path, take, grid: write_whole(path, b"new"),
    "document.json": lambda path, take, grid: write_document(path, {"schema": "x"}),
    "picture.png": lambda path, take, grid: save_picture(PICTURE, path),
    "sheet.jpg": lambda path, take, grid: contact_sheet([[PICTURE]], path),
    "places.png": lambda path, take, grid: save_sheet(PICTURE, path),
    "frame.png": lambda path, take, grid: save_frames([Frame(PICTURE, 0, 0.0)], path, 24.0),
    "film.mp4": lambda path, take, grid: film_of(path),
    "worlds.mp4": lambda path, take, grid: film(EdgeModel(), [Frame(PICTURE, 0, 0.0)], path, seconds=0.1),
    "grid.mp4": lambda path, take, grid: grid.video(path),
    "take.mp4": lambda path, take, grid: write_mp4(take, path),
    "take.otio": lambda path, take, grid: write_otio(take, path),
    "set.png": lambda path, take, grid: drawn("colour:#204060", path, (64, 64), 0.1, 0),
    "set.mp4": lambda path, take, grid: drawn("colour:#204060", path, (64, 64), 0.1, 0),
    "script.yaml": lambda path, take, grid: save_script(Script([Beat(0, Scene("sea", "underwater"))]), path),
    "net.safetensors": lambda path, take, grid: weights_of(path),
}
"""Each writes a file of that name, for somebody to keep."""


@pytest.mark.parametrize("name", WRITERS)
def test_a_writer_that_fails_at_its_end_leaves_what_was_there(
    name: str, tmp_path: Path, take: Take, grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    WRITERS[name](path, take, grid)
    whole = path.read_bytes()
    assert whole
    path.write_bytes(b"the old one")

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)  # the last thing before the new one is published
        with pytest.raises((OSError, ValueError), match="No space left") as failed:
            WRITERS[name](path, take, grid)
    assert name in str(failed.value), "which file it was"
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
    WRITERS[name](path, take, grid)
    assert len(path.read_bytes()) == len(whole)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="no pipes among its files")
@pytest.mark.parametrize("name", WRITERS)
def test_no_writer_takes_the_place_of_a_pipe_or_a_folder(name: str, tmp_path: Path, take: Take, grid: Grid) -> None:
    """As /dev/null is no file, either: the administrator of a machine would have had one in its place."""
    pipe, folder = tmp_path / "a" / name, tmp_path / "b" / name
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    folder.mkdir(parents=True)
    for path, says in ((pipe, "a device or a pipe"), (folder, "it is a folder")):
        with pytest.raises((OSError, ValueError), match=says) as failed:
            WRITERS[name](path, take, grid)
        assert name in str(failed.value)
        assert not path.is_file()
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", WRITERS)
def test_what_a_link_leads_to_stays_as_it_is(name: str, tmp_path: Path, take: Take, grid: Grid) -> None:
    target, path = tmp_path / "target", tmp_path / name
    target.write_bytes(b"somebody's")
    path.symlink_to(target)
    WRITERS[name](path, take, grid)
    assert target.read_bytes() == b"somebody's"
    assert path.is_file()
    assert not path.is_symlink()


@pytest.mark.parametrize("name", ["x" * 250 + ".png", "." + "y" * 254, "a." + "z" * 250])
def test_names_of_any_length_are_published(name: str, tmp_path: Path) -> None:
    with published(tmp_path / name) as part:
        part.write_bytes(b"new")
    assert (tmp_path / name).read_bytes() == b"new"


def test_a_folder_that_is_not_there_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        write_whole(tmp_path / "nowhere" / "x.json", b"")


def test_two_that_write_the_same_film_at_once_write_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with whole_video(path, 64, 64) as one, whole_video(path, 64, 64) as other:
        for n in range(3):
            one.write(Frame(PICTURE, n, n / 24))
            other.write(Frame(PICTURE + 60, n, n / 24))
    assert path.stat().st_size
    assert list(tmp_path.iterdir()) == [path]


def test_shards_are_written_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(bytes(range(100)))
    assert b"".join(part.read_bytes() for part in shard(path, 40)) == bytes(range(100))


def test_figures_that_fail_to_be_written_leave_those_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_of(tmp_path / "age.json")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("os.fsync", lambda file: os.write(-1, b""))
    with pytest.raises(OSError, match=r"-cores\.json'$"):
        record_of(tmp_path / "age.json")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_page_of_the_documentation_gets_its_table_whole(tmp_path: Path) -> None:
    page_of(tmp_path / "sets.md")
    assert (tmp_path / "sets.md").read_text() == f"before\n\n{table()}\n\nafter\n"


WRITING = {"write_text", "write_bytes", "imwrite", "save_file", "savez", "savez_compressed"}
"""Functions that write into a file in its own name; `published` gives another one, which is called `part`."""


def test_no_module_writes_a_file_in_its_own_name() -> None:
    """But streams that are there while they are written: a take's, a training run's log."""
    wrong = []
    for package in ("engine", "studio"):
        for path in sorted((ROOT / package).rglob("*.py")):
            source = path.read_text("utf-8")
            for node in ast.walk(ast.parse(source)) if any(name in source for name in WRITING) else ():
                if not isinstance(node, ast.Call):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                words = ast.unparse(node) if name in WRITING else "part."
                if not words.startswith("part.") and "buffer" not in words:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {words[:60]}")
    assert not wrong, "write through engine.media.files.published:\n" + "\n".join(wrong)
