"""Frames of several streams by one launch: their states come together in rows of one program, and go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.conditioning import Moment
from engine.fast.fused_network import FusedNetwork
from engine.fast.recorded import FoldedPrompt, FrameProgram, Inbox
from engine.fast.recording import mark
from engine.fast.ring import Ring, Rows

MOST = 64
"""Rows of one program; more streams than that are several launches."""


@dataclass(frozen=True)
class Part:
    """What one stream brings to a launch."""

    frame: np.ndarray
    seed: int
    moment: Moment
    directed: FoldedPrompt
    ring: Ring


def rows_for(streams: int) -> int:
    """Rows of the program for a number of streams: a power of two, so that few programs serve all who come and go."""
    return min(1 << (streams - 1).bit_length(), MOST)


class RowBatch:
    """A program for up to `rows` streams of one picture size and number of prompts; rows that nobody takes idle."""

    def __init__(self, network: FusedNetwork, like: Ring, rows: int, steps: int, prompts: int) -> None:
        """like: the ring of any of the streams."""
        last, before, keys_values = (
            tensor.new_zeros(rows, *tensor.shape[1:])
            for tensor in (like.rows.last, like.rows.before, like.rows.keys_values)
        )
        self._rows, self._device = Rows(last, before, keys_values), like.device
        self._inbox = Inbox(rows, like.height, like.width, like.config.slots, like.device)
        self._program = FrameProgram(network, self._rows, self._inbox, steps, prompts)
        self._held: list[tuple[Ring, int] | None] = [None] * rows

    def forget(self, ring: object) -> None:
        """Let go of the memory of a stream that left."""
        self._held = [None if held is not None and held[0] is ring else held for held in self._held]

    @torch.inference_mode()
    def __call__(self, parts: Sequence[Part]) -> list[np.ndarray]:
        """Make a frame for each part, which becomes its ring's last; fresh arrays in the same order."""
        rows = self._rows
        for row, part in enumerate(parts):
            ring, theirs = part.ring, part.ring.rows
            rows.last[row].copy_(theirs.last[0])
            rows.before[row].copy_(theirs.before[0])
            if self._held[row] != (ring, ring.changes):
                rows.keys_values[row].copy_(theirs.keys_values[0])
                self._held[row] = ring, ring.changes
            self._program.direct(row, part.directed)
            self._inbox.fill(row, part.frame, part.seed, part.moment, ring)
        self._program.launch()
        done = mark(self._device)
        for row, part in enumerate(parts):
            part.ring.rows.last.copy_(rows.last[row, None])
            part.ring.rows.before.copy_(rows.before[row, None])
            part.ring.advance()
        done()
        return [self._program.shown(row) for row in range(len(parts))]
