"""Replay is exact, an edit changes nothing before it, nothing is overwritten; a check sees every changed byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest

from engine.media import VideoSource
from engine.types import Frame
from studio import export, proxies
from studio.check import check
from studio.director import Stream, load_stream
from studio.documents import CRC, Journal, read_document, read_journal, rgb_sha256, write_document
from studio.export import constant_rate, write_mp4, write_otio
from studio.render import first_change, nearest_snapshot, render, replay
from studio.take import Manifest, Take, TakeError, read_timeline
from studio.timeline import Key


@pytest.fixture
def stream(weights: Path) -> Stream:
    """Of the take's seed."""
    return Stream.load(weights, device="cpu", seed=7, threads=1)


def recorded(take: Take) -> list[str | None]:
    return [row.sha256 for row in take.made]


# -- replay


def test_a_replay_gives_the_recorded_pictures(shot: Path, stream: Stream) -> None:
    take = Take.open(shot)
    assert [rgb_sha256(rgb) for _, rgb in replay(stream, take, take.timeline)] == recorded(take)
    assert len(set(recorded(take))) == len(take.made)


@pytest.mark.parametrize("first", [1, 47, 48, 60, 99])
def test_a_replay_from_the_middle_gives_the_same(shot: Path, stream: Stream, first: int) -> None:
    take = Take.open(shot)
    found = dict(replay(stream, take, take.timeline, first))
    assert list(found) == [n for n, row in enumerate(take.frames) if n >= first and row.step is not None]
    assert [rgb_sha256(rgb) for rgb in found.values()] == [take.frames[n].sha256 for n in found]


def test_a_stream_is_made_as_the_take_says(shot: Path, weights: Path) -> None:
    stream = load_stream(Take.open(shot).manifest.engine)
    assert (stream.seed, stream.setup.threads, stream.setup.to_dict()) == (7, 1, Take.open(shot).manifest.engine.setup)


# -- render


def test_an_edit_leaves_what_is_before_it(take: Take, stream: Stream) -> None:
    edited = take.timeline.add(Key(2.99, "wild west", 0.2))
    version = render(take, edited, stream)
    first = first_change(take, edited)
    assert take.frames[first - 1].time_s < 2.99 < take.frames[first].time_s
    before = sum(row.step is not None for row in take.frames[:first])
    assert (version.name, version.info["first_row"], version.info["reused"]) == ("v001", first, before)
    assert version.info["hashes"][:before] == recorded(take)[:before]
    assert not set(version.info["hashes"][before:]) & set(recorded(take))
    assert version.info["exact"]
    assert read_timeline(version.folder / "timeline.json") == edited


def test_from_a_snapshot_and_from_the_start_it_is_the_same(take: Take, stream: Stream) -> None:
    edited = take.timeline.add(Key(2.99, "wild west", 0.2))
    assert nearest_snapshot(take, first_change(take, edited))[0] > 0
    part, whole = render(take, edited, stream), render(take, edited, stream, full=True)
    assert part.info["hashes"] == whole.info["hashes"]
    assert (part.info["reused"] > 0, whole.info["reused"]) == (True, 0)


def test_nothing_is_overwritten(take: Take, stream: Stream) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in take.folder.rglob("*") if path.is_file()}

    before = files()
    names = [render(take, take.timeline, stream).name for _ in range(2)]
    (take.folder / "renders" / "v004").mkdir()  # somebody else's
    names.append(render(take, take.timeline, stream).name)
    names.append(render(take, take.timeline, stream).name)
    assert names == ["v001", "v002", "v003", "v005"]
    assert before.items() <= files().items()
    assert [version.name for version in take.renders] == names


def test_an_interrupted_render_leaves_nothing(take: Take, stream: Stream) -> None:
    def stop(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(take, take.timeline, stream, progress=stop)
    assert list((take.folder / "renders").iterdir()) == []
    seen: list[tuple[int, int]] = []
    render(take, take.timeline, stream, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n + 1, 89) for n in range(89)]


