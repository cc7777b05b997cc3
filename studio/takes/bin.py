"""The bin of a take: versions that were deleted, until somebody brings them back or empties it.

    renders/.bin/v002/

A version's number is not given again while it lies there, so that it can come back under its own name.
"""

from __future__ import annotations

import re
from pathlib import Path

from studio.takes.documents import TakeError
from studio.takes.inside import own_folder, remove
from studio.takes.slate import folders
from studio.takes.take import Take
from studio.takes.version import Render, read_render

BIN = ".bin"
"""In a take's folder of versions."""


def delete_version(take: Take, name: str) -> Path:
    """Move a version to the take's bin; where it lies then. Raises TakeError for the circled one, or none of that name.

    name: such as `v002`.
    """
    if Take.open(take.folder).manifest.circled == name:
        raise TakeError(f"{name} of {take.name} is circled; circle another one first: take.edit(circled=None)")
    versions = {folder.name: folder for folder in take.versions()}
    if name not in versions:
        raise TakeError(f"{take.name} has no version {name!r}; it has {', '.join(versions) or 'none'}")
    binned = own_folder(own_folder(take.folder, "renders"), BIN) / name
    return versions[name].rename(binned)


def restore_version(take: Take, name: str) -> Render:
    """Bring a version back from the bin. Raises TakeError where it is not there."""
    binned = {folder.name: folder for folder in deleted_versions(take)}
    if name not in binned:
        raise TakeError(f"the bin of {take.name} has no {name!r}; it has {', '.join(binned) or 'nothing'}")
    folder = take.folder / "renders" / name
    if folder.exists():
        raise TakeError(f"{folder} is there already; delete it first")
    return read_render(binned[name].rename(folder))


def deleted_versions(take: Take) -> list[Path]:
    """The folders of the versions in a take's bin."""
    entries = folders(take.folder / "renders" / BIN)
    return [folder for folder in entries if re.fullmatch(r"v\d{3,}", folder.name) and not folder.is_symlink()]


def empty_bin(take: Take) -> int:
    """Remove what is in a take's bin for good; how many versions that were."""
    binned = deleted_versions(take)
    for folder in binned:
        remove(folder)
    return len(binned)
