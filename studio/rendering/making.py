"""Making one version: which frames are there, which are made from which state, and what the version keeps."""

from __future__ import annotations

import os
import shutil
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from engine.media.files import write_whole
from engine.types import Frame, LiveModel
from studio.background import Progress
from studio.rendering.checkpoints import EVERY, Checkpoints, DamagedCheckpointsError
from studio.rendering.earlier import LIVE, EarlierFrames, Reuse, fits, is_whole, of_live, of_version, read_frames
from studio.rendering.maker import maker
from studio.rendering.replay import MatteChoice, first_change, goes_on, nearest_snapshot, replay, same_setup
from studio.takes.bin import BIN
from studio.takes.documents import TakeError, copy_file, file_sha256, link_file, rgb_sha256, write_document
from studio.takes.frames import write_video
from studio.takes.inside import own_folder
from studio.takes.slate import now
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.files import timeline_to_dict
from studio.timeline.timeline import Timeline

SCHEMA = "lsd-studio.render"
VERSION = 1

APART = 12
"""Frames between two states that a version keeps, at least; each is a quarter of a megabyte at 384x216."""


class Making:
    """One version of a take, by one model; see studio/rendering/render.py for the arguments. rows: the part shown."""

    def __init__(
        self,
        take: Take,
        timeline: Timeline,
        model: LiveModel,
        rows: range,
        mattes: MatteChoice,
        size: tuple[int, int] | None,
    ) -> None:
        self._take, self._timeline, self._model, self._rows = take, timeline, model, rows
        self._mattes, self._size = mattes, size
        self._made = [n for n, row in enumerate(take.frames) if row.step is not None]
        self._goes_on = goes_on(take, model) and size is None
        self._exact = same_setup(take, model)
        self._engine = {"kind": model.kind, "seed": model.seed, "steps": model.steps, "setup": model.setup.to_dict()}
        self.reasons: list[str] = []
        """After `render`, what people should know of where its frames come from."""

    @cached_property
    def _like(self) -> dict[str, Any]:
        """What must be equal for another version to have the same frames, beside what is asked of them."""
        base = first_change(self._take, self._timeline, self._mattes) if self._goes_on and not self._exact else None
        size = list(self._size) if self._size else None
        return {"engine": self._engine, "maker": maker(), "size": size, "base": base}

    @cached_property
    def _versions(self) -> list[Render]:
        """Those whose frames may be taken."""
        like = self._like

        def is_alike(version: Render) -> bool:
            return fits(self._take, version) and all(version.info.get(name) == value for name, value in like.items())

        return [version for version in self._take.renders if is_alike(version) and is_whole(version)]

    def existing(self, name: str, note: str) -> Render | None:
        """A version of the same that is there, and has no other name or note than these; one without any gets them."""
        for version in self._versions:
            info = version.info
            same = version.timeline == self._timeline and info["rows"] == [self._rows.start, self._rows.stop]
            same &= (info.get("mattes") or "recorded") == self._mattes
            labels = [(name, info["name"]), (note, info["note"])]
            if same and all(not new or not old or new == old for new, old in labels):
                if any(new and not old for new, old in labels):
                    return version.edit(name=name or info["name"], note=note or info["note"])
                return version
        return None

    def render(self, progress: Progress, *, full: bool, resumable: bool, name: str, note: str) -> Render:
        """Make it, and give it the next number."""
        take, timeline, made = self._take, self._timeline, self._made
        earlier = [of_version(take, version) for version in ([] if full else self._versions)]
        if self._goes_on and not full:
            earlier.insert(0, of_live(take, self._exact))
        reuse = Reuse(take, timeline, self._mattes, self._rows, earlier)
        around = of_live(take, False)
        versions = own_folder(take.folder, "renders")
        videos = {version.name: version.video for version in self._versions}
        sources: dict[int, str] = {}
        hashes: dict[int, str] = {}

        def taken(wanted: dict[int, EarlierFrames]) -> Iterator[Frame]:
            for n, each in wanted.items():
                sources[n], hashes[n] = each.origins[n], each.hashes[n]
            yield from read_frames(take, wanted, videos)

        def frames(checkpoints: Checkpoints | None, states: Path) -> Iterator[Frame]:
            """All of the version's, in order."""
            yield from taken({n: around for n in made if n < self._rows.start})
            before = (n for n in made if n in self._rows and n < reuse.first)
            yield from taken({n: each for n in before if (each := reuse.of_row(n))})
            for n, rgb in self._anew(reuse, full, checkpoints, states):
                hashes[n], sources[n] = rgb_sha256(rgb), ""
                yield Frame(rgb, n, take.frames[n].time_s)
            if joined := reuse.joined:
                yield from taken({n: joined for n in made if reuse.joined_at <= n < self._rows.stop})
            yield from taken({n: around for n in made if n >= self._rows.stop})

        def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
            for done, frame in enumerate(frames, start=1):
                yield frame
                progress(done, len(made))

        anew = {"mattes": self._mattes} if self._mattes != "recorded" else {}
        with ExitStack() as stack:
            checkpoints = None
            if resumable:
                what = {**self._like, "timeline": timeline_to_dict(timeline), "first_row": reuse.first, **anew}
                checkpoints = Checkpoints(versions, {**what, "full": full, "rows": [self._rows.start, self._rows.stop]})
                stack.push(_closing(checkpoints))
            part = checkpoints.attempt() if checkpoints else Path(tempfile.mkdtemp(prefix=".part-", dir=versions))
            stack.callback(shutil.rmtree, part, ignore_errors=True)
            states = checkpoints.states if checkpoints else own_folder(part, "states")
            written = write_video(part / "out.mp4", counted(frames(checkpoints, states)), take, self._size)
            if written < len(made):
                raise TakeError(
                    f"{take.folder} is damaged: {written} of its {len(made)} pictures could be read; check it"
                )
            snapshots = self._keep_states(reuse, states, part)
            write_document(part / "timeline.json", timeline_to_dict(timeline))
            names = ("out.mp4", "timeline.json", *snapshots.values())
            first = next((n for n in made if sources[n] != LIVE), len(take.frames))
            self.reasons = list(reuse.reasons())
            info = {
                "schema": SCHEMA,
                "version": VERSION,
                "take": take.name,
                "made": now(),
                "name": name,
                "note": note,
                **self._like,
                "exact": self._exact,
                "first_row": first,
                "reused": sum(bool(source) for source in sources.values()),
                "parts": [
                    {"from": source, "frames": len(list(rows))} for source, rows in groupby(sources[n] for n in made)
                ],
                "rows": [self._rows.start, self._rows.stop],
                **anew,
                "hashes": [hashes[n] for n in made],
                "snapshots": snapshots,
                "files": {file: file_sha256(part / file) for file in names},
            }
            write_document(part / "render.json", info)
            part.chmod(0o755)  # mkdtemp's are private
            return Render(_publish(part, versions), info)

    def _anew(
        self, reuse: Reuse, full: bool, checkpoints: Checkpoints | None, states: Path
    ) -> Iterator[tuple[int, np.ndarray]]:
        """The rows from the first that nothing has on: those of the checkpoints, then new ones, which leave some.

        It ends where an earlier one goes on with the same frames, which is `reuse.joined` then.
        """
        first, stop = reuse.first, self._rows.stop
        if first >= stop:
            return
        reached = checkpoints.restore(self._model) if checkpoints else None
        if checkpoints and reached:
            before = [n for n in self._made if first <= n < reached[0]]
            yield from zip(before, checkpoints.pictures(len(before)), strict=True)
        begin = reached or (None if full else reuse.start())
        if begin is None and self._goes_on:
            begin = nearest_snapshot(self._take, 0 if full else first)
        start, state = begin or (0, None)
        fresh: list[np.ndarray] = []
        following = dict(pairwise([*self._made, len(self._take.frames)]))
        kept = self._states_at()
        frames = replay(
            self._model, self._take, self._timeline, start, resume=(start, state), mattes=self._mattes, size=self._size
        )
        with closing(frames):
            for n, rgb in frames:
                if n >= stop:
                    return
                after = following[n]
                if after in kept:
                    write_whole(states / f"{after:06d}.state", self._model.snapshot())
                if n >= first:
                    fresh.append(rgb)
                    if checkpoints and len(fresh) == EVERY:
                        checkpoints.save(n + 1, fresh, self._model.snapshot())
                        fresh.clear()
                    yield n, rgb
                if first <= after < stop and reuse.join(after, self._model.snapshot):
                    return

    def _states_at(self) -> set[int]:
        """The rows before which the version keeps a state: every so many, and where something new is asked for.

        Of the take's frames, not of those that are made, so that the states of versions can be compared.
        """
        times = [self._take.frames[n].time_s for n in self._made]
        places = {*range(EVERY, len(times), EVERY)}
        line = self._timeline
        begins = [key.time_s for key in line.keys] + [key.time_s for key in line.sets]
        begins += [keyframe.time_s for matte in line.mattes for keyframe in matte.weight]
        for time_s in begins:
            place = bisect_left(times, time_s)
            if 0 < place < len(times) and places.isdisjoint(range(place - APART + 1, place + APART)):
                places.add(place)
        return {self._made[place] for place in places}

    def _keep_states(self, reuse: Reuse, states: Path, part: Path) -> dict[str, str]:
        """The states of the version as files of its own: new ones, and those of the frames that were there."""
        folder = own_folder(part, "snapshots")
        sources = {int(path.stem): path for path in states.glob("*.state")}
        for each in reuse.earlier:
            for row, (path, _) in each.states.items():
                goes_on = each is reuse.joined and row >= reuse.joined_at
                if goes_on or (each.name != LIVE and row <= min(reuse.agreed(each), self._rows.stop)):
                    sources.setdefault(row, path)
        kept = {}
        for row, path in sorted(sources.items()):
            name = f"snapshots/{row:06d}.state"
            if not link_file(path, part / name):
                copy_file(path, part / name)
            kept[str(row)] = name
        if not kept:
            folder.rmdir()
        return kept


def _closing(checkpoints: Checkpoints) -> Callable[..., None]:
    """For an exit stack: checkpoints go when a version is published, or when they are themselves the damage.

    Whatever else ends a render may have nothing to do with them: Ctrl+C, a full disk, an asker who was killed.
    """

    def end(kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, DamagedCheckpointsError):
            checkpoints.close()
        else:
            checkpoints.leave()

    return end


def _publish(part: Path, versions: Path) -> Path:
    """Give a finished version the next free number."""
    number = 1
    while True:
        folder = versions / f"v{number:03d}"
        if not os.path.lexists(folder) and not os.path.lexists(versions / BIN / folder.name):
            try:
                return part.rename(folder)
            except OSError:
                if not os.path.lexists(folder):
                    raise
        number += 1
