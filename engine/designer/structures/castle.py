"""A castle: curtain walls, round towers with roofs, a gate, lit windows, flags."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import BOTTOM, Pen
from engine.designer.registry import structure
from engine.designer.structures.roofs import roof

_TOWERS = (  # x, width, height, whether it wears a roof
    (-0.31, 0.075, 0.20, True),
    (-0.18, 0.062, 0.28, True),
    (-0.055, 0.095, 0.335, True),
    (0.05, 0.055, 0.29, True),
    (0.14, 0.085, 0.24, False),
    (0.27, 0.078, 0.21, True),
)


_STYLES: dict[str | None, tuple[str | int, str | int, float]] = {  # walls, roofs, height of a roof for its width
    None: ("stone", "slate", 1.4),
    "roman": ("sandstone", "roof", 0.42),
    "western": ("wood", "dark wood", 0.55),
    "futuristic": (0xB8C6D2, 0x3A6E8E, 1.9),
}


def walls(pen: Pen) -> str | int:
    """What the walls are made of in the pen's period."""
    return _STYLES.get(pen.period, _STYLES[None])[0]


def roofs(pen: Pen) -> str | int:
    """What the roofs are made of in the pen's period."""
    return _STYLES.get(pen.period, _STYLES[None])[1]


@structure(
    "castle",
    synonyms=(
        "fortress",
        "citadel",
        "palace",
        "keep",
        "chateau",
        "stronghold",
        "fort",
        "knight",
        "burg",
        "tower",
        "turret",
        "battlement",
        "rampart",
        "moat",
    ),
    implies={"ground": "grass"},
)
def castle(pen: Pen) -> None:
    """Towers behind a wall with a gate; another seed, other towers. In Japan, a keep of roofs upon roofs."""
    if pen.period == "japanese":
        tenshu(pen)
        return
    towers = [
        (
            x + pen.random.uniform(-0.02, 0.02),
            w * pen.random.uniform(0.9, 1.12),
            h * pen.random.uniform(0.86, 1.1),
            roofed,
        )
        for x, w, h, roofed in _TOWERS
    ]
    rock = pen.hill(
        [
            (x, y * (1 - (x / 0.6) ** 2) + 0.02)
            for x, y in pen.ridge(-0.035, 0.02, waves=4, rough=0.7, left=-0.6, right=0.6)
        ],
        bottom=0.05,
    )
    pen.fill_between(rock, (0, -0.06), (0, 0.05), pen.colour("rock", 0.7), pen.colour("moss", 0.1))
    pen.texture(rock, "grain", pen.colour("rock", 0.0), scale=0.2, strength=0.6)
    for x, w, h, roofed in sorted(towers, key=lambda tower: -tower[2]):
        tower(pen, x, w, h, roofed)
    wall(pen, -0.36, 0.34, 0.13)
    gate(pen, -0.06, 0.075, 0.105)
    pen.mist(-0.06, 0.05, 0.25 * pen.air.mist)


def tower(pen: Pen, x: float, width: float, height: float, roofed: bool) -> None:
    """One round tower with a corbelled head, its windows and its roof."""
    base = -0.02
    shaft = pen.box(x, base, width, height)
    pen.round(shaft, walls(pen))
    pen.texture(shaft, "grain", pen.colour(walls(pen), 0.0), scale=0.16, strength=0.35)
    courses(pen, x, base, width, height)
    head_y, head = base - height, width * 1.22
    corbel = pen.polygon(
        [
            (x - width / 2, head_y + 0.018),
            (x + width / 2, head_y + 0.018),
            (x + head / 2, head_y),
            (x - head / 2, head_y),
        ]
    )
    pen.fill(corbel, pen.colour(walls(pen), 0.15))
    crown = pen.box(x, head_y, head, 0.032)
    pen.round(crown, walls(pen))
    merlons(pen, x - head / 2, x + head / 2, head_y - 0.032, head / 7)
    if roofed:
        steep = _STYLES.get(pen.period, _STYLES[None])[2]
        top = head_y - 0.034 - head * steep * pen.random.uniform(0.9, 1.17)
        roof = pen.polygon([(x - head * 0.56, head_y - 0.026), (x, top), (x + head * 0.56, head_y - 0.026)])
        bright, mid, shade = (pen.colour(roofs(pen), share) for share in (1.05, 0.5, 0.05))
        tones = [mid, bright, mid, shade] if pen.side <= 0 else [shade, mid, bright, mid]
        pen.fill_between(roof, (x - head * 0.56, 0), (x + head * 0.56, 0), *tones)
        pen.texture(roof, "streak", pen.colour(roofs(pen), 0.0), scale=0.05, strength=0.3)
        pen.line((x, top + 0.005), (x, top - 0.035), pen.colour("dark metal", 0.4), 0.0022)
    if pen.period == "futuristic":
        for k in range(3):
            band = pen.box(x, base - height * (0.3 + 0.22 * k), width, 0.0035)
            pen.fill(band, pen.shine(0x7FE8FF, 0.35 + 0.6 * pen.lamps))
            pen.glow(x, base - height * (0.3 + 0.22 * k), width, 0x40C8FF, 0.35 * pen.lamps)
    for k in range(int(height / 0.085)):
        if pen.random.random() < 0.8:
            pen.window(
                x + pen.random.uniform(-0.12, 0.12) * width, base - height + 0.075 + 0.082 * k, 0.011, 0.027, 0.6
            )


