"""Ruins: an abbey's broken walls and empty window, or in Rome fallen columns and an arcade."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.structures.rome import arena, colonnade, drum
from engine.designer.structures.rubble import block, minus, rubble, torn, wall
from engine.designer.structures.solids import WINTRY, contact, facing, masonry, panel, shaded


@structure(
    "ruins",
    synonyms=("ruin", "graveyard", "cemetery", "abbey", "colosseum", "forum", "gravestone", "tombstone", "rubble",
              "amphitheatre", "amphitheater", "stone circle", "standing stone", "megalith", "sunken city"),
    implies={"ground": "grass"},
)  # fmt: skip
def ruins(pen: Pen) -> None:
    """By the period: Rome, or an abbey."""
    mound(pen)
    if pen.period == "roman":
        arena(pen)
        colonnade(pen)
    else:
        abbey(pen)


def mound(pen: Pen) -> None:
    """The low hill that the walls stand on."""
    points = [
        (x, 0.032 - (0.03 + y) * max(0.0, 1 - (x / 0.8) ** 2))
        for x, y in pen.ridge(0.0, 0.010, waves=3.0, rough=0.6, left=-0.8, right=0.8)
    ]
    material = "snow" if pen.ground in WINTRY else "sand" if pen.ground == "sand" else "moss"
    land = pen.hill(points, bottom=0.05)
    shaded(pen, land, material, 0.7, 0.3)
    pen.texture(land, "grain", pen.colour(material, 0.0), scale=0.10, strength=0.5)


def abbey(pen: Pen) -> None:
    """The west front with its great window, an arcade of the nave, a stump of a tower, walls and graves."""
    stone = "stone"
    back = torn(pen, 0.13, 0.60, [(0.13, -0.24), (0.24, -0.20), (0.36, -0.225), (0.47, -0.13), (0.60, -0.10)])
    nave = pen.polygon([(0.13, 0.03), *back, (0.60, 0.03)])
    arches = [pen.arch(0.205 + 0.118 * k, 0.03, 0.078, 0.165, 0.75) for k in range(3)]
    light = facing(pen, 0.5) * 0.9
    inner = [pen.arch(0.205 + 0.118 * k + 0.010, 0.03, 0.078, 0.160, 0.75) for k in range(3)]
    for arch, hole in zip(arches, inner, strict=True):
        shaded(pen, minus(arch, hole), stone, 0.10, 0.25)
    wall(pen, minus(nave, *arches), stone, light + 0.1, 0.05, 700)
    for arch in arches:
        pen.stroke(arch, pen.colour(stone, 0.9, 0.8, far=0.05), 0.005)
    for k in range(3):
        pier(pen, 0.264 + 0.118 * k, 0.03, 0.026, 0.125)
    front(pen, stone)
    stump(pen, -0.46, stone)
    low = torn(pen, -0.72, -0.50, [(-0.72, 0.0), (-0.64, -0.055), (-0.56, -0.040), (-0.50, -0.085)], 14)
    wall(pen, pen.polygon([(-0.72, 0.03), *low, (-0.50, 0.03)]), stone, 0.7, 0.0, 90)
    rubble(pen, stone)
    ivy(pen)


def front(pen: Pen, stone: str) -> None:
    """The gable wall: a window with its tracery against the sky, a door, buttresses."""
    tops = [(-0.235, -0.30), (-0.17, -0.365), (-0.09, -0.455), (-0.03, -0.50), (0.03, -0.455), (0.075, -0.36)]
    tops += [(0.12, -0.315), (0.155, -0.27)]
    body = pen.polygon([(-0.235, 0.03), *torn(pen, -0.235, 0.155, tops, 34), (0.155, 0.03)])
    window = pen.arch(-0.04, -0.155, 0.170, 0.250, 0.85)
    door = pen.arch(-0.04, 0.03, 0.082, 0.145, 0.7)
    lancets = [pen.arch(x, -0.165, 0.028, 0.110, 0.8) for x in (-0.185, 0.105)]
    for hole, dx in ((window, 0.016), (door, 0.014), *((each, 0.008) for each in lancets)):
        bounds = hole.getBounds()
        pen.canvas.save()
        pen.canvas.clipPath(hole, True)
        side = pen.box(bounds.right() - dx / 2, bounds.bottom(), dx, bounds.height())
        shaded(pen, side, stone, 0.30 if pen.side > 0 else 0.85, 0.15)
        pen.canvas.restore()
    if pen.lamps:  # a fire within
        for each in (window, *lancets):
            pen.fill(each, pen.shine(0xC8642A, 0.22 * pen.lamps), pen.shine(0xFFA850, 0.62 * pen.lamps))
        pen.glow(-0.04, -0.22, 0.20, 0xFF9A48, 0.35 * pen.lamps)
    pen.fill(door, pen.blend(pen.colour("black", 0.1, 0.92), pen.shine(0xFF9A48), 0.55 * pen.lamps))
    wall(pen, minus(body, window, door, *lancets), stone, 0.82, 0.0, 1300)
    for path, width in ((window, 0.011), (door, 0.012), *((each, 0.005) for each in lancets)):
        pen.stroke(path, pen.colour(stone, 1.0), width)
        pen.stroke(path, pen.colour(stone, 0.0, 0.55), width * 0.22)
    tracery = pen.colour(stone, 0.75)
    pen.canvas.save()
    pen.canvas.clipPath(window, True)
    for x in (-0.083, -0.04, 0.003):
        pen.line((x, -0.155), (x, -0.285 if x == -0.04 else -0.30), tracery, 0.0058)
    for x in (-0.104, -0.0615, -0.0185, 0.0245):
        pen.stroke(pen.arch(x, -0.14, 0.0425, 0.150, 0.9), tracery, 0.0046)
    pen.stroke(skia.Path().addCircle(-0.04, -0.335, 0.030), tracery, 0.0062)
    for k in range(6):
        a = k * math.tau / 6
        pen.stroke(
            skia.Path().addCircle(-0.04 + 0.017 * math.cos(a), -0.335 + 0.017 * math.sin(a), 0.010), tracery, 0.003
        )
    pen.canvas.restore()
    for x, top in ((-0.235, -0.285), (-0.135, -0.235), (0.058, -0.235), (0.155, -0.255)):
        buttress(pen, x, top, stone)


def buttress(pen: Pen, x: float, top: float, stone: str) -> None:
    """A buttress in two offsets."""
    for w, y in ((0.030, top * 0.56), (0.022, top)):
        left = panel(pen, x - w / 2, x + w * 0.15, 0.03, 0.03 - y, stone, facing(pen, -0.4), 0.45)
        panel(pen, x + w * 0.15, x + w / 2, 0.03, 0.03 - y, stone, facing(pen, 0.8), 0.45)
        masonry(pen, left, stone, 0.0105, 26, 0.3)
        slope = pen.polygon([(x - w / 2 - 0.002, y + 0.002), (x, y - w * 0.7), (x + w / 2 + 0.002, y + 0.002)])
        shaded(pen, slope, "snow" if pen.ground in WINTRY else stone, 1.05, 0.6)


def pier(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    """A clustered pier with its capital."""
    for dx, w in ((-0.3, 0.4), (0.3, 0.4), (0.0, 0.5)):
        pen.round(pen.box(x + dx * width, y, width * w, height), "stone")
    shaded(pen, pen.box(x, y - height, width * 1.25, 0.010), "stone", 1.0, 0.3)


def stump(pen: Pen, x: float, stone: str) -> None:
    """What is left of a round tower."""
    line = torn(
        pen,
        x - 0.075,
        x + 0.075,
        [(x - 0.075, -0.165), (x - 0.02, -0.235), (x + 0.03, -0.195), (x + 0.075, -0.105)],
        14,
    )
    path = pen.polygon([(x - 0.080, 0.03), *line, (x + 0.080, 0.03)])
    pen.round(path, stone)
    pen.texture(path, "grain", pen.colour(stone, 0.0), scale=0.12, strength=0.5)
    masonry(pen, path, stone, 0.0105, 240, 0.3)
    pen.texture(path, "puff", pen.colour("moss", 0.2), scale=0.2, strength=0.5)
    for wx, wy in ((-0.02, -0.05), (0.025, -0.115)):
        slit = pen.arch(x + wx, wy, 0.011, 0.034, 0.5)
        pen.fill(slit, pen.colour("black", 0.15))


def ivy(pen: Pen) -> None:
    """Ivy that hangs over edges and climbs, in clumps of leaves."""
    if pen.ground in ("sand", "moondust", *WINTRY):
        return
    for x, y, length, spread in (
        (-0.19, -0.33, 0.20, 0.026), (-0.44, -0.17, 0.15, 0.020), (0.125, -0.26, 0.18, 0.024),
        (0.34, -0.215, 0.12, 0.034),
        (0.50, -0.10, 0.09, 0.022), (-0.235, -0.12, 0.14, 0.020), (0.02, -0.44, 0.10, 0.016),
    ):  # fmt: skip
        for _ in range(round(length * 900)):
            t = pen.random.random() ** 1.3
            px = x + pen.random.gauss(0, spread * (1 - 0.55 * t)) + 0.012 * math.sin(t * 9 + x * 40)
            py = y + length * t
            light = 0.15 + 0.8 * pen.random.random() * (0.6 - 0.4 * pen.side * (px - x) / spread * -1)
            pen.circle(px, py, pen.random.uniform(0.0026, 0.0052), pen.colour("leaf", max(0.05, min(light, 1.0))))


@ruins.on("front")
def graves(pen: Pen) -> None:
    """Leaning gravestones before the abbey, drums of columns before Rome."""
    if pen.period == "roman":
        for x, y, s, a in ((-0.40, 0.075, 1.0, 8.0), (-0.27, 0.088, 0.8, -4.0), (0.36, 0.08, 0.95, -9.0)):
            contact(pen, x, y + 0.004, 0.15 * s, 0.5)
            drum(pen, x, y, s, a)
        for _ in range(16):
            x = pen.random.choice((-1, 1)) * pen.random.uniform(0.2, 0.62)
            block(pen, x, pen.random.uniform(0.055, 0.095), pen.random.uniform(0.008, 0.016), "marble")
        return
    if pen.ground in ("water", "lava", "clouds"):
        return
    for x, y, s, a, kind in (
        (-0.50, 0.070, 0.85, -6, 0), (-0.37, 0.088, 1.0, 5, 1), (-0.26, 0.064, 0.75, -3, 0), (0.22, 0.070, 0.8, 7, 0),
        (0.34, 0.092, 1.05, -5, 0), (0.47, 0.072, 0.85, 3, 1), (0.58, 0.090, 0.95, -8, 0),
    ):  # fmt: skip
        contact(pen, x, y, 0.085 * s, 0.5)
        pen.canvas.save()
        pen.canvas.translate(x, y)
        pen.canvas.rotate(a)
        if kind:
            cross(pen, s)
        else:
            for dx, material, light in ((0.009 * s, "stone", 0.10), (0.0, "stone", 0.75)):
                slab = pen.arch(dx, 0.008, 0.052 * s, 0.082 * s)
                shaded(pen, slab, material, light * 1.2, light * 0.6)
                pen.texture(slab, "grain", pen.colour(material, 0.0), scale=0.08, strength=0.6)
            for k in range(3):
                w = (0.014, 0.017, 0.011)[k] * s
                ly = -0.050 * s + 0.014 * s * k
                pen.line((-w, ly), (w, ly), pen.colour("stone", 0.0, 0.7), 0.0022)
        pen.canvas.restore()


def cross(pen: Pen, s: float) -> None:
    """A ringed cross on its plinth."""
    for dx, light in ((0.006 * s, 0.1), (0.0, 0.8)):
        pen.stroke(skia.Path().addCircle(dx, -0.088 * s, 0.021 * s), pen.colour("stone", light * 0.8), 0.007 * s)
        shaded(pen, pen.box(dx, 0.0, 0.017 * s, 0.125 * s), "stone", light * 1.2, light * 0.6)
        shaded(pen, pen.box(dx, -0.081 * s, 0.072 * s, 0.015 * s), "stone", light * 1.2, light * 0.7)
        shaded(pen, pen.box(dx, 0.008, 0.046 * s, 0.022 * s), "stone", light, light * 0.4)


@ruins.live
def birds(pen: Pen, time_s: float) -> None:
    """Crows about the gable by day; by night fires that a wanderer lit."""
    if pen.lamps:
        x = 0.165 if pen.period == "roman" else -0.04
        pen.flame(x, 0.018, 0.036, time_s)
    if pen.sky in ("underwater", "stars", "indoors"):
        return
    x0 = 0.15 if pen.period == "roman" else -0.03
    for i in range(5):
        turn = time_s * (0.35 + 0.04 * i) + i * 1.05
        x = x0 + (0.17 + 0.03 * (i % 3)) * math.cos(turn)
        y = -0.49 + 0.035 * math.sin(turn) + 0.018 * i - 0.04
        beat = math.sin(time_s * 7 + i * 2)
        size = 0.011
        wing = [(x - size, y - size * 0.6 * beat), (x, y), (x + size, y - size * 0.6 * beat)]
        pen.stroke(pen.polygon(wing, close=False), pen.colour("black", 0.2, far=0.05), 0.0026)
