"""What is printed for people: their own words as they are, on any console.

Rich takes `[red]` and `:smile:` for orders, a console may lack a name's letters, and a control character in a file's
name could move the cursor. None of that may change what is shown, or end a command that has done its work.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printable(words: object) -> str:
    """A user's words as they are, but control characters other than tab and newline, which are shown by their codes."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", str(words))


def plain(words: object) -> Text:
    """A user's words for a table or a line of rich's, which takes no orders from them; see `printable`."""
    return Text(printable(words))


def words_column(field: str) -> TextColumn:
    """A column of a progress bar that shows a user's words: `{task.description}`."""
    return TextColumn(field, markup=False)


def show_all_characters() -> None:
    """From now on standard output and error show what their encoding lacks as `\\u0414`, in place of failing.

    A console that passes bytes through as they came stays so. Call it where a command line begins.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def progress_bar(unit: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error, called with how much is done and how much there is."""
    columns = words_column(unit), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(unit, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def flat(report: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A report as rows of one level: the names of those within follow those around them."""
    rows: dict[str, Any] = {}
    for name, value in report.items():
        rows |= flat(value, f"{prefix}{name} ") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return rows


def print_table(title: str, rows: dict[str, Any], columns: tuple[str, str] = ("measure", "value")) -> None:
    """A table of two columns."""
    table = Table(*columns, title=plain(title))
    for name, value in rows.items():
        table.add_row(plain(name), plain(", ".join(map(str, value)) if isinstance(value, list) else value))
    Console().print(table)
