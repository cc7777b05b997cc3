"""Locks on a take's folder, which the system lets go when their process dies, however it dies.

One says who is recording; others let one thread of one process at a time change what all of them read.
"""

from __future__ import annotations

import errno
import os
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
        self._path = folder / NAME
        self._file = _open(self._path)
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Let go and leave no trace."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def is_locked(folder: Path) -> bool:
    """Whether a living process records into this folder."""
    try:
        file = _open(folder / NAME, create=False)
    except OSError:  # there is none, or a link or a pipe has its name, or this disk is not written to
        return False
    with file:
        try:
            _lock(file)
        except OSError as error:
            return error.errno in BUSY  # else this disk has no locks, and nobody records to it
        return False


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
    A disk without locks lets everybody in.
    """
    path, waited_from = folder / name, time.monotonic()
    while (file := _entered(path)) is None:
        if time.monotonic() - waited_from > patience_s:
            raise TimeoutError(f"{folder} has been in use by somebody else for {patience_s:.0f} s; try again later")
        time.sleep(POLL_S)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows deletes no open file
            path.unlink()
        file.close()


def _entered(path: Path) -> IO[bytes] | None:
    """The lock's file, or None where somebody else has it, or has just deleted it."""
    file = _open(path)
    try:
        _lock(file)
        if sys.platform == "win32" or os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in BUSY:
            return file
    file.close()
    return None
