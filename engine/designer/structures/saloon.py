"""A street of the West: the saloon with its balcony and swing doors, a store and a bank beside it."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.structures.letters import lettering
from engine.designer.structures.solids import WINTRY, contact, face, joints

_FOOT = 0.042
"""How far before the horizon the street's houses stand."""


@structure(
    "saloon",
    layer="front",
    synonyms=("western town", "cowboy town", "wild west", "ghost town", "cowboy", "sheriff", "frontier town", "bar"),
    implies={"ground": "sand"},
)
def saloon(pen: Pen) -> None:
    """The saloon in the middle, its neighbours at both sides, a water tower behind."""
    pen.canvas.save()
    pen.canvas.translate(0, _FOOT)
    contact(pen, -0.03, 0.034, 1.45, 0.5)
    water_tower(pen, 0.60, 0.0)
    shop(pen, -0.60, 0.23, 0.165, 0x6E7A66, "HOTEL", 0.10, arched=True)
    shop(pen, -0.385, 0.20, 0.205, 0x9A7A52, "STORE", 0.03, arched=False)
    shop(pen, 0.385, 0.20, 0.190, 0x7E5A44, "BANK", 0.03, arched=True)
    front(pen)
    pen.canvas.restore()
    street(pen)


def boards(
    pen: Pen, left: float, right: float, y: float, height: float, material: str | int, light: float, far: float = 0.0
) -> skia.Path:
    """A wall of weathered boards."""
    path = face(pen, [(left, y), (left, y - height), (right, y - height), (right, y)], material, light, 0.4, far)
    pen.texture(path, "streak", pen.colour(material, 0.0, far=far), scale=0.10, strength=0.45)
    joints(pen, path, pen.colour(material, 0.0, 0.55, far=far), 0.0085, 0.0013)
    return path


def shop(pen: Pen, x: float, width: float, height: float, material: int, words: str, far: float, arched: bool) -> None:
    """A neighbour with its false front and its porch."""
    y, w = 0.025, width / 2
    if arched:
        top = pen.arch(x, y - height * 0.9, width * 0.62, height * 0.36)
        pen.fill(top, pen.colour(material, 0.7, far=far), pen.colour(material, 0.5, far=far))
    boards(pen, x - w, x + w, y, height, material, 0.62, far)
    pen.fill(
        pen.box(x, y - height, width + 0.014, 0.010),
        pen.colour("white", 0.7, far=far),
        pen.colour("white", 0.3, far=far),
    )
    sign = pen.box(x, y - height + 0.050, width * 0.80, 0.036)
    pen.fill(sign, pen.colour("paper", 0.9, far=far), pen.colour("paper", 0.6, far=far))
    lettering(pen, words, x, y - height + 0.041, 0.019, pen.colour("dark wood", 0.1, far=far))
    for dx in (-0.30, 0.30):
        sash(pen, x + width * dx, y - 0.028, 0.034, 0.046, far)
    door = pen.box(x, y, 0.030, 0.066)
    pen.fill(door, pen.colour("dark wood", 0.6, far=far), pen.colour("dark wood", 0.1, far=far))
    pen.window(x, y - 0.034, 0.018, 0.024)
    shade = pen.polygon(
        [(x - w - 0.012, y - 0.088), (x - w, y - 0.108), (x + w, y - 0.108), (x + w + 0.012, y - 0.088)]
    )
    material_top = "snow" if pen.ground in WINTRY else "dark wood"
    pen.fill(shade, pen.colour(material_top, 0.9, far=far), pen.colour(material_top, 0.3, far=far))
    under = pen.box(x, y - 0.050, width, 0.038)
    pen.fill(under, pen.colour("black", 0.0, 0.55), pen.colour("black", 0.0, 0.0))
    for k in range(4):
        px = x - w + width * k / 3
        pen.fill(pen.box(px, y, 0.007, 0.090), pen.colour("wood", 0.9, far=far), pen.colour("dark wood", 0.4, far=far))
    pen.fill(
        pen.box(x, y + 0.004, width + 0.03, 0.009),
        pen.colour("wood", 0.9, far=far),
        pen.colour("dark wood", 0.2, far=far),
    )


