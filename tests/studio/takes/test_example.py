"""A studio's first start has the example take; later ones leave the folder as it is."""

from __future__ import annotations

from pathlib import Path

from studio.takes.example import SHIPPED, copy_example
from studio.takes.listing import list_takes


def test_a_new_sessions_folder_begins_with_the_example(tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    assert copy_example(sessions)
    (listed,) = list_takes(sessions)
    assert listed.take is not None
    assert (listed.take.state, listed.take.problems) == ("complete", ())
    assert [path.name for path in sessions.iterdir()] == ["example"]
    original = SHIPPED / "example"
    for path in original.rglob("*.mkv"):
        assert (sessions / "example" / path.relative_to(original)).read_bytes() == path.read_bytes()


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert not copy_example(tmp_path)
    assert not list(tmp_path.iterdir())
