"""Many renders at once: takes, or variants of one take, in processes of this machine or on a Ray cluster.

    outcomes = render_many([Job(take.folder, timeline) for timeline in variants], workers=2)

Every job is a render of its own (studio/rendering/render.py), so its output is that of a local render, byte for byte, wherever it
was made. A job whose worker is lost goes to another one, which goes on from the last checkpoint.

    Workers          where jobs run: farm/local.py (processes), farm/cluster.py (Ray)
    worker.work      what runs there, the same for both
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from studio.takes.take import Manifest, Render, Take, TakeError
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.timeline import Timeline

TRIES = 3
"""Workers that a job may lose before it counts as failed: perhaps it is the job that kills them."""


@dataclass(frozen=True)
class Job:
    """One render: a take under a timeline."""

    take: Path
    """The take's folder. On a cluster it lies on a disk that every machine sees at the same path."""
    timeline: Timeline | None = None
    """None is what was played live."""
    seed: int | None = None
    """None is the take's. Another one makes every frame anew."""
    full: bool = False
    """Make every frame anew, not only those from the first change."""
    weights: Path | None = None
    """A file in place of the take's or the shipped weights."""
    device: str = "auto"
    """auto, cpu, cuda or mps; auto is the take's own where it is there."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, with absolute paths."""
        return {
            "take": str(Path(self.take).absolute()),
            "timeline": timeline_to_dict(self.timeline) if self.timeline is not None else None,
            "seed": self.seed,
            "full": self.full,
            "weights": str(Path(self.weights).absolute()) if self.weights is not None else None,
            "device": self.device,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """From `to_dict`'s values."""
        timeline, weights = data["timeline"], data["weights"]
        return cls(
            take=Path(data["take"]),
            timeline=timeline_from_dict(timeline) if timeline is not None else None,
            seed=data["seed"],
            full=data["full"],
            weights=Path(weights) if weights is not None else None,
            device=data["device"],
        )


@dataclass(frozen=True)
class WorkerEvent:
    """What a worker says of the job that it has."""

    kind: Literal["progress", "made", "failed", "lost"]
    text: str = ""
    """made: the version's folder. failed, lost: why."""
    done: int = 0
    total: int = 0
    """Frames; of progress."""
    worker: str = ""
    """Machine and process number; of progress."""


class Workers(Protocol):
    """Runs jobs, as many at once as there is room for. For one thread."""

    def submit(self, number: int, job: Job) -> None:
        """Take a job in, under a number that its news will bear; it may wait for room."""

    def news(self) -> tuple[int, WorkerEvent]:
        """Wait for the next news of any job. The last of a job is `made`, `failed` or, from this side, `lost`."""

    def close(self) -> None:
        """End what still runs. Checkpoints stay, so that the same render goes on from them."""


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    number: int
    """Which of the jobs, from 0."""
    job: Job
    done: int
    total: int
    """Frames; both 0 while a lost job waits for its next worker."""
    worker: str
    """Machine and process number that makes it; empty while it waits."""
    tries: int
    """Workers that had it so far, from 1."""
    error: str = ""
    """Why it failed, in its last news."""


@dataclass(frozen=True)
class JobResult:
    """How a job ended."""

    job: Job
    version: Render | None
    """None where it failed."""
    error: str = ""
    """Why it failed, in words."""
    tries: int = 1
    """Workers that it took."""


def render_many(
    jobs: Sequence[Job],
    *,
    workers: int | None = None,
    ray: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[JobResult]:
    """Render all jobs into new versions of their takes; returns an outcome for each, in the order of the jobs.

    workers: processes on this machine; by default as many as its cores hold, or one where a GPU is meant. ray: in their
    place the address of a Ray cluster (`auto`, `host:port`, `ray://host:port`), or `local` for one that lives as long
    as the call. progress: called in this thread, a few times a second and at each job's start and end; what it raises
    ends all jobs. A failing job does not stop the others: its outcome says why. Versions are numbered as they are
    finished. Raises ValueError or ConnectionError for workers that cannot be had.
    """
    if not jobs:
        return []
    outcomes: dict[int, JobResult] = {}
    tries = dict.fromkeys(range(len(jobs)), 1)

    def tell(number: int, news: WorkerEvent, error: str = "") -> None:
        if progress is not None:
            progress(Progress(number, jobs[number], news.done, news.total, news.worker, tries[number], error))

    room = _open(jobs, workers, ray)
    try:
        for number, job in enumerate(jobs):
            room.submit(number, job)
        while len(outcomes) < len(jobs):
            number, news = room.news()
            job = jobs[number]
            if news.kind == "progress":
                tell(number, news)
            elif news.kind == "made":
                version = next(one for one in Take.open(job.take).renders if one.folder.name == Path(news.text).name)
                outcomes[number] = JobResult(job, version, tries=tries[number])
            elif news.kind == "lost" and tries[number] < TRIES:
                tries[number] += 1
                tell(number, news)
                room.submit(number, job)
            else:
                why = f"{TRIES} workers were lost with it, the last: {news.text}" if news.kind == "lost" else news.text
                outcomes[number] = JobResult(job, None, why, tries[number])
                tell(number, news, why)
    finally:
        room.close()
    return [outcomes[number] for number in range(len(jobs))]


def threads_of(job: Job) -> int:
    """Cores that a job wants: those of its take's set-up, for others would round otherwise; 1 beside a GPU."""
    return int(_setup(job).get("threads", 1)) if device_of(job) == "cpu" else 1


def device_of(job: Job) -> str:
    """Where a job will run, if it is there: auto is where its take was made."""
    return job.device if job.device != "auto" else str(_setup(job).get("device", "cpu"))


def _setup(job: Job) -> dict[str, Any]:
    """The set-up that made a job's take; empty where it cannot be read, which its worker will say."""
    try:
        return Manifest.load(job.take)[0].engine.setup
    except TakeError:
        return {}


def _open(jobs: Sequence[Job], workers: int | None, ray: str | None) -> Workers:
    if workers is not None and ray is not None:
        raise ValueError("--workers and --ray exclude each other: a Ray cluster knows its own workers")
    if ray is not None:
        from studio.farm.cluster import Cluster  # an extra, and heavy

        return Cluster(ray)
    from studio.farm.local import Processes

    if workers is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        workers = max(1, cores // max(threads_of(job) if device_of(job) == "cpu" else cores for job in jobs))
    if workers < 1:
        raise ValueError(f"{workers} workers; at least 1 is needed")
    return Processes(min(workers, len(jobs)))
