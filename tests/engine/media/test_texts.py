"""Text files as people's editors save them, and files that are written whole or not at all."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from engine.media.files import write_whole
from engine.media.texts import decoded, read_text

TEXT = '{"0": "Дуэль, é"}\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_editors_save_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_bytes(TEXT.encode(encoding))
    assert read_text(path) == TEXT


def test_both_orders_of_utf_16_are_read() -> None:
    assert decoded(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")) == TEXT
    assert decoded(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")) == TEXT
    assert decoded(b"") == decoded(codecs.BOM_UTF8) == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (TEXT[:-5].encode("cp1251"), "words.json: byte 7 is not UTF-8; save it as UTF-8 text"),
        ("{}".encode("utf-16-le"), "words.json: it holds zero bytes, as UTF-16"),
        (codecs.BOM_UTF32_LE + "{}".encode("utf-32-le"), "words.json: byte 0 is not UTF-8"),
        (codecs.BOM_UTF16_LE + b"{", "words.json: byte 2 is not UTF-16; save it as UTF-8 text"),
    ],
)
def test_another_encoding_is_refused_in_words(data: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=says):
        read_text(path)


def test_a_file_of_the_longest_name_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".json")
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"one")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*report\.json"):
        write_whole(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]
