"""Many cameras at once: independent streams through one call of the network.

batch = StreamBatch()
batch.join("left", stream)
pictures = batch.step({"left": camera_picture})
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import torch
from torch import Tensor

from engine import sampler
from engine.conditioning import FrameInputs
from engine.fast.rows import MOST, Part, RowBatch, rows_for
from engine.models.attention import Memory
from engine.runtime import cores
from engine.stream import Stream


class StreamBatch:
    """Streams of the same weights that are stepped together; each keeps its own history, prompt and seed.

    Streams join and leave at any frame. Those of one picture size and number of prompts share a call of the network. On
    a CPU, where a batch saves no time and a prompt folded into the weights does, each stream is stepped by itself, as
    many at a time as there are cores for their threads: there a frame is the same, bit for bit, alone and in company,
    as it is anywhere with `together=False`. On a GPU a batch's products round differently: within two grey levels in
    the mean. Not safe for concurrent use.
    """

    def __init__(self, together: bool | None = None) -> None:
        """together: one network call for many streams; None decides by the device."""
        self._together = together
        self.streams: dict[Hashable, Stream] = {}
        self._companies: dict[tuple[int, int, int, int, int], RowBatch] = {}
        self._hands: tuple[int, ThreadPoolExecutor] | None = None

    def join(self, name: Hashable, stream: Stream) -> None:
        """Take a stream in under a name of its own. Raises ValueError for a taken name or other weights."""
        if name in self.streams:
            raise ValueError(f"the name {name!r} is taken; there are {', '.join(map(repr, self.streams))}")
        for other in self.streams.values():
            differences = stream.setup.differences(other.setup)
            if differences or stream.steps != other.steps:
                raise ValueError(f"a stream of another set-up cannot join: {'; '.join(differences) or 'steps'}")
            break
        self.streams[name] = stream

    def leave(self, name: Hashable) -> Stream:
        """Let a stream go on alone; raises KeyError for an unknown name."""
        stream = self.streams.pop(name)
        if not self.streams:
            self._companies.clear()  # those who come next may have other weights
            self._let_go()
        for company in self._companies.values():
            company.forget(stream._history)
        return stream

    @torch.inference_mode()
    def step(
        self, frames: Mapping[Hashable, np.ndarray], times_s: Mapping[Hashable, float] | None = None
    ) -> dict[Hashable, np.ndarray]:
        """One frame (H, W, 3) uint8 each for some of the streams, answered as `Stream.step` says."""
        unknown = [name for name in frames if name not in self.streams]
        if unknown:
            raise ValueError(f"no stream {unknown[0]!r} has joined; there are {', '.join(map(repr, self.streams))}")
        times_s = times_s or {}
        for name, frame in frames.items():
            self.streams[name]._check(frame)  # all, before any goes on: none is left out of step
        together = self._together
        if together is None:
            together = any(stream.setup.device != "cpu" for stream in self.streams.values())
        if not together:
            return self._side_by_side(frames, times_s)
        if all(self.streams[name]._kernelled is not None for name in frames):
            return self._in_company(frames, times_s)
        moments = {name: self.streams[name]._begin(frame, times_s.get(name), None) for name, frame in frames.items()}
        exposed = {name: self.streams[name]._expose(frame, moments[name]) for name, frame in frames.items()}
        groups: dict[tuple, list[Hashable]] = {}
        for name, exposure in exposed.items():
            prompts = exposure.concepts.shape[1] if exposure.masks is not None else 0
            groups.setdefault((exposure.source.shape, prompts), []).append(name)
        pictures: dict[Hashable, np.ndarray] = {}
        for names in groups.values():
            clean = self._denoised([exposed[name] for name in names], self.streams[names[0]])
            for i, name in enumerate(names):
                pictures[name] = self.streams[name]._develop(moments[name], clean[i : i + 1])
        return {name: pictures[name] for name in frames}

    def _side_by_side(
        self, frames: Mapping[Hashable, np.ndarray], times_s: Mapping[Hashable, float]
    ) -> dict[Hashable, np.ndarray]:
        """Each stream by itself; on a CPU several at once, if each leaves cores over.

        A small frame is many short operations, between which a stream's threads wait for each other: two streams with a
        core each are done sooner than one after the other with both. Torch lets go of Python's lock in each operation.
        """

        def step(name: Hashable) -> np.ndarray:
            return self.streams[name].step(frames[name], times_s.get(name))

        abreast = self._abreast(list(self.streams.values()))
        if min(abreast, len(frames)) < 2:
            return {name: step(name) for name in frames}
        if self._hands is None or self._hands[0] != abreast:
            self._let_go()
            self._hands = abreast, ThreadPoolExecutor(abreast, "stream")
        made = {name: self._hands[1].submit(step, name) for name in frames}
        wait(made.values())  # all, before one that failed says so: none is left at work on a stream
        return {name: answer.result() for name, answer in made.items()}

    def _let_go(self) -> None:
        if self._hands is not None:
            self._hands[1].shutdown(wait=False)
            self._hands = None

    @staticmethod
    def _abreast(streams: list[Stream]) -> int:
        """How many of these may be stepped at once: by the cores, and only streams that share no network."""
        networks = {id(stream._network) for stream in streams}
        if len(networks) < len(streams) or any(stream.setup.device != "cpu" for stream in streams):
            return 1
        return cores() // max((stream.setup.threads for stream in streams), default=1)

    def _in_company(
        self, frames: Mapping[Hashable, np.ndarray], times_s: Mapping[Hashable, float]
    ) -> dict[Hashable, np.ndarray]:
        """Recorded streams by recorded programs, one launch for each picture size and number of prompts."""
        parts: dict[Hashable, Part] = {}
        groups: dict[tuple[int, ...], list[Hashable]] = {}
        for name, frame in frames.items():
            parts[name] = part = self.streams[name]._part(frame, times_s.get(name))
            groups.setdefault((*frame.shape[:2], part.directed.prompts), []).append(name)
        pictures: dict[Hashable, np.ndarray] = {}
        for (height, width, prompts), members in groups.items():
            for start in range(0, len(members), MOST):
                names = members[start : start + MOST]
                steps, rows = self.streams[names[0]].steps, rows_for(len(names))
                key = (height, width, prompts, steps, rows)
                if key not in self._companies:
                    network = self.streams[names[0]]._kernelled
                    assert network is not None
                    self._companies[key] = RowBatch(network, parts[names[0]].ring, rows, steps, prompts)
                shown = self._companies[key]([parts[name] for name in names])
                pictures |= zip(names, shown, strict=True)
                for name in names:
                    self.streams[name]._end(parts[name].moment)
        return {name: pictures[name] for name in frames}

    @staticmethod
    def _denoised(exposures: list[FrameInputs], stream: Stream) -> Tensor:
        batch = _joined(exposures)

        def denoiser(noisy: Tensor, level: float, step: float) -> Tensor:
            return stream._network(noisy, batch.source, batch.past, batch.conditions(level, step), batch.memory)

        return sampler.denoise(denoiser, batch.noise, stream.steps)


def _joined(exposures: list[FrameInputs]) -> FrameInputs:
    """Several exposures as one batch."""

    def cat(name: str) -> Tensor:
        return torch.cat([getattr(exposure, name) for exposure in exposures])

    names = ("source", "noise", "past", "past_level", "concepts", "interval_s", "clock_s", "particles")
    return FrameInputs(
        memory=_joined_memories([exposure.memory for exposure in exposures]),
        masks=cat("masks") if exposures[0].masks is not None else None,
        **{name: cat(name) for name in names},
    )


def _joined_memories(memories: list[Memory | None]) -> Memory | None:
    """Several memories as one batch, the shorter ones padded with empty slots."""
    present = [memory for memory in memories if memory is not None]
    if not present:
        return None
    longest = max(present, key=lambda memory: memory.age.shape[1])
    slots = longest.age.shape[1]

    def padded(memory: Memory | None) -> tuple[Tensor, Tensor, Tensor]:
        if memory is None:
            nothing = torch.zeros_like(longest.age)
            return torch.zeros_like(longest.keys_values), nothing, nothing.bool()
        valid = torch.ones_like(memory.age, dtype=torch.bool) if memory.valid is None else memory.valid
        more = slots - memory.age.shape[1]
        return (
            torch.cat([memory.keys_values, memory.keys_values.new_zeros(1, more, *memory.keys_values.shape[2:])], 1),
            torch.cat([memory.age, memory.age.new_zeros(1, more)], 1),
            torch.cat([valid, valid.new_zeros(1, more)], 1),
        )

    return Memory(*(torch.cat(parts) for parts in zip(*map(padded, memories), strict=True)))
