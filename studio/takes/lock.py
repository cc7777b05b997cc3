"""Who is recording: a lock on a take's folder that the system lets go when the process dies, however it dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

NAME = ".recording"

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
