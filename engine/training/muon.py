"""Muon: momentum whose matrices are made orthogonal before they are applied (Jordan et al. 2024).

A convolution is the matrix of its output channels by their inputs. On this network it learns edges in about half the
steps of AdamW, which is still used for the first and last layers and for everything that is not a matrix.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from engine.runtime import choose_dtype

_QUINTICS = (
    (8.2872, -23.5959, 17.3004),
    (4.1071, -2.9478, 0.5448),
    (3.9486, -2.9089, 0.5518),
    (3.3184, -2.4885, 0.5100),
)
"""Coefficients of a quintic per step, each the best for what the last one left (Polar Express, Amsel et al. 2025,
arXiv:2505.16932)."""


def orthogonal(matrices: Tensor) -> Tensor:
    """Approximate nearest (semi-)orthogonal matrices to (N, m, n), the same shape, in the device's best dtype.

    A processor that cannot multiply bfloat16 takes some twenty times as long for a step in it.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = (matrices.transpose(1, 2) if tall else matrices).contiguous()
    x = (x / (x.norm(dim=(1, 2), keepdim=True) * 1.02 + 1e-7)).to(choose_dtype(x.device))
    for a, b, c in _QUINTICS:
        gram = torch.bmm(x, x.transpose(1, 2))
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    """An optimiser for weights of two or more dimensions.

    lr: length of a step as a share of an orthogonal matrix.
    """

    def __init__(
        self, params: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Apply the gradients; they are overwritten."""
        for group in self.param_groups:
            weights = group["params"]
            for weight in weights:
                if "momentum" not in self.state[weight]:
                    self.state[weight]["momentum"] = torch.zeros_like(weight)
            momenta, grads = [self.state[weight]["momentum"] for weight in weights], [w.grad for w in weights]
            torch._foreach_lerp_(momenta, grads, 1 - group["momentum"])
            torch._foreach_lerp_(grads, momenta, group["momentum"])  # Nesterov
            torch._foreach_mul_(weights, 1 - group["lr"] * group["weight_decay"])
            shapes: dict[torch.Size, list[int]] = {}
            for i, weight in enumerate(weights):
                shapes.setdefault(weight.flatten(1).shape, []).append(i)
            alike = sorted(shapes.values(), key=lambda rows: -len(rows) * weights[rows[0]].numel())
            stacks = [torch.stack([grads[i].flatten(1) for i in rows]) for rows in alike]
            for rows, steps in zip(alike, _two_at_once(stacks), strict=True):
                scale = max(1.0, steps.shape[1] / steps.shape[2]) ** 0.5
                for i, step in zip(rows, steps, strict=True):
                    weights[i].add_(step.reshape(weights[i].shape), alpha=-group["lr"] * scale)


def _two_at_once(stacks: list[Tensor]) -> list[Tensor]:
    """Orthogonalise each stack; on a CPU two at once, since one is too small for several cores."""
    if stacks and stacks[0].device.type == "cpu":
        return list(_threads().map(orthogonal, stacks))
    return [orthogonal(stack) for stack in stacks]


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "muon")
