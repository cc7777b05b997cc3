"""Ships of the sea and of space: a deck under sail, a station that turns among the stars."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen, Point
from engine.designer.registry import structure


@structure(
    "ship-deck",
    stands="range",
    synonyms=(
        "ship",
        "boat",
        "galleon",
        "sailing ship",
        "sailboat",
        "pirate ship",
        "deck of a ship",
        "frigate",
        "schooner",
        "viking ship",
        "longship",
    ),
    implies={"ground": "water"},
)
def ship_deck(pen: Pen) -> None:
    """Seen from the deck: the mast before us, sails above, the rail and the sea beyond."""
    for x, width, rise in ((-1.25, 0.55, 0.10), (1.30, 0.50, 0.06)):
        sail(pen, x, TOP - 0.02, width, 0.36 - rise, 0.5)
    yard_y = -0.50
    mast = pen.polygon([(-0.028, 0.02), (-0.021, TOP), (0.021, TOP), (0.028, 0.02)])
    for side in (-1, 1):
        shrouds(pen, side)
    sail(pen, 0.0, yard_y, 1.18, 0.34, 1.0)
    pen.round(mast, "wood")
    pen.texture(mast, "streak", pen.colour("black", 0.0), scale=0.3, stretch=0.3, strength=0.35)
    for y in (-0.12, -0.16, -0.31):
        pen.fill(pen.box(0, y, 0.054, 0.014), pen.colour("dark metal", 0.7), pen.colour("dark metal", 0.1))
    yard = pen.box(0, yard_y, 1.30, 0.022)
    pen.fill(yard, pen.colour("wood", 1.0), pen.colour("dark wood", 0.1))
    if pen.lamps:
        for x in (-0.34, 0.34):
            pen.glow(x, -0.105, 0.22, 0xFFB050, 0.6 * pen.lamps)


def sail(pen: Pen, x: float, y: float, width: float, height: float, strength: float) -> None:
    """A square sail that the wind fills, with its seams, its shade and its reef points."""
    w = width / 2
    path = skia.Path()
    path.moveTo(x - w, y)
    path.lineTo(x + w, y)
    path.cubicTo(x + w * 1.10, y + height * 0.45, x + w * 1.10, y + height * 0.8, x + w * 1.02, y + height)
    path.cubicTo(x + w * 0.4, y + height * 0.80, x - w * 0.4, y + height * 0.80, x - w * 1.02, y + height)
    path.cubicTo(x - w * 1.10, y + height * 0.8, x - w * 1.10, y + height * 0.45, x - w, y)
    path.close()
    lit, mid, dim = (pen.colour("paper", share * strength) for share in (1.05, 0.62, 0.12))
    tones = (lit, mid, dim) if pen.side <= 0 else (dim, mid, lit)
    pen.fill_between(path, (x - w, y), (x + w, y + height * 0.4), *tones)
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    shadow = pen.colour("paper", 0.0, 0.55)
    pen.fill_between(path, (0, y + height * 0.35), (0, y + height), shadow & 0xFFFFFF, shadow)
    for k in range(-5, 6):
        seam = pen.curve([(x + k * w / 5.5, y), (x + k * w / 5.0, y + height * 0.5), (x + k * w / 5.2, y + height)])
        pen.stroke(seam, pen.colour("rope", 0.2, 0.45), 0.0018)
    for row in (0.24, 0.48):
        pen.stroke(
            pen.curve(
                [(x - w * 1.1, y + height * row), (x, y + height * (row - 0.03)), (x + w * 1.1, y + height * row)]
            ),
            pen.colour("rope", 0.1, 0.5),
            0.0022,
        )
        for k in range(-8, 9):
            px = x + k * w / 8.5
            pen.line((px, y + height * row), (px, y + height * (row + 0.07)), pen.colour("rope", 0.3, 0.8), 0.0018)
    pen.texture(path, "puff", pen.colour("paper", 0.0), scale=0.5, strength=0.16)
    pen.canvas.restore()
    pen.stroke(path, pen.colour("rope", 0.4), 0.0026)


def shrouds(pen: Pen, side: int) -> None:
    """The ropes that hold the mast, with their rungs."""
    rope = pen.colour("rope", 0.15)
    tops: list[Point] = [(side * 0.02, TOP + 0.02)] * 4
    feet: list[Point] = [(side * (0.42 + 0.085 * k), 0.0) for k in range(4)]
    for (x0, y0), (x1, y1) in zip(tops, feet, strict=True):
        pen.line((x0, y0), (x1, y1), rope, 0.0036)
    for k in range(2, 17):
        t = k / 17
        (ax, ay), (bx, by) = tops[0], feet[0]
        (cx, cy), (dx, dy) = tops[3], feet[3]
        pen.line((ax + (bx - ax) * t, ay + (by - ay) * t), (cx + (dx - cx) * t, cy + (dy - cy) * t), rope, 0.0024)


@ship_deck.on("front")
def planking(pen: Pen) -> None:
    """The deck towards us, its rail, the wheel, barrels and ropes."""
    edge = 0.052
    floor = skia.Path().addRect(skia.Rect(-REACH, edge, REACH, BOTTOM))
    pen.fill_between(floor, (0, edge), (0, BOTTOM), pen.colour("wood", 0.55), pen.colour("wood", 0.85))
    pen.canvas.save()
    pen.canvas.clipPath(floor)
    for k in range(-26, 27):
        x = k * 0.085
        tone = pen.random.random()
        board = pen.polygon([(x, edge), (x + 0.085, edge), ((x + 0.085) * 2.6, BOTTOM), (x * 2.6, BOTTOM)])
        pen.fill(board, pen.colour("dark wood", tone, 0.40))
        pen.line((x, edge), (x * 2.6, BOTTOM), pen.colour("black", 0.0, 0.6), 0.0026)
        for _ in range(2):
            y = edge + (BOTTOM - edge) * pen.random.random()
            t = (y - edge) / (BOTTOM - edge)
            pen.line((x * (1 + 1.6 * t), y), ((x + 0.085) * (1 + 1.6 * t), y), pen.colour("black", 0.0, 0.5), 0.0024)
    pen.texture(floor, "streak", pen.colour("black", 0.0), scale=0.5, stretch=0.3, strength=0.25)
    pen.canvas.restore()
    pen.fill_between(
        skia.Path().addRect(skia.Rect(-REACH, edge, REACH, edge + 0.05)),
        (0, edge),
        (0, edge + 0.05),
        pen.colour("black", 0.0, 0.6),
        0,
    )
    for k in range(-20, 21):
        baluster(pen, k * 0.094, edge + 0.004)
    for y, h, light in ((-0.058, 0.020, 1.0), (edge + 0.008, 0.018, 0.7)):
        bar = pen.box(0, y + h, 2 * REACH, h)
        pen.fill(bar, pen.colour("wood", light), pen.colour("dark wood", 0.1))
    wheel(pen, -0.50, 0.115, 0.105)
    for x, y, size in ((0.62, 0.13, 0.15), (0.76, 0.115, 0.13), (-1.05, 0.14, 0.15)):
        cask(pen, x, y, size)
    for k in range(4):
        coil = skia.Path().addOval(skia.Rect(0.24, 0.135 - 0.010 * k, 0.40, 0.170 - 0.010 * k))
        pen.stroke(coil, pen.colour("rope", 0.9 - 0.1 * k), 0.010)
        pen.stroke(coil, pen.colour("rope", 0.1, 0.5), 0.002)


def baluster(pen: Pen, x: float, y: float) -> None:
    """A turned post of the rail."""
    post = pen.curve([(x - 0.008, y), (x - 0.014, y - 0.03), (x - 0.006, y - 0.06), (x - 0.010, y - 0.095)])
    post.lineTo(x + 0.010, y - 0.095)
    post.cubicTo(x + 0.004, y - 0.07, x + 0.018, y - 0.035, x + 0.008, y)
    post.close()
    pen.round(post, "wood")


def wheel(pen: Pen, x: float, y: float, radius: float) -> None:
    """The ship's wheel on its stand."""
    cy = y - radius * 1.25
    pen.fill(
        pen.polygon([(x - 0.05, y + 0.02), (x - 0.026, cy), (x + 0.026, cy), (x + 0.05, y + 0.02)]),
        pen.colour("wood", 0.7),
        pen.colour("dark wood", 0.1),
    )
    for k in range(8):
        a = k * math.pi / 4 + 0.2
        tip = (x + math.cos(a) * radius * 1.28, cy + math.sin(a) * radius * 1.28)
        pen.line((x, cy), tip, pen.colour("wood", 0.9), 0.009)
        pen.line(
            (x + math.cos(a) * radius * 1.05, cy + math.sin(a) * radius * 1.05), tip, pen.colour("wood", 1.1), 0.015
        )
    for r, width in ((1.0, 0.020), (0.84, 0.006)):
        ring = skia.Path().addCircle(x, cy, radius * r)
        pen.stroke(ring, pen.colour("dark wood", 0.9), width)
        pen.stroke(ring, pen.colour("gold", 0.8, 0.7), 0.002)
    pen.circle(x, cy, radius * 0.2, pen.colour("bronze", 0.9))


