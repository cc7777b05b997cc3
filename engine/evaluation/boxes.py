"""Does a followed box stay on its thing? Against boxes that were marked by hand, every half second.

Marks (marks.json) are of clips of the footage: None where the thing is not to be seen, which a tracker has to say.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from engine.compositing.tracker import Box, Tracker
from engine.media.video import VideoSource

MARKS = Path(__file__).parent / "marks.json"
GOOD = 0.6
"""Intersection over union from which on a box is on its thing."""
AREA = 1.5
"""Factor within which its area has to stay."""


class Finds(Protocol):
    """What follows a box."""

    def find(self, rgb: np.ndarray) -> Box | None:
        """The box in the next picture."""


def measure_boxes(
    footage: Path,
    make: Callable[[np.ndarray, Box], Finds] = Tracker,
    size: tuple[int, int] = (384, 216),
) -> dict[str, Any]:
    """Follow each marked thing from its first mark on: how near its box is to the marks, what is lost, and the time.

    footage: with dev and train. make: (picture, box) -> what follows it. Raises OSError for a missing clip.
    """
    clips = [_follow(footage / row["file"], row["boxes"], make, size) for row in json.loads(MARKS.read_text("utf-8"))]
    seen = [mark for clip in clips for mark in clip["marks"] if mark["iou"] is not None]
    hidden = [mark for clip in clips for mark in clip["marks"] if mark["iou"] is None]
    return {
        "good": statistics.fmean(mark["iou"] >= GOOD for mark in seen),
        "area": statistics.fmean(1 / AREA <= mark["area"] <= AREA for mark in seen),
        "losses_said": statistics.fmean(mark["lost"] for mark in hidden),
        "wrongly_lost": statistics.fmean(mark["lost"] for mark in seen),
        "marks": len(seen),
        "milliseconds_p50": round(statistics.median(ms for clip in clips for ms in clip.pop("ms")), 2),
        "clips": clips,
    }


def _follow(
    path: Path, marks: dict[str, Any], make: Callable[[np.ndarray, Box], Finds], size: tuple[int, int]
) -> dict[str, Any]:
    wanted = {float(at): box for at, box in marks.items()}
    begin = min(wanted)
    tracker: Finds | None = None
    rows: list[dict[str, Any]] = []
    spent: list[float] = []
    for frame in VideoSource(path, size=size):
        at = next((at for at in wanted if abs(at - frame.time_s) < 0.02), None)
        if tracker is None:
            if at == begin:
                tracker = make(frame.rgb, tuple(wanted.pop(begin)))
            continue
        start = time.perf_counter()
        box = tracker.find(frame.rgb)
        spent.append(1000 * (time.perf_counter() - start))
        if at is not None:
            mark = wanted.pop(at)
            share = None if mark is None else iou(box, mark)
            area = 0.0 if mark is None or box is None else box[2] * box[3] / (mark[2] * mark[3])
            rows.append({"at": at, "iou": share, "area": round(area, 2), "lost": box is None})
        if not wanted:
            break
    return {"file": path.name, "marks": rows, "ms": spent}


def iou(a: Box | None, b: Box) -> float:
    """Intersection over union of two boxes, 0..1; 0 for none."""
    if a is None:
        return 0.0
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(across, 0.0) * max(down, 0.0)
    return round(both / (a[2] * a[3] + b[2] * b[3] - both), 3)
