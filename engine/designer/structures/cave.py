"""A cave: vaults of rock about an opening, stalactites, crystals, a pool."""

from __future__ import annotations

import math

from engine.designer import textures
from engine.designer.library import skia
from engine.designer.pen import BOTTOM, REACH, TOP, Pen
from engine.designer.registry import structure
from engine.designer.shaders import shade, three

_ROCK = """
uniform shader puff, grain;
uniform float2 at, light;
uniform half3 lit, dim;
float rise(float2 p) {
    float2 q = p * 430.0 + at;
    float ridge = 1.0 - abs(2.0 * puff.eval(q + puff.eval(q * 0.5).a * 90.0).a - 1.0);
    return ridge * 0.6 + puff.eval(q * 2.6).a * 0.28 + grain.eval(q * 1.3).a * 0.12;
}
half4 main(float2 p) {
    float h = rise(p);
    float relief = (h - rise(p - light * 0.012)) * 3.2 + (h - rise(p - light * 0.04)) * 1.8;
    return half4(mix(dim, lit, half(clamp(0.38 + relief * 0.9, 0.0, 1.0))), 1.0);
}
"""


@structure(
    "cave",
    stands="room",
    synonyms=("cavern", "grotto", "underground", "mine", "dungeon", "tunnel", "stalactite", "den", "lair"),
    implies={"sky": "indoors", "ground": "stone"},
)
def cave(pen: Pen) -> None:
    """A vault of rock with an opening to the light, stalactites, crystals and a pool of glow."""
    outer = skia.Path().addRect(skia.Rect(-REACH, TOP, REACH, 0.05))
    opening = []
    for k in range(26):
        a = math.pi + k * math.pi / 25
        r = pen.random.uniform(0.92, 1.08)
        opening.append((0.02 + math.cos(a) * 0.33 * r, 0.04 + math.sin(a) * 0.42 * r))
    glow = skia.Path().addRect(skia.Rect(-0.5, -0.5, 0.5, 0.05))
    pen.fill_between(glow, (0, -0.42), (0, 0.02), pen.shine(0x9AD0E8), pen.shine(0xE8F6F0), pen.shine(0x7ACFC0))
    for y, tone in ((-0.10, 0x5A94A8), (-0.05, 0x3E7488)):
        pen.fill(pen.hill(pen.ridge(y, 0.05, waves=2.0, rough=0.6, left=-0.5, right=0.5), bottom=0.05), pen.shine(tone))
    rings = []
    for scale in (1.0, 1.24, 1.62):
        grown = [(scale * pen.random.uniform(0.96, 1.05), x, y) for x, y in opening]
        shaken = [(x * by, 0.05 + (y - 0.05) * by) for by, x, y in grown]
        rings.append(pen.curve(shaken))
        rings[-1].close()
    for depth, share in enumerate((0.62, 0.34, 0.16)):  # the mouth, then the nearer vaults, each darker
        beyond = rings[depth + 1] if depth < 2 else outer
        rock = skia.Op(beyond, rings[depth], skia.PathOp.kDifference_PathOp)
        pen.canvas.drawPath(rock, rock_paint(pen, share, -0.3 + 0.4 * depth))
        pen.soft(
            skia.Op(rock, halo(rings[depth]), skia.PathOp.kIntersect_PathOp),
            pen.shine(0xBFE8E8, 0.22 - 0.06 * depth),
            0.010,
        )
    for _ in range(26):
        x = pen.random.uniform(-1.5, 1.5)
        if abs(x) > 0.26:
            stalactite(pen, x, TOP, pen.random.uniform(0.08, 0.24))
    for _ in range(9):
        x = pen.random.choice((-1, 1)) * pen.random.uniform(0.46, 1.4)
        crystal(pen, x, 0.03, pen.random.uniform(0.05, 0.11))
    pen.glow(0, -0.10, 0.75, 0xA8F0E8, 0.34)


