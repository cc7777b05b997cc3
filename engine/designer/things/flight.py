"""What flies: birds in a loose flock, a dragon, balloons, an airship, spaceships."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import moving_thing


def crossing(time_s: float, seconds: float, start: float, half: float = 1.7) -> float:
    """A place that goes from -half to half in so many seconds, again and again; `start` in 0..1 shifts it."""
    return ((time_s / seconds + start) % 1.0 * 2 - 1) * half


def tone(pen: Pen, material: str | int, light: float, alpha: float = 1.0) -> int:
    """The colour of what flies before the sky and not in it: a fifth of the layer's air lies before it."""
    return pen.colour(material, light, alpha, far=-0.8 * pen.distance)


@moving_thing(
    "birds",
    synonyms=("bird", "seagull", "gull", "crow", "raven", "parrot", "swallow", "flock", "dove", "eagle"),
    layer="heaven",
)
def birds(pen: Pen, time_s: float) -> None:
    """A loose flock that beats, glides and drifts across, with two that fly their own way."""
    ink = pen.blend(tone(pen, "black", 0.4), pen.shine(pen.air.haze), 0.15)
    for i, (a, b, c) in enumerate(pen.numbers(15, 3, 1).tolist()):
        lone = i >= 13
        x = crossing(time_s, 46 if not lone else 31, 0.38 if not lone else 0.3 + 0.4 * a)
        x += 0 if lone else (a - 0.5) * 0.55 + 0.03 * math.sin(time_s * 0.5 + 9 * b)
        y = -0.40 + (b - 0.5) * 0.26 + 0.018 * math.sin(time_s * 0.7 + 12 * c)
        beats = math.sin(time_s * (7.5 + 2 * c) + 20 * a)
        glide = 0.5 + 0.5 * math.tanh(3 * math.sin(time_s * 0.6 + 15 * c))
        size = 0.020 + 0.016 * c
        bird(pen, x, y, size, 0.12 + beats * 0.55 * glide, ink)


def bird(pen: Pen, x: float, y: float, size: float, lift: float, ink: int) -> None:
    """Two bent wings and a body, seen from afar; lift: how high the wings' tips stand, in sizes."""
    wings = skia.Path()
    wings.moveTo(x - size * 1.5, y - size * lift * 1.2)
    wings.quadTo(x - size * 0.65, y - size * (0.35 + lift * 0.9), x, y)
    wings.quadTo(x + size * 0.65, y - size * (0.35 + lift * 0.9), x + size * 1.5, y - size * lift * 1.2)
    wings.quadTo(x + size * 0.6, y - size * (0.08 + lift * 0.75), x + size * 0.1, y + size * 0.2)
    wings.lineTo(x - size * 0.1, y + size * 0.2)
    wings.quadTo(x - size * 0.6, y - size * (0.08 + lift * 0.75), x - size * 1.5, y - size * lift * 1.2)
    wings.close()
    pen.fill(wings, ink)
    pen.canvas.drawOval(skia.Rect(x - size * 0.16, y - size * 0.16, x + size * 0.42, y + size * 0.22), pen.paint(ink))


@moving_thing("dragon", synonyms=("wyvern", "drake", "wyrm"), layer="heaven")
def dragon(pen: Pen, time_s: float) -> None:
    """A dragon that glides across the sky with slow beats of its wings, and now and then breathes fire."""
    x = crossing(time_s, 38, 0.30, 1.9)
    y = -0.40 + 0.035 * math.sin(time_s * 0.52) - 0.02 * math.sin(time_s * 2.1)
    beat = math.sin(time_s * 2.1)
    hide = pen.sprite("hide", 0.62, 0.26, dragon_body)
    canvas = pen.canvas
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(4 * math.sin(time_s * 0.52 + 1.2))
    wing(pen, 0.045, -0.02, beat * 0.85 + 0.1, 0.25)
    pen.stamp(hide, 0, 0)
    wing(pen, 0.02, -0.012, beat, 0.75)
    phase = time_s % 11.0
    if phase < 1.6:
        strength = math.sin(math.pi * phase / 1.6)
        for k in range(9):
            share = k / 8
            flutter = 0.012 * math.sin(time_s * 17 + 2.3 * k) * share
            pen.glow(
                0.285 + 0.26 * share * strength,
                -0.045 + 0.07 * share * strength + flutter,
                0.016 + 0.055 * share,
                0xFFC04A if share < 0.4 else 0xFF7A22,
                0.75 * strength * (1 - 0.55 * share),
            )
    canvas.restore()


