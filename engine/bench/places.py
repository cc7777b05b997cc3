"""What a drawn place costs: its first picture, a frame of it, and the memory that it keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from engine.bench.records import figures, load, machine
from engine.compositing.types import View
from engine.designer.place import Place
from engine.designer.plan import Plan

FPS = 24.0
WARM_UP = 3
MOST_FRAME_MS = 4.0
"""Of the median frame at 384x216 on one thread."""
MOST_KEPT_MB = 60
"""Of one place at 1920x1080."""
LARGE = 1920, 1080
TRIED: Mapping[str, Plan] = {
    "castle": Plan(sky="day", structures=("castle",)),
    "castle by night, leaves": Plan(sky="night", structures=("castle", "forest"), things=("leaves",)),
    "snowy forest": Plan(sky="overcast", ground="snow", structures=("forest", "mountains"), things=("snowfall",)),
    "city and water, fireworks": Plan(
        sky="night", ground="water", structures=("skyline", "bridge"), things=("fireworks", "fireflies")
    ),
    "volcano, embers": Plan(sky="storm", ground="lava", structures=("volcano",), things=("embers", "lightning")),
    "six things: storm": Plan(
        sky="storm",
        ground="water",
        structures=("castle", "mountains"),
        things=("rain", "lightning", "embers", "birds", "dragon", "smoke"),
    ),
    "six things: festival": Plan(
        sky="night",
        ground="water",
        structures=("skyline", "bridge"),
        things=("fireworks", "lanterns", "fireflies", "moon", "leaves", "balloons"),
    ),
}
"""Light ones, usual ones, and two with as many things as a place holds, the dear ones among them."""


def bench_places(
    names: Sequence[str] = tuple(TRIED),
    *,
    width: int = 384,
    height: int = 216,
    frames: int = 240,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Time frames of the places of `TRIED` by turns, on one thread, while the camera moves.

    Times are of the thread on the processor, which other programs of the machine disturb less than the clock on the
    wall; `first_ms` is the wall's, of the first picture at 1280x720. progress: called with frames done and frames in
    all. Raises ValueError for fewer than one frame.
    """
    if frames < 1:
        raise ValueError(f"{frames} frames; at least 1 is needed")
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    places = {name: Place(TRIED[name]) for name in names}
    taken: dict[str, list[float]] = {name: [] for name in names}
    try:
        for index in range(-WARM_UP, frames):
            view = View(0.3 * np.sin(index / 9), 0.2 * np.cos(index / 11), 0.5 + 0.2 * np.sin(index / 200))
            for name, place in places.items():
                begin = time.thread_time()
                place.picture((index + WARM_UP) / FPS, width, height, view)
                if index >= 0:
                    taken[name].append(1000 * (time.thread_time() - begin))
            if progress is not None and index >= 0:
                progress(index + 1, frames)
        rows = {}
        for name, place in places.items():
            place.close()
            begin = time.perf_counter()
            place.picture(0.0, 1280, 720)
            first_ms = round(1000 * (time.perf_counter() - begin))
            place.close()
            for second in range(8):  # sprites are made as they are needed
                place.picture(1.3 * second, *LARGE)
            rows[name] = {
                "frame_ms": figures(np.array(taken[name])),
                "first_ms": first_ms,
                "kept_mb": round(place.kept_bytes / 1e6, 1),
            }
            place.close()
    finally:
        cv2.setNumThreads(before)
    return {
        "places": rows,
        "most_frame_ms": MOST_FRAME_MS,
        "most_kept_mb": MOST_KEPT_MB,
        "size": f"{width}x{height}",
        "frames": frames,
        "machine": machine() | {"load": load()},
    }
