"""A chroma key on a drawn screen: exact mixtures come out as they were mixed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.compositing.chroma import ChromaMatter, ChromaSettings, picked
from engine.compositing.mattes import cast_colours
from engine.compositing.spill import decontaminated, despilled

GREEN, SKIN, HAIR = (60, 180, 75), (205, 160, 130), (50, 38, 30)


def before_screen(alpha: np.ndarray, cast: tuple[int, int, int], noise: float = 0.0) -> np.ndarray:
    """A cast of one colour before a screen that is darker to its right by a fifth, (H, W, 3) uint8."""
    light = np.linspace(1, 0.8, alpha.shape[1])[None, :, None]
    screen = np.array(GREEN) * light
    mixed = alpha[..., None] * np.array(cast) + (1 - alpha[..., None]) * screen
    return np.clip(mixed + np.random.default_rng(0).normal(0, noise, mixed.shape) + 0.5, 0, 255).astype(np.uint8)


@pytest.fixture
def person() -> np.ndarray:
    """(120, 160) in 0..1: a block, and strands of hair above it that cover half of each pixel."""
    alpha = np.zeros((120, 160))
    alpha[40:, 40:120] = 1
    alpha[10:40, 50:110:6] = 0.5
    return alpha


@pytest.mark.parametrize("cast", [SKIN, HAIR, (240, 240, 240), (150, 90, 50)])
def test_cast_stays_screen_goes_hair_is_kept(person: np.ndarray, cast: tuple[int, int, int]) -> None:
    alpha = ChromaMatter(ChromaSettings(GREEN)).matte(before_screen(person, cast, noise=3), 0.0) / 255
    assert abs(alpha[person == 1] - 1).mean() < 0.02
    assert alpha[person == 0].mean() < 0.02
    assert 0.3 < alpha[person == 0.5].mean() < 0.7


def test_a_click_takes_the_median_of_its_patch(person: np.ndarray) -> None:
    rgb = before_screen(person, SKIN)
    rgb[5, 5] = 255  # a glint under the click
    assert np.abs(np.array(picked(rgb, 5 / 160, 5 / 120)) - GREEN).max() <= 8
    with pytest.raises(ValueError, match=r"0 to 1.*1\.5"):
        picked(rgb, 1.5, 0)


def test_spill_leaves_the_cast() -> None:
    grey = np.full((20, 20, 3), 128, np.uint8)
    lit = grey.copy()
    lit[..., 1] += 40  # the screen's light
    cleaned = despilled(lit, GREEN).astype(int)
    assert np.ptp(cleaned[0, 0]) < 12
    np.testing.assert_allclose(cleaned[0, 0].mean(), 128, atol=20)
    np.testing.assert_array_equal(despilled(lit, GREEN, 0.0), lit)
    np.testing.assert_array_equal(despilled(grey, GREEN), grey)


def test_the_edge_has_the_casts_colour_not_the_walls(person: np.ndarray) -> None:
    """A dark cast before a bright wall, its edge half of each: what is put before the set is dark."""
    wall, cast = np.array((230, 225, 220.0)), np.array((60, 50, 70.0))
    soft = person.copy()
    soft[40:, 36:40] = np.linspace(0.2, 0.8, 4)
    rgb = (soft[..., None] * cast + (1 - soft[..., None]) * wall).round().astype(np.uint8)
    alpha = (soft * 255).round().astype(np.uint8)
    edge = (soft > 0) & (soft < 1)
    before = np.abs(rgb[edge] - cast).mean()
    after = np.abs(decontaminated(rgb, alpha)[edge] - cast).mean()
    assert after < 0.4 * before
    np.testing.assert_array_equal(decontaminated(rgb, alpha)[~edge], rgb[~edge])
    np.testing.assert_array_equal(
        cast_colours(rgb, alpha, ChromaSettings(GREEN, spill=0.0)), decontaminated(rgb, alpha)
    )


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"key": (120, 125, 122)}, "nearly grey"),
        ({"key": (0, 300, 0)}, "0 to 255"),
        ({"tolerance": 1.5}, r"tolerance is 0 to 1, not 1\.5"),
        ({"softness": 0.0}, r"softness is 0\.02"),
        ({"tolerance": 0.6, "softness": 0.6}, "more than 1"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        ChromaSettings(**settings)
