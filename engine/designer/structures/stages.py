"""Rooms of show and of science: a stage, the bridge of a spaceship, a laboratory."""

from __future__ import annotations

import math

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen
from engine.designer.registry import structure

_BEAMS = (0xFF4A9A, 0x4AC8FF, 0xFFC24A, 0x9A5CFF, 0x5CFFB0)


@structure(
    "stage",
    stands="room",
    synonyms=("concert", "theatre", "theater", "opera", "show", "gig", "spotlight", "podium", "cabaret", "music hall"),
    implies={"sky": "indoors", "ground": "wood"},
)
def stage(pen: Pen) -> None:
    """A theatre's stage: curtains in folds, a lit backcloth, a rig of lamps."""
    back = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.03))
    pen.fill_between(back, (0, TOP), (0, 0), pen.shine(0x0A0818), pen.shine(0x2A1650), pen.shine(0x5A2A7A))
    for i, x in enumerate((-0.9, -0.35, 0.35, 0.9)):
        pen.glow(x, -0.02, 0.55, _BEAMS[i], 0.30)
    for k in range(-24, 25):
        if abs(k) >= 9:
            fold(pen, k * 0.062, TOP, 0.02, 0.062, 1.0)
    for k in range(-32, 33):
        drop = 0.125 + 0.022 * math.cos(k * math.pi / 4)
        fold(pen, k * 0.062, TOP, TOP + drop, 0.062, 0.8)
        pen.circle(k * 0.062, TOP + drop, 0.010, pen.colour("gold", 0.9))
    for y in (-0.475, -0.452):
        pen.line((-REACH, y), (REACH, y), pen.colour("dark metal", 0.7), 0.006)
    for k in range(-26, 27):
        pen.line((k * 0.07, -0.475), (k * 0.07 + 0.035, -0.452), pen.colour("dark metal", 0.5), 0.003)
    for i, x in enumerate(lamps()):
        lamp(pen, x, -0.445, _BEAMS[i % 5])
    riser = pen.box(0, 0.03, 0.94, 0.06)
    pen.fill(riser, pen.shine(0x2A2036), pen.shine(0x120C1C))
    pen.line((-0.47, -0.03), (0.47, -0.03), pen.shine(0xFFB0E0, 0.9), 0.004)
    pen.glow(0, -0.03, 0.5, 0xFF5CC8, 0.25)
    for way in (-1, 1):
        speaker(pen, way * 0.62)


def lamps() -> tuple[float, ...]:
    """Where the lamps hang."""
    return tuple(-1.05 + 0.30 * k for k in range(8))


def fold(pen: Pen, x: float, top: float, bottom: float, width: float, strength: float) -> None:
    """One fold of a velvet curtain."""
    path = skia.Path().addRect(skia.Rect(x - width / 2, top, x + width / 2, bottom))
    dark, mid, lit = (pen.colour(0x8E1424, share * strength) for share in (0.0, 0.5, 1.1))
    pen.fill_between(path, (x - width / 2, 0), (x + width / 2, 0), dark, mid, lit, mid, dark)


def lamp(pen: Pen, x: float, y: float, code: int) -> None:
    """A lamp of the rig, with its lens."""
    body = pen.polygon([(x - 0.018, y), (x + 0.018, y), (x + 0.024, y + 0.045), (x - 0.024, y + 0.045)])
    pen.fill(body, pen.colour("dark metal", 0.7), pen.colour("black", 0.2))
    lens = skia.Path().addOval(skia.Rect(x - 0.024, y + 0.038, x + 0.024, y + 0.054))
    pen.fill(lens, pen.shine(0xFFFFFF))
    pen.glow(x, y + 0.046, 0.11, code, 0.9)


def speaker(pen: Pen, x: float) -> None:
    """A stack of loudspeakers."""
    for k in range(3):
        box = pen.box(x, 0.03 - 0.115 * k, 0.125, 0.11)
        pen.fill(box, pen.colour("dark metal", 0.5), pen.colour("black", 0.1))
        pen.stroke(box, pen.colour("dark metal", 0.9), 0.002)
        for dy, r in ((-0.036, 0.030), (-0.084, 0.017)):
            pen.circle(x, 0.03 - 0.115 * k + dy, r, pen.colour("black", 0.3))
            pen.circle(x, 0.03 - 0.115 * k + dy, r * 0.72, pen.colour("dark metal", 0.35))
            pen.circle(x, 0.03 - 0.115 * k + dy, r * 0.28, pen.colour("dark metal", 0.9))


