"""`lsd-studio render`: what is asked for as jobs, and all of them on one live display."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TimeElapsedColumn
from rich.progress import Progress as Bars

from engine.console import words_column
from engine.types import LiveModel
from studio.farm.jobs import Job, JobProgress, JobResult
from studio.model import load_model
from studio.rendering.preflight import check_script, refuse
from studio.rendering.render import timeline_for
from studio.rendering.replay import MatteChoice
from studio.script.files import by_form, load_script
from studio.sets.stage import production_folder
from studio.sets.store import Store
from studio.sets.typed import set_of
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.files import load as load_schedule
from studio.timeline.sets import SetKey, words_of
from studio.timeline.timeline import Timeline


def plan(
    takes: Sequence[Path],
    *,
    prompts: Sequence[str] = (),
    schedules: Sequence[Path] = (),
    scripts: Sequence[Path] = (),
    seeds: Sequence[int] = (),
    fps: float | None = None,
    full: bool = False,
    weights: Path | None = None,
    device: str = "auto",
    sets: Sequence[str] = (),
    mattes: MatteChoice = "recorded",
    remark: Callable[[str], None] = print,
    strict: bool = False,
    **of_version: Any,
) -> list[Job]:
    """A job for every take under every prompt, schedule and script with every set and seed; the take's own by default.

    sets: as people type them (studio/sets/typed.py), each in place of those of the timeline. fps: schedules count
    frames at this rate. remark: called with what the check finds, and what is converted. strict: refuse what is only
    warned about. of_version: the other fields of a Job. A take that cannot be opened becomes a job that fails. Raises
    ValueError for prompts and sets that cannot be used.
    """
    schedules, scripts = by_form(schedules, scripts, remark)
    jobs = []
    checked: list[Timeline] = []
    each_seed: Sequence[int | None] = seeds or [None]
    each_set: Sequence[str | None] = sets or [None]
    remarks: dict[str, None] = {}  # what is to be remarked of a set's words is so once, however many takes have it
    for folder in takes:
        variants: list[Timeline | None] = [Timeline.of(text) for text in prompts]
        texts = each_set
        try:
            take = Take.open(folder)
        except TakeError:
            if len(takes) == 1:
                raise
            variants, texts = [None], [None]  # its job reports why
        else:
            variants += [_schedule(path, take, fps, remark) for path in schedules]
            if scripts:
                model = load_model(take.manifest.engine, device=device, weights=weights)
                checked = [_script(path, take, model, remark, strict) for path in scripts]
                variants += checked
        for timeline, text, seed in itertools.product(variants or [None], texts, each_seed):
            line = _staged(timeline, text, folder, remarks.setdefault)
            jobs.append(
                Job(
                    folder,
                    line,
                    seed,
                    full,
                    weights,
                    device,
                    mattes,
                    strict=strict,
                    checked=timeline in checked,
                    **of_version,
                )
            )
    for sentence in remarks:
        remark(sentence)
    return jobs


def _schedule(path: Path, take: Take, fps: float | None, remark: Callable[[str], None]) -> Timeline:
    rate = take.fps
    if fps is not None and abs(fps - rate) > 0.005:
        remark(f"{path} counts {fps:g} frames a second and {take.name} {rate:g}; its frames are converted")
    return load_schedule(path, rate if fps is None else fps, frames=fps is not None)


def _script(path: Path, take: Take, model: LiveModel, remark: Callable[[str], None], strict: bool) -> Timeline:
    script = load_script(path)
    problems = check_script(script, take, model)
    try:
        refuse(problems, strict)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    for problem in problems:
        remark(str(problem))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the check has said what is converted
        return timeline_for(take, script)


def _staged(
    line: Timeline | None, text: str | None, folder: Path, remark: Callable[[str], None] | None = None
) -> Timeline | None:
    """A timeline, or that of the take, with one set all through in place of its own; as it is where none is given.

    The cast stays: the last that the timeline names, else the last of the take, so that its recorded mattes serve.
    """
    if text is None:
        return line
    set_ = set_of(text, Store(production_folder(folder)), remark)
    shot = Take.open(folder).timeline
    line = shot if line is None else line
    if set_ is None:
        return replace(line, sets=())
    casts = [each.set_lane.cast(key.time_s) for each in (shot, line) for key in each.sets]
    cast = next((cast for cast in reversed(casts) if cast), None)
    return replace(line, sets=(SetKey(0.0, {**set_, "cast": cast} if cast else set_),))


def name_of(job: Job) -> str:
    """A job for the display: `my-film S01 A T003, underwater → wild west, seed 2`."""
    parts = [" ".join(job.take.parts[-4:])]
    if job.timeline is not None:
        parts.append(" → ".join(job.timeline.texts()[:3]))
        parts += [f"set {words_of(key.set)}" for key in job.timeline.sets[:1]]
    if job.seed is not None:
        parts.append(f"seed {job.seed}")
    return ", ".join(parts)


def summary(result: JobResult) -> str:
    """How a job ended, for a person."""
    if result.version is None:
        return f"{name_of(result.job)}: {result.error}"
    info = result.version.info
    exact = "" if info["exact"] or result.job.seed is not None else "; on another numeric set-up than the take's"
    again = f"; {result.tries - 1} workers lost on the way" if result.tries > 1 else ""
    return f"{name_of(result.job)}: {result.version.name}, {result.version.provenance}{exact}{again}"


@contextmanager
def display(jobs: Sequence[Job], console: Console) -> Iterator[Callable[[JobProgress], None]]:
    """One live display of all jobs on a terminal, those that run with a bar each; nothing in a pipe."""
    columns = (
        words_column("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        words_column("{task.fields[where]}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        whole = bars.add_task(f"{len(jobs)} renders", total=len(jobs), where="")
        running: dict[int, TaskID] = {}
        ended: set[int] = set()

        def advance(progress: JobProgress) -> None:
            if progress.number not in running:
                running[progress.number] = bars.add_task(name_of(progress.job), total=None, where="")
            if progress.error or 0 < progress.total == progress.done:
                ended.add(progress.number)
                bars.update(whole, completed=len(ended))
            again = f"{progress.worker or 'lost, waits'} (try {progress.tries})"
            bars.update(
                running[progress.number],
                completed=progress.done,
                total=progress.total or None,
                where=progress.worker if progress.tries == 1 else again,
                visible=progress.number not in ended,
            )

        yield advance
