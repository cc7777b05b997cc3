"""Grounds that flow, freeze, glow or drift: water, ice, snow, lava, clouds, seabed."""

from __future__ import annotations

import math

from engine.designer import textures
from engine.designer.grounds import parts
from engine.designer.library import skia
from engine.designer.pen import BOTTOM, Pen
from engine.designer.registry import ground
from engine.designer.shaders import shade, three
from engine.designer.skies import parts as skies
from engine.designer.sprites import Sprite

_GLINTS = """
uniform shader puff, grain;
uniform float2 at;
uniform half3 tint;
uniform float wide, squeeze;
half4 main(float2 p) {
    float y = p.y + 0.2;
    float2 q = float2(p.x / wide * 512.0, log(y * 14.0 + 0.35) * squeeze) + at;
    float n = grain.eval(q * float2(2.0, 9.0)).a * 0.5 + puff.eval(q * float2(5.0, 21.0) + 50.0).a * 0.5;
    float patchy = smoothstep(0.35, 0.75, puff.eval(q * float2(1.0, 1.2) + 200.0).a);
    float crest = smoothstep(0.60, 0.80, n) * patchy * smoothstep(0.0, 0.012, y) * smoothstep(0.40, 0.36, y);
    float a = crest * (0.16 + 0.30 * smoothstep(0.25, 0.0, y));
    return half4(tint * half(a), half(a));
}
"""


@ground(
    "water",
    reflects=0.72,
    ripple=1.0,
    synonyms=(
        "sea",
        "ocean",
        "lake",
        "river",
        "harbour",
        "harbor",
        "bay",
        "pond",
        "lagoon",
        "wave",
        "coastline",
        "canal",
        "fjord",
    ),
)
def water(pen: Pen) -> None:
    """Deep water with swell."""
    parts.plane(
        pen,
        """
        float swell = puff.eval(g * float2(6.0, 16.0) + at).a, chop = grain.eval(g * float2(9.0, 42.0) + at).a;
        float w = streak.eval(g * float2(7.0, 34.0) + at.yx).a;
        c = mix(extra, bright, half(cut(0.18 + 0.34 * swell + 0.34 * (chop - 0.5) + 0.26 * (w - 0.5))));
        c = mix(c, extra, half(0.45 * d));
        """,
        "water",
        extra="deep water",
        far=pen.air.low,
    )


@water.live
def swell(pen: Pen, time_s: float) -> None:
    """Two sheets of crests that pass each other."""
    for i, (pace, squeeze, share) in enumerate(((0.016, 150.0, 1.0), (-0.011, 110.0, 0.8))):
        sheet = glints(
            pen, f"crests {i}", squeeze, pen.blend(skies.own(pen, pen.air.low), pen.colour("white", 0.9), 0.35)
        )
        lift = 0.0035 * math.sin(time_s * 0.9 + 2.0 * i)
        pen.roll(sheet, i * 0.7 + time_s * pace, 0.2 + lift, alpha=share)


def glints(pen: Pen, key: str, squeeze: float, colour: int) -> Sprite:
    """A sheet of crests on a plane of water, 2.4 units wide, to be rolled."""

    def draw(pen: Pen) -> None:
        children = {"puff": textures.plain("puff"), "grain": textures.plain("grain")}
        at = (pen.random.random() * 512, pen.random.random() * 512)
        shader = shade(_GLINTS, children, at=at, tint=three(colour), wide=2.4, squeeze=squeeze)
        pen.canvas.drawRect(skia.Rect(-1.2, -0.2, 1.2, 0.2), skia.Paint(Shader=shader))

    return pen.sprite(key, 2.4, 0.4, draw, 0.8)


