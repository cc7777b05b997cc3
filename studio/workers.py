"""The studio's threads: whatever ends one of them is said in words, and nobody waits for a dead one."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


REMEDIES = {
    errno.ENOSPC: "make room on that disk, or choose a folder on another",
    getattr(errno, "EDQUOT", -1): "make room: your share of that disk is used up",
    errno.EFBIG: "that disk takes no file so large; make room, or choose a folder on another",
    errno.EROFS: "that disk is read-only; choose a folder on another",
    errno.EACCES: "allow yourself to use it, or choose another place",
    errno.EPERM: "allow yourself to use it, or choose another place",
    errno.EIO: "that disk is failing; copy what is on it, and use another",
    errno.EMFILE: "too much is open at once; close what is not needed, and try again",
}
"""What to do about what the system says."""


def in_words(error: BaseException) -> str:
    """What went wrong, in one line for people, that every file can hold: no half surrogates."""
    said_by_system = isinstance(error, OSError) and error.errno in REMEDIES
    text = text_of(error) if said_by_system else f"{type(error).__name__}: {error}"
    return " ".join(text.split()).encode(errors="replace").decode()


def text_of(error: BaseException, remedy: str = "") -> str:
    """The text of an error that a person may meet: what we say ourselves, or what the system says of which file.

    remedy: as `system_words` has it.
    """
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{system_words(error, remedy)}"


def system_words(error: BaseException, remedy: str = "") -> str:
    """What the system says, and what to do about it. remedy: where REMEDIES has none."""
    remedy = REMEDIES.get(getattr(error, "errno", None) or 0, remedy)
    words = str(getattr(error, "strerror", None) or error)
    return f"{words}; {remedy}" if remedy else words


class Worker:
    """A thread with one job, from `start` to the job's end. The process does not wait for it.

    name: for logs and people: `recorder T003`. work: the job; what it raises ends it, whatever it is. failed: called
    in the thread with that in words, so that somebody tells the film maker and lets go of who waits.
    """

    def __init__(self, name: str, work: Callable[[], object], failed: Callable[[str], object]) -> None:
        self.name = name
        self.error: BaseException | None = None
        """What ended the job, where it did not end by itself."""
        self._work, self._failed = work, failed
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> Worker:
        """Begin."""
        self._thread.start()
        return self

    @property
    def alive(self) -> bool:
        """Whether the job goes on."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Wait until the job is over; not at all for one that has not begun, or in the worker itself."""
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # nobody above would hear of it
            self.error = error
            log.exception("%s ended", self.name)
            try:
                self._failed(in_words(error))
            except Exception:
                log.exception("%s ended, and that could not be said", self.name)
        finally:
            del self._work, self._failed  # whose owner holds this worker: without the circle it goes by itself
