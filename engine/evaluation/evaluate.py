"""Does the stream do what its teachers do? Clips that it never saw, under wordings that it may never have read.

    for each clip:  every world's teacher paints it, with the very noise that the stream will get
                    for each world and wording:  the stream plays it; whose picture is nearest?
    for two stills: what moves and flickers by itself, beside what does in the teacher

Legend: T frames, H height, W width in pixels, K worlds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from engine.evaluation import measures
from engine.evaluation.clips import Clip, read_clip
from engine.evaluation.scores import MEASURES, Findings, Kind, Run, StillRun, summary
from engine.media.pictures import MediaError, contact_sheet, fit
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, padded_size
from engine.sampler import frame_noise
from engine.teachers.worlds import WORLDS, World, teach
from engine.types import Frame

STILLS = 2
"""Clips whose first frame is held, to see what moves by itself."""
SHEET_CLIPS = 4
MOTION_S = 0.25
"""Own motion is what changes on a still within this time, so that slow light counts beside fast rain."""
EVERY = 3
"""Of a run's frames every third is compared with the teachers', since neighbours say the same."""


class Performer(Protocol):
    """What is evaluated; an engine.stream.Stream is one."""

    seed: int

    def prompt(self, prompt: str, /) -> None: ...

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray: ...

    def reset(self) -> None: ...


def choose(clips: int, prompts: Mapping[str, Sequence[str]], max_runs: int) -> list[tuple[int, str, str]]:
    """(clip, world, wording) to run, at most about `max_runs`, spread evenly; all of them where they are not more.

    Each chosen clip is run under every world. Where not every wording fits, each clip takes the next ones in turn;
    where not every clip fits under one wording, clips are left out at even distances.
    """
    chosen = _spread(clips, max(1, max_runs // len(prompts)))
    each = max(1, max_runs // (len(chosen) * len(prompts)))
    return [
        (clip, world, wordings[(turn * each + i) % len(wordings)])
        for turn, clip in enumerate(chosen)
        for world, wordings in prompts.items()
        for i in range(min(each, len(wordings)))
    ]


def _spread(count: int, most: int) -> list[int]:
    """At most `most` of 0..count-1, at even distances."""
    most = min(count, most)
    return [i * count // most for i in range(most)]


def to_float(pictures: Iterable[np.ndarray]) -> Tensor:
    """(H, W, 3) uint8 each -> (T, 3, H, W) float32 in 0..1."""
    return torch.from_numpy(np.stack(list(pictures))).permute(0, 3, 1, 2).float() / 255


def perform(performer: Performer, clip: Clip, wording: str) -> list[np.ndarray]:
    """The clip as the performer plays it from a cold start."""
    performer.reset()
    performer.prompt(wording)
    return [performer.step(frame.rgb, frame.time_s, frame.index) for frame in clip.frames]


def taught(
    world: str, frames: Iterable[Frame], seed: int, device: str = "cpu", worlds: Mapping[str, World] = WORLDS
) -> Iterator[Frame]:
    """What the world's teacher makes of frames, one by one, from the noise that a stream of this seed would get."""
    for frame in frames:
        height, width = frame.rgb.shape[:2]
        with torch.inference_mode():
            source = pad_picture(torch.from_numpy(frame.rgb).to(device)).permute(2, 0, 1)[None].float() / 255
            noise = frame_noise(seed, frame.index, *padded_size(height, width)).permute(2, 0, 1)[None].to(device)
            time_s = torch.tensor([frame.time_s], dtype=torch.float64, device=device)
            air = particle_planes(torch.tensor([seed], device=device), time_s, *padded_size(height, width))
            target = teach(world, source, noise, air, time_s, worlds=worlds)
            picture = (target[0].permute(1, 2, 0)[:height, :width].clamp(0, 1) * 255).round().to(torch.uint8)
        yield replace(frame, rgb=picture.cpu().numpy())


Panels = dict[str, tuple[np.ndarray, np.ndarray]]
"""World -> the last picture of the teacher and of the stream."""


