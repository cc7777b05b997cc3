"""How far mattes are from the truth: mean absolute error, gradient error, flicker.

Alphas are (H, W) float, 0 to 1. Each figure is 0 for the truth itself, and larger is worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

GRADIENT_SIGMA = 1.4
"""Of the Gaussian whose derivatives are the gradient, in pixels: Rhemann et al. 2009."""


def mean_error(alphas: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Mean absolute difference, in thousandths of alpha."""
    return 1000 * math.fsum(float(np.abs(a - b).mean()) for a, b in zip(alphas, truth, strict=True)) / len(truth)


def gradient_error(alphas: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """Squared difference of the gradients' magnitudes, summed over a frame, in thousands; mean over the frames.

    Rhemann et al., A Perceptually Motivated Online Benchmark for Image Matting, CVPR 2009.
    """
    errors = [float(((_gradient(a) - _gradient(b)) ** 2).sum()) for a, b in zip(alphas, truth, strict=True)]
    return math.fsum(errors) / len(errors) / 1000


def flicker(alphas: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> float:
    """dtSSD: root mean square difference of the changes from frame to frame, in hundredths of alpha.

    Erofeev et al., Perceptually Motivated Benchmark for Video Matting, BMVC 2015. Needs two frames or more.
    """
    changes = [
        math.sqrt(float((((b - a) - (d - c)) ** 2).mean()))
        for (a, b), (c, d) in zip(pairwise(alphas), pairwise(truth), strict=True)
    ]
    return 100 * math.fsum(changes) / len(changes)


def _gradient(alpha: np.ndarray) -> np.ndarray:
    reach = math.ceil(3 * GRADIENT_SIGMA)
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    smooth = np.exp(-(at**2) / (2 * GRADIENT_SIGMA**2))
    smooth /= smooth.sum()
    slope = -at / GRADIENT_SIGMA**2 * smooth
    across = cv2.sepFilter2D(alpha.astype(np.float64), -1, slope, smooth)
    down = cv2.sepFilter2D(alpha.astype(np.float64), -1, smooth, slope)
    return np.asarray(np.hypot(across, down))


MEASURES = {"mean error": mean_error, "gradient error": gradient_error, "flicker": flicker}
