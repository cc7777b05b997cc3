"""The players: a marionette, a ball, a stick and a chest, as pieces for one pose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from docs.puppets.clay import (
    Array,
    Paint,
    Piece,
    Point,
    Shape,
    capsule,
    disc,
    ellipse,
    polygon,
    smooth,
    stroke,
    union,
)
from docs.puppets.stage import CREAM, GOLD

SKIN = (1.0, 0.74, 0.54)
ROBE, HAT = (0.24, 0.36, 0.70), (0.13, 0.55, 0.55)
HAIR, BOOT, INK = (0.90, 0.44, 0.16), (0.42, 0.24, 0.18), (0.13, 0.09, 0.12)
WOOD, STICK, DARK = (0.58, 0.35, 0.20), (0.62, 0.40, 0.22), (0.10, 0.06, 0.06)

Place = Callable[[float, float], Point]
"""From the units of a part to the stage."""

BALL = 12.0
CHEST_X, CHEST_W, CHEST_TOP, CHEST_FOOT = 288.0, 74.0, 150.0, 190.0
LID = 15.0
"""How high the closed lid's dome rises over the chest's rim."""
SHUT = 0.02
"""Opening of the lid up to which it is drawn as closed."""


@dataclass(frozen=True)
class Pose:
    """The marionette at one moment; lengths in units from where its feet stand, angles in radians clockwise."""

    x: float
    y: float
    walked: float = 0.0
    """Phase of its steps in turns; whole and half turns stand."""
    lean: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0
    """Where the face points: -1 left, 0 at the camera, 1 right."""
    nod: float = 0.0
    """Where the face points: -1 up, 1 down."""
    gaze: Point = (0.0, 0.0)
    blink: float = 0.0
    smile: float = 0.5
    mouth: float = 0.0
    """How far the mouth is open."""
    brow: float = 0.0
    bow: float = 0.0
    squash: float = 0.0
    left: Point = (-25.0, -34.0)
    right: Point = (25.0, -34.0)
    stick: float = 0.3
    """The stick's angle, 0 upright."""
    trail: float = 0.0
    """How far the hat's tip lags behind."""


def puppet(p: Pose) -> Iterator[Piece]:
    """The marionette from back to front."""
    step, lift = np.sin(2 * np.pi * p.walked), np.cos(2 * np.pi * p.walked)
    wide, high = 1 + 0.5 * p.squash, 1 - p.squash - 0.10 * p.bow

    def at(x: float, y: float) -> Point:
        """Body units to the stage: leaning about the feet, squashed towards them."""
        x, y = x * wide, y * high
        return p.x + x * np.cos(p.lean) - y * np.sin(p.lean), p.y + x * np.sin(p.lean) + y * np.cos(p.lean)

    head = at(3 * p.turn + 5 * p.bow * np.sign(p.turn + 1e-9), -86 + 25 * p.bow)
    left, right = at(*p.left), at(*p.right)
    for end, start in ((left, -30), (right, 30), ((head[0], head[1] - 20), 0)):
        yield Piece(capsule(end, (p.x + start * 0.5, -12), 0.32), (0.93, 0.88, 0.80), bulge=0, drop=0)

    for side in (-1, 1):
        swing = side * step * 8
        raised = max(0.0, side * lift * step**2) * 7
        foot = (p.x + 8.5 * side + swing, p.y - raised)
        yield Piece(capsule(at(7 * side, -28), (foot[0], foot[1] - 6), 3.4), CREAM, bulge=3, drop=1.5)
        toe = 3 * p.turn + 1.5 * side
        yield Piece(capsule((foot[0] - 1, foot[1] - 4), (foot[0] + toe, foot[1] - 3.6), 4.6), BOOT, bulge=4, gloss=0.2)

    shoulders = {-1: at(-12, -59), 1: at(12, -59)}
    hands = {-1: left, 1: right}
    near = 1 if p.turn >= 0 else -1
    yield from _arm(shoulders[-near], hands[-near], -near)
    hem = [at(x, -22 + 2.0 * np.cos(x / 22 * np.pi) + 0.6 * step * x / 10) for x in np.linspace(22, -22, 9)]
    body = polygon([at(-10, -63), at(10, -63), *hem], 3.0)
    yield Piece(body, _robe(at), bulge=11, drop=3)
    for y in (-52, -43, -34):
        yield Piece(disc(*at(2.5 * p.turn, y), 1.9), GOLD, bulge=2, gloss=0.4, drop=0.8)
    yield Piece(_ruff(at, p.turn), CREAM, bulge=3, drop=2)
    yield from _head(p, head)
    yield from _arm(shoulders[near], hands[near], near)
    yield from stick(right, p.stick + p.lean)
    for side in (-1, 1):
        yield from _mitten(hands[side], side)


