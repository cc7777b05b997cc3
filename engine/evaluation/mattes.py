"""Are the mattes good? People, clean plate and chroma key, each against shots whose alpha is exact (shots.py).

Footage is needed: `python -m engine mattes FOOTAGE`. Nothing of it is kept but figures and a contact sheet.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.compositing.chroma import ChromaMatter, ChromaSettings, picked
from engine.compositing.mattes import cast_colours
from engine.compositing.person import PersonMatter
from engine.compositing.presence import MOVED, CleanPlateMatter
from engine.compositing.segmenter import Segmenter
from engine.evaluation.alphas import MEASURES, mean_error
from engine.evaluation.drawn import DrawnPerson
from engine.evaluation.keyed import PEOPLE, keyed
from engine.evaluation.shots import FPS, PORTRAITS, Moment, bumped, moved, person_shots, screen_shot, still_shot
from engine.media.pictures import contact_sheet, read_picture
from engine.media.video import open_source

Advance = Callable[[int, "int | None"], None]
Size = tuple[int, int]
"""Width and height in pixels."""

BETTER = 0.3
"""Share by which each of a person matte's figures must be below the upsampled mask's."""
HALF = 0.5
"""Share of the segmenter's alpha error that the clean plate may leave."""
SOLID = 0.9
"""Mean alpha that held things must have."""
NOTICED_S = 1.0
KEYED_ERROR = 0.02
STILL_SHOTS = 5
SHEET = (
    "dev/asl-sign-book.mp4",
    "train/asl-sign-again.mp4",
    "dev/head-pose-man.mp4",
    "dev/foreman-cif.mp4",
    "dev/man-expressions-webcam-a.mp4",
    "dev/hand-counts-fingers.mp4",
    "dev/pouring-coffee-into-blue-cup.mp4",
    "train/head-pose-man-and-woman.mp4",
    "train/woman-thumbs-up.mp4",
    "train/woman-dances-white-room.mp4",
)
"""Signers, faces, a low light, a hand alone, a held object, two people, a dark room, a whole body."""
BEHIND = (70, 110, 190)
"""The colour behind the cast on the sheet."""


