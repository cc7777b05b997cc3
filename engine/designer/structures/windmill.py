"""A windmill with its sails: Dutch, a wind pump in the West, a turbine in the future."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.sprites import Sprite
from engine.designer.structures.houses import cottage
from engine.designer.structures.solids import WINTRY, face, facing, joints, masonry, plume

_HUB = (0.0, -0.335)


@structure(
    "windmill",
    synonyms=("mill", "wind mill", "wind turbine", "wind wheel", "windpump", "holland", "netherlands"),
    implies={"ground": "grass"},
)
def windmill(pen: Pen) -> None:
    """A Dutch tower mill; in the West a wind pump, in the future a turbine."""
    if pen.period == "western":
        pump(pen)
    elif pen.period == "futuristic":
        for x, y, size, far in ((-0.34, 0.02, 0.55, 0.25), (0.36, 0.02, 0.42, 0.35), (0.0, 0.02, 1.0, 0.0)):
            mast(pen, x, y, size, far)
    else:
        mill(pen, 0.52, 0.02, 0.34, 0.30)
        hedge(pen)
        mill(pen, 0.0, 0.03, 1.0, 0.0)
        barn(pen)


def mill(pen: Pen, x0: float, y0: float, size: float, far: float) -> None:
    """The mill's body: brick below, a gallery, thatch in eight sides above, and the cap."""

    def at(x: float, y: float) -> tuple[float, float]:
        return x0 + x * size, y0 + y * size

    def facets(low: float, high: float, y: float, height: float, material: str | int, grain: float) -> None:
        cuts = (-0.5, -0.24, 0.24, 0.5)
        for a, b, look in ((cuts[0], cuts[1], -0.8), (cuts[1], cuts[2], -0.05), (cuts[2], cuts[3], 0.8)):
            side = face(
                pen,
                [at(a * low, y), at(a * high, y - height), at(b * high, y - height), at(b * low, y)],
                material,
                facing(pen, look, 0.1),
                grain,
                far,
            )
            if material == "thatch":
                joints(pen, side, pen.colour("thatch", 0.0, 0.30, far), 0.011 * size, 0.0012 * size)
            else:
                masonry(pen, side, material, 0.007 * size, 60, 0.22)

    facets(0.235, 0.200, 0.0, 0.115, "brick", 0.3)
    door = pen.arch(*at(0.0, 0.0), 0.042 * size, 0.070 * size)
    pen.fill(door, pen.colour(0x2F6B4F, 0.8, far=far), pen.colour(0x2F6B4F, 0.2, far=far))
    if far < 0.1:
        for x in (-0.072, 0.072):
            pen.window(x, y0 - 0.050, 0.016, 0.024)
    facets(0.190, 0.112, -0.115, 0.195, "thatch", 0.5)
    if far < 0.1:
        for x, y in ((0.0, -0.150), (0.012, -0.222), (-0.05, -0.180)):
            pen.fill(pen.box(x, y0 + y + 0.003, 0.021, 0.030), pen.colour("white", 0.8))
            pen.window(x, y0 + y, 0.015, 0.023)
    shadow = pen.polygon([at(-0.097, -0.115), at(-0.088, -0.14), at(0.088, -0.14), at(0.097, -0.115)])
    pen.fill(shadow, pen.colour("black", 0.0, 0.0), pen.colour("black", 0.0, 0.5))
    wood, pale = pen.colour("dark wood", 0.4, far=far), pen.colour("white", 0.8, far=far)
    for k in range(-4, 5):
        pen.line(at(0.032 * k, -0.112), at(0.022 * k, -0.082), wood, 0.0035 * size)
    deck = pen.polygon([at(-0.150, -0.110), at(-0.144, -0.119), at(0.144, -0.119), at(0.150, -0.110)])
    pen.fill(deck, pen.colour("wood", 0.9, far=far), pen.colour("dark wood", 0.2, far=far))
    for k in range(-8, 9):
        pen.line(at(0.018 * k, -0.118), at(0.018 * k, -0.145), pale, 0.0016 * size)
    for dy in (-0.133, -0.145):
        pen.line(at(-0.146, dy), at(0.146, dy), pale, 0.002 * size)
    cap = skia.Path()
    cap.moveTo(*at(-0.066, -0.302))
    cap.cubicTo(*at(-0.078, -0.345), *at(-0.040, -0.378), *at(0.004, -0.380))
    cap.cubicTo(*at(0.050, -0.376), *at(0.080, -0.345), *at(0.066, -0.302))
    cap.close()
    pen.round(cap, "thatch" if far else 0x7B5A36)
    pen.texture(cap, "streak", pen.colour("thatch", 0.0, far=far), scale=0.06, strength=0.4)
    pen.fill(pen.box(*at(0, -0.298), 0.128 * size, 0.010 * size), pale)
    if pen.ground in WINTRY:
        pen.stroke(
            pen.curve([at(-0.06, -0.345), at(0.0, -0.381), at(0.06, -0.345)]), pen.colour("snow", 0.9), 0.010 * size
        )


