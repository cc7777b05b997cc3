"""What skies are made of: gradients, the sun and the moon, stars, and clouds that are lit from one side."""

from __future__ import annotations

import math

import numpy as np

from engine.designer import textures
from engine.designer.colours import graded, split
from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen, pack
from engine.designer.shaders import shade
from engine.designer.sprites import Sprite

_CLOUDS = """
uniform shader base, fine;
uniform float cover, soft, height, scale, stretch, billow;
uniform float2 light, at;
uniform half4 bright, dull, dark;
float lumps(float2 p) {
    float2 q = float2(p.x / stretch, p.y) * (512.0 / scale) + at;
    float lump = 1.0 - abs(2.0 * base.eval(q * 3.0 + 171.0).a - 1.0);
    float curl = 1.0 - abs(2.0 * base.eval(q * 7.0).a - 1.0);
    return base.eval(q).a * (1.0 - billow) + (lump * 0.62 + curl * 0.38) * billow + (fine.eval(q * 3.0).a - 0.5) * 0.10;
}
float density(float2 p, float n) {
    return smoothstep(cover, cover + soft, n - 0.55 * smoothstep(0.45, 1.0, abs(p.y) / height * 2.0));
}
half4 main(float2 p) {
    float n = lumps(p), d = density(p, n);
    if (d <= 0.002) return half4(0);
    float2 a = p + light * 0.014, b = p + light * 0.06;
    float na = lumps(a), nb = lumps(b);
    float thick = density(a, na) * 0.55 + density(b, nb) * 0.45;
    float relief = (n - na) * 2.0 + (n - nb) * 0.9;
    float sun = clamp(0.92 - thick * 0.72 + (1.0 - d) * 0.35 + relief, 0.0, 1.0);
    half4 c = mix(dark, dull, half(smoothstep(0.0, 0.5, sun)));
    c = mix(c, bright, half(smoothstep(0.4, 0.95, sun)));
    float alpha = d * float(bright.a);
    return half4(c.rgb * half(alpha), half(alpha));
}
"""


def own(pen: Pen, code: int, alpha: float = 1.0) -> int:
    """A sky's own colour, 0xRRGGBB, in the palette alone."""
    return pack(graded(split(code), pen.palette), alpha)


def gradient(pen: Pen, stops: tuple[tuple[float, int], ...] | None = None) -> None:
    """The air's colours from the zenith to the horizon, or (y, 0xRRGGBB) from above; below the horizon the last."""
    air = pen.air
    stops = stops or ((TOP, air.top), (-0.30, air.middle), (-0.02, air.low), (BOTTOM, air.low))
    colours = [own(pen, code) for _, code in stops]
    span = BOTTOM - TOP
    shader = skia.GradientShader.MakeLinear(
        [skia.Point(0, TOP), skia.Point(0, BOTTOM)], colours, [min(max((y - TOP) / span, 0.0), 1.0) for y, _ in stops]
    )
    pen.canvas.drawRect(skia.Rect(-REACH, TOP, REACH, BOTTOM), pen.paint(0xFFFFFFFF, Shader=shader))


def sun(pen: Pen, x: float, y: float, radius: float, disc: int, halo: int, strength: float = 0.8) -> None:
    """A sun with a wide halo, added to the sky."""
    pen.glow(x, y, radius * 22, halo, strength * 0.55)
    pen.glow(x, y, radius * 7, halo, strength * 0.6)
    pen.soft(skia.Path().addCircle(x, y, radius), own(pen, disc), radius * 0.05)
    pen.glow(x, y, radius * 2.6, disc, strength)


def moon(pen: Pen, x: float, y: float, radius: float) -> None:
    """A full moon with its seas, and its halo."""
    pen.glow(x, y, radius * 9, 0x8FA8E0, 0.34)
    pen.glow(x, y, radius * 2.6, 0xD8E2FF, 0.42)
    disc = skia.Path().addCircle(x, y, radius)
    pen.fill_between(disc, (x - radius, y - radius), (x + radius, y + radius), own(pen, 0xFFFDF2), own(pen, 0xCDD3DE))
    pen.canvas.save()
    pen.canvas.clipPath(disc, True)
    for dx, dy, r in (
        (-0.35, -0.3, 0.34),
        (0.18, -0.42, 0.22),
        (-0.1, 0.12, 0.3),
        (0.42, 0.1, 0.2),
        (-0.45, 0.4, 0.16),
    ):
        sea = skia.Path().addCircle(x + dx * radius, y + dy * radius, r * radius)
        pen.soft(sea, own(pen, 0x8C93A6, 0.42), radius * 0.10)
    pen.texture(disc, "grain", own(pen, 0x7C8398), scale=radius * 3, strength=0.22)
    pen.canvas.restore()


