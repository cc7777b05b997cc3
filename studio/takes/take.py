"""The take on disk: slate, manifest, events, frames, renders. A take that a crash cut short opens as recovered.

sessions/<production>/S01/A/T003/ is scene 1, shot A, take 3.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tqdm.auto import tqdm

from engine.prompts import Prompt, PromptError
from studio.background import run_in_background, stepped
from studio.takes.documents import TakeError as TakeError  # the studio's others take these from here
from studio.takes.documents import read_document, read_journal, write_document
from studio.takes.lock import is_locked
from studio.takes.slate import Slate as Slate
from studio.takes.slate import folders
from studio.timeline.clock import FALLBACK_FPS, Clock
from studio.timeline.curves import TimelineError
from studio.timeline.files import key_from_dict, timeline_from_dict
from studio.timeline.keys import Key, Marker
from studio.timeline.timeline import Timeline

if TYPE_CHECKING:
    import numpy as np

    from engine.types import LiveModel
    from studio.notebook.player import TakePlayer
    from studio.script.script import Script
    from studio.variants import Grid

SCHEMA = "lsd-studio.take"
VERSION = 1

TICKS_PER_SECOND = 1_000_000
"""The take's clock counts microseconds."""

STREAMS = ("raw.mkv", "live.mkv")
"""What the camera gave, and what was shown."""

State = Literal["recording", "complete", "recovered"]
Verdict = Literal["circled", "ng", "hold"]


Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many frames are done, and of how many."""


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
    """The stream's clock at the take's first frame; the engine is told the sum of both."""
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
    def load(cls, folder: Path) -> tuple[Manifest, bool]:
        """The manifest of a take's folder, and whether its seal holds. Raises TakeError."""
        path = folder / "take.json"
        data, sealed = read_document(path)
        version = data.get("version")
        if data.get("schema") != SCHEMA or not isinstance(version, int):
            raise TakeError(f"{path} is no take's manifest: its schema is {data.get('schema')!r}, not {SCHEMA!r}")
        if version > VERSION:
            raise TakeError(f"{path} has version {version}; this studio reads up to {VERSION}: update lsd-studio")
        try:
            return cls.model_validate(data), sealed
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise TakeError(f"{path} is damaged: {where}: {first['msg']}") from None


