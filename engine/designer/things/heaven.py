"""What stands and flies in the sky itself: the moon, a planet with its ring, meteors."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import TOP, Pen
from engine.designer.registry import moving_thing, thing
from engine.designer.skies import parts


@thing("moon", synonyms=("full moon", "lunar disc"), layer="sky", implies={"sky": "night"})
def moon(pen: Pen) -> None:
    """A large full moon, over the side that the key light comes from; by day a pale one, away from the sun."""
    way = 1 if pen.side >= 0 else -1
    if pen.dark < 0.5:
        day_moon(pen, -0.42 * way, -0.52, 0.075)
    else:
        parts.moon(pen, 0.52 * way, -0.41, 0.115)


def day_moon(pen: Pen, x: float, y: float, radius: float) -> None:
    """A waxing moon in a bright sky: its lit side is white, its seas and its dark side are as the sky behind."""
    canvas, toward = pen.canvas, 1 if pen.side >= 0 else -1
    disc = skia.Path().addCircle(x, y, radius)
    canvas.saveLayer(None, None)
    pen.fill(disc, pen.shine(0xFFFFFF, 0.95), pen.shine(0xEEF2F8, 0.95))
    rub = pen.paint(0x7A000000, BlendMode=skia.BlendMode.kDstOut)
    rub.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.10 * radius))
    for dx, dy, r in ((-0.3, -0.3, 0.32), (0.2, -0.42, 0.22), (-0.05, 0.12, 0.3), (0.45, 0.08, 0.2), (0.1, 0.55, 0.14)):
        canvas.drawCircle(x + dx * radius, y + dy * radius, r * radius, rub)
    night = pen.paint(0xFF000000, BlendMode=skia.BlendMode.kDstOut)
    night.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.12 * radius))
    around = skia.Path().addRect(skia.Rect(x - 2 * radius, y - 2 * radius, x + 2 * radius, y + 2 * radius))
    canvas.drawPath(skia.Op(around, limb(x, y, radius, toward), skia.PathOp.kDifference_PathOp), night)
    canvas.restore()


def limb(x: float, y: float, radius: float, toward: int) -> skia.Path:
    """What the sun lights of a disc: the half towards it, and as far beyond the middle as an ellipse reaches."""
    left, right = sorted((x, x + 2 * toward * radius))
    half = skia.Path().addRect(skia.Rect(left, y - 2 * radius, right, y + 2 * radius))
    beyond = skia.Path().addOval(skia.Rect(x - 0.45 * radius, y - radius, x + 0.45 * radius, y + radius))
    return skia.Op(half, beyond, skia.PathOp.kUnion_PathOp)


@thing(
    "planet",
    synonyms=("saturn", "jupiter", "gas giant", "earth", "two moon", "alien world", "ringed planet", "exoplanet"),
    layer="sky",
    implies={"sky": "stars"},
)
def planet(pen: Pen) -> None:
    """A banded giant with a ring, lit from the key light's side, and its small moon."""
    x, y, radius = 0.54 * (1 if pen.side >= 0 else -1), -0.38, 0.15
    pen.canvas.save()
    pen.canvas.translate(x, y)
    pen.canvas.rotate(-17)
    pen.glow(0, 0, radius * 2.1, 0xE8B98A, 0.22)
    ring(pen, radius, behind=True)
    ball(pen, radius, (0xE9C79A, 0xC98F62, 0xF0DDBB, 0xB6764F, 0xDDB184, 0xA9684A, 0xE6CBA4))
    ring(pen, radius, behind=False)
    pen.canvas.restore()
    pen.canvas.save()
    pen.canvas.translate(x - math.copysign(0.30, x), y - 0.13)
    ball(pen, 0.036, (0x9FB2C8, 0x8496AE, 0xB7C6D6))
    pen.canvas.restore()


