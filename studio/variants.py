"""Variants of one take side by side: every prompt under every seed and strength, looked at, measured, picked.

grid = take.render_grid(prompts=["underwater", "a pencil sketch"], seeds=[1, 2])
grid.sheet()
grid.pick(3)
"""

from __future__ import annotations

import base64
import io
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.media.pictures import fit
from engine.media.video import VideoSource, VideoWriter
from engine.prompts import Prompt, words
from engine.types import Frame, LiveModel
from studio.farm import Job, Progress, render_many
from studio.model import judge_of, load_model
from studio.notebook.html import WIDTH, html_table
from studio.notebook.html import moments as moments_of
from studio.script.script import Script
from studio.takes.frames import pictures
from studio.takes.take import Render, Take, TakeError, bar
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Track
from studio.timeline.timeline import Timeline

TILE_W = 320


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
        return [{"version": one.render.name} | {name: getattr(one, name) for name in names} for one in self.variants]

    def pick(self, number: int) -> Take:
        """Circle a variant: the take's manifest names its version from now on. Returns the take as it is then."""
        if not 0 <= number < len(self.variants):
            raise TakeError(f"no variant {number}; they are 0 to {len(self.variants) - 1}")
        return self.take.edit(verdict="circled", circled=self.variants[number].render.name)

    @property
    def picked(self) -> int | None:
        """Which variant is circled, as the take on disk says now."""
        circled = Take.open(self.take.folder).manifest.circled
        return next((n for n, one in enumerate(self.variants) if one.render.name == circled), None)

    def sheet(self, moments: int = 4) -> Image.Image:
        """A contact sheet: a row for each variant, its moments across."""
        times = [self.take.duration_s * (i + 0.5) / moments for i in range(moments)]
        rows = [moments_of(VideoSource(one.render.video), times) for one in self.variants]
        height = round(TILE_W * rows[0][0].shape[0] / rows[0][0].shape[1])
        sheet = Image.new("RGB", (moments * TILE_W, len(rows) * height))
        for y, row in enumerate(rows):
            for x, rgb in enumerate(row):
                sheet.paste(Image.fromarray(fit(rgb, TILE_W, height)), (x * TILE_W, y * height))
        return sheet

    def video(self, out: Path | str, columns: int | None = None) -> Path:
        """All variants in one picture, side by side, as MP4."""
        columns = columns or min(len(self.variants), 2 if len(self.variants) <= 4 else 3)
        rows = -(-len(self.variants) // columns)
        sources = [iter(VideoSource(one.render.video)) for one in self.variants]
        first = VideoSource(self.variants[0].render.video)
        width, height = TILE_W, round(TILE_W * first.height / first.width) // 2 * 2
        with VideoWriter(Path(out), columns * width, rows * height, first.fps) as writer:
            for frames in zip(*sources, strict=False):
                wall = np.zeros((rows * height, columns * width, 3), np.uint8)
                for n, frame in enumerate(frames):
                    y, x = divmod(n, columns)
                    tile = fit(frame.rgb, width, height)
                    wall[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
                writer.write(Frame(wall, frames[0].index, frames[0].time_s))
        return Path(out)

    def _repr_html_(self) -> str:
        buffer = io.BytesIO()
        self.sheet().save(buffer, "JPEG", quality=82)
        data = base64.b64encode(buffer.getvalue()).decode()
        head = ("", "version", "prompt", "seed", "strength", "adherence", "flicker", "sharpness", "s")
        picked, rows = self.picked, []
        for n, one in enumerate(self.variants):
            adherence = "" if one.adherence is None else f"{one.adherence:.0%} {one.world}"
            figures = [f"{one.flicker:.3f}", f"{one.sharpness:.2f}", f"{one.seconds:.1f}"]
            mark = "◉" if n == picked else str(n)
            cells = [mark, one.render.name, one.prompt, str(one.seed), f"{one.strength:g}", adherence, *figures]
            rows.append([escape(cell) for cell in cells])
        image = f'<img style="width:100%;display:block" alt="variants" src="data:image/jpeg;base64,{data}">'
        return f'<div style="max-width:{WIDTH}px">{image}{html_table(head, rows)}</div>'


def render_grid(
    take: Take,
    prompts: Sequence[Prompt | Timeline | Script],
    seeds: Sequence[int] | np.ndarray | None = None,
    strengths: Sequence[float] | np.ndarray = (1.0,),
    *,
    workers: int | None = None,
    ray: str | None = None,
    stream: LiveModel | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Grid:
    """Render a take under each prompt (or timeline, or script), seed and strength, each as a version; see `Grid`.

    seeds: whole numbers, the take's own by default. strengths: 0 is the picture as it is, 1 the prompt; a timeline's
    own strength is multiplied by them. Both may be arrays. workers, ray: as `studio.farm.render_many` takes them.
    stream: an engine to ask which world a prompt is nearest to. progress: is told the frames that are done and their
    number; by default a bar shows them. Raises TakeError naming what could not be rendered; the other versions stay.
    """
    own = take.manifest.engine.seed
    prompts = _listed(prompts, "prompts", "'underwater'")
    seeds = [own] if seeds is None else _listed(seeds, "seeds", "1, 2")
    strengths = _listed(strengths, "strengths", "1, 0.5")
    if not prompts or not strengths or not seeds:
        raise TakeError("a grid needs at least one prompt, one seed and one strength")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise TakeError(f"the seed {seed!r} is no whole number; write seeds=[1, 2]")
    for strength in strengths:
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength <= 1:
            raise TakeError(f"the strength {strength!r} is no number from 0 to 1; write strengths=[1, 0.5]")
    plan = list(itertools.product(prompts, seeds, strengths))
    lines = [_timeline(prompt, take, strength) for prompt, _, strength in plan]
    jobs = [
        Job(take.folder, line, seed=None if seed == own else seed)
        for line, (_, seed, _) in zip(lines, plan, strict=True)
    ]
    began: dict[int, float] = {}
    took: dict[int, float] = {}
    total = len(jobs) * len(take.made)
    with bar(f"{take.name}, {len(jobs)} variants", progress, total) as tell:
        done: dict[int, int] = {}

        def told(news: Progress) -> None:
            done[news.number] = news.done
            if news.total:
                took[news.number] = time.monotonic() - began.setdefault(news.number, time.monotonic())
            tell(sum(done.values()), total)

        outcomes = render_many(jobs, workers=workers, ray=ray, progress=told)
    failed = [f"{_name(prompt)}: {one.error}" for (prompt, _, _), one in zip(plan, outcomes, strict=True) if one.error]
    if failed:
        raise TakeError(f"{len(failed)} of {len(jobs)} variants were not rendered: {'; '.join(failed)}")
    stream = stream or load_model(take.manifest.engine)
    judge = judge_of(_camera(take), own)
    variants = []
    for n, ((prompt, seed, strength), outcome) in enumerate(zip(plan, outcomes, strict=True)):
        assert outcome.version is not None
        world = stream.nearest(prompt)[0][0] if isinstance(prompt, str) else ""
        seen = judge((frame.rgb for frame in VideoSource(outcome.version.video)), world if strength == 1 else "")
        figures = (seen.adherence, seen.flicker, seen.sharpness)
        variants.append(Variant(_name(prompt), seed, strength, outcome.version, world, *figures, took.get(n, 0.0)))
    return Grid(take, tuple(variants))


def _listed(listed: Any, name: str, legal: str) -> list[Any]:
    """A list or an array as a list of Python's own numbers."""
    listed = listed.tolist() if hasattr(listed, "tolist") else listed
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise TakeError(f"a grid's {name} are a list, not {listed!r}; write {name}=[{legal}]")
    return [one.item() if isinstance(one, np.generic) else one for one in listed]


def _timeline(prompt: Prompt | Timeline | Script, take: Take, strength: float) -> Timeline:
    """What a prompt means for the take, its own strength multiplied by this one."""
    line = take.timeline_of(prompt)
    if strength == 1:
        return line
    own = next((track.keyframes for track in line.tracks if track.name == "strength"), (Keyframe(0.0, 1.0),))
    weaker = Track("strength", tuple(replace(keyframe, value=keyframe.value * strength) for keyframe in own))
    return replace(line, tracks=(*(track for track in line.tracks if track.name != "strength"), weaker))


def _name(prompt: Prompt | Timeline | Script) -> str:
    if isinstance(prompt, Script):
        return prompt.title or "script"
    return " → ".join(words(key.prompt) for key in prompt.keys) if isinstance(prompt, Timeline) else words(prompt)


def _camera(take: Take) -> Iterator[np.ndarray]:
    """The camera's pictures that the engine answered."""
    made = {n for n, row in enumerate(take.frames) if row.step is not None}
    return (frame.rgb for frame in pictures(take, "raw") if frame.index in made)