@dataclass(frozen=True)
class FrameRow:
    """One frame that reached the studio, in the order of raw.mkv: the n-th row is its n-th packet."""

    index: int
    """The source's frame number; keys the noise."""
    ticks: int
    """When it was taken, on the take's clock."""
    step: int | None
    """The n-th frame that the engine made in this take; None where it was dropped or failed."""
    raw_crc: str
    """crc32 of the camera's JPEG."""
    live_crc: str | None = None
    """crc32 of the JPEG that was shown; None where it was dropped. The shown rows are live.mkv's packets in order."""
    sha256: str | None = None
    """Of the generated RGB before JPEG."""
    error: str | None = None
    """Why the engine failed on it; the input was shown instead."""

    @property
    def time_s(self) -> float:
        """Seconds on the take's clock."""
        return self.ticks / TICKS_PER_SECOND

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, in a stable order, without what is None but `step`."""
        fields = {name: value for name, value in self.__dict__.items() if value is not None}
        return {"index": self.index, "ticks": self.ticks, "step": self.step, **fields}

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> FrameRow:
        """From `to_dict`'s values; fields of a later version are left out."""
        return cls(**{name: row.get(name) for name in cls.__dataclass_fields__})  # type: ignore[arg-type]


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

    def _repr_html_(self) -> str:
        from studio.notebook.html import render_html  # for notebooks alone

        return render_html(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from studio.notebook.html import player_bundle

        return player_bundle(self)

    @cached_property
    def player(self) -> TakePlayer:
        """The notebook's player of this version; its `timeline` is what its lane holds."""
        from studio.notebook.player import TakePlayer

        return TakePlayer(Take.open(self.folder.parents[1]), self)

    @cached_property
    def timeline(self) -> Timeline:
        """What it was rendered from."""
        return read_timeline(self.folder / "timeline.json")


@dataclass(frozen=True)
class Take:
    """A take as it was found on disk. `open` reads; `edit` writes verdict and notes and returns the new take."""

    folder: Path
    manifest: Manifest
    state: State
    events: tuple[Mapping[str, Any], ...]
    frames: tuple[FrameRow, ...]
    """Only rows whose pictures are on disk."""
    problems: tuple[str, ...] = field(default=())
    """What `check` complains about and playing does not: changed lines, a broken seal."""
    notices: tuple[str, ...] = field(default=())
    """What a crash explains: torn last lines, rows without their picture."""

    @classmethod
    def open(cls, folder: Path) -> Take:
        """Open a take's folder. Raises TakeError, in one line, where a needed file is missing or unreadable."""
        folder = Path(folder)
        if not folder.is_dir():
            raise TakeError(f"{folder} is not a folder; a take looks like sessions/my-film/S01/A/T001")
        manifest, sealed = Manifest.load(folder)
        events, event_faults = read_journal(folder / "events.jsonl")
        rows, row_faults = read_journal(folder / "frames.jsonl")
        try:
            frames = tuple(FrameRow.from_dict(row) for row in rows)
        except TypeError as error:
            raise TakeError(f"{folder / 'frames.jsonl'} is damaged: {error}") from None
        faults = event_faults + row_faults + ([] if sealed else ["take.json: was changed outside the studio"])
        state: State = "complete" if manifest.state == "complete" else "recovered"
        if state == "recovered" and is_locked(folder):
            state = "recording"
        notices: list[str] = []
        if state == "recovered":
            from studio.takes.mjpeg import count_packets  # PyAV is heavy, and complete takes do not need it

            notices = [fault for fault in faults if fault.endswith("torn")]
            faults = [fault for fault in faults if not fault.endswith("torn")]
            missing = [name for name in STREAMS if frames and not (folder / name).exists()]
            faults += [f"{name}: is missing" for name in missing]
            raw, live = (len(frames) if name in missing else count_packets(folder / name) for name in STREAMS)
            kept = _with_pictures(frames, raw, live)
            if len(kept) < len(frames):
                notices.append(f"{len(frames) - len(kept)} of {len(frames)} frames never reached the disk")
            frames = kept
        return cls(folder, manifest, state, tuple(events), frames, tuple(faults), tuple(notices))

    def __repr__(self) -> str:
        state = "" if self.state == "complete" else f", {self.state}"
        return f"Take({self.name}: {self.duration_s:.1f} s, {len(self.made)} frames{state})"

    def _repr_html_(self) -> str:
        from studio.notebook.html import take_html  # for notebooks alone

        return take_html(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from studio.notebook.html import player_bundle

        return player_bundle(self)

    @cached_property
    def player(self) -> TakePlayer:
        """The notebook's player of what was shot; `take.render(take.player.timeline)` renders what its lane holds."""
        from studio.notebook.player import TakePlayer

        return TakePlayer(self)

    @property
    def name(self) -> str:
        """`my-film S01 A T003`."""
        slate = self.manifest.slate
        return f"{slate.production} S{slate.scene} {slate.shot} T{slate.take:03d}"

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        if not self.frames:
            return 0.0
        return self.frames[-1].time_s + 1 / self.fps

    @property
    def fps(self) -> float:
        """The source's nominal rate; that of cinema before the first frame."""
        return self.manifest.picture.fps if self.manifest.picture else FALLBACK_FPS

    @cached_property
    def clock(self) -> Clock:
        """What the moments of a script are measured against."""
        return Clock(self.fps, self.duration_s, self.timeline.markers, tuple(row.time_s for row in self.frames))

    @property
    def made(self) -> tuple[FrameRow, ...]:
        """The rows that the engine answered."""
        return tuple(row for row in self.frames if row.step is not None)

    @property
    def dropped(self) -> int:
        """Frames that reached the studio and were skipped, to hold the deadline."""
        return sum(row.live_crc is None for row in self.frames)

    @cached_property
    def timeline(self) -> Timeline:
        """What was played live, with the times at which each prompt took effect. Raises TakeError."""
        keys: dict[float, Key] = {}
        markers: list[Marker] = []
        try:
            for event in self.events:
                if event["kind"] == "prompt":
                    key = key_from_dict(event["key"])
                    keys[key.time_s] = key  # said again for the same frame: the later one holds
                elif event["kind"] == "marker":
                    markers.append(Marker(event["ticks"] / TICKS_PER_SECOND, str(event["name"]).strip() or "Marker"))
            return Timeline(tuple(keys.values()), tuple(markers))
        except (KeyError, TypeError, PromptError) as error:
            raise TakeError(f"{self.folder / 'events.jsonl'} is damaged: {error}") from None

    def timeline_of(self, said: Script | Timeline | Prompt) -> Timeline:
        """What a script, a timeline or a prompt means for this take; warns where frames of another rate are converted.

        Raises TimelineError for anything else, and for a script with a mistake.
        """
        from studio.script.compile import timeline_of
        from studio.script.moments import conversion
        from studio.script.script import Beat, Script  # it reads takes

        if isinstance(said, Script):
            if converted := conversion(said, self.clock):
                warnings.warn(f"{said.title or 'the script'}: {converted}", stacklevel=3)
            return timeline_of(said, self.clock)
        if isinstance(said, Timeline):
            return said
        if isinstance(said, Beat) or (isinstance(said, list | tuple) and any(isinstance(one, Beat) for one in said)):
            raise TimelineError(f"beats alone are no script: {_short(said)}; write Script([Beat(...), ...])")
        if isinstance(said, str | list | tuple):
            return Timeline.of(said)
        raise TimelineError(f"{_short(said)} is nothing to render; give a Script, a Timeline or a prompt in words")

    def render(
        self,
        script: Script | Timeline | Prompt,
        stream: LiveModel | None = None,
        *,
        full: bool = False,
        progress: Progress | None = None,
    ) -> Render:
        """Render it anew under a script, a timeline or a prompt into its next version; see studio.rendering.render.render.

        stream: an engine to use again; by default one is loaded that is as much like the take's as this machine can.
        progress: is told the frames that are done and their number; by default a bar shows them. Interrupted (Ctrl+C,
        or a notebook's stop button), it goes on where it was when the same is rendered again.
        """
        from studio.model import load_model  # torch is heavy, and reading a take needs none
        from studio.rendering.render import render

        timeline = self.timeline_of(script)
        engine = stream or load_model(self.manifest.engine)
        with bar(self.name, progress, len(self.made)) as told:
            return render(self, timeline, engine, full=full, progress=told, resumable=True)

    async def render_async(
        self,
        script: Script | Timeline | Prompt,
        stream: LiveModel | None = None,
        *,
        full: bool = False,
        progress: Progress | None = None,
    ) -> Render:
        """The same for `await`: other cells and pages go on meanwhile. Cancelled, it can go on where it was."""

        def work(step: Callable[[], None]) -> Render:
            with bar(self.name, progress, len(self.made)) as told:
                return self.render(script, stream, full=full, progress=stepped(step, told))

        return await run_in_background(work)

    def render_grid(
        self,
        prompts: Sequence[Prompt | Timeline | Script],
        seeds: Sequence[int] | np.ndarray | None = None,
        strengths: Sequence[float] | np.ndarray = (1.0,),
        *,
        workers: int | None = None,
        ray: str | None = None,
        progress: Progress | None = None,
    ) -> Grid:
        """Render it under every prompt, seed and strength, to look, compare and pick; see studio.variants.render_grid."""
        from studio.variants import render_grid  # heavy

        return render_grid(self, prompts, seeds, strengths, workers=workers, ray=ray, progress=progress)

    async def render_grid_async(
        self,
        prompts: Sequence[Prompt | Timeline | Script],
        seeds: Sequence[int] | np.ndarray | None = None,
        strengths: Sequence[float] | np.ndarray = (1.0,),
        *,
        workers: int | None = None,
        ray: str | None = None,
        progress: Progress | None = None,
    ) -> Grid:
        """The same for `await`: other cells and pages go on meanwhile. Cancelled, it can go on where it was."""

        def work(step: Callable[[], None]) -> Grid:
            with bar(f"{self.name}, variants", progress) as told:
                return self.render_grid(
                    prompts, seeds, strengths, workers=workers, ray=ray, progress=stepped(step, told)
                )

        return await run_in_background(work)

    @property
    def sounds(self) -> tuple[tuple[float, Path], ...]:
        """When each sound file begins, in seconds on the take's clock; more than one where the connection was lost."""
        events = [event for event in self.events if event["kind"] == "sound"]
        found = [(event["ticks"] / TICKS_PER_SECOND, self.folder / event["file"]) for event in events]
        return tuple((start_s, path) for start_s, path in found if path.is_file())

    @property
    def snapshots(self) -> dict[int, tuple[Path, str]]:
        """Row number -> the stream's state before that row, as a file and its sha256; only files that are there."""
        found = {}
        for event in self.events:
            if event["kind"] == "snapshot" and (path := self.folder / event["file"]).exists():
                found[int(event["row"])] = (path, str(event["sha256"]))
        return dict(sorted(found.items()))

    @property
    def renders(self) -> tuple[Render, ...]:
        """The versions v001, v002 … that are whole."""
        folders = [folder for folder in self.versions() if (folder / "render.json").exists()]
        return tuple(Render(folder, read_document(folder / "render.json")[0]) for folder in folders)

    def versions(self) -> list[Path]:
        """The folders v001, v002 … in renders/, whole or not, by number."""
        found = [folder for folder in folders(self.folder / "renders") if re.fullmatch(r"v\d{3,}", folder.name)]
        return sorted(found, key=lambda folder: int(folder.name[1:]))

    def edit(self, **fields: Any) -> Take:
        """Set `verdict` (circled, ng, hold or None), `notes`, or `circled`, the version that was picked.

        Everything else of a take stays as it was shot.
        """
        if self.state == "recording":
            raise TakeError(f"{self.name} is being recorded; judge it when it has ended")
        legal = {"verdict", "notes", "circled"}
        if not fields.keys() <= legal:
            others = ", ".join(sorted(fields.keys() - legal))
            raise TakeError(f"{others}: only verdict, notes and circled of a take are edited")
        circled = fields.get("circled")
        if circled is not None and circled not in (names := [version.name for version in self.renders]):
            raise TakeError(f"{self.name} has no version {circled!r}; it has {', '.join(names) or 'none'}")
        manifest, _ = Manifest.load(self.folder)  # another page may have edited it since
        try:
            manifest = Manifest.model_validate({**manifest.model_dump(by_alias=True), **fields})
        except ValidationError:
            raise TakeError(f"{fields} is no judgement; verdict is circled, ng, hold or None, notes a text") from None
        manifest.save(self.folder)
        return Take.open(self.folder)


@dataclass(frozen=True)
class TakeListing:
    """One line of a list of takes; a take that cannot be opened is listed with its error."""

    folder: Path
    take: Take | None
    error: str = ""


def takes(sessions: Path) -> Iterator[TakeListing]:
    """Every take under a sessions folder, by production, scene, shot and number."""
    for path in sorted(Path(sessions).glob("*/S*/*/T*")):
        if path.is_dir() and re.fullmatch(r"T\d+", path.name):
            try:
                yield TakeListing(path, Take.open(path))
            except TakeError as error:
                yield TakeListing(path, None, str(error))


@contextmanager
def bar(what: str, progress: Progress | None, total: int | None = None) -> Iterator[Progress]:
    """What is to be told of rendering: the caller's, else a bar, which learns its length with the first frame."""
    if progress is not None:
        yield progress
        return
    with tqdm(total=total, unit="frame", desc=what) as shown:

        def told(done: int, total: int) -> None:
            if shown.total != total:
                shown.reset(total)
            shown.update(done - shown.n)

        yield told


def read_timeline(path: Path) -> Timeline:
    """A saved timeline. Raises TakeError."""
    try:
        return timeline_from_dict(read_document(path)[0])
    except PromptError as error:
        raise TakeError(f"{path} is damaged: {error}") from None


def _with_pictures(frames: tuple[FrameRow, ...], raw: int, live: int) -> tuple[FrameRow, ...]:
    """The first rows, as many as have their packets in both files."""
    kept = []
    for row in frames[:raw]:
        live -= row.live_crc is not None
        if live < 0:
            break
        kept.append(row)
    return tuple(kept)


def _short(said: object) -> str:
    """How it is written, or the start of that, in one line."""
    text = " ".join(repr(said).split())
    return text if len(text) <= 200 else f"{text[:200]} …"
