"""Files for download: there while they are fetched, and gone when they have done their work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from studio.app.files import MOST_EXPORTS, PREFIX, Files
from tests.studio.app.house import House, recorded


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder of temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def exports(temporary: Path) -> list[Path]:
    return [path for path in temporary.rglob("*") if path.is_file()]


def test_what_was_exported_is_fetched_and_gone_in_the_end(temporary: Path, tmp_path: Path) -> None:
    served = Files(tmp_path)
    out = tmp_path
    for number in range(3 * MOST_EXPORTS):
        out = served.new_export(f"film {number}.mp4")
        out.write_bytes(b"film")
        assert served.find(served.export_url(out)) == out.resolve()
    assert len(exports(temporary)) == MOST_EXPORTS
    assert served.find(served.export_url(out)), "the newest is there"
    served.close()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_studio_left_is_removed_by_the_next(temporary: Path, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    left, alive, other = (
        temporary / name for name in (f"{PREFIX}{dead.pid}-a1b2", f"{PREFIX}{os.getpid()}-a1b2", f"{PREFIX}x-y")
    )
    for folder in (left, alive, other):
        (folder / "film").mkdir(parents=True)
    (temporary / f"{PREFIX}{dead.pid}-link").symlink_to(tmp_path)
    Files(tmp_path).close()
    assert not left.exists()
    assert alive.exists()
    assert other.exists()
    assert tmp_path.exists()


@pytest.mark.parametrize("to", ["mp4", "otio"])
def test_an_export_that_fails_leaves_nothing(
    house: House, weights: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recorded(house, weights)
    shutil.rmtree(folder / "proxy", ignore_errors=True)
    path = folder.relative_to(house.folder).as_posix()
    asked = {"token": house.token(), "take": path, "version": "live", "to": to}
    assert "url" in house.callbacks.export(asked)
    kept = Path(house.callbacks.files._exports.name)
    before = sorted(kept.rglob("*"))

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.delivery.export.write_video", full)
    monkeypatch.setattr("studio.delivery.export.write_whole", full)
    assert "No space left" in house.callbacks.export(asked)["error"]
    assert sorted(kept.rglob("*")) == before
