"""A place as data: what is in it, by names of the vocabulary, and a seed. `Place` draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.designer import vocabulary
from engine.designer.colours import MOODS
from engine.designer.library import DesignerError

PERIODS = ("japanese", "roman", "medieval", "western", "futuristic")
"""What bends structures."""
MOST_STRUCTURES = 3
"""The first stands where the cast is not, the second farther behind or aside, the third on the other side."""
MOST_THINGS = 6


@dataclass(frozen=True)
class Plan:
    """One place. The same plan and the same version of the drawing library give the same bytes.

    Raises DesignerError, with the nearest names, for a name that the vocabulary does not hold.
    """

    sky: str = "day"
    ground: str = "grass"
    structures: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    palette: str | None = None
    """The mood of its colours, one of MOODS; None leaves them as they are."""
    period: str | None = None
    """One of PERIODS."""
    framed: bool = False
    """Whether something dark and near frames the picture."""
    seed: int = 0
    """Another seed, another place of the same kind: 0 to 2^31 - 1."""

    def __post_init__(self) -> None:
        for kind, of_kind in (("structure", "structures"), ("thing", "things")):
            names = getattr(self, of_kind)
            if isinstance(names, str) or not isinstance(names, tuple | list):
                raise DesignerError(
                    f"{of_kind} is a list of names such as [{vocabulary.names(kind)[0]!r}], not {names!r}"
                )
            object.__setattr__(self, of_kind, tuple(names))
            most = MOST_STRUCTURES if kind == "structure" else MOST_THINGS
            if len(names) > most:
                raise DesignerError(
                    f"a place has at most {most} {of_kind}, not {len(names)}: leave out {names[most]!r}"
                )
            for name in names:
                vocabulary.drawing(kind, name)
        vocabulary.drawing("sky", self.sky)
        vocabulary.drawing("ground", self.ground)
        for what, name, legal in (("palette", self.palette, tuple(MOODS)), ("period", self.period, PERIODS)):
            if name is not None and name not in legal:
                raise DesignerError(f"{name!r} is not a {what}; {vocabulary.suggest(name, legal)}")
        if not isinstance(self.framed, bool):
            raise DesignerError(f"framed is true or false, not {self.framed!r}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed < 2**31:
            raise DesignerError(f"seed is a whole number from 0 to {2**31 - 1}, not {self.seed!r}")

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; `from_dict` reads it back."""
        return asdict(self) | {"structures": list(self.structures), "things": list(self.things)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """A plan from its dictionary, of which any key may be missing.

        `look` and `unknown`, which `words.describe` gives beside the plan, are passed over.
        """
        legal = tuple(each.name for each in fields(cls))
        plan = {key: value for key, value in values.items() if key not in ("look", "unknown")}
        for key in plan:
            if key not in legal:
                raise DesignerError(f"a place has no {key!r}; {vocabulary.suggest(key, legal)}")
        return cls(**plan)
