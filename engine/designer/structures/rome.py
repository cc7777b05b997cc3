"""What is left of Rome: an arena's ring, columns with and without their beam."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.structures.rubble import minus, rubble, torn, wall
from engine.designer.structures.solids import facing, shaded
from engine.designer.structures.temple import column


def arena(pen: Pen) -> None:
    """Far behind, the Colosseum's broken ring of arcades."""
    left, right, foot, far = -0.70, 0.02, 0.0, 0.20
    tops = [
        (left, -0.235),
        (-0.52, -0.265),
        (-0.36, -0.27),
        (-0.24, -0.255),
        (-0.18, -0.185),
        (-0.06, -0.165),
        (right, -0.105),
    ]
    line = torn(pen, left, right, tops, 40)
    body = pen.polygon([(left, foot + 0.04), *line, (right, foot + 0.04)])
    holes = []
    for storey in range(3):
        y = foot + 0.012 - 0.078 * storey
        for k in range(13):
            a = -1.22 + 2.44 * (k + 0.5) / 13
            x = (left + right) / 2 + (right - left) / 2 * math.sin(a) / math.sin(1.25)
            w = 0.036 * math.cos(a) + 0.004
            holes.append(pen.arch(x, y, w, 0.054))
    pen.fill(body, pen.colour("sandstone", 0.0, far=far))
    ring = minus(body, *holes)
    tones = [pen.colour("sandstone", light, far=far) for light in (1.05, 0.8, 0.25)]
    ends = (left, right) if pen.side <= 0 else (right, left)
    pen.fill_between(ring, (ends[0], 0), (ends[1], 0), *tones)
    pen.texture(ring, "grain", pen.colour("sandstone", 0.0, far=far), scale=0.10, strength=0.5)
    pen.canvas.save()
    pen.canvas.clipPath(body, True)
    for storey in range(1, 4):
        y = foot + 0.022 - 0.078 * storey
        pen.line((left, y), (right, y), pen.colour("sandstone", 1.0, far=far), 0.006)
        pen.line((left, y + 0.005), (right, y + 0.005), pen.colour("sandstone", 0.0, 0.6, far=far), 0.003)
    if pen.lamps:
        for storey in range(2):
            for k in range(13):
                a = -1.22 + 2.44 * (k + 0.5) / 13
                x = (left + right) / 2 + (right - left) / 2 * math.sin(a) / math.sin(1.25)
                pen.glow(x, foot - 0.078 * storey, 0.035, 0xFFA040, 0.75 * pen.lamps)
    pen.canvas.restore()


def colonnade(pen: Pen) -> None:
    """Three columns that still carry their beam, others broken, a statue's plinth."""
    marble = "marble"
    steps = ((0.19, 0.03, 0.62), (0.19, 0.016, 0.58))
    for x, y, w in steps:
        step = pen.box(x, y, w, 0.015)
        shaded(pen, step, marble, 1.0, 0.3)
        pen.texture(step, "grain", pen.colour(marble, 0.0), scale=0.1, strength=0.4)
    base = 0.001
    for x in (0.06, 0.165, 0.27):
        column(pen, x, base, 0.050, 0.345, marble)
    beam = torn(
        pen, 0.025, 0.325, [(0.025, -0.400), (0.11, -0.415), (0.22, -0.408), (0.29, -0.392), (0.325, -0.37)], 16
    )
    lintel = pen.polygon([(0.025, -0.344), *beam, (0.325, -0.344)])
    wall(pen, lintel, marble, 0.85, 0.0, 60)
    pen.line((0.022, -0.372), (0.322, -0.372), pen.colour(marble, 0.1, 0.7), 0.003)
    pen.line((0.020, -0.347), (0.326, -0.347), pen.colour(marble, 1.05), 0.006)
    for x, height in ((0.385, 0.20), (0.465, 0.11), (-0.065, 0.255), (-0.165, 0.075)):
        broken(pen, x, base, 0.048, height)
    rubble(pen, marble)


def broken(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    """A fluted column that ends in a jagged break."""
    w = width / 2
    edge = [(x - w + 2 * w * k / 6, y - height + pen.random.uniform(-0.018, 0.018)) for k in range(7)]
    shaft = pen.polygon([(x - w, y), *edge, (x + w, y)])
    pen.round(shaft, "marble")
    pen.canvas.save()
    pen.canvas.clipPath(shaft, True)
    for k in range(-3, 4):
        fx = x + w * math.sin(k * 0.42) * 0.96
        pen.line((fx, y), (fx, y - height - 0.02), pen.colour("marble", 0.0, 0.36), 0.0018)
    pen.canvas.restore()
    pen.texture(shaft, "grain", pen.colour("marble", 0.0), scale=0.12, strength=0.35)
    shaded(pen, pen.box(x, y, width * 1.25, 0.010), "marble", 0.95, 0.3)


def drum(pen: Pen, x: float, y: float, s: float, turn: float) -> None:
    """A drum of a column that lies on the ground, its round end to the left."""
    pen.canvas.save()
    pen.canvas.translate(x, y - 0.026 * s)
    pen.canvas.rotate(turn)
    r, half = 0.028 * s, 0.060 * s
    body = skia.Path().addRoundRect(skia.Rect(-half, -r, half, r), 0.010 * s, r)
    tones = [pen.colour("marble", light) for light in (0.8, 1.05, 0.45, 0.05)]
    pen.fill_between(body, (0, -r), (0, r), *tones)
    for k in range(-3, 4):
        fy = r * math.sin(k * 0.42)
        pen.line((-half, fy), (half, fy), pen.colour("marble", 0.0, 0.35), 0.0018)
    end = skia.Path().addOval(skia.Rect(-half - r * 0.42, -r, -half + r * 0.42, r))
    shaded(pen, end, "marble", facing(pen, -0.9) * 1.1, facing(pen, -0.9) * 0.7)
    pen.texture(end, "grain", pen.colour("marble", 0.0), scale=0.08, strength=0.5)
    pen.canvas.restore()
