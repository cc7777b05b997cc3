"""A garden: hedges and cypresses about a fountain, beds of roses; a pond, a maple and stone lanterns in Japan."""

from __future__ import annotations

import math

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, Pen
from engine.designer.registry import structure
from engine.designer.structures.land import broadleaf
from engine.designer.structures.pond import ball, carp, foliage, hill_and_maples, pond
from engine.designer.structures.solids import WINTRY, contact, facing, joints, shaded, tube

_ROSES = (0xD82A4A, 0xF06A92, 0xF7D9DE, 0xE8B030, 0xB03A7A)


@structure(
    "garden",
    stands="range",
    synonyms=("park", "rose garden", "orchard", "flower bed", "hedge", "fountain", "flower", "flower garden",
              "backyard", "terrace", "topiary", "meadow garden"),
    implies={"ground": "grass"},
)  # fmt: skip
def garden(pen: Pen) -> None:
    """By the period: a Japanese garden, or a formal one."""
    woods(pen)
    if pen.period == "japanese":
        hill_and_maples(pen)
    else:
        formal(pen)


def woods(pen: Pen) -> None:
    """Trees that close the garden off, in two rows."""
    for far, count, low, high in ((0.34, 60, 0.10, 0.19), (0.20, 44, 0.08, 0.16)):
        for _ in range(count):
            x = pen.random.uniform(-1.9, 1.9)
            broadleaf(
                pen, x, 0.02, pen.random.uniform(low, high), far, pen.palette == "golden" or "leaves" in pen.things
            )
        pen.mist(-0.16, 0.05, 0.28 * pen.air.mist)


def hedge(pen: Pen, left: float, right: float, y: float, height: float, far: float = 0.0) -> None:
    """A clipped hedge: a bright top, a darker face, leaves all over."""
    material = foliage(pen)
    depth = height * 0.30
    wall = pen.box((left + right) / 2, y, right - left, height)
    pen.fill(wall, pen.colour("leaf", 0.50, far=far), pen.colour("leaf", 0.08, far=far))
    top = pen.polygon(
        [
            (left, y - height),
            (left + depth, y - height - depth),
            (right - depth, y - height - depth),
            (right, y - height),
        ]
    )
    pen.fill(top, pen.colour(material, 1.05, far=far), pen.colour(material, 0.8, far=far))
    for path, light in ((wall, 0.0), (top, 0.2)):
        pen.texture(path, "grain", pen.colour("leaf", light, far=far), scale=0.06, strength=0.7)
    points = pen.numbers(round((right - left) * height * 22000), 2, key=int(abs(left) * 1000) + int(height * 5000))
    for k, light in enumerate((0.15, 0.55, 1.0)):
        some = points[k::3] * (right - left, -height) + (left, y)
        pen.dots(some, 0.0017, pen.colour("leaf", light, 0.8, far=far))


def cypress(pen: Pen, x: float, y: float, height: float, far: float = 0.0) -> None:
    """A slender cypress, lit from one side."""
    w = height * 0.105
    shape = pen.curve(
        [(x - w * 0.3, y), (x - w, y - height * 0.25), (x - w * 0.75, y - height * 0.62), (x, y - height),
         (x + w * 0.75, y - height * 0.62), (x + w, y - height * 0.25), (x + w * 0.3, y)],
        close=True,
    )  # fmt: skip
    bright, mid, dim = (pen.colour("pine", share, far=far) for share in (1.1, 0.5, 0.0))
    pen.fill_between(shape, (x + pen.side * w, 0), (x - pen.side * w, 0), bright, mid, dim)
    pen.canvas.save()
    pen.canvas.clipPath(shape, True)
    for _ in range(round(height * 900)):
        px, py = x + pen.random.uniform(-w, w), y - pen.random.random() * height
        light = facing(pen, (px - x) / w, 0.3) * pen.random.uniform(0.4, 1.2)
        pen.line(
            (px, py),
            (px + pen.random.uniform(-0.002, 0.002), py - 0.010),
            pen.colour("pine", light, 0.8, far=far),
            0.0022,
        )
    pen.canvas.restore()
    if pen.ground in WINTRY:
        pen.soft(
            pen.curve([(x - w * 0.5, y - height * 0.6), (x, y - height), (x + w * 0.5, y - height * 0.6)], close=True),
            pen.colour("snow", 0.9, 0.85),
            0.003,
        )


