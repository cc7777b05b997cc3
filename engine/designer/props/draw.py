"""Draws a thing in a prop's place, with its light on what is near, into the camera's picture: the look lies over
it, and the thing is seen through.

Legend: H height, W width in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from engine.designer.library import skia
from engine.designer.props import glowing, solid  # noqa: F401 - what they register
from engine.designer.props.pose import Pose
from engine.designer.props.registry import Drawing, Hand
from engine.designer.props.registry import drawing_of as drawing_of
from engine.designer.props.registry import drawn_things as drawn_things
from engine.prompts import AS_IT_IS, Blend, mix

CHANGED = 96.0
"""8-bit steps by which a pixel has to change to count as the drawing's."""
SHOWS = 0.65
"""How far a drawing is seen through the look: under all of it a fire below the sea would be blue."""
SHRINK = 4
"""The prop is filled with its surroundings at this share of the picture."""


def draw_things(
    rgb: np.ndarray, mask: np.ndarray, drawing: Drawing, poses: Sequence[Pose], time_s: float, weight: float = 1.0
) -> np.ndarray:
    """A frame with the thing in the place of each piece of the prop, (H, W, 3) uint8, made anew.

    rgb: (H, W, 3) uint8. mask: where the prop is, (H, W) float32 in 0..1. time_s: seconds on the take's clock. weight:
    how far it has come, 0 to 1. A function of its arguments; the same bytes for the same version of skia-python.
    """
    if not poses:
        return rgb.copy()
    base = _without(rgb, mask) if drawing.hides else rgb
    pixels = cv2.cvtColor(base, cv2.COLOR_RGB2RGBA)
    surface = skia.Surface(pixels)
    canvas = surface.getCanvas()
    for pose in poses:
        unit = max(pose.length, 2.0)
        canvas.save()
        canvas.translate(pose.x, pose.y)
        canvas.rotate(math.degrees(pose.angle))
        canvas.scale(unit, unit)
        drawing.draw(Hand(canvas, pose, time_s, unit, _outline(pose, unit)))
        canvas.restore()
    surface.flushAndSubmit()
    drawn = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
    return drawn if weight >= 1 else cv2.addWeighted(drawn, weight, rgb, 1 - weight, 0)


def shown(before: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Where a drawing and its light are, (H, W) float32 in 0..1: as far as they changed a picture, (H, W, 3) uint8."""
    change = cv2.blur(cv2.absdiff(before, drawn).max(-1), (5, 5))
    return np.clip(change.astype(np.float32) / CHANGED, 0, 1)


def through(look: Blend) -> Blend:
    """A look through which a thing is seen: what the model is asked for where a drawing is."""
    return mix(look, ((AS_IT_IS, 1.0),), SHOWS)


def _outline(pose: Pose, unit: float) -> skia.Path:
    """The prop's edge in its own coordinates."""
    cos, sin = math.cos(pose.angle), math.sin(pose.angle)
    dx, dy = pose.outline[:, 0] - pose.x, pose.outline[:, 1] - pose.y
    across, along = (dx * cos + dy * sin) / unit, (dy * cos - dx * sin) / unit
    points = [skia.Point(float(x), float(y)) for x, y in zip(across, along, strict=True)]
    return skia.Path().addPoly(points, True)


def _without(rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture with what is around the prop in its place, smooth."""
    left, top, wide, tall = cv2.boundingRect((mask > 0.02).astype(np.uint8))
    if not wide:
        return rgb
    rim = 8 + max(wide, tall) // 4  # of the prop's surroundings, from which it is filled
    rows = slice(max(0, top - rim), top + tall + rim)
    columns = slice(max(0, left - rim), left + wide + rim)
    window, inside = rgb[rows, columns], cv2.dilate(mask[rows, columns], np.ones((5, 5), np.uint8))
    height, width = inside.shape
    size = max(1, width // SHRINK), max(1, height // SHRINK)
    keep = np.clip(2 * cv2.resize(1 - inside, size, interpolation=cv2.INTER_AREA) - 1, 0, 1)
    small = np.dstack([cv2.resize(window, size, interpolation=cv2.INTER_AREA).astype(np.float32), np.ones_like(keep)])
    small *= keep[..., None]
    near, far, all_around = (cv2.blur(small, (reach, reach)) for reach in (5, 15, 61))
    total = near + np.float32(0.02) * far + np.float32(0.0004) * all_around  # near colours where there are any
    share = total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-6))
    fill = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    alpha = cv2.blur(inside, (3, 3))[..., None]
    made = rgb.copy()
    made[rows, columns] = np.clip(np.rint(window * (1 - alpha) + fill * alpha), 0, 255).astype(np.uint8)
    return made
