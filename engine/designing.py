"""python -m engine designer sheet | bench | landmarks | relit: drawn places, looked at, timed and judged.

Heavy modules are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from engine.console import flat, print_table, progress_bar
from engine.media.files import write_whole
from engine.types import Sizes

app = typer.Typer(help="Drawn places.", no_args_is_help=True)


def size_of(text: str) -> tuple[int, int]:
    """Width and height, as a command line has them: 384x216."""
    try:
        return Sizes().parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Size = Annotated[Any, typer.Option(parser=size_of, metavar="WxH", help="Pixels.")]


@app.command()
def sheet(
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A .png or .jpg.")],
    names: Annotated[
        str | None, typer.Option(help="Names of the vocabulary, separated by commas; default: all.")
    ] = None,
    kinds: Annotated[str, typer.Option(help="Of sky, ground, structure, thing.")] = "sky,ground,structure,thing",
    skies: Annotated[str, typer.Option(help="Under which each is drawn.")] = "day,sunset,night",
    size: Size = "480x270",
    columns: Annotated[int, typer.Option(min=1, max=12)] = 3,
) -> None:
    """Draw the set designer's vocabulary, each name by day, at sunset and by night, as a contact sheet."""
    from engine.designer import sheets, vocabulary

    chosen_kinds = [kind.strip() for kind in kinds.split(",")]
    unknown = [kind for kind in chosen_kinds if kind not in vocabulary.KINDS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(vocabulary.KINDS)}")
    wanted = [name.strip() for name in names.split(",")] if names else None
    tiles = list(sheets.tiles(wanted, chosen_kinds, [sky.strip() for sky in skies.split(",")]))
    sheets.save(sheets.sheet(tiles, size, columns), target)
    print(f"{target}: {len(tiles)} places")


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    size: Size = "384x216",
    frames: Annotated[int, typer.Option(min=1, help="Of each place, after a warm-up.")] = 240,
) -> None:
    """Time drawn places, light ones and crowded ones, on one thread, and weigh them at 1920x1080."""
    from engine.bench.places import bench_places

    with progress_bar("frames") as advance:
        report = bench_places(width=size[0], height=size[1], frames=frames, progress=advance)
    if as_json:
        print(json.dumps(report))
        return
    table = Table(title=f"drawn places at {report['size']}, one thread, {frames} frames each")
    for heading in ("place", "p50 ms", "p99 ms", "first picture ms", "MB at 1920x1080"):
        table.add_column(heading, justify="left" if heading == "place" else "right")
    for name, row in report["places"].items():
        ms = row["frame_ms"]
        table.add_row(name, f"{ms['p50']:.2f}", f"{ms['p99']:.2f}", str(row["first_ms"]), f"{row['kept_mb']:.0f}")
    Console().print(table)


@app.command()
def landmarks(
    footage: Annotated[Path, typer.Argument(metavar="FOOTAGE", help="The folder of footage, with dev and train.")],
    out: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    frames: Annotated[int, typer.Option(min=8, help="Frames of each clip.")] = 96,
    size: Size = "384x216",
) -> None:
    """Does a drawn place's landmark keep off the cast? How much of it is seen over clips of people, and its speed."""
    from engine.evaluation.landmarks import try_landmarks

    with progress_bar("clips") as advance:
        report = try_landmarks(footage, size, frames, progress=advance)
    write_whole(out, (json.dumps(report, indent=2) + "\n").encode())
    print_table("landmarks", flat({name: value for name, value in report.items() if name != "rows"}))
    print(f"figures: {out}")


@app.command()
def relit(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Videos of people.")],
    target: Annotated[Path, typer.Option("--out", help="A .png or .jpg.")],
    size: Size = "480x270",
) -> None:
    """Put people before a night, a sunset and a hall, as they were filmed and in the light of the set, on a sheet."""
    from engine.designer import sheets
    from engine.evaluation.relit import relit_sheet

    with progress_bar("clips") as advance:
        sheets.save(relit_sheet(clips, size, advance), target)
    print(f"{target}: {len(clips)} clips")
