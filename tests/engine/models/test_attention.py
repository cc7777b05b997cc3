"""Rotary position."""

from __future__ import annotations

import torch

from engine.models.attention import Rotary, rotary_rates


def test_a_rotation_is_a_complex_product() -> None:
    position, x = torch.rand(6, 3) * 9, torch.randn(2, 6, 16)
    angle = position @ rotary_rates(8, x.device)
    rotated = torch.complex(*x.chunk(2, -1)) * torch.polar(torch.ones_like(angle), angle)
    torch.testing.assert_close(Rotary(position, 16)(x), torch.cat([rotated.real, rotated.imag], -1))
