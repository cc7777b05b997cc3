"""Trials of parts of the picture: props that become things, regions with prompts of their own, people in places.

Teachers get the noise that the stream gets, as in `engine/evaluation/evaluate.py`.

Legend: T frames, H height, W width in pixels.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.evaluation import measures
from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import perform, teacher_frames, to_float
from engine.models.particles import PARTICLE_KINDS
from engine.models.patches import pad_picture
from engine.stream import Stream
from engine.teachers.inputs import TeacherInputs
from engine.teachers.people import Segmenter, person_mattes
from engine.teachers.places import PLACES
from engine.teachers.props import SyntheticProp
from engine.teachers.things import PROP_OF, paint_thing
from engine.teachers.wordings import wordings
from engine.teachers.worlds import teachers_of
from engine.types import PromptRegion

BORDER_PX = 24
"""Pixels on either side of a region's edge that are not counted."""
PROP_SEED = 2**31
"""Props of the trial are drawn from seeds that training never uses."""


def try_props(
    stream: Stream, clips: Sequence[Clip], wordings: Mapping[str, Sequence[str]], takes: int = 3, seed: int = PROP_SEED
) -> dict[str, Any]:
    """Draw props that training never saw over clips: is the picture nearer to its thing than to any other?

    wordings: thing -> texts. takes: runs of each thing. Candidates are all things of that kind of prop, and the prop as
    it is. Nearest is by colour inside the prop's mask.
    """
    rows = []
    for number, (thing, texts) in enumerate(wordings.items()):
        for k in range(takes):
            clip = clips[(number * takes + k) % len(clips)]
            tall, wide = (-(-side // 16) * 16 for side in clip.frames[0].rgb.shape[:2])
            prop = SyntheticProp(PROP_OF[thing], tall, wide, np.random.default_rng([seed, number, k]))
            stream.reset()
            stream.prompt(texts[k % len(texts)])
            distances: dict[str, list[float]] = {}
            for frame in clip.frames:
                padded = pad_picture(torch.from_numpy(frame.rgb)).permute(2, 0, 1).float() / 255
                camera = torch.zeros(3, tall, wide)
                camera[:] = padded[:, :tall, :wide]
                drawn = prop.draw(camera, frame.time_s)
                height, width = frame.rgb.shape[:2]
                source = (drawn.picture.clamp(0, 1) * 255).round()
                shown = source[:, :height, :width].permute(1, 2, 0).byte().numpy()
                made = to_float([stream.step(shown, frame.time_s, frame.index)])[0]
                if frame.index < len(clip.frames) // 2 or float(drawn.mask.sum()) < 100:
                    continue
                mask = drawn.mask[:, :height, :width]
                others = {
                    t: paint_thing(t, source / 255, drawn, frame.time_s) for t, p in PROP_OF.items() if p == prop.kind
                }
                for name, picture in {**others, "as it is": source / 255}.items():
                    distances.setdefault(name, []).append(_inside(made, picture[:, :height, :width], mask))
            if distances:
                means = {name: statistics.fmean(values) for name, values in distances.items()}
                rows.append({"thing": thing, "nearest": min(means, key=means.__getitem__), "clip": clip.name})
    right = {thing: [r["nearest"] == thing for r in rows if r["thing"] == thing] for thing in wordings}
    return {
        "adherence": statistics.fmean(row["nearest"] == row["thing"] for row in rows),
        "per_thing": {thing: statistics.fmean(hits) for thing, hits in right.items() if hits},
        "mistaken": [row for row in rows if row["nearest"] != row["thing"]],
        "takes": len(rows),
    }


def _inside(made: Tensor, reference: Tensor, mask: Tensor) -> float:
    """Mean absolute difference of colour within a soft mask, after a blur of 3 px that forgives a pixel's shift."""
    difference = torch.nn.functional.avg_pool2d((made - reference)[None], 3, 1, 1)[0].abs()
    return float((difference * mask).sum() / (3 * mask.sum()).clamp(min=1e-6))


def try_regions(stream: Stream, clips: Sequence[Clip], wordings: Mapping[str, str]) -> dict[str, Any]:
    """Ask for a world in one half and `as it is` in the other: does the camera's picture stay there?

    wordings: world -> text. The network does it by itself; nothing is composited.
    """
    rows: list[dict[str, Any]] = []
    for number, (world, wording) in enumerate(wordings.items()):
        clip = clips[number % len(clips)]
        height, width = clip.frames[0].rgb.shape[:2]
        x = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, 0)
        mask = (x < 0.5).astype(np.float32) if number % 2 == 0 else (x >= 0.5).astype(np.float32)
        away = np.abs(x - 0.5) * width > BORDER_PX
        stream.reset()
        stream.prompt([PromptRegion(wording, mask), PromptRegion("as it is", 1 - mask)])
        made = to_float(stream.step(f.rgb, f.time_s, f.index) for f in clip.frames)
        camera = to_float(f.rgb for f in clip.frames)
        reference = to_float(f.rgb for f in teacher_frames(world, clip.frames, stream.seed))
        outside, inside = (torch.from_numpy((m > 0.5) & away) for m in (1 - mask, mask))
        rows.append(
            {
                "world": world,
                "outside_psnr_db": _psnr_where(made, camera, outside),
                "inside_psnr_db": _psnr_where(made, reference, inside),
                "inside_from_camera_db": _psnr_where(made, camera, inside),
            }
        )
    return {
        "outside_psnr_db": statistics.fmean(row["outside_psnr_db"] for row in rows),
        "outside_psnr_db_least": min(row["outside_psnr_db"] for row in rows),
        "inside_nearer_to_world": statistics.fmean(r["inside_psnr_db"] > r["inside_from_camera_db"] for r in rows),
        "rows": rows,
    }


def _psnr_where(a: Tensor, b: Tensor, where: Tensor) -> float:
    error = (a - b).square().mean(1)[:, where].mean()
    return float(-10 * error.clamp(min=measures.QUANTISATION_MSE).log10())


def try_places(stream: Stream, clips: Sequence[Clip], teachers: Path | None) -> dict[str, Any]:
    """Put people into the places: is the picture nearer to its place than to any world, and is the person kept?

    teachers: the folder of the person segmenter; without it, or without a person, the result says `not_measured`.
    """
    if teachers is None:
        return {"not_measured": "people are found by the segmenter; give its folder with --teachers"}
    segmenter = Segmenter(teachers)
    rows: list[dict[str, Any]] = []
    held_out = wordings("held_out")
    texts = {place: held_out[place][0] for place in PLACES if place in stream.vocabulary.worlds}
    for clip in clips:
        mattes = person_mattes([Image.fromarray(frame.rgb) for frame in clip.frames], segmenter)
        if mattes is None:
            continue
        last = clip.frames[-1]
        height, width = last.rgb.shape[:2]
        matte = torch.from_numpy(np.array(mattes[-1].resize((width, height)))).float()[None, None] / 255
        source = to_float([last.rgb])
        clock = torch.tensor([last.time_s], dtype=torch.float64)
        scene = TeacherInputs(
            source, torch.zeros_like(source), source.new_zeros(1, len(PARTICLE_KINDS), height, width), clock
        )
        looks = {place: paint(scene, matte).clamp(0, 1) for place, paint in PLACES.items()}
        looks |= {
            world: to_float([list(teacher_frames(world, clip.frames, stream.seed))[-1].rgb])
            for world in teachers_of(stream.vocabulary.worlds)
        }
        statistics_ = {name: measures.local_statistics(picture) for name, picture in looks.items()}
        for place in texts:
            made = to_float(perform(stream, clip, texts[place])[-1:])
            look = measures.local_statistics(made)
            near = min(looks, key=lambda name: float(measures.world_distance(look, statistics_[name])))
            person = matte[0, 0] > 0.9
            rows.append(
                {
                    "place": place,
                    "clip": clip.name,
                    "nearest": near,
                    "person_psnr_db": _psnr_where(made, looks[place], person),
                    "set_psnr_db": _psnr_where(made, looks[place], matte[0, 0] < 0.1),
                }
            )
    if not rows:
        return {"not_measured": "no clip shows a person whom the segmenter is sure of"}
    return {
        "adherence": statistics.fmean(row["nearest"] == row["place"] for row in rows),
        "person_psnr_db": statistics.fmean(row["person_psnr_db"] for row in rows),
        "set_psnr_db": statistics.fmean(row["set_psnr_db"] for row in rows),
        "rows": rows,
    }
