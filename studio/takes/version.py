"""A version of a take: one render in its folder renders/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from engine.prompts import PromptError
from studio.takes.documents import DamagedError, TakeError, read_document, write_document
from studio.takes.inside import within
from studio.takes.lock import exclusive
from studio.takes.manifest import LOCK, PATIENCE_S, Count, Entry, PlainName, entry_of
from studio.timeline.files import timeline_from_dict
from studio.timeline.timeline import Timeline

if TYPE_CHECKING:
    from engine.media.sequence import Pictures

LONGEST_NAME, LONGEST_NOTE = 80, 2000
"""Characters of a version's name and of its note."""


class PartEntry(Entry):
    """Frames of a version that follow each other and were made in one place."""

    origin: str = Field("", alias="from")
    """`live`, an earlier version's name, or nothing: they were made for it."""
    frames: Count = 0


class RenderEntry(Entry):
    """render.json."""

    take: str = ""
    """The take's name."""
    made: str = ""
    """When, as ISO 8601 in UTC."""
    engine: dict[str, Any] = Field(default_factory=dict)
    exact: bool = False
    """Whether it was made on the take's own numeric set-up."""
    name: str = ""
    """What people call it."""
    note: str = ""
    maker: str = ""
    """The code and the libraries that made it, see studio/rendering/maker.py; empty in versions from before."""
    first_row: Count = 0
    """The first row whose picture is not the live one's, or the first that a render of a part made."""
    reused: Count = 0
    """Frames that were there already, live or in an earlier version."""
    parts: list[PartEntry] = Field(default_factory=list)
    """Where its frames were made, in their order."""
    rows: Annotated[list[Count], Field(min_length=2, max_length=2)] = Field(default_factory=lambda: [0, 0])
    """First row, and the one after the last, that were asked for; outside of them the picture is the live one's."""
    snapshots: dict[Annotated[str, Field(pattern="^[0-9]{1,16}$")], PlainName] = Field(default_factory=dict)
    """The model's states, by the row before which each was."""
    hashes: list[str] = Field(default_factory=list)
    """sha256 of each frame's RGB."""
    files: dict[PlainName, str] = Field(default_factory=dict)
    """sha256 of each file."""


@dataclass(frozen=True)
class Render:
    """One version in renders/."""

    folder: Path
    info: Mapping[str, Any]
    """render.json: set-up, seed, first frame made anew, hashes, file."""

    def __repr__(self) -> str:
        label = f" {self.label!r}" if self.label else ""
        return f"Render({self.title}{label}: {len(self.info.get('hashes', ()))} frames)"

    @property
    def name(self) -> str:
        """v001, v002 …"""
        return self.folder.name

    @property
    def title(self) -> str:
        """`my-film S01 A T003 v001`."""
        return f"{self.info.get('take', '')} {self.name}".strip()

    @property
    def label(self) -> str:
        """What people call it; empty where nobody does."""
        return str(self.info.get("name") or "")

    @property
    def note(self) -> str:
        """What people say of it."""
        return str(self.info.get("note") or "")

    def edit(self, *, name: str | None = None, note: str | None = None) -> Render:
        """Call it something, or say something of it; the new version's entry. Its frames stay. Raises TakeError."""
        check_label(name or "", note or "")
        path = within(self.folder, "render.json")
        with exclusive(self.folder.parents[1], LOCK, PATIENCE_S):
            data, sealed = read_document(path)
            if not sealed:
                raise DamagedError(f"{path} was changed outside the studio; render the version again")
            fields = {"name": name, "note": note}
            write_document(path, data | {field: value for field, value in fields.items() if value is not None})
        return read_render(self.folder)

    @property
    def provenance(self) -> str:
        """Where its frames were made, in words: `48 as they were live, 40 of v002, 96 made for it`."""
        counts: dict[str, int] = {}
        parts = self.info.get("parts") or [{"from": "live", "frames": int(self.info.get("reused", 0))}]
        for part in parts:
            counts[part["from"]] = counts.get(part["from"], 0) + part["frames"]
        anew = len(self.info.get("hashes", ())) - sum(count for origin, count in counts.items() if origin)
        words = [
            f"{count} as they were {origin}" if origin == "live" else f"{count} of {origin}"
            for origin, count in counts.items()
            if origin and count
        ]
        return ", ".join([*words, *([f"{anew} made for it"] if anew or not words else [])])

    @property
    def video(self) -> Path:
        """The picture, as H.264 in MP4. Raises DamagedError for a link that leads out of the version."""
        return within(self.folder, "out.mp4")

    def frames(self) -> Pictures:
        """Its pictures, (H, W, 3) uint8 each, in order: `version.frames()[10]`, `[24:48]`, `for rgb in …`, `len(…)`.

        As the video has them, whose coding takes a little of what the model made. Raises MediaError where it cannot be
        read.
        """
        from engine.media.sequence import Pictures  # PyAV takes its time, and nothing else here needs it
        from engine.media.video import VideoSource

        return Pictures(VideoSource(self.video))

    @cached_property
    def timeline(self) -> Timeline:
        """What it was rendered from."""
        return read_timeline(within(self.folder, "timeline.json"))


def check_label(name: str, note: str) -> None:
    """Raises TakeError where they are not texts of a version: a name in one line, and a note."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME or (name and not name.isprintable()):
        raise TakeError(f"{name!r} is not a version's name; write one line of at most {LONGEST_NAME} characters")
    if not isinstance(note, str) or len(note) > LONGEST_NOTE:
        raise TakeError(f"a version's note is a text of at most {LONGEST_NOTE:,} characters; write a shorter one")


def read_render(folder: Path) -> Render:
    """The version in a folder, with its timeline. Raises TakeError."""
    path = within(folder, "render.json")
    data, _ = read_document(path)
    try:
        info = entry_of(RenderEntry, data).model_dump(by_alias=True)
    except ValueError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
    render = Render(folder, info)
    _ = render.timeline
    return render


def read_timeline(path: Path) -> Timeline:
    """A saved timeline. Raises TakeError."""
    try:
        return timeline_from_dict(read_document(path)[0])
    except PromptError as error:
        raise DamagedError(f"{path} is damaged: {error}") from None
