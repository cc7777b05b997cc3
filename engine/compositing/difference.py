"""The difference of a picture to its clean plate: in what light, how surely, and whether the camera still stands.

sRGB values as they are: they are nearly even to the eye, and light that is stronger by a factor is there a factor too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

ONES = np.ones((1, 3), np.float32)
FLOOR = 2.0
"""Noise of a camera that none of the plate's pictures showed, in 8-bit steps: compression, drift."""
JITTER_PX = 0.25
"""How far the picture may tremble; edges of the plate are trusted less by as much."""
INLIER = 0.12
"""A background's light is within this share of the rest."""
SHADOW_HUE = 0.025
"""How far, as a share of its brightness, a shadow's colour may be beside that of the plate."""


@dataclass(frozen=True)
class Difference:
    """What of a picture the plate does not explain."""

    evidence: np.ndarray
    """(H, W) float32: 0 the plate, 1 and more surely something else; in units of four standard deviations."""
    shade: np.ndarray
    """(H, W) float32, 0 to 1: how far the plate in shadow would explain the pixel as well."""
    plate: np.ndarray
    """(H, W, 3) float32: the plate in the light of the picture."""


class Comparer:
    """Compares pictures of one size with one plate. What depends on the plate alone is made once."""

    def __init__(self, mean: np.ndarray, noise: np.ndarray, shadow: float) -> None:
        """mean, noise: as in `CleanPlate`. shadow: how much of the light a shadow may take, 0 to 1."""
        self._mean = mean
        self._shadow = shadow
        height, width = noise.shape
        step = max(1, round(height / 27))
        self._small = (max(2, width // step), max(2, height // step))
        self._small_mean = cv2.resize(mean, self._small, interpolation=cv2.INTER_AREA)
        grey = mean.mean(2)
        gx, gy = cv2.Sobel(grey, -1, 1, 0, scale=1 / 8), cv2.Sobel(grey, -1, 0, 1, scale=1 / 8)
        variance = noise**2 + FLOOR**2 + JITTER_PX**2 * (gx**2 + gy**2)
        self._doubt = (1 / (4 * np.sqrt(cv2.blur(variance, (3, 3))))).astype(np.float32)
        self._hue_floor = np.full(noise.shape, 3.0, np.float32)
        self._gain = np.ones(3, np.float32)

    def reset(self) -> None:
        """Forget the light of the last picture."""
        self._gain = np.ones(3, np.float32)

    def compare(self, rgb: np.ndarray, person: np.ndarray) -> Difference:
        """What the plate does not explain of a picture (H, W, 3) uint8.

        person: (H, W) float32 0..1, where a person probably is: the light is fitted beside it.
        """
        light = self._light(cv2.resize(rgb, self._small, interpolation=cv2.INTER_AREA).astype(np.float32), person)
        height, width = rgb.shape[:2]
        plate = cv2.multiply(self._mean, cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR))
        smooth = cv2.blur(plate, (3, 3))
        off = cv2.subtract(cv2.blur(rgb, (3, 3)), smooth, dtype=cv2.CV_32F)
        pp = cv2.transform(cv2.multiply(smooth, smooth), ONES)
        share = cv2.divide(cv2.transform(cv2.multiply(off, smooth), ONES), pp + np.float32(1))
        square = cv2.transform(cv2.multiply(off, off), ONES)
        evidence = cv2.multiply(cv2.sqrt(square), self._doubt)
        along = cv2.multiply(cv2.multiply(share, share), pp)  # the part of the difference that is brightness, squared
        hue = cv2.sqrt(cv2.max(cv2.subtract(square, along), np.zeros_like(along)))
        hue = cv2.divide(hue, cv2.scaleAdd(cv2.sqrt(pp), SHADOW_HUE, self._hue_floor))
        darkness = np.clip((share + np.float32(self._shadow)) * 8, 0, 1)
        shade = np.where(share < 0, darkness * np.clip(2 - hue, 0, 1), np.float32(0))
        return Difference(np.asarray(evidence), shade, np.asarray(plate))

    def _light(self, small: np.ndarray, person: np.ndarray) -> np.ndarray:
        """The picture's light against the plate's, (h, w, 3) float32, from where the plate is seen."""
        free = cv2.resize(person, self._small, interpolation=cv2.INTER_AREA) < 0.1
        lit = (self._small_mean.min(2) > 8) & (small.max(2) < 250)
        ratio = small / np.maximum(self._small_mean, 1)
        seen = free & lit
        if seen.sum() >= 0.04 * seen.size:
            gain = np.median(ratio[seen], 0)
            near = seen & (np.abs(ratio / gain - 1).max(2) < INLIER)
            if near.sum() >= 0.02 * seen.size:
                self._gain = ratio[near].mean(0)
        near = seen & (np.abs(ratio / self._gain - 1).max(2) < INLIER)
        weight = near.astype(np.float32)
        sigma = self._small[1] / 4
        local = cv2.GaussianBlur((ratio - self._gain).astype(np.float32) * weight[..., None], (0, 0), sigma)
        return self._gain + local / (cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + 0.05)
