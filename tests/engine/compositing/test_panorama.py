"""A panorama behind the cast: straight, all round, without a seam."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from engine.compositing.panorama import Lens, PanoramaPlate
from engine.compositing.types import View

WIDTH, HEIGHT = 192, 108


def waves(width: int = 1024) -> np.ndarray:
    """A panorama of waves that have a whole number of periods all round, so that its edges continue each other."""
    longitude = (np.arange(width) + 0.5) / width * 2 * math.pi
    latitude = (np.arange(width // 2) + 0.5)[:, None] / width * 2 * math.pi
    layers = [
        128 + 60 * np.sin(9 * longitude) * np.sin(3 * latitude) + 50 * np.cos(31 * longitude + shift)
        for shift in range(3)
    ]
    return np.clip(np.stack(np.broadcast_arrays(*layers), -1), 0, 255).astype(np.uint8)


def test_it_pans_all_round_without_a_seam() -> None:
    plate = PanoramaPlate(waves(), Lens(pan=10))
    steps, inside = [], []
    last = plate.picture(0, WIDTH, HEIGHT).astype(int)
    for time_s in np.arange(0.25, 36.01, 0.25):
        picture = plate.picture(float(time_s), WIDTH, HEIGHT).astype(int)
        steps.append(np.abs(picture - last).mean())
        inside.append(np.abs(np.diff(picture, axis=1)).max())
        last = picture
    # The panorama is the same all round but for its phase: with a seam one picture or one step would stand out.
    assert max(steps) < 1.1 * np.median(steps)
    assert max(inside) < 1.15 * np.median(inside)
    assert np.array_equal(plate.picture(36, WIDTH, HEIGHT), plate.picture(0, WIDTH, HEIGHT))


def test_the_test_of_the_seam_sees_one() -> None:
    broken = waves()
    broken[:, -2:] = 255 - broken[:, -2:]
    plate = PanoramaPlate(broken, Lens(pan=10))
    inside = [np.abs(np.diff(plate.picture(t, WIDTH, HEIGHT).astype(int), axis=1)).max() for t in np.arange(0, 36, 0.5)]
    assert max(inside) > 1.15 * np.median(inside)


def test_each_pixel_looks_where_a_pinhole_camera_does() -> None:
    height, width = 512, 1024
    y, x = np.mgrid[0:height, 0:width]
    panorama = np.dstack([x / width * 255, y / height * 255, np.zeros_like(x)]).astype(np.uint8)
    lens = Lens(field=90, yaw=-60, pitch=20)
    picture = PanoramaPlate(panorama, lens).picture(0, WIDTH, HEIGHT)
    focal = WIDTH / 2 / math.tan(math.radians(45))
    for column, row in ((0, 0), (95, 53), (191, 107), (150, 10)):
        right, down, ahead = (column + 0.5 - WIDTH / 2) / focal, (row + 0.5 - HEIGHT / 2) / focal, 1.0
        pitch = math.radians(20)
        down, ahead = down * math.cos(pitch) - math.sin(pitch), ahead * math.cos(pitch) + down * math.sin(pitch)
        longitude = math.atan2(right, ahead) + math.radians(-60)
        latitude = math.atan2(down, math.hypot(right, ahead))
        expected = (longitude / (2 * math.pi) + 0.5) * 255, (latitude / math.pi + 0.5) * 255
        assert np.abs(picture[row, column, :2] - expected).max() < 1.5, (column, row)


def test_it_follows_the_head_by_its_share() -> None:
    still, follows = PanoramaPlate(waves(), Lens(follow=0)), PanoramaPlate(waves())
    left = View(x=-1)
    assert still.still
    assert not PanoramaPlate(waves(), Lens(pan=1)).still
    assert np.array_equal(still.picture(0, WIDTH, HEIGHT, left), still.picture(0, WIDTH, HEIGHT))
    turned = PanoramaPlate(waves(), Lens(yaw=-8)).picture(0, WIDTH, HEIGHT)
    assert np.array_equal(follows.picture(0, WIDTH, HEIGHT, left), turned)


@pytest.mark.long
def test_a_large_panorama_does_not_flicker_while_it_pans() -> None:
    fine = np.random.default_rng(0).integers(0, 255, (2048, 4096, 3)).astype(np.uint8)
    picture = PanoramaPlate(fine).picture(0, WIDTH, HEIGHT)
    assert picture.std() < 20  # the mean of the many pixels that fall into each; a single one of them has 74


def test_wrong_shapes_and_lenses_are_refused() -> None:
    with pytest.raises(ValueError, match=r"100x100 pixels; .* twice as wide as high"):
        PanoramaPlate(np.zeros((100, 100, 3), np.uint8))
    with pytest.raises(ValueError, match="field of 120; it is 30 to 100"):
        Lens(field=120)
    assert PanoramaPlate(cv2.resize(waves(), (200, 100))).picture(0, 90, 160).shape == (160, 90, 3)
