"""Follows a region through the frames of a take: which pixels are it, frame by frame.

    finder = Finder(Region(colour="green", box=(0.4, 0.2, 0.1, 0.6)))
    mask = finder.mask(rgb, time_s)        # (H, W) float32 in 0..1, for each made frame in order

A colour is keyed, a box follows what is in it, a drawn mask stands still, a cast is cut out; where several are given,
what is in all of them counts. A mask is a pure function of the take's frames up to its own, so a replay finds the same;
its values are multiples of 1/255, so that the last bits of a processor's arithmetic do not matter.

A region says which finder finds it. The second keys colours and follows boxes by engine/compositing (colourkey.py,
tracker.py); the first, for takes and scripts from before there was another, is below.
"""

from __future__ import annotations

import copy
import math

import numpy as np
from PIL import Image, ImageFilter

from engine.compositing import colourkey
from engine.compositing.mattes import make_matter
from engine.compositing.tracker import Tracker
from engine.designer.props.pose import Steady
from studio.script.region import Box, Region, drawn_mask, rgb_of

HUE_DEGREES = 90.0
"""How far a pixel's hue may be from the colour's at a tolerance of 1."""
TONE_DISTANCE = 100.0
"""How far, in CIE L*a*b*, a pixel may be from a white, grey or black at a tolerance of 1."""
GREY_CHROMA = 12.0
"""CIE L*a*b* chroma below which a thing has no hue to speak of."""
PATCH = 28
"""Side in pixels at which a followed thing is compared."""
SCALES = (1.0, 0.94, 1.06)
"""Sizes, beside the last one, at which a followed thing is looked for."""
ALIKE = 0.5
"""Correlation below which a followed thing is lost."""
FOUND_AGAIN = 0.75
"""Correlation from which a lost thing is found again."""
LEARN = 0.05
"""Share of a followed thing's new look that is learnt per frame."""
SOFT = 0.006
"""Softness of a mask's edge, as a share of the picture's height."""


class Finder:
    """Finds a region in one frame after the other. One that follows a box must be shown every made frame, in order."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.box: Box | None = None
        """Where the followed thing was last seen; None before its time and while it is lost."""
        self._waiting = list(region.boxes.items())
        self._follower: _Follower | Tracker | None = None
        self.steady: Steady | None = None
        """Of a region in which something is drawn: its poses so far."""
        self._matter = make_matter(region.cast) if region.cast is not None else None
        self._drawn = drawn_mask(region.mask) if region.mask is not None else None

    @property
    def follows(self) -> bool:
        """Whether it must be shown every made frame."""
        return bool(self.region.boxes) or self.steady is not None

    def copy(self) -> Finder:
        """One that goes on as this one does, and is not changed by what this one sees."""
        other = copy.copy(self)
        other._waiting, other._follower = list(self._waiting), copy.deepcopy(self._follower)
        other.steady = self.steady.copy() if self.steady else None
        return other

    def follow(self, rgb: np.ndarray, time_s: float) -> None:
        """Follow the thing into a frame, (H, W, 3) uint8, at seconds on the take's clock."""
        if self.steady is not None:
            self.steady(self.mask(rgb, time_s), time_s)
        elif self.region.boxes:
            self._follow(rgb, time_s)

    def _follow(self, rgb: np.ndarray, time_s: float) -> None:
        placed = None
        while self._waiting and self._waiting[0][0] <= time_s + 1e-6:
            placed = self._waiting.pop(0)[1]
        if placed is not None:
            self._follower = (_Follower if self.region.finder == 1 else Tracker)(rgb, placed)
            self.box = placed
        elif self._follower is not None:
            self.box = self._follower.find(rgb)

    def mask(self, rgb: np.ndarray, time_s: float) -> np.ndarray:
        """Where it is in a frame, (H, W, 3) uint8: (H, W) float32 in 0..1. Follows the thing into the frame, too."""
        height, width = rgb.shape[:2]
        mask: np.ndarray = np.ones((height, width), np.float32)
        if self.region.boxes:
            self._follow(rgb, time_s)
            mask = mask * _rectangle(self.box, height, width)
        if self._drawn is not None:
            mask = mask * np.asarray(self._drawn.resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
        if self._matter is not None and mask.any():
            self._matter.reset()  # of each picture by itself, so that it is the same wherever a render begins
            mask = mask * (self._matter.matte(rgb, time_s).astype(np.float32) / 255)
        if self.region.colour is not None and mask.any():
            key = keyed if self.region.finder == 1 else colourkey.keyed
            mask = mask * key(rgb, rgb_of(self.region.colour), self.region.tolerance)
        return np.round(mask * 255).astype(np.float32) / np.float32(255)


def keyed(rgb: np.ndarray, colour: tuple[int, int, int], tolerance: float) -> np.ndarray:
    """How much each pixel is of a colour: (H, W, 3) uint8 -> (H, W) float32 in 0..1, without specks.

    A colour with a hue is found by its hue, in light and in shade; white, grey and black by their lightness.
    """
    lab = lab_of(rgb.astype(np.float32))
    light, a, b = lab_of(np.array(colour, np.float32))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    if np.hypot(a, b) > GREY_CHROMA:
        turn = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(b, a))
        off = np.abs((turn + 180) % 360 - 180) / HUE_DEGREES
        match = _ramp(tolerance * 1.2, tolerance * 0.8, off) * _ramp(GREY_CHROMA, GREY_CHROMA * 2, chroma)
    else:
        off = np.hypot(lab[..., 0] - light, chroma * 2) / TONE_DISTANCE
        match = _ramp(tolerance * 1.2, tolerance * 0.8, off)
    image = Image.fromarray(np.round(match * 255).astype(np.uint8))
    image = image.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MaxFilter(3))
    image = image.filter(ImageFilter.GaussianBlur(max(0.5, SOFT * rgb.shape[0])))
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


