"""Work on fixed tensors, recorded once as a CUDA graph and launched with one call; plainly called elsewhere.

A graph knows its tensors by address alone: whoever records must hold them as long as it launches, and must not be held
by its own recording, or only a full collection would free it, which `runtime.settle` keeps from looking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

WARM_UPS = 3
"""Runs before recording: libraries choose algorithms and take their memory, kernels are compiled."""


def recorded(work: Callable[[], None], device: torch.device, state: Sequence[Tensor] = ()) -> Callable[[], None]:
    """`work`, which reads and writes tensors that stay where they are, as one launch on a GPU.

    state: tensors that `work` changes and that are as before when this returns. `work` must not wait for the
    device. Other threads may go on using the device while this one records.
    """
    if device.type != "cuda":
        return work
    before = [tensor.clone() for tensor in state]
    stream = torch.cuda.Stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            work()
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        work()
    for tensor, value in zip(state, before, strict=True):
        tensor.copy_(value)
    return graph.replay


def mark(device: torch.device) -> Callable[[], None]:
    """A function that waits until `device` has done what it was given before this one."""
    if device.type != "cuda":
        return lambda: None
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(device))
    return event.synchronize
