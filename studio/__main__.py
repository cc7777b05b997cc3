"""The command line, `lsd-studio`. What is printed last is for scripts; progress and remarks go to standard error."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from engine.console import plain, printable, show_all_characters
from studio.background import Progress, terminal_bar
from studio.delivery.formats import FORMATS
from studio.model import DEFAULT_KIND, KINDS
from studio.signals import terminable

app = typer.Typer(
    name="lsd-studio",
    help="A live film studio: shoot in another world, keep the take, render it again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
takes_app = typer.Typer(help="The takes of a sessions folder.", no_args_is_help=True)
app.add_typer(takes_app, name="takes")
sets_app = typer.Typer(help="Sets: what stands behind the cast.", no_args_is_help=True)
app.add_typer(sets_app, name="sets")

_stderr = Console(stderr=True, highlight=False)


class WhichMattes(str, Enum):
    """Which mattes a take is composited with again."""

    RECORDED = "recorded"
    ANEW = "anew"


class Fit(str, Enum):
    """How a picture of another shape becomes one of a take's."""

    CROP = "crop"
    PAD = "pad"


class Device(str, Enum):
    """Where the engine runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


Format = Enum("Format", {name.upper(): name for name in FORMATS}, type=str)  # type: ignore[misc]  # from the table
Kind = Enum("Kind", {name.upper(): name for name in KINDS}, type=str)  # type: ignore[misc]  # from the table
Dtype = Enum("Dtype", {name.upper(): name for name in ("auto", "float32", "bfloat16", "int8")}, type=str)  # type: ignore[misc]

Sessions = Annotated[Path, typer.Option("--sessions", help="The folder of all takes.", envvar="LSD_SESSIONS")]
OnDevice = Annotated[Device, typer.Option("--device", help="Where the engine runs.")]
OfNumbers = Annotated[Dtype, typer.Option("--dtype", help="Of the engine's numbers; auto suits the machine.")]
Weights = Annotated[Path | None, typer.Option("--weights", help="A safetensors file in place of the shipped weights.")]
OfKind = Annotated[Kind, typer.Option("--kind", help="The kind of live model; a take is rendered by its own.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what is only warned about otherwise.")]
AsJson = Annotated[bool, typer.Option("--json", help="Plans as JSON.")]
TakeFolder = Annotated[Path, typer.Argument(metavar="TAKE", help="A take's folder, or its path under --sessions.")]

SESSIONS = Path("sessions")
DEFAULT = Kind(DEFAULT_KIND)
_SET = "Behind the cast: a picture, a clip, gallery:NAME, colour:#204060, blur:0.5, off, or words."
_FRAMES_ALONE = "--frames says how a schedule counts; give --schedule FILE with it"


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="7860 or the next free one by default.", min=1, max=65535)] = None,
    host: Annotated[str, typer.Option(help="0.0.0.0 for other machines; a camera then needs HTTPS.")] = "127.0.0.1",
    auth: Annotated[
        str | None,
        typer.Option(help="USER:PASSWORD, asked of everybody; a list of processes shows it.", envvar="LSD_AUTH"),
    ] = None,
    auth_file: Annotated[Path | None, typer.Option(help="A file that holds USER:PASSWORD, in place of --auth.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name by which browsers reach it, as a proxy's; may be repeated.")
    ] = None,
    share: Annotated[bool, typer.Option("--share", help="Make a public link through Gradio's servers.")] = False,
    ssl_certfile: Annotated[Path | None, typer.Option(help="Certificate, to serve by HTTPS.")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help="The certificate's key.")] = None,
    kind: OfKind = DEFAULT,
    weights: Weights = None,
    device: OnDevice = Device.AUTO,
    dtype: OfNumbers = Dtype("auto"),
    sessions: Sessions = SESSIONS,
) -> None:
    """Open the studio in the browser."""
    from studio.app.login import login_of

    login = login_of(auth, auth_file)
    for path in (ssl_certfile, ssl_keyfile):
        if path is not None and not path.is_file():
            raise ValueError(f"{path} does not exist; give the path of a PEM file")
    if ssl_keyfile and not ssl_certfile:
        raise ValueError("--ssl-keyfile needs --ssl-certfile beside it")
    from studio.app.server import serve as serve_pages  # Gradio takes seconds to import
    from studio.takes.example import copy_example

    if share and not login:
        _remark("Whoever has the link can shoot, and see and judge your takes: --auth USER:PASSWORD asks first.")
    if sessions == SESSIONS and copy_example(sessions):
        _remark(f"A first start: the example take was copied to {sessions / 'example'}")
    with terminable():
        studio = serve_pages(
            sessions,
            host=host,
            port=port,
            auth=login,
            allow_hosts=allow_host or (),
            share=share,
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
            kind=kind.value,
            device=device.value,
            weights=weights,
            dtype=dtype.value,
        )
        _remark(f"The studio is open at {studio.share_url or studio.url}  (Ctrl+C closes it)")
        studio.wait()


@app.command()
def record(
    source: Annotated[Path, typer.Option(help="A video file; a camera is opened in the browser (serve).")],
    production: Annotated[str, typer.Option(help="Name of the production.")],
    schedule: Annotated[Path | None, typer.Option(help='JSON: {"0": "underwater", "3.0": "wild west"}.')] = None,
    prompt: Annotated[str | None, typer.Option(help="One prompt, in place of a schedule.")] = None,
    frames: Annotated[
        float | None, typer.Option(metavar="FPS", help="The schedule counts frames at this rate, as Deforum's do.")
    ] = None,
    set_: Annotated[str | None, typer.Option("--set", help=_SET)] = None,
    scene: Annotated[str, typer.Option(help="Scene.")] = "1",
    shot: Annotated[str, typer.Option(help="Shot.")] = "A",
    size: Annotated[str | None, typer.Option(metavar="WxH", help="384 px on the longer side by default.")] = None,
    fit: Annotated[Fit, typer.Option(help="A picture of another shape: crop it, or pad it with black.")] = Fit.CROP,
    start_s: Annotated[float, typer.Option("--from", metavar="SECONDS", help="Where in the file it begins.")] = 0.0,
    end_s: Annotated[float | None, typer.Option("--to", metavar="SECONDS", help="Where in the file it ends.")] = None,
    seed: Annotated[int, typer.Option(help="Determines the noise, with each frame's number.")] = 0,
    quality: Annotated[int, typer.Option(min=1, max=95, help="JPEG quality of camera and world.")] = 85,
    live: Annotated[
        bool, typer.Option("--live", help="Play it as a camera, in real time, which drops what comes too fast.")
    ] = False,
    strict: Strict = False,
    kind: OfKind = DEFAULT,
    weights: Weights = None,
    device: OnDevice = Device.AUTO,
    dtype: OfNumbers = Dtype("auto"),
    sessions: Sessions = SESSIONS,
) -> None:
    """Record a take of a video file, every frame of it and its sound; prints the take's folder."""
    if schedule and prompt:
        raise ValueError("--schedule and --prompt exclude each other; a schedule begins with its own prompt")
    if frames is not None and not schedule:
        raise ValueError(_FRAMES_ALONE)
    from engine.types import Sizes
    from studio.delivery.record import record_clip, timeline_of
    from studio.live.filecamera import FileCamera
    from studio.model import load_model
    from studio.takes.slate import Slate

    slate = Slate(production, scene, shot)
    camera = FileCamera(
        source, Sizes().parse(size) if size else None, quality, start_s=start_s, end_s=end_s, shape=fit.value
    )
    if camera.reshaped:
        _remark(f"{source}: {camera.reshaped}")
    plates = sessions / slate.production / "sets"
    timeline = timeline_of(camera, schedule, prompt, frames, set_, plates, _remark)
    model = load_model(kind=kind.value, device=device.value, weights=weights, seed=seed, dtype=dtype.value)
    with terminable(), _progress("Recording") as progress, _progress("Proxies") as finishing:
        recorded = record_clip(
            camera,
            slate,
            sessions,
            timeline,
            model,
            live=live,
            strict=strict,
            weights=str(weights.absolute()) if weights else "",
            progress=progress,
            finishing=finishing,
            remark=_remark,
        )
    print(recorded.take.folder)
    if recorded.trouble:
        raise recorded.trouble
    if recorded.take.state != "complete":
        raise OSError(f"the recording ended by itself: {recorded.take.manifest.ended}")