@ground(
    "ice",
    reflects=0.50,
    ripple=0.06,
    synonyms=("frozen lake", "glacier", "iceberg", "icy", "frozen", "ice rink", "arctic", "antarctic"),
)
def ice(pen: Pen) -> None:
    """Clear ice with cracks and blown snow."""
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 13.0 + at).a, m = grain.eval(g * 30.0 + at).a;
        float2 q = g * 26.0 + at + (n - 0.5) * 60.0;
        float line = crack.eval(q).a, hair = crack.eval(q * 2.3 + 77.0).a;
        c = mix(extra, bright, half(cut(0.16 + 0.5 * n)));
        c += (bright - dark) * half((0.55 * line + 0.28 * hair) * (0.25 + 0.75 * near));
        c = mix(c, bright * 1.05, half(0.75 * smoothstep(0.55, 0.85, streak.eval(g * float2(6.0, 14.0) + at.yx).a)));
        """,
        "ice",
        extra=0x4F8FA8,
    )


@ground(
    "snow",
    rough=0.02,
    synonyms=("snowfield", "snowy", "winter", "ski slope", "tundra", "snowdrift", "alps", "north pole"),
)
def snow(pen: Pen) -> None:
    """Soft drifts with blue hollows."""
    far = pen.hill(pen.ridge(-0.014, 0.03, waves=0.45, rough=0.1))
    pen.fill_between(far, (0, -0.05), (0, 0.07), pen.colour("snow", 0.95, far=0.25), pen.colour("snow", 0.35, far=0.1))
    parts.plane(
        pen,
        """
        float2 q = g * float2(9.0, 12.0) + at;
        float s = puff.eval(q).a, t = puff.eval(q + float2(9.0 * side, 7.0)).a;
        float m = grain.eval(g * 40.0 + at).a;
        c = mix(dark, bright, half(cut(0.52 + 4.2 * (s - t) + 0.20 * (s - 0.5) + 0.14 * (m - 0.5) * near)));
        """,
        "snow",
    )
    sparkle = parts.scatter(pen, 420, 8, top=0.02)
    pen.dots(sparkle[:, :2], 0.0011, pen.colour("white", 1.3, 0.9))


@snow.live
def glitter(pen: Pen, time_s: float) -> None:
    """Crystals that catch the light for a moment."""
    for x, y, phase in parts.scatter(pen, 26, 9, top=0.03).tolist():
        strength = max(math.sin(time_s * 1.3 + phase * 90 + x * 40), 0.0) ** 6
        if strength > 0.1:
            pen.glow(x * 0.6, y, 0.008, 0xFFFFFF, strength * (0.9 - 0.5 * pen.dark))


@ground(
    "lava",
    rough=0.016,
    synonyms=(
        "magma",
        "molten rock",
        "hell",
        "inferno",
        "underworld",
    ),
    implies={"sky": "storm"},
)
def lava(pen: Pen) -> None:
    """A black crust that breaks over the glow."""
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 13.0 + at).a, m = grain.eval(g * 40.0 + at).a;
        float2 q = g * 24.0 + at + (m - 0.5) * 7.0 * near + (n - 0.5) * 70.0;
        float line = crack.eval(q).a, wide = smoothstep(0.60, 0.86, n);
        c = mix(dark * 0.4, mid, half(cut(0.30 + 0.55 * (m - 0.35) * (0.4 + near))));
        float heat = cut(line * (0.75 + 0.5 * n) + wide * (0.72 + 0.4 * (m - 0.5) * near));
        half3 fire = mix(half3(0.55, 0.03, 0.0), half3(1.0, 0.42, 0.05), half(smoothstep(0.15, 0.6, heat)));
        fire = mix(fire, half3(1.0, 0.90, 0.45), half(smoothstep(0.6, 1.0, heat)));
        c = mix(c, fire, half(smoothstep(0.10, 0.35, heat)));
        """,
        0x3A3130,
        far=0xC0401A,
    )
    for x, y, near in parts.scatter(pen, 22, 3, top=0.03).tolist():
        pen.glow(x, y, 0.25 * near + 0.03, 0xFF4A10, 0.30)
    pen.mist(-0.10, 0.12, 0.35, 0xFF5A20)


@lava.live
def lava_life(pen: Pen, time_s: float) -> None:
    """Glows that swell and sink, and sparks that rise."""
    for x, y, near in parts.scatter(pen, 16, 4, top=0.04).tolist():
        breath = 0.5 + 0.5 * math.sin(time_s * 0.8 + x * 9 + y * 31)
        pen.glow(x * 0.7, y, 0.20 * near + 0.03, 0xFF6A1C, 0.34 * breath)
    chance = pen.numbers(46, 3, 6)
    rise = (chance[:, 1] + time_s * (0.05 + 0.08 * chance[:, 2])) % 1.0
    chance[:, 0] = (chance[:, 0] * 2 - 1) * 1.2 + 0.02 * rise * (chance[:, 2] - 0.5)
    chance[:, 1] = 0.34 - rise * 0.55
    pen.dots(chance[:, :2], 0.0016, pen.shine(0xFFB050, 0.8))


@ground(
    "clouds",
    rough=0.02,
    synonyms=("above the clouds", "heaven", "cloud", "sea of clouds", "paradise", "skyborne", "floating"),
)
def cloud_floor(pen: Pen) -> None:
    """A sea of cloud."""
    base = parts.edge(pen)
    pen.fill_between(base, (0, -0.03), (0, BOTTOM), pen.colour("cloud", 0.75, far=0.3), pen.colour("cloud", 0.12))


@cloud_floor.live
def cloud_sea(pen: Pen, time_s: float) -> None:
    """Banks of cloud, the nearer the faster."""
    bright, dull, dark = (pen.colour("cloud", share) & 0xFFFFFF for share in (1.1, 0.45, 0.0))
    for i, (y, height, tile) in enumerate(((0.015, 0.14, 0.42), (0.10, 0.24, 0.75), (0.27, 0.42, 1.3))):
        bank = skies.clouds(
            pen, f"bank {i}", height=height, tile=tile, stretch=round(3.6 / tile) / 1.5, cover=0.22, soft=0.24,
            bright=bright, dull=dull, dark=dark, lit=True, detail=0.5,
        )  # fmt: skip
        pen.roll(bank, 0.5 * i + time_s * (0.004 + 0.006 * i), y)


