"""Props over real footage, with known masks, and what each thing makes of them.

A prop (ball, stick, box, cloth) is drawn into a camera picture, lit and moving as a real one. A thing (fireball,
lightsaber, ...) is painted in the prop's place into a world's picture, and lights what is near. A thing depends on what
can be seen of its prop, outline and light, and on the travelling waves: so it can be learnt.

Legend: H height, W width in pixels. Pictures are float32 RGB in 0..1. Inside this file maps are (1, 1, H, W), so that
the brushes apply.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models import fields
from engine.teachers import brushes as b

PROP_OF = {
    "fireball": "ball",
    "planet": "ball",
    "lightsaber": "stick",
    "torch": "stick",
    "gold-chest": "box",
    "ice-block": "box",
    "crate": "box",
    "royal-cape": "cloth",
}
"""Which prop each thing takes the place of."""

KINDS = ("ball", "stick", "box", "cloth")
SHUTTER_S = 1 / 48
MARGIN_PX = 8
"""The farthest that a moving prop is smeared to either side."""
_Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Pose:
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
class Drawn:
    """One frame with its prop."""

    picture: Tensor
    """(3, H, W) with the prop composited."""
    mask: Tensor
    """(1, H, W), soft, 0..1."""
    frame: Tensor
    """(3, H, W), coordinates on the prop, 0 away from it: across and along, each -1..1 inside; then the height of the
    surface towards the camera (ball, stick), 1 on the top and 0 on the sides (box), or the folds' slope (cloth)."""
    shade: Tensor
    """(1, H, W), the light that falls on the prop's surface, 0 dark to about 1."""
    pose: Pose


@dataclass(frozen=True)
class _Surface:
    """A prop before it is put into a picture: maps of (1, 1, H, W), colour of (1, 3, H, W)."""

    mask: Tensor
    colour: Tensor
    frame: Tensor
    shade: Tensor
    gloss: Tensor | float


