"""How old the picture is when the camera is faster than the machine: the live loop itself, under overload.

A camera that is never waited for gives frames to a `Connection`, as a page's socket does; what the engine has no time
for is dropped and counted, so that the picture stays young.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

from engine.bench.records import figures
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.frames import LiveFrame
from studio.takes.manifest import TICKS_PER_SECOND
from studio.workers import Worker

LATENCY = "end-to-end latency, camera frame to displayed frame"
AGE = "age of the displayed frame when the next one replaces it"
WANTED_MS = 150.0
"""The age that no picture is to have when it is shown."""
PROMPTS = ("underwater", "neon rain")
PROMPT_S = 5.0
"""The prompt changes so often, as a live one does."""


def overload(
    director: Director,
    packets: Sequence[bytes],
    *,
    size: tuple[int, int],
    fps: float,
    seconds: float,
    progress: Callable[[int, int], object] | None = None,
) -> list[dict[str, Any]]:
    """Rows for `engine.bench.records`: a picture's age when it is shown, and when the next one takes its place.

    packets: the camera's JPEGs, of that size, played forward and backward. Both ages run from the frame's arrival.
    progress: seconds done, and in all.
    """
    director.warm(*size)
    for text in PROMPTS:
        director.say(text, wait=True)
    connection = Connection(director, held=False)
    ages_ms: list[float] = []
    replaced_ms: list[float] = []
    last: list[float] = []  # when the frame of the shown picture arrived
    started = time.monotonic()

    def shoot() -> None:
        there_and_back = itertools.cycle([*packets, *packets[-2:0:-1]])
        for index, packet in enumerate(itertools.islice(there_and_back, max(1, round(seconds * fps)))):
            time.sleep(max(0.0, started + index / fps - time.monotonic()))
            connection.offer(packet, index, round(index / fps * TICKS_PER_SECOND))

    def play() -> None:
        try:
            shoot()
        finally:
            connection.finish()  # or the loop would wait for a camera that is dead

    def show(frame: LiveFrame) -> None:
        now = time.monotonic()
        if frame.error:
            raise ValueError(f"frame {frame.index} failed: {frame.error}")
        if last:
            replaced_ms.append((now - last[0]) * 1e3)
        last[:] = [now - frame.age_ms / 1e3]
        ages_ms.append(frame.age_ms)
        done_s = now - started
        turn = int(done_s / PROMPT_S)
        if turn != turns[0]:
            turns[0] = turn
            director.say(PROMPTS[turn % len(PROMPTS)])
        if progress is not None:
            progress(int(done_s), int(seconds))

    turns = [0]
    camera = Worker("camera", play, lambda error: None).start()
    try:
        connection.run(show)
    finally:
        connection.close()
        camera.join()
    if camera.error is not None:
        raise camera.error
    took_s = time.monotonic() - started
    dropped = director.status().dropped + connection.unkept
    common = {
        "size": f"{size[0]}x{size[1]}",
        "threads": director.setup.threads,
        "frames": len(ages_ms),
        "fps": round(len(ages_ms) / took_s, 2),
        "dropped": dropped,
    }
    what = f"live loop under a {fps:g} fps camera for {seconds:g} s"
    return [
        {"what": f"{what}: {LATENCY}", **common, "frame_ms": figures(ages_ms), "wanted": {"max": WANTED_MS}},
        {"what": f"{what}: {AGE}", **common, "frame_ms": figures(replaced_ms or ages_ms)},
    ]
