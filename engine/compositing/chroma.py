"""The chroma key: whatever has not the screen's colour is cast.

A pixel before the screen is a mixture of cast and screen, so the share of the screen's colour in its own tells how much
it is cast: hair comes out as it should. The screen's colour is followed over the picture, for no screen is lit evenly
(as in the image-based keyers of the trade).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.inputs import picture
from engine.compositing.spill import LUMA

GREEN = (60, 180, 75)
"""A green screen under studio light, sRGB."""
LEAST_CHROMA = 24.0
"""8-bit distance from grey under which a colour cannot be keyed."""
DENSE = 190
"""Mean of a matte's neighbourhood, 0 to 255, from which it is the inside of the cast."""
PATCH_PX = 7
"""Side of the square around a click whose median is the key's colour."""


def _chroma(colour: np.ndarray) -> np.ndarray:
    """A colour without its brightness, (3,) float32."""
    return colour - colour @ LUMA


@dataclass(frozen=True)
class ChromaSettings:
    """What is keyed, and how. Raises ValueError for what cannot be."""

    key: tuple[int, int, int] = GREEN
    """The screen's colour, sRGB 0..255; `picked` takes it from a picture."""
    tolerance: float = 0.2
    """How far the screen may be from its colour: 0 not at all, 1 whatever has a trace of it."""
    softness: float = 0.65
    """Width of the passage from set to cast, 0 hard to 1 wide; tolerance and softness together reach at most 1."""
    spill: float = 1.0
    """How much of the screen's light is taken off the cast (`spill.despilled`), 0 to 1."""
    name = "chroma"

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", tuple(int(level) for level in self.key))
        if len(self.key) != 3 or not all(0 <= level <= 255 for level in self.key):
            raise ValueError(f"the key's colour is red, green and blue, 0 to 255 each, not {self.key}")
        if float(np.linalg.norm(_chroma(np.array(self.key, np.float32)))) < LEAST_CHROMA:
            raise ValueError(
                f"{self.key} is nearly grey and cannot be keyed; use a green or blue screen, or another matte"
            )
        for of, least in (("tolerance", 0.0), ("softness", 0.02), ("spill", 0.0)):
            if not least <= getattr(self, of) <= 1:
                raise ValueError(f"{of} is {least:g} to 1, not {getattr(self, of)}")
        if self.tolerance + self.softness > 1:
            raise ValueError(
                f"tolerance {self.tolerance} and softness {self.softness} are together more than 1; lower one"
            )


def picked(rgb: np.ndarray, x: float, y: float) -> tuple[int, int, int]:
    """The key's colour at a click: the median of a small square, sRGB 0..255.

    x, y: the place, as shares of the width and the height, 0 to 1. Raises ValueError for a place outside.
    """
    rgb = picture(rgb)
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError(f"a click is at 0 to 1 of the width and the height, not at {x}, {y}")
    height, width = rgb.shape[:2]
    column, row, reach = min(int(x * width), width - 1), min(int(y * height), height - 1), PATCH_PX // 2
    patch = rgb[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
    red, green, blue = (int(level) for level in np.median(patch.reshape(-1, 3), 0).round())
    return red, green, blue


class ChromaMatter:
    """Whatever has not the screen's colour. A `Matter` (types.py); each matte is of its picture alone."""

    trouble: str | None = None
    """Nothing can go wrong but that nothing has the colour, which the picture shows."""

    def __init__(self, settings: ChromaSettings = ChromaSettings()) -> None:
        self.settings = settings
        direction = _chroma(np.array(settings.key, np.float32))
        self._strength = float(np.linalg.norm(direction))
        self._direction = direction / self._strength

    def reset(self) -> None:
        """Nothing is remembered."""

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel is cast: (H, W, 3) uint8 sRGB -> (H, W) uint8, which the caller owns."""
        rgb = picture(rgb)
        screen = self._screen(rgb)
        top = 1 - self.settings.tolerance
        share = screen / self._local_strength(screen, rgb.shape[:2])
        alpha = (top - share) * (255 / self.settings.softness)
        return _filled(np.clip(alpha + 0.5, 0, 255).astype(np.uint8))

    def _screen(self, rgb: np.ndarray) -> np.ndarray:
        """How much of the key's colour is in each pixel, (H, W) float32, in 8-bit steps; negative for opposite hues."""
        colours = rgb.astype(np.float32)
        chroma = cv2.transform(colours, np.eye(3, dtype=np.float32) - LUMA)
        along = cv2.transform(chroma, self._direction[None])
        squared = cv2.transform(cv2.multiply(chroma, chroma), np.ones((1, 3), np.float32))
        across = np.sqrt(np.maximum(squared - along * along, 0))
        return along - np.maximum(across - np.maximum(along, 0), 0)  # half a right angle of hue is the screen's

    def _local_strength(self, screen: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """What `_screen` gives where the screen is bare, (H, W) float32: the screen's light over the picture."""
        height, width = size
        step = max(1, round(height / 27))
        small = (max(1, width // step), max(1, height // step))
        bare = (screen > 0.6 * self._strength).astype(np.float32)
        weight = cv2.resize(bare, small, interpolation=cv2.INTER_AREA) ** 4  # all of a block, or next to nothing
        level = cv2.resize(screen * bare, small, interpolation=cv2.INTER_AREA)
        level = level / np.maximum(cv2.resize(bare, small, interpolation=cv2.INTER_AREA), 1e-3)
        sigma = max(1.0, small[1] / 9)
        blurred = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-3
        local = (cv2.GaussianBlur(weight * level, (0, 0), sigma) + 1e-3 * self._strength) / blurred
        return np.asarray(cv2.resize(local, (width, height), interpolation=cv2.INTER_LINEAR))


def _filled(alpha: np.ndarray) -> np.ndarray:
    """A matte without the specks that noise makes well inside the cast; edges and hair are left alone."""
    side = max(3, 2 * round(alpha.shape[0] / 54) + 1)
    dense = (cv2.blur(alpha, (side, side)) > DENSE).astype(np.uint8)
    core = cv2.erode(dense, np.ones((side // 2 + 1, side // 2 + 1), np.uint8))
    return np.asarray(cv2.max(alpha, core * 255))
