"""Things: what is painted in a prop's place, and the light that it throws on what is near.

A thing (fireball, lightsaber, ...) is painted over a world's picture where the prop was. It depends only on what can be
seen of its prop, outline and shading, and on the travelling waves; so a network can learn it.

Legend: H height, W width in pixels. Pictures are float32 RGB in 0..1. Inside this file maps are (1, 1, H, W), so that
the brushes apply.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.models import fields
from engine.teachers import brushes as b
from engine.teachers.props import PropFrame, PropPose, pixel_grid

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
"""Thing -> the kind of prop that it replaces."""


@dataclass(frozen=True)
class ThingInputs:
    """What a thing is painted from; maps of (1, 1, H, W)."""

    world: Tensor
    """(1, 3, H, W), the world's picture in the window to be painted."""
    mask: Tensor
    u: Tensor
    v: Tensor
    third: Tensor
    """u, v and the third coordinate on the prop, see `engine.teachers.props.PropFrame.coordinates`."""
    shade: Tensor
    pose: PropPose
    x: Tensor
    y: Tensor
    """Pixel centres, x (1, 1, 1, W) and y (1, 1, H, 1)."""
    waves: Tensor
    """(1, 8, H, W) in -1..1, see `engine.models.fields.waves`."""
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


def _lit(world: Tensor, amount: Tensor, colour: b.Colour) -> Tensor:
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


def _flames(scene: ThingInputs, picture: Tensor, u: Tensor, v: Tensor, full: float) -> Tensor:
    """Burning within the unit circle of (u, v), licking upward; `full` is how solid the body burns."""
    w = scene.waves
    up = (-v).clamp(0, 2.5)
    bent = u + (0.06 + 0.22 * up) * (0.55 * w[:, 5:6] + 0.45 * w[:, 7:8])
    tongue = (5.2 * bent + 1.5 * w[:, 4:5] + 0.9 * w[:, 6:7]).sin()
    tall = torch.where(v < 0, v * (0.56 - 0.12 * tongue), v)
    edge = 0.05 * w[:, 7:8] + 0.07 * up * w[:, 6:7]
    heat = full - ((bent * (1 + 0.34 * up)).square() + tall.square()).sqrt() + edge
    streak = (8.5 * bent + 1.2 * v + 1.6 * w[:, 7:8] + 1.2 * w[:, 5:6]).sin()
    level = 1.15 * heat + 0.13 * streak * (1.3 - heat).clamp(0, 1)
    return b.mix(picture, b.ramp(level, _FIRE), b.smoothstep(0.0, 0.22, heat))


def _fireball(scene: ThingInputs) -> Tensor:
    across, down = scene.away(scene.pose.x, scene.pose.y - 0.25 * scene.pose.size)
    near = (-(across.square() + down.square()).sqrt() / (1.5 * scene.pose.size)).exp()
    flicker = 0.9 + 0.1 * scene.waves[:, 4:5]
    picture = _lit(scene.world, 1.2 * near * flicker, _FIRELIGHT)
    return _flames(scene, picture, scene.u, scene.v, 1.2)


def _planet(scene: ThingInputs) -> Tensor:
    u, v, z, w = scene.u, scene.v, scene.third, scene.waves
    tilt_u, tilt_v = 0.95 * u + 0.31 * v, 0.95 * v - 0.31 * u
    radius = (u.square() + v.square()).sqrt()
    halo = (-((radius - 1).clamp_min(0) / 0.22)).exp() * (0.6 - 0.35 * u - 0.35 * v).clamp(0, 1)
    picture = b.screen(scene.world, 0.75 * halo * b.ink((0.35, 0.62, 1.0), scene.world))
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
    picture = b.mix(picture, surface, scene.mask)
    return b.mix(picture, ring_ink * 1.05, 0.92 * ring * (1 - behind)).clamp(0, 1)


def _ends(scene: ThingInputs) -> tuple[Tensor, Tensor, float]:
    """How far along a stick each point is from its upper end (0) to its lower (2), the same from the other end,
    and the share in which the first reading counts: near the horizontal neither end is the upper."""
    cos = math.cos(scene.pose.angle)
    share = min(1.0, max(0.0, 0.5 + cos / 0.5))
    return 1 + scene.v, 1 - scene.v, share * share * (3 - 2 * share)


_BLADE = (0.10, 0.80, 1.0)


