"""The trials of a stream that need more than a clip and its teacher, by name, and how to run them.

A trial is a function of `TrialInputs`; its result is what `eval` writes under the trial's name. To add one, write the
function and put it into `TRIALS`: the command line, its list and its table read that.

Legend: T frames, H height, W width in pixels.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from engine.evaluation import measures
from engine.evaluation.clips import VIDEO_SUFFIXES, Clip, read_clip
from engine.evaluation.endurance import OnProgress, drift, rate, switch
from engine.evaluation.evaluate import evaluate, teacher_frames, to_float
from engine.evaluation.parts import try_places, try_props, try_regions
from engine.evaluation.scores import rounded
from engine.evaluation.speed import compare_steps, speed
from engine.media.pictures import MediaError
from engine.stream import Stream
from engine.teachers.wordings import THING_WORDINGS, wordings
from engine.teachers.worlds import WORLDS, teachers_of

FILM_SIZE = (1280, 704)
"""Width and height in pixels of the trial `film`."""
SWITCHES = (
    ("underwater", "wild-west"),
    ("pencil", "neon-rain"),
    ("deep-space", "snowfall"),
    ("cartoon", "golden-rome"),
    ("film-noir", "oil-painting"),
)
"""Pairs of worlds of the trial `switch`: from, to."""
DRIFT_WORLDS = ("underwater", "neon-rain", "cartoon")
"""Worlds of the trial `drift`, unless others are named."""


@dataclass(frozen=True)
class TrialInputs:
    """What a trial may use."""

    stream: Stream
    paths: Sequence[Path]
    """Videos and pictures."""
    clips: Sequence[Clip]
    """A few of them, read."""
    wordings: Mapping[str, Sequence[str]]
    """World -> texts, of worlds that have a teacher."""
    size: tuple[int, int]
    """(width, height) in pixels."""
    frames: int = 24
    """Of each clip."""
    drift_frames: int = 10_000
    drift_worlds: Sequence[str] = DRIFT_WORLDS
    base: Stream | None = None
    """The unpruned model, for `speed`."""
    teachers: Path | None = None
    """The folder of the person segmenter, for `places`."""
    progress: OnProgress | None = None

    @property
    def prompts(self) -> dict[str, str]:
        """World -> its first text; all worlds but `as-is`, in the order of the teachers."""
        return {world: self.wordings[world][0] for world in WORLDS if world in self.wordings and world != "as-is"}

    def cut(self, frames: int) -> list[Clip]:
        """The clips' first frames."""
        return [replace(clip, frames=clip.frames[:frames]) for clip in self.clips]


@dataclass(frozen=True)
class Trial:
    """A named trial."""

    run: Callable[[TrialInputs], dict[str, Any]]
    about: str
    """One line for the list of the command line."""
    headline: tuple[str, ...] = ()
    """Keys of the result that the table of `eval` shows."""


def _trained(inputs: TrialInputs) -> dict[str, Any]:
    texts = {world: lines for world, lines in wordings("train").items() if world in inputs.wordings}
    report = evaluate(
        inputs.stream,
        inputs.paths,
        texts,
        frames=inputs.frames,
        size=inputs.size,
        chosen=("adherence",),
        max_runs=2 * len(texts),
        worlds=teachers_of(inputs.stream.vocabulary.worlds),
    )
    return {key: report[key] for key in ("adherence", "per_world", "mistaken", "pairs")}


def _switch(inputs: TrialInputs) -> dict[str, Any]:
    prompts = inputs.prompts
    pairs = [((a, prompts[a]), (b, prompts[b])) for a, b in SWITCHES if a in prompts and b in prompts]
    return switch(inputs.stream, inputs.clips[0], pairs)


def _few_steps(inputs: TrialInputs) -> dict[str, Any]:
    fixed = {world: text for world, text in inputs.prompts.items() if not WORLDS[world].random}
    return compare_steps(inputs.stream, inputs.cut(8)[:1], dict(list(fixed.items())[::2]))


