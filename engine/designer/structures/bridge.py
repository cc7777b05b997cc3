"""A bridge: cables over a strait, stone arches, red timber in Japan, a trestle in the West, light in the future."""

from __future__ import annotations

import math
from itertools import pairwise

from engine.designer.library import skia
from engine.designer.pen import REACH, Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.solids import face, facing, joints, masonry
from engine.designer.structures.spans import along, shores, stays, suspension
from engine.designer.structures.timber import steam, taiko, trestle


@structure(
    "bridge",
    synonyms=("suspension bridge", "viaduct", "aqueduct", "footbridge", "golden gate", "overpass", "drawbridge",
              "stone bridge", "trestle"),
    implies={"ground": "water"},
)  # fmt: skip
def bridge(pen: Pen) -> None:
    """By the period; a suspension bridge where none is named."""
    if pen.period in ("medieval", "roman"):
        arches(pen)
    elif pen.period == "japanese":
        taiko(pen)
    elif pen.period == "western":
        trestle(pen)
    elif pen.period == "futuristic":
        stays(pen)
    else:
        suspension(pen)


def arches(pen: Pen) -> None:
    """A stone bridge that rises to its middle, cutwaters at its piers, a gate tower on it."""
    shores(pen, 0.06, "moss")
    spans = ((-0.62, 0.135), (-0.34, 0.165), (-0.02, 0.20), (0.30, 0.165), (0.58, 0.135))
    top: list[Point] = []
    for k in range(81):
        x = -REACH + 2 * REACH * k / 80
        top.append((x, -0.075 - 0.105 * math.exp(-(((x + 0.02) / 0.55) ** 2))))
    body = pen.polygon([*top, (REACH, 0.04), (-REACH, 0.04)])
    holes = skia.Path()
    for x, w in spans:
        holes.addPath(pen.arch(x, 0.05, w * 1.42, w * 0.80 + 0.042))
    wall = skia.Op(body, holes, skia.PathOp.kDifference_PathOp)
    for x, w in spans:  # the vaults behind the front
        vault = pen.arch(x, 0.05, w * 1.42, w * 0.80 + 0.042)
        pen.canvas.save()
        pen.canvas.clipPath(vault, True)
        inner = skia.Path()
        inner.addRect(skia.Rect(x - w, -0.3, x + w, 0.06))
        inner = skia.Op(inner, pen.arch(x + 0.035, 0.05, w * 1.36, w * 0.80 + 0.036), skia.PathOp.kDifference_PathOp)
        pen.fill(inner, pen.colour("stone", 0.05), pen.colour("stone", 0.30))
        pen.canvas.restore()
    pen.fill(wall, pen.colour("stone", 0.85), pen.colour("stone", 0.40))
    pen.texture(wall, "grain", pen.colour("stone", 0.0), scale=0.16, strength=0.5)
    masonry(pen, wall, "stone", 0.0105, 2600, 0.26)
    pen.texture(wall, "puff", pen.colour("moss", 0.2), scale=0.35, strength=0.40)
    for x, w in spans:
        for ring, light in ((1.0, 0.95), (0.97, 0.25)):
            pen.stroke(
                pen.arch(x, 0.06, w * 1.42 + 0.016 * ring, w * 0.80 + 0.050 * ring),
                pen.colour("stone", light),
                0.013 if ring == 1.0 else 0.002,
            )
        count = 17
        for k in range(1, count):
            a = math.pi * k / count
            r0, r1 = w * 0.71, w * 0.71 + 0.017
            spring = 0.05 - max(w * 0.80 + 0.042 - w * 0.71, 0)
            pen.line(
                (x + math.cos(a) * r0, spring - math.sin(a) * r0),
                (x + math.cos(a) * r1, spring - math.sin(a) * r1),
                pen.colour("stone", 0.0, 0.7),
                0.0018,
            )
    for (x0, w0), (x1, w1) in pairwise(spans):
        x = (x0 + w0 * 0.71 + x1 - w1 * 0.71) / 2
        half = 0.034
        left = [(x - half, 0.04), (x - half, -0.075), (x, -0.095), (x, 0.05)]
        right = [(x + half, 0.04), (x + half, -0.075), (x, -0.095), (x, 0.05)]
        for points, look in ((left, -0.8), (right, 0.8)):
            side = face(pen, points, "stone", facing(pen, look), 0.45)
            masonry(pen, side, "stone", 0.0105, 45, 0.3)
    parapet = [(x, y - 0.020) for x, y in top]
    coping = pen.polygon([*parapet, *reversed(top)])
    pen.fill(coping, pen.colour("stone", 0.75))
    masonry(pen, coping, "stone", 0.010, 400, 0.3)
    pen.stroke(pen.polygon(parapet, close=False), pen.colour("stone", 1.05), 0.0055)
    pen.stroke(pen.polygon(top, close=False), pen.colour("stone", 0.05, 0.8), 0.003)
    if pen.period == "medieval":
        gatehouse(pen, 0.14, -0.175)
    if pen.lamps:
        for x in _LAMPS:
            y = -0.095 - 0.105 * math.exp(-(((x + 0.02) / 0.55) ** 2))
            pen.line((x, y), (x, y - 0.045), pen.colour("dark metal", 0.4), 0.003)


