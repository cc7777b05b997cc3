"""Synthetic props over real footage, with known masks.

A prop (ball, stick, box, cloth) is drawn into a camera picture, lit and moving as a real one. Its mask and the
coordinates on its surface are known, so `engine.teachers.things` can paint a thing in its place.

Legend: H height, W width in pixels. Pictures are float32 RGB in 0..1. Inside this file maps are (1, 1, H, W), so that
the brushes apply.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.teachers import brushes as b

PROP_KINDS = ("ball", "stick", "box", "cloth")
"""What a prop can be."""
SHUTTER_S = 1 / 48
"""Exposure time of the motion blur: a 180 degree shutter at 24 frames a second."""
MARGIN_PX = 8
"""The farthest that motion blur smears a prop to either side."""


@dataclass(frozen=True)
class PropPose:
    """Where a prop is; lengths in pixels of the picture, y downward."""

    kind: str
    x: float
    y: float
    size: float
    """A ball's radius, a stick's half length, a box's half side, a cloth's half height."""
    width: float
    """A stick's half thickness, a cloth's half width; otherwise the size."""
    reach: float
    """No part of it is farther from the centre."""
    angle: float
    """Of a stick's or cloth's length against the vertical, radians; positive leans the top to the right."""


@dataclass(frozen=True)
class PropFrame:
    """One frame with its prop; tensors lie on the picture's device."""

    picture: Tensor
    """(3, H, W) with the prop composited."""
    mask: Tensor
    """(1, H, W), soft, 0..1."""
    coordinates: Tensor
    """(3, H, W), coordinates on the prop, 0 away from it: across and along, each -1..1 inside; then the height of the
    surface towards the camera (ball, stick), 1 on the top and 0 on the sides (box), or the folds' slope (cloth)."""
    shade: Tensor
    """(1, H, W), the light that falls on the prop's surface, 0 dark to about 1."""
    pose: PropPose


@dataclass(frozen=True)
class _Surface:
    """A prop before it is put into a picture: maps of (1, 1, H, W), colour of (1, 3, H, W)."""

    mask: Tensor
    colour: Tensor
    coordinates: Tensor
    shade: Tensor
    gloss: Tensor | float


