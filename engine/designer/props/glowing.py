"""Things that shine: a lightsaber, a torch, a fireball, a planet, a crystal ball."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.props.registry import Hand, Point, drawn

STEPS = tuple(n / 6 - 1 for n in range(13))
FIRE = ((0.0, 0xFFFBE0, 1.0), (0.28, 0xFFE07A, 1.0), (0.55, 0xFF9A1E, 0.95), (0.8, 0xE8420A, 0.7), (1.0, 0x7A1000, 0.0))


@drawn("lightsaber", "light saber", "laser sword", "lightsword", "light sword", "plasma sword", "jedi sword")
def lightsaber(hand: Hand) -> None:
    """A blade of light along the stick's axis, and a hilt of steel at its lower end."""
    body = min(max(0.75 * hand.width, 0.022), 0.11)
    hum = 0.94 + 0.06 * math.sin(hand.time_s * 41) * math.sin(hand.time_s * 17)
    for y in (-0.65, 0.1):
        hand.lamp((0, y), 1.2, 0x18A8FF, 0.7 * hum)
    blade = skia.Rect(-body, -1.06, body, 0.56)
    for grow, blur, colour, alpha in (
        (2.6, 2.6, 0x0A5CFF, 0.55),
        (1.7, 1.2, 0x28B4FF, 0.8),
        (1.15, 0.45, 0x9AE4FF, 0.9),
    ):
        wide = skia.Rect(-body * grow, -1.06 - body * (grow - 1), body * grow, 0.56)
        hand.canvas.drawRoundRect(
            wide, body * grow, body * grow, hand.paint(colour, alpha * hum, blur * body, plus=True)
        )
    hand.canvas.drawRoundRect(blade, body, body, hand.paint(0xF6FEFF, 1.0, 0.18 * body))
    grip = skia.Rect(-1.35 * body, 0.54, 1.35 * body, 1.04)
    steel = (
        (0.0, 0x1C1E22, 1.0),
        (0.35, 0xB9C2CC, 1.0),
        (0.5, 0xF2F6FA, 1.0),
        (0.7, 0x70777F, 1.0),
        (1.0, 0x14161A, 1.0),
    )
    shader = hand.linear((-1.35 * body, 0), (1.35 * body, 0), steel)
    hand.canvas.drawRoundRect(grip, 0.4 * body, 0.4 * body, skia.Paint(AntiAlias=True, Shader=shader))
    for n in range(5):
        y = 0.66 + 0.075 * n
        hand.canvas.drawRect(skia.Rect(-1.4 * body, y, 1.4 * body, y + 0.03), hand.paint(0x101114, 0.75))
    hand.canvas.drawRect(skia.Rect(-1.6 * body, 0.53, 1.6 * body, 0.57), hand.paint(0xD8E2EA))


def flame(hand: Hand, at: Point, size: float, key: int = 0) -> None:
    """A flame that stands upright in the picture, whichever way the prop leans; it lives, and throws sparks."""
    ux, uy = hand.up
    side = (-uy, ux)
    t = hand.time_s
    for layer, (tall, wide, colour, alpha) in enumerate(
        (
            (1.0, 0.44, 0xD8320A, 0.75),
            (0.82, 0.34, 0xFF8A14, 0.9),
            (0.58, 0.22, 0xFFDC5A, 0.95),
            (0.34, 0.12, 0xFFFBE6, 1.0),
        )
    ):
        left: list[Point] = []
        right: list[Point] = []
        for n in range(9):
            up = n / 8
            sway = 0.16 * up * math.sin(5.1 * t + 4.2 * up + key) + 0.10 * up * math.sin(
                9.7 * t + 7 * up + 2 * key + layer
            )
            thick = wide * (1 - up) ** 0.75 * (0.55 + 0.75 * math.sin(math.pi * min(1, up + 0.28)))
            tongue = 1 + 0.12 * math.sin(11.3 * t + 3.1 * layer + key)
            for sign, points in ((-1, left), (1, right)):
                across, high = size * (sway + sign * thick), size * (up * tall * tongue - 0.08)
                points.append((at[0] + ux * high + side[0] * across, at[1] + uy * high + side[1] * across))
        hand.canvas.drawPath(
            hand.polygon([*left, *right[::-1]]),
            hand.paint(colour, alpha, (0.045, 0.045, 0.0, 0.0)[layer] * size, plus=layer > 0),
        )
    for n, (a, b, c) in enumerate(hand.chance(14, 3, 11 + key).tolist()):
        age = (b + t * (0.5 + 0.5 * c)) % 1.0
        across = size * (0.5 * (a - 0.5) * (1 + age) + 0.12 * math.sin(6 * t + n))
        high = size * (0.4 + 1.5 * age)
        spark = (at[0] + ux * high + side[0] * across, at[1] + uy * high + side[1] * across)
        hand.canvas.drawCircle(*spark, size * 0.022 * (1.2 - age), hand.paint(0xFFC25A, (1 - age) ** 1.5, plus=True))


