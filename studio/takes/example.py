"""The take that comes with the studio: it plays as a camera where there is none, and can be looked at and rendered."""

from __future__ import annotations

import shutil
from pathlib import Path

_PACKAGED = Path(__file__).parents[1] / "shipped"
_CHECKOUT = Path(__file__).parents[2] / "sessions"

SHIPPED = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
"""A sessions folder with the production `example`: within the installed package, else the repository's."""


def copy_example(sessions: Path) -> bool:
    """Begin a sessions folder that is not there yet with a copy of the example take (16 MB).

    Returns whether it was copied: a folder that exists is left alone, so an example that was thrown away stays away.
    """
    source = SHIPPED / "example"
    if sessions.exists() or not source.is_dir():
        return False
    unfinished = sessions / ".example"  # no production has such a name: a copy that was cut off is no take
    shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns("renders", "drafts"))
    unfinished.replace(sessions / "example")
    return True
