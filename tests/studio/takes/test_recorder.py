"""Recording survives crashes, full disks and slow disks, and says what it could not keep."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.takes import recorder as recorder_module
from studio.takes.documents import crc
from studio.takes.manifest import EngineEntry, PictureEntry
from studio.takes.mjpeg import PacketFile, count_packets, packets
from studio.takes.recorder import Recorder
from studio.takes.rows import FrameRow
from studio.takes.slate import Slate
from studio.takes.take import Take

PICTURE = PictureEntry(width=96, height=64, fps=24)


def row(n: int, packet: bytes) -> FrameRow:
    return FrameRow(n, n * 41_667, n, crc(packet), crc(packet), f"{n:064x}")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path, Slate("film"), EngineEntry())


@pytest.fixture
def frames(jpeg: Callable[[int], bytes]) -> list[bytes]:
    return [jpeg(n) for n in range(12)]


def record_frames(recorder: Recorder, frames: list[bytes]) -> None:
    recorder.begin(PICTURE, 0)
    recorder.event("prompt", 0, key={"id": "k1", "time_s": 0.0, "prompt": "underwater", "fade_s": 0.0})
    for n, packet in enumerate(frames):
        recorder.frame(row(n, packet), packet, packet)


def test_packets_come_back_byte_for_byte(tmp_path: Path, frames: list[bytes]) -> None:
    file = PacketFile(tmp_path / "a.mkv", 96, 64, 23.976)
    longer = [packet + bytes(n) for n, packet in enumerate(frames)]  # what follows the picture's end stays, too
    for n, packet in enumerate(longer):
        file.write(packet, n // 2)  # two in one millisecond
    file.close()
    assert list(packets(tmp_path / "a.mkv")) == longer


def test_a_packet_file_that_is_cut_anywhere_gives_back_what_is_whole(tmp_path: Path, frames: list[bytes]) -> None:
    path, cut = tmp_path / "a.mkv", tmp_path / "cut.mkv"
    file = PacketFile(path, 96, 64, 24)
    for n, packet in enumerate(frames[:6]):
        file.write(packet, n * 40)
    file.close()
    data = path.read_bytes()
    counts = []
    for end in range(0, len(data), 97):
        cut.write_bytes(data[:end])
        counts.append(count_packets(cut))
        if counts[-1]:
            assert list(packets(cut)) == frames[: counts[-1]]
    assert counts == sorted(counts)
    assert counts[-1] == 6


def test_what_is_handed_over_is_on_disk_when_the_take_ends(recorder: Recorder, frames: list[bytes]) -> None:
    record_frames(recorder, frames)
    recorder.snapshot(0, 0, b"state")
    folder = recorder.finish()
    assert folder
    take = Take.open(folder)
    assert (take.state, take.manifest.ended, len(take.frames)) == ("complete", "cut", 12)
    assert list(packets(folder / "raw.mkv")) == list(packets(folder / "live.mkv")) == frames
    assert dict(recorder.counts) == {"frames": 12, "made": 12, "dropped": 0, "failed": 0, "unrecorded": 0}
    assert take.snapshots[0][0].read_bytes() == b"state"
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    assert recorder.finish() == folder


def test_a_running_take_opens_as_recording(recorder: Recorder, frames: list[bytes]) -> None:
    record_frames(recorder, frames)
    deadline = time.monotonic() + 10
    while recorder.waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Take.open(recorder.folder).state == "recording"
    recorder.finish()
    assert Take.open(recorder.folder).state == "complete"


def test_a_take_without_a_frame_leaves_nothing(recorder: Recorder, tmp_path: Path) -> None:
    recorder.event("marker", 0, name="nothing")
    assert recorder.finish() is None
    assert not recorder.folder.exists()
    assert Slate("film").next_take(tmp_path) == 1


def test_sound_begins_with_its_header_and_its_time(recorder: Recorder, frames: list[bytes]) -> None:
    record_frames(recorder, frames)
    with pytest.raises(ValueError, match="restart MediaRecorder"):
        recorder.sound(b"the middle of a recording", 5)
    recorder.sound(recorder_module.WEBM_MAGIC + b"one", 120_000)
    recorder.sound(b"two", 620_000)
    recorder.sound(recorder_module.WEBM_MAGIC + b"after a reconnect", 4_000_000)
    take = Take.open(recorder.finish() or Path())
    assert (take.folder / "mic.webm").read_bytes() == recorder_module.WEBM_MAGIC + b"onetwo"
    assert [event["ticks"] for event in take.events if event["kind"] == "sound"] == [120_000, 4_000_000]
    assert {"mic.webm", "mic-2.webm"} <= take.manifest.files.keys()


def test_a_disk_that_hangs_ends_the_recording_and_is_counted(
    recorder: Recorder, frames: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded: the hand-over waits, then gives up loudly; what came before is a take."""
    monkeypatch.setattr(recorder_module, "PATIENCE_S", 0.2)
    recorder.begin(PICTURE, 0)
    disk = threading.Event()
    packet = frames[0]
    recorder.frame(row(0, packet), packet, packet)
    recorder._hand_over(disk.wait)
    for n in range(1, recorder_module.QUEUE_LIMIT + 5):
        recorder.frame(row(n, packet), packet, packet)
    assert "the disk took nothing" in recorder.ended
    assert recorder.counts["unrecorded"] == 4
    disk.set()
    take = Take.open(recorder.finish() or Path())
    assert take.state == "recovered"
    assert "the disk took nothing" in take.manifest.ended
    assert len(take.frames) <= 1


