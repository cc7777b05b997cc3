"""How fast a stream is on this machine: whole steps timed, memory watched, a large convolution as yardstick."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
import torch.nn.functional as F

from engine.bench.records import figures, load
from engine.bench.records import machine as machine
from engine.runtime import explain_dtype, settle, wait_for
from engine.stream import Stream

WARM_UP = 20
"""Steps before the clock starts: the history fills, kernels are chosen, buffers are allocated."""
MEMORY_AT = (200, 2000)
"""Frames at which the resident memory is noted, beside the last one."""
PROMPTS = ("underwater", "neon rain")
"""The prompt changes every hundred frames, as a live one does."""


@dataclass(frozen=True)
class Convolution:
    """The yardstick: a 3x3 convolution of 256 channels over 96x96 positions in the stream's dtype."""

    ms: float
    """Of one run."""
    gflops: float
    """10^9 floating-point operations a second, a multiply-add being two."""


def moving_pictures(width: int, height: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Endless varying pictures (H, W, 3) uint8: a coloured texture of every octave, drifting under changing light."""
    rng = np.random.default_rng(seed)
    margin, texture = 64, np.zeros((height + 64, width + 64, 3), np.float32)
    for cells in (4, 8, 16, 32, 64, 128):
        grid = torch.from_numpy(rng.random((1, 3, cells, cells), np.float32))
        layer = F.interpolate(grid, texture.shape[:2], mode="bicubic", align_corners=True)[0]
        texture += layer.permute(1, 2, 0).numpy() / cells**0.5
    texture = (texture - texture.min()) / (texture.max() - texture.min()) * 235
    index = 0
    while True:
        x, y = (round((1 + np.sin(index / period)) * margin / 2) for period in (23, 31))
        light = 0.75 + 0.25 * np.sin(index / 17)
        yield (texture[y : y + height, x : x + width] * light).astype(np.uint8)
        index += 1


def bench(
    stream: Stream,
    *,
    width: int,
    height: int,
    frames: int,
    warm_up: int = WARM_UP,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Time `frames` whole calls of `Stream.step` after a warm-up that does not count; returns what `--json` prints.

    width, height: in pixels. seed: of the pictures. progress: called with frames done and frames in all. Raises
    ValueError for fewer than one frame.
    """
    if frames < 1:
        raise ValueError(f"{frames} frames; at least 1 is needed")
    pictures = moving_pictures(width, height, seed)
    for text in PROMPTS:
        stream.prepare(text)
    stream.prompt(PROMPTS[0])
    for _ in range(warm_up):
        stream.step(next(pictures))
    settle()  # as the live loop does
    weight = stream.maker.network.stem.weight
    device, dtype = weight.device, weight.dtype
    before = convolution(device, dtype)

    taken_ms, memory_mb = np.empty(frames), {}
    for i in range(frames):
        if i % 100 == 0:
            stream.prompt(PROMPTS[i // 100 % len(PROMPTS)])
        picture = next(pictures)
        start = time.perf_counter()
        stream.step(picture)
        taken_ms[i] = (time.perf_counter() - start) * 1000
        if i + 1 in MEMORY_AT or i + 1 == frames:
            memory_mb[str(i + 1)] = round(resident_mb(), 1)
        if progress is not None:
            progress(i + 1, frames)
    after = convolution(device, dtype)

    report: dict[str, Any] = {
        "frame_ms": figures(taken_ms),
        "fps": round(1000 / float(taken_ms.mean()), 2),
        "frames": frames,
        "warm_up_frames": warm_up,
        "size": f"{width}x{height}",
        "steps": stream.steps,
        "model": stream.config.name,
        "device": stream.setup.device,
        "dtype": stream.setup.dtype,
        "dtype_because": explain_dtype(device, in_bytes=stream.setup.dtype == "int8"),
        "threads": stream.setup.threads,
        "peak_rss_mb": round(peak_resident_mb(), 1),
        "rss_mb_at": memory_mb,
        "convolution": {
            "what": "3x3, 256 to 256 channels, 96x96 positions, the stream's dtype; before and after the frames",
            "ms": [round(before.ms, 2), round(after.ms, 2)],
            "gflops": [round(before.gflops), round(after.gflops)],
        },
        "machine": machine(device) | {"load": load()},
        "weights_hash": stream.setup.weights_hash,
    }
    if device.type == "cuda":
        report["peak_device_mb"] = round(torch.cuda.max_memory_allocated(device) / 2**20, 1)
    return report


@torch.inference_mode()
def convolution(device: torch.device, dtype: torch.dtype, repeats: int = 20) -> Convolution:
    """Time the yardstick: the median of `repeats` runs after two that do not count."""
    channels, side = 256, 96
    weight = torch.full((channels, channels, 3, 3), 0.01, device=device, dtype=dtype)
    x = torch.ones(1, channels, side, side, device=device, dtype=dtype)
    weight, x = (tensor.to(memory_format=torch.channels_last) for tensor in (weight, x))
    taken = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        F.conv2d(x, weight, padding=1)
        wait_for(device)
        taken.append(time.perf_counter() - start)
    seconds = statistics.median(taken[2:])
    return Convolution(seconds * 1000, 2 * 9 * channels**2 * side**2 / seconds / 1e9)


def resident_mb() -> float:
    """The process's resident memory now, in MiB."""
    return psutil.Process().memory_info().rss / 2**20


def peak_resident_mb() -> float:
    """The most resident memory that the process had so far, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # not getrusage, which on Linux inherits the parent's peak
        kib = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
        return int(kib) / 2**10
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS
