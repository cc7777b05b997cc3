"""Many streams through one call: each is what it would be alone."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch

from engine import batch as batches
from engine.batch import StreamBatch
from engine.config import lsd_test
from engine.stream import Stream
from engine.types import PromptRegion

SIZES = {"a": (64, 96), "b": (64, 96), "c": (72, 100)}
PROMPTS = {"a": "underwater", "b": "wild west", "c": "pencil"}


def stream(name: str, device: str = "cpu", backend: str = "auto") -> Stream:
    made = Stream.from_config(lsd_test(), seed=ord(name), device=device, backend=backend)
    made.prompt(PROMPTS[name])
    return made


def pictures(name: str, count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(ord(name))
    return [rng.integers(0, 255, (*SIZES[name], 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize(
    ("together", "backend", "device"),
    [
        (False, "auto", "cpu"),
        (True, "auto", "cpu"),
        (False, "plain", "cpu"),
        (True, "plain", "cpu"),
        (False, "recorded", "cpu"),
        (True, "recorded", "cpu"),
        pytest.param(False, "recorded", "cuda", marks=pytest.mark.gpu),
        pytest.param(True, "recorded", "cuda", marks=pytest.mark.gpu),
    ],
)
def test_streams_that_join_late_and_leave_early_are_what_they_are_alone(
    together: bool, backend: str, device: str
) -> None:
    lives = {"a": (0, 6), "b": (2, 6), "c": (1, 4)}
    alone = {}
    for name, (first, last) in lives.items():
        single = stream(name, device, backend)
        alone[name] = [single.step(picture) for picture in pictures(name, last - first)]
    batch = StreamBatch(together=together)
    shots = {name: pictures(name, last - first) for name, (first, last) in lives.items()}
    for k in range(6):
        for name, (first, last) in lives.items():
            if k == first:
                batch.join(name, stream(name, device, backend))
            if k == last:
                batch.leave(name)
        made = batch.step({name: shots[name][k - lives[name][0]] for name in lives if name in batch.streams})
        assert made.keys() == batch.streams.keys()
        for name, (first, _) in lives.items():
            if name not in made:
                continue
            picture, expected = made[name], alone[name][k - first]
            if together:  # another order of summation, and no folded weights: bfloat16 rounds differently
                assert np.abs(picture.astype(int) - expected).mean() < 2
            else:
                assert np.array_equal(picture, expected)


@pytest.mark.parametrize("backend", ["auto", "recorded"])
def test_a_stream_with_regions_goes_beside_one_without(backend: str) -> None:
    batch = StreamBatch(together=True)
    for name in "ab":
        batch.join(name, stream(name, backend=backend))
    half = np.zeros((8, 12), np.float32)
    half[:, :6] = 1
    batch.streams["b"].prompt([PromptRegion("pencil", half), PromptRegion("as it is", 1 - half)])
    made = batch.step({name: pictures(name, 1)[0] for name in "ab"})
    single = stream("a").step(pictures("a", 1)[0])
    assert np.abs(made["a"].astype(int) - single).mean() < 2


@pytest.mark.parametrize(("cores", "abreast"), [(4, 2), (3, 2), (1, 1)])
def test_streams_of_a_processor_go_side_by_side_where_each_has_its_cores(
    cores: int, abreast: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "cores", lambda: cores)
    batch = StreamBatch()
    for name in "ab":
        batch.join(name, Stream.from_config(lsd_test(), threads=1, seed=ord(name)))
    meet, plain, homes = threading.Barrier(abreast, timeout=30), Stream.step, set()

    def step(self: Stream, *args: object) -> np.ndarray:
        meet.wait()  # passes only if as many are under way
        homes.add(threading.current_thread())
        return plain(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Stream, "step", step)
    made = batch.step({name: pictures(name, 1)[0] for name in "ba"})
    assert list(made) == ["b", "a"]
    assert (threading.current_thread() in homes) == (abreast == 1)


def test_no_more_go_at_once_than_there_are_cores_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "cores", lambda: 2)
    batch, at_work, most = StreamBatch(), [], []
    step = Stream.step

    def watched(self: Stream, *given: Any) -> np.ndarray:
        at_work.append(self)
        most.append(len(at_work))
        made = step(self, *given)
        at_work.remove(self)
        return made

    monkeypatch.setattr(Stream, "step", watched)
    for name in "abcde":
        batch.join(name, Stream.from_config(lsd_test(), threads=1, seed=ord(name)))
    for _ in range(5):
        batch.step(dict.fromkeys("abcde", pictures("a", 1)[0]))
    assert max(most) == 2


@torch.inference_mode()
def test_who_comes_after_all_have_left_brings_other_weights() -> None:
    """The programs of those who left are not theirs."""
    batch, frame = StreamBatch(together=True), pictures("a", 1)[0]
    for weights_seed in (0, 1):
        made = {}
        for name in "ab":
            batch.join(name, Stream.from_config(lsd_test(), backend="recorded", weights_seed=weights_seed))
        made = batch.step(dict.fromkeys("ab", frame))
        alone = Stream.from_config(lsd_test(), backend="recorded", weights_seed=weights_seed).step(frame)
        for name in "ab":
            assert np.abs(made[name].astype(int) - alone).mean() < 2
            batch.leave(name)


def test_a_frame_that_fails_beside_others_leaves_none_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "cores", lambda: 2)
    batch = StreamBatch()
    for name in "ab":
        batch.join(name, Stream.from_config(lsd_test(), threads=1, seed=ord(name)))
    with pytest.raises(ValueError, match="uint8"):
        batch.step({"a": np.zeros((64, 96, 3), np.float32), "b": pictures("b", 1)[0]})
    assert [batch.streams[name].index for name in "ab"] == [0, 0], "nor out of step"


def test_makers_of_two_kinds_go_together() -> None:
    batch = StreamBatch(together=True)
    for name, backend in (("a", "recorded"), ("b", "plain")):
        batch.join(name, stream(name, backend=backend))
    frame = pictures("a", 1)[0]
    made = batch.step({"b": frame, "a": frame})
    assert list(made) == ["b", "a"]
    for name, backend in (("a", "recorded"), ("b", "plain")):
        assert np.abs(made[name].astype(int) - stream(name, backend=backend).step(frame)).mean() < 2


def test_what_cannot_join_or_step_is_named() -> None:
    batch = StreamBatch()
    batch.join("a", stream("a"))
    with pytest.raises(ValueError, match="taken"):
        batch.join("a", stream("b"))
    with pytest.raises(ValueError, match="weights_hash"):
        batch.join("b", Stream.from_config(lsd_test(), weights_seed=1))
    with pytest.raises(ValueError, match="no stream 'z'"):
        batch.step({"z": pictures("a", 1)[0]})
