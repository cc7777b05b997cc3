"""The table of modulated places is the network's."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.config import ModelConfig, lsd_base, lsd_test, lsd_tiny
from engine.models.hourglass import Conditions, Hourglass
from engine.models.modulation import Modulation, Place, conv_blocks, modulated_places


@pytest.mark.parametrize("config", [lsd_test(), lsd_tiny(), lsd_base()], ids=lambda config: config.name)
def test_places_fill_the_vector_in_the_order_in_which_a_frame_passes(config: ModelConfig) -> None:
    with torch.device("meta"):
        network = Hourglass(config)
    assert network.places == modulated_places(config)
    assert network.places[0].start == 0
    assert all(after.start == before.span.stop for before, after in pairwise(network.places))
    assert network.places[-1].vector_span.stop == network.modulate.out_features
    assert len({place.name for place in network.places}) == len(network.places)
    for block in conv_blocks(network):
        assert network.get_submodule(block.place.name) is block
        assert block.first.out_channels == block.place.channels


def test_a_frame_asks_for_every_place_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Place] = []
    at = Modulation.at

    def noted(modulation: Modulation, place: Place) -> tuple[Tensor, Tensor]:
        asked.append(place)
        return at(modulation, place)

    monkeypatch.setattr(Modulation, "at", noted)
    network, one = Hourglass(lsd_test()), torch.ones(1)
    concepts, particles = torch.ones(1, 1, network.config.concepts), torch.zeros(1, 16, 16, 96)
    conditions = Conditions(concepts, one, one, torch.ones(1, 2), one, one, particles)
    network(torch.zeros(1, 16, 16, 48), torch.zeros(1, 16, 16, 48), torch.zeros(1, 2, 16, 16, 48), conditions)
    assert tuple(asked) == network.places
