"""The formats that a take is exported to: the command line, the page and `export` follow this one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from engine.media.paths import check_folder
from studio.background import Progress, progress_bar
from studio.takes.documents import TakeError
from studio.takes.slate import MOST_BYTES
from studio.takes.take import Take

Writer: TypeAlias = Callable[[Take, Path, str | None, Progress], None]
"""Writes a take, or one version of it (`raw`, `live`, `v001` …), to a path. Raises TakeError."""


@dataclass(frozen=True)
class Format:
    """A kind of file that a take is exported to."""

    label: str
    """On the page's button."""
    about: str
    """In a phrase: the command line's help, and the tooltip of the page's button."""
    write: Writer
    suffixes: tuple[str, ...]
    """Of its files' names; the first is the usual one."""
    whole_take: bool = False
    """Whether it holds the take with all its versions, and so takes no version."""


def _mp4(take: Take, out: Path, version: str | None, progress: Progress) -> None:
    from studio.delivery.export import write_mp4  # PyAV is heavy, and the command line lists the formats

    write_mp4(take, out, version, progress)


def _otio(take: Take, out: Path, version: str | None, progress: Progress) -> None:
    from studio.delivery.export import write_otio  # so is OpenTimelineIO

    write_otio(take, out)


FORMATS = {
    "mp4": Format("Export MP4", "constant rate, with sound", _mp4, (".mp4", ".m4v")),
    "otio": Format("Export OTIO", "for the editing room", _otio, (".otio",), whole_take=True),
}
"""By name. Another format is a line here and a writer, which gets its pictures from
`exported_frames` in studio/delivery/export.py."""


def export(take: Take, to: str, out: Path | str, version: str | None = None, progress: Progress | None = None) -> Path:
    """Write a take in one of FORMATS to a file; returns its path.

    version: `raw`, `live` or `v001` …; the newest version by default, else what was shown live. progress: by default a
    bar shows it. Raises TakeError for another format, a name of another format, a version that is not there, or a take
    without a picture, MediaError for a folder that is not there.
    """
    if to not in FORMATS:
        raise TakeError(f"{to!r} is not a format to export to; there are {', '.join(FORMATS)}")
    suffixes = FORMATS[to].suffixes
    if Path(out).suffix.lower() not in suffixes:
        raise TakeError(f"{Path(out).name}: {to} is written as {' or '.join(suffixes)}; give it such a name")
    check_folder(out)
    with progress_bar(f"{take.name} as {to}", progress) as shown:
        FORMATS[to].write(take, Path(out), version, shown)
    return Path(out)


def file_name(take: Take, to: str, version: str | None = None) -> str:
    """What an exported file is called: `my-film_S01_A_T003_v001.mp4`; a name that no disk takes is cut shorter.

    Raises TakeError for another format.
    """
    if to not in FORMATS:
        raise TakeError(f"{to!r} is not a format to export to; there are {', '.join(FORMATS)}")
    production, *parts = [*take.name.split(), *([version] if version and not FORMATS[to].whole_take else [])]
    rest = "_".join(["", *parts]) + FORMATS[to].suffixes[0]
    return production.encode()[: MOST_BYTES - len(rest.encode())].decode(errors="ignore") + rest
