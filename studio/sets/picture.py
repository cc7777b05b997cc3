"""A set as a picture or a clip of its own, without a cast: what it looks like, for the shell and the gallery."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.compositing.types import View
from engine.media.pictures import encode_jpeg, save_picture
from engine.media.video import whole_video
from engine.types import Frame
from studio.sets.stage import Stage
from studio.sets.store import SetError
from studio.timeline.sets import Set

FPS = 24
THUMBNAIL = 192, 108
"""Width and height in pixels."""
VIEW = View(free_x=0.64)
"""A landmark stands beside the middle, as it does beside a cast."""


def picture_of(set_: Set, stage: Stage, width: int, height: int, time_s: float = 0.0) -> np.ndarray:
    """A set, (height, width, 3) uint8, at a time of its own clock. Raises SetError for one that has no picture."""
    plate = stage.plate(set_)
    if plate is None or not hasattr(plate, "picture"):
        raise SetError("the camera's own background has no picture without a camera; draw another set")
    picture: np.ndarray = plate.picture(time_s, width, height, VIEW)
    return picture


@lru_cache(maxsize=64)
def thumbnail(name: str, size: tuple[int, int] = THUMBNAIL) -> bytes:
    """A set of the gallery as a JPEG of that width and height in px. Raises SetError."""
    with closing(Stage()) as stage:
        return encode_jpeg(picture_of({"gallery": name}, stage, *size), 85)


PROPOSED = 3
"""Places that words are shown as, to choose from."""


def variants(set_: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A planned set, and the same plan with the next seeds: other places of the same kind."""
    plan = set_["plan"]
    seed = plan.get("seed", 0)
    others = [{**set_, "plan": {**plan, "seed": (seed + n) % 2**31}} for n in range(1, PROPOSED)]
    return [dict(set_), *others]


def picture_url(set_: Set) -> str:
    """A set as a small JPEG in a data URL. Raises SetError."""
    with closing(Stage()) as stage:
        jpeg = encode_jpeg(picture_of(set_, stage, *THUMBNAIL), 85)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def draw(set_: Set, stage: Stage, path: Path, size: tuple[int, int], seconds: float) -> None:
    """Write a set as a picture (.png, .jpg) or as a clip of that many seconds (.mp4). Raises SetError, OSError."""
    width, height = size
    suffix = path.suffix.lower()
    if suffix in (".png", ".jpg", ".jpeg"):
        save_picture(picture_of(set_, stage, width, height), path)
    elif suffix == ".mp4":
        with whole_video(path, width, height, FPS) as out:
            for n in range(max(1, round(seconds * FPS))):
                out.write(Frame(picture_of(set_, stage, width, height, n / FPS), n, n / FPS))
    else:
        raise SetError(f"{path.name} is not a picture or a clip by its name; write .png, .jpg or .mp4")
