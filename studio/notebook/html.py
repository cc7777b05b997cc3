"""How takes, timelines, scripts and renders show themselves in a notebook: HTML and SVG that need nothing else.

Text takes the page's colour, so that it reads on light and dark pages alike. Where widgets run, a take or a render
shows its player in their place.
"""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import TypeVar

from PIL import Image

from engine.media.pictures import draw_contact_sheet
from engine.media.video import VideoSource
from engine.prompts import AS_IT_IS, PromptError, words
from engine.types import Frame
from studio.delivery.film import Card, Film, frames_of
from studio.notebook.lane import WIDTH, timeline_html, tone
from studio.script.script import Prop, Script
from studio.takes.frames import evenly, moments, pictures
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.timeline import Timeline
from studio.variants import Grid

MOMENTS, PICTURE_W = 8, 160
"""Pictures in a strip, and their width in pixels."""

Thing = TypeVar("Thing")


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
    rows = {"camera": pictures(take, "raw"), "as it was shown": pictures(take, "live")}
    strip = _strip(rows, take.duration_s) if take.made else ""
    return _card(take.name, facts, strip, lane)


def render_html(render: Render) -> str:
    """A version as a strip of its pictures over its prompts."""
    hashes = render.info.get("hashes", ())
    facts = [render.label, f"{len(hashes)} frames", render.provenance, render.note]
    made = str(render.info.get("made", ""))[:16].replace("T", " ")
    try:
        video = VideoSource(render.video)
    except ValueError as error:
        return _card(render.title, [*facts, made], _fault(error), timeline_html(render.timeline))
    duration = (video.expected_frames or len(hashes)) / video.fps
    return _card(
        render.title, [*facts, made], _strip({render.name: video}, duration), timeline_html(render.timeline, duration)
    )


def grid_html(grid: Grid) -> str:
    """A grid as its contact sheet, and a table of what was measured of each variant."""
    head = ("", "version", "prompt", "seed", "strength", "adherence", "flicker", "sharpness", "s")
    picked, rows = grid.picked, []
    for n, variant in enumerate(grid.variants):
        adherence = "" if variant.adherence is None else f"{variant.adherence:.0%} {variant.world}"
        figures = [f"{variant.flicker:.3f}", f"{variant.sharpness:.2f}", f"{variant.seconds:.1f}"]
        mark = "◉" if n == picked else str(n)
        settings = [variant.prompt, str(variant.seed), f"{variant.strength:g}"]
        rows.append([escape(cell) for cell in (mark, variant.render.name, *settings, adherence, *figures)])
    return f'<div style="max-width:{WIDTH}px">{_image(grid.sheet(), "variants")}{html_table(head, rows)}</div>'


def script_html(script: Script) -> str:
    """Beats as a table with their scenes in the colours of the lane, and the props with how each is found."""
    scenes = [scene.name for scene in script.scenes] + [str(beat.scene) for beat in script.beats if beat.scene]
    looks = {name: world.look for name in scenes if (world := _named(script.scene, name))}
    names = [prop.name for prop in script.props] + [str(prop) for beat in script.beats for prop in beat.props or ()]
    things = [prop for name in dict.fromkeys(names) if (prop := _named(script.prop, name))]
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
    lines = (f"<b>{escape(prop.name)}</b> becomes {escape(prop.becomes)}, found {_way(prop)}" for prop in things)
    below = "".join(f'<div style="margin-top:6px">{line}</div>' for line in lines)
    return _card(script.title or "script", facts, table, below)


def _named(look_up: Callable[[str], Thing], name: str) -> Thing | None:
    """The scene or prop of that name; None where there is none, which `check_script` reports."""
    try:
        return look_up(name)
    except PromptError:
        return None


_GOES_ON = '<span style="opacity:.5">…</span>'


def _way(prop: Prop) -> str:
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
    line = " · ".join(escape(fact) for fact in facts if fact)
    return (
        f'<div style="max-width:{WIDTH}px;margin:4px 0"><div style="margin-bottom:4px"><b>{escape(title)}</b> '
        f'<span style="opacity:.7">{line}</span></div>{strip}{lane}</div>'
    )


def _fault(error: ValueError) -> str:
    return f'<p style="margin:4px 0">No pictures: {escape(str(error))}</p>'


def _strip(films: Mapping[str, Iterable[Frame]], duration_s: float) -> str:
    """Moments of each film, a row each under its name, as one JPEG within the page; in words why not, where they cannot
    be read."""
    times = evenly(duration_s, MOMENTS)
    try:
        rows = [moments(film, times) for film in films.values()]
    except ValueError as error:
        return _fault(error)
    columns = [f"{time_s:.1f} s" for time_s in times]
    return _image(draw_contact_sheet(rows, list(films), columns, width=PICTURE_W, gap=2, margin=0), "moments")


def versions_html(title: str, renders: Sequence[Render], labels: Sequence[str], duration_s: float) -> str:
    """Versions of a take as a strip each under their names, for where no widget runs."""
    times = evenly(duration_s, MOMENTS)
    try:
        rows = [moments(VideoSource(render.video), times) for render in renders]
    except ValueError as error:
        return _card(title, [_count(len(renders), "version")], _fault(error), "")
    names = [f"{render.name} · {label}" for render, label in zip(renders, labels, strict=True)]
    columns = [f"{time_s:.1f} s" for time_s in times]
    sheet = draw_contact_sheet(rows, names, columns, width=PICTURE_W, gap=2, margin=0)
    return _card(title, [_count(len(renders), "version")], _image(sheet, "versions"), "")


def player_html(take: Take, version: Render | None, timeline: Timeline) -> str:
    """What a player shows, as a strip of the camera and the world over the prompts on its lane."""
    try:
        world = VideoSource(version.video) if version else pictures(take, "live")
    except ValueError as error:
        return _card(take.name, [], _fault(error), "")
    rows = {"camera": pictures(take, "raw"), version.name if version else "as it was shown": world}
    facts = [f"{take.duration_s:.1f} s", version.name if version else ""]
    return _card(take.name, facts, _strip(rows, take.duration_s), timeline_html(timeline, take.duration_s))


def film_html(film: Film) -> str:
    """A film as a picture of each of its parts, under the second at which it is cut in."""
    size = PICTURE_W, round(PICTURE_W * film.size[1] / film.size[0])
    shown, names = [], []
    for part, cut in zip(film.parts, film.cuts, strict=True):
        frames = part.frames(size, film.fps)
        middle = frames_of(part.duration_s, film.fps) // 2 if isinstance(part, Card) else 0
        try:
            shown.append(next(itertools.islice(frames, middle, None)))
        except ValueError as error:
            return _card("film", [_count(len(film.parts), "part")], _fault(error), "")
        names.append(f"{cut / film.fps:.2f} s, {part.duration_s:.2f} s long")
    lines = [slice(n, n + 5) for n in range(0, len(shown), 5)]
    sheets = [draw_contact_sheet([shown[line]], (), names[line], width=PICTURE_W, gap=2, margin=0) for line in lines]
    return _card("film", [_count(len(shown), "part")], "".join(_image(sheet, "parts") for sheet in sheets), "")


def _image(sheet: Image.Image, alt: str) -> str:
    """A picture as JPEG within the page."""
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img style="width:100%;display:block" alt="{alt}" src="data:image/jpeg;base64,{data}">'