def stars(pen: Pen, count: int, bottom: float = -0.03, strength: float = 1.0, key: int = 1) -> None:
    """Stars of four magnitudes, fewer and fainter towards the horizon."""
    chance = pen.numbers(count, 3, key)
    x = (chance[:, 0] * 2 - 1) * REACH
    y = TOP + (bottom - TOP) * chance[:, 1] ** 1.25
    for low, high, radius, alpha in (
        (0, 0.6, 0.0006, 0.45),
        (0.6, 0.88, 0.0009, 0.7),
        (0.88, 0.975, 0.0013, 0.9),
        (0.975, 1, 0.0019, 1),
    ):
        chosen = (chance[:, 2] >= low) & (chance[:, 2] < high)
        for tint, part in ((0xFFFFFF, 0), (0xCFDCFF, 1), (0xFFE9CF, 2)):
            some = chosen & (np.arange(count) % 3 == part)
            if some.any():
                pen.dots(np.stack([x, y], 1)[some], radius, own(pen, tint, alpha * strength))
    for i in np.flatnonzero(chance[:, 2] > 0.985):
        pen.glow(float(x[i]), float(y[i]), 0.011, 0xBFD2FF, 0.5 * strength)


def twinkle(pen: Pen, time_s: float, count: int = 14, bottom: float = -0.12, key: int = 2) -> None:
    """A few stars that flare up and fade."""
    chance = pen.numbers(count, 4, key)
    sprite = pen.sprite("star", 0.03, 0.03, _flare)
    for cx, cy, phase, pace in chance.tolist():
        strength = max(math.sin(time_s * (0.6 + 1.2 * pace) + phase * 6.28), 0.0) ** 3
        if strength > 0.05:
            pen.stamp(sprite, (cx * 2 - 1) * 1.2, TOP + (bottom - TOP) * cy, alpha=strength)


def _flare(pen: Pen) -> None:
    pen.glow(0, 0, 0.013, 0xDCE6FF, 0.7)
    for dx, dy in ((0.012, 0), (0, 0.012)):
        pen.line((-dx, -dy), (dx, dy), own(pen, 0xFFFFFF, 0.5), 0.0008)
    pen.circle(0, 0, 0.0014, own(pen, 0xFFFFFF))


def clouds(
    pen: Pen,
    key: str,
    *,
    height: float,
    tile: float,
    stretch: float = 1.6,
    cover: float = 0.5,
    soft: float = 0.3,
    bright: int = 0xFFFFFF,
    dull: int = 0xD5DEE8,
    dark: int = 0x9FB0C4,
    alpha: float = 1.0,
    billow: float = 0.25,
    lit: bool = False,
    detail: float = 0.5,
) -> Sprite:
    """A band of clouds `height` units high that repeats sideways after `tile` x `stretch` units; see `Pen.roll`.

    cover: 0 all clouds to 1 none; billow: 0 sheets to 0.5 heaps; the three colours are those of its
    sunny, common and shady sides, each 0xRRGGBB as a sky's own, or with lit=True as the pen's light has made it.
    """

    def draw(pen: Pen) -> None:
        children = {"base": textures.plain("puff"), "fine": textures.plain("grain")}
        a, b, c = (
            _four(int(255 * alpha) << 24 | code if lit else own(pen, code, alpha)) for code in (bright, dull, dark)
        )
        up = pen.light.key_from
        size = math.hypot(*up) or 1.0
        shader = shade(
            _CLOUDS, children, cover=cover, soft=soft, billow=billow, height=height, scale=tile, stretch=stretch,
            light=(up[0] / size, -max(up[1], 0.25) / size), at=(pen.random.random() * 512, pen.random.random() * 512),
            bright=a, dull=b, dark=c,
        )  # fmt: skip
        area = skia.Rect(-tile * stretch / 2, -height / 2, tile * stretch / 2, height / 2)
        pen.canvas.drawRect(area, skia.Paint(Shader=shader, Dither=True))

    return pen.sprite(key, tile * stretch, height, draw, detail)


def _four(code: int) -> tuple[float, float, float, float]:
    return ((code >> 16) & 255) / 255, ((code >> 8) & 255) / 255, (code & 255) / 255, (code >> 24) / 255