def _robe(at: Place) -> Paint:
    foot, top = at(0, -22), at(0, -63)
    axis = np.array([top[0] - foot[0], top[1] - foot[1]], np.float32)
    length = float(np.hypot(*axis))

    def cloth(px: Array, py: Array) -> Array:
        level = ((px - foot[0]) * axis[0] + (py - foot[1]) * axis[1]) / length
        across = ((px - foot[0]) * axis[1] - (py - foot[1]) * axis[0]) / length
        fold = 1 + 0.10 * np.sin(across / 3.1) * np.clip(1 - level / 30, 0, 1)
        hem = np.clip((4.2 - level) / 0.6, 0, 1)[..., None]
        return (np.array(ROBE, np.float32) + hem * (np.array(GOLD, np.float32) - np.array(ROBE, np.float32))) * fold[
            ..., None
        ]

    return cloth


def _ruff(at: Place, turn: float) -> Shape:
    return union(*(ellipse(*at(dx + 1.5 * turn, -64 + 0.018 * dx * dx), 4.6, 4.2) for dx in range(-14, 15, 4)))


def _arm(shoulder: Point, hand: Point, side: int) -> Iterator[Piece]:
    """A sleeve with an elbow that hangs outwards, wider at the cuff."""
    middle = ((shoulder[0] + hand[0]) / 2, (shoulder[1] + hand[1]) / 2)
    length = np.hypot(hand[0] - shoulder[0], hand[1] - shoulder[1])
    sag = max(0.0, 34 - length) * 0.5 + 3
    elbow = (middle[0] + side * sag * 0.7, middle[1] + sag * 0.6)
    yield Piece(stroke([shoulder, elbow, hand], 5.4, 6.4), (0.28, 0.41, 0.78), bulge=6, drop=2)


def _mitten(hand: Point, side: int) -> Iterator[Piece]:
    x, y = hand
    yield Piece(disc(x, y, 5.6), CREAM, bulge=2.5, drop=1)
    yield Piece(union(disc(x, y - 0.6, 4.6), disc(x - 3.4 * side, y - 3, 2.2)), SKIN, bulge=4, drop=0.8)


def stick(hand: Point, angle: float) -> Iterator[Piece]:
    """A wooden stick with a pale tip, held near its lower end."""
    along = np.array([np.sin(angle), -np.cos(angle)])
    low, neck, tip = (tuple(np.array(hand) + along * reach) for reach in (-9, 33, 40))
    yield Piece(capsule(low, neck, 2.0, 1.6), STICK, bulge=2.2, gloss=0.25, drop=1.6)
    yield Piece(capsule(neck, tip, 1.7), CREAM, bulge=2, gloss=0.3, drop=1)


