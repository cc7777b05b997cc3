"""Sets as people give them: a picture's or a clip's path, `gallery:castle`, `colour:#204060`, `off`, or words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from studio.sets.gallery import GALLERY
from studio.sets.stage import check_file, near, place_in_words, resolved
from studio.sets.store import Store
from studio.timeline.sets import FILE_KINDS, Set, set_from_text

_PATHS = ("./", "../", "~/", ".\\", "..\\")
"""Begin a path; no words of a place do."""


def set_of(text: str, store: Store, remark: Callable[[str], object] | None = None) -> Set:
    """A set as it is typed. A file is copied into the store; words become a plan; a gallery's name may stand alone.

    remark: called with a sentence for each word that nothing answers, and for a look among them. Raises SetError for a
    file or words that cannot be used, TimelineError for what is not a set.
    """
    path = Path(text)
    if path.suffix.lower() in FILE_KINDS or path.is_absolute() or text.startswith(_PATHS):
        if path.is_file():  # else the store says what it is
            check_file(path)
        return {"file": store.add(path)}
    if text in GALLERY:
        return {"gallery": text}
    set_ = set_from_text(text)
    if remark and set_ is not None and "words" in set_:
        place = place_in_words(set_["words"])
        for word in place.unknown:
            remark(f"the set designer does not know {word!r}, and leaves it out; nearest are {', '.join(near(word))}")
        if place.look:
            remark(f"the set's words name the look {place.look!r}, which a set has not; give it as the prompt")
    return resolved(set_)
