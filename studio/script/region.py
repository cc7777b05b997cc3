"""A part of the picture, as data: a colour to key, a box to follow, a mask that is drawn, or several at once.

    Region(colour="green", box=(0.4, 0.2, 0.1, 0.6))

studio/performing/finder.py finds it in the frames of a take.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageColor, UnidentifiedImageError

from engine.media.files import read_regular
from engine.prompts import PromptError, number
from studio.timeline.curves import TimelineError

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture, 0 to 1."""

COLOURS = {
    "red": (200, 40, 40),
    "orange": (230, 130, 40),
    "yellow": (225, 205, 50),
    "green": (60, 150, 70),
    "cyan": (50, 180, 190),
    "blue": (50, 90, 190),
    "purple": (120, 60, 160),
    "pink": (230, 120, 170),
    "brown": (120, 80, 50),
    "white": (245, 245, 245),
    "grey": (128, 128, 128),
    "black": (15, 15, 15),
}
"""The tone that a name means for things in front of a camera; the hue decides for those that have one."""

FINDER = 2
"""The newest way in which regions are found (studio/performing/finder.py); a timeline keeps each region's."""

CASTS = ("person", "chroma")
"""Matters of the cast that need nothing but the picture."""

MASK_BYTES = 1_000_000
"""Of a drawn mask as PNG in a script or timeline."""
MOST_BYTES, MOST_PIXELS = 64 * 2**20, 50_000_000
"""Of a mask's file, and of the picture in it: any camera's photo, and less than what stalls a page."""

_PNG = "data:image/png;base64,"
_MASK_OR_BOX = "a drawn mask ('stick.png') or a box ([0.4, 0.2, 0.1, 0.6])"


@dataclass(frozen=True)
class Region:
    """A part of the picture. Where several are given, the part that is in each of them.

    colour: a name (also within words: `the green stick`), `#rrggbb` or (r, g, b) in 0..255. tolerance: 0 to 1. box:
    around the thing, followed from the take's first frame on; or boxes by their time in seconds, each of which corrects
    the one before. mask: a PNG, white where it is; its file, or the file itself as a data URL. cast: people, or what
    stands before a coloured wall.
    """

    colour: str | tuple[int, int, int] | None = None
    tolerance: float = 0.2
    box: Box | Mapping[float, Box] | None = None
    mask: str | Path | None = None
    finder: int = FINDER
    """How it is found: 1 as in the takes and scripts of before there was another, or the newest."""
    cast: str | None = None
    """`person` or `chroma`: what a matter of the cast takes for cast (engine/compositing/mattes.py)."""

    def __post_init__(self) -> None:
        if self.colour is None and self.box is None and self.mask is None and self.cast is None:
            raise TimelineError("a region needs a colour, a box, a mask or a cast")
        if self.cast not in (None, *CASTS):
            raise TimelineError(f"a region's cast is {self.cast!r}; write one of {', '.join(CASTS)}")
        if self.colour is not None:
            object.__setattr__(self, "colour", _colour(self.colour))
        if isinstance(self.finder, bool) or self.finder not in range(1, FINDER + 1):
            raise TimelineError(f"a region's finder is {self.finder!r}; it is 1 to {FINDER}: update lsd-studio")
        object.__setattr__(self, "tolerance", number(_plain(self.tolerance), "a region's tolerance"))
        if not 0 < self.tolerance <= 1:
            raise TimelineError(f"a region's tolerance is {self.tolerance}; it is above 0 and at most 1")
        if self.mask is not None and (not isinstance(self.mask, str | Path) or not str(self.mask)):
            raise TimelineError(f"{self.mask!r} is not a mask; write the path of a PNG")
        if isinstance(self.mask, Path):
            object.__setattr__(self, "mask", str(self.mask))
        if self.box is not None:
            boxes = self.box.items() if isinstance(self.box, Mapping) else [(0.0, self.box)]
            read = {_box_time(time_s): _box(box) for time_s, box in boxes}
            if not read:
                raise TimelineError("a region's boxes are empty; give one, such as [0.4, 0.2, 0.1, 0.6]")
            object.__setattr__(self, "box", dict(sorted(read.items())))

    @property
    def boxes(self) -> Mapping[float, Box]:
        """By time in seconds; empty where nothing is followed."""
        return self.box if isinstance(self.box, Mapping) else {}

    def embedded(self, folder: Path) -> Region:
        """With the mask's file inside as a data URL. folder: what the mask's path starts from. Raises TimelineError."""
        if self.mask is None or str(self.mask).startswith(_PNG):
            return self
        path = folder / self.mask
        if not path.exists():
            raise TimelineError(f"the mask {path} does not exist; give the path of a PNG, white where it is")
        buffer = io.BytesIO()
        drawn_mask(path).save(buffer, "PNG", optimize=True)
        if buffer.tell() > MASK_BYTES:
            raise TimelineError(f"the mask {path} has {buffer.tell():,} bytes; at most {MASK_BYTES:,}: make it smaller")
        return replace(self, mask=_PNG + base64.b64encode(buffer.getvalue()).decode())

    def beside(self, folder: Path) -> Region:
        """With the mask's path as seen from where `folder` is."""
        if self.mask is None or str(self.mask).startswith(_PNG):
            return self
        return replace(self, mask=str((folder / self.mask).resolve()))

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without what is not given."""
        data: dict[str, Any] = {}
        if self.colour is not None:
            data["colour"] = self.colour if isinstance(self.colour, str) else list(self.colour)
            data["tolerance"] = self.tolerance
        if self.box is not None:
            data["box"] = {repr(time_s): list(box) for time_s, box in self.boxes.items()}
        if self.mask is not None:
            data["mask"] = str(self.mask)
        if self.cast is not None:
            data["cast"] = self.cast
        return data if self.finder == 1 else {**data, "finder": self.finder}

    @classmethod
    def from_dict(cls, data: Any, finder: int = FINDER) -> Region:
        """From `to_dict`'s values, or a colour, a box or a mask alone (`.png`, or a Path). Raises TimelineError.

        finder: of a region that does not say one; 1 for what is read from a timeline or an old script.
        """
        data = _plain(data)
        if isinstance(data, Path) or (isinstance(data, str) and (data.startswith(_PNG) or _is_png(data))):
            return cls(mask=data, finder=finder)
        if isinstance(data, str) or (isinstance(data, Sequence) and len(data) == 3):
            try:
                return cls(_colour(data), finder=finder)
            except PromptError as error:
                raise TimelineError(f"{error}; or {_MASK_OR_BOX}") from None
        if isinstance(data, Sequence):
            return cls(box=_box(data), finder=finder)
        if not isinstance(data, Mapping):
            raise TimelineError(f"{data!r} is not a region; write a colour such as 'green', {_MASK_OR_BOX}")
        if unknown := data.keys() - {"colour", "tolerance", "box", "mask", "finder", "cast"}:
            raise TimelineError(
                f"a region has colour, tolerance, box, mask and cast, not {', '.join(sorted(map(str, unknown)))}"
            )
        given = (data.get("colour"), data.get("tolerance", 0.2), data.get("box"), data.get("mask"))
        return cls(*given, data.get("finder", finder), data.get("cast"))


def rgb_of(colour: Any) -> tuple[int, int, int]:
    """A colour's red, green and blue in 0..255. Raises TimelineError."""
    if isinstance(colour, str):
        name = colour.strip().lower().replace("gray", "grey")
        if name in COLOURS:
            return COLOURS[name]
        try:
            red, green, blue = ImageColor.getrgb(name)[:3]
        except ValueError:
            names = ", ".join(COLOURS)
            raise TimelineError(f"{colour!r} is not a colour; write one of {names}, #rrggbb or [r, g, b]") from None
        return red, green, blue
    colour = _plain(colour)
    legal = isinstance(colour, Sequence) and len(colour) == 3
    if not legal or not all(isinstance(part, int) and 0 <= part <= 255 for part in colour):
        raise TimelineError(f"{colour!r} is not a colour; write a name, #rrggbb, or red, green and blue from 0 to 255")
    return colour[0], colour[1], colour[2]


