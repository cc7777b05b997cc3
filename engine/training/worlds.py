"""The procedural teachers: for a real frame, what a world makes of it.

A teacher is a function of the source in a neighbourhood of about 24 px, of the place in the picture, of the travelling
waves, and of particles born from the frame's noise: all that the network sees too, so all of it can be learnt.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models import fields
from engine.training import brushes as b
from engine.training import crafts
from engine.training.particles import Layer, Particles, advance, splat

WORDINGS = Path(__file__).with_name("wordings.json")


@dataclass(frozen=True)
class Set:
    """What a painter works from."""

    source: Tensor
    """(B, 3, H, W) in 0..1."""
    noise: Tensor
    """(B, 3, H, W) standard normal, the noise that this frame is denoised from."""
    time_s: Tensor
    """(B,)"""
    particles: Particles | None
    layers: tuple[Layer, ...]

    @property
    def size(self) -> tuple[int, int]:
        return self.source.shape[2], self.source.shape[3]

    @cached_property
    def grey(self) -> Tensor:
        """(B, 1, H, W)"""
        return b.luminance(self.source)

    @cached_property
    def x(self) -> Tensor:
        """(1, 1, 1 or H, W) from -1 at the left to 1 at the right."""
        return fields.coordinates(*self.size, device=self.source.device)[:, :1]

    @cached_property
    def y(self) -> Tensor:
        """(1, 1, H, W) from -1 at the top to 1 at the bottom."""
        return fields.coordinates(*self.size, device=self.source.device)[:, 1:]

    @cached_property
    def waves(self) -> Tensor:
        """(B, 8, H, W) in -1..1."""
        return fields.waves(self.time_s, *self.size)

    @cached_property
    def far(self) -> Tensor:
        """A cheap guess at distance, 0..1: what is high in the picture, pale and smooth is far."""
        texture = b.soft(b.edges(self.grey), 8)
        pale = b.soft(self.grey, 8)
        height = (0.5 - 0.5 * self.y).clamp(0, 1)
        return (0.2 + 0.5 * height + 0.35 * pale - 3.0 * texture).clamp(0, 1)

    def spots(self, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Tensor:
        """The particles' light, (B, 1, H, W)."""
        assert self.particles is not None, "this world has no particles"
        return splat(self.particles, self.layers, *self.size, scale=scale, shift=shift)


def _as_is(s: Set) -> Tensor:
    return s.source


def _underwater(s: Set) -> Tensor:
    w = s.waves
    web = 1 - (0.5 * (w[:, 2:3] + w[:, 3:4]) + 0.45 * w[:, 4:5] + 0.3 * w[:, 5:6]).abs() * 1.15
    caustics = web.clamp(0, 1).pow(4)
    depth = (0.5 + 0.5 * s.y).clamp(0, 1)  # light fails towards the bottom
    body = b.mix(s.source, s.grey.expand(-1, 3, -1, -1), 0.3)
    body = ((body - 0.42) * 1.25 + 0.46).clamp(0, 1) * b.ink((0.22, 0.80, 0.86), body) * (1.1 - 0.45 * depth)
    fog = b.mix(b.ink((0.04, 0.50, 0.62), body), b.ink((0.0, 0.12, 0.27), body), depth)
    picture = b.mix(body, fog, 0.12 + 0.5 * s.far)
    lit = b.smoothstep(0.2, 0.85, s.grey) * (1 - 0.75 * s.far)
    picture = picture + caustics * (0.05 + 0.5 * lit) * (1 - 0.5 * depth) * b.ink((0.6, 1.0, 0.9), body)
    slant = s.x + 0.32 * s.y
    shafts = torch.sin(9.0 * slant + 1.3 * w[:, :1]) * torch.sin(4.1 * slant + 0.7)
    rays = b.smoothstep(0.05, 0.75, shafts) * (0.62 - 0.55 * s.y).clamp(0, 1)
    picture = b.screen(picture, 0.45 * rays * b.ink((0.5, 0.95, 0.92), body))
    rim = (s.spots() - 0.75 * s.spots(0.62)).clamp(0, 1)
    glint = s.spots(0.3, (-0.35, -0.35)).clamp(0, 1)
    return b.screen(picture, (0.85 * rim + 0.9 * glint) * b.ink((0.75, 1.0, 1.0), body))


