"""What several threads and processes change in a take at a time: nothing is lost, and `check` stays sound."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.delivery import proxies
from studio.live.director import Director
from studio.rendering.verify import check_take
from studio.takes import lock as lock_module
from studio.takes import take as take_module
from studio.takes.documents import file_sha256
from studio.takes.lock import RecordingLock, exclusive, is_locked
from studio.takes.manifest import Manifest
from studio.takes.slate import Slate
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.studio.conftest import camera_jpeg, ticks

ROOT = Path(__file__).parents[3]


@pytest.fixture
def slow_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another change falls between the reading and the writing of each."""
    save = Manifest.save

    def slow(self: Manifest, folder: Path) -> None:
        time.sleep(0.05)
        save(self, folder)

    monkeypatch.setattr(Manifest, "save", slow)


@pytest.mark.long
@pytest.mark.usefixtures("slow_saves")
@pytest.mark.parametrize("fields", [{"verdict": "ng"}, {"notes": "second"}, {"verdict": "hold", "notes": "x"}])
def test_a_judgement_while_proxies_are_made_loses_neither(edge_take: Take, fields: dict[str, str]) -> None:
    made = threading.Thread(target=proxies.make, args=(edge_take.folder,))
    made.start()
    judged = 0
    while made.is_alive() or not judged:
        edge_take.edit(**fields)
        judged += 1
        assert check_take(edge_take.folder, EdgeModel(seed=7)).faults == []
    made.join()
    take = Take.open(edge_take.folder)
    assert {proxies.RAW, proxies.LIVE, proxies.POSTER, f"{take.folder.name}.otio"} <= take.manifest.files.keys()
    assert {name: getattr(take.manifest, name) for name in fields} == fields
    assert check_take(take, EdgeModel(seed=7)).faults == []


@pytest.mark.usefixtures("slow_saves")
@pytest.mark.parametrize("locks", [True, False], ids=["locks", "a disk without locks"])
def test_judgements_of_two_pages_are_both_kept(edge_take: Take, locks: bool, request: pytest.FixtureRequest) -> None:
    if not locks:
        request.getfixturevalue("no_locks")
    edits = [{"verdict": "circled"}, {"notes": "good light"}]
    pages = [threading.Thread(target=lambda fields=fields: edge_take.edit(**fields)) for fields in edits]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    manifest = Take.open(edge_take.folder).manifest
    assert (manifest.verdict, manifest.notes) == ("circled", "good light")


@pytest.mark.long
def test_judgements_of_many_processes_are_all_kept(edge_take: Take) -> None:
    """Each adds a letter to the notes, as a tool would that reads, changes and writes."""
    script = (
        "import sys, time; from pathlib import Path; from studio.takes.manifest import Manifest\n"
        "for _ in range(10):\n"
        "    with Manifest.changing(Path(sys.argv[1])) as manifest:\n"
        "        manifest.notes += 'x'; time.sleep(0.002); manifest.save(Path(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", script, str(edge_take.folder)]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert Take.open(edge_take.folder).manifest.notes == "x" * 30
    assert check_take(edge_take.folder, EdgeModel(seed=7)).faults == []


@pytest.mark.usefixtures("slow_saves")
@pytest.mark.long
def test_two_makers_of_the_same_proxies_and_a_check_meanwhile(edge_take: Take) -> None:
    proxies.make(edge_take.folder)
    makers = [threading.Thread(target=proxies.make, args=(edge_take.folder,)) for _ in range(2)]
    for maker in makers:
        maker.start()
    while any(maker.is_alive() for maker in makers):
        assert check_take(edge_take.folder, EdgeModel(seed=7)).faults == []
    assert check_take(edge_take.folder, EdgeModel(seed=7)).faults == []
    assert not [*edge_take.folder.rglob("*.part"), *edge_take.folder.rglob(".part-*")]


@pytest.mark.long
def test_proxies_that_break_off_between_files_leave_a_sound_take(
    edge_take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxies.make(edge_take.folder)
    (edge_take.folder / proxies.RAW).write_bytes(b"an older studio's")
    manifest = Manifest.load(edge_take.folder)[0]
    manifest.files[proxies.RAW] = file_sha256(edge_take.folder / proxies.RAW)
    manifest.save(edge_take.folder)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "live.mp4":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            proxies.make(edge_take.folder)
    assert check_take(edge_take.folder, EdgeModel(seed=7)).faults == []


def test_a_lock_that_is_not_let_go_is_said_and_one_of_a_dead_process_is_free(tmp_path: Path) -> None:
    with exclusive(tmp_path, ".changing", 1):
        assert (tmp_path / ".changing").exists()
        with pytest.raises(TimeoutError, match="in use by somebody else"), exclusive(tmp_path, ".changing", 0.1):
            pass
    assert [*tmp_path.iterdir()] == []
    (tmp_path / ".changing").touch()  # as a killed process leaves it
    with exclusive(tmp_path, ".changing", 0.1):
        pass


def test_a_disk_without_locks_lets_everybody_in(edge_take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(file: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock_module, "_lock", none)
    monkeypatch.setattr(take_module, "is_locked", lambda folder: False)
    assert edge_take.edit(notes="kept").manifest.notes == "kept"


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network disk that is mounted without them."""

    def refuse(file: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock_module, "_lock", refuse)


DIED = f'{{"host": "{socket.gethostname()}", "pid": {2**22 + 1}, "born_s": 1.0}}'
"""A process that there cannot be."""
YOUNGER = f'{{"host": "{socket.gethostname()}", "pid": {os.getpid()}, "born_s": 1.0}}'
"""Another process once had this one's number."""
ELSEWHERE = '{"host": "another machine", "pid": 1, "born_s": 1.0}'


@pytest.mark.usefixtures("no_locks")
def test_a_disk_without_locks_records_all_the_same(tmp_path: Path) -> None:
    director = Director(EdgeModel(seed=7))
    folder = director.record(tmp_path, Slate("film"))
    for index in range(12):
        director.shoot(camera_jpeg(index), index, ticks(index))
    assert is_locked(folder)
    assert Take.open(folder).state == "recording"
    with pytest.raises(OSError, match="somebody else records"):
        RecordingLock(folder)
    director.cut()
    director.close()
    assert not is_locked(folder)
    assert Take.open(folder).state == "complete"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize(
    ("owner", "locked"),
    [(DIED, False), (YOUNGER, False), (ELSEWHERE, True)],
    ids=["died", "another of its number", "elsewhere"],  # names without a process id, which two workers would not share
)
def test_without_locks_what_a_dead_process_had_is_free(tmp_path: Path, owner: str, locked: bool) -> None:
    (tmp_path / lock_module.NAME).touch()
    (tmp_path / f"{lock_module.NAME}{lock_module.OWNER}").write_text(owner)
    assert is_locked(tmp_path) == locked
    if locked:
        with pytest.raises(OSError, match="somebody else records"):
            RecordingLock(tmp_path)
    else:
        RecordingLock(tmp_path).release()
        assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("no_locks")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}'])
def test_without_locks_a_file_that_says_nothing_holds_nobody_for_long(tmp_path: Path, content: str) -> None:
    owner = tmp_path / f"{lock_module.NAME}{lock_module.OWNER}"
    (tmp_path / lock_module.NAME).touch()
    owner.write_text(content)
    assert is_locked(tmp_path), "it may be written just now"
    os.utime(owner, (0, 0))
    assert not is_locked(tmp_path)
    RecordingLock(tmp_path).release()
