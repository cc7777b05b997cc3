"""Is a prop a hole in the scene? Props with known masks over footage: to what is each pixel of a region nearest?

The scene's look turns the picture into another, and a region of it into a thing. A pixel of the region that is nearer
to the camera's picture than to the scene's and to the thing's is a hole: nothing of either came there.

Legend: H height, W width in pixels.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.designer.props.draw import draw_things, drawing_of, shown, through
from engine.designer.props.pose import Steady
from engine.designer.props.registry import Drawing
from engine.evaluation.clips import Clip, find_clips, read_clip
from engine.evaluation.evaluate import to_float
from engine.media.pictures import MediaError, draw_contact_sheet
from engine.prompts import blend
from engine.stream import Stream
from engine.teachers.props import PropFrame, SyntheticProp
from engine.teachers.things import PROP_OF, paint_thing
from engine.types import Frame, PromptRegion

LOOKS = ("underwater", "wild west at dusk", "an oil painting", "snowfall")
"""Looks that leave no picture as it is."""
WAYS = ("apart", "painted", "drawn")
"""How a thing is made: by the network with the scene's look off in its region, by the network over that look, or drawn
under it where there is a drawing of it, and painted otherwise."""
SEED = 2**31 + 17
"""Props are drawn from seeds that training never uses."""
BLUR_PX = 3
"""Pictures are compared after a blur of so much, which forgives a pixel's shift."""
LEAST_PX = 100
"""Pixels of a region from which on a frame counts."""
SETTLED = 0.5
"""Share of a run after which frames count: a thing grows over the first ones."""


@dataclass(frozen=True)
class Shot:
    """A clip with a prop in it."""

    frames: tuple[Frame, ...]
    props: tuple[PropFrame, ...]
    """Of each frame, padded to whole cells of 16 px."""

    def mask(self, at: int) -> np.ndarray:
        """Where the prop is in a frame, (H, W) float32 in 0..1."""
        height, width = self.frames[at].rgb.shape[:2]
        mask: np.ndarray = self.props[at].mask[0, :height, :width].numpy()
        return mask


