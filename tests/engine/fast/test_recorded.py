"""A recorded frame is a stream's frame: the program over fixed tensors against the plain way, on the CPU.

There the program is called instead of recorded, and the kernels' twins stand for the kernels, so what is shown here is
all but Triton's arithmetic (tests/engine/kernels/test_kernels.py) and the recording (the tests marked gpu).
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from engine import kernels, runtime
from engine.config import ModelConfig, lsd_test
from engine.fast.recorded import Recorded
from engine.prompts import blend, mix
from engine.stream import Stream
from engine.types import PromptRegion
from tests.pictures import disc

SIZES = [(64, 96), (72, 100)]  # the second is no multiple of 32: edges are repeated


def pictures(height: int, width: int, count: int = 12) -> list[np.ndarray]:
    return [disc(i, width, height) for i in range(count)]


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Float32 everywhere: two ways of the same sum differ by less than a grey level."""
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: torch.float32)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def prompt(stream: Stream, index: int) -> None:
    """A cut, regions, and a fade from one prompt to another, as frames go by."""
    left = np.zeros((9, 10), np.float32)
    left[:, :5] = 1
    if index == 0:
        stream.prompt("underwater")
    elif index == 4:
        stream.prompt([PromptRegion("pencil", left), PromptRegion("as it is", 1 - left)])
    elif index >= 7:
        stream.prompt(mix(blend("as it is"), blend("deep space"), min((index - 7) / 2, 1)))


def maker(stream: Stream) -> Recorded:
    assert isinstance(stream.maker, Recorded)
    return stream.maker


def run(stream: Stream, frames: list[np.ndarray], first: int = 0) -> list[np.ndarray]:
    shown = []
    for i, frame in enumerate(frames, first):
        prompt(stream, i)
        shown.append(stream.step(frame))
    return shown


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize(
    ("size", "steps"),
    [
        (SIZES[0], 1),
        (SIZES[1], 3),
        pytest.param(SIZES[0], 3, marks=pytest.mark.long),
        pytest.param(SIZES[1], 1, marks=pytest.mark.long),
    ],
)
def test_recorded_frames_are_the_plain_ones(device: str, size: tuple[int, int], steps: int) -> None:
    """Within one grey level, of which a rounding may make the difference; from the same past at every frame, because
    random weights double what differs from frame to frame."""
    plain, recorded = (
        Stream.from_config(lsd_test(), device=device, seed=5, steps=steps, backend=backend)
        for backend in ("plain", "recorded")
    )
    for i, frame in enumerate(pictures(*size)):
        prompt(recorded, i)
        plain.restore(recorded.snapshot())
        expected, made = plain.step(frame).astype(int), recorded.step(frame)
        difference = np.abs(made - expected)
        assert difference.max() <= 1
        assert difference.mean() < 0.01
        assert made.std() > 5, "a flat picture would prove nothing"


@pytest.mark.usefixtures("exact")
@pytest.mark.long
def test_kernels_make_the_twins_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same program with the kernels in Triton's interpreter: one prompt, then two by masks."""
    from engine.kernels import triton_kernels

    twins = Stream.from_config(lsd_test(), seed=5, backend="recorded")
    monkeypatch.setattr(kernels, "operations", lambda device: triton_kernels)
    triton = Stream.from_config(lsd_test(), seed=5, backend="recorded")
    for i, frame in enumerate(pictures(64, 70, 5)):
        prompt(twins, i)
        before = twins.snapshot()
        expected = twins.step(frame).astype(int)
        if i in (2, 4):
            triton.restore(before)
            difference = np.abs(triton.step(frame) - expected)
            assert difference.max() <= 1
            assert difference.mean() < 0.01


@pytest.mark.parametrize("at", [0, 1, 2, 5, 9])
def test_snapshot_and_restore_are_nothing(device: str, at: int) -> None:
    """Bit for bit, also through a ring that has gone round, into a stream that has made other frames."""
    frames = pictures(72, 100, 14)
    stream, other = (Stream.from_config(lsd_test(), device=device, seed=s, backend="recorded") for s in (3, 99))
    run(stream, frames[:at])
    data = stream.snapshot()
    rest = run(stream, frames[at:], at)
    run(other, frames[:6])
    other.restore(data)
    assert other.snapshot() == data
    assert all(np.array_equal(a, b) for a, b in zip(rest, run(other, frames[at:], at), strict=True))


@pytest.mark.usefixtures("exact")
def test_either_way_restores_the_others_snapshot() -> None:
    frames = pictures(64, 96)
    for before, after in (("plain", "recorded"), ("recorded", "onednn"), ("onednn", "plain"), ("recorded", "recorded")):
        stream, other = (Stream.from_config(lsd_test(), seed=3, backend=backend) for backend in (before, after))
        run(stream, frames[:6])
        other.restore(stream.snapshot())
        difference = np.abs(stream.step(frames[6]).astype(int) - other.step(frames[6]))
        assert difference.max() <= 1


def test_slots_follow_from_the_step() -> None:
    """Every remembered step has a slot; the last ones of the ring and the sinks never share one."""
    stream = Stream.from_config(lsd_test(), backend="recorded")
    stream.step(np.zeros((64, 64, 3), np.uint8))
    ring = maker(stream).ring
    assert ring is not None
    for sinks, stride, length in ((1, 4, 6), (3, 2, 4), (0, 1, 3), (5, 3, 2)):
        ring.config = ModelConfig("other", sinks=sinks, ring_stride=stride, ring=length)
        steps = [step for step in range(60) if step < sinks or step % stride == 0]
        for end in range(1, len(steps) + 1):
            seen = steps[:end]
            kept = seen[:sinks] + seen[sinks:][-length:]
            slots = [ring.slot(step) for step in kept]
            assert len(set(slots)) == len(slots)
            assert all(0 <= slot < sinks + length for slot in slots)


def test_what_another_size_replaces_is_let_go_at_once() -> None:
    """Without a collection: `runtime.settle` keeps these from what a live loop began with, a GPU's graphs included."""
    gc.collect()
    gc.disable()
    try:
        stream = Stream.from_config(lsd_test(), backend="recorded")
        stream.step(np.zeros((64, 96, 3), np.uint8))
        programs = maker(stream)._programs
        assert programs is not None
        parts = [weakref.ref(part) for part in (programs, programs.ring, *programs._recorded.values())]
        del programs
        stream.reset()
        stream.step(np.zeros((96, 64, 3), np.uint8))
        assert [part() for part in parts] == [None, None, None]
    finally:
        gc.enable()


def test_a_reset_stream_begins_anew() -> None:
    frames = pictures(64, 96, 5)
    stream = Stream.from_config(lsd_test(), backend="recorded")
    first = [stream.step(frame) for frame in frames]
    stream.reset()
    assert all(np.array_equal(a, stream.step(frame)) for a, frame in zip(first, frames, strict=True))
    stream.close()
    assert np.array_equal(stream.step(frames[0]), first[0])


def test_the_number_of_steps_may_change() -> None:
    frames = pictures(64, 96, 3)
    stream, three = (Stream.from_config(lsd_test(), seed=5, steps=n, backend="recorded") for n in (1, 3))
    for frame in frames[:2]:
        stream.step(frame)
    three.restore(stream.snapshot())
    stream.steps = 3
    assert np.array_equal(stream.step(frames[2]), three.step(frames[2]))
