"""The puppet theatre: painted backdrop, boards, hanging clouds and stars, velvet curtains, footlights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from docs.puppets.clay import (
    Array,
    Canvas,
    Colour,
    Paint,
    Piece,
    Shape,
    capsule,
    disc,
    ellipse,
    polygon,
    smoothstep,
    union,
)

HORIZON = 150.0
"""Where the boards meet the backdrop."""
LEFT, TOP, WIDTH, HEIGHT = -16, -10, 416, 236
"""The part of the stage that is drawn; the film shows 384x216 of it and sways in the rest."""

GOLD = (0.93, 0.70, 0.26)
CREAM = (0.98, 0.93, 0.80)
CLOUDS = ((70.0, 62.0, 1.0), (226.0, 50.0, 0.8), (322.0, 74.0, 1.15))
STARS = ((128.0, 48.0), (178.0, 80.0), (268.0, 92.0), (38.0, 98.0))
HILLS = (
    (117.0, 9.0, 61.0, (0.47, 0.45, 0.62)),
    (128.0, 8.0, 43.0, (0.33, 0.50, 0.54)),
    (140.0, 6.0, 76.0, (0.30, 0.52, 0.38)),
)
"""Height, swing, length of a wave, colour."""
SWAGS = 5


def _noise(shape: tuple[int, ...], blur_x: float, blur_y: float, seed: int) -> Array:
    """Smooth noise (h, w) of about -1..1, longer in one direction than in the other."""
    height, width = shape
    fine = np.random.default_rng(seed).standard_normal((round(height / blur_y) + 2, round(width / blur_x) + 2))
    return np.asarray(Image.fromarray(fine.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))


def _mix(low: tuple[float, ...], high: tuple[float, ...], share: Array) -> Array:
    return np.array(low, np.float32) + share[..., None] * (np.array(high, np.float32) - np.array(low, np.float32))


def paint_set(canvas: Canvas) -> None:
    """Everything that stands still: backdrop and boards. Once per film."""
    x, y = canvas.x, canvas.y
    sky = _mix((0.17, 0.30, 0.52), (0.62, 0.47, 0.58), smoothstep(10, 100, y))
    canvas.pixels[:] = sky + smoothstep(70, 152, y)[..., None] * (np.array([0.99, 0.72, 0.46], np.float32) - sky)
    canvas.pixels *= 1 + 0.045 * _noise(x.shape, 44, 7, 1)[..., None]
    canvas.glow(92, 84, 90, (0.40, 0.28, 0.10))
    canvas.paint(Piece(disc(92, 84, 19), (1.30, 1.14, 0.76), bulge=3, drop=1.5))
    for index, (height, swing, length, colour) in enumerate(HILLS):
        hill = _hill(height, swing, length, 2.0 * index)
        canvas.paint(Piece(hill, _painted(colour, index), bulge=4, drop=2.5))
        if index == 1:
            for piece in _house(304, 124):
                canvas.paint(piece)
    _paint_boards(canvas)
    canvas.blur(5)


def _painted(colour: Colour, number: int) -> Paint:
    """A colour with the traces of a broad brush."""

    def strokes(px: Array, py: Array) -> Array:
        tone = np.sin(px / 31 + py / 9 + number) + np.sin(px / 53 - py / 7 + 2 * number)
        return np.array(colour, np.float32) * (1 + 0.035 * tone)[..., None]

    return strokes


def _hill(height: float, swing: float, length: float, phase: float) -> Shape:
    def distance(px: Array, py: Array) -> Array:
        return height + swing * np.sin(px / length + phase) + 2 * np.sin(px / 17 + 3 * phase) - py

    return Shape(distance, (LEFT - 20, height - swing - 2, LEFT + WIDTH + 20, TOP + HEIGHT + 20))


def _house(x: float, y: float) -> Iterator[Piece]:
    walls = polygon([(x - 9, y), (x - 9, y - 13), (x + 9, y - 13), (x + 9, y)])
    yield Piece(walls, (0.93, 0.83, 0.70), bulge=1.5, drop=1.5)
    yield Piece(polygon([(x - 12, y - 12), (x, y - 24), (x + 12, y - 12)], 0.6), (0.74, 0.36, 0.30), bulge=2, drop=1)
    for window_x in (x - 4, x + 4):
        yield Piece(ellipse(window_x, y - 7, 1.9, 2.4), (1.25, 0.98, 0.45), bulge=0, drop=0)


def _paint_boards(canvas: Canvas) -> None:
    x, y = canvas.x, canvas.y
    floor = y > HORIZON
    depth = np.maximum(y - HORIZON + 36, 1)
    across = (x - 192) / depth * 3.1 + 100.5
    plank = np.floor(across).astype(int)
    tone = np.random.default_rng(7).uniform(0.88, 1.08, 256).astype(np.float32)[np.clip(plank, 0, 255)]
    tone *= 1 + 0.03 * _noise(x.shape, 9, 40, 8)
    gap = np.abs(across - plank - 0.5) > 0.5 - 1.1 / depth
    tone *= 1 - 0.30 * gap
    wood = _mix((0.50, 0.30, 0.19), (0.76, 0.50, 0.30), smoothstep(HORIZON, 215, y)) * tone[..., None]
    wood *= 1 - 0.45 * smoothstep(14, 0, y - HORIZON)[..., None]
    canvas.pixels[floor] = wood[floor]


def hangings(time_s: float) -> Iterator[Piece]:
    """Clouds and stars on threads; they turn a little in the draught."""
    for index, (x, y, size) in enumerate(CLOUDS):
        x += 2.2 * np.sin(0.9 * time_s + 2 * index)
        puffs = [(-13, 2, 8), (-3, -3, 10), (9, 0, 9), (17, 3, 6)]
        yield Piece(capsule((x, -10), (x, y - 8), 0.35), (0.75, 0.68, 0.60), bulge=0, drop=0, soft=1.6)
        cloud = union(*(ellipse(x + dx * size, y + dy * size, r * size * 1.15, r * size * 0.8) for dx, dy, r in puffs))
        yield Piece(cloud, (1.22, 1.14, 1.10), bulge=5, drop=3.5, soft=2)
    for index, (x, y) in enumerate(STARS):
        x += 1.6 * np.sin(1.3 * time_s + index)
        turn = 0.5 * np.sin(0.8 * time_s + 1.7 * index)
        yield Piece(capsule((x, -10), (x, y - 4), 0.3), (0.75, 0.68, 0.60), bulge=0, drop=0, soft=1.6)
        yield Piece(star(x, y, 6.0, turn), GOLD, bulge=2.5, gloss=0.3, drop=2, soft=1.6)


def star(x: float, y: float, radius: float, turn: float) -> Shape:
    """A star of five points."""
    angles = [turn + np.pi * (i / 5 - 0.5) for i in range(10)]
    radii = [radius if i % 2 == 0 else 0.5 * radius for i in range(10)]
    return polygon([(x + r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, radii, strict=True)], 0.5)


def curtains(time_s: float, opening: float) -> Iterator[Piece]:
    """Two velvet curtains; `opening` is 0 closed to 1 drawn aside."""
    for side in (-1, 1):
        shape, velvet = _curtain(time_s, opening, side)
        yield Piece(shape, velvet, bulge=5, drop=7, soft=1.5)


def _curtain(time_s: float, opening: float, side: int) -> tuple[Shape, Paint]:
    reach = 200 - 158 * opening

    def width(py: Array) -> Array:
        tied = opening * 13 * np.exp(-(((py - 128) / 34) ** 2))
        flare = 9 * opening * smoothstep(130, 216, py)
        breath = (1.2 + 3.0 * (1 - abs(2 * opening - 1))) * np.sin(1.7 * time_s + py / 38 + side)
        return reach - tied + flare + breath

    def inwards(px: Array) -> Array:
        return px + 8 if side < 0 else 392 - px

    def distance(px: Array, py: Array) -> Array:
        return np.maximum(inwards(px) - width(py), py - 203)

    def velvet(px: Array, py: Array) -> Array:
        share = inwards(px) / width(py)
        fold = np.sin(2 * np.pi * 4 * share + 0.5 * np.sin(1.3 * time_s + py / 50) + 0.4 * side)
        tone = 0.74 + 0.32 * fold
        red = np.array([0.80, 0.11, 0.13], np.float32) * tone[..., None]
        trim = (smoothstep(187, 189, py) * (1 - smoothstep(194, 196, py)))[..., None]
        return red + trim * (np.array(GOLD, np.float32) * (0.55 + 0.45 * tone[..., None]) - red)

    edge = reach + 24
    bounds = (-8.0 - 10, TOP, -8.0 + edge, 203.0) if side < 0 else (392.0 - edge, TOP, 402.0, 203.0)
    return Shape(distance, bounds), velvet


def front() -> Iterator[Piece]:
    """The valance above and the edge of the stage with its footlights, before everything else."""

    def swag(px: Array) -> Array:
        return np.abs(np.sin(np.pi * (px - 192) / (416 / SWAGS) + np.pi / 2))

    def hanging(px: Array, py: Array) -> Array:
        return py - 13 - 13 * swag(px)

    def velvet(px: Array, py: Array) -> Array:
        level = (py + 10) / (23 + 13 * swag(px))
        tone = 0.70 + 0.30 * np.sin(2 * np.pi * 3.4 * level)
        red = np.array([0.78, 0.10, 0.13], np.float32) * tone[..., None]
        fringe = smoothstep(0.86, 0.90, level)[..., None]
        return red + fringe * (np.array(GOLD, np.float32) - red)

    yield Piece(Shape(hanging, (LEFT, TOP, LEFT + WIDTH, 27)), velvet, bulge=4, drop=6, soft=2)

    def below(px: Array, py: Array) -> Array:
        return 203 - py + 0 * px

    def board(px: Array, py: Array) -> Array:
        rim = smoothstep(207, 207.8, py)[..., None]
        lozenge = np.abs(((px + 6) % 24) - 12) / 12 + np.abs(py - 214) / 5
        red = _mix((0.44, 0.12, 0.15), (0.82, 0.60, 0.26), smoothstep(0.62, 0.52, lozenge))
        return np.array(GOLD, np.float32) + rim * (red - np.array(GOLD, np.float32))

    yield Piece(Shape(below, (LEFT, 203, LEFT + WIDTH, TOP + HEIGHT)), board, bulge=2, drop=2, soft=1.5)
    for x in range(36, 384, 52):
        yield Piece(ellipse(x, 204, 9, 6.5), (1.12, 0.86, 0.48), bulge=4, gloss=0.3, drop=1.5, soft=2)


def light(canvas: Canvas, spot_x: float, spot_y: float, level: float) -> None:
    """Warm lamps: a wide one from the left, a spot that follows the player, footlights; the corners fall off."""
    x, y = canvas.x, canvas.y
    wide = np.exp(-(((x - 170) / 250) ** 2) - ((y - 96) / 150) ** 2)
    spot = smoothstep(1.15, 0.55, np.hypot((x - spot_x) / 74, (y - spot_y) / 92))
    feet = np.exp(-(((y - 206) / 34) ** 2))
    warmth = np.array([1.0, 0.93, 0.80], np.float32)
    total = (0.28 + 0.62 * wide + 0.16 * feet)[..., None] + (0.42 * spot)[..., None] * warmth
    canvas.pixels *= level * total


def vignette(canvas: Canvas) -> None:
    """What frames the stage lies in the dark of the house."""
    away = np.hypot((canvas.x - 192) / 215, (canvas.y - 116) / 128)
    canvas.pixels *= (1 - 0.62 * smoothstep(0.62, 1.25, away))[..., None]