@drawn("torch", "burning torch", "flaming torch", "firebrand")
def torch(hand: Hand) -> None:
    """Wood with a wrapped head along the stick, and a flame that lives at its upper end."""
    half = min(max(hand.width, 0.035), 0.16)
    size = max(0.62, 3.4 * half)
    flicker = 0.9 + 0.1 * math.sin(hand.time_s * 23) * math.sin(hand.time_s * 7.3)
    head = (0.0, -0.92)
    light = (head[0] + 0.4 * size * hand.up[0], head[1] + 0.4 * size * hand.up[1])
    hand.lamp(light, 3.4 * size, 0xFF8A28, 0.8 * flicker)
    wood = ((0.0, 0x1E0F06, 1.0), (0.4, 0x8A5A2E, 1.0), (0.6, 0x6A4020, 1.0), (1.0, 0x160A04, 1.0))
    shader = hand.linear((-half, 0), (half, 0), wood)
    hand.canvas.drawPath(
        hand.polygon([(-half, -0.9), (half, -0.9), (0.7 * half, 1.02), (-0.7 * half, 1.02)]),
        skia.Paint(AntiAlias=True, Shader=shader),
    )
    for n in range(4):
        y = -0.98 + 0.085 * n
        band = skia.Rect(-1.35 * half, y, 1.35 * half, y + 0.08)
        hand.canvas.drawRoundRect(band, 0.03, 0.03, hand.paint((0x3A2A1E, 0x4A3626)[n % 2]))
    flame(hand, head, size)


@drawn("fireball", "ball of fire", "fire ball", "burning ball", "sun")
def fireball(hand: Hand) -> None:
    """A burning ball that licks upward and throws sparks."""
    r = math.sqrt(hand.width)  # of a disc of the prop's area
    flicker = 0.92 + 0.08 * math.sin(hand.time_s * 19) * math.sin(hand.time_s * 8.1)
    hand.lamp((0, 0), 4.2 * r, 0xFF8420, 0.85 * flicker)
    ux, uy = hand.up
    side = (-uy, ux)
    for n, (a, b, c) in enumerate(hand.chance(22, 3, 3).tolist()):
        age = (b + hand.time_s * (0.7 + 0.5 * c)) % 1.0
        across = r * 1.5 * (a - 0.5) * (1 - 0.55 * age) + 0.1 * r * math.sin(7 * hand.time_s + n)
        high = r * (0.1 + 1.6 * age)
        place = (ux * high + side[0] * across, uy * high + side[1] * across)
        shade = ((0.0, 0xFFC04A, 0.55 * (1 - age)), (0.5, 0xF2600E, 0.4 * (1 - age)), (1.0, 0x8A1400, 0.0))
        hand.round(place, r * (0.62 - 0.4 * age), shade, plus=True)
    hand.round((0, 0), 1.12 * r, FIRE)
    for n, (a, b, c) in enumerate(hand.chance(16, 3, 5).tolist()):
        turn = math.tau * a + hand.time_s * (0.6 + c) * (1 if n % 2 else -1)
        away = r * (0.15 + 0.7 * b)
        place = (away * math.cos(turn), away * math.sin(turn))
        hand.round(place, r * (0.16 + 0.2 * c), ((0.0, 0xFFF2B0, 0.5), (1.0, 0xFF7A10, 0.0)), plus=True)
    for a, b, c in hand.chance(18, 3, 9).tolist():
        age = (b + hand.time_s * (0.4 + 0.6 * c)) % 1.0
        across, high = r * (2.2 * (a - 0.5) * (1 + 0.6 * age)), r * (0.6 + 2.0 * age)
        spark = (ux * high + side[0] * across, uy * high + side[1] * across)
        hand.canvas.drawCircle(*spark, 0.045 * r * (1.2 - age), hand.paint(0xFFD070, (1 - age) ** 1.5, plus=True))


