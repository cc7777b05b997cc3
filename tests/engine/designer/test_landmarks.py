"""Landmarks in the open: periods bend them, they stand on their own foot, and their life is slow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.designer.place import Place
from engine.designer.plan import Plan

SMALL = (160, 90)
BENT = {
    "bridge": (None, "medieval", "japanese", "western", "futuristic"),
    "village": (None, "medieval", "japanese", "western"),
    "ruins": (None, "roman"),
    "pyramid": (None, "futuristic"),
    "windmill": (None, "western", "futuristic"),
    "garden": (None, "japanese"),
    "market": (None, "medieval", "japanese", "western"),
}


def changed(a: np.ndarray, b: np.ndarray, by: int = 20) -> float:
    """Share of the pixels that differ by more than `by` of 255."""
    return float((np.abs(a.astype(int) - b).max(-1) > by).mean())


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name in ("village", "garden") else []) for name in BENT]
)
def test_a_period_gives_another_drawing(name: str) -> None:
    pictures = [Place(Plan(structures=(name,), period=period)).picture(0, *SMALL) for period in BENT[name]]
    for a, b in itertools.combinations(pictures, 2):
        assert changed(a, b) > 0.02


def test_rock_is_under_a_landmark_on_water_and_not_before_it() -> None:
    """What such a landmark has on the front layer brings no second rock: palms have nothing there but their lagoon."""
    place = Place(Plan(ground="water", structures=("palms",)))
    place.picture(0, *SMALL)
    layers = place._drawn(*SMALL).layers
    assert "middle" in layers
    assert "front" not in layers


def test_the_beam_turns_by_night_and_not_by_day() -> None:
    for sky, least, most in (("night", 0.01, 1.0), ("day", 0.0, 0.001)):
        place, bare = (Place(Plan(sky=sky, ground="stone", structures=names)) for names in (("lighthouse",), ()))
        shows = []
        for time_s in (0.0, 2.2):  # along the picture, then nearly towards the camera
            lit = place.picture(time_s, *SMALL)[:40].astype(int) - bare.picture(time_s, *SMALL)[:40]
            shows.append(lit)
        early, late = shows
        assert least <= changed(early, late, by=12) <= most


def test_a_volcano_is_seen_beside_the_castle_before_it() -> None:
    alone, both = (
        Place(Plan(sky="night", structures=names)).picture(0, *SMALL) for names in (("castle",), ("castle", "volcano"))
    )
    glow = np.argwhere((both[:56].astype(int) - alone[:56])[..., 0] > 60)
    assert len(glow) > 10
    assert np.median(glow[:, 1]) < 60


@pytest.mark.parametrize("name", ["volcano", "palms", "windmill", "village", "garden", "market"])
def test_life_is_slow(name: str) -> None:
    """Between two frames at 30 a second hardly a pixel jumps; within ten seconds something has moved."""
    place = Place(Plan(sky="dusk", structures=(name,)))
    first, next_one, later = (place.picture(time_s, *SMALL) for time_s in (5.0, 5.0 + 1 / 30, 12.0))
    assert changed(first, next_one, by=60) < 0.01
    assert changed(first, later, by=12) > 0.001
