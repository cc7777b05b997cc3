"""The example film: it is the same each time, nothing jumps, and it compresses."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from docs.puppets import frames, story, write
from docs.puppets.cast import BALL
from docs.puppets.film import FPS, FRAMES, picture
from engine.media.pictures import contact_sheet, encode_jpeg
from engine.media.video import VideoSource

ROOT = Path(__file__).parents[2]
TIMES = np.arange(FRAMES) / FPS


def test_frames_are_the_same_each_time() -> None:
    first, second = islice(frames(), 2)
    assert first.rgb.shape == (216, 384, 3)
    assert first.rgb.dtype == np.uint8
    assert (first.index, first.time_s, second.index, second.time_s) == (0, 0.0, 1, 1 / 24)
    assert np.array_equal(second.rgb, picture(1 / 24, grain=1))
    assert not np.array_equal(picture(5.0, grain=1), picture(5.0, grain=2))


def test_the_player_never_jumps() -> None:
    """Neither limbs nor face; a frame is too short for that."""
    for before, after in pairwise(asdict(story.pose_at(time_s)) for time_s in TIMES):
        for name, most in {"x": 6, "y": 6, "left": 26, "right": 26, "stick": 0.9, "turn": 0.3, "bow": 0.25}.items():
            assert np.max(np.abs(np.subtract(after[name], before[name]))) <= most, name


def test_the_ball_obeys_the_floor_and_comes_to_rest() -> None:
    balls = [ball for ball in map(story.ball_at, TIMES) if ball]
    assert all(ball.y <= story.FLOOR - BALL + 1e-6 for ball in balls)
    assert all(abs(ball.squash) < 0.4 for ball in balls)
    assert balls[-1].y == pytest.approx(story.FLOOR - BALL)
    assert abs(balls[-1].x - balls[-FPS].x) < BALL
    for before, after in pairwise(balls):
        if not after.in_chest:
            assert np.hypot(after.x - before.x, after.y - before.y) < 1.4 * BALL


def test_curves_rest_outside_their_keys_and_pass_through_them() -> None:
    keys = story.curve("1:0 2:10 4:-10")
    assert [story.value(keys, time_s) for time_s in (0, 1, 2, 3, 4, 9)] == pytest.approx([0, 0, 10, 0, -10, -10])


def test_the_film_is_pleasant_to_store_and_to_look_at(artefacts: Path) -> None:
    """Two streams of such pictures and their proxies are to stay under 15 MB."""
    pictures = [picture(time_s) for time_s in (3.0, 5.0, 7.0, 9.2, 15.9, 17.2)]
    assert np.mean([len(encode_jpeg(rgb, 80)) for rgb in pictures]) < 14_000
    contact_sheet([pictures[:3], pictures[3:]], artefacts / "example_film.png", width=384)


def test_the_command_says_how_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-m", "docs.puppets"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr == "usage: python -m docs.puppets OUT.mp4\n"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_film(tmp_path: Path) -> None:
    source = VideoSource(write(tmp_path / "film.mp4"))
    assert (source.width, source.height, source.fps) == (384, 216, 24)
    assert sum(1 for _ in source) == 480
