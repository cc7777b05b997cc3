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
