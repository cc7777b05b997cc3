"""The figures of an evaluation, summed up from its runs by pure functions; `evaluate.py` makes the runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.evaluation import measures

MEASURES = {
    "adherence": "share of runs whose pictures are nearest to their own world's teacher",
    "psnr": "PSNR to the teacher in dB, over worlds without random content",
    "ssim": "structural similarity to the teacher, over worlds without random content",
    "sharpness": "variance of the Laplacian over the teacher's, and correlation of detail",
    "flicker": "change from frame to frame on a still, over the teacher's",
    "motion": "motion energy on a still over the teacher's, in moving worlds",
}
"""Measure -> its definition in one line."""
DISTANCE = (
    "mean over frames of engine.evaluation.measures.world_distance: local colour plus local contrast per octave, in "
    f"windows of {measures.WINDOW_PX} px, so that a particle may be elsewhere in its window but not missing; stream "
    "and teachers get the same noise"
)
FLICKER_FLOOR = 1 / 255
"""The least flicker that a stream is divided by: one 8-bit level, for teachers that stand still."""
MOTION_FLOOR = 1e-7
"""The same for motion energy: about that of rounding to 8 bits."""
MIN_TEACHER_MOTION = 5e-6
"""Motion energy of a teacher, half a grey level, below which a ratio to it says nothing."""

_DECIMALS = 4


@dataclass(frozen=True)
class WorldTraits:
    """Properties of a world that choose its measures."""

    random: bool
    """It has random content (particles, grain), so it is not compared pixel by pixel."""
    moving: bool
    """It moves by itself."""


@dataclass(frozen=True)
class Run:
    """One clip under one wording; means over its frames."""

    clip: str
    world: str
    wording: str
    distances: Mapping[str, float]
    """To each world's teacher."""
    psnr_db: float
    ssim: float
    sharpness: float
    teacher_sharpness: float
    detail_correlation: float

    @property
    def nearest(self) -> str:
        """The world whose teacher's pictures are nearest."""
        return min(self.distances, key=self.distances.__getitem__)

    @property
    def right(self) -> bool:
        """Whether that is the world that was asked for."""
        return self.nearest == self.world


@dataclass(frozen=True)
class StillRun:
    """One held still under a wording of a world; means over its frames."""

    clip: str
    world: str
    flicker: float
    teacher_flicker: float
    motion: float
    teacher_motion: float


@dataclass
class Findings:
    """All runs of an evaluation."""

    worlds: Mapping[str, WorldTraits]
    """All worlds, in order; outputs are compared with each one's teacher."""
    runs: list[Run] = field(default_factory=list)
    stills: list[StillRun] = field(default_factory=list)
    teachers: list[Tensor] = field(default_factory=list)
    """Per clip, (K, K) distances between the worlds' teachers."""


AnyRun = TypeVar("AnyRun", Run, StillRun)


def summary(findings: Findings, chosen: Iterable[str] = tuple(MEASURES)) -> dict[str, Any]:
    """The chosen measures by name, as the JSON of `eval` holds them; None where no run could measure it."""
    chosen = set(chosen)
    runs, traits = findings.runs, findings.worlds
    fixed = [run for run in runs if not traits[run.world].random]
    still_teachers = {
        w
        for w, e in _by_world(findings.stills, lambda g: fmean(r.teacher_motion for r in g)).items()
        if e < MIN_TEACHER_MOTION
    }
    moving = [still for still in findings.stills if traits[still.world].moving and still.world not in still_teachers]
    result: dict[str, Any] = {}
    if "adherence" in chosen:
        result["adherence"] = _mean(run.right for run in runs)
        result["per_world"] = _by_world(runs, lambda group: fmean(run.right for run in group))
        result["confusion"] = _by_world(runs, lambda group: dict(Counter(run.nearest for run in group)))
        result["mistaken"] = [
            {"clip": run.clip, "wording": run.wording, "world": run.world, "nearest": run.nearest}
            for run in runs
            if not run.right
        ]
        result["distance"] = DISTANCE
        result["teachers"] = _teachers(findings)
    if "psnr" in chosen:
        result["psnr_db"] = _mean(run.psnr_db for run in fixed)
        result["psnr_db_per_world"] = _by_world(runs, lambda group: fmean(run.psnr_db for run in group))
    if "ssim" in chosen:
        result["ssim"] = _mean(run.ssim for run in fixed)
        result["ssim_per_world"] = _by_world(runs, lambda group: fmean(run.ssim for run in group))
    if "sharpness" in chosen:
        ratios = _by_world(runs, lambda group: _ratio(group, "sharpness", 1e-9))
        result["sharpness_ratio"] = _mean(ratios.values())
        result["sharpness_ratio_per_world"] = ratios
        result["detail_correlation"] = _mean(run.detail_correlation for run in fixed)
        result["detail_correlation_per_world"] = _by_world(
            runs, lambda group: fmean(run.detail_correlation for run in group)
        )
    if "flicker" in chosen:
        ratios = _by_world(findings.stills, lambda group: _ratio(group, "flicker", FLICKER_FLOOR))
        result |= {"flicker_ratio": _mean(ratios.values()), "flicker_ratio_per_world": ratios}
        result["flicker_floor"] = FLICKER_FLOOR
    if "motion" in chosen:
        ratios = _by_world(moving, lambda group: _ratio(group, "motion", MOTION_FLOOR))
        result |= {"motion_ratio": _mean(ratios.values()), "motion_ratio_per_world": ratios}
        result["motion_left_out"] = sorted(world for world in still_teachers if traits[world].moving)
    if {"psnr", "ssim", "sharpness"} & chosen:
        result["pixel_measures_over"] = list(dict.fromkeys(run.world for run in fixed))
    return rounded(result)


def _by_world(runs: Sequence[AnyRun], measure: Callable[[list[AnyRun]], Any]) -> dict[str, Any]:
    groups: dict[str, list[AnyRun]] = {}
    for run in runs:
        groups.setdefault(run.world, []).append(run)
    return {world: measure(group) for world, group in groups.items()}


def _ratio(group: Sequence[AnyRun], name: str, floor: float) -> float:
    """Mean of a figure over the mean of the teacher's, which counts as `floor` where it is less."""
    made, teacher = (fmean(getattr(run, key) for run in group) for key in (name, f"teacher_{name}"))
    return made / max(teacher, floor)


def _teachers(findings: Findings) -> dict[str, Any] | None:
    """How far apart the teachers themselves are, mean over clips, and which two are nearest."""
    if not findings.teachers:
        return None
    names = list(findings.worlds)
    mean = torch.stack(findings.teachers).mean(0)
    first, second = divmod(int((mean + 1e9 * torch.eye(len(names))).argmin()), len(names))
    return {
        "nearest_pair": [names[first], names[second]],
        "nearest_distance": float(mean[first, second]),
        "distances": {a: dict(zip(names, row, strict=True)) for a, row in zip(names, mean.tolist(), strict=True)},
    }


def _mean(values: Iterable[float]) -> float | None:
    rows = list(values)
    return fmean(rows) if rows else None


def rounded(value: Any) -> Any:
    """A JSON value with all its floats rounded to four decimals."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value