def _lightsaber(scene: ThingInputs) -> Tensor:
    first, second, share = _ends(scene)
    w = scene.waves
    grip_first = b.smoothstep(1.48, 1.52, first)
    grip_second = b.smoothstep(1.48, 1.52, second)
    hilt = share * grip_first + (1 - share) * grip_second
    start, end = -1 + 0.5 * (1 - share), 1 - 0.5 * share  # of the blade, along the stick
    along = (scene.v - scene.v.clamp(start, end)) * scene.pose.size
    away = ((scene.u * scene.pose.width).square() + along.square()).sqrt()
    body = max(1.6, scene.pose.width)
    hum = 0.94 + 0.06 * w[:, 7:8]
    picture = _lit(scene.world, 0.75 * hum * (-away / (4.5 * body)).exp(), _BLADE)
    halo = (-(away / (1.7 * body)).square()).exp() * hum
    picture = b.screen(picture, halo * b.ink((0.12, 0.82, 1.0), picture))
    core = b.smoothstep(1.05 * body, 0.45 * body, away)
    picture = b.mix(picture, b.ink((0.95, 1.0, 1.0), picture), core)
    steel = b.ink((0.30, 0.31, 0.34), picture) * (0.35 + 1.1 * scene.third.square())
    rings = b.smoothstep(-0.3, 0.3, (first * 38).sin())
    steel = steel * (0.45 + 0.55 * rings) + 0.35 * (scene.third - 0.93).clamp_min(0) * 8
    return b.mix(picture, steel.clamp(0, 1), scene.mask * hilt)


def _torch(scene: ThingInputs) -> Tensor:
    first, second, share = _ends(scene)
    height = scene.world.shape[2]
    radius = max(2.4 * scene.pose.width, 0.11 * height)
    sin, cos = math.sin(scene.pose.angle), math.cos(scene.pose.angle)
    grain = (scene.u * 4 + 2.2 * (scene.v * 6).sin()).sin()
    wood = b.ink((0.34, 0.19, 0.09), scene.world) * (0.30 + 0.95 * scene.shade) * (1 + 0.16 * grain)
    wrap = share * b.smoothstep(0.30, 0.26, first) + (1 - share) * b.smoothstep(0.30, 0.26, second)
    rag = (
        b.ink((0.20, 0.13, 0.09), scene.world)
        * (0.55 + 0.6 * scene.shade)
        * (1 + 0.25 * (scene.v * 70 + 2 * scene.u).sin())
    )
    picture = b.mix(scene.world, b.mix(wood, rag, wrap).clamp(0, 1), scene.mask)
    flicker = 0.92 + 0.08 * scene.waves[:, 4:5]
    for end, burning in ((-1.0, share), (1.0, 1 - share)):
        if burning < 0.02:
            continue
        # The end of the stick in the picture; the flame stands upright on it.
        px, py = scene.pose.x - end * scene.pose.size * sin, scene.pose.y + end * scene.pose.size * cos
        across, down = scene.away(px, py - 0.5 * radius)
        near = (-(across.square() + down.square()).sqrt() / (2.2 * radius)).exp()
        picture = _lit(picture, 0.9 * burning * near * flicker, _FIRELIGHT)
        scale = radius * (0.35 + 0.65 * burning)
        picture = b.mix(picture, _flames(scene, picture, across / scale, down / scale, 1.05), min(1.0, 2 * burning))
    return picture


def _face(scene: ThingInputs) -> tuple[Tensor, Tensor, Tensor]:
    """Distance to the edge of a box's face, 0 at the edge to 1 in its middle; and |u|, |v|."""
    u, v = scene.u.abs(), scene.v.abs()
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


