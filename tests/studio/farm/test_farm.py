"""Many renders at once give what each alone gives; a lost worker costs its last two seconds, a bad job itself alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from engine.stream import Stream
from studio.farm.cluster import Cluster
from studio.farm.command import _staged, plan
from studio.farm.farm import Farm, JobStatus, render_many
from studio.farm.inprocess import InProcess
from studio.farm.jobs import Job, JobProgress, WorkerEvent
from studio.farm.local import Processes
from studio.model import load_model
from studio.rendering import checkpoints
from studio.rendering.checkpoints import Checkpoints
from studio.rendering.render import render
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline


def edited(take: Take) -> Timeline:
    return take.timeline.add(Key(0.5, "wild west", 0.2))


def same(version: Render, other: Render) -> None:
    """All but the moment at which they were made."""
    for name in ("out.mp4", "timeline.json"):
        assert (version.folder / name).read_bytes() == (other.folder / name).read_bytes(), name
    assert {**version.info, "made": ""} == {**other.info, "made": ""}


def alone(take: Take, timeline: Timeline, folder: Path, seed: int = 7, full: bool = False) -> Render:
    """What a render of one copy of the take in this process gives."""
    shutil.copytree(take.folder, folder)
    stream = load_model(take.manifest.engine)
    stream.seed = seed
    return render(Take.open(folder), timeline, stream, full=full)


class Killed(BaseException):
    """In place of a kill: nothing is cleaned up that a kill would leave."""


# -- checkpoints


@pytest.mark.parametrize("after", [49, *(pytest.param(after, marks=pytest.mark.long) for after in (1, 48, 75))])
def test_a_killed_render_goes_on_from_its_checkpoint(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The heir makes only what is after the last checkpoint, and its version is that of an undisturbed render."""
    expected = alone(take, edited(take), tmp_path / "alone")
    stream = load_model(take.manifest.engine)

    def stop(done: int, total: int) -> None:
        if done == expected.info["reused"] + after:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "close", lambda self: self._lock.release())
        with pytest.raises(Killed):
            render(take, edited(take), stream, progress=stop, resumable=True)
    assert not take.renders
    made: list[int] = []
    step = Stream.step

    def counted(self: Stream, rgb: np.ndarray, time_s: float, index: int) -> np.ndarray:
        made.append(index)
        return step(self, rgb, time_s, index)

    monkeypatch.setattr(Stream, "step", counted)
    version = render(take, edited(take), stream, resumable=True)
    same(version, expected)
    whole = len(expected.info["hashes"]) - expected.info["reused"]
    if after >= checkpoints.EVERY:
        assert len(made) == whole - checkpoints.EVERY
    else:
        assert len(made) >= whole  # and those from the take's last snapshot before the edit
    assert [path.name for path in (take.folder / "renders").iterdir()] == ["v001"]


def test_checkpoints_of_something_else_are_left_alone(take: Take) -> None:
    versions = take.folder / "renders"
    one, other, third = (Checkpoints(versions, {"seed": seed}) for seed in (1, 1, 2))
    assert len({one.folder, other.folder, third.folder}) == 3
    for found in (one, other, third):
        found.close()
    assert list(versions.iterdir()) == []


# -- processes


@pytest.mark.long
def test_variants_and_takes_are_as_if_rendered_alone(take: Take, tmp_path: Path) -> None:
    """Timelines, seeds and takes at once; the outcomes are in the order of the jobs, and one that fails says why."""
    nowhere = tmp_path / "nowhere"
    jobs = [
        Job(take.folder, edited(take)),
        Job(nowhere),
        Job(take.folder, Timeline.of("underwater"), seed=3),
        Job(take.folder, full=True),
    ]
    heard: list[JobProgress] = []
    outcomes = render_many(jobs, workers=2, progress=heard.append)
    assert [outcome.job for outcome in outcomes] == jobs
    assert outcomes[1].version is None
    assert f"{nowhere} is not a folder" in outcomes[1].error
    versions = [outcome.version for outcome in outcomes if outcome.version]
    assert sorted(version.name for version in versions) == ["v001", "v002", "v003"]
    same(versions[0], alone(take, edited(take), tmp_path / "a"))
    same(versions[1], alone(take, Timeline.of("underwater"), tmp_path / "b", seed=3))
    same(versions[2], alone(take, take.timeline, tmp_path / "c", full=True))
    for number in (0, 2, 3):
        steps = [one.done for one in heard if one.number == number]
        assert steps == sorted(steps)
        assert steps[-1] == len(take.made)
    assert [one.error for one in heard if one.number == 1] == [outcomes[1].error]
    assert len({one.worker for one in heard if one.worker}) == 2


