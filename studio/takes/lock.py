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
        self._file: IO[bytes] = self._path.open("wb")
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
    path = folder / NAME
    if not path.exists():
        return False
    with path.open("rb+", buffering=0) as file:
        try:
            _lock(file)
        except OSError:
            return True
        return False


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
    file = path.open("ab")
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
