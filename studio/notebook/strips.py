"""Short ways to look: a take on a contact strip, a prop in the limelight."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.media.pictures import fit
from engine.media.video import VideoSource
from engine.prompts import words
from engine.types import Frame
from studio.delivery import proxies
from studio.notebook import html as display
from studio.performing.mattes import masks
from studio.script.script import Prop
from studio.takes.take import Render, Take, TakeError


def strip(take: Take, version: Render | None = None, count: int = 8, width: int = 160) -> Image.Image:
    """A contact strip: `count` moments of the camera above, of the world below, and the prompts under them."""
    proxies.ensure(take)
    timeline = version.timeline if version else take.timeline
    world = version.video if version else take.folder / proxies.LIVE
    times = [take.duration_s * (i + 0.5) / count for i in range(count)]
    rows = [display.moments(VideoSource(video), times) for video in (take.folder / proxies.RAW, world)]
    height = round(width * rows[0][0].shape[0] / rows[0][0].shape[1])
    lane, gap = 26, 4
    sheet = Image.new("RGB", (count * (width + gap) - gap, 2 * (height + gap) + lane), "#0b0c0e")
    for row, pictures in enumerate(rows):
        for column, rgb in enumerate(pictures):
            sheet.paste(Image.fromarray(fit(rgb, width, height)), (column * (width + gap), row * (height + gap)))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    top, scale = 2 * (height + gap), sheet.width / take.duration_s
    ends = [key.time_s for key in timeline.keys[1:]] + [take.duration_s]
    before = ""
    for key, end in zip(timeline.keys, ends, strict=True):
        left, right = key.time_s * scale, min(end, take.duration_s) * scale - 2
        tone = display.tone(key.prompt)
        if right <= left:
            continue  # too short to be seen, or past the end
        draw.rectangle((left, top, right, sheet.height), fill=tone)
        if key.fade_s and before:
            draw.polygon([(left, sheet.height), (min(left + key.fade_s * scale, right), top), (left, top)], fill=before)
        draw.text(
            (left + 8, top + 5),
            display.fitted(words(key.prompt), right - left - 12, font.getlength),
            fill="#f2f3f5",
            font=font,
        )
        before = tone
    return sheet


def spot(take: Take, prop: Prop, count: int = 8, width: int = 160, folder: Path = Path()) -> Image.Image:
    """Moments of the camera with a prop lit where its region finds it, and all else dark: is it the right thing?

    folder: what the path of a drawn mask starts from. Raises TakeError for a prop without a region.
    """
    if prop.part is None:
        raise TakeError(f"the prop {prop.name!r} has no region to look at; give it a colour, a box or a mask")
    times = [take.duration_s * (i + 0.5) / count for i in range(count)]
    lit = (
        Frame((frame.rgb * (0.25 + 0.75 * mask[..., None])).astype(np.uint8), frame.index, frame.time_s)
        for frame, mask in masks(take, prop.part, folder)
    )
    pictures = display.moments(lit, times)
    height, gap = round(width * pictures[0].shape[0] / pictures[0].shape[1]), 4
    sheet = Image.new("RGB", (count * (width + gap) - gap, height), "#0b0c0e")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for column, (rgb, time_s) in enumerate(zip(pictures, times, strict=True)):
        left = column * (width + gap)
        sheet.paste(Image.fromarray(fit(rgb, width, height)), (left, 0))
        draw.text((left + 6, 4), f"{time_s:.1f} s", fill="#e7e9ec", font=font)
    return sheet
