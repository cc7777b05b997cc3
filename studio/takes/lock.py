"""Locks on a take's folder, which the system lets go when their process dies, however it dies.

One says who is recording; others let one thread of one process at a time change what all of them read. A disk without
locks (some network disks) has a file in a lock's place, which is made by one alone and names its process: one that has
died has let go. What a process of another machine has there is held until somebody deletes that file.
"""

from __future__ import annotations

import errno
import json
import math
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

NAME = ".recording"

POLL_S = 0.01
"""Between two tries for a lock that somebody else has."""
BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
"""Somebody else has the lock; another error says that this disk has no locks."""
OWNER = ".owner"
"""Behind the name of a lock: the file that stands for it on a disk without locks."""
_BORN_S = 2.0
"""How far apart the system's two answers may be when a process began."""

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class RecordingLock:
    """Held from construction to `release`, or to the end of the process. Raises OSError where another one holds it."""

    def __init__(self, folder: Path) -> None:
        self._lock = _Lock(folder / NAME)
        if not self._lock.take():
            raise OSError(errno.EAGAIN, "somebody else records into it", str(folder))

    def release(self) -> None:
        """Let go and leave no trace."""
        self._lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a living process records into this folder."""
    path = folder / NAME
    try:
        file = _open(path, create=False)
    except OSError:  # there is none, or a link or a pipe has its name, or this disk is not written to
        return False
    with file:
        try:
            _lock(file)
        except OSError as error:
            return error.errno in BUSY or _owned(_owner(path))
        return False


class _Lock:
    """A lock by its file: the system's, or where the disk has none, a file that names who has it."""

    def __init__(self, path: Path) -> None:
        self._path, self._owner = path, _owner(path)
        self._owns = False
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take it; False where somebody else has it, or has just deleted it. Raises OSError."""
        file = _open(self._path)
        try:
            _lock(file)
            taken = sys.platform == "win32" or os.fstat(file.fileno()).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            taken = False
        except OSError as error:
            taken = self._owns = error.errno not in BUSY and _own(self._owner)
        except BaseException:
            file.close()
            raise
        if taken:
            self._file = file
        else:
            file.close()
        return taken

    def release(self) -> None:
        """Let go and leave no trace; more than once is once."""
        if self._file is None:
            return
        if sys.platform == "win32":  # which deletes no open file
            self._file.close()
        with suppress(OSError):
            self._path.unlink()
        self._file.close()
        self._file = None
        if self._owns:
            self._owns = False
            self._owner.unlink(missing_ok=True)


def _owner(path: Path) -> Path:
    return path.with_name(path.name + OWNER)


def _own(path: Path) -> bool:
    """Make the file that says who has a lock; False where one that lives has it. Raises OSError."""
    for _ in range(2):
        try:
            with path.open("x", encoding="utf-8") as file:
                json.dump({"host": socket.gethostname(), "pid": os.getpid(), "born_s": _born_s(os.getpid())}, file)
            return True
        except FileExistsError:
            if _owned(path):
                return False
            path.unlink(missing_ok=True)  # it was left by one that died
    return False


def _owned(path: Path) -> bool:
    """Whether such a file is there and its process lives, or is one of another machine."""
    try:
        written = json.loads(path.read_bytes())
        host, pid, born_s = str(written["host"]), int(written["pid"]), float(written["born_s"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return time.time() - path.lstat().st_mtime < _BORN_S  # it is being written, or says nothing
    return host != socket.gethostname() or abs(_born_s(pid) - born_s) < _BORN_S


def _born_s(pid: int) -> float:
    """When a process began, in seconds of the system's clock; NaN, which is near to nothing, where there is none."""
    import psutil  # which a disk with locks does without

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return math.nan


def _open(path: Path, *, create: bool = True) -> IO[bytes]:
    """A lock's file, of which nothing is read or written. Raises OSError, also where a link or a pipe has its name."""
    flags = os.O_RDWR | (os.O_CREAT if create else 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        return open(path, "rb+", buffering=0, opener=lambda name, _: os.open(name, flags, 0o666))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, and no lock; remove it", str(path)) from None
        if create or error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
    return open(path, "rb", buffering=0, opener=lambda name, _: os.open(name, flags & ~os.O_RDWR))


@contextmanager
def exclusive(folder: Path, name: str, patience_s: float) -> Iterator[None]:
    """Among all threads and processes, one at a time is in this context; name: of the lock, a file in the folder.

    Raises TimeoutError where another one is in it for longer than that, and OSError where the folder cannot be written.
    """
    lock, waited_from = _Lock(folder / name), time.monotonic()
    while not lock.take():
        if time.monotonic() - waited_from > patience_s:
            raise TimeoutError(f"{folder} has been in use by somebody else for {patience_s:.0f} s; try again later")
        time.sleep(POLL_S)
    try:
        yield
    finally:
        lock.release()
