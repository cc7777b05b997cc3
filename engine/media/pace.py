"""When a file's pictures are shown: its nominal rate by the spacing that they have, and times that are in order."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

FALLBACK_FPS = 24.0
"""Frames a second of a file that gives no hint of its rate: cinema's."""
MIN_FPS, MAX_FPS = 0.001, 1000.0
"""Frames a second at least and at most: what files that are written can say."""

_WHOLE = (1, 2, 3, 4, 5, 6, 8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240)
_NTSC = (24_000 / 1001, 30_000 / 1001, 48_000 / 1001, 60_000 / 1001, 120_000 / 1001)
COMMON_FPS = (*map(float, _WHOLE), *_NTSC)
"""Rates that cameras and programs have, whole ones first: a short file on a coarse clock cannot tell 30 from 29.97."""

_SAME = 1e-4  # of a rate: FLV writes 23.976 with a few digits
_NEAR = 0.02  # of a rate: so far a spacing that varies may be from the common rate that is meant
_AHEAD = 5  # pictures that are looked at to judge one time stamp: fewer than three wrong ones in a row are found out
_CLOSEST_S = 0.001
_EVEN, _JUMP_S = 8, 1.0  # so many pictures without a pause make a last one that is so late a wrong stamp

Picture = TypeVar("Picture")


@dataclass(frozen=True)
class Pace:
    """How fast the pictures of a file follow each other."""

    fps: float = FALLBACK_FPS
    """Nominal, frames a second: MIN_FPS to MAX_FPS."""
    slack_s: float = 0.0
    """So far from a multiple of 1 / fps a time may lie and still mean it, as the file's clock is too coarse to say it.
    0 where the rate varies."""
    declared: bool = False
    """Whether the header gives this rate and the times agree with it: a constant rate on both their words."""


def measure(times: Iterable[float], clock_s: float, declared: float | None = None) -> Pace:
    """The pace of a file whose pictures have these times, in seconds and any order.

    clock_s: one tick of the file's clock. declared: the rate that its header gives, in frames a second and above 0,
    believed where the times agree with it. The nominal rate is that of the shortest spacing that is usual, so that at
    this rate no picture is passed over; pauses between pictures do not lower it.
    """
    ordered = sorted(set(times))
    steps = sorted(after - before for before, after in pairwise(ordered))
    if declared is not None:
        declared = next((fps for fps in COMMON_FPS if abs(fps / declared - 1) < _SAME), declared)
        declared = declared if MIN_FPS <= declared <= MAX_FPS else None
    if not steps:
        return Pace(declared or FALLBACK_FPS)
    shortest = steps[len(steps) // 5]
    usual = [step for step in steps if step <= 1.5 * shortest]
    rate = len(usual) / sum(usual)
    unsure = max(_NEAR, clock_s * rate / len(usual))
    near = sorted(
        (fps for fps in COMMON_FPS if abs(fps / rate - 1) <= unsure), key=lambda fps: (fps in _NTSC, abs(fps - rate))
    )
    for fps in ([declared] if declared else []) + near:
        slack_s = min(clock_s * 1.01, 0.2 / fps) + 1e-9
        if _on_grid(ordered, fps, slack_s):
            return Pace(min(max(fps, MIN_FPS), MAX_FPS), slack_s, fps == declared)
    if declared and abs(declared / rate - 1) <= _NEAR and not (near and abs(near[0] / declared - 1) <= _NEAR / 4):
        return Pace(declared)
    fps = min(near, key=lambda fps: abs(fps - rate)) if near else round(rate, 3)
    return Pace(min(max(fps, MIN_FPS), MAX_FPS))


def _on_grid(ordered: Sequence[float], fps: float, slack_s: float) -> bool:
    """Whether times are multiples of 1 / fps from the first on, most of them neighbours; a wrong stamp is forgiven."""
    numbers = [round((time_s - ordered[0]) * fps) for time_s in ordered]
    off = sum(abs(time_s - ordered[0] - n / fps) > slack_s for n, time_s in zip(numbers, ordered, strict=True))
    apart = sorted(after - before for before, after in pairwise(numbers))
    allowed = max(1, len(ordered) // 20) if len(ordered) >= 8 else 0
    return off <= allowed and apart[len(apart) // 5] == 1


def in_order(stamped: Iterable[tuple[Picture, float | None]], pace: Pace) -> Iterator[tuple[Picture, float]]:
    """Pictures with times in seconds that start at 0 and grow, of pictures in order with a file's stamps, or None.

    A stamp that does not fit between its neighbours is replaced by a time between them; after stamps that step back and
    go on from there, as where two recordings were joined, time goes on at the nominal rate. The last stamp, which has
    one neighbour only, is replaced where it alone breaks a constant rate.
    """
    source = iter(stamped)
    window: deque[tuple[Picture, float | None]] = deque()
    frame_s = 1 / pace.fps
    begun, even = False, 0.0
    origin = shift = 0.0
    last, last_s = -math.inf, -math.inf
    while True:
        while len(window) <= _AHEAD and (item := next(source, None)) is not None:
            window.append(item)
        if not window:
            return
        picture, stamp = window.popleft()
        own = None if stamp is None else stamp + shift
        ahead = [(n, coming + shift) for n, (_, coming) in enumerate(window, start=1) if coming is not None]
        after = _longest([item for item in ahead if item[1] > last])
        if own is not None and own > last and _fits(own, ahead, after):
            pass
        elif own is not None and own <= last and _steps_back(own, [time_s for _, time_s in ahead], last, frame_s):
            shift += last + frame_s - own
            own = last + frame_s
        elif after:
            n, next_s = after[0]
            own = last + (next_s - last) / (n + 1) if begun else next_s - n * frame_s
        else:
            own = last + frame_s if begun else 0.0
        if not begun:
            begun, origin = True, own
        elif pace.declared and even >= _EVEN and not window and own - last > max(_JUMP_S, _EVEN * frame_s):
            own = last + frame_s
        even = even + 1 if own - last < 1.5 * frame_s or even == 0 else -math.inf
        last = own
        time_s = own - origin
        number = round(time_s * pace.fps)
        if abs(time_s - number / pace.fps) <= pace.slack_s:
            time_s = number / pace.fps
        if time_s <= last_s:
            time_s = last_s + min(frame_s, _CLOSEST_S)
        last_s = time_s
        yield picture, time_s


def _fits(own: float, ahead: Sequence[tuple[int, float]], after: Sequence[tuple[int, float]]) -> bool:
    """Whether more stamps are in order with it than without it; `after` is what is in order without it."""
    with_it = 1 + len(_longest([item for item in ahead if item[1] > own]))
    return with_it > len(after) or (with_it == len(after) and after[0][1] >= own)


def _steps_back(own: float, ahead: Sequence[float], last: float, frame_s: float) -> bool:
    """Whether a stamp at or before the last one begins a new count: what follows goes on from it, if anything does."""
    if not ahead:
        return True
    goes_on = own < ahead[0] <= last and ahead[0] - own < 1.5 * frame_s
    return goes_on or all(own < stamp <= last for stamp in ahead)


def _longest(items: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The longest run of growing times among a few numbered ones."""
    runs: list[list[tuple[int, float]]] = []
    for item in items:
        before = max((run for run in runs if run[-1][1] < item[1]), key=len, default=[])
        runs.append([*before, item])
    return max(runs, key=len, default=[])
