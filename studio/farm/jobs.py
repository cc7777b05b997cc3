"""What a render farm speaks of: jobs, what workers report, how far a job is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import StrictBool

from studio.rendering.replay import MatteChoice
from studio.takes.documents import TakeError
from studio.takes.manifest import Entry, Manifest, Seed, entry_of
from studio.takes.version import Render
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.timeline import Timeline


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
    mattes: MatteChoice = "recorded"
    """Where a set stands, the recorded mattes of the same cast, or all made anew."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, with absolute paths."""
        return {
            "take": str(Path(self.take).absolute()),
            "timeline": timeline_to_dict(self.timeline) if self.timeline is not None else None,
            "seed": self.seed,
            "full": self.full,
            "weights": str(Path(self.weights).absolute()) if self.weights is not None else None,
            "device": self.device,
            "mattes": self.mattes,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """From `to_dict`'s values. Raises ValueError, which names the field."""
        entry = entry_of(_JobEntry, data)
        return cls(
            take=Path(entry.take),
            timeline=timeline_from_dict(entry.timeline) if entry.timeline is not None else None,
            seed=entry.seed,
            full=entry.full,
            weights=Path(entry.weights) if entry.weights is not None else None,
            device=entry.device,
            mattes=entry.mattes,
        )


class _JobEntry(Entry):
    """A job as it stands in a file."""

    take: str
    timeline: dict[str, Any] | None
    seed: Seed | None
    full: StrictBool
    weights: str | None
    device: Literal["auto", "cpu", "cuda", "mps"]
    mattes: MatteChoice = "recorded"


@dataclass(frozen=True)
class WorkerEvent:
    """What a worker reports of the job that it has."""

    kind: Literal["progress", "made", "failed", "lost", "cancelled"]
    text: str = ""
    """made: the version's folder. failed, lost: why."""
    done: int = 0
    total: int = 0
    """Frames; of progress."""
    worker: str = ""
    """Machine and process number; of progress."""


class Workers(Protocol):
    """Runs jobs, as many at once as there is room for. One thread waits for events; any may submit and cancel."""

    def submit(self, number: int, job: Job) -> None:
        """Take a job in, under a number that its events bear; it may wait for room."""

    def next_event(self) -> tuple[int, WorkerEvent]:
        """Wait for the next event of any job. The last of a job is `made`, `failed`, `cancelled` or, reported from
        this side, `lost`."""

    def cancel(self, number: int) -> None:
        """End a job, which reports `cancelled`; one that has ended stays as it is. Its checkpoints stay."""

    def close(self) -> None:
        """End what still runs. Checkpoints stay, so that the same render goes on from them."""


@dataclass(frozen=True)
class JobResult:
    """How a job ended."""

    job: Job
    version: Render | None
    """None where it failed, or was cancelled."""
    error: str = ""
    """Why there is no version, in words."""
    tries: int = 1
    """Workers that it took."""
    cancelled: bool = False


@dataclass(frozen=True)
class JobProgress:
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
    """Why it failed, in its last event."""
    result: JobResult | None = None
    """How it ended; None while it runs."""


def threads_of(job: Job) -> int:
    """Cores that a job wants: those of its take's set-up, for others would round otherwise; 1 beside a GPU."""
    return int(_setup(job).get("threads", 1)) if device_of(job) == "cpu" else 1


def device_of(job: Job) -> str:
    """Where a job will run, if it is there: auto is where its take was made."""
    return job.device if job.device != "auto" else str(_setup(job).get("device", "cpu"))


def _setup(job: Job) -> dict[str, Any]:
    """The set-up that made a job's take; empty where it cannot be read, which its worker will report."""
    try:
        return Manifest.load(job.take)[0].engine.setup
    except TakeError:
        return {}
