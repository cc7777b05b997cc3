"""The shapes of the models, as frozen data. A preset is a function that returns one."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

SHIPPED_WORLDS = (
    "as-is",
    "underwater",
    "wild-west",
    "deep-space",
    "golden-rome",
    "snowfall",
    "neon-rain",
    "pencil",
    "cartoon",
    "film-noir",
    "oil-painting",
    "volcano",
    "enchanted-forest",
    "watercolour",
    "woodblock",
    "stained-glass",
    "mosaic",
    "voxel",
    "thermal",
    "comic",
    "ice-palace",
    "blueprint",
    "beach",
    "throne-hall",
    "moon",
)
"""The worlds of the shipped weights, in the order of the network's world vectors; the last three are places. What can
be trained is `engine.teachers.worlds.TRAINABLE_WORLDS`."""

SHIPPED_PLACES = SHIPPED_WORLDS[-3:]
"""Those that are places behind a person."""

SHIPPED_THINGS = (
    "fireball",
    "planet",
    "lightsaber",
    "torch",
    "gold-chest",
    "ice-block",
    "crate",
    "royal-cape",
)
"""What a prop can become in the shipped weights, in the order of the network's thing vectors. What can be trained is
`engine.teachers.things.PROP_OF`."""


MOST_CHANNELS = 4096
"""Of a level, of a token, of the conditioning vector: sixteen times what the largest preset has."""
MOST_BLOCKS = 64
"""Of a level; layers of the transformer."""
MOST_FRAMES = 64
"""In the history's ring, sinks, and frames between two that enter it: their tokens are held in memory."""
MOST_NAMES = 1024
"""Worlds, and things."""
LONGEST_NAME = 200
"""Characters."""


@dataclass(frozen=True)
class ModelConfig:
    """An hourglass over pixels with a transformer at its bottleneck; see `engine/models/hourglass.py`."""

    name: str
    """Of the preset."""
    worlds: tuple[str, ...] = SHIPPED_WORLDS
    """What a prompt can turn the picture into, in the order of the network's world vectors."""
    things: tuple[str, ...] = SHIPPED_THINGS
    """What a prompt can turn a prop into, in the order of the network's thing vectors."""
    channels: tuple[int, int, int] = (96, 128, 192)
    """Channels at 1/4, 1/8 and 1/16 of the resolution."""
    encoder: tuple[int, int, int] = (1, 1, 2)
    """Convolution blocks on the way down, per level."""
    decoder: tuple[int, int, int] = (2, 2, 2)
    """Convolution blocks on the way up, per level."""
    width: int = 256
    """Token width at 1/32."""
    layers: int = 3
    """Of the transformer at 1/32."""
    heads: int = 4
    """Of attention in each layer; a head is width / heads wide, a multiple of 8."""
    condition: int = 256
    """Width of the conditioning vector (prompt, noise level, step size, frame rate)."""
    ring: int = 6
    """Frames in the rolling history's ring."""
    ring_stride: int = 4
    """A frame enters the ring each time this many have been made."""
    sinks: int = 1
    """First frames of a stream, which the history keeps for good."""
    past_level: ClassVar[float] = 0.05
    """Least noise level with which the past is labelled, in training and at inference, 0 clean to 1 pure noise: the
    network goes on repairing a past that counts as slightly noisy. All models share it, so no file carries it."""

    def __post_init__(self) -> None:
        self._check_fields()
        if self.width % (self.heads * 8):
            raise ValueError(f"width {self.width} does not split into {self.heads} heads of a multiple of 8")
        if not self.worlds or len({*self.worlds, *self.things}) != self.concepts:
            raise ValueError(f"worlds and things must be distinct, worlds at least one: {self.worlds}, {self.things}")

    def _check_fields(self) -> None:
        """A file of weights may come from anybody, and asks for as much memory as these numbers say."""
        whole = {
            "channels": (self.channels, 3, 1, MOST_CHANNELS),
            "encoder": (self.encoder, 3, 1, MOST_BLOCKS),
            "decoder": (self.decoder, 3, 1, MOST_BLOCKS),
            "width": ((self.width,), 1, 1, MOST_CHANNELS),
            "layers": ((self.layers,), 1, 1, MOST_BLOCKS),
            "heads": ((self.heads,), 1, 1, MOST_CHANNELS),
            "condition": ((self.condition,), 1, 1, MOST_CHANNELS),
            "ring": ((self.ring,), 1, 1, MOST_FRAMES),
            "ring_stride": ((self.ring_stride,), 1, 1, MOST_FRAMES),
            "sinks": ((self.sinks,), 1, 0, MOST_FRAMES),
        }
        for field, (values, count, least, most) in whole.items():
            legal = isinstance(values, tuple) and len(values) == count
            if not legal or not all(type(value) is int and least <= value <= most for value in values):
                numbers = "a whole number" if count == 1 else f"{count} whole numbers"
                value = values[0] if count == 1 else values
                raise ValueError(f"{field} is {str(value)[:60]}; {numbers} from {least} to {most} must stand there")
        for field, names in {"name": (self.name,), "worlds": self.worlds, "things": self.things}.items():
            legal = isinstance(names, tuple) and len(names) <= MOST_NAMES
            if not legal or not all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names):
                raise ValueError(
                    f"{field} is {str(names)[:60]}; names of 1 to {LONGEST_NAME} characters must stand there, "
                    f"{MOST_NAMES} at most"
                )

    @property
    def concepts(self) -> int:
        """Numbers in a prompt: a weight for each world, then one for each thing."""
        return len(self.worlds) + len(self.things)

    @property
    def slots(self) -> int:
        """Frames that the history can hold at the bottleneck: sinks first, then the ring."""
        return self.sinks + self.ring

    def remembers(self, step: int) -> bool:
        """Whether the output frame of a stream's `step` (0 is its first) enters the history: sinks, then every
        `ring_stride`-th."""
        return step < self.sinks or step % self.ring_stride == 0

    def differences(self, other: ModelConfig) -> list[str]:
        """Readable differences, `name: mine / theirs`; empty for the same architecture."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [f"{name}: {mine[name]} / {theirs[name]}" for name in mine if mine[name] != theirs[name]]

    def to_dict(self) -> dict[str, object]:
        """Its fields as JSON takes them, in the order in which they are declared."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`, from JSON too. TypeError for an unknown field, ValueError for a bad value."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values)


def lsd_tiny() -> ModelConfig:
    """The shipped model: real time on two CPU cores."""
    return ModelConfig("lsd-tiny")


def lsd_base() -> ModelConfig:
    """The larger model, for a GPU: wide where the detail is."""
    return ModelConfig(
        "lsd-base", channels=(160, 192, 256), encoder=(2, 2, 2), decoder=(3, 2, 2), width=384, layers=5, heads=6
    )


def lsd_test() -> ModelConfig:
    """A few thousand weights: proves the laws on a laptop in milliseconds."""
    return ModelConfig(
        "lsd-test",
        channels=(8, 8, 16),
        encoder=(1, 1, 1),
        decoder=(1, 1, 1),
        width=16,
        layers=1,
        heads=1,
        condition=16,
        ring=2,
        ring_stride=2,
    )
