"""A tiny studio: small JPEG frames, tiny random weights, and one recorded take that tests copy before they hurt it."""

from __future__ import annotations

import gc
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine import runtime
from engine.config import lsd_test
from engine.media.pictures import encode_jpeg
from engine.models.checkpoint import random_weights, save_weights
from engine.stream import Stream
from engine.types import LiveModel
from studio.delivery import proxies
from studio.live.connection import Connection
from studio.live.director import Director
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.slate import Slate
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.pictures import disc

WIDTH, HEIGHT = 96, 64
CLUSTER = b"\x1f\x43\xb6\x75"
"""Begins a cluster of a Matroska file."""


def camera_jpeg(index: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """A camera frame of that number, as a camera sends it."""
    return encode_jpeg(disc(index, *size), 90)


def ticks(index: int) -> int:
    """When a camera of 24 frames a second takes that frame."""
    return round(index * TICKS_PER_SECOND / 24)


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """Makes a camera frame of a number, and a size if wanted."""
    return camera_jpeg


def tiny(weights: Path, seed: int = 0) -> Stream:
    """A stream on one thread: waiting for a second one takes longer than the work."""
    return Stream.load(weights, device="cpu", seed=seed, threads=1)


@pytest.fixture
def thawed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The collector looks at everything, and nothing was settled, as in a new process."""
    gc.unfreeze()
    monkeypatch.setattr(runtime, "_settled", threading.Event())
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()  # as tests/conftest.py left it


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny random weights: a frame takes a millisecond, each text gives another picture, and no training changes it."""
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    made = random_weights(lsd_test())
    save_weights(path, made.network, made.router, {})
    return path


@pytest.fixture
def stream(weights: Path) -> Stream:
    return tiny(weights)


@pytest.fixture
def director(stream: Stream, weights: Path) -> Iterator[Director]:
    director = Director(stream, weights=str(weights))
    yield director
    director.close()


def shoot_take(sessions: Path, model: LiveModel, weights: str = "") -> Path:
    """A take of 4.2 s after half a second without: a cut, a fade in a fade, drops, a broken frame, a marker."""
    director = Director(model, weights=weights)
    director.say("underwater", 1.0, wait=True)  # still fading when the take begins
    for i in range(12):
        director.shoot(camera_jpeg(i), i, ticks(i))
    director.record(sessions, Slate("Test film", "1", "a"))
    connection = Connection(director)
    said: dict[int, tuple[object, float]] = {
        30: ("wild west", 0.0),
        60: ("as it is", 1.0),
        70: ([("underwater", 2), ("wild west", 1)], 0.5),
    }
    for i in range(12, 112):
        if i in said:
            director.say(*said[i], wait=True)  # type: ignore[arg-type]
        if i == 50:
            director.mark("the ball falls")
        if i % 10 == 5:
            connection.offer(camera_jpeg(i), i, ticks(i))  # the next one overtakes it
            continue
        connection.offer(b"no picture" if i == 80 else camera_jpeg(i), i, ticks(i))
        arrivals = connection._take()
        assert arrivals
        *skipped, newest = arrivals
        director.answer(newest, skipped)
    folder = director.cut()
    director.close()
    assert folder
    return folder


@pytest.fixture(scope="session")
def shot(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """The folder of a recorded take, with proxies. Read it, never write it."""
    folder = shoot_take(tmp_path_factory.mktemp("shot"), tiny(weights, seed=7), str(weights))
    proxies.make(folder)
    return folder


@pytest.fixture(scope="session")
def edge_shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same take shot by the fake model, without proxies. Read it, never write it."""
    return shoot_take(tmp_path_factory.mktemp("edge"), EdgeModel(seed=7))


@pytest.fixture
def edge_take(edge_shot: Path, tmp_path: Path) -> Take:
    """A copy of that one, to be hurt."""
    return Take.open(shutil.copytree(edge_shot, tmp_path / Path(*edge_shot.parts[-4:])))


@pytest.fixture
def take(shot: Path, tmp_path: Path) -> Take:
    """A copy of the recorded take, to be hurt."""
    copy = tmp_path / "sessions" / Path(*shot.parts[-4:])
    shutil.copytree(shot, copy)
    return Take.open(copy)


@pytest.fixture
def crashed(take: Take) -> Take:
    """The take as a crash would have left it: no end, no proxies, torn last lines, the last packets cut off."""
    for path in (take.folder / "proxy", take.folder / "poster.jpg", take.folder / f"{take.folder.name}.otio"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    manifest = take.manifest.model_copy(update={"state": "recording", "ended": "", "files": {}, "counts": {}})
    manifest.save(take.folder)
    events = take.folder / "events.jsonl"
    lines = events.read_bytes().splitlines(keepends=True)
    assert b'"end"' in lines[-1]
    events.write_bytes(b"".join(lines[:-1]) + b'{"kind": "mark')
    rows = take.folder / "frames.jsonl"
    rows.write_bytes(rows.read_bytes()[:-30])
    live = take.folder / "live.mkv"
    data = live.read_bytes()
    cluster = end = data.rfind(CLUSTER)
    for _ in range(2):
        cluster, end = data.rfind(CLUSTER, 0, cluster), cluster
    live.write_bytes(data[: (cluster + end) // 2])
    return Take.open(take.folder)
