"""The camera before the stage: from a moment of the story to a frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from docs.puppets import cast, stage, story
from docs.puppets.clay import Array, Canvas, Shape, ellipse, shifted, union
from engine.media.video import VideoWriter
from engine.types import Frame

WIDTH, HEIGHT, FPS = 384, 216, 24
FRAMES = round(story.SECONDS * FPS)
_SCALE = 2  # pixels drawn per pixel filmed, in each direction


def frames() -> Iterator[Frame]:
    """All frames of the film, 384x216 at 24 a second; the same bytes each time on one machine."""
    for index in range(FRAMES):
        yield Frame(picture(index / FPS, index), index, index / FPS)


def write(path: str | Path) -> Path:
    """Draw the film into an MP4."""
    with VideoWriter(path, WIDTH, HEIGHT, FPS) as writer:
        for frame in frames():
            writer.write(frame)
    return Path(path)


def picture(time_s: float, grain: int = 0) -> Array:
    """(216, 384, 3) uint8: the stage at a moment, with the film grain of that number."""
    canvas = Canvas(stage.LEFT, stage.TOP, stage.WIDTH, stage.HEIGHT, _SCALE)
    canvas.pixels[:] = _set()
    _play(canvas, time_s)
    return _filmed(canvas.pixels, time_s, grain)


@cache
def _set() -> Array:
    canvas = Canvas(stage.LEFT, stage.TOP, stage.WIDTH, stage.HEIGHT, _SCALE)
    stage.paint_set(canvas)
    canvas.pixels.flags.writeable = False
    return canvas.pixels


def _play(canvas: Canvas, time_s: float) -> None:
    pose, ball = story.pose_at(time_s), story.ball_at(time_s)
    opening = story.value(story.LID_OPEN, time_s)
    shake = 1.6 * np.sin(60 * time_s) * story.pulse(time_s, 15.12, 15.5)
    for piece in stage.hangings(time_s):
        canvas.paint(piece)

    chest_x = cast.CHEST_X
    canvas.darken(ellipse(chest_x + 5, cast.CHEST_FOOT, 44, 5), 8, 0.5)
    players = list(cast.puppet(pose))
    _cast_on_wall(canvas, [player.shape for player in players if player.drop >= 2])
    height = story.FLOOR - pose.y
    canvas.darken(ellipse(pose.x + 4, story.FLOOR + 1, 24 - 0.4 * height, 4), 7, 0.55 - 0.012 * height)
    if ball and not ball.in_chest:
        above = story.FLOOR - cast.BALL - ball.y
        canvas.darken(ellipse(ball.x + 3, story.FLOOR + 1, 12, 2.6), 4 + 0.05 * above, max(0.1, 0.6 - 0.006 * above))

    for piece in cast.chest_back(opening):
        canvas.paint(piece)
    if opening > 0:
        flicker = 0.9 + 0.1 * np.sin(9 * time_s) * np.sin(5.3 * time_s)
        canvas.glow(
            chest_x, cast.CHEST_TOP - 4, 60, (0.85 * opening * flicker, 0.58 * opening * flicker, 0.16 * opening)
        )
    rolling = cast.ball(ball.x, ball.y, ball.roll, ball.squash) if ball else None
    if rolling and ball and ball.in_chest:
        canvas.paint(rolling)
    for piece in cast.chest_front(opening, shake):
        canvas.paint(piece)
    for piece in players:
        canvas.paint(piece)
    if rolling and ball and not ball.in_chest:
        canvas.paint(rolling)
    for x, y, size, bright in story.sparks(time_s):
        canvas.glow(x, y, size, (bright, 0.8 * bright, 0.4 * bright))

    stage.light(canvas, pose.x, pose.y - 62, story.value(story.LIGHT, time_s))
    for piece in stage.curtains(time_s, story.value(story.CURTAIN, time_s)):
        canvas.paint(piece)
    for piece in stage.front():
        canvas.paint(piece)
    stage.vignette(canvas)


def _cast_on_wall(canvas: Canvas, shapes: list[Shape]) -> None:
    """The player's soft shadow on the backdrop, away from the lamp; it ends where the boards begin."""
    whole = shifted(union(*shapes), 15, 9)

    def on_wall(px: Array, py: Array) -> Array:
        return np.maximum(whole.distance(px, py), py - stage.HORIZON)

    canvas.darken(Shape(on_wall, whole.bounds), 7, 0.34)


def _filmed(pixels: Array, time_s: float, grain: int) -> Array:
    """Through a camera in somebody's hand: sway, a slow push in, soft highlights, grain."""
    zoom = 1.02 + 0.05 * story.value(((2, 0), (7, 1), (9, 0.2), (14, 0.6), (17.5, 1.0), (20, 0.2)), time_s)
    x = 192 + 1.3 * np.sin(0.83 * time_s) + 0.8 * np.sin(2.1 * time_s + 1)
    y = 108 + 0.9 * np.sin(0.97 * time_s + 2) + 0.5 * np.sin(2.6 * time_s)
    graded = (1 - np.exp(-2.1 * np.maximum(pixels, 0))) ** 1.2
    grey = graded.mean(axis=2, keepdims=True)
    vivid = np.clip(grey + 1.16 * (graded - grey), 0, 1)
    image = Image.fromarray((vivid * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(1.1))
    left, top = (x - WIDTH / zoom / 2 - stage.LEFT) * _SCALE, (y - HEIGHT / zoom / 2 - stage.TOP) * _SCALE
    box = (left, top, left + WIDTH / zoom * _SCALE, top + HEIGHT / zoom * _SCALE)
    seen = np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.HAMMING, box=box)).astype(np.float32)
    noise = np.random.default_rng([17, grain]).standard_normal((HEIGHT, WIDTH, 1), np.float32)
    return np.clip(seen + 0.8 * noise, 0, 255).astype(np.uint8)
