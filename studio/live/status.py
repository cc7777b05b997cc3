"""What a director can say of itself: how fast it is, how many frames it answered, which take it records."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE_WINDOW = 72
"""Frames over which rate and age are measured; three seconds at 24 a second."""


@dataclass(frozen=True)
class Status:
    """For the status line; rates are over the last three seconds of frames."""

    fps: float
    age_p50_ms: float
    age_p95_ms: float
    step_p50_ms: float
    shown: int
    dropped: int
    failed: int
    prompt: str
    """The prompt of the last frame, as words."""
    cast: str
    """What is to be known of the cast in the last frame, such as `nobody in the picture`; else empty."""
    take: Path | None
    """Folder of the take that is recording."""
    take_s: float
    """How long it is so far."""
    waiting: int
    """Writes that wait for the disk."""
    trouble: str
    """The last thing that went wrong, in words for the page; empty where nothing did."""


@dataclass
class Counts:
    """Frames since the director was made, and how old the last answers were. Belongs to the frame loop."""

    shown: int = 0
    dropped: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        self._last: deque[tuple[float, float, float]] = deque(maxlen=RATE_WINDOW)

    def answered(self, at_s: float, age_ms: float, step_ms: float, *, failed: bool) -> None:
        """Count an answer, made at that time of time.monotonic()."""
        self.shown += 1
        self.failed += failed
        self._last.append((at_s, age_ms, step_ms))

    def rates(self) -> tuple[float, float, float, float]:
        """Frames a second, the median age, its 95th percentile, the engine's median share; ages in ms. Any thread."""
        last = list(self._last)
        fps = (len(last) - 1) / (last[-1][0] - last[0][0]) if len(last) > 1 else 0.0
        p50, p95 = np.percentile([age for _, age, _ in last] or [0.0], [50, 95])
        return fps, float(p50), float(p95), float(np.median([step for *_, step in last] or [0.0]))
