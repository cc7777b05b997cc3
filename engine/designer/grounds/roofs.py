"""What stands on a flat roof: boxes in perspective, a stair head, a tank on legs, fans, pipes."""

from __future__ import annotations

from engine.designer.library import skia
from engine.designer.pen import REACH, Pen

DEPTH = 0.80
"""What is behind is so much nearer to the vanishing point at (0, 0)."""


def parapet(pen: Pen) -> None:
    """The wall along the roof's edge, with its coping and its shadow."""
    wall, cap, shade = pen.colour("concrete", 0.5), pen.colour("concrete", 1.0), pen.colour("concrete", 0.05)
    side = pen.box(0, 0.042, 2 * REACH, 0.048)
    pen.fill(side, wall, shade)
    pen.texture(side, "grain", shade, scale=0.2, strength=0.4)
    for k in range(-14, 15):
        pen.line((0.14 * k, 0.0), (0.143 * k, 0.042), pen.blend(wall, shade, 0.7), 0.0012)
    pen.fill(pen.box(0, 0.002, 2 * REACH, 0.012), cap, wall)
    foot = pen.box(0, 0.066, 2 * REACH, 0.024)
    pen.fill_between(foot, (0, 0.042), (0, 0.066), 0x70000000, 0x00000000)


def solid(pen: Pen, x: float, y: float, w: float, h: float, material: str | int) -> skia.Path:
    """A box that stands on y: its shadow on the roof, its side towards the middle, its top if it is under the eye."""
    left, right, top = x - w / 2, x + w / 2, y - h
    back, cast = DEPTH * y, -pen.side * 0.8 * h
    shadow = [
        (left, y),
        (right, y),
        (right + cast, y - 0.02),
        (right * DEPTH + cast, back),
        (left * DEPTH + cast, back),
    ]
    if cast < 0:
        shadow = [(right, y), (left, y), (left + cast, y - 0.02), (left * DEPTH + cast, back), (right * DEPTH, back)]
    pen.soft(pen.polygon(shadow), 0x66000008, 0.003)
    edge = right if x < 0 else left
    flank = pen.polygon([(edge, y), (edge, top), (edge * DEPTH, top * DEPTH), (edge * DEPTH, back)])
    lit = 0.85 if pen.side * (1 if x < 0 else -1) > 0.2 else 0.12
    pen.fill(flank, pen.colour(material, lit), pen.colour(material, 0.6 * lit))
    if top > 0:
        roof = pen.polygon([(left, top), (right, top), (right * DEPTH, top * DEPTH), (left * DEPTH, top * DEPTH)])
        pen.fill(roof, pen.colour(material, 1.0))
    front = pen.box(x, y, w, h)
    pen.fill(front, pen.colour(material, 0.72), pen.colour(material, 0.4))
    pen.texture(front, "grain", pen.colour(material, 0.0), scale=0.15, strength=0.25)
    foot = pen.box(x, y, w, min(0.012, h / 4))
    pen.fill_between(foot, (0, y - 0.012), (0, y), 0x00000000, 0x50000000)
    return front


def fan(pen: Pen, x: float, y: float, w: float, h: float) -> None:
    """A cooling unit: slats, and a round fan behind its grille."""
    solid(pen, x, y, w, h, "metal")
    dark, light = pen.colour("dark metal", 0.2), pen.colour("metal", 1.0)
    for k in range(7):
        at = y - h * (0.18 + 0.11 * k)
        pen.line((x - w * 0.42, at), (x + w * 0.02, at), dark, h * 0.035)
    cx, cy, r = x + w * 0.26, y - h * 0.5, min(h * 0.36, w * 0.2)
    pen.circle(cx, cy, r, dark)
    for share in (1.0, 0.66, 0.33):
        pen.stroke(skia.Path().addCircle(cx, cy, r * share), pen.blend(dark, light, 0.6), h * 0.022)
    pen.line((x - w / 2, y - h), (x + w / 2, y - h), light, 0.002)