def rock_paint(pen: Pen, share: float, down: float) -> skia.Paint:
    """Rough rock, lit from a side: `share` of the light, from above where `down` is negative."""
    colours = {"lit": three(pen.colour("rock", share * 1.5)), "dim": three(pen.colour("dark stone", 0.0))}
    tiles = {kind: textures.plain(kind, 0.6) for kind in ("puff", "grain")}
    at = (pen.random.random() * 512, pen.random.random() * 512)
    return pen.paint(0xFFFFFFFF, Shader=shade(_ROCK, tiles, at=at, light=(0.0, -down), **colours))


def halo(ring: skia.Path) -> skia.Path:
    """The ring a little larger: where light from beyond it catches the rock."""
    wider = skia.Path(ring)
    wider.transform(skia.Matrix().setScale(1.05, 1.05))
    return wider


@cave.on("front")
def cave_floor(pen: Pen) -> None:
    """Bare rock instead of laid stones, with a pool that holds the light."""
    if pen.ground != "stone":
        return
    floor = pen.hill(pen.ridge(-0.010, 0.013, waves=1.6, rough=0.55), bottom=BOTTOM)
    pen.canvas.save()
    pen.canvas.scale(1.0, 0.55)  # lying, not standing
    flat = skia.Path(floor)
    flat.transform(skia.Matrix().setScale(1.0, 1 / 0.55))
    pen.canvas.drawPath(flat, rock_paint(pen, 0.5, -0.8))
    pen.canvas.restore()
    pen.fill_between(floor, (0, 0.08), (0, BOTTOM), pen.colour("dark stone", 0.3, 0.0), pen.colour("black", 0.0, 0.5))
    dusk = pen.colour("black", 0.0) & 0xFFFFFF
    pen.fill_between(floor, (0, -0.02), (0, 0.07), 0x60000000 | dusk, dusk)  # no hard line along the walls' foot
    for y, tone in ((-0.004, 0.5), (0.006, 0.25)):
        foot = pen.hill(pen.ridge(y, 0.006, waves=2.5, rough=0.7, left=-0.32, right=0.34), bottom=y + 0.004)
        pen.soft(foot, pen.shine(0x9AD8DC, 0.5 * tone), 0.006)  # light that falls in
    pool(pen)
    for _ in range(46):  # fallen stones along the walls' foot
        x, size = pen.random.uniform(-1.6, 1.6), pen.random.uniform(0.010, 0.040)
        if abs(x) > 0.30:
            boulder(pen, x, 0.018 + 0.5 * size, size, 0.35)


def pool(pen: Pen) -> None:
    """A pool sunk into the rock: an uneven shore, wet stone about it, the opening mirrored in it."""
    shore = []
    for k in range(22):
        a, r = k * math.tau / 22, pen.random.uniform(0.91, 1.07)
        near = 1.0 + 0.25 * math.sin(a)
        shore.append((-0.02 + 0.40 * near * r * math.cos(a), 0.108 + 0.048 * r * math.sin(a) * near))
    water = pen.curve(shore, close=True)
    pen.soft(water, pen.colour("black", 0.0, 0.85), 0.014)  # wet stone
    deep, light, pale = pen.shine(0x12343C), pen.shine(0x9CDCDC), pen.shine(0xE0FAF6)
    pen.fill_between(water, (-0.46, 0), (0.44, 0), deep, deep, light, pale, pale, light, deep, deep)
    hills = pen.shine(0x4A8494)
    pen.fill_between(water, (0, 0.06), (0, 0.16), hills, fade(hills, 0.35), fade(deep, 0.1), fade(deep, 0.75))
    canvas = pen.canvas
    canvas.save()
    canvas.clipPath(water, True)
    bank = pen.paint(pen.colour("black", 0.0, 0.8), Style=skia.Paint.kStroke_Style, StrokeWidth=0.010)
    bank.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.004))
    canvas.drawPath(water, bank)
    for _ in range(26):
        x, y = pen.random.uniform(-0.3, 0.3), pen.random.uniform(0.072, 0.15)
        long = pen.random.uniform(0.02, 0.09)
        tone = pen.shine(0xFFFFFF, 0.22) if pen.random.random() < 0.5 else pen.shine(0x0C2A32, 0.35)
        pen.line((x - long, y), (x + long, y), tone, 0.0014)
    canvas.restore()
    for x, y in shore:
        if pen.random.random() < 0.75:
            boulder(
                pen,
                x,
                y + (0.004 if y > 0.1 else -0.003),
                pen.random.uniform(0.008, 0.024) * (0.7 + 4 * (y - 0.06)),
                0.5,
            )


