"""A village: cottages about a church, farmhouses with great roofs in Japan, log houses in the West."""

from __future__ import annotations

import math

from engine.designer.pen import BOTTOM, Pen, Point
from engine.designer.registry import structure
from engine.designer.structures.houses import WALLS, church, cottage, minka, paper_lantern
from engine.designer.structures.land import broadleaf, clump, fir
from engine.designer.structures.solids import WINTRY, carve, joints, plume

_BACK = ((-0.60, 0.9), (-0.44, 1.0), (-0.27, 0.85), (0.24, 0.9), (0.40, 1.0), (0.57, 0.85))
_FRONT = ((-0.50, 1.0, 1), (-0.235, 1.15, 1), (0.115, 1.0, -1), (0.30, 1.2, 1), (0.62, 1.0, -1))


@structure(
    "village",
    synonyms=("hamlet", "cottage", "settlement", "town", "house", "farmhouse", "farm", "shire", "old town", "chalet",
              "fishing village"),
    implies={"ground": "grass"},
)  # fmt: skip
def village(pen: Pen) -> None:
    """Two rows of houses before a hill with trees."""
    hill(pen)
    if pen.period == "japanese":
        for x, size, far, tiles in ((-0.52, 0.20, 0.18, True), (-0.02, 0.22, 0.16, False), (0.30, 0.18, 0.18, False)):
            minka(pen, x + pen.random.uniform(-0.02, 0.02), -0.022, size, far, tiles)
        pines(pen)
        for x, size, tiles in ((-0.27, 0.27, False), (0.15, 0.25, True), (0.50, 0.28, False)):
            minka(pen, x, 0.022, size, 0.0, tiles)
        for x, height in ((-0.055, 0.17), (-0.47, 0.15), (0.325, 0.13)):
            blossom(pen, x, 0.022, height)
        fence(pen)
        return
    for x, size in _BACK:
        house(pen, x + pen.random.uniform(-0.015, 0.015), -0.022, 0.72 * size, 1 if x < 0 else -1, 0.18)
    if pen.period != "western":
        church(pen, -0.045, -0.005, 0.08)
    pines(pen)
    for x, size, way in _FRONT:
        house(pen, x, 0.024, size, way, 0.0)
    fence(pen)


def house(pen: Pen, x: float, y: float, size: float, way: int, far: float) -> Point:
    """One house in the manner of the period."""
    size *= pen.random.uniform(0.92, 1.08)
    rise = 0.066 * size * pen.random.uniform(0.9, 1.25)
    if pen.period == "western":
        wall: str | int = pen.random.choice(("wood", 0x8A6A48, 0x6E4A30))
        roof: str | int = pen.random.choice(("dark wood", 0x5A4636))
    elif pen.period == "medieval":
        wall, roof = pen.random.choice((0xE6DAC2, 0xE0CFA8, 0xD8C8B0)), pen.random.choice(("thatch", "roof", 0x6E4030))
    else:
        wall, roof = pen.random.choice(WALLS), pen.random.choice(("roof", 0x9A4A34, 0x7C3E30, "slate"))
    return cottage(
        pen, x, y, gable=0.102 * size, length=0.125 * size, walls=0.096 * size * pen.random.uniform(0.9, 1.25),
        rise=rise, way=way, wall=wall, roof=roof, framed=pen.period == "medieval", far=far,
    )  # fmt: skip


def hill(pen: Pen) -> None:
    """The slope behind, wooded."""
    points = [
        (x, 0.03 - (0.105 + v) * math.exp(-(((x + 0.12) / 0.55) ** 2)) - 0.01)
        for x, v in pen.ridge(0.0, 0.012, waves=2.0, rough=0.5, left=-1.3, right=1.3)
    ]
    material = "snow" if pen.ground in WINTRY else "grass"
    land = pen.hill(points, bottom=0.05)
    if material == "snow":
        carve(pen, land, "snow", scale=0.3, rough=0.6, far=0.2)
    else:
        pen.fill(land, pen.colour(material, 0.75, far=0.24), pen.colour(material, 0.35, far=0.1))
        pen.texture(land, "grain", pen.colour("leaf", 0.1, far=0.2), scale=0.14, strength=0.4)
    for x, y in points[::3]:
        if pen.random.random() < 0.62 and abs(x) < 1.1:
            height = pen.random.uniform(0.045, 0.085)
            if pen.random.random() < 0.5 or material == "snow":
                fir(pen, x, y + 0.008, height * 1.15, 0.24, material == "snow")
            else:
                broadleaf(pen, x, y + 0.008, height, 0.24, "leaves" in pen.things)


def pines(pen: Pen) -> None:
    """Trees among the houses."""
    snowy = pen.ground in WINTRY
    for x in (-0.66, -0.355, -0.12, 0.185, 0.455, 0.70):
        height = pen.random.uniform(0.09, 0.15)
        if snowy or pen.period == "western":
            fir(pen, x, 0.02, height * 1.2, 0.06, snowy)
        else:
            broadleaf(pen, x, 0.02, height, 0.06, "leaves" in pen.things or pen.palette == "golden")


