"""What flies by itself: balloons, an airship, spaceships."""

from __future__ import annotations

import math
from functools import partial

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import moving_thing


def crossing(time_s: float, seconds: float, start: float, half: float = 1.7) -> float:
    """A place that goes from -half to half in so many seconds, again and again; `start` in 0..1 shifts it."""
    return ((time_s / seconds + start) % 1.0 * 2 - 1) * half


def tone(pen: Pen, material: str | int, light: float, alpha: float = 1.0) -> int:
    """The colour of what flies before the sky and not in it: a fifth of the layer's air lies before it."""
    return pen.colour(material, light, alpha, far=-0.8 * pen.distance)


BALLOONS = (
    (0xD8483A, 0xF2E3C2),
    (0x2F6FB0, 0xF4C64A),
    (0xE08A2A, 0x7A2F5A),
    (0x3C8F6A, 0xF2E3C2),
    (0x8A4FA8, 0xF0A23A),
)


@moving_thing("balloons", synonyms=("balloon", "hot air balloon", "hot-air balloon"), layer="heaven")
def balloons(pen: Pen, time_s: float) -> None:
    """Hot-air balloons that drift at several distances; by night their burners light them from within."""
    chances = pen.numbers(7, 3, 1)
    for i, (a, b, c) in sorted(enumerate(chances.tolist()), key=lambda row: row[1][2]):
        pair = BALLOONS[i % len(BALLOONS)]
        balloon = pen.sprite(f"balloon {i % 5}", 0.26, 0.36, partial(one_balloon, pair=pair))
        x = crossing(time_s, 190 - 60 * c, (i + 0.3 * a) / 7 + 0.09, 1.5)
        y = -0.30 - 0.24 * b + 0.012 * math.sin(time_s * 0.33 + 11 * a)
        scale = 0.36 + 0.56 * c**1.6
        pen.stamp(balloon, x, y, scale, turn=1.5 * math.sin(time_s * 0.27 + 9 * b))
        if pen.lamps:
            burn = max(0.0, math.sin(time_s * 0.55 + 23 * a)) ** 3
            pen.halo(x, y + 0.02 * scale, 0.17 * scale, 0xFFB050, pen.lamps * (0.25 + 0.6 * burn))


def one_balloon(pen: Pen, pair: tuple[int, int]) -> None:
    """An envelope of gores, its skirt, ropes and a basket."""
    top, bottom, radius = -0.165, 0.075, 0.118
    envelope = pen.curve(
        [
            (0, top),
            (0.075, top + 0.022),
            (radius, -0.055),
            (0.088, 0.02),
            (0.028, bottom),
            (-0.028, bottom),
            (-0.088, 0.02),
            (-radius, -0.055),
            (-0.075, top + 0.022),
        ],
        close=True,
    )
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(envelope, True)
    edges = [math.sin(math.pi * (k / 10 - 0.5)) * radius * 1.02 for k in range(11)]
    for k in range(10):
        left, right = edges[k], edges[k + 1]
        gore = skia.Path()
        gore.moveTo(0, top - 0.004)
        gore.cubicTo(left * 1.25, top + 0.05, left * 1.15, -0.01, left * 0.25, bottom + 0.01)
        gore.lineTo(right * 0.25, bottom + 0.01)
        gore.cubicTo(right * 1.15, -0.01, right * 1.25, top + 0.05, 0, top - 0.004)
        middle = (left + right) / 2 / radius
        light = 0.62 + 0.4 * middle * (1 if pen.side >= 0 else -1)
        pen.fill(gore, tone(pen, pair[k % 2], light + 0.12), tone(pen, pair[k % 2], light - 0.25))
    band = skia.Rect(-0.13, -0.062, 0.13, -0.034)
    canvas.drawRect(band, pen.paint(tone(pen, pair[1], 0.8, 0.8)))
    shade = skia.GradientShader.MakeRadial(
        skia.Point(0.045 * (1 if pen.side >= 0 else -1), -0.1),
        0.2,
        [0x50FFFFFF, 0x00000000, 0x50000018],
        [0.0, 0.45, 1.0],
    )
    canvas.drawPaint(pen.paint(0xFFFFFFFF, Shader=shade))
    canvas.restore()
    for x in (-0.026, -0.009, 0.009, 0.026):
        pen.line((x, bottom), (x * 0.72, 0.128), tone(pen, "rope", 0.4), 0.0014)
    basket = pen.polygon([(-0.021, 0.126), (0.021, 0.126), (0.018, 0.158), (-0.018, 0.158)])
    pen.fill(basket, tone(pen, "thatch", 0.7), tone(pen, "dark wood", 0.3))


