"""python -m engine.training pack | train | ship | card | widen: from footage to weights, and one world more."""

from __future__ import annotations

import argparse
import json
import logging
import os
import runpy
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from engine.evaluation.clips import find_clips
from engine.models.checkpoint import SHARD, card_path, load_weights, save_weights, shard
from engine.prompts import tidy
from engine.teachers.worlds import World
from engine.training import recipes
from engine.training.ablation import ablate
from engine.training.data import pack, read_clips, read_manifest
from engine.training.leaves import dead_leaves
from engine.training.newworld import Lesson
from engine.training.router import fit_router, known_embeddings

log = logging.getLogger(__name__)


def _pack(options: argparse.Namespace) -> None:
    manifest = pack(options.footage, options.out, options.frames, teachers=options.teachers)
    clips = manifest["clips"]
    frames, matted = sum(clip["frames"] for clip in clips), sum(clip["matte"] for clip in clips)
    size = options.out.stat().st_size / 2**20
    print(f"{options.out}: {len(clips)} clips, {frames} frames, {matted} clips with mattes, {size:.1f} MiB")


def _train(options: argparse.Namespace) -> None:
    if "RANK" in os.environ:  # under torchrun
        dist.init_process_group("nccl" if options.device == "cuda" else "gloo")
    elder = load_weights(options.elder).network if options.elder else None
    recipe = recipes.RECIPES[options.recipe]()
    trainer = recipes.Trainer(recipe, options.pack, options.device, options.threads, elder)
    if (options.run / "checkpoint.pt").exists():
        trainer.resume(options.run)
        log.info("resumed at step %d, frame %d", trainer.steps, trainer.frames)
    elif options.start:
        trainer.start_from(options.start)
    trainer.run(options.run, options.minutes, options.cooldown)
    if dist.is_initialized():
        dist.destroy_process_group()


