"""Contact sheets of the vocabulary: each name by day, at sunset and by night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from engine.compositing.types import View
from engine.designer import vocabulary
from engine.designer.colours import MOODS
from engine.designer.library import DesignerError
from engine.designer.place import Place
from engine.designer.plan import PERIODS, Plan
from engine.media.files import write_whole

TIMES = ("day", "sunset", "night")
_VIEW = View(free_x=0.6)


def plans(kind: str, name: str, skies: Sequence[str] = TIMES) -> list[Plan]:
    """The plans that show one name of the vocabulary, one for each sky (a sky: over three grounds)."""
    entry = vocabulary.drawing(kind, name)
    if kind == "sky":
        return [Plan(sky=name, ground=ground) for ground in _grounds(name)]
    ground = entry.implies.get("ground", "grass")
    if kind == "ground":
        return [Plan(sky=sky, ground=name) for sky in skies]
    if kind == "structure":
        indoors = entry.stands == "room"
        ground = entry.implies.get("ground", "stone" if indoors else "grass")
        chosen = [entry.implies.get("sky", "indoors")] if indoors else list(skies)
        return [Plan(sky=sky, ground=ground, structures=(name,), seed=seed) for seed, sky in enumerate(chosen)]
    return [Plan(sky=sky, ground=ground, things=(name,)) for sky in skies]


def _grounds(sky: str) -> tuple[str, ...]:
    own = {"underwater": "seabed", "indoors": "wood", "stars": "moondust", "aurora": "ice"}
    return own.get(sky, "grass"), "water", "snow"


def tiles(
    names: Sequence[str] | None = None, kinds: Sequence[str] = vocabulary.KINDS, skies: Sequence[str] = TIMES
) -> Iterator[tuple[str, Plan]]:
    """(label, plan) for each tile of a sheet, of all names where none are given. Raises DesignerError otherwise."""
    every = [(kind, name) for kind in kinds for name in vocabulary.names(kind)]
    for wanted in names or ():
        if wanted not in [name for _, name in every]:
            raise DesignerError(
                f"{wanted!r} is not in the vocabulary; {vocabulary.suggest(wanted, tuple(n for _, n in every))}"
            )
    for kind, name in every:
        if not names or name in names:
            for plan in plans(kind, name, skies):
                yield f"{name}: {plan.sky}, {plan.ground}", plan


def sheet(chosen: Sequence[tuple[str, Plan]], size: tuple[int, int] = (480, 270), columns: int = 3) -> np.ndarray:
    """The tiles, labelled, (H, W, 3) uint8 sRGB."""
    if not chosen:
        raise DesignerError("a sheet needs at least one name")
    width, height = size
    rows = -(-len(chosen) // columns)
    picture = np.full((rows * height, columns * width, 3), 16, np.uint8)
    for i, (label, plan) in enumerate(chosen):
        tile = Place(plan).picture(3.0, width, height, _VIEW)
        scale = max(width / 900, 0.3)
        for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(tile, label, (8, height - 9), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
        y, x = i // columns * height, i % columns * width
        picture[y : y + height, x : x + width] = tile
    return picture


def save(picture: np.ndarray, path: Path) -> None:
    """Write a picture, (H, W, 3) uint8 sRGB, as .jpg or .png; raises DesignerError where that fails."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90] if path.suffix.lower() in (".jpg", ".jpeg") else []
    try:
        _, data = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), quality)
    except cv2.error:
        raise DesignerError(f"{path} cannot be written; a sheet is a .jpg or a .png") from None
    try:
        write_whole(path, data.tobytes())
    except OSError as error:
        raise DesignerError(f"{path} cannot be written: {error.strerror or error}") from None


_TITLES = {"sky": "Skies", "ground": "Grounds", "structure": "Structures", "thing": "Things"}


def table() -> str:
    """The vocabulary as a table of Markdown: kind, and each name with the other words that mean it."""
    rows = ["| | names, and other words for them |", "|---|---|"]
    for kind, title in _TITLES.items():
        entries = []
        for name in vocabulary.names(kind):
            others = ", ".join(vocabulary.drawing(kind, name).synonyms)
            entries.append(f"**{name}** ({others})" if others else f"**{name}**")
        rows.append(f"| {title} | {'; '.join(entries)} |")
    rows.append(f"| Palettes | {', '.join(f'**{name}**' for name in MOODS)} |")
    rows.append(f"| Periods | {', '.join(f'**{name}**' for name in PERIODS)} |")
    return "\n".join(rows) + "\n"


def write_table(page: Path) -> None:
    """Put the table as it is into a page that holds an older one. Raises DesignerError for a page without one."""
    text = page.read_text(encoding="utf-8")
    begin = text.find(table().partition("\n")[0])
    if begin < 0:
        raise DesignerError(f"{page} has no table of the vocabulary")
    end = text.index("\n\n", begin) + 1
    write_whole(page, (text[:begin] + table() + text[end:]).encode())
