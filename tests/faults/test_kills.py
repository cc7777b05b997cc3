"""kill -9 at any moment: of a recording between its first folder and its last seal, and of a render."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from studio.live.director import Director
from studio.rendering.render import render
from studio.takes.listing import list_takes
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED, shoot, shoot_take
from tests.faults.support import assert_kept, contents, every_take, json_lines, kill_after, rows_on_disk, run

RECORD = """
import sys
from pathlib import Path
from studio.delivery.finish import finish
from studio.live.director import Director
from studio.takes.listing import list_takes
from studio.takes.slate import Slate
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED
from tests.faults.shooting import camera_jpeg, ticks

director = Director(EdgeModel(SEED))
frames = [camera_jpeg(i) for i in range(48)]
print("ready", flush=True)
shown = 0
while True:
    director.record(Path(sys.argv[1]), Slate("film"))
    for i in range(shown, shown + 60):
        director.say(["underwater", "wild west", "neon rain"][i // 20 % 3])
        director.shoot(frames[i % 48], i, ticks(i))
    shown += 60
    finish(director.cut())
"""
"""Takes one after the other, proxies too, until it is killed."""

RENDER = """
import sys
from pathlib import Path
from studio.rendering.render import render
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED

EDIT = Timeline((Key(0, "underwater"), Key(2, "wild west", 1.0)))
take = Take.open(Path(sys.argv[1]))
render(take, EDIT, EdgeModel(SEED), full=True, progress=lambda done, total: print(done, flush=True))
"""

EDIT = Timeline((Key(0, "underwater"), Key(2, "wild west", 1.0)))


def killed_recordings(sessions: Path, seed: int) -> None:
    """One life of a recording program, and what it leaves behind."""
    before = {folder: contents(folder) for folder in every_take(sessions)}
    moment = random.Random(seed)
    with run(RECORD, sessions) as recording:
        assert recording.stdout
        assert recording.stdout.readline() == "ready\n"
        kill_after(recording, moment.choice((0.02, 0.3, 1.0)) * moment.random() + 0.005)
    folders = every_take(sessions)
    assert {folder: contents(folder) for folder in before} == before, "what was there is untouched"
    for folder in folders:
        if folder in before:
            continue
        rows = rows_on_disk(folder)
        take = assert_kept(folder, rows)
        sealed = take.manifest.state == "complete"
        assert take.state == ("complete" if sealed else "recovered")
        hashes = [row["sha256"] for row in json_lines(folder / "frames.jsonl")] if rows else []
        assert [row.sha256 for row in take.frames] == hashes[: len(take.frames)]
        assert not sealed or len(take.frames) == 60


@pytest.mark.parametrize("seed", range(4))
def test_a_recording_that_is_killed_keeps_every_row_that_was_written(tmp_path: Path, seed: int) -> None:
    killed_recordings(tmp_path, seed)
    director = Director(EdgeModel(SEED))  # the next one goes on beside what the dead one left
    folder = director.record(tmp_path, Slate("film"))
    shoot(director, 0, 3)
    director.cut()
    director.close()
    assert assert_kept(folder, 3).state == "complete"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hundred_recordings_in_one_folder_are_killed(tmp_path: Path) -> None:
    for seed in range(200):
        killed_recordings(tmp_path, 1000 + seed)


def killed_renders(folder: Path, kills: int, seed: int) -> None:
    """A render that is killed again and again comes to the bytes of one that is not."""
    moment = random.Random(seed)
    reached = 0
    for _ in range(kills):
        with run(RENDER, folder) as rendering:
            assert rendering.stdout
            enough = moment.randint(1, 200)
            reached = next((int(line) for line in rendering.stdout if int(line) >= enough), 240)
            kill_after(rendering, 0.05 * moment.random())
    take = Take.open(folder)
    unfinished = [*(folder / "renders").glob(".unfinished-*/*.checkpoint")]
    assert len(unfinished) >= (reached - 1) // 48 or take.renders, "what was made is there for the next one"
    model, made = EdgeModel(SEED), []
    step = model.step

    def counted(*args: object) -> object:
        made.append(args)
        return step(*args)  # type: ignore[arg-type]

    model.step = counted  # type: ignore[method-assign, assignment]
    version = render(take, EDIT, model, full=True)
    if not take.renders:
        assert len(made) <= len(take.made) - 48 * len(unfinished), "it goes on, and does not begin anew"
    assert [path for path in (folder / "renders").iterdir() if not path.name.startswith("v")] == []
    never_killed = render(take, EDIT, EdgeModel(SEED), full=True, resumable=False)
    assert version.info["hashes"] == never_killed.info["hashes"]
    assert version.info["files"] == never_killed.info["files"], "the same bytes"


@pytest.fixture(scope="module")
def long_take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take of 240 frames, that several renders are made of."""
    return shoot_take(tmp_path_factory.mktemp("long"), 240)


@pytest.mark.parametrize("seed", range(2))
def test_a_render_that_is_killed_comes_to_the_same_bytes(long_take: Path, seed: int) -> None:
    killed_renders(long_take, 2, seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_forty_renders_that_are_killed_come_to_the_same_bytes(tmp_path: Path) -> None:
    started = time.monotonic()
    for seed in range(40):
        killed_renders(shoot_take(tmp_path / str(seed), 240), 1 + seed % 4, 1000 + seed)
    print(f"forty renders, killed a hundred times, in {time.monotonic() - started:.0f} s")


class Killed(BaseException):
    """Ends a thread where it stands: nothing is tidied up."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the files that the dead left open
@pytest.mark.parametrize("step", ["RecordingLock", "write_whole", "Journal", "Manifest.save", "PacketFile"])
def test_a_recorder_that_dies_while_it_begins_leaves_no_damaged_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    kept = shoot_take(tmp_path, 6)
    director = Director(EdgeModel(SEED))

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"studio.takes.recorder.{step}", die)
        if step == "PacketFile":  # in the recorder's thread, at the first frame
            director.record(tmp_path, Slate("film"))
            shoot(director, 0, 3)
            director.cut()
        else:
            with pytest.raises(Killed):
                director.record(tmp_path, Slate("film"))
    assert every_take(tmp_path) == [kept]
    assert all(listed.take for listed in list_takes(tmp_path))
    director.record(tmp_path, Slate("film"))
    shoot(director, 10, 13)
    assert assert_kept(director.cut() or Path(), 3).state == "complete"
    director.close()
