"""The clock of a take, or of the plan of one: what a script's moments are measured against. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from studio.timeline.keys import Marker

FALLBACK_FPS = 24.0
"""Frames a second of what names no rate of its own: cinema's."""


@dataclass(frozen=True)
class Clock:
    """Rate, length, markers and frame times; a take gives its own as `take.clock`."""

    fps: float = FALLBACK_FPS
    duration_s: float | None = None
    """None for a plan without an end."""
    markers: tuple[Marker, ...] = ()
    frames: tuple[float, ...] = ()
    """The time of each frame in seconds, where they are known."""
