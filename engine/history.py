"""The rolling memory of a stream: its two last outputs, and older ones as keys and values at the network's bottleneck.

The state is a pure function of a few output frames: what is kept of a frame comes from that frame alone, so a snapshot
holds frames, and restoring it computes the rest again, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models.attention import Memory
from engine.models.hourglass import Hourglass
from engine.models.patches import pool_frame, to_patches


@dataclass(frozen=True)
class HistoryState:
    """All that a history is, on the CPU."""

    last: list[Tensor]
    """At most two output frames, newest first: (H, W, 3) uint8."""
    remembered: list[tuple[int, Tensor]]
    """(step, pooled frame (3, H/8, W/8) float32 in -1..1) per occupied slot, sinks first, then the ring in order."""
    steps: int
    """Frames appended so far."""


SCALE = 1 / 127.5
"""Of a signal in -1..1 over grey levels."""


def as_signal(picture: Tensor) -> Tensor:
    """uint8 to float32 in -1..1."""
    return picture.float().mul_(SCALE).sub_(1)


def differences(picture: Tensor, undo: bool = False) -> Tensor:
    """A uint8 picture as differences to the left and upper neighbour, modulo 256: a quarter smaller when compressed."""
    for axis in (1, 0):
        if undo:
            picture = picture.cumsum(axis, dtype=torch.uint8)
        else:
            picture = torch.cat([picture.narrow(axis, 0, 1), picture.diff(dim=axis)], axis)
    return picture


class History:
    """Constant memory: two frames in full, `config.slots` frames pooled. Owns its tensors; `read` hands out views."""

    REEL = 4
    """Pictures' worth of room for the two last outputs: each is written once, before the one that was made before it,
    and only when the beginning is reached is one copied to the end."""

    def __init__(self, network: Hourglass, height: int, width: int, device: torch.device) -> None:
        """height and width are the padded ones, multiples of 32."""
        self.network, self.config, self.device = network, network.config, device
        self.height, self.width = height, width
        self._reel = torch.zeros(1, self.REEL, height // 4, width // 4, 48, device=device)
        self._past_level = torch.ones(1, 2, device=device)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._reel.zero_()
        self._at = self.REEL - 2
        self._past_level.fill_(1.0)
        self._last: list[Tensor] = []
        self._pooled: list[tuple[int, Tensor]] = []
        self._keys_values: list[Tensor] = []
        self._together: Tensor | None = None
        self._steps = 0

    @property
    def past(self) -> Tensor:
        """The two last outputs, newest first, as patches (1, 2, H/4, W/4, 48) in -1..1; a view until the next frame."""
        return self._reel[:, self._at : self._at + 2]

    def append(self, frame: Tensor, patches: Tensor | None = None) -> None:
        """Take an output frame, (H, W, 3) uint8 of the padded size; kept by reference, not to be changed afterwards.

        patches: the same as uint8 patches (1, H/4, W/4, 48), where the caller has them.
        """
        frame = frame.to(self.device)
        patches = to_patches(frame[None]) if patches is None else patches
        if self._at == 0:
            self._at = self.REEL - 1
            self._reel[:, self._at] = self._reel[:, 0]
        self._at -= 1
        self._reel[:, self._at].copy_(patches).mul_(SCALE).sub_(1)
        newest = torch.full_like(self._past_level[:, :1], self.config.past_level)
        self._past_level = torch.cat([newest, self._past_level[:, :1]], 1)
        self._last = [frame, *self._last[:1]]
        if self.config.remembers(self._steps):
            self._remember(self._steps, pool_frame(as_signal(frame[None]))[0])
        self._steps += 1

    def _remember(self, step: int, pooled: Tensor) -> None:
        dtype = self.network.stem.weight.dtype
        level = torch.full((1,), self.config.past_level, device=self.device)
        if len(self._pooled) == self.config.slots:
            del self._pooled[self.config.sinks], self._keys_values[self.config.sinks]
        self._pooled.append((step, pooled))
        self._keys_values.append(self.network.remember(pooled[None].to(dtype), level))
        self._together = None

    def read(self) -> tuple[Tensor, Tensor, Memory | None]:
        """What the next frame sees: `past`, its noise levels (1, 2), and the memory."""
        if not self._pooled:
            return self.past, self._past_level, None
        age = torch.tensor([[float(self._steps - step) for step, _ in self._pooled]], device=self.device)
        if self._together is None:  # once for all frames until another is remembered
            self._together = torch.stack(self._keys_values, 1)
        memory = Memory(self._together, age)
        return self.past, self._past_level, memory

    def state(self) -> HistoryState:
        """For a snapshot; tensors are shared, none is ever written to again."""
        return HistoryState([f.cpu() for f in self._last], [(s, p.cpu()) for s, p in self._pooled], self._steps)

    def restore(self, state: HistoryState) -> None:
        """Become what `state` was taken of."""
        self.reset()
        for frame in reversed(state.last):
            self.append(frame)
        self._pooled.clear()
        self._keys_values.clear()
        for step, pooled in state.remembered:
            self._remember(step, pooled.to(self.device))
        self._steps = state.steps