def test_the_video_holds_the_takes_frames_at_their_times(take: Take, stream: Stream) -> None:
    version = render(take, take.timeline.add(Key(3.0, "wild west")), stream)
    frames = list(VideoSource(version.video))
    assert [frame.time_s for frame in frames] == pytest.approx([row.time_s for row in take.made], abs=1e-4)
    _, last = list(replay(stream, take, version.timeline, 99))[-1]
    assert np.abs(frames[-1].rgb.astype(float) - last).mean() < 6


def test_other_weights_make_every_frame_anew(take: Take, weights: Path, tmp_path: Path) -> None:
    data = bytearray(weights.read_bytes())
    data[-1] ^= 0x80  # a sign of the router
    other = tmp_path / "other.safetensors"
    other.write_bytes(data)
    version = render(take, take.timeline, Stream.load(other, device="cpu", seed=7, threads=1))
    assert (version.info["reused"], version.info["exact"]) == (0, False)


def test_a_crashed_take_renders(crashed: Take, stream: Stream) -> None:
    version = render(crashed, crashed.timeline.add(Key(1.0, "as it is")), stream)
    assert len(version.info["hashes"]) == len(crashed.made) == count_frames(version.video)


def count_frames(path: Path) -> int:
    return sum(1 for _ in VideoSource(path))


def test_a_take_that_cannot_be_rendered_says_why(take: Take, stream: Stream) -> None:
    shutil.rmtree(take.folder / "snapshots")
    with pytest.raises(TakeError, match="none is whole"):
        render(take, take.timeline.add(Key(0.5, "wild west")), stream)
    (take.folder / "raw.mkv").unlink()
    with pytest.raises(ValueError, match=r"raw\.mkv is missing"):
        proxies.make(take.folder)
    assert list((take.folder / "renders").iterdir()) == []
    assert (take.folder / proxies.RAW).exists(), "the old proxy stays"


def test_a_damaged_snapshot_is_passed_over(take: Take, stream: Stream) -> None:
    last, (path, _) = list(take.snapshots.items())[-1]
    path.write_bytes(b"damaged")
    assert nearest_snapshot(take, 99)[0] < last
    found = dict(replay(stream, take, take.timeline, 99))
    assert rgb_sha256(found[99]) == take.frames[99].sha256


# -- check


def test_a_sound_take_passes(shot: Path, stream: Stream) -> None:
    report = check(shot, stream)
    assert report.faults == []
    assert report.pictures == "89 of 89 are the same, byte for byte"


def test_a_crashed_take_that_is_sound_passes_and_is_called_recovered(crashed: Take, stream: Stream) -> None:
    report = check(crashed.folder, stream)
    assert (report.faults, report.take.state) == ([], "recovered")
    n = len(crashed.made)
    assert report.pictures == f"{n} of {n} are the same, byte for byte"
    assert any("never reached the disk" in notice for notice in report.notices)


FILES = ["take.json", "events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv", "snapshots/000000.state"]
MADE_LATER = ["proxy/raw.mp4", "proxy/live.mp4", "poster.jpg", "T001.otio"]
RENDERED = ["renders/v001/out.mp4", "renders/v001/timeline.json", "renders/v001/render.json"]


