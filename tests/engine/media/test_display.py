"""Pictures as they are meant to be seen: upright, opaque, in SDR, whole; each checked against its definition."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from engine.media.decoder import Decoder, open_container, probe
from engine.media.video import VideoSource

GREEN, RED, YELLOW, BLUE = (0, 160, 0), (200, 0, 0), (200, 200, 0), (0, 0, 200)
QUADRANTS = {"G": GREEN, "R": RED, "Y": YELLOW, "B": BLUE}


def quadrants(order: str = "GRYB", width: int = 96, height: int = 64) -> np.ndarray:
    """Four colours, in reading order."""
    picture = np.zeros((height, width, 3), np.uint8)
    for n, name in enumerate(order):
        rows = slice(n // 2 * height // 2, (n // 2 + 1) * height // 2)
        picture[rows, n % 2 * width // 2 : (n % 2 + 1) * width // 2] = QUADRANTS[name]
    return picture


def seen(rgb: np.ndarray) -> str:
    """The colours of the four quadrants, in reading order."""
    height, width = rgb.shape[:2]
    names = ""
    for y, x in ((1, 1), (1, 3), (3, 1), (3, 3)):
        colour = rgb[y * height // 4, x * width // 4].astype(int)
        names += min(QUADRANTS, key=lambda name: np.abs(colour - QUADRANTS[name]).sum())
    return names


def write(path: Path, frames: Sequence[av.VideoFrame], codec: str, options: dict[str, str] | None = None) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24, options=options or {})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, frames[0].format.name
        for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
            setattr(stream.codec_context, name, getattr(frames[0], name))
        for n, frame in enumerate(frames):
            frame.pts, frame.time_base = n, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture(path: Path) -> np.ndarray:
    return next(iter(VideoSource(path))).rgb


# a, b, c, d of the matrix: x' = a x + c y, y' = b x + d y; what becomes of G R / Y B worked out by hand
ORIENTATIONS = [
    ((1, 0, 0, 1), "GRYB"),
    ((-1, 0, 0, 1), "RGBY"),  # mirrored: what was left is right
    ((1, 0, 0, -1), "YBGR"),  # upside down in a mirror
    ((-1, 0, 0, -1), "BYRG"),  # turned by 180 degrees
    ((0, 1, -1, 0), "YGBR"),  # a quarter clockwise
    ((0, -1, 1, 0), "RBGY"),  # a quarter anticlockwise
    ((0, 1, 1, 0), "GYRB"),  # columns for rows
    ((0, -1, -1, 0), "BRYG"),  # the same about the other diagonal
]


@pytest.mark.parametrize(("matrix", "expected"), ORIENTATIONS)
def test_every_orientation_of_a_display_matrix_comes_out_upright(
    tmp_path: Path, matrix: tuple[int, ...], expected: str
) -> None:
    frames = [av.VideoFrame.from_ndarray(quadrants(), "rgb24").reformat(format="yuv420p") for _ in range(2)]
    data = bytearray(write(tmp_path / "plain.mp4", frames, "libx264").read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = matrix
    values = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    (tmp_path / "turned.mp4").write_bytes(data)
    source = VideoSource(tmp_path / "turned.mp4")
    assert seen(next(iter(source)).rgb) == expected
    assert (source.width, source.height) == ((96, 64) if a else (64, 96))
    with open_container(source.path) as container:
        decoder = Decoder(container, source.path, probe(source.path))
        frame, _ = next(decoder.frames())
        for cover in ((30, 10), (10, 30)):  # as small as still covers it; of the same shape and orientation
            small = decoder.rgb(frame, cover)
            scale = max(cover[0] / source.width, cover[1] / source.height)
            assert small.shape[:2] == (round(source.height * scale), round(source.width * scale))
            assert seen(small) == expected
        assert np.array_equal(decoder.rgb(frame, (1000, 10)), decoder.rgb(frame))


def half_clear(pix_fmt: str) -> av.VideoFrame:
    """Green on the right, and on the left magenta that is wholly transparent."""
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[:, :48] = (255, 0, 255, 0)
    rgba[:, 48:] = (0, 160, 0, 255)
    return av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format=pix_fmt)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("clear.mov", "qtrle", "argb"),
        ("clear_prores.mov", "prores_ks", "yuva444p10le"),
        ("clear.mkv", "ffv1", "bgra"),
        ("clear.webm", "libvpx-vp9", "yuva420p"),
        ("clear.avi", "png", "rgba"),
    ],
)
def test_what_is_transparent_is_black_in_every_kind_of_file(
    tmp_path: Path, name: str, codec: str, pix_fmt: str
) -> None:
    options = {"profile": "4444"} if codec == "prores_ks" else {}
    rgb = picture(write(tmp_path / name, [half_clear(pix_fmt) for _ in range(3)], codec, options)).astype(int)
    assert rgb[:, :40].max() <= 4
    assert np.abs(rgb[:, 56:] - GREEN).max() <= 8


def test_half_transparent_is_half_as_bright(tmp_path: Path) -> None:
    rgba = np.full((64, 96, 4), (200, 100, 40, 128), np.uint8)
    frame = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format="bgra")
    assert np.abs(picture(write(tmp_path / "half.mkv", [frame], "ffv1")) - np.array([100, 50, 20])).max() <= 1


def test_a_fourth_channel_of_padding_hides_nothing(tmp_path: Path) -> None:
    rgba = np.full((64, 96, 4), (200, 100, 40, 0), np.uint8)
    frame = av.VideoFrame.from_ndarray(rgba, "rgba").reformat(format="bgra")
    assert (picture(write(tmp_path / "padded.avi", [frame], "rawvideo")) == [200, 100, 40]).all()


def light(codes: Sequence[int], trc: int, primaries: int = 9) -> av.VideoFrame:
    """Ten-bit grey in limited range: columns of 32 pixels of those luma codes."""
    frame = av.VideoFrame(32 * len(codes), 64, "yuv420p10le")
    for n, plane in enumerate(frame.planes):
        values = np.full((plane.height, plane.line_size // 2), 512, np.uint16)
        if n == 0:
            values[:, : frame.width] = np.repeat(codes, 32)
        plane.update(values.tobytes())
    frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range = (
        9,
        primaries,
        trc,
        1,
    )  # BT.2020, limited
    return frame


# ITU-R BT.2408: reference white is 58 % of PQ and 75 % of HLG; a ten-bit code is 64 + 876 x the signal
@pytest.mark.parametrize(("trc", "signal"), [(16, 0.5807), (18, 0.75)])
def test_hdr_is_brought_to_sdr_with_its_reference_white_white(tmp_path: Path, trc: int, signal: float) -> None:
    codes = [64, round(64 + 876 * signal * 0.5), round(64 + 876 * signal), 940]
    path = write(tmp_path / "hdr.mkv", [light(codes, trc)] * 2, "ffv1")
    black, grey, white, top = (int(picture(path)[32, x, 1]) for x in (16, 48, 80, 112))
    assert black <= 3
    assert 20 < grey < 190
    assert 230 <= white <= top


def test_wide_colours_of_sdr_keep_their_hue(tmp_path: Path) -> None:
    """BT.709 grey in BT.2020 stays grey and as bright."""
    path = write(tmp_path / "wide.mkv", [light([64 + 876 // 2], 1)] * 2, "ffv1")
    assert np.abs(picture(path)[32, 16].astype(int) - 128).max() <= 3


def combed(rgb: np.ndarray) -> float:
    """How much neighbouring rows differ beyond rows that are two apart, 0 for a whole picture."""
    grey = rgb[..., 1].astype(float)
    return float(np.abs(np.diff(grey, axis=0)).mean() / (np.abs(grey[2:] - grey[:-2]).mean() + 1))


def interlaced(path: Path, codec: str, options: dict[str, str]) -> Path:
    """A bar that moves by 8 pixels a field, upper fields first."""

    def bar(field: int) -> np.ndarray:
        picture = np.zeros((128, 192, 3), np.uint8)
        picture[:, 8 * field : 8 * field + 24] = 255
        return picture

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p"
        for n in range(10):
            woven = bar(2 * n)
            woven[1::2] = bar(2 * n + 1)[1::2]
            frame = av.VideoFrame.from_ndarray(woven, "rgb24").reformat(format="yuv420p", interpolation="POINT")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("fields.mp4", "libx264", {"x264-params": "tff=1", "crf": "12"}),
        ("fields.ts", "mpeg2video", {"flags": "+ildct+ilme", "top": "1", "q": "2"}),
        ("fields.mkv", "libx264", {"x264-params": "bff=1:fake-interlaced=0", "crf": "12"}),
    ],
)
def test_interlaced_frames_become_whole_pictures(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = interlaced(tmp_path / name, codec, options)
    frames = list(VideoSource(path))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(10)])
    with av.open(str(path)) as container:
        woven = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert min(map(combed, woven[1:-1])) > 1.5
    assert max(combed(frame.rgb) for frame in frames[1:-1]) < 0.6 * min(map(combed, woven[1:-1]))
