"""Where a prop is in a frame: a colour that is keyed, a box that follows, a mask that is drawn, or several at once.

    finder = Finder(Area(colour="green", box=(0.4, 0.2, 0.1, 0.6)))
    mask = finder.mask(rgb, time_s)        # (H, W) float32 in 0..1, for each made frame in order

A mask is a pure function of the take's frames up to its own: a replay finds the same. Its values are multiples of
1/255, so that the last bits of a processor's arithmetic do not matter.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageColor, ImageFilter

from studio.timeline.curves import TimelineError, number

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

SEEN = 0.0005
"""The share of the picture from which on a prop counts as seen."""
MASK_BYTES = 1_000_000
"""Of a drawn mask as PNG in a script or timeline."""

_PNG = "data:image/png;base64,"
_MASK_OR_BOX = "a drawn mask ('stick.png') or a box ([0.4, 0.2, 0.1, 0.6])"
_HUE_DEGREES, _TONE_DISTANCE = 90.0, 100.0  # what a tolerance of 1 lets through
_GREY_CHROMA = 12.0  # Lab chroma below which a thing has no hue to speak of
_PATCH = 28  # side in pixels at which a followed thing is compared
_SCALES = (1.0, 0.94, 1.06)
_ALIKE, _AGAIN = 0.5, 0.75  # correlation below which a followed thing is lost, and from which it is found again
_LEARN = 0.05  # how fast its look follows
_SOFT = 0.006  # of the picture's height: the softness of a mask's edge


@dataclass(frozen=True)
class Area:
    """A part of the picture. Where several are given, the part that is in each of them.

    colour: a name (also within words: `the green stick`), `#rrggbb` or (r, g, b) in 0..255. tolerance: 0 to 1. box:
    around the thing, followed from the take's first frame on; or boxes by their time in seconds, each of which corrects
    the one before. mask: a PNG, white where it is; its file, or the file itself as a data URL.
    """

    colour: str | tuple[int, int, int] | None = None
    tolerance: float = 0.2
    box: Box | Mapping[float, Box] | None = None
    mask: str | Path | None = None

    def __post_init__(self) -> None:
        if self.colour is None and self.box is None and self.mask is None:
            raise TimelineError("a region needs a colour, a box or a mask")
        if self.colour is not None:
            object.__setattr__(self, "colour", _colour(self.colour))
        object.__setattr__(self, "tolerance", number(_plain(self.tolerance), "a region's tolerance"))
        if not 0 < self.tolerance <= 1:
            raise TimelineError(f"a region's tolerance is {self.tolerance}; it is above 0 and at most 1")
        if self.mask is not None and (not isinstance(self.mask, str | Path) or not str(self.mask)):
            raise TimelineError(f"{self.mask!r} is no mask; write the path of a PNG")
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

    def embedded(self, folder: Path) -> Area:
        """With the mask's file inside, so that it needs no file any more. folder: what its path starts from."""
        if self.mask is None or str(self.mask).startswith(_PNG):
            return self
        path = folder / self.mask
        try:
            with Image.open(path, formats=["PNG"]) as image:
                buffer = io.BytesIO()
                grey_of(image).save(buffer, "PNG", optimize=True)
        except FileNotFoundError:
            raise TimelineError(f"the mask {path} does not exist; give the path of a PNG, white where it is") from None
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise TimelineError(f"the mask {path} is no PNG ({error}); draw one, white where it is") from None
        if buffer.tell() > MASK_BYTES:
            raise TimelineError(f"the mask {path} has {buffer.tell():,} bytes; at most {MASK_BYTES:,}: make it smaller")
        return Area(self.colour, self.tolerance, self.box, _PNG + base64.b64encode(buffer.getvalue()).decode())

    def beside(self, folder: Path) -> Area:
        """With the mask's path as seen from where `folder` is."""
        if self.mask is None or str(self.mask).startswith(_PNG):
            return self
        return Area(self.colour, self.tolerance, self.box, str((folder / self.mask).resolve()))

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
        return data

    @classmethod
    def from_dict(cls, data: Any) -> Area:
        """From `to_dict`'s values, or a colour, a box or a mask alone (`.png`, or a Path). Raises TimelineError."""
        data = _plain(data)
        if isinstance(data, Path) or (isinstance(data, str) and (data.startswith(_PNG) or _is_png(data))):
            return cls(mask=data)
        if isinstance(data, str) or (isinstance(data, Sequence) and len(data) == 3):
            try:
                return cls(_colour(data))
            except TimelineError as error:
                raise TimelineError(f"{error}; or {_MASK_OR_BOX}") from None
        if isinstance(data, Sequence):
            return cls(box=_box(data))
        if not isinstance(data, Mapping):
            raise TimelineError(f"{data!r} is no region; write a colour such as 'green', {_MASK_OR_BOX}")
        if unknown := data.keys() - {"colour", "tolerance", "box", "mask"}:
            raise TimelineError(
                f"a region has colour, tolerance, box and mask, not {', '.join(sorted(map(str, unknown)))}"
            )
        return cls(data.get("colour"), data.get("tolerance", 0.2), data.get("box"), data.get("mask"))


