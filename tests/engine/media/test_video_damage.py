"""Files that are cut, damaged, joined, or no videos at all: what can be read is read, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from av.video.stream import VideoStream

from engine.media.pictures import MediaError
from engine.media.video import TruncatedVideo, VideoSource
from engine.types import Frame
from tests.engine.media.clips import encode, noise, ramp


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
