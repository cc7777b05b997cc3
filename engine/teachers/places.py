"""Teachers of places: the person stays, everything else becomes a drawn set, and the person is lit to match.

A set is painted in layers, once for each picture size. They drift against each other as if the camera swayed, once in
`fields.LOOP_S` seconds, so that what is near moves more than what is far. Water, fire and light move with the same
clock and the travelling waves: a set depends on place and time alone, so it can be learnt.

Legend: B batch, H height, W width in pixels. Pictures are float32 RGB in 0..1. In the sets x and y are half heights
from the picture's centre, x to the right and y downward; `wide` is x at the picture's right edge.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models import fields
from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs

SWAY = 0.04
"""How far the nearest layer sways to either side, as a share of the picture's width."""

_Paint = tuple[Tensor, Tensor | float]
_Painter = Callable[[Tensor, Tensor, float], _Paint]


def _turn(inputs: TeacherInputs, times: int = 1) -> Tensor:
    """The loop's clock as an angle, (B, 1, 1, 1)."""
    clock = torch.remainder(inputs.time_s.double(), fields.LOOP_S) / fields.LOOP_S
    return (2 * math.pi * times * clock).float().view(-1, 1, 1, 1)


def _margin(width: int) -> int:
    return math.ceil(SWAY * width) + 1


@lru_cache(maxsize=64)
def _layer(paint: _Painter, height: int, width: int, device: torch.device) -> Tensor:
    """A layer as premultiplied colour and cover, (1, 4, H, W + two margins): painted at twice the size, then halved."""
    margin = _margin(width)
    across = torch.arange(-2 * margin, 2 * (width + margin), device=device) + 0.5
    x = ((across - width) / height)[None, None, None]
    y = ((torch.arange(2 * height, device=device) + 0.5) / height - 1)[None, None, :, None]
    x, y = torch.broadcast_tensors(x, y)
    colour, cover = paint(x, y, width / height)
    cover = cover if isinstance(cover, Tensor) else torch.full_like(x, cover)
    return F.avg_pool2d(torch.cat([colour.clamp(0, 1) * cover, cover], 1), 2)


def _swayed(inputs: TeacherInputs, paint: _Painter, near: float) -> Tensor:
    """A layer (B, 4, H, W) at the moment, swaying by the share `near` of the most."""
    height, width = inputs.size
    layer, margin = _layer(paint, height, width, inputs.source.device), _margin(width)
    shown = []
    for sway in _turn(inputs).sin().flatten().tolist():
        at = margin + near * SWAY * width * sway
        first = math.floor(at)
        left, right = layer[..., first : first + width], layer[..., first + 1 : first + 1 + width]
        shown.append(torch.lerp(left, right, at - first))
    return torch.cat(shown)


def _over(picture: Tensor, layer: Tensor) -> Tensor:
    return torch.addcmul(picture + layer[:, :3], picture, layer[:, 3:], value=-1)


def _stacked(inputs: TeacherInputs, *layers: tuple[_Painter, float]) -> Tensor:
    """Layers and the share that each sways by, the farthest first, as one picture (B, 3, H, W)."""
    (farthest, share), *nearer = layers
    picture = _swayed(inputs, farthest, share)[:, :3]
    for paint, near in nearer:
        picture = _over(picture, _swayed(inputs, paint, near))
    return picture


def _axes(inputs: TeacherInputs) -> tuple[float, Tensor, Tensor]:
    """`wide`, x as a row and y as a column: what depends on one alone is cheap."""
    height, width = inputs.size
    wide = width / height
    return wide, inputs.x[:, :, :1] * wide, inputs.y[..., :1]


