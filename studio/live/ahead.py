"""The next sets of a timeline are made beside the frame loop as they come near: a stage keeps a few plates alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import attrgetter

from studio.live.newest import Newest
from studio.timeline.sets import SetBlend, SetKey, words_of

AHEAD = 3
"""Keys that are made before their time: half of what a stage keeps, beside what stands."""

Keys = tuple[SetKey, ...]


class Ahead:
    """Looks ahead of the frame loop, which calls `look`. prepare, complain: as `Newest` has them, for each set."""

    def __init__(self, prepare: Callable[[SetBlend], object], complain: Callable[[str], None]) -> None:
        def prepared(keys: Keys) -> Keys:
            for key in keys:
                prepare(key.set)
            return keys

        self._coming: Keys = ()
        """What was asked for last."""
        self._newest: Newest[Keys] = Newest("coming set", prepared, complain, lambda keys: words_of(keys[0].set))

    def look(self, sets: Sequence[SetKey], time_s: float) -> None:
        """Have those that come next made. sets: in order of time, on the clock of `time_s`."""
        reached = bisect_right(sets, time_s, key=attrgetter("time_s"))
        coming = tuple(sets[reached : reached + AHEAD])
        if coming and coming != self._coming:
            self._coming = coming
            with suppress(ValueError):  # the worker has ended, and said so; the frame is answered all the same
                self._newest.ask(coming)

    def close(self) -> None:
        """End the worker."""
        self._newest.close()
