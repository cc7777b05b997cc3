"""Frames by recorded programs of kernels: on a GPU, everything from upload to download is one launch.

Programs are recorded when they are first needed, one for each number of prompts and of denoising steps, over a memory
at fixed addresses (`engine/fast/ring.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
import torch

from engine.conditioning import Conditioning, FrameRequest, fit_masks
from engine.fast.fused_network import FusedNetwork
from engine.fast.program import FoldedPrompt, FrameProgram, FrameUpload, fold_prompt
from engine.fast.recording import mark
from engine.fast.ring import Ring
from engine.fast.rows import MOST, Row, RowBatch, rows_for
from engine.history import HistoryState
from engine.models.calibration import Calibration
from engine.models.hourglass import Hourglass


class Programs:
    """One stream's programs over its ring: one for each number of prompts and of steps, recorded when first needed."""

    def __init__(self, network: FusedNetwork, ring: Ring) -> None:
        self.ring = ring
        self.upload = FrameUpload(1, ring.height, ring.width, ring.config.slots, ring.device)
        self._network = network
        self._recorded: dict[tuple[int, int], FrameProgram] = {}

    def under(self, prompt: FoldedPrompt) -> FrameProgram:
        """The program for a prompt's numbers of texts and of steps, with that prompt set."""
        key = prompt.prompts, prompt.steps
        if key not in self._recorded:
            self._recorded[key] = FrameProgram(self._network, self.ring.rows, self.upload, key[1], key[0])
        program = self._recorded[key]
        program.set_prompt(0, prompt)
        return program


class Recorded:
    """Makes frames by recorded programs; on a CPU by the kernels' twins, which is how tests compare them."""

    def __init__(self, network: Hourglass, operations: ModuleType) -> None:
        """network: on its device and in its dtype; the maker's own from now on. operations: of `engine.kernels`."""
        self.network = network
        self.calibration: Calibration | None = None
        self.fused = FusedNetwork(network, operations)
        self.launch: Callable[[FrameProgram], None] = FrameProgram.launch
        """Called with the program of each frame; a timed one can take its place."""
        self._programs: Programs | None = None
        self._folded: tuple[Conditioning, tuple[int, int], FoldedPrompt] | None = None

    @torch.inference_mode()
    def make(self, request: FrameRequest) -> np.ndarray:
        """The picture that answers a request, see `FrameMaker.make`."""
        programs = self._programs_for(request.size)
        program = programs.under(self._fold(request))
        programs.upload.fill(0, request, programs.ring)
        self.launch(program)
        done = mark(programs.ring.device)
        programs.ring.advance()  # the device goes on remembering while the host has the picture already
        done()
        return program.picture(0)

    @property
    def ring(self) -> Ring | None:
        """What it remembers of its frames; None before the first."""
        return None if self._programs is None else self._programs.ring

    def row(self, request: FrameRequest) -> Row:
        """What this maker brings to a launch together with others."""
        return Row(request, self._fold(request), self._programs_for(request.size).ring)

    def _programs_for(self, size: tuple[int, int]) -> Programs:
        """The programs for frames of (height, width), and their memory; new ones where the last were of another."""
        if self._programs is None or (self._programs.ring.height, self._programs.ring.width) != size:
            self._programs = Programs(self.fused, Ring(self.network, *size, self.network.stem.weight.device))
        return self._programs

    def _fold(self, request: FrameRequest) -> FoldedPrompt:
        """The request's conditioning as programs take it, made once for as long as it stays."""
        last, conditioning = self._folded, request.conditioning
        if last is None or last[0] is not conditioning or last[1] != request.size or last[2].steps != request.steps:
            masks = conditioning.masks
            fitted = None if masks is None else fit_masks(masks, *request.size)
            folded = fold_prompt(self.fused, request.steps, conditioning.concepts, fitted)
            self._folded = last = conditioning, request.size, folded
        return last[2]

    def reset(self) -> None:
        """Forget the frames that were made; programs stay for the next ones of that size."""
        if self._programs is not None:
            self._programs.ring.reset()

    def state(self) -> HistoryState:
        """All that is remembered."""
        return HistoryState([], [], 0) if self._programs is None else self._programs.ring.state()

    @torch.inference_mode()
    def restore(self, size: tuple[int, int], state: HistoryState) -> None:
        """Remember what `state` says of frames of `size` (height, width), and nothing else."""
        self._programs_for(size).ring.restore(state)

    def close(self) -> None:
        """Forget, and free programs and buffers."""
        self._programs, self._folded = None, None

    def group(self) -> RecordedGroup:
        """What makes frames of several such makers together."""
        return RecordedGroup()


class RecordedGroup:
    """Frames of several streams by one launch for each picture size, number of prompts and number of steps."""

    def __init__(self) -> None:
        self._batches: dict[tuple[int, int, int, int, int], RowBatch] = {}

    @torch.inference_mode()
    def make(self, makers: Sequence[Recorded], requests: Sequence[FrameRequest]) -> list[np.ndarray]:
        """See `FrameGroup.make`. The weights are the first maker's."""
        rows = [maker.row(request) for maker, request in zip(makers, requests, strict=True)]
        alike: dict[tuple[int, int, int, int], list[int]] = {}
        for i, row in enumerate(rows):
            alike.setdefault((*row.request.size, row.prompt.prompts, row.prompt.steps), []).append(i)
        pictures: dict[int, np.ndarray] = {}
        for key, members in alike.items():
            for start in range(0, len(members), MOST):
                chosen = members[start : start + MOST]
                batch = self._batch((*key, rows_for(len(chosen))), makers[chosen[0]], rows[chosen[0]].ring)
                made = batch.make([rows[i] for i in chosen], makers[chosen[0]].launch)
                pictures |= zip(chosen, made, strict=True)
        return [pictures[i] for i in range(len(rows))]

    def _batch(self, key: tuple[int, int, int, int, int], maker: Recorded, like: Ring) -> RowBatch:
        _, _, prompts, steps, rows = key
        if key not in self._batches:
            self._batches[key] = RowBatch(maker.fused, like, rows, steps, prompts)
        return self._batches[key]

    def forget(self, maker: Recorded) -> None:
        """Let go of the memory of a maker that leaves."""
        if maker.ring is not None:
            for batch in self._batches.values():
                batch.forget(maker.ring)
