"""One camera's way to the director: a mailbox for the newest frame, and the camera's clock on the director's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from studio.live.director import Director
from studio.live.frames import LIVE_QUALITY, Arrival, LiveFrame
from studio.takes.manifest import TICKS_PER_SECOND

MAX_WAITING = 512
"""Frames that may arrive while one is made, for the record; beyond it they are counted, not kept."""
JUMP_TICKS = 10 * TICKS_PER_SECOND
"""How far a camera's clock may be from its frames' arrival: a network that stood still and caught up is nearer."""
DRIFT = 1000
"""A camera's clock may run away from ours by one part in so many; quartz does by one in 10,000."""
JUMP_FRAMES = 100_000
"""How many numbers a camera may leave out at once; at 24 a second an hour has fewer."""


class Connection:
    """Frames in from any thread with `offer`; `run` answers the newest in its own. Made anew for each socket.

    The camera's frame numbers and ticks may start anywhere: the first frame of a connection follows the director's
    last by the time that passed between them. An answer bears the camera's own number and time.

    held: a camera's clock is held to its frames' arrival: where it jumps (a computer that slept, a clock that was set,
    a page that makes its times up) the next frame follows the last by the time that passed here. Not for files, whose
    times are the truth.
    """

    def __init__(self, director: Director, *, held: bool = True) -> None:
        self._director, self._held = director, held
        self._arrivals: list[Arrival] = []
        self._changed = threading.Condition()
        self._open = True
        self._shift: tuple[int, int] | None = None
        """What the director's count and clock have on top of the camera's; None before the first frame."""
        self._last = (0, 0)
        """Index and ticks of the last frame."""
        self._base, self._heard = 0, 0
        """What to add to this machine's clock for the director's; when the last frame arrived, on this machine's."""
        self._lead = 0.0
        """How far the camera's clock runs ahead of its frames' arrival, in ticks, but for jitter."""
        self.unkept = 0
        """Frames that came while the engine stood still, too many to keep."""

    def offer(self, packet: bytes, number: int, ticks: int, quality: int = LIVE_QUALITY) -> None:
        """A camera frame: JPEG, its number, microseconds on the camera's clock, JPEG quality of its answer (1 to 95).

        Never blocks.
        """
        arrived_s = time.monotonic()
        with self._changed:
            now = round(arrived_s * TICKS_PER_SECOND)
            if self._shift is None:
                self._shift = self._begin(number, ticks)
                self._base = ticks + self._shift[1] - now
            elif self._held and self._jumps(number + self._shift[0], ticks + self._shift[1], now):
                index, last = self._last
                due = max(last + 1, now + self._base + round(self._lead))
                self._shift = index + 1 - number, due - ticks
            self._last, self._heard = (number + self._shift[0], ticks + self._shift[1]), now
            if len(self._arrivals) >= MAX_WAITING:
                self._arrivals.pop(0)
                self.unkept += 1
            index, own = self._last
            self._arrivals.append(Arrival(packet, number, ticks, index, own, arrived_s, quality))
            self._changed.notify()

    def sound(self, chunk: bytes, ticks: int) -> None:
        """A chunk of the microphone's WebM, begun at `ticks` of the camera's clock; see `Director.sound`."""
        if self._shift is not None:
            own, now = ticks + self._shift[1], self._director.ticks_now()
            self._director.sound(chunk, now if self._held and abs(own - now) > JUMP_TICKS else own)

    def run(self, show: Callable[[LiveFrame], object]) -> None:
        """Answer the newest frame, again and again, until the end; what came before it is dropped, and recorded so."""
        noted = 0
        while (arrivals := self._take()) is not None:
            *skipped, newest = arrivals
            if self.unkept > noted:
                self._director.note("drop", frames=self.unkept - noted)
                noted = self.unkept
            show(self._director.answer(newest, skipped))

    def close(self) -> None:
        """`run` returns after the frame that it is making; what waits is let go."""
        with self._changed:
            self._open = False
            self._arrivals.clear()
            self._changed.notify()

    def finish(self) -> None:
        """No more frames come: `run` answers what waits, then returns."""
        with self._changed:
            self._open = False
            self._changed.notify()

    def _take(self) -> list[Arrival] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._arrivals or not self._open)
            arrivals, self._arrivals = self._arrivals, []
            return arrivals or None

    def _jumps(self, index: int, ticks: int, now: int) -> bool:
        """Does a frame of that number and time, which arrives now, not go on from the last?"""
        last_index, last_ticks = self._last
        away = ticks - (now + self._base) - self._lead
        if ticks < last_ticks or index - last_index > JUMP_FRAMES or abs(away) > JUMP_TICKS:
            return True
        most = (now - self._heard) / DRIFT
        self._lead += min(max(away, -most), most)
        return False

    def _begin(self, number: int, ticks: int) -> tuple[int, int]:
        """What to add to the camera's number and ticks."""
        last_index, _ = self._director.clock
        if last_index < 0:
            return -number, -ticks
        return last_index + 1 - number, self._director.ticks_now() - ticks
