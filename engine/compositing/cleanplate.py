"""The clean plate: what a still camera sees while nobody is there, and how much it flickers. Learnt, kept, read again.

learner = Learner()
for rgb in a_second_of_pictures:
    learner.add(rgb)
plate = learner.plate()
kept = plate.to_bytes()               a take keeps this; CleanPlate.from_bytes(kept) == plate
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.inputs import LEAST_PX, MOST_PX, picture

LEVELS = 256
"""Steps in which a plate is kept between two 8-bit levels: it is a mean of many pictures."""
NOISE_STEPS = 8
RESTLESS = 10.0
"""Noise, in 8-bit steps, that no camera has by itself: something moves there."""
RESTLESS_SHARE = 0.01
"""Share of the picture that may move: leaves, a screen."""
MOST_BYTES = 7 * 4096 * 4096
"""Of a plate's arrays: 7 for a pixel. A file that unpacks to more is refused before it fills the memory."""
LEAST_FRAMES = 8
"""Pictures of which a plate is made at least; a second of them is better."""

_UNREADABLE = (ValueError, LookupError, OSError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What numpy and zipfile raise for damaged files."""


@dataclass(frozen=True, eq=False)
class CleanPlate:
    """The empty picture and its noise. The arrays are not to be changed."""

    mean: np.ndarray
    """(H, W, 3) float32, sRGB in 8-bit steps, 0 to 255, in multiples of 1 / LEVELS."""
    noise: np.ndarray
    """(H, W) float32, standard deviation over time, in 8-bit steps, in multiples of 1 / NOISE_STEPS."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CleanPlate):
            return NotImplemented
        return np.array_equal(self.mean, other.mean) and np.array_equal(self.noise, other.noise)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.mean.shape[0], self.mean.shape[1]

    def to_bytes(self) -> bytes:
        """The plate as a compressed .npz, without a loss."""
        buffer = io.BytesIO()
        mean = (self.mean * LEVELS).round().astype(np.uint16)
        noise = (self.noise * NOISE_STEPS).round().astype(np.uint8)
        np.savez_compressed(buffer, mean=mean, noise=noise)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> CleanPlate:
        """A plate from `to_bytes`. Raises ValueError for what is not one."""
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as file:
                if (size := sum(entry.file_size for entry in file.infolist())) > MOST_BYTES + 4096:
                    raise ValueError(f"{size:,} bytes in it, at most {MOST_BYTES:,}")
            with np.load(io.BytesIO(content)) as arrays:
                mean, noise = arrays["mean"], arrays["noise"]
        except (
            ValueError,
            KeyError,
            OSError,
            EOFError,
            RuntimeError,
            MemoryError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise ValueError(f"not a clean plate ({error}); take a new one") from None
        shape = mean.shape
        legal = len(shape) == 3 and shape[2] == 3 and noise.shape == shape[:2]
        if not legal or min(shape[:2]) < LEAST_PX or max(shape[:2]) > MOST_PX:
            raise ValueError(f"not a clean plate: arrays of {shape} and {noise.shape}; take a new one")
        if mean.dtype != np.uint16 or noise.dtype != np.uint8:
            raise ValueError(f"not a clean plate: arrays of {mean.dtype} and {noise.dtype}; take a new one")
        return cls(mean.astype(np.float32) / LEVELS, noise.astype(np.float32) / NOISE_STEPS)

    def resized(self, height: int, width: int) -> CleanPlate:
        """The same plate for pictures of another size; itself where it has that size."""
        if self.size == (height, width):
            return self
        smaller = height < self.size[0]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        mean, noise = (np.asarray(cv2.resize(a, (width, height), interpolation=how)) for a in (self.mean, self.noise))
        return CleanPlate(mean, noise)


class Learner:
    """Collects pictures of the empty scene. All of them are of one size."""

    def __init__(self) -> None:
        self.frames = 0
        """How many were added."""
        self._sum: np.ndarray | None = None
        self._squares: np.ndarray | None = None

    def add(self, rgb: np.ndarray) -> None:
        """Add a picture, (H, W, 3) uint8; one of another size begins anew. Raises as `inputs.picture` does."""
        rgb = picture(rgb)
        if self._sum is None or self._squares is None or self._sum.shape != rgb.shape:
            self.frames = 0
            self._sum, self._squares = np.zeros(rgb.shape, np.float64), np.zeros(rgb.shape, np.float64)
        cv2.accumulate(rgb, self._sum)
        cv2.accumulateSquare(rgb, self._squares)
        self.frames += 1

    def plate(self) -> CleanPlate:
        """The plate of all pictures so far. Raises ValueError for too few (LEAST_FRAMES), and where something moved."""
        if self.frames < LEAST_FRAMES or self._sum is None or self._squares is None:
            raise ValueError(
                f"a clean plate is made of {LEAST_FRAMES} pictures or more, not of {self.frames}; "
                "keep the picture empty for a second"
            )
        mean = self._sum / self.frames
        variance = (self._squares / self.frames - mean * mean).max(2)
        noise = np.sqrt(np.maximum(variance, 0)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), 2.0)  # of a second of pictures a pixel's own is a guess
        if float((noise > RESTLESS).mean()) > RESTLESS_SHARE:
            raise ValueError(
                f"something moved while the clean plate was taken, in {(noise > RESTLESS).mean():.0%} of the picture: "
                "keep the camera still, step out, and take it again"
            )
        top = (2**8 - 1) / NOISE_STEPS
        return CleanPlate(
            (mean * LEVELS).round().astype(np.float32) / LEVELS,
            (noise.clip(0, top) * NOISE_STEPS).round() / NOISE_STEPS,
        )
