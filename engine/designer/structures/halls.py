"""Old rooms: a throne hall, a cathedral, a library, a tavern."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import REACH, TOP, Pen
from engine.designer.registry import structure
from engine.designer.structures import interiors as room

_GLASS = (0x5C8FE8, 0xE8C24A, 0xC83A48, 0x3AA86A, 0x8A5AD0, 0xF2E6B8)
_DAYLIGHT = (0xCFE4F8, 0xF6F0DC, 0xB8D4EE)


@structure(
    "throne-hall",
    stands="room",
    synonyms=(
        "throne room",
        "throne hall",
        "throne",
        "great hall",
        "king's hall",
        "royal hall",
        "court",
        "royal court",
    ),
    implies={"sky": "indoors", "ground": "stone"},
)
def throne_hall(pen: Pen) -> None:
    """A throne under a canopy between banners and columns."""
    material = "marble" if pen.period == "roman" else "stone"
    room.wall(pen, material)
    for x in (-1.18, -0.62, 0.62, 1.18):
        room.glazing(pen, x, -0.20, 0.15, 0.34, 0.7, (0xE8A84A, 0xF6D080, 0xC83A48, 0x4A6AC8))
    niche = pen.arch(0, 0.02, 0.52, 0.60, 0.55)
    pen.fill(niche, pen.colour(material, 0.05), pen.colour(material, 0.45))
    pen.stroke(niche, pen.colour(material, 0.9), 0.012)
    for k in range(-4, 5):
        x0, x1 = k * 0.048, (k + 1) * 0.048 if k < 4 else k * 0.048
        fold = pen.polygon([(x0, -0.46), (x1, -0.46), (x1 * 1.02, 0.0), (x0 * 1.02, 0.0)])
        pen.fill_between(fold, (x0, 0), (x0 + 0.048, 0), pen.colour("velvet", 1.0), pen.colour("velvet", 0.15))
    canopy = pen.polygon([(-0.22, -0.44), (0, -0.53), (0.22, -0.44), (0.20, -0.415), (-0.20, -0.415)])
    pen.fill(canopy, pen.colour("gold", 1.0), pen.colour("gold", 0.3))
    for k in range(-5, 6):
        scallop = skia.Path().addCircle(k * 0.038, -0.415, 0.019)
        pen.fill(scallop, pen.colour("velvet", 0.8))
    throne(pen)
    for x in (-0.88, -0.36, 0.36, 0.88, 1.42, -1.42):
        room.column(pen, x, 0.075 if abs(x) < 0.5 else 0.09, material)
        banner(pen, x, -0.45, 0.075, 0.24)
    for x in (-0.62, 0.62):
        room.chandelier(pen, x, -0.40, 0.22)


def throne(pen: Pen) -> None:
    """A high seat of gold on three steps."""
    for k in range(3):
        step = pen.box(0, 0.03 - 0.022 * k, 0.44 - 0.08 * k, 0.024)
        pen.fill(step, pen.colour("marble", 0.9), pen.colour("marble", 0.3))
    pen.fill(pen.box(0, 0.03, 0.14, 0.068), pen.colour("velvet", 0.9), pen.colour("velvet", 0.5))
    back = pen.arch(0, -0.035, 0.125, 0.25, 0.8)
    pen.fill(back, pen.colour("gold", 1.1), pen.colour("gold", 0.35))
    pen.fill(pen.arch(0, -0.05, 0.088, 0.19, 0.7), pen.colour("velvet", 1.0), pen.colour("velvet", 0.3))
    for way in (-1, 1):
        pen.fill(pen.box(way * 0.062, -0.030, 0.018, 0.085), pen.colour("gold", 0.9), pen.colour("gold", 0.25))
        pen.circle(way * 0.062, -0.118, 0.012, pen.colour("gold", 1.1))
        pen.circle(way * 0.060, -0.245, 0.010, pen.colour("gold", 1.1))
    pen.fill(pen.box(0, -0.030, 0.12, 0.035), pen.colour("velvet", 0.8), pen.colour("velvet", 0.2))
    pen.glow(0, -0.17, 0.34, 0xFFC060, 0.40)


def banner(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    """A hanging banner with a device."""
    code = pen.random.choice(("cloth", 0x2A3F8A, 0x6A2A7A, 0x2A6A4A))
    cloth = pen.polygon(
        [
            (x - width / 2, y),
            (x + width / 2, y),
            (x + width / 2, y + height * 0.86),
            (x, y + height),
            (x - width / 2, y + height * 0.86),
        ]
    )
    pen.fill_between(
        cloth,
        (x - width / 2, 0),
        (x + width / 2, 0),
        pen.colour(code, 0.9),
        pen.colour(code, 0.35),
        pen.colour(code, 0.7),
    )
    pen.stroke(cloth, pen.colour("gold", 0.8), 0.003)
    for k in range(4):
        a = k * math.pi / 2 + math.pi / 4
        pen.line(
            (x, y + height * 0.42),
            (x + math.cos(a) * width * 0.3, y + height * 0.42 + math.sin(a) * width * 0.3),
            pen.colour("gold", 0.9),
            0.005,
        )
    pen.circle(x, y + height * 0.42, width * 0.13, pen.colour("gold", 1.0))


@throne_hall.on("front")
def red_carpet(pen: Pen) -> None:
    """The way to the throne."""
    room.carpet(pen, "velvet", "gold")


@throne_hall.live
def hall_fires(pen: Pen, time_s: float) -> None:
    """Torches on the columns, candles above."""
    for i, x in enumerate((-0.88, -0.36, 0.36, 0.88)):
        pen.flame(x, -0.16, 0.045, time_s, phase=i)
    for i, x in enumerate((-0.62, 0.62)):
        for k, (cx, cy) in enumerate(room.chandelier_flames(x, -0.40, 0.22)[::4]):
            pen.flame(cx, cy - 0.022, 0.016, time_s, phase=i + 0.7 * k)


@structure(
    "cathedral",
    stands="room",
    synonyms=("church", "abbey", "chapel", "minster", "nave", "basilica", "stained glass", "crypt"),
    implies={"sky": "indoors", "ground": "stone"},
)
def cathedral(pen: Pen) -> None:
    """A nave of pointed arches, a rose window over the altar, coloured light on the stone."""
    room.wall(pen, "stone", course=0.0)
    apse = pen.arch(0, 0.02, 0.86, 0.72, 0.9)
    pen.fill(apse, pen.colour("stone", 0.15), pen.colour("stone", 0.6))
    rose_window(pen, 0, -0.43, 0.145)
    for x in (-0.26, -0.13, 0.0, 0.13, 0.26):
        room.glazing(pen, x, -0.045, 0.075, 0.20 if x else 0.22, 0.9, _GLASS)
    for way in (-1, 1):
        for x in (0.62, 0.98, 1.34, 1.70):
            bay = pen.arch(way * x, 0.02, 0.29, 0.46, 0.8)
            pen.fill(bay, pen.colour("stone", 0.0), pen.colour("stone", 0.35))
            room.glazing(pen, way * x, -0.11, 0.10, 0.24, 0.9, _GLASS)
            clerestory = pen.arch(way * x, -0.50, 0.10, 0.15, 0.9)
            pen.fill(clerestory, pen.shine(0xBFD4F2, 0.9), pen.shine(0x7A9AD0, 0.7))
            pen.stroke(pen.arch(way * x, 0.02, 0.31, 0.48, 0.8), pen.colour("stone", 1.0), 0.012)
    for way in (-1, 1):
        for x in (0.45, 0.80, 1.16, 1.52):
            for shift in (-0.028, 0.028, 0.0):
                room.column(pen, way * x + shift, 0.045 if shift else 0.055, "stone", top=-0.40)
            for k in range(5):
                rib = pen.curve([(way * x, -0.41), (way * (x - 0.05 * k), -0.54), (way * (x - 0.13 * k), TOP)])
                pen.stroke(rib, pen.colour("stone", 0.9 - 0.12 * k), 0.011 - 0.0012 * k)
    altar(pen)
    room.shafts(pen, (-1.05, -0.75, -0.42), -0.40, 0xFFE0A0, 0.15)
    room.shafts(pen, (-0.25, 0.1), -0.42, 0x9AB8FF, 0.12)


def rose_window(pen: Pen, x: float, y: float, radius: float) -> None:
    """A wheel of coloured glass."""
    pen.circle(x, y, radius * 1.12, pen.colour("stone", 0.9))
    pen.circle(x, y, radius * 1.03, pen.colour("black", 0.1))
    for ring, (low, high, count) in enumerate(((0.68, 0.98, 20), (0.36, 0.64, 14), (0.14, 0.33, 8))):
        for k in range(count):
            a0, a1 = (k + 0.08) * math.tau / count, (k + 0.92) * math.tau / count
            corners = [(a, r) for a, r in ((a0, low), (a0, high), (a1, high), (a1, low))]
            petal = pen.polygon([(x + math.cos(a) * r * radius, y + math.sin(a) * r * radius) for a, r in corners])
            pen.fill(petal, pen.shine(_GLASS[(k + ring) % len(_GLASS)], 0.95))
    pen.circle(x, y, radius * 0.11, pen.shine(0xFFF0C0))
    pen.glow(x, y, radius * 2.6, 0x9AB0FF, 0.55)


def altar(pen: Pen) -> None:
    """Steps, a table with a cloth, candles."""
    for k in range(3):
        pen.fill(
            pen.box(0, 0.03 - 0.016 * k, 0.58 - 0.08 * k, 0.018), pen.colour("marble", 0.8), pen.colour("marble", 0.3)
        )
    pen.fill(pen.box(0, -0.018, 0.26, 0.075), pen.colour("white", 0.9), pen.colour("white", 0.4))
    pen.fill(pen.box(0, -0.088, 0.28, 0.010), pen.colour("gold", 0.9))
    for candle in (-0.10, -0.06, 0.06, 0.10):
        pen.fill(pen.box(candle, -0.096, 0.008, 0.040), pen.colour("paper", 1.0))
    pen.line((0, -0.098), (0, -0.165), pen.colour("gold", 1.0), 0.006)
    pen.line((-0.02, -0.145), (0.02, -0.145), pen.colour("gold", 1.0), 0.006)


@cathedral.on("front")
def pews(pen: Pen) -> None:
    """Rows of benches on both sides of the aisle, the nearer the larger."""
    for y, scale in ((0.055, 0.40), (0.105, 0.62), (0.19, 1.0)):
        for way in (-1, 1):
            inner, outer = 0.40 * scale + 0.02, 1.9
            seat = skia.Path().addRect(
                skia.Rect(min(way * inner, way * outer), y - 0.085 * scale, max(way * inner, way * outer), y)
            )
            pen.fill(seat, pen.colour("wood", 0.55), pen.colour("dark wood", 0.1))
            pen.texture(seat, "streak", pen.colour("black", 0.0), scale=0.08, strength=0.4)
            rail = skia.Path().addRect(
                skia.Rect(
                    min(way * inner, way * outer), y - 0.097 * scale, max(way * inner, way * outer), y - 0.085 * scale
                )
            )
            pen.fill(rail, pen.colour("wood", 1.0), pen.colour("wood", 0.4))
            post = pen.arch(way * inner, y + 0.008, 0.032 * scale, 0.135 * scale, 0.0)
            pen.fill(post, pen.colour("wood", 0.9), pen.colour("dark wood", 0.2))


@cathedral.live
def altar_lights(pen: Pen, time_s: float) -> None:
    """Candles on the altar, and dust in the light."""
    for i, x in enumerate((-0.10, -0.06, 0.06, 0.10)):
        pen.flame(x, -0.136, 0.018, time_s, phase=i)
    dust(pen, time_s, 0xFFE8B8)


def dust(pen: Pen, time_s: float, code: int, count: int = 60) -> None:
    """Motes that drift in the light."""
    motes = pen.numbers(count, 3, 9)
    motes[:, 0] = ((motes[:, 0] + 0.006 * time_s * (0.4 + motes[:, 2])) % 1.0 - 0.5) * 1.9
    motes[:, 1] = TOP + 0.08 + ((motes[:, 1] + 0.004 * time_s) % 1.0) * 0.62
    pen.dots(motes[:, :2], 0.0013, pen.shine(code, 0.35))


@structure(
    "library",
    stands="room",
    synonyms=("book", "bookshelf", "bookcase", "reading room", "study", "archive", "bookshop", "scriptorium"),
    implies={"sky": "indoors", "ground": "wood"},
)
def library(pen: Pen) -> None:
    """Shelves up to a gallery, a tall window, lamps with green shades."""
    room.wall(pen, "dark wood", course=0.0)
    for x in (-1.62, -1.24, -0.86, -0.48, 0.48, 0.86, 1.24, 1.62):
        room.shelf(pen, x, 0.02, 0.34, 0.27, 5)
        room.shelf(pen, x, -0.315, 0.34, 0.25, 4)
    room.glazing(pen, 0, -0.04, 0.40, 0.50, 0.1, _DAYLIGHT)
    for y in (-0.302,):
        walk = pen.box(0, y, 2 * REACH, 0.020)
        pen.fill(walk, pen.colour("wood", 0.9), pen.colour("dark wood", 0.1))
        for k in range(-62, 63):
            pen.line((k * 0.032, y - 0.02), (k * 0.032, y - 0.075), pen.colour("gold", 0.5), 0.0022)
        pen.fill(pen.box(0, y - 0.075, 2 * REACH, 0.007), pen.colour("wood", 1.0), pen.colour("wood", 0.3))
    for x in (-0.265, 0.265):
        room.column(pen, x, 0.045, "wood")
    room.beams(pen)
    for way in (-1, 1):
        ladder(pen, way * 0.70, way)
    table(pen)
    room.shafts(pen, (-0.12, 0.08), -0.46, 0xFFF0CC, 0.16)


def ladder(pen: Pen, x: float, way: int) -> None:
    """A ladder against the shelves."""
    for side in (-0.022, 0.022):
        pen.line((x + side, 0.02), (x + side - way * 0.09, -0.30), pen.colour("wood", 1.0), 0.006)
    for k in range(9):
        t = (k + 0.5) / 9
        cx, cy = x - way * 0.09 * t, 0.02 - 0.32 * t
        pen.line((cx - 0.022, cy), (cx + 0.022, cy), pen.colour("wood", 0.8), 0.004)


def table(pen: Pen) -> None:
    """A reading table with lamps and open books."""
    top = pen.box(0, -0.058, 0.60, 0.014)
    for x in (-0.27, 0.27):
        pen.fill(pen.box(x, 0.03, 0.022, 0.085), pen.colour("dark wood", 0.7), pen.colour("dark wood", 0.1))
    pen.fill(top, pen.colour("wood", 1.0), pen.colour("wood", 0.3))
    for x in (-0.17, 0.17):
        pen.line((x, -0.072), (x, -0.115), pen.colour("gold", 0.8), 0.004)
        shade = pen.polygon([(x - 0.036, -0.110), (x - 0.022, -0.136), (x + 0.022, -0.136), (x + 0.036, -0.110)])
        pen.fill(shade, pen.shine(0x3AA06A), pen.shine(0x8CE0A8))
        pen.glow(x, -0.10, 0.16, 0xFFE09A, 0.75)
    for x in (-0.05, 0.07):
        pages = pen.polygon(
            [(x - 0.03, -0.073), (x - 0.028, -0.081), (x, -0.076), (x + 0.028, -0.081), (x + 0.03, -0.073)]
        )
        pen.fill(pages, pen.colour("paper", 1.0), pen.colour("paper", 0.5))


@library.on("front")
def rug(pen: Pen) -> None:
    """A patterned rug before the table."""
    for share, code in ((1.0, 0x6A1E22), (0.88, 0xC09A50), (0.80, 0x7A2A2A), (0.50, 0x2A3A5A)):
        flat = pen.polygon(
            [
                (-0.34 * share, 0.10 - 0.045 * share),
                (0.34 * share, 0.10 - 0.045 * share),
                (0.62 * share, 0.10 + 0.075 * share),
                (-0.62 * share, 0.10 + 0.075 * share),
            ]
        )
        pen.fill(flat, pen.colour(code, 0.5), pen.colour(code, 0.8))
    whole = pen.polygon([(-0.34, 0.055), (0.34, 0.055), (0.62, 0.175), (-0.62, 0.175)])
    pen.texture(whole, "grain", pen.colour("black", 0.0), scale=0.10, stretch=2.0, strength=0.35)


@library.live
def library_dust(pen: Pen, time_s: float) -> None:
    """Motes before the window."""
    dust(pen, time_s, 0xFFF2D0, 80)


@structure(
    "tavern",
    stands="room",
    synonyms=("pub", "inn", "bar", "alehouse", "public house", "beer hall", "taproom", "restaurant", "cafe"),
    implies={"sky": "indoors", "ground": "wood"},
)
def tavern(pen: Pen) -> None:
    """Timber and plaster, a fire, barrels, a bar with bottles."""
    room.wall(pen, "plaster", course=0.0)
    for k in range(-8, 9):
        post = pen.box(k * 0.26, 0.02, 0.028, 0.70)
        pen.fill(post, pen.colour("dark wood", 0.7), pen.colour("dark wood", 0.3))
        if k % 2:
            pen.line((k * 0.26, -0.42), (k * 0.26 + 0.24, -0.18), pen.colour("dark wood", 0.5), 0.022)
    for y in (-0.17, -0.43):
        rail = pen.box(0, y, 2 * REACH, 0.026)
        pen.fill(rail, pen.colour("dark wood", 0.9), pen.colour("dark wood", 0.2))
        pen.texture(rail, "streak", pen.colour("black", 0.0), scale=0.06, strength=0.5)
    room.beams(pen)
    hearth(pen, 0.0)
    for way in (-1, 1):
        bottles(pen, way * 0.78)
    for x in (-1.22, -1.10, -1.16, 1.14, 1.27, 1.20):
        barrel(pen, x, 0.03 if x not in (-1.16, 1.20) else -0.085, 0.105)
    for x in (-0.42, 0.42):
        room.glazing(pen, x, -0.20, 0.14, 0.19, 0.0, (0xE8B860, 0xD8A048, 0xF0D090))
    for x in (-0.80, 0.80):
        room.chandelier(pen, x, -0.40, 0.20)


def hearth(pen: Pen, x: float) -> None:
    """A stone fireplace, its glow on the room."""
    breast = pen.polygon(
        [
            (x - 0.22, 0.03),
            (x - 0.20, -0.26),
            (x - 0.12, TOP + 0.1),
            (x + 0.12, TOP + 0.1),
            (x + 0.20, -0.26),
            (x + 0.22, 0.03),
        ]
    )
    pen.fill_between(breast, (x - 0.2, 0), (x + 0.2, 0), pen.colour("dark stone", 0.9), pen.colour("dark stone", 0.3))
    pen.texture(breast, "cell", pen.colour("stone", 0.9), scale=0.30, strength=0.55)
    mantel = pen.box(x, -0.225, 0.48, 0.028)
    pen.fill(mantel, pen.colour("wood", 1.0), pen.colour("dark wood", 0.2))
    mouth = pen.arch(x, 0.02, 0.26, 0.19, 0.0)
    pen.fill(mouth, pen.colour("black", 0.0), pen.shine(0x7A2408))
    for k in (-0.06, 0.0, 0.06):
        log = skia.Path().addRoundRect(skia.Rect(x + k - 0.055, -0.004, x + k + 0.055, 0.016), 0.01, 0.01)
        pen.fill(log, pen.colour("bark", 0.9), pen.shine(0xC04A10))
    pen.glow(x, -0.02, 0.80, 0xFF8A30, 0.50)


def bottles(pen: Pen, x: float) -> None:
    """A bar with shelves of bottles and mugs."""
    for r in range(2):
        y = -0.215 - 0.10 * r
        pen.fill(pen.box(x, y, 0.42, 0.012), pen.colour("wood", 0.9), pen.colour("dark wood", 0.2))
        for k in range(15):
            if pen.random.random() < 0.85:
                bx, h = x - 0.19 + k * 0.027, pen.random.uniform(0.035, 0.060)
                code = pen.random.choice((0x3A6A3A, 0x7A3A1A, 0xA8823A, 0x2A4A6A, 0xC0B090))
                pen.fill_between(
                    pen.box(bx, y - 0.011, 0.017, h * 0.7),
                    (bx - 0.008, 0),
                    (bx + 0.008, 0),
                    pen.colour(code, 1.2),
                    pen.colour(code, 0.3),
                )
                pen.fill(pen.box(bx, y - 0.011 - h * 0.68, 0.006, h * 0.32), pen.colour(code, 0.6))
    counter = pen.box(x, 0.03, 0.50, 0.155)
    pen.fill(counter, pen.colour("wood", 0.8), pen.colour("dark wood", 0.15))
    pen.texture(counter, "streak", pen.colour("black", 0.0), scale=0.10, strength=0.4)
    for k in range(4):
        pen.stroke(pen.box(x - 0.18 + 0.12 * k, 0.01, 0.095, 0.11), pen.colour("dark wood", 0.1), 0.004)
    pen.fill(pen.box(x, -0.122, 0.54, 0.017), pen.colour("wood", 1.1), pen.colour("wood", 0.4))
    for mug in (-0.15, -0.02, 0.12):
        pen.fill(pen.box(x + mug, -0.138, 0.026, 0.034), pen.colour("bronze", 1.0), pen.colour("bronze", 0.3))
        pen.circle(x + mug, -0.172, 0.012, pen.colour("white", 0.9))


def barrel(pen: Pen, x: float, y: float, size: float) -> None:
    """A cask on its end."""
    w = size * 0.42
    side = pen.curve([(x - w * 0.8, y), (x - w, y - size * 0.5), (x - w * 0.8, y - size)])
    side.lineTo(x + w * 0.8, y - size)
    side.cubicTo(x + w * 1.06, y - size * 0.66, x + w * 1.06, y - size * 0.33, x + w * 0.8, y)
    side.close()
    pen.round(side, "wood")
    for t in (0.12, 0.34, 0.66, 0.88):
        bow = w * (0.8 + 0.2 * math.sin(math.pi * t))
        pen.line((x - bow, y - size * t), (x + bow, y - size * t), pen.colour("dark metal", 0.7), 0.006)
    for k in range(-2, 3):
        pen.line((x + k * w * 0.33, y), (x + k * w * 0.33, y - size), pen.colour("black", 0.0, 0.35), 0.0014)


@tavern.on("front")
def tables(pen: Pen) -> None:
    """Two tables with stools and candles."""
    for x, y in ((-0.58, 0.13), (0.62, 0.15)):
        scale = 1 + 2.0 * y
        for k in (-1, 1):
            leg = pen.polygon(
                [
                    (x + k * 0.10 * scale, y - 0.085 * scale),
                    (x + k * 0.085 * scale, y - 0.085 * scale),
                    (x + k * 0.115 * scale, y),
                    (x + k * 0.135 * scale, y),
                ]
            )
            pen.fill(leg, pen.colour("dark wood", 0.6), pen.colour("dark wood", 0.1))
        pen.fill(
            pen.box(x, y - 0.085 * scale, 0.30 * scale, 0.017 * scale), pen.colour("wood", 1.1), pen.colour("wood", 0.3)
        )
        pen.fill(
            pen.box(x, y - 0.10 * scale, 0.012 * scale, 0.035 * scale),
            pen.colour("paper", 1.0),
            pen.colour("paper", 0.6),
        )
        for mug in (-0.075, 0.07):
            pen.fill(
                pen.box(x + mug * scale, y - 0.10 * scale, 0.024 * scale, 0.032 * scale),
                pen.colour("bronze", 1.0),
                pen.colour("bronze", 0.3),
            )
        pen.glow(x, y - 0.15 * scale, 0.16 * scale, 0xFFB060, 0.5)


@tavern.live
def tavern_fires(pen: Pen, time_s: float) -> None:
    """The fire, and candles above."""
    for i, (x, size) in enumerate(((-0.05, 0.085), (0.045, 0.10), (0.0, 0.125), (0.085, 0.06), (-0.09, 0.06))):
        pen.flame(x, 0.0, size, time_s, phase=1.7 * i)
    for i, x in enumerate((-0.80, 0.80)):
        for k, (cx, cy) in enumerate(room.chandelier_flames(x, -0.40, 0.20)[::4]):
            pen.flame(cx, cy - 0.022, 0.015, time_s, phase=i + 0.7 * k)


@tavern.live_on("front")
def table_candles(pen: Pen, time_s: float) -> None:
    """Candles on the tables."""
    for i, (x, y) in enumerate(((-0.58, 0.13), (0.62, 0.15))):
        scale = 1 + 2.0 * y
        pen.flame(x, y - 0.135 * scale, 0.022 * scale, time_s, phase=3.1 * i)
