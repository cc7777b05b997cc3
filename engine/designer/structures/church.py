"""A church from outside: nave with lancet windows, tower and spire, trees and gravestones about it."""

from __future__ import annotations

from engine.designer.pen import Pen
from engine.designer.registry import structure
from engine.designer.structures.land import broadleaf
from engine.designer.structures.solids import shaded

_STONES = (
    (-0.46, 0.066, 0.052),
    (-0.37, 0.056, 0.060),
    (-0.29, 0.080, 0.066),
    (0.05, 0.062, 0.05),
    (0.42, 0.074, 0.062),
)
_TREES = ((-0.52, 0.22), (0.54, 0.26), (-0.34, 0.17))
_BASE = 0.026


@structure(
    "church",
    synonyms=("village church", "country church", "parish church", "steeple", "church tower", "churchyard"),
    implies={"ground": "grass"},
)
def church(pen: Pen) -> None:
    """It stands in its churchyard, trees behind it on both sides; by night the windows are lit."""
    for x, height in _TREES:
        broadleaf(pen, x, 0.016, height * pen.random.uniform(0.9, 1.1), 0.12, autumn="leaves" in pen.things)
    nave(pen, -0.10, 0.34, 0.115, 0.115)
    tower(pen, -0.16, 0.115, 0.265, pen.random.uniform(0.20, 0.25))


@church.on("front")
def graves(pen: Pen) -> None:
    """Gravestones before it, on both sides of the door."""
    for x, y, height in _STONES:
        x += pen.random.uniform(-0.008, 0.008)
        pen.soft(pen.box(x, y + 0.006, 0.9 * height, 0.012), pen.colour("black", 0.0, 0.35), 0.008)
        shaded(pen, pen.arch(x, y, 0.62 * height, height), "stone", 0.85, 0.2)


def nave(pen: Pen, left: float, right: float, wall: float, rise: float) -> None:
    """A long wall under a slate roof: windows between buttresses."""
    top = _BASE - wall
    side = pen.box((left + right) / 2, _BASE, right - left, wall)
    pen.solid(side, "stone")
    pen.texture(side, "cell", pen.colour("dark stone", 0.1), scale=0.11, stretch=1.7, strength=0.3)
    roof = pen.polygon(
        [(left, top + 0.004), (left, top - rise), (right - 0.035, top - rise), (right + 0.012, top + 0.004)]
    )
    pen.fill(roof, pen.colour("slate", 0.9), pen.colour("slate", 0.35))
    for k in range(1, 9):
        y = top - rise * k / 9
        pen.line((left, y), (right + 0.012 - 0.047 * k / 9, y), pen.colour("slate", 0.0, 0.45), 0.0014)
    bays = 5
    for k in range(bays + 1):
        x = left + (right - left) * k / bays
        if k:
            buttress = pen.polygon(
                [(x - 0.013, _BASE), (x - 0.008, top + 0.02), (x + 0.004, top + 0.02), (x + 0.009, _BASE)]
            )
            pen.round(buttress, "stone")
        if k < bays:
            pen.window(x + (right - left) / bays / 2, _BASE - 0.030, 0.026, 0.066, 1.0, 0xFFB860)


def tower(pen: Pen, x: float, width: float, height: float, spire: float) -> None:
    """A square tower with a door, a clock, a belfry and a pointed spire with its cross."""
    body, top = pen.box(x, _BASE, width, height), _BASE - height
    pen.round(body, "stone")
    pen.texture(body, "cell", pen.colour("dark stone", 0.1), scale=0.11, stretch=1.7, strength=0.35)
    for share in (0.42, 0.72, 1.0):
        pen.solid(pen.box(x, _BASE - height * share + 0.004, width * 1.08, 0.008), "stone", 1.1)
    for dx in (-0.22, 0.22):
        pen.window(x + dx * width, top + 0.066, 0.020, 0.046, 1.0)
    peak = (x, top - spire)
    for way in (-1, 1):
        face = pen.polygon([(x + way * width * 0.56, top), peak, (x, top)])
        lit = 0.8 if way * pen.side > 0 else 0.25
        pen.fill(face, pen.colour("slate", lit), pen.colour("slate", 0.8 * lit))
    gold = pen.colour("gold", 0.9)
    pen.line(peak, (peak[0], peak[1] - 0.036), gold, 0.0036)
    pen.line((peak[0] - 0.012, peak[1] - 0.024), (peak[0] + 0.012, peak[1] - 0.024), gold, 0.0036)
    clock = (x, _BASE - height * 0.60)
    pen.circle(*clock, 0.021, pen.blend(pen.colour("white", 0.8), pen.shine(0xFFE9B8), 0.9 * pen.lamps))
    pen.line(clock, (clock[0], clock[1] - 0.015), pen.colour("black", 0.2), 0.0026)
    pen.line(clock, (clock[0] + 0.010, clock[1] + 0.003), pen.colour("black", 0.2), 0.0026)
    door = pen.arch(x, _BASE + 0.002, 0.048, 0.076, 1.0)
    shaded(pen, door, "dark wood", 0.7, 0.2)
    pen.stroke(door, pen.colour("stone", 0.9), 0.005)
