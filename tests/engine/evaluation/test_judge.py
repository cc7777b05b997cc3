"""The judge of films, on films whose score is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.evaluate import teacher_frames
from engine.evaluation.judge import JUDGED_SIZE, Judge
from engine.types import Frame

WORLDS = ("as-is", "underwater", "pencil")


@pytest.fixture(scope="module")
def camera() -> list[np.ndarray]:
    """A disc that crosses a gradient, eight frames."""
    width, height = JUDGED_SIZE
    y, x = np.mgrid[0:height, 0:width]
    ground = np.stack([x * 200 // width, y * 200 // height, 128 + 0 * x], -1).astype(np.uint8)
    return [
        np.where(((x - 40 - 20 * k) ** 2 + (y - 80) ** 2 < 900)[..., None], np.uint8(240), ground) for k in range(8)
    ]


@pytest.fixture(scope="module")
def judge(camera: list[np.ndarray]) -> Judge:
    return Judge(camera, worlds=WORLDS)


def test_the_camera_itself_is_as_it_is(judge: Judge, camera: list[np.ndarray]) -> None:
    score = judge(camera, "as-is")
    assert (score.adherence, score.flicker) == (1, 0)
    assert score.sharpness == pytest.approx(1)
    assert judge(camera, "pencil").adherence == 0


def test_a_teachers_film_follows_its_world(judge: Judge, camera: list[np.ndarray]) -> None:
    film = [frame.rgb for frame in teacher_frames("pencil", [Frame(rgb, k, k / 24) for k, rgb in enumerate(camera)], 0)]
    assert judge(film, "pencil").adherence == 1


def test_without_a_teacher_there_is_no_adherence(judge: Judge, camera: list[np.ndarray]) -> None:
    assert judge(camera).adherence is None
    assert judge(camera, "risograph").adherence is None
    assert judge(camera, "snowfall").adherence is None, "a teacher whose world the judged model does not know"


def test_a_film_without_a_picture_is_refused(judge: Judge) -> None:
    with pytest.raises(ValueError, match="without a picture"):
        judge([])
