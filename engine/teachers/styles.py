"""A look measured from pictures: three to thirty of a style become a teacher, `World("gauguin", pictures=[...])`.

What is measured, on each picture at about the size of a live one, and painted again by the brushes:

- **palette**: a table from the camera's colours to the style's, by sliced optimal transport (Pitié et al. 2007,
  "Automated colour grading using colour distribution transfer") in CIE L*a*b*, so that light stays lighter than dark;
- **stroke**: how large the patches are that the picture is flat in (Kuwahara's filter tells them from blur);
- **bristles**: how much fine texture lies in these patches, and how far it follows the forms (structure tensor);
- **lines**: how much darker than both sides contours are.

No network's features: a teacher paints every frame from some 24 px around each pixel, alike from frame to frame, and
seven thousand numbers learn it. What deep features add (whole motifs, Gatys et al. 2016, arXiv:1508.06576) is neither,
and no package that is kept up carries their weights in its wheel. So: colours, flatness, grain, contours; not what a
painter makes of a face, not composition, not how one thing is painted otherwise than another of the same colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import torch
from torch import Tensor

from engine.media.pictures import as_picture, read_picture
from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs

Picture: TypeAlias = str | Path | np.ndarray
"""A picture's file, or (H, W, 3) uint8 RGB."""

FEWEST, MOST = 3, 30
"""Pictures of a style: of fewer, what they show is taken for how; more add nothing."""
SIDE_PX, LEAST_PX = 512, 128
"""The longer side at which they are measured, about that of a live picture, and the least that one may have."""
TABLE = 13
"""Colours along each side of the table."""
COLOURS = 2048
"""Of each distribution that transport moves."""
SLICES, ROUNDS = 12, 20
"""Directions of a round of transport, and how many rounds."""
EVEN = 0.6
"""How far a style's colours are used alike, however much of the pictures each covers."""
NEAR = 24
"""Moved colours that an entry of the table is the mean of."""
STROKES_PX = (3, 5, 7, 9)
"""Kuwahara's windows that are tried; the first only tells flat patches from a photograph's."""
FLAT, TEXTURED = 0.9, 0.015
"""A picture is painted where its patches are flatter than that, see `_Marks.flat`, or have more texture."""
GRAIN, STREAKS = 0.35, 0.65
"""Coherence of the structure tensor of noise, and of strokes."""


