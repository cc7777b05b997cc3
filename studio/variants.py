"""Variants of one take side by side: every prompt under every seed and strength, looked at, measured, picked.

grid = render_grid(take, prompts=["underwater", "a pencil sketch"], seeds=[1, 2])
grid.sheet()
grid.pick(3)
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from engine.media.lettering import caption
from engine.media.pictures import draw_contact_sheet, fit
from engine.media.video import VideoSource, whole_video
from engine.prompts import words
from engine.types import Frame, LiveModel
from studio.background import Progress, cancellable, progress_bar, run_in_background
from studio.farm.farm import render_many
from studio.farm.jobs import Job, JobProgress, JobResult
from studio.model import judge_of, load_model
from studio.rendering.render import Instructions, timeline_for
from studio.script.script import Script
from studio.takes.documents import TakeError
from studio.takes.frames import evenly, moments, pictures
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Track
from studio.timeline.timeline import Timeline

TILE_W, PLATE_H = 320, 20


@dataclass(frozen=True)
class Variant:
    """One version of a grid, with what was measured of it."""

    prompt: str
    seed: int
    strength: float
    render: Render
    world: str
    """The world of these weights that the prompt is nearest to; empty where it changes."""
    adherence: float | None
    """Share of the measured frames whose picture is nearer to that world's teacher than to any other's."""
    flicker: float
    """Mean absolute change from frame to frame beyond the camera's own, 0..1."""
    sharpness: float
    """Variance of the Laplacian over the camera picture's: 1 is as sharp as the camera."""
    seconds: float
    """From its first frame to its last, in the worker that made it."""

    @property
    def label(self) -> str:
        """What tells it from the others, in one line."""
        return f"{self.prompt} · seed {self.seed}" + (f" · {self.strength:g}" if self.strength != 1 else "")


