"""Smoke: columns that rise from the ground at both sides, and the billows of which smoke and spray are made."""

from __future__ import annotations

import math

from engine.designer import textures
from engine.designer.pen import Pen
from engine.designer.registry import moving_thing
from engine.designer.shaders import shade, three
from engine.designer.sprites import Sprite

_BILLOW = """
uniform shader puff, grain;
uniform float2 at, light;
uniform float radius, soft;
uniform half3 lit, dim;
float lumps(float2 p) {
    float2 q = p * (125.0 / radius) + at;
    float2 bent = q + 26.0 * float2(puff.eval(q * 0.7 + 90.0).a, puff.eval(q * 0.7 + 240.0).a);
    float large = abs(2.0 * puff.eval(bent).a - 1.0), small = abs(2.0 * puff.eval(bent * 2.3 + 50.0).a - 1.0);
    return large * 0.58 + small * 0.30 + grain.eval(q * 1.5).a * 0.12;
}
float rise(float2 p) {
    float r = length(p) / radius;
    return sqrt(max(1.0 - r * r, 0.0)) * 1.1 + lumps(p) * 0.9;
}
half4 main(float2 p) {
    float r = length(p) / radius;
    float body = smoothstep(1.0, 1.0 - soft, r + 0.55 * (0.62 - lumps(p)));
    float edge = smoothstep(1.0, 0.8, r);
    float h = rise(p);
    float relief = (h - rise(p + light * radius * 0.10)) * 1.5 + (h - rise(p + light * radius * 0.32)) * 0.8;
    half3 c = mix(dim, lit, half(clamp(0.45 + relief * 0.62, 0.0, 1.0)));
    half a = half(body * edge);
    return half4(c * a, a);
}
"""
SOURCES = (-0.80, 0.46)
"""x of the places where the ground smokes, at both sides of the landmark."""
PUFFS = 16
"""Of a column."""
STEPS = 24
"""Sizes of a puff from its first to its last."""


@moving_thing("smoke", synonyms=("steam", "fumes", "vapour", "vapor", "smog"), layer="front")
def smoke(pen: Pen, time_s: float) -> None:
    """Columns of billowing smoke at both sides: dense and dark at the ground, wide, pale and torn above."""
    for side, source in enumerate(SOURCES):
        puffs = []
        for k, (a, b, c) in enumerate(pen.numbers(PUFFS, 3, 1 + side).tolist()):
            share = ((k + 0.8 * b) / PUFFS + 0.030 * time_s) % 1.0
            puffs.append((share, a, c, k))
        for share, a, c, k in sorted(puffs, reverse=True):  # all rise at one pace: none passes another with a jump
            sway = 0.018 * math.sin(time_s * 0.5 - 5.0 * share + 2 * side)
            x = source + 0.20 * share**1.3 + sway + (a - 0.5) * (0.035 + 0.16 * share)
            y = 0.125 - 0.74 * share**0.85
            light = min(share / 0.05, 1.0) * min(1.0, (1 - share) / 0.65) ** 0.8
            pen.stamp(
                puff(pen, min(int((share + 0.06 * c) * STEPS), STEPS - 1), k % 3), x, y, 1.0, 0.92 * light, whole=True
            )


def puff(pen: Pen, step: int, shape: int) -> Sprite:
    """A puff of an age of 0 to STEPS - 1, ready in its size: larger, paler and torn as it grows older."""
    age = step / (STEPS - 1)
    radius = 0.19 * (0.22 + 0.80 * age**0.8)

    def draw(pen: Pen) -> None:
        lit = pen.blend(pen.colour("concrete", 0.85), pen.colour("cloud", 0.6), age)
        dim = pen.blend(pen.colour("dark stone", 0.0), pen.colour("concrete", 0.08), age)
        billow(pen, lit, dim, radius, 0.45 + 0.4 * age, (230.0 * shape, 90.0))

    return pen.sprite(f"puff {step} {shape}", 2 * radius, 2 * radius, draw, 0.6)


def billow(pen: Pen, lit: int, dim: int, radius: float, soft: float, at: tuple[float, float]) -> None:
    """A lumpy ball about (0, 0) in its lit and its shaded colour; soft: 0 hard to 1 all wisps; at: which lumps."""
    x, y = pen.light.key_from[0], max(pen.light.key_from[1], 0.35)
    size = math.hypot(x, y)
    shader = shade(
        _BILLOW,
        {kind: textures.plain(kind, 0.6) for kind in ("puff", "grain")},
        at=at,
        light=(x / size, -y / size),
        radius=radius,
        soft=soft,
        lit=three(lit),
        dim=three(dim),
    )
    pen.canvas.drawCircle(0, 0, radius, pen.paint(0xFFFFFFFF, Shader=shader))
