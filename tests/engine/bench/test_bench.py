"""What is measured is what is said, it is kept whole, and the README says the same as the files."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import runtime
from engine.bench import moving_pictures, peers, suite
from engine.bench.breakdown import breakdown, convolution_share
from engine.bench.paced import WARM_UP, paced
from engine.bench.peers import Turbo, TurboConfig, sd_turbo, turbo
from engine.bench.records import kind, machine, read, section
from engine.bench.report import BEGIN, END, markdown, remarks, rows, tables, write
from engine.config import lsd_test
from engine.stream import Stream

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")


@pytest.fixture
def stream() -> Stream:
    return Stream.from_config(lsd_test(), threads=1)


def tiny_turbo() -> TurboConfig:
    """The same pipeline with a few thousand weights."""
    return TurboConfig(
        unet={
            "sample_size": 8,
            "block_out_channels": (16, 16),
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
            "layers_per_block": 1,
            "cross_attention_dim": 16,
            "attention_head_dim": 8,
            "norm_num_groups": 8,
        },
        autoencoder={"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4},
        words=7,
    )


@contextmanager
def unwatched(what: str) -> Iterator[Callable[[int, int | None], None]]:
    yield lambda done, total: None


# -- a frame's parts


def test_the_parts_are_the_whole_step(stream: Stream) -> None:
    """All parts in the order of the network, none left out; nothing of the timing stays in the stream."""
    told = breakdown(stream, width=96, height=64, frames=3)
    assert list(told["ms"]) == [
        "picture and memory in",
        "first layer",
        *("1/4 down", "1/8 down", "1/16 down", "1/32 transformer", "1/16 up", "1/8 up", "1/4 up"),
        "last layer",
        "picture out and into memory",
    ]
    assert all(ms > 0 for ms in told["ms"].values())
    assert set(told["new_prompt_ms"]) == {"words to prompt", "first frame", "next frame"}
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in stream.maker.network.modules())


@pytest.mark.long
def test_timing_changes_no_picture(stream: Stream) -> None:
    other = Stream.from_config(lsd_test(), threads=1)
    convolution_share(stream, width=96, height=64, frames=2)
    breakdown(stream, width=96, height=64, frames=2)
    pictures = moving_pictures(96, 64)
    for one in (stream, other):
        one.reset()
        one.prompt("underwater")
    assert all(np.array_equal(stream.step(p), other.step(p)) for p, _ in zip(pictures, range(3), strict=False))


def test_parts_of_many_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="one step on a CPU, not 2 on cpu"):
        breakdown(Stream.from_config(lsd_test(), threads=1, steps=2), width=96, height=64, frames=1)


@pytest.mark.long
def test_the_convolutions_operations_are_counted(stream: Stream) -> None:
    """Two 3x3 convolutions a block, a multiply-add being two, at each level's size: by hand for the test model."""
    told = convolution_share(stream, width=128, height=64, frames=2)
    by_hand = 2 * 2 * 2 * 9 * (8**2 * 32 * 16 + 8**2 * 16 * 8 + 16**2 * 8 * 4)  # an encoder's and a decoder's block
    assert told["gflop_a_frame"] == round(by_hand / 1e9, 2)
    assert told["share"] == pytest.approx(told["blocks_gflops"] / told["large_gflops"], abs=0.02)


# -- peers


@pytest.mark.long
def test_the_pipeline_answers_each_picture_by_noise_and_words(stream: Stream) -> None:
    one, same, other = (Turbo(tiny_turbo(), CPU, torch.float32, seed) for seed in (0, 0, 1))
    frame = next(moving_pictures(96, 64))
    made = one.step(frame)
    assert made.shape == frame.shape
    assert made.dtype == np.uint8
    assert np.array_equal(made, same.step(frame))
    assert not np.array_equal(made, other.step(frame))
    row = turbo(stream, (96, 64), 2, tiny_turbo())
    assert row["parameters"] == one.parameters
    assert 0 < row["frame_ms"]["p50"] <= row["frame_ms"]["max"]


