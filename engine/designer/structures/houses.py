"""Houses of several times and parts of the world, seen from a corner: villages and markets are made of them."""

from __future__ import annotations

import math
from itertools import pairwise

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.structures.solids import WINTRY, face, facing, joints, masonry, panel, shaded

WALLS = (0xE6DAC2, 0xDCC7A0, 0xD9B08C, 0xC9CFC4, 0xE3D3CC, 0xCFB9A0)


def roofing(pen: Pen, material: str | int) -> str | int:
    """The roof's material, under snow where the ground is."""
    return "snow" if pen.ground in WINTRY else material


def chimney(pen: Pen, x: float, y: float, size: float) -> None:
    """A chimney that stands on y."""
    stack = pen.box(x, y + size * 0.4, size * 0.5, size * 1.4)
    pen.round(stack, "brick")
    pen.fill(pen.box(x, y - size, size * 0.62, size * 0.18), pen.colour("brick", 0.9), pen.colour("brick", 0.3))


def tiled(pen: Pen, points: list[Point], material: str | int, light: float, row: float, far: float = 0.0) -> skia.Path:
    """A slope of tiles in rows, some of them lighter or darker."""
    path = face(pen, points, material, light, 0.4, far)
    joints(pen, path, pen.colour(material, 0.0, 0.42, far=far), row, row * 0.22)
    bounds = path.getBounds()
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    for _ in range(int(bounds.width() * bounds.height() / (row * row) * 0.7)):
        x = pen.random.uniform(bounds.left(), bounds.right())
        y = bounds.top() + row * int(pen.random.random() * bounds.height() / row) + row
        pen.fill(
            pen.box(x, y, row * 1.1, row * 0.85), pen.colour(material, pen.random.choice((0.0, 1.1)), 0.20, far=far)
        )
    pen.canvas.restore()
    return path


def cottage(
    pen: Pen,
    x: float,
    y: float,
    *,
    gable: float,
    length: float,
    walls: float,
    rise: float,
    way: int = 1,
    wall: str | int = "plaster",
    roof: str | int = "roof",
    framed: bool = False,
    far: float = 0.0,
) -> Point:
    """A house whose gable, `gable` wide, is at x and whose long side goes to the right (way 1) or left (-1).

    framed: half-timbered. Returns where its smoke comes out.
    """
    roof = roofing(pen, roof)
    g, long = gable / 2, length * way
    corner = x + g * way
    side_light, gable_light = facing(pen, 0.55 * way), facing(pen, -0.55 * way)
    side = face(
        pen,
        [(corner, y), (corner, y - walls), (corner + long, y - walls * 0.97), (corner + long, y - 0.004)],
        wall,
        side_light,
        0.3,
        far,
    )
    outer = x - g * way
    gabled = [(outer, y - 0.003), (outer, y - walls * 0.985), (x, y - walls - rise), (corner, y - walls), (corner, y)]
    front = face(pen, gabled, wall, gable_light, 0.3, far)
    for path in (side, front):
        bounds = path.getBounds()
        foot = pen.box((bounds.left() + bounds.right()) / 2, y, bounds.width(), walls * 0.16)
        pen.canvas.save()
        pen.canvas.clipPath(path, True)
        pen.fill(foot, pen.colour("stone", 0.5, far=far), pen.colour("dark stone", 0.1, far=far))
        pen.canvas.restore()
    if framed:
        timbers(pen, x, y, gable, length, walls, rise, way, far)
    eave = walls * 0.10
    slope = [
        (x - 0.004 * way, y - walls - rise - 0.003),
        (x + long - 0.004 * way, y - walls * 0.97 - rise - 0.001),
        (corner + long + 0.010 * way, y - walls * 0.97 + eave),
        (corner + 0.004 * way, y - walls + eave),
    ]
    tiled(pen, slope, roof, facing(pen, 0.45 * way, 0.65), 0.0062, far)
    barge = pen.colour(roof if roof == "snow" else "dark wood", 0.9 if roof == "snow" else 0.5, far=far)
    pen.line((x - (g + 0.008) * way, y - walls + eave), (x, y - walls - rise - 0.002), barge, 0.0048)
    pen.line((corner + 0.005 * way, y - walls + eave), (x, y - walls - rise - 0.002), barge, 0.0048)
    top = (x + long * 0.62, y - walls - rise)
    chimney(pen, *top, 0.024)
    windows = max(1, round(length / 0.045))
    floors = 2 if walls > 0.085 else 1
    for floor in range(floors):
        wy = y - walls * (0.30 if floors == 1 else (0.20, 0.66)[floor])
        for k in range(windows):
            wx = corner + long * (k + 0.6) / (windows + 0.2)
            shuttered(pen, wx, wy, 0.012, 0.018, far)
        if floor or floors == 1:
            for dx in (-0.24, 0.24) if gable > 0.08 else (0.0,):
                shuttered(pen, x + gable * dx, wy, 0.012, 0.018, far)
    pen.window(x, y - walls - rise * 0.30, 0.010, 0.016)
    if floors == 2 or gable > 0.08:
        door = pen.arch(x + 0.004, y, 0.020, min(walls * 0.42, 0.036), 0.1)
        pen.fill(door, pen.colour("dark wood", 0.7, far=far), pen.colour("dark wood", 0.2, far=far))
    return top[0], top[1] - 0.025


