"""What every kernel takes for granted about its tensors."""

from __future__ import annotations

from torch import Tensor


def check(*tensors: Tensor | None) -> None:
    """Refuse tensors with gaps, which kernels would read past, or on several devices."""
    given = [tensor for tensor in tensors if tensor is not None]
    for tensor in given:
        assert tensor.is_contiguous(), f"a kernel needs contiguous tensors, got {tuple(tensor.shape)} {tensor.stride()}"
        assert tensor.device == given[0].device, f"tensors on {tensor.device} and {given[0].device}"
