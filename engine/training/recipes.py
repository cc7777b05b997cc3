"""Recipes: all that decides a training run but its length, as frozen data, and functions that return presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.config import ModelConfig, lsd_base, lsd_tiny
from engine.teachers.things import PROP_OF
from engine.teachers.worlds import TRAINABLE_WORLDS


@dataclass(frozen=True)
class Size:
    """A picture size to train at."""

    width: int
    height: int
    """Pixels."""
    batch: int
    """Streams that a step advances."""
    chance: float
    """Share of steps of this size."""


@dataclass(frozen=True)
class Recipe:
    """All that decides a training run but its length; saved with each checkpoint and card."""

    model: ModelConfig
    sizes: tuple[Size, ...] = (
        Size(192, 128, 8, 0.44),
        Size(256, 160, 5, 0.26),
        Size(384, 224, 2, 0.18),
        Size(512, 288, 1, 0.12),
    )
    pool: int = 24
    """Streams of each pool; there is one for each size, with masks and without."""
    props: float = 0.4
    """Share of streams with a prop in the picture."""
    masked: float = 0.1
    """Share of steps whose streams have two prompts, divided by masks."""
    shortcut: float = 0.06
    """Share of steps that learn a step as two half steps, in the second half of `own_past_steps` and after it."""
    muon_rate: float = 0.02
    """Learning rate of Muon, for the matrices inside."""
    rate: float = 1.2e-3
    """Learning rate of AdamW, for the rest."""
    warmup: int = 60
    """Steps in which the rates rise to these."""
    weight_decay: float = 0.1
    own_past_steps: int = 3000
    """Steps in which the share of the past that is the network's own output rises from none to `own_past`."""
    own_past: float = 0.7
    augmented: bool = True
    """Whether the past is corrupted (resampling, saturation, gain) and sometimes dropped."""
    noisy_past: bool = True
    """Whether past frames have noise levels of their own."""
    detail: float = 2.0
    """Weight of the strength of detail beside the squared error."""
    distilled: float = 0.0
    """Share of a larger network's answer in the target, where one is given."""
    auxiliary: float = 0.1
    """Weight of the auxiliary loss: the position of the prop or person, read off the features."""
    adversarial: float = 0.0
    """Length of the critic's gradient on a one-step answer, as a share of the regression's."""
    slice: int = 400
    """Steps between checkpoints."""
    seed: int = 0


def trainable(config: ModelConfig) -> ModelConfig:
    """The architecture with every world and thing that has a teacher, shipped or not."""
    return replace(config, worlds=TRAINABLE_WORLDS, things=tuple(PROP_OF))


def tiny() -> Recipe:
    """`lsd-tiny` from the start."""
    return Recipe(trainable(lsd_tiny()))


def base() -> Recipe:
    """`lsd-base`, the larger model, for a GPU: batches eight times as large."""
    sizes = tuple(replace(size, batch=8 * size.batch) for size in Recipe.sizes)
    return Recipe(trainable(lsd_base()), sizes=sizes, pool=192)


def distilled() -> Recipe:
    """`lsd-tiny` pruned from `lsd-base`, on a GPU: the target is half the teacher's picture, half the larger's."""
    return replace(base(), model=trainable(lsd_tiny()), distilled=0.5)


def clean_past() -> Recipe:
    """The ablation of history augmentation: the past is always the teacher's, uncorrupted and complete."""
    return replace(tiny(), augmented=False, noisy_past=False, own_past=0.0)


def sharpened() -> Recipe:
    """The last part of a run: an adversarial loss beside the regression."""
    return replace(tiny(), adversarial=0.3)


def finetune() -> Recipe:
    """Cooled-down weights trained further at a quarter of the rates: full rates would first undo the cool-down."""
    return replace(tiny(), muon_rate=0.005, rate=3e-4)


def props() -> Recipe:
    """Finished weights trained further to find props and people, and to be sharper: a prop in most streams."""
    return replace(finetune(), muon_rate=0.006, rate=3.6e-4, props=0.55, detail=3.0, own_past_steps=600, slice=200)


RECIPES: dict[str, Callable[[], Recipe]] = {
    "tiny": tiny,
    "finetune": finetune,
    "props": props,
    "sharpened": sharpened,
    "base": base,
    "distilled": distilled,
    "clean-past": clean_past,
}
"""Name on the command line -> preset."""
