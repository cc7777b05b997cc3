"""When the frames of a file are shown, by whatever clock it counts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from engine.media.video import VideoSource
from tests.engine.media.clips import encode, noise


def test_times_of_the_file_count_from_its_first_frame(tmp_path: Path) -> None:
    times = [1.5, 1.54, 1.7, 2.5, 2.501]
    source = VideoSource(encode(tmp_path / "vfr.mkv", noise(5), times=times))
    assert [frame.time_s for frame in source] == pytest.approx([0, 0.04, 0.2, 1.0, 1.001], abs=1e-3)


def stamped(path: Path, stamps: Sequence[int], clock: int = 1000, codec: str = "libx264") -> Path:
    """A file whose n-th picture, noise of its own, has exactly that stamp, in 1/clock s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options={"bf": "0"} if codec == "libx264" else {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, clock)
        for stamp, rgb in zip(stamps, noise(len(stamps)), strict=True):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = stamp, Fraction(1, clock)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.webm", "libvpx-vp9"), ("a.flv", "libx264"), ("a.ts", "libx264"), ("a.mp4", "libx264")],
)
@pytest.mark.parametrize("rate", [Fraction(30), Fraction(24_000, 1001), Fraction(60)])
def test_frame_n_is_at_n_over_the_rate_whatever_the_clock_of_the_file(
    tmp_path: Path, name: str, codec: str, rate: Fraction
) -> None:
    """A key at frame n, that is n / fps, holds from frame n on; MKV, WebM and FLV count milliseconds."""
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for rgb in noise(40):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    source = VideoSource(tmp_path / name)
    assert source.fps == float(rate)
    assert [frame.time_s for frame in source] == [n / source.fps for n in range(40)]


@pytest.mark.parametrize(
    ("stamps", "fps"),
    [([0, 100, 200, 1500, 1600, 3000], 10), ([0, 99, 199, 300, 900, 999, 1699], 10), ([0, 2000, 4000, 6000], 0.5)],
)
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_sparse_pictures_have_the_rate_of_their_spacing(
    tmp_path: Path, stamps: list[int], fps: float, name: str
) -> None:
    source = VideoSource(stamped(tmp_path / name, stamps))
    assert source.fps == fps
    times = [frame.time_s for frame in source]
    assert times == pytest.approx([stamp / 1000 for stamp in stamps], abs=0.0011)
    assert len({round(time_s * fps) for time_s in times}) == len(stamps)  # at this rate each picture is shown


def test_one_wrong_stamp_does_not_stretch_a_file(tmp_path: Path) -> None:
    stamps = [round(n * 1000 / 24) for n in range(24)]
    data = stamped(tmp_path / "whole.mkv", stamps).read_bytes()
    right = [frame.time_s for frame in VideoSource(tmp_path / "whole.mkv")]
    # a SimpleBlock: id, length of two bytes at this size, track 1, time relative to its cluster of two bytes
    at = next(
        n for n in range(len(data)) if data[n] == 0xA3 and data[n + 3] == 0x81 and data[n + 4 : n + 6] == b"\0\xd0"
    )
    for wrong in (b"\x75\x30", b"\0\x03"):
        (tmp_path / "spike.mkv").write_bytes(data[: at + 4] + wrong + data[at + 6 :])
        frames = list(VideoSource(tmp_path / "spike.mkv"))
        assert [frame.time_s for frame in frames] == pytest.approx(right, abs=1e-6)
