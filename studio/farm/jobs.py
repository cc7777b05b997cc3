"""What a render farm speaks of: jobs, what workers report, how far a job is, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, StrictBool

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
    start_s: float | None = None
    end_s: float | None = None
    """The part of the take that is shown anew, in seconds; None is its start, and its end."""
    steps: int | None = None
    """Denoising steps a frame; None is the take's."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels; None is the take's."""
    name: str = ""
    note: str = ""
    """What the version is called, and what is said of it."""
    strict: bool = False
    """Fail where there is a warning."""
    checked: bool = False
    """The warnings have been said already."""

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
            "start_s": self.start_s,
            "end_s": self.end_s,
            "steps": self.steps,
            "size": self.size and list(self.size),
            "name": self.name,
            "note": self.note,
            "strict": self.strict,
            "checked": self.checked,
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
            start_s=entry.start_s,
            end_s=entry.end_s,
            steps=entry.steps,
            size=entry.size,
            name=entry.name,
            note=entry.note,
            strict=entry.strict,
            checked=entry.checked,
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
    start_s: float | None = None
    end_s: float | None = None
    steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    size: tuple[int, int] | None = None
    name: str = ""
    note: str = ""
    strict: StrictBool = False
    checked: StrictBool = False


@dataclass(frozen=True)
class WorkerEvent:
    """What a worker reports of the job that it has."""

    kind: Literal["progress", "made", "failed", "lost", "cancelled"]
    text: str = ""
    """made: the version's folder. failed, lost: why."""
    done: int = 0
    total: int = 0
    """Frames; of progress."""
    remarks: Sequence[str] = ()
    """What people should know of a version that was made."""
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
    remarks: Sequence[str] = ()
    """What people should know of the version: that it was there already, why frames were made again."""


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
