"""Sets as people give them: a picture's or a clip's path, `gallery:castle`, `colour:#204060`, `off`, or words."""

from __future__ import annotations

from pathlib import Path

from studio.sets.gallery import GALLERY
from studio.sets.stage import check_file, resolved
from studio.sets.store import Store
from studio.timeline.sets import FILE_KINDS, Set, set_from_text

_PATHS = ("./", "../", "~/", ".\\", "..\\")
"""Begin a path; no words of a place do."""


def set_of(text: str, store: Store) -> Set:
    """A set as it is typed. A file is copied into the store; words become a plan; a gallery's name may stand alone.

    Raises SetError for a file or words that cannot be used, TimelineError for what is not a set.
    """
    path = Path(text)
    if path.suffix.lower() in FILE_KINDS or path.is_absolute() or text.startswith(_PATHS):
        if path.is_file():  # else the store says what it is
            check_file(path)
        return {"file": store.add(path)}
    if text in GALLERY:
        return {"gallery": text}
    return resolved(set_from_text(text))
