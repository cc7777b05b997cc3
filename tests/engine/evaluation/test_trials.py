"""The trials, on players whose figures are known beforehand."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

import numpy as np
import pytest

from engine.config import lsd_test
from engine.evaluation import endurance, parts, speed, trials
from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import teacher_frames
from engine.stream import Stream
from engine.types import Frame

SIZE = (96, 64)


@pytest.fixture(scope="module")
def clip() -> Clip:
    """A textured square wandering over a gradient."""
    width, height = SIZE
    rng = np.random.default_rng(0)
    ground = np.linspace(60, 180, width)[None, :, None] * np.ones((height, 1, 3))
    square = rng.integers(0, 255, (24, 24, 3))
    frames = []
    for k in range(10):
        picture = ground.copy()
        picture[20:44, 4 + 5 * k : 28 + 5 * k] = square
        frames.append(Frame(picture.astype(np.uint8), k, k / 24))
    return Clip("square", tuple(frames))


class Player:
    """A stream's manners; `answer` says what it makes of a frame."""

    seed = 0
    things = ("fireball", "crate")

    def __init__(self) -> None:
        self.text: Any = ""

    def prompt(self, text: Any) -> None:
        self.text = text

    def reset(self) -> None:
        pass

    def step(self, frame: np.ndarray, time_s: float, index: int) -> np.ndarray:
        return self.answer(frame, time_s, index)

    def answer(self, frame: np.ndarray, time_s: float, index: int) -> np.ndarray:
        return frame


class Teacher(Player):
    """Paints what the teacher of the prompted world paints."""

    def prompt(self, text: Any) -> None:
        self._camera: deque[Frame] = deque()
        self._painted = teacher_frames(text, iter(self._camera.popleft, None), self.seed)

    def answer(self, frame: np.ndarray, time_s: float, index: int) -> np.ndarray:
        self._camera.append(Frame(frame, index, time_s))
        return next(self._painted).rgb


class Fading(Player):
    """Loses a tenth of its light over a thousand frames."""

    def answer(self, frame: np.ndarray, time_s: float, index: int) -> np.ndarray:
        return (frame * (1 - index / 10_000)).astype(np.uint8)


def as_stream(player: Player) -> Stream:
    return cast("Stream", player)


def test_a_stream_that_fades_is_seen_to_drift(clip: Clip) -> None:
    steady = endurance.drift(as_stream(Player()), clip, {"as-is": "as it is"}, frames=400)
    fading = endurance.drift(as_stream(Fading()), clip, {"as-is": "as it is"}, frames=400)
    assert steady["worst_change"]["luminance"] < 0.01
    assert fading["worlds"]["as-is"]["change"]["luminance"] == pytest.approx(-0.034, abs=0.01)
    assert min(steady["worlds"]["as-is"]["moves_with_input"]) > 0.99
    assert len(steady["worlds"]["as-is"]["curves"]["luminance"]) <= endurance.CURVE_POINTS


def test_a_teacher_switches_at_once_and_a_deaf_player_never(clip: Clip) -> None:
    pairs = [(("underwater", "underwater"), ("wild-west", "wild-west")), (("pencil", "pencil"), ("cartoon", "cartoon"))]
    teacher = endurance.switch(as_stream(Teacher()), clip, pairs)
    assert teacher["frames_most"] == 0
    assert teacher["flashes"] == 0
    deaf = endurance.switch(as_stream(Player()), clip, [(("as-is", "as it is"), ("pencil", "pencil"))])
    assert deaf["within_six"] == 0


def test_a_flash_is_seen(clip: Clip) -> None:
    class Flashing(Teacher):
        def answer(self, frame: np.ndarray, time_s: float, index: int) -> np.ndarray:
            made = super().answer(frame, time_s, index)
            return np.full_like(made, 255) if index == 24 else made

    pairs = [(("underwater", "underwater"), ("deep-space", "deep-space"))]
    assert endurance.switch(as_stream(Flashing()), clip, pairs)["flashes"] == 1


def test_props_of_a_camera_stay_props(clip: Clip) -> None:
    report = parts.try_props(as_stream(Player()), [clip], {"fireball": ["fireball"], "crate": ["a crate"]}, takes=2)
    assert report["adherence"] == 0
    assert {row["nearest"] for row in report["mistaken"]} == {"as it is"}


def test_a_camera_keeps_what_is_outside_a_region(clip: Clip) -> None:
    report = parts.try_regions(as_stream(Player()), [clip], {"pencil": "pencil"})
    assert report["outside_psnr_db"] > 50
    assert report["inside_nearer_to_world"] == 0


def test_teachers_move_as_fast_at_half_the_rate(clip: Clip) -> None:
    report = endurance.rate(as_stream(Teacher()), clip, {"underwater": "underwater", "snowfall": "snowfall"})
    assert report["ratio"] == pytest.approx(1, abs=0.25)


def test_worlds_draw_and_as_it_is_does_not(clip: Clip) -> None:
    worlds = ("as-is", "underwater", "pencil", "mosaic")
    shares = trials.structure([clip], worlds)
    assert tuple(shares) == worlds
    assert shares.pop("as-is") < 0.01
    assert min(shares.values()) > 0.02, shares


def test_more_steps_and_the_larger_model_cost_time(clip: Clip) -> None:
    stream = Stream.from_config(lsd_test(), threads=1)
    base = Stream.from_config(lsd_test(), threads=1)
    report = speed.speed(stream, SIZE, base, frames=4)
    assert report["share"]["steps"] > 4
    assert report["speed_up"] == pytest.approx(np.prod(list(report["share"].values())), rel=1e-6)
    one_against_one = speed.compare_steps(stream, [clip], {"pencil": "pencil"}, many=1)
    assert one_against_one["psnr_db_lost"] == 0


def test_an_unknown_trial_is_named() -> None:
    with pytest.raises(ValueError, match=r"dance is not a trial; there are trained, switch"):
        trials.run_trials(as_stream(Player()), ["dance"], [], {}, size=SIZE)
