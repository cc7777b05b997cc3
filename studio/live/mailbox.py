"""What is asked for live, and the newest wins: one prompt, embedded beside the frame loop, and a value a parameter."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.prompts import blend, words
from studio.live.newest import Newest
from studio.timeline.curves import Ease
from studio.timeline.keys import Key
from studio.timeline.sets import SetKey


@dataclass(frozen=True)
class PromptRequest:
    """A prompt that was asked for and holds from a next frame on."""

    key: Key
    """Prompt and fade; its time is that of the frame where it takes effect, which is not known yet."""
    requested_ticks: int
    """When it was asked for, on the director's clock."""


@dataclass(frozen=True)
class SetRequest:
    """A set that was asked for and stands from a next frame on."""

    key: SetKey
    """Set and fade; its time is that of the frame where it takes effect."""
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
        self._embed = embed
        self._lock = threading.Lock()
        self._values: dict[str, ValueRequest] = {}
        self._prompts = Newest("prompt", self._embedded, complain, lambda request: words(request.key.prompt))

    def ask(self, request: PromptRequest, *, wait: bool = False) -> None:
        """Put a prompt in place of one that waits. wait: return when it is embedded, dropped or overtaken.

        Raises ValueError where the embedder has ended.
        """
        self._prompts.ask(request, wait=wait)

    def set(self, request: ValueRequest) -> None:
        """Put a parameter's value in place of one that waits."""
        with self._lock:
            self._values[request.name] = request

    def asked_value(self, name: str) -> float | None:
        """The value of a parameter that is asked for and not taken yet."""
        with self._lock:
            request = self._values.get(name)
        return request.value if request else None

    def take(self) -> PromptRequest | None:
        """The newest prompt that is embedded, once."""
        return self._prompts.take()

    def take_values(self) -> tuple[ValueRequest, ...]:
        """The newest value of each parameter that was asked for, once."""
        with self._lock:
            values, self._values = tuple(self._values.values()), {}
            return values

    def close(self) -> None:
        """End the worker."""
        self._prompts.close()

    def _embedded(self, request: PromptRequest) -> PromptRequest:
        for text, _ in blend(request.key.prompt):
            self._embed(text)
        return request