def _grid(top: int, bottom: int, left: int, right: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pixel centres of a window: x (1, 1, 1, W) and y (1, 1, H, 1)."""
    x = torch.arange(left, right, device=device, dtype=torch.float32)[None, None, None] + 0.5
    y = torch.arange(top, bottom, device=device, dtype=torch.float32)[None, None, :, None] + 0.5
    return x, y


def _within(value: float, most: int) -> int:
    return max(-most, min(most, round(value)))


def _pigment(rng: np.random.Generator) -> _Colour:
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


class Prop:
    """A prop's life in one shot: all that is random is drawn at construction.

    kind: one of KINDS. height and width: of the picture in pixels. Raises ValueError for another kind.
    """

    def __init__(self, kind: str, height: int, width: int, rng: np.random.Generator) -> None:
        if kind not in KINDS:
            raise ValueError(f"no prop {kind!r}; there are {', '.join(KINDS)}")
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

    # -- where it is

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

    def _pose(self, time_s: float) -> Pose:
        x, y = self._centre(time_s)
        rock = self._rock * math.sin(self._phase[4] + self._rate[3] * time_s)
        angle = self._lean + rock
        if self.kind == "stick" and self._motion in ("turned", "thrown"):
            angle += self._spin * time_s
        if self.kind == "cloth":
            angle = 0.5 * max(-1.2, min(1.2, self._lean)) + 0.5 * rock
        if self.kind == "box":
            angle = 0.45 * max(-1.0, min(1.0, self._lean)) + 0.3 * rock  # less than an eighth of a turn: its top shows
        return Pose(self.kind, x, y, self._size, self._half, self._reach_px, angle)

    # -- what it looks like

    def _ball(self, pose: Pose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
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

    def _stick(self, pose: Pose, x: Tensor, y: Tensor) -> _Surface:
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

    def _box(self, pose: Pose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
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

    def _cloth(self, pose: Pose, time_s: float, x: Tensor, y: Tensor) -> _Surface:
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

    # -- into the picture

    def draw(self, picture: Tensor, time_s: float) -> Drawn:
        """The picture with the prop as it is `time_s` seconds into the shot; pure.

        picture: (3, H, W) float32 in 0..1, of the size given at construction.
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
            return Drawn(picture, empty[:1], empty[1:4], empty[4:5], pose)
        x, y = _grid(top, bottom, left, right, picture.device)
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
        maps[:, rows, columns] = torch.cat([mask, surface.frame, surface.shade], 1)[0, :, down, across]
        shadow = F.pad(b.soft(maps[None, :1], 8), (0, 0, 4, 0))[
            :, :, :-4
        ]  # where it keeps the light off what is behind
        whole = picture * (1 - self._shadow * shadow[0]) * (1 - maps[:1])
        whole[:, rows, columns] += paint[0, :, down, across]
        return Drawn(whole.clamp(0, 1), maps[:1], maps[1:4], maps[4:], pose)

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


# -- what things make of props


@dataclass(frozen=True)
class _Scene:
    """What a thing is painted from; maps of (1, 1, H, W)."""

    world: Tensor
    mask: Tensor
    u: Tensor
    v: Tensor
    third: Tensor
    shade: Tensor
    pose: Pose
    x: Tensor
    y: Tensor
    waves: Tensor
    room: Tensor
    """The world's mean colour, (1, 3, 1, 1)."""

    @property
    def ambient(self) -> Tensor:
        """The world's light, (1, 3, 1, 1), about 1: what is matt takes a little of it."""
        level = self.room.mean(1, keepdim=True)
        return (0.72 + 0.5 * level) * (0.75 + 0.25 * self.room / (level + 0.02))

    def away(self, x: float, y: float) -> tuple[Tensor, Tensor]:
        """Pixels right of and below a point."""
        return self.x - x, self.y - y


def _lit(world: Tensor, amount: Tensor, colour: _Colour) -> Tensor:
    """A lamp's light on what is near: what is bright answers more, and the air glows."""
    tint = b.ink(colour, world)
    return b.screen(world * (1 + 1.3 * amount * tint), 0.5 * amount * tint)


_FIRE = (
    (0.0, (0.42, 0.03, 0.0)),
    (0.30, (0.88, 0.20, 0.01)),
    (0.55, (1.0, 0.52, 0.05)),
    (0.80, (1.0, 0.83, 0.28)),
    (1.05, (1.0, 0.98, 0.84)),
)
_FIRELIGHT = (1.0, 0.50, 0.14)


def _flames(s: _Scene, picture: Tensor, u: Tensor, v: Tensor, full: float) -> Tensor:
    """Burning within the unit circle of (u, v), licking upward; `full` is how solid the body burns."""
    w = s.waves
    up = (-v).clamp(0, 2.5)
    bent = u + (0.06 + 0.22 * up) * (0.55 * w[:, 5:6] + 0.45 * w[:, 7:8])
    tongue = (5.2 * bent + 1.5 * w[:, 4:5] + 0.9 * w[:, 6:7]).sin()
    tall = torch.where(v < 0, v * (0.56 - 0.12 * tongue), v)
    edge = 0.05 * w[:, 7:8] + 0.07 * up * w[:, 6:7]
    heat = full - ((bent * (1 + 0.34 * up)).square() + tall.square()).sqrt() + edge
    streak = (8.5 * bent + 1.2 * v + 1.6 * w[:, 7:8] + 1.2 * w[:, 5:6]).sin()
    level = 1.15 * heat + 0.13 * streak * (1.3 - heat).clamp(0, 1)
    return b.mix(picture, b.ramp(level, _FIRE), b.smoothstep(0.0, 0.22, heat))


def _fireball(s: _Scene) -> Tensor:
    across, down = s.away(s.pose.x, s.pose.y - 0.25 * s.pose.size)
    near = (-(across.square() + down.square()).sqrt() / (1.5 * s.pose.size)).exp()
    flicker = 0.9 + 0.1 * s.waves[:, 4:5]
    picture = _lit(s.world, 1.2 * near * flicker, _FIRELIGHT)
    return _flames(s, picture, s.u, s.v, 1.2)


def _planet(s: _Scene) -> Tensor:
    u, v, z, w = s.u, s.v, s.third, s.waves
    tilt_u, tilt_v = 0.95 * u + 0.31 * v, 0.95 * v - 0.31 * u
    radius = (u.square() + v.square()).sqrt()
    halo = (-((radius - 1).clamp_min(0) / 0.22)).exp() * (0.6 - 0.35 * u - 0.35 * v).clamp(0, 1)
    picture = b.screen(s.world, 0.75 * halo * b.ink((0.35, 0.62, 1.0), s.world))
    around = (tilt_u.square() + (tilt_v / 0.26).square()).sqrt()
    stripes = 0.72 + 0.28 * (around * 26).sin()
    ring = b.smoothstep(1.30, 1.36, around) * b.smoothstep(2.02, 1.94, around) * stripes
    behind = b.smoothstep(0.06, -0.06, tilt_v)
    ring_ink = b.ink((0.93, 0.82, 0.62), picture)
    picture = b.mix(picture, ring_ink, 0.85 * ring * behind)
    latitude = tilt_v * (1.35 - 0.35 * z) + 0.05 * (w[:, 6:7] + w[:, 7:8]) * z
    belt = 0.5 + 0.5 * (latitude * 10.5 + 0.8).sin()
    fine = 0.5 + 0.5 * (latitude * 25 + 0.5 * w[:, 5:6]).sin()
    surface = b.mix(b.ink((0.66, 0.33, 0.19), picture), b.ink((0.98, 0.84, 0.62), picture), 0.75 * belt + 0.25 * fine)
    storm = b.smoothstep(0.9, 0.5, ((tilt_u - 0.3) / 0.30).square() + ((tilt_v - 0.38) / 0.16).square())
    surface = b.mix(surface, b.ink((0.86, 0.30, 0.14), picture), 0.8 * storm)
    sun = -0.55 * u - 0.45 * v + 0.70 * z
    surface = surface * (0.07 + 1.05 * b.smoothstep(-0.15, 0.85, sun))
    surface = surface * (1 - 0.45 * b.smoothstep(0.05, 0.0, (around - 1.62).abs() - 0.2) * (tilt_v < 0))
    limb = (1 - z).pow(2.5) * b.smoothstep(-0.2, 0.5, sun)
    surface = b.screen(surface, 0.9 * limb * b.ink((0.45, 0.75, 1.0), picture))
    picture = b.mix(picture, surface, s.mask)
    return b.mix(picture, ring_ink * 1.05, 0.92 * ring * (1 - behind)).clamp(0, 1)


def _ends(s: _Scene) -> tuple[Tensor, Tensor, float]:
    """Of a stick, how far along each point is from its upper end (0) to its lower (2), the same from the other end,
    and the share in which the first reading holds: near the horizontal neither end is the upper."""
    cos = math.cos(s.pose.angle)
    share = min(1.0, max(0.0, 0.5 + cos / 0.5))
    return 1 + s.v, 1 - s.v, share * share * (3 - 2 * share)


_BLADE = (0.10, 0.80, 1.0)


def _lightsaber(s: _Scene) -> Tensor:
    first, second, share = _ends(s)
    w = s.waves
    grip_first = b.smoothstep(1.48, 1.52, first)
    grip_second = b.smoothstep(1.48, 1.52, second)
    hilt = share * grip_first + (1 - share) * grip_second
    start, end = -1 + 0.5 * (1 - share), 1 - 0.5 * share  # of the blade, along the stick
    along = (s.v - s.v.clamp(start, end)) * s.pose.size
    away = ((s.u * s.pose.width).square() + along.square()).sqrt()
    body = max(1.6, s.pose.width)
    hum = 0.94 + 0.06 * w[:, 7:8]
    picture = _lit(s.world, 0.75 * hum * (-away / (4.5 * body)).exp(), _BLADE)
    halo = (-(away / (1.7 * body)).square()).exp() * hum
    picture = b.screen(picture, halo * b.ink((0.12, 0.82, 1.0), picture))
    core = b.smoothstep(1.05 * body, 0.45 * body, away)
    picture = b.mix(picture, b.ink((0.95, 1.0, 1.0), picture), core)
    steel = b.ink((0.30, 0.31, 0.34), picture) * (0.35 + 1.1 * s.third.square())
    rings = b.smoothstep(-0.3, 0.3, (first * 38).sin())
    steel = steel * (0.45 + 0.55 * rings) + 0.35 * (s.third - 0.93).clamp_min(0) * 8
    return b.mix(picture, steel.clamp(0, 1), s.mask * hilt)


def _torch(s: _Scene) -> Tensor:
    first, second, share = _ends(s)
    height = s.world.shape[2]
    radius = max(2.4 * s.pose.width, 0.11 * height)
    sin, cos = math.sin(s.pose.angle), math.cos(s.pose.angle)
    grain = (s.u * 4 + 2.2 * (s.v * 6).sin()).sin()
    wood = b.ink((0.34, 0.19, 0.09), s.world) * (0.30 + 0.95 * s.shade) * (1 + 0.16 * grain)
    wrap = share * b.smoothstep(0.30, 0.26, first) + (1 - share) * b.smoothstep(0.30, 0.26, second)
    rag = b.ink((0.20, 0.13, 0.09), s.world) * (0.55 + 0.6 * s.shade) * (1 + 0.25 * (s.v * 70 + 2 * s.u).sin())
    picture = b.mix(s.world, b.mix(wood, rag, wrap).clamp(0, 1), s.mask)
    flicker = 0.92 + 0.08 * s.waves[:, 4:5]
    for end, burning in ((-1.0, share), (1.0, 1 - share)):
        if burning < 0.02:
            continue
        # The end of the stick in the picture; the flame stands upright on it.
        px, py = s.pose.x - end * s.pose.size * sin, s.pose.y + end * s.pose.size * cos
        across, down = s.away(px, py - 0.5 * radius)
        near = (-(across.square() + down.square()).sqrt() / (2.2 * radius)).exp()
        picture = _lit(picture, 0.9 * burning * near * flicker, _FIRELIGHT)
        scale = radius * (0.35 + 0.65 * burning)
        picture = b.mix(picture, _flames(s, picture, across / scale, down / scale, 1.05), min(1.0, 2 * burning))
    return picture


def _face(s: _Scene) -> tuple[Tensor, Tensor, Tensor]:
    """Distance to the edge of a box's face, 0 at the edge to 1 in its middle; and |u|, |v|."""
    u, v = s.u.abs(), s.v.abs()
    return 1 - torch.maximum(u, v), u, v


def _line(value: Tensor, width: float) -> Tensor:
    return b.smoothstep(width, 0.4 * width, value.abs())


def _dots(u: Tensor, v: Tensor, at: tuple[float, ...], radius: float) -> Tensor:
    """Rivets at |u|, |v| where each is near one of `at`."""
    du = torch.stack([(u - a).abs() for a in at]).amin(0)
    dv = torch.stack([(v - a).abs() for a in at]).amin(0)
    return b.smoothstep(radius, 0.5 * radius, (du.square() + dv.square()).sqrt())


_GOLD = (
    (0.0, (0.16, 0.07, 0.01)),
    (0.35, (0.55, 0.32, 0.06)),
    (0.62, (0.92, 0.66, 0.16)),
    (0.85, (1.0, 0.87, 0.42)),
    (1.0, (1.0, 0.98, 0.82)),
)


def _gold_chest(s: _Scene) -> Tensor:
    """Polished plates within raised bands, a lid, a lock with a ruby; light runs over all of it in broad sweeps."""
    edge, u, v = _face(s)
    side = 1 - s.third
    rim = b.smoothstep(0.24, 0.20, edge)
    lid = b.smoothstep(0.15, 0.11, (s.v + 0.30).abs()) * side  # the band where it opens
    cross = b.smoothstep(0.16, 0.12, torch.minimum(u, v)) * s.third
    band = torch.maximum(rim, torch.maximum(lid, cross))
    groove = _line(edge - 0.24, 0.07) * (1 - cross) + _line((s.v + 0.30).abs() - 0.17, 0.06) * side * (1 - rim)
    lock = b.smoothstep(0.04, -0.04, torch.maximum(u - 0.22, (s.v + 0.22).abs() - 0.27)) * side
    ruby = b.smoothstep(0.14, 0.09, (s.u.square() + (s.v + 0.20).square()).sqrt()) * side
    sweep = (1.6 * s.u + 2.2 * s.v + 1.4 * s.waves[:, :1] + 0.7 * s.waves[:, 1:2]).sin()
    level = 0.34 + 0.44 * s.shade + 0.10 * band + 0.16 * lock + 0.13 * sweep
    gold = b.ramp((level - 0.30 * groove.clamp(0, 1)).clamp(0, 1), _GOLD)
    gold = b.screen(gold, 0.60 * b.smoothstep(0.80, 1.0, sweep) * s.shade * b.ink((1.0, 0.95, 0.7), gold))
    gold = b.mix(gold * (0.5 + 0.5 * s.ambient), b.ink((0.80, 0.04, 0.12), gold), ruby)
    picture = _lit(s.world, 0.40 * b.soft(s.mask, 16), (1.0, 0.80, 0.30))
    return b.mix(picture, gold.clamp(0, 1), s.mask)


def _ice_block(s: _Scene) -> Tensor:
    edge, _, _ = _face(s)
    under = b.soft(s.world, 4)
    inside = 0.28 * (0.4 * under + 0.6 * b.luminance(under)) + 0.72 * b.ramp(
        s.shade, ((0.2, (0.20, 0.46, 0.64)), (0.6, (0.50, 0.78, 0.92)), (1.0, (0.88, 0.97, 1.0)))
    )
    zigzag = (s.v * 1.9 + 0.4).sin().asin() * 0.22
    cracks = torch.maximum(_line(s.u - zigzag - 0.30, 0.05), _line(s.v + 0.62 * s.u.abs() - 0.42, 0.05) * (s.u < 0.3))
    cracks = torch.maximum(cracks, _line(s.u * 0.55 - s.v - 0.32, 0.045) * (s.u > -0.45)) * b.smoothstep(
        0.04, 0.3, edge
    )
    cloud = (0.5 + 0.25 * (3.1 * s.u + 1.2 * s.v).sin() + 0.25 * (2.3 * s.v - 1.9 * s.u + 1).sin()).pow(2)
    frost = b.smoothstep(0.30, 0.0, edge)
    sparkle = (s.waves[:, 6:7] * s.waves[:, 7:8] - 0.55).clamp_min(0) * 2
    white = b.ink((0.94, 0.99, 1.0), s.world)
    ice = b.mix(inside, white, (0.75 * frost.square() + 0.28 * cloud + 0.45 * cracks).clamp(0, 0.95))
    ice = b.mix(ice, white, (_line(edge, 0.07) * 0.9 + 0.8 * sparkle * frost).clamp(0, 1))
    picture = _lit(s.world, 0.30 * b.soft(s.mask, 16), (0.55, 0.85, 1.0))
    return b.mix(picture, ice * (0.65 + 0.35 * s.ambient), s.mask)


def _crate(s: _Scene) -> Tensor:
    edge, u, v = _face(s)
    side = 1 - s.third
    frame = b.smoothstep(0.29, 0.27, edge)
    rising = (s.u + s.v).abs()
    falling = (s.u - s.v).abs()
    brace = torch.where(s.third > 0.5, torch.minimum(rising, falling), rising)
    brace = b.smoothstep(0.25, 0.22, brace) * (1 - frame)
    plank = (1 - frame) * (1 - brace)
    tone = 0.55 + 0.12 * (1.9 * s.v * 7).sin().sign() * plank * side + 0.22 * frame + 0.16 * brace
    along = torch.where(v > u, s.v * 30 + 1.5 * (2.1 * s.u).sin(), s.u * 30 + 1.5 * (2.1 * s.v).sin())
    grain = (s.v * 34 + 2.5 * (2.5 * s.u).sin()).sin() * plank + along.sin() * frame
    joints = _line((s.v * 6.65).sin(), 0.32) * plank * side
    cuts = torch.maximum(_line(edge - 0.28, 0.045), _line((brace - 0.5), 0.4) * (1 - frame))
    corner = _line(u - v, 0.04) * frame
    nails = _dots(u, v, (0.86,), 0.07)
    level = tone * (1 + 0.09 * grain) * (1 - 0.6 * joints) * (1 - 0.55 * cuts) * (1 - 0.4 * corner) * (1 - 0.7 * nails)
    wood = b.ramp(
        (level * (0.25 + 0.95 * s.shade)).clamp(0, 1),
        ((0.0, (0.06, 0.03, 0.01)), (0.35, (0.36, 0.20, 0.09)), (0.65, (0.70, 0.46, 0.22)), (1.0, (0.98, 0.80, 0.52))),
    )
    return b.mix(s.world, (wood * s.ambient).clamp(0, 1), s.mask)


def _royal_cape(s: _Scene) -> Tensor:
    fold, u = s.shade, s.u.abs()
    velvet = b.ramp(
        fold,
        ((0.2, (0.10, 0.0, 0.02)), (0.5, (0.46, 0.01, 0.06)), (0.75, (0.72, 0.04, 0.10)), (1.0, (0.95, 0.30, 0.30))),
    )
    low = s.v  # -1 where it is held, 1 at the hem
    fur = torch.maximum(b.smoothstep(-0.66, -0.72, low), b.smoothstep(0.60, 0.66, low))
    gold = torch.maximum(b.smoothstep(0.90, 0.93, low), b.smoothstep(0.86, 0.90, u) * (1 - fur))
    gold = torch.maximum(gold, _line(low - 0.60, 0.06))
    across, down = (s.u * 9.5).sin(), ((low + 0.8) * 10.4).sin()
    ermine = b.smoothstep(0.72, 0.9, across * down) * fur
    white = b.ink((0.97, 0.95, 0.90), s.world) * (0.45 + 0.62 * fold)
    cape = b.mix(velvet, white * (1 - 0.88 * ermine), fur)
    lily = b.smoothstep(0.80, 0.93, (s.u * 7).sin().abs() * (low * 7).cos().abs()) * (1 - fur)
    metal = b.ramp((fold * 0.8 + 0.2 * (s.third * 3 + s.waves[:, :1]).sin()).clamp(0, 1), _GOLD)
    cape = b.mix(cape, metal, torch.maximum(gold, 0.85 * lily))
    return b.mix(s.world, (cape * s.ambient).clamp(0, 1), s.mask)


_THINGS: dict[str, Callable[[_Scene], Tensor]] = {
    "fireball": _fireball,
    "planet": _planet,
    "lightsaber": _lightsaber,
    "torch": _torch,
    "gold-chest": _gold_chest,
    "ice-block": _ice_block,
    "crate": _crate,
    "royal-cape": _royal_cape,
}


def _cell(position: float, length: int) -> int:
    """The border of a 16 px cell that is nearest to a position and in the picture."""
    return min(max(round(position / 16), 0), length // 16) * 16


@torch.no_grad()
def become(thing: str, world: Tensor, drawn: Drawn, time_s: float) -> Tensor:
    """The world's picture with the thing in the prop's place, and its light on what is near.

    world: (3, H, W) float32 in 0..1, painted from the frame with the prop. time_s: of the stream, which moves the
    waves. Returns (3, H, W) in 0..1. Pure. Raises ValueError for an unknown thing or a prop of another kind.
    """
    if thing not in _THINGS:
        raise ValueError(f"no thing {thing!r}; there are {', '.join(_THINGS)}")
    if drawn.pose.kind != PROP_OF[thing]:
        raise ValueError(f"a {drawn.pose.kind} cannot become a {thing}; draw a {PROP_OF[thing]}")
    _, height, width = world.shape
    pose, mask = drawn.pose, (1.5 * drawn.mask[None]).clamp(max=1)  # nothing of the prop shows through a smeared edge
    top, bottom, left, right = 0, height, 0, width
    if pose.kind in ("box", "cloth"):  # their light does not reach far: a window of whole 16 px cells will do
        top, bottom = (_cell(pose.y + side * (pose.reach + 32), height) for side in (-1, 1))
        left, right = (_cell(pose.x + side * (pose.reach + 32), width) for side in (-1, 1))
    if top == bottom or left == right:
        return world.clone()
    rows, columns = slice(top, bottom), slice(left, right)
    x, y = _grid(top, bottom, left, right, world.device)
    waves = fields.waves(torch.tensor([time_s], dtype=torch.float64, device=world.device), height, width)
    if pose.kind == "ball":
        u, v = torch.broadcast_tensors((x - pose.x) / pose.size, (y - pose.y) / pose.size)
        third = (1 - u.square() - v.square()).clamp_min(0).sqrt()
    elif pose.kind == "stick":
        sin, cos = math.sin(pose.angle), math.cos(pose.angle)
        u = ((x - pose.x) * cos + (y - pose.y) * sin) / pose.width
        v = ((y - pose.y) * cos - (x - pose.x) * sin) / pose.size
        third = (1 - u.square()).clamp_min(0).sqrt()
    else:
        u, v, third = drawn.frame[None, :, rows, columns].split(1, 1)
    scene = _Scene(
        world[None, :, rows, columns],
        mask[..., rows, columns],
        u,
        v,
        third,
        drawn.shade[None, :, rows, columns],
        pose,
        x,
        y,
        waves[:, :, rows, columns],
        world.mean((1, 2)).view(1, 3, 1, 1),
    )
    made = world.clone()
    made[:, rows, columns] = _THINGS[thing](scene).clamp(0, 1)[0]
    return made
