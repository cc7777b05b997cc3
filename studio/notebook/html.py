"""How takes, timelines, scripts and renders show themselves in a notebook: HTML and SVG that need nothing else.

Text takes the page's colour, so that it reads on light and dark pages alike. Where widgets run, a take or a render
shows its player in their place.
"""

from __future__ import annotations

import base64
import functools
import io
import sys
import unicodedata
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image, ImageFont

from engine.media.pictures import fit
from engine.media.video import VideoSource
from engine.prompts import AS_IT_IS, Prompt, PromptError, words
from engine.types import Frame
from studio.takes.frames import pictures
from studio.timeline.colours import colour, mixed
from studio.timeline.curves import Keyframes, value_at
from studio.timeline.parameters import PARAMETERS
from studio.timeline.timeline import Timeline

if TYPE_CHECKING:
    from studio.script.script import Prop, Script
    from studio.takes.take import Render, Take

WIDTH, LANE, RULER, CURVE = 1000, 40, 18, 34
"""Of the drawing, in its own units: across, the prompts, the seconds, and a parameter."""
MOMENTS, PICTURE_W = 8, 200
"""Pictures in a strip, and their width in pixels."""
FONT, WIDER = 13, 1.2
"""Size of the lane's words, and how much wider than Pillow's own a page's font may be."""

Thing = TypeVar("Thing")


def timeline_html(timeline: Timeline, duration_s: float | None = None) -> str:
    """The prompts as a lane, fades as ramps from the colour before, markers above, parameters as curves below."""
    last = max([key.time_s + key.fade_s for key in timeline.keys] + [mark.time_s for mark in timeline.markers])
    moving = [keyframe.time_s for track in timeline.tracks for keyframe in track.keyframes]
    length = duration_s or timeline.end_s or max([1.25 * last, 1.1 * max(moving, default=0.0), 4.0])
    scale = WIDTH / length
    parts = [*_ruler(length, scale), *_lane(timeline, length, scale), *_markers(timeline, length, scale)]
    top = RULER + LANE + 6
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


def take_html(take: Take) -> str:
    """A take as a strip of camera and world over its prompts, with its slate and state."""
    picture = take.manifest.picture
    facts = [f"{take.duration_s:.1f} s", f"{len(take.made)} frames"]
    if picture:
        facts.append(f"{picture.width}x{picture.height} at {picture.fps:g} fps")
    facts += [str(take.manifest.verdict)] * bool(take.manifest.verdict)
    facts += [_count(len(take.renders), "version")]
    facts += [take.state] * (take.state != "complete")
    lane = timeline_html(take.timeline, take.duration_s) if take.made else ""
    strip = _strip([pictures(take, "raw"), pictures(take, "live")], take.duration_s) if take.made else ""
    return _card(take.name, facts, strip, lane)


def render_html(render: Render) -> str:
    """A version as a strip of its pictures over its prompts."""
    hashes, reused = render.info.get("hashes", ()), int(render.info.get("reused", 0))
    facts = [f"{len(hashes)} frames", f"{reused} as they were live" if reused else "all made anew"]
    made = str(render.info.get("made", ""))[:16].replace("T", " ")
    try:
        video = VideoSource(render.video)
    except ValueError as error:
        return _card(render.title, [*facts, made], _fault(error), timeline_html(render.timeline))
    duration = (video.expected_frames or len(hashes)) / video.fps
    return _card(render.title, [*facts, made], _strip([video], duration), timeline_html(render.timeline, duration))


def script_html(script: Script) -> str:
    """Beats as a table with their scenes in the colours of the lane, and the props with how each is found."""
    scenes = [scene.name for scene in script.scenes] + [str(beat.scene) for beat in script.beats if beat.scene]
    looks = {name: found.look for name in scenes if (found := _known(script.scene, name))}
    named = [prop.name for prop in script.props] + [str(prop) for beat in script.beats for prop in beat.props or ()]
    things = [prop for name in dict.fromkeys(named) if (prop := _known(script.prop, name))]
    facts = [_count(len(script.beats), "beat"), _count(len(looks), "scene"), _count(len(things), "prop")]
    rows = []
    for beat in script.beats:
        shade = tone(looks.get(str(beat.scene), AS_IT_IS)) if beat.scene else "transparent"
        swatch = f"display:inline-block;width:10px;height:10px;border-radius:2px;margin-right:8px;background:{shade}"
        scene = f'<span style="{swatch}"></span>{escape(str(beat.scene)) if beat.scene else _GOES_ON}'
        props = _GOES_ON if beat.props is None else escape(", ".join(map(str, beat.props))) or "none"
        until = f" – {beat.until}" if beat.until is not None else ""
        fade = f"{beat.fade:g} s" if beat.fade else "cut"
        look = escape(words(looks[str(beat.scene)])) if str(beat.scene) in looks else ""
        note = f'<i style="opacity:.7">{escape(beat.note)}</i>'
        rows.append([escape(f"{beat.at}{until}"), scene, look, props, fade, note])
    table = html_table(("at", "scene", "look", "props", "fade", "note"), rows)
    said = (f"<b>{escape(prop.name)}</b> becomes {escape(prop.becomes)}, found {_found(prop)}" for prop in things)
    below = "".join(f'<div style="margin-top:6px">{line}</div>' for line in said)
    return _card(script.title or "script", facts, table, below)


