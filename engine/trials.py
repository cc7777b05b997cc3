"""Trials of a stream that need more than a clip and its teacher: does it last, switch, hold its size and its rate?

Each trial is a function of a `Stream` and clips, and returns what `eval` writes under the trial's name. Teachers get
the noise that the stream gets, as in `engine/evaluate.py`.

Legend: T frames, H height, W width in pixels.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine import measures
from engine.clips import VIDEO_SUFFIXES, Clip, read_clip
from engine.config import lsd_base
from engine.evaluate import evaluate, perform, taught, to_float
from engine.pictures import MediaError
from engine.stream import Stream, pad_picture
from engine.training.props import PROP_OF, Prop, become
from engine.training.router import THING_WORDINGS
from engine.training.router import wordings as wordings_of_worlds
from engine.training.worlds import WORLDS
from engine.types import Frame, Region

Progress = Callable[[int, int], None]
Wordings = Mapping[str, Sequence[str]]

ENDS = 0.15
"""Share of a long run that counts as its beginning, and as its end."""
POINTS = 300
"""Points of a curve in the JSON."""
STEADY = 6
"""Frames at the end of a switch that count as the new world, and the most that it may take to get there."""
NEAR = 1.35
"""Reached is a distance to the new world's teacher of at most this times what remains in the end."""
LEEWAY = 0.1
"""By this share a frame's mean luminance may leave the band between two worlds before it is a flash."""
BORDER_PX = 24
"""Pixels on either side of a region's edge that are not counted."""
PROP_SEED = 2**31
"""Props of the trial are drawn from seeds that training never uses."""


def back_and_forth(frames: Sequence[Frame], fps: float = 24.0) -> Iterator[Frame]:
    """A clip without end, played forward and backward, on a clock of its own."""
    order = [*frames, *reversed(frames[1:-1])]
    for index, frame in enumerate(itertools.cycle(order)):
        yield Frame(frame.rgb, index, index / fps)


def wordings_of_things(split: str) -> dict[str, list[str]]:
    """Thing to texts of a split, `train` or `held_out`."""
    return wordings_of_worlds(split, THING_WORDINGS)


def drift(
    stream: Stream, clip: Clip, wordings: Mapping[str, str], frames: int = 10_000, progress: Progress | None = None
) -> dict[str, Any]:
    """One clip, for ever: the vital signs of the last part of the run over those of the first, world by world.

    wordings: a text for each world to try. Also the correlation of what changes in the picture with what changes in the
    camera's, at both ends: a stream that has collapsed no longer moves with its input.
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
        count = max(1, round(len(follows) * ENDS))
        first, last = ({name: statistics.fmean(part(v)) for name, v in signs.items()} for part in _ends(count))
        worlds[world] = {
            "wording": wording,
            "first": first,
            "last": last,
            "change": {name: last[name] / max(first[name], _FLOORS.get(name, 1e-6)) - 1 for name in first},
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
        changes.append(torch.nn.functional.avg_pool2d(change, 8).flatten())
    x, y = (change - change.mean() for change in changes)
    return float((x * y).sum() / (x.norm() * y.norm()).clamp(min=1e-9))


def _thinned(values: list[float]) -> list[float]:
    """At most POINTS means of neighbours."""
    size = -(-len(values) // POINTS)
    return [round(statistics.fmean(values[i : i + size]), 5) for i in range(0, len(values), size)]


def switch(stream: Stream, clip: Clip, pairs: Sequence[tuple[tuple[str, str], tuple[str, str]]]) -> dict[str, Any]:
    """From one world to the next by a cut of the prompt: frames until it is reached, and whether it flashes.

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
            reference = to_float(f.rgb for f in taught(world, frames[cut:], stream.seed))
            distances[world] = measures_apart(looks, measures.local_statistics(reference))
        steady = float(distances[new][-STEADY:].mean())
        reached = (distances[new] <= distances[old]) & (distances[new] <= NEAR * steady + 1e-3)
        took = next((k for k in range(len(reached)) if bool(reached[k])), len(reached))
        luminance = measures.luma(pictures).mean((1, 2, 3))
        before, after = luminance[cut - STEADY : cut], luminance[-STEADY:]
        low, high = float(torch.cat([before, after]).min()), float(torch.cat([before, after]).max())
        shown = luminance[cut:]
        out = max(float(shown.max()) / max(high, 0.02) - 1, 1 - float(shown.min()) / max(low, 0.02), 0.0)
        rows.append({"from": old, "to": new, "frames": took, "leaves_band": out, "flash": out > LEEWAY})
    return {
        "pairs": rows,
        "frames_most": max(row["frames"] for row in rows),
        "frames_mean": statistics.fmean(row["frames"] for row in rows),
        "flashes": sum(row["flash"] for row in rows),
        "within_six": statistics.fmean(row["frames"] <= STEADY for row in rows),
    }