def sash(pen: Pen, x: float, y: float, width: float, height: float, far: float = 0.0) -> None:
    """A sash window in a white frame."""
    pen.fill(pen.box(x, y + 0.003, width + 0.008, height + 0.008), pen.colour("white", 0.75, far=far))
    pane = pen.box(x, y, width, height)
    pen.fill(pane, pen.colour("black", 0.4, far=far), pen.colour("glass", 0.5, far=far))
    if pen.lamps:
        pen.fill(pane, pen.shine(0xFFE0A0, 0.9 * pen.lamps), pen.shine(0xFFB858, 0.9 * pen.lamps))
        pen.glow(x, y - height / 2, height * 2.2, 0xFFB858, 0.30 * pen.lamps)
    pen.line((x, y), (x, y - height), pen.colour("white", 0.6, far=far), 0.0022)
    pen.line(
        (x - width / 2, y - height / 2), (x + width / 2, y - height / 2), pen.colour("white", 0.6, far=far), 0.0022
    )


def front(pen: Pen) -> None:
    """The saloon itself: two storeys, a balcony, a painted sign in a stepped false front."""
    y, w, red = 0.028, 0.265, 0x8E4A34
    wall, upper = 0.150, 0.135
    boards(pen, -w, w, y, wall + upper, red, 0.66)
    base = y - wall - upper
    crest = [(-w - 0.012, base), (-w - 0.012, base - 0.052), (-0.17, base - 0.052), (-0.15, base - 0.095)]
    crest += [(-0.06, base - 0.108), (0.0, base - 0.128), (0.06, base - 0.108), (0.15, base - 0.095)]
    crest += [(0.17, base - 0.052), (w + 0.012, base - 0.052), (w + 0.012, base)]
    false = face(pen, crest, red, 0.8, 0.35)
    joints(pen, false, pen.colour(red, 0.0, 0.5), 0.0085, 0.0013)
    pen.stroke(pen.polygon(crest[1:10], close=False), pen.colour("gold", 0.9), 0.0065)
    sign = pen.box(0, base + 0.002, 0.40, 0.066)
    pen.fill(sign, pen.colour(0x2E2018, 0.9), pen.colour(0x2E2018, 0.5))
    pen.stroke(sign, pen.colour("gold", 0.8), 0.0036)
    lettering(
        pen, "SALOON", 0, base - 0.011, 0.042, pen.blend(pen.colour("gold", 1.1), pen.shine(0xFFD878), 0.6 * pen.lamps)
    )
    if pen.lamps:
        pen.glow(0, base - 0.03, 0.26, 0xFFC060, 0.35 * pen.lamps)
    for x in (-0.19, -0.095, 0.095, 0.19):
        sash(pen, x, y - wall - 0.022, 0.040, 0.066)
    door = pen.box(0, y - wall, 0.044, 0.092)
    pen.fill(door, pen.colour("dark wood", 0.5))
    if pen.lamps:
        pen.fill(door, pen.shine(0xFFD088, 0.8 * pen.lamps), pen.shine(0xFFA848, 0.8 * pen.lamps))
    shadow = pen.box(0, y, 2 * w, wall)
    pen.fill(shadow, pen.colour("black", 0.0, 0.52), pen.colour("black", 0.0, 0.10))
    for x in (-0.175, 0.175):
        sash(pen, x, y - 0.030, 0.085, 0.068)
    opening = pen.box(0, y, 0.075, 0.112)
    pen.fill(opening, pen.colour("black", 0.2))
    if pen.lamps:
        pen.fill(opening, pen.shine(0xFFD894, pen.lamps), pen.shine(0xFF9A38, pen.lamps))
        pen.glow(0, y - 0.05, 0.20, 0xFFA848, 0.8 * pen.lamps)
    for way in (-1, 1):
        leaf = [
            (way * 0.002, y - 0.024),
            (way * 0.002, y - 0.066),
            (way * 0.018, y - 0.078),
            (way * 0.037, y - 0.072),
            (way * 0.037, y - 0.024),
        ]
        wing = face(pen, leaf, "wood", 0.75, 0.3)
        joints(pen, wing, pen.colour("dark wood", 0.1, 0.8), 0.0065, 0.002)
    deck(pen, y, w, wall)


