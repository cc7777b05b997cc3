"""What is known of the cast from the frames so far: how it looks, where the head is, where there is room beside it.

A function of the camera's pictures, the mattes and their times alone, whatever set is shown: a replay that begins in
the middle passes by the frames before it, and goes on as if it had composed them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine.compositing.look import NEUTRAL, Look, linear, look_of, small_size
from engine.compositing.types import View

FREE_SPEED = 0.015
"""How far `free_x` moves at most, in widths of the picture a second."""
_COLUMNS = 24
_LONGEST_S = 0.25  # a longer gap between two frames counts as this, so that nothing jumps after it
_LOOK_S, _HEAD_S, _ROOM_S, _FEET_S = 1.5, 0.3, 3.0, 0.7  # time constants of the smoothing
_LEAST = 0.004  # share of the picture; less is nobody
_BETTER = 0.12  # so much less cast, as a share of the height, makes another place worth the way


@dataclass(frozen=True)
class Following:
    """Numbers smoothed over time."""

    time_s: float = 0.0
    """Of the last frame, on the source's clock."""
    seen_s: float = 0.0
    """For how long there was a cast."""
    presence: float = 0.0
    """Share of this picture that is cast, 0..1."""
    there: float = 0.0
    """Whether there is a cast, 0..1, so that what depends on it comes and goes softly."""
    look: Look = NEUTRAL
    """Of the cast, in the camera's light."""
    head: tuple[float, float] = (0.5, 0.5)
    """Place of the head: x 0 (left) to 1 (right), y 0 (top) to 1 (bottom)."""
    room: tuple[float, ...] = (0.0,) * _COLUMNS
    """How much of the height is cast, 0..1, in columns from left to right."""
    free_x: float = 0.5
    """See `View.free_x`."""
    goal_x: float = 0.5
    """Where `free_x` is going."""
    feet: float = 0.0
    """How sure it is that feet are seen, 0..1."""
    foot_y: float = 1.0
    """Where they stand, 0 (top) to 1 (bottom)."""

    @property
    def nobody(self) -> bool:
        """Whether this picture shows no cast."""
        return self.presence < _LEAST

    @property
    def view(self) -> View:
        """How a plate is looked at: from where the head is, with its landmark where there is room."""
        x, y = self.head
        return View(min(1.0, max(-1.0, 2 * x - 1)), min(1.0, max(-1.0, 1 - 2 * y)), self.free_x)


def follow(before: Following | None, rgb: np.ndarray, alpha: np.ndarray, time_s: float) -> Following:
    """What is known after one frame more: (H, W, 3) uint8, its matte (H, W) uint8, seconds on the source's clock."""
    height, width = alpha.shape
    small = small_size(width, height)
    matte = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA).astype(np.float32) * np.float32(1 / 255)
    presence = float(matte.mean())
    past = before or Following(time_s=time_s)
    gap_s = min(max(time_s - past.time_s, 0.0), _LONGEST_S)
    if presence < _LEAST:
        look = look_of(rgb, _small_light(rgb, small)) if before is None else past.look
        feet, there = (value * float(np.exp(-gap_s / _FEET_S)) for value in (past.feet, past.there))
        return replace(past, time_s=time_s, presence=presence, look=look, feet=feet, there=there)

    seen_s = past.seen_s + gap_s
    first = past.seen_s == 0 and past.presence < _LEAST

    def share(constant_s: float) -> float:
        """Weight of this frame: of the first it is 1, and of early ones as in a mean."""
        if first:
            return 1.0
        return max(1 - float(np.exp(-gap_s / constant_s)), gap_s / (seen_s + gap_s) if seen_s else 1.0)

    now = look_of(rgb, _small_light(rgb, small), matte)
    columns = cv2.resize(matte.mean(0)[None], (_COLUMNS, 1), interpolation=cv2.INTER_AREA)[0]
    room = _mix(past.room, tuple(map(float, columns)), share(_ROOM_S))
    goal_x = _freest(room, None if first else past.goal_x)
    way = goal_x - past.free_x
    step = FREE_SPEED * gap_s
    seen, foot_y = _feet(matte)
    return Following(
        time_s,
        seen_s,
        presence,
        1.0 if before is None else _mix((past.there,), (1.0,), 1 - float(np.exp(-gap_s / _FEET_S)))[0],
        _mixed(past.look, now, share(_LOOK_S)),
        _mix(past.head, _head(matte), share(_HEAD_S)),  # type: ignore[arg-type]
        room,
        goal_x if first else past.free_x + min(max(way, -step), step),
        goal_x,
        _mix((past.feet,), (seen,), share(_FEET_S))[0],
        foot_y if past.feet < 0.05 else _mix((past.foot_y,), (foot_y,), share(_HEAD_S))[0],
    )


def _small_light(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return linear(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _mix(past: tuple[float, ...], now: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a + (b - a) * share for a, b in zip(past, now, strict=True))


def _mixed(past: Look, now: Look, share: float) -> Look:
    numbers = [(a.exposure, *a.light, a.black, a.noise, a.blur) for a in (past, now)]
    exposure, *light, black, noise, blur = _mix(numbers[0], numbers[1], share)
    return Look(exposure, (light[0], light[1], light[2]), black, noise, blur)


def _head(matte: np.ndarray) -> tuple[float, float]:
    """Place of the uppermost part of the cast: the middle of its highest tenth of the picture's height."""
    height, width = matte.shape
    rows = matte.sum(1)
    reach = np.cumsum(rows)
    top = int(np.searchsorted(reach, 0.01 * reach[-1]))
    band = matte[top : top + max(2, height // 5)]
    x = float(band.sum(0) @ (np.arange(width) + 0.5)) / max(float(band.sum()), 1e-6) / width
    return x, min(1.0, (top + height / 10) / height)


def _freest(room: tuple[float, ...], before: float | None) -> float:
    """Where in the picture the cast is least, by its columns; the place before is kept unless another is better.

    Of equal places the one nearest to a third of the width is best, as painters put a landmark.
    """
    columns = np.asarray(room)
    smooth = np.convolve(np.pad(columns, 3, mode="edge"), np.full(7, 1 / 7), "valid")
    places = (np.arange(_COLUMNS) + 0.5) / _COLUMNS
    thirds = np.minimum(abs(places - 0.28), abs(places - 0.72))
    cost = smooth + 0.6 * thirds
    best = int(np.argmin(cost))
    if before is not None and cost[min(int(before * _COLUMNS), _COLUMNS - 1)] - cost[best] < _BETTER:
        return before
    return float(places[best])


def _feet(matte: np.ndarray) -> tuple[float, float]:
    """How sure it is that feet are seen, 0..1, and where they stand, 0..1 of the height.

    Feet are where a cast of some height ends above the picture's lower edge. A hand before the lens is not high enough.
    """
    height = len(matte)
    rows = matte.max(1) > 0.5
    if not rows.any():
        return 0.0, 1.0
    lines = np.flatnonzero(rows)
    top, bottom = lines[0] / height, (lines[-1] + 1) / height
    tall, low = bottom - top > 0.45, 0.6 < bottom < 0.97
    return float(tall and low), float(bottom)
