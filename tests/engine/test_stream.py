"""The laws of a stream, on tiny random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import runtime, sampler
from engine.config import lsd_test
from engine.fast.onednn import OneDnn
from engine.fast.plain import Plain
from engine.models.attention import Memory
from engine.models.checkpoint import random_weights
from engine.models.hourglass import Conditions
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, pool_frame, to_patches, to_picture
from engine.prompts import PromptError
from engine.stream import Stream
from engine.types import PromptRegion
from tests.engine.streams import run, same
from tests.pictures import disc

HEIGHT, WIDTH = 72, 100  # no multiples of 32: padding and cropping take part


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [disc(i, WIDTH, HEIGHT) for i in range(14)]


def test_equal_streams_give_equal_bytes(pictures: list[np.ndarray]) -> None:
    a = run(Stream.from_config(lsd_test(), seed=3), pictures)
    assert same(a, run(Stream.from_config(lsd_test(), seed=3), pictures))
    assert not same(a, run(Stream.from_config(lsd_test(), seed=4), pictures))


def test_streamed_equals_whole(monkeypatch: pytest.MonkeyPatch, pictures: list[np.ndarray]) -> None:
    """All frames in one batched call, each with the past that it had, give what the stream gave one by one."""
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: torch.float32)
    stream = Stream.from_config(lsd_test(), seed=3)
    shown = run(stream, pictures)
    network, config = stream.maker.network, stream.config
    padded = [pad_picture(torch.from_numpy(p))[None] for p in shown]
    outputs = [p.float() / 127.5 - 1 for p in padded]
    tall, wide = outputs[0].shape[1:3]
    absent = torch.zeros(1, tall // 4, wide // 4, 48)
    n = len(pictures)
    past, level = [], torch.ones(n, 2)
    keys_values = torch.zeros(n, config.slots, 4, config.layers, 2, config.width)
    age = torch.full((n, config.slots), -1.0)
    for i in range(n):
        past.append(torch.stack([to_patches(outputs[i - k]) if i >= k else absent for k in (1, 2)], 1))
        level[i, : min(i, 2)] = 0.05
        steps = [k for k in range(i) if k < config.sinks or k % config.ring_stride == 0]
        for slot, k in enumerate(steps[: config.sinks] + steps[config.sinks :][-config.ring :]):
            keys_values[i, slot] = network.remember(pool_frame(outputs[k]), torch.tensor([0.05]))[0]
            age[i, slot] = i - k
    source = torch.cat([to_patches(pad_picture(torch.from_numpy(p))[None].float() / 127.5 - 1) for p in pictures])
    noise = torch.cat([to_patches(sampler.frame_noise(3, i, tall, wide)[None]) for i in range(n)])
    clock = torch.arange(n, dtype=torch.float64) / 24
    conditions = Conditions(
        concepts=stream.begin(pictures[0]).conditioning.concepts.expand(n, 1, -1),
        level=torch.ones(n),
        step=torch.ones(n),
        past_level=level,
        interval_s=torch.full((n,), 1 / 24),
        time_s=clock,
        particles=to_patches(particle_planes(torch.full((n,), 3), clock, tall, wide).permute(0, 2, 3, 1)),
    )
    with torch.inference_mode():
        clean = network(noise, source, torch.cat(past), conditions, Memory(keys_values, age, age >= 0))
    whole = to_picture((clean * 127.5 + 128).clamp(0, 255).to(torch.uint8))[:, :HEIGHT, :WIDTH].numpy()
    difference = np.abs(whole.astype(int) - np.stack(shown).astype(int))
    assert difference.max() <= 1  # a batched product may round the other way, by one level
    assert np.stack(shown).std() > 5, "a flat picture would prove nothing"


def test_the_future_never_changes_the_past(pictures: list[np.ndarray]) -> None:
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    other = [*pictures[:8], *(255 - p for p in pictures[8:])]
    x, y = run(a, pictures), run(b, other)
    assert same(x[:8], y[:8])
    assert not np.array_equal(x[8], y[8])


def test_the_past_matters(pictures: list[np.ndarray]) -> None:
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    a.step(pictures[0], index=0)
    b.step(255 - pictures[0], index=0)
    assert not np.array_equal(a.step(pictures[1]), b.step(pictures[1]))


def test_a_blend_of_one_is_that_prompt(pictures: list[np.ndarray]) -> None:
    a, b, c = (Stream.from_config(lsd_test()) for _ in range(3))
    a.prompt("underwater")
    b.prompt([("underwater", 0.3)])
    c.prompt([PromptRegion("underwater", np.ones((8, 8), np.float32))])
    x = run(a, pictures[:4])
    assert same(x, run(b, pictures[:4]))
    assert same(x, run(c, pictures[:4]))


def test_masks_of_one_prompt_change_nothing_but_rounding(pictures: list[np.ndarray]) -> None:
    """Two regions of the same prompt take the network's own path, one prompt has it folded into the weights."""
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    a.prompt("underwater")
    half = np.zeros((8, 8), np.float32)
    half[:, :4] = 1
    b.prompt([PromptRegion("underwater", half), PromptRegion("underwater", 1 - half)])
    difference = np.abs(a.step(pictures[0]).astype(int) - b.step(pictures[0]))
    assert difference.mean() < 2  # bf16 weights are rounded once more when a prompt is folded into them


