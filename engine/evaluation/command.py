"""python -m engine props | boxes: the trials of props and regions as commands.

Heavy modules are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

Footage = Annotated[Path, typer.Argument(metavar="FOOTAGE", help="The folder of footage, with dev and train.")]
Figures = Annotated[Path, typer.Option("--json", help="Where the figures go; the contact sheet lies beside it.")]


def props(
    footage: Footage,
    out: Figures = Path("props.json"),
    frames: Annotated[int, typer.Option(min=4, help="Frames of each run, at 24 a second.")] = 12,
    takes: Annotated[int, typer.Option(min=1, help="Runs of each thing, under different looks.")] = 2,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU cores to use; default: all, at most eight.")] = None,
) -> None:
    """Is a prop a hole in the scene? The shares of regions with known masks that stay the camera's picture."""
    from engine.evaluation.props import measure_props
    from engine.stream import Stream

    report, sheet = measure_props(footage / "dev", Stream.load(threads=threads), frames=frames, takes=takes)
    _save(report, out)
    sheet.save(out.with_suffix(".png"))
    for way, share in report["holes"].items():
        print(f"{way:8} holes {share:6.1%}, worst thing {report['worst_thing'][way]:6.1%}")
    print(f"figures: {out}\ncontact sheet: {out.with_suffix('.png')}")


def boxes(footage: Footage, out: Figures = Path("boxes.json")) -> None:
    """Does a followed box stay on its thing? Against boxes that were marked by hand, about every half second."""
    from engine.evaluation.boxes import measure_boxes

    report = measure_boxes(footage)
    _save(report, out)
    for name in ("good", "area", "losses_said", "wrongly_lost"):
        print(f"{name:13} {report[name]:6.1%}")
    print(f"milliseconds  {report['milliseconds_p50']:6}")
    print(f"figures: {out}")


def _save(report: dict[str, Any], out: Path) -> None:
    from engine.media.files import write_whole

    write_whole(out, (json.dumps(report, indent=2) + "\n").encode())
