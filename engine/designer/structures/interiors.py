"""What rooms are made of: walls, columns, arched windows, chandeliers, carpets, shelves, light that falls in."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen


def wall(pen: Pen, material: str | int, course: float = 0.07, block: float = 0.15, strength: float = 0.5) -> None:
    """A wall from side to side in courses of blocks, lighter in the middle, dark above and at the sides."""
    area = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.03))
    pen.fill_between(
        area, (0, TOP), (0, 0), pen.colour(material, 0.05), pen.colour(material, 0.5), pen.colour(material, 0.3)
    )
    pen.texture(area, "puff", pen.colour(material, 0.0), scale=0.8, strength=0.45)
    pen.texture(area, "grain", pen.colour(material, 0.0), scale=0.3, strength=0.3)
    if course:
        joint, edge = pen.colour(material, 0.0, 0.55 * strength), pen.colour(material, 0.9, 0.25 * strength)
        row, y = 0, -0.0
        while y > TOP:
            pen.line((-REACH, y), (REACH, y), joint, 0.0022)
            pen.line((-REACH, y + 0.0022), (REACH, y + 0.0022), edge, 0.0012)
            x = -REACH + (block / 2 if row % 2 else 0)
            while x < REACH:
                shift = pen.random.uniform(-0.1, 0.1) * block
                pen.line((x + shift, y), (x + shift, y - course), joint, 0.0018)
                if pen.random.random() < 0.14:
                    stone = pen.box(x + shift + block / 2, y, block * 0.94, course * 0.94)
                    pen.fill(stone, pen.colour(material, pen.random.choice((0.0, 0.8)), 0.14))
                x += block
            row, y = row + 1, y - course
    for way in (-1, 1):
        dark = pen.colour("black", 0.0) & 0xFFFFFF
        side = skia.Path().addRect(skia.Rect(min(way * 0.55, way * REACH), TOP, max(way * 0.55, way * REACH), 0.03))
        pen.fill_between(side, (way * 0.55, 0), (way * 1.7, 0), dark, dark | 0xC0000000)


def column(pen: Pen, x: float, width: float, material: str | int, top: float = TOP, foot: float = 0.03) -> None:
    """A round column from the floor to `top`, on a base, under a capital."""
    shaft = skia.Path().addRect(skia.Rect(x - width / 2, top, x + width / 2, foot))
    pen.round(shaft, material)
    pen.texture(shaft, "grain", pen.colour(material, 0.0), scale=0.2, strength=0.3)
    for share, height in ((1.5, 0.028), (1.3, 0.05)):
        pen.round(pen.box(x, foot, width * share, height), material)
    if top > TOP:
        for share, rise in ((1.25, 0.0), (1.5, 0.018)):
            pen.round(pen.box(x, top - rise, width * share, 0.018), material)
    away = 1 if pen.side <= 0 else -1  # the side that it shades on the wall
    near, far = x + away * width * 0.5, x + away * width * 1.4
    shadow = skia.Path().addRect(skia.Rect(min(near, far), top, max(near, far), foot))
    pen.fill_between(shadow, (near, 0), (far, 0), 0x66000000, 0x00000000)


def glazing(pen: Pen, x: float, y: float, width: float, height: float, pointed: float, codes: tuple[int, ...]) -> None:
    """A tall window with lead and coloured panes, shining: by day the sun, by night the moon stands behind it."""
    reveal = pen.arch(x, y + 0.01, width * 1.22, height + width * 0.14, pointed)
    pen.fill(reveal, pen.colour("dark stone", 0.1), pen.colour("stone", 0.8))
    pane = pen.arch(x, y, width, height, pointed)
    pen.fill(pane, pen.shine(codes[0]), pen.shine(codes[-1]))
    pen.canvas.save()
    pen.canvas.clipPath(pane, True)
    rows, columns = max(3, int(height / 0.045)), 4
    for r in range(rows):
        for c in range(columns):
            code = pen.random.choice(codes)
            cell = pen.box(
                x - width / 2 + (c + 0.5) * width / columns, y - r * height / rows, width / columns, height / rows
            )
            pen.fill(cell, pen.shine(code, pen.random.uniform(0.35, 0.95)))
    lead = pen.colour("black", 0.2)
    for r in range(rows + 1):
        pen.line((x - width, y - r * height / rows), (x + width, y - r * height / rows), lead, 0.0022)
    for c in range(1, columns):
        px = x - width / 2 + c * width / columns
        pen.line((px, y), (px, y - height * 1.2), lead, 0.0036 if c == columns // 2 else 0.002)
    rose = skia.Path().addCircle(x, y - height + width * 0.42, width * 0.24)
    pen.fill(rose, pen.shine(codes[len(codes) // 2]))
    pen.stroke(rose, lead, 0.003)
    pen.canvas.restore()
    pen.stroke(pane, lead, 0.003)
    pen.glow(x, y - height * 0.55, height * 0.75, codes[0], 0.30)


def shafts(pen: Pen, xs: tuple[float, ...], top: float, code: int, strength: float = 0.13) -> None:
    """Light that falls slanting from windows at `xs` to the floor."""
    tone = pen.shine(code, strength)
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.014)
    for x in xs:
        beam = pen.polygon([(x - 0.05, top), (x + 0.05, top), (x + 0.42, 0.02), (x + 0.16, 0.02)])
        fade = skia.GradientShader.MakeLinear([skia.Point(x, top), skia.Point(x + 0.28, 0.02)], [tone, tone & 0xFFFFFF])
        pen.canvas.drawPath(beam, pen.paint(0xFFFFFFFF, Shader=fade, MaskFilter=blur, BlendMode=skia.BlendMode.kPlus))


def chandelier(pen: Pen, x: float, y: float, width: float) -> None:
    """A ring of iron on a chain; its candles are drawn live at the places that `chandelier_flames` gives."""
    iron = pen.colour("dark metal", 0.6)
    pen.line((x, TOP), (x, y - width * 0.35), iron, 0.003)
    for way in (-1, 0, 1):
        pen.line((x, y - width * 0.35), (x + way * width * 0.5, y), iron, 0.0025)
    ring = skia.Path().addOval(skia.Rect(x - width / 2, y - width * 0.09, x + width / 2, y + width * 0.09))
    pen.stroke(ring, iron, 0.008)
    for cx, cy in chandelier_flames(x, y, width):
        pen.fill(pen.box(cx, cy, 0.008, 0.022), pen.colour("paper", 0.9), pen.colour("paper", 0.5))
    pen.glow(x, y, width * 1.6, 0xFFB060, 0.42)


def chandelier_flames(x: float, y: float, width: float) -> list[tuple[float, float]]:
    """Where the candles of a chandelier stand."""
    angles = [k * math.tau / 8 for k in range(8)]
    return [(x + math.cos(a) * width * 0.5, y + math.sin(a) * width * 0.09) for a in angles]


def carpet(pen: Pen, material: str | int, edge: str | int, width: float = 0.075) -> None:
    """A runner from the far wall to the viewer, for `front`."""
    for share, code in ((1.0, edge), (0.84, material)):
        w, spread = width * share, 8.5
        runner = pen.polygon([(-w, 0.0), (w, 0.0), (w * spread, BOTTOM), (-w * spread, BOTTOM)])
        pen.fill_between(runner, (0, 0), (0, BOTTOM), pen.colour(code, 0.4), pen.colour(code, 0.7))
    runner = pen.polygon([(-width, 0.0), (width, 0.0), (width * 8.5, BOTTOM), (-width * 8.5, BOTTOM)])
    pen.texture(runner, "grain", pen.colour("black", 0.0), scale=0.12, stretch=2.0, strength=0.25)


def shelf(pen: Pen, x: float, y: float, width: float, height: float, rows: int) -> None:
    """A bookcase full of books."""
    case = pen.box(x, y, width, height)
    pen.fill(case, pen.colour("dark wood", 0.25), pen.colour("dark wood", 0.1))
    step = (height - 0.02) / rows
    for r in range(rows):
        bottom = y - 0.008 - r * step
        px = x - width / 2 + 0.010
        while px < x + width / 2 - 0.016:
            w = pen.random.uniform(0.006, 0.014)
            h = step * pen.random.uniform(0.6, 0.88)
            if pen.random.random() < 0.05:
                px += w
                continue
            code = pen.random.choice((0x7A2E2A, 0x2E4A3A, 0x2C3A5E, 0x8A6A36, 0x5A3A26, 0x6A5A48, 0x4A2A44, 0xA08A60))
            book = pen.box(px + w / 2, bottom, w, h)
            pen.fill_between(book, (px, 0), (px + w, 0), pen.colour(code, 0.9), pen.colour(code, 0.25))
            if pen.random.random() < 0.5:
                pen.line((px, bottom - h * 0.78), (px + w, bottom - h * 0.78), pen.colour("gold", 0.7), 0.0015)
            px += w + 0.0008
        board = pen.box(x, bottom + 0.008, width, 0.008)
        pen.fill(board, pen.colour("wood", 0.8), pen.colour("wood", 0.2))
    for side in (-1, 1):
        pen.fill(
            pen.box(x + side * width / 2, y, 0.014, height + 0.01), pen.colour("wood", 0.7), pen.colour("wood", 0.3)
        )
    pen.fill(pen.box(x, y - height, width + 0.03, 0.018), pen.colour("wood", 0.9), pen.colour("wood", 0.3))


def beams(pen: Pen, material: str = "dark wood", count: int = 9) -> None:
    """A timbered ceiling: joists that end at the wall."""
    pen.fill(
        skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, TOP + 0.11)),
        pen.colour(material, 0.0),
        pen.colour(material, 0.2),
    )
    for k in range(-count, count + 1):
        x = k * 0.22
        joist = pen.polygon(
            [(x * 1.25 - 0.03, TOP), (x * 1.25 + 0.03, TOP), (x + 0.022, TOP + 0.115), (x - 0.022, TOP + 0.115)]
        )
        pen.fill(joist, pen.colour(material, 0.2), pen.colour(material, 0.9))
    plate = skia.Path().addRect(skia.Rect(-REACH, TOP + 0.105, REACH, TOP + 0.135))
    pen.fill(plate, pen.colour(material, 0.9), pen.colour(material, 0.2))
    pen.texture(plate, "streak", pen.colour("black", 0.0), scale=0.05, strength=0.4)
