"""Text files as editors save them: UTF-8 with or without the mark that some put first, and UTF-16 with its mark."""

from __future__ import annotations

import codecs
from pathlib import Path

from engine.media.files import read_regular

MOST_BYTES = 4_000_000
"""Of a text file: more than anybody types."""
MARK = "\ufeff"
"""The byte order mark, as a character of decoded text."""


def read_text(path: str | Path) -> str:
    """A text file that people edit. Raises ValueError, in words, for what is not text, and OSError."""
    try:
        return decoded(read_regular(path, MOST_BYTES))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def decoded(data: bytes) -> str:
    """The text of a file's bytes, without its mark. Raises ValueError for another encoding."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(codecs.BOM_UTF32_LE)
    name = "UTF-16" if wide else "UTF-8"
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not {name}; save it as UTF-8 text") from None
    if "\0" in text:
        raise ValueError("it holds zero bytes, as UTF-16 and UTF-32 text does; save it as UTF-8 text")
    return text
