"""The cast before the plate: one picture of two, lit alike, as compositors make it.

    cast = (camera graded towards the plate) x light + light wrap
    picture = alpha x cast + (1 - alpha) x (plate, softened, with grain and the cast's shadow)

in linear light. The parts that vary slowly across the picture (the light that falls on the cast, what spills over its
edges, the shadow) are computed on a picture of 54 lines and drawn larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from engine.compositing.follow import Following, follow
from engine.compositing.lighting import fields, guess_light, shadow
from engine.compositing.look import NEUTRAL, SHARP, Look, Texture, linear, look_of, luminance, small_size, texture_of
from engine.compositing.settings import DEFAULTS, Settings, check_pictures
from engine.compositing.types import Light

_STOPS_DOWN, _STOPS_UP = 2.2, 1.0  # so far the cast is graded at most
_IN_WHITE_LIGHT = 0.22  # linear exposure of people: skin reflects a little more than the 18 % of a grey card
_TINT = 0.3  # so far a channel is raised or lowered at most, and the rest of the way half as far
_BLACK = 0.06  # coded value by which black is lifted or lowered at most; half of the difference is haze, half is taste
_GREY, _COLOUR = 0.8, 0.6  # shares of grain
_GRAIN_ROOM = 128  # pixels by which a frame of noise can be moved on its sheet, each way


@dataclass(frozen=True, eq=False)
class PlateLook:
    """What a composite needs to know of its plate as a whole."""

    look: Look
    texture: Texture
    spill: np.ndarray
    """(h, w, 3) float32, not to be changed: the linear light of its small picture."""
    light: Light
    """Guessed from its pixels."""


ANY_LOOK = PlateLook(NEUTRAL, SHARP, np.zeros((1, 1, 3), np.float32), Light())
"""For settings that ask for nothing of the plate."""


def plate_look(plate: np.ndarray) -> PlateLook:
    """The look of a plate, (H, W, 3) uint8."""
    height, width = plate.shape[:2]
    spill = linear(cv2.resize(plate, small_size(width, height), interpolation=cv2.INTER_AREA))
    return PlateLook(look_of(spill), texture_of(plate), spill, guess_light(spill))


class Scratch:
    """Memory of one composite after the other, of one size: new pages for every frame would take most of its time."""

    def __init__(self, width: int, height: int) -> None:
        self.cast, self.ground, self.field = (np.empty((height, width, 3), np.float32) for _ in range(3))
        self.share, self.rest = (np.empty((height, width), np.float32) for _ in range(2))


def composite(
    rgb: np.ndarray,
    alpha: np.ndarray,
    plate: np.ndarray,
    settings: Settings = DEFAULTS,
    light: Light | None = None,
    following: Following | None = None,
    behind: PlateLook | None = None,
    scratch: Scratch | None = None,
) -> np.ndarray:
    """The cast of a camera's picture before a plate, (H, W, 3) uint8 sRGB; the caller owns it.

    rgb: the camera's picture, (H, W, 3) uint8 sRGB, best with the cast's colours alone at its edges (spill.py). alpha:
    (H, W) uint8, 0 set to 255 cast. plate: as large as rgb. light: the plate's, where it is known; else it is guessed
    from the plate's pixels. following: what is known of the cast from the frames so far (`follow`), so that nothing
    pumps; without it this picture stands alone. behind: the plate's look (`plate_look`), where the caller keeps it;
    else it is that of this plate. scratch: memory of this size, for speed. Raises ValueError for pictures whose sizes
    differ. A function of its arguments alone, on any number of threads.
    """
    check_pictures(rgb, alpha, plate)
    height, width = alpha.shape
    size, small = (width, height), small_size(width, height)
    following = follow(None, rgb, alpha, 0.0) if following is None else following
    behind = plate_look(plate) if behind is None else behind
    scratch = scratch or Scratch(width, height)
    camera, there = following.look, behind.look
    graded = settings.match_set * following.there

    alpha = edged(alpha, settings)
    alpha_small = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    plate = _textured(plate, following.texture, behind.texture, settings, following.time_s)
    ground = cv2.LUT(plate, _grade(there, camera, graded), dst=scratch.ground)
    shade = shadow(alpha_small, following, settings.shadow)
    if shade is not None:
        lit = cv2.resize(cv2.merge([1 - shade] * 3), size, dst=scratch.field, interpolation=cv2.INTER_LINEAR)
        ground = cv2.multiply(ground, lit, dst=ground)

    left, top, wide, high = cv2.boundingRect(alpha)  # of the cast; elsewhere the ground stands
    if wide and high:
        part = slice(top, top + high), slice(left, left + wide)
        # Under a light that is known the cast is first brought to how it would look in white light.
        target = there if light is None else replace(there, exposure=_IN_WHITE_LIGHT, light=(1.0, 1.0, 1.0))
        cast: np.ndarray = cv2.LUT(rgb[part], _grade(camera, target, settings.match), dst=scratch.cast[part])
        if settings.relight > 0 or settings.light_wrap > 0:
            spill = behind.spill * _gain(there, camera, graded)
            shares = settings.relight, settings.light_wrap
            for field, use in zip(fields(alpha_small, spill, light or behind.light, *shares), _USES, strict=True):
                full = cv2.resize(field, size, dst=scratch.field, interpolation=cv2.INTER_LINEAR)
                cast = use(cast, full[part], dst=cast)
        share = np.multiply(alpha[part], np.float32(1 / 255), out=scratch.share[part])
        rest = np.subtract(1, share, out=scratch.rest[part])
        ground[part] = cv2.blendLinear(cast, ground[part], share, rest, dst=scratch.field[part])
    return np.asarray(cv2.convertScaleAbs(cv2.sqrt(ground, dst=ground), alpha=255))


_USES: tuple[Callable[..., np.ndarray], ...] = (cv2.multiply, cv2.add)


def edged(alpha: np.ndarray, settings: Settings) -> np.ndarray:
    """A matte (H, W) uint8 whose edge is softened by `feather` and moved by `choke`."""
    line = alpha.shape[0] / 100
    if settings.feather * line > 0.3:  # less moves no value
        alpha = cv2.GaussianBlur(alpha, (0, 0), settings.feather * line)
    if settings.choke != 0:
        lift = 0.8 * settings.choke  # of the ramp from set to cast, however wide it is
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


def _grade(camera: Look, target: Look, share: float) -> np.ndarray:
    """(256, 1, 3) float32: coded value to linear light, moved by this share towards the look of `target`."""
    stops = np.clip(np.log2(target.exposure / camera.exposure) * share, -_STOPS_DOWN, _STOPS_UP)
    gains = np.float32(2**stops) * _gain(camera, target, share)
    black = np.clip((target.black - camera.black) * share / 2, -_BLACK, _BLACK)
    coded = np.arange(256, dtype=np.float32)[:, None] / 255
    coded = (coded + (1 - coded) ** 2 * black).clip(0, 1)
    value = np.square(coded) * gains
    # Where it is raised, white stays white: x g / (1 + x (g - 1)) rises by g from black and meets 1 at 1.
    value = np.where(gains > 1, value / (1 + np.square(coded) * (gains - 1)), value)
    return value.astype(np.float32).reshape(256, 1, 3)


def _textured(plate: np.ndarray, camera: Texture, behind: Texture, settings: Settings, time_s: float) -> np.ndarray:
    """The plate as soft, and as noisy, as the camera's picture, by the shares of the settings."""
    lacking = camera.blur**2 - behind.blur**2
    sigma = settings.softness * float(np.sqrt(max(lacking, 0.0)))
    if sigma > 0.25:
        taps = 2 * int(np.ceil(2.2 * sigma)) + 1
        plate = cv2.GaussianBlur(plate, (taps, taps), sigma)
    noise = settings.grain * float(np.sqrt(max(camera.noise**2 - behind.noise**2, 0.0)))
    if noise >= 0.4:
        plate = _grained(plate, min(round(4 * noise), 48), time_s)
    return plate


@lru_cache(maxsize=1)
def _noise(width: int, height: int) -> np.ndarray:
    """A sheet of noise, (height, width, 3), for all strengths: grey for the most part, colour in the rest.

    Its standard deviation is 1 in each channel. Grey is made of the colours, with which it has a covariance of 1/√3.
    """
    noise = np.random.Generator(np.random.Philox(0)).standard_normal((height, width, 3), np.float32)
    noise = _GREY * noise.mean(2, keepdims=True) * np.sqrt(3) + _COLOUR * noise
    noise /= np.sqrt(_GREY**2 + _COLOUR**2 + 2 * _GREY * _COLOUR / np.sqrt(3))
    noise.flags.writeable = False
    return noise


@lru_cache(maxsize=4)
def _grain(quarters: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise of that many quarters of 1/255, as what to add and what to take away, (height, width, 3) uint8 each."""
    tile = np.rint(_noise(width, height) * (quarters / 4))
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
