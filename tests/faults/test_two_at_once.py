"""Two processes, or a hand in the file manager, on one take: nobody loses anything, and who comes too late hears it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.delivery import proxies
from studio.live.director import Director
from studio.rendering.render import render
from studio.takes.slate import Slate
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED, shoot, shoot_take
from tests.faults.support import assert_kept, every_take, run, send, within
from tests.studio.app.house import House, message

RECORD = """
import sys
from pathlib import Path
from tests.faults.shooting import shoot_take

print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    print(shoot_take(Path(sys.argv[1]), 24), flush=True)
"""

RENDER = """
import sys
from pathlib import Path
from studio.rendering.render import render
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED

take = Take.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(render(take, sys.argv[2], EdgeModel(SEED), full=True, progress=lambda done, total: None).folder, flush=True)
"""

NOTE = """
import sys
from pathlib import Path
from studio.takes.take import Take

print("ready", flush=True)
sys.stdin.readline()
for n in range(20):
    Take.open(Path(sys.argv[1])).edit(notes=f"note {n}", verdict="circled" if n % 2 else "ng")
"""

PROXIES = """
import sys
from pathlib import Path
from studio.delivery import proxies

print("ready", flush=True)
sys.stdin.readline()
for _ in range(3):
    proxies.make(Path(sys.argv[1]))
"""


def at_once(*programs: tuple[object, ...]) -> list[list[str]]:
    """Programs that begin at the same moment; returns what each printed. None of them fails."""
    processes = [run(str(script), *arguments, stdin=-1) for script, *arguments in programs]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    printed = [process.communicate(timeout=60)[0].split("\n")[:-1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return printed


def test_two_recordings_of_one_slate_have_takes_of_their_own(tmp_path: Path) -> None:
    printed = at_once((RECORD, tmp_path), (RECORD, tmp_path))
    folders = sorted(Path(line) for lines in printed for line in lines)
    assert [folder.name for folder in folders] == [f"T00{n}" for n in range(1, 7)]
    assert every_take(tmp_path) == folders
    for folder in folders:
        assert assert_kept(folder, 24).state == "complete"


def test_two_renders_of_one_take_both_publish(tmp_path: Path) -> None:
    folder = shoot_take(tmp_path, 120)
    at_once((RENDER, folder, "wild west"), (RENDER, folder, "wild west"))
    one, two = Take.open(folder).renders
    assert (one.name, two.name) == ("v001", "v002")
    assert one.info["files"] == two.info["files"], "the same bytes"
    assert [path.name for path in sorted((folder / "renders").iterdir())] == ["v001", "v002"]
    assert_kept(folder, 120)


def test_notes_while_proxies_are_made_elsewhere_are_all_kept(tmp_path: Path) -> None:
    folder = shoot_take(tmp_path, 48)
    at_once((NOTE, folder), (PROXIES, folder))
    manifest = assert_kept(folder, 48).manifest
    assert (manifest.notes, manifest.verdict) == ("note 19", "circled")
    assert {proxies.RAW, proxies.LIVE, proxies.POSTER} <= manifest.files.keys()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
def test_a_take_that_is_deleted_while_it_is_recorded_says_so_and_the_next_is_shot(tmp_path: Path) -> None:
    director = Director(EdgeModel(SEED))
    folder = director.record(tmp_path, Slate("film"))
    shoot(director, 0, 30)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)  # of which the recorder wrote something meanwhile
    shoot(director, 30, 120)  # past the next snapshot: the picture goes on
    with pytest.raises(ValueError, match=r"T001 is gone.*while it was recorded"):
        director.cut()
    assert director.recording is None
    director.record(tmp_path, Slate("film"))
    shoot(director, 120, 130)
    assert assert_kept(director.cut() or Path(), 10).state == "complete"
    shutil.rmtree(director.record(tmp_path, Slate("film")))
    assert director.cut() is None, "no frame was shot"
    folder = director.record(tmp_path, Slate("film"))
    shoot(director, 130, 135)
    shutil.rmtree(folder, ignore_errors=True)
    within(10, director.close)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
def test_a_page_hears_that_its_take_was_deleted(house: House) -> None:
    slate = {"production": "film", "scene": "1", "shot": "A"}
    with house.socket(house.token()) as socket:
        for shot in (1, 2):
            send(socket, 10 * shot, 10 * shot + 2)
            socket.send_json({"type": "record", "on": True, "slate": slate})
            take = message(socket, "recording")["take"]
            send(socket, 10 * shot + 2, 10 * shot + 6)
            if shot == 1:
                shutil.rmtree(house.folder / f"film/S01/A/T{take:03d}")
            socket.send_json({"type": "record", "on": False})
            assert message(socket, "recording")["on"] is False
            if shot == 1:
                assert "is gone" in message(socket, "error")["text"]
        assert message(socket, "kept")["frames"] == 4
    assert every_take(house.folder) == [house.folder / "film/S01/A/T001"], "the number was free again"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows deletes no open file")
@pytest.mark.parametrize("what", ["render", "proxies"])
def test_a_take_that_is_deleted_while_it_is_worked_on_says_so(tmp_path: Path, what: str) -> None:
    take = Take.open(shoot_take(tmp_path, 60))

    def delete(done: int, total: int) -> None:
        if done == 20:
            shutil.rmtree(take.folder)

    work: dict[str, Callable[[], object]] = {
        "render": lambda: render(take, "wild west", EdgeModel(SEED), full=True, progress=delete),
        "proxies": lambda: proxies.make(take.folder, delete),
    }
    with pytest.raises((ValueError, OSError), match="T001"):
        work[what]()
    assert every_take(tmp_path) == []
