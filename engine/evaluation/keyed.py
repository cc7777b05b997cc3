"""Real people and hands with their own alpha, keyed offline from clips before a plain screen.

This is the truth that mattes are compared with, so nothing of `engine.compositing` takes part: no segmenter, no guided
filter, no key of the studio's. The screen's colour is fitted as a quadratic surface over the whole clip; how much of it
is missing in a pixel is the pixel's alpha (Vlahos' colour difference); what is enclosed by the figure is solid.
What is composited with an alpha has exactly that alpha, whatever its making, so errors of the key are not errors of the
truth: they only make a person a little less like one.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.media.video import open_source

PEOPLE = (
    "dev/talking-head-grid-lbax4n.mp4",
    "train/talking-head-grid-brbk7n.mp4",
    "train/talking-head-grid-lbbc2a.mp4",
    "train/talking-head-grid-lwbsza.mp4",
    "train/talking-head-grid-pwij3p.mp4",
    "train/talking-head-grid-sbia1a.mp4",
    "train/talking-head-grid-sbwe5n.mp4",
    "train/talking-head-grid-swwp2s.mp4",
)
"""Clips of the footage that show a person to the shoulders before a blue screen."""
HAND = "train/hand-fingerspelling-blue.mp4"
"""A hand before a pale blue screen."""


@dataclass(frozen=True)
class Figure:
    """One moment of a cast, by itself."""

    light: np.ndarray
    """(H, W, 3) float32, sRGB in 8-bit steps times alpha: what it adds to a picture."""
    alpha: np.ndarray
    """(H, W) float32, 0 to 1."""


def keyed(path: Path, frames: int) -> list[Figure]:
    """The figures of a clip before a plain blue screen, at the clip's own size.

    Raises FileNotFoundError without the clip, and ValueError where no screen is seen.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing; give the folder of footage that holds dev and train")
    pictures = [_middle(frame.rgb) for frame in itertools.islice(open_source(path), frames)]
    screen = _screen(pictures)
    figures = []
    for picture in pictures:
        alpha = _alpha(picture, screen)
        figures.append(Figure(_own_colours(picture, alpha) * alpha[..., None], alpha))
    return figures


def _own_colours(picture: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The figure's colours, (H, W, 3): at its edge those from further in, for the screen's light reaches some way."""
    sure = cv2.erode((alpha > 0.97).astype(np.float32), np.ones((7, 7), np.uint8), borderValue=1)
    further = cv2.blur(picture * sure[..., None], (17, 17)) / (cv2.blur(sure, (17, 17))[..., None] + 1e-4)
    return np.where(sure[..., None] > 0, picture, further)


def _middle(rgb: np.ndarray) -> np.ndarray:
    """A picture without its margins, where some screens end, as float32."""
    height, width = rgb.shape[:2]
    rows, columns = slice(round(0.03 * height), round(0.91 * height)), slice(round(0.03 * width), round(0.97 * width))
    return rgb[rows, columns].astype(np.float32)


def _blueness(colours: np.ndarray) -> np.ndarray:
    """How far green and blue are above red: what skin, hair and most cloth have not."""
    return np.asarray((colours[..., 1] + colours[..., 2]) / 2 - colours[..., 0])


def _screen(pictures: list[np.ndarray]) -> np.ndarray:
    """The screen's colour everywhere, (H, W, 3), from where it is seen in a few pictures."""
    height, width = pictures[0].shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6)
    few = pictures[:: max(1, len(pictures) // 6)]
    corner = np.median([_blueness(p[: height // 5, : width // 8]) for p in few])
    if corner < 12:
        raise ValueError("the upper left corner is not a blue screen; choose a clip that was shot before one")
    bare = [_blueness(p).reshape(-1) > 0.7 * corner for p in few]
    surface = np.zeros((height * width, 3))
    for _ in range(3):
        rows = np.concatenate([terms[seen] for seen in bare])
        colours = np.concatenate([p.reshape(-1, 3)[seen] for p, seen in zip(few, bare, strict=True)])
        surface = terms @ np.linalg.lstsq(rows, colours, rcond=None)[0]
        bare = [np.abs(p.reshape(-1, 3) - surface).max(1) < 14 for p in few]
    return surface.reshape(height, width, 3).astype(np.float32)


def _alpha(picture: np.ndarray, screen: np.ndarray) -> np.ndarray:
    """(H, W) float32 of the figure that reaches the lower edge."""
    missing = 1 - _blueness(picture) / np.maximum(_blueness(screen), 1)
    darker = 1 - picture.max(2) / np.maximum(screen.max(2), 1)
    soft = np.clip((np.maximum(missing, darker * (missing > 0.1)) - 0.25) / 0.6, 0, 1).astype(np.float32)
    solid = (soft > 0.6).astype(np.uint8)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    solid[-2:] = cv2.morphologyEx(solid[-2:], cv2.MORPH_CLOSE, np.ones((1, 61), np.uint8))
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    figure = np.zeros_like(solid)
    cv2.drawContours(figure, [max(contours, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    inside = cv2.erode(figure, np.ones((7, 7), np.uint8), borderValue=1)
    near = cv2.dilate(figure, np.ones((25, 25), np.uint8))
    return np.where((inside > 0) & (soft > 0.6), 1, soft * near).astype(np.float32)