def stair_head(pen: Pen, x: float, y: float) -> None:
    """The little house where the stairs come up: a door under a lamp, an overhanging roof."""
    w, h = 0.30, 0.27
    solid(pen, x, y, w, h, 0x86614F)
    for k in range(1, 22):
        at = y - h * k / 22
        pen.line((x - w / 2, at), (x + w / 2, at), pen.colour("brick", 0.0, 0.4), 0.0010)
    pen.fill(
        pen.box(x + 0.006, y - h + 0.004, w + 0.03, 0.022), pen.colour("concrete", 1.0), pen.colour("concrete", 0.4)
    )
    eaves = pen.box(x, y - h + 0.018, w, 0.014)
    pen.fill_between(eaves, (0, y - h + 0.004), (0, y - h + 0.018), 0x60000000, 0x00000000)
    pen.fill(pen.box(x + 0.05, y, 0.104, 0.196), pen.colour("concrete", 0.3))
    pen.fill(pen.box(x + 0.05, y, 0.09, 0.188), pen.colour("dark metal", 0.9), pen.colour("dark metal", 0.4))
    pen.fill(pen.box(x + 0.05, y - 0.10, 0.056, 0.06), pen.colour("dark metal", 0.25))
    pen.circle(x + 0.084, y - 0.088, 0.004, pen.colour("metal", 1.0))
    pen.window(x - 0.085, y - 0.085, 0.052, 0.085)
    pen.fill(pen.box(x + 0.05, y - 0.205, 0.022, 0.010), pen.colour("metal", 0.7))
    if pen.lamps:
        pen.glow(x + 0.05, y - 0.196, 0.16, 0xFFC070, 0.75 * pen.lamps)
        pen.circle(x + 0.05, y - 0.200, 0.006, pen.shine(0xFFF0C8, pen.lamps))


def tank(pen: Pen, x: float, y: float) -> None:
    """A water tank of staves on steel legs, under a cone."""
    r, low, high = 0.085, y - 0.12, y - 0.29
    pen.soft(
        skia.Path().addOval(skia.Rect(x - r - 0.05 * pen.side, y - 0.024, x + r - 0.05 * pen.side, y + 0.006)),
        0x66000008,
        0.006,
    )
    steel = pen.colour("dark metal", 0.5)
    for at, foot in ((-0.55, y - 0.018), (0.55, y - 0.018), (-0.85, y), (0.85, y)):
        pen.line((x + at * r, foot), (x + at * r, low), steel, 0.007)
    for a, b in ((-0.85, 0.85), (0.85, -0.85)):
        pen.line((x + a * r, y - 0.01), (x + b * r, low), steel, 0.0025)
    pen.line((x - 0.85 * r, y - 0.06), (x + 0.85 * r, y - 0.06), steel, 0.004)
    pen.fill(pen.box(x, low + 0.008, 2.15 * r, 0.012), pen.colour("dark wood", 0.4))
    body = pen.box(x, low, 2 * r, low - high)
    pen.round(body, "wood")
    for k in range(1, 13):
        at = x - r + 2 * r * k / 13
        pen.line((at, high), (at, low), pen.colour("dark wood", 0.1, 0.5), 0.0012)
    for k in range(4):
        at = high + (low - high) * (0.12 + 0.25 * k)
        pen.line((x - r, at), (x + r, at), pen.colour("dark metal", 0.5, 0.8), 0.0022)
    cone = pen.polygon([(x - 1.08 * r, high + 0.004), (x, high - 0.06), (x + 1.08 * r, high + 0.004)])
    pen.round(cone, "slate")
    if pen.lamps:
        pen.glow(x, high - 0.062, 0.045, 0xFF4030, 0.9 * pen.lamps)


def pipes(pen: Pen, x: float, y: float) -> None:
    """Vent pipes with their hoods, and a duct along the roof."""
    solid(pen, x + 0.01, y + 0.006, 0.17, 0.022, "metal")
    for at, h in ((-0.05, 0.075), (-0.012, 0.055), (0.045, 0.09)):
        pen.round(pen.box(x + at, y, 0.016, h), "metal")
        pen.round(pen.box(x + at, y - h + 0.004, 0.030, 0.012), "metal")
        pen.fill(pen.box(x + at, y - h + 0.007, 0.018, 0.004), pen.colour("dark metal", 0.0))
