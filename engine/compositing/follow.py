"""What is known of the cast from the frames so far: how it looks, where the head is, where there is room beside it.

A function of the camera's pictures, the mattes and their times alone, whatever set is shown: a replay that begins in
the middle passes by the frames before it, and goes on as if it had composed them.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, replace

import cv2
import numpy as np

from engine.compositing.look import NEUTRAL, SHARP, Look, Texture, linear, look_of, small_size, texture_of
from engine.compositing.types import View

FREE_SPEED = 0.015
"""How far `free_x` moves at most, in widths of the picture a second."""
_COLUMNS = 24
_REACH = 3  # columns to each side of a landmark that it needs
_OFF_THIRDS = [0.6 * min(abs((at + 0.5) / _COLUMNS - third) for third in (0.28, 0.72)) for at in range(_COLUMNS)]
_LONGEST_S = 0.25  # a longer gap between two frames counts as this, so that nothing jumps after it
_TEXTURE_S = 0.25  # so often the camera's texture is measured
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
    texture: Texture = SHARP
    """Of the camera's picture."""
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
    matte = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    presence = float(cv2.mean(matte)[0])
    past = before or Following(time_s=time_s, texture=texture_of(rgb))
    gap_s = min(max(time_s - past.time_s, 0.0), _LONGEST_S)
    if before is not None and int(time_s / _TEXTURE_S) != int(past.time_s / _TEXTURE_S):
        kept = float(np.exp(-_TEXTURE_S / _LOOK_S))  # it changes slowly, and takes time to measure
        noise, blur = _mix((past.texture.noise, past.texture.blur), astuple(texture_of(rgb)), 1 - kept)
        past = replace(past, texture=Texture(noise, blur))
    if presence < _LEAST:
        if before is None:  # a landmark stands at a third until somebody comes
            third = _freest(past.room, None)
            past = replace(past, look=look_of(_small_light(rgb, small)), free_x=third, goal_x=third)
        feet, there = (value * float(np.exp(-gap_s / _FEET_S)) for value in (past.feet, past.there))
        return replace(past, time_s=time_s, presence=presence, feet=feet, there=there)

    seen_s = past.seen_s + gap_s
    first = past.seen_s == 0 and past.presence < _LEAST

    def share(constant_s: float) -> float:
        """Weight of this frame: of the first it is 1, and of early ones as in a mean."""
        if first:
            return 1.0
        return max(1 - math.exp(-gap_s / constant_s), gap_s / (seen_s + gap_s) if seen_s else 1.0)

    room = _mix(past.room, _columns(matte), share(_ROOM_S))
    goal_x = _freest(room, None if first else past.goal_x)
    step = FREE_SPEED * gap_s
    seen, foot_y = _feet(matte)
    return Following(
        time_s,
        seen_s,
        presence,
        1.0 if before is None else past.there + (1 - past.there) * (1 - math.exp(-gap_s / _FEET_S)),
        _mixed(past.look, look_of(_small_light(rgb, small), matte), share(_LOOK_S)),
        past.texture,
        _mix(past.head, _head(matte), share(_HEAD_S)),  # type: ignore[arg-type]
        room,
        goal_x if before is None else past.free_x + min(max(goal_x - past.free_x, -step), step),
        goal_x,
        past.feet + (seen - past.feet) * share(_FEET_S),
        foot_y if past.feet < 0.05 else past.foot_y + (foot_y - past.foot_y) * share(_HEAD_S),
    )


def _columns(matte: np.ndarray) -> tuple[float, ...]:
    """How much of the height is cast, in columns from left to right."""
    return tuple(cv2.resize(matte, (_COLUMNS, 1), interpolation=cv2.INTER_AREA)[0].tolist())


def _small_light(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return linear(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _mix(past: tuple[float, ...], now: tuple[float, ...], share: float) -> tuple[float, ...]:
    return tuple(a + (b - a) * share for a, b in zip(past, now, strict=True))


def _mixed(past: Look, now: Look, share: float) -> Look:
    exposure, r, g, b, black = _mix(
        (past.exposure, *past.light, past.black), (now.exposure, *now.light, now.black), share
    )
    return Look(exposure, (r, g, b), black)


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
    wide = room[:1] * _REACH + room + room[-1:] * _REACH
    cost = [sum(wide[at : at + 2 * _REACH + 1]) / (2 * _REACH + 1) + off for at, off in enumerate(_OFF_THIRDS)]
    best = cost.index(min(cost))
    if before is not None and cost[min(int(before * _COLUMNS), _COLUMNS - 1)] - cost[best] < _BETTER:
        return before
    return (best + 0.5) / _COLUMNS


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