def _head(p: Pose, head: Point) -> Iterator[Piece]:
    turned = p.tilt + p.lean
    cos, sin = np.cos(turned), np.sin(turned)

    def at(x: float, y: float) -> Point:
        return head[0] + x * cos - y * sin, head[1] + x * sin + y * cos

    def oval(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> Shape:
        return ellipse(*at(x, y), rx, ry, turned + angle)

    nod = p.nod + 0.9 * p.bow
    fx, fy = 7 * p.turn, 4.5 * nod
    for dx, dy, r in ((-19, 0, 6), (-20, 8, 5), (19, 0, 6), (20, 8, 5), (-16, 13, 4.5), (16, 13, 4.5)):
        yield Piece(disc(*at(dx - 2.5 * p.turn, dy), r), HAIR, bulge=4, drop=1.5)
    yield Piece(oval(0, 0, 21, 20), SKIN, bulge=17, drop=3)
    for side in (-1, 1):
        yield Piece(oval(11.5 * side + fx, 6.5 + fy, 4.2, 3.2), (1.0, 0.60, 0.50), bulge=0, drop=0)
    yield from _mouth(p, at, fx, 10 + fy)
    for side in (-1, 1):
        x, y = 7.6 * side + fx, -1.2 + fy
        open_eye = 6.3 * (1 - p.blink)
        if open_eye > 1:
            yield Piece(oval(x, y, 5.2, open_eye), (1.0, 0.99, 0.96), bulge=1.5, drop=0.6)
            pupil = at(x + 2.0 * p.gaze[0] + 0.6 * p.turn, y + 2.2 * p.gaze[1])
            yield Piece(ellipse(*pupil, 3.0, min(3.6, open_eye), turned), INK, bulge=0, drop=0)
            yield Piece(disc(pupil[0] - 1.0, pupil[1] - 1.2, 1.0), (1.35, 1.3, 1.2), bulge=0, drop=0)
        else:
            yield Piece(stroke([at(x - 4, y), at(x, y + 1.6), at(x + 4, y)], 0.9), INK, bulge=0, drop=0)
    yield Piece(oval(1.15 * fx, 4 + 1.2 * fy, 3.9, 3.5), (0.97, 0.47, 0.38), bulge=3.5, gloss=0.35, drop=1.8)
    yield from _hat(p, at, nod)
    for side in (-1, 1):
        x, y = 7.6 * side + fx, -9.6 + fy - 3 * p.brow
        ends = at(x - 3.8, y - 0.9 * side), at(x, y - 1.2), at(x + 3.8, y + 0.9 * side)
        yield Piece(stroke(ends, 1.15), (0.55, 0.24, 0.10), bulge=1, drop=0.6)


def _mouth(p: Pose, at: Place, x: float, y: float) -> Iterator[Piece]:
    if p.mouth > 0.15:
        yield Piece(
            ellipse(*at(x, y + 1.2), 3.2 + 1.6 * p.smile, 1 + 3.4 * p.mouth, 0.0), (0.45, 0.10, 0.12), 1.5, drop=0
        )
        yield Piece(ellipse(*at(x, y + 1.2 + 2 * p.mouth), 2.2, 1.3 * p.mouth), (0.95, 0.45, 0.42), 1, drop=0)
    else:
        ends = [at(x + dx, y + 3.4 * p.smile * (1 - (dx / 6) ** 2)) for dx in (-6, -3, 0, 3, 6)]
        yield Piece(stroke(ends, 0.95), (0.50, 0.14, 0.13), bulge=0, drop=0)


def _hat(p: Pose, at: Place, nod: float) -> Iterator[Piece]:
    """A cap with a drooping tip and a bell."""
    low = -15.5 + 5 * nod
    bend = 9 + 14 * p.trail
    high = low - 26 + 5 * abs(p.trail)
    spine = [(0, low - 4), (2 + 0.15 * bend, low - 14), (6 + 0.45 * bend, low - 23), (11 + bend, high)]
    spine.append((spine[-1][0] + 5 + 0.4 * bend, high + 8))
    rounded = smooth([at(*point) for point in spine])
    cap = union(ellipse(*at(0, low), 19, 5), stroke(rounded, 14, 2.6))
    yield Piece(cap, HAT, bulge=9, drop=2.5)
    brim = [at(x, low + 4.5 + 0.010 * x * x + 1.5 * nod) for x in (-19, -10, 0, 10, 19)]
    yield Piece(stroke(brim, 3.6), (0.95, 0.62, 0.20), bulge=4, drop=2)
    yield Piece(disc(*at(spine[-1][0] + 0.6, spine[-1][1] + 3.5), 4.2), GOLD, bulge=4, gloss=0.6, drop=1.5)


def ball(x: float, y: float, roll: float, squash: float) -> Piece:
    """A ball of red and yellow with a cream band, flattened by `squash`."""
    rx, ry = BALL * (1 + 0.6 * squash), BALL * (1 - squash)

    def leather(px: Array, py: Array) -> Array:
        u, v = (px - x) / rx, (py - y) / ry
        out = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
        along, up = u * np.cos(roll) + v * np.sin(roll), v * np.cos(roll) - u * np.sin(roll)
        up, out = up * np.cos(0.5) + out * np.sin(0.5), out * np.cos(0.5) - up * np.sin(0.5)
        band = np.clip((0.30 - np.abs(up)) / 0.06 + 0.5, 0, 1)[..., None]
        gore = np.sin(5 * np.arctan2(along, out))[..., None] > 0
        colour = np.where(gore, np.array([0.93, 0.20, 0.16], np.float32), np.array([0.98, 0.68, 0.18], np.float32))
        return colour + band * (np.array(CREAM, np.float32) - colour)

    return Piece(ellipse(x, y, rx, ry), leather, bulge=BALL, gloss=0.45, drop=2.5)


def chest_back(opening: float) -> Iterator[Piece]:
    """The lid and the hollow, which lie behind whatever is in the chest."""
    if opening <= SHUT:
        return
    half = CHEST_W / 2 + 1.5
    top = CHEST_TOP - 8 - 32 * np.sin(min(opening, 1.1) * np.pi / 2)
    yield Piece(_slab(CHEST_X, half, CHEST_TOP, half - 5, top, 2), (0.36, 0.20, 0.12), bulge=3, drop=4)
    yield Piece(_slab(CHEST_X, half - 5, CHEST_TOP, half - 9, top + 5, 1), (0.55, 0.16, 0.20), bulge=3, drop=0)
    yield Piece(ellipse(CHEST_X, CHEST_TOP, CHEST_W / 2 - 1, 4 + 3 * opening), DARK, bulge=0, drop=0)


def chest_front(opening: float, shake: float) -> Iterator[Piece]:
    """The chest's front, and its lid as long as it is closed."""
    x, half = CHEST_X + shake, CHEST_W / 2
    yield Piece(_slab(x, half, CHEST_TOP, half - 2, CHEST_FOOT, 2), _planks, bulge=5, drop=4)
    if opening <= SHUT:
        arc = np.linspace(0, np.pi, 13)
        dome = [(x + 1.04 * half * np.cos(a), CHEST_TOP - 2 - LID * np.sin(a) ** 0.7) for a in arc]
        yield Piece(polygon(dome, 2), _planks, bulge=9, drop=3)
    for strap in (-23, 23):
        top = CHEST_TOP - LID if opening <= SHUT else CHEST_TOP
        yield Piece(_slab(x + strap, 3, top, 3, CHEST_FOOT, 0.8), GOLD, bulge=2.5, gloss=0.25, drop=1.2)
    yield Piece(capsule((x - half, CHEST_TOP), (x + half, CHEST_TOP), 2.4), GOLD, bulge=2.4, gloss=0.3, drop=1.5)
    lock = union(disc(x, CHEST_TOP + 8, 6), ellipse(x, CHEST_TOP + 12, 5.4, 6))
    yield Piece(lock, GOLD, bulge=4, gloss=0.5, drop=2)
    keyhole = union(disc(x, CHEST_TOP + 8.5, 1.8), capsule((x, CHEST_TOP + 9), (x, CHEST_TOP + 14), 0.9))
    yield Piece(keyhole, INK, bulge=0, drop=0)


def _slab(x: float, half: float, y: float, other_half: float, other_y: float, corner: float) -> Shape:
    """A board with two level sides: one at `y`, the other at `other_y`."""
    ends = [(x - half, y), (x + half, y), (x + other_half, other_y), (x - other_half, other_y)]
    return polygon(ends, corner)


def _planks(px: Array, py: Array) -> Array:
    seam = np.abs(((py - CHEST_TOP) % 13.5) - 6.75) > 6.1
    grain = 1 + 0.05 * np.sin(py * 0.9 + 2.5 * np.sin(px / 17))
    return np.array(WOOD, np.float32) * (grain * np.where(seam, 0.66, 1.0))[..., None]
