"""Many live cameras: streams stepped together at a camera's rate, and how many frames were answered too late."""

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
    """A row for the table: each stream gets a frame `fps` times a second, and all answer together.

    size: (width, height) in pixels. A frame is late if it is not answered when its successor arrives. Frames that
    arrive meanwhile are dropped, as in the live loop, and count as late too.
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
        arrives_s = start + i / fps
        frame_of = pictures()
        time.sleep(max(0.0, arrives_s - time.perf_counter()))
        batch.step(frame_of)
        waited_s = time.perf_counter() - arrives_s
        waited_ms.append(waited_s * 1000)
        passed = min(int(waited_s * fps), frames - i)  # frames that arrived while this one was made
        late += passed
        i += max(1, passed)
        if progress is not None:
            progress(i, frames)
    return {
        "what": f"{len(streams)} live streams at {fps:g} fps, end-to-end latency, camera frame to answer",
        "size": f"{size[0]}x{size[1]}",
        "threads": streams[0].setup.threads,
        "frames": frames,
        "frame_ms": figures(waited_ms),
        "fps": round(len(waited_ms) / (time.perf_counter() - start), 2),
        "late": late,
    }