@app.command()
def render(
    takes: Annotated[list[Path], typer.Argument(metavar="TAKE...", help="Takes' folders, or paths under --sessions.")],
    prompt: Annotated[list[str] | None, typer.Option(help="One prompt all through; again for a variant.")] = None,
    schedule: Annotated[
        list[Path] | None, typer.Option(help="A schedule or a saved timeline; again for a variant.")
    ] = None,
    script: Annotated[
        list[Path] | None, typer.Option(help="A script of scenes, props and beats, YAML or JSON; again for a variant.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help=f"{_SET} Again for a variant.")] = None,
    mattes: Annotated[
        WhichMattes, typer.Option(help="Where a set stands: the mattes of the take, or all made anew.")
    ] = WhichMattes.RECORDED,
    seed: Annotated[list[int] | None, typer.Option(help="In place of the take's; again for a variant.")] = None,
    start_s: Annotated[
        float | None, typer.Option("--from", metavar="SECONDS", help="Show it anew from there on; live before.")
    ] = None,
    end_s: Annotated[
        float | None, typer.Option("--to", metavar="SECONDS", help="Show it anew up to there; live after.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, max=1000, help="Denoising steps a frame; the take's.")] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Pixels, in place of the take's.")] = None,
    name: Annotated[str, typer.Option(help="What the versions are called.")] = "",
    note: Annotated[str, typer.Option(help="What is to be said of the versions.")] = "",
    strict: Strict = False,
    frames: Annotated[
        float | None, typer.Option(metavar="FPS", help="The schedule counts frames at this rate, as Deforum's do.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Make every frame anew, not only those from the first change.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Renders at once, a process each; default: as the cores allow.")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Render on a Ray cluster: auto, host:port or local.")
    ] = None,
    weights: Weights = None,
    device: OnDevice = Device.AUTO,
    sessions: Sessions = SESSIONS,
) -> None:
    """Render takes again into new versions, the live words by default; prints the versions' folders.

    Every take is rendered under every prompt, schedule and script given, with every set and seed. A worker that is lost
    is replaced, and a render that was killed goes on where it was when it is asked for again.
    """
    from engine.types import Sizes
    from studio.farm.command import display, plan, summary
    from studio.farm.farm import render_many

    if frames is not None and not schedule:
        raise ValueError(_FRAMES_ALONE)
    jobs = plan(
        [_find(take, sessions) for take in takes],
        prompts=prompt or (),
        schedules=schedule or (),
        scripts=script or (),
        seeds=seed or (),
        fps=frames,
        full=full,
        weights=weights,
        device=device.value,
        sets=set_ or (),
        mattes=mattes.value,
        remark=_remark,
        strict=strict,
        start_s=start_s,
        end_s=end_s,
        steps=steps,
        size=Sizes().parse(size) if size else None,
        name=name,
        note=note,
    )
    with display(jobs, _stderr) as progress:
        results = render_many(jobs, workers=workers, ray=ray, progress=progress)
    failed = [result for result in results if result.version is None]
    for sentence in dict.fromkeys(sentence for result in results for sentence in result.remarks):
        _remark(sentence)
    for result in results:
        if result.version is not None:
            _remark(summary(result))
            print(result.version.folder)
    if len(failed) < len(jobs):
        for result in failed:
            _remark(f"failed: {summary(result)}")
    if failed:
        raise ValueError(failed[0].error if len(jobs) == 1 else f"{len(failed)} of {len(jobs)} renders failed")


@app.command()
def check(
    take: TakeFolder, weights: Weights = None, device: OnDevice = Device.AUTO, sessions: Sessions = SESSIONS
) -> None:
    """Check a take's files and checksums, and make its pictures again to compare them."""
    from studio.takes.take import Take

    folder = _find(take, sessions)
    opened = Take.open(folder)

    from studio.model import load_model
    from studio.rendering.verify import check_take

    model = load_model(opened.manifest.engine, device=device.value, weights=weights)
    with _progress("Checking") as progress:
        report = check_take(folder, model, progress)
    frames = f"{len(report.take.made)} frames, {report.take.dropped} dropped"
    print(printable(f"{report.take.name}: {report.take.state}, {frames}"))
    print(printable(f"pictures: {report.pictures}"))
    for notice in report.notices:
        print(printable(f"note: {notice}"))
    if report.faults:
        raise ValueError(f"{report.take.name} does not verify: {'; '.join(report.faults)}")
    print("verified")


@app.command()
def export(
    take: TakeFolder,
    to: Annotated[
        Format, typer.Option("--to", help="; ".join(f"{name}: {f.about}" for name, f in FORMATS.items()) + ".")
    ],
    out: Annotated[Path, typer.Option("--out", help="The file to write.")],
    version: Annotated[str | None, typer.Option(help="raw, live or v001 …; the newest version by default.")] = None,
    sessions: Sessions = SESSIONS,
) -> None:
    """Export a take as a video or as a timeline for the editing room."""
    from studio.delivery.formats import export as export_take
    from studio.takes.take import Take

    opened = Take.open(_find(take, sessions))
    if out.exists():
        raise ValueError(f"{out} is there already; choose another name")
    with _progress("Exporting") as progress:
        print(export_take(opened, to.value, out, version, progress))


@app.command()
def bench(
    seconds: Annotated[float, typer.Option(min=1, help="How long.")] = 600.0,
    fps: Annotated[float, typer.Option(min=1, max=240, help="Of the camera.")] = 60.0,
    size: Annotated[str, typer.Option(metavar="WxH", help="Pixels.")] = "512x288",
    source: Annotated[
        Path | None, typer.Option(help="A video file, whose first seconds are the camera; default: the example take.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the figures are kept.")] = Path("benchmarks"),
    kind: OfKind = DEFAULT,
    weights: Weights = None,
    device: OnDevice = Device.AUTO,
) -> None:
    """How old the live picture gets when the camera is faster than this machine, and how much is dropped for that."""
    import itertools

    from engine.bench.records import section
    from engine.types import Sizes
    from studio.live.director import Director
    from studio.live.filecamera import FileCamera
    from studio.live.overload import overload
    from studio.model import load_model

    width, height = Sizes().parse(size)
    source = source or SESSIONS / "example" / "S01" / "A" / "T001" / "raw.mkv"
    packets = [frame.packet for frame in itertools.islice(FileCamera(source, (width, height)), 120)]
    director = Director(load_model(kind=kind.value, device=device.value, weights=weights))
    try:
        with (
            section(out, "age", seed=director.seed, device=director.setup.device) as kept,
            _progress("Seconds") as progress,
        ):
            rows = overload(director, packets, size=(width, height), fps=fps, seconds=seconds, progress=progress)
            kept["rows"] = rows
    finally:
        director.close()
    for row in rows:
        ms = ", ".join(f"{name} {value:g}" for name, value in row["frame_ms"].items())
        print(f"{row['what']}: {ms} ms; {row['frames']} shown at {row['fps']:g} fps, {row['dropped']} dropped")


@takes_app.command("ls")
def takes_ls(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list in place of a table.")] = False,
    sessions: Sessions = SESSIONS,
) -> None:
    """List every take."""
    from studio.takes.listing import line, list_takes, table

    if not sessions.is_dir():
        raise ValueError(f"{sessions} is not a folder; give the sessions folder with --sessions")
    lines = [line(listed) for listed in list_takes(sessions)]
    if as_json:
        print(json.dumps(lines, indent=2, ensure_ascii=False))
    else:
        Console().print(table(lines))


@takes_app.command("mark")
def takes_mark(
    take: TakeFolder,
    time: Annotated[str | None, typer.Argument(help="When: 4.5, 0:04.5, 108f.")] = None,
    name: Annotated[str, typer.Argument(help="What is there: the ball drops.")] = "",
    move: Annotated[str | None, typer.Option(metavar="NAME", help="Put the marker of that name there.")] = None,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="Give the marker of that name this one.")] = None,
    delete: Annotated[str | None, typer.Option(metavar="NAME", help="Delete the marker of that name.")] = None,
    sessions: Sessions = SESSIONS,
) -> None:
    """Add a marker to a take, move, rename or delete one; without a time, list them."""
    from studio.script.markers import changed

    for marker in changed(_find(take, sessions), time, name, move=move, rename=rename, delete=delete):
        print(printable(f"{marker.time_s:9.3f}  {marker.name}"))


@takes_app.command("version")
def takes_version(
    take: TakeFolder,
    version: Annotated[str, typer.Argument(help="v001 …; nothing lists them.")] = "",
    name: Annotated[str | None, typer.Option(help="Call it that.")] = None,
    note: Annotated[str | None, typer.Option(help="Say that of it.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Move it to the take's bin.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Bring it back from the bin.")] = False,
    empty_bin: Annotated[bool, typer.Option("--empty-bin", help="Remove what is in the bin for good.")] = False,
    sessions: Sessions = SESSIONS,
) -> None:
    """List the versions of a take, name one, say something of it, delete it to the bin or bring it back."""
    from studio.takes.command import version_lines

    folder = _find(take, sessions)
    for line in version_lines(folder, version, name=name, note=note, delete=delete, restore=restore, empty=empty_bin):
        print(printable(line))


@takes_app.command("bake")
def takes_bake(take: TakeFolder, sessions: Sessions = SESSIONS) -> None:
    """Keep a take's drawn sets with it as lossless clips, so that no later version can draw them otherwise."""
    from studio.rendering.bake import bake

    print(printable(bake(_find(take, sessions))))


@sets_app.command("ls")
def sets_ls(as_json: AsJson = False) -> None:
    """List the gallery."""
    from studio.sets.command import listed

    print(listed(as_json))


@sets_app.command("describe")
def sets_describe(words: Annotated[str, typer.Argument(help="A castle at night.")], as_json: AsJson = False) -> None:
    """Say which place the set designer makes of words, and which of them it does not know."""
    from studio.sets import command

    print(printable(command.described(words, as_json)))


@sets_app.command("draw")
def sets_draw(
    what: Annotated[str, typer.Argument(metavar="WORDS", help="Words, or gallery:NAME.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A .png, .jpg or .mp4 to write.")],
    size: Annotated[str, typer.Option(metavar="WxH", help="Pixels.")] = "1280x720",
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Length of a clip.")] = 5.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another place of the same kind.")] = 0,
) -> None:
    """Draw a set, as a picture or as a clip."""
    from engine.types import Sizes
    from studio.sets.command import drawn

    print(drawn(what, out, Sizes().parse(size), seconds, seed))


def _find(take: Path, sessions: Path) -> Path:
    """The take's folder, given as it is, under the sessions folder, or by its name."""
    from studio.takes.slate import take_folder

    return take_folder(take, sessions)


def _remark(text: str) -> None:
    _stderr.print(plain(text), soft_wrap=True)


def _progress(title: str) -> AbstractContextManager[Progress]:
    """A progress bar on a terminal; nothing in a pipe."""
    return terminal_bar(title, None, brief=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a mistake of the user's is one line on standard error, and status 1."""
    show_all_characters()
    try:
        app(arguments)
    except (ValueError, OSError) as error:
        print(f"lsd-studio: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
