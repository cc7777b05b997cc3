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
from pathlib import Path
from typing import BinaryIO, cast

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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file through a new one beside it, so that it is never seen in part; a link of its name gives way."""
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # a name of any length has one beside it
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename, error.filename2 = str(path), None  # what was to be written, for people
        raise


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | _NONBLOCK)


def _check(about: os.stat_result, path: Path | str) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(about.st_mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a regular file", str(path))
