"""Shots whose alpha is exact: keyed and drawn people, hands and held things before other backgrounds, with noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.evaluation.drawn import DrawnPerson
from engine.evaluation.keyed import HAND, PEOPLE, Figure, keyed
from engine.media.pictures import read_picture
from engine.media.video import open_source

FPS = 24.0
ROOMS = ("apartment", "lab", "lobby", "workshop", "hall")
"""Backgrounds: the first picture of `train/hdri-pan-*.mp4`, photographed rooms without a person."""
PORTRAITS = ("dev/london-face-009-smiling.jpg", "dev/london-face-042-smiling.jpg", "dev/london-face-124-neutral.jpg")
READ_NOISE, SHOT_NOISE = 2.0, 0.25
"""Of the camera: standard deviation in 8-bit steps in the dark, and its growth with the root of the brightness."""


@dataclass(frozen=True)
class Moment:
    """A frame and its truth."""

    rgb: np.ndarray
    """(H, W, 3) uint8, with the camera's noise."""
    alpha: np.ndarray
    """(H, W) float32, 0 to 1."""
    time_s: float
    thing: np.ndarray | None = None
    """(H, W) float32: of the alpha, what is neither person nor hand."""


def room(footage: Path, name: str, size: tuple[int, int]) -> np.ndarray:
    """An empty room of ROOMS, (height, width, 3) float32. size: (width, height). Raises FileNotFoundError."""
    path = footage / "train" / f"hdri-pan-{name}.mp4"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; give the folder of footage that holds dev and train")
    return next(iter(open_source(path, size))).rgb.astype(np.float32)


