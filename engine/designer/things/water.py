"""What lives in water: shoals of fish, jellyfish."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import moving_thing
from engine.designer.things.flight import crossing

FISH = (
    (0xFF9A3A, 0xFFF2E0, 0x2A2420),
    (0x3A7CD8, 0xFFD84A, 0x16284A),
    (0xF2D24A, 0xF8F0D8, 0x6A5A20),
    (0xC8D4DC, 0x8FA4B4, 0x44586A),
)


@moving_thing(
    "fish",
    synonyms=("shoal", "school of fish", "goldfish", "clownfish", "tropical fish", "fishes", "shark", "whale"),
    layer="middle",
    implies={"sky": "underwater", "ground": "seabed"},
)
def fish(pen: Pen, time_s: float) -> None:
    """A silver shoal far off that turns together, and bright reef fish that swim their own ways."""
    turn = 0.16 * time_s
    way = 1 if math.cos(turn) >= 0 else -1
    centre = (1.05 * math.sin(turn), -0.30 + 0.05 * math.sin(0.31 * time_s))
    small = pen.sprite("shoal fish", 0.05, 0.024, partial(one_fish, length=0.046, codes=FISH[3], bands=0))
    a, b, c = pen.numbers(42, 3, 2).T
    x = centre[0] + 0.42 * (a - 0.5) + 0.02 * np.sin(time_s * 1.1 + 20 * b)
    y = centre[1] + 0.19 * (b - 0.5) * (1 - np.abs(a - 0.5)) + 0.008 * np.sin(time_s * 2.3 + 30 * c)
    turn = 8 * math.cos(0.31 * time_s)  # a fish to the left is one to the right, turned about and mirrored
    pen.stamps(small, x, y, 0.6 + 0.4 * c, turn=turn if way > 0 else 180 - turn, tall=way)
    for i, (a, b, c) in enumerate(pen.numbers(11, 3, 1).tolist()):
        way = 1 if i % 2 else -1
        kind = i % 3
        x = way * crossing(time_s, 30 + 22 * a, (i + b) / 11, 1.5)
        y = -0.45 + 0.62 * ((i * 0.618) % 1.0) + 0.03 * math.sin(time_s * 0.6 + 9 * c)
        beat = math.sin(time_s * (5 + 3 * c) + 9 * a)
        body = pen.sprite(f"fish {kind}", 0.2, 0.13, partial(one_fish, length=0.15, codes=FISH[kind], bands=3 - kind))
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.skew(0, 0.05 * beat)
        pen.stamp(body, 0, 0, 0.4 + 0.45 * c, flip=way < 0)
        pen.canvas.restore()


def one_fish(pen: Pen, length: float, codes: tuple[int, int, int], bands: int) -> None:
    """A fish, head to the right: a deep body, fins, bands, an eye."""
    half, deep = length / 2, length * (0.24 if bands else 0.15)
    colour = [pen.colour(code, 0.9, far=-pen.distance) for code in codes]
    dark = [pen.colour(code, 0.35, far=-pen.distance) for code in codes]
    tail = pen.curve([(-half * 0.5, 0), (-half, -deep * 0.8), (-half * 0.86, 0), (-half, deep * 0.8)], close=True)
    pen.fill(tail, colour[0], dark[0])
    for way in (-1, 1):
        fin = pen.curve(
            [(-half * 0.2, way * deep * 0.7), (-half * 0.25, way * deep * 1.35), (half * 0.3, way * deep * 0.8)],
            close=True,
        )
        pen.fill(fin, dark[0])
    body = skia.Path()
    body.moveTo(-half * 0.62, 0)
    body.cubicTo(-half * 0.2, -deep * 1.15, half * 0.55, -deep * 1.1, half * 0.92, 0)
    body.cubicTo(half * 0.55, deep * 1.0, -half * 0.2, deep * 1.1, -half * 0.62, 0)
    pen.fill_between(body, (0, -deep), (0, deep), dark[0], colour[0], colour[1])
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(body, True)
    for k in range(bands):
        x = half * (0.42 - 0.42 * k)
        band = pen.curve(
            [
                (x - 0.13 * half, -deep * 1.2),
                (x + 0.02 * half, 0),
                (x - 0.13 * half, deep * 1.2),
                (x + 0.07 * half, deep * 1.2),
                (x + 0.24 * half, 0),
                (x + 0.07 * half, -deep * 1.2),
            ],
            close=True,
        )
        pen.fill(band, colour[1])
        stroke = pen.paint(colour[2], Style=skia.Paint.kStroke_Style, StrokeWidth=length * 0.012)
        canvas.drawPath(band, stroke)
    canvas.restore()
    eye = (half * 0.66, -deep * 0.18)
    canvas.drawCircle(*eye, length * 0.026, pen.paint(pen.shine(0xFFF6DC)))
    canvas.drawCircle(*eye, length * 0.016, pen.paint(0xFF101014))
    fin = pen.curve([(half * 0.15, deep * 0.1), (-half * 0.12, deep * 0.55), (half * 0.02, deep * 0.02)], close=True)
    pen.fill(fin, dark[0])


@moving_thing(
    "jellyfish",
    synonyms=("medusa", "sea jelly", "jelly"),
    layer="middle",
    implies={"sky": "underwater", "ground": "seabed"},
)
def jellyfish(pen: Pen, time_s: float) -> None:
    """Glowing bells that pulse, rise and sink, their tentacles behind them."""
    codes = (0xFF8AD0, 0x8ACBFF, 0xC89AFF, 0xFFC48A)
    for i, (a, b, c) in sorted(enumerate(pen.numbers(7, 3, 1).tolist()), key=lambda row: row[1][2]):
        phase = time_s * (1.5 + 0.6 * a) + 9 * b
        pulse = math.sin(phase) + 0.25 * math.sin(2 * phase + 0.6)
        side = -1 if i % 2 else 1
        x = side * (0.20 + 0.75 * a) + 0.05 * math.sin(0.23 * time_s + 11 * c)
        y = -0.28 + 0.36 * (b - 0.5) + 0.10 * math.sin(0.17 * time_s + 13 * a) - 0.012 * math.cos(phase)
        one_jelly(
            pen, x, y, 0.045 + 0.055 * c, pulse, codes[i % 4], time_s + 7 * a, 10 * math.sin(0.2 * time_s + 8 * b)
        )


def one_jelly(pen: Pen, x: float, y: float, size: float, pulse: float, code: int, time_s: float, turn: float) -> None:
    """A bell about (x, y), `size` its radius; pulse -1 wide to 1 drawn together."""
    wide, high = size * (1.0 - 0.13 * pulse), size * (0.82 + 0.12 * pulse)
    canvas = pen.canvas
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(turn)
    glow = pen.sprite(f"jelly {code:06x}", 0.4, 0.4, lambda each: each.glow(0, 0, 0.195, code, 0.6))
    pen.stamp(glow, 0, 0, size * 9)
    stroke = pen.paint(pen.shine(code, 0.45), Style=skia.Paint.kStroke_Style, StrokeWidth=size * 0.035)
    arms = skia.Path()
    for k in range(7):
        at = (k / 3 - 1) * 0.78
        arms.moveTo(at * wide, 0.1 * high)
        px, py = at * wide, 0.1 * high
        for j in range(1, 5):
            sway = 0.16 * size * math.sin(1.6 * time_s - 0.9 * j + k) * j / 3
            nx, ny = at * wide * (0.92 - 0.07 * j) + sway, high * (0.1 + 0.62 * j * (1 - 0.08 * pulse))
            arms.quadTo(px + sway * 0.5, (py + ny) / 2, nx, ny)
            px, py = nx, ny
    canvas.drawPath(arms, stroke)
    frill = pen.paint(pen.shine(0xFFFFFF, 0.30), Style=skia.Paint.kStroke_Style, StrokeWidth=size * 0.10)
    middle = skia.Path()
    for k in (-1, 0, 1):
        middle.moveTo(0.22 * k * wide, 0)
        middle.cubicTo(
            0.4 * k * wide,
            0.6 * high,
            0.2 * wide * math.sin(1.3 * time_s + k),
            0.9 * high,
            0.24 * wide * math.sin(1.3 * time_s - 0.7 + k),
            1.5 * high,
        )
    canvas.drawPath(middle, frill)
    bell = skia.Path()
    bell.moveTo(-wide, 0.14 * high)
    bell.cubicTo(-wide * 1.02, -high * 1.1, wide * 1.02, -high * 1.1, wide, 0.14 * high)
    for k in range(5):
        left = wide * (1 - 0.4 * k)
        bell.quadTo(left - 0.2 * wide, 0.30 * high, left - 0.4 * wide, 0.14 * high)
    bell.close()
    shade = skia.GradientShader.MakeRadial(
        skia.Point(0, -0.15 * high),
        wide * 1.15,
        [pen.shine(0xFFFFFF, 0.30), pen.shine(code, 0.45), pen.shine(code, 0.85)],
        [0, 0.55, 1],
    )
    canvas.drawPath(bell, pen.paint(0xFFFFFFFF, Shader=shade))
    canvas.drawOval(
        skia.Rect(-wide * 0.55, -high * 0.72, -wide * 0.05, -high * 0.34), pen.paint(pen.shine(0xFFFFFF, 0.35))
    )
    canvas.restore()
