"""What flows through the engine, and what a live model is. Read this first, then `Stream.step`.

    Source -> Frame -> LiveModel.step -> picture
                            ^
    Prompt or PromptRegions +    effective at the next frame

A `Prompt` is a str, or (text, weight) pairs; engine/prompts.py has it, with `AS_IT_IS` ("as it is", the prompt that
leaves the picture unchanged) and `PromptError` (a ValueError: a prompt that cannot be used).

`Stream` (engine/stream.py) is the first live model. Whoever shows, records or renders pictures knows a model by the
protocol below alone, so another model takes its place by fulfilling it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Protocol

import numpy as np

from engine.prompts import Prompt as Prompt


@dataclass(frozen=True)
class Frame:
    """One picture of a source or of a stream."""

    rgb: np.ndarray
    """(H, W, 3) uint8, sRGB."""
    index: int
    """0-based number at the source; a dropped frame leaves a gap. With the seed it determines the noise."""
    time_s: float
    """Seconds on the source's clock."""


@dataclass(frozen=True)
class PromptRegion:
    """A prompt for a part of the picture."""

    prompt: Prompt
    mask: np.ndarray
    """(H, W) float in 0..1, resized to the frame. Masks given together are of one size, any, and leave no pixel
    uncovered, which is 0 in all of them; each pixel's values are divided by their sum. Others are a PromptError."""
    under: Prompt | None = None
    """The look under what the prompt names: as far as the prompt leaves the picture as it is, this look holds, so that
    a thing which the model does not make is no hole in it. None is the camera's own picture."""


class Source(Protocol):
    """Pictures in order: a camera, a file, a take."""

    width: int
    """Of each frame, in pixels."""
    height: int
    fps: float
    """Nominal frames a second; each frame has its own time."""

    def __iter__(self) -> Iterator[Frame]: ...


class Setup(Protocol):
    """The numeric set-up: what must be equal for a model to give the same bytes again."""

    @property
    def device(self) -> str:
        """cpu, cuda or mps."""

    @property
    def dtype(self) -> str:
        """`float32`, `bfloat16` …"""

    @property
    def threads(self) -> int:
        """CPU cores in use."""

    @property
    def weights_hash(self) -> str:
        """sha256 of the weights, or a fixed name where the model has none."""

    def to_dict(self) -> dict[str, object]:
        """All of it as JSON values, which a take keeps; `weights_hash`, `device` and `threads` among them."""


@dataclass(frozen=True)
class Vocabulary:
    """What a model knows of words: a closed list, or any words."""

    worlds: tuple[str, ...] = ()
    """Looks of the whole picture that the model was taught, as names such as `wild-west`."""
    things: tuple[str, ...] = ()
    """What a prop can become."""
    any_words: bool = False
    """Whether it understands words beyond the lists; where not, other words land on the nearest of them."""


@dataclass(frozen=True)
class Sizes:
    """The pictures that a model takes, in pixels."""

    smallest: tuple[int, int] = (64, 64)
    """(width, height) in pixels, the least of each."""
    largest: tuple[int, int] = (1920, 1080)
    """(width, height) in pixels, the most of each."""
    live_side: int = 384
    """Longer side in pixels of the picture that live work begins with: what this machine keeps up with at 24 fps."""

    def height_width(self, frame: object) -> tuple[int, int]:
        """(height, width) in pixels of a frame, in the order of its array's shape.

        Raises ValueError for anything but (H, W, 3) uint8 within these sizes.
        """
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            got = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise ValueError(f"a frame is a uint8 RGB array (H, W, 3), got {got}; {_as_frame(frame)}")
        height, width = frame.shape[:2]
        (least_w, least_h), (most_w, most_h) = self.smallest, self.largest
        if not (least_w <= width <= most_w and least_h <= height <= most_h):
            legal = f"from {least_w}x{least_h} to {most_w}x{most_h} is taken"
            raise ValueError(
                f"a frame of {width}x{height}; {legal}: resize it first, as engine.media.pictures.fit does"
            )
        return height, width

    def parse(self, text: str) -> tuple[int, int]:
        """(width, height) in pixels from a text such as 384x216, in the order in which people write them.

        Raises ValueError for other text, or a size out of range.
        """
        width, cross, height = text.lower().partition("x")
        if not (cross and width.isdecimal() and height.isdecimal()):
            raise ValueError(f"{text!r} is not a size; write width x height in pixels, such as 384x216")
        (least_w, least_h), (most_w, most_h) = self.smallest, self.largest
        if not (least_w <= int(width) <= most_w and least_h <= int(height) <= most_h):
            raise ValueError(f"{text} is out of range; from {least_w}x{least_h} to {most_w}x{most_h} is possible")
        return int(width), int(height)


