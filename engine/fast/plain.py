"""Frames by plain torch: the network's own `forward`, on any device. What the faster makers must agree with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine import sampler
from engine.conditioning import Conditioning, FrameRequest, fit_masks
from engine.fast.inputs import FrameInputs
from engine.history import History, HistoryState, as_signal
from engine.models.calibration import Calibration
from engine.models.fields import LOOP_S
from engine.models.hourglass import Conditions, Hourglass
from engine.models.modulation import Modulation
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, padded_size, planes_to_patches, to_patches, to_picture


class Plain:
    """Makes frames by the network's `forward`."""

    def __init__(self, network: Hourglass) -> None:
        """network: on its device and in its dtype; the maker's own from now on."""
        self.network = network
        self.calibration: Calibration | None = None
        self.forward: Callable[..., Tensor] = network
        """Called as `Hourglass.forward`; a compiled or a timed network can take its place."""
        self._device, self._dtype = network.stem.weight.device, network.stem.weight.dtype
        self._history: History | None = None
        self._masks: tuple[Conditioning, tuple[int, int], Tensor | None] | None = None

    @torch.inference_mode()
    def make(self, request: FrameRequest) -> np.ndarray:
        """The picture that answers a request, see `FrameMaker.make`."""
        return self.finish(request, self.denoise(self.begin(request), request.steps))

    def begin(self, request: FrameRequest) -> FrameInputs:
        """All that the network reads for a request; changes nothing that is remembered."""
        device, time = self._device, request.time
        picture = pad_picture(torch.from_numpy(np.require(request.picture, requirements=["C", "W"])).to(device))
        tall, wide = picture.shape[:2]
        past, past_level, memory = self._memory(request.size).read()
        masks = self._masks_for(request)
        clock = torch.full((1,), time.time_s, dtype=torch.float64)
        home = device if device.type == "cuda" else torch.device("cpu")  # others lack float64
        seed = torch.tensor([request.seed % 2**63], device=home)
        particles = particle_planes(seed, clock.to(home), tall, wide, self._dtype)
        return FrameInputs(
            source=as_signal(to_patches(picture[None])),
            noise=sampler.noise_patches(request.seed, time.index, tall, wide).to(device)[None],
            past=past,
            past_level=past_level,
            memory=memory,
            concepts=request.conditioning.concepts[None].to(device),
            masks=None if masks is None else masks[None],
            interval_s=torch.full((1,), time.interval_s, device=device),
            clock_s=(clock % LOOP_S).to(device, torch.float32) if device.type == "mps" else clock.to(device),
            particles=planes_to_patches(particles).to(device),
        )

    def denoise(self, inputs: FrameInputs, steps: int) -> Tensor:
        """The clean frame's patches (B, h, w, 48), about -1..1."""
        return denoise(self.forward, inputs, steps)

    def finish(self, request: FrameRequest, clean: Tensor) -> np.ndarray:
        """The picture of clean patches (1, h, w, 48), a fresh (H, W, 3) uint8 array; it becomes the last output."""
        height, width = request.size
        quantised = sampler.quantise(clean)
        made = to_picture(quantised)[0].contiguous()
        shown = made[:height, :width].cpu().numpy().copy()
        if made.shape[:2] == (height, width):
            self._memory(request.size).append(made, quantised)
        else:  # what lies beyond the picture is repeated, as it will be at the source
            self._memory(request.size).append(pad_picture(made[:height, :width]).contiguous())
        return shown

    def _memory(self, size: tuple[int, int]) -> History:
        """What is remembered of frames of (height, width); a new one where the last was of another size."""
        padded = padded_size(*size)
        if self._history is None or (self._history.height, self._history.width) != padded:
            self._history = History(self.network, *padded, self._device)
        return self._history

    def _masks_for(self, request: FrameRequest) -> Tensor | None:
        """The request's masks of the padded size, made once for as long as neither changes."""
        fitted, conditioning = self._masks, request.conditioning
        if fitted is None or fitted[0] is not conditioning or fitted[1] != request.size:
            masks = conditioning.masks
            masks = None if masks is None else fit_masks(masks, *request.size).to(self._device)
            self._masks = fitted = conditioning, request.size, masks
        return fitted[2]

    def reset(self) -> None:
        """Forget the frames that were made."""
        self._history = None

    def state(self) -> HistoryState:
        """All that is remembered."""
        return HistoryState([], [], 0) if self._history is None else self._history.state()

    @torch.inference_mode()
    def restore(self, size: tuple[int, int], state: HistoryState) -> None:
        """Remember what `state` says of frames of `size` (height, width), and nothing else."""
        self._memory(size).restore(state)

    def close(self) -> None:
        """Forget, and free what frames need."""
        self.reset()
        self._masks = None

    def group(self) -> PlainGroup:
        """What makes frames of several such makers together."""
        return PlainGroup()


class PlainGroup:
    """Frames of several streams by one call of the network for each picture size and number of prompts."""

    @torch.inference_mode()
    def make(self, makers: Sequence[Plain], requests: Sequence[FrameRequest]) -> list[np.ndarray]:
        """See `FrameGroup.make`. The weights are the first maker's."""
        begun = [maker.begin(request) for maker, request in zip(makers, requests, strict=True)]
        alike: dict[tuple[object, ...], list[int]] = {}
        for i, (inputs, request) in enumerate(zip(begun, requests, strict=True)):
            prompts = 0 if inputs.masks is None else inputs.masks.shape[1]
            alike.setdefault((inputs.source.shape, prompts, request.steps), []).append(i)
        pictures: dict[int, np.ndarray] = {}
        for members in alike.values():
            joined = FrameInputs.joined([begun[i] for i in members])
            clean = denoise(makers[members[0]].forward, joined, requests[members[0]].steps)
            for row, i in enumerate(members):
                pictures[i] = makers[i].finish(requests[i], clean[row : row + 1])
        return [pictures[i] for i in range(len(requests))]

    def forget(self, maker: Plain) -> None:
        """Nothing is kept."""


def denoise(
    forward: Callable[..., Tensor],
    inputs: FrameInputs,
    steps: int,
    modulation: Callable[[Conditions], Modulation | None] = lambda conditions: None,
) -> Tensor:
    """The clean frames' patches (B, h, w, 48) that the network predicts in so many steps.

    forward: `Hourglass.forward`. modulation: what a step's conditions modulate; where it answers None, the network
    makes its own.
    """

    def denoiser(noisy: Tensor, level: float, step: float) -> Tensor:
        conditions = inputs.conditions(level, step)
        return forward(noisy, inputs.source, inputs.past, conditions, inputs.memory, modulation(conditions))

    return sampler.denoise(denoiser, inputs.noise, steps)
