"""Things with a body, which fills the prop's outline: a gold chest, an ice block, a crate, a cape; and a crown."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.props.registry import Hand, drawn

GOLD = ((0.0, 0x6A3F06, 1.0), (0.25, 0xC98A1A, 1.0), (0.5, 0xFFE58A, 1.0), (0.62, 0xE0A62C, 1.0), (1.0, 0x7A4A08, 1.0))


def stroke(
    hand: Hand, colour: int, width: float, alpha: float = 1.0, blur: float = 0.0, plus: bool = False
) -> skia.Paint:
    """A paint that draws lines; width in units."""
    paint = hand.paint(colour, alpha, blur, plus)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


@drawn("gold chest", "treasure chest", "golden chest", "chest of gold", "treasure", better=False)
def gold_chest(hand: Hand) -> None:
    """Gold plates within the outline, bands with rivets, a lid, a lock with a ruby; a gleam runs over it."""
    canvas, w = hand.canvas, hand.width
    hand.lamp((0, 0), 2.3, 0xFFC24A, 0.42)
    canvas.save()
    canvas.clipPath(hand.outline, doAntiAlias=True)
    sweep = 0.5 * math.sin(0.9 * hand.time_s)
    canvas.drawPaint(skia.Paint(Shader=hand.linear((-w * 1.2, -1.1 + sweep), (w * 1.2, 1.1 + sweep), GOLD)))
    for x in (-0.62 * w, 0.62 * w):
        band = skia.Rect(x - 0.11 * w, -1.2, x + 0.11 * w, 1.2)
        canvas.drawRect(band, skia.Paint(Shader=hand.linear((x - 0.11 * w, 0), (x + 0.11 * w, 0), GOLD)))
        canvas.drawRect(band, stroke(hand, 0x4A2A04, 0.025, 0.8))
        for n in range(6):
            y = -0.85 + 0.34 * n
            hand.round((x, y), 0.05, ((0.0, 0xFFF6C8, 1.0), (0.6, 0xC08A20, 1.0), (1.0, 0x5A3406, 1.0)))
    canvas.drawRect(skia.Rect(-1.3 * w, -0.32, 1.3 * w, -0.26), hand.paint(0x3A2002, 0.85))
    canvas.drawRect(skia.Rect(-1.3 * w, -0.26, 1.3 * w, -0.20), hand.paint(0xFFEFA8, 0.8))
    lock = skia.Rect(-0.24 * w, -0.42, 0.24 * w, 0.12)
    canvas.drawRoundRect(lock, 0.06, 0.06, skia.Paint(AntiAlias=True, Shader=hand.linear((0, -0.42), (0, 0.12), GOLD)))
    canvas.drawRoundRect(lock, 0.06, 0.06, stroke(hand, 0x4A2A04, 0.03))
    hand.round((0, -0.15), 0.13 * min(1, 1.4 * w), ((0.0, 0xFF8A9A, 1.0), (0.5, 0xD0102A, 1.0), (1.0, 0x52000E, 1.0)))
    gleam = ((hand.time_s * 0.45) % 1.0) * 5 - 2.5
    slant = hand.polygon([(gleam - 0.5, 1.2), (gleam - 0.1, 1.2), (gleam + 0.7, -1.2), (gleam + 0.3, -1.2)])
    canvas.drawPath(slant, hand.paint(0xFFF8D8, 0.55, 0.1, plus=True))
    canvas.drawPath(hand.outline, stroke(hand, 0x4A2A04, 0.10, 0.9))
    canvas.drawPath(hand.outline, stroke(hand, 0xFFE9A0, 0.045, 0.9))
    canvas.restore()
    for a, b, c in hand.chance(7, 3, 51).tolist():
        star(hand, ((2 * a - 1) * 0.9 * w, (2 * b - 1) * 0.85), math.sin(hand.time_s * (1 + c) + math.tau * a))


def star(hand: Hand, at: tuple[float, float], light: float) -> None:
    """A glint with four rays while `light` is above 0."""
    if light <= 0:
        return
    size = 0.16 * light**4
    for x, y in ((size, 0.0), (0.0, size)):
        hand.canvas.drawLine(
            at[0] - x, at[1] - y, at[0] + x, at[1] + y, stroke(hand, 0xFFFFF0, 0.022, light, plus=True)
        )
    hand.round(at, 0.6 * size + 0.01, ((0.0, 0xFFFFFF, light), (1.0, 0xFFF0B0, 0.0)), plus=True)


@drawn("ice block", "block of ice", "ice cube", "ice crystal", "lump of ice")
def ice_block(hand: Hand) -> None:
    """Clear ice within the outline: what is behind shows through in blue, cracks, frost along the edge, glints."""
    canvas, w = hand.canvas, hand.width
    hand.lamp((0, 0), 1.8, 0x9ADCFF, 0.3)
    canvas.save()
    canvas.clipPath(hand.outline, doAntiAlias=True)
    ice = ((0.0, 0xF2FCFF, 0.96), (0.35, 0x9AD6F2, 0.86), (0.7, 0x4A9ACC, 0.86), (1.0, 0x9AD8F0, 0.95))
    canvas.drawPaint(skia.Paint(Shader=hand.linear((-w, -1), (w, 1), ice)))
    for n, (a, b, c) in enumerate(hand.chance(9, 3, 61).tolist()):
        x, y = (2 * a - 1) * w, 2 * b - 1
        points = [(x, y)]
        for k in range(4):
            turn = math.tau * c + 1.9 * math.sin(7 * a + 3 * k)
            x, y = x + 0.3 * w * math.cos(turn), y + 0.3 * math.sin(turn)
            points.append((x, y))
        if n < 5:
            facet = hand.polygon([*points, (points[0][0] + 0.5 * w, points[0][1] + 0.4)])
            canvas.drawPath(facet, hand.paint((0xFFFFFF, 0x2A7AB4)[n % 2], 0.20, 0.02))
        path = skia.Path().addPoly([skia.Point(*point) for point in points], False)
        canvas.drawPath(path, stroke(hand, 0xFFFFFF, 0.02, 0.75))
    for a, b, c in hand.chance(26, 3, 63).tolist():
        hand.canvas.drawCircle((2 * a - 1) * w, 2 * b - 1, 0.012 + 0.02 * c, hand.paint(0xFFFFFF, 0.4))
    canvas.drawPath(hand.outline, stroke(hand, 0xFFFFFF, 0.30, 0.5, 0.09))
    canvas.drawPath(hand.outline, stroke(hand, 0xFFFFFF, 0.06, 0.95))
    canvas.restore()
    for a, b, c in hand.chance(8, 3, 65).tolist():
        star(hand, ((2 * a - 1) * 0.8 * w, 1.6 * b - 0.8), math.sin(hand.time_s * (0.8 + c) + math.tau * b))


@drawn("royal cape", "cape", "cloak", "royal robe", "royal cloak", "kings robe", "mantle")
def royal_cape(hand: Hand) -> None:
    """Velvet in folds that sway within the outline, lilies of gold, a hem of ermine under a golden seam."""
    canvas, w = hand.canvas, hand.width
    canvas.save()
    canvas.clipPath(hand.outline, doAntiAlias=True)
    canvas.drawPaint(skia.Paint(Shader=hand.linear((-w, -1), (w, 1), ((0.0, 0x9A0A22, 1.0), (1.0, 0x5A0214, 1.0)))))
    for n in range(8):
        x = w * (-1.15 + 0.33 * n + 0.05 * math.sin(1.3 * hand.time_s + n))
        fold = ((0.0, 0x2A0008, 0.75), (0.5, 0xE0405A, 0.6), (1.0, 0x2A0008, 0.75))
        lean = 0.06 * w * math.sin(0.9 * hand.time_s + 1.7 * n)
        strip = hand.polygon([(x, -1.3), (x + 0.26 * w, -1.3), (x + 0.3 * w + lean, 1.3), (x - 0.04 * w + lean, 1.3)])
        canvas.drawPath(strip, skia.Paint(AntiAlias=True, Shader=hand.linear((x, 0), (x + 0.28 * w, 0), fold)))
    for n in range(15):
        x, y = w * (-0.72 + 0.36 * (n % 5)), -0.7 + 0.45 * (n // 5) + 0.22 * (n % 2)
        for dx, dy, size in ((0, 0, 0.05), (-0.06, 0.03, 0.035), (0.06, 0.03, 0.035), (0, 0.09, 0.03)):
            canvas.drawOval(
                skia.Rect(x + dx - 0.6 * size, y + dy - size, x + dx + 0.6 * size, y + dy + size), hand.paint(0xF0C050)
            )
    fur = skia.Rect(-1.5 * w, 0.72, 1.5 * w, 1.5)
    canvas.drawRect(fur, hand.paint(0xF4EEE2, 1.0, 0.02))
    canvas.drawRect(skia.Rect(-1.5 * w, 0.66, 1.5 * w, 0.72), hand.paint(0xE8B84A))
    for n in range(9):
        x, y = w * (-1.0 + 0.25 * n), 0.80 + 0.09 * (n % 2)
        canvas.drawPath(hand.polygon([(x, y), (x + 0.03, y + 0.08), (x - 0.03, y + 0.08)]), hand.paint(0x1A1418))
    canvas.drawPath(hand.outline, stroke(hand, 0x3A0008, 0.10, 0.8, 0.03))
    canvas.drawPath(hand.outline, stroke(hand, 0xE8B84A, 0.06))
    canvas.restore()


@drawn("crate", "wooden crate", "wooden box", "wood box", "packing case")
def crate(hand: Hand) -> None:
    """Planks within the outline, a frame and a brace with nails."""
    canvas, w = hand.canvas, hand.width
    canvas.save()
    canvas.clipPath(hand.outline, doAntiAlias=True)
    canvas.drawPaint(skia.Paint(Shader=hand.linear((-w, -1), (w, 1), ((0.0, 0xC48E50, 1.0), (1.0, 0x6E4420, 1.0)))))
    for n, (a, b) in enumerate(hand.chance(8, 2, 71).tolist()):
        y = -1.15 + 0.3 * n
        canvas.drawRect(
            skia.Rect(-1.5 * w, y, 1.5 * w, y + 0.28), hand.paint((0xFFE0A8, 0x3A1E08)[n % 2], 0.08 + 0.16 * a)
        )
        canvas.drawRect(skia.Rect(-1.5 * w, y + 0.27, 1.5 * w, y + 0.3), hand.paint(0x24100A, 0.9))
        canvas.drawLine(-w, y + 0.06 + 0.1 * b, w, y + 0.08 + 0.1 * a, stroke(hand, 0x4A2A10, 0.018, 0.6))
    brace = hand.polygon([(-w, 0.62), (-w, 1.0), (w, -0.62), (w, -1.0)])
    canvas.drawPath(brace, hand.paint(0xB07A40))
    canvas.drawPath(brace, stroke(hand, 0x2E180A, 0.04, 0.9))
    canvas.drawPath(hand.outline, stroke(hand, 0xA8743C, 0.42))
    canvas.drawPath(hand.outline, stroke(hand, 0x2E180A, 0.05))
    for n in range(12):
        turn = math.tau * n / 12
        canvas.drawCircle(0.86 * w * math.cos(turn), 0.86 * math.sin(turn), 0.03, hand.paint(0x2A2A2E))
    sun = 0.04 * math.sin(0.7 * hand.time_s)  # the light breathes
    canvas.drawPaint(
        skia.Paint(Shader=hand.linear((0, -1.1), (0, 1.1), ((0.0, 0xFFF0D0, 0.2 + sun), (1.0, 0x100400, 0.3 + sun))))
    )
    canvas.restore()


@drawn("crown", "royal crown", "golden crown", "kings crown", "tiara", "diadem")
def crown(hand: Hand) -> None:
    """A crown of the prop's width: a band with jewels, five points with pearls, velvet within."""
    canvas = hand.canvas
    canvas.save()
    turned = hand.pose.length > 1.25 * hand.pose.width  # a wide thing lies: the crown stands on it
    lean = math.degrees(hand.pose.angle)
    if turned and abs(lean) > 45:
        canvas.rotate(-90 if lean > 0 else 90)
        half, tall = 1.05, max(hand.width, 0.55)
    else:
        half, tall = 1.08 * hand.width, 1.0
    hand.lamp((0, -0.1), 2.2, 0xFFD060, 0.4)
    velvet = hand.polygon(
        [(-0.86 * half, 0.5 * tall), (-0.7 * half, -0.45 * tall), (0.7 * half, -0.45 * tall), (0.86 * half, 0.5 * tall)]
    )
    canvas.drawPath(velvet, hand.paint(0x7A0A1E, 1.0, 0.02))
    points = [(-half * 0.92, 0.75 * tall)]
    for n in range(5):
        x = half * (-1.0 + 0.5 * n)
        points.append((x * 1.04, -0.95 * tall * (0.86 if n % 2 else 1.0)))
        if n < 4:
            points.append((x + 0.25 * half, -0.05 * tall))
    points.append((half * 0.92, 0.75 * tall))
    body = hand.polygon(points)
    sweep = 0.5 * half * math.sin(0.8 * hand.time_s)
    canvas.drawPath(
        body, skia.Paint(AntiAlias=True, Shader=hand.linear((-half + sweep, 0.6), (half + sweep, -0.6), GOLD))
    )
    canvas.drawPath(body, stroke(hand, 0x5A3404, 0.04))
    band = skia.Rect(-0.98 * half, 0.45 * tall, 0.98 * half, 0.98 * tall)
    canvas.drawRoundRect(
        band, 0.08, 0.08, skia.Paint(AntiAlias=True, Shader=hand.linear((0, 0.4 * tall), (0, tall), GOLD))
    )
    canvas.drawRoundRect(band, 0.08, 0.08, stroke(hand, 0x5A3404, 0.035))
    for n in range(5):
        jewel = (0xFF5A70, 0x5AB4FF, 0x6AE08A)[n % 3]
        x = half * (-0.74 + 0.37 * n)
        hand.round(
            (x, 0.71 * tall), 0.13 * min(1.0, half), ((0.0, 0xFFFFFF, 1.0), (0.35, jewel, 1.0), (1.0, 0x200010, 1.0))
        )
        top = half * (-1.0 + 0.5 * n) * 1.04, -0.97 * tall * (0.86 if n % 2 else 1.0)
        hand.round(top, 0.11 * min(1.0, half), ((0.0, 0xFFFFFF, 1.0), (0.5, 0xF6E8C8, 1.0), (1.0, 0x8A6A3A, 1.0)))
        star(hand, (x, 0.68 * tall), math.sin(hand.time_s * (1.1 + 0.2 * n) + 1.7 * n))
    canvas.restore()