def kill_one(heard: list[JobProgress], killed: list[int], one: JobProgress) -> None:
    """The first worker that is past a checkpoint dies by SIGKILL."""
    heard.append(one)
    if not killed and one.done > 60:
        killed.append(int(one.worker.rpartition(":")[2]))
        os.kill(killed[0], signal.SIGKILL)


def assert_survived(take: Take, folder: Path, jobs: list[Job], heard: list[JobProgress], **where: object) -> None:
    """One worker was killed in mid-render: its job went to another one, and nothing shows in the versions."""
    killed: list[int] = []
    outcomes = render_many(jobs, progress=lambda one: kill_one(heard, killed, one), **where)  # type: ignore[arg-type]
    assert sorted(outcome.tries for outcome in outcomes) == [1, 2], [outcome.error for outcome in outcomes]
    for number, outcome in enumerate(outcomes):
        assert outcome.version is not None, outcome.error
        timeline = outcome.job.timeline or take.timeline
        same(outcome.version, alone(take, timeline, folder / f"alone{number}", full=True))
    (again,) = {one.number for one in heard if one.tries == 2}
    workers = [one.worker for one in heard if one.number == again and one.worker]
    assert workers[-1] != workers[0]
    assert workers[0].endswith(f":{killed[0]}")
    assert sorted(path.name for path in (take.folder / "renders").iterdir()) == ["v001", "v002"]


@pytest.mark.long
def test_a_killed_process_is_replaced(take: Take, tmp_path: Path) -> None:
    jobs = [Job(take.folder, full=True), Job(take.folder, edited(take), full=True)]
    assert_survived(take, tmp_path, jobs, [], workers=2)


@pytest.mark.long
def test_a_killed_worker_of_a_ray_cluster_is_replaced(take: Take, tmp_path: Path) -> None:
    jobs = [Job(take.folder, full=True), Job(take.folder, edited(take), full=True)]
    at_sigterm = signal.getsignal(signal.SIGTERM)
    assert_survived(take, tmp_path, jobs, [], ray="local")
    assert signal.getsignal(signal.SIGTERM) is at_sigterm, "Ray puts its own there, and leaves it"


@pytest.mark.parametrize("error", [None, RuntimeError("timed out during startup")])
def test_what_ray_does_with_a_signal_ends_with_it(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """Its own function sets the handler; a whole Ray takes half a minute to start."""
    utils = pytest.importorskip("ray._private.utils")

    def init(*_: object, **__: object) -> None:
        utils.set_sigterm_handler(lambda *_: None)
        assert signal.getsignal(signal.SIGTERM) is not at_sigterm
        if error:
            raise error

    at_sigterm = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("studio.farm.cluster.ray.init", init)
    with contextlib.suppress(RuntimeError):
        Cluster("auto").close()
    assert signal.getsignal(signal.SIGTERM) is at_sigterm


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "auto"])
def test_a_missing_cluster_says_so_at_once(address: str) -> None:
    with pytest.raises(ConnectionError, match="Ray"):
        render_many([Job(Path("x"))], ray=address)


@pytest.mark.long
def test_a_job_that_kills_its_workers_fails_after_three(take: Take) -> None:
    heard: list[JobProgress] = []

    def kill(one: JobProgress) -> None:
        heard.append(one)
        if one.worker and not [other for other in heard[:-1] if other.worker == one.worker]:
            os.kill(int(one.worker.rpartition(":")[2]), signal.SIGKILL)

    (outcome,) = render_many([Job(take.folder, full=True)], progress=kill)
    assert (outcome.version, outcome.tries) == (None, 3)
    assert "3 workers were lost with it, the last: process" in outcome.error
    assert "SIGKILL" in outcome.error


