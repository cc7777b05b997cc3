"""The live loop under overload: what is too much is dropped and counted, and the picture stays young."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from engine.stream import Stream
from studio.live.director import Director
from studio.live.overload import overload


@pytest.mark.long
def test_a_camera_that_is_too_fast_loses_frames_and_not_time(
    director: Director, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine of 30 ms a frame under a camera of 500 fps: all frames are answered or counted, none waits in a line.

    A queue would make the last picture two seconds old, and a mailbox leaves it at some frames' time.
    """
    step = Stream.step

    def slow(self: Stream, rgb: np.ndarray, time_s: float, index: int) -> np.ndarray:
        time.sleep(0.03)
        return step(self, rgb, time_s, index)

    director.warm(96, 64)
    monkeypatch.setattr(director, "warm", lambda width, height: None)
    monkeypatch.setattr(Stream, "step", slow)
    shown, replaced = overload(director, [jpeg(i) for i in range(10)], size=(96, 64), fps=500, seconds=2)
    assert shown["frames"] + shown["dropped"] == 1000
    assert shown["dropped"] > 900
    assert director.status().dropped == shown["dropped"]
    assert 30 <= shown["frame_ms"]["p50"] <= replaced["frame_ms"]["p50"] <= replaced["frame_ms"]["max"]
    assert replaced["frame_ms"]["p50"] < 10 * 30
    assert shown["wanted"] == {"max": 150.0}


@pytest.mark.long
def test_a_camera_that_is_slow_enough_loses_none(director: Director, jpeg: Callable[..., bytes]) -> None:
    shown, _ = overload(director, [jpeg(i) for i in range(10)], size=(96, 64), fps=5, seconds=1)
    assert (shown["frames"], shown["dropped"]) == (5, 0)


def test_a_broken_camera_says_so(director: Director) -> None:
    with pytest.raises(ValueError, match="frame 0 failed"):
        overload(director, [b"no picture"], size=(96, 64), fps=5, seconds=0.2)
