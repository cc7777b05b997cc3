"""python -m engine.training pack | train | ship | card | ablate | widen: from footage to weights; one world more.

Heavy modules are imported inside the commands, so that --help answers at once.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.console import printable, show_all_characters

log = logging.getLogger(__name__)

app = typer.Typer(
    name="python -m engine.training",
    help="From footage to weights: pack it, train, ship; or add one world to finished weights.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Pack = Annotated[Path, typer.Option(help="Packed footage, of the command `pack`.")]
Run = Annotated[Path, typer.Option(help="Folder of the checkpoint and the log.")]
Device = Annotated[str, typer.Option(metavar="auto|cpu|cuda|mps", help="auto takes a GPU where there is one.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU cores to use; default: all. One on a busy machine.")]


@app.command()
def pack(
    footage: Annotated[Path, typer.Argument(help="A folder with a manifest.csv.")],
    out: Annotated[Path, typer.Argument(help="The packed file.")],
    frames: Annotated[int, typer.Option(min=1, help="Consecutive frames of each clip.")] = 18,
    teachers: Annotated[
        Path | None, typer.Option(help="Folder of the person segmenter: also make mattes of people.")
    ] = None,
) -> None:
    """Pack a folder of footage into one file."""
    from engine.training.data import pack as pack_footage

    clips = pack_footage(footage, out, frames, teachers=teachers)["clips"]
    count, matted = sum(clip["frames"] for clip in clips), sum(clip["matte"] for clip in clips)
    size = out.stat().st_size / 2**20
    print(f"{out}: {len(clips)} clips, {count} frames, {matted} clips with mattes, {size:.1f} MiB")


@app.command()
def train(
    pack: Pack,
    run: Run,
    minutes: Annotated[float, typer.Option(help="Whole slices are trained for about so long.")] = 9.0,
    cooldown: Annotated[
        int, typer.Option(min=0, help="Let the rates fall to zero over so many steps from here, then end.")
    ] = 0,
    recipe: Annotated[
        str, typer.Option(help="tiny, finetune, props, sharpened, base, distilled or clean-past.")
    ] = "tiny",
    distil_from: Annotated[
        Path | None, typer.Option(metavar="WEIGHTS", help="The larger model, for the recipe `distilled`.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(metavar="WEIGHTS", help="Begin with these weights, pruned if larger.")
    ] = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Train for some minutes, or resume a run."""
    import torch.distributed as dist

    from engine.models.checkpoint import load_weights
    from engine.training.recipes import RECIPES
    from engine.training.trainer import Trainer

    if recipe not in RECIPES:
        raise ValueError(f"{recipe!r} is not a recipe; there are {', '.join(RECIPES)}")
    if "RANK" in os.environ:  # under torchrun
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
    larger = load_weights(distil_from).network if distil_from else None
    trainer = Trainer(RECIPES[recipe](), pack, device, threads, larger)
    if (run / "checkpoint.pt").exists():
        trainer.resume(run)
        log.info("resumed at step %d, frame %d", trainer.steps, trainer.frames)
    elif start:
        trainer.start_from(start)
    trainer.run(run, minutes, cooldown)
    if dist.is_initialized():
        dist.destroy_process_group()


@app.command()
def ship(
    pack: Pack,
    run: Run,
    out: Annotated[Path, typer.Option(help="The weights, a safetensors file.")],
    shards: Annotated[
        bool, typer.Option("--shards", help="Cut it into files of at most 15 MB, which load as one.")
    ] = False,
) -> None:
    """Write a run's averaged weights, with router and model card."""
    from engine.models.checkpoint import shard
    from engine.training.ship import ship as write_weights

    written = write_weights(run, pack, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {written.sha256}, text {written.text_accuracy}")
    if shards:
        print("in shards:", *shard(out))


@app.command()
def card(
    weights: Annotated[Path, typer.Argument(help="A safetensors file with a card beside it.")],
    evaluation: Annotated[Path, typer.Option(help="JSON of: python -m engine eval.")],
    about: Annotated[
        Path | None, typer.Option(help="Text file: what the weights are, what they can do, and what they cannot.")
    ] = None,
) -> None:
    """Put an evaluation's figures, and a paragraph, into a model card."""
    from engine.training.ship import complete_card

    complete_card(weights, evaluation, about)


@app.command()
def ablate(
    pack: Pack,
    clip: Annotated[Path, typer.Option(help="A video that the pack does not hold.")],
    out: Annotated[Path, typer.Option(help="JSON, written after each variant.")],
    steps: Annotated[int, typer.Option(min=2, help="Training steps of a variant.")] = 1200,
    frames: Annotated[int, typer.Option(min=20, help="Length of the drift trial.")] = 3000,
    threads: Annotated[int, typer.Option(min=1, help="CPU cores to use.")] = 1,
) -> None:
    """Measure what each part of the method is worth, on small networks."""
    from engine.training.ablation import ablate as run_ablation

    run_ablation(pack, clip, out, steps, frames, threads)


@app.command()
def widen(
    world: Annotated[
        Path,
        typer.Argument(metavar="WORLD", help="A Python file that makes one World, or a folder of pictures of a style."),
    ],
    out: Annotated[Path, typer.Option(help="The weights with the new world.")],
    clips: Annotated[Path | None, typer.Option(help="Folder of videos and pictures to train on.")] = None,
    leaves: Annotated[int, typer.Option(min=0, help="Random stills to train on beside them.")] = 60,
    weights: Annotated[Path | None, typer.Option(help="Those to add to; default: the shipped weights.")] = None,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 2000,
    threads: Threads = None,
) -> None:
    """Teach weights one world more, in minutes on a CPU."""
    if not out.absolute().parent.is_dir():
        raise ValueError(f"there is no folder {out.absolute().parent} for {out.name}; make it first")
    import numpy as np

    from engine.evaluation.clips import find_clips
    from engine.training.data import read_clips
    from engine.training.leaves import dead_leaves
    from engine.training.newworld import NewWorldTrainer, read_world

    new_world = read_world(world)
    footage = read_clips(find_clips(clips)) if clips else []
    footage += dead_leaves(leaves)
    trainer = NewWorldTrainer(new_world, footage, weights, steps=steps, threads=threads)
    log.info("%s: %d clips and stills, starts as %s", new_world.name, len(footage), trainer.starts_as)
    losses: list[float] = []
    for loss in trainer:
        losses.append(loss)
        if trainer.done % 100 == 0 or not len(trainer):
            log.info("step %d of %d, loss %.4f", trainer.done, trainer.steps, float(np.nanmean(losses[-100:])))
    sha256 = trainer.save(out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, sha256 {sha256}, knows {new_world.name}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error that the user can mend is one line on standard error and exit status 1."""
    show_all_characters()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        app(arguments)
    except (ValueError, OSError) as error:
        print(f"error: {printable(error)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