def courses(pen: Pen, x: float, base: float, width: float, height: float) -> None:
    """A few stones that stand out of the wall."""
    for _ in range(int(height * width * 2200)):
        y = base - pen.random.random() * height * 0.97
        w = pen.random.uniform(0.006, 0.013)
        stone = pen.box(x + pen.random.uniform(-0.5, 0.5) * (width - w), y, w, 0.0055)
        pen.fill(stone, pen.colour(walls(pen), pen.random.choice((0.0, 0.9)), 0.22))


def merlons(pen: Pen, left: float, right: float, y: float, width: float) -> None:
    """The teeth of a battlement between left and right, standing on y."""
    count = max(2, round((right - left) / (width * 1.7)))
    for k in range(count):
        x = left + (k + 0.5) * (right - left) / count
        share = 0.5 + 0.5 * pen.side * (2 * (k + 0.5) / count - 1)
        pen.fill(pen.box(x, y + 0.001, width, width * 1.15), pen.colour(walls(pen), 0.15 + 0.85 * share))


def wall(pen: Pen, left: float, right: float, height: float) -> None:
    """The curtain wall before the towers."""
    front = pen.box((left + right) / 2, 0.02, right - left, height + 0.02)
    sunny, shady = (left, right) if pen.side <= 0 else (right, left)
    tones = (pen.colour(walls(pen), share) for share in (0.85, 0.5, 0.22))
    pen.fill_between(front, (sunny, 0), (shady, 0), *tones)
    pen.texture(front, "grain", pen.colour(walls(pen), 0.0), scale=0.22, strength=0.45)
    courses(pen, (left + right) / 2, 0, right - left, height)
    pen.fill(pen.box((left + right) / 2, -height + 0.014, right - left, 0.004), pen.colour(walls(pen), 0.05))
    merlons(pen, left, right, -height, 0.0155)
    for k in range(9):
        x = left + (k + 0.7) * (right - left) / 9.4
        if abs(x + 0.06) > 0.07:
            pen.window(x, -height * 0.52, 0.008, 0.022, 0.3)
    for x in (left, right):
        bastion = pen.box(x, 0.02, 0.075, height + 0.055)
        pen.round(bastion, walls(pen))
        pen.texture(bastion, "grain", pen.colour(walls(pen), 0.0), scale=0.16, strength=0.4)
        merlons(pen, x - 0.04, x + 0.04, -height - 0.035, 0.013)
    foot = pen.box((left + right) / 2, 0.03, right - left + 0.1, 0.05)
    pen.fill_between(foot, (0, -0.02), (0, 0.03), pen.colour("moss", 0.1, 0.0), pen.colour("moss", 0.1, 0.85))


def gate(pen: Pen, x: float, width: float, height: float) -> None:
    """A gatehouse with two turrets and a portcullis."""
    house = pen.box(x, 0.02, width * 1.5, height * 1.62)
    pen.solid(house, walls(pen))
    pen.texture(house, "grain", pen.colour(walls(pen), 0.0), scale=0.18, strength=0.45)
    merlons(pen, x - width * 0.75, x + width * 0.75, 0.02 - height * 1.62, 0.014)
    for way in (-1, 1):
        turret = pen.box(x + way * width * 0.86, 0.02, width * 0.42, height * 1.85)
        pen.round(turret, walls(pen))
        merlons(
            pen,
            x + way * width * 0.86 - width * 0.23,
            x + way * width * 0.86 + width * 0.23,
            0.02 - height * 1.85,
            0.011,
        )
        pen.window(x + way * width * 0.86, -height * 0.85, 0.008, 0.02, 0.5)
    opening = pen.arch(x, 0.02, width * 0.74, height * 0.95, 0.4)
    pen.fill(
        opening, pen.colour("black", 0.2), pen.blend(pen.colour("black", 0.2), pen.shine(0xFFA850), 0.55 * pen.lamps)
    )
    pen.canvas.save()
    pen.canvas.clipPath(opening, True)
    for k in range(-3, 4):
        pen.line(
            (x + k * width * 0.11, -height),
            (x + k * width * 0.11, -height * 0.32),
            pen.colour("dark metal", 0.4),
            0.0018,
        )
    for k in range(4):
        y = -height * (0.38 + 0.14 * k)
        pen.line((x - width, y), (x + width, y), pen.colour("dark metal", 0.4), 0.0018)
    pen.canvas.restore()
    if pen.lamps:
        pen.glow(x, -0.01, 0.13, 0xFFA850, 0.55 * pen.lamps)


