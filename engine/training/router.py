"""Fits the text router on sentence embeddings of wordings, in a minute, apart from the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.config import ModelConfig
from engine.prompts import tidy
from engine.router import Router
from engine.teachers.wordings import THING_WORDINGS, wordings
from engine.text import TextEncoder

COMBINED_TEXTS = 4000
"""Training texts that join two wordings."""
TEMPLATES = ("{a}, {b}", "{a} in {b}", "{a} and {b}", "{a} with {b}", "{a}. {b}", "{b}: {a}")


def _labelled(config: ModelConfig, split: str) -> list[tuple[str, dict[int, float], int]]:
    """(text, shares of worlds, 1 + thing or 0) of every wording; a thing alone leaves the world as it is."""
    worlds, things = wordings(split), wordings(split, THING_WORDINGS)
    rows = [(text, {k: 1.0}, 0) for k, world in enumerate(config.worlds) for text in worlds[world]]
    as_is = {config.worlds.index("as-is"): 1.0}
    rows += [(text, as_is, k + 1) for k, thing in enumerate(config.things) for text in things[thing]]
    return rows


def _combined(config: ModelConfig, rng: np.random.Generator) -> list[tuple[str, dict[int, float], int]]:
    """Two worlds in one text, half and half, or a thing in a world."""
    worlds, things = wordings("train"), wordings("train", THING_WORDINGS)
    rows: list[tuple[str, dict[int, float], int]] = []

    def text(first: str, second: str) -> str:
        a, b = (first, second) if rng.random() < 0.5 else (second, first)
        return str(rng.choice(TEMPLATES)).format(a=a, b=b)

    others = [k for k, world in enumerate(config.worlds) if world != "as-is"]
    for _ in range(COMBINED_TEXTS):
        a, b = (int(k) for k in rng.choice(others, 2, replace=False))
        of_a, of_b = (str(rng.choice(worlds[config.worlds[k]])) for k in (a, b))
        if not config.things or rng.random() < 0.5:
            rows.append((text(of_a, of_b), {a: 0.5, b: 0.5}, 0))
        else:
            thing = int(rng.integers(len(config.things)))
            rows.append((text(of_a, str(rng.choice(things[config.things[thing]]))), {a: 1.0}, thing + 1))
    return rows


def _tensors(
    rows: Sequence[tuple[str, dict[int, float], int]], config: ModelConfig, encoder: TextEncoder
) -> tuple[Tensor, Tensor, Tensor]:
    shares = torch.zeros(len(rows), len(config.worlds))
    for i, (_, worlds, _) in enumerate(rows):
        for k, share in worlds.items():
            shares[i, k] = share
    x = torch.from_numpy(np.stack([encoder.embed(text) for text, _, _ in rows]))
    return x, shares, torch.tensor([thing for _, _, thing in rows])


def fit_router(config: ModelConfig, seed: int = 0, steps: int = 2500) -> tuple[Router, dict[str, float]]:
    """Fit a router; returns it and its accuracy by split (`train`, `held_out`): share with right world and thing, 0..1.

    config: names the worlds and things. steps: of AdamW. Embeddings are mixed with others of the same meaning and
    jittered, so that the space between wordings belongs to that meaning too; labels are smoothed, so that text far from
    every wording stays a blend.
    """
    encoder = TextEncoder()
    single = _labelled(config, "train")
    rows = single + _combined(config, np.random.default_rng(seed))
    x, worlds, things = _tensors(rows, config, encoder)
    meaning = worlds[: len(single)].argmax(1) * (1 + len(config.things)) + things[: len(single)]
    same = {int(m): torch.nonzero(meaning == m)[:, 0] for m in meaning.unique()}
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        router = Router(len(config.worlds), len(config.things))
    optimiser = torch.optim.AdamW(router.parameters(), 2e-3, weight_decay=0.05)
    for step in range(steps):
        alone = torch.randint(len(single), (192,), generator=generator)
        draws = torch.rand(len(alone), generator=generator).tolist()
        partner = torch.stack(
            [same[int(m)][int(u * len(same[int(m)]))] for m, u in zip(meaning[alone], draws, strict=True)]
        )
        share = torch.rand(len(alone), 1, generator=generator) * 0.5
        pairs = torch.randint(len(single), len(rows), (160,), generator=generator)
        picked = torch.cat([alone, pairs])
        mixed = torch.cat([torch.lerp(x[alone], x[partner], share), x[pairs]])
        mixed = F.normalize(mixed + 0.02 * torch.randn(mixed.shape, generator=generator), dim=1)
        world, thing = router.logits(mixed)
        loss = F.cross_entropy(world, worlds[picked], label_smoothing=0.02)
        loss = loss + F.cross_entropy(thing, things[picked], label_smoothing=0.01)
        optimiser.zero_grad()
        loss.backward()
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        optimiser.step()
    router.eval().requires_grad_(False)
    accuracy = {}
    for split in ("train", "held_out"):
        x, worlds, things = _tensors(_labelled(config, split), config, encoder)
        world, thing = router.logits(x)
        right = (world.argmax(1) == worlds.argmax(1)) & (thing.argmax(1) == things)
        accuracy[split] = float(right.float().mean())
    return router, accuracy


def wording_embeddings(config: ModelConfig) -> dict[str, np.ndarray]:
    """The training wordings and their embeddings (384,) float32, to ship with the weights."""
    encoder = TextEncoder()
    return {text: encoder.embed(text) for text, _, _ in _labelled(config, "train")}


JOINED_TEXTS = 120
"""Texts that join a wording of the new world and a known one, and half as many of two known ones."""
BLENDED_POINTS = 2000
"""Points between known wordings, which do not belong to the new world."""
WEIGHT_DECAY = 2e-4
"""L2 penalty of the new world's weights."""
MAX_ROUNDS = 16
"""Refits at most, until known wordings give the new world nothing, and its own nearly all."""


