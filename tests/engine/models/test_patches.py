"""Patches: the quick way of laying them out is the plain one."""

from __future__ import annotations

import pytest
import torch

from engine.models.patches import PATCH, planes_to_patches, to_patches, to_picture


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
