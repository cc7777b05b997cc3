"""The procedural teachers: for a real frame, what a world makes of it.

A teacher is a function of the source in a neighbourhood of about 24 px, of the place in the picture, of the travelling
waves, and of particles born from the frame's noise: all that the network sees too, so all of it can be learnt.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.training import crafts, drawings, scenery
from engine.training.easel import Set
from engine.training.particles import Layer, Particles, advance

WORDINGS = Path(__file__).with_name("wordings.json")


def _as_is(s: Set) -> Tensor:
    return s.source


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
        World("underwater", scenery.underwater, _BUBBLES, random=True, moving=True),
        World("wild-west", scenery.wild_west, _DUST, random=True, moving=True),
        World("deep-space", scenery.deep_space, _STARS, random=True, moving=True),
        World("golden-rome", scenery.golden_rome, moving=True),
        World("snowfall", scenery.snowfall, _FLAKES, random=True, moving=True),
        World("neon-rain", scenery.neon_rain, _RAIN, random=True, moving=True),
        World("pencil", drawings.pencil),
        World("cartoon", drawings.cartoon),
        World("film-noir", scenery.film_noir, random=True, moving=True),
        World("oil-painting", drawings.oil_painting),
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
