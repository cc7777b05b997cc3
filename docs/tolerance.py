"""Draws docs/tolerance.jpg: what a colour takes of hair, hands and a thing at four tolerances.

python docs/tolerance.py
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from engine.compositing.colourkey import keyed
from engine.media.pictures import draw_contact_sheet

COLOUR = (200, 40, 40)
PATCHES = {
    "red": (200, 40, 40),
    "red in shade": (110, 20, 25),
    "its highlight": (230, 120, 120),
    "orange": (230, 130, 40),
    "lips": (170, 80, 85),
    "hand": (190, 110, 90),
    "hair": (90, 50, 30),
    "wood": (150, 90, 50),
}


def main() -> None:
    """Balls of each colour, lit from the left, and what is keyed of them."""
    size = 64
    y, x = np.mgrid[0:size, 0:size] / (size / 2) - 1
    light = np.clip(0.25 + 0.75 * (np.sqrt(np.clip(1 - x**2 - y**2, 0, 1)) - 0.5 * x), 0.1, 1.1)[..., None]
    balls = [np.where((x**2 + y**2 < 0.8)[..., None], np.array(rgb) * light**0.5, 96) for rgb in PATCHES.values()]
    picture = np.clip(np.hstack(balls), 0, 255).astype(np.uint8)
    rows, labels = [picture], [f"camera: {', '.join(PATCHES)}"]
    for tolerance in (0.1, 0.2, 0.3, 0.45):
        rows.append((picture * (0.12 + 0.88 * keyed(picture, COLOUR, tolerance)[..., None])).astype(np.uint8))
        labels.append(f"red at a tolerance of {tolerance}")
    sheet = draw_contact_sheet([[row] for row in rows], labels, width=picture.shape[1])
    sheet.save(Path(__file__).with_suffix(".jpg"), quality=88)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    main()
