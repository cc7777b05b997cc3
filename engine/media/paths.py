"""Paths of files on this machine, as FFmpeg and whoever reads an error need them."""

from __future__ import annotations

import os
from pathlib import Path

from engine.media.pictures import MediaError


def local(path: str | Path) -> str:
    """The file's name for FFmpeg, which takes what stands before a colon for a protocol: `12:30.mp4`, `http:x.mp4`.

    Before the colon of an absolute path stands a slash, or a drive's letter, which FFmpeg knows.
    """
    return os.path.abspath(path)  # noqa: PTH100 - a Path would lead through links, and FFmpeg's errors name this one


def check_folder(path: str | Path) -> None:
    """Raise MediaError where the folder that a file is to be written into does not exist."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise MediaError(f"there is no folder {folder} for {Path(path).name}; make it first")
