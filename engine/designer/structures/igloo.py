"""An igloo: blocks of snow in rings, a low entrance, a lamp within, and what stands about it."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.solids import AFLOAT, carve, contact, facing, plume

_RADIUS = 0.29
_FOOT = 0.082


@structure(
    "igloo",
    layer="front",
    synonyms=("snow hut", "snow house", "eskimo", "inuit", "iglu", "arctic camp", "polar camp"),
    implies={"ground": "snow"},
)
def igloo(pen: Pen) -> None:
    """A large igloo and a small one, in the snow before the horizon."""
    if pen.ground in AFLOAT:
        floe = skia.Path().addOval(skia.Rect(-0.66, 0.02, 0.66, 0.15))
        pen.fill(floe, pen.colour("snow", 1.0), pen.colour("ice", 0.1))
    contact(pen, -0.46, 0.052, 0.30, 0.35)
    dome(pen, -0.47, 0.052, 0.115, 0.06)
    contact(pen, 0.06, _FOOT - 0.004, 0.72, 0.45)
    dome(pen, 0.06, _FOOT, _RADIUS, 0.0)
    porch(pen, -0.13, _FOOT + 0.012, 0.135)
    for x, w in ((0.33, 0.11), (-0.27, 0.07), (0.12, 0.16), (0.22, 0.14)):
        drift = skia.Path().addOval(skia.Rect(x - w, _FOOT - 0.012, x + w, _FOOT + 0.020))
        pen.soft(drift, pen.colour("snow", 0.85, 0.9), 0.008)
    if pen.lamps:
        pen.glow(-0.13, 0.05, 0.26, 0xFFA448, 0.4 * pen.lamps)
        pen.glow(0.08, -0.03, 0.34, 0xFFA448, 0.18 * pen.lamps)
    sledge(pen)


@igloo.on("middle")
def bergs(pen: Pen) -> None:
    """Icebergs beyond."""
    for x, w, h in ((-0.62, 0.20, 0.12), (0.66, 0.26, 0.16), (0.34, 0.18, 0.08)):
        berg(pen, x + pen.random.uniform(-0.04, 0.04), w, h * pen.random.uniform(0.85, 1.15))


def berg(pen: Pen, x: float, width: float, height: float) -> None:
    """A far iceberg with blue sides."""
    points = [
        (x + (t - 0.5) * width * 2, 0.03 - height * v)
        for t, v in (
            (0, 0),
            (0.08, 0.42),
            (0.24, 0.58),
            (0.33, 0.92),
            (0.45, 1.0),
            (0.58, 0.66),
            (0.76, 0.52),
            (0.93, 0.28),
            (1, 0),
        )
    ]
    path = pen.polygon(points)
    carve(pen, path, "ice", scale=0.16, rough=0.55, far=0.26)


def dome(pen: Pen, x: float, y: float, radius: float, far: float) -> None:
    """Rings of blocks, each lit as it turns; their seams let the lamp's light through by night."""
    tall = radius * 0.92
    outline = skia.Path()
    outline.moveTo(x - radius, y)
    outline.cubicTo(x - radius, y - tall * 1.31, x + radius, y - tall * 1.31, x + radius, y)
    outline.close()
    warm = 0.55 * pen.lamps
    seam = pen.blend(pen.colour("ice", 0.05, far=far), pen.shine(0xFFB45A), warm)
    pen.fill(outline, seam)
    pen.canvas.save()
    pen.canvas.clipPath(outline, True)
    rings = 8
    for ring in range(rings):
        up0, up1 = (math.pi / 2) * ring / rings, (math.pi / 2) * (ring + 1) / rings
        count = max(4, round(22 * math.cos((up0 + up1) / 2)))
        shift = pen.random.random()
        for k in range(-1, count):
            a0 = math.pi * (k + shift) / count
            a1 = math.pi * (k + 1 + shift) / count
            a0, a1 = max(a0, 0.0), min(a1, math.pi)
            if a1 - a0 < 0.01:
                continue
            pad, lift = 0.0065 * radius / _RADIUS, 0.0042 * radius / _RADIUS
            corners: list[Point] = []
            for a, up in ((a0, up0), (a0, up1), (a1, up1), (a1, up0)):
                corners.append((x - radius * math.cos(a) * math.cos(up), y - tall * math.sin(up)))
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
            block = pen.curve(
                [
                    (x0 + pad / 2, y0 - lift), ((x0 + x1) / 2 + pad / 2, (y0 + y1) / 2), (x1 + pad / 2, y1 + lift / 2),
                    ((x1 + x2) / 2, (y1 + y2) / 2 + lift / 2), (x2 - pad / 2, y2 + lift / 2),
                    ((x2 + x3) / 2 - pad / 2, (y2 + y3) / 2), (x3 - pad / 2, y3 - lift),
                    ((x0 + x3) / 2, (y0 + y3) / 2 - lift),
                ],
                close=True,
            )  # fmt: skip
            a, up = (a0 + a1) / 2, (up0 + up1) / 2
            light = facing(pen, -math.cos(a) * math.cos(up), math.sin(up)) * pen.random.uniform(0.86, 1.06)
            top = pen.colour("snow", min(light * 1.1, 1.1), far=far)
            low = pen.colour("snow", light * 0.62, far=far)
            glow = warm * 0.34 * math.sin(a) * math.cos(up * 0.8)
            pen.fill(block, pen.blend(top, pen.shine(0xFFC070), glow), pen.blend(low, pen.shine(0xFF9A40), glow))
    pen.texture(outline, "grain", pen.colour("snow", 0.0, far=far), scale=0.10, strength=0.22)
    shade, none = pen.colour("deep water", 0.1, 0.30, far=far), pen.colour("deep water", 0.1, 0.0, far=far)
    pen.fill_between(outline, (x + pen.side * radius * 0.1, y - tall * 0.7), (x - pen.side * radius, y), none, shade)
    pen.canvas.restore()
    if far:
        hole = pen.arch(x - radius * 0.35, y, radius * 0.42, radius * 0.42)
        pen.fill(hole, pen.blend(pen.colour("deep water", 0.2, far=far), pen.shine(0xFFB050), 0.9 * pen.lamps))
        if pen.lamps:
            pen.glow(x - radius * 0.35, y - radius * 0.15, radius, 0xFFA040, 0.5 * pen.lamps)


