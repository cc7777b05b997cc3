"""`check` passes what is as it was shot, on this machine and on others, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.types import LiveModel
from studio.model import load_model
from studio.rendering.render import render
from studio.rendering.verify import Report, check_take
from studio.takes.documents import Journal, TakeError, crc, file_sha256, read_journal
from studio.takes.manifest import EngineEntry, Manifest
from studio.takes.mjpeg import PacketFile, packets
from studio.takes.recorder import Recorder
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel, EdgeSetup

FILES = ["take.json", "events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv", "poster.jpg", "proxy/live.mp4"]


@pytest.fixture(scope="module")
def engine(shot: Path, weights: Path) -> LiveModel:
    """The take's own set-up."""
    return load_model(Take.open(shot).manifest.engine, weights=weights)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def faults(folder: Path, engine: LiveModel) -> list[str]:
    """What `check` finds, or why it cannot open the take."""
    try:
        return check_take(folder, engine).faults
    except TakeError as error:
        return [str(error)]


def contents(folder: Path) -> dict[str, str]:
    return {str(path): file_sha256(path) for path in folder.rglob("*") if path.is_file()}


def rewrite(take: Take, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change every row of a journal, with all checksums made right again: a thorough forger's work."""
    path = take.folder / name
    rows, _ = read_journal(path)
    path.unlink()
    journal = Journal(path)
    for row in rows:
        change(row)
        journal.append(row)
    journal.close()
    seal(take.folder, name)


def seal(folder: Path, *names: str) -> None:
    manifest, _ = Manifest.load(folder)
    manifest.files |= {name: file_sha256(folder / name) for name in names}
    manifest.save(folder)


@pytest.mark.long
def test_a_take_as_it_was_shot_is_sound_and_checking_changes_nothing(take: Take, engine: LiveModel) -> None:
    before = contents(take.folder)
    done: list[tuple[int, int]] = []
    report = check_take(take.folder, engine, lambda *progress: done.append(progress))
    assert (report.sound, report.faults, report.notices) == (True, [], [])
    assert report.pictures == f"{len(take.made)} of {len(take.made)} are the same, byte for byte"
    assert done == [(n, len(take.made)) for n in range(1, len(take.made) + 1)]
    assert contents(take.folder) == before


@pytest.mark.parametrize("where", [0, 1 / 3, 2 / 3, 1], ids=["first", "third", "two thirds", "last"])
@pytest.mark.parametrize("name", FILES)
def test_one_changed_bit_fails_and_the_file_is_named(take: Take, engine: LiveModel, name: str, where: float) -> None:
    path = take.folder / name
    flip(path, round(where * (path.stat().st_size - 1)))
    found = faults(take.folder, engine)
    assert any(name in fault for fault in found)
    if name != "take.json":  # which names the other files, and may now misname them
        assert all(name in fault for fault in found)


@pytest.mark.parametrize("field", [b'"raw_crc": "', b'"live_crc": "'], ids=["raw", "live"])
def test_a_changed_row_accuses_no_other_file(take: Take, engine: LiveModel, field: bytes) -> None:
    rows = take.folder / "frames.jsonl"
    flip(rows, rows.read_bytes().index(field) + len(field))  # the first digit of a packet's checksum
    found = faults(take.folder, engine)
    assert found
    assert all("frames.jsonl" in fault for fault in found)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_fails_and_is_named(take: Take, engine: LiveModel, name: str) -> None:
    (take.folder / name).unlink()
    assert any(name in fault and "missing" in fault for fault in faults(take.folder, engine))


def test_snapshots_are_checked(take: Take, engine: LiveModel) -> None:
    first, *_ = sorted((take.folder / "snapshots").iterdir())
    flip(first, 100)
    assert f"snapshots/{first.name}: was changed" in faults(take.folder, engine)
    first.unlink()
    assert f"snapshots/{first.name}: is missing" in faults(take.folder, engine)


@pytest.mark.long
def test_renders_are_checked(take: Take, engine: LiveModel) -> None:
    version = render(take, Timeline((Key(0, "underwater"),)), engine)
    assert check_take(take.folder, engine).sound
    for name in ("out.mp4", "timeline.json", "render.json"):
        copy = take.folder.with_name("T009")
        shutil.copytree(take.folder, copy)
        path = copy / "renders" / version.name / name
        flip(path, path.stat().st_size // 2)
        assert any(f"renders/v001/{name}" in fault for fault in faults(copy, engine))
        shutil.rmtree(copy)


def test_a_changed_event_fails_even_with_right_checksums(take: Take, engine: LiveModel) -> None:
    def change(event: dict[str, Any]) -> None:
        if event["kind"] == "prompt" and event["key"]["prompt"] == "wild west":
            event["key"]["prompt"] = "underwater"

    rewrite(take, "events.jsonl", change)
    (fault,) = faults(take.folder, engine)
    assert "is another when it is made again" in fault


def test_a_prompt_moved_by_one_frame_fails_even_with_right_checksums(take: Take, engine: LiveModel) -> None:
    def change(event: dict[str, Any]) -> None:
        if event["kind"] == "prompt" and event["key"]["prompt"] == "wild west":
            event["key"]["time_s"] -= 0.06

    rewrite(take, "events.jsonl", change)
    assert faults(take.folder, engine)


def test_a_changed_camera_picture_fails_even_with_right_checksums(
    take: Take, engine: LiveModel, jpeg: Callable[[int], bytes]
) -> None:
    path, picture = take.folder / "raw.mkv", take.manifest.picture
    assert picture
    before = list(packets(path))
    path.unlink()
    file = PacketFile(path, picture.width, picture.height, picture.fps)
    for n, packet in enumerate(before):
        file.write(jpeg(510) if n == 40 else packet, take.frames[n].ticks // 1000)
    file.close()
    rows = iter(range(len(before)))
    rewrite(take, "frames.jsonl", lambda row: row.update(raw_crc=crc(jpeg(510))) if next(rows) == 40 else None)
    seal(take.folder, "raw.mkv")
    (fault,) = faults(take.folder, engine)
    assert fault.startswith("the picture of frame 40 at ")


def test_a_recovered_take_that_is_sound_passes_and_is_called_recovered(crashed: Take, engine: LiveModel) -> None:
    report = check_take(crashed.folder, engine)
    assert report.sound, report.faults
    assert report.take.state == "recovered"
    assert report.notices
    assert report.pictures == f"{len(crashed.made)} of {len(crashed.made)} are the same, byte for byte"


@pytest.mark.parametrize("name", ["take.json", "events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv"])
def test_a_recovered_take_with_a_changed_bit_fails(crashed: Take, engine: LiveModel, name: str) -> None:
    path = crashed.folder / name
    flip(path, path.stat().st_size // 2)
    assert any(name in fault for fault in faults(crashed.folder, engine))


def test_a_recovered_take_that_lacks_an_event_fails(crashed: Take, engine: LiveModel) -> None:
    path = crashed.folder / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert any("events.jsonl" in fault for fault in faults(crashed.folder, engine))


class Elsewhere(EdgeModel):
    """The fake on a machine that rounds otherwise: each value may be one less."""

    setup = EdgeSetup(dtype="float32")

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        return np.maximum(super().step(frame, time_s, index), 1) - 1


def elsewhere_report(report: Report) -> None:
    assert report.pictures.startswith("made on another set-up, so compared within a tolerance: PSNR ")
    assert any(notice.startswith("dtype: ") for notice in report.notices)


def test_on_another_set_up_pictures_are_compared_within_a_tolerance(edge_take: Take) -> None:
    report = check_take(edge_take.folder, Elsewhere(seed=7))
    assert report.sound, (report.faults, report.pictures)
    elsewhere_report(report)


def test_on_another_set_up_a_changed_event_fails_too(edge_take: Take) -> None:
    def change(event: dict[str, Any]) -> None:
        if event["kind"] == "prompt":
            event["key"]["prompt"] = "as it is" if event["key"]["prompt"] == "wild west" else "wild west"

    rewrite(edge_take, "events.jsonl", change)
    report = check_take(edge_take.folder, Elsewhere(seed=7))
    elsewhere_report(report)
    assert report.faults == ["the pictures are others when they are made again"]


def test_pictures_of_other_weights_are_not_compared_and_the_report_says_so(take: Take, engine: LiveModel) -> None:
    manifest, _ = Manifest.load(take.folder)
    manifest.engine.setup["weights_hash"] = "0123456789abcdef"
    manifest.save(take.folder)
    report = check_take(take.folder, engine)
    assert report.pictures == "not compared: made with other weights"
    assert report.notices == ["made with weights 0123456789ab; give them with --weights FILE to compare its pictures"]


def test_a_take_that_is_being_recorded_is_not_checked(tmp_path: Path, engine: LiveModel) -> None:
    recorder = Recorder(tmp_path, Slate("film"), EngineEntry())
    with pytest.raises(TakeError, match="is being recorded; check it when it has ended"):
        check_take(recorder.folder, engine)
    assert recorder.finish() is None
