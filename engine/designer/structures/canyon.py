"""A canyon: walls of layered red rock that step back to both sides, towers of rock between them."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import REACH, Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.solids import carve

_CLIFFS = ((0.10, 0.30), (0.05, 0.06), (0.34, 0.30), (0.07, 0.05), (0.30, 0.24), (0.30, 0.05))
"""From the foot up: how far each step goes outward and how much it rises, as shares of the whole."""


@structure(
    "canyon",
    stands="range",
    synonyms=("gorge", "ravine", "mesa", "butte", "cliff", "grand canyon", "monument valley", "arizona", "badlands",
              "rock formation", "chasm"),
    implies={"ground": "sand"},
)  # fmt: skip
def canyon(pen: Pen) -> None:
    """Far plateaus, buttes in the gap, and four pairs of walls, the nearer the higher."""
    for k, far in enumerate((0.50, 0.40)):
        table(pen, pen.random.uniform(-0.5, -0.3) + 0.75 * k, 0.02, 0.62, 0.06 + 0.02 * k, far)
    pen.mist(-0.16, 0.03, 0.45 * pen.air.mist)
    for x, w, h in ((0.075, 0.105, 0.185), (-0.085, 0.145, 0.115)):
        butte(pen, x + pen.random.uniform(-0.02, 0.02), w, h * pen.random.uniform(0.9, 1.1), 0.28)
    pairs = ((0.17, 0.22, 0.36), (0.27, 0.33, 0.25), (0.38, 0.45, 0.13), (0.52, 0.60, 0.0))
    outlines = [
        [
            (way, wall(pen, way, gap + pen.random.uniform(-0.05, 0.05), height * pen.random.uniform(0.9, 1.08), far))
            for way in (-1, 1)
        ]
        for gap, height, far in pairs
    ]
    for i, (_, _, far) in enumerate(pairs):
        pen.canvas.save()
        for nearer in outlines[i + 1 :]:  # what is hidden would be carved for nothing
            for _, path in nearer:
                pen.canvas.clipPath(path, skia.ClipOp.kDifference, False)
        for way, path in outlines[i]:
            sunny = -way * pen.side  # a wall on the right looks to the left
            carve(
                pen, path, "red rock", scale=0.30, strata=0.85, band=0xC98452, upright=0.30, far=far,
                rough=0.42 + 0.14 * sunny, bright=1.15 if sunny > 0 else 0.8,
            )  # fmt: skip
        pen.canvas.restore()
        pen.mist(-0.22 + 0.08 * (0.36 - far), 0.05, 0.26 * pen.air.mist)
    scrub(pen)


def wall(pen: Pen, way: int, gap: float, height: float, far: float) -> skia.Path:
    """The outline of one side's cliff from its foot at `gap` outwards, in steps, with buttresses."""
    reach = REACH - gap
    line: list[Point] = [(gap - 0.03, 0.05), (gap, 0.02)]
    x, y = gap, 0.02
    spread = min(reach, 0.26 + 0.12 * (1 - far))
    for out, up in _CLIFFS:
        steps = 7
        ax = spread * out * pen.random.uniform(0.75, 1.25)
        ay = height * up * pen.random.uniform(0.85, 1.15)
        for k in range(1, steps + 1):
            t = k / steps
            steep = out < up  # a cliff: nearly upright, jagged; else a slope of scree
            shake = 0.012 if steep else 0.008
            line.append(
                (x + ax * t + pen.random.uniform(-shake, shake) * 0.8, y - ay * t + pen.random.uniform(-1, 1) * 0.004)
            )
        x, y = x + ax, y - ay
    while x < REACH + 0.2:
        x += pen.random.uniform(0.03, 0.12)
        y += pen.random.uniform(-0.014, 0.012)
        line.append((x, y))
    return pen.polygon([*[(way * px, py) for px, py in line], (way * (REACH + 0.2), 0.05), (way * (gap - 0.03), 0.05)])