def _enlarged(small: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(small, (height, width), mode="bilinear", align_corners=False)


def _person(
    inputs: TeacherInputs,
    matte: Tensor,
    behind: Tensor,
    *,
    key: b.Colour,
    fill: b.Colour,
    rim: b.Colour,
    side: float,
    contrast: float,
    wrap: float,
) -> Tensor:
    """The person before a set: graded, shaped by a key light from one side (-1 left, 1 right), with a rim of that light
    on the outline, the set's brightness around the edges, and a shadow on what is behind."""
    cover = b.smoothstep(0.3, 0.85, b.box(matte, 3))  # a little inside, so that no fringe of the room remains
    height, width = inputs.size
    coarse = b.box(F.avg_pool2d(cover, 8), 3)
    towards, _ = b.slopes(b.box(coarse, 5))
    body, towards = _enlarged(torch.cat([coarse, towards], 1), height, width).split(1, 1)
    form = (0.5 - side * towards * width / 48).clamp(0, 1)  # 1 where the outline faces the key light
    level = ((inputs.grey - 0.40) * contrast + 0.46).clamp(0, 1)
    skin = b.mix(level.expand(-1, 3, -1, -1), ((inputs.source - 0.40) * contrast + 0.46).clamp(0, 1), 0.75)
    light = b.mix(b.ink(fill, skin), b.ink(key, skin), b.smoothstep(-0.05, 0.85, form))
    lit = skin * light
    ahead = (
        F.pad(cover[..., 3:], (0, 3, 0, 0), mode="replicate")
        if side > 0
        else F.pad(cover[..., :-3], (3, 0, 0, 0), mode="replicate")
    )
    above = F.pad(cover[..., :-2, :], (0, 0, 2, 0), mode="replicate")
    edge = (1.2 - ahead - 0.4 * above).clamp(0, 1) * cover  # nobody stands between it and the light
    lit = b.screen(lit, edge * (0.35 + 0.65 * level) * b.ink(rim, lit))
    lit = b.screen(lit, wrap * cover * (1 - body) * b.soft(behind, 8))
    shaded = behind * (1 - 0.45 * body * (0.5 + 0.5 * inputs.y[..., :1]))
    return b.mix(shaded, lit, cover)


# -- a beach at sunset

_HORIZON, _SHORE = 0.02, 0.56
_SUN = (0.52, -0.17)
"""Where the sun stands: as a share of the half width, and y."""


def _beach_sky(x: Tensor, y: Tensor, wide: float) -> _Paint:
    sky = b.ramp(
        y,
        (
            (-1.0, (0.15, 0.13, 0.38)),
            (-0.62, (0.42, 0.22, 0.47)),
            (-0.30, (0.85, 0.38, 0.40)),
            (-0.08, (1.0, 0.62, 0.30)),
            (_HORIZON, (1.0, 0.82, 0.50)),
        ),
    )
    px, py = x - _SUN[0] * wide, y - _SUN[1]
    distance = (px.square() + py.square()).sqrt()
    sky = b.screen(sky, (0.8 * (-distance * 3.0).exp() + 0.25 * (-distance).exp()) * b.ink((1.0, 0.72, 0.36), sky))
    for height, length, phase in ((-0.80, 1.3, 0.4), (-0.52, 1.9, 2.1), (-0.33, 2.6, 4.0)):
        line = height + 0.05 * (1.6 * x + phase).sin() + 0.02 * (5.3 * x + 2 * phase).sin()
        thick = 0.055 * (0.35 + (length * x + phase).sin()).clamp_min(0)
        cloud = b.smoothstep(1.0, 0.1, ((y - line) / (thick + 1e-3)).abs())
        glow = b.mix(b.ink((0.45, 0.20, 0.38), sky), b.ink((1.0, 0.66, 0.45), sky), (-distance).exp())
        sky = b.mix(sky, glow, 0.75 * cloud)
    sun = b.smoothstep(0.175, 0.160, distance)
    return b.mix(sky, b.ink((1.0, 0.95, 0.72), sky), sun), 1.0


def _headland(x: Tensor, y: Tensor, wide: float) -> _Paint:
    f = x / wide
    ridge = _HORIZON - 0.20 * b.smoothstep(-0.05, -0.75, f) * (0.75 + 0.25 * (5.1 * x).sin()) - 0.015 * (17 * x).sin()
    rock = b.ramp(y, ((-0.25, (0.40, 0.20, 0.34)), (_HORIZON, (0.62, 0.32, 0.38))))
    return rock, b.smoothstep(-0.008, 0.008, y - ridge) * (f < -0.04) * (y < _HORIZON)


def _sand(x: Tensor, y: Tensor, wide: float) -> _Paint:
    near = ((y - _SHORE) / (1 - _SHORE)).clamp(0, 1)
    ripples = (30 * y / (0.6 + y) * 2 + 1.6 * (3 * x).sin() + 4 * y * x).sin()
    dunes = 0.5 + 0.5 * (2.2 * x + 5 * y + (4 * y - x).sin()).sin()
    level = 0.42 + 0.25 * near + 0.08 * ripples * near + 0.14 * dunes
    sand = b.ramp(level, ((0.0, (0.25, 0.13, 0.12)), (0.5, (0.72, 0.47, 0.33)), (1.0, (1.0, 0.83, 0.60))))
    return sand, b.smoothstep(_SHORE - 0.16, _SHORE - 0.15, y)


def _palm(x: Tensor, y: Tensor, wide: float) -> _Paint:
    cx, cy = -0.66 * wide, -0.50
    fall = ((y - cy) / 1.6).clamp(0, 1)
    trunk = (x - cx + 0.30 * wide * fall.pow(1.6)).abs() - 0.030 - 0.025 * fall - 0.006 * (60 * y).sin()
    cover = b.smoothstep(0.008, -0.008, trunk) * (y > cy)
    for reach, rise, droop in (
        (0.75, 0.35, 0.70),
        (0.62, 0.80, 0.75),
        (0.55, 0.05, 0.62),
        (-0.60, 0.40, 0.75),
        (-0.50, 0.85, 0.70),
        (-0.45, 0.05, 0.60),
    ):
        t = ((x - cx) / reach).clamp(0, 1)
        middle = cy - rise * t + droop * t * t + 0.10 * t
        leaf = 0.10 * (t * (1 - t)).sqrt() * (0.80 + 0.20 * (46 * t).sin())
        frond = b.smoothstep(0.008, -0.008, (y - middle - 0.4 * leaf).abs() - leaf) * (t > 0) * (t < 1)
        cover = torch.maximum(cover, frond)
    lit = b.smoothstep(0.0, 0.03, x - cx + 0.30 * wide * fall.pow(1.6)) * (y > cy + 0.05)
    dark = b.ink((0.10, 0.06, 0.10), x)
    return b.mix(dark.expand(-1, 3, *x.shape[2:]), b.ink((0.55, 0.27, 0.16), x), 0.6 * lit), cover


def _beach(inputs: TeacherInputs, matte: Tensor) -> Tensor:
    wide, x, y = _axes(inputs)
    w, turn = inputs.waves, _turn(inputs)
    behind = _stacked(inputs, (_beach_sky, 0.06), (_headland, 0.2), (_sand, 0.7))
    depth = ((y - _HORIZON) / (_SHORE - _HORIZON)).clamp(0, 1.2)
    run = (depth + 0.05).log()
    swell = (10.5 * run - 3 * turn + 0.9 * w[:, 2:3] + 0.5 * (1.7 * x).sin()).sin()
    chop = (27 * run - 5 * turn + 1.5 * w[:, 4:5] + 1.2 * w[:, 6:7]).sin()
    sea = b.ramp(depth, ((0.0, (0.98, 0.66, 0.42)), (0.25, (0.58, 0.36, 0.42)), (1.0, (0.10, 0.27, 0.36))))
    sea = sea * (0.92 + 0.20 * swell + 0.08 * chop)
    column = (-((x - _SUN[0] * wide) / (0.11 + 0.30 * depth)).square()).exp()
    glint = b.smoothstep(0.1, 0.9, 0.6 * chop + 0.5 * swell + 0.25) * column
    sea = b.screen(sea, (0.9 * glint + 0.25 * column) * b.ink((1.0, 0.80, 0.46), sea))
    edge = _SHORE + 0.035 * turn.sin() + 0.022 * (2.9 * x + 1).sin() + 0.012 * (7.1 * x).sin()
    wet = b.smoothstep(0.16, 0.0, y - edge)
    shine = b.mix(behind * 0.62, b.ink((1.0, 0.62, 0.42), behind), 0.25 + 0.35 * column)
    behind = b.mix(behind, shine, 0.75 * wet * (y > _HORIZON))
    behind = b.mix(behind, sea, b.smoothstep(0.006, -0.006, y - edge) * (y > _HORIZON))
    lace = 0.65 + 0.35 * w[:, 6:7] * w[:, 7:8]
    foam = b.smoothstep(0.045, 0.0, edge - y) * b.smoothstep(0.012, 0.0, y - edge)
    foam = foam + 0.7 * b.smoothstep(0.72, 0.98, swell) * b.smoothstep(0.45, 0.9, depth) * (y < edge)
    behind = b.mix(behind, b.ink((1.0, 0.93, 0.86), behind), (foam * lace).clamp(0, 0.9))
    behind = _over(behind, _swayed(inputs, _palm, 1.0)).clamp(0, 1)
    picture = _person(
        inputs,
        matte,
        behind,
        key=(1.22, 0.90, 0.62),
        fill=(0.58, 0.46, 0.62),
        rim=(1.0, 0.70, 0.36),
        side=1.0,
        contrast=1.08,
        wrap=0.55,
    )
    px, py = x - _SUN[0] * wide, y - _SUN[1]
    veil = (-(px.square() + py.square()).sqrt() * 1.6).exp()
    return b.screen(picture, 0.22 * veil * b.ink((1.0, 0.62, 0.34), picture))


# -- a throne hall

_FLAME = (1.0, 0.55, 0.18)
_EYE = -0.06
"""Height of the horizon in the hall."""
_STONE = ((0.0, (0.03, 0.02, 0.03)), (0.4, (0.25, 0.17, 0.13)), (0.75, (0.60, 0.43, 0.29)), (1.0, (0.95, 0.78, 0.55)))


def _hall(x: Tensor, y: Tensor, wide: float) -> _Paint:
    """Floor, carpet, side walls, vault, end wall with window and throne."""
    down, up = (y - _EYE).clamp_min(1e-3), (_EYE - y).clamp_min(1e-3)
    far = 0.20  # half height of the end wall
    floor = y - _EYE > 0.62 * far
    depth = 1 / down
    tiles = b.smoothstep(-0.25, 0.25, (x / down * 6.0).sin() * (depth * 7.0).sin())
    level = (0.22 + 0.16 * tiles) * (0.45 + 0.75 * down)
    ground = b.ramp(level, _STONE)
    carpet = (x / down).abs()
    ground = b.mix(ground, b.ink((0.62, 0.04, 0.06), x) * (0.45 + 0.75 * down), b.smoothstep(0.50, 0.48, carpet))
    ground = b.mix(
        ground, b.ink((0.95, 0.70, 0.22), x) * (0.45 + 0.7 * down), b.smoothstep(0.035, 0.02, (carpet - 0.44).abs())
    )
    rib = (torch.atan2(x, up) * 9).cos()
    vault = b.ramp(0.10 + 0.20 * up + 0.10 * b.smoothstep(0.5, 0.95, rib), _STONE)
    hall = torch.where(floor, ground, vault)
    end = torch.maximum(x.abs() / 0.34, torch.maximum((_EYE - y) / 0.60, (y - _EYE) / (0.62 * far)))
    wall = b.ramp(0.42 + 0.2 * (0.5 - 0.5 * (y * 30).sin().sign() * 0.3), _STONE)
    hall = b.mix(hall, wall, b.smoothstep(1.02, 0.99, end))
    wx, wy = x, y + 0.40
    around = (wx.square() + wy.square()).sqrt()
    petals = 0.5 + 0.5 * (8 * torch.atan2(wy, wx)).cos()
    glass = b.mix(b.ink((0.25, 0.45, 0.95), x), b.ink((1.0, 0.82, 0.42), x), petals)
    glass = b.mix(glass, b.ink((1.0, 0.95, 0.8), x), b.smoothstep(0.08, 0.05, around))
    hall = b.mix(hall, glass, b.smoothstep(0.205, 0.195, around))
    hall = b.screen(hall, 0.45 * (-around * 4.0).exp() * b.ink((1.0, 0.80, 0.5), x))
    back = torch.maximum(x.abs() / (0.085 - 0.03 * (y + 0.12)), ((y + 0.02) / 0.16).abs())
    hall = b.mix(hall, b.ink((0.92, 0.68, 0.22), x), b.smoothstep(1.04, 0.98, back))
    seat = torch.maximum(x.abs() / 0.055, ((y + 0.01) / 0.12).abs())
    return b.mix(hall, b.ink((0.60, 0.05, 0.08), x), b.smoothstep(1.04, 0.96, seat)), 1.0


def _columns(at: float, thick: float, bright: float) -> _Painter:
    """A pair of columns with an arch towards the wall, and a banner beside each."""

    def paint(x: Tensor, y: Tensor, wide: float) -> _Paint:
        place = at * wide
        u = (x.abs() - place) / thick
        foot = _EYE + 0.62 * place
        top = _EYE - 1.25 * place
        shaft = b.smoothstep(1.03, 0.97, u.abs()) * (y < foot)
        ring = b.smoothstep(1.38, 1.32, u.abs()) * torch.maximum(
            b.smoothstep(0.10, 0.09, ((y - foot) / thick + 0.35).abs() - 0.3),
            b.smoothstep(0.10, 0.09, ((y - top) / thick).abs() - 0.35),
        )
        cover = torch.maximum(shaft, ring)
        inner = -u  # its side towards the nave
        flutes = 0.06 * (u.clamp(-1, 1).asin() * 9).cos()
        light = 0.30 + 0.45 * (inner * 0.8 + 0.35 * (1 - u.square()).clamp_min(0).sqrt()).clamp(0, 1) + flutes
        light = light * (0.75 + 0.35 * (-((y + 0.25) / 0.5).square()).exp()) + 0.10 * ring
        colour = b.ramp(bright * light, _STONE)
        hang = u - 2.6  # a banner on the wall behind it
        long = (y - top - 0.6 * thick) / (foot - top)
        tip = 0.62 - 0.07 * (1 - hang.abs())
        cloth = (
            b.smoothstep(1.02, 0.96, hang.abs()) * b.smoothstep(-0.01, 0.0, long) * b.smoothstep(0.01, 0.0, long - tip)
        )
        red = b.ink((0.55, 0.04, 0.07), x) * (0.75 + 0.25 * (hang * 5).cos()) * bright
        gold = torch.maximum(
            b.smoothstep(0.10, 0.06, (hang.abs() - 0.80).abs()),
            b.smoothstep(0.55, 0.45, hang.abs() + ((long - 0.28) * 9).abs()),
        )
        banner = b.mix(red, b.ink((0.95, 0.70, 0.24), x) * bright, gold)
        whole = b.mix(banner.expand(-1, 3, *x.shape[2:]), colour, cover)
        return whole, torch.maximum(cover, cloth)

    return paint


_FAR_COLUMNS, _MIDDLE_COLUMNS, _NEAR_COLUMNS = (
    _columns(0.27, 0.034, 0.80),
    _columns(0.47, 0.062, 0.95),
    _columns(0.84, 0.120, 1.05),
)


def _throne_hall(inputs: TeacherInputs, matte: Tensor) -> Tensor:
    wide, x, y = _axes(inputs)
    w, turn = inputs.waves, _turn(inputs)
    behind = _stacked(inputs, (_hall, 0.05), (_FAR_COLUMNS, 0.2), (_MIDDLE_COLUMNS, 0.45), (_NEAR_COLUMNS, 1.0))
    px, py = x.abs() - 0.655 * wide, y + 0.18  # a torch on either side
    flicker = 0.80 + 0.12 * (3 * turn).sin() + 0.08 * (5 * turn + 2).sin()
    glow = (-(px.square() + py.square()).sqrt() * 3.2).exp() * flicker
    behind = b.screen(behind * (1 + 1.1 * glow * b.ink((1.0, 0.62, 0.28), behind)), 0.55 * glow * b.ink(_FLAME, behind))
    up = (-py / 0.21).clamp(0, 1)
    bent = px + 0.03 * up * (w[:, 5:6] + w[:, 7:8])
    flame = ((bent / (0.075 * (1 - 0.75 * up))).square() + (py / 0.22).square()).sqrt()
    flame = b.smoothstep(1.0, 0.45, flame) * b.smoothstep(0.05, 0.0, py)
    fire = b.mix(b.ink((1.0, 0.52, 0.10), behind), b.ink((1.0, 0.95, 0.70), behind), flame)
    behind = b.mix(behind, fire, flame)
    bowl = torch.maximum(px.abs() / (0.05 - 0.14 * (py - 0.02)), ((py - 0.10) / 0.09).abs())
    behind = b.mix(behind, b.ink((0.10, 0.06, 0.04), behind), b.smoothstep(1.05, 0.9, bowl))
    slant = x + 0.62 * y
    beams = b.smoothstep(0.15, 0.9, (4.6 * slant + 0.5 + 0.25 * turn.sin()).sin()) * b.smoothstep(
        0.9, -0.7, y + 0.25 * x
    )
    motes = 0.80 + 0.20 * w[:, 3:4] * w[:, 5:6]
    shaft = beams * motes * b.ink((1.0, 0.80, 0.52), behind)
    behind = b.screen(behind, 0.26 * shaft).clamp(0, 1)
    flicker = 1 + 0.05 * (3 * turn).sin()
    picture = _person(
        inputs,
        matte,
        behind,
        key=(1.18, 0.88, 0.58),
        fill=(0.42, 0.30, 0.26),
        rim=(1.0, 0.66, 0.30),
        side=-1.0,
        contrast=1.15,
        wrap=0.4,
    )
    return b.screen(picture * b.mix(1 + 0 * matte, flicker, matte), 0.10 * shaft)


# -- on the moon

_PLAIN = 0.10
"""Height of the moon's horizon."""


def _space(x: Tensor, y: Tensor, wide: float) -> _Paint:
    sky = b.ink((0.005, 0.005, 0.012), x).expand(1, 3, *x.shape[2:])
    for scale, phase in ((1.0, 0.0), (1.37, 1.9), (1.83, 4.1)):
        stars = (scale * (21 * x + 8 * y) + phase).sin() * (scale * (17 * y - 9 * x) + 2 * phase).sin()
        sky = sky + b.smoothstep(0.975, 0.999, stars) * (0.95 - 0.2 * scale)
    px, py = x + 0.56 * wide, y + 0.47
    size = 0.27
    u, v = px / size, py / size
    z = (1 - u.square() - v.square()).clamp_min(0).sqrt()
    away = (u.square() + v.square()).sqrt()
    land = b.smoothstep(
        0.10, 0.30, (3.1 * u + 1.2 * v + 0.5).sin() * (2.7 * v - 0.9 * u + 0.8).sin() + 0.25 * (8 * u + 5 * v).sin()
    )
    cloud = b.smoothstep(0.25, 0.9, (7 * v + 2.2 * (2.4 * u).sin()).sin() * (0.6 + 0.4 * (5 * u - 2 * v).sin()) + 0.2)
    ball = b.mix(b.ink((0.05, 0.24, 0.62), x), b.ink((0.28, 0.46, 0.20), x), 0.85 * land)
    ball = b.mix(ball, b.ink((0.96, 0.98, 1.0), x), 0.85 * cloud)
    day = b.smoothstep(-0.25, 0.6, 0.78 * u - 0.30 * v + 0.45 * z)
    ball = ball * (0.03 + 1.05 * day) + 0.5 * (1 - z).pow(3) * day * b.ink((0.4, 0.7, 1.0), x)
    halo = 0.5 * (-((away - 1).clamp_min(0) / 0.10)).exp() * day
    sky = b.screen(sky, halo * b.ink((0.30, 0.55, 1.0), x))
    return b.mix(sky, ball, b.smoothstep(1.015, 0.985, away)), 1.0


def _regolith(level: Tensor) -> Tensor:
    return b.ramp(level, ((0.0, (0.02, 0.02, 0.025)), (0.5, (0.42, 0.41, 0.40)), (1.0, (0.93, 0.92, 0.88))))


def _hills(heights: tuple[tuple[float, float, float], ...], base: float, bright: float) -> Callable[..., _Paint]:
    """A ridge, hard lit from the right."""

    def paint(x: Tensor, y: Tensor, wide: float) -> _Paint:
        ridge, slope = torch.full_like(x, base), torch.zeros_like(x)
        for amount, rate, phase in heights:
            wave = (rate * x + phase).sin()
            ridge = ridge - amount * wave.abs()
            slope = slope - amount * rate * (rate * x + phase).cos() * wave / (wave.abs() + 0.12)
        below = (y - ridge).clamp_min(0)
        folds = 0.30 * (11 * x + 16 * below + (7 * x).sin()).sin() * (-4 * below).exp()
        sun = b.smoothstep(-0.10, 0.22, slope + folds)  # slopes that fall to the right face the sun
        return _regolith(bright * (0.06 + 0.80 * sun) + 0.25 * below), b.smoothstep(-0.006, 0.006, y - ridge)

    return paint


_FAR_HILLS = _hills(((0.20, 1.9, 0.6), (0.05, 5.3, 1.0)), _PLAIN + 0.03, 0.78)
_NEAR_HILLS = _hills(((0.09, 1.3, 2.0), (0.025, 4.1, 0.3)), _PLAIN + 0.10, 0.9)

_CRATERS = (
    (-0.70, 0.42, 0.26),
    (0.62, 0.52, 0.34),
    (0.05, 0.30, 0.14),
    (0.95, 0.27, 0.16),
    (-0.22, 0.72, 0.30),
    (-1.00, 0.85, 0.30),
    (0.40, 0.92, 0.24),
    (0.30, 0.23, 0.07),
    (-0.42, 0.25, 0.08),
)
"""Share of the half width, y, and half length in half heights."""


def _ground(x: Tensor, y: Tensor, wide: float) -> _Paint:
    horizon = _PLAIN + 0.06 + 0.015 * (2.3 * x + 1).sin()
    near = ((y - horizon) / (1 - horizon)).clamp(0, 1)
    depth = near + 0.06
    px = x / depth
    dust = 0.5 * (5 * px + 3 * (1.3 / depth).sin()).sin() * (9 / depth + 2 * (2 * px).sin()).sin()
    pebbles = (19 * px + 5 * (3 / depth).sin()).sin() * (31 / depth + 3 * (3 * px).sin()).sin()
    level = 0.52 + 0.10 * near + 0.10 * dust * near.sqrt() + 0.10 * pebbles * near
    for share, cy, size in _CRATERS:
        u, v = (x - share * wide) / size, (y - cy) / (size * (0.16 + 0.30 * cy))
        away = (u.square() + v.square()).sqrt()
        bowl = b.smoothstep(1.0, 0.80, away)
        shadow = b.smoothstep(0.12, -0.18, -u + 0.25 * v + 0.1)  # the wall next to the sun lies in the dark
        level = b.mix(level, 0.86 - 0.84 * shadow, bowl)
        rim = (-((away - 1.07) / 0.10).square()).exp()
        level = level + rim * (0.26 * (u / away.clamp_min(0.1)) + 0.08)
    return _regolith(level.clamp(0, 1)), b.smoothstep(-0.006, 0.006, y - horizon)


def _moon(inputs: TeacherInputs, matte: Tensor) -> Tensor:
    behind = _stacked(inputs, (_space, 0.04), (_FAR_HILLS, 0.25), (_NEAR_HILLS, 0.5), (_ground, 1.0)).clamp(0, 1)
    sky = b.smoothstep(_PLAIN, -0.3, inputs.y)
    twinkle = 1 + 0.35 * inputs.waves[:, 6:7] * inputs.waves[:, 7:8] * sky * b.smoothstep(0.2, 0.5, b.luminance(behind))
    return _person(
        inputs,
        matte,
        behind * twinkle,
        key=(1.20, 1.17, 1.10),
        fill=(0.20, 0.22, 0.29),
        rim=(1.0, 0.99, 0.94),
        side=1.0,
        contrast=1.35,
        wrap=0.15,
    )


PLACES: dict[str, Callable[[TeacherInputs, Tensor], Tensor]] = {
    "beach": _beach,
    "throne-hall": _throne_hall,
    "moon": _moon,
}
"""Place -> its teacher: from inputs and a matte of people (B, 1, H, W) in 0..1 to the picture (B, 3, H, W), whose
values may pass 0..1 a little."""