def roses(pen: Pen, x: float, y: float, spread: float, height: float, count: int, code: int) -> None:
    """A rose bush: leaves, then blossoms with a light and a dark petal."""
    for _ in range(count * 3):
        px, py = x + pen.random.gauss(0, spread), y - height * pen.random.random()
        pen.circle(px, py, pen.random.uniform(0.003, 0.006), pen.colour("leaf", pen.random.uniform(0.05, 0.8)))
    for _ in range(count):
        px, py = x + pen.random.gauss(0, spread), y - height * pen.random.uniform(0.15, 1.15)
        r = pen.random.uniform(0.0042, 0.0068)
        light = pen.random.uniform(0.55, 1.05)
        pen.circle(px, py, r, pen.colour(code, light * 0.5))
        pen.circle(px + pen.side * r * 0.2, py - r * 0.2, r * 0.72, pen.colour(code, light))
        pen.circle(px + pen.side * r * 0.1, py - r * 0.1, r * 0.25, pen.colour(code, light * 0.4))


def formal(pen: Pen) -> None:
    """Hedges in steps, cypresses in pairs, an arch of roses at the end of the axis, statues."""
    for way in (-1, 1):
        left, right = sorted((way * 0.24, way * 1.9))
        hedge(pen, left, right, 0.02, 0.075, 0.10)
        for k in range(6):
            cypress(pen, way * (0.27 + 0.23 * k), 0.02, pen.random.uniform(0.225, 0.27) + 0.02 * k, 0.05)
        for k in range(5):
            statue(pen, way * (0.385 + 0.23 * k), 0.02, 0.10)
    arch(pen, 0.0, 0.024)


def arch(pen: Pen, x: float, y: float) -> None:
    """A white arbour with roses over it."""
    w, h = 0.115, 0.215
    white = pen.colour("white", 0.85)
    for shift, light in ((0.014, 0.35), (0.0, 0.9)):
        tone = pen.colour("white", light)
        frame = pen.arch(x + shift, y, 2 * w, h)
        pen.stroke(frame, tone, 0.0065)
        inner = pen.arch(x + shift, y, 1.62 * w, h * 0.91)
        pen.stroke(inner, tone, 0.0045)
    for k in range(9):
        ly = y - 0.012 - 0.0125 * k
        for way in (-1, 1):
            pen.line((x + way * w, ly), (x + way * w * 0.81, ly - 0.008), white, 0.0025)
    for k in range(54):
        t = k / 53
        a = math.pi * t
        along = 0.20 + 0.6 * t
        if along < 0.36 or along > 0.64:
            up = (along - 0.20) / 0.16 if along < 0.36 else (0.80 - along) / 0.16
            px, py = x + (-w if along < 0.5 else w), y - up * (h - w)
        else:
            a = math.pi * (along - 0.36) / 0.28
            px, py = x - math.cos(a) * w, y - (h - w) - math.sin(a) * w
        roses(pen, px, py + 0.010, 0.011, 0.020, 3, _ROSES[k % 3])


def statue(pen: Pen, x: float, y: float, height: float) -> None:
    """An urn on a pedestal, with flowers."""
    shaded(pen, pen.box(x, y, height * 0.34, height * 0.42), "marble", 0.9, 0.35)
    shaded(pen, pen.box(x, y - height * 0.40, height * 0.42, height * 0.06), "marble", 1.05, 0.5)
    rim = [(-0.08, 0.46), (-0.22, 0.68), (-0.24, 0.76), (0.24, 0.76), (0.22, 0.68), (0.08, 0.46)]
    bowl = pen.curve([(x + height * dx, y - height * up) for dx, up in rim], close=True)
    pen.round(bowl, "marble")
    roses(pen, x, y - height * 0.74, height * 0.12, height * 0.24, 14, pen.random.choice(_ROSES))


