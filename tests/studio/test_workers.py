"""Whatever is thrown at a thread of the studio: its job ends in words, takes open, and nobody waits for the dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.app import sessions as sessions_module
from studio.app.sessions import Sessions
from studio.farm.farm import Farm, render_many
from studio.farm.inprocess import InProcess
from studio.farm.jobs import Job
from studio.farm.worker import work as work_of
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.filecamera import FileCamera, roll
from studio.live.overload import overload
from studio.rendering.verify import check_take
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key, Marker
from studio.timeline.timeline import Timeline
from studio.workers import Worker
from tests.edge_model import EdgeModel

Jpeg = Callable[..., bytes]
SLATE = Slate("film")
HALF = "half a \ud83d"
"""A text whose last character is a lone surrogate, as JavaScript cuts one."""


class Broken(BaseException):
    """What nobody expects in a thread."""


@pytest.fixture
def model() -> EdgeModel:
    return EdgeModel()


@pytest.fixture
def director(model: EdgeModel) -> Iterator[Director]:
    director = Director(model)
    yield director
    director.close()


def shoot(director: Director, jpeg: Jpeg, first: int, last: int) -> None:
    for i in range(first, last):
        director.shoot(jpeg(i), i, i * 41_667)


def within(seconds: float, call: Callable[[], object]) -> None:
    """The call returns, or the test fails: it may wait for nobody who is dead."""
    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(seconds)
    assert not caller.is_alive(), "it waits for a dead thread"


def test_only_one_class_makes_threads() -> None:
    """The rest could die in silence."""
    root = Path(__file__).parents[2] / "studio"
    makers = [path.name for path in root.rglob("*.py") if "threading.Thread(" in path.read_text(encoding="utf-8")]
    assert makers == ["workers.py"]


@pytest.mark.parametrize("error", [ValueError("odd"), Broken("odd"), SystemExit(3)])
def test_a_worker_says_why_it_ended_and_is_not_waited_for(error: BaseException) -> None:
    words: list[str] = []

    def work() -> None:
        raise error

    def failed(text: str) -> None:
        words.append(text)
        worker.join()  # in itself
        raise OSError("nor can this be heard")

    worker = Worker("test", work, failed)
    worker.join()  # not begun
    worker.start()
    within(5, worker.join)
    assert worker.error is error
    assert words == [f"{type(error).__name__}: {error}"]
    assert not worker.alive


# -- what is handed over


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        ({"deep": [np.float64(0.25)]}, {"deep": [0.25]}),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        pytest.param(10**5000, None, id="huge"),
        (float("nan"), None),
        (np.float32("inf"), None),
        (HALF, None),
        ({HALF: 1}, None),
        ({1: 1}, None),
        (np.zeros(3), None),
        (b"bytes", None),
        ({1, 2}, None),
        (object(), None),
    ],
)
def test_a_note_is_kept_or_refused_and_the_take_is_whole(
    director: Director, model: EdgeModel, jpeg: Jpeg, tmp_path: Path, value: object, kept: object
) -> None:
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 5)
    if kept is None:
        with pytest.raises(ValueError, match=r"cannot be written|half a character|cannot name a field"):
            director.note("custom", value=value)
    else:
        director.note("custom", value=value)
    shoot(director, jpeg, 5, 12)
    take = Take.open(director.cut() or Path())
    assert (take.state, len(take.frames)) == ("complete", 12)
    assert [event["value"] for event in take.events if event["kind"] == "custom"] == ([] if kept is None else [kept])
    assert check_take(take.folder, model).faults == []


def test_names_and_prompts_of_half_a_character_are_refused_where_they_come_from(
    director: Director, jpeg: Jpeg, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="half a character"):
        director.say(HALF)
    with pytest.raises(ValueError, match="half a character"):
        director.record(tmp_path, SLATE, timeline=Timeline((Key(0, "underwater"),), markers=(Marker(0.1, HALF),)))
    with pytest.raises(ValueError, match="frames a second"):
        director.record(tmp_path, SLATE, fps=float("nan"))
    assert not [*tmp_path.rglob("take.json")], "no take was begun"
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 3)
    with pytest.raises(ValueError, match="half a character"):
        director.mark(HALF)
    director.mark("a whole one")
    shoot(director, jpeg, 3, 200)
    take = Take.open(director.cut() or Path())
    assert (take.state, len(take.frames)) == ("complete", 200)


def test_a_step_that_fails_with_half_a_character_is_recorded(
    director: Director, model: EdgeModel, jpeg: Jpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 3)

    def step(*_: object) -> np.ndarray:
        raise RuntimeError(HALF)

    with monkeypatch.context() as patch:
        patch.setattr(model, "step", step)
        shoot(director, jpeg, 3, 4)
    shoot(director, jpeg, 4, 6)
    take = Take.open(director.cut() or Path())
    assert (take.state, len(take.frames), take.frames[3].error) == ("complete", 6, "RuntimeError: half a ?")


# -- exceptions in each thread


@pytest.mark.parametrize("error", [RuntimeError("odd"), TypeError("odd"), Broken("odd")])
@pytest.mark.parametrize("where", ["_write_frame", "_write_snapshot"])
def test_a_recorder_that_fails_ends_the_take_in_words(
    director: Director,
    jpeg: Jpeg,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    where: str,
) -> None:
    from studio.takes.recorder import Recorder

    calls = []
    before = getattr(Recorder, where)

    def fail(self: Recorder, *args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise error
        before(self, *args)

    monkeypatch.setattr(Recorder, where, fail)
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 60)
    deadline = time.monotonic() + 10
    while not director.status().trouble and time.monotonic() < deadline:
        time.sleep(0.01)  # no frame has to come for it
    assert "odd" in director.status().trouble
    assert director.status().take is None
    folders: list[Path | None] = []
    within(10, lambda: folders.append(director.cut()))
    take = Take.open(folders[0] or Path())
    assert take.state == "recovered"
    assert "odd" in take.manifest.ended
    assert take.frames
    within(10, director.close)


def test_a_full_queue_of_a_dead_recorder_is_not_waited_for(
    director: Director, jpeg: Jpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from studio.takes import recorder as recorder_module

    monkeypatch.setattr(recorder_module, "QUEUE_LIMIT", 4)
    may = threading.Event()

    def fail(*_: object) -> None:
        may.wait(10)
        raise Broken("odd")

    monkeypatch.setattr(recorder_module.Recorder, "_begin", fail)
    director.record(tmp_path, SLATE)
    threading.Timer(0.3, may.set).start()
    within(5, lambda: shoot(director, jpeg, 0, 30))
    within(5, director.cut)
    within(5, director.close)


@pytest.mark.parametrize("error", [TypeError("odd"), KeyError("odd"), MemoryError("odd")])
def test_an_embedder_that_fails_says_so_and_goes_on(
    director: Director, model: EdgeModel, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    before = model.prepare

    def prepare(text: str) -> None:
        if text == "nonsense":
            raise error
        before(text)

    monkeypatch.setattr(director._mailbox, "_embed", prepare)
    within(5, lambda: director.say("nonsense", wait=True))
    assert "odd" in director.status().trouble
    within(5, lambda: director.say("underwater", wait=True))
    shoot(director, jpeg, 0, 1)
    assert director.status().prompt == "underwater"


def test_a_dead_embedder_is_not_waited_for(director: Director, monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(text: str) -> None:
        raise Broken("odd")

    monkeypatch.setattr(director._mailbox, "_embed", embed)
    within(5, lambda: director.say("nonsense", wait=True))
    assert "odd" in director.status().trouble
    with pytest.raises(ValueError, match="start again"):
        director.say("underwater", wait=True)
    within(5, director.close)


@pytest.mark.parametrize("error", [RuntimeError("odd"), Broken("odd")])
def test_cameras_that_fail_end_the_loop(
    director: Director, small_clip: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, jpeg: Jpeg
) -> None:
    def fail(*_: object) -> None:
        raise error

    raised: list[BaseException] = []

    def tried(call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - in a thread
            raised.append(error)

    camera = FileCamera(small_clip, (96, 64))
    monkeypatch.setattr(camera, "play", fail)
    within(5, lambda: tried(lambda: roll(camera, Connection(director), lambda frame: None)))
    monkeypatch.setattr(Connection, "offer", fail)
    within(5, lambda: tried(lambda: overload(director, [jpeg(0)], size=(96, 64), fps=20, seconds=1)))
    assert raised == [error, error]


@pytest.mark.long
def test_a_farm_worker_that_talks_nonsense_is_lost_and_not_waited_for(
    take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loads(line: str) -> object:
        raise RuntimeError("odd")

    monkeypatch.setattr("studio.farm.local.json.loads", loads)
    results = render_many([Job(take.folder)], workers=1, progress=lambda state: None)
    assert results[0].version is None
    assert "odd" in results[0].error


@pytest.mark.parametrize("error", [Broken("odd"), SystemExit("odd")])
def test_a_render_beside_the_studio_that_breaks_fails_alone(
    edge_take: Take, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    calls = []
    before = work_of

    def work(*args: object) -> object:
        calls.append(args)
        if len(calls) == 1:
            raise error
        return before(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("studio.farm.inprocess.work", work)
    jobs = [Job(edge_take.folder), Job(edge_take.folder)]
    first, second = render_many(jobs, model=EdgeModel(seed=7))
    assert "odd" in first.error
    assert second.version


def test_a_farm_whose_listener_fails_follows_the_next_job(edge_take: Take) -> None:
    def ended(status: object) -> None:
        raise RuntimeError("odd")

    farm = Farm(InProcess(EdgeModel(seed=7)), ended=ended)
    try:
        names = [farm.submit(Job(edge_take.folder)) for _ in range(2)]
        deadline = time.monotonic() + 30
        while {farm.status(name).state for name in names} != {"made"} and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [farm.status(name).state for name in names] == ["made", "made"]
    finally:
        farm.close()


@pytest.mark.parametrize("error", [RuntimeError("odd"), KeyError("odd")])
def test_a_keeper_that_fails_tells_the_page_and_keeps_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def finish(folder: Path) -> None:
        raise error

    monkeypatch.setattr(sessions_module, "finish", finish)
    places = Sessions(lambda: Director(EdgeModel()), 1)
    words: list[str] = []

    def gone(text: str) -> None:
        words.append(text)
        raise RuntimeError("the page is gone")

    places.keep(tmp_path, gone)
    places.keep(tmp_path, words.append)
    within(20, places.close)
    assert len(words) == 2
    assert all("odd" in text for text in words)
