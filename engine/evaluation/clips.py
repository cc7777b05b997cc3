"""Inputs of an evaluation: a folder of clips, and wordings for each world."""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from engine.media.animation import moves
from engine.media.pictures import PICTURE_SUFFIXES, MediaError, fit, read_picture
from engine.media.texts import read_text
from engine.media.video import open_source
from engine.types import Frame

VIDEO_SUFFIXES = {".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"}
_PAN_ZOOM = 1.12
"""A still is enlarged by this and seen through a slowly moving window."""


@dataclass(frozen=True)
class Clip:
    """The first frames of a file, all of one size."""

    name: str
    frames: tuple[Frame, ...]

    def still(self) -> Clip:
        """Its first frame, held for as long, at the same times."""
        return Clip(self.name, tuple(replace(frame, rgb=self.frames[0].rgb) for frame in self.frames))


def find_clips(folder: Path) -> list[Path]:
    """The videos and pictures of a folder, by name; raises ValueError where there are none."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give one that holds videos or pictures")
    suffixes = PICTURE_SUFFIXES | VIDEO_SUFFIXES
    clips = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not clips:
        raise ValueError(f"{folder} has no video and no picture ({', '.join(sorted(suffixes))})")
    return clips


def read_prompts(path: Path, worlds: Collection[str]) -> dict[str, list[str]]:
    """Read world -> wordings from a JSON file; raises ValueError for another shape or a world not in `worlds`."""
    try:
        prompts = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(prompts, dict) or not prompts:
        raise ValueError(f'{path}: expected worlds and their wordings, as in {{"underwater": ["under the sea"]}}')
    for world, wordings in prompts.items():
        if world not in worlds:
            raise ValueError(f"{path}: {world!r} is not a world; there are {', '.join(worlds)}")
        texts = wordings if isinstance(wordings, list) else []
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise ValueError(f"{path}: {world} needs a list of one or more wordings, none of them empty")
    return prompts


def read_clip(path: Path, frames: int, size: tuple[int, int]) -> Clip:
    """Read the first frames of a video, or a picture through a slowly moving window.

    size: (width, height) in pixels. Raises MediaError for an unreadable file, or a video of a single frame.
    """
    if path.suffix.lower() in PICTURE_SUFFIXES and not moves(path):
        return Clip(path.name, tuple(_pan(read_picture(path), frames, size)))
    clip = Clip(path.name, tuple(itertools.islice(open_source(path, size), frames)))
    if len(clip.frames) < 2:
        raise MediaError(f"{path} has one frame only; its motion cannot be measured")
    return clip


def _pan(picture: np.ndarray, frames: int, size: tuple[int, int]) -> Iterator[Frame]:
    width, height = size
    wide, tall = round(width * _PAN_ZOOM), round(height * _PAN_ZOOM)
    large = Image.fromarray(fit(picture, wide, tall))
    for i in range(frames):
        time_s = i / 24
        x = (wide - width) * (0.5 + 0.5 * np.sin(time_s))
        y = (tall - height) * (0.5 + 0.5 * np.cos(1.3 * time_s))
        window = (1, 0, float(x), 0, 1, float(y))
        shown = large.transform(size, Image.Transform.AFFINE, window, Image.Resampling.BICUBIC)
        yield Frame(np.array(shown), i, time_s)
