"""A skyline of towers, which is old or new as the period has it."""

from __future__ import annotations

import math

from engine.designer.pen import REACH, Pen
from engine.designer.registry import structure

_GLASS = (0x6F8396, 0x8C9AA6, 0x7A756E, 0x9C8F80, 0x5B6B7A, 0xA8A29A)
_SIGNS = (0xFF3C8E, 0x32E0FF, 0xFFD23C, 0x8A5CFF, 0x4DFF9A)


@structure(
    "skyline",
    stands="range",
    synonyms=(
        "skyscraper",
        "metropolis",
        "downtown",
        "cityscape",
        "manhattan",
        "tower block",
        "high-rise",
        "city skyline",
        "megacity",
    ),
    implies={"ground": "street"},
)
def skyline(pen: Pen) -> None:
    """Three rows of towers, the nearer the darker, windows lit by night."""
    for row, (distance, low, high, width) in enumerate(
        ((0.55, 0.16, 0.42, 0.10), (0.28, 0.12, 0.38, 0.12), (0.05, 0.06, 0.26, 0.15))
    ):
        x = -REACH - 0.1
        while x < REACH:
            w = width * pen.random.uniform(0.6, 1.3)
            centre = math.exp(-((x / 0.75) ** 2))
            h = pen.random.uniform(low, low + (high - low) * (0.45 + 0.55 * centre))
            if row == 1 and abs(x) < 0.10:
                h = 0.47
            tower(pen, x + w / 2, w * 0.94, h, distance)
            x += w * pen.random.uniform(0.92, 1.15)
        pen.mist(-0.16 + 0.04 * row, 0.05, 0.5 * pen.air.mist)
    if pen.lamps:
        pen.glow(0, 0.02, 1.1, 0xFF8A50, 0.20 * pen.lamps)
        pen.glow(-0.7, 0.02, 0.7, 0x6A7CFF, 0.14 * pen.lamps)


def tower(pen: Pen, x: float, width: float, height: float, distance: float) -> None:
    """One tower: its body in two faces, its top, its windows."""
    base = 0.03
    code = pen.random.choice(_GLASS)
    future = pen.period == "futuristic"
    side = width * pen.random.uniform(0.22, 0.4)
    lit, mid, dim = (pen.colour(code, share, far=distance) for share in (1.0, 0.55, 0.08))
    sunny = pen.side <= 0
    split = x + (width / 2 - side) * (1 if sunny else -1)
    left, right = x - width / 2, x + width / 2
    style = pen.random.random()
    body = pen.box(x, base, width, height + base)
    pen.fill_between(body, (0, -height), (0, 0), lit, mid)
    face = pen.box((split + (right if sunny else left)) / 2, base, side, height + base)
    pen.fill_between(face, (0, -height), (0, 0), pen.colour(code, 0.3, far=distance), dim)
    if style < 0.22:  # setbacks and a spire
        for k in range(1, 4):
            w = width * (1 - 0.24 * k)
            step = pen.box(x, -height - 0.03 * (k - 1), w, 0.032)
            pen.fill_between(step, (x - w / 2, 0), (x + w / 2, 0), *((lit, dim) if sunny else (dim, lit)))
        pen.line((x, -height - 0.09), (x, -height - 0.15), mid, 0.003)
        if pen.lamps:
            pen.glow(x, -height - 0.15, 0.02, 0xFF4030, 0.9 * pen.lamps)
    elif style < 0.34 or (future and style < 0.6):  # a slanted or a rounded top
        bow = pen.polygon([(left, -height), (left if sunny else right, -height - width * 0.5), (right, -height)])
        if future:
            bow = pen.curve(
                [
                    (left, -height + 0.005),
                    (left + width * 0.18, -height - width * 0.45),
                    (x, -height - width * 0.62),
                    (right - width * 0.18, -height - width * 0.45),
                    (right, -height + 0.005),
                ]
            )
            pen.line((x, -height - width * 0.5), (x, -height - width * 1.5), mid, 0.003)
        pen.fill(bow, lit, mid)
    elif style < 0.6:
        for _ in range(3):
            pen.fill(
                pen.box(
                    x + pen.random.uniform(-0.35, 0.35) * width, -height, width * 0.16, pen.random.uniform(0.006, 0.018)
                ),
                mid,
            )
    windows(pen, x, width, height, distance)
    if (
        pen.lamps
        and distance < 0.4
        and (future or pen.palette == "neon" or pen.period == "japanese")
        and pen.random.random() < 0.45
    ):
        sign(pen, x, width, height)


