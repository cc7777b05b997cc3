"""A volcano: a cone with gullies, lava that runs down, ash that rises, sparks."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from engine.designer import textures
from engine.designer.library import skia
from engine.designer.pen import LAYERS, Pen, Point
from engine.designer.registry import structure
from engine.designer.shaders import shade, three
from engine.designer.structures.solids import WINTRY, carve

_RIM, _CRATER = -0.395, 0.085
"""Height of the crater, and half its width."""

_CONE = """
uniform shader puff, grain;
uniform float2 at, light;
uniform float snow, top, hot;
uniform half3 lit, dim, white, blue, moss, glow;
float rise(float2 p) {
    float down = p.y - top + 0.16;
    float2 q = float2(p.x / down * 330.0, down * 150.0) + at;
    q.x += (puff.eval(float2(q.x * 0.4, q.y * 1.6)).a - 0.5) * 50.0;
    float ridge = 1.0 - abs(2.0 * puff.eval(q * float2(1.0, 0.5)).a - 1.0);
    float fine = 1.0 - abs(2.0 * puff.eval(q * float2(2.7, 1.1) + 77.0).a - 1.0);
    return ridge * 0.55 + fine * 0.27 + grain.eval(q * float2(2.0, 3.0)).a * 0.18;
}
half4 main(float2 p) {
    float h = rise(p);
    float relief = (h - rise(p - light * 0.010)) * 2.6 + (h - rise(p - light * 0.03)) * 1.6;
    float turn = clamp(p.x / (p.y - top + 0.16), -1.0, 1.0);
    float share = clamp(0.46 - light.x * -0.42 * turn + relief, 0.0, 1.0);
    half3 c = mix(dim, lit, half(share));
    c = mix(c, moss * half(0.35 + 0.9 * share), half(smoothstep(-0.10, 0.0, p.y + (h - 0.5) * 0.14) * 0.85));
    float cover = smoothstep(-0.02, 0.02, snow - p.y + (h - 0.55) * 0.20);
    c = mix(c, mix(blue, white, half(share)), half(cover));
    float near = exp(-max(p.y - top, 0.0) * 9.0 - abs(p.x) * 3.0);
    c += glow * half(hot * near * (0.4 + 0.8 * h));
    return half4(clamp(c, half3(0), half3(1)), 1.0);
}
"""


def _aside(pen: Pen) -> float:
    """Behind a landmark the cone stands beside it, or nobody would see its crater."""
    return -0.95 if pen.distance >= LAYERS["far"].distance else 0.0


@structure(
    "volcano",
    stands="range",
    synonyms=("crater", "vesuvius", "etna", "krakatoa", "eruption", "mount doom", "caldera", "volcanic mountain"),
)
def volcano(pen: Pen) -> None:
    """A steep cone over low black hills, its crater open, lava in its gullies."""
    hills = pen.ridge(-0.05, 0.05, waves=1.2, rough=0.7)
    carve(pen, pen.hill(hills, bottom=0.05), "dark stone", scale=0.3, far=0.22)
    pen.mist(-0.14, 0.05, 0.5 * pen.air.mist)
    pen.canvas.translate(_aside(pen), 0)
    slope: list[Point] = []
    for k in range(61):
        t = k / 60
        x = -1.15 + (1.15 - _CRATER) * t
        slope.append((x, 0.03 + (_RIM - 0.03) * (0.16 * t + 0.84 * t**2.3) + pen.random.uniform(-1, 1) * 0.0035))
    right = [
        (-x * pen.random.uniform(0.995, 1.005) * 1.04, y + pen.random.uniform(-1, 1) * 0.003) for x, y in slope[::-1]
    ]
    lip = [
        (-0.06, _RIM + 0.006), (-0.045, _RIM + 0.020), (-0.01, _RIM + 0.026), (0.03, _RIM + 0.023), (0.06, _RIM + 0.004)
    ]  # fmt: skip
    cone = pen.polygon([*slope, *lip, *right, (1.2, 0.05), (-1.2, 0.05)])
    key = pen.light.key_from
    size = math.hypot(*key) or 1.0
    colours: dict[str, tuple[str | int, float]] = {
        "lit": (0x6A5A54, 1.1),
        "dim": (0x3A302E, 0.05),
        "white": ("snow", 1.0),
        "blue": ("snow", 0.0),
        "moss": ("moss" if pen.ground in ("grass", "water", "mud") else 0x4A4442, 0.7),
    }
    shader = shade(
        _CONE,
        {kind: textures.plain(kind, 0.6) for kind in ("puff", "grain")},
        at=(pen.random.random() * 512, pen.random.random() * 512),
        light=(-key[0] / size, max(key[1], 0.3) / size),
        snow=0.0 if pen.ground in WINTRY else -0.9,
        top=_RIM,
        hot=0.25 + 0.45 * pen.dark,
        glow=three(pen.shine(0xFF5A1E)),
        **{name: three(pen.colour(of, light)) for name, (of, light) in colours.items()},
    )
    pen.canvas.drawPath(cone, pen.paint(0xFFFFFFFF, Shader=shader))
    mouth = pen.polygon([(-0.07, _RIM + 0.004), *lip, (0.0, _RIM + 0.034)])
    pen.fill(mouth, pen.shine(0xFFB038), pen.shine(0xE0401A, 0.5))
    for path, width in streams(pen):
        for w, code, alpha in (
            (3.4, 0x8E1E0C, 0.35),
            (1.7, 0xD8340F, 0.9),
            (0.9, 0xFF7A1E, 1.0),
            (0.35, 0xFFD060, 1.0),
        ):
            pen.stroke(path, pen.shine(code, alpha), width * w)
    pen.mist(-0.12, 0.05, 0.35 * pen.air.mist)


def streams(pen: Pen) -> list[tuple[skia.Path, float]]:
    """Lava from the crater to the foot, with its forks: the same for what stands and for what glows."""
    rows = pen.numbers(4, 12, 9).tolist()
    paths = []
    for i, (start, lean, width) in enumerate(((-0.02, -0.20, 0.0040), (0.035, 0.27, 0.0052), (-0.045, -0.42, 0.0032))):
        points: list[Point] = []
        for k in range(12):
            t = k / 11 * (1.0, 0.86, 0.58)[i]
            wander = (rows[i][k] - 0.5) * 0.030 * min(1.0, 3 * t)
            y = _RIM + 0.022 + (0.02 - _RIM) * t
            points.append((start + lean * (t**1.55) + wander, y))
        paths.append((pen.curve(points), width))
        if i == 1:
            fork = [points[5]] + [
                (points[5][0] - 0.018 * k + (rows[3][k] - 0.5) * 0.02, points[5][1] + 0.034 * k) for k in range(1, 6)
            ]
            paths.append((pen.curve(fork), width * 0.7))
    return paths


@volcano.live
def eruption(pen: Pen, time_s: float) -> None:
    """Ash rises and leans with the wind, lit from below; the lava pulses; sparks fly in bursts."""
    pen.canvas.translate(_aside(pen), 0)
    ash = pen.sprite("ash", 0.26, 0.26, _ash, 0.5)
    count = 6
    for k in range(count):
        t = (time_s * 0.045 + k / count) % 1.0
        x = 0.02 * math.sin(k * 2.4 + time_s * 0.2) + (0.42 * t**1.7) * (1 if pen.side <= 0 else -1)
        y = _RIM + 0.01 - 0.30 * t**0.75
        alpha = min(t * 9, 1.0) * (1 - t) ** 0.7 * 0.92
        pen.stamp(ash, x, y, 0.36 + 0.78 * t, alpha, flip=bool(k % 2))
    pulse = 0.75 + 0.25 * math.sin(time_s * 1.3)
    heat = 0.30 + 0.60 * pen.dark
    pen.glow(0, _RIM - 0.015, 0.16, 0xFF5A20, heat * pulse)
    for k in (0, 1):
        beat = 0.5 + 0.5 * math.sin(time_s * 0.9 + k * 2.2)
        pen.stamp(
            pen.sprite(f"hot {k}", 0.60, 0.44, partial(_hot, which=k)),
            0.03,
            _RIM / 2 + 0.02,
            alpha=beat,
            whole=True,
        )
    chance = pen.numbers(46, 3, 3)
    age = (time_s * 0.45 + chance[:, 2]) % 1.0
    xs = (chance[:, 0] - 0.5) * 0.42 * age
    ys = _RIM - (0.10 + 0.26 * chance[:, 1]) * age * 1.5 + 0.36 * age * age
    for low, high, code in ((0.0, 0.35, 0xFFD070), (0.35, 0.7, 0xFF9038), (0.7, 1.0, 0xC84018)):
        some = (age >= low) & (age < high)
        pen.dots(np.stack([xs, ys], 1)[some], 0.0024 - 0.001 * low, pen.shine(code, 1.0 - 0.6 * low))


def _hot(pen: Pen, which: int) -> None:
    """The brightest of every other stream, with its glow."""
    pen.canvas.translate(-0.03, -_RIM / 2 - 0.02)
    for path, width in streams(pen)[which::2]:
        pen.stroke(path, pen.shine(0xFF6A20, 0.10 + 0.14 * pen.dark), width * 5.5)
        pen.stroke(path, pen.shine(0xFFE08A, 0.6), width * 0.5)


def _ash(pen: Pen) -> None:
    """A cauliflower of ash, bright where the light falls, glowing a little below."""
    up = max(pen.light.key_from[1], 0.35)
    for _ in range(46):
        a, r = pen.random.random() * math.tau, 0.082 * math.sqrt(pen.random.random())
        x, y = math.cos(a) * r, math.sin(a) * r
        radius = pen.random.uniform(0.014, 0.034)
        share = min(max(0.45 + (x * pen.side - y * up) * 5.0, 0.0), 1.0)
        tones = [
            pen.colour(0x8C827E, share, 0.9),
            pen.colour(0x5A5250, share * 0.5, 0.7),
            pen.colour(0x3A3434, 0.1, 0.0),
        ]
        lump = skia.GradientShader.MakeRadial(
            skia.Point(x + pen.side * radius * 0.35, y - radius * 0.35 * up), radius * 1.25, tones, [0.0, 0.6, 1.0]
        )
        pen.canvas.drawCircle(x, y, radius * 1.3, pen.paint(0xFFFFFFFF, Shader=lump))