@moving_thing("airships", synonyms=("airship", "zeppelin", "blimp", "dirigible"), layer="heaven")
def airships(pen: Pen, time_s: float) -> None:
    """Two airships on their slow way, the farther one small; lamps along the gondola by night."""
    ship = pen.sprite("airship", 0.72, 0.26, one_airship)
    for seconds, start, y, scale, flip in ((150, 0.36, -0.50, 0.36, True), (95, 0.33, -0.38, 0.8, False)):
        way = -1 if flip else 1
        x = way * crossing(time_s, seconds, start, 1.8)
        height = y + 0.008 * math.sin(time_s * 0.4 + seconds)
        pen.stamp(ship, x, height, scale, flip=flip)
        turn = time_s * 9
        for k in range(3):
            spin = math.sin(turn + k * 2.1)
            px = x + way * scale * (-0.05)
            pen.line(
                (px, height + scale * (0.085 - 0.02 * spin)),
                (px, height + scale * (0.085 + 0.02 * spin)),
                tone(pen, "black", 0.4, 0.35),
                0.004 * scale,
            )
        if pen.lamps:
            for k in range(5):
                pen.glow(
                    x + way * scale * (0.015 * k - 0.02), height + scale * 0.087, 0.016 * scale, 0xFFD890, pen.lamps
                )


def one_airship(pen: Pen) -> None:
    """A ribbed hull with fins, nose to the right, and its gondola."""
    hull = skia.Path()
    hull.moveTo(-0.33, -0.01)
    hull.cubicTo(-0.22, -0.095, 0.10, -0.11, 0.24, -0.06)
    hull.cubicTo(0.315, -0.03, 0.315, 0.03, 0.24, 0.052)
    hull.cubicTo(0.10, 0.085, -0.22, 0.06, -0.33, -0.01)
    for points in (
        ((-0.33, -0.012), (-0.34, -0.085), (-0.27, -0.075), (-0.22, -0.045)),
        ((-0.33, 0.0), (-0.34, 0.062), (-0.27, 0.055), (-0.22, 0.03)),
    ):
        pen.fill(pen.polygon(points), tone(pen, "cloth", 0.6), tone(pen, "cloth", 0.2))
    tones = [tone(pen, 0xD9D2C0, 1.05), tone(pen, 0xC9BFA8, 0.55), tone(pen, 0x8C8270, 0.15)]
    pen.fill_between(hull, (0, -0.1), (0, 0.08), *tones)
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(hull, True)
    rib = pen.paint(tone(pen, "dark metal", 0.4, 0.3), Style=skia.Paint.kStroke_Style, StrokeWidth=0.002)
    for k in range(12):
        x = -0.3 + 0.053 * k
        canvas.drawArc(skia.Rect(x - 0.014, -0.12, x + 0.014, 0.1), -90, 180, False, rib)
    for y in (-0.045, 0.0, 0.035):
        pen.line((-0.34, y * 0.4), (0.32, y), tone(pen, "dark metal", 0.4, 0.22), 0.0016)
    canvas.drawRect(skia.Rect(-0.35, 0.012, 0.35, 0.024), pen.paint(tone(pen, "cloth", 0.6, 0.85)))
    canvas.restore()
    cabin = skia.Path().addRoundRect(skia.Rect(-0.075, 0.066, 0.075, 0.105), 0.014, 0.014)
    pen.fill(cabin, tone(pen, "wood", 0.8), tone(pen, "dark wood", 0.3))
    for k in range(7):
        pen.window(-0.055 + 0.018 * k, 0.093, 0.011, 0.013, 0.3)


