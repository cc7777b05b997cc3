"""A colour is found in light and in shade, and not what has its hue alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine.compositing.colourkey import colour_at, distance, keyed, oklab

RED = (200, 40, 40)


def shaded(colour: tuple[int, int, int], light: float) -> tuple[int, int, int]:
    """In less light, as a camera sees it."""
    red, green, blue = (round(255 * ((part / 255) ** 2.2 * light) ** (1 / 2.2)) for part in colour)
    return red, green, blue


def test_oklab_of_the_primaries() -> None:
    """The published values of Ottosson's table, to four places."""
    assert oklab(np.array([255, 255, 255])) == pytest.approx([1, 0, 0], abs=1e-4)
    assert oklab(np.array([255, 0, 0])) == pytest.approx([0.6280, 0.2249, 0.1258], abs=1e-4)
    assert oklab(np.array([0, 0, 255])) == pytest.approx([0.4520, -0.0325, -0.3115], abs=1e-4)


@pytest.mark.parametrize("light", [1.0, 0.6, 0.3])
def test_a_thing_is_one_colour_in_light_and_in_shade(light: float) -> None:
    assert distance(np.array(shaded(RED, light)), RED) < 0.08


@pytest.mark.parametrize(
    "skin", [(200, 150, 120), (190, 110, 90), (120, 70, 50), (90, 50, 30), (60, 35, 25), (180, 90, 80)]
)
def test_red_takes_neither_hair_nor_hands(skin: tuple[int, int, int]) -> None:
    picture = np.full((40, 60, 3), skin, np.uint8)
    picture[:, 30:] = RED
    mask = keyed(picture, RED, 0.2)
    assert mask[:, :26].max() < 0.2
    assert mask[:, 34:].min() > 0.9


def test_white_takes_no_vivid_colour() -> None:
    assert distance(np.array([(191, 239, 64), (120, 220, 255), (255, 200, 200)]), (245, 245, 245)).min() > 0.3


def test_greys_are_told_apart_by_their_lightness() -> None:
    picture = np.full((40, 90, 3), 240, np.uint8)
    picture[:, 30:60], picture[:, 60:] = 128, 20
    for grey, column in ((240, 15), (128, 45), (20, 75)):
        mask = keyed(picture, (grey, grey, grey), 0.2)
        assert [bool(mask[20, at] > 0.5) for at in (15, 45, 75)] == [at == column for at in (15, 45, 75)]


def test_the_dropper_takes_the_colour_of_the_place() -> None:
    picture = np.full((40, 60, 3), 90, np.uint8)
    picture[10:20, 30:40] = RED
    picture[15, 35] = (0, 255, 0)  # a speck
    assert colour_at(picture, (35 / 59, 15 / 39)) == RED
    assert colour_at(picture, (0, 1)) == (90, 90, 90)
