"""Video files: what is written comes back, every kind of file is read, and bad ones say what is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream
from PIL import Image

from engine.media.pictures import MediaError
from engine.media.video import StillSource, TruncatedVideo, VideoSource, VideoWriter, open_source
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


def test_a_source_reads_the_same_again(small_clip: Path) -> None:
    source = VideoSource(small_clip)
    assert (source.width, source.height, source.fps) == (96, 64, 24)
    once, again = list(source), list(source)
    assert [frame.index for frame in once] == list(range(24))
    assert [frame.time_s for frame in once] == pytest.approx([index / 24 for index in range(24)])
    assert all(np.array_equal(a.rgb, b.rgb) for a, b in zip(once, again, strict=True))


def test_a_source_fits_the_size_asked_for(small_clip: Path) -> None:
    source = VideoSource(small_clip, (64, 64))
    assert (source.width, source.height) == (64, 64)
    frame = next(iter(source))
    whole = next(iter(VideoSource(small_clip)))
    assert np.array_equal(frame.rgb, whole.rgb[:, 16:80])  # the centre


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("ten_bit.mkv", "libx265", "yuv420p10le"),
        ("ten_bit.mov", "prores_ks", "yuv422p10le"),
        ("plain.webm", "libvpx-vp9", "yuv420p"),
        ("full_range.avi", "mjpeg", "yuvj420p"),
        ("stream.ts", "mpeg2video", "yuv420p"),
    ],
)
def test_formats_that_cameras_and_programs_write(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    source = VideoSource(encode(tmp_path / name, [ramp()] * 6, codec, pix_fmt))
    frames = list(source)
    assert (source.width, source.height, len(frames)) == (96, 64, 6)
    assert error_of(frames[-1].rgb, ramp()).mean() < 6  # their encoders' default quality


def test_odd_sizes_and_grey_are_read_as_they_are(tmp_path: Path) -> None:
    odd = encode(tmp_path / "odd.mkv", [ramp(97, 65)], "ffv1", "bgr0")
    (frame,) = VideoSource(odd)
    assert np.array_equal(frame.rgb, ramp(97, 65))
    (grey,) = VideoSource(encode(tmp_path / "grey.mkv", [ramp()], "ffv1", "gray"))
    assert np.ptp(grey.rgb, axis=2).max() == 0
    assert error_of(grey.rgb[..., 0], ramp() @ np.array([0.299, 0.587, 0.114])).max() <= 2


@pytest.mark.parametrize(("size", "red"), [((640, 360), (81, 90, 240)), ((1280, 720), (63, 102, 240))])
def test_untagged_colour_is_taken_as_players_take_it(
    tmp_path: Path, size: tuple[int, int], red: tuple[int, int, int]
) -> None:
    """BT.601 below 720 lines, BT.709 from there on."""
    width, height = size
    planes = np.full((height * 3 // 2, width), red[0], np.uint8)
    planes[height : height * 5 // 4], planes[height * 5 // 4 :] = red[1], red[2]
    with av.open(str(tmp_path / "red.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        container.mux(stream.encode(None))
    (frame,) = VideoSource(tmp_path / "red.mp4")
    assert error_of(frame.rgb, np.array([255, 0, 0])).max() <= 4


def test_times_of_the_file_count_from_its_first_frame(tmp_path: Path) -> None:
    times = [1.5, 1.54, 1.7, 2.5, 2.501]
    source = VideoSource(encode(tmp_path / "vfr.mkv", noise(5), times=times))
    assert [frame.time_s for frame in source] == pytest.approx([0, 0.04, 0.2, 1.0, 1.001], abs=1e-3)


def test_a_turned_phone_gives_upright_pictures(tmp_path: Path) -> None:
    data = bytearray(encode(tmp_path / "phone.mp4", [ramp()] * 3).read_bytes())
    matrix = data.index(b"tkhd") + 44
    quarter = [0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30]  # shown turned clockwise
    data[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in quarter)
    (tmp_path / "phone.mp4").write_bytes(data)
    source = VideoSource(tmp_path / "phone.mp4")
    assert (source.width, source.height) == (64, 96)
    assert error_of(next(iter(source)).rgb, np.rot90(ramp(), -1)).mean() < 6


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    source = VideoSource(encode(tmp_path / "wide.mp4", [ramp()] * 3, aspect=Fraction(4, 3)))
    assert (source.width, source.height) == (128, 64)
    nearly = VideoSource(encode(tmp_path / "nearly.mp4", [ramp()] * 3, aspect=Fraction(400, 399)))
    assert (nearly.width, nearly.height) == (96, 64)


def test_a_cut_video_yields_its_frames_and_then_says_so(tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mp4", noise(30), muxer={"movflags": "faststart"})
    expected = [frame.rgb for frame in VideoSource(whole)]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    kept: list[Frame] = []
    with pytest.raises(
        TruncatedVideo, match=r"cut\.mp4 is damaged: \d+ frames were kept.*missing at the end"
    ) as caught:
        kept.extend(VideoSource(cut))
    assert 10 <= len(kept) == caught.value.frames < 30
    assert all(np.array_equal(frame.rgb, expected[round(frame.time_s * 24)]) for frame in kept)


@pytest.mark.parametrize(("name", "codec"), [("cut.mkv", "libx264"), ("cut.webm", "libvpx-vp9"), ("cut.avi", "mpeg4")])
def test_cut_videos_of_other_kinds_say_so_too(tmp_path: Path, name: str, codec: str) -> None:
    path = encode(tmp_path / name, noise(30), codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    with pytest.raises(TruncatedVideo) as caught:
        list(VideoSource(path))
    assert 0 < caught.value.frames < 30


def test_damage_in_the_middle_costs_no_more_than_it_hit(tmp_path: Path) -> None:
    path = encode(tmp_path / "hit.mp4", noise(30), "mjpeg", "yuvj420p")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = bytes(3_000)
    path.write_bytes(data)
    with pytest.raises(TruncatedVideo, match="damaged packets left out") as caught:
        list(VideoSource(path))
    assert 27 <= caught.value.frames < 30


def write_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_cover(path: Path) -> None:
    """A sound file's picture: a video stream of one packet that is no video."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(ramp(), format="rgb24")))
        container.mux(cover.encode(None))


