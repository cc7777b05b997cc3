"""The vocabulary: every sky, ground, structure and thing by name, with the words that mean it and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from engine.designer.colours import Air
from engine.designer.library import DesignerError
from engine.designer.pen import LAYERS, Pen

Still: TypeAlias = Callable[[Pen], None]
"""Draws what stands still, once for each size."""
Live: TypeAlias = Callable[[Pen, float], None]
"""Draws what moves, in every frame, from nothing but the pen and the seconds since the set stands."""

KINDS = ("sky", "ground", "structure", "thing")
STANDS = ("landmark", "range", "room")
"""How a structure stands. A landmark is an object some 0.4 to 1.6 units wide, transparent around it; a range spans
the picture from side to side (a forest); a room encloses it (a library), with walls from the top to the ground."""


@dataclass
class Part:
    """What a drawing puts on one layer."""

    layer: str
    still: Still | None = None
    live: Live | None = None


@dataclass
class Drawing:
    """One entry of the vocabulary. Made by the decorators below; its own decorators add parts."""

    kind: str
    name: str
    synonyms: tuple[str, ...]
    parts: list[Part] = field(default_factory=list)
    stands: str = "landmark"
    air: Air | None = None
    """Of a sky."""
    reflects: float = 0.0
    """Of a ground: how much of what stands on it is mirrored, 0..1."""
    ripple: float = 0.0
    """Of a ground: how far waves tear the mirrored picture, 0 a polished floor to 1 the sea."""
    rough: float = 0.0
    """Of a ground: height of the bumps along its far edge, in units."""
    module: str = ""
    """Where it is drawn."""
    implies: dict[str, str] = field(default_factory=dict)
    """What else it means where the words leave it open: {"sky": "day", "ground": "sand"}."""

    def on(self, layer: str) -> Callable[[Still], Still]:
        """Decorator: this function draws a still part on another layer, such as `front`."""

        def add(still: Still) -> Still:
            self._add(layer, still, None)
            return still

        return add

    def live(self, function: Live) -> Live:
        """Decorator: this function draws in every frame on the drawing's own layer, over its still part."""
        self._add(self.parts[0].layer, None, function)
        return function

    def live_on(self, layer: str) -> Callable[[Live], Live]:
        """Decorator: this function draws in every frame on another layer."""

        def add(live: Live) -> Live:
            self._add(layer, None, live)
            return live

        return add

    def _add(self, layer: str, still: Still | None, live: Live | None) -> None:
        if layer not in LAYERS:
            raise DesignerError(f"{self.name}: {layer!r} is not a layer; there are {', '.join(LAYERS)}")
        self.parts.append(Part(layer, still, live))


_DRAWINGS: dict[str, dict[str, Drawing]] = {kind: {} for kind in KINDS}
_changes = [0]


def _register(drawing: Drawing, layer: str, still: Still | None, live: Live | None) -> Drawing:
    drawing._add(layer, still, live)
    function = still or live
    drawing.module = function.__module__ if function else ""
    before = _DRAWINGS[drawing.kind].get(drawing.name)
    if before is not None and before.module != drawing.module:
        raise DesignerError(
            f"the {drawing.kind} {drawing.name!r} is drawn by {before.module} already; choose another name"
        )
    _DRAWINGS[drawing.kind][drawing.name] = drawing  # a notebook's cell that runs again draws it anew
    _changes[0] += 1
    return drawing


def forget(kind: str, name: str) -> None:
    """Take a name out of the vocabulary again; raises DesignerError where it is not there."""
    drawing(kind, name)
    del _DRAWINGS[kind][name]
    _changes[0] += 1


def revision() -> int:
    """Changes whenever the vocabulary does: who keeps what is made of it compares this number."""
    return _changes[0]


def sky(
    name: str, *, air: Air, synonyms: tuple[str, ...] = (), implies: dict[str, str] | None = None
) -> Callable[[Still], Drawing]:
    """Decorator: the function draws the sky `name`, whose `air` lights and tints all else."""
    return lambda still: _register(Drawing("sky", name, synonyms, air=air, implies=implies or {}), "sky", still, None)


def ground(
    name: str,
    *,
    synonyms: tuple[str, ...] = (),
    reflects: float = 0.0,
    ripple: float = 0.0,
    rough: float = 0.0,
    implies: dict[str, str] | None = None,
) -> Callable[[Still], Drawing]:
    """Decorator: the function draws the ground `name`, from y = 0 (the horizon) down."""
    drawing = Drawing("ground", name, synonyms, reflects=reflects, ripple=ripple, rough=rough, implies=implies or {})
    return lambda still: _register(drawing, "ground", still, None)


def structure(
    name: str,
    *,
    synonyms: tuple[str, ...] = (),
    stands: str = "landmark",
    layer: str = "middle",
    implies: dict[str, str] | None = None,
) -> Callable[[Still], Drawing]:
    """Decorator: the function draws the structure `name`; synonyms are nouns in the singular; `stands`: see STANDS."""
    if stands not in STANDS:
        raise DesignerError(f"{name}: a structure stands as {', '.join(STANDS)}, not as {stands!r}")
    drawing = Drawing("structure", name, synonyms, stands=stands, implies=implies or {})
    return lambda still: _register(drawing, layer, still, None)


def thing(
    name: str, *, synonyms: tuple[str, ...] = (), layer: str = "near", implies: dict[str, str] | None = None
) -> Callable[[Still], Drawing]:
    """Decorator: the function draws the thing `name`, which stands still; add what moves with its `.live`."""
    return lambda still: _register(Drawing("thing", name, synonyms, implies=implies or {}), layer, still, None)


def moving_thing(
    name: str, *, synonyms: tuple[str, ...] = (), layer: str = "near", implies: dict[str, str] | None = None
) -> Callable[[Live], Drawing]:
    """Decorator: the function (pen, time_s) draws the thing `name`, all of which moves."""
    return lambda live: _register(Drawing("thing", name, synonyms, implies=implies or {}), layer, None, live)


def names(kind: str) -> tuple[str, ...]:
    """All names of a kind of KINDS, in the order in which they were registered."""
    return tuple(_DRAWINGS[kind])


def drawing(kind: str, name: str) -> Drawing:
    """The drawing of a kind by its name; raises DesignerError with the nearest names where there is none."""
    try:
        return _DRAWINGS[kind][name]
    except KeyError:
        raise DesignerError(f"{name!r} is not a {kind}; {suggest(name, names(kind))}") from None


def suggest(name: str, among: tuple[str, ...]) -> str:
    """The end of an error's sentence: the nearest names, or all of them."""
    near = get_close_matches(str(name).lower(), among, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(among)}"
