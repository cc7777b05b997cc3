"""Looking into the engine while it makes a frame: the denoising step by step, and what the past is consulted for.

    seen = watch(stream, picture, steps=4)
    seen.clean[0], seen.noisy[1], seen.past_shares

Nothing of the stream changes: it goes on as if nobody had looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.fast.plain import Plain
from engine.models.attention import Attention, MemoryKV
from engine.models.patches import to_picture
from engine.stream import Stream


@dataclass(frozen=True)
class FrameTrace:
    """How one frame was made; pictures are (H, W, 3) uint8 of the padded size."""

    levels: list[float]
    """The noise level before each step, 1 pure noise."""
    noisy: list[np.ndarray]
    """What each step began with."""
    clean: list[np.ndarray]
    """What each step took the clean frame to be; the last one is the answer."""
    ages: list[int]
    """Of the remembered frames, in frames."""
    past_shares: np.ndarray
    """(layers, remembered frames) shares of the first step's attention, mean over tokens and heads; the rest is the
    frame's own."""
    past_map: np.ndarray
    """(h, w) per token of 32 px: the share of attention that goes to the past, mean over layers and heads."""


@torch.inference_mode()
def watch(stream: Stream, picture: np.ndarray, steps: int | None = None) -> FrameTrace:
    """Make the frame that would answer `picture` next, in `steps` denoising steps, and report.

    picture: as for `Stream.step`. steps: the stream's own by default. The stream's state is left as it was. Raises
    ValueError where `Stream.step` would, and for a stream on a GPU or of recorded programs.
    """
    network = stream.maker.network
    if stream.setup.device != "cpu" or not isinstance(stream.maker, Plain):
        how = "of recorded programs" if stream.setup.device == "cpu" else f"on {stream.setup.device}"
        raise ValueError(f"this stream is {how} and cannot be watched; load one with device='cpu', backend='auto'")
    calls: list[tuple[Tensor, float, Tensor]] = []
    weights: list[Tensor] = []
    ages: list[int] = []

    def on_network(_: Any, given: tuple[Any, ...], clean: Tensor) -> None:
        noisy, _, _, conditions, memory = given[:5]
        calls.append((noisy.float(), float(conditions.level), clean))
        if memory is not None and not ages:
            ages.extend(int(age) for age in memory.age[0])

    def on_attention(attention: Attention, given: tuple[Any, ...]) -> None:
        weights.append(_weights(attention, *given[1:]))

    before, usual = stream.snapshot(), stream.steps
    attentions = [module for module in network.modules() if isinstance(module, Attention)]
    hooks = [network.register_forward_hook(on_network)]
    hooks += [attention.register_forward_pre_hook(on_attention) for attention in attentions]
    try:
        stream.steps = usual if steps is None else steps
        stream.step(picture)
    finally:
        for hook in hooks:
            hook.remove()
        stream.steps = usual
        stream.restore(before)
    height, width = calls[0][0].shape[1] // 8, calls[0][0].shape[2] // 8
    first = torch.stack(weights[: len(attentions)])  # (L, N, keys), of the first step
    own = height * width + 1
    past = first[..., own:].unflatten(-1, (len(ages), -1)).sum(-1) if ages else first.new_zeros(*first.shape[:2], 0)
    return FrameTrace(
        levels=[level for _, level, _ in calls],
        noisy=[_shown(noisy) for noisy, _, _ in calls],
        clean=[_shown(clean) for _, _, clean in calls],
        ages=ages,
        past_shares=past.mean(1).numpy(),
        past_map=past.sum(-1).mean(0).view(height, width).numpy(),
    )


def _weights(attention: Attention, normed: Tensor, rotary: Any, memory: MemoryKV | None) -> Tensor:
    """(N, keys) attention of each token on its own frame's tokens, the null token, and the past; mean over heads."""
    q, keys, _ = attention.queries_keys_values(normed, rotary, memory)
    scores = q.float() @ keys.float().mT / q.shape[-1] ** 0.5
    if memory is not None and memory.allowed is not None:
        scores = scores.masked_fill(~memory.allowed, -torch.inf)
    return scores.softmax(-1)[0].mean(0)


def _shown(patches: Tensor) -> np.ndarray:
    return to_picture((patches * 127.5 + 128.0).clamp(0, 255).to(torch.uint8))[0].numpy()
