"""Triton kernels for what a GPU does beside convolutions, each with a twin in plain torch.

`twins` defines what each operation means, in the network's own functions. `triton_kernels` has kernels of the same
names, and is imported only on a GPU, because only CUDA builds of torch bring Triton along.
"""

from __future__ import annotations

import importlib.util
import logging
from types import ModuleType

import torch

_log = logging.getLogger(__name__)


def available(device: torch.device) -> bool:
    """Whether the kernels run on `device`: a GPU that multiplies bfloat16, and Triton installed. Logs a warning where a
    GPU lacks one of these."""
    if device.type != "cuda":
        return False
    if importlib.util.find_spec("triton") is None:
        _log.warning("no Triton here: frames are made by plain torch; pip install 'lsd-studio[gpu]' brings it")
        return False
    capability = torch.cuda.get_device_capability(device)
    if capability < (8, 0):
        _log.warning("%s is older than Ampere: frames are made by plain torch", torch.cuda.get_device_name(device))
    return capability >= (8, 0)


def operations(device: torch.device) -> ModuleType:
    """The kernels on a GPU, their twins elsewhere: modules of the same names."""
    if device.type == "cuda":
        from engine.kernels import triton_kernels

        return triton_kernels
    from engine.kernels import twins

    return twins