def measures_apart(looks: Tensor, others: Tensor) -> Tensor:
    """Distance of each frame's look to another's at the same time: (T,)."""
    return torch.stack([measures.world_distance(a[None], b[None]) for a, b in zip(looks, others, strict=True)])


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


def speed(stream: Stream, size: tuple[int, int], base: Stream | None = None, frames: int = 12) -> dict[str, Any]:
    """How much faster one step of this stream is than sixteen of the unpruned model, and by what: one run, one machine.

    base: a stream of the unpruned model; by default its architecture with random weights, on which speed does not
    depend. The runtime's share is the prompt folded into the weights.
    """
    width, height = size
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    large = base or Stream.from_config(lsd_base(), device=stream.setup.device, threads=stream.setup.threads)

    def taken_ms(timed: Stream, count: int, folded: bool, repeats: int) -> float:
        usual, fold = timed.steps, timed._fold
        timed.steps = count
        if not folded:
            timed._fold = None
        timed.reset()
        timed.prompt("underwater")
        times = []
        for k in range(repeats + 2):
            start = time.perf_counter()
            timed.step(picture)
            if k >= 2:
                times.append(time.perf_counter() - start)
        timed.steps, timed._fold = usual, fold
        return statistics.median(times) * 1000

    sixteen = taken_ms(large, 16, False, 3)
    one = taken_ms(large, 1, False, frames)
    pruned = taken_ms(stream, 1, False, frames)
    shipped = taken_ms(stream, 1, True, frames)
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


def rate(stream: Stream, clip: Clip, wordings: Mapping[str, str]) -> dict[str, Any]:
    """Own motion at 12 frames a second over that at 24, on a held picture, over the same time: 1 is the same speed."""
    ratios = {}
    for world, wording in wordings.items():
        energy = []
        for fps in (24, 12):
            frames = tuple(Frame(clip.frames[0].rgb, k, k / fps) for k in range(2 * fps))
            made = to_float(perform(stream, replace(clip, frames=frames), wording))[fps // 2 :]
            energy.append(float(measures.motion_energy(made, fps // 6).mean()))  # over a sixth of a second
        ratios[world] = energy[1] / max(energy[0], 1e-9)
    return {"ratio": statistics.fmean(ratios.values()), "per_world": ratios}


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


TRIALS = ("switch", "few_steps", "speed", "props", "regions", "film", "rate", "structure", "text", "drift")
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
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The named trials, on a few clips spread over `paths`; results by name.

    wordings: texts for each world. Raises ValueError for an unknown trial, and where no clip can be read.
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
        elif name == "switch":
            pairs = [((a, first[a]), (b, first[b])) for a, b in SWITCHES if a in first and b in first]
            results[name] = switch(stream, clips[0], pairs)
        elif name == "few_steps":
            results[name] = steps(stream, [_cut(clips[0], 8)], dict(list(fixed.items())[::2]))
        elif name == "speed":
            results[name] = speed(stream, size, base)
        elif name == "props":
            texts = wordings_of_things("held_out")
            known = {thing: texts[thing] for thing in stream.things if thing in texts}
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


def _text(stream: Stream) -> dict[str, Any]:
    """Whether wordings land on their world or thing, by split, and how near free text is to anything known."""
    report: dict[str, Any] = {}
    for split in ("train", "held_out"):
        right = []
        for kind, texts in (("world", wordings_of_worlds(split)), ("thing", wordings_of_things(split))):
            for name, lines in texts.items():
                if name not in (*stream.worlds, *stream.things):
                    continue
                for line in lines:
                    shares = dict(stream.nearest(line))
                    things = {t: shares.get(t, 0.0) for t in stream.things}
                    worlds = {w: shares.get(w, 0.0) for w in stream.worlds}
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
