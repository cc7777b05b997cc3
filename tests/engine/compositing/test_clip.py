"""A clip behind the cast: its own clock, exact in any order."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from engine.compositing import clip
from engine.compositing.clip import ClipPlate
from engine.media.animation import Animation
from engine.media.pictures import MediaError
from engine.media.video import VideoWriter
from engine.types import Frame

WIDTH, HEIGHT, FPS, COUNT = 96, 64, 20.0, 60


def grey(number: int) -> int:
    return 20 + 3 * number


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds, a keyframe each, whose pictures become brighter by 3 each and have a fine texture."""
    path = tmp_path_factory.mktemp("clip") / "ramp.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, FPS) as out:
        for number in range(COUNT):
            texture = np.random.default_rng(0).integers(-9, 10, (HEIGHT, WIDTH, 1))
            rgb = np.broadcast_to(grey(number) + texture, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            out.write(Frame(rgb, number, number / FPS))
    return path


def level(picture: np.ndarray) -> float:
    """Its mean grey."""
    return float(picture.mean())


def test_a_clip_has_a_clock_of_its_own(path: Path) -> None:
    plate = ClipPlate(path, crossfade_s=0)
    assert plate.length_s == pytest.approx(COUNT / FPS)
    for time_s in (0, 0.024, 0.05, 1.0, 1.51, 2.99, 3.0, 7.26):
        number = int(time_s * FPS + 1e-6) % COUNT
        assert level(plate.picture(time_s, WIDTH, HEIGHT)) == pytest.approx(grey(number), abs=1.5), time_s
    plate.close()


def test_once_keeps_the_last_picture(path: Path) -> None:
    plate = ClipPlate(path, loop=False)
    assert level(plate.picture(100, WIDTH, HEIGHT)) == pytest.approx(grey(COUNT - 1), abs=1.5)
    plate.close()


def test_the_end_fades_into_the_beginning(path: Path) -> None:
    plate = ClipPlate(path, crossfade_s=1.0)
    times = np.arange(0, 8, 1 / 24)
    levels = np.array([level(plate.picture(time_s, WIDTH, HEIGHT)) for time_s in times])
    # Without the fade it falls by 177 from one picture to the next; with it by 120 within a second, evenly.
    assert np.abs(np.diff(levels)).max() < 9
    assert levels[round(2.5 * 24)] == pytest.approx((grey(50) + grey(10)) / 2, abs=4)  # 0.5 s after 2 s began anew
    plate.close()


@pytest.mark.parametrize("most", [clip.MOST_BYTES, 1])
def test_any_order_gives_the_same_pictures(path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(clip, "MOST_BYTES", most)
    monkeypatch.setattr(clip, "AHEAD", 3)
    times = [number / 24 for number in range(150)]
    plate = ClipPlate(path)
    in_order = {time_s: plate.picture(time_s, WIDTH, HEIGHT) for time_s in times}
    plate.close()
    random.Random(0).shuffle(times)
    plate = ClipPlate(path)
    for time_s in times[:60]:
        assert np.array_equal(plate.picture(time_s, WIDTH, HEIGHT), in_order[time_s]), time_s
    assert plate.picture(1.0, 48, 64).shape == (64, 48, 3)
    assert np.array_equal(plate.picture(1.0, WIDTH, HEIGHT), ClipPlate(path).picture(1.0, WIDTH, HEIGHT))
    assert all(len(reader._kept) <= max(4, most // (WIDTH * HEIGHT * 3)) for reader in plate._readers)
    plate.close()
    with pytest.raises(ValueError, match="closed; open it again"):
        plate.picture(0, WIDTH, HEIGHT)


def test_where_a_clip_is_broken_the_last_good_picture_stands(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        starts = {packet.pts: packet.pos for packet in container.demux() if packet.pts is not None}
    for number in (25, 26, 27):  # in the second of three groups of pictures
        start = sorted(starts.items())[number][1]
        assert start is not None
        data[start : start + 400] = bytes(400)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data)
    plate = ClipPlate(broken, loop=False)
    levels = [level(plate.picture(number / FPS, WIDTH, HEIGHT)) for number in range(COUNT)]
    plate.close()
    assert levels[0] == pytest.approx(grey(0), abs=1.5)
    assert levels[-1] == pytest.approx(grey(COUNT - 1), abs=1.5)
    assert "is damaged after" in plate.damage
    assert "the last good picture stands there" in caplog.text
    assert levels[25:40] == [levels[24]] * 15  # until the next keyframe
    assert levels[40] == pytest.approx(grey(40), abs=1.5)


def test_an_animation_is_a_clip(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (32, 32), (value, value, value)) for value in (20, 120, 220)]
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    plate = ClipPlate(tmp_path / "a.webp", crossfade_s=0)
    assert [level(plate.picture(time_s, 32, 32)) for time_s in (0.05, 0.15, 0.25, 0.35)] == [20, 120, 220, 20]
    plate.close()


def test_an_animation_is_measured_once_however_often_it_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To measure it all its pictures are decoded, while a frame waits."""
    pictures = [Image.new("RGB", (WIDTH, HEIGHT), (grey(number),) * 3) for number in range(12)]
    pictures[0].save(tmp_path / "a.webp", save_all=True, append_images=pictures[1:], duration=100, lossless=True)
    measured: list[Path] = []

    class Counted(Animation):
        def __init__(self, path: Path, **limits: Any) -> None:
            measured.append(path)
            super().__init__(path, **limits)

    monkeypatch.setattr(clip, "Animation", Counted)
    monkeypatch.setattr(clip, "MOST_BYTES", 0)  # so few pictures are kept that each turn decodes
    plate = ClipPlate(tmp_path / "a.webp", crossfade_s=0)
    for turn in range(4):
        for number in (0, 5, 11):
            shown = plate.picture(1.2 * turn + 0.1 * number + 0.01, WIDTH, HEIGHT)
            assert level(shown) == pytest.approx(grey(number), abs=1)
    plate.close()
    assert measured == [tmp_path / "a.webp"]


def test_what_is_not_a_clip_is_refused(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(MediaError, match="is not a video"):
        ClipPlate(tmp_path / "text.mp4")
    with pytest.raises(ValueError, match="cross-fade of 6 s; it is 0 to 5"):
        ClipPlate(path, crossfade_s=6)
    monkeypatch.setattr(clip, "LONGEST_S", 2.0)
    with pytest.raises(MediaError, match="cut a piece out of it"):
        ClipPlate(path)


@pytest.mark.long
def test_several_threads_get_the_pictures_of_one(path: Path) -> None:
    alone, shared = ClipPlate(path), ClipPlate(path)
    expected = {number: alone.picture(number / 24, WIDTH, HEIGHT) for number in range(100)}
    alone.close()
    with ThreadPoolExecutor(4) as pool:
        starts = [0, 25, 50, 75]

        def play(start: int) -> bool:
            numbers = range(start, start + 25)
            return all(np.array_equal(shared.picture(n / 24, WIDTH, HEIGHT), expected[n]) for n in numbers)

        assert list(pool.map(play, starts)) == [True] * 4
    shared.close()


@pytest.mark.long
def test_a_clip_that_nobody_looks_at_has_no_thread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip, "IDLE_S", 0.05)
    plate = ClipPlate(path)

    def working() -> bool:
        return any(thread.name == f"plate {path.name}" for thread in threading.enumerate())

    for _ in range(2):
        plate.picture(0.5, WIDTH, HEIGHT)
        deadline = time.monotonic() + 20
        while working() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not working()
    plate.close()
