"""Everything that the README's table says of the engine on one machine, measured in one run and kept as JSON."""

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

Size = tuple[int, int]
Advance = Callable[[int, "int | None"], None]
Watch = Callable[[str], AbstractContextManager[Advance]]
"""`with watch("what") as advance: advance(done, total)`: shows how far a measurement is."""

SIZES: tuple[Size, ...] = ((256, 160), (384, 224), (512, 288), (640, 352))
THREADS = (1, 2)
HEADLINE: Size = (512, 288)
"""The size at which peers and the parts of a frame are timed."""
WANTED: dict[tuple[Size, int], dict[str, float]] = {
    ((384, 224), 2): {"p50": 20.0},
    ((512, 288), 2): {"p50": 30.0, "p99": 41.7},
}
"""What a size and number of threads is to reach at most, in ms."""
GPU_SIZES: tuple[Size, ...] = ((512, 288), (1280, 704))
GPU_WANTED: dict[Size, dict[str, float]] = {(512, 288): {"p50": 2.0, "p99": 3.0}, (1280, 704): {"p50": 8.0}}
WAYS = {
    "plain": "plain torch",
    "compiled": "torch.compile, max-autotune",
    "recorded": "one recorded graph, our kernels",
}
CAMERAS: Size = (256, 160)


def run(
    folder: Path,
    watch: Watch,
    *,
    weights: Path | None = None,
    device: str = "auto",
    frames: int = 2000,
    peer_frames: int = 5,
    camera_s: float = 20.0,
    sizes: Sequence[Size] = SIZES,
    seed: int = 0,
    peers: tuple[ModelConfig, TurboConfig] | None = None,
) -> None:
    """Measure it all and keep it in the machine's file under `folder`.

    frames, peer_frames: timed at each size, and of each peer. camera_s: how long the paced cameras run. peers: in place
    of our unpruned model and SD-Turbo.
    """
    headline = HEADLINE if HEADLINE in sizes else sizes[-1]

    def stream(threads: int) -> Stream:
        return Stream.load(weights, device=device, seed=seed, threads=threads)

    found = torch.device(stream(1).setup.device)
    with section(folder, "engine", seed=seed, device=found) as kept:
        kept["dtype"] = explain_dtype(found)
        kept["rows"] = []
        for threads in THREADS if found.type == "cpu" else THREADS[:1]:
            for size in sizes:
                row = _row(stream(threads), size, frames, seed, watch)
                wanted = WANTED.get((size, threads)) if found.type == "cpu" else None
                kept["rows"].append(row | {"wanted": wanted} if wanted else row)
    with section(folder, "frame", seed=seed, device=found) as kept:
        if found.type == "cpu":
            told = {"width": headline[0], "height": headline[1], "frames": min(frames, 200), "seed": seed}
            kept["parts"] = breakdown(stream(THREADS[-1]), **told)
            kept["convolutions"] = convolution_share(stream(THREADS[-1]), **told)
        else:
            kept["not_measured"] = "the parts of a frame are timed on a CPU alone"
    if found.type == "cuda":
        with section(folder, "gpu", seed=seed, device=found) as kept:
            _on_gpu(kept, stream(1).config, frames)
    with section(folder, "peers", seed=seed, device=found) as kept:
        base, general = peers or (None, None)
        like = stream(THREADS[-1])
        kept["rows"] = [_row(like, headline, min(frames, 100), seed, watch)]  # again, in the same minute
        with watch("our unpruned model") as advance:
            kept["rows"].append(sixteen(like, headline, peer_frames, base, seed, advance))
        with watch("SD-Turbo") as advance:
            kept["rows"].append(turbo(like, headline, peer_frames, general, seed, advance))
    with section(folder, "cameras", seed=seed, device=found) as kept:
        count, size = (64, HEADLINE) if found.type == "cuda" else (2, CAMERAS)
        with watch(f"{count} cameras") as advance:
            each = THREADS[0]  # a core for each camera: a batch steps them side by side
            cameras = [Stream.load(weights, device=device, seed=n, threads=each) for n in range(count)]
            row = paced(cameras, size=size, fps=24.0, seconds=camera_s, seed=seed, progress=advance)
        kept["rows"] = [row | {"wanted": {"late": 0}}]


def _on_gpu(
    kept: dict[str, Any], config: ModelConfig, frames: int, sizes: Sequence[Size] = GPU_SIZES, **how: Any
) -> None:
    """Each way of making a frame, and how near it is to the best that the device could do. how: see `compare`."""
    kept["rows"], kept["roofline"], kept["kernels_ms"] = [], {}, {}
    for width, height in sizes:
        timed = compare(config, width=width, height=height, frames=frames, **how)
        kept["roofline"][timed["size"]] = timed["roofline"] | {"device_ms": timed["device_ms"]}
        kept["kernels_ms"][timed["size"]] = timed["recorded_kernels_ms"]
        for way, frame_ms in timed["frame_ms"].items():
            row = {"what": f"{timed['model']}, one step, {WAYS[way]}", "size": timed["size"], "way": way}
            wanted = GPU_WANTED.get((width, height), {}) if way == "recorded" else {}
            row |= {"frames": frames, "frame_ms": frame_ms, "fps": 1000 / frame_ms["p50"], "wanted": wanted}
            kept["rows"].append(row)


def _row(stream: Stream, size: Size, frames: int, seed: int, watch: Watch) -> dict[str, Any]:
    threads = stream.setup.threads
    with watch(f"{size[0]}x{size[1]}, {threads} threads") as advance:
        told = bench(stream, width=size[0], height=size[1], frames=frames, seed=seed, progress=advance)
    names = ("size", "threads", "frames", "frame_ms", "fps", "rss_mb_at")
    return {"what": f"{told['model']}, one step"} | {name: told[name] for name in names}
