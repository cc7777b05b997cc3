"""Compare a stream with its teachers, on unseen clips and held-out wordings.

    for each clip:  every world's teacher paints it, with the very noise that the stream will get
                    for each world and wording:  the stream renders it; which teacher's picture is nearest?
    for two stills: motion and flicker of the stream's own, beside the teacher's

Legend: T frames, H height, W width in pixels, K worlds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from engine.evaluation import measures
from engine.evaluation.clips import Clip, read_clip
from engine.evaluation.scores import MEASURES, Findings, Run, StillRun, WorldTraits, summary
from engine.media.pictures import MediaError, contact_sheet
from engine.models.particles import particle_planes
from engine.models.patches import pad_picture, padded_size
from engine.sampler import frame_noise
from engine.teachers.worlds import WORLDS, World, teach
from engine.types import Frame

STILL_CLIPS = 2
"""Clips whose first frame is held still, to measure what moves by itself."""
SHEET_CLIPS = 4
"""Clips on the contact sheet."""
MOTION_S = 0.25
"""Own motion is the change on a still within this time, so that slow light counts beside fast rain."""
COMPARED_EVERY = 3
"""Every third frame of a run is compared with the teachers'; neighbours are nearly equal."""


class Performer(Protocol):
    """What is evaluated; an `engine.stream.Stream` is one. `seed` determines the noise, which its teachers get too."""

    seed: int

    def prompt(self, prompt: str, /) -> None:
        """Direct the picture from the next frame on."""

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        """The picture that answers a frame, (H, W, 3) uint8 each."""

    def reset(self) -> None:
        """Forget all frames; the prompt stays."""


