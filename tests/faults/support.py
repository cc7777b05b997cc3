"""What the fault tests share: a disk that really fills, programs that are really killed, and what must outlive both."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import WebSocketTestSession

from studio.rendering.verify import check_take
from studio.takes.documents import file_sha256
from studio.takes.listing import list_takes
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.faults.shooting import SEED
from tests.studio.app.house import frame, picture

ROOT = Path(__file__).parents[2]


@dataclass
class Disk:
    """A folder on a disk that can be filled to the last byte, by `fill`, and gets room again by `free`.

    A tmpfs of a few megabytes where this process may mount one, so that every writer meets the kernel's own ENOSPC.
    Elsewhere RLIMIT_FSIZE stands in, with which the kernel refuses each file's growth as EFBIG.
    """

    folder: Path
    words: str
    """What the system says of it when it is full."""
    mounted: bool

    @property
    def filler(self) -> Path:
        return self.folder / ".filler"

    def fill(self, leave: int = 0) -> None:
        """Take all room but `leave` bytes, to the page."""
        if not self.mounted:
            _limit(leave)
            return
        with self.filler.open("ab", buffering=0) as file:
            room = os.statvfs(self.folder)
            size = max(0, room.f_bavail * room.f_frsize - leave)
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), file.tell(), size) if size else None

    def free(self) -> None:
        """Give the room back."""
        if self.mounted:
            self.filler.unlink(missing_ok=True)
        else:
            _limit(-1)


def _limit(size: int) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size < 0 else size, hard))


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "8m") -> Iterator[Disk]:
    """See Disk."""
    folder.mkdir()
    mounted = os.environ.get("LSD_NO_MOUNT") is None and sys.platform == "linux" and os.geteuid() == 0
    if mounted:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    disk = Disk(folder, "No space left on device" if mounted else "File too large", mounted)
    try:
        yield disk
    finally:
        disk.free()
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def contents(folder: Path) -> dict[str, str]:
    """Each file of a folder with its sha256: what must be untouched."""
    return {
        path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()
    }


def assert_kept(folder: Path, whole_rows: int | None = None) -> Take:
    """A take opens with every frame whose row was whole on the disk, and each is made again, byte for byte.

    Matroska keeps the newest packet back until the next one comes, so that the last row may be without its picture.
    """
    take = Take.open(folder)
    if whole_rows is not None:
        assert whole_rows - 1 <= len(take.frames) <= whole_rows, take.notices
    if take.made:
        report = check_take(folder, EdgeModel(SEED))
        assert report.faults == []
        assert report.pictures == f"{len(take.made)} of {len(take.made)} are the same, byte for byte"
    return take


def rows_on_disk(folder: Path) -> int:
    """Whole lines of a take's rows, counted without the studio's reader."""
    path = folder / "frames.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def every_take(sessions: Path) -> list[Path]:
    """The folders of all takes, as the list has them; each is listed."""
    return [listed.folder for listed in list_takes(sessions)]


def run(script: str, *arguments: object, **popen: Any) -> subprocess.Popen[str]:
    """A Python program in a process of its own, in the project's folder; speaks by standard output."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, **popen)


def kill_after(process: subprocess.Popen[Any], seconds: float) -> None:
    """kill -9, so many seconds from now; it may have ended by itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it holds; the test fails where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


def within(seconds: float, call: Callable[[], object]) -> None:
    """The call returns, or the test fails: it may wait for nobody who is dead."""
    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(seconds)
    assert not caller.is_alive(), "it waits for a dead thread"


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a journal."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def send(socket: WebSocketTestSession, first: int, last: int) -> None:
    """Frames of those numbers, each answered before the next."""
    for number in range(first, last):
        socket.send_bytes(frame(number))
        while picture(socket)[0] != number:
            pass
