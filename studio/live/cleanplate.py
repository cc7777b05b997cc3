"""The clean plate, learnt live: a second of frames while nobody is in the picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.compositing.cleanplate import LEAST_FRAMES, CleanPlate, Learner
from studio.takes.manifest import TICKS_PER_SECOND
from studio.workers import Worker

SECONDS = 1.0
"""How long the picture is to be empty; more where fewer frames than a plate needs come in that time."""


class Learning:
    """Learns one clean plate. done: called, in a thread of its own, with the plate, or None and why there is none."""

    def __init__(self, done: Callable[[CleanPlate | None, str], object]) -> None:
        self._done = done
        self._learner = Learner()
        self._began: int | None = None

    def sees(self, rgb: np.ndarray, ticks: int) -> bool:
        """See a frame, (H, W, 3) uint8 at a tick of the director's clock. Whether it was the last."""
        if self._began is None:
            self._began = ticks
        self._learner.add(rgb)
        enough = self._learner.frames >= LEAST_FRAMES and ticks - self._began >= SECONDS * TICKS_PER_SECOND
        if enough:
            Worker("clean plate", self._finish, lambda error: self._done(None, error)).start()
        return enough

    def _finish(self) -> None:
        try:
            plate = self._learner.plate()
        except ValueError as error:
            self._done(None, str(error))
        else:
            self._done(plate, "")
