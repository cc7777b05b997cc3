"""One live stream: a frame in, a frame out, causal and without end.

stream = Stream.load()
stream.prompt("underwater")
picture = stream.step(camera_picture)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
import torch.nn.functional as F

from engine import runtime, sampler
from engine.conditioning import Conditioning, FrameRequest, FrameTime, normalised_masks
from engine.config import ModelConfig
from engine.fast.choice import choose_maker
from engine.fast.maker import FrameMaker
from engine.models.checkpoint import Weights, load_weights, random_weights
from engine.router import PromptEncoder
from engine.runtime import NumericSetup
from engine.snapshot import Snapshot
from engine.types import Prompt, PromptRegion, Sizes, Vocabulary, check_seed

NOMINAL_FPS = 24.0
"""Frames a second where neither a frame's time nor the source's rate is given."""
Channels: TypeAlias = Literal["rgb", "bgr"]
"""The order of a picture's last axis: RGB as in Pillow and PyAV, or BGR as OpenCV reads and shows it."""
LEAST_INTERVAL_S, MOST_INTERVAL_S = 1 / 240, 0.5
"""The time since the last frame, as the network gets it, is clamped to these: it was trained on 1/30 to 1/12 s, and a
pause of the camera says nothing about how fast things move."""


class Stream:
    """A causal stream of generated frames with constant memory: the live model of kind `lsd`, see engine/types.py.

    It keeps the prompt and the clock, and checks its input. Its maker (engine/fast/maker.py) computes the frames and
    keeps their history.
    """

    kind = "lsd"
    delay = 0

    def __init__(
        self,
        weights: Weights,
        maker: FrameMaker,
        *,
        threads: int,
        seed: int = 0,
        steps: int = 1,
        fps: float = NOMINAL_FPS,
        channels: Channels = "rgb",
    ) -> None:
        """maker: built from these weights; not shared with another stream. threads: CPU cores to use.

        For the rest see `load`.
        """
        sampler.noise_levels(steps)  # refuses a number of steps below 1
        check_seed(seed)
        if isinstance(fps, bool) or not isinstance(fps, int | float) or not (0 < fps < math.inf):
            raise ValueError(f"fps={fps!r}; give the source's frames a second, such as fps=30")
        if channels not in get_args(Channels):
            raise ValueError(f"channels={channels!r}; write channels='rgb', or channels='bgr' for OpenCV's pictures")
        self.config, self.maker = weights.config, maker
        self.seed, self.steps = seed, steps
        self.fps, self.channels = float(fps), channels
        weight = maker.network.stem.weight
        calibration = maker.calibration.sha256 if maker.calibration else ""
        self.setup = NumericSetup.of(weight.device, weight.dtype, threads, weights.sha256, calibration)
        self.sizes = Sizes(live_side=runtime.live_side(self.setup))
        self.vocabulary = Vocabulary(weights.config.worlds, weights.config.things)
        self.prompt_encoder = PromptEncoder(weights.router, weights.wordings, self.vocabulary)
        as_is = self.vocabulary.worlds.index("as-is") if "as-is" in self.vocabulary.worlds else 0
        self._conditioning = Conditioning(F.one_hot(torch.tensor([as_is]), weights.config.concepts).float(), None)
        self._size: tuple[int, int] | None = None
        self._time_s: float | None = None
        self.index = 0
        """The next source frame's number, unless `step` is given another."""

    @classmethod
    def load(
        cls,
        weights: str | Path | None = None,
        *,
        device: str = "auto",
        seed: int = 0,
        steps: int = 1,
        threads: int | None = None,
        backend: str = "auto",
        dtype: str = "auto",
        fps: float = NOMINAL_FPS,
        channels: Channels = "rgb",
    ) -> Stream:
        """A stream of the shipped weights, or of a safetensors file.

        device: auto, cpu, cuda or mps. seed: with a frame's index it determines the noise. steps: denoising steps per
        frame, 1 is real time. threads: CPU cores to use; all but one by default, at most eight. backend: how frames are
        made, `auto` or another of `engine.fast.choice.BACKENDS`. dtype: `auto` or another of `engine.runtime.DTYPES`;
        one that cannot be had here is replaced, with a warning, by what can. fps: frames a second of a source whose
        frames come without times, see `step`. channels: `bgr` for OpenCV's arrays, which `step` then takes and gives.
        Raises WeightsError or ValueError, with the remedy.
        """
        loaded = load_weights(Path(weights) if weights is not None else None)
        return cls.of(
            loaded,
            device=device,
            seed=seed,
            steps=steps,
            threads=threads,
            backend=backend,
            dtype=dtype,
            fps=fps,
            channels=channels,
        )

    @classmethod
    def from_config(
        cls,
        config: ModelConfig,
        *,
        device: str = "cpu",
        seed: int = 0,
        steps: int = 1,
        threads: int | None = None,
        backend: str = "auto",
        dtype: str = "auto",
        weights_seed: int = 0,
        fps: float = NOMINAL_FPS,
        channels: Channels = "rgb",
    ) -> Stream:
        """A stream of random weights, the same for the same `weights_seed`: for tests and for timing."""
        return cls.of(
            random_weights(config, weights_seed),
            device=device,
            seed=seed,
            steps=steps,
            threads=threads,
            backend=backend,
            dtype=dtype,
            fps=fps,
            channels=channels,
        )

    @classmethod
    def of(
        cls,
        weights: Weights,
        *,
        device: str = "cpu",
        seed: int = 0,
        steps: int = 1,
        threads: int | None = None,
        backend: str = "auto",
        dtype: str = "auto",
        fps: float = NOMINAL_FPS,
        channels: Channels = "rgb",
    ) -> Stream:
        """A stream of weights that are there already, which stay as they are; the rest as for `load`."""
        chosen = runtime.choose_device(device)
        calibrated = weights.calibration is not None and backend in ("auto", "onednn")
        number_type, in_bytes = runtime.choose_arithmetic(chosen, dtype, calibrated=calibrated)
        calibration = weights.calibration if in_bytes else None
        maker = choose_maker(weights.network, chosen, number_type, backend, calibration)
        used = runtime.set_threads(threads)
        return cls(weights, maker, threads=used, seed=seed, steps=steps, fps=fps, channels=channels)

    # -- prompts

    def prompt(self, prompt: Prompt | Sequence[PromptRegion]) -> None:
        """Direct the picture from the next frame on: a text, weighted texts, or regions with a prompt each.

        A cut; for a fade, give a blend that moves with each frame (`engine.prompts.Prompts`). A new text is embedded in
        the caller's thread, which takes about 10 ms; a known one takes none. Raises PromptError, and leaves the old
        prompt in force, where the new one cannot be used.
        """
        conditioning = self._conditioning_of(prompt)
        if not conditioning.equals(self._conditioning):  # an equal one keeps the object, and what was computed from it
            self._conditioning = conditioning

    def _conditioning_of(self, prompt: Prompt | Sequence[PromptRegion]) -> Conditioning:
        parts = [] if isinstance(prompt, str) or not isinstance(prompt, Sequence) else list(prompt)
        regions = [part for part in parts if isinstance(part, PromptRegion)]
        if not regions or len(regions) < len(parts):  # `blend` refuses a list that holds both, with the reason
            return Conditioning(self.prompt_encoder.blend(prompt)[None], None)  # type: ignore[arg-type]
        concepts = torch.stack([self.prompt_encoder.blend_over(region.prompt, region.under) for region in regions])
        masks = normalised_masks([region.mask for region in regions])
        return Conditioning(concepts, masks if len(regions) > 1 else None)

    def prepare(self, text: str) -> None:
        """Embed a text and keep it, so that the first frame under it does not wait; from any thread."""
        self.prompt_encoder.concepts(text)

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """The worlds that `text` lands on and their shares (sum 1), nearest first; then what a prop becomes, 0..1."""
        return self.prompt_encoder.nearest(text)

    def how_near(self, text: str) -> tuple[str, float]:
        """The taught wording that is nearest to `text`, and the cosine between both, see `PromptEncoder.how_near`."""
        return self.prompt_encoder.how_near(text)

    # -- frames

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        """Make the frame that answers `frame`.

        frame: (H, W, 3) uint8 RGB from 64x64 to 1920x1080, of one size until `reset`; it is read, never written to,
        and may be read-only. An array does not say whether it is RGB or OpenCV's BGR, under which red and blue change
        places: `Stream.load(channels="bgr")` takes and gives the latter. time_s: seconds on the source's clock, by
        which snow falls and waves move. By default the frame is `index / fps` seconds on, 24 frames a second unless
        the stream was loaded with another `fps`; the wall clock is never asked, for the same frames must give the same
        pictures: a live camera of no fixed rate passes `time.monotonic()`. index: the source frame's number, one more
        than the last by default; with the seed it determines the noise. Returns a fresh (H, W, 3) uint8 array that the
        caller owns. Raises ValueError on another shape or type.
        """
        if self.setup.device == "cpu":
            runtime.set_threads(self.setup.threads)  # torch's setting, which another stream may have changed
        request = self.begin(frame, time_s, index)
        return self.finish(request, self.maker.make(request))

    def begin(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> FrameRequest:
        """Check `frame` and return all that its answer is made from. Changes nothing; give `finish` what is made.

        Only a caller that steps several streams together needs the two; `step` calls both. Arguments as for `step`.
        """
        size = self.sizes.height_width(frame)
        if self._size not in (None, size):
            (height, width), (was_height, was_width) = size, self._size
            was = f"a stream of {was_width}x{was_height}"
            raise ValueError(f"a frame of {width}x{height} in {was}; call stream.reset() before changing the size")
        index = self.index if index is None else index
        time_s = index / self.fps if time_s is None else time_s
        if not np.isfinite(time_s):
            raise ValueError(f"a frame's time of {time_s} s; seconds on the source's clock are needed")
        interval_s = min(max(1 / self.fps, LEAST_INTERVAL_S), MOST_INTERVAL_S)
        if self._time_s is not None:
            interval_s = min(max(time_s - self._time_s, LEAST_INTERVAL_S), MOST_INTERVAL_S)
        time = FrameTime(index, time_s, interval_s)
        return FrameRequest(self._turned(frame), time, self._conditioning, self.seed, self.steps)

    def finish(self, request: FrameRequest, picture: np.ndarray) -> np.ndarray:
        """Advance the clock past this request, whose picture is made; returns it with the channels in our order."""
        self._size = request.size
        self.index, self._time_s = request.time.index + 1, request.time.time_s
        return self._turned(picture)

    def _turned(self, picture: np.ndarray) -> np.ndarray:
        """From the order of this stream's channels to RGB, or back: the same array where it is RGB."""
        return picture if self.channels == "rgb" else np.ascontiguousarray(picture[..., ::-1])

    # -- state

    def reset(self) -> None:
        """Forget all frames; the prompt stays, the next frame is number 0 of any size."""
        self.maker.reset()
        self._size, self._time_s, self.index = None, None, 0

    def snapshot(self) -> bytes:
        """Frames remembered, prompt, seed, count and clock, compressed; the same state gives the same bytes."""
        history = self.maker.state()
        snapshot = Snapshot(self.config, self._size, self.seed, self.index, self._time_s, self._conditioning, history)
        return snapshot.to_bytes()

    def restore(self, data: bytes) -> None:
        """Go on as if nothing had happened since `snapshot`. Raises ValueError, and changes nothing, on other data."""
        snapshot = Snapshot.from_bytes(data, self.config)
        self.reset()
        self.seed, self.index, self._time_s = snapshot.seed, snapshot.index, snapshot.time_s
        self._conditioning = snapshot.conditioning
        if snapshot.size is not None:
            self._size = snapshot.size
            self.maker.restore(snapshot.size, snapshot.history)

    def close(self) -> None:
        """Free what frames need; the stream can still be used and starts anew."""
        self.reset()
        self.maker.close()
