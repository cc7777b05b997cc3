"""Which libraries make the picture of a set or a prop, in which versions: another version may round otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import av
import cv2
import numpy as np
import PIL

from studio.timeline.sets import DRAWN, SetBlend, kind_of, pairs_of

DRAW = frozenset(("skia", "designer"))
"""Those that a drawn set's own picture depends on, before the cast is put before it."""
FIRST_DRAWINGS = "1"
"""The designer's version in takes from before it was kept."""


def libraries_of_part(matte: Mapping[str, Any]) -> dict[str, str]:
    """Versions of what finds and draws a part of the picture, a matte in JSON values, by the modules' names."""
    drawn = matte.get("made") == "drawn"
    if not drawn and matte["where"].get("finder", 1) == 1:
        return {}
    versions = {"numpy": np.__version__, "cv2": cv2.__version__}
    if drawn:
        from engine.designer.library import skia  # it takes its time to load

        versions["skia"] = skia.__version__
    return versions


def libraries_of(blend: SetBlend) -> dict[str, str]:
    """Versions by the modules' names; none for the camera's own background. Raises TimelineError for no set."""
    kinds = {kind_of(set_) for set_, _ in pairs_of(blend) if set_ is not None}
    versions = {"numpy": np.__version__, "cv2": cv2.__version__} if kinds else {}  # of every composite
    if kinds & DRAWN:
        from engine.designer.library import DRAWINGS, skia  # it takes its time to load

        versions |= {"skia": skia.__version__, "designer": DRAWINGS}
    if "file" in kinds:
        versions |= {"av": av.__version__, "PIL": PIL.__version__}
    return versions