def write_no_frames(path: Path, container_format: str = "avi") -> None:
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream("mjpeg", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        container.start_encoding()


def write_playlist(path: Path) -> None:
    """It would make FFmpeg open the file that it names."""
    encode(path.with_name("secret.ts"), [ramp()] * 6, "mpeg2video")
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        (lambda path: None, "does not exist; give"),
        (Path.mkdir, "is not a file; give"),
        (Path.touch, r"is empty \(0 bytes\); give"),
        (lambda path: path.write_text("a text\n" * 999), "is not a video.*; give a whole MP4"),
        (lambda path: path.write_bytes(bytes(range(256)) * 99), "is not a video.*; give a whole MP4"),
        (write_playlist, "is not a video.*; give a whole MP4"),
        (write_sound, "holds no video, only audio; give"),
        (write_cover, "holds no video, only a cover; give"),
        (write_no_frames, "holds a video without a whole frame; record"),
        (lambda path: write_no_frames(path, "mp4"), "holds no video, only an empty container; give"),
    ],
    ids=["missing", "folder", "empty", "text", "bytes", "playlist", "sound", "cover", "no-frames", "no-stream"],
)
def test_what_is_no_video_is_refused_with_a_remedy(tmp_path: Path, write: object, complaint: str) -> None:
    path = tmp_path / "take.mp4"
    assert callable(write)
    write(path)
    with pytest.raises(MediaError, match=rf"take\.mp4 {complaint}"):
        VideoSource(path)


def test_a_picture_is_a_source_too(tmp_path: Path) -> None:
    Image.fromarray(ramp()).save(tmp_path / "still.PNG")
    source = open_source(tmp_path / "still.PNG", size=(48, 32), still_s=0.5)
    frames = list(source)
    assert (source.width, source.height, source.fps, len(frames)) == (48, 32, 24, 12)
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[11].time_s == pytest.approx(11 / 24)
    frames[0].rgb[:] = 0
    assert frames[1].rgb.any()  # each frame is the taker's own
    with pytest.raises(MediaError, match="0 s at 24"):
        StillSource(tmp_path / "still.PNG", seconds=0)


def test_real_clips_are_whole(footage: Path) -> None:
    """No false alarm: clips of cameras and programs are read to their ends."""
    for path in sorted((footage / "dev").glob("*.mp4"))[:6]:
        with av.open(str(path)) as container:
            expected = container.streams.video[0].frames
        assert len(list(VideoSource(path, (96, 64)))) == expected
