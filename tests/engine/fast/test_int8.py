"""Convolutions of bytes are exact integer sums, and a network of them makes the pictures of the plain one, nearly."""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import runtime
from engine.bench import bench, moving_pictures
from engine.config import lsd_test, lsd_tiny
from engine.evaluation.calibrate import block_layers, measure_ranges
from engine.evaluation.clips import Clip
from engine.evaluation.command import calibrate
from engine.fast.int8 import Bytes, Quantiser
from engine.models.calibration import Calibration, Range, calibration_path, read_calibration, write_calibration
from engine.models.checkpoint import SHIPPED, Weights, card_path, load_weights, random_weights
from engine.models.hourglass import Hourglass
from engine.prompts import AS_IT_IS
from engine.runtime import NumericSetup
from engine.stream import Stream
from engine.types import Frame, PromptRegion

CPU = torch.device("cpu")
PROMPTS = ("neon rain", "underwater", AS_IT_IS)
VNNI = {"avx2", "fma", "avx512f", "avx512_vnni"}


def pictures(count: int, width: int = 96, height: int = 64) -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
    return [np.roll(np.kron(coarse, np.ones((8, 8, 1), np.uint8)), i, 1)[:height, :width] for i in range(count)]


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Random ones, calibrated on the pictures of these tests."""
    plain = random_weights(lsd_test(), 3)
    clip = Clip("moving", tuple(Frame(rgb, i, i / 24) for i, rgb in enumerate(pictures(4))))
    ranges = {
        name: Range.of(*bounds) for name, bounds in measure_ranges(plain, [clip], threads=1, prompts=PROMPTS).items()
    }
    return dataclasses.replace(plain, calibration=Calibration(ranges, "of-tests"))


@pytest.fixture
def vnni(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that multiplies bytes and no bfloat16: all else is right to float32."""
    monkeypatch.delenv(runtime.ISA_VARIABLE, raising=False)
    monkeypatch.setattr(runtime, "cpu_flags", lambda: VNNI)


def convolved_by_numpy(x: np.ndarray, zero: int, weight: np.ndarray, padding: int) -> np.ndarray:
    """Integer sums of a convolution: x (C, h, w) bytes, weight (D, C, k, k) bytes."""
    wide = np.pad(x.astype(np.int64) - zero, ((0, 0), (padding, padding), (padding, padding)))
    k = weight.shape[2]
    h, w = wide.shape[1] - k + 1, wide.shape[2] - k + 1
    total = np.zeros((len(weight), h, w), np.int64)
    for dy in range(k):
        for dx in range(k):
            total += np.einsum("dc,chw->dhw", weight[:, :, dy, dx].astype(np.int64), wide[:, dy : dy + h, dx : dx + w])
    return total


def test_values_become_the_nearest_byte() -> None:
    of = Range.of(-1.0, 3.0)
    assert of.zero == 64
    assert of.scale == pytest.approx(4 / 255)
    x = torch.tensor([-9.0, -1.0, 0.0, of.scale * 0.49, of.scale * 0.51, 2.9, 9.0])
    quantise = Quantiser()
    assert quantise(x, of).tolist() == [0, 0, 64, 64, 65, 249, 255]
    assert quantise(x.bfloat16(), of)[:3].tolist() == [0, 0, 64]
    for length in range(1, 20):
        assert quantise(torch.zeros(length), of).tolist() == [64] * length


@pytest.mark.parametrize("low", [-0.5, -0.02, 0.0])
def test_a_convolution_of_bytes_is_the_integer_sum(low: float) -> None:
    rng = np.random.default_rng(1)
    layer = torch.nn.Conv2d(8, 16, 3, padding=1)
    of = Range.of(low, 1.0)
    made = Bytes(layer, of)
    x = rng.integers(0, 121, (8, 6, 10)).astype(np.uint8)  # so small that no processor's sums of pairs overflow
    entering = torch.from_numpy(x)[None].contiguous(memory_format=torch.channels_last)
    sums = convolved_by_numpy(x, of.zero, made.weight.numpy(), 1)
    scale, bias = rng.normal(0, 0.1, 16).astype(np.float32), rng.normal(0, 1, 16).astype(np.float32)
    own: tuple[dict[str, Any], np.ndarray, np.ndarray] = ({}, made.scale.numpy(), made.bias.numpy())
    folded = {"scale": torch.from_numpy(scale), "bias": torch.from_numpy(bias)}, scale, bias
    for given, step, shift in (own, folded):
        wanted = sums * (of.scale * step)[:, None, None] + shift[:, None, None]
        got = made.convolve(entering, torch.float32, **given)
        np.testing.assert_allclose(got[0].numpy(), wanted, rtol=1e-5, atol=1e-5)
        out = Range.of(-0.375, 2.0)
        activated = wanted * np.clip(wanted + 3, 0, 6) / 6
        bytes_out = made.convolve(entering, out, "hardswish", **given)[0].numpy()
        nearest = np.clip(np.round(activated / out.scale) + out.zero, 0, 255)
        assert np.abs(bytes_out - nearest).max() <= 1
        assert (bytes_out != nearest).mean() < 0.01
    base = torch.randn(1, 16, 6, 10).contiguous(memory_format=torch.channels_last)
    before = base.numpy().copy()
    wanted = before + sums * (of.scale * own[1])[:, None, None] + own[2][:, None, None]
    np.testing.assert_allclose(made.add_to(base, entering).numpy(), wanted, rtol=1e-5, atol=1e-5)


