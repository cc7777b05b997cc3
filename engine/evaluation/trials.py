"""Trials of a stream that need more than a clip and its teacher: steps, speed, props, regions, places, size.

Each trial is a function of a `Stream` and clips, and returns what `eval` writes under the trial's name. Teachers get
the noise that the stream gets, as in `engine/evaluation/evaluate.py`.

Legend: T frames, H height, W width in pixels.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from engine.config import lsd_base
from engine.evaluation import measures
from engine.evaluation.clips import VIDEO_SUFFIXES, Clip, read_clip
from engine.evaluation.endurance import Progress, drift, rate, switch
from engine.evaluation.evaluate import evaluate, perform, taught, to_float
from engine.media.pictures import MediaError
from engine.models.particles import PARTICLE_KINDS
from engine.models.patches import pad_picture
from engine.stream import Stream
from engine.teachers.inputs import Set
from engine.teachers.people import Segmenter, person_mattes
from engine.teachers.places import PLACES
from engine.teachers.props import PROP_OF, Prop, become
from engine.teachers.wordings import THING_WORDINGS
from engine.teachers.wordings import wordings as wordings_of_worlds
from engine.teachers.worlds import WORLDS
from engine.types import Region

Wordings = Mapping[str, Sequence[str]]

BORDER_PX = 24
"""Pixels on either side of a region's edge that are not counted."""
PROP_SEED = 2**31
"""Props of the trial are drawn from seeds that training never uses."""


def wordings_of_things(split: str) -> dict[str, list[str]]:
    """Thing to texts of a split, `train` or `held_out`."""
    return wordings_of_worlds(split, THING_WORDINGS)


