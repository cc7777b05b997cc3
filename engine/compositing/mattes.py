"""All mattes by their names, and back: what a take writes down of one, and makes again from it.

matter = make_matter("person")
make_matter(**describe(matter))      another one, which makes the same mattes of the same pictures
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.compositing.chroma import ChromaMatter, ChromaSettings
from engine.compositing.person import PersonMatter, PersonSettings
from engine.compositing.presence import CleanPlateMatter, CleanPlateSettings
from engine.compositing.spill import decontaminated, despilled

AnyMatter = PersonMatter | CleanPlateMatter | ChromaMatter
"""A `Matter` (types.py) with `settings`, a frozen dataclass of plain values, and `trouble`, a text for the director."""
Settings = PersonSettings | CleanPlateSettings | ChromaSettings

MATTERS: dict[str, tuple[type[AnyMatter], type[Settings]]] = {
    "person": (PersonMatter, PersonSettings),
    "clean-plate": (CleanPlateMatter, CleanPlateSettings),
    "chroma": (ChromaMatter, ChromaSettings),
}
"""A matter's class and that of its settings, by its name."""


def make_matter(name: str, **settings: Any) -> AnyMatter:
    """A matter by its name, a key of MATTERS. settings: fields of its settings.

    Raises ValueError for a name or a setting that there is not.
    """
    if name not in MATTERS:
        raise ValueError(f"{name!r} is not a matte; there are {', '.join(MATTERS)}")
    made, of = MATTERS[name]
    try:
        chosen = of(**settings)
    except TypeError:
        unknown = ", ".join(sorted(set(settings) - set(of.__dataclass_fields__)))
        fields = ", ".join(of.__dataclass_fields__) or "none"
        if not unknown:
            raise ValueError(f"{settings} of the matte {name!r}: one is of a wrong type; write numbers") from None
        raise ValueError(f"the matte {name!r} has no setting {unknown}; there are {fields}") from None
    return made(chosen)  # type: ignore[arg-type]  # the table pairs them


def cast_colours(rgb: np.ndarray, alpha: np.ndarray, settings: Settings) -> np.ndarray:
    """The picture as the cast alone would show it: (H, W, 3) uint8, owned by the caller, to be composited by `alpha`.

    A function of its arguments, so that a render with a recorded matte has the same. Raises as `spill.decontaminated`.
    """
    if isinstance(settings, ChromaSettings) and settings.spill:
        rgb = despilled(rgb, settings.key, settings.spill)
    return decontaminated(rgb, alpha)
