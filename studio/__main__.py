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
from engine.media.texts import read_text
from studio.background import Progress, terminal_bar
from studio.delivery.formats import FORMATS
from studio.model import DEFAULT_KIND, KINDS
from studio.signals import TerminatedError, terminable

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


class Device(str, Enum):
    """Where the engine runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


Format = Enum("Format", {name.upper(): name for name in FORMATS}, type=str)  # type: ignore[misc]  # from the table
Kind = Enum("Kind", {name.upper(): name for name in KINDS}, type=str)  # type: ignore[misc]  # from the table

Sessions = Annotated[Path, typer.Option("--sessions", help="The folder of all takes.", envvar="LSD_SESSIONS")]
OnDevice = Annotated[Device, typer.Option("--device", help="Where the engine runs.")]
Weights = Annotated[Path | None, typer.Option("--weights", help="A safetensors file in place of the shipped weights.")]
OfKind = Annotated[Kind, typer.Option("--kind", help="The kind of live model; a take is rendered by its own.")]
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
    sessions: Sessions = SESSIONS,
) -> None:
    """Open the studio in the browser."""
    login = _login(auth, auth_file)
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
        )
        _remark(f"The studio is open at {studio.share_url or studio.url}  (Ctrl+C closes it)")
        studio.wait()


@app.command()
def record(
    source: Annotated[Path, typer.Option(help="A video file, played as if it were the camera.")],
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
    seed: Annotated[int, typer.Option(help="Determines the noise, with each frame's number.")] = 0,
    quality: Annotated[int, typer.Option(min=1, max=95, help="JPEG quality of camera and world.")] = 85,
    every_frame: Annotated[
        bool, typer.Option("--every-frame", help="Make every frame, as slowly as it takes, in place of real time.")
    ] = False,
    kind: OfKind = DEFAULT,
    weights: Weights = None,
    device: OnDevice = Device.AUTO,
    sessions: Sessions = SESSIONS,
) -> None:
    """Record a take of a video file; prints the take's folder."""
    from studio.takes.slate import Slate
    from studio.timeline import files as schedules
    from studio.timeline.timeline import Timeline

    if schedule and prompt:
        raise ValueError("--schedule and --prompt exclude each other; a schedule begins with its own prompt")
    if frames is not None and not schedule:
        raise ValueError(_FRAMES_ALONE)
    slate = Slate(production, scene, shot)

    from engine.types import Sizes
    from studio.delivery.finish import finish
    from studio.live.connection import Connection
    from studio.live.director import Director
    from studio.live.filecamera import FileCamera, roll
    from studio.live.frames import LiveFrame
    from studio.model import load_model
    from studio.takes.manifest import TICKS_PER_SECOND

    camera = FileCamera(source, Sizes().parse(size) if size else None, quality)
    rate = camera.fps if frames is None else frames
    if abs(rate - camera.fps) > 0.005:
        _remark(f"{schedule} counts {rate:g} frames a second and {source} {camera.fps:g}; its frames are converted")
    if schedule is None:
        timeline = Timeline.of("as it is" if prompt is None else prompt)
    else:
        timeline = schedules.load(schedule, rate, frames=frames is not None)
    plates = sessions / slate.production / "sets"
    if set_ is not None:
        from dataclasses import replace

        from studio.sets.store import Store
        from studio.sets.typed import set_of
        from studio.timeline.sets import SetKey

        timeline = replace(timeline, sets=(SetKey(0.0, set_of(set_, Store(plates))),))
    model = load_model(kind=kind.value, device=device.value, weights=weights, seed=seed)
    director = Director(model, timeline.keys[0].prompt, weights=str(weights.absolute()) if weights else "")
    trouble: Exception | None = None
    ended = "cut"
    with terminable():
        try:
            director.look_in(plates)
            director.warm(camera.width, camera.height)
            director.record(sessions, slate, timeline=timeline, fps=camera.fps)
            connection = Connection(director, held=False)
            with _progress("Recording") as progress:
                span: list[int] = []
                """When the take's first and last frames were taken."""

                def answered(frame: LiveFrame) -> None:
                    span[:] = [*span[:1], frame.camera_ticks]
                    progress(frame.index + 1, 0)

                try:
                    if every_frame:
                        for frame in camera:
                            answered(director.shoot(frame.packet, frame.index, frame.ticks, quality=quality))
                    else:
                        roll(camera, connection, answered)
                except TerminatedError as error:
                    ended = f"terminated by {error}"
                    _remark("Cut: the system ended the recording.")
                except KeyboardInterrupt:
                    _remark("Cut.")
                except ValueError as error:  # the source is damaged: what came before is kept
                    trouble = error
            if span:
                try:
                    for chunk in camera.sound([(0, span[0], span[-1] + round(TICKS_PER_SECOND / camera.fps))]):
                        director.sound(chunk, span[0])
                except ValueError as error:
                    _remark(f"The take is silent: {error}")
            status = director.status()
            folder = director.cut(ended)
        finally:
            director.close()
    if folder is None:
        raise trouble or ValueError(f"no frame of {source} was recorded")
    with _progress("Proxies") as progress:
        finished = finish(folder, progress)
    take = finished.take
    if finished.trouble:
        _remark(f"No pictures for the browser: {finished.trouble}")
    _remark(
        f"{take.name}: {len(take.made)} frames in {take.duration_s:.1f} s, {take.dropped} dropped, {camera.late} late, "
        f"age {status.age_p50_ms:.0f} ms (p95 {status.age_p95_ms:.0f} ms)"
    )
    print(folder)
    if trouble:
        raise trouble
    if take.state != "complete":
        raise OSError(f"the recording ended by itself: {take.manifest.ended}")


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
    )
    with display(jobs, _stderr) as progress:
        results = render_many(jobs, workers=workers, ray=ray, progress=progress)
    failed = [result for result in results if result.version is None]
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
        raise ValueError(f"{report.take.name} is not sound: {'; '.join(report.faults)}")
    print("sound")


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


@sets_app.command("ls")
def sets_ls(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object of plans by their names.")] = False,
) -> None:
    """List the gallery."""
    from studio.sets.command import listed

    print(listed(as_json))


@sets_app.command("describe")
def sets_describe(
    words: Annotated[str, typer.Argument(help="A place: a castle at night.")],
    as_json: Annotated[bool, typer.Option("--json", help="The plan as JSON.")] = False,
) -> None:
    """Say which place the set designer makes of words, and which of them it does not know."""
    from studio.sets.command import described

    print(printable(described(words, as_json)))


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
    """The take's folder, given as it is or under the sessions folder."""
    return take if take.is_dir() or not (sessions / take).is_dir() else sessions / take


def _login(text: str | None, file: Path | None) -> tuple[str, str] | None:
    """Name and password, from a file before the option or the environment; None where there is no login."""
    source = "--auth (or LSD_AUTH)"
    if file is not None:
        source = str(file)
        try:
            text = read_text(file).strip()
        except (OSError, ValueError) as error:
            raise ValueError(
                f"--auth-file {file} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from None
    if text is None:
        return None
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise ValueError(f"{source} is USER:PASSWORD, neither of them empty")
    return user, password


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