def _wild_west(s: Set) -> Tensor:
    w = s.waves
    tone = b.ramp(
        s.grey,
        ((0.0, (0.09, 0.04, 0.02)), (0.3, (0.42, 0.20, 0.08)), (0.6, (0.82, 0.54, 0.26)), (1.0, (1.0, 0.93, 0.72))),
    )
    picture = b.mix(tone, s.source * b.ink((1.05, 0.82, 0.55), tone), 0.35)
    picture = (picture - 0.5) * 1.18 + 0.5
    haze = (1 - (s.y - 0.05).abs() * 1.6).clamp(0, 1) * (0.75 + 0.25 * w[:, :1] * w[:, 1:2])
    dust = (0.16 + 0.5 * haze * (0.35 + 0.65 * s.far)).clamp(0, 0.7)
    picture = b.mix(picture, b.ink((0.93, 0.64, 0.33), picture), dust)
    height, width = s.size
    distance = ((s.x + 0.62).square() * (width / height) ** 2 + (s.y + 0.42).square()).sqrt()
    sun = b.smoothstep(0.19, 0.15, distance)
    glow = (-distance * 1.7).exp() + 0.35 * (-distance * 0.8).exp()
    beams = torch.sin(5.0 * (s.y - 0.45 * s.x) + 0.8 * w[:, 1:2]).clamp(0, 1) * (-distance * 0.9).exp()
    picture = b.screen(picture, (0.55 * glow + 0.18 * beams) * b.ink((1.0, 0.72, 0.34), picture))
    picture = b.mix(picture, b.ink((1.0, 0.95, 0.78), picture), sun * (0.55 + 0.45 * s.far))
    return b.screen(picture, 0.55 * s.spots() * b.ink((1.0, 0.86, 0.6), picture))


def _deep_space(s: Set) -> Tensor:
    w = s.waves
    calm = b.smoothstep(0.045, 0.01, b.soft(b.edges(s.grey), 8))
    night = b.smoothstep(0.62, 0.15, b.soft(s.grey, 8))
    open_sky = (0.25 + 0.75 * calm) * (0.3 + 0.7 * night)
    body = b.ramp(s.grey, ((0.0, (0.0, 0.0, 0.02)), (0.5, (0.07, 0.10, 0.22)), (1.0, (0.42, 0.52, 0.78))))
    body = b.mix(body, s.source * b.ink((0.45, 0.5, 0.75), body), 0.3)
    right, down = b.slopes(b.box(s.grey, 3))
    rim = ((right - 0.6 * down) * 7).clamp(0, 1)
    back = ((-right) * 5).clamp(0, 1)
    cloud = (0.5 + 0.25 * (w[:, :1] + w[:, 1:2]) * (1 + 0.4 * w[:, 2:3])).clamp(0, 1)
    nebula = cloud * b.ink((0.30, 0.06, 0.38), body) + (1 - cloud) * b.ink((0.0, 0.10, 0.24), body)
    picture = body + 0.75 * nebula * open_sky
    height, width = s.size
    px, py = (s.x - 0.58) * (width / height), s.y + 0.46
    radius = (px.square() + py.square()).sqrt()
    lit = b.smoothstep(-0.25, 0.35, (-0.8 * px + 0.6 * py) / 0.42)
    bands = 0.5 + 0.5 * torch.sin(22 * (py + 0.25 * px))
    surface = b.mix(b.ink((0.72, 0.40, 0.24), body), b.ink((0.95, 0.78, 0.52), body), bands) * (0.10 + 0.9 * lit)
    disc = b.smoothstep(0.36, 0.335, radius)
    picture = b.mix(picture, surface, disc * (0.55 + 0.45 * open_sky))
    halo = (-((radius - 0.345) / 0.05).square()).exp() * (0.25 + 0.75 * lit)
    picture = b.screen(picture, 0.7 * halo * b.ink((0.55, 0.75, 1.0), body))
    picture = b.screen(picture, rim * b.ink((0.55, 0.85, 1.0), body) + 0.5 * back * b.ink((0.9, 0.35, 0.8), body))
    stars = s.spots() * (0.35 + 0.65 * open_sky) * (1 - 0.9 * disc)
    return b.screen(picture, stars.clamp(0, 1) * b.ink((0.92, 0.95, 1.0), body))


