"""Skies without a sky: overcast, storm, fog, underwater, indoors."""

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

OVERCAST = Air(
    top=0x7C8894, middle=0xA3AEB8, low=0xCBD2D6, haze=0xB4BEC5, mist=0.65, dark=0.1,
    light=Light(key=(0.62, 0.64, 0.68), key_from=(-0.2, 1.0), ambient=(0.78, 0.82, 0.86), rim=0.0),
)  # fmt: skip
STORM = Air(
    top=0x1D232C, middle=0x39434F, low=0x6C7A82, haze=0x4A565F, mist=0.65, dark=0.6,
    light=Light(key=(0.40, 0.46, 0.52), key_from=(0.5, 0.8), ambient=(0.30, 0.34, 0.40), rim=0.25),
)  # fmt: skip
FOG = Air(
    top=0xAEB9BF, middle=0xC0C9CC, low=0xD3D8D8, haze=0xC8CFD0, mist=1.0, dark=0.2,
    light=Light(key=(0.50, 0.52, 0.54), key_from=(-0.3, 0.9), ambient=(0.74, 0.78, 0.80), rim=0.0),
)  # fmt: skip
UNDERWATER = Air(
    top=0x58C4CE, middle=0x1C7F9E, low=0x0A4468, haze=0x0F5578, mist=0.85, dark=0.3,
    light=Light(key=(0.40, 0.85, 0.90), key_from=(0.1, 1.0), ambient=(0.12, 0.42, 0.55), rim=0.35),
)  # fmt: skip
INDOORS = Air(
    top=0x2A1E18, middle=0x4C3626, low=0x6A4C34, haze=0x3A2A20, mist=0.12, dark=0.62,
    light=Light(key=(1.0, 0.70, 0.40), key_from=(-0.45, 0.55), ambient=(0.34, 0.28, 0.25), rim=0.3),
)  # fmt: skip


@sky("overcast", air=OVERCAST, synonyms=("cloudy", "grey sky", "gray sky", "grey day", "dull day", "drizzle"))
def overcast(pen: Pen) -> None:
    """A closed ceiling of cloud, brighter at the horizon."""
    parts.gradient(pen)


@overcast.live
def overcast_clouds(pen: Pen, time_s: float) -> None:
    """Folds of the ceiling, passing."""
    low = parts.clouds(
        pen,
        "low",
        height=0.26,
        tile=0.34,
        stretch=9.0,
        cover=0.30,
        soft=0.6,
        bright=0xDDE2E5,
        dull=0xB2BBC3,
        dark=0x8D99A4,
        alpha=0.7,
    )
    high = parts.clouds(
        pen,
        "high",
        height=0.62,
        tile=0.9,
        stretch=3.4,
        cover=0.18,
        soft=0.7,
        bright=0xC6CED5,
        dull=0x98A4AF,
        dark=0x6A7783,
        alpha=0.85,
    )
    pen.roll(high, time_s * 0.006, -0.42)
    pen.roll(low, 0.4 + time_s * 0.003, -0.15)


@sky(
    "storm",
    air=STORM,
    synonyms=("thunderstorm", "tempest", "thunder", "hurricane", "stormy", "thundercloud", "gale", "typhoon"),
)
def storm(pen: Pen) -> None:
    """Nearly black above, a sick light at the horizon."""
    parts.gradient(pen, ((TOP, 0x171C24), (-0.34, 0x333D48), (-0.12, 0x5C6A72), (-0.01, 0x93A09C), (BOTTOM, 0x93A09C)))


@storm.live
def storm_clouds(pen: Pen, time_s: float) -> None:
    """Towering clouds that hurry, and lightning within them."""
    low = parts.clouds(
        pen,
        "low",
        height=0.28,
        tile=0.5,
        stretch=5.0,
        cover=0.36,
        soft=0.4,
        bright=0x8B97A0,
        dull=0x4A555F,
        dark=0x262D36,
        alpha=0.9,
    )
    high = parts.clouds(
        pen,
        "high",
        height=0.66,
        tile=1.15,
        stretch=2.4,
        cover=0.22,
        soft=0.5,
        bright=0x7A8692,
        dull=0x3A4450,
        dark=0x151A22,
        alpha=0.96,
    )
    pen.roll(high, time_s * 0.016, -0.42)
    beat = time_s % 7.3
    if beat < 0.5:  # sheet lightning: two flashes, then seven seconds of dark
        flash = max(0.0, 1 - abs(beat - 0.06) / 0.06) + 0.8 * max(0.0, 1 - abs(beat - 0.26) / 0.2)
        x = math.sin(math.floor(time_s / 7.3) * 12.9898) * 0.7
        pen.glow(x, -0.42, 0.75, 0xC8D8FF, min(0.75 * flash, 1.0))
    pen.roll(low, 0.6 + time_s * 0.010, -0.20)


@sky("fog", air=FOG, synonyms=("mist", "haze", "foggy", "misty", "hazy", "smog"))
def fog(pen: Pen) -> None:
    """Nothing but grey light, a paler disc where the sun is."""
    parts.gradient(pen)
    pen.glow(-0.42, -0.40, 0.5, 0xFFFFFF, 0.28)


@fog.live
def fog_clouds(pen: Pen, time_s: float) -> None:
    """Slow drifts of denser fog."""
    drift = parts.clouds(
        pen,
        "drift",
        height=0.7,
        tile=1.4,
        stretch=2.6,
        cover=0.25,
        soft=0.9,
        bright=0xE4E8E8,
        dull=0xC6CED0,
        dark=0xA9B4B8,
        alpha=0.55,
        detail=0.25,
    )
    pen.roll(drift, time_s * 0.007, -0.26)


