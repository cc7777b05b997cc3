"""What flows through the engine. Read this first, then `Stream.step`.

Source -> Frame -> Stream.step -> Frame -> Sink
                      ^
Prompt or Regions ----+   effective at the next frame
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

Prompt: TypeAlias = str | Sequence[tuple[str, float]]
"""A text, or texts with positive weights (normalised to sum to one)."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source or of a stream."""

    rgb: np.ndarray
    """(H, W, 3) uint8, sRGB."""
    index: int
    """0-based number at the source; a dropped frame leaves a gap. Keys the noise."""
    time_s: float
    """Seconds on the source's clock."""


@dataclass(frozen=True)
class Region:
    """A prompt for a part of the picture."""

    prompt: Prompt
    mask: np.ndarray
    """(H, W) in 0..1, of any size (resized to the frame); masks of several regions are normalised to sum to one."""


class Source(Protocol):
    """Pictures in order: a camera, a file, a take."""

    width: int
    height: int
    fps: float

    def __iter__(self) -> Iterator[Frame]: ...


class Sink(Protocol):
    """Where pictures go: a screen, a recorder, a file."""

    def write(self, frame: Frame) -> None: ...

    def close(self) -> None: ...