_LAMPS = (-0.80, -0.48, -0.18, 0.46, 0.74)


def gatehouse(pen: Pen, x: float, y: float) -> None:
    """The tower on the bridge, with its arch and steep roof."""
    w, h = 0.105, 0.165
    front = face(
        pen,
        [(x - w / 2, y + 0.02), (x - w / 2, y - h), (x + w * 0.22, y - h), (x + w * 0.22, y + 0.02)],
        "stone",
        facing(pen, -0.3),
    )
    masonry(pen, front, "stone", 0.009, 130, 0.3)
    side = face(
        pen,
        [(x + w * 0.22, y + 0.02), (x + w * 0.22, y - h), (x + w / 2, y - h), (x + w / 2, y + 0.02)],
        "stone",
        facing(pen, 0.8),
    )
    masonry(pen, side, "stone", 0.009, 50, 0.3)
    roof = pen.polygon([(x - w * 0.60, y - h + 0.004), (x - w * 0.10, y - h - 0.12), (x + w * 0.60, y - h + 0.004)])
    pen.fill_between(
        roof,
        (x - w * 0.5, 0),
        (x + w * 0.5, 0),
        pen.colour("slate", facing(pen, -0.8, 0.4)),
        pen.colour("slate", facing(pen, 0.8)),
    )
    joints(pen, roof, pen.colour("slate", 0.0, 0.5), 0.008)
    pen.line((x - w * 0.10, y - h - 0.118), (x - w * 0.10, y - h - 0.15), pen.colour("gold", 0.8), 0.003)
    for dy in (0.060, 0.115):
        pen.window(x - w * 0.14, y - dy, 0.014, 0.028, 0.6)
    pen.window(x + w * 0.36, y - 0.09, 0.009, 0.024, 0.6)


@bridge.live
def traffic(pen: Pen, time_s: float) -> None:
    """Headlamps that cross by night, a train's steam, lanterns that flicker."""
    if pen.period == "western":
        from_funnel = pen.sprite("steam", 0.1, 0.1, steam)
        for k in range(9):
            t = (time_s * 0.16 + k / 9) % 1.0
            x, y = 0.158 - 0.30 * t, -0.325 - 0.10 * t**0.7
            pen.stamp(from_funnel, x, y, 0.3 + 1.3 * t, 0.75 * (1 - t) * min(t * 7, 1.0), turn=k * 70)
        return
    if pen.period in ("medieval", "roman"):
        if pen.lamps:
            for i, x in enumerate(_LAMPS):
                y = -0.140 - 0.105 * math.exp(-(((x + 0.02) / 0.55) ** 2))
                flicker = 0.7 + 0.1 * math.sin(time_s * 9 + i * 1.7) + 0.08 * math.sin(time_s * 6.1 + i)
                pen.glow(x, y - 0.006, 0.05, 0xFFA848, flicker * pen.lamps)
                pen.circle(x, y - 0.006, 0.005, pen.shine(0xFFE2A0))
        return
    if pen.period == "japanese":
        return
    if pen.period == "futuristic":
        for k in range(6):
            t = (time_s * (0.10 + 0.01 * k) + k * 0.31) % 1.0
            x = (-1.1 + 2.2 * t) * (1 if k % 2 else -1)
            pen.glow(
                x, -0.123 - 0.03 * math.cos(x * 0.9), 0.035, 0xFFFFFF if k % 2 else 0xFF5060, 0.4 + 0.5 * pen.lamps
            )
        return
    for k in range(8):
        away = k % 2 == 0
        t = (time_s * 0.035 + k / 8) % 1.0
        x, y, s = along(t if away else 1 - t)
        if pen.lamps:
            pen.glow(x, y - 0.010 * s, 0.05 * s, 0xFF4030 if away else 0xFFF0C8, 0.8 * pen.lamps)
        pen.fill(
            pen.box(x, y - 0.004 * s, 0.034 * s, 0.016 * s), pen.colour((0xB83A30, 0xE8E4DC, 0x3A5A86)[k % 3], 0.6)
        )
