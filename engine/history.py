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
from engine.models.patches import padded_size, pool_frame, to_patches

SCALE = 1 / 127.5
"""Signal in -1..1 per grey level of 0..255."""
PATCH_ROOM = 4
"""Pictures that the buffer of the two last outputs has room for. Each new one is written before the one that was made
before it; only when the buffer's beginning is reached is one copied to its end."""


@dataclass(frozen=True)
class HistoryState:
    """All that a history is, on the CPU."""

    last: list[Tensor]
    """At most two output frames, newest first: (H, W, 3) uint8, padded to multiples of 32."""
    remembered: list[tuple[int, Tensor]]
    """(step, pooled frame (3, H/8, W/8) float32 in -1..1) per occupied slot, sinks first, then the ring in order."""
    steps: int
    """Frames appended so far."""


def as_signal(picture: Tensor) -> Tensor:
    """uint8 to float32 in -1..1."""
    return picture.float().mul_(SCALE).sub_(1)


class History:
    """Constant memory: two frames in full, `config.slots` frames pooled. Owns its tensors; `read` hands out views."""

    def __init__(self, network: Hourglass, height: int, width: int, device: torch.device) -> None:
        """height, width: the pictures' own, in pixels."""
        self.network, self.config, self.device = network, network.config, device
        self.height, self.width = height, width
        tall, wide = padded_size(height, width)
        self._patches = torch.zeros(1, PATCH_ROOM, tall // 4, wide // 4, 48, device=device)
        self._past_level = torch.ones(1, 2, device=device)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._patches.zero_()
        self._at = PATCH_ROOM - 2
        self._past_level.fill_(1.0)
        self._last: list[Tensor] = []
        self._pooled: list[tuple[int, Tensor]] = []
        self._keys_values: list[Tensor] = []
        self._stacked: Tensor | None = None  # keys and values, put together when they are read
        self._steps = 0

    @property
    def past(self) -> Tensor:
        """The two last outputs, newest first, as patches (1, 2, H/4, W/4, 48) in -1..1; a view until the next frame."""
        return self._patches[:, self._at : self._at + 2]

    def append(self, frame: Tensor, patches: Tensor | None = None) -> None:
        """Take an output frame, (H, W, 3) uint8 of the padded size; kept by reference, not to be changed afterwards.

        patches: the same as uint8 patches (1, H/4, W/4, 48), where the caller has them.
        """
        frame = frame.to(self.device)
        patches = to_patches(frame[None]) if patches is None else patches
        if self._at == 0:
            self._at = PATCH_ROOM - 1
            self._patches[:, self._at] = self._patches[:, 0]
        self._at -= 1
        self._patches[:, self._at].copy_(patches).mul_(SCALE).sub_(1)
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
        self._stacked = None

    def read(self) -> tuple[Tensor, Tensor, Memory | None]:
        """What the next frame sees: `past`, its noise levels (1, 2), and the memory."""
        if not self._pooled:
            return self.past, self._past_level, None
        age = torch.tensor([[float(self._steps - step) for step, _ in self._pooled]], device=self.device)
        if self._stacked is None:  # once for all frames until another is remembered
            self._stacked = torch.stack(self._keys_values, 1)
        memory = Memory(self._stacked, age)
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
