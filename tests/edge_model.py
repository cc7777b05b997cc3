"""A small live model for tests: it draws the camera's edges in each prompt's own colour, over an afterglow."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from engine.prompts import blend
from engine.types import Prompt, PromptRegion, Sizes, Vocabulary


@dataclass(frozen=True)
class EdgeSetup:
    """Integers add up to the same everywhere."""

    device: str = "cpu"
    dtype: str = "int32"
    threads: int = 1
    weights_hash: str = "edges"

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class EdgeModel:
    """A live model without a network; its memory is the last picture, its noise a number of seed and index."""

    kind, delay, steps, setup = "edge", 0, 1, EdgeSetup()
    vocabulary, sizes = Vocabulary(("as-is",), any_words=True), Sizes()

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self._last: np.ndarray | None = None
        self._index = 0
        self.prompt("as it is")

    @classmethod
    def load(
        cls, weights: Path | None, *, device: str, seed: int, steps: int, threads: int | None, dtype: str
    ) -> EdgeModel:
        return cls(seed)

    def prepare(self, text: str) -> None:
        blend(text)

    def nearest(self, text: str) -> list[tuple[str, float]]:
        return []

    def how_near(self, text: str) -> tuple[str, float]:
        return "", 1.0

    def prompt(self, prompt: Prompt | Sequence[PromptRegion]) -> None:
        if not isinstance(prompt, str) and prompt and isinstance(prompt[0], PromptRegion):
            regions = cast("Sequence[PromptRegion]", prompt)
        else:
            regions = [PromptRegion(cast("Prompt", prompt), np.ones((1, 1)))]
        self._parts = [(blend(region.prompt), np.asarray(region.mask, np.float32)) for region in regions]

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        height, width = self.sizes.height_width(frame)
        if self._last is not None and self._last.shape != frame.shape:
            raise ValueError(f"a frame of {width}x{height} in a stream of another size; call reset() first")
        index = self._index if index is None else index
        noise = zlib.crc32(f"{self.seed} {index}".encode()) % 16
        afterglow = frame if self._last is None else self._last
        edges = np.abs(np.diff(frame.astype(np.int32), axis=1, append=frame[:, -1:])).sum(-1, keepdims=True)
        shares, total = np.zeros((height, width, 1), np.float32), np.zeros((height, width, 3), np.float32)
        for texts, mask in self._parts:
            share = np.asarray(Image.fromarray(mask).resize((width, height)))[..., None]
            for text, weight in texts:
                colour = np.array([zlib.crc32(f"{text} {c}".encode()) % 256 for c in range(3)])
                drawn = np.minimum(edges * colour // 64 + afterglow // 4 + colour // 2 + noise, 255)
                total += share * weight * (frame if text == "as it is" else drawn)
            shares += share
        self._last, self._index = np.rint(total / shares).astype(np.uint8), index + 1
        return self._last.copy()

    def reset(self) -> None:
        self._last = None
        self._index = 0

    def snapshot(self) -> bytes:
        last = None if self._last is None else [*self._last.shape, self._last.tobytes().hex()]
        parts = [[texts, mask.shape, mask.tobytes().hex()] for texts, mask in self._parts]
        return json.dumps({"edges": last, "index": self._index, "parts": parts, "seed": self.seed}).encode()

    def restore(self, data: bytes) -> None:
        try:
            state = json.loads(data)
            last, parts, index, seed = (state[name] for name in ("edges", "parts", "index", "seed"))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"not a snapshot of edges ({error})") from None
        self._index, self.seed = index, seed
        self._last = None if last is None else _array(last[3], last[:3], np.uint8)
        self._parts = [
            (tuple((text, weight) for text, weight in texts), _array(values, shape, np.float32))
            for texts, shape, values in parts
        ]

    def close(self) -> None:
        self.reset()


def _array(values: str, shape: Sequence[int], kind: type) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(values), kind).reshape(shape)
