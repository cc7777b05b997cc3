"""One device, three ways to make a frame: plain torch, `torch.compile`, and the recorded program with our kernels.

Whole frames are timed, from the camera's bytes on the host to the answer's bytes on the host. The ways take turns, so
that a warm or a busy machine meets all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from engine.bench import moving_pictures, roofline
from engine.bench.records import PERCENTILES
from engine.config import ModelConfig
from engine.fast.plain import Plain
from engine.fast.recorded import Recorded
from engine.stream import Stream

WAYS = ("plain", "compiled", "recorded")
WARM_UP = 40
"""Frames that do not count: the ring is full after 25 of lsd-tiny's, and only then are shapes what they stay."""


class Stopwatch:
    """Calls `work` and times it on the device."""

    def __init__(self, work: Callable[..., Any], device: torch.device) -> None:
        self._work, self._on_gpu = work, device.type == "cuda"
        self._events: list[tuple[torch.cuda.Event, torch.cuda.Event]] = []

    def __call__(self, *given: Any) -> Any:
        if not self._on_gpu:
            return self._work(*given)
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        made = self._work(*given)
        end.record()
        self._events.append((start, end))
        return made

    def forget(self) -> None:
        """Drop the times so far."""
        self._events.clear()

    def median_ms(self) -> float | None:
        """Of its calls; None on a CPU."""
        if not self._events:
            return None
        torch.cuda.synchronize()
        return round(float(np.median([start.elapsed_time(end) for start, end in self._events])), 4)


def prepared(
    config: ModelConfig, way: str, pictures: Sequence[np.ndarray], device: str, steps: int
) -> tuple[Stream, Stopwatch]:
    """A stream that makes its frames in one of `WAYS`, warmed up, and the stopwatch on what its device does."""
    if way not in WAYS:
        raise ValueError(f"{way!r} is not a way of making a frame; there are {', '.join(WAYS)}")
    stream = Stream.from_config(
        config, device=device, steps=steps, backend="recorded" if way == "recorded" else "plain"
    )
    stream.prompt("underwater")
    for i in range(WARM_UP):
        stream.step(pictures[i % len(pictures)])
    there = torch.device(stream.setup.device)
    maker = stream.maker
    if isinstance(maker, Recorded):
        maker.launch = watch = Stopwatch(maker.launch, there)
    else:
        assert isinstance(maker, Plain), "plain and compiled frames are made by Plain"
        forward: Any = maker.network
        if way == "compiled":  # when the memory is full: before that each frame is of another shape
            forward = torch.compile(forward, mode="max-autotune", dynamic=False)
        maker.forward = watch = Stopwatch(forward, there)
    for i in range(WARM_UP):
        stream.step(pictures[i % len(pictures)])
    watch.forget()
    return stream, watch


def kernels_ms(stream: Stream, pictures: Sequence[np.ndarray]) -> dict[str, float]:
    """Milliseconds a frame in each of the device's kernels and copies (on a CPU: operators), the longest first."""
    on_gpu = stream.setup.device != "cpu"
    activity = ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU
    with profile(activities=[activity]) as profiler:
        for picture in pictures:
            stream.step(picture)
    spent = {
        event.key: (event.self_device_time_total if on_gpu else event.self_cpu_time_total) / 1000 / len(pictures)
        for event in profiler.key_averages()
    }
    return {name: round(ms, 4) for name, ms in sorted(spent.items(), key=lambda pair: -pair[1]) if ms > 0}


def compare(
    config: ModelConfig,
    *,
    width: int,
    height: int,
    frames: int = 2000,
    rounds: int = 4,
    steps: int = 1,
    device: str = "cuda",
    ways: Sequence[str] = WAYS,
) -> dict[str, Any]:
    """Time `frames` whole frames of each way in `rounds` turns; returns figures in milliseconds, and the roofline.

    Random weights: speed does not depend on them. device_ms is the median of the device's own time for the network
    (plain, compiled: no upload, noise or download) or for the whole program (recorded: with all of them). Raises
    ValueError for a way or device that is not there.
    """
    if frames < rounds or rounds < 1:
        raise ValueError(f"{frames} frames in {rounds} rounds; at least one frame a round is needed")
    source = moving_pictures(width, height)
    pictures = [next(source) for _ in range(48)]
    streams = {way: prepared(config, way, pictures, device, steps) for way in ways}
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for turn in range(rounds):
        for way, (stream, _) in streams.items():
            for i in range(frames * turn // rounds, frames * (turn + 1) // rounds):
                picture = pictures[i % len(pictures)]
                start = time.perf_counter()
                stream.step(picture)
                taken[way].append((time.perf_counter() - start) * 1000)
    first = streams[ways[0]][0].setup
    there, dtype = torch.device(first.device), getattr(torch, first.dtype)
    rates = roofline.measure(there, dtype)
    work = roofline.frame_work(config, height, width, steps, dtype.itemsize)
    bound = rates.bound_ms(work)
    frame_ms = {
        way: {name: round(float(np.percentile(times, share)), 3) for name, share in PERCENTILES.items()}
        for way, times in taken.items()
    }
    return {
        "what": "whole frames, upload and download included; random weights",
        "model": config.name,
        "size": f"{width}x{height}",
        "steps": steps,
        "frames": frames,
        "rounds": rounds,
        "device": first.device,
        "dtype": first.dtype,
        "frame_ms": frame_ms,
        "device_ms": {way: watch.median_ms() for way, (_, watch) in streams.items()},
        "roofline": {
            "gflop_a_frame": round(work.operations / 1e9, 3),
            "mb_a_frame": round(work.bytes / 1e6, 3),
            "measured_tflop_s": round(rates.operations_per_s / 1e12, 3),
            "measured_gb_s": round(rates.bytes_per_s / 1e9, 1),
            "bound_ms": round(bound, 4),
            "share": {way: round(bound / figures["p50"], 4) for way, figures in frame_ms.items()},
        },
        "recorded_kernels_ms": kernels_ms(streams["recorded"][0], pictures) if "recorded" in streams else {},
    }