@dataclass(frozen=True)
class Grid:
    """Variants of a take, in the order of prompts, then seeds, then strengths."""

    take: Take
    variants: tuple[Variant, ...]

    def __repr__(self) -> str:
        return f"Grid({self.take.name}: {len(self.variants)} variants)"

    def __len__(self) -> int:
        return len(self.variants)

    def __getitem__(self, number: int) -> Variant:
        return self.variants[number]

    @property
    def table(self) -> list[dict[str, object]]:
        """A row of figures for each variant."""
        names = ("prompt", "seed", "strength", "world", "adherence", "flicker", "sharpness", "seconds")
        return [
            {"version": variant.render.name} | {name: getattr(variant, name) for name in names}
            for variant in self.variants
        ]

    def pick(self, number: int) -> Take:
        """Circle a variant: the take's manifest names its version from now on. Returns the take as it is then."""
        if not 0 <= number < len(self.variants):
            raise TakeError(f"no variant {number}; they are 0 to {len(self.variants) - 1}")
        return self.take.edit(verdict="circled", circled=self.variants[number].render.name)

    @property
    def picked(self) -> int | None:
        """Which variant is circled, as the take on disk says now."""
        circled = Take.open(self.take.folder).manifest.circled
        return next((n for n, variant in enumerate(self.variants) if variant.render.name == circled), None)

    def sheet(self, count: int = 4) -> Image.Image:
        """A contact sheet: a row for each variant under its version and label, `count` moments across."""
        times = evenly(self.take.duration_s, count)
        rows = [moments(VideoSource(variant.render.video), times) for variant in self.variants]
        labels = [f"{variant.render.name} · {variant.label}" for variant in self.variants]
        return draw_contact_sheet(rows, labels, [f"{time_s:.1f} s" for time_s in times], width=TILE_W)

    def video(self, out: Path | str, columns: int | None = None) -> Path:
        """All variants in one picture, side by side, each with its version and label, as a video.

        One that is there gives way when this one is whole.
        """
        columns = columns or min(len(self.variants), 2 if len(self.variants) <= 4 else 3)
        rows = -(-len(self.variants) // columns)
        sources = [iter(VideoSource(variant.render.video)) for variant in self.variants]
        first = VideoSource(self.variants[0].render.video)
        width, height = TILE_W, round(TILE_W * first.height / first.width) // 2 * 2
        plates = [_plate(f"{variant.render.name} · {variant.label}", width) for variant in self.variants]
        with whole_video(out, columns * width, rows * height, first.fps) as writer:
            for frames in zip(*sources, strict=False):
                wall = np.zeros((rows * height, columns * width, 3), np.uint8)
                for n, frame in enumerate(frames):
                    y, x = divmod(n, columns)
                    tile = fit(frame.rgb, width, height)
                    tile[-len(plates[n]) :] = plates[n]
                    wall[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
                writer.write(Frame(wall, frames[0].index, frames[0].time_s))
        return Path(out)


def _plate(text: str, width: int) -> np.ndarray:
    """A line of text to stand under a picture, (PLATE_H, width, 3) uint8."""
    plate = Image.new("RGB", (width, PLATE_H), (22, 22, 26))
    letters, font = caption(text, 12)
    ImageDraw.Draw(plate).text((6, 3), letters, (225, 225, 230), font)
    return np.array(plate)


def render_grid(
    take: Take,
    prompts: Sequence[Instructions],
    seeds: Sequence[int] | np.ndarray | None = None,
    strengths: Sequence[float] | np.ndarray = (1.0,),
    *,
    workers: int | None = None,
    ray: str | None = None,
    model: LiveModel | None = None,
    progress: Progress | None = None,
) -> Grid:
    """Render a take under each prompt (or timeline, or script), seed and strength, each as a version; see `Grid`.

    seeds: whole numbers, the take's own by default. strengths: 0 is the picture as it is, 1 the prompt; a timeline's
    own strength is multiplied by them. Both may be arrays. workers, ray: as `studio.farm.farm.render_many` takes them.
    model: renders all of them, in this process unless workers are asked for, and names the world that a prompt is
    nearest to. progress: by default a bar shows it. Raises TakeError naming what could not be rendered; the other
    versions stay.
    """
    own = take.manifest.engine.seed
    prompts = _listed(prompts, "prompts", "'underwater'")
    seeds = [own] if seeds is None else _listed(seeds, "seeds", "1, 2")
    strengths = _listed(strengths, "strengths", "1, 0.5")
    if not prompts or not strengths or not seeds:
        raise TakeError("a grid needs at least one prompt, one seed and one strength")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TakeError(f"the seed {seed!r} is not a whole number; write seeds=[1, 2]")
    for strength in strengths:
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength <= 1:
            raise TakeError(f"the strength {strength!r} is not a number from 0 to 1; write strengths=[1, 0.5]")
    plan = list(itertools.product(prompts, seeds, strengths))
    jobs = [
        Job(take.folder, _timeline(prompt, take, strength), seed=None if seed == own else seed)
        for prompt, seed, strength in plan
    ]
    results, seconds = _rendered(take, jobs, workers, ray, model, progress)
    failed = [
        f"{_name(prompt)}: {result.error}" for (prompt, _, _), result in zip(plan, results, strict=True) if result.error
    ]
    if failed:
        raise TakeError(f"{len(failed)} of {len(jobs)} variants were not rendered: {'; '.join(failed)}")
    model = model or load_model(take.manifest.engine)
    judge = judge_of(_camera(take), own)
    variants = []
    for (prompt, seed, strength), result, took_s in zip(plan, results, seconds, strict=True):
        assert result.version is not None
        worlds = model.nearest(prompt) if isinstance(prompt, str) else []
        world = worlds[0][0] if worlds else ""
        verdict = judge((frame.rgb for frame in VideoSource(result.version.video)), world if strength == 1 else "")
        figures = (verdict.adherence, verdict.flicker, verdict.sharpness)
        variants.append(Variant(_name(prompt), seed, strength, result.version, world, *figures, took_s))
    return Grid(take, tuple(variants))


async def render_grid_async(
    take: Take,
    prompts: Sequence[Instructions],
    seeds: Sequence[int] | np.ndarray | None = None,
    strengths: Sequence[float] | np.ndarray = (1.0,),
    *,
    workers: int | None = None,
    ray: str | None = None,
    model: LiveModel | None = None,
    progress: Progress | None = None,
) -> Grid:
    """`render_grid` for `await`: other cells and pages go on meanwhile. Cancelled, it can go on where it was."""

    def work(step: Callable[[], None]) -> Grid:
        with progress_bar(f"{take.name}, variants", progress) as shown:
            advance = cancellable(step, shown)
            return render_grid(take, prompts, seeds, strengths, workers=workers, ray=ray, model=model, progress=advance)

    return await run_in_background(work)


def _rendered(
    take: Take,
    jobs: Sequence[Job],
    workers: int | None,
    ray: str | None,
    model: LiveModel | None,
    progress: Progress | None,
) -> tuple[list[JobResult], list[float]]:
    """How all jobs ended, and the seconds that each took from its first frame to its last."""
    began: dict[int, float] = {}
    seconds = [0.0] * len(jobs)
    done = [0] * len(jobs)
    total = len(jobs) * len(take.made)
    with progress_bar(f"{take.name}, {len(jobs)} variants", progress, total) as shown:

        def advance(state: JobProgress) -> None:
            done[state.number] = state.done
            if state.total:
                now = time.monotonic()
                seconds[state.number] = now - began.setdefault(state.number, now)
            shown(sum(done), total)

        return render_many(jobs, workers=workers, ray=ray, model=model, progress=advance), seconds


def _listed(listed: Any, name: str, legal: str) -> list[Any]:
    """A list or an array as a list of Python's own numbers."""
    listed = listed.tolist() if hasattr(listed, "tolist") else listed
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise TakeError(f"a grid's {name} are a list, not {listed!r}; write {name}=[{legal}]")
    return [entry.item() if isinstance(entry, np.generic) else entry for entry in listed]


def _timeline(prompt: Instructions, take: Take, strength: float) -> Timeline:
    """What a prompt means for the take, its own strength multiplied by this one."""
    line = timeline_for(take, prompt)
    if strength == 1:
        return line
    own = next((track.keyframes for track in line.tracks if track.name == "strength"), (Keyframe(0.0, 1.0),))
    weaker = Track("strength", tuple(replace(keyframe, value=keyframe.value * strength) for keyframe in own))
    return replace(line, tracks=(*(track for track in line.tracks if track.name != "strength"), weaker))


def _name(prompt: Instructions) -> str:
    if isinstance(prompt, Script):
        return prompt.title or "script"
    return " → ".join(words(key.prompt) for key in prompt.keys) if isinstance(prompt, Timeline) else words(prompt)


def _camera(take: Take) -> Iterator[np.ndarray]:
    """The camera's pictures that the engine answered."""
    made = {n for n, row in enumerate(take.frames) if row.step is not None}
    return (frame.rgb for frame in pictures(take, "raw") if frame.index in made)
