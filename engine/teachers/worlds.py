"""The procedural teachers: each paints a real frame as its world shows it.

A teacher is a function of the source in a neighbourhood of about 24 px, of the position in the picture, of the
travelling waves, of the particles and of the frame's noise: the network sees all of these too, so all of it can be
learnt.

Three lists of worlds are kept apart. `TRAINABLE_WORLDS` are those with a teacher or a set here: a recipe trains them.
`engine.config.SHIPPED_WORLDS` are those of the shipped weights. What given weights know stands in their own config. A
new teacher lengthens the first list alone.

Legend: B batch, H height, W width in pixels, multiples of 16. Pictures are float32 RGB in 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.models.particles import particle_planes
from engine.teachers import crafts, drawings, scenery
from engine.teachers.inputs import TeacherInputs
from engine.teachers.places import PLACES
from engine.teachers.styles import Picture, Style
from engine.teachers.wordings import WORDINGS

STYLE_WORDINGS = (
    *("{}", "{} style", "a {} picture", "a {} painting", "{} look", "in the style of {}", "in the manner of {}"),
    *("painted like {}", "painted by {}", "a painting by {}", "as {} would paint it", "the world of {}"),
    *("everything as {} painted it", "a picture by {}", "drawn in {} style", "the colours of {}"),
)
HELD_OUT_STYLE_WORDINGS = ("like a {} canvas", "make it look like {}", "the scene painted in {} manner", "a {} artwork")
"""How people ask for a style by its name, {}."""


def as_is(inputs: TeacherInputs) -> Tensor:
    """The source itself."""
    return inputs.source


def _unpainted(inputs: TeacherInputs) -> Tensor:
    raise AssertionError("a world without a teacher is refused when it is made")


@dataclass(frozen=True)
class World:
    """A teacher and the words for it.

        World("negative", lambda inputs: 1 - inputs.source, wordings=[...])     a teacher that you paint
        World("gauguin", pictures=["a.jpg", "b.jpg", "c.jpg"])                  one measured from pictures of a style

    Raises ValueError for a world with neither, or with both, and for pictures that `Style.of` refuses.
    """

    name: str
    paint: Callable[[TeacherInputs], Tensor] = _unpainted
    """The teacher: its inputs to the picture (B, 3, H, W) float32, values about 0..1; pure, frame by frame."""
    random: bool = False
    """Has content that depends on the seed: particles or grain."""
    moving: bool = False
    """Moves by itself over a still source; grain is noise and no motion."""
    wordings: tuple[str, ...] = ()
    """Texts that training sees."""
    held_out: tuple[str, ...] = ()
    """Texts that only evaluation sees."""
    pictures: Sequence[Picture] = field(default=(), compare=False, repr=False)
    """Three to thirty pictures of a style, files or arrays, in place of a teacher: see engine/teachers/styles.py for
    what is taken from them. Wordings are then made of the name, unless there are some."""
    style: Style | None = field(init=False, default=None, compare=False)
    """What was measured of the pictures."""

    def __post_init__(self) -> None:
        given_texts: tuple[object, ...] = (self.wordings, self.held_out)
        for texts in given_texts:
            if isinstance(texts, str):
                raise ValueError(f"wordings of {self.name!r} are a list of texts, not {texts!r}; write [{texts!r}]")
        object.__setattr__(self, "wordings", tuple(self.wordings))
        object.__setattr__(self, "held_out", tuple(self.held_out))
        given = isinstance(self.pictures, str) or len(self.pictures) > 0
        if given and self.paint is not _unpainted:
            raise ValueError(f"the world {self.name!r} has a teacher and pictures; leave one of the two out")
        if not given and self.paint is _unpainted:
            raise ValueError(
                f"the world {self.name!r} needs a teacher, World({self.name!r}, paint), or three to thirty pictures of "
                f"its style, World({self.name!r}, pictures=['a.jpg', ...])"
            )
        if given:
            style = Style.of(self.pictures, self.name)
            object.__setattr__(self, "style", style)
            object.__setattr__(self, "paint", style.paint)
            called = self.name.replace("-", " ")
            if not self.wordings:
                object.__setattr__(self, "wordings", tuple(text.format(called) for text in STYLE_WORDINGS))
                object.__setattr__(self, "held_out", tuple(text.format(called) for text in HELD_OUT_STYLE_WORDINGS))


def _worded(*worlds: World) -> list[World]:
    """The worlds with their wordings from `wordings.json`."""
    texts = json.loads(WORDINGS.read_text(encoding="utf-8"))
    return [
        replace(world, wordings=tuple(texts[world.name]["train"]), held_out=tuple(texts[world.name]["held_out"]))
        for world in worlds
    ]


WORLDS: dict[str, World] = {
    world.name: world
    for world in _worded(
        World("as-is", as_is),
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
"""World -> teacher, in the order of the network's world vectors."""

TRAINABLE_WORLDS = (*WORLDS, *PLACES)
"""What a recipe trains: worlds, then places."""


def teachers_of(names: Iterable[str]) -> dict[str, World]:
    """The worlds among `names` that have a teacher here, in the order of `names`; places have none."""
    return {name: WORLDS[name] for name in names if name in WORLDS}


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
    """Paint a batch of frames in the world `name`: (B, 3, H, W) float32 in 0..1. Pure, frame by frame.

    source: (B, 3, H, W) float32 RGB in 0..1, H and W multiples of 16. noise: (B, 3, H, W) standard normal, the very
    noise that the frame is denoised from. particles: (B, 6, H, W) in 0..1 from `engine.models.particles`. time_s: (B,)
    seconds. worlds: the teachers by name, where there are more than these. Raises ValueError for an unknown world.
    """
    if name not in worlds:
        raise ValueError(f"{name!r} is not a world; there are {', '.join(worlds)}")
    return worlds[name].paint(TeacherInputs(source, noise, particles, time_s)).clamp(0, 1)


def check_teacher(world: World) -> None:
    """Raise ValueError where a world's teacher breaks the rules of `World.paint`, naming the rule."""
    height, width, name = 64, 96, f"the teacher of {world.name!r}"
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 8, 12, generator=generator)
    source = F.interpolate(coarse, (height, width), mode="bilinear")
    noise = torch.randn(2, 3, height, width, generator=generator)
    time_s = torch.tensor([0.5, 60.0], dtype=torch.float64)
    particles = particle_planes(torch.tensor([1, 2]), time_s, height, width)

    def painted(rows: slice) -> Tensor:
        with torch.no_grad():
            return world.paint(
                TeacherInputs(source[rows].clone(), noise[rows].clone(), particles[rows].clone(), time_s[rows].clone())
            )

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
            f"{name} painted the same frame differently the second time; a teacher is a function of its "
            "TeacherInputs alone: take randomness from inputs.noise or inputs.plane(...), and look at no other frame "
            "of the batch"
        )
