"""The light of a plate on the cast: guessed from pixels, laid over the matte's form, spilling over its edges.

All fields are (h, w, 3) or (h, w) float32 of the small picture of `look.small_size`, for light varies slowly.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.compositing.follow import Following
from engine.compositing.look import luminance
from engine.compositing.types import Light


def guess_light(light: np.ndarray) -> Light:
    """The light of a plate by its pixels: it comes from where the plate is bright, in the colour that it has there.

    light: (h, w, 3) float32, linear. It leaves exposure alone: key and ambient are of luminance 1 together. A plate
    that is equally bright on all sides has one light from all sides.
    """
    height, width = light.shape[:2]
    light = cv2.resize(light, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
    bright = luminance(light)
    height, width = bright.shape
    total = float(bright.sum()) + 1e-6
    x = float(bright.sum(0) @ np.linspace(-1, 1, width)) / total
    y = float(bright.sum(1) @ np.linspace(1, -1, height)) / total
    strength = min(1.0, 2.5 * float(np.hypot(x, y)))
    tenth = max(1, bright.size // 10)
    limit = np.partition(bright, -tenth, axis=None)[-tenth]
    parts = light[bright >= limit].mean(0), light.mean((0, 1))
    most, rest = (np.clip(0.5 + 0.5 * part / max(float(luminance(part)), 1e-4), 0.6, 1.4) for part in parts)
    key, ambient = most * (1 + 0.55 * strength), rest * (1 - 0.45 * strength)
    return Light(tuple(map(float, key)), (x, y), tuple(map(float, ambient)), 0.4 * strength)  # type: ignore[arg-type]


def fields(
    alpha: np.ndarray, spill: np.ndarray, light: Light, relight: float, wrap: float
) -> tuple[np.ndarray, np.ndarray]:
    """What the cast's linear light is multiplied by, and what is added to it.

    alpha: (h, w), 0..1. spill: (h, w, 3), the plate's linear light. relight, wrap: shares, 0..1.
    """
    lines = len(alpha)
    near = cv2.GaussianBlur(alpha, (0, 0), 0.03 * lines)
    inside = 1 - near
    gain = [np.ones_like(alpha) for _ in range(3)]  # by channels: numpy is slow where each pixel is a row of three
    more = [np.zeros_like(alpha) for _ in range(3)]
    if relight > 0:
        whole, edge = facing(alpha, near, light.key_from)
        key, ambient = (np.asarray(colour, np.float32) for colour in (light.key, light.ambient))
        steps = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
        by_side = np.power(np.maximum(ambient + (key - ambient) * steps, np.float32(1e-3)), np.float32(relight))
        side: np.ndarray = np.asarray(cv2.convertScaleAbs(whole, alpha=127.5, beta=127.5))
        gain = [np.asarray(channel) for channel in cv2.split(by_side.take(side, axis=0))]
        strength = np.square(np.maximum(edge, 0)) * inside * np.float32(2 * light.rim * relight)
        for channel, colour in enumerate(key):
            rim = strength * colour
            gain[channel] += rim
            more[channel] += np.float32(0.12) * rim
    if wrap > 0:
        half = max(1, spill.shape[1] // 2), max(1, spill.shape[0] // 2)
        coarse = cv2.resize(spill, half, interpolation=cv2.INTER_AREA)
        wide = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), 0.02 * lines), alpha.shape[::-1])
        strength = inside * np.float32(1.4 * wrap)
        for channel, colour in enumerate(cv2.split(wide)):
            over = np.minimum(colour * strength, np.float32(1))
            gain[channel] *= 1 - over  # as a screen: what is bright already gains nothing
            more[channel] += over
    return np.asarray(cv2.merge(gain)), np.asarray(cv2.merge(more))


def facing(alpha: np.ndarray, near: np.ndarray, key_from: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """How far each place of the cast faces the light, -1 to 1: of its form as a whole, and of its edge alone.

    The cast is taken for a pillow over its matte: a blurred matte's slope is the pillow's normal. near: the matte
    blurred by 3 % of its height.
    """
    x, y = key_from
    length = max(float(np.hypot(x, y)), 1e-6)
    height, width = alpha.shape
    coarse = cv2.resize(alpha, (max(2, width // 4), max(2, height // 4)), interpolation=cv2.INTER_AREA)
    wide = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), 2.2), (width, height), interpolation=cv2.INTER_LINEAR)
    slopes = []
    for field, reach in ((wide, 8.8), (near, 2.2)):
        across = cv2.Sobel(field, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        down = cv2.Sobel(field, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        slopes.append((across * (-x / length) + down * (y / length)) * np.float32(reach * 2.5))  # 1 at a straight edge
    whole, edge = slopes
    return np.clip(0.75 * whole + 0.35 * edge, -1, 1), np.clip(edge, -1, 1)


def shadow(alpha: np.ndarray, following: Following, strength: float) -> np.ndarray | None:
    """(h, w), 0..1: the shadow of the cast on the ground, or None where no feet are seen.

    The matte is laid down flat at the feet and blurred: dark where they touch the ground, soft around.
    """
    amount = strength * following.feet
    if amount < 0.01:
        return None
    height, width = alpha.shape
    foot = following.foot_y * height
    lower = alpha * (np.arange(height, dtype=np.float32)[:, None] > foot - 0.3 * height)
    flat = np.array([[1, 0, 0], [0, 0.16, foot * (1 - 0.16) + 0.025 * height]], np.float32)  # half of it before them
    lying = cv2.warpAffine(lower, flat, (width, height), flags=cv2.INTER_LINEAR)
    wide = cv2.GaussianBlur(lying, (0, 0), sigmaX=0.035 * height, sigmaY=0.014 * height)
    close = cv2.GaussianBlur(lying, (0, 0), sigmaX=0.012 * height, sigmaY=0.006 * height)
    return np.clip((0.9 * wide + 0.5 * close) * np.float32(amount), 0, 0.85)
