"""A waterfall between cliffs that come down to the land in broken steps and scree, with trees on them."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.registry import thing
from engine.designer.sprites import Sprite
from engine.designer.structures.land import mountain, pine
from engine.designer.things.falling import faded
from engine.designer.things.smoke import billow

FALL = (-0.66, 0.17, -0.50)  # x, width, y of the edge
LENGTH = 0.56
"""Of the sheet of streaks that falls again and again; more than the fall is high."""
_LEFT = ((-2.1, -0.36), (-1.78, -0.45), (-1.5, -0.40), (-1.3, -0.50), (-1.08, -0.47), (-0.9, -0.55), (-0.76, -0.52))
_RIGHT = (
    (-0.56, -0.52), (-0.49, -0.56), (-0.42, -0.51), (-0.40, -0.43), (-0.33, -0.41), (-0.30, -0.31), (-0.23, -0.285),
    (-0.205, -0.20), (-0.14, -0.175), (-0.11, -0.105), (-0.02, -0.062), (0.10, -0.026), (0.24, 0.0), (0.36, 0.03),
)  # fmt: skip
_SHOULDER = ((-2.1, -0.30), (-0.7, -0.40), (-0.36, -0.33), (-0.08, -0.19), (0.18, -0.15), (0.44, -0.07), (0.78, -0.035))


@thing("waterfall", synonyms=("cascade", "falls", "niagara"), layer="far", implies={"sky": "day", "ground": "water"})
def waterfall(pen: Pen) -> None:
    """Cliffs with a notch, over which the water falls, to the side of the landmark; they sink into wooded land."""
    x, width, top = FALL
    snowy = pen.ground in ("snow", "ice")
    snow = 0.02 if snowy else -0.9
    far = broken(pen, [*_SHOULDER, (1.05, -0.008), (1.3, 0.03)], 0.25)
    mountain(pen, far, 0.16, snow)
    grow(pen, far, 60, 0.016, snowy)
    pen.mist(-0.2, 0.05, 0.34 * pen.air.mist)
    left, right = broken(pen, list(_LEFT), 0.30), broken(pen, list(_RIGHT), 0.30)
    lip = [(x - width * 0.46, top + 0.012), (x - width * 0.2, top), (x + width * 0.3, top + 0.004)]
    cliff = [*left, *lip, (x + width * 0.46, top + 0.012), *right]
    mountain(pen, cliff, 0.0, snow)
    bed(pen)
    grow(pen, left, 110, 0.030, snowy)
    grow(pen, right, 150, 0.027, snowy)
    for _ in range(50):  # scree and boulders along the foot
        at = pen.random.uniform(-1.3, 0.30)
        boulder(pen, at, 0.026, pen.random.uniform(0.006, 0.024) * (1.2 - 0.6 * max(at, 0)))
    for way in (-1, 1):
        for k in range(5):
            boulder(pen, x + way * width * (0.50 + 0.06 * k), 0.024, pen.random.uniform(0.016, 0.03))


def broken(pen: Pen, line: list[Point], rough: float) -> list[Point]:
    """A skyline made rough by displacing midpoints (Fournier, Fussell and Carpenter 1982)."""
    for _ in range(4):
        finer = [line[0]]
        for (x0, y0), (x1, y1) in pairwise(line):
            shake = rough * 0.3 * math.hypot(x1 - x0, y1 - y0)
            middle = (x0 + x1) / 2 + pen.random.uniform(-0.3, 0.3) * shake
            finer += [(middle, (y0 + y1) / 2 + pen.random.uniform(-1, 1) * shake), (x1, y1)]
        line = finer
    return line


def grow(pen: Pen, line: list[Point], count: int, height: float, snowy: bool) -> None:
    """Pines and bushes along a skyline, wherever it isn't too steep for them."""
    for _ in range(count):
        (x0, y0), (x1, y1) = pen.random.choice(list(pairwise(line)))
        if abs(y1 - y0) > 1.1 * abs(x1 - x0):
            continue
        at = pen.random.random()
        x, y = x0 + (x1 - x0) * at, y0 + (y1 - y0) * at
        down = pen.random.uniform(0.0, 0.012)
        for _ in range(3):
            a, b = pen.random.uniform(-1, 1), pen.random.random()
            bush = skia.Path().addCircle(x + 0.6 * a * height, y + 0.006 + down * b, height * (0.12 + 0.14 * b))
            pen.fill(bush, pen.colour("leaf", 0.85 - 0.4 * b), pen.colour("leaf", 0.1))
        tall = height * pen.random.uniform(0.7, 1.9)
        pine(pen, x, y + 0.006 + down, tall, "snow" if snowy and pen.random.random() < 0.5 else "pine")