def _gold_chest(scene: ThingInputs) -> Tensor:
    """Polished plates within raised bands, a lid, a lock with a ruby; light runs over all of it in broad sweeps."""
    edge, u, v = _face(scene)
    side = 1 - scene.third
    rim = b.smoothstep(0.24, 0.20, edge)
    lid = b.smoothstep(0.15, 0.11, (scene.v + 0.30).abs()) * side  # the band where it opens
    cross = b.smoothstep(0.16, 0.12, torch.minimum(u, v)) * scene.third
    band = torch.maximum(rim, torch.maximum(lid, cross))
    groove = _line(edge - 0.24, 0.07) * (1 - cross) + _line((scene.v + 0.30).abs() - 0.17, 0.06) * side * (1 - rim)
    lock = b.smoothstep(0.04, -0.04, torch.maximum(u - 0.22, (scene.v + 0.22).abs() - 0.27)) * side
    ruby = b.smoothstep(0.14, 0.09, (scene.u.square() + (scene.v + 0.20).square()).sqrt()) * side
    sweep = (1.6 * scene.u + 2.2 * scene.v + 1.4 * scene.waves[:, :1] + 0.7 * scene.waves[:, 1:2]).sin()
    level = 0.34 + 0.44 * scene.shade + 0.10 * band + 0.16 * lock + 0.13 * sweep
    gold = b.ramp((level - 0.30 * groove.clamp(0, 1)).clamp(0, 1), _GOLD)
    gold = b.screen(gold, 0.60 * b.smoothstep(0.80, 1.0, sweep) * scene.shade * b.ink((1.0, 0.95, 0.7), gold))
    gold = b.mix(gold * (0.5 + 0.5 * scene.ambient), b.ink((0.80, 0.04, 0.12), gold), ruby)
    picture = _lit(scene.world, 0.40 * b.soft(scene.mask, 16), (1.0, 0.80, 0.30))
    return b.mix(picture, gold.clamp(0, 1), scene.mask)


def _ice_block(scene: ThingInputs) -> Tensor:
    edge, _, _ = _face(scene)
    under = b.soft(scene.world, 4)
    inside = 0.28 * (0.4 * under + 0.6 * b.luminance(under)) + 0.72 * b.ramp(
        scene.shade, ((0.2, (0.20, 0.46, 0.64)), (0.6, (0.50, 0.78, 0.92)), (1.0, (0.88, 0.97, 1.0)))
    )
    zigzag = (scene.v * 1.9 + 0.4).sin().asin() * 0.22
    cracks = torch.maximum(
        _line(scene.u - zigzag - 0.30, 0.05), _line(scene.v + 0.62 * scene.u.abs() - 0.42, 0.05) * (scene.u < 0.3)
    )
    cracks = torch.maximum(cracks, _line(scene.u * 0.55 - scene.v - 0.32, 0.045) * (scene.u > -0.45)) * b.smoothstep(
        0.04, 0.3, edge
    )
    cloud = (0.5 + 0.25 * (3.1 * scene.u + 1.2 * scene.v).sin() + 0.25 * (2.3 * scene.v - 1.9 * scene.u + 1).sin()).pow(
        2
    )
    frost = b.smoothstep(0.30, 0.0, edge)
    sparkle = (scene.waves[:, 6:7] * scene.waves[:, 7:8] - 0.55).clamp_min(0) * 2
    white = b.ink((0.94, 0.99, 1.0), scene.world)
    ice = b.mix(inside, white, (0.75 * frost.square() + 0.28 * cloud + 0.45 * cracks).clamp(0, 0.95))
    ice = b.mix(ice, white, (_line(edge, 0.07) * 0.9 + 0.8 * sparkle * frost).clamp(0, 1))
    picture = _lit(scene.world, 0.30 * b.soft(scene.mask, 16), (0.55, 0.85, 1.0))
    return b.mix(picture, ice * (0.65 + 0.35 * scene.ambient), scene.mask)


def _crate(scene: ThingInputs) -> Tensor:
    edge, u, v = _face(scene)
    side = 1 - scene.third
    frame = b.smoothstep(0.29, 0.27, edge)
    rising = (scene.u + scene.v).abs()
    falling = (scene.u - scene.v).abs()
    brace = torch.where(scene.third > 0.5, torch.minimum(rising, falling), rising)
    brace = b.smoothstep(0.25, 0.22, brace) * (1 - frame)
    plank = (1 - frame) * (1 - brace)
    tone = 0.55 + 0.12 * (1.9 * scene.v * 7).sin().sign() * plank * side + 0.22 * frame + 0.16 * brace
    along = torch.where(v > u, scene.v * 30 + 1.5 * (2.1 * scene.u).sin(), scene.u * 30 + 1.5 * (2.1 * scene.v).sin())
    grain = (scene.v * 34 + 2.5 * (2.5 * scene.u).sin()).sin() * plank + along.sin() * frame
    joints = _line((scene.v * 6.65).sin(), 0.32) * plank * side
    cuts = torch.maximum(_line(edge - 0.28, 0.045), _line((brace - 0.5), 0.4) * (1 - frame))
    corner = _line(u - v, 0.04) * frame
    nails = _dots(u, v, (0.86,), 0.07)
    level = tone * (1 + 0.09 * grain) * (1 - 0.6 * joints) * (1 - 0.55 * cuts) * (1 - 0.4 * corner) * (1 - 0.7 * nails)
    wood = b.ramp(
        (level * (0.25 + 0.95 * scene.shade)).clamp(0, 1),
        ((0.0, (0.06, 0.03, 0.01)), (0.35, (0.36, 0.20, 0.09)), (0.65, (0.70, 0.46, 0.22)), (1.0, (0.98, 0.80, 0.52))),
    )
    return b.mix(scene.world, (wood * scene.ambient).clamp(0, 1), scene.mask)