@drawn("planet", "saturn", "jupiter", "gas giant", "world globe")
def planet(hand: Hand) -> None:
    """A banded planet that turns, its night side, its air, and a ring before and behind."""
    r = 0.98 * math.sqrt(hand.width)
    canvas = hand.canvas
    hand.round((0, 0), 1.5 * r, ((0.0, 0x6AA8FF, 0.5), (0.66, 0x5A9AFF, 0.4), (1.0, 0x3A78E0, 0.0)), plus=True)
    canvas.save()
    canvas.rotate(-18 - math.degrees(hand.pose.angle))
    ring(hand, r, behind=True)
    canvas.save()
    canvas.clipPath(skia.Path().addCircle(0, 0, r), doAntiAlias=True)
    bands = hand.chance(11, 2, 21)
    for n, (shade, wave) in enumerate(bands.tolist()):
        y = r * (-1.05 + 2.1 * n / 11)
        colour = (0xC98A4E, 0xE9C892, 0xA8623A, 0xF4DFB4, 0xD6A066)[int(shade * 5)]
        points = [(-1.1 * r, y + 0.3 * r), (-1.1 * r, y)]
        points += [(x * r, y + 0.035 * r * math.sin(9 * x + 6 * wave + hand.time_s * (0.5 + wave))) for x in STEPS]
        points += [(1.1 * r, y), (1.1 * r, y + 0.3 * r)]
        canvas.drawPath(hand.polygon(points), hand.paint(colour))
    storm = (((0.1 * hand.time_s + 0.62) % 1.0) * 3.2 - 1.6) * r
    canvas.drawOval(
        skia.Rect(storm - 0.2 * r, 0.26 * r, storm + 0.2 * r, 0.46 * r), hand.paint(0xB4452A, 0.9, 0.03 * r)
    )
    canvas.restore()
    night = ((0.0, 0x05030A, 0.0), (0.5, 0x05030A, 0.12), (0.8, 0x05030A, 0.72), (1.0, 0x020106, 0.94))
    canvas.drawCircle(0, 0, r, skia.Paint(AntiAlias=True, Shader=hand.radial((-0.42 * r, -0.4 * r), 1.55 * r, night)))
    hand.round((-0.4 * r, -0.42 * r), 0.7 * r, ((0.0, 0xFFF6E0, 0.35), (1.0, 0xFFF6E0, 0.0)), plus=True)
    ring(hand, r, behind=False)
    canvas.restore()


def ring(hand: Hand, r: float, behind: bool) -> None:
    """Half of a planet's ring: the one behind it or the one before it."""
    canvas = hand.canvas
    canvas.save()
    canvas.clipRect(skia.Rect(-3 * r, -3 * r, 3 * r, 0) if behind else skia.Rect(-3 * r, 0, 3 * r, 3 * r))
    for n, (a, b) in enumerate(hand.chance(6, 2, 33).tolist()):
        wide = r * (1.34 + 0.1 * n)
        colour = (0xF2DDB0, 0xC9A878, 0xE6CFA2)[int(3 * a)]
        paint = hand.paint(colour, 0.35 + 0.5 * b)
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(0.092 * r)
        canvas.drawOval(skia.Rect(-wide, -0.26 * wide, wide, 0.26 * wide), paint)
    canvas.restore()


@drawn("crystal ball", "glass ball", "crystal sphere", "magic ball", "crystal", "pearl", "orb")
def crystal_ball(hand: Hand) -> None:
    """A ball of glass with a mist that turns in it, a rim of light and two highlights."""
    r = math.sqrt(hand.width)
    pulse = 0.85 + 0.15 * math.sin(2.1 * hand.time_s)
    hand.lamp((0, 0), 3.0 * r, 0xB070FF, 0.55 * pulse)
    deep = (
        (0.0, 0xC9B4FF, 0.95),
        (0.4, 0x8A5CE0, 0.95),
        (0.8, 0x3A1E86, 0.97),
        (0.94, 0x1E0F52, 0.97),
        (1.0, 0xB59CFF, 0.9),
    )
    hand.round((0, 0), r, deep)
    hand.canvas.save()
    hand.canvas.clipPath(skia.Path().addCircle(0, 0, 0.96 * r), doAntiAlias=True)
    for n, (a, b, c) in enumerate(hand.chance(15, 3, 41).tolist()):
        turn = math.tau * a + hand.time_s * (0.25 + 0.5 * b) * (1 if n % 3 else -1)
        away = r * (0.12 + 0.55 * c)
        place = (away * math.cos(turn), 0.75 * away * math.sin(turn) + 0.08 * r)
        colour = (0xF2E6FF, 0x9AE0FF, 0xFF9AF0)[n % 3]
        hand.round(place, r * (0.22 + 0.22 * b), ((0.0, colour, 0.42 * pulse), (1.0, colour, 0.0)), plus=True)
    for a, b, c in hand.chance(12, 3, 43).tolist():
        glint = max(0.0, math.sin(hand.time_s * (1.5 + 2 * c) + math.tau * a)) ** 6
        place = (r * 1.3 * (a - 0.5), r * 1.3 * (b - 0.5))
        hand.canvas.drawCircle(*place, 0.035 * r, hand.paint(0xFFFFFF, glint, plus=True))
    hand.canvas.restore()
    cx, cy = -math.sin(hand.pose.angle), -math.cos(hand.pose.angle)
    x, y = 0.42 * (cx - 0.75 * cy) * r, 0.42 * (cy + 0.75 * cx) * r
    hand.round((x, y), 0.34 * r, ((0.0, 0xFFFFFF, 0.95), (0.4, 0xFFFFFF, 0.4), (1.0, 0xFFFFFF, 0.0)), plus=True)
    hand.round((-0.9 * x, -0.9 * y), 0.26 * r, ((0.0, 0xD8C8FF, 0.6), (1.0, 0xD8C8FF, 0.0)), plus=True)
