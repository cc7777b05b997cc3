"""Replay is exact, an edit changes nothing before it, nothing is overwritten; a check sees every changed byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.media.video import VideoSource
from engine.stream import Stream
from engine.types import LiveModel
from studio.delivery import proxies
from studio.model import load_model
from studio.rendering.render import render
from studio.rendering.replay import first_change, nearest_snapshot, replay
from studio.takes.documents import TakeError, rgb_sha256
from studio.takes.take import Take
from studio.takes.version import read_timeline
from studio.timeline.keys import Key
from tests.edge_model import EdgeModel


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


@pytest.mark.parametrize("kind", ["edge", pytest.param("lsd", marks=pytest.mark.long)])
@pytest.mark.parametrize("first", [1, 47, 48, 60, 99])
def test_a_replay_from_the_middle_gives_the_same(kind: str, first: int, request: pytest.FixtureRequest) -> None:
    take = Take.open(request.getfixturevalue("edge_shot" if kind == "edge" else "shot"))
    model: LiveModel = EdgeModel(seed=7) if kind == "edge" else request.getfixturevalue("stream")
    found = dict(replay(model, take, take.timeline, first))
    assert list(found) == [n for n, row in enumerate(take.frames) if n >= first and row.step is not None]
    assert [rgb_sha256(rgb) for rgb in found.values()] == [take.frames[n].sha256 for n in found]


def test_a_stream_is_made_as_the_take_says(shot: Path, weights: Path) -> None:
    stream = load_model(Take.open(shot).manifest.engine)
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


@pytest.mark.long
def test_from_a_snapshot_and_from_the_start_it_is_the_same(take: Take, stream: Stream) -> None:
    edited = take.timeline.add(Key(2.99, "wild west", 0.2))
    assert nearest_snapshot(take, first_change(take, edited))[0] > 0
    part, whole = render(take, edited, stream), render(take, edited, stream, full=True)
    assert part.info["hashes"] == whole.info["hashes"]
    assert (part.info["reused"] > 0, whole.info["reused"]) == (True, 0)


@pytest.mark.long
def test_nothing_is_overwritten(take: Take, stream: Stream) -> None:
    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in take.folder.rglob("*") if path.is_file()}

    before = files()
    names = [render(take, take.timeline, stream, full=True).name for _ in range(2)]
    (take.folder / "renders" / "v004").mkdir()  # somebody else's
    names.append(render(take, take.timeline, stream, full=True).name)
    names.append(render(take, take.timeline, stream, full=True).name)
    assert names == ["v001", "v002", "v003", "v005"]
    assert before.items() <= files().items()
    assert [version.name for version in take.renders] == names


def test_an_interrupted_render_leaves_nothing(take: Take, stream: Stream) -> None:
    def stop(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(take, take.timeline, stream, progress=stop, resumable=False)
    assert list((take.folder / "renders").iterdir()) == []
    seen: list[tuple[int, int]] = []
    render(take, take.timeline, stream, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n + 1, 89) for n in range(89)]


def test_the_video_holds_the_takes_frames_at_their_times(edge_take: Take) -> None:
    model = EdgeModel(seed=7)
    version = render(edge_take, edge_take.timeline.add(Key(3.0, "wild west")), model)
    frames = list(VideoSource(version.video))
    assert [frame.time_s for frame in frames] == pytest.approx([row.time_s for row in edge_take.made], abs=1e-4)
    _, last = list(replay(model, edge_take, version.timeline, 99))[-1]
    assert np.abs(frames[-1].rgb.astype(float) - last).mean() < 6


@pytest.mark.long
def test_other_weights_make_every_frame_anew(take: Take, weights: Path, tmp_path: Path) -> None:
    data = bytearray(weights.read_bytes())
    data[-1] ^= 0x80  # a sign of the router
    other = tmp_path / "other.safetensors"
    other.write_bytes(data)
    version = render(take, take.timeline, Stream.load(other, device="cpu", seed=7, threads=1))
    assert (version.info["reused"], version.info["exact"]) == (0, False)


@pytest.mark.long
def test_a_crashed_take_renders(crashed: Take, stream: Stream) -> None:
    version = render(crashed, crashed.timeline.add(Key(1.0, "as it is")), stream)
    assert len(version.info["hashes"]) == len(crashed.made) == len(list(VideoSource(version.video)))


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
