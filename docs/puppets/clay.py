"""Shapes of clay under a lamp: signed distances in, shaded pixels out.

Lengths are in stage units, one unit a pixel of the film; y grows downwards. Colours are RGB in 0..1. A shape's distance
is negative inside, roughly in units, which is enough for soft edges, shadows and rounded shading (Quilez 2008,
"2D distance functions").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

Array = np.ndarray
Colour = tuple[float, float, float]
Paint = Colour | Callable[[Array, Array], Array]
"""A colour, or a function of x and y (h, w) that returns (h, w, 3)."""
Point = tuple[float, float]

LAMP = np.array([-0.46, -0.62, 0.63], np.float32)
KEY = np.array([0.72, 0.63, 0.47], np.float32)
AMBIENT = np.array([0.50, 0.44, 0.52], np.float32)
DARK = np.array([0.86, 0.93, 0.80], np.float32)
"""How much a full shadow takes from red, green and blue: it leaves a cool rest."""


@dataclass(frozen=True)
class Shape:
    """An outline as a signed distance, with the box (left, top, right, bottom) that holds it."""

    distance: Callable[[Array, Array], Array]
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True)
class Piece:
    """A shape of one material."""

    shape: Shape
    paint: Paint
    bulge: float = 5.0
    """How far from its edge the surface is rounded."""
    gloss: float = 0.0
    drop: float = 2.0
    """How far its shadow falls on what lies right behind it."""
    soft: float = 0.5
    """How wide its edge is: what is out of focus has a wide one."""


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Shape:
    """An ellipse around (x, y), turned clockwise by `angle` radians."""
    cos, sin, reach = np.cos(angle), np.sin(angle), max(rx, ry)

    def distance(px: Array, py: Array) -> Array:
        u, v = (px - x) * cos + (py - y) * sin, (py - y) * cos - (px - x) * sin
        near = np.hypot(u / rx, v / ry)
        return near * (near - 1) / np.maximum(np.hypot(u / rx**2, v / ry**2), 1e-6)

    return Shape(distance, (x - reach, y - reach, x + reach, y + reach))


def disc(x: float, y: float, radius: float) -> Shape:
    """A disc around (x, y)."""
    return ellipse(x, y, radius, radius)


def capsule(start: Point, end: Point, radius: float, end_radius: float | None = None) -> Shape:
    """A line with round ends, which may taper."""
    end_radius = radius if end_radius is None else end_radius
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    square, reach = max(dx * dx + dy * dy, 1e-9), max(radius, end_radius)

    def distance(px: Array, py: Array) -> Array:
        along = np.clip(((px - ax) * dx + (py - ay) * dy) / square, 0, 1)
        return np.hypot(px - ax - along * dx, py - ay - along * dy) - (radius + (end_radius - radius) * along)

    return Shape(distance, (min(ax, bx) - reach, min(ay, by) - reach, max(ax, bx) + reach, max(ay, by) + reach))


def polygon(points: Sequence[Point], corner: float = 0.0) -> Shape:
    """A closed polygon, grown by `corner` with round corners."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]

    def distance(px: Array, py: Array) -> Array:
        square, inside = np.full(px.shape, np.inf, np.float32), np.zeros(px.shape, bool)
        for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
            ex, ey, wx, wy = bx - ax, by - ay, px - ax, py - ay
            along = np.clip((wx * ex + wy * ey) / max(ex * ex + ey * ey, 1e-9), 0, 1)
            square = np.minimum(square, (wx - ex * along) ** 2 + (wy - ey * along) ** 2)
            crosses = (ay > py) != (by > py)
            if ey:
                inside ^= crosses & (wx < wy * (ex / ey))
        return np.where(inside, -1, 1) * np.sqrt(square) - corner

    return Shape(distance, (min(xs) - corner, min(ys) - corner, max(xs) + corner, max(ys) + corner))


def union(*shapes: Shape) -> Shape:
    """All that lies in any of the shapes."""

    def distance(px: Array, py: Array) -> Array:
        return np.minimum.reduce([shape.distance(px, py) for shape in shapes])

    left, top, right, bottom = zip(*(shape.bounds for shape in shapes), strict=True)
    return Shape(distance, (min(left), min(top), max(right), max(bottom)))


