"""Skies in which the sun, the moon or the stars stand: day, dawn, sunset, dusk, night, stars, aurora."""

from __future__ import annotations

import math

from engine.compositing.types import Light
from engine.designer import textures
from engine.designer.colours import Air
from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen
from engine.designer.registry import sky
from engine.designer.shaders import shade
from engine.designer.skies import parts

DAY = Air(
    top=0x2B6CB8, middle=0x6FA9DC, low=0xD8E8F2, haze=0xC3D6E6, mist=0.45,
    light=Light(key=(1.0, 0.95, 0.86), key_from=(-0.55, 0.75), ambient=(0.80, 0.90, 1.0), rim=0.15),
)  # fmt: skip
DAWN = Air(
    top=0x4C6CA6, middle=0xC3A3C4, low=0xFFD9B0, haze=0xE9BFB4, mist=0.75, dark=0.2,
    light=Light(key=(1.0, 0.72, 0.52), key_from=(-0.9, 0.2), ambient=(0.62, 0.58, 0.72), rim=0.35),
)  # fmt: skip
SUNSET = Air(
    top=0x2C2F66, middle=0xC0506A, low=0xFFB458, haze=0xB8606C, mist=0.6, dark=0.35,
    light=Light(key=(1.0, 0.50, 0.20), key_from=(-0.95, 0.1), ambient=(0.46, 0.34, 0.44), rim=0.55),
)  # fmt: skip
DUSK = Air(
    top=0x111A44, middle=0x4A4478, low=0xD9857A, haze=0x6E5A84, mist=0.6, dark=0.7, stars=0.35,
    light=Light(key=(0.42, 0.32, 0.46), key_from=(-0.8, 0.15), ambient=(0.24, 0.24, 0.40), rim=0.35),
)  # fmt: skip
NIGHT = Air(
    top=0x050A1E, middle=0x0F1D42, low=0x2C4370, haze=0x1D2F55, mist=0.5, dark=1.0, moonlit=0.45, stars=0.8,
    light=Light(key=(0.23, 0.34, 0.62), key_from=(-0.6, 0.7), ambient=(0.065, 0.105, 0.23), rim=0.6),
)  # fmt: skip
STARS = Air(
    top=0x02030A, middle=0x060916, low=0x0B1022, haze=0x0A0F20, mist=0.12, dark=1.0, stars=1.0,
    light=Light(key=(0.62, 0.64, 0.72), key_from=(-0.85, 0.45), ambient=(0.06, 0.06, 0.10), rim=0.7),
)  # fmt: skip
AURORA = Air(
    top=0x030A1C, middle=0x08263A, low=0x1A4A55, haze=0x14404C, mist=0.4, dark=1.0, stars=0.9,
    light=Light(key=(0.20, 0.55, 0.42), key_from=(0.1, 1.0), ambient=(0.09, 0.16, 0.22), rim=0.45),
)  # fmt: skip


@sky(
    "day",
    air=DAY,
    synonyms=(
        "daytime",
        "daylight",
        "blue sky",
        "sunshine",
        "noon",
        "midday",
        "morning",
        "afternoon",
        "sunny",
        "sun",
        "sunlight",
        "sunlit",
        "blazing sun",
        "clear sky",
        "bright day",
        "full sun",
    ),
)
def day(pen: Pen) -> None:
    """Blue above, white at the horizon, the sun on the left."""
    parts.gradient(pen)
    parts.sun(pen, -0.52, -0.47, 0.026, 0xFFFDF4, 0xFFF3D0, 0.75)


@day.live
def day_clouds(pen: Pen, time_s: float) -> None:
    """Fair-weather clouds on two heights: heaps above, small ones far away."""
    low = parts.clouds(
        pen, "low", height=0.17, tile=0.42, stretch=5.0, cover=0.52, soft=0.16, dull=0xE6EDF4, dark=0xA9BBD0,
        alpha=0.85, billow=0.4,
    )  # fmt: skip
    high = parts.clouds(
        pen, "high", height=0.46, tile=1.25, stretch=1.9, cover=0.52, soft=0.17, dull=0xE2EAF2, dark=0x92A8C2,
        billow=0.36,
    )  # fmt: skip
    pen.roll(low, 0.3 + time_s * 0.0025, -0.11)
    pen.roll(high, time_s * 0.005, -0.40)


@sky("dawn", air=DAWN, synonyms=("sunrise", "daybreak", "early morning", "first light", "rising sun", "sun rises"))
def dawn(pen: Pen) -> None:
    """Pale gold below rose below blue."""
    air = pen.air
    parts.gradient(
        pen,
        ((TOP, air.top), (-0.42, 0x8E8CC0), (-0.22, 0xE3AFC0), (-0.09, 0xFFCBA6), (0.0, 0xFFE6BE), (BOTTOM, 0xFFE6BE)),
    )
    parts.sun(pen, -0.6, -0.045, 0.036, 0xFFF6DC, 0xFFC98A, 0.8)


