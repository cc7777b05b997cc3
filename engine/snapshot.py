"""A stream's state as bytes: safetensors with the rest as JSON in its header, compressed. No pickle is ever read.

    header["__metadata__"]["stream"]   format, config, size, seed, index, time_s, remembered_steps, steps, fade
    concepts, masks                    of the prompt
    last.0, last.1                     output frames, newest first, as differences between neighbouring pixels
    remembered.0 ...                   pooled frames, one for each of remembered_steps

`fade` is null: streams once kept a fade that was running, and a snapshot taken within one can no longer be restored.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.conditioning import Conditioning
from engine.config import ModelConfig
from engine.history import HistoryState
from engine.media.files import inflated
from engine.media.values import parse
from engine.models.patches import padded_size

FORMAT = "lsd-snapshot-1"
"""Name and version; files of another are refused."""
MOST_BYTES = 256 * 2**20
"""Of a snapshot when it is unpacked: thirty regions' masks at 1920x1080, beside 20 MB for all the rest."""
MOST_SIDE = 1920
"""Pixels of a frame's side."""
MOST_STEPS = 2**53
"""The largest number of a frame."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A stream between two frames."""

    config: ModelConfig
    size: tuple[int, int] | None
    """Height and width of its frames; None before the first."""
    seed: int
    index: int
    """The next source frame's number."""
    time_s: float | None
    """When the last frame was, on the source's clock; None before the first."""
    conditioning: Conditioning
    history: HistoryState

    def to_bytes(self) -> bytes:
        """The same state gives the same bytes."""
        tensors = {"concepts": self.conditioning.concepts}
        if self.conditioning.masks is not None:
            tensors["masks"] = self.conditioning.masks
        tensors |= {f"last.{i}": differences(frame) for i, frame in enumerate(self.history.last)}
        tensors |= {f"remembered.{i}": pooled for i, (_, pooled) in enumerate(self.history.remembered)}
        header = {
            "format": FORMAT,
            "config": self.config.to_dict(),
            "size": self.size,
            "seed": self.seed,
            "index": self.index,
            "time_s": self.time_s,
            "fade": None,
            "remembered_steps": [step for step, _ in self.history.remembered],
            "steps": self.history.steps,
        }
        contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
        return zlib.compress(save(contiguous, {"stream": json.dumps(header, sort_keys=True)}), 1)

    @classmethod
    def from_bytes(cls, data: bytes, config: ModelConfig) -> Snapshot:
        """What `to_bytes` made of a stream of `config`. Raises ValueError for anything else, and says what is wrong."""
        try:
            raw = inflated(data, MOST_BYTES)
            tensors = load(raw)
        except (ValueError, SafetensorError) as error:
            raise _damaged(str(error)) from None
        header = _Header.read(raw)
        if header.format != FORMAT or not _fits(header.config, config):
            raise ValueError(f"a snapshot of {header.config.get('name')} does not fit {config.name}")
        if header.fade is not None:
            raise ValueError(
                "a snapshot taken while a stream's own fade was running, which streams no longer keep; "
                "restore one from before or after the fade"
            )
        last = [_tensor(tensors, f"last.{i}") for i in range(sum(name.startswith("last.") for name in tensors))]
        remembered = [(step, _tensor(tensors, f"remembered.{i}")) for i, step in enumerate(header.remembered_steps)]
        conditioning = Conditioning(_tensor(tensors, "concepts"), tensors.get("masks"))
        _check_shapes(config, header.size, conditioning, last, [pooled for _, pooled in remembered], header.steps)
        history = HistoryState([differences(frame, undo=True) for frame in last], remembered, header.steps)
        return cls(config, header.size, header.seed, header.index, header.time_s, conditioning, history)