@garden.on("front")
def beds(pen: Pen) -> None:
    """A gravel walk to the arch, beds of roses at both sides, the fountain."""
    if pen.ground in ("water", "lava", "clouds", "seabed"):
        return
    if pen.period == "japanese":
        pond(pen)
        return
    bottom = BOTTOM / 0.6  # behind a landmark all is smaller, and the walk still reaches the picture's edge
    wide = 0.055 + 0.565 * (bottom - 0.03) / (BOTTOM - 0.03)
    walk = pen.polygon([(-0.055, 0.03), (0.055, 0.03), (wide, bottom), (-wide, bottom)])
    gravel, edge = pen.colour("sand", 0.75), pen.colour("sand", 0.55, far=0.3)
    pen.fill_between(walk, (0, 0.02), (0, BOTTOM), edge, gravel)
    pen.texture(walk, "grain", pen.colour("earth", 0.2), scale=0.45, strength=0.4)
    pen.texture(walk, "speck", pen.colour("white", 0.9), scale=0.5, strength=0.5)
    for way in (-1, 1):
        for k in range(9):
            t = (k / 8) ** 1.7
            y = 0.045 + 0.235 * t
            inner = 0.085 + 0.60 * (y - 0.03) / (BOTTOM - 0.03)
            size = 0.35 + 1.5 * t
            x = way * (inner + 0.052 * size)
            if abs(x) > 1.5:
                continue
            if k % 3 == 1:
                contact(pen, x, y, 0.075 * size, 0.4)
                ball(pen, x, y, 0.030 * size)
            for j in range(4):
                bx = x + way * 0.085 * size * (j + 0.5)
                roses(pen, bx, y, 0.022 * size, 0.026 * size, 22, _ROSES[(k + 2 * j) % len(_ROSES)])
    fountain(pen, 0.0, 0.135)


_BASINS = ((0.165, 0.0), (0.082, -0.098), (0.046, -0.166))
"""Half width and height above the foot of each of the fountain's basins."""


def fountain(pen: Pen, x: float, y: float) -> None:
    """Three basins one above the other, on a round pool."""
    contact(pen, x, y + 0.022, 0.42, 0.5)
    r = _BASINS[0][0]
    rim = skia.Path().addOval(skia.Rect(x - r - 0.014, y - 0.046, x + r + 0.014, y + 0.008))
    drum = skia.Path()
    drum.addRect(skia.Rect(x - r - 0.014, y - 0.019, x + r + 0.014, y + 0.010))
    low = skia.Path().addOval(skia.Rect(x - r - 0.014, y - 0.016, x + r + 0.014, y + 0.038))
    for part in (low, drum):
        pen.round(part, "marble")
    joints(pen, drum, pen.colour("marble", 0.0, 0.4), 0.030, 0.0016, upright=True)
    shaded(pen, rim, "marble", 0.95, 0.75)
    water = skia.Path().addOval(skia.Rect(x - r, y - 0.042, x + r, y + 0.003))
    pen.fill(water, pen.colour("water", 0.9, far=0.35), pen.colour("water", 0.5))
    for (half, up), foot, w in ((_BASINS[1], -0.018, 0.042), (_BASINS[2], -0.100, 0.024)):
        tube(pen, x, y + foot, w, w * 0.6, -up + foot + 0.008, "marble")
        bowl = skia.Path()
        bowl.moveTo(x - half, y + up)
        bowl.cubicTo(x - half * 0.8, y + up + half * 0.42, x + half * 0.8, y + up + half * 0.42, x + half, y + up)
        bowl.close()
        pen.round(bowl, "marble")
        shaded(
            pen,
            skia.Path().addOval(skia.Rect(x - half, y + up - half * 0.13, x + half, y + up + half * 0.13)),
            "marble",
            1.0,
            0.8,
        )
        surface = skia.Path().addOval(
            skia.Rect(x - half * 0.9, y + up - half * 0.10, x + half * 0.9, y + up + half * 0.10)
        )
        pen.fill(surface, pen.colour("water", 0.9, far=0.35), pen.colour("water", 0.6))
    tube(pen, x, y - 0.166, 0.014, 0.009, 0.036, "marble")
    pen.circle(x, y - 0.206, 0.008, pen.colour("marble", 0.9))
    if pen.lamps:
        for dx in (-0.11, 0.0, 0.11):
            pen.glow(x + dx, y - 0.02, 0.13, 0xFFD090, 0.5 * pen.lamps)


