"""Where a prop is: place, axis, size and outline of each piece of a region's mask, steady in time.

Place and axes are the mask's moments: a uniform bar of half length l has the variance l^2/3 along its axis, so the half
length is the root of three variances, whatever is torn at its edges.

Legend: H height, W width in pixels; y is downward.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

MOST_PIECES = 4
"""Of one region, the largest."""
LEAST_PIECE = 0.15
"""Of the largest piece, from which on another counts."""
LEAST_PX = 24.0
"""Area from which on a piece is seen."""
SLOW, QUICK = 0.3, 3.0
"""Share of the way to the new pose that is gone in a frame of NOMINAL_S, at rest and more for each size moved."""
NOMINAL_S = 1 / 24
LOST_S = 0.4
"""For so long a piece that is not seen is remembered."""


@dataclass(frozen=True)
class Pose:
    """One piece of a region; lengths in pixels."""

    x: float
    y: float
    angle: float
    """Of its long axis against the vertical, radians; positive leans the top to the right."""
    length: float
    """Half of its extent along the axis."""
    width: float
    """Half of its extent across."""
    outline: np.ndarray
    """(N, 2) float32, x and y of its edge."""
    time_s: float = 0.0


def poses_of(mask: np.ndarray, time_s: float = 0.0) -> list[Pose]:
    """The pieces of a mask, (H, W) float32 in 0..1, the largest first."""
    inside = (mask > 0.5).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside)
    if count < 2:
        return []
    areas = stats[1:, cv2.CC_STAT_AREA]
    order = [n + 1 for n in np.argsort(-areas, kind="stable")[:MOST_PIECES]]
    least = max(LEAST_PX, LEAST_PIECE * float(areas.max()))
    return [_pose(labels, stats[n], n, time_s) for n in order if stats[n, cv2.CC_STAT_AREA] >= least]


def _pose(labels: np.ndarray, stat: np.ndarray, n: int, time_s: float) -> Pose:
    left, top, wide, tall = (int(value) for value in stat[:4])
    piece = (labels[top : top + tall, left : left + wide] == n).astype(np.uint8)
    moments = cv2.moments(piece, binaryImage=True)
    area = moments["m00"]
    x, y = moments["m10"] / area, moments["m01"] / area
    xx, yy, xy = moments["mu20"] / area, moments["mu02"] / area, moments["mu11"] / area
    spread = math.hypot(xx - yy, 2 * xy)
    long, short = (xx + yy + spread) / 2, (xx + yy - spread) / 2
    angle = 0.5 * math.atan2(2 * xy, yy - xx)  # of the long axis against the vertical, y downward
    contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea)[:, 0].astype(np.float32)
    return Pose(
        left + x + 0.5, top + y + 0.5, -angle,
        math.sqrt(3 * long + 0.25), math.sqrt(3 * max(short, 0.0) + 0.25),
        _smooth(outline) + np.array([left + 0.5, top + 0.5], np.float32), time_s,
    )  # fmt: skip


def _smooth(outline: np.ndarray, points: int = 48) -> np.ndarray:
    """An outline without the steps of its pixels, at evenly spaced points."""
    if len(outline) < 8:
        return outline
    at = np.linspace(0, len(outline), points, endpoint=False)
    reach = max(1, len(outline) // points)
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    padded = np.concatenate([outline[-reach:], outline, outline[:reach]])
    smooth = np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], 1)
    return smooth[at.astype(int)].astype(np.float32)


class Steady:
    """Poses of one region over time without the tremor of their masks. A copy goes on as it does."""

    def __init__(self) -> None:
        self._last: tuple[Pose, ...] = ()

    def copy(self) -> Steady:
        """One that goes on as this one does, and is not changed by what this one sees."""
        other = Steady()
        other._last = self._last
        return other

    def __call__(self, mask: np.ndarray, time_s: float) -> list[Pose]:
        """The poses in a mask, (H, W) float32 in 0..1, each near where it was, at seconds on the take's clock."""
        before = [pose for pose in self._last if 0 <= time_s - pose.time_s <= LOST_S]
        steady: list[Pose] = []
        for pose in poses_of(mask, time_s):
            last = _nearest(pose, before)
            if last is not None:
                before.remove(last)
            steady.append(_towards(last, pose))
        self._last = (*steady, *before)
        return steady


def _nearest(pose: Pose, before: Sequence[Pose]) -> Pose | None:
    """The one of before that this one is: within its own size."""
    near = [(math.hypot(pose.x - last.x, pose.y - last.y), n) for n, last in enumerate(before)]
    distance, n = min(near, default=(math.inf, -1))
    return before[n] if distance < 2 * pose.length else None


def _towards(last: Pose | None, pose: Pose) -> Pose:
    """From the last pose towards the new one, the faster the farther; its axis the shorter way around."""
    if last is None:
        upright = (pose.angle + math.pi / 2) % math.pi - math.pi / 2
        return replace(pose, angle=upright)
    turn = (pose.angle - last.angle + math.pi / 2) % math.pi - math.pi / 2
    moved = (math.hypot(pose.x - last.x, pose.y - last.y) / pose.length) + 0.5 * abs(turn)
    steps = max(pose.time_s - last.time_s, 0.0) / NOMINAL_S
    share = 1 - (1 - min(SLOW + QUICK * moved, 1.0)) ** steps
    size = 1 - (1 - min(0.5 * SLOW + moved, 1.0)) ** steps
    return Pose(
        last.x + share * (pose.x - last.x), last.y + share * (pose.y - last.y), last.angle + share * turn,
        last.length + size * (pose.length - last.length), last.width + size * (pose.width - last.width),
        pose.outline, pose.time_s,
    )  # fmt: skip
