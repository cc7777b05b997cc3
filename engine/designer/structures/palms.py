"""Palms that sway over a lagoon, a thatched hut and torches among them."""

from __future__ import annotations

import math

from engine.designer.pen import Pen, Point
from engine.designer.registry import structure
from engine.designer.sprites import Sprite
from engine.designer.structures.solids import AFLOAT, WINTRY, face, facing, joints

_PALMS = (  # x, height, lean, size of the crown, which crown, whether it is farther away
    (0.44, 0.24, 0.05, 0.66, 1, True),
    (-0.50, 0.26, -0.07, 0.66, 0, True),
    (0.19, 0.30, -0.03, 0.66, 1, True),
    (-0.30, 0.38, -0.10, 1.0, 1, False),
    (-0.08, 0.455, 0.07, 1.0, 0, False),
    (0.33, 0.40, 0.11, 1.0, 1, False),
)


_FRONDS = (  # where each rises to, in degrees from the right, and its length; those behind first
    (68, 0.14), (112, 0.14), (-28, 0.12), (208, 0.12), (90, 0.12),
    (4, 0.18), (176, 0.18), (30, 0.19), (150, 0.19), (52, 0.17), (128, 0.17), (-14, 0.155), (194, 0.155),
)  # fmt: skip
_STEP = 0.45
"""Degrees between two positions of a crown: its tips move by a pixel in 720."""
_ALONG = tuple(k / 12 for k in range(13))


def _stand(pen: Pen) -> list[tuple[float, float, float, float, int, bool]]:
    """The palms of this seed: the same for what stands and for what sways."""
    return [
        (
            x + 0.06 * (shake[0] - 0.5),
            height * (0.92 + 0.14 * shake[1]),
            lean * (0.7 + 0.7 * shake[2]),
            size,
            crown,
            far,
        )
        for (x, height, lean, size, crown, far), shake in zip(_PALMS, pen.numbers(len(_PALMS), 3, 4), strict=True)
    ]


@structure(
    "palms",
    synonyms=("palm", "palm tree", "palm grove", "coconut", "oasis", "tropical beach", "lagoon", "hawaii", "caribbean",
              "beach", "paradise"),
    implies={"ground": "sand"},
)  # fmt: skip
def palms(pen: Pen) -> None:
    """Trunks and undergrowth; the crowns are drawn as they sway."""
    if pen.ground in AFLOAT:
        bank = pen.hill(
            [
                (x, 0.035 - (0.072 + y) * (1 - (x / 0.72) ** 2))
                for x, y in pen.ridge(0, 0.006, 2, 0.3, left=-0.72, right=0.72)
            ],
            bottom=0.05,
        )
        pen.fill(bank, pen.colour("sand", 1.0), pen.colour("sand", 0.3))
        pen.texture(bank, "grain", pen.colour("sand", 0.0), scale=0.1, strength=0.3)
    for _ in range(46):
        x = pen.random.gauss(0.0, 0.30)
        bush(pen, max(-0.66, min(x, 0.66)), 0.012, pen.random.uniform(0.03, 0.075), 0.16)
    trees = _stand(pen)
    for x, height, lean, _, _, far in trees:
        if far:
            trunk(pen, x, 0.01, height, lean, 0.14)
    hut(pen, 0.085, 0.018 - 0.6 * pen.rough)
    for x, height, lean, _, _, far in trees:
        if not far:
            trunk(pen, x, 0.02, height, lean, 0.0)
    for x in (-0.58, -0.45, -0.36, -0.24, -0.13, 0.21, 0.27, 0.40, 0.52, 0.62):
        bush(pen, x + pen.random.uniform(-0.02, 0.02), 0.025, pen.random.uniform(0.03, 0.058), 0.0)


def trunk(pen: Pen, x: float, y: float, height: float, lean: float, far: float) -> Point:
    """A ringed trunk that leans and straightens up. Returns where its crown is."""
    w = 0.011 + 0.012 * height
    steps = 22
    left, right, rings = [], [], []
    for k in range(steps + 1):
        t = k / steps
        cx, cy = x + lean * (1 - (1 - t) ** 1.9) * height * 2.2, y - height * t
        half = w * (1.25 - 0.62 * t + 0.75 * max(0.0, 0.10 - t) * 6)
        left.append((cx - half, cy))
        right.append((cx + half, cy))
        rings.append((cx, cy, half))
    path = pen.polygon([*left, *reversed(right)])
    bright, dim = pen.colour("bark", 1.1, far=far), pen.colour("bark", 0.05, far=far)
    light = pen.colour(0x8A7458, 1.0, far=far)
    sunny = pen.side * w * 1.4
    mid = x + lean * height * 1.4
    pen.fill_between(path, (mid + sunny * 2, y), (mid - sunny * 2, y), light, bright, dim)
    for k, (cx, cy, half) in enumerate(rings[:-1]):
        bow = pen.curve([(cx - half, cy), (cx, cy + half * 0.5), (cx + half, cy)])
        pen.stroke(bow, pen.colour("bark", 0.0 if k % 2 else 0.2, 0.7, far=far), 0.0020)
        gleam = pen.curve([(cx - half, cy + 0.0024), (cx, cy + half * 0.5 + 0.0024), (cx + half, cy + 0.0024)])
        pen.stroke(gleam, pen.colour(0xA89070, 0.8, 0.4, far=far), 0.0012)
    return rings[-1][0], rings[-1][1]