def _speed(inputs: TrialInputs) -> dict[str, Any]:
    return speed(inputs.stream, inputs.size, inputs.base)


def _props(inputs: TrialInputs) -> dict[str, Any]:
    texts = wordings("held_out", THING_WORDINGS)
    texts = {thing: texts[thing] for thing in inputs.stream.vocabulary.things if thing in texts}
    return try_props(inputs.stream, inputs.cut(12), texts)


def _regions(inputs: TrialInputs) -> dict[str, Any]:
    return try_regions(inputs.stream, inputs.cut(10), dict(list(inputs.prompts.items())[::3]))


def _film(inputs: TrialInputs) -> dict[str, Any]:
    texts = {world: [text] for world, text in inputs.prompts.items()}
    report = evaluate(
        inputs.stream,
        inputs.paths,
        texts,
        frames=6,
        size=FILM_SIZE,
        chosen=("adherence", "sharpness"),
        max_runs=2 * len(texts),
        worlds=teachers_of(inputs.stream.vocabulary.worlds),
    )
    return {
        name: report[name]
        for name in ("adherence", "per_world", "sharpness_ratio", "detail_correlation", "pairs", "size")
    }


def _rate(inputs: TrialInputs) -> dict[str, Any]:
    moving = {world: text for world, text in inputs.prompts.items() if WORLDS[world].moving}
    return rate(inputs.stream, inputs.clips[0], moving)


def _structure(inputs: TrialInputs) -> dict[str, Any]:
    return structure(inputs.cut(2), tuple(teachers_of(inputs.stream.vocabulary.worlds)))


def _text(inputs: TrialInputs) -> dict[str, Any]:
    return text_accuracy(inputs.stream)


def _places(inputs: TrialInputs) -> dict[str, Any]:
    return try_places(inputs.stream, inputs.clips, inputs.teachers)


def _drift(inputs: TrialInputs) -> dict[str, Any]:
    prompts = {world: inputs.prompts[world] for world in inputs.drift_worlds if world in inputs.prompts}
    return drift(inputs.stream, inputs.clips[0], prompts, inputs.drift_frames, inputs.progress)


TRIALS: dict[str, Trial] = {
    "trained": Trial(_trained, "adherence under the wordings of training", ("adherence",)),
    "switch": Trial(
        _switch, "frames until a cut to another prompt is complete, and flashes", ("frames_most", "flashes")
    ),
    "few_steps": Trial(
        _few_steps, "one denoising step beside sixteen", ("psnr_db_lost", "sharpness_ratio", "motion_ratio")
    ),
    "speed": Trial(_speed, "one step beside sixteen of the unpruned model, in time", ("speed_up",)),
    "props": Trial(_props, "props drawn over the clips: do they become their things?", ("adherence",)),
    "regions": Trial(
        _regions, "a world in one half, the camera in the other", ("outside_psnr_db", "inside_nearer_to_world")
    ),
    "film": Trial(_film, "adherence and sharpness at 1280x704", ("adherence", "sharpness_ratio")),
    "rate": Trial(_rate, "own motion at 12 frames a second over that at 24", ("ratio",)),
    "structure": Trial(_structure, "how much of each teacher's detail no change of colours could give"),
    "text": Trial(_text, "share of wordings that reach their world or thing", ("train", "held_out")),
    "places": Trial(_places, "people put into the places, with --teachers"),
    "drift": Trial(_drift, "vital signs at the end of a long run over those at its start", ("frames", "worst_change")),
}
"""Trial by name, in the order in which `all` runs them."""


