"""Rendering a take again: from the last known state before the first frame that is not there yet, into a new version.

Frames that were shown live or that a version has, and that would be the same, are taken as they are, with their hashes
(studio/rendering/earlier.py). With an unchanged timeline and the take's own numeric set-up, replay gives the recorded
pictures byte for byte.
"""

from __future__ import annotations

import math
import warnings
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, TypeAlias

from engine.prompts import Prompt, seconds
from engine.types import LiveModel
from studio.background import Progress, Remark, cancellable, print_remark, progress_bar, run_in_background
from studio.model import load_model
from studio.performing.casting import Casting
from studio.rendering.making import Making
from studio.rendering.preflight import check_script, check_timeline, refuse
from studio.rendering.replay import MatteChoice
from studio.script.compile import set_files, timeline_of
from studio.script.moments import conversion
from studio.script.script import Beat, Script
from studio.sets.stage import Stage, adopt, production_folder
from studio.sets.store import Store
from studio.takes.documents import TakeError
from studio.takes.mjpeg import packets
from studio.takes.take import Take
from studio.takes.version import Render, check_label
from studio.timeline.curves import TimelineError
from studio.timeline.timeline import Timeline

Instructions: TypeAlias = Script | Timeline | Prompt
"""What a take is rendered under."""

MOST_STEPS = 1000
"""Denoising steps of a frame."""


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
    start_s: float | None = None,
    end_s: float | None = None,
    seed: int | None = None,
    steps: int | None = None,
    size: tuple[int, int] | None = None,
    name: str = "",
    note: str = "",
    full: bool = False,
    progress: Progress | None = None,
    resumable: bool = True,
    mattes: MatteChoice = "recorded",
    strict: bool = False,
    check: bool = True,
    remark: Remark = print_remark,
) -> Render:
    """Render a take under a script, a timeline or a prompt into renders/v001, v002 …; nothing there is touched.

    model: by default one is loaded that is as much like the take's as this machine can. One of another kind, other
    weights or another seed than the take's begins without memory. start_s, end_s: show only this part of the take anew,
    in seconds; its frames are those of the whole render, and around it the picture is the live one. seed: of the noise,
    by default the model's. steps: denoising steps a frame, for a model that is loaded here. size: (width, height) in
    pixels of another picture than the take's. name, note: what people call the version, and say of it.

    Frames that live or an earlier version has are taken from there; `full` makes every frame anew, from the take's
    first: the hashes are the same, the pictures without the coding of the earlier ones. A version of the same timeline,
    model, seed and size that is there already is returned. progress: by default a bar shows it. resumable: leave
    checkpoints, and go on from those of a render that was killed or interrupted (Ctrl+C, a notebook's stop button) or
    ended by a full disk; the version is the same. mattes: where a set stands, the recorded ones of the same cast, as
    far as there are, or all made anew. Files of sets are copied into the take.

    What `check_script` and `check_timeline` warn of is told before anything is rendered. strict: refuse it. check:
    False where it was told already. remark: called with each sentence that people should know, these and where frames
    come from; by default it is printed.

    Raises TakeError for a take that is damaged or empty, or a part that is not in it, TimelineError for what cannot be
    rendered, SetError for a set that cannot be shown, and ValueError for a kind of model, weights, a size or a number
    of steps that are not to be had.
    """
    check_label(name, note)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if check else "default")  # the check says what is converted
        timeline = timeline_for(take, direction)
    if not take.made:
        raise TakeError(f"{take.name} holds no picture; nothing to render")
    rows = part_of(take, start_s, end_s)
    adopt(take, timeline)
    casting = Casting(Stage.of_take(take))
    for key in timeline.sets:
        casting.prepare(key.set)  # what cannot be shown is said before a frame is made
    casting.stage.close()
    model = _model_of(take, model, steps)
    size = _size_of(take, model, size)
    next(packets(take.folder / "raw.mkv"), None)  # without the camera's frames nothing is rendered
    if check:
        if isinstance(direction, Script):
            problems = check_script(direction, take, model)
        else:
            problems = check_timeline(timeline, take, model)
        refuse(problems, strict)
        for problem in problems:
            remark(str(problem))
    shot_with, model.seed = model.seed, model.seed if seed is None else seed
    try:
        making = Making(take, timeline, model, rows, mattes, size)
        if not full and (same := making.existing(name, note)):
            remark(f"{same.title} is there already: the same timeline, model and seed (full=True makes it anew)")
            return same
        with progress_bar(take.name, progress, len(take.made)) as shown:
            version = making.render(shown, full=full, resumable=resumable, name=name, note=note)
    finally:
        model.seed = shot_with
    for sentence in making.reasons:
        remark(f"{version.title}: {sentence}")
    return version


def _model_of(take: Take, model: LiveModel | None, steps: int | None) -> LiveModel:
    """The one that renders. Raises TakeError for steps that it does not make."""
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MOST_STEPS):
        raise TakeError(f"{steps!r} steps a frame; it is a whole number from 1 to {MOST_STEPS:,}")
    if model is not None and steps not in (None, model.steps):
        raise TakeError(f"the model makes {model.steps} steps a frame, not {steps}; load another, or leave steps out")
    if model is not None:
        return model
    engine = take.manifest.engine
    return load_model(engine if steps is None else engine.model_copy(update={"steps": steps}))


def _size_of(take: Take, model: LiveModel, size: tuple[int, int] | None) -> tuple[int, int] | None:
    """The size where it is not the take's own. Raises ValueError for one that the model does not take."""
    if size is None:
        return None
    numbers = tuple(size) if isinstance(size, tuple | list) else ()
    if len(numbers) != 2 or any(isinstance(side, bool) or not isinstance(side, int) for side in numbers):
        raise TakeError(f"{size!r} is not a size; write width and height in pixels: size=(640, 360)")
    width, height = model.sizes.parse(f"{numbers[0]}x{numbers[1]}")
    picture = take.manifest.picture
    return None if picture and (width, height) == (picture.width, picture.height) else (width, height)


async def render_async(
    take: Take,
    direction: Instructions,
    model: LiveModel | None = None,
    *,
    progress: Progress | None = None,
    **choices: Any,
) -> Render:
    """`render` for `await`: other cells and pages go on meanwhile. Cancelled, it can go on where it was.

    choices: the others of `render`, by their names.
    """

    def work(step: Callable[[], None]) -> Render:
        with progress_bar(take.name, progress, len(take.made)) as shown:
            return render(take, direction, model, progress=cancellable(step, shown), **choices)

    return await run_in_background(work)


def part_of(take: Take, start_s: float | None, end_s: float | None) -> range:
    """The rows from one time on and before another, in seconds. Raises TakeError where no frame was made in them."""
    start = 0.0 if start_s is None else seconds(start_s, "the start of a render")
    end = math.inf if end_s is None else seconds(end_s, "the end of a render")
    times = [row.time_s for row in take.frames]
    rows = range(bisect_left(times, start), bisect_left(times, end))
    if not any(take.frames[n].step is not None for n in rows):
        raise TakeError(
            f"from {start:g} s to {end:g} s there is no frame of {take.name}, which ends at {take.duration_s:.2f} s; "
            "the start is before the end"
        )
    return rows


def _short(thing: object) -> str:
    """How it is written, or the start of that, in one line."""
    text = " ".join(repr(thing).split())
    return text if len(text) <= 200 else f"{text[:200]} …"
