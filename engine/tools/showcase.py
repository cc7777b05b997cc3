"""What the weights can do, to look at: a sheet of all worlds and things, and a film that goes through them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from engine.media.pictures import contact_sheet
from engine.media.video import whole_video
from engine.prompts import Key, Prompts
from engine.types import Frame, LiveModel

COLUMNS = 5
FPS = 24
FADE_S = 0.5
"""Of a film's dissolves."""


def words(name: str) -> str:
    """A world's or thing's name as a prompt."""
    return name.replace("-", " ").replace("as is", "as it is")


def sheet(model: LiveModel, frames: Sequence[Frame], path: Path, columns: int = COLUMNS, width: int = 256) -> Path:
    """The last of `frames` in every world of the model, each after the ones before it; saved as .png or .jpg."""
    pictures: list[np.ndarray] = []
    for world in model.vocabulary.worlds:
        model.reset()
        model.prompt(words(world))
        made = [model.step(frame.rgb, frame.time_s, frame.index) for frame in frames]
        pictures.append(made[-1])
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    labels = [
        " · ".join(map(words, model.vocabulary.worlds[i : i + columns])) for i in range(0, len(pictures), columns)
    ]
    return contact_sheet(rows, path, labels, width=width)


def film(
    model: LiveModel,
    frames: Sequence[Frame],
    path: Path,
    seconds: float = 60.0,
    worlds: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    crf: int = 16,
) -> int:
    """An MP4 of `frames`, played forward and backward for `seconds`, dissolving from world to world.

    worlds: which and in what order; all that the model knows by default. crf: of H.264, 0 to 51; more is smaller.
    Returns the number of frames.
    """
    worlds = worlds or model.vocabulary.worlds
    total = round(seconds * FPS)
    starts = {-(-number * total // len(worlds)): world for number, world in enumerate(worlds)}  # by first frame
    prompts = Prompts(tuple(Key(first / FPS, words(world), FADE_S) for first, world in starts.items()))
    height, width = frames[0].rgb.shape[:2]
    model.reset()
    with whole_video(path, width, height, FPS, crf) as writer:
        for index, frame in enumerate(itertools.islice(itertools.cycle([*frames, *reversed(frames[1:-1])]), total)):
            time_s = index / FPS
            model.prompt(prompts.at(time_s).blend)
            writer.write(Frame(model.step(frame.rgb, time_s, index), index, time_s))
            if progress is not None:
                progress(index + 1, total)
    return total
