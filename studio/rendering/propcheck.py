"""What is wrong with the props of a take, before any rendering: where they are seen, and what their regions cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from engine.prompts import PromptError
from studio.performing.mattes import Sighting, masks, seen_in
from studio.script.compile import Problem
from studio.script.region import Box, Region, drawn_mask
from studio.takes.take import Take

SELDOM = 0.5
"""The share of the frames in which a prop is wanted below which it is said how many those are."""
JUMP, JUMP_S = 0.25, 0.2
"""A region's middle that moves so far, as a share of the picture's sides, between frames so many seconds apart, jumps:
nothing in a hand is so fast."""
JUMPS = 3
"""Jumps from which on they are said."""
FACE_EVERY, FACE_SHARE, FACES = 12, 0.3, 2
"""Every so many frames faces are looked for; a region that covers so much of one, in so many of them, is said."""
GREY_SHARE = 0.35
"""The share of a drawn mask's pixels that are neither black nor white from which on it counts as a photo."""


@dataclass(frozen=True)
class Wanted:
    """Where a prop is wanted: a span of a take, in seconds."""

    where: str
    """For people: which beat."""
    start_s: float
    end_s: float


def check_region(name: str, region: Region, take: Take, wanted: Sequence[Wanted], folder: Path) -> Iterator[Problem]:
    """What is wrong with one prop's region. folder: what the path of its mask starts from."""
    what = f"the prop {name!r}"
    sightings: list[Sighting] = []
    faced: list[float] = []
    try:
        region = region.embedded(folder)
        yield from _photo(what, region)
        for frame, mask in masks(take, region, folder):
            sightings.append(seen_in(frame, mask))
            asked = any(span.start_s <= frame.time_s < span.end_s for span in wanted)
            if asked and len(sightings) % FACE_EVERY == 1 and sightings[-1].box and _covers_a_face(frame.rgb, mask):
                faced.append(frame.time_s)
    except PromptError as error:
        yield Problem("error", what, str(error))
        return
    seen = [sighting.time_s for sighting in sightings if sighting.box]
    for span in wanted:
        inside = [sighting for sighting in sightings if span.start_s <= sighting.time_s < span.end_s]
        count = sum(sighting.box is not None for sighting in inside)
        period = f"from {span.start_s:g} s to {span.end_s:g} s"
        if span.start_s < span.end_s and not count:
            last = f"; it is from {seen[0]:.1f} s to {seen[-1]:.1f} s" if seen else " at all"
            yield Problem("warning", span.where, f"{what} is not seen {period}{last}: correct its region")
        elif count < SELDOM * len(inside):
            text = f"{what} is seen in {count} of {len(inside)} frames {period}: correct its region"
            yield Problem("warning", span.where, text)
        jumps = list(_jumps(inside))
        if len(jumps) >= JUMPS:
            text = f"the region of {what} jumps {len(jumps)} times {period}, at {jumps[0]:.1f} s first"
            yield Problem("warning", span.where, f"{text}: it finds other things too; narrow it by a box or a mask")
    if len(faced) >= FACES:
        text = f"the region of {what} covers a face, at {faced[0]:.1f} s first: narrow it by a box or a mask"
        yield Problem("warning", what, text)


def _jumps(sightings: Sequence[Sighting]) -> Iterator[float]:
    """When the middle of what is seen is suddenly elsewhere."""
    last: Sighting | None = None
    for sighting in sightings:
        if sighting.box is None:
            continue
        if last is not None and last.box is not None and sighting.time_s - last.time_s < JUMP_S:
            (x0, y0), (x1, y1) = _middle(last.box), _middle(sighting.box)
            if max(abs(x1 - x0), abs(y1 - y0)) > JUMP:
                yield sighting.time_s
        last = sighting


def _middle(box: Box) -> tuple[float, float]:
    left, top, width, height = box
    return left + width / 2, top + height / 2


def _photo(what: str, region: Region) -> Iterator[Problem]:
    if region.mask is None:
        return
    levels = np.asarray(drawn_mask(region.mask))
    grey = float(((levels > 16) & (levels < 239)).mean())
    if grey > GREY_SHARE:
        text = f"{grey:.0%} of its mask is grey, as in a photo: draw one, white where it is and black elsewhere"
        yield Problem("warning", what, text)


@cache
def _detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))


def _covers_a_face(rgb: np.ndarray, mask: np.ndarray) -> bool:
    """Whether a mask, (H, W) in 0..1, covers a good part of a face in (H, W, 3) uint8.

    Faces by Viola and Jones, Rapid Object Detection using a Boosted Cascade of Simple Features, 2001, as OpenCV has it.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    least = max(24, min(grey.shape) // 8)
    faces = _detector().detectMultiScale(grey, 1.1, 8, minSize=(least, least))
    return any(float(mask[y : y + height, x : x + width].mean()) > FACE_SHARE for x, y, width, height in faces)