class Finder:
    """Finds an area in one frame after the other. One that follows a box must be shown every made frame, in order."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self.box: Box | None = None
        """Where the followed thing was last seen; None before its time and while it is lost."""
        self._waiting = list(area.boxes.items())
        self._follower: _Follower | None = None
        self._drawn = _drawn(str(area.mask)) if area.mask is not None else None

    @property
    def follows(self) -> bool:
        """Whether it must see every frame."""
        return bool(self.area.boxes)

    def see(self, rgb: np.ndarray, time_s: float) -> None:
        """Follow the thing into a frame, (H, W, 3) uint8, at seconds on the take's clock."""
        placed = None
        while self._waiting and self._waiting[0][0] <= time_s + 1e-6:
            placed = self._waiting.pop(0)[1]
        if placed is not None:
            self._follower = _Follower(rgb, placed)
            self.box = placed
        elif self._follower is not None:
            self.box = self._follower.find(rgb)

    def mask(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """Where it is in a frame, (H, W) float32 in 0..1; sees the frame, too."""
        height, width = rgb.shape[:2]
        found: np.ndarray = np.ones((height, width), np.float32)
        if self.follows:
            self.see(rgb, time_s)
            found = found * _rectangle(self.box, height, width)
        if self._drawn is not None:
            found = found * np.asarray(self._drawn.resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
        if self.area.colour is not None and found.any():
            found = found * keyed(rgb, rgb_of(self.area.colour), self.area.tolerance)
        return np.round(found * 255).astype(np.float32) / np.float32(255)


def keyed(rgb: np.ndarray, colour: tuple[int, int, int], tolerance: float) -> np.ndarray:
    """How much each pixel is of a colour: (H, W, 3) uint8 -> (H, W) float32 in 0..1, without specks.

    A colour with a hue is found by its hue, in light and in shade; white, grey and black by their lightness.
    """
    lab = lab_of(rgb.astype(np.float32))
    light, a, b = lab_of(np.array(colour, np.float32))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    if np.hypot(a, b) > _GREY_CHROMA:
        turn = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(b, a))
        off = np.abs((turn + 180) % 360 - 180) / _HUE_DEGREES
        match = _ramp(tolerance * 1.2, tolerance * 0.8, off) * _ramp(_GREY_CHROMA, _GREY_CHROMA * 2, chroma)
    else:
        off = np.hypot(lab[..., 0] - light, chroma * 2) / _TONE_DISTANCE
        match = _ramp(tolerance * 1.2, tolerance * 0.8, off)
    image = Image.fromarray(np.round(match * 255).astype(np.uint8))
    image = image.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MaxFilter(3))
    image = image.filter(ImageFilter.GaussianBlur(max(0.5, _SOFT * rgb.shape[0])))
    return np.asarray(image, np.float32) / 255


