"""Random pictures to train on where there is little footage.

Shapes of all sizes that cover each other have the statistics of photographs (the dead leaves model; Lee, Mumford and
Huang 2001), and networks learn vision from them (Baradad et al. 2021, arXiv:2106.05963).
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from engine.training.data import TrainingClip

WIDTH, HEIGHT = 768, 432
"""Pixels; twice the size that is trained on, so that edges are smooth there."""
LEAVES = 500
"""Shapes in a picture."""
MIN_RADIUS_PX, MAX_RADIUS_PX = 9.0, 500.0
"""The number of shapes falls with the third power of their radius."""
COLOURS = 7
"""Of a picture's palette."""


def dead_leaves(count: int, seed: int = 0) -> list[TrainingClip]:
    """Draw `count` stills of discs and blades in a few colours each, lit from one side; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [TrainingClip.of(f"leaves {n}", [_picture(rng)]) for n in range(count)]


def _picture(rng: np.random.Generator) -> np.ndarray:
    palette = rng.uniform(0, 256, (COLOURS, 3))
    grey = palette.mean(1, keepdims=True)
    palette = grey + rng.beta(1.5, 2.5, (COLOURS, 1)) * (palette - grey)  # colours are rarely loud
    palette = palette + rng.normal(0, 45, (COLOURS, 1))
    image = Image.new("RGB", (WIDTH, HEIGHT), _colour(palette[0]))
    draw = ImageDraw.Draw(image)
    for u in rng.random(LEAVES):
        radius = (u * MAX_RADIUS_PX**-2 + (1 - u) * MIN_RADIUS_PX**-2) ** -0.5
        at = rng.uniform(0, (WIDTH, HEIGHT))
        colour = _colour(palette[rng.integers(COLOURS)] + rng.normal(0, 14, 3))
        if rng.random() < 0.4:
            rx, ry = radius * rng.uniform(0.5, 1.0, 2)
            draw.ellipse((at[0] - rx, at[1] - ry, at[0] + rx, at[1] + ry), fill=colour)
        else:
            turns = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(3, 7))))
            corners = at + radius * np.stack([np.cos(turns), np.sin(turns)], 1)
            draw.polygon([(float(x), float(y)) for x, y in corners], fill=colour)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    angle = rng.uniform(0, 2 * math.pi)
    light = 0.85 + 0.3 * (x * math.cos(angle) + y * math.sin(angle))
    return (np.asarray(image) * light[..., None]).clip(0, 255).astype(np.uint8)


def _colour(values: np.ndarray) -> tuple[int, int, int]:
    red, green, blue = (int(v) for v in values.clip(0, 255))
    return red, green, blue
