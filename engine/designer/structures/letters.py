"""Painted capitals for signs: drawn as strokes, since no font is the same everywhere."""

from __future__ import annotations

from engine.designer.pen import Pen, Point

_LETTERS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "A": (((0, 0), (0.5, -1), (1, 0)), ((0.2, -0.38), (0.8, -0.38))),
    "B": (
        ((0, 0), (0, -1), (0.7, -1), (0.9, -0.78), (0.7, -0.54), (0, -0.54)),
        ((0.7, -0.54), (1, -0.28), (0.75, 0), (0, 0)),
    ),
    "E": (((1, -1), (0, -1), (0, 0), (1, 0)), ((0, -0.52), (0.8, -0.52))),
    "H": (((0, 0), (0, -1)), ((1, 0), (1, -1)), ((0, -0.5), (1, -0.5))),
    "K": (((0, 0), (0, -1)), ((1, -1), (0, -0.42)), ((0.3, -0.6), (1, 0))),
    "L": (((0, -1), (0, 0), (0.9, 0)),),
    "N": (((0, 0), (0, -1), (1, 0), (1, -1)),),
    "O": (((0.5, 0), (0, -0.28), (0, -0.72), (0.5, -1), (1, -0.72), (1, -0.28), (0.5, 0)),),
    "R": (((0, 0), (0, -1), (0.75, -1), (1, -0.75), (0.75, -0.5), (0, -0.5)), ((0.5, -0.5), (1, 0))),
    "S": (
        (
            (1, -0.85),
            (0.7, -1),
            (0.2, -1),
            (0, -0.78),
            (0.2, -0.55),
            (0.8, -0.45),
            (1, -0.22),
            (0.8, 0),
            (0.2, 0),
            (0, -0.15),
        ),
    ),
    "T": (((0.5, 0), (0.5, -1)), ((0, -1), (1, -1))),
}
"""Strokes of a letter in a box one wide and one high."""


def lettering(pen: Pen, words: str, x: float, y: float, height: float, colour: int) -> None:
    """Words in capitals, their middle at x, standing on y."""
    wide, gap = height * 0.62, height * 0.30
    left = x - (len(words) * (wide + gap) - gap) / 2
    for i, letter in enumerate(words):
        for strokes in _LETTERS.get(letter, ()):
            points = [(left + i * (wide + gap) + px * wide, y + py * height) for px, py in strokes]
            pen.stroke(pen.polygon(points, close=False), colour, height * 0.20)
