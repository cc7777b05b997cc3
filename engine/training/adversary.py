"""Adversarial loss: a critic that tells teachers' frames from the network's, so that one step need not blur.

Squared error alone prefers the blur between all lines that might be right. The critic sees the frame beside its source
and the output before it, under the same prompt, and its gradient pulls the one-step answer towards the teachers' frames
(adversarial diffusion distillation, Sauer et al. 2023, arXiv:2311.17042; frame by frame, Lin et al. 2025,
arXiv:2506.09350). Both frames of a pair are scored against each other (relativistic pairing: Jolicoeur-Martineau 2018,
arXiv:1807.00734; Huang et al. 2024, arXiv:2501.05441), with R1 by finite differences (Lin et al. 2025,
arXiv:2501.08316), which needs no second derivative.

Legend: B batch, h, w patches, K numbers of a prompt.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.patches import PATCH

PATCH_CHANNELS = 3 * PATCH**2
R1_NOISE = 0.02
"""Standard deviation by which R1 by finite differences moves a frame in -1..1."""
R1_WEIGHT = 20.0
"""Weight of R1 in the critic's loss."""

Context = tuple[Tensor, Tensor, Tensor]
"""What the critic sees beside a frame: source and last output (B, h, w, 48), and the prompt's numbers (B, K)."""


class Critic(nn.Module):
    """Scores every 16x16 px of a frame, from about 60 px around."""

    def __init__(self, concepts: int, width: int = 96) -> None:
        super().__init__()
        self.first = nn.Conv2d(3 * PATCH_CHANNELS, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1, stride=2)
        self.third = nn.Conv2d(width, width, 3, padding=1, stride=2)
        self.verdict = nn.Conv2d(width, 1, 1)
        self.wanted = nn.Linear(concepts, width, bias=False)

    def forward(self, frame: Tensor, source: Tensor, last: Tensor, concepts: Tensor) -> Tensor:
        """Scores (B, h/4, w/4), higher for teachers' frames.

        frame, source, last: patches (B, h, w, 48) of pictures in -1..1. concepts: the prompt's numbers (B, K).
        """
        seen = torch.cat([frame, source, last], -1).to(self.first.weight.dtype).permute(0, 3, 1, 2)
        x = F.leaky_relu(self.first(seen), 0.2)
        x = F.leaky_relu(self.second(x), 0.2)
        x = F.leaky_relu(self.third(x), 0.2)
        wanted = self.wanted(concepts.to(x.dtype))[:, :, None, None]  # the projection of Miyato and Koyama 2018
        return (self.verdict(x) + (x * wanted).mean(1, keepdim=True))[:, 0].float()


class AdversarialLoss:
    """A critic in training: `gradient` pulls the network towards the teachers' frames, `step` trains the critic."""

    def __init__(self, concepts: int, device: torch.device, dtype: torch.dtype, rate: float = 4e-4) -> None:
        """concepts: numbers of a prompt. dtype: bfloat16 runs the critic under autocast. rate: AdamW's, at its peak."""
        self.critic = Critic(concepts).to(device)
        self.optimiser = torch.optim.AdamW(self.critic.parameters(), rate, betas=(0.0, 0.98), weight_decay=0.0)
        self.device, self.dtype = device, dtype

    def _score(self, frame: Tensor, context: Context) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            return self.critic(frame, *context).float()

    def gradient(self, output: Tensor, target: Tensor, context: Context) -> Tensor:
        """Gradient of the network's loss against the critic with respect to `output`: (B, h, w, 48).

        output: the network's frames (B, h, w, 48) in -1..1. target: the teachers', the same shape.
        """
        frame = output.detach().requires_grad_()
        with torch.no_grad():
            real = self._score(target, context)
        loss = F.softplus(real - self._score(frame, context)).mean()
        return torch.autograd.grad(loss, frame)[0]

    def step(self, output: Tensor, target: Tensor, context: Context, share: float, generator: torch.Generator) -> float:
        """Train the critic one step at a share of its rate; returns how often it prefers the teachers' frame, 0..1."""
        both = torch.cat([output.detach(), target])
        moved = both + R1_NOISE * torch.randn(both.shape, generator=generator).to(both)
        source, last, concepts = (torch.cat([part, part]) for part in context)
        score, moved_score = self._score(both, (source, last, concepts)), self._score(moved, (source, last, concepts))
        fake, real = score.chunk(2)
        loss = F.softplus(fake - real).mean() + R1_WEIGHT * (score - moved_score).square().mean()
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if torch.distributed.is_initialized():
            for parameter in self.critic.parameters():
                torch.distributed.all_reduce(parameter.grad)
                assert parameter.grad is not None
                parameter.grad /= torch.distributed.get_world_size()
        for group in self.optimiser.param_groups:
            group["lr"] = share * group.setdefault("peak", group["lr"])
        self.optimiser.step()
        return float((real > fake).float().mean())
