"""The matte of people: the segmenter's mask, sharpened by the picture's edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.compositing.edges import refined
from engine.compositing.inputs import picture
from engine.compositing.segmenter import Segmenter

NOBODY = 0.002
"""Share of the picture under which what the segmenter marks is not a person."""


@dataclass(frozen=True)
class PersonSettings:
    """How people are cut out."""

    name = "person"


class PersonMatter:
    """People, found by the shipped segmenter in each picture. A `Matter` (types.py)."""

    def __init__(self, settings: PersonSettings = PersonSettings()) -> None:
        self.settings = settings
        self.nobody = True
        """Whether the last picture showed nobody: its matte is zero everywhere."""
        self._segmenter = Segmenter()

    @property
    def trouble(self) -> str | None:
        """What the director should be told of the last picture; None where all is well."""
        return "nobody in the picture" if self.nobody else None

    def reset(self) -> None:
        """Forget all pictures."""
        self.nobody = True

    def matte(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """How much of each pixel is a person: (H, W, 3) uint8 sRGB -> (H, W) uint8, which the caller owns."""
        rgb = picture(rgb)
        height, width = rgb.shape[:2]
        small = cv2.resize(rgb, (self._segmenter.width, self._segmenter.height), interpolation=cv2.INTER_AREA)
        person = self._segmenter(small.astype(np.float32) / 255)
        self.nobody = bool((person > 0.5).mean() < NOBODY)
        if self.nobody:
            return np.zeros((height, width), np.uint8)
        coarse = cv2.resize(person, (width, height), interpolation=cv2.INTER_LINEAR)
        fine = refined(rgb, coarse, radius_px=height / 36)
        return np.clip((fine - 0.5) * (255 * 1.2) + 127.5, 0, 255).astype(np.uint8)