def choose(clips: int, prompts: Mapping[str, Sequence[str]], max_runs: int) -> list[tuple[int, str, str]]:
    """Choose (clip index, world, wording) to run: all, or about `max_runs` of them, spread evenly.

    clips: how many there are. prompts: world -> wordings. Each chosen clip is run under every world. Where not every
    wording fits, each clip takes the next ones in turn; where not every clip fits under one wording, clips are left out
    at even distances.
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
    """Stack pictures (H, W, 3) uint8 into (T, 3, H, W) float32 in 0..1."""
    return torch.from_numpy(np.stack(list(pictures))).permute(0, 3, 1, 2).float() / 255


def perform(performer: Performer, clip: Clip, wording: str) -> list[np.ndarray]:
    """Run the clip from a cold start under one wording: a picture (H, W, 3) uint8 for each frame."""
    performer.reset()
    performer.prompt(wording)
    return [performer.step(frame.rgb, frame.time_s, frame.index) for frame in clip.frames]


def teacher_frames(
    world: str, frames: Iterable[Frame], seed: int, device: str = "cpu", worlds: Mapping[str, World] = WORLDS
) -> Iterator[Frame]:
    """Paint frames by a world's teacher, one by one, from the noise that a stream of this seed would get.

    device: where the teacher runs. worlds: the teachers by name. Raises ValueError for an unknown world.
    """
    for frame in frames:
        height, width = frame.rgb.shape[:2]
        with torch.inference_mode():
            source = pad_picture(torch.from_numpy(frame.rgb).to(device)).permute(2, 0, 1)[None].float() / 255
            noise = frame_noise(seed, frame.index, *padded_size(height, width)).permute(2, 0, 1)[None].to(device)
            time_s = torch.tensor([frame.time_s], dtype=torch.float64, device=device)
            particles = particle_planes(torch.tensor([seed], device=device), time_s, *padded_size(height, width))
            target = teach(world, source, noise, particles, time_s, worlds=worlds)
            picture = (target[0].permute(1, 2, 0)[:height, :width].clamp(0, 1) * 255).round().to(torch.uint8)
        yield replace(frame, rgb=picture.cpu().numpy())


Panels = dict[str, tuple[np.ndarray, np.ndarray]]
"""World -> the last compared picture of the teacher and of the stream."""


def run_clip(
    findings: Findings,
    performer: Performer,
    clip: Clip,
    wordings: Sequence[tuple[str, str]],
    device: str = "cpu",
    worlds: Mapping[str, World] = WORLDS,
) -> Panels:
    """Run a clip under (world, wording) pairs and append the figures to `findings`; returns the last pictures."""
    targets = {
        world: _every_third([f.rgb for f in teacher_frames(world, clip.frames, performer.seed, device, worlds)])
        for world in findings.worlds
    }
    looks = torch.stack([measures.local_statistics(to_float(pictures)) for pictures in targets.values()])
    findings.teachers.append(torch.stack([_distances(look, looks) for look in looks]))
    panels: Panels = {}
    for world, wording in wordings:
        made = _every_third(perform(performer, clip, wording))
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


def _every_third(pictures: list[np.ndarray]) -> list[np.ndarray]:
    return pictures[COMPARED_EVERY - 1 :: COMPARED_EVERY] or pictures[-1:]


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
    """Hold the clip's first frame under each world's first wording and append motion and flicker to `findings`."""
    still = clip.still()
    lag = max(1, sum(0 < frame.time_s <= MOTION_S + 1e-6 for frame in still.frames))
    for world, wordings in prompts.items():
        made = to_float(perform(performer, still, wordings[0]))
        teacher = to_float(frame.rgb for frame in teacher_frames(world, still.frames, performer.seed, device, worlds))
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
    chosen: Sequence[str] = tuple(MEASURES),
    max_runs: int = 220,
    sheet: Path | None = None,
    device: str = "cpu",
    worlds: Mapping[str, World] = WORLDS,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate a performer; returns what `eval --json` writes.

    clips: videos and pictures. prompts: world -> wordings. frames: per clip, at least 2. size: (width, height) in
    pixels. chosen: names of MEASURES. max_runs: of (clip, world, wording), see `choose`. sheet: where the contact sheet
    goes. device: where the teachers run. worlds: the teachers, by name, with whose pictures each is compared. progress:
    called with runs done and runs in all. Raises ValueError where nothing can be run.
    """
    _check(frames, chosen, max_runs)
    started = time.monotonic()
    findings = Findings({name: WorldTraits(world.random, world.moving) for name, world in worlds.items()})
    planned = choose(len(clips), prompts, max_runs)
    numbers = sorted({clip for clip, _, _ in planned})
    with_stills = bool({"flicker", "motion"} & set(chosen))
    still_numbers = {numbers[i] for i in _spread(len(numbers), STILL_CLIPS if with_stills else 0)}
    total, done = len(planned) + len(still_numbers) * len(prompts), 0
    skipped: list[dict[str, str]] = []
    rows: list[tuple[Clip, Panels]] = []
    for number in numbers:
        pairs = [(world, wording) for clip, world, wording in planned if clip == number]
        try:
            clip = read_clip(clips[number], frames, size)
        except MediaError as error:
            skipped.append({"file": clips[number].name, "why": str(error)})
        else:
            rows.append((clip, run_clip(findings, performer, clip, pairs, device, worlds)))
            if len({still.clip for still in findings.stills}) < sum(other <= number for other in still_numbers):
                run_still(findings, performer, clip, prompts, device, worlds)
        done += len(pairs) + (len(prompts) if number in still_numbers else 0)
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
        "compared_every": COMPARED_EVERY,
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
    """Save a contact sheet of a few clips, spread evenly: the camera's picture, then each world, teacher above stream.

    rows: clips with their panels. Returns `path`.
    """
    pictures, labels = [], []
    shown = [rows[i] for i in _spread(len(rows), SHEET_CLIPS)]
    worlds = list(shown[0][1])
    for clip, panels in shown:
        camera = _every_third([frame.rgb for frame in clip.frames])[-1]
        pictures.append([camera, *(panels[world][0] for world in worlds)])
        pictures.append([camera, *(panels[world][1] for world in worlds)])
        labels += [f"{clip.name}: the teacher", f"{clip.name}: the stream"]
    return contact_sheet(pictures, path, labels, ["camera", *worlds], width=200)