def shoot(clip: Clip, kind: str, seed: Sequence[int]) -> Shot:
    """A clip with a prop of a kind (engine.teachers.props.PROP_KINDS) in it; the same seed, the same prop."""
    height, width = clip.frames[0].rgb.shape[:2]
    tall, wide = (-(-side // 16) * 16 for side in (height, width))
    prop = SyntheticProp(kind, tall, wide, np.random.default_rng(list(seed)))
    drawn = []
    for frame in clip.frames:
        camera = torch.zeros(3, tall, wide)
        camera[:, :height, :width] = to_float([frame.rgb])[0]
        drawn.append(prop.draw(camera, frame.time_s))
    frames = [
        Frame(_bytes(each.picture[:, :height, :width]), frame.index, frame.time_s)
        for each, frame in zip(drawn, clip.frames, strict=True)
    ]
    return Shot(tuple(frames), tuple(drawn))


def measure_props(
    footage: Path,
    stream: Stream,
    *,
    size: tuple[int, int] = (256, 144),
    frames: int = 12,
    takes: int = 2,
    ways: Sequence[str] = WAYS,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[dict[str, Any], Image.Image]:
    """Holes of every thing in each way, over the clips of a folder; and a contact sheet of them.

    frames: of each run. takes: runs of each thing, each under another look and over another clip. The figures are
    shares of the regions' pixels, 0..1. Raises ValueError for a folder without clips.
    """
    clips = list(_moving(find_clips(footage), frames, size))
    if not clips:
        raise ValueError(f"{footage} has no video that can be read; give a folder of clips")
    rows: list[dict[str, Any]] = []
    tiles: dict[str, list[np.ndarray]] = {}
    runs = [(thing, take) for thing in PROP_OF for take in range(takes)]
    for number, (thing, take) in enumerate(runs):
        clip, look = clips[number % len(clips)], LOOKS[number % len(LOOKS)]
        shot = shoot(clip, PROP_OF[thing], (SEED, number))
        text = f"a {thing.replace('-', ' ')}"
        scene = list(_run(stream, shot, look, None, ""))
        pictures = [shot.frames[-1].rgb]
        for way in ways:
            drawing = drawing_of(text) if way == "drawn" else None
            made = list(_run(stream, shot, look, text, way, drawing))
            shares = _holes(shot, made, _things(shot, scene, thing, drawing), scene)
            rows.append({"thing": thing, "way": way, "look": look, "clip": clip.name, **shares})
            pictures.append(made[-1])
        if take == 0:
            tiles[f"{text}, {look}"] = pictures
        if progress is not None:
            progress(number + 1, len(runs))
    holes = {
        way: {t: _mean(row["hole"] for row in rows if (row["way"], row["thing"]) == (way, t)) for t in PROP_OF}
        for way in ways
    }
    report: dict[str, Any] = {
        "size": f"{size[0]}x{size[1]}",
        "holes": {way: _mean(holes[way].values()) for way in ways},
        "worst_thing": {way: max(holes[way].values()) for way in ways},
        "thing": {way: _mean(row["thing_share"] for row in rows if row["way"] == way) for way in ways},
        "rows": rows,
    }
    sheet = draw_contact_sheet(list(tiles.values()), list(tiles), ["camera", *ways], width=size[0] // 2)
    return report, sheet


def _moving(paths: Sequence[Path], frames: int, size: tuple[int, int]) -> Iterator[Clip]:
    """The videos among them that can be read."""
    for path in paths:
        if path.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm", ".m4v"):
            try:
                yield read_clip(path, frames, size)
            except MediaError:
                continue


def _run(
    stream: Stream, shot: Shot, look: str, text: str | None, way: str, drawing: Drawing | None = None
) -> Iterator[np.ndarray]:
    stream.reset()
    drawn = _drawn([frame.rgb for frame in shot.frames], shot, drawing)
    for at, (frame, rgb) in enumerate(zip(shot.frames, drawn, strict=True)):
        mask = shot.mask(at)
        if text is None or not mask.any():
            stream.prompt(look)
        elif drawing is not None:
            mask = shown(frame.rgb, rgb)
            stream.prompt([PromptRegion(look, 1 - mask), PromptRegion(through(blend(look)), mask)])
        else:
            part = PromptRegion(text, mask, None if way == "apart" else look)
            stream.prompt([PromptRegion(look, 1 - mask), part])
        yield stream.step(rgb, frame.time_s, frame.index)


def _drawn(pictures: Sequence[np.ndarray], shot: Shot, drawing: Drawing | None) -> Iterator[np.ndarray]:
    """Pictures with a thing drawn where the shot's prop is; as they are without one."""
    steady = Steady()
    for at, (rgb, frame) in enumerate(zip(pictures, shot.frames, strict=True)):
        mask = shot.mask(at)
        poses = steady(mask, frame.time_s)
        yield rgb if drawing is None else draw_things(rgb, mask, drawing, poses, frame.time_s)


def _things(shot: Shot, scene: Sequence[np.ndarray], thing: str, drawing: Drawing | None) -> Iterator[Tensor]:
    """What each frame would be with the thing in the scene, (1, 3, H, W): by the network's teacher, or drawn."""
    for at, drawn in enumerate(_drawn(scene, shot, drawing)):
        height, width = drawn.shape[:2]
        if drawing is not None:
            yield to_float([drawn])
            continue
        world = torch.zeros_like(shot.props[at].picture)
        world[:, :height, :width] = to_float([drawn])[0]
        painted = paint_thing(thing, world, shot.props[at], shot.frames[at].time_s)
        yield painted[None, :, :height, :width]


def _holes(
    shot: Shot, made: Sequence[np.ndarray], things: Iterator[Tensor], scene: Sequence[np.ndarray]
) -> dict[str, float]:
    """The shares of a region that are nearest to the camera's picture, and nearest to the thing's."""
    hole, of_thing = [], []
    for at, thing in enumerate(things):
        inside = torch.from_numpy(shot.mask(at) > 0.5)
        if at < len(made) * SETTLED or int(inside.sum()) < LEAST_PX:
            continue
        shown, camera, look = (_soft(to_float([rgb])) for rgb in (made[at], shot.frames[at].rgb, scene[at]))
        from_camera, from_look, from_thing = (
            (shown - other).abs().mean(1)[0][inside] for other in (camera, look, _soft(thing))
        )
        hole.append(float((from_camera < torch.minimum(from_look, from_thing)).float().mean()))
        of_thing.append(float((from_thing < torch.minimum(from_look, from_camera)).float().mean()))
    return {"hole": _mean(hole), "thing_share": _mean(of_thing)}


def _soft(pictures: Tensor) -> Tensor:
    return torch.nn.functional.avg_pool2d(pictures, BLUR_PX, 1, BLUR_PX // 2)


def _bytes(picture: Tensor) -> np.ndarray:
    return (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def _mean(values: Any) -> float:
    numbers = list(values)
    return round(statistics.fmean(numbers), 4) if numbers else 0.0
