"""Video files that are written: what goes in comes back, and what does not fit is refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media.pictures import MediaError
from engine.media.video import VideoSource, VideoWriter
from engine.types import Frame
from tests.engine.media.clips import RAMP_MAX, RAMP_MEAN, error_of, noise, ramp, write_all


def test_a_ramp_comes_back_in_bt709_and_says_so(tmp_path: Path) -> None:
    rgb = ramp(192, 128)
    with VideoWriter(tmp_path / "out.mp4", 192, 128) as writer:
        write_all(writer, [rgb] * 8)
    with av.open(str(tmp_path / "out.mp4")) as container:
        context = container.streams.video[0].codec_context
        tags = context.colorspace, context.color_primaries, context.color_trc, context.color_range
        assert tags == (1, 1, 1, 1)  # BT.709 matrix, primaries and transfer; limited range
        planes = next(container.decode(video=0)).to_ndarray(format="yuv420p").astype(float)
    luma = rgb @ np.array([0.2126, 0.7152, 0.0722])
    blue = (128 + 224 * (rgb[..., 2] - luma) / 1.8556 / 255).reshape(64, 2, 96, 2).mean((1, 3))
    assert np.abs(planes[:128] - (16 + 219 * luma / 255)).mean() < RAMP_MEAN
    assert np.abs(planes[128:160].reshape(64, 96) - blue).mean() < RAMP_MEAN
    for frame in VideoSource(tmp_path / "out.mp4"):
        error = error_of(frame.rgb, rgb)
        assert error.mean() < RAMP_MEAN
        assert error.max() <= RAMP_MAX


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not tell a process its cores")
def test_the_same_frames_give_the_same_bytes_on_any_number_of_cores(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    for path, cores in ((tmp_path / "all.mp4", allowed), (tmp_path / "one.mp4", {min(allowed)})):
        try:
            os.sched_setaffinity(0, cores)
            with VideoWriter(path, 192, 128) as writer:
                write_all(writer, [ramp(192, 128, shift) for shift in range(12)])
        finally:
            os.sched_setaffinity(0, allowed)
    assert (tmp_path / "all.mp4").read_bytes() == (tmp_path / "one.mp4").read_bytes()


def test_times_of_a_varying_rate_come_back(tmp_path: Path) -> None:
    times = [0.0]
    while times[-1] < 4:
        times.append(times[-1] + (0.04, 0.1, 0.033, 0.21)[len(times) % 4])
    with VideoWriter(tmp_path / "out.mp4", 96, 64, 25) as writer:
        for index, time_s in enumerate(times):
            writer.write(Frame(ramp(shift=index), index, time_s))
    read = [frame.time_s for frame in VideoSource(tmp_path / "out.mp4")]
    assert read == pytest.approx(times, abs=1 / 90_000)


@pytest.mark.parametrize("fps", [12.0, 24.0, 29.97])
def test_keyframes_are_a_second_apart_and_nothing_is_reordered(tmp_path: Path, fps: float) -> None:
    with VideoWriter(tmp_path / "out.mp4", 96, 64, 30) as writer:
        write_all(writer, [ramp(shift=index / 20) for index in range(60)], fps)
    with av.open(str(tmp_path / "out.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert all(packet.pts == packet.dts for packet in packets)
    keys = [float((packet.pts or 0) * packet.time_base) for packet in packets if packet.is_keyframe]
    assert len(keys) >= 60 / fps - 1
    assert np.diff(keys).max() <= 1 + 1e-4


def test_the_future_never_changes_the_past_of_a_file(tmp_path: Path) -> None:
    """A render that differs from frame 30 on is the same before it, after encoding, too."""
    pictures = [ramp(shift=index / 5) for index in range(40)]
    for name, later in (("a.mp4", pictures[30:]), ("b.mp4", noise(10))):
        with VideoWriter(tmp_path / name, 96, 64) as writer:
            write_all(writer, [*pictures[:30], *later])
    pairs = list(zip(VideoSource(tmp_path / "a.mp4"), VideoSource(tmp_path / "b.mp4"), strict=True))
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in pairs[:30])
    assert not any(np.array_equal(a.rgb, b.rgb) for a, b in pairs[30:])


@pytest.mark.long
def test_a_killed_writer_leaves_all_but_the_last_second(tmp_path: Path) -> None:
    """What is on the disk before the file is closed is what a kill leaves there."""
    path, left = tmp_path / "out.mp4", tmp_path / "left.mp4"
    with VideoWriter(path, 96, 64) as writer:
        write_all(writer, noise(120))
        left.write_bytes(path.read_bytes())
    assert len(list(VideoSource(left))) >= 120 - 24 - 1  # the fragment that is not finished


def test_odd_sizes_gain_a_copied_edge(tmp_path: Path) -> None:
    rgb = ramp(97, 65)
    with VideoWriter(tmp_path / "odd.mp4", 97, 65) as writer:
        writer.write(Frame(rgb, 0, 0.0))
    (frame,) = VideoSource(tmp_path / "odd.mp4")
    assert frame.rgb.shape == (66, 98, 3)
    assert error_of(frame.rgb[:65, :97], rgb).mean() < 2 * RAMP_MEAN  # twice as steep
    assert error_of(frame.rgb[:65, 97], rgb[:, 96]).mean() < 4


def test_a_writer_refuses_what_does_not_fit_and_goes_on(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", 96, 64) as writer:
        writer.write(Frame(ramp(), 0, 0.5))
        with pytest.raises(MediaError, match="a frame of 64x64 for a video of 96x64"):
            writer.write(Frame(ramp(64, 64), 1, 0.6))
        with pytest.raises(MediaError, match=r"0\.5 s after one at 0\.5 s"):
            writer.write(Frame(ramp(), 1, 0.5))
        with pytest.raises(MediaError, match="uint8"):
            writer.write(Frame(ramp().astype(np.float32), 1, 0.6))
        writer.write(Frame(ramp(), 1, 0.6))
    assert writer.frames == len(list(VideoSource(tmp_path / "out.mp4"))) == 2
    with pytest.raises(MediaError, match="0x64"):
        VideoWriter(tmp_path / "none.mp4", 0, 64)


def test_a_writer_without_frames_leaves_no_file(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", 96, 64):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_an_oserror(tmp_path: Path) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = VideoWriter(tmp_path / "out.mp4", 96, 64)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            write_all(writer, noise(60))
        with pytest.raises(OSError, match="too large"):
            writer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    writer.close()