def cask(pen: Pen, x: float, y: float, size: float) -> None:
    """A barrel on deck."""
    w = size * 0.40
    side = pen.curve([(x - w * 0.82, y), (x - w, y - size * 0.5), (x - w * 0.82, y - size)])
    side.lineTo(x + w * 0.82, y - size)
    side.cubicTo(x + w * 1.06, y - size * 0.66, x + w * 1.06, y - size * 0.33, x + w * 0.82, y)
    side.close()
    pen.round(side, "wood")
    lid = skia.Path().addOval(skia.Rect(x - w * 0.82, y - size * 1.06, x + w * 0.82, y - size * 0.94))
    pen.fill(lid, pen.colour("wood", 1.0), pen.colour("wood", 0.6))
    for t in (0.15, 0.36, 0.64, 0.85):
        bow = w * (0.82 + 0.18 * math.sin(math.pi * t))
        pen.line((x - bow, y - size * t), (x + bow, y - size * t), pen.colour("dark metal", 0.6), 0.007)


@ship_deck.live
def lanterns(pen: Pen, time_s: float) -> None:
    """Two lanterns that swing, lit by night, and a pennant."""
    for i, x in enumerate((-0.34, 0.34)):
        swing = 0.012 * math.sin(time_s * 1.1 + i)
        pen.line((x, -0.30), (x + swing, -0.125), pen.colour("rope", 0.2), 0.002)
        body = pen.box(x + swing, -0.085, 0.030, 0.040)
        pen.fill(body, pen.blend(pen.colour("glass", 0.6), pen.shine(0xFFD890), pen.lamps), pen.colour("bronze", 0.4))
        pen.stroke(body, pen.colour("dark metal", 0.5), 0.003)
        if pen.lamps:
            pen.glow(x + swing, -0.105, 0.11 + 0.004 * math.sin(time_s * 9 + i), 0xFFB050, 0.65 * pen.lamps)


