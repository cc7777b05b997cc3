"""A lighthouse on its rock, and its beam that goes round."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.structures.solids import WINTRY, carve, face, facing, joints, masonry, tube

_LAMP = (0.0, -0.455)


@structure(
    "lighthouse",
    synonyms=("beacon", "light house", "light tower", "pharos", "headland", "seamark"),
    implies={"ground": "water"},
)
def lighthouse(pen: Pen) -> None:
    """A white tower with red bands on a rock, the keeper's house beside it."""
    for y, top, spread, far in ((0.03, 0.075, 0.62, 0.10), (0.04, 0.055, 0.46, 0.0)):
        points = [
            (x, y - (top * (1 - (abs(x) / spread) ** 2.2) + v * (1 - abs(x) / spread)))
            for x, v in pen.ridge(0.0, 0.022, waves=5.0, rough=0.8, left=-spread, right=spread)
        ]
        carve(pen, pen.hill(points, bottom=0.06), "rock", scale=0.16, rough=0.46, far=far)
    keeper(pen, -0.155, -0.032)
    foot, height = -0.035, 0.36
    low, high = 0.118, 0.072
    stripes = 7
    for k in range(stripes):
        t0, t1 = k / stripes, (k + 1) / stripes
        tube(
            pen,
            0,
            foot - height * t0,
            low + (high - low) * t0,
            low + (high - low) * t1,
            height / stripes + 0.0008,
            0xC23A2E if k % 2 else "white",
            0.22,
        )
    door = pen.arch(0.006, foot, 0.022, 0.044)
    pen.fill(door, pen.colour("dark wood", 0.5), pen.colour("dark wood", 0.1))
    for k in range(4):
        pen.window(0.008 - 0.006 * (k % 2) * 2, foot - 0.085 - 0.072 * k, 0.010, 0.018)
    top = foot - height
    bracket = pen.polygon([(-high / 2, top + 0.014), (-0.052, top), (0.052, top), (high / 2, top + 0.014)])
    pen.round(bracket, "dark metal")
    pen.round(pen.box(0, top, 0.108, 0.006), "metal")
    rail = pen.colour("dark metal", 0.6)
    for k in range(13):
        pen.line((-0.052 + 0.104 * k / 12, top - 0.006), (-0.052 + 0.104 * k / 12, top - 0.024), rail, 0.0013)
    for dy in (0.014, 0.024):
        pen.line((-0.053, top - dy), (0.053, top - dy), rail, 0.0016)
    tube(pen, 0, top - 0.006, 0.056, 0.056, 0.020, "white", 0.0)
    room = pen.box(0, top - 0.024, 0.052, 0.048)
    pen.fill_between(room, (-0.026, 0), (0.026, 0), pen.colour("glass", 0.9), pen.colour("glass", 0.25))
    if pen.lamps:
        pen.fill(room, pen.shine(0xFFF3C4, 0.92 * pen.lamps))
    for k in range(5):
        x = 0.026 * math.sin((k - 2) * 0.78)
        pen.line((x, top - 0.024), (x, top - 0.072), pen.colour("dark metal", 0.5), 0.0016)
    pen.line((-0.026, top - 0.048), (0.026, top - 0.048), pen.colour("dark metal", 0.5), 0.0013)
    dome = skia.Path()
    dome.moveTo(-0.034, top - 0.070)
    dome.cubicTo(-0.030, top - 0.098, -0.012, top - 0.106, 0, top - 0.112)
    dome.cubicTo(0.012, top - 0.106, 0.030, top - 0.098, 0.034, top - 0.070)
    dome.close()
    pen.round(dome, 0xB03428)
    pen.line((0, top - 0.110), (0, top - 0.150), pen.colour("dark metal", 0.5), 0.002)
    pen.circle(0, top - 0.117, 0.005, pen.colour("gold", 0.8))


def keeper(pen: Pen, x: float, y: float) -> None:
    """The keeper's cottage: a white gable wall, a long roof, a chimney."""
    roof = "snow" if pen.ground in WINTRY else "roof"
    w, d, h, rise = 0.075, 0.10, 0.044, 0.040
    gable = [(x - w, y + 0.01), (x - w, y - h), (x - w / 2, y - h - rise), (x, y - h), (x, y + 0.01)]
    side = face(pen, [(x, y + 0.012), (x, y - h), (x + d, y - h), (x + d, y + 0.012)], "plaster", facing(pen, 0.35))
    masonry(pen, side, "plaster", 0.006, 30, 0.14)
    face(pen, gable, "plaster", facing(pen, -0.55))
    slope = [(x - w / 2, y - h - rise - 0.002), (x + d - w / 2, y - h - rise - 0.002), (x + d + 0.006, y - h + 0.006)]
    tiles = face(pen, [*slope, (x + 0.004, y - h + 0.006)], roof, facing(pen, 0.3, 0.6))
    joints(pen, tiles, pen.colour(roof, 0.0, 0.4), 0.006)
    pen.line((x - w - 0.004, y - h + 0.004), (x - w / 2, y - h - rise - 0.002), pen.colour(roof, 0.9), 0.005)
    pen.fill(pen.box(x + 0.012, y - h - rise + 0.006, 0.014, 0.024), pen.colour("brick", 0.8), pen.colour("brick", 0.2))
    pen.window(x - w / 2, y - 0.016, 0.014, 0.018)
    for k in range(3):
        pen.window(x + 0.022 + 0.030 * k, y - 0.014, 0.012, 0.016)


@lighthouse.live
def beam(pen: Pen, time_s: float) -> None:
    """Surf at the rock; by night the beam goes round, and dazzles when it comes past the camera."""
    x, y = _LAMP[0], _LAMP[1] + 0.013
    if pen.ground in ("water", "ice"):
        for k in range(4):
            swell = 0.5 + 0.5 * math.sin(time_s * 1.1 + k * 1.9)
            cx = -0.42 + 0.28 * k
            foam = skia.Path().addOval(skia.Rect(cx - 0.13, 0.001 - 0.006 * swell, cx + 0.13, 0.007))
            pen.fill(foam, pen.colour("white", 0.8, 0.10 + 0.35 * swell))
    if pen.lamps <= 0:
        return
    turn = time_s * 0.7
    for way in (0.0, math.pi):
        across, towards = math.cos(turn + way), math.sin(turn + way)
        length = 1.25 * across
        wide = 0.030 + 0.13 * abs(across) + 0.10 * max(towards, 0.0)
        strength = pen.lamps * (0.20 + 0.5 * abs(across)) * (0.72 + 0.28 * towards)
        cone = pen.polygon([(x, y - 0.012), (x + length, y - wide - 0.03), (x + length, y + wide), (x, y + 0.012)])
        full = pen.shine(0xFFF0C0, strength)
        stops = [full, pen.shine(0xFFF0C0, strength * 0.35), full & 0xFFFFFF]
        ray = skia.GradientShader.MakeLinear([skia.Point(x, y), skia.Point(x + length + 1e-4, y)], stops)
        pen.canvas.drawPath(cone, pen.paint(0xFFFFFFFF, Shader=ray, BlendMode=skia.BlendMode.kPlus))
    flare = max(math.sin(turn), 0.0) ** 6 + max(math.sin(turn + math.pi), 0.0) ** 6
    pen.glow(x, y, 0.08 + 0.12 * flare, 0xFFF2C8, pen.lamps * (0.55 + 0.45 * flare))