@garden.live_on("front")
def water(pen: Pen, time_s: float) -> None:
    """The fountain plays, butterflies flit by day; carp draw circles in the pond."""
    if pen.ground in ("water", "lava", "clouds", "seabed"):
        return
    if pen.period == "japanese":
        carp(pen, time_s)
        return
    _play(pen, time_s)
    if pen.dark < 0.5:
        for i in range(4):
            x = -0.5 + 0.31 * i + 0.06 * math.sin(time_s * 0.7 + i * 2.1)
            y = 0.02 + 0.05 * math.sin(time_s * 0.9 + i * 1.3)
            wing = 0.006 * abs(math.sin(time_s * 9 + i)) + 0.001
            code = (0xF2C230, 0xF7F3EA, 0xE8642A)[i % 3]
            pen.fill(skia.Path().addOval(skia.Rect(x - wing, y - 0.006, x, y + 0.003)), pen.colour(code, 0.95))
            pen.fill(skia.Path().addOval(skia.Rect(x, y - 0.006, x + wing, y + 0.003)), pen.colour(code, 0.7))


def _play(pen: Pen, time_s: float) -> None:
    """A jet at the top, water over each brim in threads, rings below."""
    y0 = 0.135
    tone = pen.colour("white", 1.0, 0.75) if pen.dark < 0.5 else pen.shine(0xDCE8FF, 0.55)
    rows = pen.numbers(90, 2, 7).tolist()
    drops = []
    for a, b in rows[:54]:
        t = (time_s * 0.9 + b) % 1.0
        reach = (a - 0.5) * 0.085
        drops.append((reach * t, y0 - 0.205 - 0.095 * t * 2 + 0.235 * t * t))
    pen.dots(np.array(drops), 0.0016, tone)
    for group in (0, 1):  # every other thread shines as the one beside it fades
        threads = skia.Path()
        for (half, up), fall in ((_BASINS[1], 0.080), (_BASINS[2], 0.066)):
            for k in range(group, 13, 2):
                a = math.pi * (k + 0.5) / 13
                x, y = math.cos(a) * half, y0 + up + math.sin(a) * half * 0.12
                out = x + math.cos(a) * 0.010
                threads.moveTo(x, y)
                threads.quadTo(out, y + 0.004, out + 0.0015 * math.sin(time_s * 5 + k * 2.1), y + fall)
        shine = 0.38 + 0.2 * math.sin(time_s * 6 + group * 2.5)
        pen.stroke(threads, pen.colour("white", 1.0, shine) if pen.dark < 0.5 else pen.shine(0xDCE8FF, shine), 0.0022)
    for k in range(3):
        wave = (time_s * 0.5 + k / 3) % 1.0
        w = 0.09 + 0.07 * wave
        ring = skia.Path().addOval(skia.Rect(-w, y0 - 0.020 - 0.13 * w, w, y0 - 0.020 + 0.13 * w))
        pen.stroke(ring, pen.colour("white", 1.0, 0.45 * (1 - wave)), 0.0016)