def with_noise(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a camera makes of light (H, W, 3) float32 in 8-bit steps: uint8, with the noise of small sensors."""
    deviation = READ_NOISE + SHOT_NOISE * np.sqrt(np.maximum(picture, 0))
    noisy = picture + deviation * rng.standard_normal(picture.shape, np.float32)
    return np.clip(noisy + 0.5, 0, 255).astype(np.uint8)


def moved(figure: Figure, size: tuple[int, int], scale: float, x: float, y: float) -> Figure:
    """A figure enlarged and put with its lower edge's middle at (x, y) px of a picture of (width, height)."""
    height, width = figure.alpha.shape
    matrix = np.array([[scale, 0, x - scale * width / 2], [0, scale, y - scale * height]], np.float32)
    light, alpha = (cv2.warpAffine(a, matrix, size, flags=cv2.INTER_LINEAR) for a in (figure.light, figure.alpha))
    return Figure(np.asarray(light), np.asarray(alpha))


def sway(time_s: float, phase: float) -> float:
    """A person's place across the picture, -1 to 1: slow, with a quick step in the second second."""
    quick = np.clip((time_s - 1.2) * 4, 0, 1) - np.clip((time_s - 1.7) * 4, 0, 1)
    return float(0.5 * np.sin(1.3 * time_s + phase) + 0.5 * quick)


def person_shots(footage: Path, size: tuple[int, int], frames: int, seed: int) -> Iterator[tuple[str, list[Moment]]]:
    """People before rooms, name by name: those of PEOPLE, then drawn ones. size: (width, height) in pixels."""
    width, height = size
    rng = np.random.default_rng(seed)
    for number, clip in enumerate(PEOPLE):
        figures = keyed(footage / clip, frames)
        behind = room(footage, ROOMS[number % len(ROOMS)], size)

        def placed(frame: int, figures: list[Figure] = figures, phase: float = float(number)) -> Figure:
            x = width * (0.5 + 0.08 * sway(frame / FPS, phase))
            return moved(figures[min(frame, len(figures) - 1)], size, 0.86 * height / 216, x, height)

        yield Path(clip).stem, shot(placed, behind, frames, rng)
    for number, portrait in enumerate(PORTRAITS):
        if not (footage / portrait).is_file():
            raise FileNotFoundError(f"{footage / portrait} is missing; give the folder that holds dev and train")
        person = DrawnPerson(read_picture(footage / portrait), (height, width), number)
        behind = room(footage, ROOMS[(number + 2) % len(ROOMS)], size)
        drawn = [person.at(frame / FPS) for frame in range(frames)]
        yield f"drawn-{number}", shot(drawn.__getitem__, behind, frames, rng)


def shot(figure_at: Callable[[int], Figure], behind: np.ndarray, frames: int, rng: np.random.Generator) -> list[Moment]:
    """Frames of a figure before a background that stands still."""
    moments = []
    for frame in range(frames):
        figure = figure_at(frame)
        picture = figure.light + (1 - figure.alpha[..., None]) * behind
        moments.append(Moment(with_noise(picture, rng), figure.alpha, frame / FPS))
    return moments


def still_shot(
    footage: Path, size: tuple[int, int], frames: int, number: int, seed: int
) -> tuple[list[np.ndarray], list[Moment]]:
    """A second of an empty room, then somebody with a box and a hand before the same camera; deterministic.

    The light grows by a tenth over the shot, the cast throws soft shadows on what is behind it. number: which room,
    person and box. Returns the empty pictures, and the shot.
    """
    width, height = size
    rng = np.random.default_rng(seed)
    behind = room(footage, ROOMS[number % len(ROOMS)], size)
    empty = [with_noise(behind, rng) for _ in range(round(FPS))]
    people = keyed(footage / PEOPLE[number % len(PEOPLE)], frames)
    hands = keyed(footage / HAND, frames)
    box = _box(rng, height)
    moments = []
    for frame in range(frames):
        time_s = frame / FPS
        x = width * (0.42 + 0.06 * sway(time_s, number))
        person = moved(people[min(frame, len(people) - 1)], size, 0.75 * height / 216, x, height)
        hand_x = width * (0.82 + 0.03 * np.sin(3 * time_s))
        hand = moved(hands[min(frame, len(hands) - 1)], size, 0.3 * height / 216, hand_x, 1.1 * height)
        lift = 0.04 * height * np.sin(2.2 * time_s)
        thing = moved(box, size, 1.0, x - 0.22 * width, 0.8 * height + lift)
        light, alpha, of_thing = person.light, person.alpha, np.zeros_like(person.alpha)
        for figure in (thing, hand):
            light = figure.light + (1 - figure.alpha[..., None]) * light
            alpha = figure.alpha + (1 - figure.alpha) * alpha
            of_thing = figure.alpha + (1 - figure.alpha) * of_thing
        shade = cv2.GaussianBlur(
            np.roll(alpha, (round(0.05 * height), round(0.06 * width)), (0, 1)), (0, 0), height / 24
        )
        dark = behind * (1 - 0.35 * shade[..., None])
        picture = (light + (1 - alpha[..., None]) * dark) * (1 + 0.1 * frame / frames)
        moments.append(Moment(with_noise(picture, rng), alpha, time_s, of_thing))
    return empty, moments


def bumped(moment: Moment, shift_px: int, time_s: float) -> Moment:
    """The same, a moment later, by a camera that was pushed sideways."""
    rgb = np.roll(moment.rgb, shift_px, 1)
    return Moment(rgb, np.roll(moment.alpha, shift_px, 1), time_s)


def _box(rng: np.random.Generator, height: int) -> Figure:
    """A printed cardboard box, half of the picture's height a side, with exact edges."""
    side = round(0.42 * height)
    tone = rng.uniform(50, 210, 3).astype(np.float32)
    colours = np.full((side, side, 3), tone, np.float32)
    colours[side // 5 : side // 3, side // 6 : -side // 6] = 255 - tone
    colours[side // 2 : -side // 6, side // 4 : side // 2] = tone * 0.5
    colours *= np.linspace(1.08, 0.92, side, dtype=np.float32)[:, None, None]
    alpha = np.ones((side, side), np.float32)
    return Figure(np.pad(colours, ((2, 2), (2, 2), (0, 0))), np.pad(alpha, 2))


def screen_shot(figures: list[Figure], colour: tuple[int, int, int], seed: int) -> list[Moment]:
    """Figures before a screen of a colour, lit by a fifth less in the corners, whose light falls on them (spill)."""
    rng = np.random.default_rng(seed)
    height, width = figures[0].alpha.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    screen = np.array(colour, np.float32) * (1 - 0.1 * (x * x + y * y))[..., None]
    moments = []
    for frame, figure in enumerate(figures):
        share = figure.alpha[..., None]
        around = cv2.GaussianBlur(1 - figure.alpha, (0, 0), height / 18)[..., None]
        picture = figure.light + share * screen * (0.03 + 0.15 * around) + (1 - share) * screen
        moments.append(Moment(with_noise(picture, rng), figure.alpha, frame / FPS))
    return moments