def windows(pen: Pen, x: float, width: float, height: float, distance: float) -> None:
    """Rows of windows: panes that mirror the sky by day, a third of them lit by night."""
    pitch_x, pitch_y = 0.0095 + 0.004 * pen.random.random(), 0.0145 + 0.005 * pen.random.random()
    columns, rows = int(width * 0.9 / pitch_x), int((height - 0.012) / pitch_y)
    pane_by_day = pen.colour("glass", 0.85, 0.42, far=distance)
    pane = pen.colour("black", 0.4, 0.45, far=distance)
    warm, cool = pen.shine(0xFFCE7A, 0.95 * pen.lamps), pen.shine(0xCFE4FF, 0.85 * pen.lamps)
    busy = pen.random.uniform(0.18, 0.5)
    bands = pen.random.random() < 0.35
    lit_path, cool_path, dark_path = (pen.polygon([(0, 0), (0, 0)]) for _ in range(3))
    from_x = x - columns * pitch_x / 2
    for r in range(rows):
        y = -height + 0.014 + r * pitch_y
        if bands:
            dark_path.addPath(pen.box(x, y + 0.004, width * 0.92, 0.005))
        for c in range(columns):
            cell = pen.box(from_x + (c + 0.5) * pitch_x, y + pitch_y * 0.62, pitch_x * 0.55, pitch_y * 0.55)
            chance = pen.random.random()
            if pen.lamps and chance < busy:
                (lit_path if chance < busy * 0.72 else cool_path).addPath(cell)
            elif not bands:
                dark_path.addPath(cell)
    pen.fill(dark_path, pane_by_day if pen.dark < 0.5 else pane)
    if pen.lamps:
        pen.fill(lit_path, warm)
        pen.fill(cool_path, cool)


def sign(pen: Pen, x: float, width: float, height: float) -> None:
    """A neon sign down a wall."""
    code = pen.random.choice(_SIGNS)
    sx, sy = x + pen.random.uniform(-0.3, 0.3) * width, -height * pen.random.uniform(0.4, 0.85)
    w, h = 0.016, min(0.09, height * 0.4)
    pen.glow(sx, sy, 0.10, code, 0.5)
    board = pen.box(sx, sy + h / 2, w, h)
    pen.fill(board, pen.colour("black", 0.3))
    pen.stroke(board, pen.shine(code), 0.0018)
    for k in range(4):
        pen.line(
            (sx - w * 0.28, sy - h * 0.35 + k * h * 0.22),
            (sx + w * 0.28, sy - h * 0.35 + k * h * 0.22),
            pen.shine(code, 0.95),
            0.004,
        )


@skyline.live
def beacons(pen: Pen, time_s: float) -> None:
    """Red lamps on the roofs that blink by night, and a light that crosses the sky."""
    if not pen.lamps:
        return
    chance = pen.numbers(7, 3, 3)
    for cx, cy, phase in chance.tolist():
        strength = max(0.0, math.sin(time_s * 2.1 + phase * 6.28)) ** 4
        if strength > 0.05:
            pen.glow((cx * 2 - 1) * 0.9, -0.18 - 0.22 * cy, 0.022, 0xFF3828, strength * pen.lamps)
    x = -1.2 + (time_s * 0.03) % 2.4
    pen.glow(x, -0.50 - 0.02 * math.sin(x * 2), 0.014, 0xFFFFFF, 0.9)
