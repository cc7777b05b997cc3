"""Cutting a smaller network out of a larger one."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.config import ModelConfig, lsd_base, lsd_test, lsd_tiny
from engine.models.attention import Memory
from engine.models.hourglass import Conditions, Hourglass
from engine.training.prune import prune

BIG = replace(lsd_test(), channels=(16, 16, 24), encoder=(2, 1, 1), decoder=(1, 2, 1), width=32, layers=2, heads=2)
SMALL = replace(lsd_test(), channels=(8, 16, 16), encoder=(1, 1, 1), decoder=(1, 1, 1), width=16, layers=1, heads=1)


def drawn(config: ModelConfig, seed: int) -> Hourglass:
    torch.manual_seed(seed)
    network = Hourglass(config)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.7 * max(parameter[0].numel(), 4) ** -0.5)
    return network


@torch.no_grad()
def answer(network: Hourglass) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    patches = torch.randn(4, 2, 16, 16, 48, generator=generator)
    concepts = torch.rand(2, 1, network.config.concepts, generator=generator)
    particles = torch.rand(2, 16, 16, 96, generator=generator)
    conditions = Conditions(
        concepts,
        torch.ones(2),
        torch.ones(2),
        torch.zeros(2, 2),
        torch.ones(2) / 24,
        torch.zeros(2).double(),
        particles,
    )
    pooled = torch.randn(2, 3, 8, 8, generator=generator)
    keys_values = network.remember(pooled, torch.zeros(2))[:, None]
    memory = Memory(keys_values, torch.ones(2, 1), torch.ones(2, 1, dtype=torch.bool))
    return network(patches[0], patches[1], patches[2:].transpose(0, 1), conditions, memory)


def test_to_its_own_size_is_the_same_network() -> None:
    network = drawn(BIG, 0)
    assert torch.equal(answer(prune(network, BIG)), answer(network))


def test_silent_blocks_and_layers_go_first() -> None:
    """Where the second of two blocks, and a layer, add nothing, cutting them changes nothing."""
    network = drawn(BIG, 0)
    with torch.no_grad():
        silent = (
            "encoder.0.blocks.1.second",
            "decoder.1.blocks.0.second",
            "bottleneck.0.attention.out",
            "bottleneck.0.down",
        )
        for name, parameter in network.named_parameters():
            if name.rpartition(".")[0] in silent:
                parameter.zero_()
    cut = prune(network, replace(BIG, encoder=(1, 1, 1), decoder=(1, 1, 1), layers=1))
    torch.testing.assert_close(answer(cut), answer(network), atol=1e-5, rtol=1e-5)


def test_the_strong_channels_stay() -> None:
    network = drawn(BIG, 0)
    with torch.no_grad():  # at 1/4 only eight channels matter
        network.stem.weight.mul_(1e-3)
        network.head.weight.mul_(1e-3)
        network.stem.weight[4:12].mul_(1e4)
    cut = prune(network, SMALL)
    assert torch.equal(cut.stem.weight, network.stem.weight[4:12])
    assert sum(p.numel() for p in cut.parameters()) < sum(p.numel() for p in network.parameters()) / 2
    assert bool(torch.isfinite(answer(cut)).all())


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (replace(SMALL, channels=(8, 8, 32)), "more channels"),
        (replace(SMALL, condition=32), "another condition"),
        (replace(SMALL, width=32, heads=1), "heads of 16 cannot become heads of 32"),
    ],
)
def test_what_cannot_be_cut_is_refused(config: ModelConfig, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        prune(drawn(BIG, 0), config)


def test_the_shipped_model_can_be_cut_out_of_the_larger_one() -> None:
    cut = prune(Hourglass(lsd_base()), lsd_tiny())
    assert cut.config == lsd_tiny()
