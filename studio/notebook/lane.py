"""A timeline as an SVG lane: prompts in their colours, fades as ramps, markers, parameters as curves."""

from __future__ import annotations

import functools
import unicodedata
import zlib
from bisect import bisect_right
from collections.abc import Callable
from html import escape

from PIL import ImageFont

from engine.prompts import Prompt, words
from studio.timeline.colours import colour, mixed
from studio.timeline.curves import Keyframes, value_at
from studio.timeline.parameters import PARAMETERS
from studio.timeline.sets import words_of
from studio.timeline.timeline import Timeline

WIDTH, LANE, SETS, RULER, CURVE = 1000, 40, 22, 18, 34
"""Of the drawing, in its own units: across, the prompts, the sets, the seconds, and a parameter."""
FONT, WIDER = 13, 1.2
"""Size of the lane's words in pixels, and how much wider than Pillow's own a page's font may be."""


def timeline_html(timeline: Timeline, duration_s: float | None = None) -> str:
    """Prompts as a lane, fades as ramps from the colour before, markers above, sets and parameters' curves below."""
    last = max([key.time_s + key.fade_s for key in timeline.keys] + [mark.time_s for mark in timeline.markers])
    last = max([last] + [key.time_s + key.fade_s for key in timeline.sets])
    moving = [keyframe.time_s for track in timeline.tracks for keyframe in track.keyframes]
    length = duration_s or timeline.end_s or max([1.25 * last, 1.1 * max(moving, default=0.0), 4.0])
    scale = WIDTH / length
    parts = [*_ruler(length, scale), *_lane(timeline, length, scale), *_markers(timeline, length, scale)]
    top = RULER + LANE + 6
    if timeline.sets:
        parts += _sets(timeline, length, scale, top)
        top += SETS + 6
    for matte in timeline.mattes:
        parts += _curve(f"{matte.name}: {words(matte.prompt)}", matte.weight, (0.0, 1.0), length, top)
        top += CURVE
    for track in timeline.tracks:
        bounds = PARAMETERS[track.name].least, PARAMETERS[track.name].most
        parts += _curve(track.name, track.keyframes, bounds, length, top)
        top += CURVE
    return (
        f'<svg viewBox="0 0 {WIDTH} {top}" width="100%" role="img" aria-label="timeline" '
        f'style="max-width:{WIDTH}px;font:{FONT}px system-ui,sans-serif">{"".join(parts)}</svg>'
    )


def tone(prompt: Prompt) -> str:
    """A prompt's colour on a lane, on which white can be read."""
    return mixed(colour(prompt), "#16181c", 0.7)


def _lane(timeline: Timeline, length: float, scale: float) -> list[str]:
    parts = []
    tones = [tone(key.prompt) for key in timeline.keys]
    ends = [key.time_s for key in timeline.keys[1:]] + [length]
    for number, (key, end) in enumerate(zip(timeline.keys, ends, strict=True)):
        left = 0.0 if number == 0 else min(key.time_s, length) * scale
        wide = max(0.0, min(end, length) * scale - left)
        prompt = words(key.prompt)
        shown = fitted(prompt, wide - 15, _width)
        clip = f"lane{number}-{zlib.crc32(repr(timeline.keys).encode()):x}"
        parts.append(f'<rect x="{left:.1f}" y="{RULER}" width="{wide:.1f}" height="{LANE}" fill="{tones[number]}"/>')
        if key.fade_s and number:
            ramp = min(key.fade_s * scale, wide)
            parts.append(
                f'<path d="M{left:.1f} {RULER}h{ramp:.1f}L{left:.1f} {RULER + LANE}z" fill="{tones[number - 1]}"/>'
            )
        parts.append(
            f'<clipPath id="{clip}"><rect x="{left:.1f}" y="{RULER}" width="{max(0.0, wide - 6):.1f}" height="{LANE}"/>'
            f'</clipPath><text x="{left + 9:.1f}" y="{RULER + LANE / 2 + 5}" fill="#fff" '
            f'clip-path="url(#{clip})">{escape(shown)}<title>{escape(f"{key.time_s:g} s: {prompt}")}</title></text>'
        )
    return parts


def _sets(timeline: Timeline, length: float, scale: float, top: float) -> list[str]:
    parts = []
    ends = [key.time_s for key in timeline.sets[1:]] + [length]
    for key, end in zip(timeline.sets, ends, strict=True):
        left, right = min(key.time_s, length) * scale, min(end, length) * scale
        name, wide = words_of(key.set), max(0.0, right - left)
        fill = tone(name) if key.set is not None else "none"
        ramp = min(key.fade_s * scale, wide)
        parts.append(
            f'<path d="M{left:.1f} {top + SETS:.1f}L{left + ramp:.1f} {top:.1f}H{right:.1f}V{top + SETS:.1f}z" '
            f'fill="{fill}" stroke="currentColor" stroke-opacity=".3"/>'
            f'<text x="{left + 9:.1f}" y="{top + SETS / 2 + 4:.1f}" font-size="11" '
            f'fill="{"#fff" if key.set is not None else "currentColor"}">{escape(fitted(name, wide - 15, _width))}'
            f"<title>{escape(f'{key.time_s:g} s: set {name}')}</title></text>"
        )
    return parts


def fitted(text: str, room: float, width: Callable[[str], float]) -> str:
    """As much of a text as fits into `room`, by the width of texts, with an ellipsis where it goes on."""
    if width(text) <= room:
        return text
    letters = bisect_right(range(1, len(text)), room, key=lambda n: width(f"{text[:n]}…"))
    return f"{text[:letters].rstrip()}…" if letters else ""


def _width(text: str) -> float:
    """How wide a text may get in a page's font."""
    square = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return _font().getlength(text) * WIDER + square * FONT / 2


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(FONT)


def _ruler(length: float, scale: float) -> list[str]:
    step = next(s for s in (0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3600, 86400) if length / s <= 16 or s == 86400)
    ticks = [k * step for k in range(int(length / step) + 1) if k * step < length - 0.02 * length]
    return [
        f'<text x="{time_s * scale + 2:.1f}" y="12" fill="currentColor" opacity=".6" font-size="11">'
        f"{_clock(time_s)}</text>"
        for time_s in ticks
    ]


def _clock(time_s: float) -> str:
    minutes, seconds = divmod(time_s, 60)
    return f"{int(minutes)}:{seconds:02.0f}" if time_s >= 60 else f"{time_s:g} s"


def _markers(timeline: Timeline, length: float, scale: float) -> list[str]:
    return [
        f'<path d="M{mark.time_s * scale:.1f} {RULER - 6}v{LANE + 6}" stroke="currentColor" stroke-width="2"/>'
        f'<text x="{mark.time_s * scale + 4:.1f}" y="{RULER + 10}" fill="#fff" font-size="10">'
        f"{escape(mark.name)}</text>"
        for mark in timeline.markers
        if mark.time_s < length
    ]


def _curve(name: str, curve: Keyframes, bounds: tuple[float, float], length: float, top: float) -> list[str]:
    low, high = bounds
    points = []
    for i in range(201):
        time_s = length * i / 200
        share = (value_at(curve, time_s) - low) / (high - low)
        points.append((WIDTH * i / 200, top + (CURVE - 8) * (1 - share) + 2))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    area = f"0,{top + CURVE - 6} {line} {WIDTH},{top + CURVE - 6}"
    return [
        f'<polygon points="{area}" fill="currentColor" opacity=".12"/>',
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5" opacity=".7"/>',
        f'<text x="6" y="{top + 14}" fill="currentColor" opacity=".8" font-size="11">{escape(name)}</text>',
    ]
