"""Files and bytes of others: regular files alone, and bounded; files of ours: whole or not at all.

Standard library only.

Whoever opens a device or a pipe by its name may wait for ever, or read without end.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

_LONGEST_SUFFIX = 32
"""Characters; longer ones tell nobody a kind, and names have 255 bytes at most."""
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # Windows has no pipes among its files


def open_regular(path: Path | str) -> BinaryIO:
    """Open a regular file for its bytes, without a buffer's delay. Raises OSError for whatever else has that name."""
    _check(Path(path).stat(), path)  # to open some devices is an act
    file = cast(BinaryIO, open(path, "rb", opener=_opener))  # noqa: SIM115 - the caller closes it
    try:
        _check(os.fstat(file.fileno()), path)  # the name may mean another file by now
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path | str, most: int) -> bytes:
    """The bytes of a regular file, `most` at most. Raises OSError for another kind of file, or a larger one."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1) if size <= most else b""
        if size < len(data) <= most:  # it grows, or tells no size, as those of /proc
            data += file.read(most + 1 - len(data))
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it has {max(size, len(data)):,} bytes, and at most {most:,} are read", str(path))
    return data


def inflated(data: bytes, most: int) -> bytes:
    """What zlib packed, `most` bytes at most. Raises ValueError for more, and for what is damaged or cut off.

    Four megabytes may unpack to four gigabytes.
    """
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(unpacked) > most:
        raise ValueError(f"it unpacks to more than {most:,} bytes")
    if not unpacker.eof:
        raise ValueError("it is cut off")
    return unpacked


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """For a file that is there whole or not at all: gives a new name beside it, with its suffix, to be written to.

    At the end of the context what was written takes the place of `path`; where the context is left by an error,
    whatever stood there stays, and nothing else remains. A link of that name gives way, and what it leads to stays; a
    folder, a device or a pipe is refused at once. Raises OSError, which names `path`.
    """
    if not path.absolute().parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.absolute().parent}; make it first", str(path))
    if path.exists():
        _check(path.stat(), path)  # nobody means to put a file in the place of /dev/null
    part = path.with_name(f".{secrets.token_hex(8)}.part{path.suffix[:_LONGEST_SUFFIX]}")  # short beside any name
    try:
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, part, str(part)):
            error.filename = str(path)  # what was to be written, for people
            del error.filename2  # None would be printed, too
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all; see `published`. Raises OSError, which names it."""
    with published(path) as part, part.open("xb") as file:
        file.write(data)


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | _NONBLOCK)


def _check(about: os.stat_result, path: Path | str) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a regular file", str(path))
