"""A take's manifest, take.json: slate, what made the picture, size, counts, checksums, verdict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from studio.takes.documents import DamagedError, TakeError, read_document, write_document
from studio.takes.inside import plain
from studio.takes.lock import exclusive

SCHEMA = "lsd-studio.take"
VERSION = 1

TICKS_PER_SECOND = 1_000_000
"""The take's clock counts microseconds."""

MOST_TICKS = 366 * 24 * 3600 * TICKS_PER_SECOND
"""A year: beyond it a time in a take is damage."""
MOST_COUNT = 2**53
"""The largest number of anything: beyond it JavaScript would no longer tell two from each other."""
MOST_THREADS = 1024
"""Cores that a take's set-up may ask for."""

LOCK = ".changing"
"""In a take's folder while somebody reads, changes and writes take.json."""
PATIENCE_S = 10.0
"""How long a change waits for another one, which takes milliseconds."""

Verdict = Literal["circled", "ng", "hold"]


def _folder_name(name: str) -> str:
    """A slate's part, which is a folder's name too."""
    if "/" in name or "\\" in name or len(name) > 64:
        raise ValueError(f"{name[:60]!a} does not name a folder")
    return plain(name)


Count: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=MOST_COUNT)]
"""A whole number from 0 on; `true`, "5" and 5.0 are none."""
Moment: TypeAlias = Annotated[int, Field(strict=True, ge=-MOST_TICKS, le=MOST_TICKS)]
"""Ticks on the take's clock: what began before the take's first frame is below 0."""
Seed: TypeAlias = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Pixels: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=16_384)]
PlainName: TypeAlias = Annotated[str, AfterValidator(plain)]
FolderName: TypeAlias = Annotated[str, AfterValidator(_folder_name)]


class Entry(BaseModel):
    """Something that stands in a file of a take. Unknown fields pass through."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, protected_namespaces=(), allow_inf_nan=False)


AnyEntry = TypeVar("AnyEntry", bound=Entry)


def entry_of(kind: type[AnyEntry], data: Any) -> AnyEntry:
    """What JSON values of a file say, as a record of that kind. Raises ValueError, which names the field."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:100]
        raise ValueError(f"{where if where.isprintable() else ascii(where)}: {first['msg']}") from None


class SlateEntry(Entry):
    """The slate as it stands in a manifest."""

    production: FolderName
    scene: FolderName
    shot: FolderName
    take: Count


class EngineEntry(Entry):
    """What made the picture."""

    kind: str = "lsd"
    """Which kind of live model it was; see studio/model.py."""
    weights: str = ""
    """File of the weights; empty for the shipped ones."""
    seed: Seed = 0
    steps: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    setup: dict[str, Any] = Field(default_factory=dict)
    """The numeric set-up on which the same bytes come out again; it holds the weights' hash."""

    @field_validator("setup")
    @classmethod
    def _check_setup(cls, setup: dict[str, Any]) -> dict[str, Any]:
        threads = setup.get("threads", 1)
        if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
            raise ValueError(f"threads is not a whole number from 1 to {MOST_THREADS}")
        for name in ("device", "dtype", "weights_hash"):
            if not isinstance(setup.get(name, ""), str):
                raise ValueError(f"{name} is not a text")
        return setup


class MarkerEntry(Entry):
    """A marker as it was set or changed after the take was shot."""

    time_s: Annotated[float, Field(ge=0, le=MOST_TICKS / TICKS_PER_SECOND)]
    """On the take's clock."""
    name: Annotated[str, Field(min_length=1, max_length=200)]


class PictureEntry(Entry):
    """The size of every frame, and the source's nominal rate."""

    width: Pixels
    height: Pixels
    fps: Annotated[float, Field(strict=True, ge=0.001, le=10_000)]


class Manifest(Entry):
    """take.json."""

    schema_name: str = Field(SCHEMA, alias="schema")
    version: int = VERSION
    slate: SlateEntry
    created: str
    state: Literal["recording", "complete"] = "recording"
    ended: str = ""
    """Why it ended: `cut`, or what stopped it."""
    engine: EngineEntry
    ticks_per_second: Annotated[int, Field(strict=True, ge=TICKS_PER_SECOND, le=TICKS_PER_SECOND)] = TICKS_PER_SECOND
    origin_ticks: Annotated[int, Field(strict=True, ge=-MOST_COUNT, le=MOST_COUNT)] = 0
    """The stream's clock at the take's first frame; the model gets the sum of both."""
    picture: PictureEntry | None = None
    counts: dict[str, Count] = Field(default_factory=dict)
    files: dict[PlainName, str] = Field(default_factory=dict)
    """sha256 of each file, once the take is complete."""
    verdict: Verdict | None = None
    circled: str | None = None
    """The version that was picked, such as `v002`; None for the picture as it was shot."""
    notes: str = ""
    markers: list[MarkerEntry] | None = None
    """In place of those that were set while it was shot; None where nobody changed them."""

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
            raise TakeError(f"{path} is not a take's manifest: its schema is not {SCHEMA!r}")
        if version > VERSION:
            raise TakeError(f"{path} has version {version}; this studio reads up to {VERSION}: update lsd-studio")
        try:
            return entry_of(cls, data), sealed
        except ValueError as error:
            raise DamagedError(f"{path} is damaged: {error}") from None
