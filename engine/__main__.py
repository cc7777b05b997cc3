"""python -m engine render | teacher | bench | eval | mattes | sheet | film | designer: run and judge a stream.

Heavy modules are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from engine import designing
from engine.console import flat, plain, print_table, printable, progress_bar, show_all_characters
from engine.evaluation import command as trials

if TYPE_CHECKING:
    from engine.media.video import FileSource
    from engine.tools.sets import OnSet
    from engine.types import Frame

Advance = Callable[[int, "int | None"], None]
"""Progress callback: (number done, number in all or None where that is unknown)."""

app = typer.Typer(
    name="python -m engine",
    help="The live-stream diffusion engine: render a file, paint it by a teacher, time and evaluate a stream.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for _trial in (trials.props, trials.boxes, trials.calibrate, trials.rounding):
    app.command()(_trial)


Source = Annotated[Path, typer.Argument(metavar="IN", help="A video, or a picture.")]
Target = Annotated[Path, typer.Argument(metavar="OUT", help="An .mp4; for a picture also a .png or .jpg.")]
OptionalSize = Annotated[
    Any,
    typer.Option(
        parser=designing.size_of, metavar="WxH", help="Resize to cover this and crop; default: as the input is."
    ),
]
Seed = Annotated[int, typer.Option(help="Determines the noise: another seed, other particles.")]
Weights = Annotated[Path | None, typer.Option(help="A safetensors file; default: the shipped weights.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps", help="auto takes a GPU where there is one.")]
Steps = Annotated[int, typer.Option(min=1, max=64, help="Denoising steps a frame; 1 is real time.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU cores to use; default: all, at most eight.")]
Dtype = Annotated[
    str, typer.Option(metavar="auto|float32|bfloat16|int8", help="Of the numbers; auto suits the machine.")
]
StillSeconds = Annotated[float, typer.Option(min=0.1, help="How long a picture is held in a video.")]


@app.command()
def render(
    source: Source,
    target: Target,
    prompt: Annotated[str | None, typer.Option(help="What the picture becomes, all the way through.")] = None,
    schedule: Annotated[Path | None, typer.Option(help='JSON, {"seconds": "prompt", …}, instead of --prompt.')] = None,
    plate: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|FOLDER|#rrggbb|blur|panorama:FILE",
            help="The set behind the cast: a picture or a clip, a folder of pictures, a colour, the camera's own "
            "background blurred, a panorama. Without a prompt the composite alone is made.",
        ),
    ] = None,
    matte: Annotated[str, typer.Option("--matter", help="What finds the cast: person, chroma …")] = "person",
    seed: Seed = 0,
    size: OptionalSize = None,
    seconds: StillSeconds = 5.0,
    weights: Weights = None,
    device: Device = "auto",
    steps: Steps = 1,
    threads: Threads = None,
    dtype: Dtype = "auto",
) -> None:
    """Turn a video or a picture into the world that a prompt names, or a schedule of prompts, and onto a set."""
    if (prompt is not None and schedule is not None) or (prompt is None and schedule is None and plate is None):
        raise typer.BadParameter("give either --prompt TEXT or --schedule FILE, or --plate alone")
    from engine.prompts import Key
    from engine.stream import Stream
    from engine.tools.render import open_for_stream, play
    from engine.tools.sets import on_set

    opened = open_for_stream(source, target, size, seconds)
    frames = opened if plate is None else on_set(opened, plate, matte)
    if prompt is None and schedule is None:
        _save(frames, target, frames)
        return
    keys = _read_schedule(schedule, frames.fps) if schedule is not None else [Key(0.0, prompt or "")]
    stream = Stream.load(weights, device=device, seed=seed, steps=steps, threads=threads, dtype=dtype)
    _save(play(frames, stream, keys), target, frames)


@app.command()
def teacher(
    source: Source,
    target: Target,
    world: Annotated[str, typer.Option(help="The world's name, such as underwater.")],
    seed: Seed = 0,
    size: OptionalSize = None,
    seconds: StillSeconds = 5.0,
    device: Device = "auto",
) -> None:
    """Render a video or a picture by a world's procedural teacher, whose pictures the network learns from."""
    from engine.evaluation.evaluate import teacher_frames
    from engine.runtime import choose_device
    from engine.teachers.worlds import WORLDS
    from engine.tools.render import open_for_stream

    if world not in WORLDS:
        raise ValueError(f"{world!r} is not a world; there are {', '.join(WORLDS)}")
    frames = open_for_stream(source, target, size, seconds)
    _save(teacher_frames(world, frames, seed, str(choose_device(device))), target, frames)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    peers: Annotated[
        bool, typer.Option("--peers", help="All sizes, the parts of a frame, and what a user would pick instead.")
    ] = False,
    sets: Annotated[bool, typer.Option("--sets", help="What a set costs: frames with and without, by turns.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="README", help="Write what is kept in --out into this file, and stop.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where --peers keeps its figures.")] = Path("benchmarks"),
    size: designing.Size = "384x224",
    frames: Annotated[
        int | None, typer.Option(min=1, help="Steps that are timed, after a warm-up; 500, or 2,000 with --peers.")
    ] = None,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    steps: Steps = 1,
    threads: Threads = None,
    dtype: Dtype = "auto",
) -> None:
    """Time whole steps of a stream on this machine, and watch the memory; with --peers, compare with other models."""
    if report is not None:
        from engine.bench.report import write

        write(report, out)
        print(report)
        return
    if peers:
        from engine.bench import suite
        from engine.bench.report import tables

        suite.run(out, progress_bar, weights=weights, device=device, frames=frames or 2000, seed=seed, dtype=dtype)
        for part in tables(out):
            Console().print(plain(part) if isinstance(part, str) else part, highlight=False)
        return
    from engine.bench import bench as run
    from engine.bench.sets import bench_sets
    from engine.stream import Stream

    stream = Stream.load(weights, device=device, seed=seed, steps=steps, threads=threads, dtype=dtype)
    how = {"width": size[0], "height": size[1], "frames": frames or 500, "seed": seed}
    with progress_bar("frames") as advance:
        figures = (bench_sets if sets else run)(stream, **how, progress=advance)
    if as_json:
        print(json.dumps(figures))
    elif sets:
        print_table(f"{figures['model']} at {figures['size']} with a set and without", flat(figures))
    else:
        title = f"{figures['model']} at {figures['size']}, {figures['steps']} step{'s' * (figures['steps'] > 1)}"
        print_table(title, flat(figures))


def _list_measures(wanted: bool) -> None:
    """Print what `eval` can measure, and stop."""
    if wanted:
        from engine.evaluation.scores import MEASURES
        from engine.evaluation.trials import TRIALS

        print_table(
            "measures and trials",
            MEASURES | {name: trial.about for name, trial in TRIALS.items()},
            ("name", "what it is"),
        )
        raise typer.Exit


@app.command(name="eval")
def evaluate(
    clips: Annotated[Path, typer.Option(help="A folder of videos and pictures that training never saw.")],
    out: Annotated[Path, typer.Option("--json", help="Where the figures go; the contact sheet lies beside it.")],
    prompts: Annotated[
        Path | None, typer.Option(help='JSON, {"underwater": ["under the sea", …]}; default: the shipped wordings.')
    ] = None,
    split: Annotated[str, typer.Option(metavar="held_out|train", help="Which of the shipped wordings.")] = "held_out",
    frames: Annotated[int, typer.Option(min=2, help="Frames of each clip.")] = 24,
    size: designing.Size = "384x224",
    measures: Annotated[
        str,
        typer.Option(help="Names of measures and trials, separated by commas, or all; see --list-measures."),
    ] = "adherence,psnr,ssim,flicker",
    list_measures: Annotated[
        bool,
        typer.Option(
            "--list-measures", is_eager=True, callback=_list_measures, help="Show what can be measured, and stop."
        ),
    ] = False,
    drift_frames: Annotated[int, typer.Option(min=20, help="Length of the drift trial.")] = 10_000,
    drift_worlds: Annotated[str | None, typer.Option(help="Worlds of the drift trial, separated by commas.")] = None,
    teachers: Annotated[Path | None, typer.Option(help="The person segmenter's folder, for the places trial.")] = None,
    base: Annotated[Path | None, typer.Option(help="Weights of the unpruned model, for the speed trial.")] = None,
    max_runs: Annotated[
        int, typer.Option(min=1, help="Where there are more pairs of clip and wording, an even choice is run.")
    ] = 220,
    sheet: Annotated[Path | None, typer.Option(help="The contact sheet's path; default: beside the JSON.")] = None,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    steps: Steps = 1,
    threads: Threads = None,
    dtype: Dtype = "auto",
) -> None:
    """Compare a stream with its teachers: does each wording give its world, how near, how sharp, how steady is it?"""
    from engine.evaluation.clips import find_clips, read_prompts
    from engine.evaluation.evaluate import evaluate as run
    from engine.evaluation.scores import MEASURES
    from engine.evaluation.trials import DRIFT_WORLDS, TRIALS, run_trials
    from engine.media.files import write_whole
    from engine.stream import Stream
    from engine.teachers.wordings import wordings
    from engine.teachers.worlds import teachers_of

    names = [*MEASURES, *TRIALS] if measures == "all" else [name.strip() for name in measures.split(",")]
    unknown = [name for name in names if name not in MEASURES and name not in TRIALS]
    if unknown:
        raise ValueError(f"unknown measure {', '.join(unknown)}; there are {', '.join([*MEASURES, *TRIALS])}")
    if split not in ("held_out", "train"):
        raise typer.BadParameter(f"--split is held_out or train, not {split!r}")
    paths = find_clips(clips)
    stream = Stream.load(weights, device=device, seed=seed, steps=steps, threads=threads, dtype=dtype)
    teachers_by_world = teachers_of(stream.vocabulary.worlds)
    texts = wordings(split) if prompts is None else read_prompts(prompts, teachers_by_world)
    texts = {world: texts[world] for world in teachers_by_world if world in texts}
    sheet = sheet or out.with_suffix(".png")
    for path in (out, sheet):
        if not path.absolute().parent.is_dir():
            raise ValueError(f"there is no folder {path.absolute().parent} for {path.name}; make it first")
    report: dict[str, Any] = {}
    chosen = [name for name in names if name in MEASURES]
    if chosen:
        with progress_bar("runs") as advance:
            report = run(
                stream,
                paths,
                texts,
                frames=frames,
                size=size,
                chosen=chosen,
                max_runs=max_runs,
                sheet=sheet,
                device=stream.setup.device,
                worlds=teachers_by_world,
                progress=advance,
            )
    with progress_bar("frames of drift") as advance:
        report |= run_trials(
            stream,
            [name for name in names if name in TRIALS],
            paths,
            texts,
            size=size,
            frames=frames,
            drift_frames=drift_frames,
            drift_worlds=DRIFT_WORLDS if drift_worlds is None else drift_worlds.split(","),
            teachers=teachers,
            base=None if base is None else Stream.load(base, device=device, threads=threads),
            progress=advance,
        )
    report |= {
        "prompts": str(prompts) if prompts is not None else f"shipped wordings, {split}",
        "model": stream.config.name,
        "steps": steps,
        "setup": stream.setup.to_dict(),
    }
    write_whole(out, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
    for row in report.get("skipped", []):
        print(f"skipped {row['file']}: {row['why']}", file=sys.stderr)
    print_table(f"{report['model']}: {', '.join(names)}", _headline(report))
    print(f"figures: {out}")
    if "contact_sheet" in report:
        print(f"contact sheet: {report['contact_sheet']}")


@app.command()
def mattes(
    footage: Annotated[Path, typer.Argument(metavar="FOOTAGE", help="The folder of footage, with dev and train.")],
    out: Annotated[Path, typer.Option("--json", help="Where the figures go; the contact sheet lies beside it.")],
    frames: Annotated[int, typer.Option(min=12, help="Frames of each shot, at 24 a second.")] = 72,
    size: designing.Size = "384x216",
    seed: Seed = 0,
) -> None:
    """Compare the mattes with shots whose alpha is exact: people, clean plate, chroma key; and time them."""
    from engine.evaluation import mattes as of_mattes
    from engine.media.files import write_whole

    report: dict[str, Any] = {"size": f"{size[0]}x{size[1]}", "frames": frames, "seed": seed}
    with progress_bar("people") as advance:
        report["people"] = of_mattes.try_people(footage, size, frames, seed, advance)
    with progress_bar("clean plates") as advance:
        report["clean_plate"] = of_mattes.try_clean_plate(footage, size, frames, seed, advance)
    with progress_bar("chroma keys") as advance:
        report["chroma"] = of_mattes.try_chroma(footage, size, seed, advance)
    report["milliseconds_p50_p95"] = of_mattes.try_speed(size)
    write_whole(out, (json.dumps(report, indent=2) + "\n").encode())
    shown = {
        name: {k: v for k, v in part.items() if k != "rows"} for name, part in report.items() if type(part) is dict
    }
    print_table("mattes", flat(shown))
    print(f"figures: {out}")
    print(f"contact sheet: {of_mattes.draw_sheet(footage, out.with_suffix('.png'), size)}")


@app.command()
def sheet(
    source: Source,
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A .png or .jpg.")],
    at: Annotated[float, typer.Option(help="Seconds into the source.")] = 1.0,
    size: designing.Size = "384x224",
    seed: Seed = 0,
    weights: Weights = None,
    threads: Threads = None,
    dtype: Dtype = "auto",
) -> None:
    """Save one moment of a video in every world of the weights as a contact sheet."""
    from engine.media.video import open_source
    from engine.stream import Stream
    from engine.tools.showcase import sheet as draw

    stream = Stream.load(weights, seed=seed, threads=threads, dtype=dtype)
    frames = list(itertools.takewhile(lambda frame: frame.time_s <= at, open_source(source, size, at + 1)))[-24:]
    print(draw(stream, frames, target))


@app.command()
def film(
    source: Source,
    target: Target,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the film.")] = 60.0,
    worlds: Annotated[str | None, typer.Option(help="In this order; default: all.")] = None,
    size: designing.Size = "384x224",
    crf: Annotated[int, typer.Option(min=0, max=51, help="Of H.264: 16 loses little, 28 is a quarter as large.")] = 16,
    seed: Seed = 0,
    weights: Weights = None,
    threads: Threads = None,
) -> None:
    """Save a film through the worlds of the weights, of a video played forward and backward."""
    from engine.media.video import open_source
    from engine.stream import Stream
    from engine.tools.showcase import film as shoot

    stream = Stream.load(weights, seed=seed, threads=threads)
    chosen = [name.strip() for name in worlds.split(",")] if worlds else list(stream.vocabulary.worlds)
    unknown = [name for name in chosen if name not in stream.vocabulary.worlds]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a world; there are {', '.join(stream.vocabulary.worlds)}")
    frames = list(itertools.islice(open_source(source, size, 10.0), 20 * 24))  # played back and forth
    with progress_bar("frames") as advance:
        count = shoot(stream, frames, target, seconds, chosen, advance, crf)
    print(f"{target}: {count} frames")


app.add_typer(designing.app, name="designer")


def _read_schedule(path: Path, fps: float) -> list[Any]:
    from engine.media.schedule import ScheduleError, read
    from engine.media.texts import read_text

    try:
        return list(read(read_text(path), fps).keys)
    except ScheduleError as error:
        raise ValueError(f"{path}: {error}") from None


def _save(frames: Iterable[Frame], target: Path, source: FileSource | OnSet) -> None:
    """Write frames with a progress bar; of a damaged source the frames before the damage are kept."""
    from engine.tools.render import save

    with progress_bar("frames") as advance:
        count = save(_watched(frames, source.expected_frames, advance), target, source.fps)
    print(f"{target}: {count} frames" + (", without the sound of the source" if source.has_sound else ""))


def _watched(frames: Iterable[Frame], total: int | None, advance: Advance) -> Iterator[Frame]:
    for count, frame in enumerate(frames, start=1):
        yield frame
        advance(count, total)


def _headline(report: dict[str, Any]) -> dict[str, Any]:
    """The rows of the table of `eval`."""
    from engine.evaluation.trials import TRIALS

    names = ("adherence", "psnr_db", "ssim", "sharpness_ratio", "detail_correlation", "flicker_ratio", "motion_ratio")
    rows = {name: report[name] for name in names if name in report} | report.get("per_world", {})
    for name, trial in TRIALS.items():
        if name in report:
            rows |= {f"{name}: {key}": report[name][key] for key in trial.headline}
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error that the user can mend is one line on standard error and exit status 1."""
    show_all_characters()
    try:
        app(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
