"""A version of a take: one render in its folder renders/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field

from engine.prompts import PromptError
from studio.takes.documents import DamagedError, read_document
from studio.takes.inside import within
from studio.takes.manifest import Count, Entry, PlainName, entry_of
from studio.timeline.files import timeline_from_dict
from studio.timeline.timeline import Timeline


class RenderEntry(Entry):
    """render.json."""

    take: str = ""
    """The take's name."""
    made: str = ""
    """When, as ISO 8601 in UTC."""
    engine: dict[str, Any] = Field(default_factory=dict)
    exact: bool = False
    """Whether it was made on the take's own numeric set-up."""
    first_row: Count = 0
    """The first row that was made anew."""
    reused: Count = 0
    """Frames before it, which are the live ones."""
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
        return f"Render({self.title}: {len(self.info.get('hashes', ()))} frames)"

    @property
    def name(self) -> str:
        """v001, v002 …"""
        return self.folder.name

    @property
    def title(self) -> str:
        """`my-film S01 A T003 v001`."""
        return f"{self.info.get('take', '')} {self.name}".strip()

    @property
    def video(self) -> Path:
        """The picture, as H.264 in MP4. Raises DamagedError for a link that leads out of the version."""
        return within(self.folder, "out.mp4")

    @cached_property
    def timeline(self) -> Timeline:
        """What it was rendered from."""
        return read_timeline(within(self.folder, "timeline.json"))


def read_render(folder: Path) -> Render:
    """The version in a folder, with its timeline. Raises TakeError."""
    path = within(folder, "render.json")
    data, _ = read_document(path)
    try:
        info = entry_of(RenderEntry, data).model_dump()
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
