"""What the denoiser is asked for.

Squared error on the clean frame (x-prediction): an absolute error would go for the median and delete what is sparse.
A second squared error on differences of neighbouring pixels weighs edges, which carry a drawn line's sharpness. Where a
line cannot be placed, the best guess in squared error is faint: its detail has only the predictable share of the
teacher's energy. A third term matches that energy window by window, wherever in the window it lies (texture statistics
as in Heeger and Bergen 1995, here as a moment-matching loss).
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
WINDOW_PX = 8
"""Side of the windows in which detail has its teacher's strength."""
FAINT = 1e-3
"""Energy of detail below which it is not asked for: about that of noise of one grey level."""


def denoising_loss(clean: Tensor, target: Tensor, weight: Tensor | float = 1.0, detail: float = 0.0) -> Tensor:
    """(B,) loss of predicted against true patches (B, h, w, 48) in -1..1.

    weight: (B, h, w, 1), what an error counts. detail: what a lack or an excess of detail counts.
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
    """(B, h, w, 48) -> (B, 3, h/2, w/2): root mean square of each colour's Laplacian, window by window."""
    picture = to_picture(patches).permute(0, 3, 1, 2)
    kernel = picture.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).expand(3, 1, 3, 3)
    laplacian = F.conv2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    return (F.avg_pool2d(laplacian.square(), WINDOW_PX) + FAINT).sqrt()


def _halved(weight: Tensor | float) -> Tensor | float:
    return F.max_pool2d(weight.permute(0, 3, 1, 2), 2) if isinstance(weight, Tensor) else weight


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
