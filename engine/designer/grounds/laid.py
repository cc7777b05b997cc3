"""Grounds that are laid and built: stone, wood, marble, street, rooftop."""

from __future__ import annotations

from engine.designer.grounds import parts, roofs
from engine.designer.pen import Pen
from engine.designer.registry import ground


@ground(
    "stone",
    synonyms=(
        "flagstone",
        "courtyard",
        "cobble",
        "cobblestone",
        "pavement",
        "plaza",
        "square",
        "rock",
        "dungeon",
        "tile",
    ),
)
def stone(pen: Pen) -> None:
    """Worn flagstones, each in its own tone, with narrow joints."""
    parts.plane(
        pen,
        """
        float2 count = float2(0.80, 1.25);
        float row = floor(g.y * count.y);
        float u = g.x * count.x + 0.37 * mod(row, 2.0) + 0.21 * sin(row * 5.1);
        float bent = 1.0 + 0.506 * cos(u * 2.3 + row * 4.1);
        u += 0.22 * sin(u * 2.3 + row * 4.1);       // slabs of several widths
        float2 f = fract(float2(u, g.y * count.y)), id = float2(floor(u), row);
        float tone = fract(sin(dot(id, float2(12.9898, 78.233))) * 437.58);
        float hue = fract(sin(dot(id, float2(39.346, 11.135))) * 213.91) - 0.5;
        float m = grain.eval(g * 42.0 + at).a, n = puff.eval(g * 16.0 + at + id * 31.0).a;
        float seen = mix(0.5, tone, 0.3 + 0.7 * near);
        c = mix(dark, bright, half(cut(0.26 + 0.36 * seen + 0.24 * n + 0.34 * (m - 0.5) * near)));
        c *= half3(1.0) + half3(0.07, 0.01, -0.06) * half(hue);
        c = mix(c, dark * 0.7, half(0.7 * joint(f, float2(count.x * bent, count.y), z, 0.011)));
        """,
        "stone",
    )


@ground(
    "wood",
    reflects=0.13,
    synonyms=("plank", "floorboard", "parquet", "wooden floor", "boards", "deck", "pier", "jetty"),
)
def wood(pen: Pen) -> None:
    """Boards that run to the horizon."""
    parts.plane(
        pen,
        """
        float u = p.x / (y + 0.16) * 1.15;
        float board = floor(u * 2.6), fu = fract(u * 2.6);
        float tone = fract(sin(board * 91.7) * 437.58);
        float v = z * 0.55 + tone * 7.0, cross = fract(v * 0.42);
        float ring = streak.eval(float2(z * 60.0 + tone * 300.0, u * 330.0) + at).a;
        float fine = streak.eval(float2(z * 150.0 + tone * 90.0, u * 900.0)).a;
        c = mix(dark, bright, half(cut(0.10 + 0.38 * tone + 0.40 * ring + 0.22 * (fine - 0.5) * near)));
        float joint = smoothstep(0.0, 0.035 + 0.03 * (1.0 - d), min(fu, 1.0 - fu)) * smoothstep(0.0, 0.02, cross);
        c = mix(dark * 0.35, c, half(mix(0.7, joint, 0.35 + 0.65 * near)));
        """,
        "wood",
    )


@ground("marble", reflects=0.42, synonyms=("polished floor", "ballroom", "palace floor", "terrazzo", "checkered floor"))
def marble(pen: Pen) -> None:
    """Polished squares of two marbles."""
    parts.plane(
        pen,
        """
        float2 q = float2(p.x / (y + 0.16) * 1.3, 1.55 / (y + 0.16));
        float2 id = floor(q), f = fract(q);
        float odd = mod(id.x + id.y, 2.0);
        float2 turn = odd > 0.5 ? q.yx : q;
        float vein = crack.eval(turn * 150.0 + puff.eval(q * 70.0).a * 160.0 + at).a * 0.7;
        float soft = puff.eval(turn * 120.0 + at).a;
        half3 pale = mix(mid, bright, half(0.4 + 0.6 * soft)) - half3(0.20 * vein);
        half3 deep = mix(extra * 0.55, extra, half(soft)) + half3(0.22 * vein);
        c = mix(pale, deep, half(odd));
        float joint = smoothstep(0.0, 0.02, min(min(f.x, 1.0 - f.x), min(f.y, 1.0 - f.y)));
        c *= half(0.75 + 0.25 * joint);
        """,
        "marble",
        extra=0x55585F,
    )


