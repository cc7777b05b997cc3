"""Frames of several streams by one launch: their states come together in rows of one program, and go back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.conditioning import FrameRequest
from engine.fast.fused_network import FusedNetwork
from engine.fast.program import FoldedPrompt, FrameProgram, FrameUpload
from engine.fast.recording import mark
from engine.fast.ring import Ring, RowTensors

MOST = 64
"""Rows of one program; more streams than that are several launches."""


@dataclass(frozen=True, eq=False)
class Row:
    """What one stream brings to a launch."""

    request: FrameRequest
    prompt: FoldedPrompt
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
        self._rows, self._device = RowTensors(last, before, keys_values), like.device
        self._upload = FrameUpload(rows, like.height, like.width, like.config.slots, like.device)
        self._program = FrameProgram(network, self._rows, self._upload, steps, prompts)
        self._copied: list[tuple[Ring, int] | None] = [None] * rows
        """Whose keys and values are in each row, as of which of their changes."""

    def forget(self, ring: Ring) -> None:
        """Let go of the memory of a stream that leaves."""
        self._copied = [None if copied is not None and copied[0] is ring else copied for copied in self._copied]

    def make(self, rows: Sequence[Row], launch: Callable[[FrameProgram], None]) -> list[np.ndarray]:
        """A frame for each row, which becomes its ring's last; fresh arrays in the same order."""
        mine = self._rows
        for n, row in enumerate(rows):
            ring, theirs = row.ring, row.ring.rows
            mine.last[n].copy_(theirs.last[0])
            mine.before[n].copy_(theirs.before[0])
            if self._copied[n] != (ring, ring.changes):
                mine.keys_values[n].copy_(theirs.keys_values[0])
                self._copied[n] = ring, ring.changes
            self._program.set_prompt(n, row.prompt)
            self._upload.fill(n, row.request, ring)
        launch(self._program)
        done = mark(self._device)
        for n, row in enumerate(rows):
            row.ring.rows.last.copy_(mine.last[n, None])
            row.ring.rows.before.copy_(mine.before[n, None])
            row.ring.advance()
        done()
        return [self._program.picture(n) for n in range(len(rows))]
