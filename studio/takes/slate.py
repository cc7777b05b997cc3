"""The slate: which production, scene and shot a take belongs to, as names that are safe for folders."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from studio.takes.documents import TakeError, write_document
from studio.workers import system_words

PRODUCTION_SCHEMA = "lsd-studio.production"
VERSION = 1

MOST_BYTES = 255
"""Of a name on a disk, in UTF-8."""

_PARTS = re.compile(r"\d+|\D+")
_DEVICE_NAMES = {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}


@dataclass(frozen=True)
class Slate:
    """Where a take belongs. Names are normalised: `My Film`, `3`, `b` becomes My-Film, scene 03, shot B."""

    production: str
    scene: str = "1"
    shot: str = "A"

    def __post_init__(self) -> None:
        object.__setattr__(self, "production", _name(self.production, "production", 64))
        scene = _name(str(self.scene), "scene", 16).upper()
        scene = scene[1:] if re.fullmatch(r"S\d.*", scene) else scene
        number = re.match(r"\d*", scene)
        assert number
        object.__setattr__(self, "scene", f"{int(number[0]):02d}{scene[number.end() :]}" if number[0] else scene)
        object.__setattr__(self, "shot", _name(str(self.shot), "shot", 16).upper())

    def folder(self, sessions: Path) -> Path:
        """The folder that holds this slate's takes."""
        return Path(sessions) / self.production / f"S{self.scene}" / self.shot

    def next_take(self, sessions: Path) -> int:
        """The number of the next take; a new slate starts at 1."""
        folder = self.folder(sessions)
        taken = [int(match[1]) for path in folders(folder) if (match := re.fullmatch(r"T(\d+)", path.name))]
        return max(taken, default=0) + 1

    def reserve(self, sessions: Path) -> Path:
        """Make the folder of the next take, for nobody else, and write the production's file if it is new."""
        folder = self.folder(sessions)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            production = Path(sessions) / self.production / "production.json"
            if not production.exists():
                write_document(
                    production,
                    {"schema": PRODUCTION_SCHEMA, "version": VERSION, "name": self.production, "created": now()},
                )
            while True:
                take = folder / f"T{self.next_take(sessions):03d}"
                try:
                    take.mkdir()
                    return take
                except FileExistsError:
                    continue  # another recorder was faster
        except OSError as error:
            raise TakeError(f"cannot write takes under {sessions}: {system_words(error)}") from None


def sessions_folder() -> Path:
    """Where takes are: the folder that LSD_SESSIONS names, else `sessions`."""
    return Path(os.environ.get("LSD_SESSIONS") or "sessions")


def take_folder(take: Path | str, sessions: Path | None = None) -> Path:
    """A take's folder, of that itself, of its path under the sessions folder, or of its name, my-film S01 A T001.

    What is there under none of them comes back as it was given. sessions: by default `sessions_folder()`.
    """
    given = Path(take)
    if given.is_dir():
        return given
    sessions = sessions_folder() if sessions is None else sessions
    ways = (sessions / given, sessions.joinpath(*str(take).split()))
    return next((way for way in ways if way.is_dir()), given)


def now() -> str:
    """The time of day, as ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def folders(folder: Path) -> list[Path]:
    """What is in a folder, by name; nothing where there is none."""
    return sorted(folder.iterdir()) if folder.is_dir() else []


def natural(path: Path) -> list[list[tuple[int, int, str]]]:
    """The order in which people number things, as a key for sorting paths: T9, T10, T101, T1000."""
    return [
        [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in _PARTS.findall(name)]
        for name in path.parts
    ]


def _name(text: str, what: str, longest: int) -> str:
    """A name that is safe as a folder's on every system."""
    name = "-".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > longest:
        raise TakeError(f"the {what} {text!r} has {len(name)} characters; 1 to {longest} are allowed")
    if len(name.encode(errors="surrogatepass")) > MOST_BYTES:
        raise TakeError(f"the {what} {text!r} is longer than the name of a folder may be; shorten it")
    legal = all(char.isalnum() or char in "-_." for char in name)
    device = unicodedata.normalize("NFKC", name.split(".")[0]).upper() in _DEVICE_NAMES  # COM¹ is one, too
    if not legal or not name[0].isalnum() or name.endswith(".") or device:
        raise TakeError(
            f"the {what} {text!r} cannot name a folder; "
            "use letters, digits, spaces, '-', '_' and '.', a letter or digit first"
        )
    return name
