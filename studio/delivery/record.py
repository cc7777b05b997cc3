"""A take of a video file: every frame of it, or as a camera that does not wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.types import LiveModel
from studio.background import Remark
from studio.delivery.finish import finish
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.filecamera import FileCamera, roll
from studio.live.frames import LiveFrame
from studio.rendering.preflight import refuse, words_problems
from studio.script.moments import RATE_STEP
from studio.sets.store import Store
from studio.sets.typed import set_of
from studio.signals import TerminatedError
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.files import load
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline


@dataclass(frozen=True)
class RecordedClip:
    """A take that was recorded of a file."""

    take: Take
    trouble: Exception | None = None
    """What is wrong with the file; the take has what came before."""


def timeline_of(
    camera: FileCamera,
    schedule: Path | None,
    prompt: str | None,
    fps: float | None,
    set_text: str | None,
    plates: Path,
    remark: Remark,
) -> Timeline:
    """What a file is recorded under: a schedule or a prompt, and a set as people type it. Raises ValueError.

    fps: the schedule counts frames at this rate. plates: the folder of the production's sets.
    """
    rate = camera.fps if fps is None else fps
    if abs(rate - camera.fps) > RATE_STEP:
        remark(f"{schedule} counts {rate:g} frames a second and {camera.path} {camera.fps:g}; its frames are converted")
    if schedule is None:
        timeline = Timeline.of("as it is" if prompt is None else prompt)
    else:
        timeline = load(schedule, rate, frames=fps is not None)
    if set_text is None:
        return timeline
    return replace(timeline, sets=(SetKey(0.0, set_of(set_text, Store(plates), remark)),))


def record_clip(
    camera: FileCamera,
    slate: Slate,
    sessions: Path,
    timeline: Timeline,
    model: LiveModel,
    *,
    live: bool = False,
    strict: bool = False,
    weights: str = "",
    progress: Callable[[int, int], object] = lambda done, total: None,
    finishing: Callable[[int, int], object] = lambda done, total: None,
    remark: Remark = lambda sentence: None,
) -> RecordedClip:
    """Record a take of a file under a timeline, with the file's own sound; blocks until it has ended.

    live: play the file as if it were the camera, in real time, which drops what the model does not keep up with; by
    default every frame is made, as slowly as it takes. weights: the file that the take names. progress, finishing:
    (frames done, total) of recording and of the pictures for browsers; the first total is 0. remark: called with what
    people should know. Ctrl+C cuts. Raises ValueError where no frame was recorded, and what the disk raises.
    """
    looks = {text: f"the prompt at {key.time_s:g} s" for key in reversed(timeline.keys) for text, _ in key.blend}
    problems = list(words_problems(looks, {}, model))
    refuse(problems, strict)
    for problem in problems:
        remark(str(problem))
    director = Director(model, timeline.keys[0].prompt, weights=weights)
    trouble: Exception | None = None
    ended = "cut"
    span: list[int] = []
    """When the take's first and last frames were taken."""

    def answered(frame: LiveFrame) -> None:
        span[:] = [*span[:1], frame.camera_ticks]
        progress(frame.index + 1, 0)

    try:
        director.look_in(sessions / slate.production / "sets")
        director.warm(camera.width, camera.height)
        director.record(sessions, slate, timeline=timeline, fps=camera.fps)
        try:
            if live:
                roll(camera, Connection(director, held=False), answered)
            else:
                for frame in camera:
                    answered(director.shoot(frame.packet, frame.index, frame.ticks, quality=camera.quality))
        except TerminatedError as error:
            ended = f"terminated by {error}"
            remark("Cut: the system ended the recording.")
        except KeyboardInterrupt:
            remark("Cut.")
        except ValueError as error:  # the source is damaged: what came before is kept
            trouble = error
        if span:
            try:
                for chunk in camera.sound([(0, span[0], span[-1] + round(TICKS_PER_SECOND / camera.fps))]):
                    director.sound(chunk, span[0])
            except ValueError as error:
                remark(f"The take is silent: {error}")
        status = director.status()
        folder = director.cut(ended)
    finally:
        director.close()
    if folder is None:
        raise trouble or ValueError(f"no frame of {camera.path} was recorded")
    finished = finish(folder, finishing)
    take = finished.take
    if finished.trouble:
        remark(f"No pictures for the browser: {finished.trouble}")
    if live:
        age = f"age {status.age_p50_ms:.0f} ms (p95 {status.age_p95_ms:.0f} ms)"
        how = f"{take.dropped} dropped, {camera.late} late, {age}"
    else:
        how = "every frame of the file"
    sound = "with its sound" if take.sounds else "without sound"
    remark(f"{take.name}: {len(take.made)} frames in {take.duration_s:.1f} s, {how}, {sound}")
    return RecordedClip(take, trouble)