def _as_frame(given: object) -> str:
    """How to make a frame of what was given instead, in Python."""
    if not isinstance(given, np.ndarray):
        return "of a Pillow image: np.array(image.convert('RGB'))"
    if given.ndim == 4:
        return "give one frame at a time: stream.step(frames[0])"
    if given.ndim == 2:
        return "of grey: np.stack([grey] * 3, axis=-1)"
    if given.ndim == 3 and given.shape[2] == 4:
        return "leave the alpha out: frame[..., :3]"
    if given.ndim == 3 and given.shape[0] == 3 and given.shape[2] != 3:
        return "put the channels last: frame.transpose(1, 2, 0)"
    if given.dtype.kind == "f":
        return "of values in 0..1: (frame * 255).round().astype(np.uint8)"
    return "of whole numbers in 0..255: frame.astype(np.uint8)"


class LiveModel(Protocol):
    """Answers camera frames one by one, under prompts. Its laws (`tests/live_model.py` holds every model to them):

    - `step` answers each frame with a fresh uint8 picture of the same size.
    - It is deterministic: the same seed, prompts and frames (pixels, times, indices) on the same set-up give the same
      bytes, from the start, after `reset`, and from a snapshot.
    - A step that raises changes nothing: the next one goes on as if it had not been asked for.
    - A prompt holds from the next step on, and one that is refused leaves the one before in force.
    - Under "as it is" the picture stays the camera's, up to what the eye forgives (30 dB PSNR or more).
    - `reset` forgets the frames and keeps the prompt; a restored snapshot goes on as if nothing had happened.

    One thread at a time may use it; `prepare`, `nearest` and `how_near` may be called beside it, from any thread.
    """

    kind: str
    """The name under which it is loaded; a take names it, so that no other kind renders the take by mistake."""
    seed: int
    """Determines the noise, together with each frame's index; may be set between frames."""
    delay: int
    """Frames between an input and the picture that answers it; 0 where each input is answered at once. Reserved: takes
    cannot record a late answer yet, and `studio.model.load_model` refuses a model whose delay is above 0."""

    @property
    def steps(self) -> int:
        """Denoising steps a frame; 1 where the model has none."""

    @property
    def setup(self) -> Setup:
        """The numeric set-up."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What it knows of words."""

    @property
    def sizes(self) -> Sizes:
        """Which pictures it takes."""

    def prepare(self, text: str) -> None:
        """Learn a text ahead of its use, so that the frame under it does not wait. Raises PromptError (ValueError)."""

    def nearest(self, text: str) -> list[tuple[str, float]]:
        """The worlds that `text` lands on and their shares (sum 1), nearest first, then what a prop becomes, 0..1.

        Empty for a model that takes any words.
        """

    def how_near(self, text: str) -> tuple[str, float]:
        """The known wording that is nearest to `text`, and the cosine between both, -1..1.

        ("", 1.0) for a model that takes any words; ("", 0.0) for one that keeps no wordings.
        """

    def prompt(self, prompt: Prompt | Sequence[PromptRegion]) -> None:
        """Direct the picture from the next frame on: a text, weighted texts, or regions with a prompt each.

        Raises PromptError (ValueError) and leaves the old prompt in force where the new one cannot be used.
        """

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        """The picture that answers `frame`, (H, W, 3) uint8 each; the caller owns it.

        time_s: seconds on the source's clock; by default those of a source of steady rate. index: the source frame's
        number, which determines the noise together with `seed`. Frames are of one size until `reset`; one may be
        read-only. Raises ValueError on another size or type.
        """

    def reset(self) -> None:
        """Forget all frames; the prompt stays, and the next frame may have any size."""

    def snapshot(self) -> bytes:
        """Frames remembered, prompt, seed, count and clock, as bytes."""

    def restore(self, data: bytes) -> None:
        """Go on from a snapshot of a model of the same kind and weights. Raises ValueError, and changes nothing, on
        other data."""

    def close(self) -> None:
        """Free what frames need; the model can still be used and starts anew."""


def check_seed(seed: object) -> None:
    """Raise ValueError for a seed that is not a whole number of 64 bits, which files keep."""
    if isinstance(seed, bool) or not isinstance(seed, Integral) or not -(2**63) <= int(seed) < 2**63:
        raise ValueError(f"the seed {str(seed)[:40]} is not a whole number of at most 64 bits; give one such as 7")
