"""A Japanese garden: maples, clipped azaleas, stone lanterns, a pond with carp under a red bridge."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.structures.land import clump
from engine.designer.structures.solids import WINTRY, joints, shaded
from engine.designer.structures.timber import stone_lantern


def foliage(pen: Pen) -> str:
    """What hedges are made of: snow lies on them in winter."""
    return "snow" if pen.ground in WINTRY else "leaf"


def ball(pen: Pen, x: float, y: float, radius: float, far: float = 0.0) -> None:
    """A bush clipped to a ball."""
    disc = skia.Path().addCircle(x, y - radius, radius)
    tones = [pen.colour(foliage(pen), light, far=far) for light in (1.1, 0.55, 0.05)]
    bright = skia.Point(x + pen.side * radius * 0.45, y - radius * 1.5)
    lit = skia.GradientShader.MakeRadial(bright, radius * 1.7, tones, [0.0, 0.5, 1.0])
    pen.canvas.drawPath(disc, pen.paint(0xFFFFFFFF, Shader=lit))
    pen.texture(disc, "grain", pen.colour("leaf", 0.0, far=far), scale=0.06, strength=0.7)


def hill_and_maples(pen: Pen) -> None:
    """Clipped azaleas, a red maple, pines, a fence of bamboo."""
    fence = pen.box(0, 0.02, 3.8, 0.085)
    shaded(pen, fence, 0xA8955A, 0.75, 0.25)
    joints(pen, fence, pen.colour("dark wood", 0.1, 0.6), 0.011, 0.002, upright=True)
    for dy in (0.018, 0.066):
        pen.line((-1.9, 0.02 - dy), (1.9, 0.02 - dy), pen.colour("dark wood", 0.3), 0.004)
    for _ in range(40):
        x = pen.random.uniform(-1.7, 1.7)
        if abs(x) > 0.12:
            ball(pen, x, 0.03, pen.random.uniform(0.022, 0.05), 0.04)
    for x, height, material in (
        (-0.40, 0.36, 0xC8342A),
        (0.47, 0.30, 0xD8602A),
        (-0.95, 0.33, "blossom"),
        (1.0, 0.35, 0xC8342A),
    ):
        maple(pen, x, 0.028, height, "snow" if pen.ground in WINTRY else material)
    for x, size in ((-0.12, 0.105), (0.24, 0.125), (-0.66, 0.10)):
        stone_lantern(pen, x, 0.02, size)


def maple(pen: Pen, x: float, y: float, height: float, material: str | int) -> None:
    """A spreading tree with leaves in level clouds."""
    bark = pen.colour("bark", 0.3)
    forks = ((-0.42, 0.50), (-0.20, 0.78), (0.08, 0.88), (0.32, 0.66), (0.46, 0.45))
    for dx, up in forks:
        path = pen.curve(
            [
                (x, y),
                (x + dx * height * 0.12, y - height * 0.28),
                (x + dx * height * 0.6, y - height * up * 0.75),
                (x + dx * height, y - height * up),
            ]
        )
        pen.stroke(path, bark, height * 0.028)
    for dx, up in forks:
        for _ in range(22):
            cx = x + height * (dx + pen.random.gauss(0, 0.13))
            cy = y - height * (up + pen.random.gauss(0.03, 0.045))
            light = 0.55 + 0.5 * (pen.side * (cx - x) + (y - cy) - height * 0.6) / height
            clump(pen, cx, cy, height * pen.random.uniform(0.05, 0.085), material, max(0.12, min(light, 1.0)), 0.0)


def pond(pen: Pen) -> None:
    """Water with lilies and carp, rocks at its edge, stepping stones."""
    outline: list[Point] = []
    for k in range(44):
        a = k * math.tau / 44
        wobble = 1 + 0.10 * math.sin(2 * a + 0.7) + 0.06 * math.sin(5 * a)
        outline.append((0.02 + 0.50 * math.cos(a) * wobble, 0.118 + 0.058 * math.sin(a) * wobble))
    bank = pen.curve([(x * 1.04, 0.118 + (y - 0.118) * 1.12 + 0.002) for x, y in outline], close=True)
    pen.fill(bank, pen.colour("moss", 0.3), pen.colour("earth", 0.2))
    pool = pen.curve(outline, close=True)
    pen.fill_between(pool, (0, 0.06), (0, 0.18), pen.colour("water", 0.7, far=0.45), pen.colour("deep water", 0.7))
    pen.canvas.save()
    pen.canvas.clipPath(pool, True)
    for x, code in ((-0.40, 0xC8342A), (0.47, 0xD8602A)):
        blur = skia.Path().addOval(skia.Rect(x - 0.17, 0.06, x + 0.17, 0.15))
        pen.soft(blur, pen.colour(code, 0.5, 0.45), 0.014)
    for _ in range(26):
        lx, ly, r = pen.random.uniform(-0.42, 0.44), pen.random.uniform(0.085, 0.165), pen.random.uniform(0.008, 0.016)
        pad = skia.Path().addArc(
            skia.Rect(lx - r, ly - r * 0.38, lx + r, ly + r * 0.38), pen.random.uniform(0, 300), 325
        )
        pad.lineTo(lx, ly)
        pad.close()
        shaded(pen, pad, "palm", 1.0, 0.5)
        if pen.random.random() < 0.45:
            for j in range(5):
                a = j * math.tau / 5
                pen.circle(
                    lx + math.cos(a) * 0.004, ly - 0.004 + math.sin(a) * 0.0025, 0.0032, pen.colour("blossom", 1.0)
                )
    pen.canvas.restore()
    for x, y in outline[::2]:
        r = pen.random.uniform(0.010, 0.024) * (0.7 + 2.2 * (y - 0.06))
        rock = pen.curve(
            [
                (x + r * 1.3 * math.cos(a) * pen.random.uniform(0.8, 1.1), y - r * 0.3 + r * 0.75 * math.sin(a))
                for a in (0, 1.1, 2.1, 3.1, 4.1, 5.2)
            ],
            close=True,
        )
        pen.fill_between(
            rock,
            (x + pen.side * r, y - r),
            (x - pen.side * r, y + r * 0.5),
            pen.colour("stone", 1.0),
            pen.colour("stone", 0.1),
        )
        pen.texture(rock, "grain", pen.colour("moss", 0.2), scale=0.06, strength=0.5)
    bow(pen, 0.06, 0.112, 0.20)


def bow(pen: Pen, x: float, y: float, half: float) -> None:
    """A red bridge over the pond, seen from the side."""
    xs = [-1 + k / 20 for k in range(41)]

    def at(t: float, up: float) -> Point:
        return x + half * t, y - half * (0.46 * (1 - t * t) + up)

    for shift, light in ((0.05, 0.3), (0.0, 0.85)):
        deck = pen.polygon([*[at(t, shift + 0.02) for t in xs], *[at(t, shift - 0.12) for t in reversed(xs)]])
        shaded(pen, deck, 0xB8362A, light, light * 0.3)
        for up, width in ((0.13, 0.018), (0.25, 0.040)):
            pen.stroke(pen.curve([at(t, up + shift) for t in xs[::4]]), pen.colour(0xC23A2C, light), half * width)
        for k in range(9):
            t = -0.96 + 0.24 * k
            pen.line(at(t, shift), at(t, shift + 0.29), pen.colour(0xC23A2C, light * 0.9), half * 0.034)
            if k % 4 == 0:
                pen.circle(*at(t, shift + 0.33), half * 0.035, pen.colour("gold", 0.9))


def carp(pen: Pen, time_s: float) -> None:
    """Carp that circle, and the rings they make."""
    for i in range(4):
        turn = time_s * (0.20 + 0.05 * i) + i * 1.7
        x, y = -0.15 + 0.12 * i + 0.10 * math.cos(turn), 0.122 + 0.022 * math.sin(turn)
        fish = skia.Path().addOval(skia.Rect(x - 0.014, y - 0.0038, x + 0.014, y + 0.0038))
        pen.fill(fish, pen.colour(0xF0642A if i % 2 else 0xF7EDE4, 0.9, 0.85))
        wave = (time_s * 0.4 + i * 0.37) % 1.0
        ring = skia.Path().addOval(skia.Rect(x - 0.06 * wave, y - 0.018 * wave, x + 0.06 * wave, y + 0.018 * wave))
        pen.stroke(ring, pen.colour("white", 1.0, 0.5 * (1 - wave)), 0.0014)
