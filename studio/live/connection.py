"""One camera's way to the director: a mailbox for the newest frame, and the camera's clock on the director's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from studio.live.director import Director, Shot
from studio.live.takelog import Arrival

HELD = 512
"""Frames that may arrive while one is made, for the record; beyond it they are counted, not kept."""


class Connection:
    """Frames in from any thread with `offer`; `run` answers the newest in its own. Made anew for each socket.

    The camera's frame numbers and ticks may start anywhere: the first frame of a connection follows the director's
    last by the time that passed between them.
    """

    def __init__(self, director: Director) -> None:
        self._director = director
        self._arrivals: list[Arrival] = []
        self._news = threading.Condition()
        self._open = True
        self._shift: tuple[int, int] | None = None
        self.unkept = 0
        """Frames that came while the engine stood still, too many to keep."""

    def offer(self, packet: bytes, index: int, ticks: int) -> None:
        """A camera frame: JPEG, its number, and microseconds on the camera's clock. Never blocks."""
        arrived_s = time.monotonic()
        with self._news:
            if self._shift is None:
                self._shift = self._begin(index, ticks)
            if len(self._arrivals) >= HELD:
                self._arrivals.pop(0)
                self.unkept += 1
            self._arrivals.append(Arrival(packet, index + self._shift[0], ticks + self._shift[1], arrived_s))
            self._news.notify()

    def sound(self, chunk: bytes, ticks: int) -> None:
        """A chunk of the microphone's WebM, begun at `ticks` of the camera's clock; see `Director.sound`."""
        if self._shift is not None:
            self._director.sound(chunk, ticks + self._shift[1])

    def run(self, show: Callable[[Shot], None]) -> None:
        """Answer the newest frame, again and again, until the end; what came before it is dropped, and recorded so."""
        told = 0
        while (arrivals := self._take()) is not None:
            *skipped, newest = arrivals
            if self.unkept > told:
                self._director.note("drop", frames=self.unkept - told)
                told = self.unkept
            show(
                self._director.shoot(
                    newest.packet, newest.index, newest.ticks, arrived_s=newest.arrived_s, skipped=skipped
                )
            )

    @property
    def shift(self) -> tuple[int, int] | None:
        """What a shot's index and ticks have on top of the camera's own; None before the first frame."""
        return self._shift

    def close(self) -> None:
        """`run` returns after the frame that it is making; what waits is let go."""
        with self._news:
            self._open = False
            self._arrivals.clear()
            self._news.notify()

    def finish(self) -> None:
        """No more frames come: `run` answers what waits, then returns."""
        with self._news:
            self._open = False
            self._news.notify()

    def _take(self) -> list[Arrival] | None:
        with self._news:
            self._news.wait_for(lambda: self._arrivals or not self._open)
            arrivals, self._arrivals = self._arrivals, []
            return arrivals or None

    def _begin(self, index: int, ticks: int) -> tuple[int, int]:
        """What to add to the camera's index and ticks."""
        last_index, _ = self._director.clock
        if last_index < 0:
            return -index, -ticks
        return last_index + 1 - index, self._director.ticks_now() - ticks
