"""A jungle: tall trunks in green mist, a roof of leaves, lianas, ferns and great leaves before them."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import REACH, TOP, Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.land import clump
from engine.designer.structures.solids import moonshine

_GREENS = (0x3E7A2E, 0x2F6A34, 0x5A8E2C, 0x2A5A3A)
_FLOWERS = (0xE0405A, 0xF08A2A, 0xD050C0, 0xF2D040)


@structure(
    "jungle",
    stands="range",
    synonyms=("rainforest", "rain forest", "tropics", "amazon", "tropical forest", "liana", "bamboo", "mangrove"),
    implies={"ground": "grass"},
)
def jungle(pen: Pen) -> None:
    """Three rows of trunks under one roof, each row nearer and darker, before green depths."""
    depths = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.05))
    near, deep = (pen.colour(_GREENS[1], light, alpha, far=0.34) for light, alpha in ((0.5, 0.95), (0.75, 0.70)))
    pen.fill_between(depths, (0, TOP), (0, 0), near, deep, near)
    pen.texture(depths, "puff", pen.colour(_GREENS[3], 0.1, far=0.2), scale=0.35, strength=0.55)
    for row, (distance, count, width) in enumerate(((0.50, 30, 0.022), (0.27, 20, 0.036), (0.06, 13, 0.058))):
        undergrowth(pen, -0.12 + 0.035 * row, distance)
        for k in range(count):
            x = -REACH + (k + pen.random.uniform(0.15, 0.85)) * 2 * REACH / count
            if row == 2 and abs(x) < 0.30:
                continue
            trunk(pen, x, width * pen.random.uniform(0.7, 1.25), distance)
        roof(pen, TOP + 0.05 + 0.05 * (2 - row), distance)
        pen.mist(-0.42 + 0.10 * row, 0.06, 0.55 * pen.air.mist, None if pen.dark > 0.5 else 0xB8D8B0)
        if row < 2:
            moonshine(pen, -0.74 + 0.12 * row, 0.46 - 0.16 * row)
    for _ in range(22):
        liana(pen, pen.random.uniform(-1.7, 1.7), pen.random.uniform(0.12, 0.40))
    leaf, fern = great_leaves(pen), ferns(pen)
    for _ in range(30):
        x = pen.random.uniform(-1.9, 1.9)
        pen.replay(pen.random.choice(fern), x, 0.03, pen.random.uniform(0.07, 0.15))
    for _ in range(12):
        x = pen.random.choice((-1, 1)) * pen.random.uniform(0.30, 1.8)
        pen.replay(pen.random.choice(leaf), x, 0.03, pen.random.uniform(0.14, 0.24))


def undergrowth(pen: Pen, y: float, distance: float) -> None:
    """A bank of bushes."""
    points = pen.ridge(y, 0.045, waves=2.4, rough=0.75)
    lit, dim = (pen.colour(_GREENS[1], light, far=distance) for light in (0.55, 0.02))
    pen.fill_between(pen.hill(points, bottom=0.05), (0, y - 0.06), (0, 0.05), lit, dim)
    spots = np.array([(x, y0 + pen.random.uniform(0.0, 0.10)) for x, y0 in points[::2]])
    for part, light in ((0, 0.8), (1, 0.25), (2, 0.5)):
        pen.dots(spots[part::3], 0.008, pen.colour(_GREENS[part], light, 0.8, far=distance))


def trunk(pen: Pen, x: float, width: float, distance: float) -> None:
    """A trunk with buttress roots, moss on one side."""
    lean = pen.random.uniform(-0.05, 0.05)
    w = width / 2
    left: list[Point] = [(x - w * 3.4, 0.04), (x - w * 1.5, -0.05), (x - w, -0.16), (x - w * 0.85 + lean, TOP)]
    right: list[Point] = [(x + w * 0.85 + lean, TOP), (x + w, -0.16), (x + w * 1.5, -0.05), (x + w * 3.4, 0.04)]
    path = pen.polygon([*left, *right])
    tones = [pen.colour("bark", light, far=distance) for light in (0.9, 0.45, 0.03)]
    if pen.side > 0:
        tones.reverse()
    pen.fill_between(path, (x - w * 1.2, 0), (x + w * 1.2, 0), *tones)
    pen.texture(path, "streak", pen.colour("black", 0.0, far=distance), scale=0.12, stretch=0.12, strength=0.35)
    if distance < 0.4:
        pen.texture(path, "cloud", pen.colour("moss", 0.6, far=distance), scale=0.22, strength=0.65)
        for way in (-1, 1):
            root = pen.curve([(x + way * w * 0.8, -0.10), (x + way * w * 1.5, -0.03), (x + way * w * 3.3, 0.03)])
            pen.stroke(root, pen.colour("bark", 0.15, 0.7, far=distance), w * 0.22)


def roof(pen: Pen, y: float, distance: float) -> None:
    """Clumps of leaves along the top."""
    kinds = [pen.record(partial(_crown, code=code, distance=distance)) for code in _GREENS]
    for _ in range(44):
        x = pen.random.uniform(-REACH, REACH)
        pen.replay(pen.random.choice(kinds), x, y + pen.random.uniform(-0.05, 0.03), pen.random.uniform(0.8, 1.5), 1.4)


def _crown(pen: Pen, code: int, distance: float) -> None:
    for _ in range(5):
        x, y = pen.random.uniform(-0.06, 0.06), pen.random.uniform(-0.03, 0.03)
        clump(pen, x, y, pen.random.uniform(0.03, 0.05), code, 0.35 + 4.0 * max(0.0, -y), distance)


def liana(pen: Pen, x: float, length: float) -> None:
    """A creeper that hangs, with leaves on it."""
    sway = pen.random.uniform(-0.08, 0.08)
    points: list[Point] = [(x + sway * t * t, TOP + length * t) for t in (0, 0.25, 0.5, 0.75, 1.0)]
    pen.stroke(pen.curve(points), pen.colour("moss", 0.25), 0.0034)
    for k in range(int(length * 60)):
        t = pen.random.random()
        px, py = x + sway * t * t, TOP + length * t
        size = pen.random.uniform(0.006, 0.012)
        left, right = (size, size * 0.2) if k % 2 else (size * 0.2, size)
        oval = skia.Path().addOval(skia.Rect(px - left, py, px + right, py + size * 0.9))
        pen.fill(oval, pen.colour(_GREENS[k % 4], pen.random.uniform(0.2, 0.9)))


def great_leaves(pen: Pen) -> list[skia.Picture]:
    """Three plants of great leaves of height 1, such as a banana's."""
    return [pen.record(_plant) for _ in range(3)]


