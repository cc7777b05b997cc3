"""Video files that are read: every kind, at any size, colours and edges as players show them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engine.media.pictures import MediaError
from engine.media.video import StillSource, VideoSource, open_source
from tests.engine.media.clips import encode, error_of, ramp


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


@pytest.mark.long
def test_real_clips_are_whole(footage: Path) -> None:
    """No false alarm: clips of cameras and programs are read to their ends."""
    for path in sorted((footage / "dev").glob("*.mp4"))[:6]:
        with av.open(str(path)) as container:
            expected = container.streams.video[0].frames
        assert len(list(VideoSource(path, (96, 64)))) == expected