def porch(pen: Pen, x: float, y: float, radius: float) -> None:
    """The entrance that comes towards the camera: an arch of blocks around a dark or a lit opening."""
    tall = radius * 1.02
    back = pen.arch(x + 0.05, y, radius * 2.0, tall * 1.08)
    pen.fill(back, pen.colour("snow", 0.25), pen.colour("snow", 0.05))
    blocks = 9
    for k in range(blocks):
        a0, a1 = math.pi * k / blocks, math.pi * (k + 1) / blocks
        ring = []
        for a, r in ((a0, 1.0), ((a0 + a1) / 2, 1.0), (a1, 1.0), (a1, 0.66), (a0, 0.66)):
            ring.append((x - math.cos(a) * radius * r, y - math.sin(a) * tall * r))
        depth = [(px + 0.05, py - 0.004) for px, py in (ring[0], ring[1], ring[2])]
        top = pen.polygon([ring[0], ring[1], ring[2], *reversed(depth)])
        mid = (a0 + a1) / 2
        light = facing(pen, -math.cos(mid), math.sin(mid))
        pen.fill(top, pen.colour("snow", light), pen.colour("snow", light * 0.8))
        pen.stroke(top, pen.colour("ice", 0.0, 0.6), 0.0016)
    for k in range(blocks):
        a0, a1 = math.pi * (k + 0.03) / blocks, math.pi * (k + 0.97) / blocks
        stone = pen.polygon(
            [
                (x - math.cos(a) * radius * r, y - math.sin(a) * tall * r)
                for a, r in ((a0, 1.0), ((a0 + a1) / 2, 1.005), (a1, 1.0), (a1, 0.66), (a0, 0.66))
            ]
        )
        light = 0.62 * pen.random.uniform(0.85, 1.1)
        pen.fill(stone, pen.colour("snow", light * 1.2), pen.colour("snow", light * 0.8))
    hole = pen.arch(x, y, radius * 1.32, tall * 0.66)
    warm = 0.95 * pen.lamps
    inside, floor = pen.colour("deep water", 0.25), pen.colour("deep water", 0.6)
    pen.fill(hole, pen.blend(inside, pen.shine(0xFF9A38), warm), pen.blend(floor, pen.shine(0xFFE2A0), warm))
    inner = pen.arch(x + 0.022, y - 0.004, radius * 0.86, tall * 0.45)
    pen.fill(inner, pen.blend(pen.colour("black", 0.1, 0.7), pen.shine(0xFFF0C4), warm))


