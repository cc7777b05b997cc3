"""Trials over time: drift in a long run, switching between worlds, and speed of motion at another frame rate.

Legend: T frames.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.evaluation import measures
from engine.evaluation.clips import Clip
from engine.evaluation.evaluate import perform, teacher_frames, to_float
from engine.stream import Stream
from engine.types import Frame

OnProgress = Callable[[int, int], None]
"""Called with frames done and frames in all."""

END_SHARE = 0.15
"""Share of a long run that counts as its beginning, and as its end."""
CURVE_POINTS = 300
"""The most points of a curve in the JSON."""
STEADY_FRAMES = 6
"""Frames at the end of a switch that count as the new world, and the most that a quick switch takes."""
REACHED_RATIO = 1.35
"""The new world is reached at this many times the distance to its teacher that remains in the end."""
FLASH_SHARE = 0.1
"""A frame whose mean luminance leaves the band between two worlds by more than this share is a flash."""


def back_and_forth(frames: Sequence[Frame], fps: float = 24.0) -> Iterator[Frame]:
    """Repeat a clip without end, forward and backward, with indices and times of its own."""
    order = [*frames, *reversed(frames[1:-1])]
    for index, frame in enumerate(itertools.cycle(order)):
        yield Frame(frame.rgb, index, index / fps)


def drift(
    stream: Stream, clip: Clip, wordings: Mapping[str, str], frames: int = 10_000, progress: OnProgress | None = None
) -> dict[str, Any]:
    """Run one clip for many frames: vital signs in the last part of the run over those in the first, world by world.

    wordings: world -> text. frames: of each world's run. progress: called with frames done and in all. The result also
    has the correlation of changes in the picture with changes in the camera's, at both ends: a collapsed stream no
    longer moves with its input.
    """
    every = max(1, frames // 2000)
    worlds: dict[str, Any] = {}
    for number, (world, wording) in enumerate(wordings.items()):
        stream.reset()
        stream.prompt(wording)
        signs: dict[str, list[float]] = {}
        follows: list[float] = []
        before: tuple[np.ndarray, np.ndarray] | None = None
        for frame in itertools.islice(back_and_forth(clip.frames), frames):
            made = stream.step(frame.rgb, frame.time_s, frame.index)
            if before is not None and frame.index % every == 0:
                for name, value in measures.vital_signs(to_float([made])).items():
                    signs.setdefault(name, []).append(float(value[0]))
                follows.append(_follows(before, (frame.rgb, made)))
            before = frame.rgb, made
            if progress is not None and frame.index % 50 == 0:
                progress(number * frames + frame.index, len(wordings) * frames)
        count = max(1, round(len(follows) * END_SHARE))
        first, last = ({name: statistics.fmean(part(v)) for name, v in signs.items()} for part in _ends(count))
        worlds[world] = {
            "wording": wording,
            "first": first,
            "last": last,
            "change": {n: (last[n] - first[n]) / max(first[n], _FLOORS.get(n, 1e-6)) for n in first},
            "moves_with_input": [statistics.fmean(part(follows)) for part in _ends(count)],
            "curves": {name: _thinned(values) for name, values in signs.items()},
        }
    worst = {
        name: max(abs(w["change"][name]) for w in worlds.values()) for name in next(iter(worlds.values()))["change"]
    }
    return {"frames": frames, "clip": clip.name, "worst_change": worst, "worlds": worlds}


_FLOORS = {"clipped": 0.02}
"""Below this share of clipped values a change of it is seen by nobody; it counts as this."""


def _ends(count: int) -> tuple[Callable[[list[float]], list[float]], Callable[[list[float]], list[float]]]:
    return lambda values: values[:count], lambda values: values[-count:]


def _follows(before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray]) -> float:
    """Correlation of where the output changes with where the input does, in 8 px cells."""
    changes = []
    for a, b in zip(before, after, strict=True):
        change = (to_float([b]) - to_float([a])).abs().mean(1, keepdim=True)
        changes.append(F.avg_pool2d(change, 8).flatten())
    x, y = (change - change.mean() for change in changes)
    return float((x * y).sum() / (x.norm() * y.norm()).clamp(min=1e-9))


def _thinned(values: list[float]) -> list[float]:
    """At most CURVE_POINTS means of neighbours."""
    size = -(-len(values) // CURVE_POINTS)
    return [round(statistics.fmean(values[i : i + size]), 5) for i in range(0, len(values), size)]


def switch(stream: Stream, clip: Clip, pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]]) -> dict[str, Any]:
    """Change the prompt from one world to the next by a cut: frames until it is reached, and whether it flashes.

    pairs: ((world, wording), (world, wording)) each.
    """
    rows: list[dict[str, Any]] = []
    frames = list(itertools.islice(back_and_forth(clip.frames), 48))
    cut = len(frames) // 2
    for (old, old_wording), (new, new_wording) in pairs:
        stream.reset()
        stream.prompt(old_wording)
        made = [stream.step(f.rgb, f.time_s, f.index) for f in frames[:cut]]
        stream.prompt(new_wording)
        made += [stream.step(f.rgb, f.time_s, f.index) for f in frames[cut:]]
        pictures = to_float(made)
        looks = measures.local_statistics(pictures[cut:])
        distances = {}
        for world in (old, new):
            reference = to_float(f.rgb for f in teacher_frames(world, frames[cut:], stream.seed))
            distances[world] = _look_distances(looks, measures.local_statistics(reference))
        steady = float(distances[new][-STEADY_FRAMES:].mean())
        reached = (distances[new] <= distances[old]) & (distances[new] <= REACHED_RATIO * steady + 1e-3)
        took = next((k for k in range(len(reached)) if bool(reached[k])), len(reached))
        luminance = measures.luma(pictures).mean((1, 2, 3))
        before, after = luminance[cut - STEADY_FRAMES : cut], luminance[-STEADY_FRAMES:]
        low, high = float(torch.cat([before, after]).min()), float(torch.cat([before, after]).max())
        shown = luminance[cut:]
        out = max(float(shown.max()) / max(high, 0.02) - 1, 1 - float(shown.min()) / max(low, 0.02), 0.0)
        rows.append({"from": old, "to": new, "frames": took, "leaves_band": out, "flash": out > FLASH_SHARE})
    return {
        "pairs": rows,
        "frames_most": max(row["frames"] for row in rows),
        "frames_mean": statistics.fmean(row["frames"] for row in rows),
        "flashes": sum(row["flash"] for row in rows),
        "within_six": statistics.fmean(row["frames"] <= STEADY_FRAMES for row in rows),
    }


def _look_distances(looks: Tensor, others: Tensor) -> Tensor:
    """Distance of each frame's look to another's at the same time: (T,)."""
    return torch.stack([measures.world_distance(a[None], b[None]) for a, b in zip(looks, others, strict=True)])


def rate(stream: Stream, clip: Clip, wordings: Mapping[str, str]) -> dict[str, Any]:
    """Own motion at 12 frames a second over that at 24, on a held picture, over the same time: 1 is the same speed.

    wordings: world -> text.
    """
    ratios = {}
    for world, wording in wordings.items():
        energy = []
        for fps in (24, 12):
            frames = tuple(Frame(clip.frames[0].rgb, k, k / fps) for k in range(2 * fps))
            made = to_float(perform(stream, replace(clip, frames=frames), wording))[fps // 2 :]
            energy.append(float(measures.motion_energy(made, fps // 6).mean()))  # over a sixth of a second
        ratios[world] = energy[1] / max(energy[0], 1e-9)
    return {"ratio": statistics.fmean(ratios.values()), "per_world": ratios}
