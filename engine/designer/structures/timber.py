"""Bridges of timber: the red bow of Japan, the trestle of the West with its train."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import REACH, Pen
from engine.designer.structures.houses import paper_lantern
from engine.designer.structures.solids import carve, face, joints, tube
from engine.designer.structures.spans import shores


def _bow(x: float) -> float:
    return -0.03 - 0.165 * max(0.0, 1 - (x / 0.56) ** 2)


def taiko(pen: Pen) -> None:
    """A red bridge that arches high, willows and stone lanterns at its ends."""
    for way in (-1, 1):
        bank = pen.hill(
            [
                (way * (0.44 + 0.05 * k), 0.03 - 0.055 * min(k / 3, 1) + pen.random.uniform(-0.004, 0.004))
                for k in range(32)
            ],
            bottom=0.05,
        )
        carve(pen, bank, "moss", scale=0.12, rough=0.5)
    xs = [-0.58 + 1.16 * k / 60 for k in range(61)]
    for shift, light in ((0.016, 0.25), (0.0, 0.8)):
        for k in range(-4, 5):
            x = k * 0.125
            pen.fill(
                pen.box(x, 0.04, 0.013, 0.04 - _bow(x) - shift * 2),
                pen.colour(0xB8362A, light),
                pen.colour(0xB8362A, light * 0.2),
            )
        under = pen.polygon(
            [*[(x, _bow(x) - shift) for x in xs], *[(x, _bow(x) + 0.030 - shift) for x in reversed(xs)]]
        )
        pen.fill(under, pen.colour(0xB8362A, light), pen.colour(0x7A1F18, light * 0.5))
        for rise, thick in ((0.030, 0.0035), (0.052, 0.0075)):
            pen.stroke(pen.curve([(x, _bow(x) - rise - shift) for x in xs[::4]]), pen.colour(0xC23A2C, light), thick)
        for k in range(-8, 9):
            x = k * 0.0705
            y = _bow(x) - shift
            pen.fill(pen.box(x, y, 0.0075, 0.064), pen.colour(0xC23A2C, light * 1.1), pen.colour(0xC23A2C, light * 0.3))
            if k % 4 == 0:
                pen.fill(
                    pen.arch(x, y - 0.062, 0.014, 0.020, 0.8),
                    pen.colour("gold", 0.4 + light * 0.6),
                    pen.colour("bronze", light),
                )
    for k in range(48):
        x = -0.56 + 1.12 * k / 47
        pen.line((x, _bow(x) - 0.015), (x, _bow(x) + 0.002), pen.colour("dark wood", 0.3, 0.5), 0.002)
    for k in range(-3, 4):
        x = k * 0.141
        pen.line((x, _bow(x) - 0.060), (x, _bow(x) - 0.115), pen.colour("dark wood", 0.4), 0.003)
        pen.line((x, _bow(x) - 0.114), (x + 0.017, _bow(x) - 0.114), pen.colour("dark wood", 0.4), 0.0026)
        paper_lantern(pen, x + 0.016, _bow(x) - 0.112, 0.034, 0xF0E2C4)
    for x, size in ((-0.66, 1.0), (0.67, 0.85)):
        stone_lantern(pen, x, -0.02, 0.10 * size)


def stone_lantern(pen: Pen, x: float, y: float, size: float) -> None:
    """A garden lantern of granite, lit by night; `size` is its height."""
    tube(pen, x, y + 0.01, size * 0.34, size * 0.26, size * 0.16, "stone")
    tube(pen, x, y - size * 0.10, size * 0.15, size * 0.13, size * 0.34, "stone")
    tube(pen, x, y - size * 0.42, size * 0.26, size * 0.34, size * 0.09, "stone")
    box = pen.box(x, y - size * 0.50, size * 0.26, size * 0.20)
    pen.round(box, "stone")
    lit = pen.box(x, y - size * 0.53, size * 0.13, size * 0.14)
    pen.fill(lit, pen.blend(pen.colour("black", 0.3), pen.shine(0xFFCE80), pen.lamps))
    roof = pen.curve(
        [
            (x - size * 0.34, y - size * 0.66),
            (x - size * 0.16, y - size * 0.76),
            (x, y - size * 0.90),
            (x + size * 0.16, y - size * 0.76),
            (x + size * 0.34, y - size * 0.66),
        ]
    )
    roof.close()
    pen.round(roof, "stone")
    pen.circle(x, y - size * 0.92, size * 0.045, pen.colour("stone", 0.8))
    if pen.lamps:
        pen.glow(x, y - size * 0.6, size * 1.3, 0xFFB860, 0.55 * pen.lamps)


def trestle(pen: Pen) -> None:
    """Timber bents under a railway, a locomotive on it."""
    shores(pen, 0.20, "red rock")
    left = pen.hill([(-REACH, -0.20), (-1.1, -0.19), (-0.86, -0.15), (-0.70, -0.02), (-0.62, 0.03)], bottom=0.05)
    carve(pen, left, "red rock", scale=0.22, far=0.10)
    deck = -0.205
    for layer, light in ((0.008, 0.2), (0.0, 0.7)):
        for k in range(-9, 10):
            x = k * 0.088 + layer
            wood = pen.colour("wood", light)
            for lean in (-0.026, -0.009, 0.009, 0.026):
                pen.line((x + lean * 1.6, 0.03), (x + lean * 0.7, deck), wood, 0.0058)
            for j in range(1, 4):
                y = deck + j * 0.062
                pen.line((x - 0.034, y), (x + 0.034, y), pen.colour("wood", light * 1.2), 0.0048)
                pen.line((x - 0.032, y), (x + 0.032, y - 0.058), pen.colour("wood", light * 0.8), 0.003)
            pen.line((x - 0.034, 0.02), (x + 0.054, deck), pen.colour("dark wood", light), 0.003)
    beam = pen.box(0, deck + 0.006, 2 * REACH, 0.016)
    pen.fill(beam, pen.colour("wood", 0.9), pen.colour("dark wood", 0.2))
    for k in range(150):
        pen.fill(pen.box(-1.5 + 0.02 * k, deck - 0.010, 0.009, 0.005), pen.colour("dark wood", 0.4))
    pen.line((-REACH, deck - 0.016), (REACH, deck - 0.016), pen.colour("metal", 0.7), 0.003)
    locomotive(pen, 0.10, deck - 0.018)


def locomotive(pen: Pen, x: float, y: float) -> None:
    """A steam engine with its tender and two coaches, going right."""
    black = "dark metal"
    for k, code in enumerate((0x7A3B2A, 0x3F5B48)):
        cx = x - 0.335 - 0.165 * k
        car = face(
            pen,
            [(cx - 0.076, y - 0.012), (cx - 0.076, y - 0.066), (cx + 0.076, y - 0.066), (cx + 0.076, y - 0.012)],
            code,
            0.6,
            0.2,
        )
        joints(pen, car, pen.colour(code, 0.0, 0.4), 0.008, 0.001, upright=True)
        pen.fill(pen.box(cx, y - 0.064, 0.164, 0.010), pen.colour("slate", 0.8), pen.colour("slate", 0.2))
        for j in range(6):
            pen.window(cx - 0.060 + 0.024 * j, y - 0.034, 0.013, 0.018)
        for wx in (-0.055, 0.055):
            pen.circle(cx + wx, y - 0.008, 0.009, pen.colour(black, 0.5))
    tender = face(
        pen,
        [(x - 0.235, y - 0.012), (x - 0.235, y - 0.055), (x - 0.145, y - 0.050), (x - 0.145, y - 0.012)],
        black,
        0.5,
        0.2,
    )
    joints(pen, tender, pen.colour("gold", 0.5, 0.5), 0.018)
    cab = face(
        pen,
        [(x - 0.135, y - 0.014), (x - 0.135, y - 0.083), (x - 0.070, y - 0.083), (x - 0.070, y - 0.014)],
        0x7A2B22,
        0.6,
        0.2,
    )
    joints(pen, cab, pen.colour("gold", 0.6, 0.4), 0.030)
    pen.window(x - 0.104, y - 0.048, 0.026, 0.024)
    pen.fill(pen.box(x - 0.102, y - 0.082, 0.085, 0.007), pen.colour(black, 0.4))
    boiler = pen.box(x, y - 0.026, 0.15, 0.036)
    tones = [pen.colour(black, share) for share in (0.9, 1.1, 0.4, 0.05)]
    pen.fill_between(boiler, (0, y - 0.062), (0, y - 0.026), *tones)
    for bx in (-0.045, 0.0, 0.045):
        pen.line((x + bx, y - 0.062), (x + bx, y - 0.027), pen.colour("gold", 0.7), 0.0024)
    funnel = pen.polygon(
        [(x + 0.048, y - 0.060), (x + 0.040, y - 0.100), (x + 0.078, y - 0.100), (x + 0.066, y - 0.060)]
    )
    pen.round(funnel, black)
    pen.round(pen.arch(x + 0.010, y - 0.060, 0.020, 0.022), "gold")
    cow = pen.polygon([(x + 0.080, y - 0.026), (x + 0.080, y - 0.004), (x + 0.118, y - 0.003)])
    pen.fill(cow, pen.colour("cloth", 0.8), pen.colour("cloth", 0.2))
    for wx, r in (
        (-0.105, 0.019),
        (-0.060, 0.019),
        (-0.015, 0.019),
        (0.035, 0.010),
        (0.062, 0.010),
        (-0.215, 0.010),
        (-0.170, 0.010),
    ):
        pen.circle(x + wx, y - r + 0.002, r, pen.colour("cloth", 0.5))
        pen.circle(x + wx, y - r + 0.002, r * 0.72, pen.colour(black, 0.15))
        pen.circle(x + wx, y - r + 0.002, r * 0.25, pen.colour("metal", 0.8))
    pen.line((x - 0.105, y - 0.014), (x - 0.015, y - 0.014), pen.colour("metal", 1.0), 0.004)
    pen.circle(x + 0.082, y - 0.060, 0.007, pen.shine(0xFFF0C0, 0.5 + 0.5 * pen.lamps))
    if pen.lamps:
        pen.glow(x + 0.084, y - 0.060, 0.16, 0xFFE8B0, 0.7 * pen.lamps)


def steam(pen: Pen) -> None:
    for _ in range(9):
        a, r = pen.random.random() * math.tau, 0.019 * math.sqrt(pen.random.random())
        ball = skia.Path().addCircle(math.cos(a) * r, math.sin(a) * r, pen.random.uniform(0.009, 0.016))
        pen.soft(ball, pen.colour("white", 0.5 + 0.5 * (math.cos(a) * pen.side - math.sin(a)) * r / 0.019, 0.6), 0.005)