def test_weights_are_off_by_half_a_step_of_their_channel_at_most() -> None:
    layer = torch.nn.Conv2d(4, 6, 3)
    made = Bytes(layer, Range.of(0, 1))
    error = (made.weight.float() * made.scale.view(-1, 1, 1, 1) - layer.weight).abs().amax((1, 2, 3))
    assert (error <= made.scale * 0.5001).all()
    assert made.weight.abs().amax((1, 2, 3)).tolist() == [127] * 6


@pytest.mark.usefixtures("vnni")
@pytest.mark.parametrize("regions", [False, True])
def test_a_stream_of_bytes_makes_the_plain_streams_pictures_nearly(weights: Weights, regions: bool) -> None:
    mask = np.tile(np.linspace(0, 1, 96, dtype=np.float32), (64, 1))
    prompt = [PromptRegion("neon rain", mask), PromptRegion(AS_IT_IS, 1 - mask)] if regions else "neon rain"
    made = []
    for dtype in ("float32", "int8"):
        stream = Stream.of(weights, threads=1, dtype=dtype)
        assert stream.setup.dtype == dtype
        stream.prompt(prompt)
        made.append(np.stack([stream.step(rgb) for rgb in pictures(4)]).astype(float))
    error = ((made[0] - made[1]) ** 2).mean()
    assert 0 < error < 255**2 / 10**3.6, f"{10 * np.log10(255**2 / error):.1f} dB"


@pytest.mark.usefixtures("vnni")
def test_a_stream_of_bytes_goes_on_from_a_snapshot_bit_for_bit(weights: Weights) -> None:
    stream, other = (Stream.of(weights, threads=1, dtype="int8") for _ in range(2))
    stream.prompt("underwater")
    shown = pictures(6)
    for rgb in shown[:3]:
        stream.step(rgb)
    other.restore(stream.snapshot())
    for rgb in shown[3:]:
        np.testing.assert_array_equal(stream.step(rgb), other.step(rgb))


@pytest.mark.usefixtures("vnni")
def test_what_is_not_calibrated_stays_in_floating_point(weights: Weights) -> None:
    """With no layer at all the pictures are those of float32, bit for bit."""
    nothing = dataclasses.replace(weights, calibration=Calibration({}, "nothing"))
    streams = [Stream.of(weights, threads=1, dtype="float32"), Stream.of(nothing, threads=1, dtype="int8")]
    for rgb in pictures(3):
        first, second = (stream.step(rgb) for stream in streams)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("flags", "cap", "calibrated", "says"),
    [
        (VNNI, "", False, "the weights have no calibration"),
        ({"avx2", "fma"}, "", True, "no VNNI that its system tells of"),
        (VNNI, "AVX2", True, "no VNNI that ONEDNN_MAX_CPU_ISA=AVX2 allows"),
        (VNNI, "AVX512_CORE", True, "no VNNI that ONEDNN_MAX_CPU_ISA=AVX512_CORE allows"),
    ],
)
def test_int8_that_cannot_be_had_is_replaced_and_the_reason_given(
    weights: Weights,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    flags: set[str],
    cap: str,
    calibrated: bool,
    says: str,
) -> None:
    monkeypatch.setenv(runtime.ISA_VARIABLE, cap)
    monkeypatch.setattr(runtime, "cpu_flags", lambda: flags)
    with caplog.at_level(logging.WARNING):
        stream = Stream.of(weights if calibrated else random_weights(lsd_test(), 3), threads=1, dtype="int8")
    assert stream.setup.dtype == "float32"
    assert says in caplog.text
    assert "frames are made in float32" in caplog.text