@ground(
    "street",
    reflects=0.13,
    ripple=0.04,
    synonyms=("road", "alley", "asphalt", "avenue", "lane", "boulevard", "sidewalk", "town", "city"),
)
def street(pen: Pen) -> None:
    """Wet setts in courses, from side to side."""
    parts.plane(
        pen,
        """
        float2 count = float2(2.5, 3.7);
        float bend = 0.9 * (puff.eval(g * 3.0 + at).a - 0.5);
        float row = floor(g.y * count.y + bend);
        float u = g.x * count.x + 0.5 * mod(row, 2.0) + 0.3 * sin(row * 3.7);
        float bent = 1.0 + 0.434 * cos(u * 3.1 + row * 2.3);
        u += 0.14 * sin(u * 3.1 + row * 2.3);
        float2 f = fract(float2(u, g.y * count.y + bend)), id = float2(floor(u), row);
        float tone = fract(sin(dot(id, float2(12.9898, 78.233))) * 437.58);
        float n = puff.eval(g * 9.0 + at.yx).a, m = grain.eval(g * 60.0).a;
        float wet = smoothstep(0.40, 0.75, n);
        float2 away = abs(f - 0.5) * 2.0;
        float crown = 1.0 - 0.75 * pow(max(away.x, away.y), 3.0);  // worn round
        float seen = mix(0.5, tone, 0.15 + 0.85 * near);
        c = mix(dark, bright, half(cut(0.20 + 0.38 * seen + 0.16 * n + 0.26 * (m - 0.5) * near)
                                   * mix(0.8, crown, near)));
        c += (bright - mid) * half(0.5 * near * smoothstep(0.75, 0.1, away.y) * smoothstep(0.2, 0.5, f.y) * tone);
        c = mix(c, mix(c, far, 0.40), half(wet * crown));
        c = mix(c, dark * 0.6, half(0.75 * joint(f, float2(count.x * bent, count.y), z, 0.015)));
        """,
        0x6A6B72,
    )


@ground(
    "rooftop", synonyms=("roof", "terrace", "helipad", "roofs", "skyscraper roof"), implies={"structure": "skyline"}
)
def rooftop(pen: Pen) -> None:
    """A flat roof of slabs with its parapet, a stair head, a water tank, ducts and fans."""
    parts.plane(
        pen,
        """
        float2 count = float2(0.85, 1.0);
        float2 q = g * count, f = fract(q), id = floor(q);
        float tone = fract(sin(dot(id, float2(12.9898, 78.233))) * 437.58);
        float m = grain.eval(g * 50.0 + at).a, n = puff.eval(g * 14.0 + at).a;
        c = mix(dark, bright, half(cut(0.26 + 0.20 * mix(0.5, tone, near) + 0.30 * n + 0.30 * (m - 0.5) * near)));
        c = mix(c, dark * 0.9, half(0.4 * smoothstep(0.62, 0.86, puff.eval(g * 8.0 + at.yx).a)));
        c = mix(c, dark * 0.7, half(0.55 * joint(f, count, z, 0.010)));
        """,
        "concrete",
    )
    roofs.parapet(pen)
    roofs.stair_head(pen, -0.88, 0.15)
    roofs.fan(pen, -0.50, 0.085, 0.10, 0.052)
    roofs.pipes(pen, 0.27, 0.09)
    roofs.tank(pen, 0.54, 0.125)
    roofs.fan(pen, 0.84, 0.17, 0.17, 0.085)
    roofs.fan(pen, -1.32, 0.20, 0.2, 0.10)