def widen_router(
    router: Router, known_wordings: Mapping[str, np.ndarray], world: str, texts: Sequence[str], seed: int = 0
) -> tuple[Router, dict[str, np.ndarray]]:
    """Add a world to a router; returns the wider router, and the known embeddings with the new wordings' added.

    known_wordings: wording -> embedding (384,). texts: the new world's wordings. Only the new world's weights are
    fitted, by logistic regression against the router's answer: near its wordings the new world takes all, half of a
    text that joins one with a known wording, and nothing of the known ones, which so keep their meaning.
    """
    encoder = TextEncoder(known_wordings)
    texts = list(dict.fromkeys([*map(tidy, texts), world.replace("-", " ")]))
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)

    def joined(count: int, first: Sequence[str], second: Sequence[str]) -> list[str]:
        pairs = [rng.permutation([rng.choice(first), rng.choice(second)]) for _ in range(count)]
        return [str(rng.choice(TEMPLATES)).format(a=a, b=b) for a, b in pairs]

    def embedded(rows: Sequence[str]) -> Tensor:
        return torch.from_numpy(np.stack([encoder.embed(text) for text in rows])).float()

    def blended(rows: Tensor, count: int) -> Tensor:
        first, second = torch.randint(len(rows), (2, count), generator=generator)
        return torch.lerp(rows[first], rows[second], 0.5 * torch.rand(count, 1, generator=generator))

    own, others = embedded(texts), embedded(list(known_wordings))
    half = embedded(joined(JOINED_TEXTS, texts, list(known_wordings)))
    none = torch.cat(
        [
            others,
            blended(others, BLENDED_POINTS),
            embedded(joined(JOINED_TEXTS // 2, list(known_wordings), list(known_wordings))),
        ]
    )
    groups = [(blended(own, 400), 0.98, 1.0), (half, 0.5, 1.0), (none, 0.002, 3.0)]
    exact = torch.cat([rows for rows, _, _ in groups])
    x = torch.cat([exact, exact + 0.02 * torch.randn(exact.shape, generator=generator)])
    x = F.normalize(x, dim=1)
    share = torch.cat([torch.full((len(rows),), target) for rows, target, _ in groups]).repeat(2)
    counts = torch.cat([torch.full((len(rows),), weight / len(rows)) for rows, _, weight in groups]).repeat(2)
    with torch.no_grad():
        hidden = F.gelu(router.inner(x))
        old_logit = router.world(hidden).logsumexp(-1)
    weight, bias = torch.zeros(Router.HIDDEN, requires_grad=True), torch.zeros((), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        total = F.binary_cross_entropy_with_logits(hidden @ weight + bias - old_logit, share, counts, reduction="sum")
        total = total + WEIGHT_DECAY * weight.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    for _ in range(MAX_ROUNDS):  # what is still on the wrong side weighs more and more
        with torch.no_grad():
            probability = (hidden @ weight + bias - old_logit).sigmoid()
        wrong = ((share < 0.1) & (probability > Router.LEAST / 2)) | ((share > 0.9) & (probability < 0.8))
        if not bool(wrong.any()):
            break
        counts = torch.where(wrong, 4 * counts, counts)
        optimiser.step(loss)
    wide = Router(router.worlds + 1, router.thing.out_features - 1)
    longer = {
        "world.weight": torch.cat([router.world.weight, weight.detach()[None]]),
        "world.bias": torch.cat([router.world.bias, bias.detach()[None]]),
    }
    wide.load_state_dict(router.state_dict() | longer)
    return wide.eval().requires_grad_(False), dict(known_wordings) | dict(zip(texts, own.numpy(), strict=True))