@stage.live
def show(pen: Pen, time_s: float) -> None:
    """Beams that swing slowly to and fro, each in its colour."""
    for i, x in enumerate(lamps()):
        angle = 0.42 * math.sin(time_s * 0.5 + i * 1.9) - 0.12 * x
        length, y = 0.52, -0.40
        x2, y2 = x + math.sin(angle) * length, y + math.cos(angle) * length
        side = 0.075
        beam = pen.polygon([(x - 0.012, y), (x + 0.012, y), (x2 + side, y2), (x2 - side, y2)])
        tone = pen.shine(_BEAMS[i % 5], 0.34)
        fade = skia.GradientShader.MakeLinear([skia.Point(x, y), skia.Point(x2, y2)], [tone, tone & 0xFFFFFF])
        pen.canvas.drawPath(beam, skia.Paint(AntiAlias=True, Shader=fade, BlendMode=skia.BlendMode.kPlus))


@structure(
    "spaceship-bridge",
    stands="room",
    synonyms=(
        "starship",
        "command deck",
        "cockpit",
        "control room",
        "space ship interior",
        "star ship",
        "mission control",
        "command bridge",
    ),
    implies={"sky": "stars", "ground": "marble"},
)
def spaceship_bridge(pen: Pen) -> None:
    """A wide window on the stars between ribs of metal, consoles with screens before it."""
    frame = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.03))
    window = pen.polygon([(-0.86, -0.50), (0.86, -0.50), (1.02, -0.13), (-1.02, -0.13)])
    hull = skia.Op(frame, window, skia.PathOp.kDifference_PathOp)
    steel = 0x5A6672
    pen.fill_between(hull, (0, TOP), (0, 0), pen.shine(0x12181F), pen.shine(0x39454F), pen.shine(0x1C242B))
    pen.texture(hull, "grain", pen.shine(0x0A0E12), scale=0.4, strength=0.25)
    for x in (-0.44, 0.0, 0.44):
        rib = pen.polygon(
            [
                (x * 0.98 - 0.012, -0.505),
                (x * 0.98 + 0.012, -0.505),
                (x * 1.16 + 0.016, -0.125),
                (x * 1.16 - 0.016, -0.125),
            ]
        )
        pen.fill_between(rib, (x - 0.02, 0), (x + 0.02, 0), pen.shine(0x7C8894), pen.shine(0x2A333B))
    pen.stroke(window, pen.shine(0x8A98A6), 0.012)
    pen.stroke(window, pen.shine(0x55D8FF, 0.8), 0.0022)
    pen.fill_between(window, (0, -0.5), (0.5, -0.1), pen.shine(0xBFE6FF, 0.10), pen.shine(0xBFE6FF, 0.0))
    for way in (-1, 1):
        for k in range(5):
            x = way * (1.16 + 0.18 * k)
            panel = pen.polygon(
                [(x - 0.078, -0.50), (x + 0.078, -0.50), (x + 0.088, -0.04), (x - 0.068, -0.04)]
                if way > 0
                else [(x - 0.078, -0.50), (x + 0.078, -0.50), (x + 0.068, -0.04), (x - 0.088, -0.04)]
            )
            pen.fill(panel, pen.shine(0x2C3640), pen.shine(0x161C22))
            pen.stroke(panel, pen.shine(steel), 0.002)
            screen(pen, x, -0.34, 0.11, 0.085)
            screen(pen, x, -0.20, 0.11, 0.055)
            pen.line((x - 0.05, -0.10), (x + 0.05, -0.10), pen.shine(0x55D8FF, 0.9), 0.003)
    for k in range(-9, 10):
        light = pen.box(k * 0.22, TOP + 0.085, 0.14, 0.010)
        pen.fill(light, pen.shine(0xE6F6FF))
        pen.glow(k * 0.22, TOP + 0.08, 0.12, 0x9ADCFF, 0.35)
    desk = pen.polygon([(-1.25, 0.02), (-1.05, -0.115), (1.05, -0.115), (1.25, 0.02)])
    pen.fill(desk, pen.shine(0x3A4650), pen.shine(0x10151A))
    for k in range(-6, 7):
        screen(pen, k * 0.152, -0.022, 0.118, 0.062)
    pen.line((-1.05, -0.115), (1.05, -0.115), pen.shine(0x7FE4FF), 0.0035)
    pen.glow(0, -0.115, 0.9, 0x40B8F0, 0.20)


