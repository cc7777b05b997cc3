"""Many live cameras: streams in step at a camera's pace, and how many frames came too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from engine.batch import StreamBatch
from engine.bench import PROMPTS, moving_pictures
from engine.records import figures
from engine.stream import Stream

WARM_UP = 10


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

    A frame is late that is not there when its successor comes; nothing is left out, so lateness may add up.
    """
    batch = StreamBatch()
    for name, stream in enumerate(streams):
        stream.prompt(PROMPTS[name % len(PROMPTS)])
        batch.join(name, stream)
    cameras = [moving_pictures(*size, seed + name) for name in range(len(streams))]
    frames = max(1, round(seconds * fps))
    waited_ms = np.empty(frames)
    start = 0.0
    for i in range(-WARM_UP, frames):
        pictures: dict[Hashable, np.ndarray] = {name: next(camera) for name, camera in enumerate(cameras)}
        if i == 0:
            start = time.perf_counter()
        comes = start + i / fps
        if i >= 0:
            time.sleep(max(0.0, comes - time.perf_counter()))
        batch.step(pictures)
        if i >= 0:
            waited_ms[i] = (time.perf_counter() - comes) * 1000
            if progress is not None:
                progress(i + 1, frames)
    ended = time.perf_counter()
    return {
        "what": f"{len(streams)} live streams at {fps:g} fps, each frame from its time to its answer",
        "size": f"{size[0]}x{size[1]}",
        "threads": streams[0].setup.threads,
        "frames": frames,
        "frame_ms": figures(waited_ms),
        "fps": round(frames / (ended - start), 2),
        "late": int((waited_ms > 1000 / fps).sum()),
    }