def run_clip(
    findings: Findings,
    performer: Performer,
    clip: Clip,
    wordings: Sequence[tuple[str, str]],
    device: str = "cpu",
    worlds: Mapping[str, World] = WORLDS,
) -> Panels:
    """Play a clip under (world, wording) pairs and add what comes out to `findings`."""
    targets = {
        world: _compared([f.rgb for f in taught(world, clip.frames, performer.seed, device, worlds)])
        for world in findings.worlds
    }
    looks = torch.stack([measures.local_statistics(to_float(pictures)) for pictures in targets.values()])
    findings.teachers.append(torch.stack([_distances(look, looks) for look in looks]))
    panels: Panels = {}
    for world, wording in wordings:
        made = _compared(perform(performer, clip, wording))
        pictures, reference = to_float(made), to_float(targets[world])
        distances = _distances(measures.local_statistics(pictures), looks).tolist()
        run = Run(
            clip=clip.name,
            world=world,
            wording=wording,
            distances=dict(zip(targets, distances, strict=True)),
            psnr_db=float(measures.psnr(pictures, reference).mean()),
            ssim=float(measures.ssim(pictures, reference).mean()),
            sharpness=float(measures.sharpness(pictures).mean()),
            teacher_sharpness=float(measures.sharpness(reference).mean()),
            detail_correlation=float(measures.detail_correlation(pictures, reference).mean()),
        )
        findings.runs.append(run)
        panels.setdefault(world, (targets[world][-1], made[-1]))
    return panels


def _compared(pictures: list[np.ndarray]) -> list[np.ndarray]:
    return pictures[EVERY - 1 :: EVERY] or pictures[-1:]


def _distances(look: Tensor, looks: Tensor) -> Tensor:
    """From one video's local statistics (T, C, h, w) to each of several (K, T, C, h, w): (K,), mean over frames."""
    return torch.stack([measures.world_distance(look, other).mean() for other in looks])


def run_still(
    findings: Findings,
    performer: Performer,
    clip: Clip,
    prompts: Mapping[str, Sequence[str]],
    device: str = "cpu",
    worlds: Mapping[str, World] = WORLDS,
) -> None:
    """Hold the clip's first frame under each world's first wording and add what moves to `findings`."""
    still = clip.still()
    lag = max(1, sum(0 < frame.time_s <= MOTION_S + 1e-6 for frame in still.frames))
    for world, wordings in prompts.items():
        made = to_float(perform(performer, still, wordings[0]))
        teacher = to_float(frame.rgb for frame in taught(world, still.frames, performer.seed, device, worlds))
        findings.stills.append(
            StillRun(
                clip=clip.name,
                world=world,
                flicker=float(measures.flicker(made).mean()),
                teacher_flicker=float(measures.flicker(teacher).mean()),
                motion=float(measures.motion_energy(made, lag).mean()),
                teacher_motion=float(measures.motion_energy(teacher, lag).mean()),
            )
        )


