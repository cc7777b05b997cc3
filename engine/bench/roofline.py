"""How fast a frame could be at best: its operations and bytes, over the rates that a device reaches in the same run.

The bound is the larger of two times (Williams et al. 2009): products at the rate of a large one, memory traffic at the
rate of a large copy. It counts what no implementation can avoid: the products of the network, and each weight and each
product's input and output once; what lies between products is free. Where a cache holds all of a level the traffic is
less than that, so there a share above one is not a contradiction.
"""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.config import ModelConfig
from engine.models.attention import MEMORY_PATCH, memory_grid
from engine.models.hourglass import INPUT_CHANNELS, OUTPUT_CHANNELS, PARTICLE_PLANES
from engine.models.modulation import LEVEL_STRIDES, modulated_places
from engine.models.patches import PATCH, SIZE_MULTIPLE, padded_size
from engine.runtime import wait_for

COPY_BYTES = {"cuda": 2**29, "cpu": 2**26}
"""Bytes of the timed copy, by kind of device: far more than a cache holds."""
PRODUCT_SIDE = {"cuda": 8192, "cpu": 1024}
"""Rows and columns of the timed product's matrices, by kind of device."""


@dataclass(frozen=True)
class Work:
    """The least that a frame costs."""

    operations: float
    """Of products, a multiply-add being two."""
    bytes: float
    """Read and written."""

    def __add__(self, other: Work) -> Work:
        return Work(self.operations + other.operations, self.bytes + other.bytes)

    def __mul__(self, times: float) -> Work:
        return Work(self.operations * times, self.bytes * times)


@dataclass(frozen=True)
class Rates:
    """What a device reaches."""

    operations_per_s: float
    """In a large product, a multiply-add being two."""
    bytes_per_s: float
    """In a large copy, read and written."""

    def bound_ms(self, work: Work) -> float:
        """The least time that `work` can take, in milliseconds."""
        return 1000 * max(work.operations / self.operations_per_s, work.bytes / self.bytes_per_s)


def _product(rows: int, inputs: int, outputs: int, taps: int, size: int) -> Work:
    """`rows` positions from `inputs` to `outputs` channels, each seeing `taps` positions, of which one is its own."""
    numbers = rows * (inputs + outputs) + taps * inputs * outputs + outputs
    return Work(2 * rows * taps * inputs * outputs, numbers * size)


def network_work(config: ModelConfig, height: int, width: int, size: int = 2) -> Work:
    """One call of the network with a full ring. height, width: the picture's, in pixels; size: bytes of a number."""
    tall, wide = padded_size(height, width)
    strides = (*LEVEL_STRIDES, SIZE_MULTIPLE)
    positions = [tall * wide // stride**2 for stride in strides]
    widths, d, tokens = (*config.channels, config.width), config.width, positions[-1]
    work = _product(positions[0], INPUT_CHANNELS, widths[0], 1, size)
    for place in modulated_places(config):
        if place.part in ("encoder", "decoder"):  # a block of two convolutions
            count = positions[strides.index(place.stride)]
            work += _product(count, place.channels, place.channels, 9, size) * 2
    for count, fine, coarse in zip(positions[1:], widths, widths[1:], strict=False):
        work += _product(count, 4 * fine, coarse, 1, size) + _product(count, coarse, 4 * fine, 1, size)
    remembered = config.slots * math.prod(memory_grid(tall, wide))
    attention = Work(4 * tokens * (tokens + 1 + remembered) * d, (4 * tokens + 2 * remembered) * d * size)
    layer = attention + _product(tokens, d, 3 * d, 1, size) * 2 + _product(tokens, d, d, 1, size)
    work += (layer + _product(tokens, 3 * d, d, 1, size)) * config.layers
    work += _product(positions[0], widths[0], OUTPUT_CHANNELS, 9, size)
    pixel = positions[0] * PATCH**2
    # A colour is a sum over particles, source and last output; the first layer sees the particles, too, in float32.
    return work + Work(2 * 3 * (PARTICLE_PLANES + 3 + 3) * pixel, 2 * 4 * PARTICLE_PLANES * pixel)


def frame_work(config: ModelConfig, height: int, width: int, steps: int = 1, size: int = 2) -> Work:
    """A whole frame: `steps` calls of the network, pictures in, out and past, and its share of a remembered frame.

    height, width: the picture's, in pixels; size: bytes of a number, 2 in bfloat16.
    """
    tall, wide = padded_size(height, width)
    m, d = math.prod(memory_grid(tall, wide)), config.width
    remember = _product(m, 3 * MEMORY_PATCH**2 + 1, d, 1, size) + _product(m, d, 2 * config.layers * d, 1, size)
    picture = 3 * height * width
    pictures = Work(0, picture * 7)  # three assembled, two composed, two written
    noise = Work(0, 2 * 3 * tall * wide * 4)
    call = network_work(config, height, width, size)
    return call * steps + pictures + noise + remember * (1 / config.ring_stride)


@torch.inference_mode()
def measure(device: torch.device, dtype: torch.dtype, repeats: int = 20) -> Rates:
    """Time a large product and a large copy on `device`: medians of `repeats`, after two that do not count."""
    kind = device.type if device.type in COPY_BYTES else "cpu"
    side = PRODUCT_SIDE[kind]
    a, b = (torch.ones(side, side, device=device, dtype=dtype) for _ in range(2))
    made = torch.empty_like(a)
    source = torch.ones(COPY_BYTES[kind], device=device, dtype=torch.uint8)
    target = torch.empty_like(source)

    def product() -> Tensor:
        return torch.mm(a, b, out=made)

    def copy() -> Tensor:
        return target.copy_(source)

    taken = {}
    for name, work in (("product", product), ("copy", copy)):
        times = []
        for _ in range(repeats + 2):
            wait_for(device)
            start = time.perf_counter()
            work()
            wait_for(device)
            times.append(time.perf_counter() - start)
        taken[name] = statistics.median(times[2:])
    return Rates(2 * side**3 / taken["product"], 2 * source.numel() / taken["copy"])