@castle.on("front")
def road(pen: Pen) -> None:
    """A track from the gate to the viewer, through grass."""
    if pen.ground != "grass":
        return
    bend = pen.random.uniform(-0.30, -0.05)
    left, right = [], []
    for k in range(15):
        t = k / 14
        y = 0.006 + (BOTTOM - 0.006) * t**1.6
        middle = -0.06 + bend * t**1.5 + 0.05 * math.sin(4.2 * t)
        half = 0.012 + 0.16 * t**1.7
        left.append((middle - half + pen.random.uniform(-0.012, 0.012) * t, y))
        right.append((middle + half + pen.random.uniform(-0.012, 0.012) * t, y))
    track = pen.curve(left)
    for x, y in reversed(right):
        track.lineTo(x, y)
    track.close()
    near, far = pen.colour("sandstone", 0.55, 0.55), pen.colour("sandstone", 0.7, 0.6, far=0.3)
    fade = skia.GradientShader.MakeLinear([skia.Point(0, 0), skia.Point(0, BOTTOM)], [far, near])
    blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.005)
    pen.canvas.drawPath(track, pen.paint(0xFFFFFFFF, Shader=fade, MaskFilter=blur))
    pen.texture(track, "grain", pen.colour("earth", 0.1), scale=0.16, stretch=2.5, strength=0.22)
    for way in (-0.45, 0.45):  # ruts
        rut = pen.curve([((a[0] + b[0]) / 2 + way * (b[0] - a[0]) / 2, a[1]) for a, b in zip(left, right, strict=True)])
        pen.canvas.drawPath(
            rut,
            pen.paint(
                pen.colour("earth", 0.2, 0.22), Style=skia.Paint.kStroke_Style, StrokeWidth=0.012, MaskFilter=blur
            ),
        )


@castle.live
def banners(pen: Pen, time_s: float) -> None:
    """Torches at the gate by night, banners at all times."""
    if pen.period == "japanese":
        return
    if pen.lamps:
        for way in (-1, 1):
            pen.flame(-0.06 + way * 0.048, -0.055, 0.022, time_s, phase=way)
    for i, (x, height) in enumerate(((-0.36, 0.165), (0.34, 0.165))):
        pen.line((x, -height), (x, -height - 0.075), pen.colour("dark wood", 0.4), 0.0022)
        points = [
            (x + 0.055 * t, -height - 0.068 + 0.006 * t * math.sin(time_s * 3.4 + i - 5 * t))
            for t in (0, 0.33, 0.66, 1)
        ]
        cloth = pen.polygon([*points, *[(px, py + 0.026 - 0.006 * (px - x) / 0.055) for px, py in reversed(points)]])
        pen.fill(cloth, pen.colour("cloth", 0.8), pen.colour("cloth", 0.35))


def tenshu(pen: Pen) -> None:
    """A Japanese keep: a battered stone base, white storeys that shrink, curved roofs with gables."""
    base = pen.curve([(-0.40, 0.03), (-0.33, -0.03), (-0.28, -0.12)])
    base.lineTo(0.28, -0.12)
    base.cubicTo(0.30, -0.07, 0.34, -0.02, 0.40, 0.03)
    base.close()
    pen.fill_between(
        base, (0.4 * pen.side, 0), (-0.4 * pen.side, 0), pen.colour("stone", 0.9), pen.colour("stone", 0.15)
    )
    pen.texture(base, "cell", pen.colour("stone", 1.0), scale=0.28, strength=0.35)
    pen.texture(base, "crack", pen.colour("stone", 0.0), scale=0.14, strength=0.5)
    y, width = -0.118, 0.50
    for storey in range(4):
        height = 0.062 - 0.005 * storey
        room = pen.box(0, y, width, height)
        sunny, shady = (width / 2, -width / 2) if pen.side > 0 else (-width / 2, width / 2)
        pen.fill_between(room, (sunny, 0), (shady, 0), pen.colour("white", 1.0), pen.colour("white", 0.3))
        pen.fill(pen.box(0, y, width, 0.016), pen.colour("dark wood", 0.5), pen.colour("dark wood", 0.1))
        count = 7 - storey
        for k in range(count):
            pen.window(-width * 0.42 + k * width * 0.84 / (count - 1), y - 0.02, 0.016, 0.022)
        y -= height
        roof(pen, y, width, 0.055)
        if storey in (0, 2):
            for x in (0.0,) if storey else (-width * 0.22, width * 0.22):
                gable = pen.polygon([(x - 0.07, y - 0.004), (x, y - 0.062), (x + 0.07, y - 0.004)])
                pen.fill(gable, pen.colour("slate", 0.8), pen.colour("slate", 0.3))
                pen.fill(
                    pen.polygon([(x - 0.045, y - 0.004), (x, y - 0.044), (x + 0.045, y - 0.004)]),
                    pen.colour("white", 0.6),
                )
        y -= 0.034
        width *= 0.80
    for way in (-1, 1):  # the golden fish at the ends of the ridge
        fish = pen.curve([(way * 0.105, y - 0.005), (way * 0.125, y - 0.022), (way * 0.108, y - 0.042)])
        pen.stroke(fish, pen.colour("gold", 0.9), 0.007)
