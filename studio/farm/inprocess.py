"""A worker in a thread of this process, with a model that is loaded already; for one caller's renders, in order."""

from __future__ import annotations

import logging
import queue
from functools import partial

from engine.types import LiveModel
from studio.farm.jobs import Job, WorkerEvent
from studio.farm.worker import work
from studio.workers import Worker, in_words

log = logging.getLogger(__name__)


class _CancelledError(BaseException):
    """Ends a render as Ctrl+C would; not an Exception, so that it is not said to have failed."""


class InProcess:
    """One model that renders all jobs, one after the other; see studio.farm.jobs.Workers. Its seed is set back."""

    def __init__(self, model: LiveModel) -> None:
        self._model = model
        self._jobs: queue.SimpleQueue[tuple[int, Job] | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[tuple[int, WorkerEvent]] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._closed = False
        self._pending: set[int] = set()
        self._broken = ""
        """Why nothing is rendered any more."""
        self._worker = Worker("render", self._run, self._break).start()

    def submit(self, number: int, job: Job) -> None:
        self._pending.add(number)
        self._jobs.put((number, job))
        if self._broken:
            self._break(self._broken)

    def next_event(self) -> tuple[int, WorkerEvent]:
        return self._events.get()

    def cancel(self, number: int) -> None:
        self._cancelled.add(number)

    def close(self) -> None:
        self._closed = True
        self._jobs.put(None)
        self._worker.join()

    def _run(self) -> None:
        seed = self._model.seed
        while (item := self._jobs.get()) is not None and not self._closed:
            number, job = item
            try:
                self._check(number)
                event = work(job, partial(self._tell, number), lambda *_: self._model)
            except _CancelledError:
                event = WorkerEvent("cancelled")
            except BaseException as error:  # the other jobs go on
                log.exception("%s", job.take)
                event = WorkerEvent("failed", in_words(error))
            self._pending.discard(number)
            self._events.put((number, event))
        self._model.seed = seed

    def _break(self, error: str) -> None:
        """The worker has ended: nobody waits for what it was given."""
        self._broken = error
        while self._pending:
            self._events.put((self._pending.pop(), WorkerEvent("failed", error)))

    def _tell(self, number: int, event: WorkerEvent) -> None:
        self._events.put((number, event))
        self._check(number)

    def _check(self, number: int) -> None:
        if self._closed or number in self._cancelled:
            raise _CancelledError
