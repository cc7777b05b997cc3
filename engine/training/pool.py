"""Streams to train on: the network learns by living, frame after frame, on many cameras at once.

A pool holds streams in the middle of their lives, each with its clip, prompt, weather and memory. A training step
takes one frame from some of them. The past that the network sees is the teacher's or its own output (scheduled
sampling, Bengio et al. 2015, arXiv:1506.03099; Self-Forcing, Huang et al. 2025, arXiv:2506.08009), corrupted so that it
learns to repair it, and labelled with its own noise level, frame by frame (Diffusion Forcing, Chen et al. 2024,
arXiv:2407.01392). Streams start cold, change prompt, and cut to another clip, as takes do.

Legend: B batch, S remembered frames, H height, W width, h, w = H/4, W/4, K worlds, T things. Pictures are RGB in -1..1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.config import ModelConfig
from engine.models.attention import Memory
from engine.models.hourglass import Conditions, Hourglass
from engine.models.particles import particle_planes
from engine.models.patches import planes_to_patches, pool_frame, to_patches, to_picture
from engine.teachers.inputs import Set
from engine.teachers.places import PLACES
from engine.teachers.props import PROP_OF, Drawn, Prop, become
from engine.teachers.worlds import WORLDS, World, teach
from engine.training.auxiliary import STRIDE, Sight
from engine.training.data import Clip, Player

COLD, SWITCH, CUT = 1 / 28, 1 / 36, 1 / 60
"""Chances per frame that a stream starts anew, changes its prompt, or cuts to another clip."""
BLEND = 0.08
"""Share of prompts that mix two worlds."""
PROP = 0.4
"""Share of streams with a prop in the picture, unless told otherwise."""
ASKED = 0.85
"""Share of those whose prompt turns the prop into a thing."""
PLAIN = 0.5
"""Share of those whose world is as it is."""
WANTED = 0.85
"""Share of prompts that ask for the wanted world, where there is one."""
LOUD = 6.0
"""What an error inside a thing counts beside one elsewhere: things are small."""
HARD_WORLDS = frozenset(
    {"deep-space", "golden-rome", "neon-rain", "pencil", "cartoon", "oil-painting", "volcano", "woodblock"}
    | {"watercolour", "comic", "blueprint"}
    | set(PLACES)
)
"""Worlds of lines that are hard to place, and places: asked for twice as often as the others."""
HARD_THINGS = frozenset({"gold-chest", "ice-block", "crate"})
"""What a box becomes, asked for twice as often too: a box looks like much else."""
EMPTY = ("scene", "texture")
"""Kinds of clips that show nobody: a place takes all of the picture."""
PAST_NOISE = 1 / 3
DROPPED = 0.05
"""How often some of the past is missing."""


@dataclass
class Live:
    """One stream in the middle of its life."""

    player: Player
    prop: Prop | None
    thing: str | None
    """What the prompt turns the prop into."""
    worlds: list[tuple[str, float]]
    mask: Tensor | None
    interval_s: float
    time_s: float = 0.0
    offset_s: float = 0.0
    seed: int = 0
    """Of its particles."""
    age: int = 0
    last: list[Tensor] = field(default_factory=list)
    """At most two outputs, newest first: (H, W, 3) in -1..1."""
    pooled: list[tuple[int, Tensor]] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """One frame of several streams, ready for the network."""

    streams: list[Live]
    source: Tensor
    """(B, H/4, W/4, 48)"""
    target: Tensor
    """(B, H/4, W/4, 48)"""
    weight: Tensor
    """(B, H/4, W/4, 1) what an error counts."""
    noise: Tensor
    """(B, H/4, W/4, 48)"""
    past: Tensor
    """(B, 2, H/4, W/4, 48)"""
    remembered: Tensor
    """(B, S, 3, H/8, W/8)"""
    remembered_age: Tensor
    """(B, S); negative where the slot is empty."""
    conditions: Conditions
    sight: Sight

    def noised(self, level: Tensor, step: Tensor, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Conditions]:
        """Noisy frame, source, past and conditions on a device, for noise levels and step sizes (B,)."""

        def there(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        given = vars(replace(self.conditions, level=level, step=step))
        moved: dict[str, Any] = {name: None if value is None else there(value) for name, value in given.items()}
        target, noise, weight = there(self.target), there(self.noise), there(level).view(-1, 1, 1, 1)
        noisy = (1 - weight) * target + weight * noise
        return noisy, there(self.source), there(self.past), Conditions(**moved)

    def memory(self, network: Hourglass) -> Memory:
        """What a network remembers of the streams' past."""
        at = network.stem.weight
        pooled = self.remembered.to(at.device, at.dtype)
        b, s = pooled.shape[:2]
        level = torch.full((b * s,), network.config.past_level, device=at.device)
        keys_values = network.remember(pooled.flatten(0, 1), level).unflatten(0, (b, s))
        age = self.remembered_age.to(at.device)
        return Memory(keys_values, age, age >= 0)


