"""The cast before the plate: one picture of two, lit alike, as compositors make it.

    cast = (camera graded towards the plate) x light + light wrap
    picture = alpha x cast + (1 - alpha) x (plate, softened, with grain and the cast's shadow)

in linear light. The parts that vary slowly across the picture (the light that falls on the cast, what spills over its
edges, the shadow) are computed on a picture of 72 lines and drawn larger.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from engine.compositing.follow import Following, follow
from engine.compositing.look import Look, linear, look_of, luminance, small_size
from engine.compositing.settings import DEFAULTS, Settings, check_pictures
from engine.compositing.types import Light

_STOPS_DOWN, _STOPS_UP = 2.2, 1.0  # so far the cast is graded at most
_TINT = 0.3  # so far a channel is raised or lowered at most, and the rest of the way half as far
_BLACK = 0.12  # coded value by which black is lifted or lowered at most
_GRAIN_ROOM = 128  # pixels by which a frame of noise can be moved on its sheet, each way


def composite(
    rgb: np.ndarray,
    alpha: np.ndarray,
    plate: np.ndarray,
    settings: Settings = DEFAULTS,
    light: Light | None = None,
    following: Following | None = None,
) -> np.ndarray:
    """The cast of a camera's picture before a plate, (H, W, 3) uint8 sRGB; the caller owns it.

    rgb, plate: (H, W, 3) uint8 sRGB. alpha: (H, W) uint8, 0 set to 255 cast. light: the plate's, where it is known;
    else it is guessed from the plate's pixels. following: what is known of the cast from the frames so far
    (`follow`), so that nothing pumps; without it this picture stands alone. Raises ValueError for pictures whose sizes
    differ. A function of its arguments alone, on any number of threads.
    """
    check_pictures(rgb, alpha, plate)
    height, width = alpha.shape
    small = small_size(width, height)
    following = follow(None, rgb, alpha, 0.0) if following is None else following
    camera = following.look
    plate_small = cv2.resize(plate, small, interpolation=cv2.INTER_AREA)
    behind = look_of(plate, plate_small)

    alpha = edged(alpha, settings)
    alpha_small = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
    plate = _textured(plate, camera, behind, settings, following.time_s)

    exposed = settings.match if light is None else 0.0  # a known light says how bright the cast is
    cast = cv2.LUT(rgb, _grade(camera, behind, exposed, settings.match))
    ground = cv2.LUT(plate, _grade(behind, camera, settings.match_set, settings.match_set))
    spill = linear(plate_small) * _gain(behind, camera, settings.match_set)
    gain, more = _fields(alpha_small, spill, light or guess_light(plate_small), settings)
    cast = cv2.multiply(cast, cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR))
    cast = cv2.add(cast, cv2.resize(more, (width, height), interpolation=cv2.INTER_LINEAR))
    shade = shadow(alpha_small, following, settings.shadow)
    if shade is not None:
        full = cv2.resize(1 - shade, (width, height), interpolation=cv2.INTER_LINEAR)
        ground = cv2.multiply(ground, cv2.merge([full, full, full]))
    share = alpha.astype(np.float32) * np.float32(1 / 255)
    mixed = cv2.blendLinear(cast, ground, share, 1 - share)
    return np.asarray(cv2.convertScaleAbs(cv2.sqrt(mixed), alpha=255))


def edged(alpha: np.ndarray, settings: Settings) -> np.ndarray:
    """A matte (H, W) uint8 whose edge is softened by `feather` and moved by `choke`."""
    line = alpha.shape[0] / 100
    if settings.feather > 0:
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.3, settings.feather * line))
    if settings.choke != 0:
        # The edge's ramp is about two pixels wide, so that moving it by a pixel moves the values by half.
        lift = np.clip(settings.choke * line / 2, -0.8, 0.8)
        values = np.arange(256) / 255
        moved = (values - lift) / (1 - lift) if lift > 0 else values / (1 + lift)
        alpha = cv2.LUT(alpha, np.rint(np.clip(moved, 0, 1) * 255).astype(np.uint8))
    return alpha


def _gain(camera: Look, target: Look, tinted: float) -> np.ndarray:
    """(3,) gains of linear light that move the colour of the light by a share of the way, at equal luminance."""
    ratio = np.asarray(target.light, np.float32) / np.maximum(np.asarray(camera.light, np.float32), 1e-3)
    ratio = np.clip(ratio, 1 / (1 + 2 * _TINT), 1 + 2 * _TINT)
    ratio[1] = np.sqrt(ratio[1])  # green to magenta: a meadow is green, its light is hardly so
    gain = np.power(ratio, tinted)
    return (gain / max(float(luminance(gain * np.asarray(camera.light, np.float32))), 1e-3)).astype(np.float32)


def _grade(camera: Look, target: Look, exposed: float, tinted: float) -> np.ndarray:
    """(256, 1, 3) float32: coded value to linear light, moved by these shares towards the look of `target`."""
    stops = np.clip(np.log2(target.exposure / camera.exposure) * exposed, -_STOPS_DOWN, _STOPS_UP)
    gains = np.float32(2**stops) * _gain(camera, target, tinted)
    black = np.clip((target.black - camera.black) * tinted, -_BLACK, _BLACK)
    coded = np.arange(256, dtype=np.float32)[:, None] / 255
    coded = (coded + (1 - coded) ** 2 * black).clip(0, 1)
    value = np.square(coded) * gains
    # Where it is raised, white stays white: x g / (1 + x (g - 1)) rises by g from black and meets 1 at 1.
    value = np.where(gains > 1, value / (1 + np.square(coded) * (gains - 1)), value)
    return value.astype(np.float32).reshape(256, 1, 3)


def guess_light(plate_small: np.ndarray) -> Light:
    """The light of a plate by its pixels: it comes from where the plate is bright, in the colour that it has there.

    It leaves exposure alone: key and ambient are of luminance 1 together. A plate that is equally bright on all sides
    has one light from all sides.
    """
    light = linear(plate_small)
    bright = luminance(light)
    height, width = bright.shape
    total = float(bright.sum()) + 1e-6
    x = float(bright.sum(0) @ np.linspace(-1, 1, width)) / total
    y = float(bright.sum(1) @ np.linspace(1, -1, height)) / total
    strength = min(1.0, 2.5 * float(np.hypot(x, y)))
    many = light.reshape(-1, 3)[np.argsort(bright, axis=None, kind="stable")]
    most, rest = many[-max(1, len(many) // 10) :].mean(0), many.mean(0)
    most, rest = (part / max(float(luminance(part)), 1e-4) for part in (most, rest))
    most, rest = (np.clip(1 + 0.5 * (part - 1), 0.6, 1.4) for part in (most, rest))
    key, ambient = most * (1 + 0.55 * strength), rest * (1 - 0.45 * strength)
    return Light(tuple(map(float, key)), (x, y), tuple(map(float, ambient)), 0.4 * strength)  # type: ignore[arg-type]


def _fields(alpha: np.ndarray, spill: np.ndarray, light: Light, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) float32 each: what the cast is multiplied by, and what is added to it.

    alpha: (h, w) float32 0..1. spill: (h, w, 3) float32, the plate's linear light.
    """
    near = cv2.GaussianBlur(alpha, (0, 0), 0.03 * len(alpha))
    inside = 1 - near
    gain = np.ones((*alpha.shape, 3), np.float32)
    more = np.zeros_like(gain)
    if settings.relight > 0:
        facing, edge = _facing(alpha, near, light.key_from)
        key, ambient = (np.asarray(colour, np.float32) for colour in (light.key, light.ambient))
        side = (0.5 + 0.5 * facing)[..., None]
        gain = np.power(np.maximum(ambient + (key - ambient) * side, 1e-3), np.float32(settings.relight))
        rim = (np.square(np.maximum(edge, 0)) * inside * (2 * light.rim * settings.relight))[..., None] * key
        gain = gain + rim
        more = more + 0.12 * rim
    if settings.light_wrap > 0:
        wide = cv2.GaussianBlur(spill, (0, 0), 0.04 * len(alpha))
        wrap = np.minimum(wide * (inside * (1.4 * settings.light_wrap))[..., None], 1)
        gain = gain * (1 - wrap)  # as a screen: what is bright already gains nothing
        more = more + wrap
    return gain.astype(np.float32), more.astype(np.float32)