def shuttered(pen: Pen, x: float, y: float, width: float, height: float, far: float = 0.0) -> None:
    """A window with its frame and shutters."""
    pen.fill(pen.box(x, y + 0.0016, width * 1.35, height * 1.2), pen.colour("white", 0.6, far=far))
    pen.window(x, y, width, height)
    bar = pen.colour("dark wood", 0.4, 0.8, far=far)
    pen.line((x, y), (x, y - height), bar, 0.0012)
    for way in (-1, 1):
        shutter = pen.box(x + way * width * 0.98, y + 0.001, width * 0.5, height * 1.05)
        pen.fill(shutter, pen.colour(0x4E6B58, 0.8, far=far), pen.colour(0x4E6B58, 0.3, far=far))


def timbers(
    pen: Pen, x: float, y: float, gable: float, length: float, walls: float, rise: float, way: int, far: float
) -> None:
    """Posts, rails and braces on both faces."""
    tone = pen.colour("dark wood", 0.45, far=far)
    g, thick = gable / 2, 0.0042
    corner = x + g * way

    def beam(*points: Point) -> None:
        for a, b in pairwise(points):
            pen.line(a, b, tone, thick)

    for t in (0.0, 0.5, 1.0):
        px = x - g * way + gable * way * t
        beam((px, y), (px, y - walls - (rise * (1 - abs(2 * t - 1)))))
    for up in (0.02, 0.5, 1.0):
        beam((x - g * way, y - walls * up), (corner, y - walls * up))
        beam((corner, y - walls * up), (corner + length * way, y - walls * up * 0.98))
    beam((x - g * way * 0.5, y - walls - rise * 0.5), (x + g * way * 0.5, y - walls - rise * 0.5))
    for a in (-1, 1):
        beam((x + a * g, y - walls * 0.5), (x + a * g * 0.45, y - walls))
        beam((x + a * g * 0.5, y - walls - rise * 0.5), (x, y - walls))
    bays = max(2, round(length / 0.040))
    for k in range(bays + 1):
        px = corner + length * way * k / bays
        beam((px, y), (px, y - walls * 0.98))
        if k < bays and k % 2 == 0:
            beam((px, y - walls * 0.5), (px + length * way / bays, y - walls * 0.98))


