"""Scores for a film: does it follow its world's teacher, does it flicker, how sharp is it?

Legend: T frames, H height, W width in pixels, K worlds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from engine.config import SHIPPED_WORLDS
from engine.evaluation import measures
from engine.evaluation.evaluate import teacher_frames, to_float
from engine.media.pictures import fit
from engine.teachers.worlds import teachers_of
from engine.types import Frame

JUDGED_FRAMES = 6
"""Frames of a film that are compared with the teachers'."""
JUDGED_SIZE = (256, 160)
"""Width and height in pixels at which they are compared."""


@dataclass(frozen=True)
class FilmScore:
    """How well a film follows its world's teacher."""

    adherence: float | None
    """Share of the compared frames nearer to the world's teacher than to any other's; None without a
    world, or for one without a teacher."""
    flicker: float
    """Mean absolute change from frame to frame beyond the camera's own, over two seconds, 0..1."""
    sharpness: float
    """Variance of the Laplacian over the camera picture's: 1 is as sharp as the camera."""


class Judge:
    """Scores films made of one camera's frames against what the worlds' teachers make of these frames."""

    def __init__(self, camera: Iterable[np.ndarray], seed: int = 0, worlds: Iterable[str] = SHIPPED_WORLDS) -> None:
        """camera: (H, W, 3) uint8 pictures at 24 a second. seed: of the stream that made the films. worlds: those that
        the judged model knows; their teachers are compared. Raises ValueError where there is no picture."""
        samples, self._change = self._sample(camera)
        frames = [Frame(rgb, index, index / 24) for index, rgb in samples]
        self._sharpness = float(measures.sharpness(to_float(rgb for _, rgb in samples)).mean())
        self._looks = {
            world: measures.local_statistics(to_float(frame.rgb for frame in teacher_frames(world, frames, seed)))
            for world in teachers_of(worlds)
        }

    def __call__(self, film: Iterable[np.ndarray], world: str = "") -> FilmScore:
        """Score a film of as many frames as the camera's, (H, W, 3) uint8 each.

        world: the one that was asked for; empty where the prompt changes. Raises ValueError for a film without a
        picture.
        """
        samples, change = self._sample(film)
        shown = to_float(rgb for _, rgb in samples)
        adherence = None
        if world in self._looks:
            look = measures.local_statistics(shown)
            teachers = self._looks.values()
            distances = torch.stack([measures.world_distance(look, teacher) for teacher in teachers])  # (K, T)
            adherence = float((distances.argmin(0) == list(self._looks).index(world)).float().mean())
        sharpness = float(measures.sharpness(shown).mean()) / max(self._sharpness, 1e-9)
        return FilmScore(adherence, max(0.0, change - self._change), sharpness)

    @staticmethod
    def _sample(film: Iterable[np.ndarray]) -> tuple[list[tuple[int, np.ndarray]], float]:
        """JUDGED_FRAMES pictures with their indices, and the mean change over the first two seconds."""
        pictures = [fit(rgb, *JUDGED_SIZE) for rgb in film]
        if not pictures:
            raise ValueError("a film without a picture cannot be judged")
        numbers = [len(pictures) * (2 * i + 1) // (2 * JUDGED_FRAMES) for i in range(JUDGED_FRAMES)]
        change = float(measures.flicker(to_float(pictures[:48])).mean()) if len(pictures) > 1 else 0.0
        return [(n, pictures[n]) for n in numbers], change