def smooth(points: Sequence[Point], steps: int = 4) -> list[Point]:
    """The points with more between them, on a curve through all of them (Catmull-Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return [(float(x), float(y)) for x, y in np.concatenate([*pieces, p[-1:]])]


def shifted(shape: Shape, x: float, y: float) -> Shape:
    """The shape, elsewhere."""
    left, top, right, bottom = shape.bounds
    return Shape(lambda px, py: shape.distance(px - x, py - y), (left + x, top + y, right + x, bottom + y))


def stroke(points: Sequence[Point], radius: float, end_radius: float | None = None) -> Shape:
    """A line through points, tapering from the first to the last."""
    last = radius if end_radius is None else end_radius
    radii = np.linspace(radius, last, len(points))
    return union(*(capsule(a, b, r, s) for a, b, r, s in zip(points, points[1:], radii, radii[1:], strict=False)))


def smoothstep(low: float, high: float, value: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


class Canvas:
    """Pixels (H, W, 3) float32 over a part of the stage; `scale` pixels a unit."""

    def __init__(self, left: float, top: float, width: int, height: int, scale: int) -> None:
        self.left, self.top, self.scale = left, top, scale
        self.pixels = np.zeros((height * scale, width * scale, 3), np.float32)
        self.y, self.x = (
            grid.astype(np.float32) / scale + offset + 0.5 / scale
            for grid, offset in zip(np.mgrid[: height * scale, : width * scale], (top, left), strict=True)
        )

    def paint(self, piece: Piece) -> None:
        """Lay a piece over the picture, with a small shadow on what is behind it."""
        window = self._window(piece.shape.bounds, 2 * piece.drop + 2 + piece.soft)
        x, y, pixels = self.x[window], self.y[window], self.pixels[window]
        if not x.size or min(x.shape) < 2:
            return
        distance = piece.shape.distance(x, y)
        if piece.drop:
            behind = piece.shape.distance(x - 0.7 * piece.drop, y - piece.drop)
            pixels *= 1 - 0.42 * DARK * smoothstep(piece.drop, -piece.drop, behind)[..., None]
        cover = np.clip(0.5 - distance / piece.soft, 0, 1)[..., None]
        pixels += cover * (self._lit(piece, distance, x, y) - pixels)

    def _lit(self, piece: Piece, distance: Array, x: Array, y: Array) -> Array:
        colour = piece.paint(x, y) if callable(piece.paint) else np.array(piece.paint, np.float32)
        down, across = np.gradient(distance, np.float32(1 / self.scale))
        slope = np.clip(1 + distance / piece.bulge, 0, 1) if piece.bulge else np.zeros_like(distance)
        normal = np.stack([across * slope, down * slope], -1)
        facing = np.sqrt(np.clip(1 - (normal**2).sum(-1), 0.02, 1))
        light = np.clip(normal @ LAMP[:2] + facing * LAMP[2], 0, 1)[..., None]
        half = LAMP + np.array([0, 0, 1], np.float32)
        half /= np.linalg.norm(half)
        shine = np.clip(normal @ half[:2] + facing * half[2], 0, 1)[..., None] ** 40
        return colour * (AMBIENT + KEY * light * 1.25) + piece.gloss * shine

    def darken(self, shape: Shape, blur: float, strength: float) -> None:
        """A shadow that is softer than any piece: of feet on a floor, of a figure on a wall."""
        window = self._window(shape.bounds, blur)
        x, y = self.x[window], self.y[window]
        if not x.size:
            return
        coarse = shape.distance(x[::4, ::4], y[::4, ::4]).astype(np.float32)
        distance = np.asarray(Image.fromarray(coarse).resize(x.shape[::-1], Image.Resampling.BILINEAR))
        self.pixels[window] *= 1 - strength * DARK * smoothstep(blur, -blur, distance)[..., None]

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Add light around a point."""
        window = self._window((x - radius, y - radius, x + radius, y + radius), radius)
        square = (self.x[window] - x) ** 2 + (self.y[window] - y) ** 2
        self.pixels[window] += np.exp(-3 * square / radius**2)[..., None] * np.array(colour, np.float32)

    def blur(self, times: int) -> None:
        """Put all that is there out of focus."""
        for axis in (0, 1) * times:
            edged = np.concatenate([self.pixels.take([0], axis), self.pixels, self.pixels.take([-1], axis)], axis)
            last = edged.shape[axis] - 1
            self.pixels += edged.take(range(last - 1), axis) + edged.take(range(2, last + 1), axis)
            self.pixels /= 3

    def _window(self, bounds: tuple[float, float, float, float], margin: float) -> tuple[slice, slice]:
        left, top, right, bottom = bounds
        height, width = self.x.shape

        def pixel(position: float, most: int) -> int:
            return int(np.clip(round(position * self.scale), 0, most))

        return (
            slice(pixel(top - margin - self.top, height), pixel(bottom + margin - self.top, height)),
            slice(pixel(left - margin - self.left, width), pixel(right + margin - self.left, width)),
        )
