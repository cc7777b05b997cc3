"""A slot of one for requests that need work before a frame can obey them: the newest is prepared beside the loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from studio.workers import Worker, in_words

log = logging.getLogger(__name__)

Request = TypeVar("Request")


class Newest(Generic[Request]):
    """Requests go in from any thread and come out in the frame loop, prepared; the newest alone.

    what: what is asked for, for people: `prompt`, `set`. prepare: makes a request ready, and returns what the frame
    loop is to take; may take its time and raise ValueError. complain: called with what it raised, whatever that is; the
    request is dropped then. words: a request for people.
    """

    def __init__(
        self,
        what: str,
        prepare: Callable[[Request], Request],
        complain: Callable[[str], None],
        words: Callable[[Request], str],
    ) -> None:
        self._what, self._prepare, self._complain, self._words = what, prepare, complain, words
        self._changed = threading.Condition()
        self._asked: Request | None = None
        self._ready: Request | None = None
        self._closed = False
        self._broken = ""
        """Why nothing is prepared any more."""
        self._worker = Worker(f"{what}s", self._work, self._break).start()

    def ask(self, request: Request, *, wait: bool = False) -> None:
        """Put a request in place of one that waits. wait: return when it is prepared, dropped or overtaken.

        Raises ValueError where the worker has ended.
        """
        with self._changed:
            if self._broken:
                raise ValueError(f"no {self._what} is taken any more: {self._broken}; start again")
            self._asked = request
            self._changed.notify_all()
            if wait:
                self._changed.wait_for(lambda: self._asked is not request or self._closed)

    def take(self) -> Request | None:
        """The newest request that is prepared, once."""
        with self._changed:
            request, self._ready = self._ready, None
            return request

    def close(self) -> None:
        """End the worker."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked is not None or self._closed)
                request = self._asked
                if request is None or self._closed:
                    return
            prepared = self._prepared(request)
            with self._changed:
                if prepared is not None:
                    self._ready = prepared
                if self._asked is request:
                    self._asked = None
                self._changed.notify_all()

    def _break(self, error: str) -> None:
        """The worker has ended: let go of who waits for it."""
        with self._changed:
            self._broken, self._asked = error, None
            self._changed.notify_all()
        self._complain(f"no {self._what} is taken any more: {error}; start again")

    def _prepared(self, request: Request) -> Request | None:
        try:
            return self._prepare(request)
        except ValueError as problem:
            log.error("%s %r: %s", self._what, self._words(request), problem)
            self._complain(str(problem))
        except Exception as problem:
            log.exception("%s %r", self._what, self._words(request))
            self._complain(f"the {self._what} {self._words(request)!r} was not taken: {in_words(problem)}")
        return None