@pytest.mark.long
def test_the_general_model_has_its_published_size() -> None:
    """865.9 M parameters in the U-Net of Stable Diffusion 2.1, 2.4 M in TAESD: counted without memory for them."""
    from diffusers import AutoencoderTiny, UNet2DConditionModel

    config = sd_turbo()
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**config.unet)
        autoencoder: Any = AutoencoderTiny(**config.autoencoder)
    assert sum(p.numel() for p in unet.parameters()) == 865_910_724
    assert sum(p.numel() for p in autoencoder.parameters()) == 2_445_063


def test_without_diffusers_the_row_says_how_to_get_it(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    row = turbo(stream, (96, 64), 2, tiny_turbo())
    assert row["not_measured"] == "diffusers is not installed; pip install 'lsd-studio[bench]'"
    assert "frame_ms" not in row


# -- cameras


@pytest.mark.long
def test_cameras_are_paced_and_late_frames_counted() -> None:
    """At a pace that none can hold all frames are late and most left out; at one that any can hold, none is."""
    streams = [Stream.from_config(lsd_test(), threads=1, seed=n) for n in range(2)]
    rushed = paced(streams, size=(96, 64), fps=10_000, seconds=0.05)
    assert (rushed["frames"], rushed["late"]) == (500, 500)
    made = streams[0].index
    assert made < WARM_UP + 250
    calm = paced(streams, size=(96, 64), fps=2, seconds=1)
    assert (calm["frames"], calm["late"]) == (2, 0)
    assert calm["fps"] < 5
    assert [stream.index for stream in streams] == [made + WARM_UP + 2] * 2


# -- the processor


@pytest.mark.parametrize(
    ("flags", "dtype", "says"),
    [
        ({"avx2", "fma"}, torch.float32, "no bfloat16"),
        ({"avx512f", "avx512_bf16"}, torch.bfloat16, "AVX512-BF16"),
        ({"amx_bf16", "avx512_bf16"}, torch.bfloat16, "AVX512-BF16 and AMX"),
        ({"asimd", "bf16"}, torch.bfloat16, "Arm BF16"),
    ],
)
def test_the_processors_features_choose_the_arithmetic_aloud(
    monkeypatch: pytest.MonkeyPatch, flags: set[str], dtype: torch.dtype, says: str
) -> None:
    monkeypatch.setattr(runtime, "cpu_flags", lambda: flags)
    assert runtime.choose_dtype(CPU) is dtype
    assert runtime.explain_dtype(CPU).startswith(str(dtype).removeprefix("torch."))
    assert says in runtime.explain_dtype(CPU)


# -- records and tables


def test_a_section_replaces_its_own_and_leaves_the_others(tmp_path: Path) -> None:
    for name, value in (("engine", 1), ("age", 2), ("engine", 3)):
        with section(tmp_path, name, seed=5) as kept:
            kept["rows"] = [value]
    (path,) = tmp_path.iterdir()
    assert path.name == f"{kind(machine())}.json"
    sections = read(path)["sections"]
    assert {name: one["rows"] for name, one in sections.items()} == {"engine": [3], "age": [2]}
    assert sections["age"]["seed"] == 5
    assert len(sections["age"]["load"]) == 2
    with pytest.raises(ZeroDivisionError), section(tmp_path, "engine", seed=5) as kept:
        kept["rows"] = [1 / 0]
    assert read(path)["sections"] == sections


def test_a_machines_kind_is_a_file_name() -> None:
    assert kind({"cpu": "Intel(R) Xeon(R) Processor", "cores": 2}) == "intel-xeon-processor-2-cores"
    assert kind({"cpu": "x", "cores": 2, "gpu": "NVIDIA H200"}) == "nvidia-h200"


@pytest.mark.long
def test_the_whole_suite_keeps_what_its_tables_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With tiny models, through the same code: every row has figures or a reason, in file, table and README."""
    load = Stream.load
    monkeypatch.setattr(suite, "THREADS", (1,))
    monkeypatch.setattr(suite, "CAMERA_SIZE", (96, 64))
    monkeypatch.setattr(Stream, "load", lambda weights, **o: Stream.from_config(lsd_test(), seed=o["seed"], threads=1))
    monkeypatch.setattr(peers, "SIXTEEN", 2)
    told = {"frames": 3, "peer_frames": 1, "camera_s": 0.1, "sizes": [(64, 64), (96, 64)], "device": "cpu"}
    suite.run(tmp_path, unwatched, peers=(lsd_test(), tiny_turbo()), **told)  # type: ignore[arg-type]
    monkeypatch.setattr(Stream, "load", load)
    (path,) = tmp_path.iterdir()
    record = read(path)
    assert list(record["sections"]) == ["engine", "frame", "peers", "cameras"]
    found = [row for one in record["sections"].values() for row in one.get("rows", ())]
    assert [row["size"] for row in found] == ["64x64", "96x64", "96x64", "96x64", "96x64", "96x64"]
    for row in found:
        assert row.get("not_measured") or row["frame_ms"].keys() == {"p50", "p95", "p99", "max"}
    cells = list(rows(record))
    assert "times as long" in cells[3][-1]
    assert all(len(row) == len(cells[0]) for row in cells)
    assert len(list(tables(tmp_path))) >= 3
    text = markdown(tmp_path)
    assert all(row[0] in text for row in cells)
    assert "not measured" in text.splitlines()[len(cells) + 4]

    readme = tmp_path / "README"
    readme.write_text(f"before\n{BEGIN} old {END}\nafter\n")
    write(readme, tmp_path)
    assert readme.read_text() == f"before\n{BEGIN}\n\n{text}\n\n{END}\nafter\n"
    readme.write_text("nothing")
    with pytest.raises(ValueError, match="lacks the lines"):
        write(readme, tmp_path)


@pytest.mark.long
def test_a_gpus_section_says_how_near_the_best_it_is() -> None:
    """The section's own code, on the CPU: its figures are a GPU's only where there is one."""
    kept: dict[str, Any] = {}
    suite._on_gpu(kept, lsd_test(), 4, [(96, 64)], rounds=2, device="cpu", ways=("plain", "recorded"))
    assert [(row["size"], row["way"]) for row in kept["rows"]] == [("96x64", "plain"), ("96x64", "recorded")]
    kept["rows"].append(kept["rows"][0] | {"way": "compiled"})  # which takes a minute
    record = {"machine": {"gpu": "one"}, "sections": {"gpu": kept}}
    p50 = kept["rows"][1]["frame_ms"]["p50"]
    assert list(rows(record))[1][3] == f"{p50:.2f}", "hundredths, for a bar of 2 ms"
    bound, beside = remarks(record)
    assert f"take {kept['roofline']['96x64']['bound_ms']:.2f} ms at least" in bound
    assert f"{kept['rows'][0]['frame_ms']['p50'] / p50:.1f} times as fast as plain (target: 5)" in beside


def test_rows_of_older_files_are_read_in_todays_words() -> None:
    old = {"what": "live loop under a camera of 60 fps for 600 s: a picture's age when it is shown", "size": "96x64"}
    row = {**old, "frames": 3, "frame_ms": {"p50": 1, "p95": 2, "p99": 3, "max": 4}, "dropped": 7, "wanted": {"max": 3}}
    (cells,) = rows({"machine": {}, "sections": {"age": {"rows": [row]}}})
    assert cells[0] == (
        "live loop under a 60 fps camera for 600 s: end-to-end latency, camera frame to displayed frame, 3 frames"
    )
    assert cells[-1] == "7 dropped; target: worst at most 3 (missed)"


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for text in ("{", "[]", json.dumps({"schema": "other"})):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"x\.json is not"):
            read(path)
    path.unlink()
    with pytest.raises(ValueError, match="holds no measurements"):
        markdown(tmp_path)


def test_the_readme_says_what_the_files_say() -> None:
    """Written by `python -m engine bench --report README.md`."""
    between = re.search(f"{re.escape(BEGIN)}\n\n(.*?)\n\n{re.escape(END)}", (ROOT / "README.md").read_text(), re.DOTALL)
    assert between is not None
    assert between[1] == markdown(ROOT / "benchmarks")
