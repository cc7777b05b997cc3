"""The cast, frame by frame: who and what stays of the camera's picture before a set.

    {"matter": "person"}                                  people
    {"matter": "clean-plate", "plate": "<sha256>.npz"}    whatever was not there when the clean plate was taken
    {"matter": "chroma", "settings": {"key": [40, 200, 60]}}
    {"matter": "person", "also": {"colour": "red"}, "without": {"box": [0.7, 0, 0.3, 1]}}

`matter` is one of engine/compositing/mattes.py, or `none` and `all`, which regions add to and cut from; `settings` are
those of the matter, `also` and `without` regions of the picture (studio/script/region.py).
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.compositing.cleanplate import CleanPlate
from engine.compositing.combine import cut, united
from engine.compositing.mattes import MATTERS, AnyMatter, cast_colours, make_matter
from engine.compositing.presence import CleanPlateMatter
from engine.prompts import PromptError
from studio.performing.finder import Finder
from studio.script.region import Region
from studio.sets.stage import Stage
from studio.sets.store import SetError
from studio.timeline.sets import SetBlend, pairs_of

PEOPLE: Mapping[str, Any] = {"matter": "person"}
"""The cast of a set that names none."""

KEPT = 8
"""Casts whose matters are kept; the one that was asked for least lately goes."""

_FIELDS = ("matter", "settings", "plate", "also", "without")


class Casting:
    """Makes mattes of frames in order. One thread at a time, but for `prepare`.

    A matter sees the frames whose matte it is asked for and no others, so that what it remembers of earlier frames is
    the same wherever a render begins.

    stage: makes the plates of the sets before which the cast stands, and says where their files lie.
    """

    def __init__(self, stage: Stage | None = None) -> None:
        self.stage = stage or Stage()
        self._casts: OrderedDict[str, _Cast] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, blend: SetBlend) -> None:
        """Make what a key's sets and its casts need, so that no frame waits for it; any thread. Raises SetError."""
        self.stage.prepare(blend)
        for set_, _ in pairs_of(blend):
            if set_ is not None:
                self._cast(set_.get("cast"))

    def matte(self, cast: Mapping[str, Any] | None, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel is cast, (H, W) uint8, of a frame (H, W, 3) uint8 at seconds on the take's clock.

        Raises SetError for a cast that there is not.
        """
        return self._cast(cast).matte(rgb, time_s)

    def colours(self, cast: Mapping[str, Any] | None, rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """The picture with the cast's own colours, free of the old background's: a function of its arguments."""
        matter = self._cast(cast).matter
        return cast_colours(rgb, alpha, matter.settings) if matter is not None else rgb

    def trouble(self, cast: Mapping[str, Any] | None) -> str:
        """What the director should know of the cast's last matte, such as `nobody in the picture`; else empty."""
        matter = self._cast(cast).matter
        return (matter.trouble if matter is not None else None) or ""

    def _cast(self, cast: Mapping[str, Any] | None) -> _Cast:
        wanted = cast or PEOPLE
        name = json.dumps(wanted, sort_keys=True)
        with self._lock:
            if name in self._casts:
                self._casts.move_to_end(name)
                return self._casts[name]
        made = _Cast(wanted, self.stage)
        with self._lock:
            kept = self._casts.setdefault(name, made)
            while len(self._casts) > KEPT:
                self._casts.popitem(last=False)
        return kept


class _Cast:
    """One cast: its matter, and the regions that join it or are cut from it."""

    def __init__(self, cast: Mapping[str, Any], stage: Stage) -> None:
        self._name, settings = check_cast(cast)
        try:
            self.matter: AnyMatter | None = make_matter(self._name, **settings) if self._name in MATTERS else None
            if isinstance(self.matter, CleanPlateMatter) and "plate" in cast:
                self.matter.plate = CleanPlate.from_bytes(stage.locate(cast["plate"]).read_bytes())
        except (ValueError, OSError, ImportError) as error:
            raise SetError(str(error)) from None
        self._also, self._without = (_finder(cast, name) for name in ("also", "without"))

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        if self.matter is not None:
            alpha = self.matter.matte(rgb, time_s)
        else:
            alpha = np.full(rgb.shape[:2], 255 if self._name == "all" else 0, np.uint8)
        if self._also is not None:
            alpha = united(alpha, _eight_bits(self._also.mask(rgb, time_s)))
        if self._without is not None:
            alpha = cut(alpha, _eight_bits(self._without.mask(rgb, time_s)))
        return alpha


def check_cast(cast: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The name of a cast's matter and its settings. Raises SetError, which says what is legal."""
    if unknown := cast.keys() - set(_FIELDS):
        raise SetError(f"a cast has no {sorted(unknown)[0]!r}; it has {', '.join(_FIELDS)}")
    name, settings = cast.get("matter", "person"), cast.get("settings") or {}
    if not isinstance(name, str) or name not in (*MATTERS, "none", "all"):
        raise SetError(f"{name!r} is not a cast; there is {', '.join(MATTERS)}, none and all")
    if not isinstance(settings, Mapping):
        raise SetError(f"a cast's settings are {settings!r}; write a mapping, such as {{'tolerance': 0.3}}")
    if "name" in settings:
        raise SetError("a cast's settings have no 'name'; its name is its 'matter'")
    return name, settings


def _finder(cast: Mapping[str, Any], name: str) -> Finder | None:
    if cast.get(name) is None:
        return None
    try:
        return Finder(Region.from_dict(cast[name], 1))
    except PromptError as error:
        raise SetError(f"the cast's {name!r}: {error}") from None


def _eight_bits(mask: np.ndarray) -> np.ndarray:
    return np.rint(mask * 255).astype(np.uint8)
