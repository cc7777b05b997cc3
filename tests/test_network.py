"""The network's ways with pictures: the quick one is the plain one."""

from __future__ import annotations

import pytest
import torch

from engine.models.fused import PackedLinear, pack_linears
from engine.models.network import AIR, LUMINANCE, PATCH, Hourglass, planes_to_patches, to_patches, to_picture


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
        pack_linears(plain)
        assert isinstance(plain[0], PackedLinear)
        torch.testing.assert_close(plain(x), wanted)
