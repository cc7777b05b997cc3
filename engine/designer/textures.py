"""Grain, clouds, streaks and cells: tiles of noise, the same everywhere, made once by numpy in some
hundredths of a second.

Each is a mask (alpha alone), so a paint's colour shines through it; it repeats without a seam.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.designer.library import skia

SIDE = 512
"""Pixels of a tile's side."""
KINDS = ("cloud", "puff", "grain", "streak", "cell", "crack", "speck")
_SEED = 20261


def _spectral(power: float, stretch: float = 1.0, seed: int = 0) -> np.ndarray:
    """(SIDE, SIDE) noise 0..1 whose spectrum falls as 1/f^power; stretch > 1 draws it out sideways."""
    rng = np.random.default_rng(_SEED + seed)
    fy = np.fft.fftfreq(SIDE)[:, None]
    fx = np.fft.rfftfreq(SIDE)[None, :] * stretch
    f = np.hypot(fx, fy)
    f[0, 0] = np.inf
    phase = rng.random((SIDE, SIDE // 2 + 1)) * 2 * np.pi
    noise = np.fft.irfft2(np.exp(1j * phase) / f**power, (SIDE, SIDE))
    spread = np.tanh(0.8 * noise / noise.std())  # near enough to the normal distribution's: thresholds are shares
    return 0.5 + 0.5 * spread


def _cells(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances to the nearest and to the second nearest of `count`² points, (SIDE, SIDE) each, in cells, periodic."""
    points = np.random.default_rng(_SEED + seed).random((count, count, 2), np.float32)
    y, x = (np.mgrid[0:SIDE, 0:SIDE] * (count / SIDE)).astype(np.float32)
    row, column = y.astype(np.int32), x.astype(np.int32)
    first = np.full((SIDE, SIDE), 9.0, np.float32)
    second = first.copy()
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near = points[(row + dy) % count, (column + dx) % count]
            d = np.sqrt((column + dx + near[..., 0] - x) ** 2 + (row + dy + near[..., 1] - y) ** 2)
            second = np.minimum(second, np.maximum(first, d))
            first = np.minimum(first, d)
    return first, second


def smooth(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below `low`, 1 above `high`, an S between."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


@cache
def mask(kind: str) -> np.ndarray:
    """The tile `kind` of KINDS, (SIDE, SIDE) uint8."""
    if kind == "cloud":  # torn sheets
        values = smooth(_spectral(1.75, 1.6, 1), 0.42, 0.98)
    elif kind == "puff":  # soft, slow swells
        values = _spectral(2.0, 1.0, 2)
    elif kind == "grain":
        values = 0.5 * _spectral(0.9, 1.0, 3) + 0.5 * _spectral(1.5, 1.0, 4)
    elif kind == "streak":  # wood, strata, wind-blown snow
        values = 0.6 * _spectral(1.5, 12.0, 5) + 0.4 * _spectral(1.0, 5.0, 6)
    elif kind == "cell":  # cobbles, scales, cushions: bright within
        first, second = _cells(12, 7)
        values = smooth(second - first, 0.02, 0.5)
    elif kind == "crack":  # lines between plates
        first, second = _cells(7, 8)
        values = 1 - smooth(second - first, 0.0, 0.13)
        values = values * (0.55 + 0.45 * _spectral(1.4, 1.0, 9))
    elif kind == "speck":  # scattered points
        values = smooth(_spectral(0.35, 1.0, 10), 0.93, 1.0)
    else:
        raise KeyError(f"{kind!r} is not a texture; there are {', '.join(KINDS)}")
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


@cache
def image(kind: str) -> skia.Image:
    """The tile as an alpha-only image with its smaller versions, so that it neither shimmers nor blurs."""
    info = skia.ImageInfo.Make(SIDE, SIDE, skia.kAlpha_8_ColorType, skia.kPremul_AlphaType)
    tile = skia.Image.MakeRasterCopy(skia.Pixmap(info, mask(kind), SIDE))
    return tile.withDefaultMipmaps()


def shader(kind: str, scale: float, stretch: float = 1.0, at: tuple[float, float] = (0.0, 0.0)) -> skia.Shader:
    """The tile as a shader, `scale` units of height a tile, drawn out sideways by `stretch`, moved by `at` units."""
    matrix = skia.Matrix().setScale(scale * stretch / SIDE, scale / SIDE)
    matrix.postTranslate(*at)
    sampling = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)
    return image(kind).makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, sampling, matrix)


@cache
def plain(kind: str, scale: float = 1.0) -> skia.Shader:
    """The tile as a runtime shader's child, `scale` units a pixel of the tile."""
    sampling = skia.SamplingOptions(skia.FilterMode.kLinear)
    matrix = skia.Matrix().setScale(scale, scale)
    return image(kind).makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, sampling, matrix)
