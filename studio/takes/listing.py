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
from studio.takes.take import Take

COLUMNS = {"take": "take", "state": "state", "verdict": "", "frames": "made", "dropped": "drop", "versions": "vers."}
"""Fields of a line, and the heads over their columns; seconds and prompts come after."""


@dataclass(frozen=True)
class TakeListing:
    """One line of a list of takes; a take that cannot be opened is listed with its error."""

    folder: Path
    take: Take | None
    error: str = ""


def list_takes(sessions: Path) -> Iterator[TakeListing]:
    """Every take under a sessions folder, by production, scene, shot and number; not folders in which no take began."""
    for path in sorted(Path(sessions).glob("*/S*/*/T*")):
        if path.is_dir() and re.fullmatch(r"T\d+", path.name) and not _reserved(path):
            try:
                yield TakeListing(path, Take.open(path))
            except (TakeError, OSError) as error:
                yield TakeListing(path, None, str(error))


def _reserved(folder: Path) -> bool:
    """Whether it is the folder of a take that has not begun yet, or whose recorder was killed before it did."""
    return not any((folder / name).exists() for name in ("take.json", "raw.mkv", "live.mkv"))


def line(listed: TakeListing) -> dict[str, Any]:
    """A take for the list, as JSON values; one whose prompts or versions are damaged says so."""
    place: dict[str, Any] = {"folder": str(listed.folder), "take": " ".join(listed.folder.parts[-4:])}
    if listed.take is None:
        return place | {"state": "damaged", "error": listed.error}
    try:
        return place | _facts(listed.take)
    except (TakeError, OSError) as error:
        return place | {"state": "damaged", "error": str(error)}


def _facts(take: Take) -> dict[str, Any]:
    slate = take.manifest.slate
    return {
        "production": slate.production,
        "scene": slate.scene,
        "shot": slate.shot,
        "number": slate.take,
        "state": take.state,
        "verdict": take.manifest.verdict,
        "notes": take.manifest.notes,
        "created": take.manifest.created,
        "frames": len(take.made),
        "dropped": take.dropped,
        "duration_s": round(take.duration_s, 3),
        "versions": len(take.renders),
        "prompts": ", ".join(take.timeline.texts()) if take.frames else "",
    }


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
