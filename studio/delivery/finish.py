"""The end of a take, the same for the page, the notebook and the command line: what was recorded, ready to be seen."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from studio.background import Progress
from studio.delivery import proxies
from studio.takes.take import Take
from studio.workers import system_words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinishedTake:
    """A take that has ended."""

    take: Take
    trouble: str = ""
    """Why browsers have no pictures of it; the take is whole without them."""


def finish(folder: Path, progress: Progress | None = None) -> FinishedTake:
    """The take that was recorded into a folder, with the pictures that browsers play of it.

    Takes about a second for ten of the take's. progress: (frames done, total). Raises TakeError where the take cannot
    be opened.
    """
    take = Take.open(folder)
    try:
        return FinishedTake(proxies.make(folder, progress))
    except (ValueError, OSError) as error:
        log.error("%s: no pictures for browsers: %s", folder, error)
        return FinishedTake(take, system_words(error))
