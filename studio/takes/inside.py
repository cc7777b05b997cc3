"""Where the files of a take may be: under plain names, inside its folder, never by a link that leads out of it.

A take may come from somebody else. What its documents name is read, shown and replaced, so that a name must mean a
regular file of the take itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath, PureWindowsPath

from studio.takes.documents import DamagedError, TakeError

LONGEST = 255
"""Characters of a name with its folders."""


def plain(name: str) -> str:
    """The name itself, where it is a relative path without `..`, on every system. Raises ValueError."""
    parts = name.split("/")
    legal = 0 < len(name) <= LONGEST and name.isprintable() and not {"", ".", ".."} & set(parts)
    windows = PureWindowsPath(name)
    if not legal or PurePosixPath(name).is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise ValueError(f"{name[:60]!a} does not name a file of a take; write a name such as proxy/raw.mp4")
    return name


def within(folder: Path, name: str) -> Path:
    """The path of that name in a folder, whether a file is there or not. Raises DamagedError where it leads out."""
    path = folder / name
    try:
        plain(name)
    except ValueError as error:
        raise DamagedError(f"{folder}: {error}") from None
    if any(part.is_symlink() for part in (path, *path.parents[: name.count("/")])):
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError):  # links in a circle
            inside = False
        if not inside:
            raise DamagedError(f"{path} is a link that leads out of {folder.name}; put the file itself there")
    return path


def file_within(folder: Path, name: str) -> Path | None:
    """The file of that name in a folder; None where there is none, or it leads out, or it is not a regular file."""
    try:
        path = within(folder, name)
    except DamagedError:
        return None
    return path if path.is_file() else None


def own_folder(folder: Path, name: str) -> Path:
    """A folder of that name in a take, made where there is none. Raises TakeError where a link has its place."""
    path = folder / name
    if path.is_symlink():
        raise TakeError(f"{path} is a link, and what is made of the take would go elsewhere; remove it")
    path.mkdir(exist_ok=True)
    return path


def remove(path: Path) -> None:
    """Remove a folder with all that is in it, a file, or a link, not what it leads to. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