def steps(stream: Stream, clips: Sequence[Clip], wordings: Mapping[str, str], many: int = 16) -> dict[str, Any]:
    """One denoising step beside `many`, against the teachers of worlds without random content."""
    rows: dict[int, list[tuple[float, float, float]]] = {1: [], many: []}
    usual = stream.steps
    for count, found in rows.items():
        stream.steps = count
        for clip in clips:
            for world, wording in wordings.items():
                reference = to_float(f.rgb for f in taught(world, clip.frames, stream.seed))
                made = to_float(perform(stream, clip, wording))
                found.append(
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
    """The median time of a frame of (width, height) in so many denoising steps, the prompt folded in or not."""
    width, height = size
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    usual, fold = stream.steps, stream._fold
    stream.steps = steps
    if not folded:
        stream._fold = None
    stream.reset()
    stream.prompt("underwater")
    times = []
    for k in range(repeats + 2):
        start = time.perf_counter()
        stream.step(picture)
        if k >= 2:
            times.append(time.perf_counter() - start)
    stream.steps, stream._fold = usual, fold
    return statistics.median(times) * 1000


def speed(stream: Stream, size: tuple[int, int], base: Stream | None = None, frames: int = 12) -> dict[str, Any]:
    """How much faster one step of this stream is than sixteen of the unpruned model, and by what: one run, one machine.

    base: a stream of the unpruned model; by default its architecture with random weights, on which speed does not
    depend. The runtime's share is the prompt folded into the weights.
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


def props(
    stream: Stream, clips: Sequence[Clip], wordings: Wordings, takes: int = 3, seed: int = PROP_SEED
) -> dict[str, Any]:
    """Props that training never saw, drawn over clips: is what comes of each nearer to its thing than to any other?

    Candidates are all things of that kind of prop, and the prop as it is. Nearest is by colour and local contrast
    inside the prop's mask.
    """
    rows = []
    for number, (thing, texts) in enumerate(wordings.items()):
        for k in range(takes):
            clip = clips[(number * takes + k) % len(clips)]
            tall, wide = (-(-side // 16) * 16 for side in clip.frames[0].rgb.shape[:2])
            prop = Prop(PROP_OF[thing], tall, wide, np.random.default_rng([seed, number, k]))
            stream.reset()
            stream.prompt(texts[k % len(texts)])
            distances: dict[str, list[float]] = {}
            for frame in clip.frames:
                padded = pad_picture(torch.from_numpy(frame.rgb)).permute(2, 0, 1).float() / 255
                camera = torch.zeros(3, tall, wide)
                camera[:] = padded[:, :tall, :wide]
                drawn = prop.draw(camera, frame.time_s)
                height, width = frame.rgb.shape[:2]
                source = (drawn.picture.clamp(0, 1) * 255).round()
                shot = source[:, :height, :width].permute(1, 2, 0).byte().numpy()
                made = to_float([stream.step(shot, frame.time_s, frame.index)])[0]
                if frame.index < len(clip.frames) // 2 or float(drawn.mask.sum()) < 100:
                    continue
                mask = drawn.mask[:, :height, :width]
                others = {t: become(t, source / 255, drawn, frame.time_s) for t, p in PROP_OF.items() if p == prop.kind}
                for name, picture in {**others, "as it is": source / 255}.items():
                    distances.setdefault(name, []).append(_inside(made, picture[:, :height, :width], mask))
            if distances:
                means = {name: statistics.fmean(values) for name, values in distances.items()}
                rows.append({"thing": thing, "nearest": min(means, key=means.__getitem__), "clip": clip.name})
    right = {thing: [r["nearest"] == thing for r in rows if r["thing"] == thing] for thing in wordings}
    return {
        "adherence": statistics.fmean(row["nearest"] == row["thing"] for row in rows),
        "per_thing": {thing: statistics.fmean(hits) for thing, hits in right.items() if hits},
        "mistaken": [row for row in rows if row["nearest"] != row["thing"]],
        "takes": len(rows),
    }


def _inside(made: Tensor, reference: Tensor, mask: Tensor) -> float:
    """Mean absolute difference of colour within a soft mask, after a blur of 3 px that forgives a pixel's shift."""
    difference = torch.nn.functional.avg_pool2d((made - reference)[None], 3, 1, 1)[0].abs()
    return float((difference * mask).sum() / (3 * mask.sum()).clamp(min=1e-6))


def regions(stream: Stream, clips: Sequence[Clip], wordings: Mapping[str, str]) -> dict[str, Any]:
    """A world in one half and `as it is` in the other: the camera's picture stays there, by the network itself."""
    rows: list[dict[str, Any]] = []
    for number, (world, wording) in enumerate(wordings.items()):
        clip = clips[number % len(clips)]
        height, width = clip.frames[0].rgb.shape[:2]
        x = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, 0)
        mask = (x < 0.5).astype(np.float32) if number % 2 == 0 else (x >= 0.5).astype(np.float32)
        away = np.abs(x - 0.5) * width > BORDER_PX
        stream.reset()
        stream.prompt([Region(wording, mask), Region("as it is", 1 - mask)])
        made = to_float(stream.step(f.rgb, f.time_s, f.index) for f in clip.frames)
        camera = to_float(f.rgb for f in clip.frames)
        reference = to_float(f.rgb for f in taught(world, clip.frames, stream.seed))
        outside, inside = (torch.from_numpy((m > 0.5) & away) for m in (1 - mask, mask))
        rows.append(
            {
                "world": world,
                "outside_psnr_db": _psnr_where(made, camera, outside),
                "inside_psnr_db": _psnr_where(made, reference, inside),
                "inside_from_camera_db": _psnr_where(made, camera, inside),
            }
        )
    return {
        "outside_psnr_db": statistics.fmean(row["outside_psnr_db"] for row in rows),
        "outside_psnr_db_least": min(row["outside_psnr_db"] for row in rows),
        "inside_nearer_to_world": statistics.fmean(r["inside_psnr_db"] > r["inside_from_camera_db"] for r in rows),
        "rows": rows,
    }


def _psnr_where(a: Tensor, b: Tensor, where: Tensor) -> float:
    error = (a - b).square().mean(1)[:, where].mean()
    return float(-10 * error.clamp(min=measures.QUANTISATION_MSE).log10())


def structure(clips: Sequence[Clip], worlds: Iterable[str] = tuple(WORLDS), seed: int = 0) -> dict[str, float]:
    """How much of a teacher's detail no change of colours could explain, 0 to 1: its structure.

    The best quadratic map from a pixel's colour to the teacher's is taken away; what is left of the Laplacian's
    variance is the world's own drawing.
    """
    shares: dict[str, list[float]] = {}
    for clip in clips:
        camera = to_float([clip.frames[-1].rgb])
        red, green, blue = camera[0].flatten(1)
        terms = [
            torch.ones_like(red),
            red,
            green,
            blue,
            red**2,
            green**2,
            blue**2,
            red * green,
            green * blue,
            blue * red,
        ]
        basis = torch.stack(terms, 1)
        for world in worlds:
            picture = to_float([list(taught(world, clip.frames, seed))[-1].rgb])
            fitted = basis @ torch.linalg.lstsq(basis, picture[0].flatten(1).T).solution
            rest = picture - fitted.T.view_as(picture[0])[None]
            share = measures.sharpness(rest) / measures.sharpness(picture).clamp(min=1e-9)
            shares.setdefault(world, []).append(min(float(share), 1.0))
    return {world: statistics.fmean(values) for world, values in shares.items()}