def _facing(alpha: np.ndarray, near: np.ndarray, key_from: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """How far each place of the cast faces the light, -1 to 1: of its form as a whole, and of its edge.

    The cast is taken for a pillow over its matte: a blurred matte's slope is the pillow's normal.
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
        slopes.append((across * (-x / length) + down * (y / length)) * (reach * 2.5))  # 1 at a straight edge
    whole, edge = slopes
    return np.clip(0.75 * whole + 0.35 * edge, -1, 1), np.clip(edge, -1, 1)


def shadow(alpha: np.ndarray, following: Following, strength: float) -> np.ndarray | None:
    """(h, w) float32, 0..1: the shadow of the cast on the ground, or None where no feet are seen.

    The matte is laid down flat at the feet and blurred: dark where they touch the ground, soft around.
    """
    amount = strength * following.feet
    if amount < 0.01:
        return None
    height, width = alpha.shape
    foot = following.foot_y * height
    lower = alpha * (np.arange(height, dtype=np.float32)[:, None] > foot - 0.3 * height)
    flat = np.array([[1, 0, 0], [0, 0.16, foot * (1 - 0.16)]], np.float32)
    lying = cv2.warpAffine(lower, flat, (width, height), flags=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(lying, (0, 0), sigmaX=0.035 * height, sigmaY=0.014 * height)
    close = cv2.GaussianBlur(lying, (0, 0), sigmaX=0.012 * height, sigmaY=0.006 * height)
    return np.clip((0.9 * wide + 0.5 * close) * amount, 0, 0.85).astype(np.float32)


def _textured(plate: np.ndarray, camera: Look, behind: Look, settings: Settings, time_s: float) -> np.ndarray:
    """The plate as soft, and as noisy, as the camera's picture, by the shares of the settings."""
    lacking = camera.blur**2 - behind.blur**2
    sigma = settings.softness * float(np.sqrt(max(lacking, 0.0)))
    if sigma > 0.25:
        plate = cv2.GaussianBlur(plate, (0, 0), sigma)
    noise = settings.grain * float(np.sqrt(max(camera.noise**2 - behind.noise**2, 0.0)))
    if noise >= 0.4:
        plate = _grained(plate, min(round(4 * noise), 48), time_s)
    return plate


@lru_cache(maxsize=4)
def _grain(quarters: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise of that many quarters of 1/255, as what to add and what to take away, (height, width, 3) uint8 each."""
    noise = np.random.Generator(np.random.Philox(0)).standard_normal((height, width, 3), np.float32)
    grey = noise.mean(2, keepdims=True)
    tile = np.rint((0.8 * grey * np.sqrt(3) + 0.6 * noise) * (quarters / 4))
    more, less = (np.clip(part, 0, 255).astype(np.uint8) for part in (tile, -tile))
    more.flags.writeable = less.flags.writeable = False
    return more, less


def _grained(plate: np.ndarray, quarters: int, time_s: float) -> np.ndarray:
    """A plate with noise, other at each time and the same at the same time."""
    height, width = plate.shape[:2]
    x, y = np.random.Generator(np.random.Philox(key=round(time_s * 1000) & (2**63 - 1))).integers(_GRAIN_ROOM, size=2)
    more, less = (
        tile[y : y + height, x : x + width] for tile in _grain(quarters, width + _GRAIN_ROOM, height + _GRAIN_ROOM)
    )
    return cv2.subtract(cv2.add(plate, more), less)