def sledge(pen: Pen) -> None:
    """Light that falls on the snow, a sledge, skis and a flag, tracks."""
    if pen.lamps:
        for wide, deep in ((0.10, 0.03), (0.17, 0.055), (0.25, 0.085)):
            pool = skia.Path().addOval(skia.Rect(-0.15 - wide, _FOOT, -0.13 + wide, _FOOT + 2 * deep))
            pen.soft(pool, pen.shine(0xFFB050, 0.13 * pen.lamps), 0.03)
    if pen.ground in ("snow", "ice"):
        for k in range(16):
            t = k / 15
            x, y = -0.13 - 0.16 * t**1.5 + (0.008 + 0.014 * t) * (-1) ** k, 0.108 + 0.14 * t**1.3
            print_ = skia.Path().addOval(
                skia.Rect(x - 0.004 - 0.007 * t, y - 0.002 - 0.003 * t, x + 0.004 + 0.007 * t, y + 0.002 + 0.003 * t)
            )
            pen.fill(print_, pen.colour("ice", 0.05, 0.65))
    x, y = 0.44, 0.13
    contact(pen, x, y, 0.20, 0.35)
    wood, dark = pen.colour("wood", 1.0), pen.colour("dark wood", 0.4)
    for dy in (-0.012, 0.006):
        runner = pen.curve(
            [(x - 0.10, y + dy - 0.030), (x - 0.105, y + dy - 0.008), (x - 0.085, y + dy), (x + 0.10, y + dy)]
        )
        pen.stroke(runner, dark if dy < 0 else wood, 0.0044)
        for k in range(4):
            pen.line((x - 0.06 + 0.05 * k, y + dy), (x - 0.06 + 0.05 * k, y + dy - 0.022), wood, 0.003)
    for k in range(5):
        pen.line(
            (x - 0.085, y - 0.030 + 0.004 * k), (x + 0.095, y - 0.030 + 0.004 * k), wood if k % 2 else dark, 0.0034
        )
    for bx, w, h, material in (
        (-0.03, 0.06, 0.040, "cloth"),
        (0.045, 0.05, 0.030, "leather"),
        (0.0, 0.045, 0.026, 0x3F6F8A),
    ):
        lift = 0.030 if bx else 0.066
        pack = skia.Path().addRoundRect(skia.Rect(x + bx - w / 2, y - lift - h, x + bx + w / 2, y - lift), 0.009, 0.009)
        pen.round(pack, material)
        pen.line((x + bx, y - lift), (x + bx, y - lift - h), pen.colour("rope", 0.7), 0.002)
    for dx, lean in ((0.30, -0.012), (0.325, 0.014)):
        pen.line((dx + 0.06, 0.11), (dx + 0.06 + lean, -0.08), pen.colour(0xC8542E, 0.9), 0.006)
        pen.line((dx + 0.06 + lean, -0.08), (dx + 0.064 + lean * 1.4, -0.095), pen.colour(0xC8542E, 0.9), 0.005)


@igloo.live
def smoke(pen: Pen, time_s: float) -> None:
    """A thread of smoke from the vent; the lamp within flickers by night."""
    plume(
        pen, 0.07, _FOOT - _RADIUS * 0.90, time_s, height=0.13, size=0.035, strength=0.32, pace=0.08, material="white"
    )
    if pen.lamps:
        flicker = 0.5 + 0.06 * math.sin(time_s * 9) + 0.05 * math.sin(time_s * 5.3)
        pen.glow(-0.13, 0.055, 0.12, 0xFFA448, flicker * pen.lamps)
