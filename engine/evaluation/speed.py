"""Trials of cost: what more denoising steps give, and how fast a frame is made.

Legend: H height, W width in pixels.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.config import lsd_base
from engine.evaluation import measures
from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import perform, teacher_frames, to_float
from engine.fast.plain import Plain
from engine.stream import Stream


def compare_steps(stream: Stream, clips: Sequence[Clip], wordings: Mapping[str, str], many: int = 16) -> dict[str, Any]:
    """Compare one denoising step with `many`, by PSNR to the teachers of worlds without random content.

    wordings: world -> text.
    """
    rows: dict[int, list[tuple[float, float, float]]] = {1: [], many: []}
    usual = stream.steps
    for count, figures in rows.items():
        stream.steps = count
        for clip in clips:
            for world, wording in wordings.items():
                reference = to_float(f.rgb for f in teacher_frames(world, clip.frames, stream.seed))
                made = to_float(perform(stream, clip, wording))
                figures.append(
                    (
                        float(measures.psnr(made, reference).mean()),
                        float(measures.sharpness(made).mean()),
                        float(measures.motion_energy(made).mean()),
                    )
                )
    stream.steps = usual
    one, more = (np.array(rows[count]).mean(0) for count in (1, many))
    return {
        "steps": [1, many],
        "psnr_db": [round(float(one[0]), 2), round(float(more[0]), 2)],
        "psnr_db_lost": float(more[0] - one[0]),
        "sharpness_ratio": float(one[1] / max(more[1], 1e-9)),
        "motion_ratio": float(one[2] / max(more[2], 1e-12)),
        "runs": len(rows[1]),
    }


def frame_ms(stream: Stream, size: tuple[int, int], steps: int = 1, folded: bool = True, repeats: int = 12) -> float:
    """Median time of a frame in ms.

    size: (width, height) in pixels. steps: of denoising. folded: whether the prompt is folded into the weights.
    """
    width, height = size
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    maker = stream.maker if folded else Plain(stream.maker.network)
    stream.reset()
    stream.prompt("underwater")
    request = replace(stream.begin(picture), steps=steps)
    times = []
    for k in range(repeats + 2):
        start = time.perf_counter()
        maker.make(request)
        if k >= 2:
            times.append(time.perf_counter() - start)
    stream.reset()
    return statistics.median(times) * 1000


def speed(stream: Stream, size: tuple[int, int], base: Stream | None = None, frames: int = 12) -> dict[str, Any]:
    """How much faster one step of this stream is than sixteen of the unpruned model, and which part gives how much.

    size: (width, height) in pixels. base: a stream of the unpruned model; by default its architecture with random
    weights, on which speed does not depend. frames: timed for each median. The runtime's share is the prompt folded
    into the weights. All on one machine in one run.
    """
    width, height = size
    large = base or Stream.from_config(lsd_base(), device=stream.setup.device, threads=stream.setup.threads)

    sixteen = frame_ms(large, size, 16, folded=False, repeats=3)
    one = frame_ms(large, size, 1, folded=False, repeats=frames)
    pruned = frame_ms(stream, size, 1, folded=False, repeats=frames)
    shipped = frame_ms(stream, size, repeats=frames)
    return {
        "ms": {"base, 16 steps": sixteen, "base, 1 step": one, "pruned, 1 step": pruned, "shipped": shipped},
        "speed_up": sixteen / shipped,
        "share": {"steps": sixteen / one, "pruning": one / pruned, "runtime": pruned / shipped},
        "size": f"{width}x{height}",
        "base_weights": "random: speed does not depend on them" if base is None else base.setup.weights_hash,
    }
