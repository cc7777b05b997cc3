"""What happens when: curves for the marionette, the chest and the curtains, and a ball that obeys gravity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from docs.puppets.cast import BALL, CHEST_TOP, CHEST_W, CHEST_X, LID, Pose

SECONDS = 20.0
FLOOR = 191.0
STRIDE = 44.0

Keys = Sequence[tuple[float, float]]
"""Times in seconds and values."""


def curve(text: str) -> Keys:
    """Keys from `time:value` pairs."""
    return [(float(time), float(level)) for time, level in (pair.split(":") for pair in text.split())]


X = curve("1.0:-44 4.2:132 12.9:132 14.5:198 16.15:198 16.6:176")
TURN = curve("1.0:0.8 4.1:0.8 4.5:0 5.9:0 6.2:0.35 8.2:0.1 8.5:0.9 9.9:0.9 10.7:0.6 12.2:0.5 12.5:0.9 16.9:0.9 17.4:0")
NOD = curve(
    "1.0:0 4.1:0 4.6:-0.1 6.0:-0.4 8.2:-0.1 8.5:-0.8 9.0:-0.1 9.7:0 10.6:0.7 11.9:0.6 12.3:-0.5 12.9:0 14.6:0.4 "
    "15.5:0.5 15.9:-0.6 16.5:0.2 17.3:0"
)
SMILE = curve("0:0.7 8.3:0.7 8.5:0.1 10.4:0.2 11.2:0.9 15.4:0.6 15.9:0.3 16.9:1.0")
MOUTH = curve(
    "4.5:0 4.7:0.8 5.2:0.25 5.5:0.75 5.9:0 8.3:0 8.55:0.9 9.6:0.8 10.0:0 12.0:0 12.2:0.8 12.8:0 15.7:0 15.9:1.0 "
    "16.6:0.9 17.2:0.5 17.6:0 19.1:0 19.3:0.6 19.8:0.3"
)
BROW = curve("4.4:0 4.7:1 5.9:0.3 8.3:0 8.5:1.3 10.0:0.4 15.6:0 15.9:1.5 17.0:0.5 18.0:0")
BOW = curve("17.5:0 18.1:1 18.6:1 19.1:0")
LEFT_X = curve("4.2:-25 4.6:-37 5.7:-37 6.1:-25 15.7:-25 16.0:-34 16.8:-26 17.5:-26 18.1:-6 18.6:-6 19.1:-36 19.8:-36")
LEFT_Y = curve(
    "4.2:-34 4.6:-78 5.7:-78 6.1:-36 8.3:-36 8.6:-50 9.6:-44 10.4:-34 15.7:-36 16.0:-72 16.8:-40 17.5:-38 "
    "18.1:-40 18.6:-40 19.1:-76 19.8:-76"
)
RIGHT_X = curve(
    "1.0:22 6.0:24 6.4:36 8.0:36 8.4:26 11.5:26 11.75:14 11.95:34 12.6:26 14.6:28 14.95:18 15.15:34 15.6:28 "
    "15.9:36 16.6:28 17.5:28 18.1:38 18.6:38 19.1:28"
)
RIGHT_Y = curve(
    "1.0:-36 6.0:-36 6.4:-72 8.0:-72 8.4:-40 11.5:-36 11.75:-48 11.95:-24 12.6:-36 14.6:-38 14.95:-66 15.15:-46 "
    "15.6:-40 15.9:-70 16.6:-42 17.5:-38 18.1:-46 18.6:-46 19.1:-36"
)
STICK = curve(
    "1.0:0.35 6.0:0.3 6.4:0.1 8.0:0.1 8.4:0.5 11.5:0.5 11.75:0.2 11.95:2.3 12.3:2.0 12.9:0.4 14.6:0.4 14.95:-0.2 "
    "15.15:1.45 15.3:1.2 15.7:0.5 15.9:0.1 16.7:0.4 18.1:1.2 18.6:1.2 19.1:0.3"
)
HOP = curve("8.4:0 8.55:9 8.7:0 15.75:0 15.95:12 16.15:0 16.17:0 16.38:10 16.6:0")
LID_OPEN = curve("15.3:0 15.5:1.12 15.65:0.94 15.8:1.0")
CURTAIN = curve("0:0.42 0.2:0.42 2.0:1 18.9:1 20.0:0.45")
LIGHT = curve("0:0.86 1.8:1.0 19.0:1.0 20:0.88")
BLINKS = (2.4, 4.45, 6.9, 9.95, 11.1, 13.3, 14.2, 17.2, 19.0)


def value(keys: Keys, time_s: float) -> float:
    """A curve at a time: eased in and out between its keys, at rest before and after them."""
    times = [time for time, _ in keys]
    after = int(np.searchsorted(times, time_s, side="right"))
    if after in (0, len(keys)):
        return float(keys[min(after, len(keys) - 1)][1])
    (start, low), (end, high) = keys[after - 1], keys[after]
    share = (time_s - start) / (end - start)
    return low + (high - low) * share**3 * (10 - 15 * share + 6 * share**2)


@dataclass(frozen=True)
class Ball:
    """The ball at one moment."""

    x: float
    y: float
    roll: float = 0.0
    squash: float = 0.0
    in_chest: bool = False


@dataclass(frozen=True)
class Throw:
    """The ball set going at a time with a speed, in units a second."""

    time_s: float
    vx: float
    vy: float
    start: tuple[float, float] | None = None
    """Where it comes from; None is where it lies."""
    from_chest: bool = False


THROWS = (
    Throw(8.3, -38, 0, start=(304, -30)),
    Throw(11.93, 118, -262),
    Throw(15.55, -21, -290, start=(CHEST_X - 8, CHEST_TOP + 10), from_chest=True),
)
GRAVITY = 520.0
_RATE = 480


@cache
def _flight(number: int) -> tuple[Ball, ...]:
    """A throw's whole path, a step at a time, until the next throw."""
    throw = THROWS[number]
    end = THROWS[number + 1].time_s if number + 1 < len(THROWS) else SECONDS
    lies = Ball(*throw.start) if throw.start else _flight(number - 1)[-1]
    x, y, vx, vy, roll, squash, spring = lies.x, lies.y, throw.vx, throw.vy, lies.roll, 0.0, 0.0
    path, dt = [], 1 / _RATE
    inside = throw.from_chest
    for _ in range(round((end - throw.time_s) * _RATE) + 1):
        path.append(Ball(x, y, roll, squash, inside))
        vy += GRAVITY * dt
        x, y = x + vx * dt, y + vy * dt
        roll += vx * dt / BALL
        inside = inside and (vy < 0 or y < CHEST_TOP - 40)
        on_lid = not throw.from_chest and abs(x - CHEST_X) < CHEST_W / 2 + 2
        ground = (CHEST_TOP - LID - 3 if on_lid else FLOOR) - BALL
        if y > ground and y - ground < 9:
            y = ground
            if vy > 40:
                spring -= vy / 14
                vy = -0.62 * vy
            else:
                vy = 0.0
                vx -= 1.5 * vx * dt
        spring += (-900 * squash - 22 * spring) * dt
        squash += spring * dt
    return tuple(path)


