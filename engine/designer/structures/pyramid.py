"""Pyramids: three of them with their courses of stone, a camp before them; of glass and light in the future."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.palms import bush, crown, trunk
from engine.designer.structures.solids import contact, face, facing, joints, masonry

_PYRAMIDS = (  # x, y, half of the width, height, where the edge between its faces stands, distance
    (0.66, 0.02, 0.24, 0.205, 0.18, 0.26),
    (-0.46, 0.02, 0.34, 0.285, 0.18, 0.14),
    (0.08, 0.03, 0.50, 0.425, 0.20, 0.0),
)


@structure(
    "pyramid",
    synonyms=("ziggurat", "sphinx", "giza", "pharaoh", "mastaba", "obelisk", "cheops", "cairo"),
    implies={"ground": "sand"},
)
def pyramid(pen: Pen) -> None:
    """Three pyramids, the nearest the largest."""
    for i, (x, y, half, height, ridge, far) in enumerate(_PYRAMIDS):
        shift = pen.random.uniform(-0.02, 0.02)
        if pen.period == "futuristic":
            crystal(pen, x + shift, y, half, height, ridge, far)
        else:
            heap(pen, x + shift, y, half, height, ridge, far, cased=i == 1)
        pen.mist(-0.10, 0.05, 0.25 * pen.air.mist)
    dune = pen.hill(
        [
            (x, 0.022 + (y + 0.010) * (1 - (x / 0.85) ** 2))
            for x, y in pen.ridge(-0.008, 0.012, waves=1.6, rough=0.1, left=-0.85, right=0.85)
        ],
        bottom=0.05,
    )
    if pen.ground == "sand":
        pen.fill(dune, pen.colour("sand", 0.9), pen.colour("sand", 0.6))
    if pen.period != "futuristic" and pen.ground not in ("snow", "ice", "moondust"):
        grove(pen)


def heap(pen: Pen, x: float, y: float, half: float, height: float, ridge: float, far: float, cased: bool) -> None:
    """One pyramid of worn steps; `cased` leaves the smooth casing at its top."""
    apex = (x + half * 0.02, y - height)
    foot = x + half * (2 * ridge - 0.02)
    courses = round(46 * height / 0.4)

    def edge(end: float, worn: float) -> list[Point]:
        points: list[Point] = []
        for k in range(courses + 1):
            t0, t1 = k / courses, min((k + 1) / courses, 1.0)
            px = end + (apex[0] - end) * t0 + pen.random.uniform(-1, 1) * worn
            points += [(px, y + (apex[1] - y) * t0), (px + (apex[0] - end) * 0.15 / courses, y + (apex[1] - y) * t1)]
        return points

    left, middle, right = edge(x - half, 0.0016), edge(foot, 0.0009), edge(x + half, 0.0016)
    faces = ((left, middle, -0.85), (middle, right, 0.65))
    for a, b, look in faces:
        light = (facing(pen, look, 0.35) - 0.5) * 1.5 + 0.52
        path = face(pen, [*a, *reversed(b)], "sandstone", light, 0.55, far)
        step = height / courses
        joints(pen, path, pen.colour("sandstone", 0.0, 0.42, far=far), step, step * 0.30)
        joints(pen, path, pen.colour("sandstone", light + 0.25, 0.35, far=far), step, step * 0.13)
        if far < 0.2:
            masonry(pen, path, "sandstone", step, round(1500 * height), 0.20)
        pen.texture(path, "puff", pen.colour("sandstone", 0.0, far=far), scale=0.3, strength=0.22)
        if cased:
            t = 0.76
            cap = pen.polygon(
                [
                    (a[0][0] + (apex[0] - a[0][0]) * t, y - height * t + 0.004),
                    apex,
                    (b[0][0] + (apex[0] - b[0][0]) * t, y - height * t + 0.010),
                    ((a[0][0] + b[0][0]) / 2 * (1 - t) + apex[0] * t, y - height * t - 0.006),
                ]
            )
            pen.fill(cap, pen.colour("marble", light, far=far), pen.colour("sandstone", light * 0.9, far=far))
        if pen.lamps:  # lamps along the foot that shine upwards
            pen.canvas.save()
            pen.canvas.clipPath(path, True)
            for k in range(5):
                lamp = a[0][0] + (b[0][0] - a[0][0]) * (k + 0.5) / 5
                pen.glow(lamp, y + 0.01, 0.62 * height, 0xFFAA50, 0.30 * pen.lamps)
            pen.canvas.restore()
    if far < 0.1:
        pen.stroke(pen.polygon(middle, close=False), pen.colour("sandstone", 1.0, 0.5, far=far), 0.0016)
        ex, ey = x - half * 0.22, y - height * 0.115
        pen.fill(
            pen.polygon([(ex - 0.016, ey + 0.016), (ex, ey - 0.012), (ex + 0.016, ey + 0.016)]),
            pen.colour("black", 0.3),
        )
        if pen.lamps:
            pen.glow(ex, ey + 0.006, 0.07, 0xFFA040, 0.7 * pen.lamps)


def crystal(pen: Pen, x: float, y: float, half: float, height: float, ridge: float, far: float) -> None:
    """A pyramid of dark glass, light in its seams."""
    apex, foot = (x, y - height), (x + half * 2 * ridge, y)
    for a, b, look in (((x - half, y), foot, -0.8), (foot, (x + half, y), 0.7)):
        path = pen.polygon([a, apex, b])
        light = facing(pen, look, 0.4)
        sky = pen.blend(pen.colour(0x2A4A66, light, far=far), pen.colour("cloud", 0.5, far=0.5), 0.30 * light)
        pen.fill(path, sky, pen.colour(0x182838, light, far=far))
        pen.canvas.save()
        pen.canvas.clipPath(path, True)
        for k in range(1, 13):
            t = k / 13
            pen.line(
                (x - half, y - height * t), (x + half, y - height * t), pen.colour("metal", light, 0.5, far=far), 0.0012
            )
        for k in range(1, 9):
            t = k / 9
            pen.line((a[0] + (b[0] - a[0]) * t, y), apex, pen.colour("metal", light, 0.4, far=far), 0.0012)
        for _ in range(round(150 * half)):
            wx, wy = pen.random.uniform(a[0], b[0]), y - height * pen.random.random() ** 1.6
            pen.fill(pen.box(wx, wy, 0.012, 0.0045), pen.shine(0x9FE8FF, 0.15 + 0.75 * pen.lamps))
        pen.canvas.restore()
    for a in ((x - half, y), foot, (x + half, y)):
        pen.line(a, apex, pen.shine(0x6FE8FF, 0.45 + 0.5 * pen.lamps), 0.003)
    pen.glow(*apex, 0.06 + 0.16 * pen.lamps, 0x7FE8FF, 0.5 + 0.4 * pen.lamps)


def sphinx(pen: Pen, x: float, y: float) -> None:
    """The sphinx at rest, its head to the right."""
    s = 0.20
    outline = [
        (-1.05, 0.02), (-1.06, -0.20), (-0.98, -0.40), (-0.78, -0.47), (-0.40, -0.44), (-0.05, -0.46), (0.14, -0.54),
        (0.17, -0.72), (0.20, -0.93), (0.30, -1.02), (0.44, -1.02), (0.53, -0.93), (0.545, -0.80), (0.575, -0.74),
        (0.545, -0.71), (0.54, -0.64), (0.48, -0.60), (0.49, -0.46), (0.52, -0.28), (0.58, -0.16), (1.10, -0.15),
        (1.17, -0.08), (1.17, 0.02),
    ]  # fmt: skip
    body = pen.curve([(x + px * s, y + py * s) for px, py in outline], close=True)
    sunny, shady = (x - s, x + s) if pen.side < 0 else (x + s, x - s)
    pen.fill_between(body, (sunny, y - s), (shady, y), pen.colour(0xB08C5C, 1.0), pen.colour(0xB08C5C, 0.05))
    pen.texture(body, "streak", pen.colour("sandstone", 0.0), scale=0.06, strength=0.5)
    nemes = pen.curve(
        [
            (x + px * s, y + py * s)
            for px, py in ((0.19, -0.90), (0.08, -0.52), (0.10, -0.40), (0.36, -0.42), (0.33, -0.66), (0.34, -0.98))
        ],
        close=True,
    )
    pen.fill(nemes, pen.colour("sandstone", 0.85), pen.colour("sandstone", 0.2))
    pen.canvas.save()
    pen.canvas.clipPath(nemes, True)
    for k in range(8):
        ny = y - s * (0.92 - 0.07 * k)
        pen.line((x, ny), (x + 0.36 * s, ny - 0.1 * s), pen.colour("sandstone", 0.0, 0.6), 0.0013)
    pen.canvas.restore()
    pen.circle(x + 0.47 * s, y - 0.83 * s, 0.0022, pen.colour("sandstone", 0.0))
    for dy in (0.0, 0.07):
        pen.line((x + 0.60 * s, y - dy * s), (x + 1.14 * s, y - dy * s), pen.colour("sandstone", 0.0, 0.5), 0.0014)
    haunch = pen.curve(
        [(x + px * s, y + py * s) for px, py in ((-0.55, 0.0), (-0.50, -0.26), (-0.78, -0.36), (-0.95, -0.20))]
    )
    pen.stroke(haunch, pen.colour("sandstone", 0.0, 0.6), 0.0016)


def grove(pen: Pen) -> None:
    """Some palms at the right."""
    y = 0.02 - 0.4 * pen.rough
    for x, height, lean in ((0.50, 0.105, -0.04), (0.545, 0.135, 0.06), (0.60, 0.095, 0.09)):
        top = trunk(pen, x, y, height, lean, 0.05)
        pen.canvas.save()
        pen.canvas.translate(*top)
        pen.canvas.scale(0.34, 0.34)
        crown(pen)
        pen.canvas.restore()
    for x in (0.47, 0.52, 0.57, 0.62):
        bush(pen, x, y + 0.004, 0.02, 0.05)


@pyramid.on("front")
def camp(pen: Pen) -> None:
    """The sphinx, and two tents with their fire."""
    if pen.ground != "sand" or pen.period == "futuristic":
        return
    contact(pen, -0.33, 0.088, 0.52, 0.5)
    sphinx(pen, -0.34, 0.092)
    for x, y, s, cloth in ((0.44, 0.085, 0.062, 0xB5583C), (0.31, 0.075, 0.050, 0xE2D3AC)):
        contact(pen, x, y, s * 2.6, 0.4)
        front = [(x - s, y), (x - s * 0.62, y - s * 0.62), (x, y - s * 1.12), (x + s * 0.1, y)]
        side = [(x + s * 0.1, y), (x, y - s * 1.12), (x + s * 0.75, y - s * 0.56), (x + s * 1.15, y - s * 0.04)]
        face(pen, front, cloth, facing(pen, -0.6), 0.15)
        right = face(pen, side, cloth, facing(pen, 0.7), 0.15)
        joints(pen, right, pen.colour("white", 0.5, 0.35), s * 0.22, 0.0018)
        opening = pen.polygon([(x - s * 0.48, y), (x - s * 0.16, y - s * 0.72), (x - s * 0.08, y)])
        pen.fill(opening, pen.blend(pen.colour("black", 0.3), pen.shine(0xFFC060), 0.85 * pen.lamps))
        pen.line((x, y - s * 1.10), (x, y - s * 1.34), pen.colour("dark wood", 0.3), 0.0024)
        if pen.lamps:
            pen.glow(x - s * 0.2, y - s * 0.3, s * 1.6, 0xFFB050, 0.5 * pen.lamps)


@pyramid.live_on("front")
def fire(pen: Pen, time_s: float) -> None:
    """Sand that the wind drives along the ground, and the camp's fire by night."""
    if pen.period == "futuristic":
        beam = pen.shine(0x8FEAFF, (0.10 + 0.25 * pen.lamps) * (0.8 + 0.2 * math.sin(time_s)))
        x, y = _PYRAMIDS[2][0], _PYRAMIDS[2][1] - _PYRAMIDS[2][3]
        ray = skia.GradientShader.MakeLinear([skia.Point(x, y), skia.Point(x, y - 0.4)], [beam, beam & 0xFFFFFF])
        shaft = pen.polygon([(x - 0.004, y), (x - 0.02, y - 0.4), (x + 0.02, y - 0.4), (x + 0.004, y)])
        pen.canvas.drawPath(shaft, pen.paint(0xFFFFFFFF, Shader=ray, BlendMode=skia.BlendMode.kPlus))
        return
    if pen.ground != "sand":
        return
    if pen.lamps:
        for dx in (-0.012, 0.012):
            pen.line((0.375 - dx, 0.100), (0.375 + dx, 0.094), pen.colour("dark wood", 0.5), 0.004)
        pen.flame(0.375, 0.098, 0.034, time_s)
    drift = pen.sprite("drift", 0.5, 0.05, _drift, 0.5)
    for k in range(4):
        t = (time_s * 0.06 + k * 0.29) % 1.0
        x = -0.9 + 1.8 * t
        pen.stamp(drift, x, 0.03 + 0.035 * k, 0.8 + 0.25 * k, 0.6 * math.sin(math.pi * t))


def _drift(pen: Pen) -> None:
    for _ in range(14):
        x, y, w = pen.random.uniform(-0.15, 0.15), pen.random.uniform(-0.008, 0.008), pen.random.uniform(0.04, 0.1)
        streak = skia.Path().addOval(skia.Rect(x - w, y - 0.0022, x + w, y + 0.0022))
        pen.soft(streak, pen.colour("sand", 1.1, 0.5), 0.004)
