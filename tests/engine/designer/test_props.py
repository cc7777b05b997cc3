"""Things drawn in a prop's place: where it is, as large as it, over all of it, steady, and the same every time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.designer.library import DesignerError
from engine.designer.props import registry
from engine.designer.props.draw import draw_things, drawing_of, drawn_things
from engine.designer.props.pose import Steady, poses_of
from engine.designer.props.registry import Hand, drawings

HEIGHT, WIDTH = 108, 192
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
ROOM = np.stack([90 + X / 4, 100 + Y / 4, 120 - X / 8], -1).astype(np.uint8)


def bar(x: float, y: float, angle: float, length: float = 30, width: float = 4) -> np.ndarray:
    """The mask of a bar by its middle, its half length and half width; angle from the vertical, to the right."""
    across = (X - x) * math.cos(angle) + (Y - y) * math.sin(angle)
    along = (Y - y) * math.cos(angle) - (X - x) * math.sin(angle)
    return ((abs(across) < width) & (abs(along) < length)).astype(np.float32)


@pytest.mark.parametrize("angle", [0.0, 0.5, -0.9, 1.4])
def test_the_pose_of_a_bar_is_its_own(angle: float) -> None:
    (pose,) = poses_of(bar(96, 54, angle))
    assert (pose.x, pose.y) == pytest.approx((96.5, 54.5), abs=0.7)
    assert (pose.length, pose.width) == pytest.approx((30, 4), abs=1)
    assert pose.angle == pytest.approx(angle, abs=0.04)


def test_three_things_of_one_region_have_a_pose_each_and_a_speck_has_none() -> None:
    mask = np.maximum.reduce([bar(40, 50, 0.3), bar(100, 50, -0.3), bar(150, 50, 0.0)])
    mask[4:6, 4:6] = 1
    assert sorted(round(pose.x) for pose in poses_of(mask)) == pytest.approx([40, 100, 150], abs=1)
    made = draw_things(ROOM, mask, drawing_of("ice block"), poses_of(mask), 0.5)  # type: ignore[arg-type]
    changed = np.abs(made.astype(int) - ROOM).max(-1) > 25
    assert [bool(changed[50, x]) for x in (40, 70, 100, 150)] == [True, False, True, True]


def test_a_pose_does_not_tremble_and_does_not_lag() -> None:
    rng = np.random.default_rng(1)
    still = Steady()
    masks = [bar(96 + rng.normal(0, 0.5), 54, 0.3 + rng.normal(0, 0.02)) for _ in range(40)]
    raw = [poses_of(mask)[0].angle for mask in masks]
    steady = [still(mask, n / 24)[0].angle for n, mask in enumerate(masks)]
    assert np.std(np.diff(steady)) < 0.45 * np.std(np.diff(raw))
    moving = Steady()
    poses = [moving(bar(30 + 5 * n, 54, 0.1 * n), n / 24)[0] for n in range(24)]
    assert max(abs(pose.x - 30.5 - 5 * n) for n, pose in enumerate(poses)) < 6
    assert poses[-1].angle == pytest.approx(2.3, abs=0.15)  # the tip went over and around with it


@pytest.mark.parametrize("name", [drawing.name for drawing in drawings()])
def test_a_drawing_covers_its_prop_and_is_the_same_every_time(name: str) -> None:
    drawing = drawing_of(name)
    assert drawing is not None
    mask = bar(96, 54, 0.2, 34, 20 if name not in ("lightsaber", "torch") else 5)
    rgb = np.where(mask[..., None] > 0, np.array([0, 255, 0], np.uint8), ROOM)
    poses = Steady()(mask, 1.0)
    made = draw_things(rgb, mask, drawing, poses, 1.0)
    assert made.dtype == np.uint8
    assert np.array_equal(made, draw_things(rgb, mask, drawing, poses, 1.0))
    green = (made[..., 1].astype(int) - made[..., [0, 2]].max(-1)) > 120
    assert green[mask > 0].mean() < 0.02  # nothing of the prop is left
    assert not np.array_equal(made, draw_things(rgb, mask, drawing, poses, 1.3))  # it lives
    assert np.array_equal(draw_things(rgb, mask, drawing, [], 1.0), rgb)
    half = draw_things(rgb, mask, drawing, poses, 1.0, 0.5)
    assert np.abs(half.astype(int) - (made.astype(int) + rgb) / 2).max() <= 1


def test_words_name_a_drawing_the_longest_first() -> None:
    assert [getattr(drawing_of(text), "name", None) for text in ("a light saber", "two Ice Cubes!", "a banana")] == [
        "lightsaber",
        "ice block",
        None,
    ]
    ((crown, share),) = drawn_things((("a golden crown", 0.25), ("as it is", 0.75)))
    assert (crown.name, share) == ("crown", 0.25)


def test_a_drawing_of_ones_own_is_registered_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_DRAWINGS", dict(registry._DRAWINGS))

    @registry.drawn("red disc", "disc")
    def red_disc(hand: Hand) -> None:
        hand.canvas.drawCircle(0, 0, 1, hand.paint(0xFF0000))

    drawing = drawing_of("a disc")
    assert drawing is not None
    made = draw_things(ROOM, bar(96, 54, 0, 20, 20), drawing, poses_of(bar(96, 54, 0, 20, 20)), 0)
    assert tuple(made[54, 96]) == (255, 0, 0)
    with pytest.raises(DesignerError, match="'Disc 2' is not a thing's name; write small letters, such as"):
        registry.drawn("Disc 2")