TRIALS = (
    "trained",
    "switch",
    "few_steps",
    "speed",
    "props",
    "regions",
    "film",
    "rate",
    "structure",
    "text",
    "places",
    "drift",
)
FILM = (1280, 704)
SWITCHES = (
    ("underwater", "wild-west"),
    ("pencil", "neon-rain"),
    ("deep-space", "snowfall"),
    ("cartoon", "golden-rome"),
    ("film-noir", "oil-painting"),
)
DRIFTERS = ("underwater", "neon-rain", "cartoon")


def hold(
    stream: Stream,
    names: Sequence[str],
    paths: Sequence[Path],
    wordings: Wordings,
    *,
    size: tuple[int, int],
    frames: int = 24,
    drift_frames: int = 10_000,
    drift_worlds: Sequence[str] = DRIFTERS,
    base: Stream | None = None,
    teachers: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The named trials, on a few clips spread over `paths`; results by name.

    wordings: texts for each world. base: the unpruned model, for `speed`. teachers: the folder of the person segmenter,
    without which `places` says that it was not measured. Raises ValueError for an unknown trial, and where no clip can
    be read.
    """
    unknown = [name for name in names if name not in TRIALS]
    if unknown:
        raise ValueError(f"no trial {', '.join(unknown)}; there are {', '.join(TRIALS)}")
    kinds = {name: world for name, world in WORLDS.items() if name in wordings}
    first = {world: wordings[world][0] for world in kinds if world != "as-is"}
    fixed = {world: text for world, text in first.items() if not kinds[world].random}
    moving = {world: text for world, text in first.items() if kinds[world].moving}
    clips = _some(paths, 4, frames, size)
    results: dict[str, Any] = {}
    for name in names:
        started = time.monotonic()
        if name == "drift":
            chosen = {world: first[world] for world in drift_worlds if world in first}
            results[name] = drift(stream, clips[0], chosen, drift_frames, progress)
        elif name == "trained":
            texts = {world: lines for world, lines in wordings_of_worlds("train").items() if world in kinds}
            report = evaluate(
                stream, paths, texts, frames=frames, size=size, chosen=("adherence",), max_runs=2 * len(texts)
            )
            results[name] = {key: report[key] for key in ("adherence", "per_world", "mistaken", "pairs")}
        elif name == "places":
            results[name] = _places(stream, clips, teachers)
        elif name == "switch":
            pairs = [((a, first[a]), (b, first[b])) for a, b in SWITCHES if a in first and b in first]
            results[name] = switch(stream, clips[0], pairs)
        elif name == "few_steps":
            results[name] = steps(stream, [_cut(clips[0], 8)], dict(list(fixed.items())[::2]))
        elif name == "speed":
            results[name] = speed(stream, size, base)
        elif name == "props":
            texts = wordings_of_things("held_out")
            known = {thing: texts[thing] for thing in stream.vocabulary.things if thing in texts}
            results[name] = props(stream, [_cut(clip, 12) for clip in clips], known)
        elif name == "regions":
            results[name] = regions(stream, [_cut(clip, 10) for clip in clips], dict(list(first.items())[::3]))
        elif name == "film":
            results[name] = _film(stream, paths, {world: [text] for world, text in first.items()})
        elif name == "rate":
            results[name] = rate(stream, clips[0], moving)
        elif name == "structure":
            results[name] = structure([_cut(clip, 2) for clip in clips])
        else:
            results[name] = _text(stream)
        results[name] = _rounded(results[name] | {"seconds": time.monotonic() - started})
    return results


def _some(paths: Sequence[Path], count: int, frames: int, size: tuple[int, int]) -> list[Clip]:
    """The first readable of paths, videos before stills, spread evenly."""
    videos = [path for path in paths if path.suffix.lower() in VIDEO_SUFFIXES]
    ordered = videos or list(paths)
    order = [ordered[i * len(ordered) // min(count, len(ordered))] for i in range(min(count, len(ordered)))]
    clips: list[Clip] = []
    for path in [*order, *(p for p in paths if p not in order)]:
        if len(clips) == count:
            break
        try:
            clips.append(read_clip(path, frames, size))
        except MediaError:
            continue  # `evaluate` names what it had to skip
    if not clips:
        raise ValueError("no clip could be read; give a folder of videos or pictures")
    return clips


def _cut(clip: Clip, frames: int) -> Clip:
    return replace(clip, frames=clip.frames[:frames])


def _film(stream: Stream, paths: Sequence[Path], wordings: Wordings) -> dict[str, Any]:
    report = evaluate(
        stream, paths, wordings, frames=6, size=FILM, chosen=("adherence", "sharpness"), max_runs=2 * len(wordings)
    )
    names = ("adherence", "per_world", "sharpness_ratio", "detail_correlation", "pairs", "size")
    return {name: report[name] for name in names}


def _places(stream: Stream, clips: Sequence[Clip], teachers: Path | None) -> dict[str, Any]:
    """People put into drawn places: is the picture nearer to its place than to any world, and is the person there?"""
    if teachers is None:
        return {"not_measured": "people are found by the segmenter; give its folder with --teachers"}
    segmenter = Segmenter(teachers)
    rows: list[dict[str, Any]] = []
    texts = {
        place: lines[0] for place, lines in wordings_of_worlds("held_out").items() if place in stream.vocabulary.worlds
    }
    for clip in clips:
        mattes = person_mattes([Image.fromarray(frame.rgb) for frame in clip.frames], segmenter)
        if mattes is None:
            continue
        last = clip.frames[-1]
        height, width = last.rgb.shape[:2]
        matte = torch.from_numpy(np.array(mattes[-1].resize((width, height)))).float()[None, None] / 255
        source = to_float([last.rgb])
        clock = torch.tensor([last.time_s], dtype=torch.float64)
        scene = Set(source, torch.zeros_like(source), source.new_zeros(1, len(PARTICLE_KINDS), height, width), clock)
        looks = {place: paint(scene, matte).clamp(0, 1) for place, paint in PLACES.items()}
        looks |= {world: to_float([list(taught(world, clip.frames, stream.seed))[-1].rgb]) for world in WORLDS}
        statistics_ = {name: measures.local_statistics(picture) for name, picture in looks.items()}
        for place in PLACES:
            made = to_float(perform(stream, clip, texts[place])[-1:])
            look = measures.local_statistics(made)
            near = min(looks, key=lambda name: float(measures.world_distance(look, statistics_[name])))
            person = matte[0, 0] > 0.9
            rows.append(
                {
                    "place": place,
                    "clip": clip.name,
                    "nearest": near,
                    "person_psnr_db": _psnr_where(made, looks[place], person),
                    "set_psnr_db": _psnr_where(made, looks[place], matte[0, 0] < 0.1),
                }
            )
    if not rows:
        return {"not_measured": "no clip shows a person whom the segmenter is sure of"}
    return {
        "adherence": statistics.fmean(row["nearest"] == row["place"] for row in rows),
        "person_psnr_db": statistics.fmean(row["person_psnr_db"] for row in rows),
        "set_psnr_db": statistics.fmean(row["set_psnr_db"] for row in rows),
        "rows": rows,
    }


def _text(stream: Stream) -> dict[str, Any]:
    """Whether wordings land on their world or thing, by split, and how near free text is to anything known."""
    report: dict[str, Any] = {}
    for split in ("train", "held_out"):
        right = []
        for kind, texts in (("world", wordings_of_worlds(split)), ("thing", wordings_of_things(split))):
            for name, lines in texts.items():
                if name not in (*stream.vocabulary.worlds, *stream.vocabulary.things):
                    continue
                for line in lines:
                    shares = dict(stream.nearest(line))
                    things = {t: shares.get(t, 0.0) for t in stream.vocabulary.things}
                    worlds = {w: shares.get(w, 0.0) for w in stream.vocabulary.worlds}
                    best = max(worlds if kind == "world" else things, key=(worlds if kind == "world" else things).get)  # type: ignore[arg-type]
                    right.append(best == name)
        report[split] = statistics.fmean(right)
    report["how_near"] = {text: stream.how_near(text)[1] for text in ("under the sea", "quarterly tax return")}
    return report


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value
