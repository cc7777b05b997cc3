"""What is left of walls: torn edges, mossy stones, blocks that lie about."""

from __future__ import annotations

import math

from engine.designer.library import skia
from engine.designer.pen import Pen, Point
from engine.designer.structures.solids import WINTRY, facing, masonry, shaded


def torn(pen: Pen, left: float, right: float, tops: list[Point], steps: int = 26) -> list[Point]:
    """The upper edge of a broken wall between `left` and `right`, in steps of whole stones, through `tops`."""
    line: list[Point] = []
    for k in range(steps + 1):
        x = left + (right - left) * k / steps
        i = max(j for j in range(len(tops)) if tops[j][0] <= x + 1e-9)
        j = min(i + 1, len(tops) - 1)
        span = tops[j][0] - tops[i][0]
        y = tops[i][1] + (tops[j][1] - tops[i][1]) * ((x - tops[i][0]) / span if span else 0.0)
        y = round((y + pen.random.uniform(-0.010, 0.010)) / 0.011) * 0.011
        if line:
            line.append((x, line[-1][1]))
        line.append((x, y))
    return line


def wall(pen: Pen, path: skia.Path, material: str, light: float, far: float = 0.0, stones: int = 500) -> None:
    """Rough masonry with moss in its joints."""
    bounds = path.getBounds()
    sunny, shady = (bounds.left(), bounds.right()) if pen.side <= 0 else (bounds.right(), bounds.left())
    tones = (pen.colour(material, light * share, far=far) for share in (1.15, 0.62))
    pen.fill_between(path, (sunny, bounds.top()), (shady, bounds.bottom()), *tones)
    pen.texture(path, "grain", pen.colour(material, 0.0, far=far), scale=0.12, strength=0.55)
    masonry(pen, path, material, 0.0105, stones, 0.34)
    if pen.ground not in ("sand", "moondust", *WINTRY):
        pen.texture(path, "puff", pen.colour("moss", 0.3 * light, far=far), scale=0.22, strength=0.55)


def minus(path: skia.Path, *holes: skia.Path) -> skia.Path:
    """What is left of a path without the holes."""
    for hole in holes:
        path = skia.Op(path, hole, skia.PathOp.kDifference_PathOp)
    return path


def rubble(pen: Pen, material: str) -> None:
    """Fallen stones along the foot."""
    for _ in range(60):
        x = pen.random.uniform(-0.75, 0.72)
        size = pen.random.uniform(0.006, 0.020)
        block(pen, x, 0.026, size, material)


def block(pen: Pen, x: float, y: float, size: float, material: str) -> None:
    """A hewn stone that lies askew."""
    a = pen.random.uniform(-0.35, 0.35)
    c, s = math.cos(a) * size, math.sin(a) * size
    tall = pen.random.uniform(0.5, 0.85)
    corners = [
        (x - c, y - s),
        (x + c, y + s),
        (x + c + s * tall, y + s - c * tall),
        (x - c + s * tall, y - s - c * tall),
    ]
    top = [corners[3], corners[2], (corners[2][0] + size * 0.35, corners[2][1] - size * 0.28)]
    top.append((corners[3][0] + size * 0.35, corners[3][1] - size * 0.28))
    shaded(pen, pen.polygon(corners), material, facing(pen, -0.4), 0.12)
    shaded(pen, pen.polygon(top), "snow" if pen.ground in WINTRY else material, facing(pen, 0.1, 0.9), 0.6)
