"""The list of takes, for people and for scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from engine.console import plain
from studio.takes.documents import TakeError
from studio.takes.slate import natural
from studio.takes.summaries import Summary, summaries_of
from studio.takes.take import Take

COLUMNS = {"take": "take", "state": "state", "verdict": "", "frames": "made", "dropped": "drop", "versions": "vers."}
"""Fields of a line, and the heads over their columns; seconds and prompts come after."""


@dataclass(frozen=True)
class TakeListing:
    """One line of a list of takes; a take that cannot be opened is listed with its error."""

    folder: Path
    summary: Summary | None
    error: str = ""

    @property
    def take(self) -> Take | None:
        """The take, which is opened here; None where it cannot be."""
        try:
            return Take.open(self.folder)
        except (TakeError, OSError):
            return None


def list_takes(sessions: Path) -> Iterator[TakeListing]:
    """Every take under a sessions folder, by production, scene, shot and number; not folders in which no take began.

    A take whose files have not changed since it was last listed is not read again; see studio/takes/summaries.py.
    """
    sessions = Path(sessions)
    root = sessions.absolute()
    summaries, listed = summaries_of(root), []
    for path in sorted(sessions.glob("*/S*/*/T*"), key=natural):
        if path.is_dir() and re.fullmatch(r"T\d+", path.name) and not _reserved(path):
            folder = root / path.relative_to(sessions)
            listed.append(folder)
            try:
                yield TakeListing(path, summaries.of(folder))
            except (TakeError, OSError) as error:
                yield TakeListing(path, None, str(error))
    summaries.save(listed)


def _reserved(folder: Path) -> bool:
    """Whether it is the folder of a take that has not begun yet, or whose recorder was killed before it did."""
    return not any((folder / name).exists() for name in ("take.json", "raw.mkv", "live.mkv"))


def line(listed: TakeListing) -> dict[str, Any]:
    """A take for the list, as JSON values."""
    place: dict[str, Any] = {"folder": str(listed.folder), "take": " ".join(listed.folder.parts[-4:])}
    if listed.summary is None:
        return place | {"state": "damaged", "error": listed.error}
    facts = listed.summary.model_dump()
    return place | facts | {"duration_s": round(facts["duration_s"], 3)}


def table(lines: Sequence[dict[str, Any]]) -> Table:
    """All lines, for a terminal."""
    rows = Table(box=None)
    for name in [*COLUMNS.values(), "s"]:
        rows.add_column(name, no_wrap=True, justify="left" if name in ("take", "state", "") else "right")
    rows.add_column("prompts")
    for fields in lines:
        cells = [str(fields.get(name) or "") for name in COLUMNS]
        about = fields.get("error") or fields.get("prompts", "")
        seconds = f"{fields['duration_s']:.1f}" if "duration_s" in fields else ""
        rows.add_row(*map(plain, (*cells, seconds, about)))
    return rows
