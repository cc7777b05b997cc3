"""Frames that are there already, live or in a version, and stand in the next version as they are.

A frame depends on the camera's frames, the model, and what was asked of every frame up to it. So two renders of a take
have the same frames

    from the start     as long as both ask for the same, and
    again after that   from a row on from which both ask for the same and before which the model's state is the same.

Whether a model ever comes back to the same state is the model's affair: one that remembers its own pictures may carry
a change on for good. Versions keep states (`snapshots`), and a render compares its own with them on its way.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from engine.media.files import read_regular
from engine.media.video import VideoSource
from engine.types import Frame
from studio.rendering.replay import MOST_STATE, MatteChoice
from studio.takes.documents import TakeError, file_sha256
from studio.takes.frames import pictures
from studio.takes.inside import file_within
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.timeline import Timeline

LIVE = "live"
"""Names the picture as it was shot among the sources of a version."""


@dataclass(frozen=True)
class EarlierFrames:
    """The frames of a version, or those that were shown live."""

    name: str
    """`live`, or the version's."""
    timeline: Timeline
    mattes: MatteChoice
    rows: range
    """Those whose pictures were asked for; a version that was made of a part of its take shows others, too."""
    hashes: Mapping[int, str]
    """sha256 of each picture's RGB, by its row."""
    origins: Mapping[int, str]
    """Where each picture was made, by its row: `live`, or a version's name."""
    states: Mapping[int, tuple[Path, str]]
    """The model's states, by the row before which each was: a file and its sha256."""
    video: Path | None = None
    exact: bool = True
    """Whether a render of today gives the same bytes, so that the frames after a change may be the same again."""

    def state(self, row: int) -> bytes | None:
        """The model's state before a row; None where its file was damaged."""
        path, sha256 = self.states[row]
        try:
            data = read_regular(path, MOST_STATE)
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None


def of_live(take: Take, exact: bool) -> EarlierFrames:
    """What was shown while the take was shot. exact: whether a replay of today gives the same bytes."""
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    hashes = {n: take.frames[n].sha256 or "" for n in made}
    rows = range(len(take.frames))
    return EarlierFrames(
        LIVE,
        take.timeline,
        "recorded",
        rows,
        hashes,
        dict.fromkeys(made, LIVE),
        _states(made, take.snapshots),
        None,
        exact,
    )


def of_version(take: Take, version: Render) -> EarlierFrames:
    """What a version shows."""
    info = version.info
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    names = [part["from"] or version.name for part in info["parts"] for _ in range(part["frames"])]
    states = {int(row): (version.folder / name, info["files"].get(name, "")) for row, name in info["snapshots"].items()}
    return EarlierFrames(
        version.name,
        version.timeline,
        info.get("mattes") or "recorded",
        range(*info["rows"]),
        dict(zip(made, info["hashes"], strict=True)),
        dict(zip(made, names, strict=True)),
        _states(made, states),
        version.video,
    )


def _states(made: Sequence[int], states: Mapping[int, tuple[Path, str]]) -> dict[int, tuple[Path, str]]:
    """By the next row that was made: a frame that was dropped changes no state."""
    following = iter(sorted(states.items()))
    entry = next(following, None)
    by_made: dict[int, tuple[Path, str]] = {}
    for n in made:
        while entry is not None and entry[0] <= n:
            by_made[n], entry = entry[1], next(following, None)
    return by_made


def fits(take: Take, version: Render) -> bool:
    """Whether what a version says of its frames is of this take; one from elsewhere may say anything."""
    info, count = version.info, len(take.made)
    first, stop = info["rows"]
    counted = sum(part["frames"] for part in info["parts"])
    return counted == count == len(info["hashes"]) and 0 <= first < stop <= len(take.frames)


def is_whole(version: Render) -> bool:
    """Whether all files of a version are what they were when it was made."""
    for name, sha256 in version.info["files"].items():
        path = file_within(version.folder, name)
        try:
            if path is None or file_sha256(path) != sha256:
                return False
        except OSError:
            return False
    return True