def church(pen: Pen, x: float, y: float, far: float) -> None:
    """A village church: nave, tower, pointed spire."""
    cottage(pen, x + 0.055, y, gable=0.085, length=0.15, walls=0.085, rise=0.065, wall="stone", roof="slate", far=far)
    w, h = 0.066, 0.215
    left = panel(pen, x - w / 2, x + w * 0.12, y, h, "stone", facing(pen, -0.5), 0.4, far)
    right = panel(pen, x + w * 0.12, x + w / 2, y, h, "stone", facing(pen, 0.6), 0.4, far)
    for path in (left, right):
        masonry(pen, path, "stone", 0.008, 70, 0.25)
    for dy in (0.10, 0.205):
        pen.fill(
            pen.box(x, y - dy, w * 1.1, 0.006), pen.colour("stone", 0.8, far=far), pen.colour("stone", 0.3, far=far)
        )
    roof = roofing(pen, "slate")
    peak = (x - 0.004, y - h - 0.175)
    for a, b, look in ((x - w * 0.58, x + w * 0.12, -0.7), (x + w * 0.12, x + w * 0.58, 0.7)):
        spire = face(pen, [(a, y - h + 0.004), peak, (b, y - h + 0.004)], roof, facing(pen, look, 0.25), 0.3, far)
        joints(pen, spire, pen.colour(roof, 0.0, 0.4, far=far), 0.009, 0.0012)
    px, py = peak
    gold = pen.colour("gold", 0.9, far=far)
    pen.line((px, py + 0.004), (px, py - 0.030), gold, 0.0026)
    pen.line((px - 0.009, py - 0.020), (px + 0.009, py - 0.020), gold, 0.0026)
    clock = (x - w * 0.19, y - 0.135)
    pen.circle(*clock, 0.014, pen.colour("white", 0.8, far=far))
    if pen.lamps:
        pen.circle(*clock, 0.014, pen.shine(0xFFE9B8, 0.8 * pen.lamps))
        pen.glow(*clock, 0.05, 0xFFD890, 0.4 * pen.lamps)
    pen.line(clock, (clock[0], clock[1] - 0.010), pen.colour("black", 0.2), 0.0018)
    pen.line(clock, (clock[0] + 0.007, clock[1] + 0.002), pen.colour("black", 0.2), 0.0018)
    for dx in (-0.19, 0.31):
        pen.window(x + w * dx, y - 0.165, 0.014, 0.030, 0.5)


def minka(pen: Pen, x: float, y: float, width: float, far: float, tiles: bool) -> Point:
    """A Japanese farmhouse: dark posts, paper screens, a great roof of thatch (or tiles). Where its smoke comes out."""
    h, roof_h = width * 0.26, width * (0.34 if tiles else 0.52)
    half = width * 0.42
    wall = panel(pen, x - half, x + half, y, h, "plaster", 0.5, 0.3, far)
    shaded(pen, pen.box(x, y, width * 0.84, h * 0.28), "dark wood", 0.5, 0.1, far)
    dark = pen.colour("dark wood", 0.3, far=far)
    screens = 7
    for k in range(screens):
        sx = x + width * 0.76 * ((k + 0.5) / screens - 0.5)
        paper = pen.box(sx, y - h * 0.22, width * 0.088, h * 0.58)
        shaded(pen, paper, "paper", 0.7, 0.45, far)
        if pen.lamps and pen.random.random() < 0.85:
            pen.fill(paper, pen.shine(0xFFE6B0, 0.92 * pen.lamps), pen.shine(0xFFB85A, 0.92 * pen.lamps))
            pen.glow(sx, y - h * 0.5, width * 0.16, 0xFFB050, 0.28 * pen.lamps)
        for j in (1, 2):
            ly = y - h * (0.22 + 0.19 * j)
            pen.line((sx - width * 0.044, ly), (sx + width * 0.044, ly), dark, 0.0012)
        pen.line((sx, y - h * 0.22), (sx, y - h * 0.80), dark, 0.0012)
    joints(pen, wall, dark, width * 0.84 / screens, 0.0040, upright=True)
    thatched(pen, x, y - h, width * 0.58, width * (0.38 if tiles else 0.20), roof_h, tiles, far)
    return x + width * 0.1, y - h - roof_h


