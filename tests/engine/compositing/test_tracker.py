"""A box stays on its thing: its place, its size, its identity; and says so where the thing is not to be seen."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from engine.compositing.tracker import Box, Tracker
from engine.evaluation.boxes import iou

HEIGHT, WIDTH = 144, 256
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
WALL = np.random.default_rng(5).integers(80, 170, (HEIGHT // 12, WIDTH // 16, 3)).repeat(12, 0).repeat(16, 1)


def picture(*lefts: float, top: float = 50, size: float = 36, noise: int = 0, plain: bool = False) -> np.ndarray:
    """Things that look alike before a wall with patches."""
    rgb = WALL.astype(np.int64)
    for left in lefts:
        u, v = (X - left) / size, (Y - top) / size
        inside = (u >= 0) & (u < 1) & (v >= 0) & (v < 1)
        chequer = ((u * 4).astype(int) + (v * 3).astype(int) * 2) % 3 if not plain else np.zeros_like(u, int)
        rgb = np.where(inside[..., None], np.array([(196, 150, 96), (60, 40, 120), (220, 200, 60)])[chequer], rgb)
    return np.clip(rgb + np.random.default_rng(noise).integers(-4, 5, rgb.shape), 0, 255).astype(np.uint8)


def box(left: float, top: float = 50, size: float = 36) -> Box:
    return left / WIDTH, top / HEIGHT, size / WIDTH, size / HEIGHT


def test_a_thing_that_moves_and_comes_nearer_keeps_its_box() -> None:
    tracker = Tracker(picture(40), box(40))
    for n in range(1, 20):
        place = 40 + 5 * n, 50 - n, 36 + n
        now = tracker.find(picture(place[0], top=place[1], size=place[2], noise=n))
        assert iou(now, box(*place)) > 0.75


def test_a_plain_box_that_is_held_still_does_not_grow() -> None:
    tracker = Tracker(picture(80, plain=True), box(80))
    for n in range(1, 30):
        now = tracker.find(picture(80 + 2 * np.sin(n), plain=True, noise=n))
        assert now is not None
        assert 0.8 < now[2] * now[3] / (box(80)[2] * box(80)[3]) < 1.25
        assert iou(now, box(80)) > 0.6


def test_a_thing_that_goes_is_lost_at_the_frame_and_its_twin_is_not_taken_for_it() -> None:
    tracker = Tracker(picture(40, 180), box(40))
    assert iou(tracker.find(picture(40, 180, noise=1)), box(40)) > 0.8
    for n in range(2, 30):
        assert tracker.find(picture(180, noise=n)) is None
        assert tracker.lost
    again = tracker.find(picture(48, 180, noise=30))
    assert iou(again, box(48)) > 0.7


def test_a_copy_goes_on_as_the_tracker_does() -> None:
    tracker = Tracker(picture(40), box(40))
    tracker.find(picture(44))
    other = copy.deepcopy(tracker)
    assert [tracker.find(picture(44 + n)) for n in (3, 6, 9)] == [other.find(picture(44 + n)) for n in (3, 6, 9)]


@pytest.mark.parametrize(("a", "share"), [(None, 0.0), ((0.1, 0.1, 0.2, 0.2), 1.0), ((0.2, 0.1, 0.2, 0.2), 0.333)])
def test_intersection_over_union(a: Box | None, share: float) -> None:
    assert iou(a, (0.1, 0.1, 0.2, 0.2)) == share