def lab_of(rgb: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) float32 in 0..255 -> CIE L*a*b* of D65 (..., 3): L in 0..100, a and b about -100..100."""
    share = rgb / np.float32(255)
    linear = np.where(share > 0.04045, ((share + 0.055) / 1.055) ** 2.4, share / 12.92)
    to_xyz = np.array([[0.4339, 0.3762, 0.1899], [0.2126, 0.7152, 0.0722], [0.0178, 0.1098, 0.8724]], np.float32)
    xyz = linear @ to_xyz.T  # white is (1, 1, 1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def rgb_of(colour: Any) -> tuple[int, int, int]:
    """A colour's red, green and blue in 0..255. Raises TimelineError."""
    if isinstance(colour, str):
        name = colour.strip().lower().replace("gray", "grey")
        if name in COLOURS:
            return COLOURS[name]
        try:
            red, green, blue = ImageColor.getrgb(name)[:3]
        except ValueError:
            known = ", ".join(COLOURS)
            raise TimelineError(f"{colour!r} is no colour; write one of {known}, #rrggbb or [r, g, b]") from None
        return red, green, blue
    colour = _plain(colour)
    legal = isinstance(colour, Sequence) and len(colour) == 3
    if not legal or not all(isinstance(part, int) and 0 <= part <= 255 for part in colour):
        raise TimelineError(f"{colour!r} is no colour; write a name, #rrggbb, or red, green and blue from 0 to 255")
    return colour[0], colour[1], colour[2]


def _colour(colour: Any) -> str | tuple[int, int, int]:
    """A colour as it is kept; of words that are none, the one name of a colour among them. Raises TimelineError."""
    try:
        rgb = rgb_of(colour)
        return colour if isinstance(colour, str) else rgb
    except TimelineError:
        said = re.findall(r"[a-z]+", colour.lower().replace("gray", "grey")) if isinstance(colour, str) else []
        named = dict.fromkeys(word for word in said if word in COLOURS)
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


class _Follower:
    """Follows one thing by how it looks: normalised correlation of a small patch near where it was, at three scales."""

    def __init__(self, rgb: np.ndarray, box: Box) -> None:
        self._box = box
        self._first = self._look = _standard(_crop(rgb, box, _PATCH, _PATCH))
        self._lost = 0

    def find(self, rgb: np.ndarray) -> Box | None:
        """Its box in the next frame; None where nothing near looks like it."""
        best, found = _AGAIN if self._lost else _ALIKE, None
        reach = min(0.5 + 0.25 * self._lost, 2.0)  # boxes to each side; farther while it is lost
        for scale in _SCALES:
            left, top, width, height = _scaled(self._box, scale)
            margin = round(_PATCH * reach)
            side = _PATCH + 2 * margin
            over = margin / _PATCH
            around = (left - over * width, top - over * height, width * (1 + 2 * over), height * (1 + 2 * over))
            scores = _correlation(_crop(rgb, around, side, side), self._look)
            scores = scores - (0.0 if scale == 1.0 else 0.01)  # the same size unless another fits better
            y, x = np.unravel_index(int(scores.argmax()), scores.shape)
            if scores[y, x] > best:
                best = float(scores[y, x])
                dx, dy = _peak(scores[y, :], int(x)), _peak(scores[:, x], int(y))
                found = (left + (dx - margin) / _PATCH * width, top + (dy - margin) / _PATCH * height, width, height)
        if found is None or not (-found[2] < found[0] < 1 and -found[3] < found[1] < 1):
            self._lost += 1
            return None
        self._box, self._lost = found, 0
        now = _standard(_crop(rgb, found, _PATCH, _PATCH))
        look = (1 - _LEARN) * self._look + _LEARN * (0.5 * now + 0.5 * self._first)
        self._look = look / np.linalg.norm(look)
        return found


def _crop(rgb: np.ndarray, box: Box, width: int, height: int) -> np.ndarray:
    """A box of the picture, beyond its edges too, as (height, width, 3) float32."""
    tall, wide = rgb.shape[:2]
    left, top, w, h = box
    corners = (left * wide, top * tall, (left + w) * wide, (top + h) * tall)
    image = Image.fromarray(rgb)
    pad = math.ceil(max(0.0, -corners[0], -corners[1], corners[2] - wide, corners[3] - tall))
    if pad:
        image = Image.fromarray(np.pad(rgb, ((pad, pad), (pad, pad), (0, 0)), mode="edge"))
        corners = (corners[0] + pad, corners[1] + pad, corners[2] + pad, corners[3] + pad)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=corners), np.float32)