def run_trials(
    stream: Stream,
    names: Sequence[str],
    paths: Sequence[Path],
    wordings: Mapping[str, Sequence[str]],
    *,
    size: tuple[int, int],
    frames: int = 24,
    drift_frames: int = 10_000,
    drift_worlds: Sequence[str] = DRIFT_WORLDS,
    base: Stream | None = None,
    teachers: Path | None = None,
    progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Run the named trials on a few clips spread over `paths`; results by name.

    wordings: texts for each world. size: (width, height) in pixels. frames: of each clip. drift_frames, drift_worlds:
    of the trial `drift`. base: the unpruned model, for `speed`. teachers: the folder of the person segmenter, without
    which `places` says that it was not measured. progress: called with frames done and in all by `drift`. Raises
    ValueError for an unknown trial, and where no clip can be read.
    """
    unknown = [name for name in names if name not in TRIALS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not a trial; there are {', '.join(TRIALS)}")
    inputs = TrialInputs(
        stream,
        paths,
        read_some(paths, 4, frames, size),
        {world: texts for world, texts in wordings.items() if world in WORLDS},
        size,
        frames,
        drift_frames,
        drift_worlds,
        base,
        teachers,
        progress,
    )
    results: dict[str, Any] = {}
    for name in names:
        started = time.monotonic()
        result = TRIALS[name].run(inputs)
        results[name] = rounded(result | {"seconds": time.monotonic() - started})
    return results


def read_some(paths: Sequence[Path], count: int, frames: int, size: tuple[int, int]) -> list[Clip]:
    """Read `count` clips of `paths`, spread evenly, videos before stills; unreadable files are passed over.

    size: (width, height) in pixels. Raises ValueError where none can be read.
    """
    videos = [path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES]
    ordered = videos or list(paths)
    order = [ordered[i * len(ordered) // min(count, len(ordered))] for i in range(min(count, len(ordered)))]
    clips: list[Clip] = []
    for path in [*order, *(p for p in paths if p not in order)]:
        if len(clips) == count:
            break
        try:
            clips.append(read_clip(path, frames, size))
        except MediaError:
            continue  # `evaluate` names what it had to skip
    if not clips:
        raise ValueError("no clip could be read; give a folder of videos or pictures")
    return clips


def structure(clips: Sequence[Clip], worlds: Iterable[str] = tuple(WORLDS), seed: int = 0) -> dict[str, float]:
    """Share of each teacher's detail that no change of colours could explain, 0 to 1: its structure.

    The best quadratic map from a pixel's colour to the teacher's is taken away; what is left of the Laplacian's
    variance is what the world draws itself.
    """
    shares: dict[str, list[float]] = {}
    for clip in clips:
        camera = to_float([clip.frames[-1].rgb])
        red, green, blue = camera[0].flatten(1)
        terms = [
            torch.ones_like(red),
            red,
            green,
            blue,
            red**2,
            green**2,
            blue**2,
            red * green,
            green * blue,
            blue * red,
        ]
        basis = torch.stack(terms, 1)
        for world in worlds:
            picture = to_float([list(teacher_frames(world, clip.frames, seed))[-1].rgb])
            fitted = basis @ torch.linalg.lstsq(basis, picture[0].flatten(1).T).solution
            rest = picture - fitted.T.view_as(picture[0])[None]
            share = measures.sharpness(rest) / measures.sharpness(picture).clamp(min=1e-9)
            shares.setdefault(world, []).append(min(float(share), 1.0))
    return {world: statistics.fmean(values) for world, values in shares.items()}


def text_accuracy(stream: Stream) -> dict[str, Any]:
    """Share of wordings that reach their world or thing, by split, and how near free text is to any known wording."""
    report: dict[str, Any] = {}
    for split in ("train", "held_out"):
        right = []
        for kind, texts in (("world", wordings(split)), ("thing", wordings(split, THING_WORDINGS))):
            for name, lines in texts.items():
                if name not in (*stream.vocabulary.worlds, *stream.vocabulary.things):
                    continue
                for line in lines:
                    shares = dict(stream.nearest(line))
                    things = {t: shares.get(t, 0.0) for t in stream.vocabulary.things}
                    worlds = {w: shares.get(w, 0.0) for w in stream.vocabulary.worlds}
                    best = max(worlds if kind == "world" else things, key=(worlds if kind == "world" else things).get)  # type: ignore[arg-type]
                    right.append(best == name)
        report[split] = statistics.fmean(right)
    report["how_near"] = {text: stream.how_near(text)[1] for text in ("under the sea", "quarterly tax return")}
    return report
