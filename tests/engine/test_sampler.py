"""The denoising loop and its rounding."""

from __future__ import annotations

import torch

from engine import sampler
from engine.history import as_signal


def test_a_single_step_is_the_denoisers_own_answer() -> None:
    clean = torch.randn(3, 4)
    assert sampler.denoise(lambda noisy, level, step: clean, torch.full((3, 4), torch.inf), 1) is clean


def test_all_grey_levels_are_kept() -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    assert torch.equal(sampler.quantise(as_signal(levels)), levels)
    beyond = torch.tensor([-9.0, -1.001, 1.001, 9.0, 0.49 / 127.5, 0.51 / 127.5])
    assert sampler.quantise(beyond).tolist() == [0, 0, 255, 255, 128, 128]
