"""A film has exactly the frames of its parts, cut where they say, each showing the frame of its time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.media.video import VideoSource, VideoWriter
from engine.types import Frame
from studio.delivery.film import Card, Excerpt, Film, write_film, write_film_async
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.takes.version import Render

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


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("Café für Zoë – 5 €", "Дуэль"),
        ("The unbelievable story of the diver who never came up again for air", "by nobody " * 12),
        ("W" * 60, ""),
        ("one\ntwo\nthree", "four\nfive\nsix"),
        ("a\xa0b\tc", ""),
    ],
)
@pytest.mark.parametrize("size", [(1280, 720), (160, 96), (360, 640)])
def test_a_card_shows_all_its_words_within_its_edges(text: str, below: str, size: tuple[int, int]) -> None:
    card = list(Card(text, 1, below).frames(size, 24))[12].max(-1)
    ground, edge = card.min(), max(2, size[0] // 40)
    assert card.max() > 150
    assert card[:, :edge].max() == ground == card[:, -edge:].max()
    assert card[:2].max() == ground == card[-2:].max()
    rows = np.flatnonzero(card.max(1) > ground + 40)
    assert rows[0] < size[1] / 2, "the words stand around the middle"


def test_letters_that_no_font_has_are_named() -> None:
    with pytest.raises(ValueError, match=r"U\+13000"):
        Card("\U00013000", 1)
    with pytest.raises(ValueError, match="half a character"):
        Card("a", 1, "\udcff")
    with pytest.raises(TakeError, match="a card of 1,001 characters; at most 1,000"):
        Card("a" * 1001, 1)


@pytest.mark.long
def test_every_frame_is_the_one_of_its_time(version: Render, tmp_path: Path) -> None:
    film = Film(
        [Card("one", 0.5), Excerpt(version, 1, 2), Excerpt(version, 3.5, 4), Card("end", 0.25, "of it")], 24, SIZE
    )
    assert film.cuts == [0, 12, 36, 48]
    assert film.length == 54
    frames = [frame.rgb for frame in VideoSource(write_film(film, tmp_path / "film.mp4"))]
    assert len(frames) == 54
    assert [read(rgb) for rgb in frames[12:36]] == list(range(24, 48))
    assert [read(rgb) for rgb in frames[36:48]] == list(range(84, 96))
    assert frames[6].max() > 150, "the card has words"
    assert frames[0].mean() < frames[6].mean(), "which fade in"


@pytest.mark.long
def test_a_shot_without_an_end_goes_on_to_the_end(version: Render, tmp_path: Path) -> None:
    film = Film([Excerpt(version, 4)], 24, SIZE)
    assert [read(frame.rgb) for frame in VideoSource(write_film(film, tmp_path / "film.mp4"))] == list(range(96, 120))


def test_another_rate_shows_the_same_moments(version: Render, tmp_path: Path) -> None:
    film = Film([Excerpt(version, 1, 2)], 12, SIZE)
    assert [read(frame.rgb) for frame in VideoSource(write_film(film, tmp_path / "film.mp4"))] == list(range(24, 48, 2))


def test_a_take_gives_camera_and_world(take: Take, tmp_path: Path) -> None:
    film = Film([Excerpt(take, 0.5, 1, "raw"), Excerpt(take, 0.5, 1)], 24, SIZE)
    frames = [frame.rgb for frame in VideoSource(write_film(film, tmp_path / "film.mp4"))]
    assert len(frames) == film.length == 24
    assert np.abs(frames[0].astype(int) - frames[12]).mean() > 5


def test_a_slow_camera_is_cut_to_its_end(tmp_path: Path) -> None:
    """Its last picture lasts longer than two frames of the film."""
    with VideoWriter(tmp_path / "out.mp4", *SIZE, 5.0) as writer:
        for n in range(10):
            writer.write(Frame(coded(n), n, n / 5))
    excerpt = Excerpt(Render(tmp_path, {}), 1)
    assert [read(rgb) for rgb in excerpt.frames(SIZE, 30)] == [n for n in range(5, 10) for _ in range(6)]


def test_a_film_says_in_a_line_what_it_is(version: Render, take: Take) -> None:
    film = Film([Card("one", 0.5), Excerpt(take, 0.5, 1, "raw"), Excerpt(version, 1)], 24, SIZE)
    assert repr(film) == "Film(3 parts: 160x96 at 24 fps)"
    assert repr(film.parts[1]) == "Excerpt(Test-film S01 A T001 raw: 0.5 s to 1 s)"
    assert repr(film.parts[2]) == "Excerpt(v001: 1 s to the end)"
    assert repr(version) == "Render(v001: 0 frames)"


@pytest.mark.long
def test_an_awaited_film_leaves_the_loop_free(version: Render, tmp_path: Path) -> None:
    film = Film([Excerpt(version, 1)], 24, SIZE)
    told: list[tuple[int, int]] = []

    async def scene() -> None:
        turns = 0
        task = asyncio.create_task(write_film_async(film, tmp_path / "film.mp4", lambda *news: told.append(news)))
        while not task.done():
            turns += 1
            await asyncio.sleep(0.001)
        assert turns > 3
        assert await task == tmp_path / "film.mp4"

    asyncio.run(scene())
    assert told[-1] == (96, 96)
    assert len(list(VideoSource(tmp_path / "film.mp4"))) == 96


def test_a_cancelled_film_leaves_nothing(version: Render, tmp_path: Path) -> None:
    async def scene() -> None:
        reached, loop = asyncio.Event(), asyncio.get_running_loop()

        def told(done: int, total: int) -> None:
            if done == 5:
                loop.call_soon_threadsafe(reached.set)
            if done >= 5:
                time.sleep(0.01)

        task = asyncio.create_task(write_film_async(Film([Excerpt(version)], 24, SIZE), tmp_path / "film.mp4", told))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert not list(tmp_path.glob("*film.mp4"))


@pytest.mark.long
def test_what_cannot_be_cut_says_so(version: Render, take: Take, tmp_path: Path) -> None:
    for wrong, text in (
        (lambda: Excerpt(version, 3, 2), "ends after it starts"),
        (lambda: Excerpt(version, 1, 2, "xray"), "live or raw"),
        (lambda: Card(" ", 1), "without words"),
        (lambda: Film([]), "without parts"),
        (lambda: Film([Card("a", 1)], 24, (161, 96)), "even"),
        (lambda: Film([Card("a", 1)], 24, 96), "even"),  # type: ignore[arg-type]
        (lambda: Film([Card("a", 1), "x"]), "'x' is not a part of a film; give it a Card or an Excerpt"),  # type: ignore[list-item]
        (lambda: Film(Card("a", 1)), "parts are a list"),  # type: ignore[arg-type]
        (lambda: Card(5, 1), r"write texts: Card\('The chest', 3\)"),  # type: ignore[arg-type]
        (lambda: Excerpt("x"), "'x' is nothing to cut; give a take or one of its renders"),  # type: ignore[arg-type]
        (lambda: Excerpt(version, 50), "an excerpt from 50 s, and v001 ends at 5.00 s; let it start earlier"),
        (lambda: Excerpt(version, 4, 9), "an excerpt to 9 s, and v001 ends at 5.00 s; let it end earlier"),
        (lambda: Excerpt(take, 50), "an excerpt from 50 s, and Test-film S01 A T001 live ends at 4.17 s"),
        (lambda: Excerpt(take, 0, 99, "raw"), "an excerpt to 99 s, and Test-film S01 A T001 raw ends at 4.17 s"),
    ):
        with pytest.raises(ValueError, match=text):
            wrong()
    excerpt = Excerpt(version, 3)
    with VideoWriter(version.video, *SIZE, 24.0) as writer:  # another, shorter one in its place
        for n in range(90):
            writer.write(Frame(coded(n), n, n / 24))
    film = Film([Excerpt(version, 0, 1), replace(excerpt, start_s=1, end_s=3.75)], 24, SIZE)
    with VideoWriter(version.video, *SIZE, 24.0) as writer:
        for n in range(48):
            writer.write(Frame(coded(n), n, n / 24))
    with pytest.raises(TakeError, match=r"the pictures of v001 end at 2.00 s, before the excerpt; end it earlier"):
        write_film(film, tmp_path / "film.mp4")
    assert not list(tmp_path.glob("*.mp4")), "nothing half is left"
    assert not list(tmp_path.glob(".part-*"))