def _colour(colour: Any) -> str | tuple[int, int, int]:
    """A colour as a region keeps it; of other words the one colour that they name. Raises TimelineError."""
    try:
        rgb = rgb_of(colour)
        return colour if isinstance(colour, str) else rgb
    except PromptError:
        text = colour.lower().replace("gray", "grey") if isinstance(colour, str) else ""
        named = dict.fromkeys(word for word in re.findall(r"[a-z]+", text) if word in COLOURS)
        if len(named) > 1:
            raise TimelineError(f"{colour!r} names {' and '.join(named)}; write one colour") from None
        if not named:
            raise
        return next(iter(named))


def _is_png(text: str) -> bool:
    return text.strip().lower().endswith(".png")


def _plain(value: Any) -> Any:
    """Arrays and their numbers as Python's own; all else as it is."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return value


def grey_of(image: Image.Image) -> Image.Image:
    """A drawn mask as grey levels: its opacity where it has one, else its brightness."""
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        painted = image.convert("RGBA")
        opacity = painted.getchannel("A")
        if opacity.getextrema() != (255, 255):
            return opacity
    return image.convert("L")


def drawn_mask(mask: str | Path) -> Image.Image:
    """A drawn mask as grey levels, from its file or its data URL. Raises TimelineError."""
    mask = str(mask)
    embedded = mask.startswith(_PNG)
    name = mask[:40] if embedded else mask
    try:
        data = base64.b64decode(mask.removeprefix(_PNG), validate=True) if embedded else read_regular(mask, MOST_BYTES)
        width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")  # IHDR comes first
        if width * height > MOST_PIXELS:
            raise TimelineError(f"the mask {name} has {width}x{height} pixels; at most {MOST_PIXELS:,}: scale it")
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            return grey_of(image)
    except TimelineError:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        kind = isinstance(error, UnidentifiedImageError)
        reason = "another kind of file" if kind else getattr(error, "strerror", None) or error
        raise TimelineError(f"the mask {name} is not a PNG ({reason}); draw one, white where it is") from None


def _box(box: Any) -> Box:
    box = _plain(box)
    numbers = tuple(box) if isinstance(box, Sequence) and not isinstance(box, str) else ()
    if len(numbers) != 4:
        raise TimelineError(f"{box!r} is not a box; write left, top, width and height as shares: [0.4, 0.2, 0.1, 0.6]")
    left, top, width, height = (number(part, "a part of a box") for part in numbers)
    if not (0 <= left < 1 and 0 <= top < 1 and 0.01 <= width <= 1 - left + 1e-6 and 0.01 <= height <= 1 - top + 1e-6):
        raise TimelineError(f"the box {list(numbers)} leaves the picture; its parts are shares, from 0 to 1")
    return left, top, width, height


def _box_time(time_s: Any) -> float:
    try:
        read = float(time_s)
    except (TypeError, ValueError, OverflowError):
        raise TimelineError(f"{time_s!r} is not a time of a box; write seconds") from None
    if not 0 <= read < float("inf"):
        raise TimelineError(f"{time_s!r} is not a time of a box; times start at 0")
    return read
