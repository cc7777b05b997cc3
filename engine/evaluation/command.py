"""python -m engine props | boxes | calibrate | rounding: trials of props and of number types as commands.

Heavy modules are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

Footage = Annotated[Path, typer.Argument(metavar="FOOTAGE", help="The folder of footage, with dev and train.")]
Figures = Annotated[Path, typer.Option("--json", help="Where the figures go; the contact sheet lies beside it.")]

CalibrationFootage = Annotated[Path, typer.Argument(metavar="FOOTAGE", help="A folder of videos and pictures.")]
Weights = Annotated[Path | None, typer.Option(help="A safetensors file; default: the shipped weights.")]
Clips = Annotated[int, typer.Option(min=1, help="An even choice of so many is taken where there are more.")]
Frames = Annotated[int, typer.Option(min=2, help="Of each clip.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU cores to use.")]
SIZE = (256, 160)
"""Width and height in pixels of the clips: what the network computes at a position does not depend on it."""


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


def _say(name: str) -> None:
    print(f"done: {name}", file=sys.stderr)


def _clips(folder: Path, count: int, frames: int) -> list[Any]:
    """An even choice of the folder's clips; those that cannot be read are left out, and named."""
    from engine.evaluation.clips import find_clips, read_clip
    from engine.media.pictures import MediaError

    paths = find_clips(folder)
    kept = []
    for path in paths[:: -(-len(paths) // count)]:
        try:
            kept.append(read_clip(path, frames, SIZE))
        except MediaError as error:
            print(f"left out: {error}", file=sys.stderr)
    if not kept:
        raise ValueError(f"no clip of {folder} can be read; give a folder of videos of two frames or more")
    return kept


def calibrate(
    footage: CalibrationFootage,
    out: Annotated[Path | None, typer.Option(help="Default: beside the weights, where they are looked for.")] = None,
    clips: Clips = 24,
    frames: Frames = 6,
    keep: Annotated[
        list[str] | None, typer.Option(metavar="LAYER", help="A layer that stays in floating point; may be repeated.")
    ] = None,
    weights: Weights = None,
    threads: Threads = None,
) -> None:
    """Measure between which values the convolutions' inputs lie, so that int8 can hold them."""
    from engine.evaluation.calibrate import block_layers, measure_ranges
    from engine.models.calibration import calibration_path, write_calibration
    from engine.models.checkpoint import SHIPPED, load_weights

    loaded = load_weights(weights)
    layers = block_layers(loaded.network)
    unknown = [name for name in keep or () if name not in layers]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not a calibrated layer; there are {', '.join(layers)}")
    layers = [name for name in layers if name not in (keep or ())]
    chosen = _clips(footage, clips, frames)
    ranges = measure_ranges(loaded, chosen, layers, threads=threads, progress=_say)
    out = out or calibration_path(weights or SHIPPED)
    about = {"clips": [clip.name for clip in chosen], "frames": frames, "size": list(SIZE), "kept": list(keep or ())}
    write_calibration(out, loaded.sha256, ranges, **about)
    print(f"{out}: {len(ranges)} layers over {len(chosen)} clips")


def rounding(
    clips: Annotated[Path, typer.Option(help="A folder of videos and pictures that the calibration never saw.")],
    out: Annotated[Path, typer.Option("--json", help="Where the figures go.")],
    count: Annotated[int, typer.Option("--count", min=1, help="An even choice of so many clips is taken.")] = 3,
    frames: Frames = 8,
    layers: Annotated[bool, typer.Option("--layers", help="Also each layer in int8 alone.")] = False,
    weights: Weights = None,
    threads: Threads = None,
) -> None:
    """Compare the pictures of int8 and bfloat16 with those of float32, in every world."""
    from engine.evaluation.rounding import compare_rounding
    from engine.models.checkpoint import load_weights

    chosen = _clips(clips, count, frames)
    table = compare_rounding(
        load_weights(weights), chosen, ("bfloat16", "int8"), threads=threads, layers=layers, progress=_say
    )
    worst = {name: min(row, key=lambda world: row[world]) for name, row in table.items()}
    _save({"clips": [clip.name for clip in chosen], "frames": frames, "psnr_db_to_float32": table}, out)
    for name, row in table.items():
        mean = sum(row.values()) / len(row)
        print(f"{name}: {row[worst[name]]:.1f} dB in {worst[name]}, {mean:.1f} in the mean of {len(row)} worlds")
    print(f"figures: {out}")
