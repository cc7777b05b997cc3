"""The colour of a prompt, the same on the pages and in notebooks: that of the world it names."""

from __future__ import annotations

import functools
import re

from engine.prompts import Prompt, blend
from studio.web import table


@functools.cache
def _colours() -> tuple[dict[str, list[str]], list[str]]:
    """The colours of worlds, with the words that name each, and those of all other texts."""
    colours = table("colours.js")
    return colours["worlds"], colours["others"]


def colour(prompt: Prompt) -> str:
    """`#rrggbb` of a text, or of the strongest text of a blend. Raises PromptError."""
    worlds, others = _colours()
    strongest = max(blend(prompt), key=lambda pair: pair[1])[0]
    text = f" {re.sub('[^a-z0-9]+', ' ', strongest.lower()).strip()} "
    for shade, hints in worlds.items():
        if any(f" {hint} " in text for hint in hints):
            return shade
    return others[functools.reduce(lambda value, char: (value * 31 + ord(char)) % 997, text, 0) % len(others)]


def mixed(shade: str, ground: str, share: float) -> str:
    """`#rrggbb` of a share (0 to 1) of one colour over another."""
    parts = [(int(shade[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in parts)