def _golden_rome(s: Set) -> Tensor:
    w = s.waves
    form = b.box(s.grey, 3)
    right, down = b.slopes(form)
    relief = ((-right - down) * 3.2).clamp(-0.5, 0.5)  # lit from the upper left, as embossed
    sheen = 0.5 + 0.5 * torch.sin(9.5 * b.box(s.grey, 5) + 2.4 * relief - 1.2)  # metal answers light in bands
    level = (0.62 * s.grey + 0.30 * sheen * (0.3 + 0.7 * s.grey) + relief).clamp(0, 1)
    gold = b.ramp(
        level,
        (
            (0.0, (0.13, 0.05, 0.01)),
            (0.3, (0.48, 0.27, 0.05)),
            (0.58, (0.86, 0.60, 0.16)),
            (0.82, (1.0, 0.86, 0.42)),
            (1.0, (1.0, 0.98, 0.84)),
        ),
    )
    vein = (1 - (w[:, :1] * 0 + torch.sin(6 * s.x + 9 * s.y + 3 * torch.sin(7 * s.y - 4 * s.x))).abs() * 6).clamp(0, 1)
    marble = b.ink((0.95, 0.91, 0.83), gold) * (0.55 + 0.5 * s.grey) - 0.13 * vein
    pale = b.smoothstep(0.62, 0.88, b.soft(s.grey, 4)) * b.smoothstep(0.05, 0.015, b.soft(b.edges(s.grey), 4))
    picture = b.mix(gold, marble.clamp(0, 1), 0.8 * pale)
    light = (0.6 - 0.5 * s.y - 0.35 * s.x).clamp(0, 1)
    picture = picture * (0.82 + 0.25 * light)
    glint = b.smoothstep(0.86, 1.0, level) * (0.5 + 0.5 * w[:, 5:6] * w[:, 6:7]).clamp(0, 1)
    return b.screen(picture, 0.5 * glint * b.ink((1.0, 0.95, 0.7), gold))


def _snowfall(s: Set) -> Tensor:
    cold = b.mix(s.source, s.grey.expand(-1, 3, -1, -1), 0.5) * b.ink((0.84, 0.95, 1.10), s.source)
    picture = 0.10 + 0.82 * cold
    picture = b.mix(picture, b.ink((0.76, 0.84, 0.93), picture), 0.45 * s.far)
    _, down = b.slopes(b.box(s.grey, 9))
    top = b.smoothstep(0.016, 0.040, (-down).clamp(min=0))  # what darkens downward is an upper edge against the light
    cover = F.max_pool2d(top, 5, 1, 2)
    powder = 1 + 0.18 * b.paper(*s.size, s.source).clamp(-1, 1)
    drift = (b.box(cover, 5) * powder).clamp(0, 1)
    ground = 0.6 * b.smoothstep(0.3, 1.0, s.y) * b.smoothstep(0.2, 0.7, s.grey)
    picture = b.mix(picture, b.ink((0.95, 0.98, 1.0), picture), (0.85 * drift + ground).clamp(0, 1))
    return b.screen(picture, s.spots().clamp(0, 1).expand(-1, 3, -1, -1))


def _neon_rain(s: Set) -> Tensor:
    w = s.waves
    night = b.mix(s.source, s.grey.expand(-1, 3, -1, -1), 0.4) * b.ink((0.34, 0.22, 0.58), s.source)
    picture = night * 0.85 + 0.02
    line = (b.edges(b.box(s.grey, 3)) * 9 - 0.25).clamp(0, 1)
    glow = b.soft(line, 4) * 1.3
    side = (0.5 + 0.5 * torch.sin(2.6 * s.x + 1.1 * s.y + 0.8)).clamp(0, 1)
    colour = b.mix(b.ink((0.05, 0.85, 1.0), s.source), b.ink((1.0, 0.12, 0.72), s.source), side)
    picture = b.screen(picture, (0.85 * line + 0.75 * glow) * colour)
    width = s.size[1]
    for place, tint, flicker in (
        (-0.88, (1.0, 0.15, 0.65), 0),
        (0.88, (0.1, 0.8, 1.0), 1),
        (0.74, (1.0, 0.55, 0.1), 2),
    ):
        away = (s.x - place).abs() * width / 2
        tall = b.smoothstep(-0.92, -0.85, s.y) * b.smoothstep(0.25 + 0.2 * flicker, 0.15 + 0.2 * flicker, s.y)
        tube = b.smoothstep(3.5, 1.5, away) + 0.5 * (-away / 14).exp()
        steady = 0.85 + 0.15 * torch.sign(w[:, flicker : flicker + 1].mean((2, 3), keepdim=True) + 0.01)
        picture = b.screen(picture, tube * tall * steady * b.ink(tint, s.source))
    wet = b.smoothstep(0.2, 0.9, s.y)
    ripple = (0.5 + 0.5 * w[:, 6:7] * w[:, 7:8] + 0.35 * w[:, 5:6]).clamp(0, 1).pow(2)
    shine = b.soft(b.screen(line, glow), 8) * colour + 0.25 * b.soft(s.grey, 16)
    picture = b.screen(picture, wet * (0.25 + 0.9 * ripple) * shine)
    return b.screen(picture, 0.5 * s.spots().clamp(0, 1) * b.ink((0.72, 0.82, 1.0), s.source))


