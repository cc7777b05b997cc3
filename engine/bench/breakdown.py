"""Where a frame's time goes: the source's picture in, the network level by level, the answer out.

Times are taken between the network's modules inside whole calls of `Stream.step`, by hooks that come off again. Their
sum is the step. On a GPU work goes on after a call has returned, so there these times would mean nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from engine.bench import convolution, moving_pictures
from engine.models.hourglass import Hourglass
from engine.models.modulation import ConvBlocks, conv_blocks
from engine.models.patches import PATCH, padded_size
from engine.stream import Stream

NEW_PROMPT = "a harbour at dusk, {} lanterns on the water"
"""With a number in it that no text encoder has met, so that embedding is timed and not its cache."""


@contextmanager
def _stamped(network: Hourglass, stamp: Callable[[str], None]) -> Iterator[None]:
    """Calls `stamp` with the name of each part of the network when it is done."""

    def after(name: str) -> Callable[..., None]:
        return lambda *_: stamp(name)

    levels = [f"1/{PATCH * 2**i}" for i in range(3)]
    handles = [network.register_forward_pre_hook(after("picture and memory in"))]
    ends: list[tuple[nn.Module, str]] = [(network.stem, "first layer")]
    ends += [(module, f"{level} down") for module, level in zip(network.encoder, levels, strict=True)]
    ends += [(network.bottleneck[-1], f"1/{PATCH * 8} transformer")]
    ends += [(module, f"{level} up") for module, level in zip(network.decoder, levels, strict=True)]
    handles += [module.register_forward_hook(after(name)) for module, name in ends]
    handles += [network.register_forward_hook(after("last layer"))]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def breakdown(stream: Stream, *, width: int, height: int, frames: int, seed: int = 0) -> dict[str, Any]:
    """Median milliseconds of each part of a frame, in order, and of what a new prompt costs.

    width, height: in pixels. Raises ValueError for more than one denoising step and for a GPU.
    """
    if stream.steps != 1 or stream.setup.device != "cpu":
        raise ValueError(
            f"a frame's parts are timed for one step on a CPU, not {stream.steps} on {stream.setup.device}"
        )
    pictures = moving_pictures(width, height, seed)
    stream.reset()
    stream.prompt("underwater")
    for _ in range(10):
        stream.step(next(pictures))
    parts: dict[str, list[float]] = {}
    stamps: list[tuple[str, float]] = []
    with _stamped(stream.maker.network, lambda name: stamps.append((name, time.perf_counter()))):
        for _ in range(frames):
            picture = next(pictures)
            stamps[:] = [("", time.perf_counter())]
            stream.step(picture)
            stamps.append(("picture out and into memory", time.perf_counter()))
            for (_, start), (name, end) in pairwise(stamps):
                parts.setdefault(name, []).append((end - start) * 1000)
    return {
        "size": f"{width}x{height}",
        "threads": stream.setup.threads,
        "frames": frames,
        "ms": {name: round(statistics.median(taken), 2) for name, taken in parts.items()},
        "new_prompt_ms": _new_prompt(stream, pictures),
    }


def _new_prompt(stream: Stream, pictures: Iterator[np.ndarray], repeats: int = 5) -> dict[str, float]:
    """Milliseconds to embed a new text, and of the first and the second frame under it."""
    taken: dict[str, list[float]] = {}
    for _ in range(repeats):
        start = time.perf_counter()
        stream.prompt(NEW_PROMPT.format(time.monotonic_ns()))
        embedded = time.perf_counter()
        stream.step(next(pictures))
        first = time.perf_counter()
        stream.step(next(pictures))
        taken.setdefault("words to prompt", []).append(embedded - start)
        taken.setdefault("first frame", []).append(first - embedded)
        taken.setdefault("next frame", []).append(time.perf_counter() - first)
    return {name: round(statistics.median(times) * 1000, 2) for name, times in taken.items()}


def convolution_share(stream: Stream, *, width: int, height: int, frames: int, seed: int = 0) -> dict[str, Any]:
    """The rate of the convolution blocks beside that of a large convolution (engine.bench.convolution), in one run."""
    network, device = stream.maker.network, torch.device(stream.setup.device)
    tall, wide = padded_size(height, width)
    spent: list[float] = []
    started = [0.0]

    def begin(*_: object) -> None:
        started[0] = time.perf_counter()

    def end(*_: object) -> None:
        spent[-1] += time.perf_counter() - started[0]

    groups = [module for module in network.modules() if isinstance(module, ConvBlocks)]
    handles = [group.register_forward_pre_hook(begin) for group in groups]
    handles += [group.register_forward_hook(end) for group in groups]
    pictures = moving_pictures(width, height, seed)
    stream.reset()
    try:
        before = convolution(device, network.stem.weight.dtype)
        for _ in range(frames + 5):
            spent.append(0.0)
            stream.step(next(pictures))
        after = convolution(device, network.stem.weight.dtype)
    finally:
        for handle in handles:
            handle.remove()
    operations = sum(
        2 * 2 * 9 * block.place.channels**2 * (tall // block.place.stride) * (wide // block.place.stride)
        for block in conv_blocks(network)
    )
    blocks, large = operations / statistics.median(spent[5:]) / 1e9, (before.gflops + after.gflops) / 2
    return {
        "size": f"{width}x{height}",
        "threads": stream.setup.threads,
        "gflop_a_frame": round(operations / 1e9, 2),
        "blocks_gflops": round(blocks),
        "large_gflops": round(large),
        "share": round(blocks / large, 3),
    }
