"""A take's manifest, take.json: slate, what made the picture, size, counts, checksums, verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.takes.documents import TakeError, read_document, write_document
from studio.takes.lock import exclusive

SCHEMA = "lsd-studio.take"
VERSION = 1

TICKS_PER_SECOND = 1_000_000
"""The take's clock counts microseconds."""

LOCK = ".changing"
"""In a take's folder while somebody reads, changes and writes take.json."""
PATIENCE_S = 10.0
"""How long a change waits for another one, which takes milliseconds."""

Verdict = Literal["circled", "ng", "hold"]


class _Document(BaseModel):
    """Unknown fields pass through."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=())


class SlateEntry(_Document):
    """The slate as it stands in a manifest."""

    production: str
    scene: str
    shot: str
    take: int


class EngineEntry(_Document):
    """What made the picture."""

    kind: str = "lsd"
    """Which kind of live model it was; see studio/model.py."""
    weights: str = ""
    """File of the weights; empty for the shipped ones."""
    seed: int = 0
    steps: int = 1
    setup: dict[str, Any] = Field(default_factory=dict)
    """The numeric set-up on which the same bytes come out again; it holds the weights' hash."""


class PictureEntry(_Document):
    """The size of every frame, and the source's nominal rate."""

    width: int
    height: int
    fps: float


class Manifest(_Document):
    """take.json."""

    schema_name: str = Field(SCHEMA, alias="schema")
    version: int = VERSION
    slate: SlateEntry
    created: str
    state: Literal["recording", "complete"] = "recording"
    ended: str = ""
    """Why it ended: `cut`, or what stopped it."""
    engine: EngineEntry
    ticks_per_second: int = TICKS_PER_SECOND
    origin_ticks: int = 0
    """The stream's clock at the take's first frame; the model gets the sum of both."""
    picture: PictureEntry | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    """sha256 of each file, once the take is complete."""
    verdict: Verdict | None = None
    circled: str | None = None
    """The version that was picked, such as `v002`; None for the picture as it was shot."""
    notes: str = ""

    def save(self, folder: Path) -> None:
        """Replace take.json atomically."""
        write_document(folder / "take.json", self.model_dump(by_alias=True))

    @classmethod
    @contextmanager
    def changing(cls, folder: Path) -> Iterator[Manifest]:
        """The manifest as it is now, for a change that ends with `save`: nobody else changes it meanwhile.

        Raises TakeError where it cannot be read, OSError where it cannot be written.
        """
        with exclusive(folder, LOCK, PATIENCE_S):
            yield cls.load(folder)[0]

    @classmethod
    def load(cls, folder: Path) -> tuple[Manifest, bool]:
        """The manifest of a take's folder, and whether its seal holds. Raises TakeError."""
        path = folder / "take.json"
        data, sealed = read_document(path)
        version = data.get("version")
        if data.get("schema") != SCHEMA or not isinstance(version, int):
            raise TakeError(f"{path} is not a take's manifest: its schema is {data.get('schema')!r}, not {SCHEMA!r}")
        if version > VERSION:
            raise TakeError(f"{path} has version {version}; this studio reads up to {VERSION}: update lsd-studio")
        try:
            return cls.model_validate(data), sealed
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise TakeError(f"{path} is damaged: {where}: {first['msg']}") from None
