"""Layers that oneDNN has packed compute what the plain ones do."""

from __future__ import annotations

import pytest
import torch

from engine.config import lsd_test
from engine.fast.onednn import PackedConvolution, PackedLinear, PromptFolder, pack
from engine.models.attention import Linear
from engine.models.checkpoint import random_weights
from engine.models.hourglass import Conditions


def test_packed_layers_compute_the_same() -> None:
    plain = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Sequential(torch.nn.Linear(32, 8, bias=False)))
    x = torch.randn(2, 5, 16)
    with torch.inference_mode():
        wanted = plain(x)
        pack(plain)
        assert isinstance(plain[0], PackedLinear)
        torch.testing.assert_close(plain(x), wanted)


def test_packed_layers_do_what_follows_them_too() -> None:
    plain = Linear(16, 32)
    x, base = torch.randn(2, 5, 16), torch.randn(2, 5, 32)
    with torch.inference_mode():
        packed = PackedLinear(plain)
        torch.testing.assert_close(packed.gelu(x), torch.nn.functional.gelu(plain(x)))
        torch.testing.assert_close(packed.added_to(base, x), base + plain(x))
        torch.testing.assert_close(plain.added_to(base, x), base + plain(x))


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(1, 1, 0), (2, 2, 0), (3, 1, 1)])
def test_packed_convolutions_compute_the_same_at_every_size_and_of_channels_of_zeros(
    kernel: int, stride: int, padding: int
) -> None:
    plain = torch.nn.Conv2d(5, 7, kernel, stride, padding)
    plain = plain.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with torch.inference_mode():
        packed, wider = PackedConvolution(plain), PackedConvolution(plain, 32)
        for size in ((8, 12), (16, 4), (8, 12)):
            x = torch.randn(1, 5, *size).to(memory_format=torch.channels_last)
            torch.testing.assert_close(packed(x), plain(x))
            padded = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, 27)).to(memory_format=torch.channels_last)
            torch.testing.assert_close(wider(padded), plain(x))


def test_a_packed_network_leaves_the_given_one_as_it_is() -> None:
    """Two folders of one network pack it for themselves, and make the frames that it makes."""
    plain = random_weights(lsd_test()).network.requires_grad_(False)
    network = plain.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    before = {name: type(module) for name, module in network.named_modules()}
    one, concepts = torch.ones(1), torch.rand(1, 1, network.config.concepts)
    conditions = Conditions(concepts, one, one, torch.ones(1, 2), one / 24, one.double(), torch.rand(1, 16, 24, 96))
    with torch.inference_mode():
        pictures = torch.rand(1, 16, 24, 48), torch.rand(1, 16, 24, 48), torch.rand(1, 2, 16, 24, 48)
        expected = network(*pictures, conditions)
        for folder in (PromptFolder(network), PromptFolder(network)):
            assert folder.network is not network
            torch.testing.assert_close(folder.network(*pictures, conditions, None, folder(conditions)), expected)
    assert {name: type(module) for name, module in network.named_modules()} == before