def _ship(options: argparse.Namespace) -> None:
    network, run = recipes.averaged(options.run)
    manifest = read_manifest(options.pack)
    if manifest["sha256"] != run["data_sha256"]:
        raise SystemExit(f"{options.run} was not trained on {options.pack}; name the pack that it was trained on")
    router, accuracy = fit_router(network.config)
    known = {tidy(text): vector for text, vector in known_embeddings(network.config).items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sha256 = save_weights(options.out, network, router, known)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    path = card_path(options.out)
    written = json.loads(path.read_text()) if path.exists() else {}
    card = {
        "name": network.config.name,
        "sha256": sha256,
        "about": written.get("about", ""),
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": run["steps"],
        "frames": run["frames"],
        "data_manifest_sha256": run["data_sha256"],
        "seed": run["recipe"]["seed"],
        "commit": commit,
        "torch": torch.__version__,
        "recipe": run["recipe"],
        "text_accuracy": accuracy,
        "evaluation": {},
        "attributions": dict(Counter(clip["license"] for clip in manifest["clips"]).most_common()),
    }
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, sha256 {sha256}, text {accuracy}")
    if options.shards:
        print("in shards:", *shard(options.out))


def _card(options: argparse.Namespace) -> None:
    path = card_path(options.weights)
    card = json.loads(path.read_text(encoding="utf-8"))
    measured = json.loads(options.evaluation.read_text(encoding="utf-8"))
    card["evaluation"] = {k: v for k, v in measured.items() if k not in {"sheet", "mistaken", "confusion"}}
    if options.about:
        card["about"] = " ".join(options.about.read_text(encoding="utf-8").split())
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _ablate(options: argparse.Namespace) -> None:
    ablate(options.pack, options.clip, options.out, options.steps, options.frames, options.threads)


def _widen(options: argparse.Namespace) -> None:
    if not options.out.absolute().parent.is_dir():
        raise SystemExit(f"there is no folder {options.out.absolute().parent} for {options.out.name}; make it first")
    try:
        world = _read_world(options.world)
        clips = read_clips(find_clips(options.clips)) if options.clips else []
        clips += dead_leaves(options.leaves)
        lesson = Lesson(world, clips, options.weights, steps=options.steps, threads=options.threads)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    log.info("%s: %d clips and stills, begins as %s", world.name, len(clips), lesson.like)
    losses: list[float] = []
    for loss in lesson:
        losses.append(loss)
        if lesson.done % 100 == 0 or not len(lesson):
            log.info("step %d of %d, loss %.4f", lesson.done, lesson.steps, float(np.nanmean(losses[-100:])))
    sha256 = lesson.save(options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, sha256 {sha256}, knows {world.name}")


def _read_world(path: Path) -> World:
    """The one World that a Python file makes; raises ValueError where there is none, or more than one."""
    if not path.is_file():
        raise ValueError(f"there is no {path}; name a Python file that makes a World")
    made = [value for value in runpy.run_path(str(path)).values() if isinstance(value, World)]
    if len(made) != 1:
        raise ValueError(f"{path} makes {len(made)} worlds; it should make one: WORLD = World(name, paint, wordings=…)")
    return made[0]


def main() -> None:
    """Parse the command line and run one command."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("pack", help="footage folder with a manifest.csv -> one packed file")
    command.add_argument("footage", type=Path)
    command.add_argument("out", type=Path)
    command.add_argument("--frames", type=int, default=18, help="consecutive frames per clip (default %(default)s)")
    command.add_argument("--teachers", type=Path, help="folder of the person segmenter: also make mattes of people")
    command.set_defaults(call=_pack)
    command = commands.add_parser("train", help="train or resume for some minutes")
    command.add_argument("--pack", type=Path, required=True)
    command.add_argument("--run", type=Path, required=True, help="folder of the checkpoint and the log")
    command.add_argument("--minutes", type=float, default=9.0)
    command.add_argument(
        "--cooldown", type=int, default=0, help="let the rate fall to zero over this many steps, then end"
    )
    command.add_argument("--recipe", choices=recipes.RECIPES, default="tiny")
    command.add_argument("--elder", type=Path, metavar="WEIGHTS", help="the larger model, for the recipe `healed`")
    command.add_argument("--start", type=Path, metavar="WEIGHTS", help="begin with these, pruned if larger")
    command.add_argument("--device", default="auto")
    command.add_argument("--threads", type=int, help="CPU cores to use (default: all); one on a busy machine")
    command.set_defaults(call=_train)
    command = commands.add_parser("ship", help="a run's averaged weights, with router and model card")
    command.add_argument("--pack", type=Path, required=True)
    command.add_argument("--run", type=Path, required=True)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument(
        "--shards", action="store_true", help=f"as files of at most {SHARD / 1e6:.0f} MB, which load as one"
    )
    command.set_defaults(call=_ship)
    command = commands.add_parser("card", help="put an evaluation's figures, and a paragraph, into a model card")
    command.add_argument("weights", type=Path)
    command.add_argument("--evaluation", type=Path, required=True, help="JSON of: python -m engine eval")
    command.add_argument("--about", type=Path, help="text file: what the weights are, can do and cannot")
    command.set_defaults(call=_card)
    command = commands.add_parser("ablate", help="what each part of the method is worth, on small networks")
    command.add_argument("--pack", type=Path, required=True)
    command.add_argument("--clip", type=Path, required=True, help="a video that the pack does not hold")
    command.add_argument("--out", type=Path, required=True, help="JSON, written after each variant")
    command.add_argument("--steps", type=int, default=1200, help="training steps of a variant (default %(default)s)")
    command.add_argument("--frames", type=int, default=3000, help="of the long run (default %(default)s)")
    command.add_argument("--threads", type=int, default=1)
    command.set_defaults(call=_ablate)
    command = commands.add_parser("widen", help="teach weights one world more, in minutes on a CPU")
    command.add_argument("world", type=Path, metavar="WORLD.py", help="a Python file that makes one World")
    command.add_argument("--clips", type=Path, help="folder of videos and pictures to learn on")
    command.add_argument(
        "--leaves", type=int, default=60, help="drawn stills to learn on beside them (default %(default)s)"
    )
    command.add_argument("--out", type=Path, required=True, help="the weights, which then know it")
    command.add_argument("--weights", type=Path, help="those to widen (default: the shipped ones)")
    command.add_argument("--steps", type=int, default=2000, help="length of the lesson (default %(default)s)")
    command.add_argument("--threads", type=int)
    command.set_defaults(call=_widen)
    options = parser.parse_args()
    options.call(options)


if __name__ == "__main__":
    main()
