"""A temple: columns under a pediment, or roofs above roofs in Japan."""

from __future__ import annotations

import math

from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.structures.roofs import roof


@structure("temple", synonyms=("shrine", "pagoda", "parthenon", "pantheon", "sanctuary", "acropolis", "monastery"))
def temple(pen: Pen) -> None:
    """By the period: a Greek front of columns, or a pagoda."""
    if pen.period == "japanese":
        pagoda(pen)
    else:
        columns(pen)


def columns(pen: Pen) -> None:
    """A stepped base, fluted columns, entablature and pediment, fire within by night."""
    material = "marble" if pen.period == "roman" else "sandstone"
    width, height = 0.80, 0.235
    steps = 5
    for k in range(steps):
        y = 0.03 - 0.016 * k
        step = pen.box(0, y, width + 0.16 - 0.035 * k, 0.017)
        pen.fill(step, pen.colour(material, 1.0), pen.colour(material, 0.35))
        pen.texture(step, "grain", pen.colour(material, 0.0), scale=0.2, strength=0.3)
    base = 0.03 - 0.016 * steps
    inner = pen.box(0, base, width * 0.92, height)
    pen.fill_between(inner, (0, base - height), (0, base), pen.colour("black", 0.4), pen.colour(material, 0.0))
    door = pen.box(0, base, 0.12, height * 0.78)
    pen.fill(door, pen.colour("black", 0.1))
    if pen.lamps:
        pen.canvas.save()
        pen.canvas.clipPath(inner, True)
        pen.glow(0, base - 0.03, 0.34, 0xFF9A40, 0.9 * pen.lamps)
        pen.canvas.restore()
    count = 8
    for k in range(count):
        x = -width / 2 + 0.035 + k * (width - 0.07) / (count - 1)
        column(pen, x, base, 0.044, height, material)
    top = base - height
    for y, h, w, light in ((top, 0.020, 0.02, 0.8), (top - 0.020, 0.026, 0.03, 0.55), (top - 0.046, 0.012, 0.07, 1.0)):
        beam = pen.box(0, y, width + w, h)
        pen.fill(beam, pen.colour(material, light), pen.colour(material, light * 0.5))
    for k in range(22):
        x = -width / 2 + 0.02 + k * (width - 0.04) / 21
        pen.fill(pen.box(x, top - 0.022, 0.014, 0.022), pen.colour(material, 0.2))
    eaves, peak = top - 0.058, top - 0.185
    gable = pen.polygon([(-width / 2 - 0.05, eaves), (0, peak), (width / 2 + 0.05, eaves)])
    pen.fill(gable, pen.colour(material, 0.95), pen.colour(material, 0.7))
    field = pen.polygon([(-width / 2 + 0.06, eaves - 0.008), (0, peak + 0.028), (width / 2 - 0.06, eaves - 0.008)])
    pen.fill(field, pen.colour(material, 0.30), pen.colour(material, 0.45))
    for k in range(-3, 4):
        figure(pen, k * 0.082, eaves - 0.008, 0.075 * (1 - abs(k) / 4.6), material)
    pen.texture(gable, "grain", pen.colour(material, 0.0), scale=0.25, strength=0.25)
    for x, y in ((-width / 2 - 0.04, eaves - 0.004), (0, peak), (width / 2 + 0.04, eaves - 0.004)):
        figure(pen, x, y, 0.034, "bronze")


def column(pen: Pen, x: float, y: float, width: float, height: float, material: str) -> None:
    """A fluted column that swells and tapers, with base and capital."""
    w = width / 2
    shaft = pen.curve([(x - w, y), (x - w * 0.99, y - height * 0.4), (x - w * 0.80, y - height * 0.94)])
    shaft.lineTo(x + w * 0.80, y - height * 0.94)
    shaft.cubicTo(x + w * 0.95, y - height * 0.6, x + w * 1.0, y - height * 0.3, x + w, y)
    shaft.close()
    pen.round(shaft, material)
    for k in range(-3, 4):
        fx = x + w * math.sin(k * 0.42) * 0.96
        pen.line((fx, y - 0.006), (x + (fx - x) * 0.82, y - height * 0.93), pen.colour(material, 0.0, 0.34), 0.0016)
    pen.texture(shaft, "grain", pen.colour(material, 0.0), scale=0.12, strength=0.3)
    pen.fill(pen.box(x, y, width * 1.18, 0.009), pen.colour(material, 0.9), pen.colour(material, 0.3))
    cushion = pen.polygon(
        [
            (x - w * 0.82, y - height * 0.93),
            (x - w * 1.2, y - height * 0.965),
            (x + w * 1.2, y - height * 0.965),
            (x + w * 0.82, y - height * 0.93),
        ]
    )
    pen.fill(cushion, pen.colour(material, 0.8), pen.colour(material, 0.3))
    pen.fill(
        pen.box(x, y - height * 0.965, width * 1.26, height * 0.036),
        pen.colour(material, 0.95),
        pen.colour(material, 0.5),
    )


