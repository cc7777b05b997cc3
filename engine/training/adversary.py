"""A critic that tells teachers' frames from the network's, so that one step need not answer with the mean.

Squared error alone prefers the blur between all lines that might be right. The critic sees the frame beside its source
and the output before it, under the same prompt, and its verdict pulls the one-step answer to what teachers paint
(adversarial diffusion distillation, Sauer et al. 2023, arXiv:2311.17042; frame by frame, Lin et al. 2025,
arXiv:2506.09350). Both frames of a pair are judged against each other (relativistic pairing: Jolicoeur-Martineau 2018,
arXiv:1807.00734; Huang et al. 2024, arXiv:2501.05441), with R1 by finite differences (Lin et al. 2025,
arXiv:2501.08316), which needs no second derivative.

Legend: B batch, h, w patches, E condition width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.models.patches import PATCH

PATCH_CHANNELS = 3 * PATCH**2
NUDGE = 0.02
"""Standard deviation by which R1 by finite differences moves a frame in -1..1."""
R1 = 20.0


class Critic(nn.Module):
    """Judges every 16x16 px of a frame, from about 60 px around."""

    def __init__(self, concepts: int, width: int = 96) -> None:
        super().__init__()
        self.first = nn.Conv2d(3 * PATCH_CHANNELS, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1, stride=2)
        self.third = nn.Conv2d(width, width, 3, padding=1, stride=2)
        self.verdict = nn.Conv2d(width, 1, 1)
        self.wanted = nn.Linear(concepts, width, bias=False)

    def forward(self, frame: Tensor, source: Tensor, last: Tensor, concepts: Tensor) -> Tensor:
        """Patches (B, h, w, 48) of three pictures in -1..1 and the prompt's numbers (B, K) -> (B, h/4, w/4)."""
        seen = torch.cat([frame, source, last], -1).to(self.first.weight.dtype).permute(0, 3, 1, 2)
        x = F.leaky_relu(self.first(seen), 0.2)
        x = F.leaky_relu(self.second(x), 0.2)
        x = F.leaky_relu(self.third(x), 0.2)
        wanted = self.wanted(concepts.to(x.dtype))[:, :, None, None]  # the projection of Miyato and Koyama 2018
        return (self.verdict(x) + (x * wanted).mean(1, keepdim=True))[:, 0].float()


class AdversarialLoss:
    """A critic in training: `pull` gives the network its gradient, `learn` makes the critic better."""

    def __init__(self, concepts: int, device: torch.device, dtype: torch.dtype, rate: float = 4e-4) -> None:
        self.critic = Critic(concepts).to(device)
        self.optimiser = torch.optim.AdamW(self.critic.parameters(), rate, betas=(0.0, 0.98), weight_decay=0.0)
        self.device, self.dtype = device, dtype

    def _judge(self, frame: Tensor, given: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            return self.critic(frame, *given).float()

    def pull(self, made: Tensor, taught: Tensor, given: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """The gradient of what the critic holds against `made` (B, h, w, 48), the same shape.

        taught: the teachers' frames. given: source and last output (B, h, w, 48), and the prompt's numbers (B, K).
        """
        frame = made.detach().requires_grad_()
        with torch.no_grad():
            better = self._judge(taught, given)
        loss = F.softplus(better - self._judge(frame, given)).mean()
        return torch.autograd.grad(loss, frame)[0]

    def learn(
        self,
        made: Tensor,
        taught: Tensor,
        given: tuple[Tensor, Tensor, Tensor],
        share: float,
        generator: torch.Generator,
    ) -> float:
        """One step at a share of the rate; returns how often the critic takes the right one for the teachers'."""
        both = torch.cat([made.detach(), taught])
        nudged = both + NUDGE * torch.randn(both.shape, generator=generator).to(both)
        twice = tuple(torch.cat([part, part]) for part in given)
        verdict, moved = self._judge(both, twice), self._judge(nudged, twice)  # type: ignore[arg-type]
        fake, real = verdict.chunk(2)
        loss = F.softplus(fake - real).mean() + R1 * (verdict - moved).square().mean()
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