@dataclass
class Reuse:
    """Which frames of a new version are there already. timeline, mattes, rows: the new version's.

    earlier: those that the same model made from the same beginning, the one to take a frame from first.
    """

    take: Take
    timeline: Timeline
    mattes: MatteChoice
    rows: range
    earlier: Sequence[EarlierFrames]
    joined: EarlierFrames | None = None
    """Whose frames stand from `joined_at` on; None where all were made, or nothing was."""
    joined_at: int = 0
    _tried: dict[str, int] = field(default_factory=dict)
    """How many states of each source were compared with the model's, and differed."""

    @cached_property
    def made(self) -> list[int]:
        """The rows of the take that the model answered."""
        return [n for n, row in enumerate(self.take.frames) if row.step is not None]

    @cached_property
    def first(self) -> int:
        """The first row that nothing has, as far as what is asked tells; where all are there, the end of the rows."""
        return next((n for n in self.made if n in self.rows and self.of_row(n) is None), self.rows.stop)

    def of_row(self, row: int) -> EarlierFrames | None:
        """Where the picture of a row is, up to which the same was asked all through; best where it was made."""
        sources = [each for each in self.earlier if row in each.rows and row < self._agreed[each.name]]
        made_there = (each for each in sources if each.origins[row] == each.name)
        return next(made_there, sources[0] if sources else None)

    def start(self) -> tuple[int, bytes] | None:
        """The last known state at or before `first`, and the row before which it was; None where there is none."""
        states = [
            (row, each)
            for each in self.earlier
            for row in each.states
            if row <= min(self.first, self._agreed[each.name])
        ]
        for row, each in sorted(states, key=lambda entry: entry[0], reverse=True):
            if (state := each.state(row)) is not None:
                return row, state
        return None

    def join(self, row: int, state: Callable[[], bytes]) -> bool:
        """Whether the frames of somebody earlier come from this row on, all of them; that is `joined` then.

        row: one that the model answered live. state: the model's now, before it.
        """
        now = ""
        for each in self.earlier:
            if self._rests[each.name] > row or self.joined:
                continue
            same = self._agreed[each.name] >= row
            if not same and each.exact and row in each.states and self._staged_alike[each.name]:
                now = now or hashlib.sha256(state()).hexdigest()
                same = now == each.states[row][1]
                self._tried[each.name] = self._tried.get(each.name, 0) + (not same)
            if same:
                self.joined, self.joined_at = each, row
        return self.joined is not None

    def agreed(self, each: EarlierFrames) -> int:
        """The first row for which a source was asked for something else, or does not go on."""
        return self._agreed[each.name]

    def reasons(self) -> Iterator[str]:
        """Why frames that ask for the same as earlier ones were made nevertheless."""
        for each in () if self.joined else self.earlier:
            rest = self._rests[each.name]
            if rest >= self.rows.stop or self._agreed[each.name] >= rest:
                continue
            alike = f"from {self.take.frames[rest].time_s:.1f} s on {each.name} asks for the same"
            if not each.exact:
                yield f"{alike}, and was made on another numeric set-up"
            elif not self._staged_alike[each.name]:
                yield f"{alike}, before a cast that was followed from another frame on"
            elif count := self._tried.get(each.name, 0):
                yield f"{alike}, but the model remembers the change: its state differed at all {count} comparisons"
            else:
                yield f"{alike}, and has no state after that to compare with"

    @cached_property
    def _agreed(self) -> dict[str, int]:
        """The first row for which each source was asked for something else, or does not go on."""
        agreed = {}
        for each in self.earlier:
            stop = min(each.rows.stop, self.rows.stop)
            agreed[each.name] = next((n for n in self.made if n < stop and not self._alike(each, n)), stop)
        return agreed

    @cached_property
    def _rests(self) -> dict[str, int]:
        """The first row from which each source has all frames, asked for the same; the end where it lacks the last."""
        rests = {}
        for each in self.earlier:
            rest = self.rows.stop
            for n in reversed([n for n in self.made if n in self.rows]):
                if n not in each.rows or not self._alike(each, n):
                    break
                rest = n
            rests[each.name] = rest
        return rests

    @cached_property
    def _staged_alike(self) -> dict[str, bool]:
        """Whether what is known of the cast is the same: it is followed through the frames in which a set stands."""

        def cast(line: Timeline, row: int) -> Any:
            cue = line.at(self.take.frames[row].time_s)
            return bool(cue.sets), cue.cast if cue.sets else None

        def alike(each: EarlierFrames) -> bool:
            rest = [n for n in self.made if self._rests[each.name] <= n < self.rows.stop]
            return not any(cast(self.timeline, n)[0] for n in rest) or all(
                cast(self.timeline, n) == cast(each.timeline, n) for n in self.made
            )

        return {each.name: not self.timeline.sets or alike(each) for each in self.earlier}

    def _alike(self, each: EarlierFrames, row: int) -> bool:
        """Whether both ask for the same picture of a row."""
        time_s = self.take.frames[row].time_s
        cue = self.timeline.at(time_s)
        return cue.same_picture(each.timeline.at(time_s)) and (not cue.sets or each.mattes == self.mattes)


def read_frames(take: Take, wanted: Mapping[int, EarlierFrames], videos: Mapping[str, Path]) -> Iterator[Frame]:
    """Pictures of rows, in order, each from where it was made, or from the copy of it where that is gone.

    wanted: who has each row. videos: of the versions that are whole, by their names. Raises TakeError for a picture
    that cannot be read.
    """
    made = [n for n, row in enumerate(take.frames) if row.step is not None]

    def place(row: int) -> str:
        origin = wanted[row].origins[row]
        return origin if origin == LIVE or origin in videos else wanted[row].name

    for name, rows in groupby(wanted, place):
        missing = deque(rows)
        if name == LIVE:
            source: Iterator[Frame] = pictures(take, "live")
        else:
            source = (Frame(frame.rgb, n, 0.0) for n, frame in zip(made, VideoSource(videos[name]), strict=False))
        for frame in source:
            if frame.index == missing[0]:
                yield Frame(frame.rgb, missing.popleft(), take.frames[frame.index].time_s)
                if not missing:
                    break
        if missing:
            raise TakeError(f"{take.folder} is damaged: {name} lacks the picture of frame {missing[0]}; check it")