def _pencil(s: Set) -> Tensor:
    height, width = s.size
    grey = b.luminance(b.kuwahara(s.source, 5))
    line = b.smoothstep(0.012, 0.075, b.edges(grey)) + ((b.soft(grey, 8) - grey) * 2.2 - 0.1).clamp(0, 0.5)
    first, second = b.hatching(height, width, grey), b.hatching(height, width, grey, rising=False)
    tooth = b.paper(height, width, grey)
    dark = 1 - grey
    tone = 0.42 * b.smoothstep(0.25, 0.85, dark) * (0.72 + 0.28 * first)
    tone = tone + 0.30 * b.smoothstep(0.55, 0.95, dark) * (0.7 + 0.3 * second)
    graphite = (0.8 * line.clamp(0, 1) + tone) * (1 + 0.10 * tooth)
    cream = b.ink((0.965, 0.945, 0.89), s.source) * (1 - 0.010 * tooth)
    return b.mix(cream, b.ink((0.16, 0.16, 0.19), s.source), graphite.clamp(0, 0.95))


def _cartoon(s: Set) -> Tensor:
    flat = b.kuwahara(b.kuwahara(s.source, 5), 5)
    grey = b.luminance(flat)
    level = grey * 4.5
    step = level.floor() + b.smoothstep(0.38, 0.62, level - level.floor())
    shaded = flat * ((step / 4.5 + 0.06) / (grey + 0.03)).clamp(0.4, 2.2)
    picture = b.saturate(shaded.clamp(0, 1), 1.9)
    picture = (0.06 + 1.02 * picture).clamp(0, 1)
    ink_line = b.smoothstep(0.035, 0.075, b.edges(b.box(grey, 3)))
    ink_line = b.box(F.max_pool2d(ink_line, 3, 1, 1), 3)
    return b.mix(picture, b.ink((0.05, 0.04, 0.08), picture), ink_line.clamp(0, 1))


def _film_noir(s: Set) -> Tensor:
    hard = b.smoothstep(0.06, 0.9, s.grey)
    slats = b.smoothstep(-0.5, 0.5, torch.sin((s.y + 0.24 * s.x) * 13.0))
    window = b.smoothstep(1.3, 0.3, (s.x + 0.1).square() + (s.y + 0.15).square())
    light = 0.42 + (0.72 * slats) * window + 0.2 * window
    picture = hard * light * (1 - 0.22 * (s.x.square() + s.y.square()))
    picture = picture + 0.07 * slats * window
    picture = b.screen(picture, 0.3 * b.soft(b.smoothstep(0.7, 1.0, picture), 8))
    grain = b.box(s.noise[:, :1], 3) * 3
    picture = picture + 0.026 * grain * (1 - 0.6 * (2 * picture - 1).square())
    return picture.clamp(0, 1) * b.ink((1.0, 0.985, 0.955), s.source)


def _oil_painting(s: Set) -> Tensor:
    height, width = s.size
    paint = b.mix(b.kuwahara(s.source, 7), b.box(s.source, 3), 0.25)
    form = b.luminance(paint)
    turn = 26 * b.box(form, 7)  # bristles 8 px apart, turning along the form's contours
    column = torch.arange(width, device=s.source.device) * (torch.pi / 4)
    row = torch.arange(height, device=s.source.device)[:, None] * (torch.pi / 8)
    way = b.smoothstep(-0.3, 0.3, torch.sin(7 * s.x + 3 * s.y + 8 * form) * torch.sin(6 * s.y - 4 * s.x))
    bristles = b.mix(torch.sin(column + row + turn), torch.sin(column - 2 * row + turn), way)
    right, down = b.slopes(b.box(form, 3))
    impasto = ((-right - down) * 2.6).clamp(-0.2, 0.2) + 0.03 * bristles * (0.5 + form)
    picture = b.saturate(paint, 1.6)
    picture = b.mix(picture, b.ramp(b.luminance(picture), _OIL), 0.28)
    return ((picture - 0.5) * 1.15 + 0.5 + impasto + 0.012 * b.canvas(height, width, s.source)).clamp(0, 1)


_OIL = ((0.0, (0.10, 0.06, 0.10)), (0.4, (0.42, 0.24, 0.14)), (0.7, (0.86, 0.62, 0.30)), (1.0, (1.0, 0.95, 0.78)))


