"""What the denoiser is asked for.

Squared error on the clean frame (x-prediction): an absolute error would go for the median and delete what is sparse.
A second squared error on differences of neighbouring pixels weighs edges, which carry a drawn line's sharpness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from engine.models.network import Conditions, Hourglass, Memory, to_picture

EDGE_WEIGHT = 4.0


def denoising_loss(clean: Tensor, target: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """(B,) loss of predicted against true patches (B, h, w, 48) in -1..1.

    weight: (B, h, w, 1), what an error counts.
    """
    error = to_picture((clean - target) * weight**0.5)
    across, down = error[:, :, 1:] - error[:, :, :-1], error[:, 1:] - error[:, :-1]
    pixel = error.square().mean((1, 2, 3))
    return pixel + EDGE_WEIGHT * (across.square().mean((1, 2, 3)) + down.square().mean((1, 2, 3)))


def draw_levels(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise levels and step sizes (B,): three in five are pure noise in one step, as live; the rest logit-normal, any
    step.

    Logit-normal levels: Esser et al. 2024, arXiv:2403.03206.
    """
    level = torch.sigmoid(torch.randn(size, generator=generator) + 0.5)
    live = torch.rand(size, generator=generator) < 0.6
    level = torch.where(live, 1.0, level)
    step = torch.where(
        live & (torch.rand(size, generator=generator) < 0.7), level, level * torch.rand(size, generator=generator)
    )
    return level, step


@torch.no_grad()
def shortcut_target(
    network: Hourglass,
    noisy: Tensor,
    source: Tensor,
    past: Tensor,
    conditions: Conditions,
    memory: Memory | None,
    clean: Tensor,
) -> Tensor:
    """What one step has to say so that it lands where two half steps do (Frans et al. 2024, arXiv:2410.12557).

    Rows whose step is too small to halve keep the true `clean`.
    """
    level, step = conditions.level, conditions.step
    half = step / 2

    def landed(at: Tensor, here: Tensor) -> tuple[Tensor, Tensor]:
        said = network(at, source, past, replace(conditions, level=here, step=half), memory)
        share = ((here - half) / here).view(-1, 1, 1, 1)
        return said + share * (at - said), here - half

    middle, here = landed(noisy, level)
    end, _ = landed(middle, here.clamp(min=1e-3))
    share = ((level - step) / level).view(-1, 1, 1, 1)
    implied = (end - share * noisy) / (1 - share).clamp(min=1e-3)
    return torch.where((step / level > 0.2).view(-1, 1, 1, 1), implied.clamp(-1.2, 1.2), clean)


class Average:
    """Exponential moving average of a network's weights, the one that ships; warms up so that it forgets its start."""

    def __init__(self, parameters: Iterable[Tensor], decay: float = 0.999) -> None:
        self.decay, self.count = decay, 0
        self.values = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, parameters: Iterable[Tensor]) -> None:
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        torch._foreach_lerp_(self.values, [p.detach() for p in parameters], 1 - decay)
