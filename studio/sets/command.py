"""`lsd-studio sets`: the gallery, what the set designer makes of words, and sets drawn into files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from studio.sets.gallery import GALLERY, plan_of
from studio.sets.picture import draw
from studio.sets.stage import Stage, near, place_in_words, resolved
from studio.timeline.sets import set_from_text


def listed(as_json: bool) -> str:
    """The gallery, a line each, or as a JSON object of plans."""
    if as_json:
        return json.dumps({name: dict(plan) for name, plan in GALLERY.items()}, indent=2)
    return "\n".join(f"{name:24} {_parts(plan)}" for name, plan in GALLERY.items())


def described(words: str, as_json: bool) -> str:
    """The place that words mean, and which of them nothing answers. Raises SetError."""
    place = place_in_words(words)
    parts = {**place.plan, "look": place.look, "unknown": list(place.unknown)}
    if as_json:
        return json.dumps(parts, indent=2, ensure_ascii=False)
    lines = [
        f"{name}: {', '.join(value) if isinstance(value, list | tuple) else value}"
        for name, value in parts.items()
        if value not in (None, [], ())
    ]
    lines += [f"nearest to {word!r}: {', '.join(near(word))}" for word in place.unknown]
    return "\n".join(lines)


def drawn(what: str, out: Path, size: tuple[int, int], seconds: float, seed: int) -> Path:
    """Draw words or a set of the gallery into a file. Raises SetError, OSError."""
    set_ = resolved(set_from_text(what))
    if set_ is not None and seed:
        plan = plan_of(set_["gallery"]) if "gallery" in set_ else set_.get("plan")
        set_ = set_ if plan is None else {"plan": {**plan, "seed": seed}}
    with closing(Stage()) as stage:
        draw(set_, stage, out, size, seconds)
    return out


def _parts(plan: Mapping[str, Any]) -> str:
    names = [plan.get("sky"), plan.get("ground"), *plan.get("structures", ()), *plan.get("things", ())]
    return ", ".join(name for name in names if name)