def hedge(pen: Pen) -> None:
    """Far poplars and bushes along the dyke."""
    material = "snow" if pen.ground in WINTRY else "leaf"
    for _ in range(34):
        x, tall = pen.random.uniform(-0.95, 0.95), pen.random.random() < 0.3
        h = pen.random.uniform(0.05, 0.11) if tall else pen.random.uniform(0.018, 0.035)
        w = h * (0.17 if tall else 0.9)
        tree = pen.curve(
            [
                (x - w * 0.6, 0.03),
                (x - w, 0.02 - h * 0.45),
                (x, 0.02 - h),
                (x + w, 0.02 - h * 0.45),
                (x + w * 0.6, 0.03),
            ],
            close=True,
        )
        bright, dim = pen.colour(material, 0.9, far=0.22), pen.colour(material, 0.1, far=0.22)
        pen.fill_between(tree, (x + pen.side * w, 0), (x - pen.side * w, 0), bright, dim)
        pen.texture(tree, "grain", dim, scale=0.08, strength=0.6)


def barn(pen: Pen) -> None:
    """The miller's barn with its big door, and sacks before it."""
    x, y = -0.30, 0.03
    side = face(pen, [(x - 0.11, y), (x - 0.11, y - 0.05), (x + 0.06, y - 0.05), (x + 0.06, y)], "wood", facing(pen, 0))
    joints(pen, side, pen.colour("dark wood", 0.0, 0.6), 0.010, 0.0012, upright=True)
    material = "snow" if pen.ground in WINTRY else "thatch"
    roof = face(
        pen,
        [(x - 0.125, y - 0.044), (x - 0.085, y - 0.115), (x + 0.045, y - 0.115), (x + 0.075, y - 0.044)],
        material,
        facing(pen, 0, 0.7),
        0.5,
    )
    joints(pen, roof, pen.colour(material, 0.0, 0.25), 0.009)
    pen.fill(pen.box(x - 0.03, y, 0.042, 0.044), pen.colour("dark wood", 0.4), pen.colour("dark wood", 0.1))
    for dx in (-0.085, 0.025):
        pen.window(x + dx, y - 0.018, 0.014, 0.016)
    pen.fill(pen.box(x + 0.015, y - 0.110, 0.014, 0.026), pen.colour("brick", 0.8), pen.colour("brick", 0.2))
    fence = pen.colour("white", 0.7)
    for k in range(14):
        fx = 0.17 + 0.034 * k
        pen.line((fx, y), (fx, y - 0.030), fence, 0.0032)
    for dy in (0.010, 0.023):
        pen.line((0.15, y - dy), (0.63, y - dy), fence, 0.0022)