@dawn.live
def dawn_clouds(pen: Pen, time_s: float) -> None:
    """Thin sheets lit from below."""
    thin = parts.clouds(
        pen,
        "thin",
        height=0.34,
        tile=0.5,
        stretch=6.0,
        cover=0.46,
        soft=0.5,
        bright=0xFFE3C4,
        dull=0xF2B3B4,
        dark=0x9D86B4,
        alpha=0.7,
    )
    pen.roll(thin, time_s * 0.003, -0.33)


@sky(
    "sunset",
    air=SUNSET,
    synonyms=(
        "sundown",
        "golden hour",
        "evening sun",
        "setting sun",
        "low sun",
        "sun sets",
        "sun goes down",
        "late afternoon",
        "last light",
        "evening",
    ),
)
def sunset(pen: Pen) -> None:
    """Gold at the horizon, red and violet above it."""
    parts.gradient(
        pen,
        (
            (TOP, 0x27295C),
            (-0.46, 0x5B3A76),
            (-0.28, 0xB84D6C),
            (-0.13, 0xF07E50),
            (-0.02, 0xFFC765),
            (BOTTOM, 0xFFC765),
        ),
    )
    parts.sun(pen, -0.56, -0.075, 0.05, 0xFFF2C4, 0xFF9A3C, 0.95)


@sunset.live
def sunset_clouds(pen: Pen, time_s: float) -> None:
    """Bars of cloud, burning at their lower edges."""
    bars = parts.clouds(
        pen,
        "bars",
        height=0.40,
        tile=0.62,
        stretch=5.5,
        cover=0.45,
        soft=0.36,
        bright=0xFFC27A,
        dull=0xE0645A,
        dark=0x63366A,
        alpha=0.92,
    )
    low = parts.clouds(
        pen,
        "low",
        height=0.13,
        tile=0.3,
        stretch=8.0,
        cover=0.48,
        soft=0.4,
        bright=0xFFD890,
        dull=0xF2824E,
        dark=0xA0445A,
        alpha=0.8,
    )
    pen.roll(low, 0.7 + time_s * 0.0015, -0.11)
    pen.roll(bars, time_s * 0.003, -0.38)


@sky("dusk", air=DUSK, synonyms=("twilight", "nightfall", "blue hour", "gloaming", "late evening"))
def dusk(pen: Pen) -> None:
    """The last glow, and the first stars."""
    parts.gradient(
        pen,
        (
            (TOP, 0x0E1638),
            (-0.44, 0x2A2C60),
            (-0.24, 0x5D4A80),
            (-0.10, 0xB0687E),
            (-0.01, 0xEC9C78),
            (BOTTOM, 0xEC9C78),
        ),
    )
    pen.glow(-0.55, -0.01, 0.75, 0xFF9560, 0.42)
    parts.stars(pen, 420, bottom=-0.25, strength=0.7)


@dusk.live
def dusk_clouds(pen: Pen, time_s: float) -> None:
    """Dark bars before the glow."""
    bars = parts.clouds(
        pen,
        "bars",
        height=0.26,
        tile=0.42,
        stretch=7.0,
        cover=0.50,
        soft=0.4,
        bright=0xD98088,
        dull=0x6A4A7C,
        dark=0x2B2A58,
        alpha=0.8,
    )
    pen.roll(bars, time_s * 0.002, -0.24)
    parts.twinkle(pen, time_s, 8, bottom=-0.35)


@sky(
    "night",
    air=NIGHT,
    synonyms=(
        "midnight",
        "moonlight",
        "nighttime",
        "moonlit",
        "nocturnal",
        "after dark",
        "moonrise",
        "small hours",
        "witching hour",
    ),
)
def night(pen: Pen) -> None:
    """Stars, a moon, a lighter horizon."""
    parts.gradient(pen)
    parts.stars(pen, 1300, strength=0.9)
    if "moon" not in pen.things and "planet" not in pen.things:
        parts.moon(pen, -0.5, -0.44, 0.058)


@night.live
def night_life(pen: Pen, time_s: float) -> None:
    """Thin clouds under the moon, and a star that flares."""
    thin = parts.clouds(
        pen,
        "thin",
        height=0.30,
        tile=0.55,
        stretch=5.0,
        cover=0.52,
        soft=0.45,
        bright=0x5A6E9C,
        dull=0x2A3A66,
        dark=0x101C3C,
        alpha=0.55,
    )
    pen.roll(thin, time_s * 0.003, -0.30)
    parts.twinkle(pen, time_s)


_NEBULA = """
uniform shader base, fine;
uniform float2 at;
uniform half3 a, b, c;
half4 main(float2 p) {
    float2 q = p * 210.0 + at;
    float2 warp = float2(base.eval(q * 0.6).a, base.eval(q * 0.6 + 91.0).a) * 110.0;
    float n = base.eval(q + warp).a, m = base.eval(q * 1.6 - warp * 0.7 + 37.0).a;
    float f = fine.eval(q * 1.1 + warp).a * 0.6 + base.eval(q * 3.1 + warp).a * 0.4;
    float along = p.x * 0.42 + p.y * 0.9 + 0.30 + (n - 0.5) * 0.16;
    float band = exp(-along * along * 14.0), core = exp(-along * along * 70.0);
    float lane = smoothstep(0.30, 0.75, m) * core;
    half3 colour = a * half((band * 0.34 + core * 0.40) * (0.45 + f)) + b * half(n * n * (0.16 + 0.75 * band))
                 + c * half(m * m * (0.10 + 0.60 * band) * (0.4 + 0.6 * f));
    colour *= half(1.0 - 0.75 * lane * (0.4 + 0.6 * f));
    return half4(colour, 1.0);
}
"""


