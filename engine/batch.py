"""Many cameras at once: independent streams through one call of the network.

batch = StreamBatch()
batch.join("left", stream)
pictures = batch.step({"left": camera_picture})
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from engine.fast.maker import FrameGroup
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
        self._groups: dict[type, FrameGroup[Any]] = {}
        self._pool: tuple[int, ThreadPoolExecutor] | None = None

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
            self._groups.clear()  # those who come next may have other weights
            self._close_pool()
        for kind, group in self._groups.items():
            if isinstance(stream.maker, kind):
                group.forget(stream.maker)
        return stream

    def step(
        self, frames: Mapping[Hashable, np.ndarray], times_s: Mapping[Hashable, float] | None = None
    ) -> dict[Hashable, np.ndarray]:
        """One frame (H, W, 3) uint8 each for some of the streams, answered as `Stream.step` says.

        times_s: seconds on the sources' clocks, where they tell them. Raises ValueError for an unknown name and for
        what `Stream.step` refuses, before any stream goes on: none is left out of step with the others.
        """
        unknown = [name for name in frames if name not in self.streams]
        if unknown:
            raise ValueError(f"no stream {unknown[0]!r} has joined; there are {', '.join(map(repr, self.streams))}")
        times_s = times_s or {}
        requests = {name: self.streams[name].begin(frame, times_s.get(name)) for name, frame in frames.items()}
        together = self._together
        if together is None:
            together = any(stream.setup.device != "cpu" for stream in self.streams.values())
        if not together:
            return self._side_by_side(frames, times_s)
        alike: dict[type, list[Hashable]] = {}
        for name in frames:
            alike.setdefault(type(self.streams[name].maker), []).append(name)
        pictures: dict[Hashable, np.ndarray] = {}
        for kind, names in alike.items():
            makers = [self.streams[name].maker for name in names]
            if kind not in self._groups:
                self._groups[kind] = makers[0].group()
            made = self._groups[kind].make(makers, [requests[name] for name in names])
            for name, picture in zip(names, made, strict=True):
                pictures[name] = self.streams[name].finish(requests[name], picture)
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

        abreast = self._abreast()
        if min(abreast, len(frames)) < 2:
            return {name: step(name) for name in frames}
        if self._pool is None or self._pool[0] != abreast:
            self._close_pool()
            self._pool = abreast, ThreadPoolExecutor(abreast, "stream")
        made = {name: self._pool[1].submit(step, name) for name in frames}
        wait(made.values())  # all, before one that failed says so: none is left at work on a stream
        return {name: answer.result() for name, answer in made.items()}

    def _abreast(self) -> int:
        """How many streams are stepped at once: as many as there are cores for their threads, one on a GPU."""
        streams = self.streams.values()
        if any(stream.setup.device != "cpu" for stream in streams):
            return 1
        return cores() // max((stream.setup.threads for stream in streams), default=1)

    def _close_pool(self) -> None:
        if self._pool is not None:
            self._pool[1].shutdown(wait=False)
            self._pool = None
