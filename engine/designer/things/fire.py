"""What burns: fireworks, lanterns that rise, torches, candles."""

from __future__ import annotations

import math

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import TOP, Pen
from engine.designer.registry import moving_thing, thing
from engine.designer.things.falling import faded

BURSTS = (0xFF5A4A, 0x5AC8FF, 0xFFD04A, 0x7CFF8A, 0xFF7AD8, 0xB48CFF, 0xFFF0C0)
DEEP = dict(zip(BURSTS, (0xD0101C, 0x0A50D8, 0xE07800, 0x0E9A2E, 0xD0149A, 0x6A1CD8, 0xF0F0FF), strict=True))
"""The same colours for a bright sky."""
SPAN_S = 4.6
"""From a rocket's start to its last spark."""


@moving_thing(
    "fireworks",
    synonyms=("firework", "pyrotechnic", "new year", "celebration", "fourth of july"),
    layer="heaven",
    implies={"sky": "night"},
)
def fireworks(pen: Pen, time_s: float) -> None:
    """Rockets that rise, burst into a ball of sparks, fall and fade; four at a time, never two bursts at once."""
    for lane in range(4):
        turn, age = divmod(time_s + lane * SPAN_S / 4 + 2.6, SPAN_S)
        a, b, c, d = pen.numbers(53, 4, lane)[int(turn) % 53].tolist()
        x = (-0.78, 0.72, -0.34, 0.36)[lane] + 0.16 * (a - 0.5)
        top = TOP + 0.17 + 0.16 * b
        code = BURSTS[int(c * len(BURSTS))]
        rise = 1.15
        if age < rise:
            share = 1 - (1 - age / rise) ** 2
            y = -0.02 + (top + 0.02) * share
            pen.fill_between(
                pen.polygon([(x - 0.0022, y), (x + 0.0022, y), (x, y + 0.10 * (1 - 0.7 * share))]),
                (x, y),
                (x, y + 0.1),
                pen.shine(0xFFE0A0, 0.9),
                pen.shine(0xFF9A40, 0.0),
            )
        else:
            burst(pen, x, top, age - rise, code, 0.20 + 0.11 * d, lane * 100 + int(turn) % 53)


def burst(pen: Pen, x: float, y: float, age: float, code: int, reach: float, key: int) -> None:
    """Sparks on a sphere that spreads, slows down and sinks; each trails what it was a moment ago."""
    chances = pen.numbers(95, 3, 1000 + key)
    height = 2 * chances[:, 0] - 1
    angle = math.tau * chances[:, 1]
    flat = np.sqrt(1 - height**2)
    ways = np.stack([flat * np.cos(angle), height], 1) * (0.86 + 0.14 * chances[:, 2:])
    light = max(0.0, 1 - age / 3.4) ** 0.9
    flash = pen.sprite(f"flash {code:06x}", 0.7, 0.7, lambda each: each.glow(0, 0, 0.345, code, 0.9))
    pen.stamp(flash, x, y, 1.0, min(max(0.0, 1 - age / 0.7) + 0.32 * light, 1.0), whole=True, plus=True)
    day = pen.dark < 0.5  # before a bright sky sparks are deep in colour, larger, and edged
    twinkle = light * (0.6 + 0.4 * np.sin(age * 23 + 40 * chances[:, 0])) if age > 1.1 else None
    for back, alpha, radius in ((0.20, 0.3, 0.0030), (0.09, 0.6, 0.0038), (0.0, 1.0, 0.0048)):
        if alpha * light < 0.07:  # a trail that nobody sees any more
            continue
        then = max(age - back, 0.0)
        places = ways * (reach * (1 - math.exp(-2.3 * then))) + (x, y + 0.028 * then * then)
        if twinkle is not None and not back:
            places = places[twinkle > 0.25 * light]
        if day:
            deep = pen.blend(pen.shine(code), pen.shine(DEEP[code]), 0.75)
            pen.dots(places, 1.5 * radius, faded(deep, alpha * min(1.0, 1.6 * light)))
            continue
        colour = pen.blend(pen.shine(code), pen.shine(0xFFFFFF), max(0.0, 0.8 - 1.6 * age))
        pen.dots(places, radius, faded(colour, alpha * light))