@sky(
    "stars",
    air=STARS,
    synonyms=(
        "space",
        "outer space",
        "cosmos",
        "galaxy",
        "milky way",
        "universe",
        "starry",
        "starlight",
        "nebula",
        "vacuum",
    ),
)
def starfield(pen: Pen) -> None:
    """The milky way and its dust, without air."""
    parts.gradient(pen)
    children = {"base": textures.plain("puff"), "fine": textures.plain("grain")}
    colours = [[v / 255 for v in ((k >> 16) & 255, (k >> 8) & 255, k & 255)] for k in (0x8A93B8, 0x5A3A8E, 0x1E6A88)]
    if pen.palette:
        colours = [
            [
                ((parts.own(pen, int(r * 255) << 16 | int(g * 255) << 8 | int(b * 255)) >> s) & 255) / 255
                for s in (16, 8, 0)
            ]
            for r, g, b in colours
        ]
    at = (pen.random.random() * 512, pen.random.random() * 512)
    shader = shade(_NEBULA, children, at=at, a=colours[0], b=colours[1], c=colours[2])
    paint = pen.paint(0xFFFFFFFF, Shader=shader, BlendMode=skia.BlendMode.kPlus)
    pen.canvas.drawRect(skia.Rect(-REACH, TOP, REACH, BOTTOM), paint)
    parts.stars(pen, 3600, bottom=BOTTOM)


@starfield.live
def star_life(pen: Pen, time_s: float) -> None:
    """Twinkling, though there is no air: it lives."""
    parts.twinkle(pen, time_s, 22, bottom=0.0)


_CURTAIN = """
uniform shader base, streak;
uniform float height, at, wide;
uniform half3 low, high;
half4 main(float2 p) {
    float u = p.x / wide;
    float fold = 0.16 * sin(u * 6.2832 + at) + 0.07 * sin(u * 12.5664 * 1.0 + at * 2.3) + 0.03 * sin(u * 25.1327 + at);
    float foot = height * 0.30 + fold * height;
    float up = (foot - p.y) / height;
    float ray = base.eval(float2(u * 512.0 * 3.0, 40.0 + at * 30.0)).a * 0.65
              + base.eval(float2(u * 512.0 * 9.0, 200.0 + at * 30.0)).a * 0.45;
    float reach = 0.25 + 0.5 * ray;
    float glow = smoothstep(-0.035, 0.03, up) * exp(-max(up, 0.0) / reach * 3.2) * (0.18 + 1.1 * ray * ray);
    glow *= smoothstep(0.5, 0.36, abs(p.y) / height);
    half3 c = mix(low, high, half(clamp(up * 1.9, 0.0, 1.0)));
    glow = clamp(glow, 0.0, 1.0);
    return half4(c * half(glow), half(glow));
}
"""


@sky(
    "aurora",
    air=AURORA,
    synonyms=("northern lights", "aurora borealis", "polar lights", "southern lights", "polar night"),
)
def aurora(pen: Pen) -> None:
    """A clear polar night."""
    parts.gradient(pen)
    parts.stars(pen, 1500, strength=0.85)
    pen.glow(0.1, -0.30, 0.8, 0x1E8F6A, 0.28)


@aurora.live
def curtains(pen: Pen, time_s: float) -> None:
    """Two curtains of light that pass each other and breathe."""
    for i, (low, high, pace, y) in enumerate(((0x4DFFA0, 0x6A3CFF, 0.006, -0.36), (0x2FE8B0, 0xE03CA8, -0.004, -0.30))):

        def draw(pen: Pen, low: int = low, high: int = high) -> None:
            children = {"base": textures.plain("puff"), "streak": textures.plain("streak")}
            tints = [[((parts.own(pen, k) >> s) & 255) / 255 for s in (16, 8, 0)] for k in (low, high)]
            shader = shade(
                _CURTAIN, children, height=0.62, at=pen.random.random() * 6, wide=2.4, low=tints[0], high=tints[1]
            )
            pen.canvas.drawRect(skia.Rect(-1.2, -0.31, 1.2, 0.31), skia.Paint(Shader=shader, Dither=True))

        curtain = pen.sprite(f"curtain {i}", 2.4, 0.62, draw, 0.5)
        breath = 0.75 + 0.25 * math.sin(time_s * 0.35 + 2.1 * i)
        pen.roll(curtain, i * 0.9 + time_s * pace, y, alpha=breath, plus=True)
    parts.twinkle(pen, time_s, 8)