class RawMask:
    """The segmenter's mask enlarged, and nothing else: what every matte has to be better than."""

    def __init__(self) -> None:
        self._segmenter = Segmenter()

    def matte(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (H, W) float32 0..1."""
        size = (self._segmenter.width, self._segmenter.height)
        mask = self._segmenter(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)
        return np.asarray(cv2.resize(mask, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR))


def try_people(footage: Path, size: Size, frames: int, seed: int, advance: Advance) -> dict[str, Any]:
    """Keyed and drawn people before rooms: the three measures of the matte and of the raw mask, and the gain."""
    raw, matter = RawMask(), PersonMatter()
    rows: list[dict[str, Any]] = []
    for number, (name, moments) in enumerate(person_shots(footage, size, frames, seed), start=1):
        matter.reset()
        truth = [moment.alpha for moment in moments]
        ours = [_float(matter.matte(moment.rgb, moment.time_s)) for moment in moments]
        theirs = [raw.matte(moment.rgb) for moment in moments]
        figures = {each: (measure(ours, truth), measure(theirs, truth)) for each, measure in MEASURES.items()}
        rows.append({"shot": name} | {each: [round(v, 3) for v in pair] for each, pair in figures.items()})
        advance(number, None)
    gains = {each: 1 - sum(r[each][0] for r in rows) / sum(r[each][1] for r in rows) for each in MEASURES}
    return {"gains": {each: round(gain, 3) for each, gain in gains.items()}, "wanted": BETTER, "rows": rows}


def try_clean_plate(footage: Path, size: Size, frames: int, seed: int, advance: Advance) -> dict[str, Any]:
    """People, boxes and hands before a still camera: alpha error beside the raw mask's, held things, and a push."""
    raw = RawMask()
    rows: list[dict[str, Any]] = []
    for number in range(STILL_SHOTS):
        empty, moments = still_shot(footage, size, frames, number, seed + number)
        matter = CleanPlateMatter()
        for rgb in empty:
            matter.learn(rgb)
        matter.finish()
        ours, alarms = [], 0
        for moment in moments:
            ours.append(_float(matter.matte(moment.rgb, moment.time_s)))
            alarms += matter.trouble is not None
        truth = [moment.alpha for moment in moments]
        held = [float(a[m.thing > 0.99].mean()) for a, m in zip(ours, moments, strict=True) if m.thing is not None]
        error, of_raw = mean_error(ours, truth), mean_error([raw.matte(m.rgb) for m in moments], truth)
        rows.append(
            {
                "shot": number,
                "error": round(error, 2),
                "of_raw_mask": round(error / of_raw, 3),
                "held": round(statistics.fmean(held), 3),
                "false_alarms": alarms,
                "push_noticed_s": _noticed(matter, moments[-1]),
            }
        )
        advance(number + 1, STILL_SHOTS)
    worst = {"of_raw_mask": max(r["of_raw_mask"] for r in rows), "held": min(r["held"] for r in rows)}
    late = max(r["push_noticed_s"] or 99.0 for r in rows)
    return worst | {"push_noticed_s": late, "wanted": [HALF, SOLID, NOTICED_S], "rows": rows}


def try_speed(size: Size, frames: int = 200) -> dict[str, Any]:
    """Milliseconds of each matter for one picture on one thread, p50 and p95, the first tenth left out."""
    width, height = size
    noise = np.random.default_rng(0).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    wall = cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC)
    plated = CleanPlateMatter()
    for _ in range(round(FPS)):
        plated.learn(wall)
    plated.finish()
    times = {}
    for name, matter in (("person", PersonMatter()), ("clean-plate", plated), ("chroma", ChromaMatter())):
        taken = []
        for frame in range(frames):
            rgb = wall.copy()
            x = round(width * (0.5 + 0.1 * np.sin(frame / 10)))
            cv2.ellipse(rgb, (x, height // 3), (height // 8, height // 6), 0, 0, 360, (205, 160, 130), cv2.FILLED)
            cv2.ellipse(rgb, (x, height), (height // 3, height // 2), 0, 0, 360, (60, 60, 150), cv2.FILLED)
            start = time.perf_counter()
            matter.matte(rgb, frame / FPS)
            taken.append(1000 * (time.perf_counter() - start))
        times[name] = [round(float(np.percentile(taken[frames // 10 :], share)), 2) for share in (50, 95)]
    return times


def _noticed(matter: CleanPlateMatter, last: Moment) -> float | None:
    """Seconds after which a push by three pixels is noticed; None where it is not within two seconds."""
    for frame in range(1, round(2 * FPS)):
        pushed = bumped(last, 3, last.time_s + frame / FPS)
        matter.matte(pushed.rgb, pushed.time_s)
        if matter.trouble == MOVED:
            return round(frame / FPS, 3)
    return None


def try_chroma(footage: Path, size: Size, seed: int, advance: Advance) -> dict[str, Any]:
    """Drawn and keyed people before a green screen with spill and noise: error inside, outside, and of strands."""
    width, height = size
    cast = {}
    for number, portrait in enumerate(PORTRAITS):
        person = DrawnPerson(read_picture(footage / portrait), (height, width), number)
        cast[f"drawn-{number}"] = [person.at(frame / 4) for frame in range(6)]
    for clip in PEOPLE[:1] + PEOPLE[3:6:2]:
        few = keyed(footage / clip, 12)[::4]
        cast[Path(clip).stem] = [moved(each, size, 0.86 * height / 216, width / 2, height) for each in few]
    rows = []
    for number, (name, figures) in enumerate(cast.items(), start=1):
        moments = screen_shot(figures, (60, 180, 75), seed)
        matter = ChromaMatter(ChromaSettings(picked(moments[0].rgb, 0.05, 0.1)))
        mattes = [_float(matter.matte(moment.rgb, moment.time_s)) for moment in moments]
        a, t = np.concatenate(mattes), np.concatenate([moment.alpha for moment in moments])
        thin = (t > 0.3) & (t < 0.7)
        row = {"inside": abs(a - t)[t == 1].mean(), "outside": abs(a - t)[t == 0].mean()}
        row |= {"all": abs(a - t).mean(), "strands": a[thin].mean() / t[thin].mean()}
        rows.append({"shot": name} | {each: round(float(value), 4) for each, value in row.items()})
        advance(number, len(cast))
    worst = {each: max(row[each] for row in rows) for each in ("inside", "outside")}
    return worst | {"strands": min(row["strands"] for row in rows), "wanted": KEYED_ERROR, "rows": rows}


def draw_sheet(footage: Path, path: Path, size: Size, clips: Sequence[str] = SHEET) -> Path:
    """Save a contact sheet of clips of the footage: camera, matte, and the cast before a plain colour, two moments."""
    pictures = []
    for clip in clips:
        matter, tiles = PersonMatter(), []
        for frame in itertools.islice(open_source(footage / clip, size), 46):
            alpha = matter.matte(frame.rgb, frame.time_s)
            if frame.index in (20, 45):
                share = _float(alpha)[..., None]
                cast = cast_colours(frame.rgb, alpha, matter.settings)
                tiles += [frame.rgb, np.repeat(alpha[..., None], 3, 2)]
                tiles.append((cast * share + np.array(BEHIND, np.float32) * (1 - share)).astype(np.uint8))
        pictures.append(tiles + [tiles[0] * 0] * (6 - len(tiles)))
    heads = ["camera", "matte", "cast"] * 2
    return contact_sheet(pictures, path, [Path(clip).stem for clip in clips], heads, width=240)


def _float(alpha: np.ndarray) -> np.ndarray:
    return alpha.astype(np.float32) / 255
