"""Times as people write them: `4.5` or `4.5s` seconds, `108f` frames, `0:04.5` on the clock, `00:00:04:12` timecode.

A frame counts at `fps` frames a second from 0. Timecode is the non-drop kind: it counts frames, thirty to
each of its seconds at 29.97 frames a second.
"""

from __future__ import annotations

import math
import re
from typing import Literal, TypeAlias, get_args

Style: TypeAlias = Literal["seconds", "s", "frames", "f", "clock", "timecode"]
"""`4.5`, `4.5s`, `108`, `108f`, `0:04.5`, `00:00:04:12`."""

LEGAL = "a time is seconds such as 4.5 or 4.5s, a frame such as 108f, 0:04.5 or a timecode such as 00:00:04:12"

_NUMBER = re.compile(r"(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)(s|f|)", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(\d{1,9}):([0-5]?\d)|(\d{1,9})):([0-5]?\d(?:\.\d*)?)")
_TIMECODE = re.compile(r"(\d{1,9}):([0-5]\d):([0-5]\d):(\d{1,4})")


def looks_like_time(text: str) -> bool:
    """Whether `to_seconds` reads it, at some rate."""
    return any(pattern.fullmatch(text.strip()) for pattern in (_NUMBER, _CLOCK, _TIMECODE))


def to_seconds(text: str, fps: float = 24.0, *, frames: bool = False) -> float:
    """Seconds from 0 on. frames: a bare number counts frames. Raises ValueError, which says what a time is."""
    rate(fps)
    text = text.strip()
    if number := _NUMBER.fullmatch(text):
        amount, unit = float(number[1]), number[2].lower()
        if not math.isfinite(amount):
            raise ValueError(f"{text} is too large for a time")
        return amount / fps if unit == "f" or (frames and not unit) else amount
    if timecode := _TIMECODE.fullmatch(text):
        hours, minutes, seconds, frame = (int(part) for part in timecode.groups())
        counted = max(1, round(fps))  # frames to one of its seconds; below one a second, each has its own
        if frame >= counted:
            raise ValueError(f"{text}: at {fps:g} frames a second the last part goes from 0 to {counted - 1}")
        return ((hours * 60 + minutes) * 60 + seconds) * counted / fps + frame / fps
    if clock := _CLOCK.fullmatch(text):
        minutes = int(clock[3]) if clock[3] else int(clock[1]) * 60 + int(clock[2])
        return round(minutes * 60 + float(clock[4]), 6)
    if ";" in text:
        raise ValueError(f"{text} is a drop-frame timecode, which is not read; write it with colons, non-drop")
    if text.startswith("-"):
        raise ValueError(f"a time is zero or more seconds, not {text}")
    raise ValueError(f"{text!r} is not a time; {LEGAL}")


def from_seconds(time_s: float, style: Style, fps: float = 24.0) -> str:
    """A time in that style; frames and timecode name the nearest frame, the clock the nearest microsecond."""
    rate(fps)
    frame = round(time_s * fps)
    if style in ("frames", "f"):
        return f"{frame}{'f' if style == 'f' else ''}"
    if style in ("seconds", "s"):
        return f"{time_s!r}{'s' if style == 's' else ''}"
    if style == "clock":
        minutes, rest = divmod(round(time_s * 1_000_000), 60_000_000)
        seconds, micro = divmod(rest, 1_000_000)
        return f"{minutes}:{seconds:02d}" + (f".{micro:06d}".rstrip("0") if micro else "")
    if style == "timecode":
        seconds, frame = divmod(frame, max(1, round(fps)))
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}"
    raise ValueError(f"style {style!r}; it is one of {', '.join(get_args(Style))}")


def rate(fps: float) -> float:
    """A number of frames a second that can be counted in, or ValueError."""
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= 1000:
        raise ValueError(f"{fps!r} frames a second; give a number above 0, up to 1000, such as 24")
    return float(fps)