def boulder(pen: Pen, x: float, y: float, size: float) -> None:
    """A block of rock that lies on y, lit from the key light's side."""
    points = []
    for k in range(8):
        a, r = math.pi * (1 + k / 7), size * pen.random.uniform(0.75, 1.1)
        points.append((x + r * math.cos(a), y + 0.8 * r * math.sin(a)))
    rock = pen.polygon(points)
    pen.fill_between(
        rock, (x + size * pen.side, y - size), (x - size * pen.side, y),
        pen.colour("rock", 1.05), pen.colour("rock", 0.4), pen.colour("dark stone", 0.0),
    )  # fmt: skip


def bed(pen: Pen) -> None:
    """The fall as a whole: veils of water, darker where rock shows through, white at the foot."""
    x, width, top = FALL
    veil = pen.curve([(x - width * 0.46, top + 0.006), (x - width * 0.47, -0.2), (x - width * 0.56, 0.03)])
    veil.lineTo(x + width * 0.56, 0.03)
    veil.quadTo(x + width * 0.47, -0.2, x + width * 0.46, top + 0.006)
    veil.quadTo(x, top - 0.006, x - width * 0.46, top + 0.006)
    veil.close()
    white = pen.blend(pen.colour("water", 0.8), pen.colour("snow", 0.9), 0.6)
    pen.fill(veil, pen.colour("water", 0.9), white)
    pen.texture(veil, "streak", pen.colour("deep water", 0.3), scale=0.9, stretch=0.05, strength=0.5)
    for _ in range(46):
        at, start = pen.random.uniform(-0.46, 0.46), pen.random.random() ** 2 * 0.6
        low = top + 0.01 + 0.5 * start
        pen.line(
            (x + at * width, low), (x + at * width * 1.08, low + pen.random.uniform(0.06, 0.3) * (1 - start)),
            faded(pen.colour("snow", 0.95), 0.35), pen.random.uniform(0.002, 0.006),
        )  # fmt: skip


@waterfall.live
def falling(pen: Pen, time_s: float) -> None:
    """Streaks that fall and widen, foam at the foot, mist that drifts off."""
    x, width, top = FALL
    pen.canvas.save()
    pen.canvas.clipRect(skia.Rect(x - width, top + 0.004, x + width, 0.02))
    for key, count, pace, length, thick, alpha in (
        (1, 105, 0.27, 0.075, 0.0036, 0.36),
        (2, 60, 0.40, 0.12, 0.0064, 0.27),
    ):
        draw = partial(streaks, key=key, count=count, length=length, thick=thick, alpha=alpha)
        sheet = pen.sprite(f"streaks {key}", width * 1.1, LENGTH, draw)
        down = (time_s * pace) % LENGTH
        for y in (top - LENGTH / 2 + down, top + LENGTH / 2 + down):
            pen.stamp(sheet, x, y, whole=True)
    pen.canvas.restore()
    for i, (a, b, c) in enumerate(pen.numbers(12, 3, 3).tolist()):
        share = (b + time_s * (0.09 + 0.05 * c)) % 1.0
        at = x + (a - 0.5) * width * 1.2 + 0.09 * share * (a - 0.5)
        pen.stamp(
            spray(pen, int(share * 10), i % 2), at, -0.13 * share, 1.0, 0.55 * math.sin(math.pi * share), whole=True
        )


def streaks(pen: Pen, key: int, count: int, length: float, thick: float, alpha: float) -> None:
    """A length of falling water, which goes on below as it begins above; thinner at its sides."""
    white = pen.blend(pen.colour("snow", 0.95), pen.shine(0xFFFFFF), 0.25)
    chances = pen.numbers(count, 3, key)
    across = chances[:, 0] - 0.5
    points = np.stack([across * (1.04 - 0.1 * chances[:, 2]) * FALL[1], (chances[:, 1] - 0.5) * LENGTH], 1)
    for dy in (-LENGTH, 0.0, LENGTH):
        for part in range(3):
            some = points[part::3] + (0.0, dy)
            pen.dashes(some, 0.0, length * (0.7 + 0.3 * part), faded(white, alpha), thick)


def spray(pen: Pen, step: int, shape: int) -> Sprite:
    """A puff of spray of an age of 0 to 9, ready in its size."""
    radius = 0.19 * (0.22 + 0.046 * step)

    def draw(pen: Pen) -> None:
        white = pen.blend(pen.colour("snow", 0.95), pen.shine(0xFFFFFF), 0.25)
        billow(pen, white, pen.colour("snow", 0.45), radius, 0.9, (230.0 * shape, 90.0))

    return pen.sprite(f"spray {step} {shape}", 2 * radius, 2 * radius, draw, 0.4)
