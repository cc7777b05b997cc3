"""What makes frames: the one thing that differs between plain torch, oneDNN and a recorded program of kernels.

A `Stream` is handed a maker and knows it by this protocol. A maker owns all that frames need beside their request: its
network, what it remembers of the frames that it made, folded prompts, masks, buffers on the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from engine.conditioning import FrameRequest
from engine.history import HistoryState
from engine.models.calibration import Calibration
from engine.models.hourglass import Hourglass

Maker = TypeVar("Maker", contravariant=True)


class FrameMaker(Protocol):
    """Makes the frames of one stream, one after the other. Used by one thread at a time."""

    network: Hourglass
    """The weights, on the device and in the dtype of its frames; its own, shared with no other maker."""
    calibration: Calibration | None
    """By which its convolutions are computed in int8; None where they are in the network's dtype."""

    def make(self, request: FrameRequest) -> np.ndarray:
        """The picture (H, W, 3) uint8 that answers a request, which is remembered; the caller owns it.

        A picture of another size than the last one's begins a new memory.
        """

    def reset(self) -> None:
        """Forget the frames that were made."""

    def state(self) -> HistoryState:
        """All that is remembered, for a snapshot."""

    def restore(self, size: tuple[int, int], state: HistoryState) -> None:
        """Remember what `state` says of frames of `size` (height, width), and nothing else. Any maker's state does."""

    def close(self) -> None:
        """Forget, and free what frames need; it can still be used."""

    def group(self) -> FrameGroup[Any]:
        """What makes frames of several makers of this class and of equal weights together."""


class FrameGroup(Protocol[Maker]):
    """Makes frames of several streams by as few calls of the network as can be."""

    def make(self, makers: Sequence[Maker], requests: Sequence[FrameRequest]) -> list[np.ndarray]:
        """What `make` of each maker would answer to its request, but for rounding; in the same order."""

    def forget(self, maker: Maker) -> None:
        """Let go of what was kept for a maker that leaves."""