@moving_thing(
    "spaceships",
    synonyms=("spaceship", "starship", "rocket", "ufo", "flying saucer", "space fleet", "starfighter", "shuttle"),
    layer="heaven",
    implies={"sky": "stars"},
)
def spaceships(pen: Pen, time_s: float) -> None:
    """A cruiser far off, and small fighters that pass with their engines burning."""
    cruiser = pen.sprite("cruiser", 0.62, 0.2, one_cruiser)
    x, y = crossing(time_s, 120, 0.36, 1.7), -0.42 + 0.006 * math.sin(time_s * 0.3)
    pen.glow(x - 0.25, y + 0.004, 0.075 + 0.006 * math.sin(time_s * 9), 0x6FB8FF, 0.9)
    pen.stamp(cruiser, x, y)
    fighter = pen.sprite("fighter", 0.14, 0.07, one_fighter)
    for i, (a, b, c) in enumerate(pen.numbers(5, 3, 1).tolist()):
        way = 1 if i % 2 else -1
        fx = way * crossing(time_s, 13 + 7 * a, 0.2 * i + 0.1 * b, 2.0)
        fy = -0.22 - 0.34 * b + 0.05 * math.sin(time_s * 0.6 + 9 * c)
        scale = 0.5 + 0.6 * c
        trail = pen.polygon(
            [
                (fx - way * 0.05 * scale, fy - 0.004 * scale),
                (fx - way * 0.22 * scale, fy),
                (fx - way * 0.05 * scale, fy + 0.004 * scale),
            ]
        )
        pen.fill_between(
            trail,
            (fx - way * 0.05 * scale, fy),
            (fx - way * 0.22 * scale, fy),
            pen.shine(0x9FDCFF, 0.7),
            pen.shine(0x4A90FF, 0.0),
        )
        pen.glow(fx - way * 0.052 * scale, fy, 0.022 * scale, 0x9FDCFF, 1.0)
        pen.stamp(fighter, fx, fy, scale, flip=way < 0)


def one_cruiser(pen: Pen) -> None:
    """A long wedge with a bridge tower, plates, lit ports and three engines."""
    hull = pen.polygon(
        [(0.30, 0.004), (0.06, -0.022), (-0.20, -0.040), (-0.25, -0.030), (-0.25, 0.034), (-0.16, 0.042), (0.10, 0.022)]
    )
    pen.fill_between(
        hull, (0, -0.05), (0, 0.05), tone(pen, 0xB9C2CC, 1.0), tone(pen, 0x8D98A3, 0.5), tone(pen, 0x4C5560, 0.1)
    )
    tower = pen.polygon([(-0.20, -0.038), (-0.185, -0.078), (-0.125, -0.078), (-0.10, -0.032)])
    pen.fill(tower, tone(pen, 0xA9B2BC, 0.95), tone(pen, 0x6A747F, 0.35))
    pen.fill(pen.box(-0.155, -0.077, 0.085, 0.013), tone(pen, 0xA9B2BC, 0.7))
    for _ in range(60):
        x, y = pen.random.uniform(-0.24, 0.14), pen.random.uniform(-0.03, 0.034)
        if abs(y) < 0.036 * (0.30 - x) / 0.5:
            w = pen.random.uniform(0.006, 0.03)
            pen.fill(pen.box(x, y, w, 0.005), tone(pen, "dark metal", pen.random.choice((0.1, 0.9)), 0.35))
    for _ in range(46):
        x, y = pen.random.uniform(-0.23, 0.18), pen.random.uniform(-0.022, 0.026)
        if abs(y) < 0.03 * (0.30 - x) / 0.5:
            pen.fill(pen.box(x, y, 0.0032, 0.002), pen.shine(0xFFE9B0, 0.9))
    for k in range(6):
        pen.fill(pen.box(-0.18 + 0.012 * k, -0.066, 0.007, 0.003), pen.shine(0xCFF0FF, 0.95))
    for y in (-0.018, 0.004, 0.026):
        pen.fill(skia.Path().addOval(skia.Rect(-0.258, y - 0.010, -0.243, y + 0.010)), pen.shine(0xBFE6FF))


def one_fighter(pen: Pen) -> None:
    """A small dart, nose to the right."""
    wings = pen.polygon([(-0.045, -0.026), (0.0, -0.006), (0.058, 0.0), (0.0, 0.008), (-0.045, 0.024), (-0.03, 0.0)])
    pen.fill(wings, tone(pen, 0xC4CBD3, 0.95), tone(pen, 0x525C68, 0.2))
    pen.fill(skia.Path().addOval(skia.Rect(0.0, -0.0075, 0.026, 0.002)), pen.shine(0x7FD0FF, 0.9))
    pen.line((-0.04, -0.025), (0.01, -0.025), tone(pen, "dark metal", 0.5), 0.0022)
    pen.line((-0.04, 0.023), (0.01, 0.023), tone(pen, "dark metal", 0.5), 0.0022)
