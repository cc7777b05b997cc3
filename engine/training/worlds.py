"""The procedural teachers: for a real frame, what a world makes of it.

A teacher is a function of the source in a neighbourhood of about 24 px, of the place in the picture, of the travelling
waves, of the weather and of the frame's noise: all that the network sees too, so all of it can be learnt.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from engine.training import crafts, drawings, scenery
from engine.training.easel import Set

WORDINGS = Path(__file__).with_name("wordings.json")


def _as_is(s: Set) -> Tensor:
    return s.source


@dataclass(frozen=True)
class World:
    """A teacher and the words for it."""

    name: str
    paint: Callable[[Set], Tensor]
    random: bool = False
    """Has content drawn by a seed: weather or grain."""
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
    weather: Tensor,
    time_s: Tensor,
    *,
    worlds: Mapping[str, World] = WORLDS,
) -> Tensor:
    """What the world `name` makes of a batch of frames, (B, 3, H, W) in 0..1.

    source: (B, 3, H, W) float32 RGB in 0..1, H and W multiples of 16. noise: (B, 3, H, W) standard normal, the very
    noise that the frame is denoised from. weather: (B, 6, H, W) in 0..1 from `engine.models.weather`. time_s: (B,)
    seconds. worlds: the teachers by name, for those who have more than the shipped ones. Pure, frame by frame. Raises
    ValueError for an unknown world.
    """
    if name not in worlds:
        raise ValueError(f"no world {name!r}; there are {', '.join(worlds)}")
    return worlds[name].paint(Set(source, noise, weather, time_s)).clamp(0, 1)