@dataclass(frozen=True)
class World:
    """A teacher and the words for it."""

    name: str
    paint: Callable[[Set], Tensor]
    layers: tuple[Layer, ...] = ()
    random: bool = False
    """Has content born of noise: particles or grain."""
    moving: bool = False
    """Moves by itself over a still source."""

    def _texts(self, split: str) -> tuple[str, ...]:
        return tuple(json.loads(WORDINGS.read_text())[self.name][split])

    @property
    def wordings(self) -> tuple[str, ...]:
        """Texts that training sees."""
        return self._texts("train")

    @property
    def held_out(self) -> tuple[str, ...]:
        """Texts that only evaluation sees."""
        return self._texts("held_out")


_BUBBLES = (Layer(0.010, (5.0, -46.0), (4.6, 4.6)), Layer(0.020, (-3.0, -30.0), (2.6, 2.6), 0.8))
_DUST = (Layer(0.016, (16.0, -4.0), (2.4, 2.4)), Layer(0.030, (8.0, -2.0), (1.5, 1.5), 0.7))
_STARS = (Layer(0.05, (-9.0, 2.0), (1.5, 1.5)), Layer(0.13, (-4.0, 1.0), (1.0, 1.0), 0.65))
_FLAKES = (
    Layer(0.022, (12.0, 72.0), (3.6, 3.6)),
    Layer(0.055, (8.0, 48.0), (2.3, 2.3), 0.9),
    Layer(0.100, (5.0, 30.0), (1.5, 1.5), 0.75),
)
_RAIN = (Layer(0.035, (0.0, 288.0), (0.9, 13.0)), Layer(0.060, (0.0, 192.0), (0.8, 8.0), 0.6))

_EMBERS = (Layer(0.020, (7.0, -52.0), (1.9, 1.9)), Layer(0.030, (-4.0, -33.0), (1.3, 1.3), 0.8))
_FIREFLIES = (Layer(0.010, (8.0, -7.0), (3.2, 3.2)), Layer(0.022, (-5.0, 10.0), (1.7, 1.7), 0.75))
_ICE_DUST = (Layer(0.025, (5.0, 14.0), (1.6, 1.6)), Layer(0.045, (-3.0, 9.0), (1.1, 1.1), 0.7))

WORLDS: dict[str, World] = {
    world.name: world
    for world in (
        World("as-is", _as_is),
        World("underwater", _underwater, _BUBBLES, random=True, moving=True),
        World("wild-west", _wild_west, _DUST, random=True, moving=True),
        World("deep-space", _deep_space, _STARS, random=True, moving=True),
        World("golden-rome", _golden_rome, moving=True),
        World("snowfall", _snowfall, _FLAKES, random=True, moving=True),
        World("neon-rain", _neon_rain, _RAIN, random=True, moving=True),
        World("pencil", _pencil),
        World("cartoon", _cartoon),
        World("film-noir", _film_noir, random=True, moving=True),
        World("oil-painting", _oil_painting),
        World("volcano", crafts.volcano, _EMBERS, random=True, moving=True),
        World("enchanted-forest", crafts.enchanted_forest, _FIREFLIES, random=True, moving=True),
        World("watercolour", crafts.watercolour),
        World("woodblock", crafts.woodblock),
        World("stained-glass", crafts.stained_glass),
        World("mosaic", crafts.mosaic),
        World("voxel", crafts.voxel),
        World("thermal", crafts.thermal),
        World("comic", crafts.comic),
        World("ice-palace", crafts.ice_palace, _ICE_DUST, random=True, moving=True),
        World("blueprint", crafts.blueprint),
    )
}
"""All worlds by name, in the order of the network's world vectors."""


@torch.no_grad()
def teach(
    name: str, source: Tensor, noise: Tensor, time_s: Tensor, particles: Particles | None = None
) -> tuple[Tensor, Particles | None]:
    """What the world `name` makes of a batch of frames.

    source: (B, 3, H, W) float32 RGB in 0..1, H and W multiples of 16. noise: (B, 3, H, W) standard normal, the very
    noise that the frame is denoised from. time_s: (B,) seconds. particles: the last frame's, or None for a cold start,
    where this frame's noise gives birth to a full population. Returns the painted frames and their particles (None for
    a world without). Pure. Raises ValueError for an unknown world.
    """
    if name not in WORLDS:
        raise ValueError(f"no world {name!r}; there are {', '.join(WORLDS)}")
    world = WORLDS[name]
    grown = advance(particles, noise, time_s, world.layers) if world.layers else None
    return world.paint(Set(source, noise, time_s, grown, world.layers)).clamp(0, 1), grown