def without_links(source: Path, copy: Path) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


def plate(folder: Path) -> Path:
    path = folder / f"{'a' * 64}.mp4"
    path.write_bytes(b"half a gigabyte")
    return path


def test_a_sets_file_is_linked_and_not_copied(recorder: Recorder, frames: list[bytes], tmp_path: Path) -> None:
    path = plate(tmp_path)
    for _ in range(2):
        recorder.keep(path.name, path)
    record_frames(recorder, frames)
    folder = recorder.finish()
    assert folder
    assert (folder / "sets" / path.name).samefile(path)
    assert f"sets/{path.name}" in Take.open(folder).manifest.files


def test_frames_are_written_while_a_sets_file_is_copied(
    recorder: Recorder, frames: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a slow disk, from one disk to another. The end waits for the copy."""
    path, go_on, copyfile = plate(tmp_path), threading.Event(), shutil.copyfile

    def slowly(source: Path, copy: Path) -> Path:
        assert go_on.wait(20)
        return copyfile(source, copy)

    monkeypatch.setattr(os, "link", without_links)
    monkeypatch.setattr(shutil, "copyfile", slowly)
    recorder.keep(path.name, path)
    record_frames(recorder, frames)
    deadline = time.monotonic() + 5
    while recorder.counts["frames"] < len(frames) and time.monotonic() < deadline:
        time.sleep(0.01)
    written = recorder.counts["frames"]
    threading.Timer(0.1, go_on.set).start()
    folder = recorder.finish()
    assert written == len(frames)
    assert folder
    assert (folder / "sets" / path.name).read_bytes() == b"half a gigabyte"
    assert f"sets/{path.name}" in Take.open(folder).manifest.files


def test_a_sets_file_that_cannot_be_copied_ends_the_recording_in_words(
    recorder: Recorder, frames: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, copy: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = plate(tmp_path)
    monkeypatch.setattr(os, "link", without_links)
    monkeypatch.setattr(shutil, "copyfile", full)
    record_frames(recorder, frames)
    recorder.keep(path.name, path)
    folder = recorder.finish()
    assert folder
    assert recorder.ended.startswith(
        f"the take has not its set: cannot copy {path} to {folder / 'sets'}: No space left"
    )
    assert Take.open(folder).state == "recovered"
