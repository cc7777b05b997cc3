"""`lsd-studio takes version`: a take's versions, their names and notes, and its bin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from studio.takes.bin import delete_version, empty_bin, restore_version
from studio.takes.documents import TakeError
from studio.takes.take import Take


def version_lines(
    folder: Path, version: str, *, name: str | None, note: str | None, delete: bool, restore: bool, empty: bool
) -> Iterator[str]:
    """Do what is asked, and say it: where a version is now, or a line for each. Raises TakeError."""
    take = Take.open(folder)
    labelled = name is not None or note is not None
    if sum((delete, restore, empty, labelled)) > 1:
        raise TakeError("--delete, --restore, --empty-bin and a name or a note exclude each other; say one of them")
    if empty:
        yield f"{empty_bin(take)} removed"
    elif restore:
        yield str(restore_version(take, version).folder)
    elif delete:
        yield str(delete_version(take, version))
    elif labelled:
        yield str(take.version(version).edit(name=name, note=note).folder)
    else:
        for each in [take.version(version)] if version else take.renders:
            yield "  ".join(part for part in (each.name, each.label, each.provenance, each.note) if part)
