"""What tests of streams share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.stream import Stream


def run(stream: Stream, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [stream.step(picture) for picture in pictures]


def same(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
