"""Short ways to look: a take on a contact strip, a prop highlighted in the camera's picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.media.lettering import caption
from engine.media.pictures import draw_contact_sheet
from engine.media.video import VideoSource
from engine.prompts import words
from engine.types import Frame
from studio.delivery import proxies
from studio.notebook.lane import fitted, tone
from studio.notebook.spot import with_coordinates
from studio.notebook.widget import require_take, version_of
from studio.performing.mattes import masks
from studio.script.script import Prop
from studio.takes.documents import TakeError
from studio.takes.frames import evenly, moments
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.timeline import Timeline

GAP, LANE = 4, 26
"""Pixels between pictures, and the height of the prompts under them."""
PAPER = "#0b0c0e"


def contact_strip(take: Take, version: Render | str | None = None, count: int = 8, width: int = 160) -> Image.Image:
    """`count` moments of the camera above, of the world below, and the prompts under them.

    version: a render of the take, or its name, "v001". width: of a picture, in pixels. Raises TakeError for a take
    without a picture, and for what is not a version of it.
    """
    require_take(take)
    version = version_of(take, version)
    proxies.ensure(take)
    world = version.video if version else take.folder / proxies.LIVE
    times = evenly(take.duration_s, count)
    rows = [moments(VideoSource(video), times) for video in (take.folder / proxies.RAW, world)]
    labels = ["camera", f"{version.name}, rendered" if version else "as it was shown"]
    moments_s = [f"{time_s:.1f} s" for time_s in times]
    pictures = draw_contact_sheet(rows, labels, moments_s, width=width, gap=GAP, margin=0)
    sheet = Image.new("RGB", (pictures.width, pictures.height + GAP + LANE), PAPER)
    sheet.paste(pictures, (0, 0))
    _draw_lane(sheet, version.timeline if version else take.timeline, take.duration_s)
    return sheet


def highlight(take: Take, prop: Prop, count: int = 8, width: int = 160, folder: Path = Path()) -> Image.Image:
    """Moments of the camera with a prop lit where its region finds it, and all else dark: is it the right thing?

    The first is the take's first frame; the tenths along the edges are the coordinates of boxes and of `spot`.
    folder: what the path of a drawn mask starts from. Raises TakeError for a prop without a region.
    """
    if prop.part is None:
        raise TakeError(f"the prop {prop.name!r} has no region to look at; give it a colour, a box or a mask")
    lit = (
        Frame((frame.rgb * (0.25 + 0.75 * mask[..., None])).astype(np.uint8), frame.index, frame.time_s)
        for frame, mask in masks(take, prop.part, folder)
    )
    times = [take.duration_s * n / count for n in range(count)]
    sheet = draw_contact_sheet([moments(lit, times)], width=width, gap=GAP, margin=0)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for column, time_s in enumerate(times):
        with_coordinates(sheet, column * (width + GAP), width)
        draw.text((column * (width + GAP) + 6, 4), f"{time_s:.1f} s", fill="#e7e9ec", font=font)
    return sheet


def _draw_lane(sheet: Image.Image, timeline: Timeline, duration_s: float) -> None:
    """The prompts along the lower edge, fades as ramps."""
    draw = ImageDraw.Draw(sheet)
    top, scale = sheet.height - LANE, sheet.width / duration_s
    ends = [key.time_s for key in timeline.keys[1:]] + [duration_s]
    before = ""
    for key, end in zip(timeline.keys, ends, strict=True):
        left, right = key.time_s * scale, min(end, duration_s) * scale - 2
        shade = tone(key.prompt)
        if right <= left:
            continue  # too short to be seen, or past the end
        draw.rectangle((left, top, right, sheet.height), fill=shade)
        if key.fade_s and before:
            draw.polygon([(left, sheet.height), (min(left + key.fade_s * scale, right), top), (left, top)], fill=before)
        text, font = caption(words(key.prompt), 13)
        text = fitted(text, right - left - 12, font.getlength)
        draw.text((left + 8, top + 5), text, fill="#f2f3f5", font=font)
        before = shade