@fog.live_on("near")
def fog_before(pen: Pen, time_s: float) -> None:
    """A veil before everything, thick at the ground."""
    veil = parts.clouds(
        pen,
        "veil",
        height=0.5,
        tile=0.8,
        stretch=4.0,
        cover=0.2,
        soft=0.9,
        bright=0xE2E6E6,
        dull=0xD0D6D7,
        dark=0xC2CACC,
        alpha=0.5,
        detail=0.25,
    )
    pen.roll(veil, time_s * 0.012, 0.06)


_RAYS = """
uniform shader base;
uniform float at;
half4 main(float2 p) {
    float2 from = float2(0.06, -1.25);
    float angle = (p.x - from.x) / (p.y - from.y);
    float n = base.eval(float2(angle * 420.0 + at, at)).a * 0.6
            + base.eval(float2(angle * 1250.0 - at, at + 80.0)).a * 0.4;
    float depth = clamp((p.y + 0.67) / 0.95, 0.0, 1.0);
    float ray = smoothstep(0.45, 0.95, n) * (1.0 - depth) * (1.0 - depth * 0.4);
    return half4(half3(0.55, 0.95, 0.95) * half(ray * 0.44), half(ray * 0.44));
}
"""


@sky(
    "underwater",
    air=UNDERWATER,
    synonyms=("under the sea", "undersea", "under water", "ocean floor", "deep sea", "submarine", "beneath the waves"),
    implies={"ground": "seabed"},
)
def underwater(pen: Pen) -> None:
    """Light from the surface that fails with depth."""
    parts.gradient(pen, ((TOP, 0x8FE3E0), (-0.56, 0x47B4C4), (-0.30, 0x1B7C9C), (0.0, 0x0B4A6E), (BOTTOM, 0x07304E)))
    pen.glow(0.06, TOP - 0.02, 0.85, 0xBFFFF4, 0.55)


@underwater.live
def rays(pen: Pen, time_s: float) -> None:
    """Two fans of light that cross."""
    for i, pace in enumerate((1.0, -0.7)):

        def draw(pen: Pen) -> None:
            shader = shade(_RAYS, {"base": textures.plain("puff")}, at=pen.random.random() * 512)
            pen.canvas.translate(0, 0.135)  # the shader's own middle is the horizon
            pen.canvas.drawRect(skia.Rect(-1.3, -0.67, 1.3, 0.4), skia.Paint(Shader=shader, Dither=True))

        fan = pen.sprite(f"rays {i}", 2.6, 1.07, draw, 0.4)
        strength = 0.75 + 0.25 * math.sin(time_s * 0.6 + 2 * i)
        pen.stamp(fan, 0.05 * math.sin(time_s * 0.22 * pace + i), -0.135, alpha=strength, whole=True, plus=True)


@underwater.live_on("near")
def plankton(pen: Pen, time_s: float) -> None:
    """Specks that drift in the water."""
    chance = pen.numbers(70, 3)
    x = ((chance[:, 0] + 0.004 * time_s * (0.4 + chance[:, 2])) % 1.0 * 2 - 1) * 1.1
    y = TOP + (chance[:, 1] - 0.006 * time_s * (0.3 + chance[:, 2])) % 1.0 * (BOTTOM - TOP)
    chance[:, 0], chance[:, 1] = x, y
    pen.dots(chance[:, :2], 0.0014, parts.own(pen, 0xCFF6F0, 0.30))


@sky(
    "indoors",
    air=INDOORS,
    synonyms=("interior", "inside", "indoor", "room", "hall", "chamber"),
    implies={"ground": "wood"},
)
def indoors(pen: Pen) -> None:
    """A plastered wall over panels, in the light of lamps."""
    parts.gradient(pen, ((TOP, 0x38281E), (-0.3, 0x7A5A40), (0.0, 0x5E432E), (BOTTOM, 0x3A281C)))
    wall = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, BOTTOM))
    pen.texture(wall, "puff", parts.own(pen, 0x2A1C14), scale=0.9, strength=0.35)
    pen.texture(wall, "grain", parts.own(pen, 0xC99B6C), scale=0.35, strength=0.14)
    for x in (-1.35, -0.45, 0.45, 1.35):
        pen.glow(x, -0.36, 0.42, 0xFFB060, 0.50)
    panel, dark, edge = parts.own(pen, 0x4A3020), parts.own(pen, 0x1E130C), parts.own(pen, 0x8A6038)
    pen.fill(pen.box(0, BOTTOM, 2 * REACH, BOTTOM + 0.17), panel, dark)
    pen.fill(pen.box(0, -0.165, 2 * REACH, 0.014), edge, dark)
    for i in range(-10, 11):
        board = pen.box(i * 0.2, -0.02, 0.155, 0.125)
        pen.fill(board, parts.own(pen, 0x5C3D28), parts.own(pen, 0x38241A))
        pen.texture(board, "streak", dark, scale=0.12, stretch=0.2, strength=0.3)
        pen.stroke(board, dark, 0.003)
        pen.line((i * 0.2 - 0.077, -0.145), (i * 0.2 + 0.077, -0.145), edge, 0.0018)
    for x in (-1.35, -0.45, 0.45, 1.35):
        pen.fill(pen.box(x, -0.30, 0.012, 0.05), parts.own(pen, 0x6A4C20), dark)
        pen.circle(x, -0.365, 0.016, parts.own(pen, 0xFFE7B4))
        pen.glow(x, -0.365, 0.13, 0xFFC070, 0.8)