def screen(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    """A display with a graph, a list or a dial."""
    code = pen.random.choice((0x3FD0FF, 0x4DFFB0, 0xFFB84A, 0xFF5C6A, 0x8CA8FF))
    area = skia.Path().addRoundRect(skia.Rect(x - width / 2, y - height, x + width / 2, y), 0.006, 0.006)
    pen.fill(area, pen.blend(pen.shine(code, 1.0), pen.shine(0x04080C), 0.86), pen.shine(0x04080C))
    kind = pen.random.randrange(3)
    if kind == 0:
        points = [
            (x - width * 0.44 + width * 0.88 * t / 12, y - height * pen.random.uniform(0.2, 0.8)) for t in range(13)
        ]
        pen.stroke(pen.polygon(points, close=False), pen.shine(code, 0.95), 0.0022)
    elif kind == 1:
        for k in range(5):
            row, length = y - height * (0.16 + 0.17 * k), width * pen.random.uniform(0.2, 0.8)
            pen.line((x - width * 0.42, row), (x - width * 0.42 + length, row), pen.shine(code, 0.9), 0.0028)
    else:
        r = height * 0.34
        for share in (1.0, 0.62, 0.25):
            pen.stroke(skia.Path().addCircle(x, y - height / 2, r * share), pen.shine(code, 0.8), 0.0016)
        a = pen.random.random() * math.tau
        pen.line((x, y - height / 2), (x + math.cos(a) * r, y - height / 2 + math.sin(a) * r), pen.shine(code), 0.002)
    pen.stroke(area, pen.shine(code, 0.55), 0.0014)
    pen.glow(x, y - height / 2, width * 0.9, code, 0.16)


@spaceship_bridge.on("front")
def deck(pen: Pen) -> None:
    """Plates of steel with lines of light, and two chairs, their backs to us."""
    floor = skia.Path().addRect(skia.Rect(-REACH, 0.0, REACH, BOTTOM))
    pen.fill_between(floor, (0, 0), (0, BOTTOM), pen.shine(0x1C252C, 0.82), pen.shine(0x2C3842, 0.93))
    for k in range(-9, 10):
        x = k * 0.16
        pen.line((x, 0.0), (x * 5.2, BOTTOM), pen.shine(0x0A0E12, 0.8), 0.003)
    for z in range(1, 9):
        y = 0.42 / z - 0.035
        if y > 0:
            pen.line((-REACH, y), (REACH, y), pen.shine(0x0A0E12, 0.8), 0.0026)
            pen.line((-REACH, y + 0.003), (REACH, y + 0.003), pen.shine(0x6A7884, 0.4), 0.0014)
    for way in (-1, 1):
        strip = pen.polygon([(way * 0.235, 0.0), (way * 0.245, 0.0), (way * 1.275, BOTTOM), (way * 1.220, BOTTOM)])
        pen.fill_between(strip, (0, 0), (0, BOTTOM), pen.shine(0x55D8FF, 0.9), pen.shine(0x55D8FF, 0.6))
        pen.soft(strip, pen.shine(0x55D8FF, 0.25), 0.02)
    for x, y, size in ((-0.52, 0.09, 0.8), (0.52, 0.09, 0.8)):
        pen.fill(pen.box(x, y, 0.030 * size, 0.06 * size), pen.shine(0x20272D))
        back = skia.Path().addRoundRect(
            skia.Rect(x - 0.062 * size, y - 0.215 * size, x + 0.062 * size, y - 0.05 * size), 0.024, 0.024
        )
        pen.fill(back, pen.shine(0x3E4852), pen.shine(0x12171B))
        pen.stroke(back, pen.shine(0x6A7884), 0.003)
        pen.line((x, y - 0.20 * size), (x, y - 0.07 * size), pen.shine(0x55D8FF, 0.8), 0.003)


@spaceship_bridge.live
def blinking(pen: Pen, time_s: float) -> None:
    """Lamps on the desk that blink, and a sweep over the window."""
    rows = pen.numbers(42, 3, 5)
    for code, part in ((0x55D8FF, 0), (0xFFB84A, 1), (0xFF5C6A, 2)):
        shown = [
            [(a * 2 - 1) * 1.0, -0.012 + 0.022 * b]
            for a, b, c in rows[part::3].tolist()
            if math.sin(time_s * (1 + 3 * c) + 40 * a) > 0
        ]
        if shown:
            pen.dots(np.array(shown), 0.0026, pen.shine(code))
    x = -0.8 + (time_s * 0.12) % 1.6
    pen.line((x, -0.49), (x * 1.16, -0.135), pen.shine(0x7FE4FF, 0.14), 0.006)


@structure(
    "laboratory",
    stands="room",
    synonyms=(
        "lab",
        "science lab",
        "scientist",
        "experiment",
        "alchemist",
        "alchemy",
        "workshop",
        "clinic",
        "research station",
    ),
    implies={"sky": "indoors", "ground": "marble"},
)
def laboratory(pen: Pen) -> None:
    """Benches with flasks that glow, a great coil, shelves of jars, a board of formulas."""
    wall = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.03))
    pen.fill_between(wall, (0, TOP), (0, 0), pen.shine(0x10191C), pen.shine(0x2E4248), pen.shine(0x1E2C30))
    for k in range(-26, 27):
        pen.line((k * 0.078, TOP), (k * 0.078, 0.03), pen.shine(0x0C1416, 0.35), 0.0014)
    for k in range(9):
        pen.line((-REACH, -0.078 * k), (REACH, -0.078 * k), pen.shine(0x0C1416, 0.35), 0.0014)
    pen.texture(wall, "puff", pen.shine(0x0A1012), scale=0.7, strength=0.45)
    for x in (-0.9, 0.0, 0.9):
        pen.fill(pen.box(x, TOP + 0.075, 0.46, 0.016), pen.shine(0xEAFBFF))
        pen.glow(x, TOP + 0.075, 0.62, 0x9FD8E8, 0.40)
    board(pen, 0.0, -0.16)
    for x in (-1.12, 1.12):
        jars(pen, x)
    for x in (-0.60, 0.60):
        coil(pen, x)
    for x in (-1.25, -0.0, 1.25):
        bench = pen.box(x, -0.085, 0.86, 0.020)
        pen.fill(pen.box(x, 0.03, 0.80, 0.10), pen.shine(0x38484E), pen.shine(0x1A2428))
        for shift in (-0.25, 0.0, 0.25):
            door = pen.box(x + shift, 0.02, 0.22, 0.082)
            pen.stroke(door, pen.shine(0x0E1518), 0.003)
            pen.line((x + shift + 0.085, -0.03), (x + shift + 0.085, -0.012), pen.shine(0x9AB0B8), 0.004)
        pen.fill(bench, pen.shine(0xB8C8CC), pen.shine(0x5A6A70))
        for k in range(7):
            flask(pen, x - 0.36 + 0.12 * k + pen.random.uniform(-0.02, 0.02), -0.105)


