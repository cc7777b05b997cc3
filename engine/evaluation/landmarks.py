"""Does a drawn place's landmark keep off the cast? Over clips of people: how much of it is seen, how fast it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.compositing.composer import Composer
from engine.compositing.person import PersonMatter
from engine.designer.place import Place
from engine.designer.plan import Plan
from engine.media.video import VideoSource

CLIPS = (
    "asl-sign-book.mp4",
    "asl-sign-school.mp4",
    "asl-sign-thanks.mp4",
    "foreman-cif.mp4",
    "hand-counts-fingers.mp4",
    "head-pose-man.mp4",
    "his-girl-friday-talk.mp4",
    "man-expressions-webcam-a.mp4",
    "pouring-coffee-into-blue-cup.mp4",
    "scientist-at-desk-b.mp4",
    "talking-head-grid-bbaf2n.mp4",
)
"""Of the footage's `dev`: signers, faces, a hand, a crowded desk, a man who fills the picture."""
LANDMARKS = {"castle": "grass", "lighthouse": "water", "temple": "grass"}
"""And the ground on which each stands."""
LEAST_SEEN = 0.7
"""Of the landmark's pixels inside the picture, on average over a clip."""
MOST_SPEED = 0.02
"""Widths of the picture a second."""
_APART = 40  # 8-bit steps by which a pixel of the landmark differs from the place without it


def try_landmarks(
    footage: Path,
    size: tuple[int, int] = (384, 216),
    frames: int = 96,
    names: Sequence[str] = tuple(LANDMARKS),
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Every landmark behind every clip: `seen`, the mean share of its pixels that the cast leaves free, four times in
    a clip, the worst of them, and the greatest speed of the place where it stands, in widths a second.

    footage: the folder with `dev`. size: pixels. progress: called with clips done and clips in all. Raises ValueError
    for a footage that lacks a clip.
    """
    paths = [footage / "dev" / name for name in CLIPS]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise ValueError(f"{footage / 'dev'} lacks {', '.join(missing)}; give the folder of the footage")
    places = {
        name: [Place(Plan(ground=LANDMARKS[name], structures=there, seed=1)) for there in ((name,), ())]
        for name in names
    }
    rows: list[dict[str, Any]] = []
    for done, path in enumerate(paths, start=1):
        matter, composer = PersonMatter(), Composer()
        where: list[tuple[float, float]] = []
        seen: dict[str, list[float]] = {name: [] for name in names}
        for index, frame in enumerate(VideoSource(path, size=size)):
            if index >= frames:
                break
            alpha = matter.matte(frame.rgb, frame.time_s)
            composer.pass_by(frame.rgb, alpha, frame.time_s)
            assert composer.following is not None, "it has just seen a frame"
            view = composer.following.view
            where.append((frame.time_s, view.free_x))
            if index % (frames // 4) == frames // 8:
                for name, pair in places.items():
                    there, without = (place.picture(frame.time_s, *size, view).astype(int) for place in pair)
                    mask = np.abs(there - without).max(-1) > _APART
                    mask[round(0.65 * size[1]) :] = False  # its mirror in water, and its shadow
                    seen[name].append(float(1 - (alpha[mask] / 255).mean()))
        times, free = np.array(where).T
        speed = float((np.abs(np.diff(free)) / np.maximum(np.diff(times), 1e-3)).max())
        for name, shares in seen.items():
            row = {"clip": path.name, "landmark": name, "seen": float(np.mean(shares)), "least_seen": min(shares)}
            rows.append({key: round(v, 3) if isinstance(v, float) else v for key, v in row.items()})
            rows[-1]["speed"] = round(speed, 4)
        if progress is not None:
            progress(done, len(paths))
    return {
        "clips": len(paths),
        "clips_seen": {
            name: sum(row["landmark"] == name and row["seen"] >= LEAST_SEEN for row in rows) for name in names
        },
        "clips_seen_throughout": {
            name: sum(row["landmark"] == name and row["least_seen"] >= LEAST_SEEN for row in rows) for name in names
        },
        "fastest": max(row["speed"] for row in rows),
        "wanted": {"seen": LEAST_SEEN, "speed": MOST_SPEED},
        "rows": rows,
    }
