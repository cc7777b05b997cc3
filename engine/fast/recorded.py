"""A frame as one program over tensors that never move: upload, noise, every step of the network, picture, download.

On a GPU the program is recorded once per picture size, number of steps and number of prompts, and a frame is one
launch. On a CPU it is called, which is how the tests hold it against `Stream`'s plain way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine import sampler
from engine.conditioning import Moment
from engine.fast.fused_network import STRIDES, FusedNetwork, pooled_masks
from engine.fast.recording import mark, recorded
from engine.fast.ring import Ring, Rows
from engine.kernels.packing import Folded
from engine.kernels.rotary import RotaryTables
from engine.models import fields
from engine.models.hourglass import PARTICLE_PLANES, Conditions
from engine.models.particles import particle_table
from engine.models.patches import PATCH, padded_size

DIALS = 4
"""Clock, interval, noise level of the last picture and of the one before."""


class Inbox:
    """All that frames need from the host, in one piece of memory on either side, so that one copy brings it."""

    def __init__(self, rows: int, height: int, width: int, slots: int, device: torch.device) -> None:
        """A row for each stream."""
        shapes = {
            "counter": ((rows, 2), torch.int64),
            "clock": ((rows,), torch.float64),
            "dials": ((rows, DIALS), torch.float32),
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

        counter, clock, dials, age, camera = (view(self._host, name).numpy() for name in shapes)
        self._counter, self._clock, self._dials, self._age, self._camera = counter, clock, dials, age, camera
        self._age[:] = -1
        self.counter, self.clock, self.dials, self.age, self.camera = (view(self._device, name) for name in shapes)
        """(B, 2) seed and source frame index, (B,) seconds, (B, 4) dials, (B, S) ages, (B, H, W, 3) pictures."""

    def fill(self, row: int, frame: np.ndarray, seed: int, moment: Moment, ring: Ring) -> None:
        """Write the host's side of a row; the device must have read what was there."""
        np.copyto(self._camera[row], frame)
        self._counter[row] = np.array([seed % 2**64, moment.index % 2**64], np.uint64).view(np.int64)
        self._clock[row] = moment.time_s
        self._dials[row] = (moment.time_s % fields.LOOP_S, moment.interval_s, *ring.levels())
        self._age[row] = ring.ages()

    def send(self) -> None:
        """Bring it to the device, which does not wait."""
        self._device.copy_(self._host, non_blocking=True)


@dataclass(frozen=True)
class FoldedPrompt:
    """What prompts ask of a stream's frames, as a program takes it."""

    folded: list[Folded]
    """One per denoising step, of one row."""
    masks: list[Tensor] | None
    """(1, h, w, P) per level; None for one prompt everywhere."""

    @property
    def prompts(self) -> int:
        return self.folded[0].gain.shape[1]


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
        particles=nothing,  # nor this: a direction is of concepts, level and step alone
    )
    vectors = network.network.vectors(conditions)
    folded = [network.packed.folding(one[None]) for one in vectors]
    return FoldedPrompt(folded, None if masks is None else pooled_masks(masks[None].to(device)))