def flask(pen: Pen, x: float, y: float) -> None:
    """A flask, a tube or a beaker with something that glows in it."""
    code = pen.random.choice((0x4DFF9A, 0x40D8FF, 0xFF5CB8, 0xFFC24A, 0xA86AFF))
    kind, size = pen.random.randrange(3), pen.random.uniform(0.8, 1.2)
    w, h = 0.026 * size, 0.075 * size
    glass = skia.Path()
    if kind == 0:  # Erlenmeyer's
        glass.addPoly(
            [
                skia.Point(x + dx, y + dy)
                for dx, dy in (
                    (-w, 0),
                    (-w * 0.28, -h * 0.62),
                    (-w * 0.28, -h),
                    (w * 0.28, -h),
                    (w * 0.28, -h * 0.62),
                    (w, 0),
                )
            ],
            True,
        )
    elif kind == 1:  # round
        glass.addCircle(x, y - w, w)
        glass.addRect(skia.Rect(x - w * 0.26, y - h, x + w * 0.26, y - w * 1.6))
    else:
        glass.addRoundRect(skia.Rect(x - w * 0.55, y - h * 0.85, x + w * 0.55, y), 0.006, 0.006)
    pen.fill(glass, pen.shine(0xDFF6FF, 0.22), pen.shine(0xBFE6F2, 0.30))
    pen.canvas.save()
    pen.canvas.clipPath(glass, True)
    pen.fill(pen.box(x, y, 2 * w, h * pen.random.uniform(0.3, 0.6)), pen.shine(code, 0.95), pen.shine(code, 0.7))
    pen.canvas.restore()
    pen.stroke(glass, pen.shine(0xEAFBFF, 0.7), 0.0018)
    pen.glow(x, y - h * 0.25, 0.075, code, 0.42)


