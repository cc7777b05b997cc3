"""Pictures and video files that the tests of media make."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from engine.media.video import VideoWriter
from engine.types import Frame

# H.264 at CRF 16 with halved chroma, on a smooth ramp: levels of 255. A BT.601 matrix in one place alone is 20 off.
RAMP_MEAN, RAMP_MAX = 1.0, 6


def ramp(width: int = 96, height: int = 64, shift: float = 0.0) -> np.ndarray:
    """Every hue, smoothly."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    channels = [x * 255 / width, y * 255 / height, 128 + 90 * np.sin(x / 30 + shift)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def encode(
    path: Path,
    pictures: Sequence[np.ndarray],
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: Sequence[float] | None = None,
    muxer: dict[str, str] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """A video file as others make them, without a word about its colours."""
    with av.open(str(path), "w", options=muxer or {}) as container:
        stream = container.add_stream(codec, rate=24)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000 if times else 24)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for index, rgb in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pix_fmt)
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(times[index] * 1000) if times else index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def noise(count: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return list(rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


def write_all(writer: VideoWriter, pictures: Sequence[np.ndarray], fps: float = 24) -> None:
    for index, rgb in enumerate(pictures):
        writer.write(Frame(rgb, index, index / fps))


def error_of(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.abs(a.astype(int) - b.astype(int))
