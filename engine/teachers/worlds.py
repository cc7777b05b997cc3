"""The procedural teachers: for a real frame, what a world makes of it.

A teacher is a function of the source in a neighbourhood of about 24 px, of the place in the picture, of the travelling
waves, of the particles and of the frame's noise: all that the network sees too, so all of it can be learnt.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.particles import particle_planes
from engine.teachers import crafts, drawings, scenery
from engine.teachers.inputs import Set
from engine.teachers.wordings import WORDINGS


def _as_is(s: Set) -> Tensor:
    return s.source


@dataclass(frozen=True)
class World:
    """A teacher and the words for it."""

    name: str
    paint: Callable[[Set], Tensor]
    random: bool = False
    """Has content drawn by a seed: particles or grain."""
    moving: bool = False
    """Moves by itself over a still source; grain is noise and no motion."""
    wordings: tuple[str, ...] = ()
    """Texts that training sees."""
    held_out: tuple[str, ...] = ()
    """Texts that only evaluation sees."""


def _worded(*worlds: World) -> list[World]:
    """The shipped worlds with their shipped wordings."""
    texts = json.loads(WORDINGS.read_text(encoding="utf-8"))
    return [
        replace(world, wordings=tuple(texts[world.name]["train"]), held_out=tuple(texts[world.name]["held_out"]))
        for world in worlds
    ]


WORLDS: dict[str, World] = {
    world.name: world
    for world in _worded(
        World("as-is", _as_is),
        World("underwater", scenery.underwater, random=True, moving=True),
        World("wild-west", scenery.wild_west, random=True, moving=True),
        World("deep-space", scenery.deep_space, random=True, moving=True),
        World("golden-rome", scenery.golden_rome, moving=True),
        World("snowfall", scenery.snowfall, random=True, moving=True),
        World("neon-rain", scenery.neon_rain, random=True, moving=True),
        World("pencil", drawings.pencil),
        World("cartoon", drawings.cartoon),
        World("film-noir", scenery.film_noir, random=True),
        World("oil-painting", drawings.oil_painting),
        World("volcano", crafts.volcano, random=True, moving=True),
        World("enchanted-forest", crafts.enchanted_forest, random=True, moving=True),
        World("watercolour", crafts.watercolour),
        World("woodblock", crafts.woodblock),
        World("stained-glass", crafts.stained_glass),
        World("mosaic", crafts.mosaic),
        World("voxel", crafts.voxel),
        World("thermal", crafts.thermal),
        World("comic", crafts.comic),
        World("ice-palace", crafts.ice_palace, random=True, moving=True),
        World("blueprint", crafts.blueprint),
    )
}
"""All worlds by name, in the order of the network's world vectors."""


@torch.no_grad()
def teach(
    name: str,
    source: Tensor,
    noise: Tensor,
    particles: Tensor,
    time_s: Tensor,
    *,
    worlds: Mapping[str, World] = WORLDS,
) -> Tensor:
    """What the world `name` makes of a batch of frames, (B, 3, H, W) in 0..1.

    source: (B, 3, H, W) float32 RGB in 0..1, H and W multiples of 16. noise: (B, 3, H, W) standard normal, the very
    noise that the frame is denoised from. particles: (B, 6, H, W) in 0..1 from `engine.models.particles`. time_s: (B,)
    seconds. worlds: the teachers by name, for those who have more than the shipped ones. Pure, frame by frame. Raises
    ValueError for an unknown world.
    """
    if name not in worlds:
        raise ValueError(f"no world {name!r}; there are {', '.join(worlds)}")
    return worlds[name].paint(Set(source, noise, particles, time_s)).clamp(0, 1)


def check_teacher(world: World) -> None:
    """Raise ValueError where a teacher does not paint as teachers do."""
    height, width, name = 64, 96, f"the teacher of {world.name!r}"
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 8, 12, generator=generator)
    source = F.interpolate(coarse, (height, width), mode="bilinear")
    noise = torch.randn(2, 3, height, width, generator=generator)
    time_s = torch.tensor([0.5, 60.0], dtype=torch.float64)
    air = particle_planes(torch.tensor([1, 2]), time_s, height, width)

    def painted(rows: slice) -> Tensor:
        with torch.no_grad():
            return world.paint(Set(source[rows].clone(), noise[rows].clone(), air[rows].clone(), time_s[rows].clone()))

    both = painted(slice(0, 2))
    if not isinstance(both, Tensor):
        raise ValueError(f"{name} returned {type(both).__name__}; a teacher returns a float32 tensor (B, 3, H, W)")
    if both.shape != source.shape or both.dtype != torch.float32:
        raise ValueError(
            f"{name} returned {both.dtype} of shape {tuple(both.shape)} for a source of shape {tuple(source.shape)}; "
            "a teacher returns float32 of its source's shape, (B, 3, H, W)"
        )
    if not bool(torch.isfinite(both).all()):
        raise ValueError(f"{name} painted {int((~both.isfinite()).sum())} values that are NaN or infinite")
    low, high = float(both.min()), float(both.max())
    if low < -1 or high > 2:
        raise ValueError(f"{name} painted values from {low:.3g} to {high:.3g}; colours go from 0 to 1")
    again = torch.cat([painted(slice(0, 1)), painted(slice(1, 2))])
    if not torch.allclose(both, again, atol=1e-3):
        raise ValueError(
            f"{name} painted the same frame differently the second time; it is a function of its Set alone: "
            "take randomness from s.noise or s.air(...), and look at no other frame of the batch"
        )
