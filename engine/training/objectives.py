"""The denoiser's losses, its noise levels, and the average of its weights.

Squared error on the clean frame (x-prediction): an absolute error would go for the median and delete what is sparse.
A second squared error on differences of neighbouring pixels weighs edges, which carry a drawn line's sharpness. Where a
line's position cannot be known, the best guess in squared error is faint: its detail has only the predictable share of
the teacher's energy. A third term matches that energy window by window, wherever in the window it lies (texture
statistics as in Heeger and Bergen 1995, here as a moment-matching loss).

Legend: B batch, h, w patches (H/4, W/4), 48 numbers of a patch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.attention import Memory
from engine.models.hourglass import Conditions, Hourglass
from engine.models.patches import to_picture

EDGE_WEIGHT = 4.0
"""Weight of the squared error of neighbour differences."""
WINDOW_PX = 8
"""Side of the windows in which the strength of detail is matched."""
MIN_DETAIL_ENERGY = 1e-3
"""Energy of detail that is added before the root, so that less does not count: about that of one grey level."""


def denoising_loss(clean: Tensor, target: Tensor, weight: Tensor | float = 1.0, detail: float = 0.0) -> Tensor:
    """(B,) loss of predicted against true patches (B, h, w, 48) in -1..1.

    weight: (B, h, w, 1), of each patch. detail: weight of a lack or an excess of detail.
    """
    error = to_picture((clean - target) * weight**0.5)
    across, down = error[:, :, 1:] - error[:, :, :-1], error[:, 1:] - error[:, :-1]
    pixel = error.square().mean((1, 2, 3))
    loss = pixel + EDGE_WEIGHT * (across.square().mean((1, 2, 3)) + down.square().mean((1, 2, 3)))
    if detail:
        lack = (detail_strength(clean) - detail_strength(target)) * _halved(weight) ** 0.5
        loss = loss + detail * lack.square().mean((1, 2, 3))
    return loss


def detail_strength(patches: Tensor) -> Tensor:
    """Root mean square of each colour's Laplacian per window: (B, h, w, 48) -> (B, 3, h/2, w/2)."""
    picture = to_picture(patches).permute(0, 3, 1, 2)
    kernel = picture.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
    laplacian = F.conv2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    return (F.avg_pool2d(laplacian.square(), WINDOW_PX) + MIN_DETAIL_ENERGY).sqrt()


def _halved(weight: Tensor | float) -> Tensor | float:
    return F.max_pool2d(weight.permute(0, 3, 1, 2), 2) if isinstance(weight, Tensor) else weight


def draw_levels(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise levels and step sizes (B,) in 0..1, a step at most its level.

    Three in five are pure noise, most of them in one step, as at inference; the rest have logit-normal levels (Esser et
    al. 2024, arXiv:2403.03206) and any step.
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
    """Target with which one step ends where two half steps do (Frans et al. 2024, arXiv:2410.12557): (B, h, w, 48).

    noisy, source, clean: patches (B, h, w, 48). past: (B, 2, h, w, 48). Rows whose step is too small to halve keep the
    true `clean`.
    """
    level, step = conditions.level, conditions.step
    half = step / 2

    def half_step(start: Tensor, level: Tensor) -> tuple[Tensor, Tensor]:
        predicted = network(start, source, past, replace(conditions, level=level, step=half), memory)
        share = ((level - half) / level).view(-1, 1, 1, 1)
        return predicted + share * (start - predicted), level - half

    middle, middle_level = half_step(noisy, level)
    end, _ = half_step(middle, middle_level.clamp(min=1e-3))
    share = ((level - step) / level).view(-1, 1, 1, 1)
    implied = (end - share * noisy) / (1 - share).clamp(min=1e-3)
    return torch.where((step / level > 0.2).view(-1, 1, 1, 1), implied.clamp(-1.2, 1.2), clean)


class Average:
    """Exponential moving average of weights, the one that ships; its decay warms up, so that it forgets the start."""

    def __init__(self, parameters: Iterable[Tensor], decay: float = 0.999) -> None:
        self.decay, self.count = decay, 0
        self.values = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, parameters: Iterable[Tensor]) -> None:
        """Move the average towards the weights of this step."""
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        torch._foreach_lerp_(self.values, [p.detach() for p in parameters], 1 - decay)
