"""Bare earth and dust: moondust, mud."""

from __future__ import annotations

from engine.designer.grounds import parts
from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import ground


@ground(
    "moondust",
    rough=0.016,
    synonyms=("moon surface", "lunar", "crater", "asteroid", "mars", "regolith", "dust"),
    implies={"sky": "stars"},
)
def moondust(pen: Pen) -> None:
    """Grey dust, craters, sharp shadows."""
    hills = pen.hill(pen.ridge(-0.02, 0.04, waves=0.6, rough=0.35))
    pen.fill_between(hills, (0, -0.06), (0, 0.06), pen.colour("moondust", 0.8), pen.colour("moondust", 0.3))
    parts.plane(
        pen,
        """
        float m = grain.eval(g * 46.0 + at).a, n = puff.eval(g * 12.0 + at).a, pits = cell.eval(g * 30.0 + at).a;
        c = mix(dark, bright, half(cut(0.30 + 0.42 * n + 0.42 * (m - 0.5) * (0.3 + near)
                                       - 0.12 * (1.0 - pits) * near)));
        """,
        "moondust",
    )
    for x, y, near in parts.scatter(pen, 110, 4, top=0.012).tolist():
        r = 0.17 * near * pen.random.random() ** 3.0 + 0.012 * near + 0.003
        crater(pen, x, y, r)
    parts.stones(pen, "moondust", 40, 0.014)


def crater(pen: Pen, x: float, y: float, r: float) -> None:
    """A bowl seen flat: its lit wall, its shadow, its bright rim."""
    flat = 0.30
    bowl = skia.Path().addOval(skia.Rect(x - r, y - r * flat, x + r, y + r * flat))
    lit, dim = pen.colour("moondust", 1.15), pen.colour("moondust", 0.0)
    pen.fill_between(bowl, (x + pen.side * r, y), (x - pen.side * r, y), dim, dim, lit)
    rim = skia.Path().addArc(skia.Rect(x - r, y - r * flat, x + r, y + r * flat), 0, 180)
    pen.stroke(rim, pen.colour("moondust", 1.1, 0.8), r * 0.09)


@ground(
    "mud",
    rough=0.014,
    reflects=0.10,
    ripple=0.1,
    synonyms=(
        "swamp",
        "marsh",
        "battlefield",
        "dirt",
        "earth",
        "soil",
        "bog",
        "trench",
        "farmland",
        "jungle floor",
        "forest floor",
    ),
)
def mud(pen: Pen) -> None:
    """Churned earth with puddles that hold the sky."""
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 15.0 + at).a, m = grain.eval(g * 44.0 + at).a;
        float ruts = streak.eval(float2(g.y * 26.0, g.x * 40.0)).a;
        float lump = cell.eval(g * 34.0 + m * 30.0).a;
        c = mix(dark, bright, half(cut(0.16 + 0.40 * n + 0.42 * (m - 0.5) * (0.4 + near)
                                       + 0.20 * (lump - 0.5) * near + 0.15 * ruts)));
        float pool = smoothstep(0.60, 0.66, puff.eval(g * float2(9.0, 16.0) + at.yx).a - 0.10 * (1.0 - d));
        c = mix(c, dark * 0.5, half(0.7 * smoothstep(0.53, 0.62, puff.eval(g * float2(9.0, 16.0) + at.yx).a)));
        c = mix(c, mix(far, extra, half(0.5)), half(pool * 0.85));
        """,
        "mud",
        extra=pen.air.low,
    )
    parts.blades(pen, "moss", 420, 0.045)
    parts.stones(pen, "rock", 26, 0.014)
