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
from engine.models.attention import Memory
from engine.models.hourglass import Hourglass
from engine.models.patches import pad_picture, padded_size, pool_frame, to_patches


@dataclass(frozen=True)
class Rows:
    """What a program reads and writes of one stream, or of several, a row each."""

    last: Tensor
    """(B, H, W, 3) uint8"""
    before: Tensor
    """(B, H, W, 3) uint8"""
    keys_values: Tensor
    """(B, S, M, L, 2, D)"""


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
        self.rows = Rows(last, before, torch.zeros_like(self._made[:, None]).repeat(1, self.config.slots, 1, 1, 1, 1))
        """One row."""
        self.changes = 0
        """How often `keys_values` were written to."""

        entering, level, made = self._entering, self._level, self._made

        def remember() -> None:
            made.copy_(network.remember(entering, level))

        self._remember_entering = recorded(remember, device)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._frames_held = 0
        self._held: dict[int, int] = {}  # slot -> step
        self._steps = 0

    def slot(self, step: int) -> int:
        """Where the frame of a remembered step is kept."""
        sinks, stride = self.config.sinks, self.config.ring_stride
        if step < sinks:
            return step
        return sinks + (step // stride - -(-sinks // stride)) % self.config.ring

    def levels(self) -> tuple[float, float]:
        """Noise levels of the last picture and of the one before; 1 says that there is none."""
        return tuple(self.config.past_level if self._frames_held > i else 1.0 for i in range(2))  # type: ignore[return-value]

    def ages(self) -> list[float]:
        """Frames since each slot's, -1 where it is empty."""
        return [float(self._steps - self._held[i]) if i in self._held else -1.0 for i in range(self.config.slots)]

    def advance(self) -> None:
        """Take note that `last` holds a new picture and `before` the one that was last."""
        self._frames_held = min(self._frames_held + 1, 2)
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
        self._held[slot] = step

    def append(self, frame: Tensor, patches: Tensor | None = None) -> None:
        """Take an output frame, (H, W, 3) uint8 of the padded size, that was made elsewhere."""
        self.rows.before.copy_(self.rows.last)
        self.rows.last.copy_(frame[None, : self.height, : self.width])
        self.advance()

    def read(self) -> tuple[Tensor, Tensor, Memory | None]:
        """What the next frame sees, as `History.read` gives it."""
        pictures = [
            as_signal(to_patches(pad_picture(picture[0])[None])) for picture in (self.rows.last, self.rows.before)
        ]
        levels = torch.tensor([self.levels()], device=self.device)
        past = torch.stack(pictures, 1) * (levels < 1)[..., None, None, None]
        age = torch.tensor([self.ages()], device=self.device)
        return past, levels, Memory(self.rows.keys_values, age, age >= 0) if self._held else None

    def state(self) -> HistoryState:
        """For a snapshot; copies on the CPU."""
        last = [pad_picture(picture[0]).cpu() for picture in (self.rows.last, self.rows.before)[: self._frames_held]]
        held = sorted((step, slot) for slot, step in self._held.items())
        return HistoryState(last, [(step, self._pooled[slot].cpu().clone()) for step, slot in held], self._steps)

    def restore(self, state: HistoryState) -> None:
        """Become what `state` was taken of."""
        self.reset()
        for picture, frame in zip((self.rows.last, self.rows.before), state.last, strict=False):
            picture.copy_(frame[None, : self.height, : self.width])
        self._frames_held = len(state.last)
        for step, pooled in state.remembered:
            self._remember(step, pooled.to(self.device))
        self._steps = state.steps
