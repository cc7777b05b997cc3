"""All figures of the README's table for the engine on one machine, measured in one run and kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from engine.bench import bench
from engine.bench.breakdown import breakdown, convolution_share
from engine.bench.gpu import compare
from engine.bench.paced import paced
from engine.bench.peers import TurboConfig, sixteen, turbo
from engine.bench.records import section
from engine.config import ModelConfig
from engine.runtime import explain_dtype
from engine.stream import Stream

Advance = Callable[[int, "int | None"], None]
Progress = Callable[[str], AbstractContextManager[Advance]]
"""`with progress("what") as advance: advance(done, total)`: shows how far a measurement is."""

Size = tuple[int, int]
"""Width and height in pixels."""

SIZES: tuple[Size, ...] = ((256, 160), (384, 224), (512, 288), (640, 352))
THREADS = (1, 2)
"""Numbers of cores that the engine is timed on."""
HEADLINE: Size = (512, 288)
"""The size at which peers and the parts of a frame are timed."""
TARGETS_MS: dict[tuple[Size, int], dict[str, float]] = {
    ((384, 224), 2): {"p50": 20.0},
    ((512, 288), 2): {"p50": 30.0, "p99": 41.7},
}
"""At most this, by size and number of threads."""
GPU_SIZES: tuple[Size, ...] = ((512, 288), (1280, 704))
GPU_TARGETS_MS: dict[Size, dict[str, float]] = {(512, 288): {"p50": 2.0, "p99": 3.0}, (1280, 704): {"p50": 8.0}}
WAYS = {
    "plain": "plain torch",
    "compiled": "torch.compile, max-autotune",
    "recorded": "one recorded graph, our kernels",
}
CAMERA_SIZE: Size = (256, 160)
"""Of the pictures of two live cameras on a CPU."""


def run(
    folder: Path,
    progress: Progress,
    *,
    weights: Path | None = None,
    device: str = "auto",
    frames: int = 2000,
    peer_frames: int = 5,
    camera_s: float = 20.0,
    sizes: Sequence[Size] = SIZES,
    seed: int = 0,
    peers: tuple[ModelConfig, TurboConfig] | None = None,
    dtype: str = "auto",
) -> None:
    """Measure everything and write it into the machine's file under `folder`.

    frames, peer_frames: timed at each size, and of each peer. camera_s: how long the paced cameras run, in seconds.
    peers: in place of our unpruned model and SD-Turbo. dtype: of the stream, see engine.runtime.DTYPES.
    """
    headline = HEADLINE if HEADLINE in sizes else sizes[-1]

    def stream(threads: int) -> Stream:
        return Stream.load(weights, device=device, seed=seed, threads=threads, dtype=dtype)

    setup = stream(1).setup
    device_used = torch.device(setup.device)
    with section(folder, "engine", seed=seed, device=device_used) as content:
        content["dtype"] = explain_dtype(device_used, in_bytes=setup.dtype == "int8")
        content["rows"] = []
        for threads in THREADS if device_used.type == "cpu" else THREADS[:1]:
            for size in sizes:
                row = _row(stream(threads), size, frames, seed, progress)
                wanted = TARGETS_MS.get((size, threads)) if device_used.type == "cpu" else None
                content["rows"].append(row | {"wanted": wanted} if wanted else row)
    with section(folder, "frame", seed=seed, device=device_used) as content:
        if device_used.type == "cpu":
            how = {"width": headline[0], "height": headline[1], "frames": min(frames, 200), "seed": seed}
            content["parts"] = breakdown(stream(THREADS[-1]), **how)
            content["convolutions"] = convolution_share(stream(THREADS[-1]), **how)
        else:
            content["not_measured"] = "the parts of a frame are timed on a CPU alone"
    if device_used.type == "cuda":
        with section(folder, "gpu", seed=seed, device=device_used) as content:
            _on_gpu(content, stream(1).config, frames)
    with section(folder, "peers", seed=seed, device=device_used) as content:
        base, general = peers or (None, None)
        like = stream(THREADS[-1])
        content["rows"] = [_row(like, headline, min(frames, 100), seed, progress)]  # again, in the same minute
        with progress("our unpruned model") as advance:
            content["rows"].append(sixteen(like, headline, peer_frames, base, seed, advance))
        with progress("SD-Turbo") as advance:
            content["rows"].append(turbo(like, headline, peer_frames, general, seed, advance))
    with section(folder, "cameras", seed=seed, device=device_used) as content:
        count, size = (64, HEADLINE) if device_used.type == "cuda" else (2, CAMERA_SIZE)
        with progress(f"{count} cameras") as advance:
            each = THREADS[0]  # a core for each camera: a batch steps them side by side
            cameras = [Stream.load(weights, device=device, seed=n, threads=each, dtype=dtype) for n in range(count)]
            row = paced(cameras, size=size, fps=24.0, seconds=camera_s, seed=seed, progress=advance)
        content["rows"] = [row | {"wanted": {"late": 0}}]


def _on_gpu(
    content: dict[str, Any], config: ModelConfig, frames: int, sizes: Sequence[Size] = GPU_SIZES, **how: Any
) -> None:
    """Each way of making a frame, and how near it is to the best that the device could do. how: see `compare`."""
    content["rows"], content["roofline"], content["kernels_ms"] = [], {}, {}
    for width, height in sizes:
        timed = compare(config, width=width, height=height, frames=frames, **how)
        content["roofline"][timed["size"]] = timed["roofline"] | {"device_ms": timed["device_ms"]}
        content["kernels_ms"][timed["size"]] = timed["recorded_kernels_ms"]
        for way, frame_ms in timed["frame_ms"].items():
            row = {"what": f"{timed['model']}, one step, {WAYS[way]}", "size": timed["size"], "way": way}
            wanted = GPU_TARGETS_MS.get((width, height), {}) if way == "recorded" else {}
            row |= {"frames": frames, "frame_ms": frame_ms, "fps": 1000 / frame_ms["p50"], "wanted": wanted}
            content["rows"].append(row)


def _row(stream: Stream, size: Size, frames: int, seed: int, progress: Progress) -> dict[str, Any]:
    threads = stream.setup.threads
    with progress(f"{size[0]}x{size[1]}, {threads} threads") as advance:
        report = bench(stream, width=size[0], height=size[1], frames=frames, seed=seed, progress=advance)
    names = ("size", "threads", "frames", "frame_ms", "fps", "rss_mb_at")
    return {"what": f"{report['model']}, one step"} | {name: report[name] for name in names}
