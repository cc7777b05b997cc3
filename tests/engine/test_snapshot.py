"""A snapshot is the whole state, and damaged ones are refused by name."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from engine.config import lsd_test
from engine.stream import Stream
from engine.types import PromptRegion
from tests.engine.streams import run, same
from tests.pictures import disc


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [disc(i, 100, 72) for i in range(14)]


@pytest.mark.parametrize("at", [0, 1, 2, 5, 9])
def test_snapshot_and_restore_are_nothing(stream: Stream, pictures: list[np.ndarray], at: int) -> None:
    stream.prompt("underwater")
    run(stream, pictures[:at])
    stream.prompt([("snowfall", 0.3), ("underwater", 0.7)])
    data = stream.snapshot()
    rest = run(stream, pictures[at:])
    other = Stream.from_config(lsd_test(), seed=99)
    other.restore(data)
    assert other.snapshot() == data
    assert same(rest, run(other, pictures[at:]))


def test_a_snapshot_under_regions_is_exact(stream: Stream, pictures: list[np.ndarray]) -> None:
    left = np.zeros((9, 10), np.float32)
    left[:, :5] = 1
    stream.prompt([PromptRegion("pencil", left), PromptRegion([("as it is", 0.5), ("deep space", 0.5)], 1 - left)])
    run(stream, pictures[:6])
    other = Stream.from_config(lsd_test())
    other.restore(stream.snapshot())
    assert same(run(stream, pictures[6:]), run(other, pictures[6:]))


def snapshot_parts(data: bytes) -> tuple[dict[str, torch.Tensor], dict[str, object]]:
    """A snapshot's tensors and its header."""
    raw = zlib.decompress(data)
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    return load(raw), json.loads(header["__metadata__"]["stream"])


def packed(tensors: dict[str, torch.Tensor], header: object) -> bytes:
    return zlib.compress(save(tensors, {"stream": json.dumps(header)}))


def test_a_damaged_snapshot_changes_nothing(stream: Stream, pictures: list[np.ndarray]) -> None:
    run(stream, pictures[:3])
    good = stream.snapshot()
    tensors, header = snapshot_parts(good)
    bad = [b"", b"not a snapshot", good[:-20], zlib.compress(b"x"), zlib.compress(save(tensors))]
    bad += [packed({name: tensors[name] for name in tensors if name != gone}, header) for gone in tensors]
    bad += [packed(tensors, {name: header[name] for name in header if name != gone}) for gone in header]
    bad += [zlib.compress(save(tensors, {"stream": "{"})), packed(tensors, []), packed(tensors, None)]
    bad += [
        packed({**tensors, **other}, header)
        for other in (
            {"concepts": torch.ones(1, 2)},
            {"concepts": torch.ones(1, stream.config.concepts, dtype=torch.uint8)},
            {"masks": torch.ones(2, 8, 8)},
            {"masks": torch.ones(1)},
            {"last.0": torch.zeros(32, 32, 3, dtype=torch.uint8)},
            {"last.2": tensors["last.0"].clone()},
            {"remembered.0": torch.zeros(3, 2, 2)},
        )
    ]
    bad += [
        packed(tensors, {**header, **other})
        for other in (
            {"time_s": "x"},
            {"time_s": True},
            {"index": 1.5},
            {"seed": None},
            {"size": [64]},
            {"size": ["64", 96]},
            {"size": None},
            {"remembered_steps": [0.5]},
            {"remembered_steps": list(range(99))},
            {"config": {"name": "other"}},
            {"config": {**stream.config.to_dict(), "unknown": 1}},
            {"format": "lsd-snapshot-0"},
        )
    ]
    for data in bad:
        with pytest.raises(ValueError, match=r"^(not a snapshot of a stream, or a damaged|a snapshot of .* not fit)"):
            stream.restore(data)
        assert stream.snapshot() == good


def test_a_snapshot_within_a_streams_own_fade_is_refused(stream: Stream) -> None:
    """Streams once kept a fade that was running; going on without it would not be as if nothing had happened."""
    tensors, header = snapshot_parts(stream.snapshot())
    assert header["fade"] is None, "as files from before have it"
    old = packed({**tensors, "before.concepts": tensors["concepts"].clone()}, {**header, "fade": [0.5, 2.0]})
    with pytest.raises(ValueError, match=r"own fade was running.*restore one from before or after"):
        stream.restore(old)


def test_a_bug_in_restoring_is_not_called_a_damaged_snapshot(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise TypeError("a bug")

    data = stream.snapshot()
    monkeypatch.setattr("engine.snapshot.Conditioning", broken)
    with pytest.raises(TypeError, match="a bug"):
        stream.restore(data)
