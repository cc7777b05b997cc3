"""The sets that come with the studio: a name for a place that the set designer draws.

A take keeps the name alone; so a plan stays what it is once it is here, and another place gets another name.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from studio.sets.store import SetError

_PLANS: dict[str, dict[str, Any]] = {
    "castle": {"sky": "day", "ground": "grass", "structures": ["castle"], "seed": 3},
    "castle-at-night": {"sky": "night", "ground": "grass", "structures": ["castle"], "seed": 8},
    "beach": {"sky": "day", "ground": "sand", "structures": ["palms"]},
    "throne-hall": {"sky": "indoors", "ground": "stone", "structures": ["throne-hall"], "things": ["torches"]},
    "library": {"sky": "indoors", "ground": "wood", "structures": ["library"]},
    "spaceship": {"sky": "stars", "ground": "marble", "structures": ["spaceship-bridge"]},
    "saloon": {"sky": "day", "ground": "sand", "structures": ["saloon"], "period": "western"},
    "garden": {"sky": "day", "ground": "grass", "structures": ["garden"]},
    "oasis": {"sky": "sunset", "ground": "sand", "structures": ["palms"], "palette": "warm", "seed": 2},
    "pyramids": {"sky": "day", "ground": "sand", "structures": ["pyramid"], "seed": 5},
    "canyon": {"sky": "sunset", "ground": "sand", "structures": ["canyon"], "period": "western", "seed": 1},
    "lighthouse": {"sky": "dusk", "ground": "water", "structures": ["lighthouse"], "seed": 4},
    "bridge": {"sky": "fog", "ground": "water", "structures": ["bridge"], "seed": 2},
    "windmill": {"sky": "day", "ground": "grass", "structures": ["windmill"], "things": ["leaves"], "seed": 6},
    "temple": {"sky": "dawn", "ground": "marble", "structures": ["temple"], "period": "roman", "seed": 2},
    "pagoda": {
        "sky": "dusk",
        "ground": "grass",
        "structures": ["temple"],
        "things": ["fireflies"],
        "period": "japanese",
        "seed": 5,
    },
    "skyline": {"sky": "night", "ground": "rooftop", "structures": ["skyline"], "palette": "neon", "seed": 7},
    "snow-forest": {
        "sky": "overcast",
        "ground": "snow",
        "structures": ["forest", "mountains"],
        "things": ["snowfall"],
        "seed": 9,
    },
    "igloo": {"sky": "aurora", "ground": "ice", "structures": ["igloo"], "seed": 3},
    "volcano": {"sky": "storm", "ground": "lava", "structures": ["volcano"], "things": ["embers"], "seed": 4},
    "reef": {"sky": "underwater", "ground": "seabed", "things": ["bubbles"], "seed": 1},
    "above-the-clouds": {"sky": "dawn", "ground": "clouds", "structures": ["mountains"], "seed": 8},
    "moon": {"sky": "stars", "ground": "moondust", "structures": ["mountains"], "seed": 6},
}

GALLERY: Mapping[str, Mapping[str, Any]] = MappingProxyType(_PLANS)
"""By its name each set's plan (engine/designer/plan.py)."""


def plan_of(name: str) -> Mapping[str, Any]:
    """The plan of a set of the gallery. Raises SetError, with the nearest names."""
    if name not in GALLERY:
        near = get_close_matches(name, GALLERY, 1)
        remedy = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(GALLERY)}"
        raise SetError(f"the gallery has no set {name!r}; {remedy}")
    return GALLERY[name]
