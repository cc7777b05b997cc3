"""The engine's tests run where there is no GPU too."""

from __future__ import annotations

import os

import torch

if not torch.cuda.is_available():  # read when triton is imported: its kernels then run on the CPU, in numpy
    os.environ.setdefault("TRITON_INTERPRET", "1")
