"""A worker of the farm: one job after the other, each a render that goes on from the checkpoints that it finds.

As a program it reads jobs from standard input and answers with news on standard output, both a line of JSON each.
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

from engine.types import LiveModel
from studio.farm import Job, WorkerEvent
from studio.model import load_model
from studio.rendering.render import render
from studio.takes.take import EngineEntry, Take

NEWS_S = 0.2
"""Progress is told so often."""

log = logging.getLogger(__name__)


def work(job: Job, tell: Callable[[WorkerEvent], None]) -> WorkerEvent:
    """Render a job, telling its progress; returns how it ended, whatever happens."""
    told = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal told
        if done in (1, total) or time.monotonic() - told > NEWS_S:
            told = time.monotonic()
            tell(WorkerEvent("progress", done=done, total=total, worker=f"{socket.gethostname()}:{os.getpid()}"))

    try:
        take = Take.open(job.take)
        stream = _stream(take.manifest.engine.model_dump_json(), job.device, job.weights)
        stream.seed = take.manifest.engine.seed if job.seed is None else job.seed
        timeline = take.timeline if job.timeline is None else job.timeline
        version = render(take, timeline, stream, full=job.full, progress=progress, resumable=True)
    except (ValueError, OSError) as error:
        return WorkerEvent("failed", str(error))
    except Exception as error:  # the other jobs go on; this one's outcome says what it was
        log.exception("%s", job.take)
        return WorkerEvent("failed", f"{type(error).__name__}: {error}")
    return WorkerEvent("made", str(version.folder))


@functools.lru_cache(maxsize=1)
def _stream(engine: str, device: str, weights: Path | None) -> LiveModel:
    """The stream of the last job, where the next one's is like it."""
    return load_model(EngineEntry.model_validate_json(engine), device=device, weights=weights)


def main() -> None:
    """Work until standard input ends, or nobody listens any more."""
    news = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no news

    def tell(one: WorkerEvent) -> None:
        print(json.dumps(vars(one)), file=news)

    try:
        for line in sys.stdin:
            tell(work(Job.from_dict(json.loads(line)), tell))
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
