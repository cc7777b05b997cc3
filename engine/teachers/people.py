"""Mattes of people in footage, made once when the footage is packed.

The segmenter is MediaPipe's selfie segmentation, a TensorFlow Lite file. It runs at preparation only: the network
learns to see people by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from engine.compositing.segmenter import Segmenter as Model
from engine.teachers.brushes import box, luminance

SEGMENTER_FILE = "selfie_segmentation.tflite"
WIDTH_PX = 192
"""Width of the mattes in a pack."""
AREA_RANGE = (0.08, 0.80)
"""Share of the picture that a person covers in a valid matte."""
MIN_CONFIDENCE = 0.95
"""Mean distance of a valid matte from 0.5, as a share of the most possible."""
MAX_CHANGE = 0.05
"""The most that a valid matte changes from frame to frame, as a mean over the picture."""


class Segmenter:
    """MediaPipe's selfie segmentation on one thread, of pictures of any size.

    folder: holds the model file, SEGMENTER_FILE. Raises as `engine.compositing.segmenter.Segmenter` does.
    """

    def __init__(self, folder: Path) -> None:
        self._model = Model(folder / SEGMENTER_FILE)

    def __call__(self, image: Image.Image) -> Tensor:
        """Probability that each pixel is a person: (h, w) float32 in 0..1, at the model's own size."""
        size = (self._model.width, self._model.height)
        pixels = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BILINEAR), np.float32) / 255
        return torch.from_numpy(self._model(pixels))


def _snapped(matte: Tensor, image: Image.Image) -> Tensor:
    """The matte (h, w) at WIDTH_PX, its edges aligned with the picture's: guided filter, He et al. 2010."""
    size = (WIDTH_PX, max(1, round(WIDTH_PX * image.height / image.width)))
    picture = torch.from_numpy(np.array(image.convert("RGB").resize(size, Image.Resampling.LANCZOS)))
    grey = luminance(picture.permute(2, 0, 1)[None].float() / 255)
    coarse = F.interpolate(matte[None, None], size[::-1], mode="bilinear", align_corners=False)
    means = box(torch.cat([grey, coarse, grey * coarse, grey.square()], 1), 9)
    guide, level, product, square = means.split(1, 1)
    slope = (product - guide * level) / (square - guide.square() + 2e-3)
    slope, offset = box(torch.cat([slope, level - slope * guide], 1), 9).split(1, 1)
    fine = (slope * grey + offset).clamp(0, 1)
    return ((fine - 0.5) * 1.25 + 0.5).clamp(0, 1)[0, 0]


def person_mattes(images: list[Image.Image], segmenter: Callable[[Image.Image], Tensor]) -> list[Image.Image] | None:
    """A matte for each of a clip's consecutive frames, grey and 192 px wide; None where they are not valid.

    Valid is a person of a plausible size, found with confidence, whose outline is steady from frame to frame.
    """
    raw = [segmenter(image) for image in images]
    confidence = math.fsum(float((2 * matte - 1).abs().mean()) for matte in raw) / len(raw)
    areas = [float((matte > 0.5).float().mean()) for matte in raw]
    steps = [float((after - before).abs().mean()) for before, after in pairwise(raw)]
    if (
        confidence < MIN_CONFIDENCE
        or min(areas) < AREA_RANGE[0]
        or max(areas) > AREA_RANGE[1]
        or max(steps, default=0) > MAX_CHANGE
    ):
        return None
    fine = torch.stack([_snapped(matte, image) for matte, image in zip(raw, images, strict=True)])
    before, after = torch.cat([fine[:1], fine[:-1]]), torch.cat([fine[1:], fine[-1:]])
    steady = 0.2 * before + 0.6 * fine + 0.2 * after
    return [Image.fromarray(matte) for matte in (steady * 255).round().byte().numpy()]