def _plant(pen: Pen) -> None:
    code = pen.random.choice(_GREENS[:3])
    for k in range(7):
        angle = -math.pi / 2 + (k - 3) * 0.36 + pen.random.uniform(-0.12, 0.12)
        length, droop = pen.random.uniform(0.75, 1.05), 0.16 * abs(k - 3)
        tip = (math.cos(angle) * length, math.sin(angle) * length + droop)
        mid = (math.cos(angle) * length * 0.5, math.sin(angle) * length * 0.62)
        nx, ny = -math.sin(angle) * 0.115, math.cos(angle) * 0.115
        blade = skia.Path()
        blade.moveTo(0, 0)
        blade.quadTo(mid[0] + nx * 2, mid[1] + ny * 2, *tip)
        blade.quadTo(mid[0] - nx * 2, mid[1] - ny * 2, 0, 0)
        facing = 0.55 + 0.4 * math.cos(angle) * pen.side
        lit, dim = pen.colour(code, min(max(facing, 0.15), 1.0)), pen.colour(code, 0.03)
        pen.fill_between(blade, (mid[0] + nx, mid[1] + ny), (mid[0] - nx, mid[1] - ny), lit, dim)
        rib = skia.Path()
        rib.moveTo(0, 0)
        rib.quadTo(*mid, *tip)
        pen.stroke(rib, pen.colour(code, 1.1, 0.8), 0.012)
        for j in range(2, 9):
            t = j / 10
            bx, by = 2 * (1 - t) * t * mid[0] + t * t * tip[0], 2 * (1 - t) * t * mid[1] + t * t * tip[1]
            for way in (-1, 1):
                reach = way * (0.9 * (1 - t) + 0.25)
                end = (bx + nx * reach + math.cos(angle) * 0.05, by + ny * reach + math.sin(angle) * 0.05)
                pen.line((bx, by), end, pen.colour(code, 0.0, 0.35), 0.006)
    if pen.random.random() < 0.7:
        flower = pen.random.choice(_FLOWERS)
        for k in range(6):
            a = k * math.tau / 6
            petal = skia.Path().addOval(skia.Rect(-0.035, -0.075, 0.035, 0.0))
            petal.transform(skia.Matrix().setRotate(math.degrees(a)))
            petal.offset(0.05, -0.62)
            pen.fill(petal, pen.colour(flower, 1.0), pen.colour(flower, 0.5))
        pen.circle(0.05, -0.62, 0.022, pen.colour("gold", 1.0))