def figure(pen: Pen, x: float, y: float, height: float, material: str) -> None:
    """A statue seen from afar."""
    lit, dim = pen.colour(material, 1.0), pen.colour(material, 0.15)
    body = pen.curve(
        [
            (x - height * 0.16, y),
            (x - height * 0.20, y - height * 0.5),
            (x - height * 0.1, y - height * 0.78),
            (x + height * 0.1, y - height * 0.78),
            (x + height * 0.2, y - height * 0.5),
            (x + height * 0.16, y),
        ]
    )
    pen.fill_between(body, (x + pen.side * height * 0.2, 0), (x - pen.side * height * 0.2, 0), lit, dim)
    pen.circle(x, y - height * 0.88, height * 0.11, lit)


def pagoda(pen: Pen) -> None:
    """Five roofs with lifted eaves on red timber, lanterns within."""
    base = 0.0
    plinth = pen.box(0, 0.03, 0.56, 0.05)
    pen.solid(plinth, "stone")
    pen.texture(plinth, "cell", pen.colour("stone", 0.0), scale=0.2, strength=0.3)
    y, width = base - 0.02, 0.36
    for floor in range(5):
        height = 0.062 - 0.004 * floor
        room = pen.box(0, y, width, height)
        pen.fill(room, pen.colour(0x8E2F22, 0.45), pen.colour(0x8E2F22, 0.9))
        paper = pen.box(0, y - 0.006, width * 0.86, height * 0.62)
        pen.fill(paper, pen.colour("paper", 0.35))
        if pen.lamps:
            pen.fill(paper, pen.shine(0xFFE2A0, 0.9 * pen.lamps), pen.shine(0xFFB450, 0.9 * pen.lamps))
            pen.glow(0, y - height / 2, width * 0.9, 0xFFA040, 0.30 * pen.lamps)
        posts = 7
        for k in range(posts):
            px = -width / 2 + 0.006 + k * (width - 0.012) / (posts - 1)
            pen.fill(pen.box(px, y, 0.010, height), pen.colour(0xA8382A, 0.9), pen.colour(0xA8382A, 0.2))
        for k in range(1, 3):
            pen.line(
                (-width * 0.43, y - height * 0.24 * k),
                (width * 0.43, y - height * 0.24 * k),
                pen.colour("dark wood", 0.3),
                0.0022,
            )
        pen.fill(pen.box(0, y - 0.001, width + 0.02, 0.007), pen.colour(0xA8382A, 0.8))
        y -= height
        roof(pen, y, width, 0.062 - 0.004 * floor)
        y -= 0.042 - 0.002 * floor
        width *= 0.83
    pen.line((0, y), (0, y - 0.085), pen.colour("bronze", 0.8), 0.005)
    for k in range(6):
        pen.line(
            (-0.012 + 0.0012 * k, y - 0.018 - 0.010 * k),
            (0.012 - 0.0012 * k, y - 0.018 - 0.010 * k),
            pen.colour("bronze", 0.9),
            0.003,
        )


@temple.live
def lanterns(pen: Pen, time_s: float) -> None:
    """Fires beside the steps; by night they are what one sees."""
    if pen.period == "japanese" or pen.lamps <= 0:
        return
    for way in (-1, 1):
        x = way * 0.45
        pen.fill(
            pen.polygon(
                [
                    (x - 0.018, -0.045),
                    (x + 0.018, -0.045),
                    (x + 0.008, -0.02),
                    (x + 0.012, 0.02),
                    (x - 0.012, 0.02),
                    (x - 0.008, -0.02),
                ]
            ),
            pen.colour("bronze", 0.4),
        )
        pen.flame(x, -0.042, 0.045, time_s, phase=way)
