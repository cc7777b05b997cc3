"""Files that outlive a crash: sealed JSON documents, replaced atomically, and append-only journals of checked lines."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from engine.media.files import open_regular, read_regular, write_whole
from engine.media.values import check_text, parse

SEAL = "seal"
"""The last field of a document: sha256 of the others, so that `check` sees a changed byte."""

CRC = "crc"
"""The last field of a journal's line: crc32 of the line, continued from the line before."""

MOST_BYTES = 256 * 2**20
"""Of a document: the hashes of thirty hours' frames are less."""
MOST_JOURNAL, MOST_LINE = 2**30, 2**24
"""Bytes of a journal, which has 200 a frame, and of a line of one: a day and a half at 24 frames a second, and a region
of many drawn masks."""

_CRC_FIELD = f', "{CRC}": "'.encode()


class TakeError(ValueError):
    """A slate, a take or a file of it that cannot be used; the text names the path and the remedy."""


class DamagedError(TakeError):
    """A file of a take that cannot be read as what it is; names the file and the place."""


def write_document(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON with its seal, so that at every moment the old or the new document is there, whole.

    Raises ValueError for what could not be read again (half a character, NaN), TypeError for what is not JSON.
    """
    body = {name: value for name, value in data.items() if name != SEAL}
    check_text(json.dumps(body, ensure_ascii=False, allow_nan=False))  # in words, before it is sealed
    text = json.dumps({**body, SEAL: _seal(body)}, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def read_document(path: Path) -> tuple[dict[str, Any], bool]:
    """A document's fields, and whether its seal holds. Raises DamagedError."""
    try:
        data = parse(read_regular(path, MOST_BYTES).decode("utf-8-sig"))
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing") from None
    except OSError as error:
        raise DamagedError(f"cannot read {path}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise DamagedError(f"{path} is damaged: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeDecodeError as error:
        raise DamagedError(f"{path} is damaged: byte {error.start} is not UTF-8") from None
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
    if not isinstance(data, dict):
        raise DamagedError(f"{path} is damaged: it holds no object")
    seal = data.pop(SEAL, None)
    return data, seal == _seal(data)


def copy_file(source: Path, copy: Path) -> None:
    """Copy a file, so that the copy is never seen in part; one that is there already stays. Raises TakeError."""
    if copy.parent.is_symlink():
        raise TakeError(f"{copy.parent} is a link, and the copy of {source.name} would go elsewhere; remove it")
    if copy.exists():
        return
    part = copy.with_name(f".{copy.name}.{secrets.token_hex(8)}.part")
    try:
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, part)
        part.replace(copy)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise TakeError(f"cannot copy {source} to {copy.parent}: {error.strerror or error}") from None


def link_file(source: Path, copy: Path) -> bool:
    """Give a file a second name, which takes no time, where the file system can; False where it cannot.

    For files that nobody writes to again. A name that is there already stays, as in `copy_file`.
    """
    if copy.parent.is_symlink() or source.is_symlink():
        return False
    try:
        copy.parent.mkdir(exist_ok=True)
        os.link(source, copy)
    except FileExistsError:
        return copy.is_file()
    except OSError:  # another disk, one of a kind without links, or what `copy_file` says in words
        return False
    return True


class WholeFile(FileIO):
    """An unbuffered file that writes all bytes or raises OSError, so that a full disk is noticed where it is met."""

    def write(self, data: Any, /) -> int:
        view = memoryview(data)
        while view:
            view = view[super().write(view) :]
        return len(data)


def serialised(row: Mapping[str, Any]) -> bytes:
    """A journal's line, without its checksum: what numpy gives becomes plain JSON.

    Raises ValueError, in words, for what no other program could read again: half surrogates, NaN and infinity, integers
    of more than 64 bits, and what is not JSON at all.
    """
    try:
        return json.dumps(_plain(row), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        start = error.object[max(0, error.start - 20) : error.start + 1].encode(errors="replace").decode()
        raise ValueError(f"a text holds half a character after {start!r}; write the whole character") from None
    except RecursionError:
        raise ValueError("values lie too deep in each other to be written; take them out of each other") from None


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {_name(key): _plain(field) for key, field in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise ValueError(f"an integer of {value.bit_length()} bits cannot be written; at most 64 are read again")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot be written; a number must be finite, such as 4.5")
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(f"{type(value).__name__} cannot be written; give texts, numbers, lists and mappings of them")


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f"{type(key).__name__} cannot name a field; give a text")
    return key


class Journal:
    """An append-only file of JSON lines, each on disk when `append` returns; a crash tears the last line at most."""

    def __init__(self, path: Path) -> None:
        self._file = WholeFile(path, "x")
        self._crc = 0

    def append(self, row: Mapping[str, Any] | bytes) -> None:
        """Add a line, serialised or to be. On OSError (a full disk) the file ends with the last whole line."""
        end = self._file.tell()
        body = (row if isinstance(row, bytes) else serialised(row))[:-1]
        crc = zlib.crc32(body, self._crc)
        try:
            self._file.write(body + _CRC_FIELD + f'{crc:08x}"}}\n'.encode())
        except OSError:
            self._file.truncate(end)
            self._file.seek(end)
            raise
        self._crc = crc

    def sync(self) -> None:
        """Ask the system to bring it to the disk, against power cuts."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def read_journal(path: Path, *, thorough: bool = True) -> tuple[list[dict[str, Any]], list[str]]:
    """A journal's rows, and what is wrong with it: nothing, a torn last line, or a changed line.

    A torn last line is left out. thorough: see `parse`. Raises DamagedError where a line before the last is not
    readable at all.
    """
    rows: list[dict[str, Any]] = []
    wrong: list[str] = []
    crc = 0
    try:
        lines = _lines(path)
        last = lines.pop()  # empty when the file ends with a line's end
    except FileNotFoundError:
        raise DamagedError(f"{path} is missing") from None
    except OSError as error:
        raise DamagedError(f"cannot read {path}: {error.strerror or error}") from None
    if last:
        wrong.append(f"{path.name}: the last line is torn")
    for number, line in enumerate(lines, start=1):
        try:
            row = parse(line.decode(), thorough=thorough)
            recorded = row.pop(CRC, "")
        except (ValueError, AttributeError, TypeError) as error:
            plain = type(error) is ValueError
            raise DamagedError(
                f"{path} is damaged: line {number} {f': {error}' if plain else 'is not a JSON object'}"
            ) from None
        crc = zlib.crc32(line.rpartition(_CRC_FIELD)[0], crc)
        if recorded != f"{crc:08x}":
            wrong.append(f"{path.name}: line {number} was changed")
            if isinstance(recorded, str) and re.fullmatch("[0-9a-f]{8}", recorded):
                crc = int(recorded, 16)  # so that the next line is judged alone
        rows.append(row)
    return rows, wrong


def _lines(path: Path) -> list[bytes]:
    """The lines of a journal, and what comes after the last."""
    lines = read_regular(path, MOST_JOURNAL).split(b"\n")
    if any(len(line) > MOST_LINE for line in lines):
        raise OSError(f"it has a line of more than {MOST_LINE:,} bytes")
    return lines


def crc(data: bytes) -> str:
    """crc32 in hex, as rows keep it."""
    return f"{zlib.crc32(data):08x}"


def rgb_sha256(rgb: np.ndarray) -> str:
    """Of a picture's bytes, (H, W, 3) uint8: the identity of a generated frame."""
    return hashlib.sha256(rgb.tobytes()).hexdigest()


def file_sha256(path: Path) -> str:
    """A regular file's sha256 in hex. Raises OSError."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _seal(body: Mapping[str, Any]) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
