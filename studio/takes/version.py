"""A version of a take: one render in its folder renders/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.prompts import PromptError
from studio.takes.documents import TakeError, read_document
from studio.timeline.files import timeline_from_dict
from studio.timeline.timeline import Timeline


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
        """The picture, as H.264 in MP4."""
        return self.folder / "out.mp4"

    @cached_property
    def timeline(self) -> Timeline:
        """What it was rendered from."""
        return read_timeline(self.folder / "timeline.json")


def read_timeline(path: Path) -> Timeline:
    """A saved timeline. Raises TakeError."""
    try:
        return timeline_from_dict(read_document(path)[0])
    except PromptError as error:
        raise TakeError(f"{path} is damaged: {error}") from None
