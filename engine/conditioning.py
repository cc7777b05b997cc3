"""What a frame is made from, beside what its maker remembers: the source's picture, its time, and what prompts ask for.

Legend: P prompts, K worlds, T things, H height, W width in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.patches import padded_size
from engine.prompts import PromptError


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What the prompts ask for. As long as it is the same object, nothing that was made of it is made again."""

    concepts: Tensor
    """(P, K + T) float32: shares of the worlds, sum 1 for each prompt, then of the things, 0..1."""
    masks: Tensor | None
    """(P, H, W) float32 in 0..1 that sum to one over P, of the size that was given; None for one prompt everywhere."""

    def equals(self, other: Conditioning) -> bool:
        """Whether both ask for the same, bit for bit."""
        if not torch.equal(self.concepts, other.concepts):
            return False
        if self.masks is None or other.masks is None:
            return self.masks is other.masks
        return torch.equal(self.masks, other.masks)


def normalised_masks(masks: Sequence[np.ndarray]) -> Tensor:
    """Regions' masks, (H, W) float in 0..1 of one size, divided by their sum: (P, H, W) float32 that sum to one over P.

    Raises PromptError where they differ in size, are out of range, or all are 0 at some pixel.
    """
    given, shape = [], np.shape(masks[0])
    for mask in masks:
        values = torch.from_numpy(np.array(mask, np.float32))
        if values.ndim != 2 or values.shape != shape or not bool(((values >= 0) & (values <= 1)).all()):
            raise PromptError(f"a region's mask is (H, W) in 0..1, of one size for all; got {tuple(values.shape)}")
        given.append(values)
    stacked = torch.stack(given)
    total = stacked.sum(0)
    if bool((total <= 0).any()):
        raise PromptError("the regions leave a part of the picture without a prompt; add one, e.g. 'as it is'")
    return stacked / total


def fit_masks(masks: Tensor, height: int, width: int) -> Tensor:
    """Masks (P, h, w) as the network reads them: (P, H, W) for a picture of that size, padded as the picture is."""
    tall, wide = padded_size(height, width)
    resized = F.interpolate(masks[None], (height, width), mode="bilinear")
    return F.pad(resized, (0, wide - width, 0, tall - height), mode="replicate")[0]


@dataclass(frozen=True)
class FrameTime:
    """When a frame is."""

    index: int
    """Number at the source; with the seed it determines the noise."""
    time_s: float
    """Seconds on the source's clock."""
    interval_s: float
    """Seconds since the last frame."""


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """One frame of one stream, to be made."""

    picture: np.ndarray
    """The source's, (H, W, 3) uint8."""
    time: FrameTime
    conditioning: Conditioning
    seed: int
    """With the frame's index it determines the noise."""
    steps: int
    """Denoising steps, 1 or more."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.picture.shape[:2]
        return height, width
