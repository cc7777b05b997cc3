"""What the composition adds by itself: rock under a landmark on water, haze between layers, a dark frame near by."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen

AFLOAT = ("water", "clouds", "lava")
"""Grounds on which a landmark needs a rock of its own."""


def islet(pen: Pen) -> None:
    """A low rock for a landmark to stand on, where the ground itself would not carry it."""
    if pen.ground not in AFLOAT:
        return
    points = pen.ridge(-0.012, 0.012, waves=3.0, rough=0.7, left=-0.78, right=0.78)
    points = [(x, y * (1 - (x / 0.8) ** 4) + 0.03 * (x / 0.8) ** 4) for x, y in points]
    rock = pen.hill(points, bottom=0.05)
    pen.fill(rock, pen.colour("rock", 0.6), pen.colour("rock", 0.05))
    pen.texture(rock, "grain", pen.colour("rock", 0.0), scale=0.15, strength=0.6)


def haze(pen: Pen, layer: str) -> None:
    """The air that gathers at the foot of far things."""
    mist = pen.air.mist
    if layer == "far":
        pen.mist(-0.20, 0.10, min(0.75 * mist, 0.9))
    else:
        pen.mist(-0.10, 0.07, min(0.38 * mist, 0.8))
        if mist > 0.8:
            pen.mist(-0.5, 0.2, 0.5 * mist)


HILLS = {"grass": "grass", "mud": "moss", "snow": "snow", "sand": "desert", "stone": "moss", "wood": "moss"}
"""Grounds behind which land rises far away where nothing else stands there, and what it is made of."""


def backdrop(pen: Pen) -> None:
    """Low land at the horizon: two lines of hills, trees upon the nearer; mesas behind sand; coasts behind water."""
    material = HILLS.get(pen.ground)
    if material is None:
        if pen.ground == "water":
            coast(pen)
        return
    rough = 0.2 if pen.ground == "sand" else 0.35
    for y, height, distance in ((-0.030, 0.055, 0.22), (-0.008, 0.034, 0.0)):
        points = pen.ridge(y, height, waves=0.8 if distance else 1.2, rough=rough)
        lit, dim = pen.colour(material, 0.8, far=distance), pen.colour(material, 0.35, far=distance)
        pen.fill_between(pen.hill(points, bottom=0.06), (0, y - height), (0, 0.05), lit, dim)
        if material in ("grass", "moss") and not distance:
            for x, top in points[::3]:
                if pen.random.random() < 0.42:
                    size = pen.random.uniform(0.006, 0.017)
                    crown = skia.Path().addOval(skia.Rect(x - size, top - size * 1.3, x + size, top + size * 0.7))
                    pen.fill(crown, pen.colour("leaf", 0.7), pen.colour("leaf", 0.1))
        pen.mist(y - 0.02, 0.07, 0.45 * pen.air.mist)


def coast(pen: Pen) -> None:
    """A far shore on one side."""
    side = 1 if pen.random.random() < 0.5 else -1
    points = pen.ridge(-0.01, 0.03, waves=1.1, rough=0.4)
    points = [(x, y * max(0.0, min(1.0, side * x * 0.9 + 0.1)) + 0.004) for x, y in points]
    pen.fill_between(
        pen.hill(points, bottom=0.02), (0, -0.04), (0, 0.01), pen.colour("moss", 0.6), pen.colour("moss", 0.2)
    )


def frame(pen: Pen, indoors: bool, half: float) -> None:
    """Something dark and near at the sides, `half` units from the middle: leaves outside, curtains inside."""
    side = 1 if pen.random.random() < 0.5 else -1
    if indoors:
        for way in (-1, 1):
            x = way * (half - 0.02)
            curtain = pen.curve(
                [
                    (x + way * 0.2, TOP),
                    (x - way * 0.10, TOP),
                    (x - way * 0.05, -0.1),
                    (x - way * 0.13, BOTTOM),
                    (x + way * 0.2, BOTTOM),
                ]
            )
            pen.fill(curtain, pen.colour("velvet", 0.15), pen.colour("black", 0.05))
        return
    dark = pen.colour("leaf", 0.0)
    dark = pen.blend(dark, 0xFF000000, 0.55)
    for branch in range(5):
        x0, y0 = side * (half + 0.06), TOP + 0.02 + 0.05 * branch
        length, droop = pen.random.uniform(0.35, 0.7), pen.random.uniform(0.05, 0.22)
        points = [
            (x0 - side * length * t, y0 + droop * t * t - 0.03 * math.sin(t * 3)) for t in (0, 0.25, 0.5, 0.75, 1)
        ]
        pen.stroke(pen.curve(points), dark, 0.008)
        for _ in range(150):
            t = pen.random.random() ** 0.8
            x = x0 - side * length * t + pen.random.gauss(0, 0.024)
            y = y0 + droop * t * t + pen.random.gauss(0, 0.022)
            leaf(pen, x, y, pen.random.uniform(0.018, 0.034), pen.random.uniform(0, math.tau), dark)
    grass = pen.random.uniform(0.05, 0.11)
    for _ in range(420):
        x = -side * (half + 0.05 - abs(pen.random.gauss(0, 0.22)))
        if abs(x) < REACH:
            lean = pen.random.uniform(-0.03, 0.03)
            pen.line((x, BOTTOM), (x + lean, BOTTOM - grass * pen.random.uniform(0.4, 1.3)), dark, 0.0026)


def leaf(pen: Pen, x: float, y: float, size: float, turn: float, colour: int) -> None:
    """One leaf of a length of `size`, turned by `turn` radians."""
    c, s = math.cos(turn) * size, math.sin(turn) * size
    path = pen.curve(
        [
            (x, y),
            (x + c * 0.5 - s * 0.28, y + s * 0.5 + c * 0.28),
            (x + c, y + s),
            (x + c * 0.5 + s * 0.28, y + s * 0.5 - c * 0.28),
        ],
        close=True,
    )
    pen.soft(path, colour, 0.0016)
