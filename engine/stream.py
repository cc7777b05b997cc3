"""One live stream: a frame in, a frame out, causal and without end.

stream = Stream.load()
stream.prompt("underwater")
picture = stream.step(camera_picture)
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine import kernels, runtime, sampler
from engine.conditioning import Direction, Fade, FrameInputs, Moment, shares
from engine.config import ModelConfig
from engine.fast import onednn as fused
from engine.fast.fused_network import FusedNetwork
from engine.fast.recorded import FoldedPrompt, Programs, fold_prompt
from engine.fast.ring import Ring
from engine.fast.rows import Part
from engine.history import History, HistoryState, as_signal, differences
from engine.models.checkpoint import Weights, load_weights, random_weights
from engine.models.fields import LOOP_S
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, padded_size, planes_to_patches, to_patches, to_picture
from engine.prompts import PromptError
from engine.runtime import NumericSetup
from engine.text import TextEncoder
from engine.types import Prompt, Region, Sizes, Vocabulary

SNAPSHOT_FORMAT = "lsd-snapshot-1"
_DAMAGED = (KeyError, IndexError, TypeError, AttributeError, UnicodeDecodeError, json.JSONDecodeError)
"""What reading a snapshot that lacks something raises, beside what its compression and safetensors do."""
_NOMINAL_FPS = 24.0


class Stream:
    """A causal stream of generated frames with constant memory: the live model of kind `lsd`, see engine/types.py."""

    kind = "lsd"
    delay = 0

    def __init__(
        self,
        weights: Weights,
        device: torch.device,
        dtype: torch.dtype,
        threads: int,
        seed: int,
        steps: int,
        recorded: bool | None = None,
    ):
        sampler.noise_levels(steps)  # refuses what is no number of steps
        self.config = weights.config
        self.vocabulary = Vocabulary(weights.config.worlds, weights.config.things)
        self.seed, self.steps = seed, steps
        self.setup = NumericSetup(
            str(device),
            str(dtype).removeprefix("torch."),
            threads,
            runtime.features(device),
            torch.__version__,
            weights.sha256,
        )
        self.sizes = Sizes(live_side=runtime.live_side(self.setup))
        self.text = TextEncoder(weights.known)
        self._router = weights.router
        network = weights.network.requires_grad_(False).to(device=device, dtype=dtype)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._dtype = dtype
        self._fold = fused.PromptFolder(self._network) if fused.available(self._network) else None
        if self._fold is not None:
            self._network = self._fold.network
        self._device = device
        if recorded is None:
            recorded = kernels.available(device)
        self._kernelled = FusedNetwork(self._network, kernels.operations(device)) if recorded else None
        self._programs: Programs | None = None
        self._directed: tuple[Direction, FoldedPrompt] | None = None
        self._masked: tuple[Direction, tuple[int, int] | None, Tensor | None] | None = None
        self._history: History | Ring | None = None
        self._size: tuple[int, int] | None = None
        self._time_s: float | None = None
        self.index = 0
        """The next source frame's number, unless `step` is told another."""
        as_is = self.vocabulary.worlds.index("as-is") if "as-is" in self.vocabulary.worlds else 0
        self._direction = Direction(F.one_hot(torch.tensor([as_is]), weights.config.concepts).float(), None)
        self._fade: Fade | None = None

    @classmethod
    def load(
        cls,
        weights: str | Path | None = None,
        *,
        device: str = "auto",
        seed: int = 0,
        steps: int = 1,
        threads: int | None = None,
        recorded: bool | None = None,
    ) -> Stream:
        """A stream of the shipped weights, or of a safetensors file.

        device: auto, cpu, cuda or mps. seed: keys the noise. steps: denoising steps per frame, 1 is real time.
        threads: CPU cores to use, all by default. recorded: whether a frame is one program of kernels, recorded once
        and launched as a whole, or plain torch; by default it is on a GPU that has Triton.
        Raises WeightsError or ValueError with what to do about it.
        """
        loaded = load_weights(Path(weights) if weights is not None else None)
        return cls._on_device(loaded, device, seed, steps, threads, recorded)

    @classmethod
    def from_config(
        cls,
        config: ModelConfig,
        *,
        device: str = "cpu",
        seed: int = 0,
        steps: int = 1,
        threads: int | None = None,
        weights_seed: int = 0,
        recorded: bool | None = None,
    ) -> Stream:
        """A stream of random weights, the same for the same `weights_seed`: for tests and for timing."""
        return cls._on_device(random_weights(config, weights_seed), device, seed, steps, threads, recorded)

    @classmethod
    def _on_device(
        cls, weights: Weights, device: str, seed: int, steps: int, threads: int | None, recorded: bool | None
    ) -> Stream:
        chosen = runtime.choose_device(device)
        return cls(weights, chosen, runtime.choose_dtype(chosen), runtime.set_threads(threads), seed, steps, recorded)

    # -- prompts

    @torch.inference_mode()
    def _concepts(self, prompt: Prompt) -> Tensor:
        texts = [(prompt, 1.0)] if isinstance(prompt, str) else list(prompt)
        if not texts:
            raise PromptError("no prompt given; name a world, for example 'underwater'")
        weights = torch.tensor([float(weight) for _, weight in texts])
        if not bool(torch.isfinite(weights).all()) or bool((weights < 0).any()) or float(weights.sum()) <= 0:
            raise PromptError(f"prompt weights {weights.tolist()} must be finite, not negative and not all zero")
        embeddings = torch.from_numpy(np.stack([self.text.embed(text) for text, _ in texts]))
        shares = torch.stack([self._router(embedding) for embedding in embeddings])
        return (shares * (weights / weights.sum())[:, None]).sum(0)

    def prompt(self, prompt: Prompt | Sequence[Region], fade_s: float = 0.0) -> None:
        """Direct the picture from the next frame on: a text, weighted texts, or regions with a prompt each.

        fade_s: seconds of dissolve from what holds now; 0 cuts. Embeds new texts in the caller's thread (about 10 ms).
        Raises PromptError and leaves the old prompt in force if the new one cannot be used.
        """
        if not np.isfinite(fade_s) or fade_s < 0:
            raise PromptError(f"a fade of {fade_s} s; it takes 0 (a cut) or more seconds")
        if not isinstance(prompt, str) and prompt and isinstance(prompt[0], Region):
            regions = [region for region in prompt if isinstance(region, Region)]
            masks = shares([region.mask for region in regions])
            concepts = torch.stack([self._concepts(region.prompt) for region in regions])
            direction = Direction(concepts, masks if len(regions) > 1 else None)
        else:
            direction = Direction(self._concepts(prompt)[None], None)  # type: ignore[arg-type]
        self._fade = Fade(self._direction_at(self._time_s).seen(), None, fade_s) if fade_s > 0 else None
        self._direction = direction

    def _direction_at(self, time_s: float | None) -> Direction:
        return self._direction if self._fade is None else self._fade.towards(self._direction, time_s)

    def prepare(self, text: str) -> None:
        """Embed a text and keep it, so that the first frame under it does not wait; from any thread."""
        self.text.embed(text)

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """The worlds that `text` lands on and their shares (sum 1), nearest first; then what a prop becomes, 0..1."""
        shares = self._concepts(text).tolist()
        worlds = sorted(zip(self.vocabulary.worlds, shares, strict=False), key=lambda pair: -pair[1])
        things = sorted(
            zip(self.vocabulary.things, shares[len(self.vocabulary.worlds) :], strict=True), key=lambda pair: -pair[1]
        )
        return [(name, share) for name, share in worlds + things if share > 0]

    def how_near(self, text: str) -> tuple[str, float]:
        """The known wording that is nearest to `text`, and the cosine between the two: 1 is the same, under about 0.55
        the text is far from all that these weights know, and what `nearest` says is a guess."""
        known = self.text.known
        if not known:
            return "", 0.0
        cosines = np.stack(list(known.values())) @ self.text.embed(text)
        best = int(cosines.argmax())
        return list(known)[best], float(cosines[best])

    # -- frames

    @torch.inference_mode()
    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        """Make the frame that answers `frame`.

        frame: (H, W, 3) uint8 RGB from 64x64 to 1920x1080, of one size until `reset`. time_s: seconds on the source's
        clock, index / 24 by default. index: the source frame's number, one more than the last by default; keys the
        noise. Returns a fresh (H, W, 3) uint8 array that the caller owns. Raises ValueError on another shape or type.
        """
        if self.setup.device == "cpu":
            runtime.set_threads(self.setup.threads)  # each thread's own number, which another stream may have changed
        moment = self._begin(frame, time_s, index)
        if self._kernelled is not None:
            return self._play(frame, moment)
        exposure = self._expose(frame, moment)

        def denoiser(noisy: Tensor, level: float, step: float) -> Tensor:
            conditions = exposure.conditions(level, step)
            modulation = self._fold(conditions, self.steps) if self._fold is not None else None
            return self._network(noisy, exposure.source, exposure.past, conditions, exposure.memory, modulation)

        return self._develop(moment, sampler.denoise(denoiser, exposure.noise, self.steps))

    def _begin(self, frame: np.ndarray, time_s: float | None, index: int | None) -> Moment:
        """When `frame` is and what directs it; changes nothing that a failure would spoil."""
        height, width = self._check(frame)
        index = self.index if index is None else index
        time_s = index / _NOMINAL_FPS if time_s is None else time_s
        if not np.isfinite(time_s):
            raise ValueError(f"a frame's time of {time_s} s; seconds on the source's clock are needed")
        if self._history is None:
            self._history = self._new_history(height, width)
        self._size = (height, width)
        if self._fade is not None and self._fade.start_s is None:
            self._fade = Fade(self._fade.before, time_s, self._fade.length_s)
        interval = 1 / _NOMINAL_FPS if self._time_s is None else min(max(time_s - self._time_s, 1 / 240), 0.5)
        return Moment(index, time_s, interval)

    def _new_history(self, height: int, width: int) -> History | Ring:
        """An empty memory; where programs are recorded over one of this size, that one."""
        if self._kernelled is None:
            return History(self._network, *padded_size(height, width), self._device)
        if self._programs is None or (self._programs.ring.height, self._programs.ring.width) != (height, width):
            self._programs = Programs(self._kernelled, Ring(self._network, height, width, self._device))
            self._directed = None  # masks are of the picture's size
        self._programs.ring.reset()
        return self._programs.ring

    def _play(self, frame: np.ndarray, moment: Moment) -> np.ndarray:
        """The answer to `frame` by the recorded program."""
        assert self._programs is not None
        shown = self._programs(frame, self.seed, moment, self._directed_at(moment.time_s))
        self._end(moment)
        return shown

    def _part(self, frame: np.ndarray, time_s: float | None) -> Part:
        """What this stream brings to a launch in company; `_end` follows it."""
        moment = self._begin(frame, time_s, None)
        assert self._programs is not None
        return Part(frame, self.seed, moment, self._directed_at(moment.time_s), self._programs.ring)

    def _directed_at(self, time_s: float) -> FoldedPrompt:
        """The direction as programs take it; the same object as long as it is the same direction."""
        assert self._kernelled is not None
        direction = self._direction_at(time_s)
        held = self._directed
        if held is None or held[0] is not direction or len(held[1].folded) != self.steps:
            directed = fold_prompt(self._kernelled, self.steps, direction.concepts, self._masks_of(direction))
            self._directed = held = direction, directed
        return held[1]

    def _masks_at(self, direction: Direction) -> Tensor | None:
        """`_masks_of`, made once for a direction that stays."""
        held = self._masked
        if held is None or held[0] is not direction or held[1] != self._size:
            self._masked = held = direction, self._size, self._masks_of(direction)
        return held[2]

    def _masks_of(self, direction: Direction) -> Tensor | None:
        """(P, H, W) of the padded size; None for one prompt everywhere."""
        if direction.masks is None:
            return None
        assert self._size is not None
        height, width = self._size
        tall, wide = padded_size(height, width)
        given = F.interpolate(direction.masks[None], self._size, mode="bilinear")
        return F.pad(given, (0, wide - width, 0, tall - height), mode="replicate")[0].to(self._device)

    def _expose(self, frame: np.ndarray, moment: Moment) -> FrameInputs:
        """All that the network needs for the answer to `frame`."""
        assert self._history is not None
        device = self._device
        picture = pad_picture(torch.from_numpy(np.ascontiguousarray(frame)).to(device))
        past, past_level, memory = self._history.read()
        direction = self._direction_at(moment.time_s)
        masks = self._masks_at(direction)
        clock = torch.full((1,), moment.time_s, dtype=torch.float64)
        home = device if device.type == "cuda" else torch.device("cpu")  # others lack float64
        tall, wide = picture.shape[:2]
        seed = torch.tensor([self.seed % 2**63], device=home)
        air = particle_planes(seed, clock.to(home), tall, wide, self._dtype)
        return FrameInputs(
            source=as_signal(to_patches(picture[None])),
            noise=sampler.noise_patches(self.seed, moment.index, tall, wide).to(device)[None],
            past=past,
            past_level=past_level,
            memory=memory,
            concepts=direction.concepts[None].to(device),
            masks=None if masks is None else masks[None],
            interval_s=torch.full((1,), moment.interval_s, device=device),
            clock_s=(clock % LOOP_S).to(device, torch.float32) if device.type == "mps" else clock.to(device),
            particles=planes_to_patches(air).to(device),
        )

    def _develop(self, moment: Moment, clean: Tensor) -> np.ndarray:
        """The picture of clean patches (1, h, w, 48), which becomes the stream's past."""
        assert self._history is not None
        assert self._size is not None
        height, width = self._size
        quantised = sampler.quantise(clean)
        made = to_picture(quantised)[0].contiguous()
        shown = made[:height, :width].cpu().numpy().copy()
        if made.shape[:2] == (height, width):
            self._history.append(made, quantised)
        else:  # what lies beyond the picture is repeated, as it will be at the source
            self._history.append(pad_picture(made[:height, :width]).contiguous())
        self._end(moment)
        return shown

    def _end(self, moment: Moment) -> None:
        """The frame is made: time goes on, and a fade may be over."""
        self.index, self._time_s = moment.index + 1, moment.time_s
        fade = self._fade
        if fade is not None and fade.start_s is not None and moment.time_s - fade.start_s >= fade.length_s:
            self._fade = None

    def _check(self, frame: np.ndarray) -> tuple[int, int]:
        height, width = self.sizes.check(frame)
        if self._history is not None and (height, width) != self._size:
            was = f"{self._size[1]}x{self._size[0]}" if self._size else "another size"
            raise ValueError(f"a frame of {width}x{height} in a stream of {was}; call reset() before changing the size")
        return height, width

    # -- state

    def reset(self) -> None:
        """Forget all frames; the prompt stays, a running fade is over, the next frame is number 0 of any size."""
        self._history, self._size, self._time_s, self._fade, self.index = None, None, None, None, 0

    def snapshot(self) -> bytes:
        """The stream's state: a few frames and the prompt, compressed; the same state gives the same bytes."""
        tensors = {"concepts": self._direction.concepts}
        if self._direction.masks is not None:
            tensors["masks"] = self._direction.masks
        if self._fade is not None:
            tensors["before.concepts"] = self._fade.before.concepts
            if self._fade.before.masks is not None:
                tensors["before.masks"] = self._fade.before.masks
        held = self._history.state() if self._history is not None else HistoryState([], [], 0)
        tensors |= {f"last.{i}": differences(frame) for i, frame in enumerate(held.last)}
        tensors |= {f"remembered.{i}": pooled for i, (_, pooled) in enumerate(held.remembered)}
        meta = {
            "format": SNAPSHOT_FORMAT,
            "config": self.config.to_dict(),
            "size": self._size,
            "seed": self.seed,
            "index": self.index,
            "time_s": self._time_s,
            "fade": None if self._fade is None else [self._fade.start_s, self._fade.length_s],
            "remembered_steps": [step for step, _ in held.remembered],
            "steps": held.steps,
        }
        contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
        return zlib.compress(save(contiguous, {"stream": json.dumps(meta, sort_keys=True)}), 1)

    @torch.inference_mode()
    def restore(self, data: bytes) -> None:
        """Go on as if nothing had happened since `snapshot`. Raises ValueError, and changes nothing, on other data."""
        try:
            raw = zlib.decompress(data)
            tensors = load(raw)
            header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
            meta = json.loads(header["__metadata__"]["stream"])
            if meta["format"] != SNAPSHOT_FORMAT or ModelConfig.from_dict(meta["config"]) != self.config:
                raise ValueError(f"a snapshot of {meta['config'].get('name')} does not fit {self.config.name}")
            told = int(meta["seed"]), int(meta["index"]), meta["time_s"]
            size = None if meta["size"] is None else (int(meta["size"][0]), int(meta["size"][1]))
            direction, fade = Direction(tensors["concepts"], tensors.get("masks")), None
            if meta["fade"] is not None:
                fade = Fade(Direction(tensors["before.concepts"], tensors.get("before.masks")), *meta["fade"])
            count = sum(name.startswith("last.") for name in tensors)
            last = [differences(tensors[f"last.{i}"], undo=True) for i in range(count)]
            remembered = [(s, tensors[f"remembered.{i}"]) for i, s in enumerate(meta["remembered_steps"])]
            held = HistoryState(last, remembered, int(meta["steps"]))
            self._fits(told[2], size, [direction] if fade is None else [direction, fade.before], held)
        except (zlib.error, SafetensorError, *_DAMAGED) as error:
            raise ValueError(f"not a snapshot of a stream, or a damaged one ({error})") from None
        self.reset()
        self.seed, self.index, self._time_s = told
        self._direction, self._fade = direction, fade
        if size is not None:
            self._size, self._history = size, self._new_history(*size)
            self._history.restore(held)

    def _fits(
        self, time_s: float | None, size: tuple[int, int] | None, directions: list[Direction], held: HistoryState
    ) -> None:
        """Raises TypeError where a snapshot's parts are of other shapes than this stream's."""
        tall, wide = padded_size(*size) if size is not None else (0, 0)
        right = time_s is None or isinstance(time_s, int | float)
        right &= all(one.concepts.ndim == 2 and one.concepts.shape[1] == self.config.concepts for one in directions)
        right &= all(one.masks is None or len(one.masks) == len(one.concepts) for one in directions)
        right &= all(frame.shape == (tall, wide, 3) and frame.dtype == torch.uint8 for frame in held.last)
        right &= all(pooled.shape == (3, tall // 8, wide // 8) for _, pooled in held.remembered)
        if not right or len(held.last) > 2 or len(held.remembered) > self.config.slots:
            raise TypeError("its parts do not fit together")

    def close(self) -> None:
        """Free the history; the stream can still be used and starts anew."""
        self.reset()
        self._programs, self._directed = None, None
