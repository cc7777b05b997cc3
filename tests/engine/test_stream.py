"""The laws of a stream, on tiny random weights."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest
import torch
from safetensors.torch import load, save

from engine import runtime, sampler
from engine.config import lsd_test
from engine.history import History, as_signal
from engine.models.attention import Memory
from engine.models.hourglass import Conditions
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, pool_frame, to_patches, to_picture
from engine.prompts import PromptError
from engine.stream import Stream
from engine.types import Region
from tests.pictures import disc

HEIGHT, WIDTH = 72, 100  # no multiples of 32: padding and cropping take part


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), seed=3)


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [disc(i, WIDTH, HEIGHT) for i in range(14)]


def run(stream: Stream, pictures: list[np.ndarray]) -> list[np.ndarray]:
    return [stream.step(picture) for picture in pictures]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_equal_streams_give_equal_bytes(pictures: list[np.ndarray]) -> None:
    a = run(Stream.from_config(lsd_test(), seed=3), pictures)
    assert same(a, run(Stream.from_config(lsd_test(), seed=3), pictures))
    assert not same(a, run(Stream.from_config(lsd_test(), seed=4), pictures))


def test_streamed_equals_whole(monkeypatch: pytest.MonkeyPatch, pictures: list[np.ndarray]) -> None:
    """All frames in one batched call, each with the past that it had, give what the stream gave one by one."""
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: torch.float32)
    stream = Stream.from_config(lsd_test(), seed=3)
    shown = run(stream, pictures)
    network, config = stream._network, stream.config
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
        concepts=stream._direction.concepts.expand(n, 1, -1),
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


@pytest.mark.parametrize("at", [0, 1, 2, 5, 9])
def test_snapshot_and_restore_are_nothing(stream: Stream, pictures: list[np.ndarray], at: int) -> None:
    stream.prompt("underwater")
    run(stream, pictures[:at])
    stream.prompt("snowfall", fade_s=0.2)
    data = stream.snapshot()
    rest = run(stream, pictures[at:])
    other = Stream.from_config(lsd_test(), seed=99)
    other.restore(data)
    assert other.snapshot() == data
    assert same(rest, run(other, pictures[at:]))


def test_a_snapshot_in_a_fade_between_regions_is_exact(stream: Stream, pictures: list[np.ndarray]) -> None:
    left = np.zeros((9, 10), np.float32)
    left[:, :5] = 1
    stream.prompt([Region("pencil", left), Region("as it is", 1 - left)])
    run(stream, pictures[:3])
    stream.prompt("deep space", fade_s=0.3)
    run(stream, pictures[3:6])
    other = Stream.from_config(lsd_test())
    other.restore(stream.snapshot())
    assert same(run(stream, pictures[6:]), run(other, pictures[6:]))


def test_a_blend_of_one_is_that_prompt(pictures: list[np.ndarray]) -> None:
    a, b, c = (Stream.from_config(lsd_test()) for _ in range(3))
    a.prompt("underwater")
    b.prompt([("underwater", 0.3)])
    c.prompt([Region("underwater", np.ones((8, 8), np.float32))])
    x = run(a, pictures[:4])
    assert same(x, run(b, pictures[:4]))
    assert same(x, run(c, pictures[:4]))


def test_masks_of_one_prompt_change_nothing_but_rounding(pictures: list[np.ndarray]) -> None:
    """Two regions of the same prompt take the network's own path, one prompt has it folded into the weights."""
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    a.prompt("underwater")
    half = np.zeros((8, 8), np.float32)
    half[:, :4] = 1
    b.prompt([Region("underwater", half), Region("underwater", 1 - half)])
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
        stream.prompt([Region("pencil", left), Region(right, 1 - left)])
        return stream.step(picture).astype(int)

    change = np.abs(answer("underwater") - answer("golden-rome")).mean((0, 2))
    assert change[192:].mean() > 2 * change[:64].mean()


def test_a_prompt_takes_effect_at_the_next_frame(pictures: list[np.ndarray]) -> None:
    a, b = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    assert same(run(a, pictures[:5]), run(b, pictures[:5]))
    b.prompt("cartoon")
    assert not np.array_equal(a.step(pictures[5]), b.step(pictures[5]))


def test_a_fade_begins_at_the_old_and_ends_at_the_new(stream: Stream) -> None:
    stream.prompt("underwater")
    old = stream._direction.concepts.clone()
    picture = np.zeros((64, 64, 3), np.uint8)
    stream.step(picture, time_s=1.0)
    stream.prompt("cartoon", fade_s=2.0)
    new = stream._direction.concepts
    stream.step(picture, time_s=1.1)
    torch.testing.assert_close(stream._direction_at(1.1).concepts, old)
    torch.testing.assert_close(stream._direction_at(2.1).concepts, (old + new) / 2)
    torch.testing.assert_close(stream._direction_at(3.1).concepts, new)


def test_fades_that_begin_in_fades_do_not_add_up(stream: Stream) -> None:
    left = np.zeros((64, 96), np.float32)
    left[:, :48] = 1
    for turn in range(40):
        parts = [Region(("underwater", "pencil")[turn % 2], left), Region("neon rain", 1 - left)]
        stream.prompt(parts, fade_s=0.2)
        counts = set()
        for _ in range(3):
            stream.step(np.zeros((64, 96, 3), np.uint8))
            direction = stream._direction_at(stream._time_s)
            assert direction.masks is not None
            assert torch.allclose(direction.masks.sum(0), torch.ones(64, 96), atol=1e-5)
            counts.add(len(direction.concepts))
        assert len(counts) == 1, "within a fade their number stays"
        assert counts <= {2, 3, 4}, "the three, and what was there at first"


