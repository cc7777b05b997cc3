"""A film has exactly the frames of its parts, cut where they say, each showing the frame of its time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.media import VideoSource, VideoWriter
from engine.types import Frame
from studio.cut import Card, Film, Shot
from studio.take import Render, Take, TakeError

SIZE = (160, 96)
BITS = 8


def coded(number: int) -> np.ndarray:
    """A picture that shows its number as eight black or white columns."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:, bit * 20 : bit * 20 + 20] = 255
    return picture


def read(rgb: np.ndarray) -> int:
    """The number of a coded picture."""
    return sum(int(rgb[:, bit * 20 + 6 : bit * 20 + 14].mean() > 127) << bit for bit in range(BITS))


@pytest.fixture
def version(tmp_path: Path) -> Render:
    folder = tmp_path / "v001"
    folder.mkdir()
    with VideoWriter(folder / "out.mp4", *SIZE, 24.0) as writer:
        for n in range(120):
            writer.write(Frame(coded(n), n, n / 24))
    return Render(folder, {})


def test_every_frame_is_the_one_of_its_time(version: Render, tmp_path: Path) -> None:
    film = Film([Card("one", 0.5), Shot(version, 1, 2), Shot(version, 3.5, 4), Card("end", 0.25, "of it")], 24, SIZE)
    assert film.cuts == [0, 12, 36, 48]
    assert film.length == 54
    frames = [frame.rgb for frame in VideoSource(film.write(tmp_path / "film.mp4"))]
    assert len(frames) == 54
    assert [read(rgb) for rgb in frames[12:36]] == list(range(24, 48))
    assert [read(rgb) for rgb in frames[36:48]] == list(range(84, 96))
    assert frames[6].max() > 150, "the card has words"
    assert frames[0].mean() < frames[6].mean(), "which fade in"


def test_a_shot_without_an_end_goes_on_to_the_end(version: Render, tmp_path: Path) -> None:
    film = Film([Shot(version, 4)], 24, SIZE)
    assert [read(frame.rgb) for frame in VideoSource(film.write(tmp_path / "film.mp4"))] == list(range(96, 120))


def test_another_rate_shows_the_same_moments(version: Render, tmp_path: Path) -> None:
    film = Film([Shot(version, 1, 2)], 12, SIZE)
    assert [read(frame.rgb) for frame in VideoSource(film.write(tmp_path / "film.mp4"))] == list(range(24, 48, 2))


def test_a_take_gives_camera_and_world(take: Take, tmp_path: Path) -> None:
    film = Film([Shot(take, 0.5, 1, "raw"), Shot(take, 0.5, 1)], 24, SIZE)
    frames = [frame.rgb for frame in VideoSource(film.write(tmp_path / "film.mp4"))]
    assert len(frames) == film.length == 24
    assert np.abs(frames[0].astype(int) - frames[12]).mean() > 5


def test_what_cannot_be_cut_says_so(version: Render, tmp_path: Path) -> None:
    for wrong, text in (
        (lambda: Shot(version, 3, 2), "ends after it starts"),
        (lambda: Shot(version, 1, 2, "xray"), "live or raw"),
        (lambda: Card(" ", 1), "without words"),
        (lambda: Film([]), "without parts"),
        (lambda: Film([Card("a", 1)], 24, (161, 96)), "even"),
    ):
        with pytest.raises(ValueError, match=text):
            wrong()
    with pytest.raises(TakeError, match="ends before the shot's end at 9 s"):
        Film([Shot(version, 4, 9)], 24, SIZE).write(tmp_path / "film.mp4")
    assert not list(tmp_path.glob("*.mp4")), "nothing half is left"
    assert not list(tmp_path.glob(".part-*"))
