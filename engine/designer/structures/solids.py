"""What buildings and rocks share: faces that are lit as they turn, stones in walls, carved rock, smoke."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.designer import textures
from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.shaders import shade, three

AFLOAT = ("water", "clouds", "lava", "seabed")
WINTRY = ("snow", "ice")
"""Grounds on which roofs and rocks are white above."""


def facing(pen: Pen, x: float, up: float = 0.0) -> float:
    """The key light's share, 0.03..1.1, on a face that looks to x, -1 left to 1 right, and up, 0 wall to 1 roof."""
    side, height = pen.light.key_from
    return min(max(0.42 + 0.52 * (x * side + up * max(height, 0.25)), 0.03), 1.1)


def face(
    pen: Pen, points: Sequence[Point], material: str | int, light: float, grain: float = 0.35, far: float = 0.0
) -> skia.Path:
    """Fill one flat face: a little darker towards its foot, with the grain of its material. Returns its outline."""
    path = pen.polygon(points)
    pen.fill(path, pen.colour(material, light * 1.08, far=far), pen.colour(material, light * 0.72, far=far))
    if grain:
        pen.texture(path, "grain", pen.colour(material, 0.0, far=far), scale=0.14, strength=grain)
    return path


def panel(
    pen: Pen,
    left: float,
    right: float,
    y: float,
    height: float,
    material: str | int,
    light: float,
    grain: float = 0.35,
    far: float = 0.0,
) -> skia.Path:
    """A rectangular face that stands on y. Returns its outline."""
    corners = [(left, y), (left, y - height), (right, y - height), (right, y)]
    return face(pen, corners, material, light, grain, far)


def shaded(pen: Pen, path: skia.Path, material: str | int, light: float, dim: float, far: float = 0.0) -> None:
    """Fill with a material from `light` above to `dim` below."""
    pen.fill(path, pen.colour(material, light, far=far), pen.colour(material, dim, far=far))


def tube(
    pen: Pen, x: float, y: float, low: float, high: float, height: float, material: str | int, grain: float = 0.3
) -> skia.Path:
    """A round shaft that stands on y, `low` wide at its foot and `high` at its head. Returns its outline."""
    path = pen.polygon([(x - low / 2, y), (x - high / 2, y - height), (x + high / 2, y - height), (x + low / 2, y)])
    pen.round(path, material)
    if grain:
        pen.texture(path, "grain", pen.colour(material, 0.0), scale=0.14, strength=grain)
    return path


def masonry(pen: Pen, path: skia.Path, material: str | int, row: float, count: int, alpha: float = 0.3) -> None:
    """Stones that stand out of a wall or are sunk in it, in rows of a height of `row`, inside the path."""
    bounds = path.getBounds()
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(path, True)
    rows = max(1, int(bounds.height() / row))
    for _ in range(count):
        y = bounds.bottom() - row * pen.random.randrange(rows)
        w = row * pen.random.uniform(1.2, 2.6)
        x = pen.random.uniform(bounds.left(), bounds.right())
        pen.fill(pen.box(x, y, w, row * 0.86), pen.colour(material, pen.random.choice((0.0, 0.12, 0.9)), alpha))
    canvas.restore()


def joints(pen: Pen, path: skia.Path, colour: int, step: float, width: float = 0.0012, upright: bool = False) -> None:
    """Even lines across a face, `step` apart: boards, courses, tiles."""
    bounds = path.getBounds()
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    if upright:
        for k in range(1, int(bounds.width() / step) + 1):
            x = bounds.left() + k * step
            pen.line((x, bounds.top()), (x, bounds.bottom()), colour, width)
    else:
        for k in range(1, int(bounds.height() / step) + 1):
            y = bounds.top() + k * step
            pen.line((bounds.left(), y), (bounds.right(), y), colour, width)
    pen.canvas.restore()


_ROCK = """
uniform shader puff, grain, streak;
uniform float2 at, light;
uniform float scale, strata, upright, cap, rough;
uniform half3 lit, dim, band, white;
float rise(float2 p) {
    float2 q = float2(p.x, p.y * upright) * (512.0 / scale) + at;
    float2 bent = q + float2(puff.eval(q * 0.6).a, puff.eval(q * 0.6 + 91.0).a) * 70.0;
    float ridge = 1.0 - abs(2.0 * puff.eval(bent * 1.3).a - 1.0);
    return ridge * 0.5 + puff.eval(bent * 3.1).a * 0.27 + grain.eval(q * 2.0).a * 0.23;
}
half4 main(float2 p) {
    float h = rise(p);
    float relief = (h - rise(p - light * scale * 0.035)) * 3.6 + (h - rise(p - light * scale * 0.09)) * 1.6;
    float share = clamp(rough + relief, 0.0, 1.0);
    half3 c = mix(dim, lit, half(share));
    float2 warped = float2(p.x * 0.25, p.y + (puff.eval(p * 300.0 + at).a - 0.5) * 0.02);
    float layers = streak.eval(float2(warped.x * 160.0, warped.y * 900.0) + at).a;
    c = mix(c, band * half(0.55 + 0.9 * share), half(strata * smoothstep(0.42, 0.62, layers)));
    c *= half(1.0 - 0.38 * strata * smoothstep(0.60, 0.70, streak.eval(float2(warped.x * 90.0, warped.y * 1500.0)).a));
    c = mix(c, white * half(0.72 + 0.28 * share), half(cap * smoothstep(0.50, 0.62, h + relief * 0.4)));
    return half4(clamp(c, half3(0), half3(1)), 1.0);
}
"""


