"""A stream's memory over tensors that never move, so that a recorded program can read and write them again and again.

The same memory as `engine/history.py`, with which it shares its state: a snapshot of one restores the other. There a
remembered frame's keys and values move up as older ones leave; here each has a slot, which its number alone decides, so
that a restored stream adds up in the same order as one that never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.fast.recording import recorded
from engine.history import HistoryState, as_signal
from engine.models.hourglass import Hourglass
from engine.models.patches import pad_picture, padded_size, pool_frame


@dataclass(frozen=True)
class RowTensors:
    """What a program reads and writes of B streams, a row each. S remembered frames of M tokens, L layers, D width."""

    last: Tensor
    """(B, H, W, 3) uint8: the last output."""
    before: Tensor
    """(B, H, W, 3) uint8: the output before it."""
    keys_values: Tensor
    """(B, S, M, L, 2, D): of remembered frames."""


class Ring:
    """Two last pictures as bytes, `config.slots` remembered frames as keys and values, each at its place."""

    def __init__(self, network: Hourglass, height: int, width: int, device: torch.device) -> None:
        """height and width are the picture's own."""
        self.config, self.device = network.config, device
        self.height, self.width = height, width
        last, before = torch.zeros(2, 1, height, width, 3, dtype=torch.uint8, device=device)
        tall, wide = padded_size(height, width)
        dtype = network.stem.weight.dtype
        self._pooled = torch.zeros(self.config.slots, 3, tall // 8, wide // 8, device=device)
        self._entering = torch.zeros(1, 3, tall // 8, wide // 8, device=device, dtype=dtype)
        self._level = torch.full((1,), self.config.past_level, device=device)
        self._network = network  # held, as the level is, for the recording
        self._made = network.remember(self._entering, self._level)
        empty = torch.zeros_like(self._made[:, None]).repeat(1, self.config.slots, 1, 1, 1, 1)
        self.rows = RowTensors(last, before, empty)
        """One row."""
        self.changes = 0
        """How often `rows.keys_values` was written to."""

        entering, level, made = self._entering, self._level, self._made

        def remember() -> None:
            made.copy_(network.remember(entering, level))

        self._remember_entering = recorded(remember, device)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._outputs = 0
        self._step_in: dict[int, int] = {}  # slot -> step
        self._steps = 0

    def slot(self, step: int) -> int:
        """Where the frame of a remembered step is kept."""
        sinks, stride = self.config.sinks, self.config.ring_stride
        if step < sinks:
            return step
        return sinks + (step // stride - -(-sinks // stride)) % self.config.ring

    def levels(self) -> tuple[float, float]:
        """Noise levels of the last picture and of the one before; 1 says that there is none."""
        return tuple(self.config.past_level if self._outputs > i else 1.0 for i in range(2))  # type: ignore[return-value]

    def ages(self) -> list[float]:
        """Frames since each slot's, -1 where it is empty."""
        steps = (self._step_in.get(slot) for slot in range(self.config.slots))
        return [-1.0 if step is None else float(self._steps - step) for step in steps]

    def advance(self) -> None:
        """Take note that `last` holds a new picture and `before` the one that was last."""
        self._outputs = min(self._outputs + 1, 2)
        if self.config.remembers(self._steps):
            self._remember(self._steps, pool_frame(as_signal(pad_picture(self.rows.last[0])[None]))[0])
        self._steps += 1

    def _remember(self, step: int, pooled: Tensor) -> None:
        slot = self.slot(step)
        self._pooled[slot].copy_(pooled)
        self._entering.copy_(pooled[None])
        self._remember_entering()
        self.rows.keys_values[:, slot].copy_(self._made)
        self.changes += 1
        self._step_in[slot] = step

    def state(self) -> HistoryState:
        """For a snapshot; copies on the CPU."""
        last = [pad_picture(picture[0]).cpu() for picture in (self.rows.last, self.rows.before)[: self._outputs]]
        slots = sorted((step, slot) for slot, step in self._step_in.items())
        return HistoryState(last, [(step, self._pooled[slot].cpu().clone()) for step, slot in slots], self._steps)

    def restore(self, state: HistoryState) -> None:
        """Become what `state` was taken of."""
        self.reset()
        for picture, frame in zip((self.rows.last, self.rows.before), state.last, strict=False):
            picture.copy_(frame[None, : self.height, : self.width])
        self._outputs = len(state.last)
        for step, pooled in state.remembered:
            self._remember(step, pooled.to(self.device))
        self._steps = state.steps