@pytest.mark.parametrize("name", [*FILES, *MADE_LATER])
def test_a_changed_or_missing_file_fails(take: Take, stream: Stream, name: str) -> None:
    path = take.folder / name
    data = bytearray(path.read_bytes())
    for at in (len(data) // 3, len(data) * 2 // 3):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert faults(take.folder, stream), f"byte {at}"
    path.unlink()
    assert any(Path(name).name in fault for fault in faults(take.folder, stream))


@pytest.mark.parametrize("name", ["events.jsonl", "frames.jsonl", "raw.mkv", "live.mkv", "snapshots/000000.state"])
def test_a_changed_byte_of_a_crashed_take_fails(crashed: Take, stream: Stream, name: str) -> None:
    path = crashed.folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert faults(crashed.folder, stream)


def test_a_changed_render_fails(take: Take, stream: Stream) -> None:
    render(take, take.timeline, stream)
    assert not faults(take.folder, stream)
    for name in RENDERED:
        path = take.folder / name
        data = path.read_bytes()
        at = data.find(b"wild")
        at = at if at > 0 else len(data) // 2
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert any(name in fault for fault in faults(take.folder, stream)), name
        path.write_bytes(data)


def faults(folder: Path, stream: Stream) -> list[str]:
    """What a check complains about; a take that does not open complains, too."""
    try:
        return check(folder, stream).faults
    except TakeError as error:
        assert "\n" not in str(error)
        return [str(error)]


def test_a_changed_event_fails(take: Take, stream: Stream) -> None:
    path = take.folder / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b"wild west", b"wild nest", 1))
    assert "events.jsonl: was changed" in faults(take.folder, stream)


def test_an_event_that_was_forged_with_its_checksum_fails_by_its_pictures(crashed: Take, stream: Stream) -> None:
    """Nothing but the replay can see this one."""
    path = crashed.folder / "events.jsonl"
    rows, _ = read_journal(path)
    path.unlink()
    journal = Journal(path)
    for row in rows:
        row.pop(CRC, None)
        if row["kind"] == "prompt" and row["key"]["prompt"] == "wild west":
            row["key"]["prompt"] = "underwater"
        journal.append(row)
    journal.close()
    (fault,) = faults(crashed.folder, stream)
    assert "another when it is made again" in fault


def test_on_another_setup_pictures_are_compared_within_a_tolerance(take: Take, stream: Stream) -> None:
    pretend(take, {"cpu_features": "another processor"})
    report = check(take.folder, stream)
    assert report.faults == []
    assert "within a tolerance" in report.pictures
    assert any("cpu_features: another processor in the take" in notice for notice in report.notices)


def test_on_another_setup_other_pictures_fail(take: Take, stream: Stream) -> None:
    other = Stream.from_config(stream.config, seed=7, threads=1, weights_seed=1)
    pretend(take, {"cpu_features": "another processor", "weights_hash": other.setup.weights_hash})
    assert faults(take.folder, other) == ["the pictures are others when they are made again"]


def test_with_other_weights_the_pictures_are_not_compared_and_it_says_so(take: Take, stream: Stream) -> None:
    pretend(take, {"weights_hash": "gone"})
    report = check(take.folder, stream)
    assert (report.faults, report.pictures) == ([], "not compared: made with other weights")


def pretend(take: Take, setup: dict[str, str]) -> None:
    """As if the take had been made on another set-up."""
    path = take.folder / "take.json"
    data, _ = read_document(path)
    data["engine"]["setup"] |= setup
    write_document(path, data)


# -- export


def test_proxies_run_in_sync_and_are_bt709(shot: Path) -> None:
    take = Take.open(shot)
    raw, live = (list(VideoSource(shot / name)) for name in (proxies.RAW, proxies.LIVE))
    decodable = [row for row in take.frames if row.error is None]
    assert [frame.time_s for frame in raw] == pytest.approx([row.time_s for row in decodable], abs=1e-4)
    assert [frame.time_s for frame in live] == pytest.approx([row.time_s for row in take.made], abs=1e-4)
    with av.open(str(shot / proxies.LIVE)) as video:
        assert video.streams.video[0].codec_context.colorspace == 1  # BT.709
    assert set(Manifest.load(shot)[0].files) >= {proxies.RAW, proxies.LIVE, proxies.POSTER, "T001.otio"}