def deck(pen: Pen, y: float, w: float, wall: float) -> None:
    """The balcony on its posts, the boardwalk, the steps."""
    floor = pen.box(0, y - wall + 0.010, 2 * w + 0.10, 0.013)
    pen.fill(floor, pen.colour("white", 0.85), pen.colour("wood", 0.3))
    rail, reach = y - wall - 0.040, w + 0.045
    for k in range(45):
        x = -reach + 2 * reach * k / 44
        pen.line((x, y - wall - 0.002), (x, rail), pen.colour("white", 0.72), 0.0021)
    pen.line((-reach, rail), (reach, rail), pen.colour("white", 0.95), 0.0056)
    pen.line((-reach, y - wall - 0.006), (reach, y - wall - 0.006), pen.colour("white", 0.7), 0.003)
    for k in range(6):
        x = -reach + 2 * reach * k / 5
        post = pen.box(x, y, 0.0115, wall)
        pen.round(post, "white")
        pen.round(pen.box(x, y - wall, 0.011, 0.048), "white")
        for way in (-1, 1):
            brace = pen.curve(
                [(x, y - wall + 0.045), (x + way * 0.008, y - wall + 0.020), (x + way * 0.032, y - wall + 0.011)]
            )
            pen.stroke(brace, pen.colour("white", 0.6), 0.0036)
    walk = pen.box(0, y + 0.010, 2 * reach + 0.03, 0.014)
    pen.fill(walk, pen.colour("wood", 1.0), pen.colour("dark wood", 0.2))
    joints(pen, walk, pen.colour("dark wood", 0.0, 0.6), 0.016, 0.0014, upright=True)


def water_tower(pen: Pen, x: float, y: float) -> None:
    """A wooden tank on legs, with its conical lid."""
    for dx in (-0.062, -0.02, 0.022, 0.064):
        pen.line((x + dx * 1.2, y + 0.03), (x + dx, y - 0.205), pen.colour("dark wood", 0.5, far=0.06), 0.0065)
    for k in range(3):
        a, b = y + 0.02 - 0.075 * k, y - 0.055 - 0.075 * k
        for s in (-1, 1):
            pen.line((x - s * 0.070, a), (x + s * 0.066, b), pen.colour("wood", 0.5, far=0.06), 0.0032)
    tank = pen.box(x, y - 0.200, 0.165, 0.120)
    pen.round(tank, "wood")
    joints(pen, tank, pen.colour("dark wood", 0.0, 0.55), 0.0105, 0.0013, upright=True)
    for dy in (0.015, 0.06, 0.105):
        pen.line((x - 0.0825, y - 0.2 - dy), (x + 0.0825, y - 0.2 - dy), pen.colour("dark metal", 0.5), 0.0034)
    lid = pen.polygon([(x - 0.096, y - 0.316), (x, y - 0.372), (x + 0.096, y - 0.316)])
    pen.round(lid, "snow" if pen.ground in WINTRY else "roof")


def street(pen: Pen) -> None:
    """A hitching rail, barrels, a wagon's wheel, a trough."""
    y = 0.118
    for left, right in ((-0.30, -0.12), (0.12, 0.30)):
        contact(pen, (left + right) / 2, y, right - left, 0.3)
        for x in (left, (left + right) / 2, right):
            pen.round(pen.box(x, y, 0.009, 0.055), "wood")
        pen.line((left - 0.02, y - 0.046), (right + 0.02, y - 0.046), pen.colour("wood", 0.9), 0.0075)
        pen.line((left - 0.02, y - 0.044), (right + 0.02, y - 0.044), pen.colour("dark wood", 0.3), 0.002)
    for x, by, s in ((-0.44, 0.098, 1.0), (-0.405, 0.106, 1.1), (0.40, 0.102, 1.05)):
        contact(pen, x, by, 0.05 * s, 0.45)
        h, r = 0.056 * s, 0.019 * s
        barrel = pen.curve(
            [
                (x - r, by),
                (x - r * 1.22, by - h / 2),
                (x - r, by - h),
                (x + r, by - h),
                (x + r * 1.22, by - h / 2),
                (x + r, by),
            ],
            close=True,
        )
        pen.round(barrel, "wood")
        for t in (0.12, 0.36, 0.64, 0.88):
            pen.line((x - r * 1.12, by - h * t), (x + r * 1.12, by - h * t), pen.colour("dark metal", 0.4), 0.003)
    wheel, wy, r = 0.475, 0.108, 0.046
    ring = skia.Path().addCircle(wheel, wy - r, r)
    pen.stroke(ring, pen.colour("wood", 0.8), 0.0085)
    pen.stroke(skia.Path().addCircle(wheel, wy - r, r + 0.003), pen.colour("dark metal", 0.5), 0.0025)
    for k in range(10):
        a = k * math.tau / 10
        pen.line((wheel, wy - r), (wheel + math.cos(a) * r, wy - r + math.sin(a) * r), pen.colour("wood", 0.6), 0.0042)
    pen.circle(wheel, wy - r, 0.010, pen.colour("dark wood", 0.6))
    if pen.ground in ("sand", "mud"):
        cactus(pen, -0.66, 0.115, 0.165)


