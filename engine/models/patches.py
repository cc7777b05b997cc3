"""How pictures lie in memory: in patches for the network, padded to whole multiples of 32, pooled for the history.

Legend: B batch, C channels, H height, W width in pixels. Pictures are RGB in -1..1, or uint8.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PATCH = 4
"""Pixels per side of a patch: the finest level's positions are 4x4 pixels."""
SIZE_MULTIPLE = 32
"""The network's pictures are whole multiples of this high and wide, in pixels; a token is as large."""
MEMORY_POOL = 8
"""A remembered frame is averaged over squares of this many pixels a side."""


def to_patches(picture: Tensor) -> Tensor:
    """(B, H, W, C) -> (B, H/4, W/4, 16 C): each 4x4 patch's red, row by row, then its green, then its blue."""
    return planes_to_patches(torch.stack(picture.unbind(-1), 1))  # one copy a colour, faster than a permuted one


def planes_to_patches(planes: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H/4, W/4, 16 C), as `to_patches`."""
    runs = _as_runs(planes.contiguous())
    if runs is None:
        return planes.unflatten(3, (-1, PATCH)).unflatten(2, (-1, PATCH)).permute(0, 2, 4, 1, 3, 5).flatten(3)
    return runs.unflatten(2, (-1, PATCH)).permute(0, 2, 4, 1, 3).contiguous().view(planes.dtype).flatten(3)


def to_picture(patches: Tensor) -> Tensor:
    """(B, H/4, W/4, 48) -> (B, H, W, 3), the inverse of `to_patches`."""
    runs = _as_runs(patches.contiguous())
    if runs is None:
        return patches.unflatten(3, (3, PATCH, PATCH)).permute(0, 1, 4, 2, 5, 3).flatten(3, 4).flatten(1, 2)
    rows = runs.unflatten(3, (3, PATCH)).permute(0, 3, 1, 4, 2).flatten(2, 3).contiguous()
    return torch.stack(rows.view(patches.dtype).unbind(1), -1)


def _as_runs(values: Tensor) -> Tensor | None:
    """Each four values of the last dimension as one wide number, which a processor moves as fast as one value.

    None where they cannot be viewed so: on a device without such numbers, or where gradients must pass.
    """
    run = {1: torch.int32, 2: torch.int64, 4: torch.complex128}.get(values.itemsize)
    if run is None or values.device.type != "cpu" or (values.requires_grad and torch.is_grad_enabled()):
        return None
    return values.view(run)


def pool_frame(picture: Tensor) -> Tensor:
    """What the history keeps of a frame: (B, H, W, 3) -> (B, 3, H/8, W/8), the mean of each 8x8 pixels."""
    return F.avg_pool2d(picture.permute(0, 3, 1, 2), MEMORY_POOL).contiguous()


def padded_size(height: int, width: int) -> tuple[int, int]:
    """Height and width in pixels, rounded up to multiples of 32, on which the network works."""
    return -(-height // SIZE_MULTIPLE) * SIZE_MULTIPLE, -(-width // SIZE_MULTIPLE) * SIZE_MULTIPLE


def pad_picture(picture: Tensor) -> Tensor:
    """(H, W, 3) to multiples of 32 by repeating the last row and column; a stream crops its output back."""
    height, width = picture.shape[:2]
    tall, wide = padded_size(height, width)
    if tall > height:
        picture = torch.cat([picture, picture[-1:].expand(tall - height, -1, -1)], 0)
    if wide > width:
        picture = torch.cat([picture, picture[:, -1:].expand(-1, wide - width, -1)], 1)
    return picture
