"""The take on disk: slate, manifest, events, frames, renders. A take that a crash cut short opens as recovered.

sessions/<production>/S01/A/T003/ is scene 1, shot A, take 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from studio.takes.documents import DamagedError, TakeError, read_journal
from studio.takes.events import SnapshotEvent, SoundEvent, check_events
from studio.takes.inside import file_within, within
from studio.takes.lock import is_locked
from studio.takes.manifest import TICKS_PER_SECOND, Manifest
from studio.takes.played import timeline_of
from studio.takes.rows import FrameRow, read_rows
from studio.takes.slate import folders, take_folder
from studio.takes.version import Render, read_render
from studio.timeline.clock import FALLBACK_FPS, Clock
from studio.timeline.keys import Marker
from studio.timeline.timeline import Timeline

MOST_NOTES = 10_000
"""Characters of a take's notes: some pages. Every list of takes holds them."""
STREAMS = ("raw.mkv", "live.mkv")
"""What the camera gave, and what was shown."""

State = Literal["recording", "complete", "recovered"]


@dataclass(frozen=True)
class Take:
    """A take as it was found on disk. `open` reads; `edit` writes verdict and notes and returns the new take."""

    folder: Path
    manifest: Manifest
    state: State
    events: tuple[Mapping[str, Any], ...]
    """Each as it stands in events.jsonl; see studio/takes/events.py for what each kind holds."""
    frames: tuple[FrameRow, ...]
    """Only rows whose pictures are on disk."""
    problems: tuple[str, ...] = field(default=())
    """What `check` complains about and playing does not: changed lines, a broken seal."""
    notices: tuple[str, ...] = field(default=())
    """What a crash explains: torn last lines, rows without their picture."""

    @classmethod
    def open(cls, folder: Path | str) -> Take:
        """Open a take by its folder, its path under the sessions folder, or its name, as the command line does.

        `sessions/my-film/S01/A/T001`, `my-film/S01/A/T001` and `my-film S01 A T001` are one; the sessions folder is
        that of LSD_SESSIONS, else `sessions`. Raises TakeError, in one line, where a needed file is missing or
        unreadable.
        """
        folder = take_folder(folder)
        if not folder.is_dir():
            raise TakeError(f"{folder} is not a folder; a take looks like sessions/my-film/S01/A/T001")
        own = ("take.json", "events.jsonl", "frames.jsonl", *STREAMS, "matte.mkv")
        paths = {name: within(folder, name) for name in own}
        manifest, sealed = Manifest.load(folder)
        events, event_faults = read_journal(paths["events.jsonl"])
        try:
            check_events(events)
        except ValueError as error:
            raise DamagedError(f"{paths['events.jsonl']} is damaged: {error}") from None
        frames, row_faults = read_rows(paths["frames.jsonl"])
        faults = event_faults + row_faults + ([] if sealed else ["take.json: was changed outside the studio"])
        state: State = "complete" if manifest.state == "complete" else "recovered"
        if state == "recovered" and is_locked(folder):
            state = "recording"
        notices: list[str] = []
        if state == "recovered":
            from studio.takes.mattes import count_mattes
            from studio.takes.mjpeg import count_packets  # PyAV is heavy, and complete takes do not need it

            notices = [fault for fault in faults if fault.endswith("torn")]
            faults = [fault for fault in faults if not fault.endswith("torn")]
            missing = [name for name in STREAMS if frames and not (folder / name).exists()]
            faults += [f"{name}: is missing" for name in missing]
            raw, live = (len(frames) if name in missing else count_packets(folder / name) for name in STREAMS)
            mattes = count_mattes(folder / "matte.mkv") if any(row.matte_crc is not None for row in frames) else 0
            kept = _with_pictures(frames, raw, live, mattes)
            if len(kept) < len(frames):
                notices.append(f"{len(frames) - len(kept)} of {len(frames)} frames never reached the disk")
            frames = kept
        return cls(folder, manifest, state, tuple(events), frames, tuple(faults), tuple(notices))

    def __repr__(self) -> str:
        state = "" if self.state == "complete" else f", {self.state}"
        return f"Take({self.name}: {self.duration_s:.1f} s, {len(self.made)} frames{state})"

    @property
    def name(self) -> str:
        """`my-film S01 A T003`."""
        slate = self.manifest.slate
        return f"{slate.production} S{slate.scene} {slate.shot} T{slate.take:03d}"

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last."""
        return self.frames[-1].time_s + 1 / self.fps if self.frames else 0.0

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
        """The rows that the model answered."""
        return tuple(row for row in self.frames if row.step is not None)

    @property
    def dropped(self) -> int:
        """Frames that reached the studio and were skipped, to hold the deadline."""
        return sum(row.live_crc is None for row in self.frames)

    @cached_property
    def timeline(self) -> Timeline:
        """What was played live, each prompt, parameter and region at the time when it took effect. Raises TakeError."""
        try:
            line = timeline_of(self.events)
            markers = self.manifest.markers
            return line if markers is None else replace(line, markers=tuple(Marker(m.time_s, m.name) for m in markers))
        except (KeyError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
            what = f"a prompt, marker, parameter or region lacks {error}" if isinstance(error, KeyError) else error
            raise TakeError(f"{self.folder / 'events.jsonl'} is damaged: {what}") from None

    @property
    def sounds(self) -> tuple[tuple[float, Path], ...]:
        """When each sound file begins, in seconds on the take's clock; more than one where the connection was lost."""
        events = [SoundEvent.model_validate(event) for event in self.events if event["kind"] == "sound"]
        files = [(event.ticks / TICKS_PER_SECOND, file_within(self.folder, event.file)) for event in events]
        return tuple((start_s, path) for start_s, path in files if path)

    @property
    def snapshots(self) -> dict[int, tuple[Path, str]]:
        """Row number -> the model's state before that row, as a file and its sha256; only files that are there."""
        events = [SnapshotEvent.model_validate(event) for event in self.events if event["kind"] == "snapshot"]
        files = {event.row: (file_within(self.folder, event.file), event.sha256) for event in events}
        return {row: (path, sha256) for row, (path, sha256) in sorted(files.items()) if path}

    @property
    def renders(self) -> tuple[Render, ...]:
        """The versions v001, v002 … that are whole."""
        return tuple(read for _, read in self._read_versions() if isinstance(read, Render))

    def version(self, name: str) -> Render:
        """The version of that name, such as `v002`, or of what it is called. Raises TakeError."""
        versions = self.renders
        for version in (*versions, *reversed([version for version in versions if version.label])):
            if name in (version.name, version.label):
                return version
        raise TakeError(f"{self.name} has no version {name!r}; it has {', '.join(v.name for v in versions) or 'none'}")

    @property
    def damaged_versions(self) -> dict[Path, str]:
        """The folders of versions that cannot be used, and why."""
        return {folder: str(read) for folder, read in self._read_versions() if isinstance(read, TakeError)}

    def _read_versions(self) -> Iterator[tuple[Path, Render | TakeError]]:
        for folder in self.versions():
            try:
                yield folder, read_render(folder)
            except TakeError as error:
                yield folder, error

    def versions(self) -> list[Path]:
        """The folders v001, v002 … in renders/, whole or not, by number; links are none of the take's."""
        own = [path for path in (self.folder / "renders",) if not path.is_symlink()]
        entries = [path for folder in own for path in folders(folder) if not path.is_symlink()]
        versions = [path for path in entries if re.fullmatch(r"v\d{3,}", path.name)]
        return sorted(versions, key=lambda folder: int(folder.name[1:]))

    def edit(self, **fields: Any) -> Take:
        """Set `verdict` (circled, ng, hold or None), `notes`, `circled`, the version that was picked, or `markers`.

        markers: all that the take has from now on, `Marker(time_s, name)` each; None brings back those that were set
        while it was shot. Everything else of a take stays as it was shot.
        """
        if self.state == "recording":
            raise TakeError(f"{self.name} is being recorded; judge it when it has ended")
        legal = {"verdict", "notes", "circled", "markers"}
        if not fields.keys() <= legal:
            others = ", ".join(sorted(fields.keys() - legal))
            raise TakeError(f"{others}: only verdict, notes, circled and markers of a take are edited")
        if isinstance(notes := fields.get("notes"), str) and len(notes) > MOST_NOTES:
            raise TakeError(f"notes of {len(notes):,} characters; at most {MOST_NOTES:,} are kept: shorten them")
        circled = fields.get("circled")
        if circled is not None and circled not in (names := [version.name for version in self.renders]):
            raise TakeError(f"{self.name} has no version {circled!r}; it has {', '.join(names) or 'none'}")
        if fields.get("markers") is not None:
            fields["markers"] = [
                {"time_s": mark.time_s, "name": mark.name} for mark in _markers(self, fields["markers"])
            ]
        with Manifest.changing(self.folder) as manifest:  # as another page, or the proxies, left it
            try:
                edited = Manifest.model_validate({**manifest.model_dump(by_alias=True), **fields})
            except ValidationError:
                raise TakeError(
                    f"{fields} is not a judgement; verdict is circled, ng, hold or None, notes a text"
                ) from None
            edited.save(self.folder)
        return Take.open(self.folder)


def _markers(take: Take, markers: Any) -> list[Marker]:
    """Markers within a take, in order of time. Raises TakeError."""
    if isinstance(markers, str) or not isinstance(markers, Iterable):
        raise TakeError(f"a take's markers are a list, not {markers!r}; write [Marker(4.5, 'the ball drops')]")
    markers = list(markers)
    if wrong := [marker for marker in markers if not isinstance(marker, Marker)]:
        raise TakeError(f"{wrong[0]!r} is not a marker; write Marker(4.5, 'the ball drops')")
    if late := [marker for marker in markers if marker.time_s > take.duration_s]:
        raise TakeError(
            f"the marker {late[0].name!r} is at {late[0].time_s:g} s, and the take ends at {take.duration_s:g} s"
        )
    return sorted(markers, key=lambda marker: marker.time_s)


def _with_pictures(frames: tuple[FrameRow, ...], raw: int, live: int, mattes: int) -> tuple[FrameRow, ...]:
    """The first rows, as many as have their packets in all files."""
    kept = []
    for row in frames[:raw]:
        live -= row.live_crc is not None
        mattes -= row.matte_crc is not None
        if live < 0 or mattes < 0:
            break
        kept.append(row)
    return tuple(kept)