class _Follower:
    """Follows one thing by how it looks: normalised correlation of a small patch near where it was, at three scales."""

    def __init__(self, rgb: np.ndarray, box: Box) -> None:
        self._box = box
        self._first = self._look = _standard(_crop(rgb, box, PATCH, PATCH))
        self._lost = 0

    def find(self, rgb: np.ndarray) -> Box | None:
        """Its box in the next frame; None where nothing near looks like it."""
        best = FOUND_AGAIN if self._lost else ALIKE
        box: Box | None = None
        reach = min(0.5 + 0.25 * self._lost, 2.0)  # boxes to each side; farther while it is lost
        for scale in SCALES:
            left, top, width, height = _scaled(self._box, scale)
            margin = round(PATCH * reach)
            side = PATCH + 2 * margin
            over = margin / PATCH
            around = (left - over * width, top - over * height, width * (1 + 2 * over), height * (1 + 2 * over))
            scores = _correlation(_crop(rgb, around, side, side), self._look)
            scores = scores - (0.0 if scale == 1.0 else 0.01)  # the same size unless another fits better
            y, x = np.unravel_index(int(scores.argmax()), scores.shape)
            if scores[y, x] > best:
                best = float(scores[y, x])
                dx, dy = _peak(scores[y, :], int(x)), _peak(scores[:, x], int(y))
                box = (left + (dx - margin) / PATCH * width, top + (dy - margin) / PATCH * height, width, height)
        if box is None or not (-box[2] < box[0] < 1 and -box[3] < box[1] < 1):
            self._lost += 1
            return None
        self._box, self._lost = box, 0
        now = _standard(_crop(rgb, box, PATCH, PATCH))
        look = (1 - LEARN) * self._look + LEARN * (0.5 * now + 0.5 * self._first)
        self._look = look / np.linalg.norm(look)
        return box


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
    soft = max(1.0, 2 * SOFT * height)

    def inside(start: float, length: float, size: int) -> np.ndarray:
        at = np.arange(size, dtype=np.float32) + 0.5
        return np.clip(np.minimum(at - start * size, (start + length) * size - at) / soft + 0.5, 0, 1)

    left, top, wide, tall = box
    return (inside(top, tall, height)[:, None] * inside(left, wide, width)[None]).astype(np.float32)


def _ramp(zero: float, one: float, x: np.ndarray) -> np.ndarray:
    """0 at `zero`, 1 at `one`, even between them."""
    return np.clip((x - zero) / (one - zero), 0, 1)