@dataclass(frozen=True, eq=False)
class Style:
    """What was measured; `paint` is the teacher."""

    table: Tensor
    """(1, 3, 13, 13, 13) float32 RGB in 0..1: colours by the camera's blue, green and red."""
    palette: tuple[b.Colour, ...]
    """Five colours that stand for all, the most frequent first."""
    stroke_px: int
    """Across the patches that are of one colour; 1 for none, as in a photograph."""
    bristles: float
    """Standard deviation of the fine texture within the patches, of luma in 0..1."""
    along: float
    """How far that texture follows the forms: 0 grain, 1 streaks."""
    lines: float
    """How dark contours are drawn: 0 not at all, 1 black."""

    @classmethod
    def of(cls, pictures: Sequence[Picture], name: str = "this style") -> Style:
        """Measure pictures. name: in errors. Raises ValueError for too few, too many, too small or unreadable ones."""
        if isinstance(pictures, str | Path) or not isinstance(pictures, Sequence):
            raise ValueError(f"pictures of {name!r} are a list of files or arrays, not {pictures!r}")
        if not FEWEST <= len(pictures) <= MOST:
            raise ValueError(
                f"{len(pictures)} pictures of {name!r}; {FEWEST} to {MOST} are needed, of different things in one style"
            )
        rgbs = [_read(picture, n) for n, picture in enumerate(pictures, start=1)]
        colours = np.concatenate([_some(rgb, COLOURS // len(rgbs), seed=n) for n, rgb in enumerate(rgbs)])
        tensors = [torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255 for rgb in rgbs]
        measured = np.array([_Marks.of(picture).row for picture in tensors]).mean(0)
        bristles, along, lines, *flat = (float(value) for value in measured)
        painted = flat[0] < FLAT or bristles > TEXTURED
        stroke = STROKES_PX[1 + int(np.argmin(flat[1:]))] if painted else 1
        return cls(_table(colours), _palette(colours), stroke, bristles, along, lines)

    def __str__(self) -> str:
        inks = " ".join("#" + "".join(f"{round(255 * value):02x}" for value in colour) for colour in self.palette)
        texture = f"texture {self.bristles:.1%}, {self.along:.0%} along the forms"
        return f"palette {inks}; patches of {self.stroke_px} px; {texture}; contours {self.lines:.0%}"

    def paint(self, inputs: TeacherInputs) -> Tensor:
        """The camera's frame in this style, (B, 3, H, W) float32; see `World.paint`."""
        flat = inputs.source
        if self.stroke_px > 1:
            flat = b.kuwahara(b.kuwahara(flat, self.stroke_px), self.stroke_px)
        picture = b.by_table(flat, self.table.to(flat))
        height, width = inputs.size
        tooth = b.paper(height, width, flat)
        if self.bristles > 0:
            streaks = b.along(tooth, b.luminance(flat))
            grain = b.mix(tooth, streaks, self.along)
            picture = picture + self.bristles * grain
        ink = b.ink_lines(inputs.grey, 1.3, 0.012, 0.05)
        return (picture * (1 - self.lines * ink)).clamp(0, 1)


@dataclass(frozen=True)
class _Marks:
    """What the hand left in one picture."""

    bristles: float
    along: float
    lines: float
    flat: tuple[float, ...]
    """For each size of stroke: what Kuwahara's filter changes over what a blur of that size changes."""

    @property
    def row(self) -> list[float]:
        return [self.bristles, self.along, self.lines, *self.flat]

    @classmethod
    def of(cls, picture: Tensor) -> _Marks:
        """picture: (1, 3, H, W) float32 in 0..1."""
        grey = b.luminance(picture)
        fine = grey - b.gaussian(grey, 2.0)
        slope = b.edges(b.gaussian(grey, 2.5))
        calm = slope <= slope.median()
        bristles = float(fine[calm].square().mean().sqrt())
        rgb = np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())
        smooth = torch.from_numpy(cv2.bilateralFilter(rgb, 9, max(3 * bristles, 1e-3), 3.0)).permute(2, 0, 1)[None]
        flat = tuple(_changed(smooth, b.kuwahara(smooth, n)) / _changed(smooth, b.box(smooth, n)) for n in STROKES_PX)
        return cls(bristles, _coherence(fine, calm), _lines(b.luminance(smooth)), flat)


def _changed(before: Tensor, after: Tensor) -> float:
    return float((before - after).abs().mean()) + 1e-6


def _coherence(fine: Tensor, calm: Tensor) -> float:
    """Whether fine texture has a direction about each pixel: 0 for grain, 1 for streaks."""
    right, down = b.slopes(b.gaussian(fine, 0.8))
    xx, yy, xy = (b.gaussian(product, 3.0) for product in (right * right, down * down, right * down))
    coherence = ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy + 1e-9)
    return float(np.clip((float(coherence[calm].mean()) - GRAIN) / (STREAKS - GRAIN), 0, 1))


def _lines(grey: Tensor) -> float:
    """How much more is darker than both sides than is lighter: an edge is as much of each, a pen's line is darker."""
    dark = b.gaussian(grey, 2.8) - b.gaussian(grey, 1.4)
    least = max(0.02, float(dark.abs().quantile(0.9)))
    darker, lighter = (float((sign * dark - least).clamp(min=0).mean()) for sign in (1, -1))
    asymmetry = (darker - lighter) / (darker + lighter + 1e-6)
    return float(np.clip((asymmetry - 0.2) / 0.25, 0, 1) * np.clip(darker / 0.0015, 0, 1))


def _read(picture: Picture, number: int) -> np.ndarray:
    """A picture for measuring. Raises ValueError, with its number from 1 on where it has no name."""
    if isinstance(picture, np.ndarray):
        rgb, name = as_picture(picture), f"picture {number}"
    elif isinstance(picture, str | Path):
        rgb, name = read_picture(picture, at_most=SIDE_PX), str(picture)
    else:
        raise ValueError(f"picture {number} is {type(picture).__name__}; give a file or an array (H, W, 3) uint8 RGB")
    if min(rgb.shape[:2]) < LEAST_PX:
        raise ValueError(f"{name} is {rgb.shape[1]}x{rgb.shape[0]}; strokes are seen from {LEAST_PX} px a side on")
    scale = SIDE_PX / max(rgb.shape)
    if scale < 1:
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return rgb


# -- colours


def _some(rgb: np.ndarray, count: int, seed: int) -> np.ndarray:
    """So many of a picture's colours, (N, 3) float32 in 0..1, without its fine texture."""
    colours = cv2.medianBlur(rgb, 5).reshape(-1, 3)
    rows = np.random.default_rng(seed).integers(len(colours), size=count)
    return colours[rows].astype(np.float32) / 255


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(rgb[None], np.float32), cv2.COLOR_RGB2Lab)[0]


