"""Bridges that hang: the suspension bridge along its deck, and the cable-stayed one of the future."""

from __future__ import annotations

import math

from engine.designer.pen import REACH, Pen, Point
from engine.designer.structures.solids import carve, face, joints

_RED = 0xC0442E


def shores(pen: Pen, height: float, material: str | int = "rock") -> None:
    """Far hills, and a headland at the right where the bridge ends."""
    hills = pen.hill(pen.ridge(-0.03, 0.035, waves=0.8, rough=0.5), bottom=0.02)
    pen.fill(hills, pen.colour("moss", 0.6, far=0.42), pen.colour("moss", 0.3, far=0.5))
    points: list[Point] = []
    for k in range(41):
        x = 0.36 + (REACH - 0.36) * k / 40
        t = min((x - 0.36) / 0.55, 1.0)
        points.append((x, 0.03 - height * t**0.7 + pen.random.uniform(-0.006, 0.006)))
    carve(pen, pen.hill(points, bottom=0.05), material, scale=0.22, far=0.16)


def along(t: float) -> tuple[float, float, float]:
    """x, the deck's y and the scale at t along the bridge: 0 near at the left, 1 far at the right."""
    depth = 1.0 + 3.1 * t
    return -1.30 + 2.62 * (1 - 1 / depth) / (1 - 1 / 4.1), 0.012 - 0.205 / depth, 1.0 / depth


def suspension(pen: Pen) -> None:
    """Two red towers, their cables and hangers, the deck that runs from the left into the distance."""
    shores(pen, 0.13)
    towers = (0.13, 0.37)
    for t in (1.0, *towers[::-1]):
        x, _, scale = along(t)
        far = 0.22 * t
        pier = [(x - 0.075 * scale, 0.03), (x - 0.06 * scale, -0.035 * scale), (x + 0.06 * scale, -0.035 * scale)]
        face(pen, [*pier, (x + 0.075 * scale, 0.03)], "concrete", 0.6, 0.3, far)
    for back in (True, False):
        _cables(pen, towers, back)
        for t in towers[::-1]:
            _tower(pen, t, back)
        if back:
            _deck(pen)
    pen.mist(-0.06, 0.04, 0.35 * pen.air.mist)


def _deck(pen: Pen) -> None:
    steps = 90
    near, low, under = [], [], []
    for k in range(steps + 1):
        x, y, scale = along(k / steps * 1.0)
        near.append((x, y))
        low.append((x, y + 0.030 * scale))
        under.append((x, y - 0.012 * scale))
    top = pen.polygon([*under, *reversed(near)])
    pen.fill(top, pen.colour("concrete", 0.9, far=0.1), pen.colour("concrete", 0.5))
    side = pen.polygon([*near, *reversed(low)])
    pen.fill(side, pen.colour(_RED, 0.55), pen.colour(_RED, 0.12))
    for k in range(120):
        t = (k / 120) ** 0.7
        t2 = ((k + 1) / 120) ** 0.7
        (x, y, s), (x2, y2, s2) = along(t), along(min(t2, 1.0))
        a, b = ((x, y + 0.028 * s), (x2, y2 + 0.004 * s2)) if k % 2 else ((x, y + 0.004 * s), (x2, y2 + 0.028 * s2))
        pen.line(a, b, pen.colour(_RED, 0.9, 0.8, far=0.18 * t), 0.0042 * s)
    pen.stroke(pen.polygon(near, close=False), pen.colour(_RED, 1.0), 0.0022)
    for k in range(34):
        x, y, scale = along((k / 34) ** 0.8)
        pen.line((x, y), (x, y - 0.050 * scale), pen.colour("dark metal", 0.4), 0.0026 * scale)
        if pen.lamps:
            pen.glow(x, y - 0.050 * scale, 0.075 * scale, 0xFFB860, 0.75 * pen.lamps)


def _tower(pen: Pen, t: float, back: bool) -> None:
    """One leg of a portal, set back in steps; the front leg brings the struts with it."""
    x, _, s = along(t)
    far = 0.20 * t
    shift = 0.030 * s * (1 if back else -1)
    height = 0.72 * s
    foot = -0.03 * s
    light = 0.30 if back else 0.62
    if not back:
        for up, deep in ((0.30, 0.030), (0.52, 0.034), (0.74, 0.032), (0.965, 0.045)):
            y = foot - height * up
            strut = [(x - 0.03 * s, y), (x - 0.03 * s, y - deep * s), (x + 0.03 * s, y - deep * s - 0.006 * s)]
            face(pen, [*strut, (x + 0.03 * s, y - 0.006 * s)], _RED, 0.38, 0.15, far)
    for start, end, width in ((0.0, 0.30, 0.036), (0.30, 0.54, 0.031), (0.54, 0.77, 0.027), (0.77, 1.0, 0.023)):
        y0, y1, w = foot - height * start, foot - height * end, width * s
        cx = x + shift
        front = [(cx - w, y0), (cx - w, y1), (cx + w * 0.35, y1), (cx + w * 0.35, y0)]
        side = [(cx + w * 0.35, y0), (cx + w * 0.35, y1), (cx + w, y1), (cx + w, y0)]
        path = face(pen, front, _RED, light * (1.2 if pen.side <= 0 else 0.8), 0.12, far)
        face(pen, side, _RED, light * (0.35 if pen.side <= 0 else 1.4), 0.12, far)
        joints(pen, path, pen.colour(_RED, 0.05, 0.45, far=far), w * 0.42, 0.0016 * s, upright=True)
        pen.line((cx - w * 1.08, y1), (cx + w * 1.08, y1), pen.colour(_RED, light * 1.4, far=far), 0.007 * s)
    if not back:
        pen.circle(x + shift, foot - height - 0.012 * s, 0.007 * s, pen.shine(0xFF4030, 0.4 + 0.6 * pen.lamps))
        if pen.lamps:
            pen.glow(x, foot - height * 0.25, 0.26 * s, 0xFFB060, 0.45 * pen.lamps)


