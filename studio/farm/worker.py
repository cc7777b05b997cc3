"""A worker of the farm: one job after the other, each a render that goes on from the checkpoints that it finds.

As a program it reads jobs from standard input and answers with events on standard output, both a line of JSON each.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from engine.types import LiveModel
from studio.farm.jobs import Job, WorkerEvent
from studio.model import load_model
from studio.rendering.render import render
from studio.takes.manifest import EngineEntry
from studio.takes.take import Take
from studio.workers import text_of

EVENTS_S = 0.2
"""Seconds between two events of progress, at least."""

Load: TypeAlias = Callable[[EngineEntry, str, Path | None], LiveModel]
"""A model for a take's engine entry, on a device, with weights in place of the take's own."""

log = logging.getLogger(__name__)


def load_again(engine: EngineEntry, device: str, weights: Path | None) -> LiveModel:
    """The model of the last job where the next one's is like it, else a new one."""
    return _load(engine.model_dump_json(), device, weights)


@functools.lru_cache(maxsize=1)
def _load(engine: str, device: str, weights: Path | None) -> LiveModel:
    return load_model(EngineEntry.model_validate_json(engine), device=device, weights=weights)


def work(job: Job, tell: Callable[[WorkerEvent], None], load: Load = load_again) -> WorkerEvent:
    """Render a job, and `tell` its progress; returns how it ended, whatever happens. What `tell` raises ends it."""
    told_s = 0.0
    remarks: list[str] = []

    def progress(done: int, total: int) -> None:
        nonlocal told_s
        if done in (1, total) or time.monotonic() - told_s > EVENTS_S:
            told_s = time.monotonic()
            tell(WorkerEvent("progress", done=done, total=total, worker=f"{socket.gethostname()}:{os.getpid()}"))

    try:
        take = Take.open(job.take)
        engine = take.manifest.engine
        if job.steps is not None:
            engine = engine.model_copy(update={"steps": job.steps})
        model = load(engine, job.device, job.weights)
        model.seed = take.manifest.engine.seed if job.seed is None else job.seed
        timeline = take.timeline if job.timeline is None else job.timeline
        version = render(
            take,
            timeline,
            model,
            start_s=job.start_s,
            end_s=job.end_s,
            steps=job.steps,
            size=job.size,
            name=job.name,
            note=job.note,
            full=job.full,
            progress=progress,
            mattes=job.mattes,
            strict=job.strict,
            check=not job.checked,
            remark=remarks.append,
        )
    except (ValueError, OSError) as error:
        return WorkerEvent("failed", text_of(error))
    except Exception as error:  # the other jobs go on; this one's result says what it was
        log.exception("%s", job.take)
        return WorkerEvent("failed", f"{type(error).__name__}: {error}")
    return WorkerEvent("made", str(version.folder), remarks=remarks)


def main() -> None:
    """Work until standard input ends, or nobody listens any more."""
    events = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is not an event

    def tell(event: WorkerEvent) -> None:
        print(json.dumps(vars(event)), file=events)

    try:
        for line in sys.stdin:
            tell(work(Job.from_dict(json.loads(line)), tell))
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