def _known(look_up: Callable[[str], Thing], name: str) -> Thing | None:
    """The scene or prop of that name; None where there is none, which `check` says."""
    try:
        return look_up(name)
    except PromptError:
        return None


_GOES_ON = '<span style="opacity:.5">…</span>'


def _found(prop: Prop) -> str:
    """How a prop is found in the picture."""
    region = prop.part
    if region is None:
        return "by its words"
    ways = {
        f"by its colour {region.colour}": region.colour,
        "by a box that follows it": region.boxes,
        "by a drawn mask": region.mask,
    }
    return escape(" and ".join(way for way, given in ways.items() if given))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}" if number else ""


def html_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of HTML cells under their titles, in the page's own colours."""
    line = "border:0;border-bottom:1px solid rgba(128,128,128,.25);padding:5px 16px 5px 0;text-align:left;color:inherit"
    head = "".join(f'<th style="{line};font-weight:normal;opacity:.6">{title}</th>' for title in titles)
    body = "".join("<tr>" + "".join(f'<td style="{line}">{cell}</td>' for cell in row) + "</tr>" for row in rows)
    style = "width:100%;border-collapse:collapse;color:inherit;font:inherit;font-variant-numeric:tabular-nums"
    return f'<table style="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _card(title: str, facts: Sequence[str], strip: str, lane: str) -> str:
    said = " · ".join(escape(fact) for fact in facts if fact)
    return (
        f'<div style="max-width:{WIDTH}px;margin:4px 0"><div style="margin-bottom:4px"><b>{escape(title)}</b> '
        f'<span style="opacity:.7">{said}</span></div>{strip}{lane}</div>'
    )


def player_bundle(shown: Take | Render) -> dict[str, Any]:
    """The player by its MIME type; nothing where no widget runs, or where there is nothing to play."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if not hasattr(shell, "kernel") or find_spec("anywidget") is None:
        return {}
    try:
        bundle, _ = shown.player._repr_mimebundle_() or ({}, {})
    except (ValueError, OSError):
        return {}  # the strip, which is shown then, says what is missing
    return {kind: data for kind, data in bundle.items() if kind != "text/plain"}


def _fault(error: ValueError) -> str:
    return f'<p style="margin:4px 0">No pictures: {escape(str(error))}</p>'


def _strip(films: Sequence[Iterable[Frame]], duration_s: float) -> str:
    """Moments of each film, a row each, as one JPEG within the page; in words why not, where they cannot be read."""
    times = [duration_s * (i + 0.5) / MOMENTS for i in range(MOMENTS)]
    try:
        rows = [moments(film, times) for film in films]
    except ValueError as error:
        return _fault(error)
    height = round(PICTURE_W * rows[0][0].shape[0] / rows[0][0].shape[1])
    sheet = Image.new("RGB", (MOMENTS * PICTURE_W, len(rows) * height))
    for y, row in enumerate(rows):
        for x, rgb in enumerate(row):
            sheet.paste(Image.fromarray(fit(rgb, PICTURE_W, height)), (x * PICTURE_W, y * height))
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img style="width:100%;display:block" alt="moments" src="data:image/jpeg;base64,{data}">'


def moments(frames: Iterable[Frame], times_s: Sequence[float]) -> list[np.ndarray]:
    """The pictures that are on screen at these times, (H, W, 3) uint8. Raises ValueError where there is none."""
    found: list[np.ndarray] = []
    last = None
    for frame in frames:
        while len(found) < len(times_s) and frame.time_s > times_s[len(found)] and last is not None:
            found.append(last)
        last = frame.rgb
        if len(found) == len(times_s):
            break
    if last is None:
        raise ValueError("there is no picture to show")
    return found + [last] * (len(times_s) - len(found))


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
        said = words(key.prompt)
        shown = fitted(said, wide - 15, _width)
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
            f'clip-path="url(#{clip})">{escape(shown)}<title>{escape(f"{key.time_s:g} s: {said}")}</title></text>'
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
