"""What is known of the cast from frame to frame."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from engine.compositing.follow import FREE_SPEED, Following, follow
from engine.compositing.lighting import shadow
from engine.compositing.look import blur_of, linear, look_of, noise_of

HEIGHT, WIDTH = 108, 192
GREY = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)


def figure(x: float, top: float = 0.2, bottom: float = 1.0, wide: float = 0.2) -> np.ndarray:
    """The matte of a bar with a head, around `x`, all in parts of the picture."""
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    columns = slice(max(0, round((x - wide / 2) * WIDTH)), round((x + wide / 2) * WIDTH))
    matte[round(top * HEIGHT) : round(bottom * HEIGHT), columns] = 255
    return matte


def followed(mattes: list[np.ndarray], rgb: np.ndarray = GREY, fps: float = 24) -> list[Following]:
    states: list[Following] = []
    for index, matte in enumerate(mattes):
        states.append(follow(states[-1] if states else None, rgb, matte, index / fps))
    return states


def test_the_landmark_stands_where_the_cast_is_not() -> None:
    assert followed([figure(0.25)])[0].free_x > 0.6
    assert followed([figure(0.75)])[0].free_x < 0.4


def test_the_landmark_waits_at_a_third_and_does_not_jump_when_somebody_comes() -> None:
    gone = np.zeros((HEIGHT, WIDTH), np.uint8)
    third = followed([gone])[0].free_x
    assert min(abs(third - 1 / 3), abs(third - 2 / 3)) < 0.07
    states = followed([gone] * 10 + [figure(third)] * 400)
    speeds = np.abs(np.diff([state.free_x for state in states])) * 24
    assert FREE_SPEED / 2 < speeds.max() <= FREE_SPEED * (1 + 1e-9)


@pytest.mark.parametrize("fps", [5, 24, 60])
def test_the_landmark_never_jumps(fps: float) -> None:
    """The cast crosses the picture, leaves it and comes back on the other side."""
    gone = np.zeros((HEIGHT, WIDTH), np.uint8)
    mattes = [figure(0.2)] * 20 + [figure(0.8)] * 400 + [gone] * 30 + [figure(0.2)] * 400
    states = followed(mattes, fps=fps)
    places = np.array([state.free_x for state in states])
    speeds = np.abs(np.diff(places)) * fps
    assert speeds.max() <= FREE_SPEED * (1 + 1e-9)
    assert speeds.max() > FREE_SPEED / 2  # and it does move
    jump = follow(states[-1], GREY, figure(0.8), states[-1].time_s + 3600)  # the camera was off for an hour
    assert abs(jump.free_x - places[-1]) <= FREE_SPEED * 0.25 * (1 + 1e-9)


def test_the_head_is_the_top_of_the_cast_and_its_view_is_smooth() -> None:
    states = followed([figure(0.3, top=0.1)] * 5 + [figure(0.7, top=0.5)] * 48)
    first, last = states[0].view, states[-1].view
    assert first.x == pytest.approx(-0.4, abs=0.03)
    assert last.x == pytest.approx(0.4, abs=0.03)
    assert first.y > 0.5
    assert last.y < 0
    assert max(abs(b.view.x - a.view.x) for a, b in pairwise(states)) < 0.15


def test_nobody_is_noticed_and_changes_nothing_else() -> None:
    states = followed([figure(0.3)] * 5 + [np.zeros((HEIGHT, WIDTH), np.uint8)] * 5)
    assert [state.nobody for state in states] == [False] * 5 + [True] * 5
    assert states[0].there == states[4].there == 1 > states[5].there > 0.9 > states[-1].there
    assert states[-1].look == states[4].look
    assert states[-1].view == states[4].view


def test_a_flash_of_the_camera_does_not_pump() -> None:
    states = followed([figure(0.5)] * 48)
    flash = follow(states[-1], np.full_like(GREY, 250), figure(0.5), 2.0)
    assert abs(np.log2(flash.look.exposure / states[-1].look.exposure)) < 0.15  # of two stops
    after = flash
    for index in range(240):
        after = follow(after, np.full_like(GREY, 250), figure(0.5), 2 + index / 24)
    assert after.look.exposure == pytest.approx(0.96, abs=0.02)  # of light that stays


def test_feet_cast_a_shadow_and_others_do_not() -> None:
    small = cv2.resize(figure(0.5, 0.2, 0.9), (96, 54), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    standing = followed([figure(0.5, 0.2, 0.9)] * 24)[-1]
    assert standing.feet > 0.9
    assert standing.foot_y == pytest.approx(0.9, abs=0.02)
    shade = shadow(small, standing, 1.0)
    assert shade is not None
    assert shade[50, 48] > 0.3
    assert shade[20, 48] < 0.02 > shade[50, 5]
    for matte in (figure(0.5, 0.2, 1.0), figure(0.5, 0.5, 0.8), figure(0.5, 0.1, 0.5)):  # cut by the frame; a hand
        assert shadow(small, followed([matte] * 24)[-1], 1.0) is None


def test_a_look_tells_noise_and_blur() -> None:
    rng = np.random.default_rng(0)
    steps = np.kron(rng.integers(40, 200, (9, 16, 1)), np.ones((24, 24, 3))).astype(np.float32)
    for blur in (0.8, 1.5, 2.5):
        assert blur_of(cv2.GaussianBlur(steps, (0, 0), blur).astype(np.uint8)) == pytest.approx(blur, rel=0.25)
    for noise in (2.0, 6.0, 12.0):
        noisy = np.clip(steps + rng.normal(0, noise, steps.shape), 0, 255).astype(np.uint8)
        assert noise_of(noisy) == pytest.approx(noise, rel=0.25)
    assert noise_of(steps.astype(np.uint8)) < 0.5
    warm = np.clip(steps * (1.2, 1.0, 0.7), 0, 255).astype(np.uint8)
    light = look_of(linear(warm)).light
    assert light[0] > light[1] > light[2]
