"""Which maker makes a stream's frames: by what the hardware has, never by a stopwatch, or replay would not be exact."""

from __future__ import annotations

import copy
import logging

import torch

from engine import kernels
from engine.fast import int8, onednn
from engine.fast.int8 import Int8
from engine.fast.maker import FrameMaker
from engine.fast.onednn import OneDnn, PromptFolder
from engine.fast.plain import Plain
from engine.fast.recorded import Recorded
from engine.models.calibration import Calibration
from engine.models.hourglass import Hourglass

_log = logging.getLogger(__name__)

BACKENDS = ("auto", "plain", "onednn", "recorded")
"""How frames are made: `plain` torch; `onednn`, each prompt folded into packed weights, on a CPU; `recorded`, programs
of kernels on a GPU (on a CPU their twins in plain torch, for tests); `auto`, the fastest that is there."""


def choose_maker(
    network: Hourglass,
    device: torch.device,
    dtype: torch.dtype,
    backend: str = "auto",
    calibration: Calibration | None = None,
) -> FrameMaker:
    """A maker over a copy of `network` on a device and in a dtype; the caller's network stays as it is.

    backend: one of `BACKENDS`; `auto` falls back to plain torch and logs why. calibration: by which oneDNN computes the
    convolutions in int8; None for `dtype` in all of them. Raises ValueError for another word, and for oneDNN where it
    is missing.
    """
    if backend not in BACKENDS:
        raise ValueError(f"{backend!r} is not a backend; there are {', '.join(BACKENDS)}")
    own = copy.deepcopy(network).requires_grad_(False).to(device=device, dtype=dtype)
    own = own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if backend == "recorded" or (backend == "auto" and kernels.available(device)):
        return Recorded(own, kernels.operations(device))
    if backend == "plain" or (backend == "auto" and device.type != "cpu"):
        return Plain(own)
    if onednn.available(own):
        if calibration is not None and int8.available():
            return Int8(own, calibration)
        return OneDnn(PromptFolder(own))
    if backend == "onednn":
        raise ValueError(f"oneDNN cannot run {dtype} on {device} here; leave the backend at auto, or take plain")
    _log.warning("no oneDNN for %s here: frames are made by plain torch", dtype)
    return Plain(own)