def blossom(pen: Pen, x: float, y: float, height: float) -> None:
    """A cherry tree: in blossom, or bare under snow."""
    tone = pen.colour("bark", 0.2)
    forks = [(-0.22, 0.62), (-0.08, 0.80), (0.10, 0.74), (0.26, 0.58)]
    for dx, up in forks:
        branch = pen.curve([(x, y), (x + dx * height * 0.15, y - height * 0.3), (x + dx * height, y - height * up)])
        pen.stroke(branch, tone, height * 0.035)
    material: str | int = "snow" if pen.ground in WINTRY else "blossom"
    for _ in range(13):
        dx, up = pen.random.choice(forks)
        cx, cy = x + height * (dx + pen.random.gauss(0, 0.08)), y - height * (up + pen.random.gauss(0.04, 0.07))
        light = 0.5 + 0.5 * (pen.side * (cx - x) / height + (y - cy) / height - 0.6)
        clump(pen, cx, cy, height * pen.random.uniform(0.08, 0.13), material, max(0.15, min(light, 1.0)), 0.0)


def fence(pen: Pen) -> None:
    """A picket fence, or bamboo, along the green; lamps on posts by night."""
    material = 0xA8955A if pen.period == "japanese" else "wood"
    for left, right in ((-0.64, -0.36), (-0.08, 0.04), (0.45, 0.56)):
        count = round((right - left) / 0.0125)
        for k in range(count + 1):
            x = left + (right - left) * k / count
            pen.line((x, 0.032), (x, 0.006), pen.colour(material, 0.5 + 0.3 * (k % 3)), 0.0030)
        for y in (0.013, 0.023):
            pen.line((left, y), (right, y), pen.colour(material, 0.25), 0.0024)
    for x in (-0.335, 0.005, 0.425):
        pen.line((x, 0.03), (x, -0.052), pen.colour("dark metal", 0.4), 0.0036)
        if pen.period == "japanese":
            paper_lantern(pen, x, -0.056, 0.032)
        else:
            lamp = pen.polygon([(x - 0.005, -0.052), (x - 0.008, -0.066), (x + 0.008, -0.066), (x + 0.005, -0.052)])
            pen.fill(lamp, pen.blend(pen.colour("glass", 0.6), pen.shine(0xFFE0A0), pen.lamps))
            pen.fill(
                pen.polygon([(x - 0.010, -0.066), (x, -0.075), (x + 0.010, -0.066)]), pen.colour("dark metal", 0.4)
            )
            if pen.lamps:
                pen.glow(x, -0.058, 0.10, 0xFFC870, 0.65 * pen.lamps)


def lane(pen: Pen) -> None:
    """A lane that winds from between the houses to the camera, trodden or through snow."""
    bend = pen.random.uniform(0.12, 0.30)
    left, right = [], []
    for k in range(17):
        t = k / 16
        y = 0.012 + (BOTTOM / 0.4 - 0.012) * t**1.6
        middle = 0.065 + bend * t - 0.10 * math.sin(4.4 * t) * t
        half = 0.010 + 0.30 * t**1.6
        left.append((middle - half + pen.random.uniform(-0.012, 0.012) * t, y))
        right.append((middle + half + pen.random.uniform(-0.012, 0.012) * t, y))
    outline = pen.curve(left)
    for point in reversed(right):
        outline.lineTo(*point)
    outline.close()
    material = "ice" if pen.ground in WINTRY else "sandstone"
    pen.soft(outline, pen.colour(material, 0.6, 0.55, far=0.1), 0.005)
    pen.texture(outline, "cell", pen.colour("earth", 0.1), scale=0.16, stretch=2.5, strength=0.16)


@village.on("front")
def green(pen: Pen) -> None:
    """A lane, and a well on the green."""
    if pen.ground in ("grass", *WINTRY):
        lane(pen)
    if pen.period in ("japanese", "futuristic") or pen.ground in ("water", "lava", "clouds", "seabed"):
        return
    x, y = -0.12, 0.085
    ring = pen.box(x, y, 0.070, 0.034)
    pen.round(ring, "stone")
    joints(pen, ring, pen.colour("stone", 0.0, 0.5), 0.009)
    pen.round(pen.box(x, y - 0.032, 0.080, 0.007), "stone")
    for way in (-1, 1):
        pen.line((x + way * 0.030, y - 0.034), (x + way * 0.030, y - 0.098), pen.colour("wood", 0.6), 0.005)
    pen.line((x - 0.034, y - 0.075), (x + 0.034, y - 0.075), pen.colour("dark wood", 0.5), 0.005)
    pen.line((x, y - 0.075), (x, y - 0.050), pen.colour("rope", 0.7), 0.0018)
    pen.fill(pen.box(x, y - 0.040, 0.014, 0.014), pen.colour("wood", 0.9), pen.colour("dark wood", 0.2))
    roof = pen.polygon([(x - 0.052, y - 0.092), (x - 0.020, y - 0.130), (x + 0.020, y - 0.130), (x + 0.052, y - 0.092)])
    material = "snow" if pen.ground in WINTRY else "roof"
    pen.fill(roof, pen.colour(material, 1.0), pen.colour(material, 0.3))
    joints(pen, roof, pen.colour(material, 0.0, 0.4), 0.008)


@village.live
def hearths(pen: Pen, time_s: float) -> None:
    """Smoke from the chimneys, lanterns that swing."""
    if pen.period == "japanese":
        for i, (x, y) in enumerate(((-0.25, -0.185), (0.525, -0.195))):
            plume(pen, x, y, time_s + 3.1 * i, height=0.14, size=0.05, strength=0.38, pace=0.07, count=5)
        return
    for i, (x, y) in enumerate(((-0.405, -0.175), (-0.10, -0.195), (0.40, -0.195))):
        plume(pen, x, y, time_s + 3.7 * i, height=0.15, size=0.045, strength=0.45, pace=0.075, count=4)