@moving_thing(
    "lanterns",
    synonyms=("lantern", "sky lantern", "paper lantern", "floating lantern", "lampion"),
    implies={"sky": "dusk"},
)
def lanterns(pen: Pen, time_s: float) -> None:
    """Paper lanterns that float up into the sky, near ones clear of the middle, far ones as points of light."""
    paper = pen.sprite("lantern", 0.16, 0.2, one_lantern)
    far = pen.numbers(70, 3, 2)
    rise = 0.014 + 0.014 * far[:, 2]
    y = 0.02 - (far[:, 1] + rise * time_s / 0.72) % 1.0 * 0.72
    x = (far[:, 0] - 0.5) * 2.7 + 0.02 * np.sin(0.3 * time_s + 30 * far[:, 1])
    edge = np.clip(np.minimum((0.02 - y) / 0.08, (y + 0.72) / 0.1), 0, 1)
    for radius, alpha in ((0.0085, 0.28), (0.0042, 0.95)):
        for low, high in ((0.05, 0.6), (0.6, 1.1)):
            chosen = np.stack([x, y], 1)[(edge >= low) & (edge < high)]
            pen.dots(chosen, radius, faded(pen.shine(0xFFB45A), alpha * high))
    for i, (a, b, c) in enumerate(pen.numbers(13, 3, 1).tolist()):
        pace = 0.018 + 0.016 * c
        share = (b + pace * time_s / 1.3) % 1.0
        side = -1 if i % 2 else 1
        lx = side * (0.30 + 0.62 * a) + 0.035 * math.sin(0.31 * time_s + 20 * b)
        ly = 0.45 - 1.25 * share
        size = 0.35 + 0.6 * c
        flicker = 0.85 + 0.15 * math.sin(time_s * 5 + 30 * a) * math.sin(time_s * 3.1 + 9 * c)
        pen.halo(lx, ly + 0.02 * size, 0.19 * size, 0xFF9A3A, 0.5 * flicker)
        pen.stamp(paper, lx, ly, size, turn=3.5 * math.sin(0.47 * time_s + 10 * c))


def one_lantern(pen: Pen) -> None:
    """A paper bag over a flame: bright below, its folds and rim."""
    body = pen.curve(
        [
            (-0.036, 0.062),
            (-0.050, 0.0),
            (-0.046, -0.055),
            (-0.025, -0.078),
            (0.025, -0.078),
            (0.046, -0.055),
            (0.050, 0.0),
            (0.036, 0.062),
        ],
        close=True,
    )
    pen.fill_between(body, (0, -0.08), (0, 0.065), pen.shine(0xD9682A), pen.shine(0xFF9C42), pen.shine(0xFFE2A0))
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(body, True)
    pen.glow(0, 0.045, 0.075, 0xFFF0C0, 0.9)
    for k in range(-2, 3):
        fold = pen.curve([(k * 0.010, 0.065), (k * 0.0175, 0.0), (k * 0.014, -0.08)])
        stroke = pen.paint(pen.shine(0xA84A18, 0.28), Style=skia.Paint.kStroke_Style, StrokeWidth=0.0016)
        canvas.drawPath(fold, stroke)
    canvas.restore()
    rim = pen.paint(pen.shine(0x8A3A14, 0.9), Style=skia.Paint.kStroke_Style, StrokeWidth=0.0028)
    canvas.drawOval(skia.Rect(-0.036, 0.055, 0.036, 0.069), rim)


TORCHES = (
    (-0.98, 0.30, 1.0),
    (-0.62, 0.17, 0.62),
    (-0.42, 0.11, 0.42),
    (0.42, 0.11, 0.42),
    (0.62, 0.17, 0.62),
    (0.98, 0.30, 1.0),
)


