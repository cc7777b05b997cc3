"""Which files a browser may read, and by which address: what takes show, the shipped example, what was exported."""

from __future__ import annotations

import os
import shutil
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

import psutil

from studio.takes.example import SHIPPED
from studio.takes.slate import natural

SERVED = ("poster.jpg", "mic.webm", "proxy/raw.mp4", "proxy/live.mp4", "renders/v*/out.mp4")
"""What of a take's folder a browser may read."""
EXPORTS, EXAMPLES = ".exports", ".example"
"""Stand for the folders of files made for download and of the shipped takes; no production can have these names."""
PREFIX = "lsd-studio-"
"""Of a studio's folder of exports among the system's temporary ones; the number of its process comes next."""
MOST_EXPORTS = 16
"""Files for download that are kept: a browser has fetched them long before."""
EXAMPLE = "example/S*/*/T*/proxy/raw.mp4"
"""Within a sessions folder: what plays where there is no camera."""


class Files:
    """The files of one sessions folder for browsers. An address is a path below `/studio/files/`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        _clear_up()
        self._exports = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")

    def find(self, address: str) -> Path | None:
        """The file behind an address; None where there is none, or browsers may not read it."""
        within, _, rest = address.partition("/")
        if within == EXPORTS:
            return _inside(Path(self._exports.name), rest)
        folder, inside = (SHIPPED, rest) if within == EXAMPLES else (self._folder, address)
        path = _inside(folder, inside)
        parts = path.relative_to(folder.resolve()).parts if path else ()
        legal = any(fnmatchcase("/".join(parts[4:]), pattern) for pattern in SERVED)
        return path if legal else None

    def path(self, folder: Path) -> str:
        """The address of a take's folder."""
        return folder.relative_to(self._folder).as_posix()

    def url(self, file: Path) -> str | None:
        """The address of a take's file; None where it is not there."""
        return self.path(file) if file.is_file() else None

    def example(self) -> str | None:
        """The address of a take's camera picture that stands in for a camera: of this folder, else the shipped one."""
        for folder, prefix in ((self._folder, ""), (SHIPPED, f"{EXAMPLES}/")):
            for path in sorted(folder.glob(EXAMPLE), key=natural):
                return prefix + path.relative_to(folder).as_posix()
        return None

    def new_export(self, name: str) -> Path:
        """Where to write a file of that name for download. Raises ValueError.

        It is there until `drop` or `close`; the oldest go when MOST_EXPORTS newer ones have come.
        """
        if Path(name).name != name:
            raise ValueError(f"{name!r} is not a file's name")
        older = sorted(Path(self._exports.name).iterdir(), key=lambda folder: folder.stat().st_ctime_ns)
        for folder in older[: max(0, len(older) - MOST_EXPORTS + 1)]:
            shutil.rmtree(folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self._exports.name)) / name

    def drop(self, path: Path) -> None:
        """Remove what was to be a file for download."""
        shutil.rmtree(path.parent, ignore_errors=True)

    def export_url(self, path: Path) -> str:
        """The address of a file that was written for download."""
        return f"{EXPORTS}/{path.parent.name}/{path.name}"

    def close(self) -> None:
        """Remove what was exported for download."""
        self._exports.cleanup()


def _clear_up() -> None:
    """Remove what studios exported that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        try:
            dead = number.isdecimal() and not psutil.pid_exists(int(number))
            own = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
        except (OSError, OverflowError):
            continue
        if dead and own and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


def _inside(folder: Path, path: str) -> Path | None:
    """The file of that path in a folder; None where there is none, or `..` or a link leads out."""
    folder = folder.resolve()
    try:
        file = (folder / path).resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, ValueError):  # no system has such a name
        return None