_CAUSTICS = """
uniform shader crack, puff;
uniform float2 at;
half4 main(float2 p) {
    float y = p.y + 0.2;
    float z = 1.0 / (y + 0.10);
    float2 q = float2(p.x / 2.4 * 512.0 * 3.0, z * 62.0);
    float2 bend = float2(puff.eval(q * 0.5 + at).a, puff.eval(q * 0.5 + at.yx).a) * 90.0;
    float n = crack.eval(q + bend).a * 0.6 + crack.eval(q * float2(1.0, 1.3) + bend.yx + 140.0).a * 0.5;
    float a = smoothstep(0.12, 0.9, n) * smoothstep(0.02, 0.14, y) * smoothstep(0.40, 0.33, y);
    return half4(half3(0.55, 0.95, 0.90) * half(a * 0.32), half(a * 0.32));
}
"""


@ground(
    "seabed",
    rough=0.03,
    synonyms=("sea floor", "seafloor", "reef", "coral reef", "coral", "ocean bottom", "atlantis"),
    implies={"sky": "underwater"},
)
def seabed(pen: Pen) -> None:
    """Sand under water, with coral and weed."""
    for y, waves in ((-0.055, 0.5), (-0.03, 0.8)):
        rocks = pen.hill(pen.ridge(y, 0.05, waves=waves, rough=0.5))
        pen.fill_between(
            rocks, (0, -0.12), (0, 0.06), pen.colour("rock", 0.5, far=0.55), pen.colour("rock", 0.2, far=0.40)
        )
    parts.plane(
        pen,
        """
        float n = puff.eval(g * 14.0 + at).a, m = grain.eval(g * 44.0 + at).a;
        float wave = sin(g.y * 8.0 + g.x * 1.3 + puff.eval(g * 26.0).a * 9.0);
        c = mix(dark, bright, half(cut(0.34 + 0.40 * n + 0.10 * wave * near + 0.22 * (m - 0.5) * near)));
        """,
        "sand",
    )
    parts.stones(pen, "rock", 34, 0.022)
    for x, y, near in parts.scatter(pen, 34, 7, top=0.03).tolist():
        coral(pen, x, y, 0.085 * near + 0.012)


def coral(pen: Pen, x: float, y: float, size: float) -> None:
    """A branching coral, a cushion or a fan."""
    tint = pen.random.choice(("coral", 0xC9A0D8, 0xE3B23C, 0xD4578A, 0x6FB58A))
    lit, dim = pen.colour(tint, 0.9), pen.colour(tint, 0.1)
    if pen.random.random() < 0.4:
        for _ in range(4):
            r = size * pen.random.uniform(0.18, 0.34)
            cx = x + pen.random.uniform(-0.4, 0.4) * size
            ball = skia.Path().addOval(skia.Rect(cx - r, y - r * 1.3, cx + r, y + r * 0.3))
            pen.fill(ball, lit, dim)
            pen.texture(ball, "cell", dim, scale=size * 1.5, strength=0.4)
        return

    def branch(x: float, y: float, angle: float, length: float, width: float) -> None:
        x2, y2 = x + math.cos(angle) * length, y + math.sin(angle) * length
        pen.line((x, y), (x2, y2), pen.blend(dim, lit, min(1.0, 1.2 - width / (size * 0.1))), width)
        if length > size * 0.12:
            for way in (-1, 1):
                branch(x2, y2, angle + way * pen.random.uniform(0.25, 0.6), length * 0.72, width * 0.72)

    branch(x, y, -math.pi / 2 + pen.random.uniform(-0.2, 0.2), size * 0.34, size * 0.10)


@seabed.live
def caustics(pen: Pen, time_s: float) -> None:
    """Nets of light that slide over each other, where there is water above."""
    if pen.sky != "underwater":
        return

    def draw(pen: Pen) -> None:
        children = {"crack": textures.plain("crack"), "puff": textures.plain("puff")}
        shader = shade(_CAUSTICS, children, at=(pen.random.random() * 512, pen.random.random() * 512))
        pen.canvas.drawRect(skia.Rect(-1.2, -0.2, 1.2, 0.2), skia.Paint(Shader=shader))

    net = pen.sprite("net", 2.4, 0.4, draw, 0.7)
    for i, pace in enumerate((0.013, -0.017)):
        strength = 0.65 + 0.35 * math.sin(time_s * 0.7 + 2.4 * i)
        pen.roll(net, 0.9 * i + time_s * pace, 0.2 + 0.006 * math.sin(time_s * 0.5 + i), alpha=strength, plus=True)