def carve(
    pen: Pen,
    path: skia.Path,
    material: str | int,
    *,
    scale: float = 0.3,
    strata: float = 0.0,
    band: str | int = "sandstone",
    upright: float = 0.6,
    rough: float = 0.42,
    far: float = 0.0,
    bright: float = 1.1,
    dark: float = 0.0,
) -> None:
    """Fill with rock whose bumps, `scale` units large, are lit from the key light's side.

    strata: how much of the layers of `band` shows, 0..1; upright below 1 draws the bumps out downwards; white above on
    wintry grounds. rough: how bright the rock is on the whole, 0..1.
    """
    side, height = pen.light.key_from
    size = math.hypot(side, height) or 1.0
    colours: dict[str, tuple[str | int, float]] = {
        "lit": (material, bright),
        "dim": (material, dark),
        "band": (band, 0.8),
        "white": ("snow", 1.0),
    }
    shader = shade(
        _ROCK,
        {kind: textures.plain(kind, 0.6) for kind in ("puff", "grain", "streak")},
        at=(pen.random.random() * 512, pen.random.random() * 512),
        light=(-side / size, max(height, 0.3) / size),
        scale=scale,
        strata=strata,
        upright=upright,
        rough=rough,
        cap=0.95 if pen.ground in WINTRY else 0.0,
        **{name: three(pen.colour(of, light, far=far)) for name, (of, light) in colours.items()},
    )
    pen.canvas.drawPath(path, pen.paint(0xFFFFFFFF, Shader=shader))


def contact(pen: Pen, x: float, y: float, width: float, strength: float = 0.5) -> None:
    """The soft shadow of what stands on the ground at y, thrown away from the light."""
    dx = -pen.side * width * 0.16
    oval = skia.Path().addOval(skia.Rect(x - width / 2 + dx, y - width * 0.05, x + width / 2 + dx, y + width * 0.05))
    pen.soft(oval, pen.blend(pen.colour("black", 0.0, strength), 0xFF000000 & int(255 * strength) << 24, 0.4), 0.012)


def plume(
    pen: Pen,
    x: float,
    y: float,
    time_s: float,
    *,
    key: str = "smoke",
    height: float = 0.16,
    size: float = 0.05,
    count: int = 7,
    drift: float = 0.05,
    pace: float = 0.10,
    strength: float = 0.5,
    material: str | int = 0xB9B6B2,
) -> None:
    """Smoke that rises from (x, y), `height` units until it is gone, each puff `size` wide at last."""
    sprite = pen.sprite(key, 0.1, 0.1, lambda pen: _puff(pen, material))
    for k in range(count):
        t = (time_s * pace + k / count) % 1.0
        age = t**0.8
        turn = math.sin(k * 12.9 + time_s * 0.13) * 40
        px = x + drift * t * t - 0.012 * math.sin(t * 7 + k * 1.7 + time_s * 0.4) * t
        alpha = strength * min(t * 6, 1.0) * (1 - t) ** 0.9
        pen.stamp(sprite, px, y - height * age, (0.22 + 0.9 * t) * size / 0.07, alpha, turn)


def _puff(pen: Pen, material: str | int) -> None:
    for _ in range(9):
        a, r = pen.random.random() * math.tau, 0.019 * math.sqrt(pen.random.random())
        light = 0.5 + 0.45 * (math.cos(a) * pen.side - math.sin(a) * 0.6) * r / 0.019
        ball = skia.Path().addCircle(math.cos(a) * r, math.sin(a) * r, pen.random.uniform(0.009, 0.016))
        pen.soft(ball, pen.colour(material, light, 0.5), 0.007)


def moonshine(pen: Pen, top: float, strength: float) -> None:
    """Moonlit mist behind a row of trees by night, before which the next row stands out."""
    if pen.dark > 0.5 and pen.sky not in ("underwater", "indoors"):
        pen.mist(top, 0.10, strength, 0x6C8CC4)