@pytest.mark.parametrize(
    ("options", "says"),
    [({"workers": 0}, "0 workers"), ({"workers": 2, "ray": "auto"}, "exclude each other")],
)
def test_workers_that_cannot_be_had(options: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        render_many([Job(Path("x"))], **options)  # type: ignore[arg-type]


# -- what the command line plans


def test_frames_of_another_rate_are_converted_and_that_is_said(take: Take, tmp_path: Path) -> None:
    schedule, said = tmp_path / "words.json", list[str]()
    schedule.write_text('{"0": "underwater", "12": "wild west"}')
    for fps, time_s in ((24.0, 0.5), (12.0, 1.0)):
        (job,) = plan([take.folder], schedules=[schedule], fps=fps, remark=said.append)
        assert job.timeline
        assert job.timeline.keys[1].time_s == time_s
    assert said == [f"{schedule} counts 12 frames a second and {take.name} 24; its frames are converted"]


def test_a_take_that_cannot_be_opened_does_not_keep_a_set_from_the_others(take: Take, tmp_path: Path) -> None:
    jobs = plan([tmp_path, take.folder], sets=["castle", "off"])
    assert [(job.take, job.timeline is None) for job in jobs] == [
        (tmp_path, True),
        (take.folder, False),
        (take.folder, False),
    ]


def test_another_set_keeps_the_cast(take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever shot before a green screen would find the screen again, and recorded mattes would lie idle."""
    key, disc = (
        {"matter": "chroma", "settings": {"key": [40, 200, 60]}},
        {"matter": "none", "also": {"colour": "white"}},
    )
    shot = take.timeline.with_set(0.1, {"colour": "red"}).with_set(0.2, {"colour": "blue", "cast": key})
    monkeypatch.setattr(Take, "timeline", shot)
    other = Timeline.of("underwater")
    for line, cast in ((None, key), (other, key), (other.with_set(0, {"colour": "red", "cast": disc}), disc)):
        staged = _staged(line, "castle", take.folder)
        assert staged
        assert [(key.time_s, key.set) for key in staged.sets] == [(0, {"gallery": "castle", "cast": cast})]
    off = _staged(None, "off", take.folder)
    assert off
    assert off.sets == ()


# -- in the background


def wait_for(farm: Farm, name: str, *states: str) -> JobStatus:
    """The job, when it has come to one of these states."""
    end_s = time.monotonic() + 60
    while (status := farm.status(name)).state not in states:
        assert time.monotonic() < end_s, status
        time.sleep(0.01)
    return status


@pytest.mark.long
def test_a_farm_renders_in_the_background_with_the_model_that_it_has(take: Take, tmp_path: Path) -> None:
    model = load_model(take.manifest.engine)
    model.seed = 99
    farm = Farm(InProcess(model), tmp_path / "jobs")
    names = [farm.submit(Job(take.folder, edited(take))), farm.submit(Job(tmp_path / "nowhere"))]
    made, failed = (wait_for(farm, name, "made", "failed") for name in names)
    assert (made.state, made.version, failed.state) == ("made", "v001", "failed")
    assert "is not a folder" in failed.error
    assert [status.name for status in farm.jobs()] == names
    assert list((tmp_path / "jobs").iterdir()) == [], "what has ended is not kept"
    farm.close()
    assert model.seed == 99
    same(Take.open(take.folder).renders[0], alone(take, edited(take), tmp_path / "alone"))
    with pytest.raises(TakeError, match="does not know this render"):
        farm.status("another")


@pytest.mark.long
def test_a_cancelled_job_ends_and_one_that_was_cut_off_goes_on_at_the_next_start(take: Take, tmp_path: Path) -> None:
    class Slow(InProcess):
        """Waits before each event of progress, so that there is time to cancel."""

        def _tell(self, number: int, event: WorkerEvent) -> None:
            super()._tell(number, event)
            time.sleep(0.05)

    farm = Farm(Slow(load_model(take.manifest.engine)), tmp_path / "jobs")
    first, second = (farm.submit(Job(take.folder, full=True, seed=seed)) for seed in (1, 2))
    wait_for(farm, first, "running")
    farm.cancel(first)
    assert wait_for(farm, first, "cancelled", "made").state == "cancelled"
    wait_for(farm, second, "running")
    farm.close()
    assert [path.stem for path in (tmp_path / "jobs").iterdir()] == [second]
    again = Farm(InProcess(load_model(take.manifest.engine)), tmp_path / "jobs")
    assert wait_for(again, second, "made", "failed").state == "made"
    again.close()


@pytest.mark.long
def test_a_process_that_is_cancelled_is_not_replaced(take: Take) -> None:
    farm = Farm(Processes(1))
    first, second = (farm.submit(Job(take.folder, full=True, seed=seed)) for seed in (1, 2))
    farm.cancel(second)
    assert wait_for(farm, second, "cancelled").total == 0
    wait_for(farm, first, "running", "made")
    farm.cancel(first)
    assert wait_for(farm, first, "cancelled", "made")
    farm.close()