def test_a_cap_of_the_instruction_set_takes_away_what_lies_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    every = {flag for flags in runtime.ISAS.values() for flag in flags}
    monkeypatch.setattr(runtime, "cpu_flags", lambda: every | {"sse4_1"})
    left = {}
    for cap in ("", "nonsense", "avx2", "AVX512_CORE_VNNI", "AVX512_CORE_AMX"):
        monkeypatch.setenv(runtime.ISA_VARIABLE, cap)
        left[cap] = runtime.usable_flags()
    assert left[""] == left["nonsense"] == left["AVX512_CORE_AMX"] == every | {"sse4_1"}
    assert left["avx2"] == {"avx2", "fma", "sse4_1"}
    assert left["AVX512_CORE_VNNI"] == every - {"avx512_bf16", "amx_bf16", "amx_int8"} | {"sse4_1"}
    monkeypatch.setenv(runtime.ISA_VARIABLE, "avx2")
    assert runtime.cpu_features().endswith(" ONEDNN_MAX_CPU_ISA=AVX2")
    assert runtime.choose_dtype(CPU) is torch.float32


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'int4' is not one of auto, float32, bfloat16, int8"):
        Stream.from_config(lsd_test(), dtype="int4")


def test_a_set_up_names_its_calibration_and_one_without_is_as_it_always_was() -> None:
    plain = NumericSetup("cpu", "bfloat16", 1, "x86_64 avx2", "2.13", "w")
    assert list(plain.to_dict()) == ["device", "dtype", "threads", "cpu_features", "torch_version", "weights_hash"]
    assert NumericSetup.from_dict(plain.to_dict()) == plain
    of_bytes = NumericSetup.of(CPU, torch.bfloat16, 1, "w", "c")
    assert (of_bytes.dtype, of_bytes.to_dict()["calibration"]) == ("int8", "c")
    assert NumericSetup.from_dict(of_bytes.to_dict()) == of_bytes
    assert of_bytes.differences(dataclasses.replace(of_bytes, calibration="d")) == ["calibration: c / d"]


def test_a_calibration_is_of_its_weights_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "x.int8.json"
    assert read_calibration(path, "w") is None
    write_calibration(path, "w", {"decoder.0.blocks.0.first": (-1.0, 4.1)}, clips=["a.mp4"])
    read = read_calibration(path, "w")
    assert read is not None
    (of,) = read.ranges.values()
    assert [*read.ranges] == ["decoder.0.blocks.0.first"]
    assert of.zero == 50
    assert of.scale == pytest.approx(5.1 / 255)
    assert not caplog.text
    assert read_calibration(path, "v") is None
    assert "it is of weights w…, not of v…" in caplog.text
    good = json.loads(path.read_text())
    for bad in ({"version": 9}, {"ranges": {"a": [0, 0]}}, {"ranges": {"a": [0, "nan"]}}, {"ranges": {"a": 1}}):
        caplog.clear()
        path.write_text(json.dumps(good | bad))
        assert read_calibration(path, "w") is None
        assert "make it anew with `python -m engine calibrate`" in caplog.text


def test_a_layer_that_no_network_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'head' is not a calibrated layer; there are encoder\.0"):
        calibrate(tmp_path, keep=["head"])


def test_every_convolution_of_the_blocks_is_calibrated(weights: Weights) -> None:
    assert weights.calibration is not None
    assert {*weights.calibration.ranges} == {*block_layers(weights.network)}
    assert len(block_layers(weights.network)) == 2 * 6


@pytest.mark.long
@pytest.mark.usefixtures("vnni")
def test_a_stream_of_bytes_is_timed(weights: Weights) -> None:
    report = bench(Stream.of(weights, threads=1, dtype="int8"), width=96, height=64, frames=1, warm_up=0)
    assert report["dtype"] == "int8"
    assert report["dtype_because"].startswith("int8, for the processor has AVX512-VNNI; what is not in int8 is in ")


def test_the_shipped_calibration_is_of_the_shipped_weights_and_of_all_blocks() -> None:
    sha256 = json.loads(card_path(SHIPPED).read_text(encoding="utf-8"))["sha256"]
    calibration = read_calibration(calibration_path(SHIPPED), sha256)
    assert calibration is not None
    with torch.device("meta"):
        network = Hourglass(lsd_tiny())
    assert {*calibration.ranges} == {*block_layers(network)}


@pytest.mark.long
@pytest.mark.usefixtures("vnni")
def test_the_shipped_weights_in_int8_make_the_pictures_of_float32() -> None:
    """45 dB: a difference that nobody sees. The pictures are a texture that no calibration saw."""
    weights = load_weights()
    shown = list(itertools.islice(moving_pictures(256, 160), 5))
    streams = [Stream.of(weights, threads=1, dtype=dtype) for dtype in ("float32", "int8")]
    for world in ("as it is", "underwater", "film noir", "blueprint", "moon"):
        made = []
        for stream in streams:
            stream.reset()
            stream.prompt(world)
            made.append(np.stack([stream.step(rgb) for rgb in shown]).astype(float))
        decibels = 10 * np.log10(255**2 / ((made[0] - made[1]) ** 2).mean())
        assert decibels >= 45, f"{world}: {decibels:.1f} dB"
