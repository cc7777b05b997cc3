"""Follows a box in pictures: optical flow with a forward-backward check, held to how the thing looked at first.

    tracker = Tracker(rgb, (0.4, 0.2, 0.1, 0.3))
    box = tracker.find(next_rgb)               # None where it is lost

Points within the box are followed into the next picture and back (Lucas and Kanade 1981, in pyramids; the forward-
backward check of Kalal, Mikolajczyk and Matas, "Forward-Backward Error", 2010). Their shift and size are the box's,
which is then set upon the looks that are kept: the first, which never changes, and one of a moment ago. So errors do
not add up. Size changes only as far as many points agree on it. What resembles none of the looks is lost, and is found
again where it resembles the first, near where it was rather than far.

Everything is a function of the pictures in order; a copy of a tracker goes on as the tracker does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture, 0 to 1; what is beyond its edges, too."""

LINES = 144
"""Height in pixels at which pictures are compared."""
PATCH = 40
"""Side in pixels at which looks are compared."""
GRID = 8
"""Points along each side of a box that are followed."""
BACK_PX = 0.8
"""How far from where it began a point may come back."""
FEWEST = 8
"""Points that must come back, or the flow says nothing."""
AGREE_PX = 1.5
"""How far a point may be from where the box's motion takes it, to count as one that agrees."""
SIZE_AGREE = 0.5
"""Share of the points that must agree, or the size stays."""
FASTEST_SIZE = 0.04
"""How much a box may grow or shrink from one picture to the next."""
SIZE_REACH = 4.0
"""How much larger or smaller than at first it may become, as a length."""
ALIKE = 0.45
"""Likeness to the looks, -1 to 1, below which the thing is lost."""
SURE = 0.15
"""How much less likeness will do where all points of the flow agree: a thing that turns is still the same."""
FOUND_AGAIN = 0.62
"""Likeness to the first look from which a lost thing is found again."""
FAR = 0.25
"""How much less like itself a thing is taken to be a picture's width away from where it was lost."""
LEARN = 0.08
"""Share of the kept look that the newest has, where it resembles the first well enough."""
SCALES = (1.0, 0.8, 0.9, 1.12, 1.25)
"""Sizes, beside the last, at which a lost thing is looked for."""
MOST_PLACES = 4
"""Places in a picture that may be a lost thing, the likest first."""
_WINDOW, _LEVELS = (13, 13), 3
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.03)


@dataclass
class _Look:
    """How a thing looks, at PATCH x PATCH."""

    patch: np.ndarray
    """(PATCH, PATCH, 3) float32, CIE L*a*b* in 8-bit steps."""
    colours: np.ndarray
    """Histogram of its colours, which sums to one."""


