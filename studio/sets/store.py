"""A production's pictures and clips for its sets, and a take's own copies: files named by their content.

    name = Store(sessions / "my-film" / "sets").add(Path("beach.jpg"))     "<sha256>.jpg"
    locate(name, [take.folder / "sets", production / "sets"])              where it lies

The name is the proof: a file whose content has another sha256 was changed.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from studio.timeline.sets import FILE_KINDS, is_content

CLEAN_PLATE = ".npz"
"""Of what the camera saw while nobody was there (engine/compositing/cleanplate.py)."""

MOST_BYTES = 512 * 1024 * 1024
"""Of one file: half an hour of a phone's video. Each take that shows it keeps a copy."""

_BLOCK = 1 << 20
_PART = ".part-"
_LEFT_S = 3600.0
"""A part that nobody has written to for so long was left by a process that was killed."""


class SetError(ValueError):
    """A set that cannot be shown, or a file of one; the text says why, and the remedy."""


class Store:
    """A folder of files named by their content. Any thread and any process may add; what is there is never changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        for part in self.folder.glob(f"{_PART}*"):
            with suppress(OSError):
                if time.time() - part.lstat().st_mtime > _LEFT_S:
                    part.unlink()

    def add(self, path: Path) -> str:
        """Copy a picture or a clip into the folder; returns its name there. Raises SetError, which says what it is."""
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in FILE_KINDS:
            legal = ", ".join(FILE_KINDS)
            raise SetError(f"{path.name} is not a picture or a clip by its name; there is {legal}")
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise SetError(f"{path} is not a file; give a picture or a clip")
            with path.open("rb") as file:
                return self._keep(file, suffix, path.name)
        except FileNotFoundError:
            raise SetError(f"{path} does not exist; give the path of a picture or a clip") from None
        except OSError as error:
            raise SetError(f"cannot keep {path.name} in {self.folder}: {error.strerror or error}") from None

    def add_bytes(self, data: bytes, suffix: str) -> str:
        """The same with a file's content. Raises SetError."""
        try:
            return self._keep(io.BytesIO(data), suffix, f"a file {suffix}")
        except OSError as error:
            raise SetError(f"cannot keep a file in {self.folder}: {error.strerror or error}") from None

    def _keep(self, file: BinaryIO, suffix: str, called: str) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=_PART, dir=self.folder)
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as copy:
                while block := file.read(_BLOCK):
                    size += len(block)
                    if size > MOST_BYTES:
                        raise SetError(
                            f"{called} has more than {MOST_BYTES >> 20} MB; cut it shorter or save it smaller"
                        )
                    digest.update(block)
                    copy.write(block)
            if not size:
                raise SetError(f"{called} is empty; give a picture or a clip")
            name = digest.hexdigest() + suffix
            Path(part).chmod(0o644)
            Path(part).replace(self.folder / name)
        finally:
            Path(part).unlink(missing_ok=True)
        return name


def locate(name: str, folders: Iterable[Path]) -> Path:
    """Where a file of that name lies, in the first folder that has it. Raises SetError where none has."""
    if not is_content(name):
        raise SetError(f"{name[:100]!r} does not name a file of a set; it is its sha256 and its kind: <64 digits>.jpg")
    folders = list(folders)
    for folder in folders:
        path = Path(folder) / name
        if path.is_file() and not path.is_symlink():
            return path
    places = " and ".join(str(folder) for folder in folders) or "any folder"
    raise SetError(f"the set's file {name[:12]}…{name[64:]} is gone from {places}; bring it back, or take another set")