def pump(pen: Pen) -> None:
    """The wind pump's lattice tower and its water tank."""
    steel = pen.colour("metal", 0.5)
    feet, top = 0.085, -0.335
    for way in (-1, 1):
        pen.line((way * feet, 0.03), (way * 0.008, top), steel, 0.005)
        pen.line((way * feet * 0.35, 0.02), (way * 0.003, top), pen.colour("metal", 0.2), 0.004)
    for k in range(7):
        t0, t1 = k / 7, (k + 1) / 7
        a, b = feet * (1 - t0 * 0.93), feet * (1 - t1 * 0.93)
        y0, y1 = 0.03 + (top - 0.03) * t0, 0.03 + (top - 0.03) * t1
        pen.line((-a, y0), (b, y1), steel, 0.0018)
        pen.line((a, y0), (-b, y1), steel, 0.0018)
        pen.line((-b, y1), (b, y1), steel, 0.0024)
    cottage(pen, -0.34, 0.03, gable=0.10, length=0.15, walls=0.075, rise=0.06, wall="wood", roof="dark wood")
    tank = pen.box(0.24, -0.07, 0.14, 0.10)
    for x in (0.185, 0.24, 0.295):
        pen.line((x, 0.03), (x, -0.07), pen.colour("dark wood", 0.4), 0.008)
    pen.round(tank, "wood")
    joints(pen, tank, pen.colour("dark wood", 0.0, 0.6), 0.011, 0.0012, upright=True)
    for dy in (0.02, 0.05, 0.08):
        pen.line((0.17, -0.07 - dy), (0.31, -0.07 - dy), pen.colour("dark metal", 0.5), 0.0026)
    lid = pen.polygon([(0.16, -0.168), (0.24, -0.205), (0.32, -0.168)])
    pen.round(lid, "roof")


def mast(pen: Pen, x: float, y: float, size: float, far: float) -> None:
    """A turbine's mast and nacelle."""
    shaft = pen.polygon(
        [
            (x - 0.016 * size, y),
            (x - 0.008 * size, y + (_HUB[1] - 0.06) * size),
            (x + 0.008 * size, y + (_HUB[1] - 0.06) * size),
            (x + 0.016 * size, y),
        ]
    )
    tones = [pen.colour("white", share, far=far) for share in (1.0, 0.15)]
    pen.fill_between(shaft, (x + pen.side * 0.016 * size, 0), (x - pen.side * 0.016 * size, 0), *tones)


@windmill.live
def sails(pen: Pen, time_s: float) -> None:
    """The sails turn with the wind."""
    if pen.period == "western":
        wheel = pen.sprite("wheel", 0.27, 0.27, _wheel)
        vane = pen.polygon([(0.0, -0.34), (0.12, -0.37), (0.19, -0.385), (0.19, -0.30), (0.12, -0.318)])
        pen.fill(vane, pen.colour("roof", 0.7))
        pen.stamp(wheel, 0.0, -0.34, turn=time_s * 70)
    elif pen.period == "futuristic":
        blade = pen.sprite("blade", 0.03, 0.21, _blade)
        for x, size, phase in ((-0.34, 0.55, 40.0), (0.36, 0.42, 85.0), (0.0, 1.0, 0.0)):
            y = 0.02 + (_HUB[1] - 0.06) * size
            spin(pen, blade, x, y, size, time_s * 50 + phase, 3, 0.098)
            pen.circle(x, y, 0.010 * size, pen.colour("white", 0.8))
            if pen.lamps:
                blink = max(0.0, math.sin(time_s * 2.2)) ** 2
                pen.glow(x, y, (0.02 + 0.05 * blink) * size, 0xFF4030, (0.25 + 0.75 * blink) * pen.lamps)
    else:
        arm = pen.sprite("sail", 0.09, 0.25, _sail)
        for x, y, size, turn in (
            (0.52, 0.02 + _HUB[1] * 0.34, 0.34, time_s * 26 + 60),
            (0.0, 0.03 + _HUB[1], 1.0, time_s * 22 + 24),
        ):
            spin(pen, arm, x, y, size, turn, 4, 0.105)
            pen.circle(x, y, 0.013 * size, pen.colour("dark metal", 0.5))
            pen.circle(x, y, 0.006 * size, pen.colour("metal", 0.9))
        plume(pen, -0.285, -0.108, time_s, strength=0.45, count=5)