def dragon_body(pen: Pen) -> None:
    """Head to the right: neck, belly, legs, and a tail with its barb."""
    dark, light = tone(pen, 0x2E4A38, 0.05), tone(pen, 0x5E7F52, 0.8)
    spine = [
        (-0.29, 0.02),
        (-0.20, 0.035),
        (-0.10, 0.005),
        (0.0, -0.018),
        (0.10, -0.022),
        (0.17, -0.045),
        (0.235, -0.075),
    ]
    thick = [0.002, 0.010, 0.021, 0.034, 0.026, 0.014, 0.012]
    upper = [(x, y - t) for (x, y), t in zip(spine, thick, strict=True)]
    lower = [(x, y + t) for (x, y), t in zip(spine, thick, strict=True)]
    body = pen.curve([*upper, *lower[::-1]], close=True)
    for x, y, tilt in ((-0.055, 0.025, 0.04), (0.06, 0.005, 0.03)):
        leg = pen.curve(
            [
                (x - 0.018, y - 0.01),
                (x - 0.03, y + 0.03),
                (x - 0.055, y + tilt),
                (x - 0.062, y + tilt + 0.008),
                (x - 0.02, y + 0.042),
                (x + 0.016, y),
            ],
            close=True,
        )
        pen.fill(leg, dark)
    pen.fill_between(body, (0, -0.08), (0, 0.05), light, tone(pen, 0x44663F, 0.4), dark)
    pen.texture(body, "grain", dark, scale=0.03, strength=0.35)
    for k in range(22):  # the crest
        share = k / 21
        i = min(int(share * 6), 5)
        mix = share * 6 - i
        cx = spine[i][0] * (1 - mix) + spine[i + 1][0] * mix
        cy = upper[i][1] * (1 - mix) + upper[i + 1][1] * mix
        pen.fill(pen.polygon([(cx - 0.006, cy + 0.002), (cx - 0.005, cy - 0.010), (cx + 0.006, cy + 0.002)]), dark)
    barb = pen.polygon([(-0.285, 0.018), (-0.305, 0.005), (-0.318, 0.024), (-0.302, 0.034)])
    pen.fill(barb, dark)
    head = pen.curve(
        [
            (0.222, -0.088),
            (0.245, -0.096),
            (0.272, -0.078),
            (0.300, -0.064),
            (0.296, -0.054),
            (0.268, -0.056),
            (0.290, -0.044),
            (0.262, -0.046),
            (0.236, -0.06),
        ],
        close=True,
    )
    pen.fill(head, light, dark)
    for dx in (0.0, 0.01):
        horn = pen.curve([(0.236 + dx, -0.09), (0.215 + dx, -0.108), (0.196 + dx, -0.112)])
        stroke = pen.paint(tone(pen, "sandstone", 0.6), Style=skia.Paint.kStroke_Style, StrokeWidth=0.005)
        pen.canvas.drawPath(horn, stroke)
    pen.glow(0.2535, -0.079, 0.007, 0xFFB020, 1.0)


def wing(pen: Pen, x: float, y: float, beat: float, light: float) -> None:
    """A wing of skin over three fingers; beat -1 below to 1 above."""
    tip_y = -0.20 * beat - 0.05
    elbow = (x - 0.015, y - 0.07 - 0.07 * beat)
    fingers = [
        (x + 0.02, y + tip_y - 0.06),
        (x - 0.09, y + tip_y * 1.05 - 0.02),
        (x - 0.165, y + tip_y * 0.7 + 0.005),
        (x - 0.15, y + 0.01),
    ]
    skin = skia.Path()
    skin.moveTo(x, y)
    skin.quadTo(*elbow, *fingers[0])
    for a, b in pairwise(fingers):
        skin.quadTo((a[0] + b[0]) / 2 + 0.028, (a[1] + b[1]) / 2 + 0.022, *b)
    skin.quadTo(x - 0.07, y + 0.02, x - 0.06, y + 0.012)
    skin.close()
    pen.fill(skin, tone(pen, 0x7A4A38, light), tone(pen, 0x40322E, 0.5 * light))
    stroke = pen.paint(tone(pen, 0x2E2A26, 0.3), Style=skia.Paint.kStroke_Style, StrokeWidth=0.0035)
    for finger in fingers[:3]:
        bone = skia.Path()
        bone.moveTo(x, y)
        bone.quadTo(*elbow, *finger)
        pen.canvas.drawPath(bone, stroke)


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
            pen.glow(x, y + 0.02 * scale, 0.17 * scale, 0xFFB050, pen.lamps * (0.25 + 0.6 * burn))


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