class FrameProgram:
    """The frames of one stream, or of several at once, under one number of prompts each."""

    def __init__(self, network: FusedNetwork, rows: Rows, inbox: Inbox, steps: int, prompts: int) -> None:
        """rows and inbox may be shared with programs for other numbers of prompts."""
        self._network, self._rows, self._inbox, self._prompts = network, rows, inbox, prompts
        count, height, width = rows.last.shape[:3]
        config, weight = network.network.config, network.packed.stem
        tall, wide = padded_size(height, width)
        device, h, w = weight.device, tall // PATCH, wide // PATCH
        self._spots = particle_table(tall, wide, device)
        self._air = torch.zeros(count, PARTICLE_PLANES, tall, wide, device=device)
        place = [part(tall, wide, PATCH, device)[0] for part in (fields.coordinates, fields.lattice)]
        self._planes = torch.cat(place).permute(1, 2, 0).contiguous()
        self._waves = fields.wave_table(device)
        self._places = RotaryTables.of(tall, wide, config.width // config.heads, device)
        self._tables = torch.from_numpy(sampler.noise_tables()).to(device)
        self._noisy = torch.zeros(count, h, w, 3 * PATCH**2, device=device)
        self._seen = torch.zeros(count, h, w, weight.shape[1], dtype=weight.dtype, device=device)
        self._levels = list(pairwise(sampler.noise_levels(steps)))
        channels = network.packed.folding.channels
        self._folded = [Folded(*torch.zeros(2, count, prompts, channels, device=device)) for _ in self._levels]
        self._masks = None
        if prompts > 1:
            self._masks = [torch.zeros(count, tall // n, wide // n, prompts, device=device) for n in STRIDES]
        self._directed: list[FoldedPrompt | None] = [None] * count
        self._shown = torch.zeros(rows.last.shape, dtype=torch.uint8, pin_memory=device.type == "cuda")
        self._replay = None
        if device.type == "cuda":
            self._replay = recorded(self._frames, device, state=(rows.last, rows.before))

    def launch(self) -> None:
        """Make one frame of every row; does not wait for it."""
        (self._replay or self._frames)()

    def _frames(self) -> None:
        do, rows, inbox = self._network.operations, self._rows, self._inbox
        inbox.send()
        do.fill_noise(inbox.counter, self._tables, self._noisy)
        do.fill_particles(inbox.counter, inbox.clock, self._spots, self._air)
        pictures = (inbox.camera, rows.last, rows.before, self._air)
        for (level, lower), folded in zip(self._levels, self._folded, strict=True):
            do.assemble_input(self._noisy, *pictures, self._planes, self._waves, inbox.dials, self._seen)
            head = self._network(self._seen, folded, self._masks, rows.keys_values, inbox.age, self._places)
            do.compose_step(head, self._network.network.head.bias, *pictures, self._noisy, inbox.dials, lower / level)
        self._shown.copy_(rows.last, non_blocking=True)

    def direct(self, row: int, directed: FoldedPrompt) -> None:
        """What the row's next frames are directed by; costs nothing where it is the same as before."""
        if self._directed[row] is directed:
            return
        for mine, new in zip(self._folded, directed.folded, strict=True):
            mine.gain[row].copy_(new.gain[0])
            mine.offset[row].copy_(new.offset[0])
        if self._masks is not None:
            assert directed.masks is not None, f"{self._prompts} prompts need masks"
            for mask, share in zip(self._masks, directed.masks, strict=True):
                mask[row].copy_(share[0])
        self._directed[row] = directed

    def shown(self, row: int) -> np.ndarray:
        """A fresh array of the row's picture, once the device is done."""
        return self._shown[row].numpy().copy()


class Programs:
    """One stream's programs over its ring: one per number of prompts and of steps, recorded when first needed."""

    def __init__(self, network: FusedNetwork, ring: Ring) -> None:
        self.ring = ring
        self._network = network
        self._inbox = Inbox(1, ring.height, ring.width, ring.config.slots, ring.device)
        self._recorded: dict[tuple[int, int], FrameProgram] = {}

    def of(self, directed: FoldedPrompt) -> FrameProgram:
        """The program for a direction's numbers of prompts and of steps."""
        key = directed.prompts, len(directed.folded)
        if key not in self._recorded:
            self._recorded[key] = FrameProgram(self._network, self.ring.rows, self._inbox, key[1], key[0])
        return self._recorded[key]

    def __call__(self, frame: np.ndarray, seed: int, moment: Moment, directed: FoldedPrompt) -> np.ndarray:
        """Make the frame that answers `frame` (H, W, 3) uint8, which becomes the ring's last; a fresh array."""
        program = self.of(directed)
        program.direct(0, directed)
        self._inbox.fill(0, frame, seed, moment, self.ring)
        program.launch()
        done = mark(self.ring.device)
        self.ring.advance()  # the device goes on remembering while the host has the picture already
        done()
        return program.shown(0)
