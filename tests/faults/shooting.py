"""Frames and takes for the fault tests, and for the programs that they kill: those must not wait for torch."""

from __future__ import annotations

from pathlib import Path

from engine.media.pictures import encode_jpeg
from studio.live.director import Director
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.slate import Slate
from tests.edge_model import EdgeModel
from tests.pictures import disc

SEED = 7
"""Of the model that makes takes here, so that `check` makes the same again."""


def camera_jpeg(index: int) -> bytes:
    """A camera frame of that number, 96x64, as a camera sends it."""
    return encode_jpeg(disc(index % 48, 96, 64), 90)


def ticks(index: int) -> int:
    """When a camera of 24 frames a second takes that frame."""
    return round(index * TICKS_PER_SECOND / 24)


def shoot(director: Director, first: int, last: int) -> None:
    """Frames of those numbers, as fast as they are made."""
    for i in range(first, last):
        director.shoot(camera_jpeg(i), i, ticks(i))


def shoot_take(sessions: Path, frames: int = 60, production: str = "film") -> Path:
    """A sound take of so many frames, with a prompt in its middle."""
    director = Director(EdgeModel(SEED))
    director.record(sessions, Slate(production))
    shoot(director, 0, frames // 2)
    director.say("underwater", 0.5, wait=True)
    shoot(director, frames // 2, frames)
    folder = director.cut()
    director.close()
    assert folder
    return folder
