"""People of footage before drawn places, with the set's light on them and without: a sheet to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from engine.compositing.composer import Behind, Composer
from engine.compositing.mattes import cast_colours
from engine.compositing.person import PersonMatter
from engine.compositing.settings import DEFAULTS
from engine.designer.place import Place
from engine.designer.plan import Plan
from engine.media.video import VideoSource

PLACES = {
    "night": Plan(sky="night", ground="grass", structures=("castle",), seed=8),
    "sunset": Plan(sky="sunset", ground="sand", structures=("palms",)),
    "indoors": Plan(sky="indoors", ground="stone", structures=("throne-hall",), things=("torches",)),
}
FRAMES = 24
"""Of a clip, after which exposure and place of the cast are settled."""
UNLIT = replace(DEFAULTS, relight=0.0, match=0.0, light_wrap=0.0)


def relit_sheet(
    clips: list[Path], size: tuple[int, int] = (480, 270), progress: Callable[[int, int], None] | None = None
) -> np.ndarray:
    """A row a clip: the camera's picture, then before each of `PLACES` without the set's light and with it.

    Returns (H, W, 3) uint8 sRGB. size: pixels of a picture. progress: called with clips done and clips in all. Raises
    ValueError for no clip, or one that cannot be read.
    """
    if not clips:
        raise ValueError("a sheet of relit people needs at least one clip")
    rows = []
    for done, path in enumerate(clips, start=1):
        matter = PersonMatter()
        places = {name: Place(plan) for name, plan in PLACES.items()}
        composers = {(name, lit): Composer() for name in places for lit in (False, True)}
        shown: list[np.ndarray] = []
        for index, frame in enumerate(VideoSource(path, size=size)):
            if index >= FRAMES:
                break
            alpha = matter.matte(frame.rgb, frame.time_s)
            cast = cast_colours(frame.rgb, alpha, matter.settings)
            shown = [frame.rgb]
            for (name, lit), composer in composers.items():
                settings = DEFAULTS if lit else UNLIT
                shown.append(composer.compose(frame.rgb, alpha, [Behind(places[name])], settings, frame.time_s, cast))
        for tile, (name, lit) in zip(shown[1:], composers, strict=True):
            _label(tile, f"{name}, {'in its light' if lit else 'as filmed'}")
        rows.append(np.hstack(shown))
        if progress is not None:
            progress(done, len(clips))
    return np.vstack(rows)


def _label(tile: np.ndarray, text: str) -> None:
    for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(tile, text, (8, len(tile) - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thick, cv2.LINE_AA)
