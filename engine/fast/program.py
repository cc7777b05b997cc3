"""A frame as one program over tensors that never move: upload, noise, every step of the network, picture, download.

On a GPU the program is recorded once per picture size, number of steps and number of prompts, and a frame is one
launch. On a CPU it is called, which is how the tests compare it with plain torch.

Legend: B rows, one for each stream; P prompts, S remembered frames, H, W the picture's height and width, h, w those of
its patches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine import sampler
from engine.conditioning import FrameRequest
from engine.fast.fused_network import STRIDES, FusedNetwork, pooled_masks
from engine.fast.recording import recorded
from engine.fast.ring import Ring, RowTensors
from engine.kernels.packing import Folded
from engine.kernels.rotary import RotaryTables
from engine.models import fields
from engine.models.hourglass import PARTICLE_PLANES, PATCH_CHANNELS, Conditions
from engine.models.particles import particle_table
from engine.models.patches import PATCH, padded_size

SCALARS = 4
"""A row's numbers: clock and interval in seconds, noise level of the last picture and of the one before."""


class FrameUpload:
    """All that frames need from the host, in one piece of memory on either side, so that one copy brings it."""

    def __init__(self, rows: int, height: int, width: int, slots: int, device: torch.device) -> None:
        """A row for each stream."""
        shapes = {
            "counter": ((rows, 2), torch.int64),
            "clock": ((rows,), torch.float64),
            "scalars": ((rows, SCALARS), torch.float32),
            "age": ((rows, slots), torch.float32),
            "camera": ((rows, height, width, 3), torch.uint8),
        }
        ends = np.cumsum([-(-math.prod(shape) * dtype.itemsize // 256) * 256 for shape, dtype in shapes.values()])
        starts = dict(zip(shapes, [0, *ends.tolist()], strict=False))  # aligned as allocations are
        self._host = torch.zeros(int(ends[-1]), dtype=torch.uint8, pin_memory=device.type == "cuda")
        self._device = torch.zeros_like(self._host, device=device)

        def view(memory: Tensor, name: str) -> Tensor:
            shape, dtype = shapes[name]
            return memory[starts[name] :][: math.prod(shape) * dtype.itemsize].view(dtype).view(shape)

        counter, clock, scalars, age, camera = (view(self._host, name).numpy() for name in shapes)
        self._counter, self._clock, self._scalars, self._age, self._camera = counter, clock, scalars, age, camera
        self._age[:] = -1
        self.counter, self.clock, self.scalars, self.age, self.camera = (view(self._device, name) for name in shapes)
        """(B, 2) seed and source frame index, (B,) seconds, (B, 4) scalars, (B, S) ages, (B, H, W, 3) pictures."""

    def fill(self, row: int, request: FrameRequest, ring: Ring) -> None:
        """Write the host's side of a row; the device must have read what was there."""
        time = request.time
        np.copyto(self._camera[row], request.picture)
        self._counter[row] = np.array([request.seed % 2**64, time.index % 2**64], np.uint64).view(np.int64)
        self._clock[row] = time.time_s
        self._scalars[row] = (time.time_s % fields.LOOP_S, time.interval_s, *ring.levels())
        self._age[row] = ring.ages()

    def send(self) -> None:
        """Bring it to the device, which does not wait."""
        self._device.copy_(self._host, non_blocking=True)


@dataclass(frozen=True)
class FoldedPrompt:
    """What prompts ask of a stream's frames, as a program takes it: gains and offsets of the network's places."""

    folded: list[Folded]
    """One per denoising step, of one row."""
    masks: list[Tensor] | None
    """(1, h, w, P) per level; None for one prompt everywhere."""

    @property
    def prompts(self) -> int:
        """How many."""
        return self.folded[0].gain.shape[1]

    @property
    def steps(self) -> int:
        """Denoising steps of a frame."""
        return len(self.folded)


@torch.inference_mode()
def fold_prompt(network: FusedNetwork, steps: int, concepts: Tensor, masks: Tensor | None) -> FoldedPrompt:
    """concepts (P, K + T) and masks (P, H, W) of the padded size for frames of `steps` denoising steps."""
    device = network.packed.stem.device
    levels = torch.tensor(sampler.noise_levels(steps), device=device)
    nothing = torch.zeros(steps, device=device)
    conditions = Conditions(
        concepts=concepts.to(device).expand(steps, -1, -1),
        level=levels[:-1],
        step=levels[:-1] - levels[1:],
        past_level=torch.zeros(steps, 2, device=device),
        interval_s=nothing,
        time_s=nothing,
        particles=nothing,  # nor this: a folded prompt is of concepts, level and step alone
    )
    vectors = network.network.vectors(conditions)
    folded = [network.packed.folding(vector[None]) for vector in vectors]
    return FoldedPrompt(folded, None if masks is None else pooled_masks(masks[None].to(device)))


class FrameProgram:
    """The frames of one stream, or of several at once, under one number of prompts each."""

    def __init__(self, network: FusedNetwork, rows: RowTensors, upload: FrameUpload, steps: int, prompts: int) -> None:
        """rows and upload may be shared with programs for other numbers of prompts."""
        self._network, self._rows, self._upload, self._prompts = network, rows, upload, prompts
        count, height, width = rows.last.shape[:3]
        config, weight = network.network.config, network.packed.stem
        tall, wide = padded_size(height, width)
        device, h, w = weight.device, tall // PATCH, wide // PATCH
        self._particle_table = particle_table(tall, wide, device)
        self._particles = torch.zeros(count, PARTICLE_PLANES, tall, wide, device=device)
        planes = [part(tall, wide, PATCH, device)[0] for part in (fields.coordinates, fields.lattice)]
        self._planes = torch.cat(planes).permute(1, 2, 0).contiguous()
        self._waves = fields.wave_table(device)
        self._rotary = RotaryTables.of(tall, wide, config.width // config.heads, device)
        self._noise_tables = torch.from_numpy(sampler.noise_tables()).to(device)
        self._noisy = torch.zeros(count, h, w, PATCH_CHANNELS, device=device)
        self._inputs = torch.zeros(count, h, w, weight.shape[1], dtype=weight.dtype, device=device)
        self._levels = list(pairwise(sampler.noise_levels(steps)))
        channels = network.packed.folding.channels
        self._folded = [Folded(*torch.zeros(2, count, prompts, channels, device=device)) for _ in self._levels]
        self._masks = None
        if prompts > 1:
            self._masks = [torch.zeros(count, tall // n, wide // n, prompts, device=device) for n in STRIDES]
        self._prompt: list[FoldedPrompt | None] = [None] * count
        self._pictures = torch.zeros(rows.last.shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
        self._replay = None
        if device.type == "cuda":
            self._replay = recorded(self._frames, device, state=(rows.last, rows.before))

    def launch(self) -> None:
        """Make one frame of every row; does not wait for it."""
        (self._replay or self._frames)()

    def _frames(self) -> None:
        do, rows, upload = self._network.operations, self._rows, self._upload
        upload.send()
        do.fill_noise(upload.counter, self._noise_tables, self._noisy)
        do.fill_particles(upload.counter, upload.clock, self._particle_table, self._particles)
        pictures = (upload.camera, rows.last, rows.before, self._particles)
        bias = self._network.network.head.bias
        for (level, lower), folded in zip(self._levels, self._folded, strict=True):
            do.assemble_input(self._noisy, *pictures, self._planes, self._waves, upload.scalars, self._inputs)
            head = self._network(self._inputs, folded, self._masks, rows.keys_values, upload.age, self._rotary)
            do.compose_step(head, bias, *pictures, self._noisy, upload.scalars, lower / level)
        self._pictures.copy_(rows.last, non_blocking=True)

    def set_prompt(self, row: int, prompt: FoldedPrompt) -> None:
        """What the row's next frames are made under; costs nothing where it is the same object as before."""
        if self._prompt[row] is prompt:
            return
        for mine, new in zip(self._folded, prompt.folded, strict=True):
            mine.gain[row].copy_(new.gain[0])
            mine.offset[row].copy_(new.offset[0])
        if self._masks is not None:
            assert prompt.masks is not None, f"{self._prompts} prompts need masks"
            for mask, share in zip(self._masks, prompt.masks, strict=True):
                mask[row].copy_(share[0])
        self._prompt[row] = prompt

    def picture(self, row: int) -> np.ndarray:
        """A fresh array (H, W, 3) uint8 of the row's picture, once the device is done."""
        return self._pictures[row].numpy().copy()