def crown_at(x: float, y: float, height: float, lean: float) -> Point:
    """Where the crown of such a trunk is."""
    return x + lean * height * 2.2, y - height


def bush(pen: Pen, x: float, y: float, size: float, far: float) -> None:
    """A fan of long leaves, flowers in some."""
    material = "snow" if pen.ground in WINTRY else "palm"
    count = 11
    for k in sorted(range(count), key=lambda k: -abs(k - count // 2)):
        a = math.pi * (0.08 + 0.84 * k / (count - 1)) + pen.random.uniform(-0.08, 0.08)
        length = size * pen.random.uniform(0.8, 1.25)
        tip = (x + math.cos(a) * length, y - math.sin(a) * length * 0.85 + 0.25 * length * math.cos(a) ** 2)
        mid = (x + math.cos(a) * length * 0.5, y - math.sin(a) * length * 0.58)
        w = size * 0.075
        blade = pen.curve([(x - w, y), (mid[0] - w, mid[1]), tip, (mid[0] + w, mid[1]), (x + w, y)], close=True)
        light = facing(pen, math.cos(a), math.sin(a)) * pen.random.uniform(0.7, 1.1)
        pen.fill(blade, pen.colour(material, light, far=far), pen.colour(material, light * 0.25, far=far))
    if far < 0.1 and material == "palm" and pen.random.random() < 0.7:
        code = pen.random.choice((0xE2366A, 0xF2A33A, 0xF7E9EC))
        for _ in range(6):
            a, r = pen.random.uniform(0.15, 0.85) * math.pi, size * pen.random.uniform(0.4, 0.85)
            pen.circle(x + math.cos(a) * r, y - math.sin(a) * r, size * 0.075, pen.colour(code, 0.9))


def hut(pen: Pen, x: float, y: float) -> None:
    """A bamboo hut on stilts under shaggy thatch, a lamp within."""
    w, h = 0.17, 0.070
    for dx in (-0.075, -0.025, 0.03, 0.078):
        pen.line((x + dx, y + 0.01), (x + dx, y - 0.03), pen.colour("dark wood", 0.3), 0.005)
    wall = face(
        pen,
        [(x - w / 2, y - 0.022), (x - w / 2, y - 0.022 - h), (x + w / 2, y - 0.022 - h), (x + w / 2, y - 0.022)],
        0xB08A4C,
        facing(pen, 0),
    )
    joints(pen, wall, pen.colour("dark wood", 0.1, 0.55), 0.0065, 0.0014, upright=True)
    pen.fill(pen.box(x - 0.035, y - 0.022, 0.034, 0.055), pen.colour("black", 0.1))
    if pen.lamps:
        pen.fill(pen.box(x - 0.035, y - 0.022, 0.034, 0.055), pen.shine(0xFFC870, 0.9 * pen.lamps))
        pen.glow(x - 0.035, y - 0.04, 0.11, 0xFFB050, 0.5 * pen.lamps)
    pen.window(x + 0.035, y - 0.040, 0.034, 0.028)
    deck = pen.box(x, y - 0.016, w + 0.05, 0.007)
    pen.fill(deck, pen.colour("wood", 0.9), pen.colour("dark wood", 0.2))
    top = y - 0.022 - h
    roof = [(x - w / 2 - 0.035, top + 0.020), (x - 0.045, top - 0.085), (x + 0.045, top - 0.085)]
    thatch = face(pen, [*roof, (x + w / 2 + 0.035, top + 0.020)], "thatch", facing(pen, 0, 0.6), 0.5)
    pen.canvas.save()
    pen.canvas.clipPath(thatch, True)
    for _ in range(150):
        u, v = pen.random.uniform(-1, 1), pen.random.random()
        sx, sy = x + u * (0.045 + 0.075 * v), top - 0.085 + 0.105 * v
        pen.line(
            (sx, sy),
            (sx + u * 0.012, sy + 0.018),
            pen.colour("thatch", pen.random.choice((0.05, 0.3, 1.1)), 0.6),
            0.0016,
        )
    pen.canvas.restore()
    for k in range(46):
        fx = x - w / 2 - 0.034 + (w + 0.068) * k / 45
        drop = pen.random.uniform(0.006, 0.017)
        pen.line(
            (fx, top + 0.017), (fx, top + 0.017 + drop), pen.colour("thatch", pen.random.uniform(0.1, 0.8)), 0.0026
        )


@palms.on("front")
def lagoon(pen: Pen) -> None:
    """Still water before the palms that holds the colours of the sky."""
    if pen.ground not in ("sand", "grass"):
        return
    shore = pen.random.uniform(-0.03, 0.03)
    outline: list[Point] = []
    for k in range(40):
        a = k * math.tau / 40
        wobble = 1 + 0.07 * math.sin(3 * a + shore * 60) + 0.05 * math.sin(5 * a + 2)
        y = 0.076 + 0.034 * math.sin(a) * wobble
        outline.append((shore + 0.56 * math.cos(a) * wobble * (0.8 + 0.35 * math.sin(a)), y))
    wet = pen.curve([(x * 1.035, 0.076 + (y - 0.076) * 1.14) for x, y in outline], close=True)
    pen.soft(wet, pen.colour("earth", 0.3, 0.5), 0.004)
    pool = pen.curve(outline, close=True)
    far, near = pen.colour("water", 0.5, far=0.62), pen.colour(0x1E8C94, 0.7)
    pen.fill_between(pool, (0, 0.042), (0, 0.115), far, near)
    pen.canvas.save()
    pen.canvas.clipPath(pool, True)
    for _ in range(60):
        x, y = pen.random.uniform(-0.6, 0.6), 0.045 + 0.07 * pen.random.random()
        w = pen.random.uniform(0.01, 0.05) * (0.4 + (y - 0.04) * 12)
        pen.line((x - w, y), (x + w, y), pen.colour("white", 1.0, pen.random.uniform(0.10, 0.45)), 0.0012)
    pen.canvas.restore()


@palms.live
def sway(pen: Pen, time_s: float) -> None:
    """The crowns give way to the wind, one after the other; torches burn by night."""
    for i, (x, height, lean, size, which, far) in enumerate(_stand(pen)):
        cx, cy = crown_at(x, 0.01 if far else 0.02, height, lean)
        gust = math.sin(time_s * 0.9 - cx * 2.2) + 0.5 * math.sin(time_s * 2.1 + i * 1.7)
        step = round(2.6 * gust / _STEP)
        pen.stamp(_turned(pen, which, step, size, bool(i % 2)), cx, cy, whole=True)
    if pen.lamps:
        for i, x in enumerate((-0.19, 0.235)):
            pen.line((x, 0.03), (x, -0.055), pen.colour("dark wood", 0.4), 0.006)
            pen.flame(x, -0.052, 0.034, time_s, phase=i * 1.3)


def _turned(pen: Pen, which: int, step: int, size: float, flip: bool) -> Sprite:
    """A crown turned by some steps, as large as it stands here: a copy is many times as fast as a turn."""
    base = pen.sprite(f"crown {which}", 0.44, 0.36, crown)

    def draw(pen: Pen) -> None:
        pen.stamp(base, 0, 0, size, turn=step * _STEP, flip=flip)

    return pen.sprite(f"crown {which} {step} {size} {flip}", 0.43 * size, 0.32 * size, draw)


def crown(pen: Pen) -> None:
    """Fronds that bend under their own weight, dark ones behind; its middle is the trunk's top."""
    for k, (degrees, length) in enumerate(_FRONDS):
        angle = math.radians(degrees + pen.random.uniform(-9, 9))
        frond(pen, angle, length * pen.random.uniform(0.92, 1.08), 0.5 if k < 5 else 1.0)
    for _ in range(6):
        nx, ny = pen.random.uniform(-0.014, 0.014), pen.random.uniform(0.0, 0.016)
        pen.circle(nx, ny, 0.0075, pen.colour("dark wood", 0.25))
        pen.circle(nx + pen.side * 0.002, ny - 0.002, 0.004, pen.colour("wood", 0.9))


def frond(pen: Pen, angle: float, length: float, strength: float) -> None:
    """One feathered leaf: a rib that rises at `angle` and falls, and leaflets on both sides that hang."""
    dx, up = math.cos(angle), math.sin(angle)
    fall = 0.30 + 0.75 * abs(dx)
    rib: list[Point] = [
        (dx * length * t * (1.06 - 0.14 * t), length * (-(0.30 + 0.75 * up) * t + fall * t * t)) for t in _ALONG
    ]
    light = (0.25 + 0.75 * facing(pen, dx * 0.8, max(up, 0.1))) * strength
    leaflets = 30
    for side in (-1, 1):
        for k in range(2, leaflets):
            t = k / leaflets
            i = min(int(t * 12), 11)
            f = t * 12 - i
            bx, by = (rib[i][j] * (1 - f) + rib[i + 1][j] * f for j in (0, 1))
            tx, ty = rib[i + 1][0] - rib[i][0], rib[i + 1][1] - rib[i][1]
            norm = math.hypot(tx, ty) or 1.0
            tx, ty = tx / norm, ty / norm
            reach = length * 0.27 * math.sin(math.pi * (0.10 + 0.82 * t)) ** 0.8 * pen.random.uniform(0.8, 1.1)
            ex = bx + (tx * 0.85 - ty * side * 0.42) * reach
            ey = by + (ty * 0.85 + tx * side * 0.42) * reach + reach * 0.30
            share = light * pen.random.uniform(0.6, 1.2) * (0.65 if side * dx > 0 else 1.1)
            pen.line((bx, by), (ex, ey), pen.colour("palm", share), 0.0027)
    pen.stroke(pen.curve(rib), pen.colour(0xA8B060, light), 0.0024)