@dataclass(frozen=True)
class _Header:
    """A snapshot's JSON, each entry of the type that it must be."""

    format: str
    config: dict[str, Any]
    size: tuple[int, int] | None
    seed: int
    index: int
    time_s: float | None
    fade: list[Any] | None
    remembered_steps: list[int]
    steps: int

    @classmethod
    def read(cls, raw: bytes) -> _Header:
        """Of the bytes of a safetensors file. Raises ValueError."""
        metadata = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")]).get("__metadata__", {})
        try:
            entries = parse(metadata.get("stream", "null"))
        except ValueError as error:
            raise _damaged(str(error)) from None
        if not isinstance(entries, dict):
            raise _damaged("it lacks a stream's header")

        def entry(name: str, *kinds: type) -> Any:
            value = entries.get(name, _damaged)
            if not isinstance(value, kinds) or isinstance(value, bool):
                raise _damaged(f"its {name!r} is {'missing' if value is _damaged else repr(value)}")
            return value

        nothing = type(None)
        size, steps = entry("size", list, nothing), entry("remembered_steps", list)
        sides = [1, 1] if size is None else size
        if any(type(number) is not int for number in [*sides, *steps]) or len(sides) != 2:
            raise _damaged(f"its size is {size!r}, its remembered steps are {steps!r}")
        for name, value in (("index", entry("index", int)), ("steps", entry("steps", int))):
            if not 0 <= value <= MOST_STEPS:
                raise _damaged(f"its {name!r} is not a number from 0 to {MOST_STEPS}")
        time_s = entry("time_s", int, float, nothing)
        if time_s is not None and not (math.isfinite(time_s) and abs(time_s) <= MOST_STEPS):
            raise _damaged("its 'time_s' is not a time")
        if not all(1 <= side <= MOST_SIDE for side in sides):
            raise _damaged(f"its size is not from 1 to {MOST_SIDE} pixels")
        if any(not before < after for before, after in pairwise([-1, *steps, entries["steps"]])):
            raise _damaged("its remembered steps do not grow")
        return cls(
            format=entry("format", str),
            config=entry("config", dict),
            size=None if size is None else (size[0], size[1]),
            seed=entry("seed", int),
            index=entry("index", int),
            time_s=time_s,
            fade=entry("fade", list, nothing),
            remembered_steps=steps,
            steps=entry("steps", int),
        )


def _damaged(problem: str) -> ValueError:
    return ValueError(f"not a snapshot of a stream, or a damaged one ({problem})")


def _fits(config: dict[str, Any], ours: ModelConfig) -> bool:
    """Whether a header's config is ours; a field that was not there yet had its default."""
    defaults = ModelConfig(ours.name).to_dict()
    return json.loads(json.dumps(defaults)) | config == json.loads(json.dumps(ours.to_dict()))


def _tensor(tensors: dict[str, Tensor], name: str) -> Tensor:
    if name not in tensors:
        raise _damaged(f"it lacks {name!r}")
    return tensors[name]


def _check_shapes(
    config: ModelConfig,
    size: tuple[int, int] | None,
    conditioning: Conditioning,
    last: list[Tensor],
    pooled: list[Tensor],
    steps: int,
) -> None:
    """Raises ValueError where a snapshot's tensors are of other shapes than a stream's."""
    tall, wide = padded_size(*size) if size is not None else (0, 0)
    concepts, masks = conditioning.concepts, conditioning.masks
    right = concepts.ndim == 2 and concepts.shape[1] == config.concepts and concepts.dtype == torch.float32
    right &= masks is None or (masks.ndim == 3 and len(masks) == len(concepts) and masks.dtype == torch.float32)
    right &= masks is None or all(1 <= side <= MOST_SIDE for side in masks.shape[1:])
    right &= all(frame.shape == (tall, wide, 3) and frame.dtype == torch.uint8 for frame in last)
    right &= all(frame.shape == (3, tall // 8, wide // 8) and frame.is_floating_point() for frame in pooled)
    right &= all(bool(part.isfinite().all()) for part in (concepts, *pooled, *([] if masks is None else [masks])))
    if not right or len(last) != min(steps, 2) or len(pooled) > config.slots:
        raise _damaged("its parts do not fit together")


def differences(picture: Tensor, undo: bool = False) -> Tensor:
    """A uint8 picture as differences to the left and upper neighbour, modulo 256: a quarter smaller when compressed."""
    for axis in (1, 0):
        if undo:
            picture = picture.cumsum(axis, dtype=torch.uint8)
        else:
            picture = torch.cat([picture.narrow(axis, 0, 1), picture.diff(dim=axis)], axis)
    return picture
