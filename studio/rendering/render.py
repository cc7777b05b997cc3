"""Rendering a take again: from the nearest snapshot before the first changed frame, into a new version.

What comes before the first change is the live picture itself, with its hashes. With an unchanged timeline and the
take's own numeric set-up, replay gives the recorded pictures byte for byte.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path

import numpy as np

from engine.types import Frame, LiveModel
from studio.rendering.checkpoints import EVERY, Checkpoints
from studio.rendering.replay import first_change, goes_on, replay, same_setup
from studio.takes.documents import file_sha256, rgb_sha256, write_document
from studio.takes.frames import Progress, pictures, write_video
from studio.takes.slate import now
from studio.takes.take import Render, Take, TakeError
from studio.timeline.files import timeline_to_dict
from studio.timeline.timeline import Timeline

SCHEMA = "lsd-studio.render"
VERSION = 1


def render(
    take: Take,
    timeline: Timeline,
    stream: LiveModel,
    *,
    full: bool = False,
    progress: Progress | None = None,
    resumable: bool = False,
) -> Render:
    """Render a take under a timeline into renders/v001, v002 …; nothing that is there is touched.

    stream: of the take's seed and weights (studio.model.load_model). full: make every frame anew, from the take's
    first; the pictures are the same, without the JPEG of the live ones. Another seed or other weights than the take's
    make every frame anew in any case. resumable: leave checkpoints, and go on from
    those of a render that was killed or interrupted; the version is the same. Raises TakeError for a take that is
    damaged or empty.
    """
    first = 0 if full or not goes_on(take, stream) else first_change(take, timeline)
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    if not made:
        raise TakeError(f"{take.name} holds no picture; nothing to render")
    hashes = {n: take.frames[n].sha256 or "" for n in made if n < first}
    reused = len(hashes)
    engine = {"kind": stream.kind, "seed": stream.seed, "steps": stream.steps, "setup": stream.setup.to_dict()}
    versions = take.folder / "renders"
    versions.mkdir(exist_ok=True)

    def frames(checkpoints: Checkpoints | None) -> Iterator[Frame]:
        before = takewhile(lambda frame: frame.index < first, pictures(take, "live"))
        yield from (frame for frame in before if frame.index in hashes)
        if reused < len(made):
            for n, rgb in _anew(stream, take, timeline, first, checkpoints):
                hashes[n] = rgb_sha256(rgb)
                yield Frame(rgb, n, take.frames[n].time_s)

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        for done, frame in enumerate(frames, start=1):
            yield frame
            if progress:
                progress(done, len(made))

    with ExitStack() as stack:
        checkpoints = None
        if resumable:
            what = {"engine": engine, "timeline": timeline_to_dict(timeline), "first_row": first}
            checkpoints = Checkpoints(versions, what)
            stack.push(_closing(checkpoints))
        part = checkpoints.attempt() if checkpoints else Path(tempfile.mkdtemp(prefix=".part-", dir=versions))
        stack.callback(shutil.rmtree, part, ignore_errors=True)
        written = write_video(part / "out.mp4", counted(frames(checkpoints)), take)
        if written < len(made):
            raise TakeError(f"{take.folder} is damaged: {written} of its {len(made)} pictures could be read; check it")
        write_document(part / "timeline.json", timeline_to_dict(timeline))
        info = {
            "schema": SCHEMA,
            "version": VERSION,
            "take": take.name,
            "made": now(),
            "engine": engine,
            "exact": same_setup(take, stream),
            "first_row": min(first, len(take.frames)),
            "reused": reused,
            "hashes": [hashes[n] for n in made],
            "files": {name: file_sha256(part / name) for name in ("out.mp4", "timeline.json")},
        }
        write_document(part / "render.json", info)
        part.chmod(0o755)  # mkdtemp's are private
        return Render(_publish(part, versions), info)


def _closing(checkpoints: Checkpoints) -> Callable[..., None]:
    """For an exit stack: an interrupted render keeps its checkpoints, any other leaves no trace."""

    def end(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, Exception):  # Ctrl+C, or a cancelled task
            checkpoints.leave()
        else:
            checkpoints.close()

    return end


def _anew(
    stream: LiveModel, take: Take, timeline: Timeline, first: int, checkpoints: Checkpoints | None
) -> Iterator[tuple[int, np.ndarray]]:
    """The rows from the first changed one on: those of the checkpoints, then new ones, which leave checkpoints."""
    if checkpoints is None:
        yield from replay(stream, take, timeline, first)
        return
    rows = (n for n, row in enumerate(take.frames) if n >= first and row.step is not None)
    reached = checkpoints.reached
    if reached:
        yield from zip(rows, checkpoints.pictures(), strict=False)
    fresh: list[np.ndarray] = []
    for n, rgb in replay(stream, take, timeline, first, resume=reached):
        fresh.append(rgb)
        if len(fresh) == EVERY:
            checkpoints.save(n + 1, fresh, stream.snapshot())
            fresh.clear()
        yield n, rgb


def _publish(part: Path, versions: Path) -> Path:
    """Give a finished version the next free number."""
    number = 1
    while True:
        folder = versions / f"v{number:03d}"
        if not folder.exists():
            try:
                return part.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
        number += 1
