"""The network's ways with pictures: the quick one is the plain one."""

from __future__ import annotations

import pytest
import torch

from engine.config import lsd_test
from engine.fast.onednn import PackedConvolution, PackedLinear, pack
from engine.models import fields
from engine.models.hourglass import (
    AIR,
    LUMINANCE,
    PATCH,
    Conditions,
    Hourglass,
    Linear,
    Rotary,
    fill,
    planes_to_patches,
    rotary_rates,
    to_patches,
    to_picture,
)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.bfloat16, torch.float32])
def test_patches_are_each_colours_pixels_row_by_row(dtype: torch.dtype) -> None:
    picture = (torch.rand(2, 8, 12, 3) * 255).to(dtype)
    patches = to_patches(picture)
    assert patches.shape == (2, 2, 3, 48)
    for y, x, colour, row, column in [(0, 0, 0, 0, 0), (1, 2, 2, 3, 1), (0, 1, 1, 2, 3), (1, 0, 0, 0, 2)]:
        place = colour * PATCH**2 + row * PATCH + column
        assert torch.equal(patches[:, y, x, place], picture[:, y * PATCH + row, x * PATCH + column, colour])
    assert torch.equal(planes_to_patches(picture.permute(0, 3, 1, 2)), patches)
    assert torch.equal(to_picture(patches), picture)


def test_gradients_pass_through_patches_as_the_values_do() -> None:
    picture = torch.rand(1, 8, 8, 3, requires_grad=True)
    patches = to_patches(picture)
    assert torch.equal(patches, to_patches(picture.detach()))
    back = to_picture(patches)
    assert torch.equal(back, picture)
    (3 * back).sum().backward()
    assert picture.grad is not None
    assert torch.equal(picture.grad, torch.full_like(picture, 3))


def test_a_frame_is_the_residual_and_gains_on_what_is_sharp() -> None:
    """The one product is what the docstring says, term by term."""
    head = torch.randn(1, 2, 3, 48 + 9 + 3 * AIR)
    source, last, weather = torch.randn(1, 2, 3, 48), torch.randn(1, 2, 3, 48), torch.rand(1, 2, 3, 16 * AIR)
    clean = Hourglass._compose(head, source, last, weather).unflatten(-1, (3, 16))
    residual, turn, dye, keep, air = head.split([48, 3, 3, 3, 3 * AIR], -1)
    pixels, past, planes = (x.unflatten(-1, (-1, 16)) for x in (source, last, weather))
    grey = (pixels * torch.tensor(LUMINANCE)[:, None]).sum(-2)
    for colour in range(3):
        wanted = (
            residual.unflatten(-1, (3, 16))[..., colour, :] + (1 + turn[..., colour, None]) * pixels[..., colour, :]
        )
        wanted = wanted + dye[..., colour, None] * grey + keep[..., colour, None] * past[..., colour, :]
        wanted = wanted + (air.unflatten(-1, (3, AIR))[..., colour, :, None] * planes).sum(-2)
        torch.testing.assert_close(clean[..., colour, :], wanted, rtol=1e-4, atol=1e-5)


def test_packed_layers_say_the_same() -> None:
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
        torch.testing.assert_close(packed.onto(base, x), base + plain(x))
        torch.testing.assert_close(plain.onto(base, x), base + plain(x))


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(1, 1, 0), (2, 2, 0), (3, 1, 1)])
def test_packed_convolutions_say_the_same_at_every_size_and_of_channels_of_zeros(
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


def test_turning_is_a_complex_product() -> None:
    position, x = torch.rand(6, 3) * 9, torch.randn(2, 6, 16)
    angle = position @ rotary_rates(8, x.device)
    turned = torch.complex(*x.chunk(2, -1)) * torch.polar(torch.ones_like(angle), angle)
    torch.testing.assert_close(Rotary(position, 16)(x), torch.cat([turned.real, turned.imag], -1))


def test_parts_are_filled_in_one_after_the_other_and_what_is_left_is_nothing() -> None:
    whole = torch.full((2, 3, 8), torch.nan, dtype=torch.bfloat16)
    one, other = torch.randn(2, 3, 4), torch.randn(2, 3, 1)
    fill(whole, [one, other])
    assert torch.equal(whole, torch.cat([one, other, torch.zeros(2, 3, 3)], -1).bfloat16())


def test_the_first_layer_sees_what_the_fields_say() -> None:
    """Place, lattice and waves, which are kept or made channels last, are those of `engine.models.fields`."""
    network, h, w = Hourglass(lsd_test()).eval(), 64, 96
    patches, past = torch.rand(2, h // 4, w // 4, 48), torch.rand(2, 2, h // 4, w // 4, 48)
    air, clock = torch.rand(2, h // 4, w // 4, 16 * AIR), torch.tensor([0.3, 71.0], dtype=torch.float64)
    number, level = torch.full((2,), 0.05), torch.ones(2, 2)
    told = Conditions(torch.rand(2, 1, network.config.concepts), number, number, level, number, clock, air)
    seen = network._seen(patches, patches, past, told)
    first = 4 * 48 + 16 * AIR
    for field in (fields.coordinates(h, w, PATCH), fields.lattice(h, w, PATCH), fields.waves(clock, h, w, PATCH)):
        torch.testing.assert_close(seen[:, first : first + field.shape[1]], field.expand(2, -1, -1, -1))
        first += field.shape[1]
    assert first + 3 == seen.shape[1]
