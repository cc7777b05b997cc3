"""A production's files: named by content, copied whole, bounded, found again, refused where they are not files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from studio.sets import store as stores
from studio.sets.store import SetError, Store, locate
from studio.takes.documents import file_sha256


def test_a_file_is_kept_once_under_the_name_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "My beach.JPEG"
    path.write_bytes(b"pixels")
    store = Store(tmp_path / "sets")
    name = store.add(path)
    assert name == file_sha256(path) + ".jpeg" == store.add(path) == store.add_bytes(b"pixels", ".jpeg")
    assert [each.name for each in store.folder.iterdir()] == [name]
    assert locate(name, [tmp_path / "nowhere", store.folder]).read_bytes() == b"pixels"


def test_what_is_not_a_picture_or_a_clip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "sets")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "words.txt").write_text("a beach")
    os.mkfifo(tmp_path / "pipe.jpg")
    monkeypatch.setattr(stores, "MOST_BYTES", 1 << 20)
    (tmp_path / "large.mp4").write_bytes(bytes((1 << 20) + 1))
    for name, text in (
        ("folder.jpg", "is not a file; give a picture or a clip"),
        ("pipe.jpg", "is not a file"),
        ("empty.jpg", "empty.jpg is empty"),
        ("words.txt", "is not a picture or a clip by its name; there is .jpg"),
        ("gone.jpg", "gone.jpg does not exist"),
        ("large.mp4", "large.mp4 has more than 1 MB; cut it shorter"),
    ):
        with pytest.raises(SetError, match=text):
            store.add(tmp_path / name)
    assert not store.folder.exists() or not list(store.folder.iterdir()), "nothing half is left"


def test_what_a_killed_process_left_is_cleared_and_what_is_written_stays(tmp_path: Path) -> None:
    kept = Store(tmp_path).add_bytes(b"pixels", ".jpeg")
    for name, age_s in ((".part-left", 7200), (".part-written", 60), (kept, 7200)):
        path = tmp_path / name
        path.write_bytes(b"pixels")
        os.utime(path, (time.time() - age_s,) * 2)
    Store(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".part-written", kept}


def test_a_name_never_leaves_the_folder_and_a_link_is_not_followed(tmp_path: Path) -> None:
    name = "a" * 64 + ".jpg"
    (tmp_path / "secret").write_text("secret")
    (tmp_path / name).symlink_to(tmp_path / "secret")
    for wrong in ("../secret", "/etc/passwd", "a" * 64, "A" * 64 + ".jpg", ""):
        with pytest.raises(SetError, match="does not name a file of a set"):
            locate(wrong, [tmp_path])
    with pytest.raises(SetError, match="is gone from"):
        locate(name, [tmp_path])
