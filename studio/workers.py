"""The studio's threads: whatever ends one of them is said in words, and nobody waits for a dead one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


def in_words(error: BaseException) -> str:
    """What went wrong, in one line for people, that every file can hold: no half surrogates."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text.encode(errors="replace").decode()


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
