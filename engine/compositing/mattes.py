"""All mattes by their names, and back: what a take writes down of one, and makes again from it.

matter = make_matter("person")
make_matter(**describe(matter))      another one, which makes the same mattes of the same pictures
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.compositing.person import PersonMatter, PersonSettings

AnyMatter = PersonMatter
"""A `Matter` (types.py) with `settings`, which are a frozen dataclass of plain values."""

MATTERS = {"person": (PersonMatter, PersonSettings)}
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
        raise ValueError(f"the matte {name!r} has no setting {unknown}; there are {fields}") from None
    return made(chosen)


def describe(matter: AnyMatter) -> dict[str, Any]:
    """The arguments with which `make_matter` makes such a matter again: plain values for JSON."""
    return {"name": matter.settings.name, **asdict(matter.settings)}
