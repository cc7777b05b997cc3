"""Parts of the picture with a prompt of their own, frame by frame: what a timeline's mattes come to in a take."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.designer.props.pose import Steady
from engine.types import Frame, Prompt, PromptRegion
from studio.performing.finder import Finder
from studio.script.region import Box, Region
from studio.takes.frames import pictures
from studio.takes.take import Take
from studio.timeline.keys import Cue, Matte

LEAST_SIDE = 0.01
"""Of a box that is followed on, as a share of the picture's side."""
SEEN = 0.0005
"""The share of the picture from which on a region counts as seen."""


class MatteFinder:
    """Finds the parts of the picture that have a prompt of their own, in the made frames of one take, in order.

    mattes: those of a timeline. Where a part is depends on the frames alone, so another timeline that names the same
    part (`keep`) goes on with its track.
    """

    def __init__(self, mattes: Iterable[Matte] = ()) -> None:
        self._finders: dict[str, Finder] = {}
        self.keep(mattes)

    def keep(self, mattes: Iterable[Matte]) -> None:
        """Find the parts of these mattes from the next frame on; parts that were followed before keep their tracks."""
        mattes = tuple(mattes)
        regions = {_name(matte.region): matte.region for matte in mattes}
        finders = self._finders
        self._finders = {
            name: finders.get(name) or Finder(Region.from_dict(where, 1)) for name, where in regions.items()
        }
        for matte in mattes:
            finder = self._finders[_name(matte.region)]
            if matte.made == "drawn" and finder.steady is None:
                finder.steady = Steady()

    @property
    def follow(self) -> bool:
        """Whether `pass_by` must be shown the frames for which `direct` is not asked."""
        return any(finder.follows for finder in self._finders.values())

    def tracks(self) -> dict[str, Finder]:
        """A copy of where everything that is followed was last seen, for `restore`."""
        return {name: finder.copy() for name, finder in self._finders.items() if finder.follows}

    def seen(self, mattes: Iterable[Matte]) -> dict[str, Box | None]:
        """Where the things that these mattes follow were seen last, by the mattes' names, within the picture.

        None for a thing that is lost, or that has all but left the picture.
        """
        finders = {matte.name: self._finders.get(_name(matte.region)) for matte in mattes}
        return {name: _within(finder.box) for name, finder in finders.items() if finder and finder.follows}

    def restore(self, tracks: Mapping[str, Finder]) -> None:
        """Go on from `tracks`, as if the frames since had not been seen."""
        self._finders |= tracks

    def pass_by(self, rgb: np.ndarray, time_s: float) -> None:
        """See a frame, (H, W, 3) uint8 at seconds on the take's clock, that is not rendered."""
        for finder in self._finders.values():
            if finder.follows:
                finder.follow(rgb, time_s)

    def direct(
        self, cue: Cue, rgb: np.ndarray, staged: np.ndarray, time_s: float
    ) -> tuple[Prompt | list[PromptRegion], np.ndarray]:
        """What the model is asked for in a frame, (H, W, 3) uint8 at seconds on the take's clock, and of which picture.

        The cue's prompt alone where no part with a prompt of its own is in the picture, else a region for the rest
        and one for each part. staged: what the model is to see; parts that are drawn are drawn into a copy of it. Sees
        the frame.
        """
        masks: dict[str, np.ndarray] = {}
        used = {_name(matte.region) for matte in cue.mattes}
        for name, finder in self._finders.items():
            if name in used:
                masks[name] = finder.mask(rgb, time_s)
            elif finder.follows and finder.steady is None:
                finder.follow(rgb, time_s)
        poses = {
            name: finder.steady(masks[name] if name in masks else finder.mask(rgb, time_s), time_s)
            for name, finder in self._finders.items()
            if finder.steady is not None
        }
        regions, rest = [], np.ones(rgb.shape[:2], np.float32)
        for matte in cue.mattes:
            name = _name(matte.region)
            if matte.made == "drawn":
                from engine.designer.props import draw  # it takes its time to load

                before, things = staged, draw.drawn_things(matte.prompt)
                for drawing, share in things:
                    weight = matte.weight * share
                    staged = draw.draw_things(staged, masks[name], drawing, poses[name], time_s, weight)
                if things:
                    mask = draw.shown(before, staged)
                    regions.append(PromptRegion(draw.through(cue.prompt), mask))
                    rest = rest * (1 - mask)
                    continue
            mask = masks[name] * np.float32(matte.weight)
            if mask.any():
                regions.append(PromptRegion(matte.prompt, mask, cue.prompt if matte.made != "apart" else None))
                rest = rest * (1 - mask)
        return ([PromptRegion(cue.prompt, rest), *regions] if regions else cue.prompt), staged


@dataclass(frozen=True)
class Sighting:
    """Where a part of the picture is in one frame of a take."""

    row: int
    time_s: float
    share: float
    """Of the picture, 0 to 1."""
    box: Box | None
    """Around it; None where it is not seen."""


def masks(take: Take, region: Region, folder: Path = Path()) -> Iterator[tuple[Frame, np.ndarray]]:
    """Each camera frame that the engine answered, with how much of each pixel is in the region, (H, W) float32 in 0..1.

    folder: what the path of its mask starts from.
    """
    finder = Finder(region.embedded(folder))
    for frame in pictures(take, "raw"):
        if take.frames[frame.index].step is not None:  # a render follows nothing in the others
            yield frame, finder.mask(frame.rgb, frame.time_s)


def sightings(take: Take, region: Region, folder: Path = Path()) -> Iterator[Sighting]:
    """Where a region is in each camera frame that the engine answered; see `masks`."""
    for frame, mask in masks(take, region, folder):
        yield seen_in(frame, mask)


def seen_in(frame: Frame, mask: np.ndarray) -> Sighting:
    """Where a region is in one frame. mask: how much of each pixel is in it, (H, W) in 0..1."""
    share = float(mask.mean())
    return Sighting(frame.index, frame.time_s, share, _around(mask > 0.5) if share >= SEEN else None)


def _around(inside: np.ndarray) -> Box | None:
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    if not len(rows):
        return None
    height, width = inside.shape
    left, top, right, bottom = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    return float(left), float(top), float(right - left), float(bottom - top)


def _within(box: Box | None) -> Box | None:
    """What of a box is in the picture; None for too little to be followed."""
    if box is None:
        return None
    (left, right), (top, bottom) = ((max(0.0, box[n]), min(1.0, box[n] + box[n + 2])) for n in (0, 1))
    width, height = math.floor((right - left) * 1e6) / 1e6, math.floor((bottom - top) * 1e6) / 1e6
    left, top = round(left, 6), round(top, 6)
    return (left, top, min(width, 1 - left), min(height, 1 - top)) if min(width, height) >= LEAST_SIDE else None


def _name(where: Mapping[str, Any]) -> str:
    return json.dumps(where, sort_keys=True)
