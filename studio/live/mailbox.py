"""What is asked for live, and the newest wins: one prompt, embedded beside the frame loop, and a value a parameter."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.prompts import blend, words
from studio.timeline.curves import Ease
from studio.timeline.keys import Key
from studio.workers import Worker, in_words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromptRequest:
    """A prompt that was asked for and holds from a next frame on."""

    key: Key
    """Prompt and fade; its time is that of the frame where it takes effect, which is not known yet."""
    requested_ticks: int
    """When it was asked for, on the director's clock."""


@dataclass(frozen=True)
class ValueRequest:
    """A parameter's value that was asked for and is reached from a next frame on."""

    name: str
    value: float
    fade_s: float
    ease: Ease


class Mailbox:
    """Requests go in from any thread and come out in the frame loop, the newest alone.

    embed: embeds a text into a cache that the frame loop reads; may take its time and raise ValueError. complain: told
    what it raised, whatever that is; the request is dropped then.
    """

    def __init__(self, embed: Callable[[str], object], complain: Callable[[str], None]) -> None:
        self._embed, self._complain = embed, complain
        self._changed = threading.Condition()
        self._asked: PromptRequest | None = None
        self._ready: PromptRequest | None = None
        self._values: dict[str, ValueRequest] = {}
        self._closed = False
        self._broken = ""
        """Why no prompt is embedded any more."""
        self._worker = Worker("embedder", self._work, self._break).start()

    def ask(self, request: PromptRequest, *, wait: bool = False) -> None:
        """Put a prompt in place of one that waits. wait: return when it is embedded, dropped or overtaken.

        Raises ValueError where the embedder has ended.
        """
        with self._changed:
            if self._broken:
                raise ValueError(f"no prompt is taken any more: {self._broken}; start again")
            self._asked = request
            self._changed.notify_all()
            if wait:
                self._changed.wait_for(lambda: self._asked is not request or self._closed)

    def set(self, request: ValueRequest) -> None:
        """Put a parameter's value in place of one that waits."""
        with self._changed:
            self._values[request.name] = request

    def asked_value(self, name: str) -> float | None:
        """The value of a parameter that is asked for and not taken yet."""
        with self._changed:
            request = self._values.get(name)
        return request.value if request else None

    def take(self) -> PromptRequest | None:
        """The newest prompt that is embedded, once."""
        with self._changed:
            request, self._ready = self._ready, None
            return request

    def take_values(self) -> tuple[ValueRequest, ...]:
        """The newest value of each parameter that was asked for, once."""
        with self._changed:
            values, self._values = tuple(self._values.values()), {}
            return values

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
            embedded = self._embedded(request)
            with self._changed:
                if embedded:
                    self._ready = request
                if self._asked is request:
                    self._asked = None
                self._changed.notify_all()

    def _break(self, error: str) -> None:
        """The worker has ended: let go of who waits for it."""
        with self._changed:
            self._broken, self._asked = error, None
            self._changed.notify_all()
        self._complain(f"no prompt is taken any more: {error}; start again")

    def _embedded(self, request: PromptRequest) -> bool:
        try:
            for text, _ in blend(request.key.prompt):
                self._embed(text)
        except ValueError as problem:
            log.error("prompt %r: %s", words(request.key.prompt), problem)
            self._complain(str(problem))
            return False
        except Exception as problem:
            log.exception("prompt %r", words(request.key.prompt))
            self._complain(f"the prompt {words(request.key.prompt)!r} was not taken: {in_words(problem)}")
            return False
        return True
