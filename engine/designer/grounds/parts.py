"""What grounds are made of: a plane in perspective, painted by a few lines of shader, its far edge even or bumpy."""

from __future__ import annotations

import math

import numpy as np

from engine.designer import textures
from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, Pen
from engine.designer.shaders import shade, three

_PLANE = """
uniform shader TILES;
uniform float2 at;
uniform half3 bright, mid, dark, far, extra;
uniform float side, k1, k2;
float cut(float a) { return clamp(a, 0.0, 1.0); }
// 0 on a stone to 1 in a joint, which is as wide as it is on the plane; count: stones a unit of g
float joint(float2 f, float2 count, float z, float wide) {
    float2 cell = float2(1.0 / (count.x * z), 1.0 / (count.y * 1.6 * z * z));  // units of the picture
    float2 thick = max(float2(wide / z, 0.8 * wide / (z * z)), float2(0.0012, 0.0009));
    float2 away = min(f, 1.0 - f) * cell;
    float2 line = 1.0 - smoothstep(0.4 * thick, 1.1 * thick, away);
    line *= smoothstep(float2(1.5), float2(7.0), cell / thick);               // far off they would only shimmer
    return max(line.x * smoothstep(1.5, 7.0, cell.y / thick.y), line.y);
}
half4 main(float2 p) {
    float y = max(p.y, 0.0);
    float d = clamp(y / 0.39, 0.0, 1.0);        // 0 at the horizon, 1 at the picture's edge
    float z = 1.0 / (y + 0.045);
    float2 g = float2(p.x * z, z * 1.6);        // the plane's own coordinates
    float near = smoothstep(0.0, 0.30, d);      // how much detail may show without shimmering
    half3 c = mid;
    BODY
    c = mix(far, c, half(smoothstep(0.0, 0.45, d) * 0.85 + 0.15));
    return half4(clamp(c, half3(0), half3(1)), 1.0);
}
"""


def plane(
    pen: Pen,
    body: str,
    material: str | int,
    *,
    extra: str | int | None = None,
    k1: float = 0.0,
    k2: float = 0.0,
    far: str | int | None = None,
) -> None:
    """Paint the ground by a shader's body that sets `c`, from y = 0 down, with a far edge as bumpy as the ground is.

    The body reads d, z, g, near (see the source), the noise tiles, and the colours bright, mid, dark and far.
    """
    kinds = [kind for kind in textures.KINDS if f"{kind}.eval" in body]  # a tile that is not needed is not made
    sun = 1 - 0.5 * pen.air.moonlit  # the moon grazes the ground
    colours = {
        "bright": pen.colour(material, sun),
        "mid": pen.colour(material, 0.6 * sun),
        "dark": pen.colour(material, 0.1),
        "far": pen.colour(far or material, 0.7 * sun, far=0.42),
        "extra": pen.colour(extra or material, 0.7),
    }
    shader = shade(
        _PLANE.replace("TILES", ", ".join(kinds)).replace("BODY", body),
        {kind: textures.plain(kind, 0.25 if kind == "grain" else 0.6) for kind in kinds},
        at=(pen.random.random() * 512, pen.random.random() * 512),
        side=pen.side,
        k1=k1,
        k2=k2,
        **{name: three(colour) for name, colour in colours.items()},
    )
    pen.canvas.drawPath(edge(pen), pen.paint(0xFFFFFFFF, Shader=shader))


def edge(pen: Pen) -> skia.Path:
    """The ground's outline."""
    if not pen.rough:
        return skia.Path().addRect(skia.Rect(-REACH, 0, REACH, BOTTOM))
    return pen.hill(pen.ridge(-0.2 * pen.rough, pen.rough, waves=0.9, rough=0.3))


def scatter(pen: Pen, count: int, key: int = 0, top: float = 0.004) -> np.ndarray:
    """(count, 3): x, y and size of things strewn evenly over the plane, in perspective, far ones first.

    The size is 0 at the horizon and 1 at the picture's lower edge.
    """
    chance = pen.numbers(count, 3, key)
    near, far = 1 / (BOTTOM + 0.045), 1 / (top + 0.045)
    z = near + (far - near) * chance[:, 1] ** 1.3
    y = 1 / z - 0.045
    x = (chance[:, 0] * 2 - 1) * REACH
    rows = np.stack([x, y, y / BOTTOM], 1)
    return rows[np.argsort(y, kind="stable")]


def blades(pen: Pen, material: str | int, count: int, height: float, key: int = 5) -> None:
    """Tufts of grass, larger near by, each a short line that leans."""
    rows = scatter(pen, count, key)
    tones = 6
    for band in np.array_split(rows, 16):
        size = float(band[:, 2].mean())
        for tone in range(tones):
            some = band[tone::tones]
            lean = (tone - 2.5) * 0.25 * height * size
            colour = pen.colour(material, (0.1, 0.8, 0.35, 0.6, 0.2, 1.0)[tone], 0.6, far=0.4 * (1 - size) ** 3)
            pen.dashes(some[:, :2], lean, -height * size * (0.7 + 0.1 * tone), colour, max(0.0030 * size, 0.0008))


def stones(pen: Pen, material: str | int, count: int, size: float, key: int = 6, top: float = 0.02) -> None:
    """Stones that lie about, lit on one side, with their shadows."""
    for x, y, near in scatter(pen, count, key, top).tolist():
        r = size * near * pen.random.uniform(0.4, 1.3)
        shadow = skia.Path().addOval(
            skia.Rect(x - r * 1.1 - pen.side * r * 0.5, y - r * 0.12, x + r * 1.1 - pen.side * r * 0.5, y + r * 0.3)
        )
        pen.fill(shadow, pen.blend(pen.colour(material, 0.0, 0.55), 0x55000000, 0.5))
        points = [
            (
                x + r * math.cos(a) * pen.random.uniform(0.8, 1.1),
                y - r * 0.12 + 0.55 * r * math.sin(a) * pen.random.uniform(0.8, 1.1),
            )
            for a in [k * math.tau / 7 for k in range(7)]
        ]
        stone = pen.curve(points, close=True)
        lit, dim = pen.colour(material, 1.0), pen.colour(material, 0.1)
        pen.fill_between(stone, (x + pen.side * r, y - r * 0.6), (x - pen.side * r * 0.6, y + r * 0.5), lit, dim)