def test_regions_direct_their_own_part() -> None:
    """With two prompts by a sharp mask, either side's prompt changes its own side the most."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (64, 256, 3), dtype=np.uint8)
    left = np.zeros((64, 256), np.float32)
    left[:, :128] = 1

    def answer(right: str) -> np.ndarray:
        stream = Stream.from_config(lsd_test())
        stream.prompt([PromptRegion("pencil", left), PromptRegion(right, 1 - left)])
        return stream.step(picture).astype(int)

    change = np.abs(answer("underwater") - answer("golden-rome")).mean((0, 2))
    assert change[192:].mean() > 2 * change[:64].mean()


def test_a_prompt_takes_effect_at_the_next_frame(pictures: list[np.ndarray]) -> None:
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    assert same(run(a, pictures[:5]), run(b, pictures[:5]))
    b.prompt("cartoon")
    assert not np.array_equal(a.step(pictures[5]), b.step(pictures[5]))


def test_the_same_prompt_again_is_the_same_conditioning(stream: Stream) -> None:
    """So that nothing is folded again."""
    frame = np.zeros((64, 64, 3), np.uint8)
    half = np.tile(np.linspace(0, 1, 8, dtype=np.float32), (8, 1))

    def prompts() -> list[object]:
        return [
            "pencil",
            [("pencil", 1), ("cartoon", 3)],
            [PromptRegion("pencil", half), PromptRegion("as it is", 1 - half)],
        ]

    for prompt, again in zip(prompts(), prompts(), strict=True):
        stream.prompt(prompt)  # type: ignore[arg-type]
        before = stream.begin(frame).conditioning
        stream.prompt(again)  # type: ignore[arg-type]
        assert stream.begin(frame).conditioning is before


def test_a_stream_works_with_the_threads_that_its_setup_says() -> None:
    two, one = (Stream.from_config(lsd_test(), threads=threads) for threads in (2, 1))
    for stream in (two, one, two):
        stream.step(np.zeros((64, 96, 3), np.uint8))
        assert torch.get_num_threads() == stream.setup.threads


def test_more_steps_change_the_answer(pictures: list[np.ndarray]) -> None:
    one, four = Stream.from_config(lsd_test()), Stream.from_config(lsd_test(), steps=4)
    assert not np.array_equal(one.step(pictures[0]), four.step(pictures[0]))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (np.zeros((64, 64), np.uint8), "uint8 RGB array"),
        (np.zeros((64, 64, 3), np.float32), "float32"),
        (np.zeros((64, 63, 3), np.uint8), "63x64"),
        (np.zeros((1081, 64, 3), np.uint8), "1920x1080"),
        ("a frame", "str"),
    ],
)
def test_what_is_no_frame_is_refused(stream: Stream, frame: np.ndarray, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        stream.step(frame)


def test_another_size_needs_a_reset(stream: Stream) -> None:
    stream.step(np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(ValueError, match=r"reset\(\)"):
        stream.step(np.zeros((96, 64, 3), np.uint8))
    stream.reset()
    assert stream.step(np.zeros((96, 64, 3), np.uint8)).shape == (96, 64, 3)


@pytest.mark.parametrize(
    "prompt",
    [
        *("", "  \n", "x" * 5000, None, 7, []),
        *([("underwater", -1.0)], [("underwater", 0)], [("underwater", float("nan"))]),
        [PromptRegion("pencil", np.ones((8, 8))), ("underwater", 1.0)],
        [PromptRegion("", np.ones((8, 8)))],
    ],
    ids=str,
)
def test_a_bad_prompt_leaves_the_old_one_in_force(stream: Stream, prompt: object) -> None:
    stream.prompt("underwater")
    before = stream.snapshot()
    with pytest.raises(PromptError):
        stream.prompt(prompt)  # type: ignore[arg-type]
    assert stream.snapshot() == before


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_folded_prompt_is_the_networks_own_answer(
    dtype: torch.dtype, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prompts folded into weights, on a CPU, against the network's plain path: equal but for rounding."""
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: dtype)
    folded, plain = (Stream.from_config(lsd_test(), backend=backend) for backend in ("auto", "plain"))
    can_fold = dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert type(folded.maker) is (OneDnn if can_fold else Plain)
    assert type(plain.maker) is Plain
    for text in ("underwater", "pencil", "underwater"):
        folded.prompt(text)
        plain.prompt(text)
        a, b = (stream.step(pictures[0]).astype(int) for stream in (folded, plain))
        assert np.abs(a - b).mean() < (2 if dtype == torch.bfloat16 else 0.01)
        folded.reset()
        plain.reset()


def test_streams_of_the_same_weights_share_nothing(pictures: list[np.ndarray]) -> None:
    """Each has its own copy, packed for its own device; the weights that it was given stay as they are."""
    weights = random_weights(lsd_test())
    before = {name: tensor.clone() for name, tensor in weights.network.state_dict().items()}
    expected = run(Stream.from_config(lsd_test()), pictures[:4])
    streams = [Stream.of(weights) for _ in range(2)]
    for stream, text in zip(streams, ("as it is", "pencil"), strict=True):
        stream.prompt(text)
        stream.step(pictures[0])
        stream.reset()
    third = Stream.of(weights)
    assert same(run(third, pictures[:4]), expected)
    after = weights.network.state_dict()
    assert after.keys() == before.keys()
    assert all(
        torch.equal(after[name], tensor) and after[name].dtype == tensor.dtype for name, tensor in before.items()
    )


def test_a_step_that_raises_changes_nothing(pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    stream, other = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    for made in (0, 3):
        run(stream, pictures[:made])
        run(other, pictures[:made])
        before = stream.snapshot()
        with monkeypatch.context() as patch:
            patch.setattr(sampler, "quantise", fail)
            with pytest.raises(MemoryError):
                stream.step(pictures[made])
        assert stream.snapshot() == before
        assert np.array_equal(stream.step(pictures[made]), other.step(pictures[made]))
        stream.reset()
        other.reset()


def fail(*_: object) -> None:
    raise MemoryError