def thatched(pen: Pen, x: float, y: float, eave: float, ridge: float, height: float, tiles: bool, far: float) -> None:
    """The great roof over eaves at y, half as wide as `eave` below and `ridge` above, its slopes a little hollow."""
    material = roofing(pen, 0x3E4650 if tiles else "thatch")
    top, lip = y - height, y + eave * 0.06
    path = skia.Path()
    path.moveTo(x - eave, lip)
    path.cubicTo(x - eave * 0.80, y - height * 0.22, x - ridge * 1.25, y - height * 0.62, x - ridge, top)
    path.lineTo(x + ridge, top)
    path.cubicTo(x + ridge * 1.25, y - height * 0.62, x + eave * 0.80, y - height * 0.22, x + eave, lip)
    path.cubicTo(x + eave * 0.5, lip + eave * 0.03, x - eave * 0.5, lip + eave * 0.03, x - eave, lip)
    path.close()
    sunny, shady = (x - eave, x + eave) if pen.side <= 0 else (x + eave, x - eave)
    tones = (pen.colour(material, light, far=far) for light in (1.05, 0.55, 0.12))
    pen.fill_between(path, (sunny, top), (shady, y), *tones)
    pen.texture(path, "grain", pen.colour(material, 0.0, far=far), scale=0.10, strength=0.5)
    pen.canvas.save()
    pen.canvas.clipPath(path, True)
    for k in range(-22, 23):
        t = k / 22
        tone = pen.colour(material, 0.0 if k % 2 else 1.1, 0.35, far=far)
        pen.line((x + t * ridge, top), (x + t * eave, lip), tone, 0.0016)
    under = pen.polygon(
        [(x - eave, lip - 0.012), (x + eave, lip - 0.012), (x + eave, lip + 0.02), (x - eave, lip + 0.02)]
    )
    pen.fill(under, pen.colour(material, 0.0, 0.0), pen.colour(material, 0.0, 0.85, far=far))
    pen.canvas.restore()
    if not tiles:  # a small gable for the smoke
        vent = pen.polygon([(x - ridge * 0.5, top + 0.012), (x, top - 0.010), (x + ridge * 0.5, top + 0.012)])
        shaded(pen, vent, material, 0.9, 0.3, far)
    shaded(pen, pen.box(x, top + 0.005, ridge * 2.15, 0.011), "slate" if tiles else "dark wood", 0.7, 0.2, far)
    for k in range(-3, 4):
        cx = x + k * ridge * 0.3
        pen.line((cx - 0.005, top + 0.006), (cx + 0.005, top - 0.014), pen.colour("dark wood", 0.4, far=far), 0.003)


def paper_lantern(pen: Pen, x: float, y: float, size: float, code: int = 0xD8402A) -> None:
    """A paper lantern that hangs from y, `size` high, red by day, glowing by night."""
    body = skia.Path().addOval(skia.Rect(x - size * 0.36, y + size * 0.08, x + size * 0.36, y + size * 0.96))
    pen.round(body, code)
    if pen.lamps:
        pen.fill(body, pen.shine(0xFFC070, 0.85 * pen.lamps), pen.shine(code, 0.85 * pen.lamps))
        pen.glow(x, y + size * 0.5, size * 2.2, 0xFF8A40, 0.5 * pen.lamps)
    for k in range(1, 5):
        ly = y + size * (0.08 + 0.88 * k / 5)
        w = size * 0.36 * math.sqrt(max(0.0, 1 - (2 * k / 5 - 1) ** 2))
        pen.line((x - w, ly), (x + w, ly), pen.colour("black", 0.2, 0.4), 0.0011)
    for dy in (0.06, 0.92):
        pen.fill(pen.box(x, y + size * (dy + 0.06), size * 0.34, size * 0.08), pen.colour("black", 0.4))