class Pool:
    """`size` streams of one picture size; `draw` advances some by a frame."""

    def __init__(
        self,
        config: ModelConfig,
        clips: Iterator[Clip],
        height: int,
        width: int,
        size: int,
        masked: bool,
        seed: int,
        device: torch.device,
        augmented: bool = True,
        noisy_past: bool = True,
        worlds: Mapping[str, World] = WORLDS,
        wanted: str | None = None,
        props: float = PROP,
    ) -> None:
        """augmented: the past is worn and sometimes missing, as it is at the end of a long take. noisy_past: each past
        frame has a noise level of its own, labelled. worlds: the teachers. wanted: a world that most prompts ask for.
        props: share of streams with a prop in the picture."""

        self.config, self.clips, self.height, self.width, self.masked = config, clips, height, width, masked
        self.device, self.augmented, self.noisy_past = device, augmented, noisy_past
        self.teachers, self.wanted, self.props = worlds, wanted, props
        self.rng = np.random.default_rng(seed)
        self._lots = np.random.default_rng([seed, 1])  # its own, for `advance` runs beside `draw`
        self.generator = torch.Generator().manual_seed(seed)
        self._streams = [self._born() for _ in range(size)]
        order = [int(i) for i in self.rng.permutation(size)]
        self._bags: list[tuple[list[int], list[int]]] = [(order[: size // 2], []), (order[size // 2 :], [])]

    # -- lives

    def _born(self) -> Live:
        interval = float(self.rng.choice([1 / 24, 1 / 24, 1 / 24, 1 / 30, 1 / 15, 1 / 12]))
        player = self._player()
        prop, thing = self._props()
        live = Live(player, prop, thing, self._worlds(player, thing), self._mask(), interval)
        live.offset_s, live.seed = float(self.rng.uniform(0, 1000)), int(self.rng.integers(2**31))
        return live

    def _player(self) -> Player:
        return Player(next(self.clips), self.height, self.width, self.rng)

    def _props(self) -> tuple[Prop | None, str | None]:
        if self.rng.random() >= self.props or not self.config.things:
            return None, None
        thing = self._drawn(self.config.things, HARD_THINGS, 1)[0]
        prop = Prop(PROP_OF[thing], self.height, self.width, self.rng)
        return prop, thing if not self.masked and self.rng.random() < ASKED else None

    def _worlds(self, player: Player, thing: str | None) -> list[tuple[str, float]]:
        placeable = player.matte(0.0) is not None or player.clip.kind in EMPTY
        worlds = [
            world for world in self.config.worlds if world in (PLACES if placeable else ()) or world in self.teachers
        ]
        names = self._drawn(worlds, HARD_WORLDS, min(2, len(worlds)))
        wanted = self.wanted is not None and self.rng.random() < WANTED
        if wanted:
            names = [str(self.wanted), *(name for name in names if name != self.wanted)]
        if self.masked:
            if self.rng.random() < 0.5 and "as-is" in worlds:
                names = ["as-is", *(name for name in names if name != "as-is")]
            return [(names[0], 1.0), (names[1], 1.0)]
        if thing is not None and not wanted and self.rng.random() < PLAIN and "as-is" in worlds:
            return [("as-is", 1.0)]
        if self.rng.random() < BLEND:
            share = float(self.rng.uniform(0.1, 0.9))
            return [(names[0], share), (names[1], 1 - share)]
        return [(names[0], 1.0)]

    def _drawn(self, names: Sequence[str], hard: frozenset[str], count: int) -> list[str]:
        """`count` different ones, the hard ones twice as likely."""
        chances = np.array([2.0 if name in hard else 1.0 for name in names])
        return [str(name) for name in self.rng.choice(names, count, replace=False, p=chances / chances.sum())]

    def _mask(self) -> Tensor | None:
        """(H, W) share of the first prompt: a half plane or an ellipse, sharp or soft, either side."""
        if not self.masked:
            return None
        rng = self.rng
        y, x = torch.meshgrid(torch.linspace(-1, 1, self.height), torch.linspace(-1, 1, self.width), indexing="ij")
        if rng.random() < 0.4:
            angle = rng.uniform(0, 2 * np.pi)
            distance = np.cos(angle) * x + np.sin(angle) * y - rng.uniform(-0.5, 0.5)
        else:
            cx, cy, rx, ry = *rng.uniform(-0.6, 0.6, 2), *rng.uniform(0.2, 0.8, 2)
            distance = (((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2).sqrt() - 1
        softness = float(rng.choice([0.01, 0.1, 0.3]))
        mask = torch.sigmoid(distance / softness * 2)
        return (1 - mask if rng.random() < 0.5 else mask).float()

    def _live_on(self, live: Live) -> Live:
        """Before its next frame, a stream may start anew, change its prompt, or cut."""
        chance = self.rng.random()
        if chance < COLD:
            return self._born()
        cut = COLD + SWITCH < chance < COLD + SWITCH + CUT
        if cut:
            live.player = self._player()
        if chance < COLD + SWITCH or (cut and any(world in PLACES for world, _ in live.worlds)):
            if live.prop is not None and not self.masked:
                others = [thing for thing in self.config.things if PROP_OF[thing] == live.prop.kind]
                live.thing = self._drawn(others, HARD_THINGS, 1)[0] if self.rng.random() < ASKED else None
            live.worlds, live.mask = self._worlds(live.player, live.thing), self._mask()
        return live

    # -- batches

    def draw(self, size: int) -> Batch:
        """One frame of `size` streams; two draws in a row never share one, so that one can be drawn ahead."""
        self._bags.reverse()
        half, bag = self._bags[0]
        if len(bag) < size:
            bag += [int(i) for i in self.rng.permutation(half)]
        chosen = bag[:size]
        del bag[:size]
        for i in chosen:
            self._streams[i] = self._live_on(self._streams[i])
        streams = [self._streams[i] for i in chosen]
        shape = (size, 3, self.height, self.width)
        noise = torch.randn(shape, generator=self.generator)
        grain = torch.randn(shape, generator=self.generator)
        source = torch.stack([s.player.picture(s.time_s, grain[i]) for i, s in enumerate(streams)])
        drawn = [s.prop.draw(source[i], s.time_s) if s.prop is not None else None for i, s in enumerate(streams)]
        for i, prop in enumerate(drawn):
            if prop is not None:
                source[i] = (prop.picture.clamp(0, 1) * 255).round() / 255
        source, noise = source.to(self.device), noise.to(self.device)
        clock = torch.tensor([s.offset_s + s.time_s for s in streams], dtype=torch.float64, device=self.device)
        seeds = torch.tensor([s.seed for s in streams], device=self.device)
        air = particle_planes(seeds, clock, self.height, self.width)
        target = self._taught(streams, source, noise, air, clock, drawn)
        past, past_level = self._past(streams)
        remembered, age = self._remembered(streams)
        conditions = Conditions(
            concepts=self._mixtures(streams),
            level=torch.ones(size),
            step=torch.ones(size),
            past_level=past_level,
            interval_s=torch.tensor([s.interval_s for s in streams]),
            time_s=clock,
            particles=planes_to_patches(air),
            masks=self._masks(streams),
        )
        return Batch(
            streams,
            planes_to_patches(source * 2 - 1),
            planes_to_patches(target * 2 - 1),
            self._weights(streams, drawn),
            planes_to_patches(noise),
            past,
            remembered,
            age,
            conditions,
            self._sight(streams, drawn),
        )

    def _taught(
        self,
        streams: list[Live],
        source: Tensor,
        noise: Tensor,
        air: Tensor,
        clock: Tensor,
        drawn: list[Drawn | None],
    ) -> Tensor:
        """What the teachers make of the frames; those of one world are painted together."""
        groups: dict[str, list[tuple[int, int]]] = {}
        for i, live in enumerate(streams):
            for j, (world, _) in enumerate(live.worlds):
                groups.setdefault(world, []).append((i, j))
        painted: dict[tuple[int, int], Tensor] = {}
        for world, members in groups.items():
            rows = [i for i, _ in members]
            given = source[rows], noise[rows], air[rows], clock[rows]
            if world in PLACES:
                pictures = PLACES[world](Set(*given), self._mattes(streams, rows))
            else:
                pictures = teach(world, *given, worlds=self.teachers)
            painted |= {member: pictures[k] for k, member in enumerate(members)}
        result = []
        for i, live in enumerate(streams):
            if live.mask is not None:
                mask = live.mask.to(self.device)
                picture = painted[i, 0] * mask + painted[i, 1] * (1 - mask)
            else:
                picture = torch.stack([painted[i, j] * share for j, (_, share) in enumerate(live.worlds)]).sum(0)
            prop = drawn[i]
            if prop is not None and live.thing is not None:
                picture = become(live.thing, picture.cpu(), prop, float(clock[i])).clamp(0, 1).to(self.device)
            result.append(picture)
        return torch.stack(result)

    def _weights(self, streams: list[Live], drawn: list[Drawn | None]) -> Tensor:
        weights = torch.ones(len(streams), self.height // 4, self.width // 4, 1)
        for i, (live, prop) in enumerate(zip(streams, drawn, strict=True)):
            if prop is not None and live.thing is not None:
                weights[i, ..., 0] += (LOUD - 1) * F.max_pool2d(prop.mask[None], 4)[0, 0]
        return weights.to(self.device)

    def _sight(self, streams: list[Live], drawn: list[Drawn | None]) -> Sight:
        b, h, w = len(streams), self.height // STRIDE, self.width // STRIDE
        thing, surface, person = torch.zeros(b, 1, h, w), torch.zeros(b, 3, h, w), torch.zeros(b, 1, h, w)
        sought = torch.zeros(b, 2, dtype=torch.bool)
        for i, (live, prop) in enumerate(zip(streams, drawn, strict=True)):
            if prop is not None and live.thing is not None:
                thing[i] = F.avg_pool2d(prop.mask, STRIDE)
                surface[i] = F.avg_pool2d(prop.frame * prop.mask, STRIDE) / thing[i].clamp(min=1e-3)
                sought[i, 0] = True
            if live.mask is None and live.worlds[0][0] in PLACES:
                person[i] = F.avg_pool2d(self._mattes(streams, [i])[0].cpu(), STRIDE)
                sought[i, 1] = True
        return Sight(thing, surface, person, sought)

    def _mattes(self, streams: list[Live], rows: list[int]) -> Tensor:
        """(B, 1, H, W) where people are."""
        mattes = []
        for i in rows:
            matte = streams[i].player.matte(streams[i].time_s)
            mattes.append(torch.zeros(1, self.height, self.width) if matte is None else matte)
        return torch.stack(mattes).to(self.device)

    def _mixtures(self, streams: list[Live]) -> Tensor:
        mixtures = torch.zeros(len(streams), 2 if self.masked else 1, self.config.concepts)
        for i, live in enumerate(streams):
            for j, (world, share) in enumerate(live.worlds):
                mixtures[i, j if self.masked else 0, self.config.worlds.index(world)] += share
            if live.thing is not None:
                mixtures[i, :, len(self.config.worlds) + self.config.things.index(live.thing)] = 1.0
        return mixtures

    def _masks(self, streams: list[Live]) -> Tensor | None:
        if not self.masked:
            return None
        first = torch.stack([live.mask for live in streams if live.mask is not None])
        return torch.stack([first, 1 - first], 1)

    def _past(self, streams: list[Live]) -> tuple[Tensor, Tensor]:
        pictures = torch.zeros(len(streams), 2, self.height, self.width, 3)
        levels = torch.ones(len(streams), 2)
        for i, live in enumerate(streams):
            kept = len(live.last)
            if self.augmented and self.rng.random() < DROPPED:
                kept = int(self.rng.integers(0, len(live.last) + 1))
            for j, picture in enumerate(live.last[:kept]):
                noisy = self.noisy_past and self.rng.random() < 0.4
                level = float(self.rng.uniform(0, PAST_NOISE)) if noisy else 0.0
                pictures[i, j] = (self._worn(picture) if self.augmented else picture) * (1 - level)
                if level:
                    pictures[i, j] += level * torch.randn(picture.shape, generator=self.generator)
                levels[i, j] = max(level, self.config.past_level)
        b = len(streams)
        patches = to_patches(pictures.flatten(0, 1)).unflatten(0, (b, 2))
        return patches, levels

    def _worn(self, picture: Tensor) -> Tensor:
        """Sometimes resampled, desaturated or regained, as a drifting stream's past would be; unlabelled."""
        if self.rng.random() > 0.3:
            return picture
        if self.rng.random() < 0.4:
            factor = float(self.rng.uniform(0.6, 0.95))
            x = picture.permute(2, 0, 1)[None]
            x = F.interpolate(
                F.interpolate(x, scale_factor=factor, mode="bilinear"), picture.shape[:2], mode="bilinear"
            )
            picture = x[0].permute(1, 2, 0)
        grey = picture.mean(-1, keepdim=True)
        gain, lift = float(np.exp(self.rng.normal(0, 0.12))), float(self.rng.normal(0, 0.06))
        return ((grey + float(self.rng.uniform(0.3, 1.7)) * (picture - grey)) * gain + lift).clamp(-1, 1)

    def _remembered(self, streams: list[Live]) -> tuple[Tensor, Tensor]:
        slots = self.config.slots
        pooled = torch.zeros(len(streams), slots, 3, self.height // 8, self.width // 8)
        age = torch.full((len(streams), slots), -1.0)
        for i, live in enumerate(streams):
            for j, (born, picture) in enumerate(live.pooled):
                pooled[i, j], age[i, j] = picture, live.age - born
        return pooled, age

    def advance(self, batch: Batch, made: Tensor, own: float) -> None:
        """Give each stream its newest output: with chance `own` of `made` (B, H, W, 3), else the teacher's."""
        taught, made = to_picture(batch.target).cpu(), made.cpu()
        for i, live in enumerate(batch.streams):
            picture = made[i] if self._lots.random() < own else taught[i]
            picture = ((picture.clamp(-1, 1) * 127.5).round() / 127.5).clone()
            live.last = [picture, *live.last[:1]]
            if self.config.remembers(live.age):
                if len(live.pooled) == self.config.slots:
                    del live.pooled[self.config.sinks]
                live.pooled.append((live.age, pool_frame(picture[None])[0]))
            live.age += 1
            live.time_s += live.interval_s
