"""Draws docs/things.jpg: every thing that can be drawn in a prop's place, with the words that mean it.

python docs/things.py
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engine.designer.props.draw import draw_things
from engine.designer.props.pose import Steady
from engine.designer.props.registry import Drawing, drawings
from engine.media.pictures import draw_contact_sheet

WIDTH, HEIGHT = 240, 136
STICKS, BALLS = ("lightsaber", "torch"), ("fireball", "planet", "crystal ball")


def main() -> None:
    """A row of three for each: the prop, and the thing at two moments."""
    cells = [_moments(drawing) for drawing in drawings()]
    labels = [f"{drawing.name}: {', '.join(drawing.words[:4])}" for drawing in drawings()]
    sheet = draw_contact_sheet(cells, labels, ["the prop", "drawn", "half a second later"], width=WIDTH)
    sheet.save(Path(__file__).with_suffix(".jpg"), quality=88)


def _moments(drawing: Drawing) -> list[np.ndarray]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    across, along = x - WIDTH / 2, y - HEIGHT * 0.55
    lean = 0.35
    u, v = across * math.cos(lean) + along * math.sin(lean), along * math.cos(lean) - across * math.sin(lean)
    if drawing.name in STICKS:
        mask = (abs(u) < 5) & (abs(v) < 48)
    elif drawing.name in BALLS:
        mask = across**2 + along**2 < 34**2
    else:
        mask = (abs(across) < 32) & (abs(along) < 40)
    room = np.stack([92 + x / 8, 88 + y / 6, 100 - x / 12], -1)
    camera = np.where(mask[..., None], (90, 150, 96), room).astype(np.uint8)
    steady = Steady()
    prop = mask.astype(np.float32)
    shown = [draw_things(camera, prop, drawing, steady(prop, time_s), time_s) for time_s in (1.0, 1.5)]
    return [camera, *shown]


if __name__ == "__main__":
    main()
