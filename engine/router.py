"""From words to what the network takes: a sentence embedding becomes shares of worlds and things, its *concepts*.

Legend: K worlds, T things that a prop can become; a concept vector has K + T numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.prompts import Prompt, blend, tidy
from engine.text import DIMENSIONS, TextCache, TextEncoder
from engine.types import Vocabulary


class Router(nn.Module):
    """Sentence embedding to concepts: a mixture over the worlds, and what a prop becomes.

    A small classifier whose probabilities are the blend: text near a world's wordings lands on it, text far from all
    lands on the nearest as a blend. `engine/training/router.py` fits it.
    """

    HIDDEN = 384
    LEAST = 0.05
    """Shares below this are dropped."""

    def __init__(self, worlds: int, things: int) -> None:
        super().__init__()
        self.worlds = worlds
        self.inner = nn.Linear(DIMENSIONS, self.HIDDEN)
        self.world = nn.Linear(self.HIDDEN, worlds)
        self.thing = nn.Linear(self.HIDDEN, 1 + things)  # the first says: no thing

    def logits(self, embedding: Tensor) -> tuple[Tensor, Tensor]:
        """(..., K) for the worlds and (..., 1 + T) for no thing and the things."""
        inner = F.gelu(self.inner(embedding))
        return self.world(inner), self.thing(inner)

    def forward(self, embedding: Tensor) -> Tensor:
        """(..., 384) -> (..., K + T): shares of the worlds, sum 1, then of the things, sum at most 1."""
        worlds, things = (logits.softmax(-1) for logits in self.logits(embedding))
        worlds = torch.where(worlds < self.LEAST, 0.0, worlds)
        worlds = worlds / worlds.sum(-1, keepdim=True)
        things = torch.where(things[..., 1:] < 2 * self.LEAST, 0.0, things[..., 1:])
        return torch.cat([worlds, things], -1)


class PromptEncoder:
    """Prompts to concept vectors. Each text is embedded and routed once, so a fade of known texts is only a sum.

    Safe to call from several threads.
    """

    def __init__(self, router: Router, wordings: Mapping[str, np.ndarray], vocabulary: Vocabulary) -> None:
        """wordings: the texts that the weights were taught, with their embeddings (384,)."""
        self.vocabulary = vocabulary
        self.text = TextEncoder(wordings)
        self.router = router
        self._concepts = TextCache(self._routed)

    @torch.inference_mode()
    def concepts(self, text: str) -> Tensor:
        """(K + T,) float32: a text's shares of the worlds, sum 1, then of the things, 0..1. Not to be changed.

        About 10 ms for a new text. Raises PromptError for an empty text or one of over 1,000 characters.
        """
        return self._concepts(tidy(text))

    def _routed(self, text: str) -> Tensor:
        concepts: Tensor = self.router(torch.from_numpy(self.text.embed(text)))
        return concepts

    @torch.inference_mode()
    def blend(self, prompt: Prompt) -> Tensor:
        """(K + T,) float32: the sum of a prompt's texts by their weights. Raises PromptError for one of no use."""
        texts = blend(prompt)
        weights = torch.tensor([weight for _, weight in texts])
        concepts = torch.stack([self.concepts(text) for text, _ in texts])
        return (concepts * (weights / weights.sum())[:, None]).sum(0)

    @torch.inference_mode()
    def blend_over(self, prompt: Prompt, under: Prompt | None) -> Tensor:
        """(K + T,) float32: what `prompt` asks for, with the worlds of `under` where it leaves the picture as it is.

        The things are those of `prompt` alone. Raises PromptError as `blend` does.
        """
        concepts = self.blend(prompt)
        if under is None or "as-is" not in self.vocabulary.worlds:
            return concepts
        as_is, worlds = self.vocabulary.worlds.index("as-is"), len(self.vocabulary.worlds)
        look = self.blend(under)[:worlds] * concepts[as_is]
        concepts[as_is] = 0
        concepts[:worlds] += look
        return concepts

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """The worlds that `text` lands on and their shares (sum 1), nearest first; then what a prop becomes, 0..1."""
        shares, worlds = self.concepts(text).tolist(), len(self.vocabulary.worlds)
        names = ((self.vocabulary.worlds, shares[:worlds]), (self.vocabulary.things, shares[worlds:]))
        ordered = [sorted(zip(*part, strict=True), key=lambda pair: -pair[1]) for part in names]
        return [(name, share) for part in ordered for name, share in part if share > 0]

    def how_near(self, text: str) -> tuple[str, float]:
        """The taught wording that is nearest to `text`, and the cosine between the two, -1..1.

        1 is the same; under about 0.55 the text is far from all that these weights know, and what `nearest` says is a
        guess. ("", 0.0) where the weights keep no wordings.
        """
        wordings = self.text.wordings
        if not wordings:
            return "", 0.0
        cosines = np.stack(list(wordings.values())) @ self.text.embed(text)
        best = int(cosines.argmax())
        return list(wordings)[best], float(cosines[best])
