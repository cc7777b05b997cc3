"""Measures what each part of the method is worth, on small networks trained with and without it.

    python -m engine.training ablate --pack train.pack --clip dev/foreman-cif.mp4 --out ablation.json

A small network learns four worlds in minutes, from nothing; so the figures compare the parts of the method with each
other, and say nothing of the shipped weights. All variants are trained on the same clips, prompts and seeds.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.config import ModelConfig
from engine.evaluation.clips import read_clip
from engine.evaluation.endurance import drift
from engine.evaluation.speed import compare_steps, frame_ms
from engine.media.files import write_whole
from engine.models.checkpoint import Weights
from engine.models.hourglass import Hourglass
from engine.prompts import tidy
from engine.router import Router
from engine.stream import Stream
from engine.training.prune import prune
from engine.training.recipes import Recipe, Size
from engine.training.router import fit_router, wording_embeddings
from engine.training.trainer import Trainer

log = logging.getLogger(__name__)

SMALL = ModelConfig(
    "lsd-small",
    worlds=("as-is", "underwater", "neon-rain", "cartoon"),
    things=(),
    channels=(32, 48, 64),
    encoder=(1, 1, 1),
    decoder=(1, 1, 1),
    width=128,
    layers=2,
    heads=2,
    condition=128,
)
LARGE = replace(SMALL, name="lsd-small-base", channels=(64, 96, 128), encoder=(2, 2, 2), decoder=(2, 2, 2), layers=4)
"""The network that `SMALL` is pruned from."""
SIZE = Size(128, 96, 8, 1.0)
RECIPE = Recipe(SMALL, sizes=(SIZE,), pool=24, masked=0.0, shortcut=0.1, own_past_steps=400, slice=100)
VARIANTS: dict[str, Callable[[Recipe], Recipe]] = {
    "the whole method": lambda r: r,
    "no noise levels on the past": lambda r: replace(r, noisy_past=False),
    "no corrupted or dropped past": lambda r: replace(r, augmented=False),
    "no own past": lambda r: replace(r, own_past=0.0),
    "clean past, always the teacher's": lambda r: replace(r, noisy_past=False, augmented=False, own_past=0.0),
    "no shortcuts": lambda r: replace(r, shortcut=0.0),
    "with the critic": lambda r: replace(r, adversarial=0.3),
}
"""Variant -> what it changes in the recipe."""
PROMPTS = {"underwater": "underwater", "neon-rain": "neon rain", "cartoon": "cartoon"}


def ablate(
    pack: Path, clip: Path, out: Path, steps_each: int = 1200, frames: int = 3000, threads: int = 1
) -> dict[str, Any]:
    """Train and evaluate every variant; returns what `out` holds, which is written after each variant.

    pack: training footage. clip: a video that it does not hold. steps_each: training steps of a variant. frames: of the
    drift trial. threads: CPU cores.
    """
    router, _ = fit_router(SMALL)
    report: dict[str, Any] = {"steps": steps_each, "frames": frames, "clip": clip.name, "variants": {}}

    def keep(name: str, row: dict[str, Any]) -> None:
        report["variants"][name] = row
        write_whole(out, (json.dumps(report, indent=1) + "\n").encode())
        log.info("%s: %s", name, {key: value for key, value in row.items() if key != "curves"})

    for name, changed in VARIANTS.items():
        begin = time.monotonic()
        network = _trained(changed(RECIPE), pack, steps_each, threads)
        row = _evaluated(network, router, clip, frames, threads)
        keep(name, row | {"s": round(time.monotonic() - begin)})

    large = replace(RECIPE, model=LARGE)
    unpruned = _trained(large, pack, steps_each, threads)
    distilled = replace(RECIPE, distilled=0.5)
    pruned = _trained(distilled, pack, steps_each // 2, threads, prune(unpruned, SMALL), unpruned)
    longer = _trained(large, pack, steps_each // 2, threads, unpruned)
    keep("unpruned", _evaluated(longer, router, clip, frames // 10, threads))
    keep("pruned and distilled", _evaluated(pruned, router, clip, frames // 10, threads))
    return report


def _trained(
    recipe: Recipe,
    pack: Path,
    count: int,
    threads: int,
    start: Hourglass | None = None,
    distil_from: Hourglass | None = None,
) -> Hourglass:
    """The average of a run of `count` steps, its rates falling over the second half."""
    trainer = Trainer(recipe, pack, "cpu", threads, distil_from)
    if start is not None:
        trainer.begin_with(start)
    trainer.cooldown = (count // 2, count - count // 2)
    for k in range(count):
        trainer.step(trainer.share(), last=k == count - 1)
    network = Hourglass(recipe.model)
    with torch.no_grad():
        for parameter, value in zip(network.parameters(), trainer.average.values, strict=True):
            parameter.copy_(value)
    return network.eval()


def _evaluated(network: Hourglass, router: Router, path: Path, frames: int, threads: int) -> dict[str, Any]:
    wordings = {tidy(text): vector for text, vector in wording_embeddings(network.config).items()}
    stream = Stream.of(Weights(network.config, network, router, wordings, "ablation"), threads=threads)
    clip = read_clip(path, 24, (192, 128))
    few = compare_steps(stream, [clip], {"cartoon": PROMPTS["cartoon"]}, many=4)
    long_run = drift(stream, clip, {world: PROMPTS[world] for world in ("neon-rain", "cartoon")}, frames)
    return {
        "cartoon_psnr_db": few["psnr_db"],
        "sharpness_one_over_four": few["sharpness_ratio"],
        "worst_change": long_run["worst_change"],
        "moves_with_input": {world: row["moves_with_input"] for world, row in long_run["worlds"].items()},
        "frame_ms": frame_ms(stream, (192, 128)),
        "curves": {world: row["curves"] for world, row in long_run["worlds"].items()},
    }