class Tracker:
    """Follows one thing from the picture in which its box is given. Shown every picture, in order."""

    def __init__(self, rgb: np.ndarray, box: Box) -> None:
        """rgb: (H, W, 3) uint8. box: around the thing in it."""
        self.likeness = 1.0
        """To the looks that are kept, -1 to 1; of the last picture."""
        self._picture = _small(rgb)
        self._box = self._start = _pixels(box, self._picture.shape)
        self._first = self._kept = _look(self._picture, self._box)
        self._lost = 0
        self._rivals: list[Box] = []
        """Where others like it are, while it is lost."""

    @property
    def lost(self) -> bool:
        """Whether the last picture did not show it."""
        return self._lost > 0

    def find(self, rgb: np.ndarray) -> Box | None:
        """Its box in the next picture, (H, W, 3) uint8; None where it is not seen."""
        before, self._picture = self._picture, _small(rgb)
        box, sure = (self._again(), 0.0) if self._lost else self._flown(before)
        look = None
        if box is not None:
            box = self._held(self._settled(box))
            look = _look(self._picture, box)
            self.likeness = max(_alike(look, self._first), _alike(look, self._kept))
            needed = FOUND_AGAIN if self._lost else ALIKE - SURE * sure
            if self.likeness < needed or not _within(box, self._picture.shape):
                box = None
        if box is None or look is None:
            if not self._lost:  # what is like it and elsewhere while it is still there is another
                self._rivals = [place for place, _ in self._places(before) if _apart(place, self._box)]
            self._lost += 1
            return None
        self._box, self._lost = box, 0
        if _alike(look, self._first) > ALIKE:
            mixed = (1 - LEARN) * self._kept.patch + LEARN * look.patch
            self._kept = _Look(mixed, (1 - LEARN) * self._kept.colours + LEARN * look.colours)
        return _shares(box, self._picture.shape)

    def _flown(self, before: np.ndarray) -> tuple[Box, float]:
        """The box where the points within it went, and how many of them say so, 0 to 1."""
        points = _grid(self._box)
        there, back = _followed(_grey(before), _grey(self._picture), points)
        moved, agree = _motion(points[back], there[back], self._box)
        if moved is None:  # too fast or too plain for the flow: where it was, if it still looks like it there
            return self._box, 0.0
        return moved, agree * float(back.mean())

    def _settled(self, box: Box) -> Box:
        """The box set upon a kept look: what the flow lost of the place is made up for."""
        best, place = _alike(_look(self._picture, box), self._kept), box
        for kept in (self._kept, self._first):
            there = _crop(self._picture, box)
            points = _grid((0.0, 0.0, float(PATCH), float(PATCH)))
            ends, back = _followed(_grey(kept.patch), _grey(there), points)
            offset, _ = _motion(points[back], ends[back], (0.0, 0.0, float(PATCH), float(PATCH)))
            if offset is None:
                continue
            across, down = box[2] / PATCH, box[3] / PATCH
            moved = (box[0] + offset[0] * across, box[1] + offset[1] * down, offset[2] * across, offset[3] * down)
            alike = _alike(_look(self._picture, moved), kept)
            if alike > best + 0.005:
                best, place = alike, moved
        return place

    def _again(self) -> Box | None:
        """Where a lost thing is: the place that looks most like it and is not another's; near rather than far."""
        width = self._picture.shape[1]
        unseen = FAR * max(0.4, 1 - 0.6 * self._lost / 24)  # what moves on unseen may come back elsewhere
        best, chosen = FOUND_AGAIN, None
        rivals = list(self._rivals)
        for place, likeness in self._places(self._picture, SCALES):
            other = next((n for n, rival in enumerate(rivals) if not _apart(place, rival)), None)
            if other is not None:
                self._rivals[other] = place  # it goes on there
                continue
            dx, dy = _middle(place)[0] - _middle(self._box)[0], _middle(place)[1] - _middle(self._box)[1]
            score = likeness - unseen * math.hypot(dx, dy) / width
            if score > best:
                best, chosen = score, place
        return chosen

    def _places(self, picture: np.ndarray, scales: tuple[float, ...] = (1.0,)) -> list[tuple[Box, float]]:
        """The places in a picture that look like the first look, no two over each other, and how much they do."""
        small = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
        places: list[tuple[Box, float]] = []
        for scale in scales:
            size = max(6, round(self._box[2] * scale / 2)), max(6, round(self._box[3] * scale / 2))
            if size[0] >= small.shape[1] or size[1] >= small.shape[0]:
                continue
            template = cv2.resize(self._first.patch, size, interpolation=cv2.INTER_AREA)
            scores = cv2.matchTemplate(small, template, cv2.TM_CCOEFF_NORMED)
            for _ in range(MOST_PLACES):
                _, likeness, _, (x, y) = cv2.minMaxLoc(scores)
                if likeness < FOUND_AGAIN - 0.1:
                    break
                places.append(((2.0 * x, 2.0 * y, 2.0 * size[0], 2.0 * size[1]), float(likeness)))
                top, left = max(0, y - size[1] // 2), max(0, x - size[0] // 2)
                scores[top : y + size[1] // 2 + 1, left : x + size[0] // 2 + 1] = -1
        places.sort(key=lambda place: -place[1])
        apart: list[tuple[Box, float]] = []
        for place, likeness in places:
            if all(_apart(place, other) for other, _ in apart):
                apart.append((place, likeness))
        return apart

    def _held(self, box: Box) -> Box:
        """Of a size that evidence allows: not far from the last, and in bounds of the first; of the first's shape."""
        grown = math.sqrt(box[2] * box[3] / (self._box[2] * self._box[3]))
        most = FASTEST_SIZE if not self._lost else 0.3
        grown = min(max(grown, 1 - most), 1 + most)
        width = self._box[2] * grown
        width = min(max(width, self._start[2] / SIZE_REACH), self._start[2] * SIZE_REACH)
        height = width * self._start[3] / self._start[2]
        return box[0] + (box[2] - width) / 2, box[1] + (box[3] - height) / 2, width, height


def _small(rgb: np.ndarray) -> np.ndarray:
    """A picture as CIE L*a*b* (h, w, 3) float32 in 8-bit steps, LINES high."""
    height, width = rgb.shape[:2]
    if height != LINES:
        size = (max(1, round(width * LINES / height)), LINES)
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if height > LINES else cv2.INTER_LINEAR)
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)