def test_an_exported_video_has_a_constant_rate(take: Take, tmp_path: Path) -> None:
    write_mp4(take, tmp_path / "out.mp4")
    times = [frame.time_s for frame in VideoSource(tmp_path / "out.mp4")]
    assert len(times) == 100
    assert np.diff(times) == pytest.approx(1 / 24, abs=1e-4)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_constant_rate_holds_the_newest_picture() -> None:
    pictures = [np.full((2, 2, 3), n, np.uint8) for n in range(3)]
    frames = [Frame(pictures[n], n, time_s) for n, time_s in enumerate((0.0, 0.11, 0.42))]
    out = list(constant_rate(frames, 10, 6))
    assert [int(frame.rgb[0, 0, 0]) for frame in out] == [0, 1, 1, 1, 2, 2]
    assert [frame.time_s for frame in out] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])


def test_an_export_takes_the_version_that_is_asked_for(take: Take, stream: Stream, tmp_path: Path) -> None:
    assert export.pick(take, None) == "live"
    version = render(take, take.timeline, stream)
    assert export.pick(take, None) == version
    assert export.pick(take, "raw") == "raw"
    with pytest.raises(TakeError, match="it has raw, live, v001"):
        export.pick(take, "v002")
    write_mp4(take, tmp_path / "out.mp4", "v001")
    assert count_frames(tmp_path / "out.mp4") == 100


def test_sound_is_exported_in_its_place(take: Take, tmp_path: Path, tone: Callable[[Path], None]) -> None:
    """A tone that begins at second 1 is silent before it."""
    tone(take.folder / "mic.webm")
    rows, _ = read_journal(take.folder / "events.jsonl")
    (take.folder / "events.jsonl").unlink()
    journal = Journal(take.folder / "events.jsonl")
    for row in [*rows, {"kind": "sound", "ticks": 1_000_000, "file": "mic.webm"}]:
        journal.append(row)
    journal.close()
    write_mp4(Take.open(take.folder), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as video:
        heard = np.zeros(48_000 * 4)
        for frame in video.decode(audio=0):
            samples = frame.to_ndarray()[0]
            assert frame.time is not None
            begin = round(frame.time * 48_000)
            heard[begin : begin + len(samples)] = samples[: max(0, len(heard) - begin)]
    level = np.sqrt((heard.reshape(-1, 4_800) ** 2).mean(1))
    assert (level[:9] < 0.01).all()
    assert (level[11:18] > 0.1).all()


@pytest.fixture
def tone() -> Callable[[Path], None]:
    """Writes a second of 440 Hz as WebM."""

    def write(path: Path) -> None:
        with av.open(str(path), "w", format="webm") as webm:
            stream = webm.add_stream("libopus", rate=48_000)
            stream.layout = "mono"
            samples = (0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(samples[None], "flt", "mono")
            frame.sample_rate, frame.pts = 48_000, 0
            webm.mux(stream.encode(frame))
            webm.mux(stream.encode(None))

    return write


def test_an_otio_holds_clips_keys_and_markers(take: Take, stream: Stream, tmp_path: Path) -> None:
    render(take, take.timeline.add(Key(3.0, "golden rome", 0.5)), stream)
    write_otio(take, tmp_path / "t.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "t.otio"))
    assert [track.name for track in timeline.tracks] == ["camera", "live", "v001"]
    live, version = (timeline.tracks[n][0] for n in (1, 2))
    assert live.source_range.duration == otio.opentime.RationalTime(100, 24)
    assert tmp_path / live.media_reference.target_url == take.folder / proxies.LIVE
    names = [marker.name for marker in version.markers]
    assert {"wild west", "golden rome", "the ball falls"} <= set(names)
    key = version.markers[names.index("golden rome")]
    assert key.marked_range.start_time == otio.opentime.RationalTime(72, 24)
    assert dict(key.metadata["lsd-studio"])["fade_s"] == 0.5
    beside = otio.adapters.read_from_file(str(take.folder / "T001.otio"))
    assert beside.tracks[1][0].media_reference.target_url == "proxy/live.mp4"
