"""What a set costs: the same frames with and without one, turn by turn in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np

from engine.bench import PROMPTS, WARM_UP, moving_pictures
from engine.bench.records import figures, load, machine
from engine.compositing.composer import Behind, Composer
from engine.compositing.mattes import AnyMatter, cast_colours, make_matter
from engine.compositing.plates import PicturePlate
from engine.runtime import settle
from engine.stream import Stream

FPS = 24.0
MOST_ADDED_MS = 8.0
"""Of the median frame, at 384x216 on two cores."""
PARTS = ("matte", "colours", "composite")


def people(width: int, height: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Endless pictures (H, W, 3) uint8 of a drawn figure before a soft moving ground, which a segmenter takes for a
    person: what a set costs depends on the edges of the cast, and `moving_pictures` has nobody in them."""
    skin, hair, coat = (214, 164, 138), (50, 35, 28), (60, 70, 110)
    for index, ground in enumerate(moving_pictures(width, height, seed)):
        rgb = cv2.GaussianBlur(ground, (0, 0), height / 54)
        x, w, h = round((0.5 + 0.1 * np.sin(index / 20)) * width), width / 100, height / 100

        def oval(place: tuple[float, float], size: tuple[float, float], colour: tuple[int, int, int]) -> None:
            centre = round(x + place[0] * w), round(place[1] * h)  # noqa: B023 -- called in this turn alone
            cv2.ellipse(rgb, centre, (round(size[0] * w), round(size[1] * h)), 0, 0, 360, colour, -1, cv2.LINE_AA)  # noqa: B023

        oval((0, 105), (22, 50), coat)
        oval((0, 55), (4, 14), skin)
        oval((0, 26), (8, 14), hair)
        oval((0, 35), (7.5, 18), skin)
        for eye in (-3, 3):
            oval((eye, 33), (1.2, 1.2), hair)
        oval((0, 43), (2.5, 1.2), (150, 70, 70))
        yield rgb


def bench_sets(
    stream: Stream,
    *,
    width: int = 384,
    height: int = 216,
    frames: int = 500,
    seed: int = 0,
    matter: AnyMatter | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Time frames by turns without a set (the step of the stream) and with one (matte, composite and step).

    width, height: in pixels. frames: of each kind. matter: default: that of people. progress: called with frames done
    and frames in all. Every composite has all its settings at their defaults before a still picture. Of the libraries
    that have threads of their own each uses as many as the stream. The parts are given in time of the frame's thread on
    the processor, which other programs of the machine disturb less than they do the clock on the wall. Raises
    ValueError for fewer than one frame.
    """
    if frames < 1:
        raise ValueError(f"{frames} frames; at least 1 is needed")
    matter = make_matter("person") if matter is None else matter
    composer, pictures = Composer(), people(width, height, seed)
    behind = [Behind(PicturePlate(next(moving_pictures(width, height, seed + 1))))]
    stream.prompt(PROMPTS[0])
    before = cv2.getNumThreads()
    cv2.setNumThreads(stream.setup.threads)
    taken: dict[str, list[float]] = {name: [] for name in ("without", "with", "step", *PARTS)}
    cast = 0.0
    try:
        for index in range(-WARM_UP, 2 * frames):
            rgb, time_s = next(pictures), (index + WARM_UP) / FPS
            if index == 0:
                settle()
            begin, marks = time.perf_counter(), [time.thread_time()]
            if index % 2:
                alpha = matter.matte(rgb, time_s)
                marks.append(time.thread_time())
                colours = cast_colours(rgb, alpha, matter.settings)
                marks.append(time.thread_time())
                rgb = composer.compose(rgb, alpha, behind, time_s=time_s, cast=colours)
                marks.append(time.thread_time())
                cast = float((alpha > 127).mean())
            stream.step(rgb, time_s)
            marks.append(time.thread_time())
            if index >= 0:
                taken["with" if index % 2 else "without"].append(time.perf_counter() - begin)
                for name, (start, end) in zip(PARTS if index % 2 else ("step",), pairwise(marks), strict=False):
                    taken[name].append(end - start)
                if progress is not None:
                    progress(index + 1, 2 * frames)
    finally:
        cv2.setNumThreads(before)
    ms = {name: figures(1000 * np.array(values)) for name, values in taken.items()}
    return {
        "frame_ms": {"without": ms["without"], "with": ms["with"]},
        "added_ms": round(ms["with"]["p50"] - ms["without"]["p50"], 2),
        "most_added_ms": MOST_ADDED_MS,
        "parts_ms": {name: ms[name] for name in PARTS} | {"step without": ms["step"]},
        "parts_added_ms": round(sum(ms[name]["p50"] for name in PARTS), 2),
        "frames": frames,
        "size": f"{width}x{height}",
        "cast": round(cast, 2),
        "matter": matter.settings.name,
        "model": stream.config.name,
        "threads": stream.setup.threads,
        "machine": machine() | {"load": load()},
    }