def spin(pen: Pen, arm: Sprite, x: float, y: float, size: float, turn: float, count: int, middle: float) -> None:
    """`count` arms about a hub at (x, y), the middle of each `middle` away: less to turn than a whole wheel."""
    for k in range(count):
        a = math.radians(turn + 360 * k / count)
        pen.stamp(arm, x + math.sin(a) * middle * size, y - math.cos(a) * middle * size, size, turn=math.degrees(a))


def _sail(pen: Pen) -> None:
    """A lattice sail that points up, half of it covered with canvas."""
    pen.canvas.translate(0, 0.105)
    pen.line((0, 0.012), (0, -0.222), pen.colour("dark wood", 0.5), 0.0075)
    cloth = pen.polygon([(0.004, -0.045), (0.040, -0.045), (0.038, -0.220), (0.004, -0.220)])
    pen.fill(cloth, pen.colour("white", 0.95), pen.colour("white", 0.55))
    frame = pen.colour("dark wood", 0.35)
    for j in range(10):
        y = -0.045 - 0.0194 * j
        pen.line((-0.016, y), (0.040, y), frame, 0.0018)
    for x in (-0.016, 0.022, 0.040):
        pen.line((x, -0.045), (x, -0.220), frame, 0.0022)


def _wheel(pen: Pen) -> None:
    for k in range(18):
        pen.canvas.save()
        pen.canvas.rotate(20 * k)
        blade = pen.polygon([(-0.006, -0.045), (0.007, -0.045), (0.018, -0.130), (-0.014, -0.130)])
        pen.fill(blade, pen.colour("metal", 0.95 if k % 3 else 1.1), pen.colour("metal", 0.3))
        pen.canvas.restore()
    ring = skia.Path().addCircle(0, 0, 0.092)
    pen.stroke(ring, pen.colour("dark metal", 0.5), 0.003)
    pen.circle(0, 0, 0.015, pen.colour("dark metal", 0.6))


def _blade(pen: Pen) -> None:
    """One blade of a turbine that points up."""
    pen.canvas.translate(0, 0.098)
    blade = pen.curve([(-0.004, 0.0), (-0.012, -0.045), (-0.002, -0.197), (0.003, -0.12), (0.005, 0.0)], close=True)
    pen.fill(blade, pen.colour("white", 1.0), pen.colour("white", 0.5))


_TULIPS = (0xD8322E, 0xF2C230, 0xE86A9A, 0xF4EEE4, 0x8E3FA0, 0xF08030)


@windmill.on("front")
def tulips(pen: Pen) -> None:
    """Stripes of tulips that run to the mill."""
    if pen.ground != "grass" or pen.period in ("western", "futuristic"):
        return
    rows = [(k, k + 0.62) for k in range(-9, 9)]
    for k, (left, right) in enumerate(rows):
        code = _TULIPS[(k * 5 + pen.random.randrange(2)) % len(_TULIPS)]
        for step in range(26):
            t = (step / 25) ** 1.8
            y = 0.052 + 0.15 * t
            wide = 0.055 + 0.30 * t
            size = 0.0022 + 0.0052 * t
            count = 5 + int(3 * (1 - t))
            for j in range(count):
                x = (left + (right - left) * (j + pen.random.random()) / count) * wide + 0.05 * (1 - t)
                if abs(x) > 0.95:
                    continue
                lift = pen.random.uniform(-0.5, 0.5) * size
                pen.line((x, y + lift), (x, y + size * 2.2 + lift), pen.colour("leaf", 0.45), size * 0.5)
                pen.circle(x, y + lift, size, pen.colour(code, pen.random.uniform(0.5, 1.1)))