def _standard(patch: np.ndarray) -> np.ndarray:
    """Without each channel's mean, of unit length."""
    centred = patch - patch.mean((0, 1))
    return centred / max(float(np.linalg.norm(centred)), 1e-6)


def _correlation(field: np.ndarray, look: np.ndarray) -> np.ndarray:
    """Normalised correlation of a patch at every place of a field: (H, W, 3), (h, w, 3) -> (H - h + 1, W - w + 1)."""
    height, width = look.shape[:2]
    size = field.shape[:2]
    spectrum = np.fft.rfft2(field, axes=(0, 1)) * np.conj(np.fft.rfft2(look, s=size, axes=(0, 1)))
    product = np.fft.irfft2(spectrum, s=size, axes=(0, 1)).sum(-1)[: size[0] - height + 1, : size[1] - width + 1]
    sums = np.pad(field.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0), (0, 0)))
    squares = np.pad((field.astype(np.float64) ** 2).sum(-1).cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def boxed(table: np.ndarray) -> np.ndarray:
        return table[height:, width:] - table[:-height, width:] - table[height:, :-width] + table[:-height, :-width]

    energy = boxed(squares) - (boxed(sums) ** 2).sum(-1) / (height * width)
    return product / np.sqrt(np.maximum(energy, height * width))  # a flat place is like nothing


def _peak(row: np.ndarray, at: int) -> float:
    """The place of a maximum between pixels, by the parabola through it and its neighbours."""
    if not 0 < at < len(row) - 1:
        return float(at)
    before, top, after = (float(value) for value in row[at - 1 : at + 2])
    bend = before - 2 * top + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)


def _scaled(box: Box, scale: float) -> Box:
    left, top, width, height = box
    return left + width * (1 - scale) / 2, top + height * (1 - scale) / 2, width * scale, height * scale


def _rectangle(box: Box | None, height: int, width: int) -> np.ndarray:
    """A box with soft edges, (H, W) float32; nothing for None."""
    if box is None:
        return np.zeros((height, width), np.float32)
    soft = max(1.0, 2 * _SOFT * height)

    def inside(start: float, length: float, size: int) -> np.ndarray:
        at = np.arange(size, dtype=np.float32) + 0.5
        return np.clip(np.minimum(at - start * size, (start + length) * size - at) / soft + 0.5, 0, 1)

    left, top, wide, tall = box
    return (inside(top, tall, height)[:, None] * inside(left, wide, width)[None]).astype(np.float32)


def _ramp(zero: float, one: float, x: np.ndarray) -> np.ndarray:
    """0 at `zero`, 1 at `one`, even between them."""
    return np.clip((x - zero) / (one - zero), 0, 1)


def _drawn(mask: str) -> Image.Image:
    try:
        data = base64.b64decode(mask.removeprefix(_PNG), validate=True) if mask.startswith(_PNG) else None
        with Image.open(io.BytesIO(data) if data is not None else Path(mask), formats=["PNG"]) as image:
            return grey_of(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TimelineError(f"the mask {mask[:60]} is no PNG ({error}); draw one, white where it is") from None


def _box(box: Any) -> Box:
    box = _plain(box)
    numbers = tuple(box) if isinstance(box, Sequence) and not isinstance(box, str) else ()
    if len(numbers) != 4:
        raise TimelineError(f"{box!r} is no box; write left, top, width and height as shares: [0.4, 0.2, 0.1, 0.6]")
    left, top, width, height = (number(part, "a part of a box") for part in numbers)
    if not (0 <= left < 1 and 0 <= top < 1 and 0.01 <= width <= 1 - left + 1e-6 and 0.01 <= height <= 1 - top + 1e-6):
        raise TimelineError(f"the box {list(numbers)} leaves the picture; its parts are shares, from 0 to 1")
    return left, top, width, height


def _box_time(time_s: Any) -> float:
    try:
        read = float(time_s)
    except (TypeError, ValueError):
        raise TimelineError(f"{time_s!r} is no time of a box; write seconds") from None
    if not 0 <= read < float("inf"):
        raise TimelineError(f"{time_s!r} is no time of a box; times start at 0")
    return read
