"""What leaves the studio: proxies in sync, video at a constant rate with its sound, a timeline for the editing room."""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

import av
import numpy as np
import opentimelineio as otio
import pytest

from engine.media.video import VideoSource
from engine.stream import Stream
from engine.types import Frame
from studio.delivery import export, proxies
from studio.delivery.export import MOST_STILL_S, constant_rate, exported_frames, without_gaps, write_mp4, write_otio
from studio.rendering.render import render
from studio.takes.documents import Journal, TakeError, read_journal
from studio.takes.manifest import Manifest
from studio.takes.take import Take
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Key, Matte


@pytest.fixture
def stream(weights: Path) -> Stream:
    """Of the take's seed."""
    return Stream.load(weights, device="cpu", seed=7, threads=1)


@pytest.mark.long
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


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not to be had there")
@pytest.mark.parametrize("name", ["takes #1?", "50% off", "Дуэль и snö", "12:30", "a;b&c=d+e", "~'(x)!*"])
def test_the_urls_of_an_otio_lead_to_the_files(take: Take, tmp_path: Path, name: str) -> None:
    """Read by OpenTimelineIO itself, and resolved as URLs are (RFC 3986, 5)."""
    folder = tmp_path / name / take.folder.name
    shutil.copytree(take.folder, folder)
    moved = Take.open(folder)
    (folder / "mic.webm").write_bytes(b"")
    for document in (folder / "beside.otio", folder.parent / "above.otio", tmp_path / "elsewhere.otio"):
        write_otio(moved, document)
        timeline = otio.adapters.read_from_file(str(document))
        urls = [clip.media_reference.target_url for clip in timeline.find_clips()]
        assert len(urls) == 2
        for url in urls:
            parts = urlsplit(urljoin(document.as_uri(), url))
            assert (parts.scheme, parts.query, parts.fragment) == ("file", "", ""), url
            assert url.isascii()
            assert Path(url2pathname(parts.path)).samefile(folder / "proxy" / Path(parts.path).name)


def test_an_otio_on_a_full_disk_leaves_what_was_there(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.otio"
    out.write_text("an older one")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_otio(take, out)
    assert out.read_text() == "an older one"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.otio"]


def test_a_format_gets_the_frames_of_a_version_at_a_rate(take: Take) -> None:
    frames = list(exported_frames(take, "raw", fps=12))
    assert [(frame.index, frame.time_s) for frame in frames] == [(n, n / 12) for n in range(50)]
    with pytest.raises(TakeError, match="no version 'v009'"):
        exported_frames(take, "v009")


def test_constant_rate_holds_the_newest_picture() -> None:
    pictures = [np.full((2, 2, 3), n, np.uint8) for n in range(3)]
    frames = [Frame(pictures[n], n, time_s) for n, time_s in enumerate((0.0, 0.11, 0.42))]
    out = list(constant_rate(frames, 10, 6))
    assert [int(frame.rgb[0, 0, 0]) for frame in out] == [0, 1, 1, 1, 2, 2]
    assert [frame.time_s for frame in out] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])


@pytest.mark.long
def test_an_export_takes_the_version_that_is_asked_for(take: Take, stream: Stream, tmp_path: Path) -> None:
    assert export.pick(take, None) == "live"
    version = render(take, take.timeline, stream)
    assert export.pick(take, None) == version
    assert export.pick(take, "raw") == "raw"
    with pytest.raises(TakeError, match="it has raw, live, v001"):
        export.pick(take, "v002")
    write_mp4(take, tmp_path / "out.mp4", "v001")
    assert len(list(VideoSource(tmp_path / "out.mp4"))) == 100


def test_sound_is_exported_in_its_place(take: Take, tmp_path: Path, tone: Callable[[Path], None]) -> None:
    """A tone that begins at second 1 is silent before it."""
    with_sound(take, tone, 1.0)
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


def with_sound(take: Take, tone: Callable[[Path], None], *starts_s: float) -> Take:
    """The take with a second of tone from each of these moments on."""
    rows, _ = read_journal(take.folder / "events.jsonl")
    (take.folder / "events.jsonl").unlink()
    journal = Journal(take.folder / "events.jsonl")
    for row in rows:
        journal.append(row)
    for n, start_s in enumerate(starts_s):
        tone(take.folder / f"mic-{n}.webm")
        journal.append({"kind": "sound", "ticks": round(start_s * 1e6), "file": f"mic-{n}.webm"})
    journal.close()
    return Take.open(take.folder)