def _royal_cape(scene: ThingInputs) -> Tensor:
    fold, u = scene.shade, scene.u.abs()
    velvet = b.ramp(
        fold,
        ((0.2, (0.10, 0.0, 0.02)), (0.5, (0.46, 0.01, 0.06)), (0.75, (0.72, 0.04, 0.10)), (1.0, (0.95, 0.30, 0.30))),
    )
    low = scene.v  # -1 where it is held, 1 at the hem
    fur = torch.maximum(b.smoothstep(-0.66, -0.72, low), b.smoothstep(0.60, 0.66, low))
    gold = torch.maximum(b.smoothstep(0.90, 0.93, low), b.smoothstep(0.86, 0.90, u) * (1 - fur))
    gold = torch.maximum(gold, _line(low - 0.60, 0.06))
    across, down = (scene.u * 9.5).sin(), ((low + 0.8) * 10.4).sin()
    ermine = b.smoothstep(0.72, 0.9, across * down) * fur
    white = b.ink((0.97, 0.95, 0.90), scene.world) * (0.45 + 0.62 * fold)
    cape = b.mix(velvet, white * (1 - 0.88 * ermine), fur)
    lily = b.smoothstep(0.80, 0.93, (scene.u * 7).sin().abs() * (low * 7).cos().abs()) * (1 - fur)
    metal = b.ramp((fold * 0.8 + 0.2 * (scene.third * 3 + scene.waves[:, :1]).sin()).clamp(0, 1), _GOLD)
    cape = b.mix(cape, metal, torch.maximum(gold, 0.85 * lily))
    return b.mix(scene.world, (cape * scene.ambient).clamp(0, 1), scene.mask)


_PAINTERS: dict[str, Callable[[ThingInputs], Tensor]] = {
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
def paint_thing(thing: str, world: Tensor, prop: PropFrame, time_s: float) -> Tensor:
    """Paint the thing in the prop's place, with its light on what is near: (3, H, W) in 0..1; pure.

    thing: a key of PROP_OF. world: (3, H, W) float32 in 0..1, painted from the frame with the prop. time_s: the
    stream's clock, which moves the waves. Raises ValueError for an unknown thing or a prop of another kind.
    """
    if thing not in _PAINTERS:
        raise ValueError(f"{thing!r} is not a thing; there are {', '.join(_PAINTERS)}")
    if prop.pose.kind != PROP_OF[thing]:
        raise ValueError(f"a {prop.pose.kind} cannot become a {thing}; draw a {PROP_OF[thing]}")
    _, height, width = world.shape
    pose, mask = prop.pose, (1.5 * prop.mask[None]).clamp(max=1)  # nothing of the prop shows through a smeared edge
    top, bottom, left, right = 0, height, 0, width
    if pose.kind in ("box", "cloth"):  # their light does not reach far: a window of whole 16 px cells will do
        top, bottom = (_cell(pose.y + side * (pose.reach + 32), height) for side in (-1, 1))
        left, right = (_cell(pose.x + side * (pose.reach + 32), width) for side in (-1, 1))
    if top == bottom or left == right:
        return world.clone()
    rows, columns = slice(top, bottom), slice(left, right)
    x, y = pixel_grid(top, bottom, left, right, world.device)
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
        u, v, third = prop.coordinates[None, :, rows, columns].split(1, 1)
    scene = ThingInputs(
        world[None, :, rows, columns],
        mask[..., rows, columns],
        u,
        v,
        third,
        prop.shade[None, :, rows, columns],
        pose,
        x,
        y,
        waves[:, :, rows, columns],
        world.mean((1, 2)).view(1, 3, 1, 1),
    )
    made = world.clone()
    made[:, rows, columns] = _PAINTERS[thing](scene).clamp(0, 1)[0]
    return made