@thing("torches", synonyms=("torch", "flambeau", "tiki torch", "fire bowl", "bonfire", "campfire"), layer="front")
def torches(pen: Pen) -> None:
    """Two rows of torches on poles that lead to the landmark."""
    for x, y, scale in TORCHES:
        pole = pen.polygon(
            [
                (x - 0.006 * scale, y),
                (x - 0.008 * scale, y - 0.30 * scale),
                (x + 0.008 * scale, y - 0.30 * scale),
                (x + 0.006 * scale, y),
            ]
        )
        pen.round(pole, "dark wood")
        bowl = pen.polygon(
            [
                (x - 0.026 * scale, y - 0.325 * scale),
                (x + 0.026 * scale, y - 0.325 * scale),
                (x + 0.012 * scale, y - 0.285 * scale),
                (x - 0.012 * scale, y - 0.285 * scale),
            ]
        )
        pen.round(bowl, "dark metal")
        pen.canvas.drawOval(
            skia.Rect(x - 0.05 * scale, y - 0.006 * scale, x + 0.05 * scale, y + 0.01 * scale), pen.paint(0x48000008)
        )


@torches.live
def torch_flames(pen: Pen, time_s: float) -> None:
    """A flame in each bowl, and its light on the ground."""
    for i, (x, y, scale) in enumerate(TORCHES):
        pen.flame(x, y - 0.318 * scale, 0.095 * scale, time_s, phase=i * 1.7)
        pen.glow(x, y + 0.01, 0.22 * scale, 0xFF8A30, 0.20 * max(pen.dark, 0.25))


CANDLES = 34


@thing("candles", synonyms=("candle", "candlelight", "tealight", "chandelier", "candelabra"), layer="front")
def candles(pen: Pen) -> None:
    """Candles of many heights that stand in groups on the ground, left and right."""
    for x, y, scale, height in candle_places(pen):
        wax = skia.Path().addRoundRect(skia.Rect(x - 0.013 * scale, y - height, x + 0.013 * scale, y), 0.004, 0.004)
        pen.fill(wax, pen.blend(pen.colour("paper", 0.9), pen.shine(0xFFC890), 0.55), pen.colour("paper", 0.4))
        pen.line((x, y - height), (x, y - height - 0.006 * scale), pen.colour("black", 0.3), 0.0014)


@candles.live
def candle_flames(pen: Pen, time_s: float) -> None:
    """A flame on each, and their light on the ground."""
    glow = pen.sprite("candle glow", 0.34, 0.34, lambda each: each.glow(0, 0, 0.165, 0xFFA850, 0.4))
    tongue = pen.sprite("tongue", 0.03, 0.06, one_tongue)
    for i, (x, y, scale, height) in enumerate(candle_places(pen)):
        flicker = math.sin(time_s * 9 + 5 * i) * math.sin(time_s * 3.7 + i)
        top = y - height - 0.018 * scale
        pen.stamp(glow, x, top, scale * (0.8 + 0.08 * flicker), 0.8)
        pen.stamp(tongue, x, top, scale * (0.85 + 0.12 * flicker), turn=4 * math.sin(time_s * 2.3 + 3 * i))


def one_tongue(pen: Pen) -> None:
    """A candle's flame."""
    for share, code, alpha in ((1.0, 0xFF9A3C, 0.85), (0.7, 0xFFD060, 0.95), (0.42, 0xFFF6D8, 1.0)):
        h, w = 0.046 * share, 0.0105 * share
        flame = skia.Path()
        flame.moveTo(0, 0.02 - h)
        flame.cubicTo(w * 0.4, 0.02 - h * 0.6, w * 1.4, 0.02 - h * 0.3, 0, 0.022)
        flame.cubicTo(-w * 1.4, 0.02 - h * 0.3, -w * 0.4, 0.02 - h * 0.6, 0, 0.02 - h)
        pen.fill(flame, pen.shine(code, alpha))


def candle_places(pen: Pen) -> list[tuple[float, float, float, float]]:
    """(x, foot y, scale, height) of each candle, from far to near."""
    places = []
    for i, (a, b, c) in enumerate(pen.numbers(CANDLES, 3, 1).tolist()):
        y = 0.05 + 0.25 * b
        scale = 0.45 + 2.2 * (y - 0.05)
        x = (1 if i % 2 else -1) * (0.22 + 0.85 * a**0.8)
        places.append((x, y, scale, (0.035 + 0.075 * c) * scale))
    return sorted(places, key=lambda place: place[1])
