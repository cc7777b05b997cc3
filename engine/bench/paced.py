"""Many live cameras: streams in step at a camera's pace, and how many frames came too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from engine.batch import StreamBatch
from engine.bench import PROMPTS, moving_pictures
from engine.bench.records import figures
from engine.runtime import settle
from engine.stream import Stream

WARM_UP = 30
"""Frames before the clock starts: the memory is full by then, and no later frame is of another shape."""


def paced(
    streams: list[Stream],
    *,
    size: tuple[int, int],
    fps: float,
    seconds: float,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """A row of streams that are given a frame each, `fps` times a second, and answer together.

    A frame is late that is not answered when its successor comes. Frames that came meanwhile are left out, as in the
    live loop, and count as late, too.
    """
    batch = StreamBatch()
    for name, stream in enumerate(streams):
        stream.prompt(PROMPTS[name % len(PROMPTS)])
        batch.join(name, stream)
    cameras = [moving_pictures(*size, seed + name) for name in range(len(streams))]

    def pictures() -> dict[Hashable, np.ndarray]:
        return {name: next(camera) for name, camera in enumerate(cameras)}

    for _ in range(WARM_UP):
        batch.step(pictures())
    settle()  # as the live loop does
    frames = max(1, round(seconds * fps))
    waited_ms: list[float] = []
    late = 0
    start, i = time.perf_counter(), 0
    while i < frames:
        comes_s = start + i / fps
        given = pictures()
        time.sleep(max(0.0, comes_s - time.perf_counter()))
        batch.step(given)
        waited_s = time.perf_counter() - comes_s
        waited_ms.append(waited_s * 1000)
        passed = min(int(waited_s * fps), frames - i)  # frames that came while this one was made
        late += passed
        i += max(1, passed)
        if progress is not None:
            progress(i, frames)
    return {
        "what": f"{len(streams)} live streams at {fps:g} fps, each frame from its time to its answer",
        "size": f"{size[0]}x{size[1]}",
        "threads": streams[0].setup.threads,
        "frames": frames,
        "frame_ms": figures(waited_ms),
        "fps": round(len(waited_ms) / (time.perf_counter() - start), 2),
        "late": late,
    }
