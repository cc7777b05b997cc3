"""What a list says of each take, kept while the take's files stay as they are: a take of an hour has 86,000 rows.

Kept in memory, and in `.takes.json` in the sessions folder for the next process. That file holds nothing else: whoever
deletes it waits once.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from studio.takes.documents import TakeError, read_document, write_document
from studio.takes.lock import is_locked
from studio.takes.manifest import Verdict
from studio.takes.take import Take

NAME = ".takes.json"
"""In the sessions folder; no production can have this name."""
SCHEMA = "lsd-studio.takes"
VERSION = 1
SETTLED_S = 2.0
"""A file that was changed later than that may change again without another time of change, as a disk counts it."""

log = logging.getLogger(__name__)


class Summary(BaseModel):
    """A take in a line."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    production: str
    scene: str
    shot: str
    number: int
    state: Literal["recording", "complete", "recovered"]
    verdict: Verdict | None
    notes: str
    created: str
    frames: int
    """Those that the model answered."""
    dropped: int
    duration_s: float
    fps: float
    versions: int
    prompts: str
    """Every text once, in order of appearance."""

    @classmethod
    def of(cls, take: Take) -> Summary:
        """Of an opened take. Raises TakeError where its prompts are damaged."""
        slate = take.manifest.slate
        return cls(
            production=slate.production,
            scene=slate.scene,
            shot=slate.shot,
            number=slate.take,
            state=take.state,
            verdict=take.manifest.verdict,
            notes=take.manifest.notes,
            created=take.manifest.created,
            frames=len(take.made),
            dropped=take.dropped,
            duration_s=take.duration_s,
            fps=take.fps,
            versions=len(take.renders),
            prompts=", ".join(take.timeline.texts()) if take.frames else "",
        )


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    files: str
    """sha256 of the names, sizes, times and places of the take's files."""
    summary: Summary


_KEPT = TypeAdapter(dict[str, _Kept])


class Summaries:
    """Of the takes in one sessions folder; from any thread."""

    def __init__(self, sessions: Path) -> None:
        self._sessions = sessions
        self._kept = _read(sessions / NAME)
        self._changed = False
        self._saving = threading.Lock()

    def of(self, folder: Path) -> Summary:
        """Of the take in a folder, as its files are now. Raises TakeError and OSError where it cannot be opened."""
        name = folder.relative_to(self._sessions).as_posix()
        files, newest_s = _files(folder)
        kept = self._kept.get(name)
        if kept and kept.files == files and not (kept.summary.state == "recovered" and is_locked(folder)):
            return kept.summary
        summary = Summary.of(Take.open(folder))
        if summary.state != "recording" and time.time() - newest_s > SETTLED_S and _files(folder)[0] == files:
            self._kept[name] = _Kept(files=files, summary=summary)
            self._changed = True
        return summary

    def save(self, listed: Collection[Path]) -> None:
        """Keep those of these folders for the next process, where the sessions folder can be written."""
        with self._saving:
            names = {folder.relative_to(self._sessions).as_posix() for folder in listed}
            gone = self._kept.keys() - names
            for name in gone:
                self._kept.pop(name, None)
            if not (self._changed or gone):
                return
            self._changed = False
            takes = {name: kept.model_dump() for name, kept in sorted(self._kept.copy().items())}
            try:
                write_document(self._sessions / NAME, {"schema": SCHEMA, "version": VERSION, "takes": takes})
            except OSError as error:
                log.debug("%s: %s", self._sessions / NAME, error)  # the next process reads the takes again


@cache
def summaries_of(sessions: Path) -> Summaries:
    """The one of a sessions folder in this process; its absolute path."""
    return Summaries(sessions)


def _read(path: Path) -> dict[str, _Kept]:
    """What an earlier process kept; nothing where that cannot be used."""
    try:
        data, sealed = read_document(path)
        legal = sealed and data.get("schema") == SCHEMA and data.get("version") == VERSION
        return _KEPT.validate_python(data.get("takes")) if legal else {}
    except (TakeError, ValidationError):
        return {}


def _files(folder: Path) -> tuple[str, float]:
    """What tells the files of a take and its versions apart from what they were, and when one was last changed."""
    digest, newest_ns = hashlib.sha256(), 0
    for name, about in _each(folder):
        times = about.st_mtime_ns, about.st_ctime_ns
        digest.update(repr((name, about.st_size, about.st_ino, *times)).encode(errors="surrogatepass"))
        newest_ns = max(newest_ns, *times)
    return digest.hexdigest(), newest_ns / 1e9


def _each(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """The files of a take, and those of its versions; locks and files that are being written begin with a dot."""
    versions = [folder / "renders" / name for name in _names(folder / "renders")]
    for place in (folder, *versions):
        for name in _names(place):
            path = place / name
            try:
                yield str(path.relative_to(folder)), path.stat()
            except OSError:
                yield str(path.relative_to(folder)), path.lstat()  # a link that leads nowhere


def _names(folder: Path) -> list[str]:
    entries = folder.iterdir() if folder.is_dir() else ()
    return sorted(path.name for path in entries if not path.name.startswith("."))
