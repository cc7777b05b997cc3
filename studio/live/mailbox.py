"""What is asked for live: a mailbox of one. The newest prompt wins; it is embedded beside the frame loop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from studio.timeline.timeline import Blend, words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromptRequest:
    """A prompt that was asked for and holds from a next frame."""

    prompt: Blend
    fade_s: float
    requested_ticks: int
    """When, on the director's clock."""


class Mailbox:
    """Mailbox go in with `ask` from any thread and come out embedded, by `take`, in the frame loop.

    embed: embeds a text into a cache that the frame loop reads; may take its time and raise ValueError. complain: told
    what it raised; the wish is dropped then.
    """

    def __init__(self, embed: Callable[[str], object], complain: Callable[[str], None]) -> None:
        self._embed, self._complain = embed, complain
        self._news = threading.Condition()
        self._asked: PromptRequest | None = None
        self._ready: PromptRequest | None = None
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="embedder", daemon=True)
        self._worker.start()

    def ask(self, wish: PromptRequest, *, wait: bool = False) -> None:
        """Put a wish in place of one that waits. wait: return when it is embedded, dropped or overtaken."""
        with self._news:
            self._asked = wish
            self._news.notify_all()
            if wait:
                self._news.wait_for(lambda: self._asked is not wish or self._closed)

    def take(self) -> PromptRequest | None:
        """The newest wish that is embedded, once."""
        with self._news:
            wish, self._ready = self._ready, None
            return wish

    def close(self) -> None:
        """End the worker."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._worker.join()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._asked is not None or self._closed)
                wish = self._asked
                if wish is None or self._closed:
                    return
            embedded = self._embedded(wish)
            with self._news:
                if embedded:
                    self._ready = wish
                if self._asked is wish:
                    self._asked = None
                self._news.notify_all()

    def _embedded(self, wish: PromptRequest) -> bool:
        try:
            for text, _ in wish.prompt:
                self._embed(text)
        except ValueError as problem:
            log.error("prompt %r: %s", words(wish.prompt), problem)
            self._complain(str(problem))
            return False
        return True