def _cables(pen: Pen, towers: tuple[float, ...], back: bool) -> None:
    """The main cable sags as a parabola between the towers' heads; hangers drop from it to the deck."""
    stops = (-0.10, *towers, 1.02)
    tone = pen.colour(_RED, 0.25 if back else 0.8)
    heads = dict.fromkeys(towers, 0.69)
    steps = 150
    points: list[Point] = []
    for k in range(steps + 1):
        t = -0.05 + 1.05 * k / steps
        i = max(j for j in range(len(stops) - 1) if stops[j] <= t) if t >= stops[0] else 0
        a, b = stops[i], stops[i + 1]
        u = (t - a) / (b - a)
        ha, hb = heads.get(a, 0.235), heads.get(b, 0.235)
        up = ha + (hb - ha) * u - 4 * 0.40 * u * (1 - u) * (1.0 if i == 1 else 0.42)
        x, y, s = along(max(t, -0.05))
        x += 0.030 * s * (1 if back else -1)
        top = -(0.03 + max(up, 0.215)) * s - 0.0
        points.append((x, top))
        if k % 2 == 0 and up > 0.23:
            pen.line(
                (x, top), (x, y), pen.colour(_RED, 0.3 if back else 0.9, 0.75, far=0.2 * t), max(0.0026 * s, 0.0007)
            )
    pen.stroke(pen.polygon(points, close=False), tone, 0.0052 if not back else 0.004)
    if pen.lamps and not back:
        for x, y in points[::3]:
            pen.glow(x, y, 0.014, 0xFFE2A8, 0.8 * pen.lamps)
            pen.circle(x, y, 0.0016, pen.shine(0xFFF4D8, pen.lamps))


def stays(pen: Pen) -> None:
    """A needle that leans back and holds a thin deck by a fan of stays, with light along them."""
    shores(pen, 0.08)
    deck = lambda x: -0.115 - 0.03 * math.cos(x * 0.9)  # noqa: E731
    white = 0xDCE6EE
    foot, head = (-0.10, 0.04), (-0.245, -0.585)
    for k in range(26):
        t = 0.30 + 0.68 * k / 25
        a = (foot[0] + (head[0] - foot[0]) * t, foot[1] + (head[1] - foot[1]) * t)
        for x in (-0.02 + 0.046 * k, -0.34 - 0.030 * k):
            pen.line(a, (x, deck(x)), pen.colour(white, 0.8, 0.8), 0.0018)
            pen.line(a, (x, deck(x)), pen.shine(0x8FE8FF, 0.45 * pen.lamps), 0.0018)
    spine = pen.curve([(-0.155, 0.04), (-0.215, -0.25), head, (-0.165, -0.25), (-0.04, 0.04)], close=True)
    sunny, shady = (-0.24, -0.05) if pen.side <= 0 else (-0.05, -0.24)
    pen.fill_between(spine, (sunny, 0), (shady, 0), pen.colour(white, 1.1), pen.colour(white, 0.10))
    xs = [-REACH + 2 * REACH * k / 80 for k in range(81)]
    body = pen.polygon([*[(x, deck(x)) for x in xs], *[(x, deck(x) + 0.022) for x in reversed(xs)]])
    pen.fill(body, pen.colour(white, 1.0), pen.colour(white, 0.15))
    for dy, code in ((0.006, 0x6FE8FF), (-0.006, 0xFFFFFF)):
        line = pen.curve([(x, deck(x) + dy) for x in xs[::2]])
        pen.stroke(line, pen.shine(code, 0.25 + 0.7 * pen.lamps), 0.0024)
    for x in (-0.72, 0.42, 0.98):
        pier = pen.polygon(
            [(x - 0.03, 0.04), (x - 0.008, deck(x) + 0.02), (x + 0.008, deck(x) + 0.02), (x + 0.03, 0.04)]
        )
        pen.round(pier, white)
    if pen.lamps:
        for k in range(14):
            x = -1.0 + 0.15 * k
            pen.glow(x, deck(x) + 0.01, 0.06, 0x60D8FF, 0.5 * pen.lamps)
        pen.glow(*head, 0.12, 0xFF5040, 0.7 * pen.lamps)