def evaluate(
    performer: Performer,
    clips: Sequence[Path],
    prompts: Mapping[str, Sequence[str]],
    *,
    frames: int = 24,
    size: tuple[int, int] = (384, 224),
    chosen: Sequence[str] = MEASURES,
    max_runs: int = 220,
    sheet: Path | None = None,
    device: str = "cpu",
    worlds: Mapping[str, World] = WORLDS,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a performer (its teachers run on `device`); returns what `eval --json` writes.

    frames: per clip, at least 2. size: (width, height). chosen: names of MEASURES. sheet: where the contact sheet goes.
    worlds: the teachers, by name, to whose pictures each is compared.
    progress: called with runs done and runs in all. Raises ValueError where nothing can be run.
    """
    _check(frames, chosen, max_runs)
    started = time.monotonic()
    findings = Findings({name: Kind(world.random, world.moving) for name, world in worlds.items()})
    wanted = choose(len(clips), prompts, max_runs)
    numbers = sorted({clip for clip, _, _ in wanted})
    held = {numbers[i] for i in _spread(len(numbers), STILLS)} if {"flicker", "motion"} & set(chosen) else set()
    total, done = len(wanted) + len(held) * len(prompts), 0
    skipped: list[dict[str, str]] = []
    rows: list[tuple[Clip, Panels]] = []
    for number in numbers:
        pairs = [(world, wording) for clip, world, wording in wanted if clip == number]
        try:
            clip = read_clip(clips[number], frames, size)
        except MediaError as error:
            skipped.append({"file": clips[number].name, "why": str(error)})
        else:
            rows.append((clip, run_clip(findings, performer, clip, pairs, device, worlds)))
            if len({still.clip for still in findings.stills}) < sum(other <= number for other in held):
                run_still(findings, performer, clip, prompts, device, worlds)
        done += len(pairs) + (len(prompts) if number in held else 0)
        if progress is not None:
            progress(done, total)
    if not rows:
        raise ValueError(f"no clip could be read: {'; '.join(row['why'] for row in skipped)}")
    return summary(findings, chosen) | {
        "pairs": len(findings.runs),
        "pairs_possible": len(clips) * sum(len(wordings) for wordings in prompts.values()),
        "wordings": {world: sorted({run.wording for run in findings.runs if run.world == world}) for world in prompts},
        "clips": [clip.name for clip, _ in rows],
        "clips_found": len(clips),
        "skipped": skipped,
        "stills": sorted({still.clip for still in findings.stills}),
        "frames": frames,
        "compared_every": EVERY,
        "size": "{}x{}".format(*size),
        "seed": performer.seed,
        "seconds": round(time.monotonic() - started, 1),
        "contact_sheet": None if sheet is None else str(draw_sheet(rows, sheet)),
    }


def _check(frames: int, chosen: Sequence[str], max_runs: int) -> None:
    unknown = [name for name in chosen if name not in MEASURES]
    if unknown or not chosen:
        raise ValueError(f"unknown measure {', '.join(unknown) or '(none)'}; there are {', '.join(MEASURES)}")
    if frames < 2:
        raise ValueError(f"{frames} frames a clip; at least 2 are needed to see motion")
    if max_runs < 1:
        raise ValueError(f"at most {max_runs} runs; at least 1 is needed")


def draw_sheet(rows: Sequence[tuple[Clip, Panels]], path: Path) -> Path:
    """Some clips, spread evenly: the camera's picture, then each world, the teacher's above the stream's."""
    pictures, labels = [], []
    shown = [rows[i] for i in _spread(len(rows), SHEET_CLIPS)]
    worlds = list(shown[0][1])
    for clip, panels in shown:
        camera = _compared([frame.rgb for frame in clip.frames])[-1]
        pictures.append([camera, *(panels[world][0] for world in worlds)])
        pictures.append([camera, *(panels[world][1] for world in worlds)])
        labels += [f"{clip.name}: the teacher", f"{clip.name}: the stream"]
    return contact_sheet(pictures, path, labels, ["camera", *worlds], width=200)


JUDGED = 6
"""Frames of a film that a judge compares with the teachers."""
JUDGED_SIZE = (256, 160)
"""Width and height at which it does so."""


@dataclass(frozen=True)
class Verdict:
    """What a judge says of a film."""

    adherence: float | None
    """Share of the compared frames nearer to the world's teacher than to any other's; None where no world was named."""
    flicker: float
    """Mean absolute change from frame to frame beyond the camera's own, over two seconds, 0..1."""
    sharpness: float
    """Variance of the Laplacian over the camera picture's: 1 is as sharp as the camera."""


class Judge:
    """Compares films made of one camera's frames with what the teachers make of these."""

    def __init__(self, camera: Iterable[np.ndarray], seed: int = 0) -> None:
        """camera: (H, W, 3) uint8 pictures at 24 a second. Raises ValueError where there is none."""
        chosen, self._change = self._sampled(camera)
        frames = [Frame(rgb, index, index / 24) for index, rgb in chosen]
        self._sharpness = float(measures.sharpness(to_float(rgb for _, rgb in chosen)).mean())
        self._looks = {
            world: measures.local_statistics(to_float(frame.rgb for frame in taught(world, frames, seed)))
            for world in WORLDS
        }

    def __call__(self, film: Iterable[np.ndarray], world: str = "") -> Verdict:
        """Judge a film of as many frames as the camera's. world: what was asked for; empty where that changes."""
        chosen, change = self._sampled(film)
        shown = to_float(rgb for _, rgb in chosen)
        adherence = None
        if world in self._looks:
            mine = measures.local_statistics(shown)
            far = torch.stack([measures.world_distance(mine, look) for look in self._looks.values()])  # (K, T)
            adherence = float((far.argmin(0) == list(self._looks).index(world)).float().mean())
        sharpness = float(measures.sharpness(shown).mean()) / max(self._sharpness, 1e-9)
        return Verdict(adherence, max(0.0, change - self._change), sharpness)

    @staticmethod
    def _sampled(film: Iterable[np.ndarray]) -> tuple[list[tuple[int, np.ndarray]], float]:
        """Some pictures with their numbers, and the mean change over the first two seconds."""
        pictures = [fit(rgb, *JUDGED_SIZE) for rgb in film]
        if not pictures:
            raise ValueError("a film without a picture cannot be judged")
        numbers = [len(pictures) * (2 * i + 1) // (2 * JUDGED) for i in range(JUDGED)]
        change = float(measures.flicker(to_float(pictures[:48])).mean()) if len(pictures) > 1 else 0.0
        return [(n, pictures[n]) for n in numbers], change
