"""Alternatives to the shipped model, timed on the same pictures: a large general model, and our own large one.

The general one is one-step image-to-image with SD-Turbo and its tiny autoencoder (Sauer et al. 2023; Bohan 2023), run
as StreamDiffusion runs it (Kodaira et al. 2023): the words are embedded once, one pass of the U-Net, no guidance. It is
built from its published shapes with random weights, on which its speed does not depend; its pictures mean nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from engine.bench import bench, moving_pictures
from engine.bench.records import figures
from engine.config import ModelConfig, lsd_base
from engine.stream import Stream

SIXTEEN = 16
"""Denoising steps of our large model."""


@dataclass(frozen=True)
class TurboConfig:
    """The shapes of a one-step latent pipeline, as `diffusers` names them."""

    unet: dict[str, Any] = field(default_factory=dict)
    autoencoder: dict[str, Any] = field(default_factory=dict)
    words: int = 77
    """Tokens of a prompt."""
    timestep: int = 400
    """Of 1000: how much of the camera's picture is given up."""


def sd_turbo() -> TurboConfig:
    """SD-Turbo: the U-Net of Stable Diffusion 2.1, 866 M parameters, with TAESD."""
    return TurboConfig(
        unet={
            "sample_size": 64,
            "block_out_channels": (320, 640, 1280, 1280),
            "layers_per_block": 2,
            "attention_head_dim": (5, 10, 20, 20),
            "cross_attention_dim": 1024,
            "use_linear_projection": True,
        }
    )


class Turbo:
    """A picture in, a picture out, by one pass of a latent U-Net. Raises ValueError where diffusers is missing."""

    def __init__(self, config: TurboConfig, device: torch.device, dtype: torch.dtype, seed: int = 0) -> None:
        try:
            from diffusers import AutoencoderTiny, UNet2DConditionModel
        except ImportError:
            raise ValueError("diffusers is not installed; pip install 'lsd-studio[bench]'") from None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            unet: Any = UNet2DConditionModel(**config.unet)
            autoencoder: Any = AutoencoderTiny(**config.autoencoder)
            words = torch.randn(1, config.words, unet.config.cross_attention_dim)

        def placed(module: Any) -> Any:
            return module.eval().requires_grad_(False).to(device, dtype).to(memory_format=torch.channels_last)

        self.unet, self.autoencoder = placed(unet), placed(autoencoder)
        self.parameters = sum(p.numel() for m in (unet, autoencoder) for p in m.parameters())
        self._words = words.to(device, dtype)
        self._generator = torch.Generator().manual_seed(seed)
        betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
        signal_share = float((1 - betas).cumprod(0)[config.timestep])
        self._signal, self._noise = signal_share**0.5, (1 - signal_share) ** 0.5
        self._timestep = torch.tensor([config.timestep], device=device)
        self._device, self._dtype = device, dtype

    @torch.inference_mode()
    def step(self, frame: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8, sides multiples of 8, to the same."""
        picture = torch.from_numpy(frame).to(self._device).permute(2, 0, 1)[None].to(self._dtype) / 127.5 - 1
        clean = self.autoencoder.encode(picture.contiguous(memory_format=torch.channels_last)).latents
        noise = torch.randn(clean.shape, generator=self._generator).to(self._device, self._dtype)
        noisy = self._signal * clean + self._noise * noise
        predicted = self.unet(noisy, self._timestep, encoder_hidden_states=self._words).sample
        made = self.autoencoder.decode((noisy - self._noise * predicted) / self._signal).sample
        return ((made[0] + 1) * 127.5).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).cpu().numpy()


def turbo(
    like: Stream,
    size: tuple[int, int],
    frames: int,
    config: TurboConfig | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """A row of the one-step pipeline, on the device, in the dtype and with the threads of a stream."""
    row: dict[str, Any] = {
        "what": "one-step SD-Turbo img2img with TAESD, random weights",
        "size": f"{size[0]}x{size[1]}",
        "threads": like.setup.threads,
    }
    device, dtype = torch.device(like.setup.device), like.maker.network.stem.weight.dtype
    try:
        pipeline = Turbo(config or sd_turbo(), device, dtype, seed)
    except ValueError as missing:
        return row | {"not_measured": str(missing)}
    pictures = moving_pictures(*size, seed)
    taken_ms = []
    for i in range(frames + 2):
        picture = next(pictures)
        start = time.perf_counter()
        pipeline.step(picture)
        if i >= 2:
            taken_ms.append((time.perf_counter() - start) * 1000)
        if progress is not None:
            progress(i + 1, frames + 2)
    return row | {
        "parameters": pipeline.parameters,
        "frames": frames,
        "frame_ms": figures(taken_ms),
        "fps": round(1000 / float(np.mean(taken_ms)), 2),
    }


def sixteen(
    like: Stream,
    size: tuple[int, int],
    frames: int,
    config: ModelConfig | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """A row of our own unpruned model in sixteen steps."""
    config = config or lsd_base()
    stream = Stream.from_config(
        config, device=like.setup.device, threads=like.setup.threads, steps=SIXTEEN, seed=seed, weights_seed=seed
    )
    report = bench(stream, width=size[0], height=size[1], frames=frames, warm_up=2, seed=seed, progress=progress)
    return {
        "what": f"our unpruned {config.name}, {SIXTEEN} steps, random weights",
        "size": report["size"],
        "threads": report["threads"],
        "parameters": sum(p.numel() for p in stream.maker.network.parameters()),
        "frames": frames,
        "frame_ms": report["frame_ms"],
        "fps": report["fps"],
    }