def ball(pen: Pen, radius: float, codes: tuple[int, ...]) -> None:
    """A sphere with wavy bands about (0, 0): bands are squeezed towards the poles, the far side lies in shadow."""
    disc = skia.Path().addCircle(0, 0, radius)
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(disc, True)
    pen.fill(disc, pen.shine(codes[0]))
    count = 4 * len(codes)
    for k in range(count):
        top = -radius * math.cos(math.pi * k / count)
        low = -radius * math.cos(math.pi * (k + 1) / count)
        wave = [pen.random.uniform(-0.08, 0.08) * radius for _ in range(7)]
        points = [(radius * (i / 3 - 1) * 1.1, top + wave[i] * 0.5) for i in range(7)]
        band = pen.curve([*points, (1.2 * radius, low + 0.1 * radius), (-1.2 * radius, low + 0.1 * radius)], close=True)
        pen.fill(band, pen.shine(codes[k % len(codes)], 0.75))
    pen.texture(disc, "streak", pen.shine(codes[1]), scale=radius * 0.8, strength=0.25)
    side = 1 if pen.side >= 0 else -1
    lit = skia.Point(0.55 * radius * side, -0.5 * radius)
    night = skia.GradientShader.MakeRadial(lit, 1.75 * radius, [0x00000008, 0x30000010, 0xF0020310], [0.0, 0.45, 1.0])
    canvas.drawCircle(0, 0, radius, pen.paint(0xFFFFFFFF, Shader=night))
    canvas.restore()
    edge = pen.paint(pen.shine(0xFFE6C8, 0.35), Style=skia.Paint.kStroke_Style, StrokeWidth=0.03 * radius)
    edge.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.02 * radius))
    canvas.drawArc(skia.Rect(-radius, -radius, radius, radius), 190 if side < 0 else 270, 80, False, edge)


def ring(pen: Pen, radius: float, behind: bool) -> None:
    """Half of a ring of dust: the half behind the ball, or the one before it."""
    canvas = pen.canvas
    canvas.save()
    canvas.clipRect(
        skia.Rect(-3 * radius, -radius, 3 * radius, 0) if behind else skia.Rect(-3 * radius, 0, 3 * radius, radius)
    )
    for k in range(26):
        share = k / 25
        if 0.56 < share < 0.64:
            continue  # Cassini's gap
        out = radius * (1.32 + 0.78 * share)
        tone = pen.random.uniform(0.25, 0.8) * (0.5 if behind else 0.85)
        stroke = pen.paint(
            pen.shine(0xE9D3AE if k % 3 else 0xBF9A75, tone), Style=skia.Paint.kStroke_Style, StrokeWidth=radius * 0.034
        )
        canvas.drawOval(skia.Rect(-out, -out * 0.24, out, out * 0.24), stroke)
    canvas.restore()


@moving_thing(
    "meteors",
    synonyms=("meteor", "shooting star", "falling star", "comet", "meteor shower", "asteroid"),
    layer="heaven",
    implies={"sky": "stars"},
)
def meteors(pen: Pen, time_s: float) -> None:
    """Streaks that cross the sky and burn out, one or two at a time."""
    trail = pen.sprite("trail", 0.5, 0.03, one_trail)
    for lane in range(4):
        pace = 2.3 + 0.7 * lane
        turn, share = divmod(time_s + 1.37 * lane, pace)
        age = share / 0.95
        if age >= 1:
            continue
        a, b, c = pen.numbers(61, 3, lane)[int(turn) % 61].tolist()
        x = -1.1 + 1.9 * a + 0.75 * age
        y = TOP + 0.02 + 0.24 * b + 0.34 * age
        light = min(1.0, 5 * age) * (1 - age) ** 0.7
        pen.stamp(trail, x, y, 0.45 + 0.6 * c, light, turn=24.4)


def one_trail(pen: Pen) -> None:
    """A head with a tail behind it, flying to the right."""
    tail = pen.polygon([(-0.24, 0), (0.2, -0.006), (0.212, 0), (0.2, 0.006)])
    pen.fill_between(
        tail, (-0.24, 0), (0.21, 0), pen.shine(0x9FC4FF, 0.0), pen.shine(0xBBD6FF, 0.3), pen.shine(0xFFFFFF)
    )
    pen.glow(0.2, 0, 0.04, 0xCFE4FF, 0.9)
    pen.glow(0.205, 0, 0.016, 0xFFFFFF, 1.0)
