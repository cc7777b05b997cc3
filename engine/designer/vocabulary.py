"""Everything that is drawn, registered: import names and drawings from here, never from the registry alone."""

from __future__ import annotations

from engine.designer.grounds import bare, dry, laid, wet
from engine.designer.registry import KINDS, Drawing, drawing, names, revision, suggest
from engine.designer.skies import clear, closed
from engine.designer.structures import (
    bridge,
    canyon,
    castle,
    cave,
    church,
    city,
    garden,
    halls,
    igloo,
    jungle,
    land,
    lighthouse,
    market,
    palms,
    pyramid,
    ruins,
    saloon,
    ships,
    stages,
    temple,
    village,
    volcano,
    windmill,
)
from engine.designer.things import falling, fire, flags, flight, heaven, smoke, water, waterfall, wings

DRAWN = (
    clear,
    closed,
    dry,
    laid,
    bare,
    wet,
    castle,
    land,
    city,
    temple,
    lighthouse,
    windmill,
    palms,
    volcano,
    canyon,
    pyramid,
    igloo,
    bridge,
    village,
    saloon,
    ruins,
    market,
    garden,
    halls,
    stages,
    cave,
    ships,
    jungle,
    church,
    falling,
    heaven,
    wings,
    flight,
    fire,
    smoke,
    water,
    waterfall,
    flags,
)
"""The modules whose import registers the drawings. Names stand in the order of the imports, which are sorted."""

__all__ = ["DRAWN", "KINDS", "Drawing", "drawing", "names", "revision", "suggest"]
