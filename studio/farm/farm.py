"""Many renders at once: takes, or variants of one take, in processes of this machine or on a Ray cluster.

    results = render_many([Job(take.folder, timeline) for timeline in variants], workers=2)

    farm = Farm(Processes(1), folder)      # the same in the background: for pages, whose people come and go
    name = farm.submit(Job(take.folder))
    farm.status(name); farm.cancel(name)

Every job is a render of its own (studio/rendering/render.py), so its output is that of a local render, byte for byte,
wherever it was made. A job whose worker is lost goes to another one, which goes on from the last checkpoint.

    Workers          where jobs run: farm/local.py (processes), farm/inprocess.py (a thread), farm/cluster.py (Ray)
    worker.work      what runs there, the same for all
"""

from __future__ import annotations

import itertools
import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

from engine.types import LiveModel
from studio.farm.inprocess import InProcess
from studio.farm.jobs import Job, JobProgress, JobResult, WorkerEvent, Workers, device_of, threads_of
from studio.farm.local import Processes
from studio.takes.documents import TakeError, read_document, write_document
from studio.takes.take import Take
from studio.workers import Worker

TRIES = 3
"""Workers that a job may lose before it counts as failed: perhaps it is the job that kills them."""

log = logging.getLogger(__name__)


def render_many(
    jobs: Sequence[Job],
    *,
    workers: int | None = None,
    ray: str | None = None,
    model: LiveModel | None = None,
    progress: Callable[[JobProgress], None] | None = None,
) -> list[JobResult]:
    """Render all jobs into new versions of their takes; returns a result for each, in the order of the jobs.

    workers: processes on this machine; by default as many as its cores hold, or one where a GPU is meant. ray: in their
    place the address of a Ray cluster (`auto`, `host:port`, `ray://host:port`), or `local` for one that lives as long
    as the call. model: in their place this one renders all jobs, one after the other, in this process. progress: called
    in this thread, a few times a second and at each job's start and end; what it raises ends all jobs. A failing job
    does not stop the others: its result says why. Versions are numbered as they are finished. Raises ValueError or
    ConnectionError for workers that cannot be had.
    """
    if not jobs:
        return []
    results: dict[int, JobResult] = {}
    tracker = _Tracker(_open(jobs, workers, ray, model))
    try:
        for number, job in enumerate(jobs):
            tracker.submit(number, job)
        while len(results) < len(jobs):
            state = tracker.next()
            if state.result is not None:
                results[state.number] = state.result
            if progress is not None and (state.result is None or state.error):
                progress(state)
    finally:
        tracker.close()
    return [results[number] for number in range(len(jobs))]