def pixel_grid(top: int, bottom: int, left: int, right: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pixel centres of a window: x (1, 1, 1, W) and y (1, 1, H, 1)."""
    x = torch.arange(left, right, device=device, dtype=torch.float32)[None, None, None] + 0.5
    y = torch.arange(top, bottom, device=device, dtype=torch.float32)[None, None, :, None] + 0.5
    return x, y


def _within(value: float, most: int) -> int:
    return max(-most, min(most, round(value)))


def _pigment(rng: np.random.Generator) -> b.Colour:
    """A colour as things in rooms have it: vivid, pale, grey, or brown."""
    choice = rng.random()
    if choice < 0.5:
        return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.6, 1.0), rng.uniform(0.5, 1.0))
    if choice < 0.65:
        return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.15, 0.5), rng.uniform(0.75, 1.0))
    if choice < 0.82:
        grey = rng.uniform(0.12, 0.97)
        return (grey, grey, grey)
    return colorsys.hsv_to_rgb(rng.uniform(0.04, 0.12), rng.uniform(0.35, 0.75), rng.uniform(0.35, 0.8))


class SyntheticProp:
    """A prop's shape, look and motion through one clip; all that is random is drawn at construction.

    kind: one of PROP_KINDS. height, width: of the picture in pixels. rng: decides everything else. Raises ValueError
    for another kind.
    """

    def __init__(self, kind: str, height: int, width: int, rng: np.random.Generator) -> None:
        if kind not in PROP_KINDS:
            raise ValueError(f"{kind!r} is not a prop; there are {', '.join(PROP_KINDS)}")
        self.kind, self.height, self.width = kind, height, width
        low, high = {"ball": (0.11, 0.27), "stick": (0.22, 0.45), "box": (0.13, 0.26), "cloth": (0.22, 0.42)}[kind]
        self._size = height * rng.uniform(low, high)
        self._half = {"stick": height * rng.uniform(0.02, 0.05), "cloth": self._size * rng.uniform(0.5, 0.95)}.get(
            kind, self._size
        )
        self._reach_px = {"ball": self._size, "stick": math.hypot(self._size, self._half)}.get(
            kind, (2.0 if kind == "box" else 1.35) * math.hypot(self._size, self._half) / math.sqrt(2)
        )
        self._first, self._second = _pigment(rng), _pigment(rng)
        self._pattern = int(rng.integers(0, 4)) if rng.random() < 0.5 else 0  # 0 is plain
        self._phase = rng.uniform(0, 2 * math.pi, 8)
        self._gloss = float(rng.choice([0.0, 0.15, 0.5, 0.9]))
        side, up = rng.uniform(-0.7, 0.7), rng.uniform(0.35, 0.9)
        self._light = np.array([side, -up, 0.75]) / math.sqrt(side * side + up * up + 0.75**2)
        self._shadow = rng.uniform(0.1, 0.45)
        self._soft = bool(rng.random() < 0.35)
        self._grain = rng.uniform(0, 0.02) * bool(rng.random() < 0.5)
        self._blur = bool(rng.random() < 0.6)
        self._seed = int(rng.integers(2**31))
        # How it moves: held in a hand, turned in the hand, thrown from side to side, or carried through the picture.
        self._motion = str(rng.choice(["held", "turned", "thrown", "carried"], p=[0.45, 0.2, 0.2, 0.15]))
        self._home = np.array(
            [rng.uniform(0.2, 0.8) * width, rng.uniform(0.5 if kind == "stick" else 0.3, 0.75) * height]
        )
        self._sway = rng.uniform(0.02, 0.10, 4) * height
        self._rate = rng.uniform(1.2, 5.0, 4)
        self._period = rng.uniform(1.6, 4.0)
        self._reach = rng.uniform(0.3, 0.6) * width
        self._lean = rng.uniform(-math.pi, math.pi) if kind == "stick" and rng.random() < 0.3 else rng.normal(0, 0.45)
        self._rock = rng.uniform(0.05, 0.4)
        self._spin = rng.uniform(0.6, 3.0) * rng.choice([-1, 1])
        self._sides = rng.uniform(0.7, 1.15, 3)
        self._pitch = rng.uniform(0.15, 0.6)
        self._yaw = rng.uniform(0, 2 * math.pi)
        self._folds = rng.uniform(2.0, 4.5)
        self._sag = rng.uniform(0.0, 0.25)

    # -- motion

    def _centre(self, time_s: float) -> tuple[float, float]:
        x, y = self._home
        phase = self._phase
        x += self._sway[0] * math.sin(phase[0] + self._rate[0] * time_s)
        y += self._sway[1] * math.sin(phase[1] + self._rate[1] * time_s)
        x += 0.4 * self._sway[2] * math.sin(phase[2] + 1.7 * self._rate[2] * time_s)
        way = 2 * math.pi * time_s / self._period + phase[3]
        if self._motion == "thrown":
            x = self.width / 2 + self._reach * math.cos(way)  # up and over, caught on either side
            y = self.height * 0.75 - 0.5 * self.height * abs(math.sin(way))
        if self._motion == "carried":
            out = self.width / 2 + 1.2 * max(self._size, self._half)
            x = self.width / 2 + out * max(-1.0, min(1.0, 1.6 * math.sin(0.5 * way)))
        return x, y

    def _pose(self, time_s: float) -> PropPose:
        x, y = self._centre(time_s)
        rock = self._rock * math.sin(self._phase[4] + self._rate[3] * time_s)
        angle = self._lean + rock
        if self.kind == "stick" and self._motion in ("turned", "thrown"):
            angle += self._spin * time_s
        if self.kind == "cloth":
            angle = 0.5 * max(-1.2, min(1.2, self._lean)) + 0.5 * rock
        if self.kind == "box":
            angle = 0.45 * max(-1.0, min(1.0, self._lean)) + 0.3 * rock  # less than an eighth of a turn: its top shows
        return PropPose(self.kind, x, y, self._size, self._half, self._reach_px, angle)

    # -- appearance

    def _ball(self, pose: PropPose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
        u, v = (x - pose.x) / pose.size, (y - pose.y) / pose.size
        square = u.square() + v.square()
        mask = ((1 - square.sqrt()) * pose.size + 0.5).clamp(0, 1)
        z = (1 - square).clamp_min(0).sqrt()
        lit = (u * self._light[0] + v * self._light[1] + z * self._light[2]).clamp_min(0)
        shade = 0.26 + 0.74 * lit - 0.10 * (v * z).clamp_min(0)
        turn = self._phase[5] + (self._spin * time_s if self._motion in ("turned", "thrown") else 0.3 * pose.angle)
        across, along = u * math.cos(turn) + v * math.sin(turn), v * math.cos(turn) - u * math.sin(turn)
        if self._pattern == 1:
            share = b.smoothstep(0.06, -0.06, along.abs() - 0.28)
        elif self._pattern == 2:
            share = b.smoothstep(-0.15, 0.15, (4.2 * across + 1.0).sin() * (4.2 * along).sin())
        elif self._pattern == 3:
            share = b.smoothstep(-0.08, 0.08, across * (along * 1.5 + z))
        else:
            share = torch.zeros_like(u * v)
        colour = b.mix(b.ink(self._first, x), b.ink(self._second, x), share)
        gloss = self._gloss * (lit - 0.86).clamp_min(0).mul(7).square()
        return _Surface(mask, colour, torch.cat([u + 0 * v, v + 0 * u, z], 1), shade, gloss)

    def _stick(self, pose: PropPose, x: Tensor, y: Tensor) -> _Surface:
        sin, cos = math.sin(pose.angle), math.cos(pose.angle)
        across = (x - pose.x) * cos + (y - pose.y) * sin
        along = (y - pose.y) * cos - (x - pose.x) * sin
        u, v = across / pose.width, along / pose.size
        inside = torch.minimum(pose.width - across.abs(), pose.size - along.abs())
        mask = (inside + 0.5).clamp(0, 1)
        light = self._light[0] * cos + self._light[1] * sin
        z = (1 - u.square()).clamp_min(0).sqrt()
        lit = (u * light + z * math.sqrt(1 - light * light)).clamp_min(0)
        shade = 0.28 + 0.72 * lit
        if self._pattern == 1:
            share = b.smoothstep(-0.2, 0.2, (v * 14 + 0.6 * u).sin())
        elif self._pattern == 2:
            share = b.smoothstep(0.02, -0.02, v.abs() - 0.2)
        elif self._pattern == 3:
            share = 0.5 * (0.5 + 0.5 * (u * 5 + 2 * (v * 5 + self._phase[5]).sin()).sin())
        else:
            share = torch.zeros_like(u)
        colour = b.mix(b.ink(self._first, x), b.ink(self._second, x), share)
        gloss = self._gloss * (lit - 0.9).clamp_min(0).mul(8).square()
        return _Surface(mask, colour, torch.cat([u, v, z], 1), shade, gloss)

    def _box(self, pose: PropPose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
        yaw = self._yaw + 0.3 * self._rock * math.sin(self._phase[6] + self._rate[2] * time_s)
        if self._motion in ("turned", "thrown"):
            yaw += 0.6 * self._spin * time_s
        sin, cos, rise = math.sin(yaw), math.cos(yaw), self._pitch
        # A turned box seen slightly from above, without perspective: x right, y down, z away; then leant.
        axes = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        tilt = np.array([[1, 0, 0], [0, math.cos(rise), -math.sin(rise)], [0, math.sin(rise), math.cos(rise)]])
        lean = np.array(
            [
                [math.cos(pose.angle), -math.sin(pose.angle), 0],
                [math.sin(pose.angle), math.cos(pose.angle), 0],
                [0, 0, 1],
            ]
        )
        axes = axes @ tilt.T @ lean.T
        edges = axes * (self._sides * pose.size)[:, None]
        px, py = x - pose.x, y - pose.y
        best = mask = colour = frame = shade = torch.zeros(
            1, 1, *torch.broadcast_shapes(px.shape, py.shape)[2:], device=x.device
        )
        shade = shade + 0.6
        frame, colour = frame.expand(-1, 3, -1, -1), colour.expand(-1, 3, -1, -1)
        for out, right, down in ((0, 2, 1), (2, 0, 1), (1, 0, 2)):
            towards = -1.0 if axes[out, 2] > 0 else 1.0  # of the two sides the one that faces the camera
            normal = axes[out] * towards
            e1, e2 = edges[right, :2].copy(), edges[down, :2].copy()
            if e1[0] < 0:
                e1 = -e1
            determinant = e1[0] * e2[1] - e1[1] * e2[0]
            reach1, reach2 = abs(determinant) / np.hypot(*e2), abs(determinant) / np.hypot(*e1)
            if min(reach1, reach2) < 0.5:
                continue
            qx, qy = px - edges[out, 0] * towards, py - edges[out, 1] * towards
            u = (qx * e2[1] - qy * e2[0]) / determinant
            v = (qy * e1[0] - qx * e1[1]) / determinant
            face = (torch.minimum((1 - u.abs()) * reach1, (1 - v.abs()) * reach2) + 0.5).clamp(0, 1)
            lit = 0.38 + 0.62 * max(0.0, float(normal @ (self._light * np.array([1, 1, -1]))))
            first = face > best
            best = torch.maximum(best, face)
            mask = (mask + face).clamp(max=1)
            shade = torch.where(first, lit * (1 - 0.10 * v), shade)
            colour = torch.where(first, self._print(u, v, out == 1), colour)
            frame = torch.where(first, torch.cat([u, v, torch.full_like(u, float(out == 1))], 1), frame)
        return _Surface(mask, colour, frame, shade, 0.0)

    def _print(self, u: Tensor, v: Tensor, top: bool) -> Tensor:
        """A box face's colour: plain, taped, labelled or framed."""
        if self._pattern == 1:
            share = b.smoothstep(0.03, -0.03, u.abs() - 0.14) * (1.0 if top else b.smoothstep(-0.35, -0.45, v))
        elif self._pattern == 2:
            share = b.smoothstep(0.03, -0.03, torch.maximum((u - 0.15).abs() - 0.45, (v - 0.2).abs() - 0.35))
        elif self._pattern == 3:
            share = b.smoothstep(0.04, -0.04, (u.square() + v.square()).sqrt() - 0.6)
        else:
            share = torch.zeros_like(u)
        return b.mix(b.ink(self._first, u), b.ink(self._second, u), share * (0.0 if top and self._pattern > 1 else 1.0))

    def _cloth(self, pose: PropPose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
        sin, cos = math.sin(pose.angle), math.cos(pose.angle)
        across = (x - pose.x) * cos + (y - pose.y) * sin
        v = ((y - pose.y) * cos - (x - pose.x) * sin) / pose.size
        fall = (0.5 + 0.5 * v).clamp(0, 1.1)  # 0 where it is held, 1 at the hem
        wind = self._rate[1] * time_s
        across = across - pose.width * fall * (
            0.22 * math.sin(self._phase[5] + wind) + 0.10 * (self._phase[6] + wind * 1.4 - 3.0 * v).sin()
        )
        u = across / (pose.width * (0.88 + 0.12 * fall))
        v = v - self._sag * (1 - u.square()).clamp_min(0) * (1 - fall)
        bend = self._phase[7] + 3.14 * self._folds * u + 0.9 * (1.1 * wind - 2.4 * v + self._phase[5]).sin()
        depth = 0.35 + 0.65 * fall
        v = v - 0.035 * depth * bend.sin()
        inside = torch.minimum((1 - u.abs()) * pose.width, (1 - v.abs()) * pose.size)
        mask = (inside + 0.5).clamp(0, 1)
        slope = bend.cos() * depth
        shade = 0.60 + 0.34 * slope * (1 if self._light[0] > 0 else -1) - 0.10 * (bend.sin() * depth).clamp_min(0)
        if self._pattern == 1:
            share = b.smoothstep(-0.15, 0.15, (u * 11).sin())
        elif self._pattern == 2:
            share = 0.5 * b.smoothstep(-0.15, 0.15, (u * 9).sin()) + 0.5 * b.smoothstep(-0.15, 0.15, (v * 9).sin())
        elif self._pattern == 3:
            share = b.smoothstep(0.55, 0.65, v)
        else:
            share = torch.zeros_like(u)
        colour = b.mix(b.ink(self._first, x), b.ink(self._second, x), share)
        return _Surface(mask, colour, torch.cat([u, v, slope], 1), shade, 0.0)

    # -- compositing

    def draw(self, picture: Tensor, time_s: float) -> PropFrame:
        """Draw the prop as it is `time_s` seconds into the clip; pure.

        picture: (3, H, W) float32 in 0..1, of the size given at construction. Raises ValueError for another size.
        """
        expected = (3, self.height, self.width)
        if picture.shape != expected:
            raise ValueError(f"this prop was made for pictures of {expected}, not {tuple(picture.shape)}; make another")
        pose = self._pose(time_s)
        # Drawn in a window about the prop, which reaches beyond the picture so that edges can be smeared.
        reach = pose.reach + 2 * MARGIN_PX
        top, bottom = (min(max(int(pose.y + r), -MARGIN_PX), self.height + MARGIN_PX) for r in (-reach, reach))
        left, right = (min(max(int(pose.x + r), -MARGIN_PX), self.width + MARGIN_PX) for r in (-reach, reach))
        if min(bottom - top, right - left) < 4 * MARGIN_PX:
            empty = torch.zeros(7, self.height, self.width, device=picture.device)
            return PropFrame(picture, empty[:1], empty[1:4], empty[4:5], pose)
        x, y = pixel_grid(top, bottom, left, right, picture.device)
        if self.kind == "ball":
            surface = self._ball(pose, time_s, x, y)
        elif self.kind == "stick":
            surface = self._stick(pose, x, y)
        elif self.kind == "box":
            surface = self._box(pose, time_s, x, y)
        else:
            surface = self._cloth(pose, time_s, x, y)
        room = picture.mean((1, 2)).view(1, 3, 1, 1)
        level = room.mean()
        light = (0.45 + 1.1 * level).clamp(max=1.15) * (0.55 + 0.45 * room / (level + 1e-3))
        paint = (surface.colour * surface.shade + surface.gloss) * light * surface.mask
        paint = self._smeared(torch.cat([paint, surface.mask], 1), time_s)
        mask = paint[:, 3:]
        paint = paint[:, :3]
        if self._grain:
            noise = torch.Generator(picture.device).manual_seed(self._seed + round(time_s * 1000))
            grain = torch.randn(mask.shape, generator=noise, device=picture.device)
            paint = paint + self._grain * grain * mask
        # The part of the window that is in the picture, in the picture's pixels and in the window's.
        rows, columns = slice(max(top, 0), min(bottom, self.height)), slice(max(left, 0), min(right, self.width))
        down, across = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        maps = torch.zeros(5, self.height, self.width, device=picture.device)
        maps[:, rows, columns] = torch.cat([mask, surface.coordinates, surface.shade], 1)[0, :, down, across]
        # The shadow: where the prop keeps the light off the picture behind it.
        shadow = F.pad(b.soft(maps[None, :1], 8), (0, 0, 4, 0))[:, :, :-4]
        whole = picture * (1 - self._shadow * shadow[0]) * (1 - maps[:1])
        whole[:, rows, columns] += paint[0, :, down, across]
        return PropFrame(whole.clamp(0, 1), maps[:1], maps[1:4], maps[4:], pose)

    def _smeared(self, paint: Tensor, time_s: float) -> Tensor:
        """A soft lens, and motion blur over the open shutter: the mean of shifted copies of the premultiplied paint."""
        shifts: list[tuple[int, int]] = [(0, 0), (0, 1), (1, 0), (1, 1)] if self._soft else []
        if self._blur:
            (x0, y0), (x1, y1) = self._centre(time_s), self._centre(time_s + SHUTTER_S)
            dx, dy = x1 - x0, y1 - y0
            copies = min(6, int(math.hypot(dx, dy)) + 1)
            if copies > 2:
                steps = [i / (copies - 1) - 0.5 for i in range(copies)]
                shifts = [(_within(dy * step, MARGIN_PX), _within(dx * step, MARGIN_PX)) for step in steps]
        if not shifts:
            return paint
        height, width = paint.shape[2:]
        m = MARGIN_PX
        padded = F.pad(paint, (m, m, m, m))
        return torch.stack([padded[..., m - y : m - y + height, m - x : m - x + width] for y, x in shifts]).mean(0)
