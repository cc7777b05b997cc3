"""What spans the picture: mountains, forests."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from engine.designer import textures
from engine.designer.library import skia
from engine.designer.pen import REACH, Pen, Point
from engine.designer.registry import structure
from engine.designer.shaders import shade, three
from engine.designer.structures.solids import moonshine


@structure(
    "mountains",
    stands="range",
    layer="far",
    synonyms=("mountain", "peak", "summit", "ridge", "mount", "hilltop", "himalaya", "alps", "fjell", "mount fuji"),
)
def mountains(pen: Pen) -> None:
    """Three ranges: snow on the farthest, pines at the foot of the nearest, a main peak over x = 0."""
    snowy = pen.ground in ("snow", "ice")
    for i, (y, height, distance) in enumerate(((-0.09, 0.30, 0.18), (-0.03, 0.19, 0.07), (0.0, 0.09, 0.0))):
        points = peaks(pen, y, height, main=i == 0)
        mountain(pen, points, distance, snow=(0.02 if snowy else -0.16 - 0.03 * i) if i < 2 or snowy else -0.5)
        pen.mist(y - 0.05, 0.06, 0.42 * pen.air.mist)
    treeline = pen.ridge(0.0, 0.02, waves=1.5, rough=0.4)
    for x, y in treeline[::2]:
        pine(
            pen,
            x,
            y + 0.02,
            pen.random.uniform(0.018, 0.042),
            "snow" if snowy and pen.random.random() < 0.5 else "pine",
        )


def peaks(pen: Pen, y: float, height: float, main: bool) -> list[Point]:
    """A jagged skyline by displacing midpoints (Fournier, Fussell and Carpenter 1982)."""
    summits = [(x, y - height * pen.random.uniform(0.35, 0.8)) for x in _between(pen, 0.42, 0.75)]
    if main:
        summits = [(x, v) for x, v in summits if abs(x) > 0.85]
    line: list[Point] = []
    for x, v in sorted(summits):
        if line:
            valley = (line[-1][0] + x) / 2 + pen.random.uniform(-0.06, 0.06)
            lower = y - max(line[-1][1], v)  # how high the lower of the two summits is
            line.append((valley, y - pen.random.uniform(0.15, 0.62) * lower))
        line.append((x, v))
    if main:  # one broad mountain with its shoulders
        left = [(-0.62, 0.16), (-0.40, 0.52), (-0.30, 0.44), (-0.11, 0.84)]
        shape = [*left, (0.02, 1.14), (0.15, 0.78), (0.24, 0.58), (0.34, 0.68), (0.60, 0.18)]
        broad = [
            (x + pen.random.uniform(-0.02, 0.02), y - height * v * pen.random.uniform(0.92, 1.06)) for x, v in shape
        ]
        line = [p for p in line if p[0] < -0.68] + broad + [p for p in line if p[0] > 0.66]
    rough = 0.42
    for level in range(6):
        finer: list[Point] = [line[0]]
        for (x0, y0), (x1, y1) in pairwise(line):
            shake = rough * 0.42 * (x1 - x0) if level else rough * 0.16 * (x1 - x0)
            finer += [((x0 + x1) / 2, (y0 + y1) / 2 + pen.random.uniform(-1, 1) * shake), (x1, y1)]
        line = finer
    return line


def _between(pen: Pen, least: float, most: float) -> list[float]:
    xs, x = [], -REACH - 0.3
    while x < REACH + 0.3:
        xs.append(x)
        x += pen.random.uniform(least, most)
    return [*xs, REACH + 0.5]


_FACE = """
uniform shader puff, grain;
uniform float2 at, light;
uniform float snow, foot;
uniform half3 lit, dim, white, blue, moss;
float rise(float2 p) {
    float2 q = float2(p.x, p.y * 0.62) * 620.0 + at;
    float2 bent = q + float2(0.0, puff.eval(q * 0.5).a * 120.0);
    float ridge = 1.0 - abs(2.0 * puff.eval(bent * 1.1).a - 1.0);
    return ridge * 0.55 + puff.eval(bent * 2.7).a * 0.28 + grain.eval(q * 1.6).a * 0.17;
}
half4 main(float2 p) {
    float h = rise(p);
    float relief = (h - rise(p - light * 0.012)) * 3.4 + (h - rise(p - light * 0.035)) * 1.8;
    half3 c = mix(dim, lit, half(clamp(0.42 + relief * 0.9, 0.0, 1.0)));
    c = mix(c, mix(c, moss, 0.75), half(smoothstep(-0.075, 0.0, p.y + (h - 0.5) * 0.08 - foot)));
    float cover = smoothstep(-0.018, 0.018, snow - p.y + (h - 0.55) * 0.16 + relief * 0.05);
    half3 s = mix(blue, white, half(clamp(0.55 + relief * 1.5, 0.0, 1.0)));
    return half4(mix(c, s, half(cover)), 1.0);
}
"""


def mountain(pen: Pen, points: list[Point], distance: float, snow: float) -> None:
    """A range under its skyline, its gullies lit from one side, white above y = `snow`."""
    key = pen.light.key_from
    size = math.hypot(*key) or 1.0
    colours = {
        "lit": ("rock", 1.1),
        "dim": ("rock", 0.0),
        "white": ("snow", 1.1),
        "blue": ("snow", 0.0),
        "moss": ("moss", 0.5),
    }
    shader = shade(
        _FACE,
        {kind: textures.plain(kind, 0.6) for kind in ("puff", "grain")},
        at=(pen.random.random() * 512, pen.random.random() * 512),
        light=(-key[0] / size, max(key[1], 0.3) / size),
        snow=snow,
        foot=0.0,
        **{name: three(pen.colour(material, light, far=distance)) for name, (material, light) in colours.items()},
    )
    pen.canvas.drawPath(pen.hill(points, bottom=0.05), pen.paint(0xFFFFFFFF, Shader=shader))


def pine(pen: Pen, x: float, y: float, height: float, material: str = "pine") -> None:
    """A small fir as a ragged triangle, lit from one side."""
    width = height * 0.34
    tiers = 5
    right: list[Point] = []
    left: list[Point] = []
    for k in range(tiers):
        t0, t1 = k / tiers, (k + 1) / tiers
        right += [
            (x + width * t1 * pen.random.uniform(0.85, 1.1), y - height * (1 - t1)),
            (x + width * t0 * 0.55, y - height * (1 - t1) - 0.0),
        ]
        left += [
            (x - width * t1 * pen.random.uniform(0.85, 1.1), y - height * (1 - t1)),
            (x - width * t0 * 0.55, y - height * (1 - t1)),
        ]
    tree = pen.polygon([(x, y - height * 1.06), *right, *reversed(left)])
    lit, dim = pen.colour(material, 0.85), pen.colour(material, 0.0)
    pen.fill_between(tree, (x + pen.side * width, 0), (x - pen.side * width * 0.4, 0), lit, dim)


@structure(
    "forest",
    stands="range",
    synonyms=(
        "wood",
        "woods",
        "woodland",
        "tree",
        "pine forest",
        "grove",
        "thicket",
        "birch",
        "oak",
        "enchanted forest",
        "fir",
    ),
    implies={"ground": "grass"},
)
def forest(pen: Pen) -> None:
    """Rows of trees from the mist to the front, beams of light between them."""
    autumn = "leaves" in pen.things or pen.palette == "golden"
    snowy = pen.ground in ("snow", "ice")
    for row, (distance, count, low, high) in enumerate(
        ((0.5, 90, 0.20, 0.34), (0.26, 60, 0.28, 0.44), (0.06, 34, 0.36, 0.56))
    ):
        xs = sorted(pen.random.uniform(-REACH, REACH) for _ in range(count))
        back = pen.hill(pen.ridge(-0.10 + 0.04 * row, 0.03, waves=2.5, rough=0.7), bottom=0.05)
        bushes = (pen.colour("leaf", light, far=distance) for light in (0.35, 0.1))
        pen.fill_between(back, (0, -0.14), (0, 0.05), *bushes)
        firs, others = trees(pen, distance, snowy, autumn)
        for x in xs:  # the middle stays open for a landmark
            if row == 2 and abs(x) < 0.22:
                continue
            kind = firs if pen.random.random() < 0.45 or snowy else others
            height = pen.random.uniform(low, high) * (1.1 if kind is firs else 1.0)
            pen.replay(pen.random.choice(kind), x, 0.02, height, pen.random.uniform(0.88, 1.14))
        pen.mist(-0.30 + 0.10 * row, 0.06, 0.40 * pen.air.mist)
        if row < 2:
            moonshine(pen, -0.46 + 0.12 * row, 0.34 - 0.12 * row)


def trees(pen: Pen, distance: float, snowy: bool, autumn: bool) -> tuple[list[skia.Picture], list[skia.Picture]]:
    """Some firs and some broad trees of height 1, in the light at that distance."""
    firs = [pen.record(lambda pen: fir(pen, 0, 0, 1.0, distance, snowy)) for _ in range(5)]
    return firs, [pen.record(lambda pen: broadleaf(pen, 0, 0, 1.0, distance, autumn)) for _ in range(6)]


def fir(pen: Pen, x: float, y: float, height: float, distance: float, snowy: bool) -> None:
    """A conifer of drooping tiers."""
    pen.line((x, y), (x, y - height * 0.5), pen.colour("bark", 0.4, far=distance), height * 0.028)
    width = height * pen.random.uniform(0.20, 0.27)
    tiers = 9
    for k in range(tiers):
        t = k / (tiers - 1)
        base = y - height * (0.13 + 0.62 * t)
        w = width * (1 - 0.86 * t) * pen.random.uniform(0.88, 1.1)
        drop = height * 0.055
        skirt = [(x - w, base + drop * 0.6)]
        for j in range(1, 8):
            u = j / 8
            skirt.append((x - w + 2 * w * u, base + drop * (0.9 * math.sin(math.pi * u) + (0.55 if j % 2 else -0.1))))
        skirt.append((x + w, base + drop * 0.6))
        tier = pen.polygon([(x, base - height * 0.20), *reversed(skirt)])
        share = 0.25 + 0.5 * t
        lit, mid, dim = (pen.colour("pine", tone, far=distance) for tone in (share + 0.45, share * 0.5, 0.0))
        pen.fill_between(tier, (x + pen.side * w, base), (x - pen.side * w * 0.7, base), lit, mid, dim)
        spots = [(pen.random.uniform(-0.55, 0.55), pen.random.uniform(-0.05, 0.03)) for _ in range(14)]
        needles = np.array([[x + u * w, base + v * height] for u, v in spots])
        pen.dashes(needles[:7], -w * 0.10, drop * 0.5, lit, height * 0.004)
        pen.dashes(needles[7:], w * 0.10, drop * 0.5, dim, height * 0.004)
        if snowy:
            cap = pen.polygon(
                [
                    (x, base - height * 0.20),
                    (x + w * 0.75, base + drop * 0.3),
                    (x + w * 0.2, base - drop * 0.2),
                    (x - w * 0.3, base + drop * 0.1),
                    (x - w * 0.75, base + drop * 0.3),
                ]
            )
            pen.fill(cap, pen.colour("snow", 0.5 + 0.4 * t, 0.85, far=distance))


_AUTUMN: tuple[str | int, ...] = ("autumn", 0xB8862E, 0x9A3B1E, 0xD8A33A)


def broadleaf(pen: Pen, x: float, y: float, height: float, distance: float, autumn: bool) -> None:
    """A trunk that forks, and clumps of leaves, dark ones behind and sunny ones before."""
    bark_lit, bark = pen.colour("bark", 0.9, far=distance), pen.colour("bark", 0.1, far=distance)
    w = height * 0.045
    trunk = pen.polygon(
        [
            (x - w * 1.3, y),
            (x - w * 0.55, y - height * 0.3),
            (x - w * 0.3, y - height * 0.7),
            (x + w * 0.3, y - height * 0.7),
            (x + w * 0.55, y - height * 0.3),
            (x + w * 1.3, y),
        ]
    )
    pen.fill_between(trunk, (x + pen.side * w, 0), (x - pen.side * w * 0.3, 0), bark_lit, bark)
    for way in (-1, 1):
        pen.line((x, y - height * 0.42), (x + way * height * 0.17, y - height * 0.66), bark, w * 0.6)
    material = pen.random.choice(_AUTUMN) if autumn else "leaf"
    clumps = []
    for _ in range(15):
        a, r = pen.random.random() * math.tau, math.sqrt(pen.random.random())
        clumps.append((x + math.cos(a) * r * height * 0.24, y - height * 0.73 + math.sin(a) * r * height * 0.21))
    for cx, cy in sorted(clumps, key=lambda c: -c[1]):
        light = 0.5 + 0.5 * (pen.side * (cx - x) - (cy - (y - height * 0.73)) * 1.2) / (height * 0.28)
        clump(pen, cx, cy, height * pen.random.uniform(0.085, 0.13), material, max(0.05, min(light, 1.0)), distance)


def clump(pen: Pen, x: float, y: float, radius: float, material: str | int, light: float, distance: float) -> None:
    """A ball of leaves: dark ones all over, brighter ones towards the light."""
    up = pen.light.key_from[1]
    ball = skia.Path().addOval(skia.Rect(x - radius, y - radius * 0.86, x + radius, y + radius * 0.86))
    tones = [pen.colour(material, light * share, far=distance) for share in (0.75, 0.42, 0.10)]
    bright = skia.Point(x + pen.side * radius * 0.4, y - up * radius * 0.5)
    shader = skia.GradientShader.MakeRadial(bright, radius * 1.5, tones, [0.0, 0.45, 1.0])
    pen.canvas.drawPath(ball, pen.paint(0xFFFFFFFF, Shader=shader))
    near = distance < 0.3
    for share, count, spread, toward in ((0.12, 26, 1.10, 0.0), (0.55, 26, 0.92, 0.22), (1.05, 18, 0.66, 0.42)):
        count = count if near else count // 2
        angle = np.array([pen.random.random() * math.tau for _ in range(count)])
        reach = np.sqrt([pen.random.random() for _ in range(count)]) * radius * spread
        leaves = np.stack([x + np.cos(angle) * reach, y + np.sin(angle) * reach * 0.86], 1)
        leaves += (pen.side * radius * toward, -up * radius * toward * 0.8)
        tone = pen.colour(material, light * share, far=distance)
        if pen.dark > 0.5 and share > 0.5:  # leaves that catch the moon
            tone = pen.blend(tone, pen.shine(0x8CA8CC), 0.30 * share * light)
        pen.dots(leaves, radius * (0.085 if near else 0.11), tone)


@forest.live
def beams(pen: Pen, time_s: float) -> None:
    """Slanting beams where the sun stands, that breathe as clouds pass."""
    if pen.dark > 0.5 or pen.sky in ("overcast", "storm", "fog", "underwater", "indoors"):
        return

    def draw(pen: Pen) -> None:
        tone = pen.shine(0xFFF0C8, 0.16)
        for _ in range(8):
            x, w = pen.random.uniform(-0.5, 0.35), pen.random.uniform(0.015, 0.06)
            way = 1 if pen.side <= 0 else -1  # away from the light
            corners = [(x, -0.33), (x + w, -0.33), (x + w * 2.6 + 0.22, 0.33), (x + 0.22, 0.33)]
            beam = pen.polygon([(way * px, py) for px, py in corners])
            blur = skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 0.012)
            stops = [skia.Point(0, -0.28), skia.Point(0, 0.30)]
            fade = skia.GradientShader.MakeLinear(stops, [tone & 0xFFFFFF, tone, tone & 0xFFFFFF], [0.0, 0.35, 1.0])
            pen.canvas.drawPath(beam, pen.paint(0xFFFFFFFF, Shader=fade, MaskFilter=blur))

    sprite = pen.sprite("beams", 1.4, 0.7, draw, 0.5)
    for i in (0, 1):
        pen.stamp(sprite, -0.1 + 0.3 * i, -0.27, alpha=0.55 + 0.35 * math.sin(time_s * 0.4 + 2 * i), whole=True)