def butte(pen: Pen, x: float, width: float, height: float, far: float) -> None:
    """A tower of rock on a cone of scree."""
    w = width / 2
    points: list[Point] = [(-w * 3.2, 0.03), (-w * 2.0, -height * 0.18), (-w * 1.15, -height * 0.42)]
    shake = [pen.random.uniform(-0.1, 0.1) for _ in range(19)]
    points += [(-w * (1.0 - 0.03 * k + shake[k]), -height * (0.45 + 0.10 * k)) for k in range(6)]
    points += [(w * (-0.8 + 1.6 * k / 6), -height * (0.99 + 0.35 * shake[6 + k])) for k in range(7)]
    points += [(w * (0.85 + 0.03 * k + shake[13 + k]), -height * (0.95 - 0.10 * k)) for k in range(6)]
    points += [(w * 1.2, -height * 0.40), (w * 2.1, -height * 0.17), (w * 3.3, 0.03)]
    path = pen.polygon([(x + px, py) for px, py in points])
    carve(pen, path, "red rock", scale=0.20, strata=0.9, band=0xC98452, upright=0.45, rough=0.46, far=far)
    shade = pen.colour("red rock", 0.0, 0.0, far=far)
    dark = pen.colour("red rock", 0.0, 0.42, far=far)
    pen.fill_between(path, (x + pen.side * w * 0.6, 0), (x - pen.side * w * 1.2, 0), shade, dark)


def table(pen: Pen, x: float, y: float, width: float, height: float, far: float) -> None:
    """A far tableland."""
    points: list[Point] = []
    for k in range(33):
        t = k / 16 - 1
        h = height * (1 if abs(t) < 0.62 else max(0.0, 1 - ((abs(t) - 0.62) / 0.38) ** 0.6))
        points.append((x + t * width, y - h + pen.random.uniform(-0.003, 0.003)))
    carve(pen, pen.hill(points, bottom=0.05), "red rock", scale=0.2, strata=0.8, band=0xC98452, upright=1.2, far=far)


def scrub(pen: Pen) -> None:
    """Sagebrush and boulders at the foot of the walls."""
    for _ in range(90):
        x = pen.random.uniform(0.3, 1.6) * pen.random.choice((-1, 1))
        size = pen.random.uniform(0.005, 0.013)
        y = 0.018
        if pen.random.random() < 0.45:
            stone = pen.polygon(
                [(x - size, y), (x - size * 0.6, y - size), (x + size * 0.5, y - size * 0.8), (x + size, y)]
            )
            pen.fill(stone, pen.colour("red rock", 0.95), pen.colour("red rock", 0.1))
            continue
        for k in range(7):
            a = math.pi * (0.12 + 0.76 * k / 6)
            pen.line(
                (x, y),
                (x + math.cos(a) * size * 1.3, y - math.sin(a) * size * 1.3),
                pen.colour(0x7C7A4A, pen.random.uniform(0.2, 0.9)),
                0.0022,
            )


@canyon.live
def condors(pen: Pen, time_s: float) -> None:
    """Two great birds that circle in the gap."""
    for i in (0, 1):
        turn = time_s * (0.16 + 0.03 * i) + i * 2.4
        x, y = 0.02 + (0.20 + 0.06 * i) * math.cos(turn), -0.36 - 0.07 * i + 0.035 * math.sin(turn)
        size = 0.022 + 0.005 * math.sin(turn)
        dip = 0.25 * math.sin(time_s * 1.7 + i) + 0.25
        wing = pen.curve(
            [
                (x - size, y - size * dip),
                (x - size * 0.4, y - size * 0.18),
                (x, y),
                (x + size * 0.4, y - size * 0.18),
                (x + size, y - size * dip),
            ]
        )
        pen.stroke(wing, pen.colour("black", 0.3, far=0.15), 0.0034)
        pen.line((x - 0.003, y), (x + 0.004, y + 0.001), pen.colour("black", 0.3, far=0.15), 0.005)
