"""Operations as torch counts them; bounds as arithmetic says; the comparison runs, on a CPU too."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from engine.bench.gpu import compare
from engine.bench.roofline import Rates, Work, frame_work, measure, network_work
from engine.config import ModelConfig, lsd_test, lsd_tiny
from engine.models.attention import Memory, frame_rotary
from engine.models.hourglass import Conditions, Hourglass, output_mixing


@pytest.mark.parametrize(
    ("config", "height", "width"), [(lsd_test(), 64, 96), (lsd_test(), 96, 160), (lsd_tiny(), 64, 64)]
)
def test_operations_are_those_that_torch_counts(config: ModelConfig, height: int, width: int) -> None:
    network = Hourglass(config)
    h, w = height // 4, width // 4
    m = -(-height // 64) * -(-width // 64)
    memory = Memory(torch.zeros(1, config.slots, m, config.layers, 2, config.width), torch.ones(1, config.slots))
    one = torch.ones(1)
    concepts, particles = torch.ones(1, 1, config.concepts), torch.zeros(1, h, w, 96)
    conditions = Conditions(concepts, one, one, torch.ones(1, 2), one, one, particles)
    modulation = network.condition(conditions)
    frame_rotary.cache_clear()  # or its product was counted in another test
    plain_attention = sdpa_kernel(SDPBackend.MATH)  # the fused one goes uncounted on a CPU
    with torch.no_grad(), plain_attention, FlopCounterMode(display=False) as counter:
        pictures = torch.zeros(1, h, w, 48), torch.zeros(1, h, w, 48), torch.zeros(1, 2, h, w, 48)
        network(*pictures, conditions, memory, modulation)
    # Positions times rates are small products too, which a table could hold; and gains are put in order by a product.
    places = 2 * 3 * config.width // config.heads // 2 * (height * width // 1024 + config.slots * m)
    order = 2 * h * w * math.prod(output_mixing(torch.device("cpu"))[0].shape)
    assert network_work(config, height, width).operations == counter.get_total_flops() - places - order


def test_the_larger_of_two_times_is_the_bound() -> None:
    rates = Rates(operations_per_s=1e12, bytes_per_s=1e9)
    assert rates.bound_ms(Work(1e9, 1.0)) == pytest.approx(1)
    assert rates.bound_ms(Work(1.0, 1e7)) == pytest.approx(10)


def test_steps_and_size_cost() -> None:
    frame = frame_work(lsd_tiny(), 288, 512)
    assert 1.9 < frame_work(lsd_tiny(), 288, 512, steps=2).operations / frame.operations < 2
    assert 4 < frame_work(lsd_tiny(), 576, 1024).operations / frame.operations < 5
    assert frame_work(lsd_tiny(), 288, 512, size=4).bytes > 1.5 * frame.bytes


def test_rates_are_measured() -> None:
    rates = measure(torch.device("cpu"), torch.float32, repeats=1)
    assert rates.operations_per_s > 0
    assert rates.bytes_per_s > 0


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
@pytest.mark.long
def test_the_comparison_reports_every_way(device: str) -> None:
    ways = ("plain", "recorded") if device == "cpu" else ("plain", "compiled", "recorded")
    report = compare(lsd_test(), width=96, height=64, frames=4, rounds=2, device=device, ways=ways)
    assert list(report["frame_ms"]) == list(ways)
    for figures in report["frame_ms"].values():
        assert 0 < figures["p50"] <= figures["p99"] <= figures["max"]
    assert report["roofline"]["share"]["recorded"] > 0
    assert report["roofline"]["bound_ms"] > 0
    spent = list(report["recorded_kernels_ms"].values())
    assert spent == sorted(spent, reverse=True)
    assert spent