def cactus(pen: Pen, x: float, y: float, height: float) -> None:
    """A saguaro with two arms."""
    contact(pen, x, y, height * 0.5, 0.4)
    w = height * 0.13
    for points in (
        [(x + w * 1.1, y - height * 0.40), (x + w * 2.2, y - height * 0.44), (x + w * 2.3, y - height * 0.74)],
        [(x - w * 1.1, y - height * 0.28), (x - w * 2.1, y - height * 0.33), (x - w * 2.15, y - height * 0.58)],
    ):
        pen.stroke(pen.curve([(x, points[0][1]), *points]), pen.colour("palm", 0.25), w * 1.05)
        pen.stroke(
            pen.curve([(x + pen.side * w * 0.2, points[0][1]), *[(px + pen.side * w * 0.18, py) for px, py in points]]),
            pen.colour("palm", 0.8),
            w * 0.5,
        )
    body = skia.Path().addRoundRect(skia.Rect(x - w, y - height, x + w, y + 0.004), w, w)
    pen.round(body, "palm")
    joints(pen, body, pen.colour("leaf", 0.0, 0.55), w * 0.4, 0.0016, upright=True)


@saloon.live
def lanterns(pen: Pen, time_s: float) -> None:
    """Lanterns that swing under the balcony by night."""
    if pen.lamps:
        for i, x in enumerate((-0.31, -0.186, 0.186, 0.31)):
            swing = 0.004 * math.sin(time_s * 1.3 + i)
            pen.line((x, _FOOT - 0.112), (x + swing, _FOOT - 0.094), pen.colour("dark metal", 0.4), 0.0018)
            pen.fill(pen.box(x + swing, _FOOT - 0.078, 0.012, 0.017), pen.shine(0xFFE0A0, pen.lamps))
            pen.glow(x + swing, _FOOT - 0.086, 0.06, 0xFFB458, (0.55 + 0.05 * math.sin(time_s * 8 + i)) * pen.lamps)


@saloon.live_on("front")
def tumbleweed(pen: Pen, time_s: float) -> None:
    """It hops along the street with the wind."""
    if pen.ground not in ("sand", "mud", "street", "stone"):
        return
    ball = pen.sprite("tumbleweed", 0.07, 0.07, _weed)
    t = (time_s * 0.055 + 0.35) % 1.0
    x = -1.25 + 2.5 * t
    hop = abs(math.sin(time_s * 1.9)) * 0.035
    pen.fill(
        skia.Path().addOval(skia.Rect(x - 0.03, 0.178, x + 0.03, 0.186)), pen.colour("black", 0.0, 0.28 - 3.5 * hop)
    )
    pen.stamp(ball, x, 0.155 - hop, turn=time_s * 130)


def _weed(pen: Pen) -> None:
    for k in range(60):
        r = 0.028 * pen.random.uniform(0.35, 0.95)
        dx, dy = pen.random.gauss(0, 0.004), pen.random.gauss(0, 0.004)
        box = skia.Rect(dx - r, dy - r * pen.random.uniform(0.4, 1.0), dx + r, dy + r * pen.random.uniform(0.4, 1.0))
        bow = skia.Path().addArc(box, pen.random.uniform(0, 360), pen.random.uniform(70, 200))
        pen.stroke(bow, pen.colour(0x8A6A3C, 0.15 + 0.9 * (k % 3) / 2), 0.0015)
