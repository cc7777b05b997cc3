"""The colour of a prompt, the same on the pages (app/web/basics.js) and in notebooks: that of the world it names."""

from __future__ import annotations

import functools
import re

from studio.timeline.timeline import Prompt, blend

SWATCHES = {
    "#7d8590": ("as it is", "as is", "unchanged"),
    "#1f9bb0": ("underwater", "under water", "sea", "ocean", "reef"),
    "#c9853b": ("wild west", "western", "cowboy", "prairie"),
    "#5b62d6": ("space", "stars", "galaxy"),
    "#d1a73a": ("rome", "gold", "golden"),
    "#8fb6d6": ("snowfall", "snow", "winter"),
    "#d0469b": ("neon", "cyberpunk"),
    "#9a958c": ("pencil", "sketch", "charcoal"),
    "#e0694f": ("cartoon", "cel"),
    "#5f6b7a": ("noir",),
    "#7f9a4a": ("oil painting", "oil"),
    "#b5482f": ("volcano", "lava", "embers"),
    "#4c9a5b": ("forest", "woodland"),
    "#58a6a0": ("watercolour", "watercolor", "aquarelle"),
    "#3f6fa8": ("woodblock", "ukiyo e", "japanese print"),
    "#8a5cc2": ("stained glass", "cathedral"),
    "#a9744f": ("mosaic", "tesserae"),
    "#6c8f3d": ("voxel", "blocks"),
    "#d6663a": ("thermal", "infrared"),
    "#c9b23a": ("comic", "pop art"),
    "#6cc3dc": ("ice", "frozen"),
    "#2f62c9": ("blueprint",),
    "#d9b36c": ("beach",),
    "#9b3d5a": ("throne hall", "throne"),
    "#8b90a8": ("moon",),
}
"""Colours, and the words that a text must hold one of; the first that fits is taken."""
TONES = ("#7a6fb0", "#b07a5a", "#5a9a8a", "#a85f86", "#8c9a55", "#5f86b0", "#b08f4a", "#6f9f6a")
"""Of all other texts."""


def colour(prompt: Prompt) -> str:
    """`#rrggbb` of a text, or of the strongest text of a blend."""
    strongest = max(blend(prompt), key=lambda pair: pair[1])[0]
    text = f" {re.sub('[^a-z0-9]+', ' ', strongest.lower()).strip()} "
    for swatch, hints in SWATCHES.items():
        if any(f" {hint} " in text for hint in hints):
            return swatch
    return TONES[functools.reduce(lambda told, char: (told * 31 + ord(char)) % 997, text, 0) % len(TONES)]


def mixed(swatch: str, ground: str, share: float) -> str:
    """`#rrggbb` of a share (0 to 1) of one colour over another."""
    parts = [(int(swatch[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)