def test_a_stream_works_with_the_threads_that_its_setup_says() -> None:
    two, one = (Stream.from_config(lsd_test(), threads=threads) for threads in (2, 1))
    for stream in (two, one, two):
        stream.step(np.zeros((64, 96, 3), np.uint8))
        assert torch.get_num_threads() == stream.setup.threads


def test_the_history_is_of_constant_size(stream: Stream) -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    sizes = []
    for _ in range(40):
        stream.step(picture)
        assert stream._history is not None
        state = stream._history.state()
        sizes.append((len(state.last), len(state.remembered)))
    assert sizes[-1] == sizes[15] == (2, stream.config.slots)


def test_the_two_last_outputs_are_the_past_however_long_it_is(stream: Stream) -> None:
    history = History(stream._network, 64, 96, torch.device("cpu"))
    frames = [torch.full((64, 96, 3), 20 * i, dtype=torch.uint8) for i in range(History.REEL * 2 + 2)]
    assert torch.equal(history.past, torch.zeros(1, 2, 16, 24, 48))
    before = torch.zeros(1, 16, 24, 48)
    for frame in frames:
        history.append(frame)
        last = to_patches(as_signal(frame[None]))
        assert torch.equal(history.past, torch.stack([last, before], 1))
        before = last


def test_the_memory_is_read_anew_when_a_frame_was_remembered(stream: Stream) -> None:
    history = History(stream._network, 64, 96, torch.device("cpu"))
    for i in range(2 * stream.config.slots * stream.config.ring_stride):
        history.append(torch.full((64, 96, 3), 5 * i, dtype=torch.uint8))
        memory = history.read()[2]
        assert memory is not None
        assert torch.equal(memory.keys_values, torch.stack(history._keys_values, 1))


def test_a_single_step_is_the_denoisers_own_answer() -> None:
    clean = torch.randn(3, 4)
    assert sampler.denoise(lambda noisy, level, step: clean, torch.full((3, 4), torch.inf), 1) is clean


def test_all_grey_levels_are_kept() -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(sampler.quantise(as_signal(levels)), levels)
    beyond = torch.tensor([-9.0, -1.001, 1.001, 9.0, 0.49 / 127.5, 0.51 / 127.5])
    assert sampler.quantise(beyond).tolist() == [0, 0, 255, 255, 128, 128]


def test_more_steps_change_the_answer(pictures: list[np.ndarray]) -> None:
    one, four = Stream.from_config(lsd_test()), Stream.from_config(lsd_test(), steps=4)
    assert not np.array_equal(one.step(pictures[0]), four.step(pictures[0]))


def test_shares_of_nearest_worlds_sum_to_one(stream: Stream) -> None:
    near = stream.nearest("a shipwreck at the bottom of the sea")
    assert sum(share for name, share in near if name in stream.vocabulary.worlds) == pytest.approx(1)
    shares = [share for name, share in near if name in stream.vocabulary.worlds]
    assert shares == sorted(shares, reverse=True)
    assert {name for name, _ in near} <= {*stream.vocabulary.worlds, *stream.vocabulary.things}


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


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 5000, [("underwater", -1.0)], [("underwater", float("nan"))], []])
def test_a_bad_prompt_leaves_the_old_one_in_force(stream: Stream, prompt: object) -> None:
    stream.prompt("underwater")
    before = stream.snapshot()
    with pytest.raises(PromptError):
        stream.prompt(prompt)  # type: ignore[arg-type]
    assert stream.snapshot() == before


def test_a_damaged_snapshot_changes_nothing(stream: Stream, pictures: list[np.ndarray]) -> None:
    run(stream, pictures[:3])
    good = stream.snapshot()
    raw = zlib.decompress(good)
    header, tensors = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")]), load(raw)
    without = [{name: tensors[name] for name in tensors if name != gone} for gone in ("concepts", "last.0")]
    lacking = [zlib.compress(save(held, header["__metadata__"])) for held in without]
    told = json.loads(header["__metadata__"]["stream"])
    strange = [
        ({**tensors, "concepts": torch.ones(1, 2)}, told),
        ({**tensors, "last.0": torch.zeros(32, 32, 3, dtype=torch.uint8)}, told),
        ({**tensors, "remembered.0": torch.zeros(3, 2, 2)}, told),
        (tensors, {**told, "time_s": "x"}),
        (tensors, {**told, "config": {"name": "other"}}),
    ]
    lacking += [zlib.compress(save(held, {"stream": json.dumps(meta)})) for held, meta in strange]
    for bad in (b"", b"not a snapshot", good[:-20], *lacking):
        with pytest.raises(ValueError, match="snapshot"):
            stream.restore(bad)
        assert stream.snapshot() == good


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_folded_prompt_is_the_networks_own_answer(
    dtype: torch.dtype, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prompts folded into weights, on a CPU, against the network's plain path: equal but for rounding."""
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: dtype)
    folded, plain = Stream.from_config(lsd_test()), Stream.from_config(lsd_test())
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():  # a processor without AVX512
        assert folded._fold is None, "folding would fail"
        return
    assert folded._fold is not None, "this build of torch has no oneDNN"
    plain._fold = None
    for text in ("underwater", "pencil", "underwater"):
        folded.prompt(text)
        plain.prompt(text)
        a, b = (stream.step(pictures[0]).astype(int) for stream in (folded, plain))
        assert np.abs(a - b).mean() < (2 if dtype == torch.bfloat16 else 0.01)
        folded.reset()
        plain.reset()


def test_text_far_from_everything_is_said_to_be(stream: Stream) -> None:
    stream.text.known["under the sea"] = stream.text.embed("under the sea")
    wording, cosine = stream.how_near("under the sea")
    assert wording == "under the sea"
    assert cosine == pytest.approx(1)
    assert stream.how_near("quarterly tax return")[1] < 0.4
