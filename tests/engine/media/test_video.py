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


def test_ordinary_cuts_are_whole(tmp_path: Path) -> None:
    """A header may promise a picture more, or the length of the sound: nothing is missing for that."""
    data = bytearray(encode(tmp_path / "whole.mp4", noise(12)).read_bytes())
    at = data.index(b"mdhd") + 4 + 16
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") * 13 // 12 + 40).to_bytes(4, "big")
    (tmp_path / "cut.mp4").write_bytes(data)
    assert len(list(VideoSource(tmp_path / "cut.mp4"))) == 12
    with av.open(str(tmp_path / "longer_sound.wmv"), "w") as container:
        video, audio = container.add_stream("wmv2", rate=24), container.add_stream("libmp3lame", rate=44_100)
        assert isinstance(video, VideoStream)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for rgb in noise(12):
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(video.encode(None))
        for n in range(100):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.float32), "fltp", "mono")
            sound.sample_rate, sound.pts = 44_100, n * 1152
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    assert len(list(VideoSource(tmp_path / "longer_sound.wmv"))) == 12


def test_a_broadcast_that_was_joined_in_the_middle_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "tuned_in.ts"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=24, options={"g": "12"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for rgb in noise(36):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    data = path.read_bytes()
    with av.open(str(path)) as container:
        starts = [packet.pos for packet in container.demux(video=0) if packet.size]
    tables = data[: 3 * 188]
    path.write_bytes(tables + data[starts[5] :])
    assert 24 <= len(list(VideoSource(path))) <= 31


@pytest.mark.parametrize("second", [(64, 48), (192, 128), (64, 96)])
def test_a_stream_that_changes_its_size_is_read_to_the_end_at_one_size(tmp_path: Path, second: tuple[int, int]) -> None:
    parts = [
        encode(tmp_path / "a.ts", [ramp()] * 12, muxer={}),
        encode(tmp_path / "b.ts", [ramp(*second, shift=2.0)] * 12, muxer={}),
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    source = VideoSource(joined)
    frames = list(source)
    assert {frame.rgb.shape for frame in frames} == {(64, 96, 3)}
    assert [frame.time_s for frame in frames] == pytest.approx([n / 24 for n in range(24)])


def test_a_packet_lost_in_a_transport_stream_is_told(tmp_path: Path) -> None:
    path = encode(tmp_path / "lossy.ts", noise(30))
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    for at in (3, 2, 1):  # at three places, for a decoder may overlook one
        start = len(packets) * at // 4
        del packets[start : start + 5]
    path.write_bytes(b"".join(packets))
    with pytest.raises(TruncatedVideo, match="damaged packets left out"):
        list(VideoSource(path))