@pytest.mark.parametrize("start_s", [0.0, 3.5, 4.0])
def test_exported_sound_never_outlasts_the_picture(
    take: Take, tmp_path: Path, tone: Callable[[Path], None], start_s: float
) -> None:
    """The take ends at 4.17 s, and a second of sound goes beyond it."""
    write_mp4(with_sound(take, tone, start_s), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as video:
        picture, voice = video.streams.video[0], video.streams.audio[0]
        lengths = [float(stream.duration * stream.time_base) for stream in (voice, picture)]  # type: ignore[operator]
        assert lengths[0] <= lengths[1]
        end_s = max(float(frame.time or 0) + frame.samples / 48_000 for frame in video.decode(audio=0))
        assert min(start_s + 1, take.duration_s) - 0.05 < end_s <= take.duration_s


def test_an_otio_puts_each_sound_at_its_own_start_and_length(
    take: Take, tmp_path: Path, tone: Callable[[Path], None]
) -> None:
    write_otio(with_sound(take, tone, 0.5, 0.0, 3.9, -0.25, 9.0), tmp_path / "t.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "t.otio"))
    spans = []
    for track in timeline.audio_tracks():
        clip = track[-1]
        inside = track.range_of_child(clip)
        spans.append(
            [inside.start_time, inside.duration, clip.source_range.start_time, clip.available_range().duration]
        )
    in_s = [[time.to_seconds() for time in span] for span in spans]
    assert [track.name for track in timeline.audio_tracks()] == ["sound 1", "sound 2", "sound 3", "sound 4"]
    expected = [[0.5, 1, 0, 1], [0, 1, 0, 1], [3.9, take.duration_s - 3.9, 0, 1], [0, 0.75, 0.25, 1]]
    assert in_s == [pytest.approx(span, abs=0.025) for span in expected]


@pytest.mark.parametrize(
    ("fps", "rate"),
    [(24, 24), (23.976, 24_000 / 1001), (29.97, 30_000 / 1001), (10, 30), (15, 30), (12.5, 25), (0.5, 24), (3.46, 24)]
    + [(20, 60), (90, 60), (1000, 60), (27.4, 30), (11.988, 24_000 / 1001)],
)
def test_an_otio_counts_in_a_rate_that_has_timecode(take: Take, tmp_path: Path, fps: float, rate: float) -> None:
    """EDL and XML name each moment by its timecode, and there is none at, say, 10 frames a second."""
    assert take.manifest.picture
    picture = take.manifest.picture.model_copy(update={"fps": fps})
    take = replace(take, manifest=take.manifest.model_copy(update={"picture": picture}))
    write_otio(take, tmp_path / "t.otio")
    span = otio.adapters.read_from_file(str(tmp_path / "t.otio")).tracks[0][0].source_range
    assert span.duration.rate == pytest.approx(rate)
    assert otio.opentime.to_timecode(span.duration, span.duration.rate)
    assert span.duration.to_seconds() == pytest.approx(take.duration_s, abs=0.5 / rate)


@pytest.mark.long
def test_an_otio_holds_clips_keys_and_markers(take: Take, stream: Stream, tmp_path: Path) -> None:
    weights = (Keyframe(1.0, 0.0), Keyframe(2.0, 1.0), Keyframe(3.0, 1.0), Keyframe(3.5, 0.0, "step"))
    chest = Matte("chest", "gold", {"colour": "green"}, weights)
    line = replace(take.timeline.add(Key(3.0, "golden rome", 0.5)).set(0, strength=0.5), mattes=(chest,))
    render(take, line, stream)
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
    (shown,) = (marker for marker in version.markers if marker.name == "chest: gold")
    assert (shown.marked_range.start_time.value, shown.marked_range.duration.value) == (24, 60)
    assert dict(shown.metadata["lsd-studio"]["where"]) == {"colour": "green"}
    assert [value["value"] for value in version.metadata["lsd-studio"]["tracks"][0]["values"]] == [0.5]
    beside = otio.adapters.read_from_file(str(take.folder / "T001.otio"))
    assert beside.tracks[1][0].media_reference.target_url == "proxy/live.mp4"


@pytest.mark.parametrize("gaps", [(8 * 3600,), (0.5, 1000, 2000), (119.0, 1.0)])
def test_a_gap_is_bounded(gaps: tuple[float, ...]) -> None:
    times = [0.0, *itertools.accumulate(gaps)]
    frames = [Frame(np.zeros((2, 2, 3), np.uint8), n, time_s) for n, time_s in enumerate(times)]
    bounded = [frame.time_s for frame in without_gaps(frames)]
    assert bounded == pytest.approx([0.0, *itertools.accumulate(min(gap, MOST_STILL_S) for gap in gaps)])