def fade(colour: int, alpha: float) -> int:
    """An opaque colour of skia's made `alpha` (0..1) opaque."""
    return round(255 * alpha) << 24 | colour & 0xFFFFFF


def boulder(pen: Pen, x: float, y: float, size: float, light: float) -> None:
    """A stone on the cave's floor, lit from the opening behind it."""
    points = []
    for k in range(9):
        a, r = math.pi * (1 + k / 8), size * pen.random.uniform(0.8, 1.15)
        points.append((x + 1.3 * r * math.cos(a), y + 0.75 * r * math.sin(a)))
    stone = pen.curve([*points, (x + size, y + size * 0.15), (x - size, y + size * 0.15)], close=True)
    toward = -1 if x > 0 else 1
    pen.fill_between(
        stone,
        (x + toward * size, y - size),
        (x - toward * size, y),
        pen.colour("rock", 1.4 * light),
        pen.colour("rock", 0.4 * light),
        pen.colour("dark stone", 0.0),
    )


def stalactite(pen: Pen, x: float, y: float, length: float) -> None:
    """A cone of stone that hangs."""
    w = length * pen.random.uniform(0.13, 0.2)
    cone = pen.curve(
        [(x - w, y), (x - w * 0.35, y + length * 0.55), (x, y + length), (x + w * 0.35, y + length * 0.55), (x + w, y)]
    )
    cone.close()
    toward = -1 if x > 0 else 1
    pen.fill_between(
        cone, (x + toward * w, 0), (x - toward * w, 0), pen.colour("rock", 0.75), pen.colour("dark stone", 0.0)
    )


def crystal(pen: Pen, x: float, y: float, size: float) -> None:
    """A cluster of crystals that shine."""
    code = pen.random.choice((0x6AF0E0, 0x9A8CFF, 0xFF8CD8))
    pen.glow(x, y - size * 0.5, size * 2.4, code, 0.55)
    for k in (-0.5, 0.4, -0.1):
        lean, h, w = k * size, size * (1.1 - abs(k)), size * 0.16
        shard = pen.polygon(
            [
                (x + k * size * 0.5 - w, y),
                (x + lean - w * 0.6, y - h * 0.85),
                (x + lean, y - h),
                (x + lean + w * 0.7, y - h * 0.8),
                (x + k * size * 0.5 + w, y),
            ]
        )
        pen.fill_between(
            shard,
            (x + lean - w, 0),
            (x + lean + w, 0),
            pen.shine(0xFFFFFF, 0.9),
            pen.shine(code),
            pen.blend(pen.shine(code), 0xFF101828, 0.5),
        )


@cave.live
def cave_life(pen: Pen, time_s: float) -> None:
    """The glow of the opening breathes, motes drift before it, a drop falls now and then."""
    pen.glow(0, -0.12, 0.40, 0xBFFFF2, 0.14 + 0.06 * math.sin(time_s * 0.7))
    motes = pen.numbers(46, 3, 3)
    motes[:, 0] = ((motes[:, 0] + 0.008 * time_s * (0.3 + motes[:, 2])) % 1.0 - 0.5) * 1.2
    motes[:, 1] = -0.42 + ((motes[:, 1] + 0.006 * time_s) % 1.0) * 0.42
    pen.dots(motes[:, :2], 0.0014, pen.shine(0xE8FFF8, 0.4))
    fall = (time_s * 0.8) % 3.0
    if fall < 0.75:
        pen.line(
            (-0.41, TOP + 0.2 + 0.8 * fall * fall),
            (-0.41, TOP + 0.215 + 0.85 * fall * fall),
            pen.shine(0xDFFCFF, 0.8),
            0.003,
        )
