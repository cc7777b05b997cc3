"""Compiles every kernel for an H100 or H200 without one, and prints what each needs there.

    python tests/engine/kernels/hopper.py

Triton brings its own assembler, so this shows that a kernel is legal down to machine code, fits registers and shared
memory and spills little. What it does there is for the interpreter and for a GPU to show.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia import compiler as nvidia
from triton.runtime.jit import JITFunction

from engine.config import ModelConfig, lsd_base, lsd_test, lsd_tiny
from engine.kernels import assemble, compose, noise, particles, pointwise, transformer
from engine.kernels.attention import attend
from engine.kernels.packing import TransformerWeights
from engine.kernels.rotary import RotaryTables
from engine.models import fields
from engine.models.hourglass import Hourglass
from engine.models.particles import particle_table

TARGET = GPUTarget("cuda", 90, 32)


class Assembler:
    """Stands where Triton asks for a GPU's driver, and keeps what is compiled."""

    def __init__(self) -> None:
        self.compiled: dict[str, Any] = {}
        driver = SimpleNamespace(
            get_current_device=lambda: 0, get_current_stream=lambda device: 0, get_current_target=lambda: TARGET
        )
        triton.runtime.driver.set_active(driver)
        run = JITFunction.run

        def compiled(function: JITFunction, *args: Any, grid: Any, warmup: bool, **options: Any) -> Any:
            kernel = run(function, *args, grid=grid, warmup=True, **options)
            self.compiled[f"{function.__name__} {len(self.compiled)}"] = kernel
            return kernel

        JITFunction.run = compiled


def compile_all(height: int, width: int, config: ModelConfig, prompts: int, dtype: torch.dtype) -> None:
    """Call every kernel once with tensors of one frame; nothing runs."""
    cpu = torch.device("cpu")
    h, w, c = height // 4, width // 4, config.channels[0]
    x = torch.empty(1, h, w, c, dtype=dtype)
    bias = torch.empty(c, dtype=dtype)
    gain, offset = torch.empty(2, 1, prompts, c)
    pointwise.modulate_hardswish(x, gain, offset, None if prompts == 1 else torch.empty(1, h, w, prompts))
    pointwise.add(x, x, bias)
    pointwise.bias_norm(x, bias)
    pointwise.upsample_add_norm(x, torch.empty(1, h // 2, w // 2, 4 * c, dtype=dtype))
    noisy, counter = torch.empty(1, h, w, 48), torch.empty(1, 2, dtype=torch.int64)
    noise.fill_noise(counter, torch.empty(2, 2**16), noisy)
    camera = torch.empty(1, height, width, 3, dtype=torch.uint8)
    scalars, age = torch.empty(1, 4), torch.empty(1, config.slots)
    assembled, planes = torch.empty(1, h, w, 312, dtype=dtype), torch.empty(1, 6, height, width)
    still, waves = torch.empty(h, w, 10), fields.wave_table(cpu)
    assemble.assemble_input(noisy, camera, camera, camera, planes, still, waves, scalars, assembled)
    clock = torch.empty(1, dtype=torch.float64)
    particles.fill_particles(counter, clock, particle_table(height, width, cpu), planes)
    head, tint = torch.empty(1, h, w, 80, dtype=dtype), torch.empty(75, dtype=dtype)
    for ratio in (0.0, 0.5):
        compose.compose_step(head, tint, camera, camera, camera, planes, noisy, scalars, ratio)
    tables = RotaryTables.of(height, width, config.width // config.heads, cpu)
    n, m = len(tables.own_cos), len(tables.past_cos)
    ring = torch.empty(1, config.slots, m, config.layers, 2, config.width, dtype=dtype)
    qkv, null = torch.empty(1, n, 3 * config.width, dtype=dtype), torch.empty(2, config.width, dtype=dtype)
    attend(qkv, null, ring, age, tables, 0)
    tokens = torch.empty(1, n, config.width, dtype=dtype)
    weights = TransformerWeights.of(Hourglass(config).to(dtype))
    modulation = torch.empty(1, prompts, config.layers, 2, config.width)
    masks = None if prompts == 1 else torch.empty(1, n, prompts)
    transformer.run_transformer(tokens, weights, modulation, modulation, masks, ring, age, tables, programs=132)


def needs(kernel: Any) -> dict[str, int]:
    """Registers a thread, bytes spilled a thread and shared memory of a compiled kernel."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        tool = Path(nvidia.__file__).parent / "bin" / "cuobjdump"
        usage = subprocess.run([tool, "-res-usage", file.name], capture_output=True, text=True, check=True).stdout
    counts = {name: int(number) for name, number in re.findall(r"(REG|STACK):(\d+)", usage)}
    return {"registers": counts["REG"], "stack": counts["STACK"], "shared": kernel.metadata.shared}


def main() -> int:
    assembler = Assembler()
    compile_all(288, 512, lsd_tiny(), 1, torch.bfloat16)
    if "--more" in sys.argv:
        compile_all(704, 1280, lsd_tiny(), 2, torch.bfloat16)
        compile_all(96, 160, lsd_base(), 1, torch.bfloat16)
        compile_all(96, 160, lsd_test(), 2, torch.float32)
    print(json.dumps({name: needs(kernel) for name, kernel in assembler.compiled.items()}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
