"""What is printed: a user's words as they are, on any console."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table

from engine.console import plain, printable, show_all_characters


def shown(words: str) -> str:
    """What a table shows of the words, in one line."""
    table = Table("words", box=None, show_header=False, padding=0)
    table.add_row(plain(words))
    console = Console(file=io.StringIO(), width=4000)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().removesuffix("\n")


@given(st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x24F), min_size=1, max_size=40))
def test_a_table_shows_any_words_as_they_are(words: str) -> None:
    assert shown(words).rstrip() == words.rstrip()


@pytest.mark.parametrize(
    "words", ["underwater [/b]", "[red]a[/red]", ":smile:", "[link=http://x]a", "\\[a]", "a[1s] | b"]
)
def test_markup_is_not_obeyed(words: str) -> None:
    assert shown(words) == words


def test_control_characters_are_shown_by_their_codes() -> None:
    assert printable("a\x1b[2Jb\x07\x9b\r") == r"a\x1b[2Jb\x07\x9b\x0d"
    assert printable("a\tb\nç") == "a\tb\nç"


@pytest.mark.parametrize(
    ("encoding", "shows"),
    [("cp1252", rb"\u0414\u0443 \xe9"), ("ascii", rb"\u0414\u0443 \xe9"), ("utf-8", "Ду é".encode())],
)
def test_a_console_shows_what_its_encoding_lacks_by_its_code(
    encoding: str, shows: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, encoding))
    show_all_characters()
    print("Ду é", end="", flush=True)
    assert data.getvalue() == (shows if encoding != "cp1252" else rb"\u0414\u0443 " + b"\xe9")


def test_bytes_of_a_name_that_is_not_utf_8_pass_through_a_console_that_lets_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(data, "utf-8", "surrogateescape"))
    show_all_characters()
    print("a\udcff", end="", flush=True)
    assert data.getvalue() == b"a\xff"
