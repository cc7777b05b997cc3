"""Grounds one walks on: grass, sand, stone, wood, marble, street, rooftop, moondust, mud."""

from __future__ import annotations

from engine.designer.grounds import parts
from engine.designer.library import skia
from engine.designer.pen import REACH, Pen
from engine.designer.registry import ground


@ground(
    "grass",
    rough=0.012,
    synonyms=(
        "meadow",
        "lawn",
        "field",
        "hill",
        "prairie",
        "pasture",
        "hillside",
        "countryside",
        "steppe",
        "savanna",
        "park",
    ),
)
def grass(pen: Pen) -> None:
    """A meadow with tufts and a few flowers."""
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 26.0 + at).a, m = grain.eval(g * 34.0 + at).a;
        float w = streak.eval(g * float2(9.0, 60.0) + at).a;
        c = mix(dark, bright, half(cut(0.12 + 0.62 * n + 0.34 * (m - 0.5) * near + 0.25 * (w - 0.5))));
        c = mix(c, extra, half(0.5 * smoothstep(0.5, 0.9, puff.eval(g * 11.0 + at.yx).a)));
        """,
        "grass",
        extra="moss",
    )
    parts.blades(pen, "grass", 15000, 0.040)
    for tint, key in ((0xF3EFE0, 11), (0xE7C34A, 12), (0xB98AD0, 13)):
        rows = parts.scatter(pen, 70, key, top=0.03)
        for x, y, near in rows.tolist():
            pen.circle(x, y - 0.02 * near, 0.0042 * near, pen.colour(tint, 0.8, 0.85))


@ground(
    "sand",
    rough=0.02,
    synonyms=("beach", "desert", "dune", "shore", "sahara", "seaside", "coast"),
    implies={"sky": "day"},
)
def sand(pen: Pen) -> None:
    """Wind ripples between dunes."""
    far = pen.hill(pen.ridge(-0.016, 0.034, waves=0.5, rough=0.0))
    pen.fill_between(far, (0, -0.05), (0, 0.08), pen.colour("sand", 0.95, far=0.35), pen.colour("sand", 0.45, far=0.2))
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 14.0 + at).a, fine = grain.eval(g * 60.0 + at).a;
        float warp = puff.eval(g * 30.0 + at.yx).a * 7.0 + n * 5.0;
        float wave = sin(g.y * 9.0 + g.x * 1.6 + warp);
        float swell = puff.eval(g * 7.0 + at.yx).a;
        c = mix(dark, bright, half(cut(0.40 + 0.42 * swell + 0.11 * wave * near + 0.16 * (fine - 0.5) * near)));
        """,
        "sand",
    )
    pen.dots(parts.scatter(pen, 900, 3)[:, :2], 0.0009, pen.colour("sand", 1.2, 0.6))
    parts.stones(pen, "rock", 16, 0.016)


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
    """Worn flagstones."""
    parts.plane(
        pen,
        """
        float row = floor(g.y * 0.9);
        float2 cellp = float2(g.x * 0.62 + 0.37 * mod(row, 2.0) + 0.13 * sin(row * 5.1), g.y * 0.9);
        float2 f = fract(cellp), id = floor(cellp);
        float tone = fract(sin(dot(id, float2(12.9898, 78.233))) * 437.58);
        float edge = min(min(f.x, 1.0 - f.x) * 1.45, min(f.y, 1.0 - f.y));
        float joint = smoothstep(0.0, 0.055 + 0.05 * (1.0 - d), edge);
        float m = grain.eval(g * 42.0 + at).a, n = puff.eval(g * 16.0 + at).a;
        c = mix(dark, bright, half(cut(0.22 + 0.3 * tone + 0.3 * n + 0.36 * (m - 0.5) * near)));
        c = mix(c, dark * 0.55, half((1.0 - joint) * (0.35 + 0.5 * near)));
        c += (bright - mid) * half(0.5 * smoothstep(0.10, 0.05, f.y) * joint * near);
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
    reflects=0.20,
    ripple=0.10,
    synonyms=("road", "alley", "asphalt", "avenue", "lane", "boulevard", "sidewalk", "town", "city"),
)
def street(pen: Pen) -> None:
    """Wet setts between two kerbs."""
    parts.plane(
        pen,
        """
        float lane = abs(p.x) / (y + 0.055);
        float2 q = float2(p.x / (y + 0.055) * 260.0, z * 190.0) + at;
        float sett = cell.eval(q).a, joint = mix(0.45, 1.0, smoothstep(0.05, 0.45, sett));
        float n = puff.eval(g * 18.0 + at).a, m = grain.eval(g * 30.0).a;
        float wet = smoothstep(0.42, 0.72, n);
        float tone = puff.eval(q * 0.9 + 60.0).a;
        c = mix(dark * 0.7, bright, half(cut((0.16 + 0.42 * tone + 0.24 * (m - 0.5))
                                       * mix(0.75, joint, 0.25 + 0.75 * near))));
        c += (bright - mid) * half(0.5 * smoothstep(0.5, 0.95, sett) * near);
        c = mix(c, mix(c, far, 0.45), half(wet * joint));
        float walk = smoothstep(4.55, 4.62, lane);
        float2 slab = fract(float2(lane * 0.8, z * 0.62));
        float seam = smoothstep(0.0, 0.05, min(slab.x, slab.y));
        half3 pave = mix(mid, bright, half(cut(0.40 + 0.5 * (m - 0.5) + 0.3 * n))) * half(0.72 + 0.28 * seam);
        c = mix(c, pave, half(walk));
        c = mix(c, bright * 1.05, half(smoothstep(4.45, 4.5, lane) * (1.0 - smoothstep(4.62, 4.67, lane)) * 0.8));
        c = mix(c, dark * 0.5, half(smoothstep(4.32, 4.42, lane) * (1.0 - smoothstep(4.45, 4.48, lane)) * 0.7));
        """,
        0x5F6068,
    )


@ground(
    "rooftop", synonyms=("roof", "terrace", "helipad", "roofs", "skyscraper roof"), implies={"structure": "skyline"}
)
def rooftop(pen: Pen) -> None:
    """A flat roof with its parapet, vents and cables."""
    parts.plane(
        pen,
        """
        float m = grain.eval(g * 50.0 + at).a, n = puff.eval(g * 14.0 + at).a, s = streak.eval(g * 20.0).a;
        float2 f = fract(g * float2(0.28, 0.42));
        float seam = smoothstep(0.0, 0.025, min(f.x, f.y));
        c = mix(dark, bright, half(cut(0.22 + 0.42 * n + 0.30 * (m - 0.5) * near + 0.12 * s)));
        c = mix(dark * 0.7, c, half(0.35 + 0.65 * seam));
        c = mix(c, far * 0.8, half(0.5 * smoothstep(0.66, 0.86, puff.eval(g * 8.0 + at.yx).a)));
        """,
        "concrete",
    )
    wall, cap, shade = pen.colour("concrete", 0.4), pen.colour("concrete", 1.0), pen.colour("concrete", 0.0)
    parapet = pen.box(0, 0.055, 2 * REACH, 0.06)
    pen.fill(parapet, wall, shade)
    pen.texture(parapet, "grain", shade, scale=0.2, strength=0.4)
    pen.fill(pen.box(0, 0.004, 2 * REACH, 0.014), cap, wall)
    pen.fill_between(
        pen.box(0, 0.10, 2 * REACH, 0.045), (0, 0.055), (0, 0.10), pen.blend(shade, 0xB0000000, 0.4), 0x00000000
    )
    for x, w, h in ((-1.05, 0.20, 0.11), (0.52, 0.20, 0.08), (1.12, 0.14, 0.13), (-0.55, 0.13, 0.07)):
        y = 0.13
        pen.soft(pen.box(x - 0.08 * pen.side, y + 0.02, w * 1.1, 0.03), 0x80000000, 0.012)
        unit = pen.box(x, y, w, h)
        pen.fill(unit, pen.colour("metal", 0.8), pen.colour("metal", 0.15))
        pen.fill(
            pen.polygon(
                [
                    (x - w / 2, y - h),
                    (x - w / 2 + 0.02, y - h - 0.02),
                    (x + w / 2 + 0.02, y - h - 0.02),
                    (x + w / 2, y - h),
                ]
            ),
            pen.colour("metal", 1.0),
        )
        for k in range(5):
            pen.line(
                (x - w * 0.4, y - h * (0.25 + 0.13 * k)),
                (x + w * 0.1, y - h * (0.25 + 0.13 * k)),
                pen.colour("dark metal", 0.2),
                0.004,
            )
        pen.circle(x + w * 0.28, y - h * 0.5, h * 0.26, pen.colour("dark metal", 0.3))
    if pen.lamps:
        pen.glow(0.98, 0.03, 0.05, 0xFF4030, 0.8 * pen.lamps)


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
