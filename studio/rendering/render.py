"""Rendering a take again: from the nearest snapshot before the first changed frame, into a new version.

What comes before the first change is the live picture itself, with its hashes. With an unchanged timeline and the
take's own numeric set-up, replay gives the recorded pictures byte for byte.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

import numpy as np

from engine.prompts import Prompt
from engine.types import Frame, LiveModel
from studio.background import Progress, cancellable, progress_bar, run_in_background
from studio.model import load_model
from studio.performing.casting import Casting
from studio.rendering.checkpoints import EVERY, Checkpoints, DamagedCheckpointsError
from studio.rendering.replay import MatteChoice, first_change, goes_on, replay, same_setup
from studio.script.compile import set_files, timeline_of
from studio.script.moments import conversion
from studio.script.script import Beat, Script
from studio.sets.stage import Stage, adopt, production_folder
from studio.sets.store import Store
from studio.takes.documents import TakeError, file_sha256, rgb_sha256, write_document
from studio.takes.frames import pictures, write_video
from studio.takes.inside import own_folder
from studio.takes.slate import now
from studio.takes.take import Take
from studio.takes.version import Render
from studio.timeline.curves import TimelineError
from studio.timeline.files import timeline_to_dict
from studio.timeline.timeline import Timeline

SCHEMA = "lsd-studio.render"
VERSION = 1

Instructions: TypeAlias = Script | Timeline | Prompt
"""What a take is rendered under."""


def timeline_for(take: Take, direction: Instructions) -> Timeline:
    """What a script, a timeline or a prompt means for a take; warns where frames of another rate are converted.

    Files of a script's sets are copied into the take's production. Raises TimelineError for anything else, and for a
    script with a mistake, SetError for a file that cannot be copied.
    """
    if isinstance(direction, Script):
        if converted := conversion(direction, take.clock):
            warnings.warn(f"{direction.title or 'the script'}: {converted}", stacklevel=3)
        files = set_files(direction)
        timeline = timeline_of(direction, take.clock, files=files)
        for path in files.values():
            Store(production_folder(take.folder)).add(path)
        return timeline
    if isinstance(direction, Timeline):
        return direction
    if isinstance(direction, Beat) or (
        isinstance(direction, list | tuple) and any(isinstance(part, Beat) for part in direction)
    ):
        raise TimelineError(f"beats alone are not a script: {_short(direction)}; write Script([Beat(...), ...])")
    if isinstance(direction, str | list | tuple):
        return Timeline.of(direction)
    raise TimelineError(f"{_short(direction)} is nothing to render; give a Script, a Timeline or a prompt in words")


def render(
    take: Take,
    direction: Instructions,
    model: LiveModel | None = None,
    *,
    full: bool = False,
    progress: Progress | None = None,
    resumable: bool = True,
    mattes: MatteChoice = "recorded",
) -> Render:
    """Render a take under a script, a timeline or a prompt into renders/v001, v002 …; nothing there is touched.

    model: by default one is loaded that is as much like the take's as this machine can. One of another kind, other
    weights or another seed than the take's makes every frame anew. full: make every frame anew in any case, from the
    take's first; the pictures are the same, without the JPEG of the live ones. progress: by default a bar shows it.
    resumable: leave checkpoints, and go on from those of a render that was killed or interrupted (Ctrl+C, a notebook's
    stop button) or ended by a full disk; the version is the same. mattes: where a set stands, the recorded ones of the
    same cast, as far as there are, or all made anew. Files of sets are copied into the take.

    Raises TakeError for a take that is damaged or empty, TimelineError for what cannot be rendered, SetError for a set
    that cannot be shown, and ValueError for a kind of model or weights that are not here.
    """
    timeline = timeline_for(take, direction)
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    if not made:
        raise TakeError(f"{take.name} holds no picture; nothing to render")
    adopt(take, timeline)
    casting = Casting(Stage.of_take(take))
    for key in timeline.sets:
        casting.prepare(key.set)  # what cannot be shown is said before a frame is made
    casting.stage.close()
    model = model or load_model(take.manifest.engine)
    with progress_bar(take.name, progress, len(made)) as shown:
        return _render(take, timeline, model, full, shown, resumable, mattes)


async def render_async(
    take: Take,
    direction: Instructions,
    model: LiveModel | None = None,
    *,
    full: bool = False,
    progress: Progress | None = None,
) -> Render:
    """`render` for `await`: other cells and pages go on meanwhile. Cancelled, it can go on where it was."""

    def work(step: Callable[[], None]) -> Render:
        with progress_bar(take.name, progress, len(take.made)) as shown:
            return render(take, direction, model, full=full, progress=cancellable(step, shown))

    return await run_in_background(work)


def _render(
    take: Take,
    timeline: Timeline,
    model: LiveModel,
    full: bool,
    progress: Progress,
    resumable: bool,
    mattes: MatteChoice,
) -> Render:
    """See `render`."""
    first = 0 if full or not goes_on(take, model) else first_change(take, timeline, mattes)
    anew = {"mattes": mattes} if mattes != "recorded" else {}
    made = [n for n, row in enumerate(take.frames) if row.step is not None]
    hashes = {n: take.frames[n].sha256 or "" for n in made if n < first}
    reused = len(hashes)
    engine = {"kind": model.kind, "seed": model.seed, "steps": model.steps, "setup": model.setup.to_dict()}
    versions = own_folder(take.folder, "renders")

    def frames(checkpoints: Checkpoints | None) -> Iterator[Frame]:
        before = takewhile(lambda frame: frame.index < first, pictures(take, "live"))
        yield from (frame for frame in before if frame.index in hashes)
        if reused < len(made):
            for n, rgb in _anew(model, take, timeline, first, checkpoints, mattes):
                hashes[n] = rgb_sha256(rgb)
                yield Frame(rgb, n, take.frames[n].time_s)

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        for done, frame in enumerate(frames, start=1):
            yield frame
            progress(done, len(made))

    with ExitStack() as stack:
        checkpoints = None
        if resumable:
            what = {"engine": engine, "timeline": timeline_to_dict(timeline), "first_row": first, **anew}
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
            "exact": same_setup(take, model),
            "first_row": min(first, len(take.frames)),
            "reused": reused,
            **anew,
            "hashes": [hashes[n] for n in made],
            "files": {name: file_sha256(part / name) for name in ("out.mp4", "timeline.json")},
        }
        write_document(part / "render.json", info)
        part.chmod(0o755)  # mkdtemp's are private
        return Render(_publish(part, versions), info)


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


def _anew(
    model: LiveModel,
    take: Take,
    timeline: Timeline,
    first: int,
    checkpoints: Checkpoints | None,
    mattes: MatteChoice,
) -> Iterator[tuple[int, np.ndarray]]:
    """The rows from the first changed one on: those of the checkpoints, then new ones, which leave checkpoints."""
    if checkpoints is None:
        yield from replay(model, take, timeline, first, mattes=mattes)
        return
    rows = (n for n, row in enumerate(take.frames) if n >= first and row.step is not None)
    reached = checkpoints.restore(model)
    if reached:
        before = [n for n in rows if n < reached[0]]
        pictures = checkpoints.pictures(len(before))
        yield from zip(before, pictures, strict=True)
    fresh: list[np.ndarray] = []
    for n, rgb in replay(model, take, timeline, first, resume=reached, mattes=mattes):
        fresh.append(rgb)
        if len(fresh) == EVERY:
            checkpoints.save(n + 1, fresh, model.snapshot())
            fresh.clear()
        yield n, rgb


def _publish(part: Path, versions: Path) -> Path:
    """Give a finished version the next free number."""
    number = 1
    while True:
        folder = versions / f"v{number:03d}"
        if not os.path.lexists(folder):
            try:
                return part.rename(folder)
            except OSError:
                if not os.path.lexists(folder):
                    raise
        number += 1


def _short(thing: object) -> str:
    """How it is written, or the start of that, in one line."""
    text = " ".join(repr(thing).split())
    return text if len(text) <= 200 else f"{text[:200]} …"