def _crop(picture: np.ndarray, box: Box) -> np.ndarray:
    """A box of a picture at PATCH x PATCH; beyond its edges what is at them."""
    left, top, width, height = box
    matrix = np.array(
        [[width / PATCH, 0, left + 0.5 * (width / PATCH - 1)], [0, height / PATCH, top + 0.5 * (height / PATCH - 1)]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (PATCH, PATCH), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _look(picture: np.ndarray, box: Box) -> _Look:
    patch = _crop(picture, box)
    inner = patch[PATCH // 8 : -(PATCH // 8), PATCH // 8 : -(PATCH // 8)]  # less of what is behind the thing
    bins = cv2.calcHist([inner], [0, 1, 2], None, [4, 12, 12], [0, 256, 64, 192, 64, 192])
    return _Look(patch, bins / max(float(bins.sum()), 1.0))


def _alike(a: _Look, b: _Look) -> float:
    """How alike two looks are, -1 to 1: the correlation of their patches, and the overlap of their colours."""
    first, second = a.patch - a.patch.mean((0, 1)), b.patch - b.patch.mean((0, 1))
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    correlation = float((first * second).sum()) / norm if norm > 1e-6 else 0.0
    overlap = float(np.minimum(a.colours, b.colours).sum())
    return 0.6 * correlation + 0.4 * (2 * overlap - 1)


def _grid(box: Box) -> np.ndarray:
    """Points in a box, (GRID * GRID, 2) float32; not at its edge, where the thing often is not."""
    at = (np.arange(GRID, dtype=np.float32) + 1) / (GRID + 1)
    x, y = np.meshgrid(box[0] + at * box[2], box[1] + at * box[3])
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def _followed(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points went, (N, 2) float32, and which of them come back, (N,) bool."""

    def flow(a: np.ndarray, b: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        there, seen, _ = cv2.calcOpticalFlowPyrLK(
            a, b, at[:, None], np.zeros_like(at[:, None]), winSize=_WINDOW, maxLevel=_LEVELS, criteria=_STOP
        )
        return there[:, 0], seen[:, 0] == 1

    there, seen = flow(before, after, points)
    again, seen_back = flow(after, before, there)
    return there, (np.hypot(*(again - points).T) < BACK_PX) & seen & seen_back


def _motion(start: np.ndarray, end: np.ndarray, box: Box) -> tuple[Box | None, float]:
    """The box as its points moved, and the share of them that agree: by their median, and by the size if enough agree.

    None for too few points.
    """
    if len(start) < FEWEST:
        return None, 0.0
    shift = np.median(end - start, 0)
    apart = _distances(start)
    pairs = apart > 0.25 * min(box[2], box[3])
    grown = float(np.median(_distances(end)[pairs] / apart[pairs])) if pairs.any() else 1.0
    centre = start.mean(0)
    expected = centre + shift + (start - centre) * grown
    agree = float((np.hypot(*(end - expected).T) < AGREE_PX).mean())
    if agree < SIZE_AGREE:
        grown = 1.0
    middle = np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
    middle = centre + shift + (middle - centre) * grown
    width, height = box[2] * grown, box[3] * grown
    return (float(middle[0] - width / 2), float(middle[1] - height / 2), width, height), agree


def _distances(points: np.ndarray) -> np.ndarray:
    """Between all pairs of points."""
    first, second = np.triu_indices(len(points), 1)
    return np.hypot(*(points[first] - points[second]).T)


def _grey(lab: np.ndarray) -> np.ndarray:
    """The lightness of (h, w, 3) as (h, w) uint8."""
    return np.clip(np.rint(lab[..., 0]), 0, 255).astype(np.uint8)


def _middle(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def _apart(a: Box, b: Box) -> bool:
    """Whether the middles are farther apart than half a box."""
    (x, y), (u, v) = _middle(a), _middle(b)
    return abs(x - u) > 0.5 * b[2] or abs(y - v) > 0.5 * b[3]


def _within(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether some of a box is in the picture."""
    height, width = shape[:2]
    return -box[2] * 0.7 < box[0] < width - 0.3 * box[2] and -box[3] * 0.7 < box[1] < height - 0.3 * box[3]


def _pixels(box: Box, shape: tuple[int, ...]) -> Box:
    height, width = shape[:2]
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def _shares(box: Box, shape: tuple[int, ...]) -> Box:
    height, width = shape[:2]
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height