@structure(
    "space-station",
    synonyms=("station", "orbital station", "space base", "satellite", "orbital", "space habitat", "iss", "orbit"),
    implies={"sky": "stars", "ground": "moondust"},
)
def space_station(pen: Pen) -> None:
    """A wheel with spokes about a hub, seen aslant, with wings of solar cells, above the ground."""
    pen.canvas.save()
    pen.canvas.translate(0, -0.30)
    pen.canvas.rotate(-14)
    for side in (-1, 1):
        wing(pen, side)
    ring(pen, behind=True)
    hub(pen)
    ring(pen, behind=False)
    pen.canvas.restore()


def wing(pen: Pen, side: int) -> None:
    """Panels of solar cells on a boom."""
    boom = pen.box(side * 0.32, 0.008, 0.52, 0.014)
    pen.fill(boom, pen.colour("metal", 0.9), pen.colour("dark metal", 0.1))
    for k in range(3):
        x = side * (0.38 + 0.095 * k)
        for up in (-1, 1):
            panel = skia.Path().addRect(
                skia.Rect(x - 0.042, min(up * 0.018, up * 0.165), x + 0.042, max(up * 0.018, up * 0.165))
            )
            pen.fill_between(
                panel, (x - 0.04, -0.1), (x + 0.04, 0.1), pen.colour(0x3A5AA8, 1.2), pen.colour(0x1A2A5A, 0.5)
            )
            for c in range(1, 3):
                pen.line(
                    (x - 0.042 + 0.028 * c, up * 0.018),
                    (x - 0.042 + 0.028 * c, up * 0.165),
                    pen.colour("metal", 0.8, 0.6),
                    0.0016,
                )
            for r in range(1, 7):
                pen.line(
                    (x - 0.042, up * (0.018 + 0.021 * r)),
                    (x + 0.042, up * (0.018 + 0.021 * r)),
                    pen.colour("metal", 0.8, 0.45),
                    0.0012,
                )
            pen.stroke(panel, pen.colour("metal", 1.0), 0.0024)