def ferns(pen: Pen) -> list[skia.Picture]:
    """Three ferns of height 1."""
    return [pen.record(_fern) for _ in range(3)]


def _fern(pen: Pen) -> None:
    code = pen.random.choice(_GREENS)
    for k in range(7):
        angle = -math.pi / 2 + (k - 3) * 0.40
        for j in range(1, 15):
            t = j / 15
            x = math.cos(angle) * t * 0.95
            y = math.sin(angle) * t * 0.95 + 0.34 * t * t * abs(math.cos(angle))
            size = 0.15 * (1 - t) + 0.03
            tone = pen.colour(code, 0.25 + 0.6 * t)
            for way in (-1, 1):
                a = angle + way * 1.1
                pen.line((x, y), (x + math.cos(a) * size, y + math.sin(a) * size + 0.02), tone, 0.026 * (1 - t) + 0.01)


@jungle.live
def life(pen: Pen, time_s: float) -> None:
    """Slanting light that breathes, and two bright birds that cross."""
    if pen.dark < 0.5 and pen.sky not in ("overcast", "storm", "fog", "underwater", "indoors"):
        fans = pen.sprite("shafts", 1.3, 0.64, _shafts, 0.5)
        for i in (0, 1):
            strength = 0.6 + 0.3 * math.sin(time_s * 0.4 + 2.2 * i)
            pen.stamp(fans, -0.25 + 0.5 * i, -0.31, alpha=strength, whole=True)
    for i, code in enumerate((0xE03A2A, 0x2A7AE0)):
        way = (time_s * 0.045 + 0.5 * i) % 1.0
        x, y = -1.3 + 2.6 * way, -0.34 + 0.08 * i + 0.03 * math.sin(time_s * 0.9 + i)
        flap = 0.014 * math.sin(time_s * 9 + i)
        for side in (-1, 1):
            wing = pen.polygon([(x - 0.004, y), (x + 0.008, y), (x - 0.006 + 0.012 * side, y - 0.006 - flap * 1.4)])
            pen.fill(wing, pen.colour(code, 0.9))
        pen.line((x - 0.020, y + 0.003), (x + 0.010, y), pen.colour(code, 0.6), 0.005)


def _shafts(pen: Pen) -> None:
    tone = pen.shine(0xF0FFC8, 0.15)
    way = 1 if pen.side <= 0 else -1
    for _ in range(7):
        x, w = pen.random.uniform(-0.45, 0.25), pen.random.uniform(0.015, 0.05)
        corners = [(x, -0.30), (x + w, -0.30), (x + w * 2.4 + 0.20, 0.30), (x + 0.20, 0.30)]
        beam = pen.polygon([(way * px, py) for px, py in corners])
        stops = [skia.Point(0, -0.30), skia.Point(0, 0.28)]
        fade = skia.GradientShader.MakeLinear(stops, [tone, tone, tone & 0xFFFFFF], [0.0, 0.4, 1.0])
        blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.011)
        pen.canvas.drawPath(beam, pen.paint(0xFFFFFFFF, Shader=fade, MaskFilter=blur))
