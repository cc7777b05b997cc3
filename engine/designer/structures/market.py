"""A market: stalls under striped cloth, heaps of fruit, lanterns on lines; arches or gables behind."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.houses import cottage, minka, paper_lantern
from engine.designer.structures.solids import WINTRY, contact, face, facing, joints, masonry, panel, shaded

_CLOTHS = (0xC8392F, 0x2F6FA8, 0x3E8E5A, 0xE0A030, 0x7A4A9A)
_FRUITS = (0xD8342A, 0xF0A030, 0xE8D040, 0x6FA83A, 0x8A3A6A, 0xE8642A)
_STALLS = ((-0.52, 0.062, 0.90), (0.50, 0.062, 0.92), (-0.22, 0.085, 1.06), (0.19, 0.088, 1.10))
"""x, y and size of each stall."""


@structure(
    "market",
    synonyms=("bazaar", "souk", "market place", "marketplace", "market square", "market stall", "stall", "fair",
              "fairground", "christmas market", "street market"),
    implies={"ground": "stone"},
)  # fmt: skip
def market(pen: Pen) -> None:
    """What stands behind the stalls: arches and domes of a bazaar, or the houses of a town."""
    if pen.period == "japanese":
        for x, size, tiles in ((-0.56, 0.40, True), (-0.16, 0.40, False), (0.22, 0.44, True), (0.60, 0.40, False)):
            minka(pen, x, 0.02, size, 0.10, tiles)
        return
    if pen.period in ("medieval", "western"):
        for k, x in enumerate((-0.60, -0.40, -0.20, 0.02, 0.22, 0.42, 0.62)):
            walls = (0.155 if k % 2 else 0.18) * pen.random.uniform(0.9, 1.1)
            wall: str | int = "wood" if pen.period == "western" else (0xE6DAC2, 0xDCC7A0, 0xD9B08C)[k % 3]
            cottage(
                pen, x, 0.02, gable=0.155, length=0.06, walls=walls, rise=0.10, way=1 if k % 2 else -1, wall=wall,
                roof=("roof", 0x7C3E30, "slate")[k % 3], framed=pen.period == "medieval", far=0.10,
            )  # fmt: skip
        return
    bazaar(pen)


def bazaar(pen: Pen) -> None:
    """Sand-coloured houses with arches, a dome, a slender tower."""
    minaret(pen, 0.40, 0.02)
    dome(pen, -0.30, -0.165, 0.105)
    x = -0.78
    while x < 0.74:
        w, h = pen.random.uniform(0.13, 0.20), pen.random.uniform(0.13, 0.215)
        material = pen.random.choice(("sandstone", 0xD8B088, 0xE0C8A0, 0xC89868))
        front = panel(pen, x, x + w, 0.03, h + 0.03, material, facing(pen, -0.2), 0.4, 0.08)
        masonry(pen, front, material, 0.009, 60, 0.14)
        for k in range(round(w / 0.017)):
            shaded(pen, pen.box(x + 0.009 + 0.017 * k, -h, 0.010, 0.011), material, 0.95, 0.5, 0.08)
        pen.line((x, -h + 0.012), (x + w, -h + 0.012), pen.colour(material, 0.05, 0.5, far=0.08), 0.003)
        count = max(2, round(w / 0.058))
        for k in range(count):
            wx = x + w * (k + 0.5) / count
            frame = pen.arch(wx, -h * 0.60, 0.030, 0.050, 0.6)
            pen.fill(frame, pen.colour(material, 1.05, far=0.08))
            pen.window(wx, -h * 0.60 - 0.001, 0.020, 0.040, 0.6)
            arch = pen.arch(wx, 0.03, 0.042, 0.095, 0.55)
            shaded(pen, arch, "black", 0.5, 0.2)
            if pen.lamps:
                pen.fill(arch, pen.shine(0xFFB860, 0.10 * pen.lamps), pen.shine(0xFFB050, 0.75 * pen.lamps))
        x += w


def dome(pen: Pen, x: float, y: float, radius: float) -> None:
    """A dome of blue tiles on its drum."""
    shaded(pen, pen.box(x, y + 0.06, radius * 1.8, 0.11), "sandstone", 0.85, 0.4, 0.12)
    for k in range(-3, 4):
        pen.window(x + k * radius * 0.24, y - 0.005, 0.012, 0.028, 0.5)
    path = skia.Path()
    path.moveTo(x - radius * 0.92, y - 0.045)
    path.cubicTo(x - radius * 1.15, y - radius * 1.1, x - radius * 0.35, y - radius * 1.35, x, y - radius * 1.75)
    path.cubicTo(
        x + radius * 0.35, y - radius * 1.35, x + radius * 1.15, y - radius * 1.1, x + radius * 0.92, y - 0.045
    )
    path.close()
    pen.round(path, 0x3F8FA0)
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    for k in range(-5, 6):
        rib = pen.curve([(x + k * radius * 0.18, y), (x + k * radius * 0.20, y - radius * 0.7), (x, y - radius * 1.7)])
        pen.stroke(rib, pen.colour(0x1F5A70, 0.3, 0.6, far=0.1), 0.0022)
    for k in range(8):
        ring = y - 0.05 - k * radius * 0.18
        pen.line((x - radius, ring), (x + radius, ring), pen.colour("gold", 0.5, 0.30, far=0.1), 0.0016)
    pen.canvas.restore()
    pen.line((x, y - radius * 1.72), (x, y - radius * 2.1), pen.colour("gold", 0.9), 0.0034)
    pen.circle(x, y - radius * 1.86, 0.007, pen.colour("gold", 1.0))


def minaret(pen: Pen, x: float, y: float) -> None:
    """A slender tower with its gallery."""
    for w, top, low in ((0.060, 0.24, 0.0), (0.046, 0.36, 0.24), (0.030, 0.425, 0.36)):
        shaft = pen.box(x, y - low, w, top - low)
        pen.round(shaft, "sandstone")
        masonry(pen, shaft, "sandstone", 0.008, 50, 0.22)
        shaded(pen, pen.box(x, y - top + 0.004, w * 1.45, 0.012), "sandstone", 1.05, 0.3)
        pen.window(x, y - top + 0.05, 0.012, 0.026, 0.5)
    cap = pen.curve(
        [(x - 0.020, y - 0.424), (x - 0.022, y - 0.445), (x, y - 0.495), (x + 0.022, y - 0.445), (x + 0.020, y - 0.424)]
    )
    cap.close()
    pen.round(cap, 0x3F8FA0)
    pen.line((x, y - 0.49), (x, y - 0.515), pen.colour("gold", 0.9), 0.003)


@market.on("front")
def stalls(pen: Pen) -> None:
    """The stalls themselves, sacks and baskets before them."""
    for i, (x, y, size) in enumerate(_STALLS):
        stall(pen, x + pen.random.uniform(-0.01, 0.01), y, size, _CLOTHS[(i + pen.seed) % len(_CLOTHS)])
    for x, y, s in ((-0.40, 0.108, 0.85), (0.005, 0.112, 1.0), (0.365, 0.116, 0.95), (-0.06, 0.120, 0.8)):
        basket(pen, x, y, 0.036 * s)


def stall(pen: Pen, x: float, y: float, s: float, cloth: int) -> None:
    """One stall: posts, an awning with scallops, shelves behind, heaps on its counter."""
    w, h = 0.128 * s, 0.205 * s
    contact(pen, x, y, w * 2.5, 0.5)
    back = pen.box(x, y - 0.05 * s, w * 1.9, h * 0.62)
    shaded(pen, back, "dark wood", 0.15, 0.25)
    for row in range(2):
        sy = y - (0.095 + 0.042 * row) * s
        pen.line((x - w * 0.9, sy), (x + w * 0.9, sy), pen.colour("wood", 0.5), 0.004 * s)
        for k in range(9):
            jx, jar = x - w * 0.82 + w * 0.205 * k, pen.random.uniform(0.012, 0.022) * s
            pen.round(pen.box(jx, sy, 0.014 * s, jar), pen.random.choice((*_CLOTHS, *_FRUITS)))
    if pen.lamps:
        pen.glow(x, y - 0.11 * s, 0.20 * s, 0xFFB458, 0.75 * pen.lamps)
    for k in (-1, 1):
        pen.round(pen.box(x + k * w * 0.96, y, 0.010 * s, h), "wood")
    counter = panel(pen, x - w, x + w, y, 0.062 * s, "wood", 0.62, 0.35)
    joints(pen, counter, pen.colour("dark wood", 0.0, 0.6), 0.016 * s, 0.0016, upright=True)
    drape(pen, x, y - 0.060 * s, w, 0.026 * s, cloth)
    fruits(pen, x, y - 0.064 * s, w, s)
    awning(pen, x, y - h, w * 1.16, s, cloth)


def fruits(pen: Pen, x: float, y: float, w: float, s: float) -> None:
    """Crates of fruit, each heaped up."""
    heaps = 4
    for k in range(heaps):
        cx = x - w * 0.95 + 1.9 * w * (k + 0.5) / heaps
        code = _FRUITS[(k * 2 + pen.random.randrange(6)) % len(_FRUITS)]
        half, r = w * 0.20, 0.0075 * s
        for row in range(4):
            for j in range(6 - row):
                fx = cx - half + half * 2 * (j + 0.5 + row * 0.5) / 6 + pen.random.uniform(-1, 1) * r * 0.2
                fy = y - r * (0.6 + 1.25 * row)
                pen.circle(fx, fy, r, pen.colour(code, 0.25))
                pen.circle(fx + pen.side * r * 0.2, fy - r * 0.22, r * 0.72, pen.colour(code, 0.95))
                pen.circle(fx + pen.side * r * 0.35, fy - r * 0.4, r * 0.22, pen.colour("white", 1.0, 0.7))
        shaded(pen, pen.box(cx, y + 0.012 * s, half * 2.2, 0.015 * s), "wood", 1.0, 0.4)


def drape(pen: Pen, x: float, y: float, w: float, height: float, cloth: int) -> None:
    """Cloth that hangs from the counter in folds."""
    folds = 9
    hem = [(x - w * 1.02 + 2.04 * w * k / folds, y + height * (1.15 if k % 2 else 0.8)) for k in range(folds + 1)]
    points: list[Point] = [(x - w * 1.02, y), *hem, (x + w * 1.02, y)]
    path = pen.polygon(points)
    shaded(pen, path, cloth, 0.85, 0.3)


def awning(pen: Pen, x: float, y: float, w: float, s: float, cloth: int) -> None:
    """A striped slope with a scalloped edge; snow lies on it in winter."""
    deep, stripes = 0.060 * s, 10
    light = facing(pen, 0.0, 0.8)
    for k in range(stripes):
        a, b = -1 + 2 * k / stripes, -1 + 2 * (k + 1) / stripes
        material: int | str = cloth if k % 2 == 0 else "white"
        sun = light * (1 - 0.18 * pen.side * -(a + b) / 2)
        face(
            pen,
            [(x + a * w * 0.84, y - deep), (x + b * w * 0.84, y - deep), (x + b * w, y), (x + a * w, y)],
            material,
            min(sun, 1.1),
            0.12,
        )
        cx, half = x + (a + b) / 2 * w, w / stripes
        scallop = skia.Path().addArc(skia.Rect(cx - half, y - 0.016 * s, cx + half, y + 0.016 * s), 0, 180)
        shaded(pen, scallop, material, 0.6, 0.35)
    shade = pen.box(x, y + 0.050 * s, w * 1.7, 0.034 * s)
    pen.fill(shade, pen.colour("black", 0.0, 0.45), pen.colour("black", 0.0, 0.0))
    if pen.ground in WINTRY:
        ridge = [(x - w * 0.84, y - deep + 0.012), (x - w * 0.4, y - deep - 0.010), (x, y - deep - 0.006)]
        ridge += [(x + w * 0.4, y - deep - 0.011), (x + w * 0.84, y - deep + 0.012)]
        pen.stroke(pen.curve(ridge), pen.colour("snow", 1.0), 0.016 * s)


def basket(pen: Pen, x: float, y: float, size: float) -> None:
    """A sack or a basket full of something bright."""
    contact(pen, x, y, size * 2.4, 0.45)
    bowl = pen.curve(
        [(x - size * 0.72, y), (x - size, y - size * 0.9), (x + size, y - size * 0.9), (x + size * 0.72, y)], close=True
    )
    pen.round(bowl, "rope")
    pen.texture(bowl, "cell", pen.colour("rope", 0.0), scale=0.06, strength=0.4)
    code = pen.random.choice(_FRUITS)
    heap = skia.Path().addOval(skia.Rect(x - size * 0.92, y - size * 1.45, x + size * 0.92, y - size * 0.65))
    pen.round(heap, code)
    for _ in range(34):
        a, r = pen.random.random() * math.tau, math.sqrt(pen.random.random())
        tone = pen.colour(code, pen.random.uniform(0.15, 1.1))
        pen.circle(
            x + math.cos(a) * r * size * 0.85, y - size * 1.05 + math.sin(a) * r * size * 0.36, size * 0.12, tone
        )


@market.live_on("front")
def lines(pen: Pen, time_s: float) -> None:
    """Lanterns and pennants on lines that swing between the stalls."""
    japanese = pen.period == "japanese"
    lantern = pen.sprite(
        "lantern", 0.09, 0.09, lambda pen: paper_lantern(pen, 0, -0.020, 0.042, 0xD8402A if japanese else 0xE8A030)
    )
    rope = pen.colour("black", 0.3, 0.8)
    for line, (x0, y0, x1, y1) in enumerate(((-0.70, -0.215, -0.02, -0.235), (-0.02, -0.235, 0.70, -0.215))):
        swing = 0.006 * math.sin(time_s * 0.9 + line)
        points = []
        for k in range(11):
            t = k / 10
            points.append(
                (x0 + (x1 - x0) * t + swing * math.sin(math.pi * t), y0 + (y1 - y0) * t + 0.07 * 4 * t * (1 - t))
            )
        pen.stroke(pen.curve(points), rope, 0.0018)
        for k, (x, y) in enumerate(points[1:-1]):
            if k % 2 == 0:
                pen.stamp(lantern, x, y + 0.022, whole=True)
            else:
                tip = (x + 0.006 * math.sin(time_s * 2.4 + k), y + 0.036)
                pennant = pen.polygon([(x - 0.012, y), (x + 0.012, y), tip])
                pen.fill(pennant, pen.colour(_CLOTHS[(k + line) % len(_CLOTHS)], 0.75))
    pole = pen.colour("dark wood", 0.5)
    for x in (-0.70, -0.02, 0.70):
        pen.line((x, 0.075), (x, -0.245), pole, 0.005)