def ring(pen: Pen, behind: bool) -> None:
    """Half of the wheel: the far half behind the hub, the near one before it."""
    outer, flat, thick = 0.245, 0.36, 0.036
    start = 180 if behind else 0
    oval = skia.Rect(-outer, -outer * flat, outer, outer * flat)
    arc = skia.Path().addArc(oval, start, 180)
    for width, light in ((thick, 0.10), (thick * 0.82, 0.55), (thick * 0.34, 1.0)):
        shift = -0.006 if light == 1.0 else 0.0
        moved = skia.Path(arc)
        moved.offset(0, shift)
        tone = pen.colour(0xC8D0D8, light * (0.6 if behind else 1.0))
        pen.canvas.drawPath(moved, pen.paint(tone, Style=skia.Paint.kStroke_Style, StrokeWidth=width))
    for k in range(15):
        a = math.radians(start + 6 + 12 * k)
        x, y = math.cos(a) * outer, math.sin(a) * outer * flat
        w = 0.006 + 0.010 * abs(math.sin(a))
        pen.fill(pen.box(x, y + 0.007, w, 0.007), pen.shine(0xFFE2A0, 0.95))
    if behind:
        for k in range(6):
            a = math.radians(60 * k + 20)
            pen.line((0, 0), (math.cos(a) * outer, math.sin(a) * outer * flat), pen.colour("metal", 0.55), 0.011)
            pen.line(
                (0, -0.003), (math.cos(a) * outer, math.sin(a) * outer * flat - 0.003), pen.colour("metal", 1.1), 0.003
            )


def hub(pen: Pen) -> None:
    """The axle: modules above each other, a dish, an antenna, docking lights."""
    for y, width, height, light in (
        (0.155, 0.060, 0.045, 0.8),
        (0.115, 0.085, 0.085, 1.0),
        (0.035, 0.125, 0.085, 1.0),
        (-0.05, 0.085, 0.085, 1.0),
        (-0.13, 0.052, 0.06, 0.9),
    ):
        module = skia.Path().addRoundRect(skia.Rect(-width / 2, y - height, width / 2, y), 0.012, 0.012)
        lit, mid, dim = (pen.colour(0xD4DAE0, share * light) for share in (1.1, 0.55, 0.02))
        tones = (mid, lit, mid, dim, dim) if pen.side <= 0 else (dim, dim, mid, lit, mid)
        pen.fill_between(module, (-width / 2, 0), (width / 2, 0), *tones)
        for k in range(3):
            pen.line(
                (-width / 2, y - height * (k + 1) / 4),
                (width / 2, y - height * (k + 1) / 4),
                pen.colour("dark metal", 0.2, 0.5),
                0.0014,
            )
        for k in range(int(width / 0.02)):
            if pen.random.random() < 0.7:
                pen.fill(
                    pen.box(-width / 2 + 0.014 + 0.02 * k, y - height * 0.42, 0.007, 0.008), pen.shine(0xBFE8FF, 0.95)
                )
    pen.line((0, -0.19), (0, -0.29), pen.colour("metal", 0.9), 0.003)
    dish = skia.Path().addOval(skia.Rect(0.012, -0.262, 0.082, -0.212))
    pen.fill_between(dish, (0.01, 0), (0.08, 0), pen.colour("white", 1.0), pen.colour("metal", 0.2))
    pen.line((0.047, -0.237), (0.075, -0.262), pen.colour("metal", 0.9), 0.0022)


@space_station.live
def running_lights(pen: Pen, time_s: float) -> None:
    """Red and green lamps that flash, and a shuttle that comes and goes."""
    for x, y, code, phase in (
        (-0.55, -0.165, 0xFF4030, 0.0),
        (0.55, -0.435, 0x40FF70, 0.5),
        (-0.07, -0.58, 0xFFFFFF, 0.25),
    ):
        strength = max(0.0, math.sin((time_s * 0.8 + phase) * math.tau)) ** 8
        if strength > 0.03:
            pen.glow(x, y, 0.045, code, strength)
    way = (time_s * 0.02) % 1.0
    x, y = -0.95 + 0.85 * way, -0.10 - 0.16 * way
    pen.glow(x - 0.016, y + 0.003, 0.030, 0x66B8FF, 0.8)
    craft = pen.polygon(
        [(x - 0.016, y + 0.006), (x - 0.012, y - 0.004), (x + 0.020, y - 0.003), (x + 0.012, y + 0.006)]
    )
    pen.fill(craft, pen.colour("white", 1.0), pen.colour("metal", 0.3))
