"""What falls and drifts through the air: snow, rain, leaves, embers, fireflies, bubbles, and lightning over all."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, TOP, Pen
from engine.designer.registry import moving_thing

HEIGHT = BOTTOM - TOP + 0.1
SHEET = (0.8, 0.8)
"""Units of a sheet of flakes or drops, which repeats on all sides."""
SLANT = 0.16
"""How far rain goes aside for each unit that it falls."""
WIDTH = 2.8
"""Units across which the air is full: the widest picture and its parallax."""


def drift(
    chances: np.ndarray, time_s: float, fall: float, wind: float = 0.0, sway: float = 0.0, slow: float = 1.0
) -> np.ndarray:
    """Places of (N, 3) chances at a time, (N, 2) in units: each falls at its own speed, sways, and comes in again.

    fall, wind: units a second, downwards and to the right; sway: units to each side, in about 6 / slow seconds.
    """
    pace = 0.75 + 0.5 * chances[:, 2]
    x = chances[:, 0] * WIDTH + wind * pace * time_s
    x = x + sway * np.sin(slow * time_s * (0.7 + 0.6 * chances[:, 2]) + chances[:, 1] * 40)
    y = chances[:, 1] * HEIGHT + fall * pace * time_s
    return np.stack([x % WIDTH - WIDTH / 2, y % HEIGHT + TOP - 0.05], 1)


@moving_thing(
    "snowfall",
    synonyms=("snowflake", "flurry", "blizzard", "snowstorm", "falling snow", "snowing"),
    implies={"sky": "overcast", "ground": "snow"},
)
def snowfall(pen: Pen, time_s: float) -> None:
    """Flakes at three distances; the nearest are soft, out of focus, and fall fastest."""
    white = pen.blend(pen.colour("snow", 0.9), pen.shine(0xFFFFFF), 0.5)
    for key, count, radius, fall, alpha in (
        (1, 191, 0.0017, 0.055, 0.75),
        (2, 130, 0.0023, 0.085, 0.8),
        (3, 65, 0.0034, 0.12, 0.9),
        (4, 37, 0.0044, 0.16, 0.9),
    ):
        flakes = pen.sheet(f"flakes {key}", *SHEET, strewn(key, count, radius, faded(white, alpha)))
        sway = 0.014 * math.sin(0.8 * time_s + key) + 0.006 * math.sin(1.7 * time_s + 2 * key)
        pen.roll(flakes, 0.4 * key + 0.3 * fall * time_s + sway, fall * time_s, down=True)
    flake = pen.sprite("flake", 0.06, 0.06, soft_flake)
    near = pen.numbers(26, 3, 3)
    x, y = drift(near, time_s, 0.24, 0.09, 0.03).T
    pen.stamps(flake, x, y, 0.45 + 0.75 * near[:, 2], 0.5 + 0.4 * near[:, 1])


def strewn(key: int, count: int, radius: float, colour: int) -> Callable[[Pen], None]:
    """Draws dots all over a sheet."""

    def draw(pen: Pen) -> None:
        pen.dots((pen.numbers(count, 2, key) - 0.5) * SHEET, radius, colour)

    return draw


def soft_flake(pen: Pen) -> None:
    """One flake before the focus."""
    pen.glow(0, 0, 0.028, 0xFFFFFF, 1.0)
    pen.glow(0, 0, 0.016, 0xFFFFFF, 1.0)


@moving_thing(
    "rain",
    synonyms=("raindrop", "downpour", "shower", "drizzle", "raining", "rainy"),
    implies={"sky": "overcast"},
)
def rain(pen: Pen, time_s: float) -> None:
    """Streaks at three distances, slanting with the wind, and rings where drops meet the ground."""
    bright = pen.blend(pen.colour("water", 0.9), pen.shine(0xE8F2FF), 0.6)
    for key, count, width, length, fall, alpha in (
        (1, 133, 0.0015, 0.030, 1.1, 0.42),
        (2, 65, 0.0024, 0.062, 1.7, 0.50),
        (3, 17, 0.0040, 0.130, 2.5, 0.42),
    ):
        drops = pen.sheet(f"drops {key}", *SHEET, streaked(key, count, width, length, faded(bright, alpha)))
        pen.roll(drops, 0.5 * key - SLANT * fall * time_s, fall * time_s, down=True)
    rings = pen.numbers(30, 3, 4)
    ages = (time_s * 1.3 + rings[:, 2] * 7) % 1.0
    turns = np.floor(time_s * 1.3 + rings[:, 2] * 7)
    for (a, b, _), age, turn in zip(rings.tolist(), ages.tolist(), turns.tolist(), strict=True):
        x, y = ((a + 0.618034 * turn) % 1.0) * 3.2 - 1.6, 0.03 + ((b + 0.381966 * turn) % 1.0) ** 1.5 * 0.32
        size = (0.018 + 0.07 * y) * (0.3 + age)
        oval = skia.Rect.MakeXYWH(x - size, y - size * 0.28, 2 * size, size * 0.56)
        stroke = pen.paint(faded(bright, 0.6 * (1 - age)), Style=skia.Paint.kStroke_Style, StrokeWidth=0.0022)
        pen.canvas.drawOval(oval, stroke)


def streaked(key: int, count: int, width: float, length: float, colour: int) -> Callable[[Pen], None]:
    """Draws slanting lines all over a sheet."""

    def draw(pen: Pen) -> None:
        pen.dashes((pen.numbers(count, 2, key) - 0.5) * SHEET, -SLANT * length, length, colour, width)

    return draw


@moving_thing(
    "leaves",
    synonyms=("leaf", "falling leaf", "petal", "blossom", "autumn leaf", "cherry blossom", "foliage"),
    implies={"ground": "grass"},
)
def leaves(pen: Pen, time_s: float) -> None:
    """Leaves that turn as they fall; in a Japanese place they are cherry petals."""
    petals = pen.period == "japanese"
    codes = (0xF7C3D4, 0xFFDDE6, 0xF2A9C2) if petals else (0xD9772B, 0xC2442A, 0xE0A93A, 0x9B5A2A)
    size = 0.55 if petals else 1.0
    chances = pen.numbers(44, 3, 1)
    points = drift(chances, time_s, 0.085, 0.05, 0.05, 1.2)
    kinds = [pen.sprite(f"leaf {code:06x}", 0.05, 0.05, partial(one_leaf, code=code)) for code in codes]
    (a, b, c), (x, y) = chances.T, points.T
    ways = np.where(np.arange(len(a)) % 2, 1, -1)
    spin = ((40 + 80 * c) * time_s * ways + 360 * a) % 360
    tilt = 0.35 + 0.65 * np.abs(np.sin(time_s * (0.8 + b) + 9 * a))
    for k, kind in enumerate(kinds):
        of = slice(k, None, len(kinds))
        pen.stamps(kind, x[of], y[of], size * (0.5 + 1.0 * c[of] * c[of]), turn=spin[of], tall=tilt[of])


def one_leaf(pen: Pen, code: int) -> None:
    """A leaf with a rib, its tip to the right."""
    outline = skia.Path()
    outline.moveTo(-0.021, 0)
    outline.cubicTo(-0.008, -0.017, 0.010, -0.013, 0.022, 0)
    outline.cubicTo(0.010, 0.013, -0.008, 0.017, -0.021, 0)
    night = 0.5 * pen.dark
    lit, dim = (pen.blend(pen.colour(code, light), pen.shine(code), night * light) for light in (0.95, 0.45))
    pen.fill(outline, pen.blend(lit, pen.shine(0xDCE6FF), 0.45 * night), dim)
    pen.line((-0.024, 0), (0.018, 0), pen.colour(code, 0.1), 0.0012)


@moving_thing("embers", synonyms=("ember", "spark", "cinder", "ash", "burning"), implies={"sky": "dusk"})
def embers(pen: Pen, time_s: float) -> None:
    """Sparks that rise from the ground, wind about and go out."""
    chances = pen.numbers(170, 3, 1)
    points = drift(chances, time_s, -0.11, 0.03, 0.035, 1.7)
    pulse = 0.55 + 0.45 * np.sin(time_s * (3 + 5 * chances[:, 2]) + chances[:, 0] * 50)
    life = np.clip((points[:, 1] - TOP) / (0.75 * HEIGHT), 0, 1) * pulse
    for low, high, radius, halo, core in (
        (0.0, 0.35, 0.0026, 0xB02808, 0xE8501C),
        (0.35, 0.65, 0.0036, 0xE04810, 0xFF9A3A),
        (0.65, 2, 0.0042, 0xFF6A10, 0xFFE0A0),
    ):
        chosen = points[(life >= low) & (life < high)]
        pen.dots(chosen, 1.35 * radius, faded(pen.shine(halo), 0.6))
        pen.dots(chosen, 0.75 * radius, pen.shine(core))
    sparks = [
        pen.sprite(f"spark {size}", 2 * size, 2 * size, partial(one_spark, radius=size))
        for size in (0.026, 0.036, 0.05)
    ]
    for i, ((x, y), share) in enumerate(zip(points[:26].tolist(), life[:26].tolist(), strict=True)):
        if share > 0.05:
            pen.stamp(sparks[i % 3], x, y, 1.0, min(1.0, 1.3 * share), whole=True)


def one_spark(pen: Pen, radius: float) -> None:
    """An ember in its glow, which covers a bright sky and lights up a dark one."""
    stops = [faded(pen.shine(0xFF5A10), 0.75 - 0.3 * pen.dark), faded(pen.shine(0xF04808), 0.3), 0x00E03000]
    shade = skia.GradientShader.MakeRadial(skia.Point(0, 0), radius, stops, [0.0, 0.4, 1.0])
    pen.canvas.drawCircle(0, 0, radius, pen.paint(0xFFFFFFFF, Shader=shade))
    pen.glow(0, 0, 0.5 * radius, 0xFFB060, 0.9)
    pen.circle(0, 0, 0.12 * radius, pen.shine(0xFFF2C8))


@moving_thing(
    "fireflies", synonyms=("firefly", "glow-worm", "glowworm", "fairy light", "fairy"), implies={"sky": "night"}
)
def fireflies(pen: Pen, time_s: float) -> None:
    """Points of light over the ground that wander and light up in turn."""
    glow = pen.sprite("firefly", 0.06, 0.06, firefly)
    a, b, c = pen.numbers(64, 3, 1).T
    x = (a - 0.5) * 2.6 + 0.09 * np.sin(time_s * 0.43 + 20 * b) + 0.04 * np.sin(time_s * 1.1 + 31 * c)
    y = 0.30 - 0.50 * b**1.3 + 0.05 * np.sin(time_s * 0.37 + 17 * a) + 0.02 * np.cos(time_s * 1.3 + 11 * c)
    light = np.maximum(0.0, np.sin(time_s * (0.7 + 0.5 * c) + 40 * a)) ** 1.5
    lit = light > 0.02
    pen.stamps(glow, x[lit], y[lit], (0.8 + 1.1 * c)[lit], light[lit])


def firefly(pen: Pen) -> None:
    """Yellow green, with a bright heart; by day a light that covers what is bright itself."""
    if pen.dark < 0.5:
        stops = [faded(pen.shine(0xFFF23A), 0.95), faded(pen.shine(0xE8F020), 0.55), 0x00D8E800]
        shade = skia.GradientShader.MakeRadial(skia.Point(0, 0), 0.022, stops, [0.0, 0.35, 1.0])
        pen.canvas.drawCircle(0, 0, 0.022, pen.paint(0xFFFFFFFF, Shader=shade))
        pen.circle(0, 0, 0.0042, pen.shine(0x5A4A10))
        pen.circle(0, 0.001, 0.0032, pen.shine(0xFFFFD0))
        return
    pen.glow(0, 0, 0.028, 0xB8FF5A, 0.65)
    pen.glow(0, 0, 0.009, 0xF4FFC0, 1.0)


@moving_thing("bubbles", synonyms=("bubble", "soap bubble", "air bubble"))
def bubbles(pen: Pen, time_s: float) -> None:
    """Bubbles that rise and wobble: air under water, soap above it."""
    soap = pen.sky != "underwater"
    kinds = [pen.sprite(f"bubble {turn}", 0.12, 0.12, partial(bubble, soap=soap, turn=turn)) for turn in range(3)]
    chances = pen.numbers(56, 3, 1)
    points = drift(chances, time_s, -0.05 if soap else -0.14, 0.02 if soap else 0.0, 0.03, 1.4)
    (a, _, c), (x, y) = chances.T, points.T
    wobble = 1 + 0.06 * np.sin(time_s * 3.1 + 20 * a)
    size = (0.3 if soap else 0.14) + (1.1 if soap else 0.6) * c**2.2
    for k, kind in enumerate(kinds):
        of = slice(k, None, 3)
        pen.stamps(kind, x[of], y[of], size[of] * wobble[of], tall=1 / wobble[of] ** 2)


def bubble(pen: Pen, soap: bool, turn: int) -> None:
    """A thin shell: bright at the rim, two highlights, the colours of thin film on soap."""
    radius = 0.052
    centre = skia.Point(0, 0)
    rim = [0x00FFFFFF, 0x0CFFFFFF, 0x50E8F6FF, 0xB0FFFFFF, 0x00FFFFFF]
    shell = skia.GradientShader.MakeRadial(centre, radius, rim, [0.0, 0.6, 0.88, 0.965, 1.0])
    pen.canvas.drawCircle(centre, radius, pen.paint(0xFFFFFFFF, Shader=shell))
    if soap:
        film = [0x46FF78C8, 0x4660C8FF, 0x4670FFB0, 0x46FFE070, 0x46FF78C8]
        sweep = skia.GradientShader.MakeSweep(0, 0, film)
        pen.canvas.save()
        pen.canvas.rotate(120 * turn)
        band = pen.paint(0xFFFFFFFF, Shader=sweep, Style=skia.Paint.kStroke_Style, StrokeWidth=0.013)
        pen.canvas.drawCircle(centre, radius * 0.83, band)
        pen.canvas.restore()
    pen.glow(-0.019, -0.021, 0.014, 0xFFFFFF, 0.95)
    pen.glow(0.018, 0.023, 0.010, 0xFFFFFF, 0.5)


FLASH_S = 5.3
"""Between two strokes at the least: far below the three flashes a second that can hurt (WCAG 2.2, 2.3.1)."""


@moving_thing("lightning", synonyms=("thunderbolt", "thunder", "bolt"), layer="far", implies={"sky": "storm"})
def lightning(pen: Pen, time_s: float) -> None:
    """A bolt now and then far behind the cast; it flares up once and fades, the sky around it glows softly."""
    turn = int(time_s // FLASH_S)
    chance = pen.numbers(64, 4, 1)[turn % 64]
    age = time_s - turn * FLASH_S - 1.8 * float(chance[0])
    if not 0 <= age < 0.9:
        return
    light = min(age / 0.06, 1.0) * math.exp(-age / 0.28)
    x = (0.32 + 0.5 * float(chance[1])) * (1 if turn % 2 else -1)
    bolt = pen.sprite(f"bolt {turn % 7}", 0.9, 0.8, partial(one_bolt, turn=turn % 7))
    glow = pen.sprite("flash", 2.4, 1.2, lambda each: each.glow(0, -0.1, 0.55, 0x9DB4FF, 0.8))
    pen.stamp(glow, x, TOP + 0.42, 1.0, 0.55 * light)
    pen.stamp(bolt, x, TOP + 0.36, 1.0, light, flip=turn % 2 == 0)


def one_bolt(pen: Pen, turn: int) -> None:
    """A main stroke with branches, drawn as glow, halo and core."""
    chances = pen.numbers(80, 2, 10 + turn)
    branches = [jagged(chances[:22], 0.0, -0.38, 0.06, 0.74, 0.10)]
    for k in range(3):
        x, y = branches[0][5 + 5 * k]
        rows = chances[24 + 14 * k : 36 + 14 * k]
        branches.append(jagged(rows, x, y, 0.16 * (1 if k % 2 else -1), 0.24, 0.06))
    for width, alpha in ((0.022, 0.16), (0.009, 0.35), (0.0035, 1.0)):
        for k, points in enumerate(branches):
            path = pen.polygon(points, close=False)
            share = 1.0 if k == 0 else 0.5
            stroke = pen.paint(
                faded(pen.shine(0xE6ECFF), alpha * (1 if k == 0 else 0.8)),
                Style=skia.Paint.kStroke_Style,
                StrokeWidth=width * share,
                StrokeJoin=skia.Paint.kRound_Join,
            )
            pen.canvas.drawPath(path, stroke)


def jagged(chances: np.ndarray, x: float, y: float, dx: float, dy: float, rough: float) -> list[tuple[float, float]]:
    """A broken line from (x, y) that goes `dx` aside and `dy` down, up to `rough` units off the straight one."""
    steps = len(chances)
    points = [(x, y)]
    swing = 0.0
    for i, (a, b) in enumerate(chances.tolist(), 1):
        swing = 0.6 * swing + rough * (a - 0.5)
        points.append((x + dx * i / steps + swing, y + dy * (i - 0.4 * b) / steps))
    return points


def faded(colour: int, alpha: float) -> int:
    """A colour of skia's with `alpha` (0..1) times its own opacity."""
    return round((colour >> 24 & 255) * min(max(alpha, 0.0), 1.0)) << 24 | (colour & 0xFFFFFF)
