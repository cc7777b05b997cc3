"""What coarser numbers cost: the pictures of int8 or bfloat16 beside those of float32, world by world.

Each stream goes on from its own pictures, so what is compared includes how rounding grows from frame to frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.evaluation.calibrate import words
from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import perform
from engine.models.calibration import Calibration
from engine.models.checkpoint import Weights
from engine.stream import Stream

Films = dict[str, dict[str, np.ndarray]]
"""World -> clip -> pictures (T, H, W, 3) uint8."""


def films(stream: Stream, clips: Iterable[Clip], worlds: Sequence[str]) -> Films:
    """What a stream makes of each clip in each world, from a cold start."""
    kept = list(clips)
    return {world: {clip.name: np.stack(perform(stream, clip, words(world))) for clip in kept} for world in worlds}


def psnr_db(made: Films, reference: Films) -> dict[str, float]:
    """World -> PSNR in dB of the pictures of all clips together; 99 where they are the same."""

    def error(world: str) -> float:
        pairs = [(made[world][name], reference[world][name]) for name in reference[world]]
        return float(np.mean([np.mean((a.astype(np.float32) - b) ** 2) for a, b in pairs]))

    return {world: round(10 * np.log10(255**2 / max(error(world), 1e-5)), 2) for world in reference}


def compare_rounding(
    weights: Weights,
    clips: Sequence[Clip],
    dtypes: Sequence[str],
    *,
    threads: int | None = None,
    layers: bool = False,
    progress: Callable[[str], None] = lambda name: None,
) -> dict[str, dict[str, float]]:
    """Dtype -> world -> PSNR in dB to the pictures of float32 for the same clips.

    layers: also for each calibrated layer in int8 alone, under its path. progress: called with the name of what is
    done.
    """
    worlds = weights.config.worlds

    def made(of: Weights, dtype: str, name: str) -> Films:
        stream = Stream.of(of, dtype=dtype, threads=threads)
        shown = films(stream, clips, worlds)
        progress(name)
        return shown

    reference = made(weights, "float32", "float32")
    table = {dtype: psnr_db(made(weights, dtype, dtype), reference) for dtype in dtypes}
    if layers and weights.calibration is not None:
        for name, of in weights.calibration.ranges.items():
            alone = replace(weights, calibration=Calibration({name: of}, name))
            table[name] = psnr_db(made(alone, "int8", name), reference)
    return table
