"""What colour a thing has in the light, the air and the mood of a place.

A drawing names a material ("stone") and how much of the key light falls on it (0 in shadow, 1 facing it); from that the
same drawing is grey stone by day and a blue silhouette by night. Lit in linear light, given as sRGB 0..1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from engine.compositing.types import RGB, Light

MATERIALS: dict[str, int] = {
    "stone": 0x9A948C,
    "dark stone": 0x5E5A58,
    "sandstone": 0xC9A878,
    "marble": 0xDDD8D0,
    "brick": 0x96533F,
    "plaster": 0xD9CDB8,
    "concrete": 0x8B8D91,
    "wood": 0x7A5234,
    "dark wood": 0x4A2F20,
    "thatch": 0xA6854A,
    "roof": 0x8A4636,
    "slate": 0x4B5563,
    "metal": 0x8D98A3,
    "dark metal": 0x39424D,
    "gold": 0xD9A63A,
    "bronze": 0x8F6A3A,
    "glass": 0x7FA6B8,
    "cloth": 0xB03A3A,
    "velvet": 0x6E1423,
    "rope": 0xB79B6B,
    "grass": 0x5E8A3A,
    "moss": 0x55683A,
    "leaf": 0x3F7034,
    "pine": 0x24493A,
    "autumn": 0xC4702A,
    "blossom": 0xF0B7C6,
    "bark": 0x4C3A2C,
    "palm": 0x4E8438,
    "earth": 0x6A4E36,
    "mud": 0x55402E,
    "sand": 0xE6C08C,
    "desert": 0xC98B54,
    "red rock": 0xA9573A,
    "rock": 0x6F6A66,
    "snow": 0xF2F6FA,
    "ice": 0xC4E2EE,
    "water": 0x2F6F86,
    "deep water": 0x123B52,
    "cloud": 0xFFFFFF,
    "moondust": 0x9C9A97,
    "coral": 0xD8735E,
    "paper": 0xE8DCC0,
    "leather": 0x7A4A2E,
    "black": 0x15161A,
    "white": 0xF5F3EE,
}
"""Colours of things by day under white light, 0xRRGGBB."""


@dataclass(frozen=True)
class Air:
    """What a sky does to everything beneath it. Colours are sRGB, 0xRRGGBB; the light is linear, see `Light`."""

    top: int
    """The zenith."""
    middle: int
    low: int
    """The horizon."""
    haze: int
    """What distant things fade to."""
    light: Light
    dark: float = 0.0
    """0 broad day to 1 night: from 0.35 on, windows are lit and lamps burn."""
    mist: float = 0.5
    """How soon distant things fade: 0 vacuum, 0.5 a clear day, 1 thick fog."""
    moonlit: float = 0.0
    """How far colours turn to blue greys, as the eye sees them by moonlight (Purkinje's shift), 0..1."""
    stars: float = 0.0
    """How many stars show, 0..1."""


def split(code: int) -> RGB:
    """0xRRGGBB as sRGB numbers 0..1."""
    return ((code >> 16) & 255) / 255, ((code >> 8) & 255) / 255, (code & 255) / 255


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` at share 0, `b` at share 1, evenly between, component by component."""
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share


def to_linear(colour: RGB) -> RGB:
    """sRGB 0..1 to linear light 0..1 (IEC 61966-2-1)."""
    r, g, b = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in colour)
    return r, g, b


def to_srgb(colour: RGB) -> RGB:
    """Linear light to sRGB 0..1, clipped (IEC 61966-2-1)."""
    clipped = (min(max(c, 0.0), 1.0) for c in colour)
    r, g, b = ((c * 12.92 if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055) for c in clipped)
    return r, g, b


def _luma(c: RGB) -> float:
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]


def _saturated(c: RGB, by: float) -> RGB:
    return mix((_luma(c),) * 3, c, by)


def _contrasted(c: RGB, by: float, around: float = 0.45) -> RGB:
    return around + (c[0] - around) * by, around + (c[1] - around) * by, around + (c[2] - around) * by


def _times(c: RGB, by: RGB) -> RGB:
    return c[0] * by[0], c[1] * by[1], c[2] * by[2]


def _eerie(c: RGB) -> RGB:
    return mix(_times(_saturated(c, 0.45), (0.80, 1.02, 0.78)), (0.10, 0.20, 0.12), 0.18)


def _neon(c: RGB) -> RGB:
    lit = _saturated(_contrasted(c, 1.15, 0.4), 1.5)
    violet = (lit[0] * 1.15 + 0.07, lit[1] * 0.72 - 0.01, lit[2] * 1.12 + 0.08)
    return mix(violet, lit, 0.55 * _luma(c))


def _noir(c: RGB) -> RGB:
    grey = _contrasted((_luma(c),) * 3, 1.35, 0.42)
    return _times(grey, (0.99, 1.0, 1.02))


MOODS: dict[str, Callable[[RGB], RGB]] = {
    "warm": lambda c: _times(_saturated(c, 1.08), (1.10, 0.99, 0.82)),
    "cold": lambda c: _times(_saturated(c, 0.85), (0.82, 0.97, 1.14)),
    "golden": lambda c: mix(_times(_saturated(_contrasted(c, 1.06), 0.6), (1.22, 0.97, 0.62)), (1.0, 0.66, 0.22), 0.12),
    "eerie": _eerie,
    "pastel": lambda c: mix(_saturated(c, 0.75), (0.98, 0.92, 0.94), 0.34),
    "neon": _neon,
    "noir": _noir,
}
"""The palettes by name: each is one function over every colour of the place, sRGB to sRGB, the light's included."""


def graded(colour: RGB, palette: str | None) -> RGB:
    """The colour in a palette, sRGB 0..1, clipped; None leaves it."""
    r, g, b = MOODS[palette](colour) if palette else colour
    return min(max(r, 0.0), 1.0), min(max(g, 0.0), 1.0), min(max(b, 0.0), 1.0)


def graded_light(light: Light, palette: str | None) -> Light:
    """The light in a palette: what colours the place colours the cast."""
    if palette is None:
        return light

    def through(colour: RGB) -> RGB:
        strength = max(*colour, 1e-6)
        hue = to_srgb((colour[0] / strength, colour[1] / strength, colour[2] / strength))
        r, g, b = to_linear(graded(hue, palette))
        return r * strength, g * strength, b * strength

    return Light(through(light.key), light.key_from, through(light.ambient), light.rim)


@lru_cache(maxsize=4096)
def lit(material: str | int, air: Air, palette: str | None, light: float, distance: float) -> RGB:
    """A material in the light and the air of a place, sRGB 0..1.

    light: share of the key light that falls on it, 0 shadow to 1 facing it. distance: 0 near to 1 the horizon.
    """
    local = to_linear(split(MATERIALS[material] if isinstance(material, str) else material))
    key, ambient = air.light.key, air.light.ambient
    r, g, b = (c * (a * 0.52 + k * 1.08 * light) for c, a, k in zip(local, ambient, key, strict=True))
    colour = to_srgb((r, g, b))
    if air.moonlit:
        grey = _luma(colour)
        colour = mix(colour, (0.62 * grey, 0.86 * grey, 1.32 * grey), air.moonlit)
    fade = 1 - (1 - min(distance, 1.0)) ** (0.25 + 1.7 * air.mist) if distance > 0 else 0.0
    return graded(mix(colour, split(air.haze), fade * 0.9), palette)