def _rgb(lab: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(np.ascontiguousarray(lab[None], np.float32), cv2.COLOR_Lab2RGB)[0].clip(0, 1)


def _camera_colours(rng: np.random.Generator) -> np.ndarray:
    """What cameras give, (N, 3) in L*a*b*: light of every degree, colours that are rarely loud, and a few of all."""
    light = rng.uniform(2, 98, COLOURS)
    hue = rng.laplace(0, 11, (COLOURS, 2))
    colours = np.column_stack([light, hue])
    loud = COLOURS // 5
    colours[:loud] = _lab(rng.random((loud, 3)))
    return colours


def _moved(colours: np.ndarray, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Colours moved until they are distributed as the target's, (N, 3) both: sliced optimal transport."""
    moved = colours.copy()
    for _ in range(ROUNDS):
        step = np.zeros_like(moved)
        for axis in rng.normal(size=(SLICES, 3)):
            axis = axis / np.linalg.norm(axis)
            here, there = moved @ axis, np.sort(target @ axis)
            rank = np.empty(len(here), int)
            rank[np.argsort(here)] = np.arange(len(here))
            step += np.outer(there[rank] - here, axis)
        moved += 1.5 * step / SLICES  # the mean over directions is a third of the way
    return moved


def _table(colours: np.ndarray) -> Tensor:
    """The camera's colours in the style's, see `Style.table`."""
    rng = np.random.default_rng(0)
    labels, _ = _clusters(colours)
    share = 1 / np.bincount(labels)[labels]  # of paper with a few cut shapes, a face must not become paper alone
    shares = (1 - EVEN) / len(colours) + EVEN * share / share.sum()
    target = _lab(colours[rng.choice(len(colours), COLOURS, p=shares / shares.sum())])
    camera = _camera_colours(rng)
    moved = _moved(camera, target, rng)
    side = np.linspace(0, 1, TABLE, dtype=np.float32)
    blue, green, red = np.meshgrid(side, side, side, indexing="ij")
    entries = _lab(np.stack([red, green, blue], -1).reshape(-1, 3))
    scale = torch.tensor([1.0, 0.7, 0.7])  # that light stays light matters most
    away = torch.cdist(torch.from_numpy(entries) * scale, torch.from_numpy(camera).float() * scale)
    nearest = away.topk(NEAR, largest=False)
    weights = 1 / (nearest.values.square() + 25)
    painted = (weights[..., None] * torch.from_numpy(moved).float()[nearest.indices]).sum(1) / weights.sum(1)[:, None]
    table = _rgb(painted.numpy()).reshape(TABLE, TABLE, TABLE, 3)
    return torch.from_numpy(table).permute(3, 0, 1, 2)[None].contiguous()


def _palette(colours: np.ndarray) -> tuple[b.Colour, ...]:
    """Five colours that stand for a style, the most frequent first."""
    labels, centres = _clusters(colours)
    order = np.argsort(-np.bincount(labels, minlength=len(centres)))
    return tuple((float(red), float(green), float(blue)) for red, green, blue in _rgb(centres[order]))


def _clusters(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Five clusters of colours: which each is in, and their centres in L*a*b*."""
    cv2.setRNGSeed(0)
    ends = (cv2.TERM_CRITERIA_MAX_ITER, 20, 0.0)
    _, labels, centres = cv2.kmeans(_lab(colours), 5, None, ends, 3, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return labels.ravel(), centres