def coil(pen: Pen, x: float) -> None:
    """A Tesla coil, whose sparks are drawn live."""
    pen.fill(pen.box(x, 0.03, 0.14, 0.05), pen.shine(0x46555C), pen.shine(0x20292D))
    column = pen.box(x, -0.02, 0.050, 0.30)
    pen.fill_between(
        column, (x - 0.025, 0), (x + 0.025, 0), pen.shine(0x8A4A22), pen.shine(0xE89A5A), pen.shine(0x6A3416)
    )
    for k in range(36):
        pen.line((x - 0.025, -0.024 - 0.0083 * k), (x + 0.025, -0.028 - 0.0083 * k), pen.shine(0x3A1C0C, 0.55), 0.0016)
    ring = skia.Path().addOval(skia.Rect(x - 0.082, -0.375, x + 0.082, -0.315))
    pen.fill(ring, pen.shine(0xE2ECF0), pen.shine(0x66747A))
    pen.glow(x, -0.345, 0.20, 0x8A9CFF, 0.55)


def jars(pen: Pen, x: float) -> None:
    """Shelves with jars."""
    for r in range(3):
        y = -0.20 - 0.115 * r
        pen.fill(pen.box(x, y, 0.56, 0.010), pen.shine(0x8A989C), pen.shine(0x4A565A))
        for k in range(9):
            code = pen.random.choice((0x6AB87A, 0x8A6AB8, 0xB89A5A, 0x5A9AB8, 0xB86A6A))
            jx, h = x - 0.245 + 0.061 * k, pen.random.uniform(0.045, 0.075)
            body = skia.Path().addRoundRect(skia.Rect(jx - 0.02, y - 0.01 - h, jx + 0.02, y - 0.01), 0.006, 0.006)
            pen.fill(body, pen.shine(code, 0.55), pen.shine(code, 0.85))
            pen.fill(pen.box(jx, y - 0.008 - h, 0.034, 0.008), pen.shine(0x3A4448))


def board(pen: Pen, x: float, y: float) -> None:
    """A blackboard with formulas and a curve."""
    area = pen.box(x, y, 0.62, 0.26)
    pen.fill(area, pen.shine(0x22382E), pen.shine(0x182A22))
    pen.texture(area, "puff", pen.shine(0xC8D8CC), scale=0.3, strength=0.08)
    pen.stroke(area, pen.shine(0x8A6A42), 0.012)
    chalk = pen.shine(0xE8F0E8, 0.85)
    for r in range(6):
        px, row = x - 0.28, y - 0.035 - 0.036 * r
        while px < x + (-0.02 if r < 4 else 0.24):
            w = pen.random.uniform(0.008, 0.030)
            pen.stroke(
                pen.curve(
                    [
                        (px, row),
                        (px + w * 0.4, row - pen.random.uniform(-0.006, 0.014)),
                        (px + w, row - pen.random.uniform(0, 0.008)),
                    ]
                ),
                chalk,
                0.0022,
            )
            px += w + 0.009
    pen.stroke(
        pen.polygon([(x + 0.05, y - 0.20), (x + 0.05, y - 0.05), (x + 0.27, y - 0.05)], close=False), chalk, 0.0022
    )
    wave = [(x + 0.05 + 0.22 * t / 20, y - 0.115 - 0.055 * math.sin(t * 0.62) * math.exp(-t / 14)) for t in range(21)]
    pen.stroke(pen.curve(wave), chalk, 0.0026)


@laboratory.live
def sparks(pen: Pen, time_s: float) -> None:
    """Arcs between the coils now and then, and bubbles in the light."""
    beat = math.floor(time_s * 9)
    if math.sin(beat * 12.9898) > -0.2:
        chance = pen.numbers(24, 2, beat % 97)
        for i, x in enumerate((-0.60, 0.60)):
            for arc in range(2):
                row = chance[12 * i + 6 * arc : 12 * i + 6 * arc + 6].tolist()
                side = 1 if arc else -1
                points = [(x + side * 0.075, -0.345)]
                for k, (a, b) in enumerate(row):
                    points.append((x + side * (0.085 + 0.030 * k + 0.02 * (a - 0.5)), -0.345 + (b - 0.5) * 0.09))
                pen.stroke(pen.polygon(points, close=False), pen.shine(0x9AA8FF, 0.5), 0.006)
                pen.stroke(pen.polygon(points, close=False), pen.shine(0xF2F4FF, 0.95), 0.002)
    for x in (-0.60, 0.60):
        pen.glow(x, -0.345, 0.16, 0x8A9CFF, 0.30 + 0.25 * math.sin(time_s * 13 + x))
