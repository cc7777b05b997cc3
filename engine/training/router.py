"""The text router: fitted in seconds on sentence embeddings of the worlds' wordings, apart from the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.text import Router, TextEncoder

WORDINGS = Path(__file__).with_name("wordings.json")


def wordings(split: str) -> dict[str, list[str]]:
    """World to texts of a split, `train` or `held_out`."""
    return {world: texts[split] for world, texts in json.loads(WORDINGS.read_text()).items()}


def _embedded(split: str, worlds: tuple[str, ...], encoder: TextEncoder) -> tuple[Tensor, Tensor]:
    pairs = [(encoder.embed(text), worlds.index(world)) for world, texts in wordings(split).items() for text in texts]
    return torch.from_numpy(np.stack([v for v, _ in pairs])), torch.tensor([w for _, w in pairs])


def fit_router(worlds: tuple[str, ...], seed: int = 0, steps: int = 1500) -> tuple[Router, dict[str, float]]:
    """A router, and its accuracy on training and held-out wordings (share whose largest world is the right one).

    Embeddings are mixed with others of the same world and jittered, so that the space between the wordings belongs to
    the world too; labels are smoothed, so that text far from everything stays a blend.
    """
    encoder = TextEncoder()
    x, y = _embedded("train", worlds, encoder)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        router = Router(len(worlds))
    optimiser = torch.optim.AdamW(router.parameters(), 2e-3, weight_decay=0.05)
    same = [torch.nonzero(y == k)[:, 0] for k in range(len(worlds))]
    for step in range(steps):
        rows = torch.randint(len(x), (256,), generator=generator)
        draws = torch.rand(len(rows), generator=generator).tolist()
        partner = torch.stack([same[k][int(u * len(same[k]))] for k, u in zip(y[rows].tolist(), draws, strict=True)])
        share = torch.rand(len(rows), 1, generator=generator) * 0.5
        mixed = torch.lerp(x[rows], x[partner], share)
        mixed = F.normalize(mixed + 0.02 * torch.randn(mixed.shape, generator=generator), dim=1)
        loss = F.cross_entropy(router.logits(mixed), y[rows], label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        optimiser.step()
    router.eval().requires_grad_(False)
    accuracy = {}
    for split in ("train", "held_out"):
        x, y = _embedded(split, worlds, encoder)
        accuracy[split] = float((router(x).argmax(1) == y).float().mean())
    return router, accuracy


def known_embeddings(worlds: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The training wordings' embeddings, to ship with the weights."""
    encoder = TextEncoder()
    known = wordings("train")
    return {text: encoder.embed(text) for world in worlds for text in known[world]}