def ball_at(time_s: float) -> Ball | None:
    """The ball; None before it is thrown and after it has left the stage."""
    thrown = [number for number, throw in enumerate(THROWS) if throw.time_s <= time_s]
    if not thrown:
        return None
    path = _flight(thrown[-1])
    ball = path[min(round((time_s - THROWS[thrown[-1]].time_s) * _RATE), len(path) - 1)]
    return replace(ball, squash=float(np.clip(-ball.squash, -0.25, 0.32))) if ball.x < 420 else None


def pose_at(time_s: float) -> Pose:
    """The marionette."""
    t = time_s
    x = value(X, t)
    speed = (value(X, t + 0.05) - value(X, t - 0.05)) / 0.1
    late = (value(X, t - 0.10) - value(X, t - 0.20)) / 0.1
    bounce = 4.5 * abs(np.sin(2 * np.pi * x / STRIDE)) if t < 16 else 0.0
    breath = np.sin(2.4 * t)
    hello = np.sin(2 * np.pi * 2.1 * t) * (pulse(t, 4.6, 5.7) + pulse(t, 19.1, 20.2))
    sweep = np.sin(2 * np.pi * 1.25 * (t - 6.3)) * pulse(t, 6.3, 8.1)
    hop = value(HOP, t)
    coming = (value(HOP, t + 0.06) - value(HOP, t - 0.06)) / 12
    ball = ball_at(t)
    look = (0.0, 0.0)
    if ball and 8.3 < t < 17.0:
        away = np.array([ball.x - x, ball.y - 100.0])
        look = tuple(away / max(60.0, float(np.hypot(*away))))
    elif 6.2 < t < 8.2:
        look = (0.5 + 0.6 * sweep, -0.7)
    elif t < 4.2 or 12.9 < t < 15.6:
        look = (0.6, 0.2)
    return Pose(
        x=x,
        y=FLOOR - bounce - hop,
        walked=x / STRIDE if t < 16 else 0.0,
        lean=0.0012 * speed + 0.03 * sweep + 0.015 * np.sin(1.1 * t),
        tilt=0.05 * np.sin(1.4 * t) - 0.0012 * speed + 0.09 * hello - 0.06 * sweep,
        turn=value(TURN, t),
        nod=value(NOD, t) + 0.05 * breath,
        gaze=look,
        blink=max(value(BOW, t), *(float(np.exp(-(((t - moment) / 0.055) ** 2))) for moment in BLINKS)),
        smile=value(SMILE, t),
        mouth=value(MOUTH, t),
        brow=value(BROW, t),
        bow=value(BOW, t),
        squash=0.012 * breath - 0.05 * coming,
        left=(value(LEFT_X, t) + 7 * hello, value(LEFT_Y, t) + 1.2 * breath + 2 * abs(hello)),
        right=(value(RIGHT_X, t) + 9 * sweep, value(RIGHT_Y, t) + 1.2 * breath - 4 * sweep**2),
        stick=value(STICK, t) + 0.75 * sweep,
        trail=float(np.clip(-0.010 * late + 0.25 * np.sin(1.9 * t + 1) - 0.5 * sweep - 0.6 * coming, -1, 1)),
    )


def sparks(time_s: float) -> Iterator[tuple[float, float, float, float]]:
    """Glitter that rises from the open chest: x, y, radius, brightness."""
    rng = np.random.default_rng(3)
    for start, side, speed, phase in zip(*rng.uniform((15.4, -24, 16, 0), (19.0, 24, 34, 6), (26, 4)).T, strict=True):
        age = time_s - start
        if 0 < age < 2.2:
            x = CHEST_X + side * (1 + 0.25 * age) + 3 * np.sin(3 * age + phase)
            fade = np.sin(np.pi * age / 2.2) * (0.7 + 0.3 * np.sin(14 * age + phase))
            yield x, CHEST_TOP - 2 - speed * age, 3.4, 0.9 * fade


def pulse(time_s: float, start: float, end: float) -> float:
    """1 between the two times, with soft flanks."""
    return float(np.clip((time_s - start) / 0.3, 0, 1) * np.clip((end - time_s) / 0.3, 0, 1))