class _Tracker:
    """Jobs that workers have, by number: turns events into progress and results, and hands lost jobs out again."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._jobs: dict[int, Job] = {}
        self._tries: dict[int, int] = {}

    def submit(self, number: int, job: Job) -> None:
        self._jobs[number], self._tries[number] = job, 1
        self._workers.submit(number, job)

    def cancel(self, number: int) -> None:
        self._workers.cancel(number)

    def close(self) -> None:
        self._workers.close()

    def next(self) -> JobProgress:
        """Wait until a job has come further."""
        number, event = self._workers.next_event()
        job, tries = self._jobs[number], self._tries[number]
        state = JobProgress(number, job, event.done, event.total, event.worker, tries)
        if event.kind == "progress":
            return state
        if event.kind == "lost" and tries < TRIES:
            self._tries[number] += 1
            self._workers.submit(number, job)
            return replace(state, tries=tries + 1)
        result = _result(job, event, tries)
        return replace(state, error=result.error, result=result)


def _result(job: Job, event: WorkerEvent, tries: int) -> JobResult:
    """How a job ended, by the last event of its last worker."""
    if event.kind == "made":
        try:
            versions = {version.folder.name: version for version in Take.open(job.take).renders}
            return JobResult(job, versions[Path(event.text).name], tries=tries, remarks=event.remarks)
        except (TakeError, KeyError):
            return JobResult(job, None, f"{event.text} was made, and is gone", tries)
    if event.kind == "lost":
        return JobResult(job, None, f"{TRIES} workers were lost with it, the last: {event.text}", tries)
    cancelled = event.kind == "cancelled"
    return JobResult(job, None, "it was cancelled" if cancelled else event.text, tries, cancelled)


JobState = Literal["waiting", "running", "made", "failed", "cancelled"]


@dataclass(frozen=True)
class JobStatus:
    """A job of a `Farm`, for a page."""

    name: str
    job: Job
    state: JobState = "waiting"
    done: int = 0
    total: int = 0
    """Frames; both 0 until the first is made."""
    version: str = ""
    """`v002`, once it is made."""
    error: str = ""
    """Why there is no version, in words."""


class Farm:
    """Renders in the background: jobs are submitted, listed, polled and cancelled by name, from any thread.

    workers: where they run. folder: where jobs are kept until they end, so that a studio that was killed goes on with
    them at its next start, each from its last checkpoint; None keeps none. ended: called in the farm's thread with
    every job that has ended.
    """

    def __init__(
        self, workers: Workers, folder: Path | None = None, ended: Callable[[JobStatus], None] = lambda status: None
    ) -> None:
        self._tracker, self._folder, self._ended = _Tracker(workers), folder, ended
        self._lock = threading.Lock()
        self._jobs: dict[str, JobStatus] = {}
        self._names: dict[int, str] = {}
        self._numbers = itertools.count()
        self._worker: Worker | None = None
        for path in sorted(folder.glob("*.json"), key=_came) if folder else ():
            try:
                self._submit(path.stem, Job.from_dict(read_document(path)[0]))
            except ValueError as error:
                log.warning("%s is left out: %s", path, error)

    def submit(self, job: Job) -> str:
        """Render a job when there is room; returns the name under which it is listed. Raises OSError."""
        name = uuid.uuid4().hex
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_document(self._folder / f"{name}.json", job.to_dict())
        self._submit(name, job)
        return name

    def jobs(self) -> list[JobStatus]:
        """Every job since the farm began, and those that it found, in the order in which they came."""
        with self._lock:
            return list(self._jobs.values())

    def status(self, name: str) -> JobStatus:
        """How far a job is. Raises TakeError for a name that is not known."""
        with self._lock:
            if name not in self._jobs:
                raise TakeError("the studio does not know this render; it was started anew")
            return self._jobs[name]

    def cancel(self, name: str) -> None:
        """End a job; its checkpoints stay, so that the same render goes on where it was. Raises TakeError."""
        self.status(name)
        number = next(number for number, other in self._names.items() if other == name)
        self._tracker.cancel(number)

    def close(self) -> None:
        """End what runs; jobs that are kept in a folder go on at the next start."""
        self._folder = None
        self._tracker.close()

    def _submit(self, name: str, job: Job) -> None:
        with self._lock:
            number = next(self._numbers)
            self._names[number] = name
            self._jobs[name] = JobStatus(name, job)
            self._tracker.submit(number, job)
            if self._worker is None:
                self._worker = Worker("farm", self._run, self._broke).start()

    def _run(self) -> None:
        """Follow the workers, as long as the studio lives."""
        while True:
            progress = self._tracker.next()
            with self._lock:
                name = self._names[progress.number]
                self._jobs[name] = status = _status(self._jobs[name], progress)
            if progress.result is not None:
                if self._folder:
                    with suppress(OSError):
                        (self._folder / f"{name}.json").unlink(missing_ok=True)
                try:
                    self._ended(status)
                except Exception:  # the other jobs are followed all the same
                    log.exception("%s has ended, and that could not be said", name)

    def _broke(self, error: str) -> None:
        """Nobody follows the workers any more: what waits and runs has failed; the next job is followed anew."""
        with self._lock:
            self._worker = None
            for name, status in self._jobs.items():
                if status.state in ("waiting", "running"):
                    self._jobs[name] = replace(status, state="failed", error=f"the farm failed: {error}")


def _status(before: JobStatus, progress: JobProgress) -> JobStatus:
    result = progress.result
    if result is None:
        return replace(before, state="running", done=progress.done, total=progress.total)
    if result.version is not None:
        return replace(before, state="made", version=result.version.name)
    if result.cancelled:
        return replace(before, state="cancelled")
    return replace(before, state="failed", error=result.error)


def _open(jobs: Sequence[Job], workers: int | None, ray: str | None, model: LiveModel | None) -> Workers:
    if workers is not None and ray is not None:
        raise ValueError("--workers and --ray exclude each other: a Ray cluster knows its own workers")
    if ray is not None:
        from studio.farm.cluster import Cluster  # an extra, and heavy

        return Cluster(ray)
    if model is not None and workers is None:
        return InProcess(model)
    if workers is None:
        cores = usable_cores()
        workers = max(1, cores // max(threads_of(job) if device_of(job) == "cpu" else cores for job in jobs))
    if workers < 1:
        raise ValueError(f"{workers} workers; at least 1 is needed")
    return Processes(min(workers, len(jobs)))


def _came(path: Path) -> tuple[int, str]:
    """When a job's file was written: names are chosen at random."""
    return path.stat().st_mtime_ns, path.name


def usable_cores() -> int:
    """CPU cores that this process may use."""
    process = psutil.Process()
    return (
        len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else psutil.cpu_count() or 1
    )  # macOS has none
