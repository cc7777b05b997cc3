"""A video file in the camera's place."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.media.pictures import MediaError, decode_jpeg
from engine.media.video import TruncatedVideo
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.filecamera import FileCamera, roll, working_size
from studio.live.frames import LiveFrame
from studio.takes.mjpeg import PacketFile
from studio.takes.slate import Slate
from studio.takes.take import Take


@pytest.mark.parametrize(
    ("size", "working"),
    [
        ((1920, 1080), (384, 216)),
        ((640, 480), (384, 288)),
        ((1080, 1920), (216, 384)),
        ((96, 64), (384, 256)),
        ((1000, 100), (384, 64)),
    ],
)
def test_the_working_size_keeps_the_shape(size: tuple[int, int], working: tuple[int, int]) -> None:
    assert working_size(*size) == working


def test_every_frame_comes_once_with_its_time(small_clip: Path) -> None:
    camera = FileCamera(small_clip, (96, 64))
    frames = list(camera)
    assert [frame.index for frame in frames] == list(range(24))
    assert [frame.ticks for frame in frames] == pytest.approx([i * 1e6 / 24 for i in range(24)], abs=20)
    assert {decode_jpeg(frame.packet).shape for frame in frames} == {(64, 96, 3)}
    assert camera.fps == 24


@pytest.mark.long
def test_no_frame_is_played_before_its_time_and_late_ones_are_left_out(small_clip: Path) -> None:
    camera = FileCamera(small_clip, (96, 64))
    played: list[tuple[int, float]] = []

    def offer(packet: bytes, index: int, ticks: int) -> None:
        played.append((ticks, time.monotonic()))
        if len(played) == 1:
            time.sleep(0.3)  # seven frames

    camera.play(offer)
    first_ticks, first_s = played[0]
    assert all(at - first_s >= (ticks - first_ticks) / 1e6 - 0.01 for ticks, at in played)
    assert camera.late >= 4
    assert len(played) + camera.late == 24


def test_a_stopped_camera_plays_no_more(small_clip: Path) -> None:
    camera = FileCamera(small_clip, (96, 64))
    played: list[int] = []

    def offer(packet: bytes, index: int, ticks: int) -> None:
        played.append(index)
        camera.stop()

    camera.play(offer)
    assert played == [0]


@pytest.mark.long
def test_a_file_is_rolled_to_its_end(director: Director, small_clip: Path, tmp_path: Path) -> None:
    """Every frame that was played is in the take: shown, or dropped."""
    camera = FileCamera(small_clip, (96, 64))
    director.record(tmp_path, Slate("film"), fps=camera.fps)
    frames: list[LiveFrame] = []
    roll(camera, Connection(director), frames.append)
    take = Take.open(director.cut() or Path())
    assert len(take.frames) + camera.late == 24
    assert [row.index for row in take.made] == [frame.index for frame in frames]
    assert take.frames[-1].step is not None


def test_a_damaged_file_is_rolled_as_far_as_it_goes(
    director: Director, jpeg: Callable[[int], bytes], tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    file = PacketFile(whole, 96, 64, 24)
    for n in range(20):
        file.write(jpeg(n), round(n * 1000 / 24))
    file.close()
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames: list[LiveFrame] = []
    with pytest.raises(TruncatedVideo):
        roll(FileCamera(cut, (96, 64)), Connection(director), frames.append)
    assert frames


def test_what_is_no_video_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a video")
    with pytest.raises(MediaError):
        FileCamera(tmp_path / "notes.mp4")


def test_a_part_of_a_file_comes_with_its_own_times(small_clip: Path) -> None:
    frames = list(FileCamera(small_clip, (96, 64), start_s=0.25, end_s=0.5))
    assert [frame.index for frame in frames] == list(range(6, 12))
    for wrong, text in (
        (lambda: FileCamera(small_clip, start_s=2, end_s=1), "the start is before the end"),
        (lambda: list(FileCamera(small_clip, start_s=60)), "has no frame from 60 s on; let it start earlier"),
        (lambda: FileCamera(Path("0")), "'0' is a camera, and a source is a file; a camera is opened in the browser"),
        (lambda: FileCamera(Path("/dev/video7")), "'/dev/video7' is a camera"),
    ):
        with pytest.raises(ValueError, match=text):
            wrong()


def test_another_shape_is_cropped_or_padded_and_that_is_said(small_clip: Path) -> None:
    cropped, padded = (FileCamera(small_clip, (64, 64), 95, shape=shape) for shape in ("crop", "pad"))
    assert cropped.reshaped == "its 96x64 become 64x64: 33% of it is cropped at its sides (--fit pad keeps all of it)"
    assert padded.reshaped == "its 96x64 become 64x64: 33% of the picture is black around it"
    assert FileCamera(small_clip).reshaped == ""
    whole, strips = (decode_jpeg(next(iter(camera)).packet).astype(int) for camera in (cropped, padded))
    assert max(strips[:8].max(), strips[-8:].max()) < 24, "black above and below"
    assert whole[:8].mean() > 60
    assert strips[30:34, :6, 0].mean() < whole[30:34, :6, 0].mean(), "the ramp begins at the picture's own left"
