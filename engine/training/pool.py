"""Streams to train on: the network is trained on running streams, frame after frame, many at once.

A pool holds streams at any age, each with its clip, prompt, particles and memory. A training step takes one frame from
some of them. The past that the network sees is the teacher's or its own output (scheduled
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
from engine.teachers.inputs import TeacherInputs
from engine.teachers.places import PLACES
from engine.teachers.props import PropFrame, SyntheticProp
from engine.teachers.things import PROP_OF, paint_thing
from engine.teachers.worlds import WORLDS, World, teach
from engine.training.auxiliary import STRIDE, AuxiliaryTargets
from engine.training.data import Player, TrainingClip

COLD_START_CHANCE, PROMPT_CHANGE_CHANCE, CLIP_CUT_CHANCE = 1 / 28, 1 / 36, 1 / 60
"""Probabilities per frame that a stream starts anew, changes its prompt, or cuts to another clip."""
BLEND_SHARE = 0.08
"""Share of prompts that mix two worlds."""
PROP_SHARE = 0.4
"""Share of streams with a prop in the picture, by default."""
THING_SHARE = 0.85
"""Share of the streams with a prop whose prompt turns it into a thing."""
PLAIN_SHARE = 0.5
"""Share of the streams with a thing whose world is `as-is`."""
WANTED_SHARE = 0.85
"""Share of prompts that ask for the wanted world, in a pool that has one."""
THING_ERROR_WEIGHT = 6.0
"""Weight of an error inside a thing; elsewhere it is 1. Things are small."""
HARD_WORLDS = frozenset(
    {"deep-space", "golden-rome", "neon-rain", "pencil", "cartoon", "oil-painting", "volcano", "woodblock"}
    | {"watercolour", "comic", "blueprint"}
    | set(PLACES)
)
"""Worlds of lines, whose position is hard to learn, and places: drawn twice as often as the others."""
HARD_THINGS = frozenset({"gold-chest", "ice-block", "crate"})
"""What a box becomes, drawn twice as often too: a box looks like much else."""
EMPTY_KINDS = ("scene", "texture")
"""Kinds of clips without people: in a place the set covers the whole picture."""
MAX_PAST_NOISE = 1 / 3
"""The largest noise level of a past frame, 0 clean to 1 pure noise."""
DROPPED_SHARE = 0.05
"""Share of frames at which some of the past is missing."""


@dataclass
class StreamState:
    """One stream at some age."""

    player: Player
    prop: SyntheticProp | None
    thing: str | None
    """What the prompt turns the prop into."""
    worlds: list[tuple[str, float]]
    """The prompt: worlds and their shares, which sum to one; with a mask two worlds of share 1."""
    mask: Tensor | None
    """(H, W) in 0..1, where the first of two prompts holds."""
    interval_s: float
    """Between two frames."""
    time_s: float = 0.0
    """Since its first frame."""
    offset_s: float = 0.0
    """Where the clock of waves and particles began."""
    seed: int = 0
    """Of its particles."""
    age: int = 0
    """Frames so far."""
    last: list[Tensor] = field(default_factory=list)
    """At most two outputs, newest first: (H, W, 3) in -1..1."""
    pooled: list[tuple[int, Tensor]] = field(default_factory=list)
    """What is remembered: the age at which a frame was made, and the frame (3, H/8, W/8)."""


@dataclass(frozen=True)
class Batch:
    """One frame of several streams, ready for the network; patches of pictures in -1..1."""

    streams: list[StreamState]
    source: Tensor
    """(B, H/4, W/4, 48)"""
    target: Tensor
    """(B, H/4, W/4, 48)"""
    weight: Tensor
    """(B, H/4, W/4, 1) weight of an error."""
    noise: Tensor
    """(B, H/4, W/4, 48)"""
    past: Tensor
    """(B, 2, H/4, W/4, 48), the last two outputs, corrupted; zero where missing."""
    remembered: Tensor
    """(B, S, 3, H/8, W/8)"""
    remembered_age: Tensor
    """(B, S) in frames; negative where the slot is empty."""
    conditions: Conditions
    auxiliary: AuxiliaryTargets

    def noised(self, level: Tensor, step: Tensor, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Conditions]:
        """Noisy frame, source, past and conditions on a device, for noise levels and step sizes (B,)."""

        def there(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        conditions = vars(replace(self.conditions, level=level, step=step))
        moved: dict[str, Any] = {name: None if value is None else there(value) for name, value in conditions.items()}
        target, noise, weight = there(self.target), there(self.noise), there(level).view(-1, 1, 1, 1)
        noisy = (1 - weight) * target + weight * noise
        return noisy, there(self.source), there(self.past), Conditions(**moved)

    def memory(self, network: Hourglass) -> Memory:
        """The streams' memory as a network's keys and values."""
        at = network.stem.weight
        pooled = self.remembered.to(at.device, at.dtype)
        b, s = pooled.shape[:2]
        level = torch.full((b * s,), network.config.past_level, device=at.device)
        keys_values = network.remember(pooled.flatten(0, 1), level).unflatten(0, (b, s))
        age = self.remembered_age.to(at.device)
        return Memory(keys_values, age, age >= 0)


class Pool:
    """Streams of one picture size. `draw` gives the next frame of some of them, `advance` takes their outputs."""

    def __init__(
        self,
        config: ModelConfig,
        clips: Iterator[TrainingClip],
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
        props: float = PROP_SHARE,
    ) -> None:
        """config: of the network. clips: an endless supply. height, width: of pictures in pixels, multiples of 32.
        size: number of streams. masked: whether each has two prompts, divided by a mask. seed: of everything random.
        augmented: the past is corrupted and sometimes missing, as at the end of a long take. noisy_past: past frames
        have labelled noise levels of their own. worlds: the teachers. wanted: a world that most prompts ask for.
        props: share of streams with a prop in the picture."""

        self.config, self.clips, self.height, self.width, self.masked = config, clips, height, width, masked
        self.device, self.augmented, self.noisy_past = device, augmented, noisy_past
        self.teachers, self.wanted, self.props = worlds, wanted, props
        self.rng = np.random.default_rng(seed)
        self._advance_rng = np.random.default_rng([seed, 1])  # its own, since `advance` runs beside `draw`
        self.generator = torch.Generator().manual_seed(seed)
        self._streams = [self._spawn() for _ in range(size)]
        order = [int(i) for i in self.rng.permutation(size)]
        self._queues: list[tuple[list[int], list[int]]] = [(order[: size // 2], []), (order[size // 2 :], [])]
        """The two halves of the streams, each with the order in which its next ones are drawn."""

    # -- streams

    def _spawn(self) -> StreamState:
        interval = float(self.rng.choice([1 / 24, 1 / 24, 1 / 24, 1 / 30, 1 / 15, 1 / 12]))
        player = self._player()
        prop, thing = self._props()
        state = StreamState(player, prop, thing, self._worlds(player, thing), self._mask(), interval)
        state.offset_s, state.seed = float(self.rng.uniform(0, 1000)), int(self.rng.integers(2**31))
        return state

    def _player(self) -> Player:
        return Player(next(self.clips), self.height, self.width, self.rng)

    def _props(self) -> tuple[SyntheticProp | None, str | None]:
        if self.rng.random() >= self.props or not self.config.things:
            return None, None
        thing = self._choose(self.config.things, HARD_THINGS, 1)[0]
        prop = SyntheticProp(PROP_OF[thing], self.height, self.width, self.rng)
        return prop, thing if not self.masked and self.rng.random() < THING_SHARE else None

    def _worlds(self, player: Player, thing: str | None) -> list[tuple[str, float]]:
        placeable = player.matte(0.0) is not None or player.clip.kind in EMPTY_KINDS
        worlds = [
            world for world in self.config.worlds if world in (PLACES if placeable else ()) or world in self.teachers
        ]
        names = self._choose(worlds, HARD_WORLDS, min(2, len(worlds)))
        wanted = self.wanted is not None and self.rng.random() < WANTED_SHARE
        if wanted:
            names = [str(self.wanted), *(name for name in names if name != self.wanted)]
        if self.masked:
            if self.rng.random() < 0.5 and "as-is" in worlds:
                names = ["as-is", *(name for name in names if name != "as-is")]
            return [(names[0], 1.0), (names[1], 1.0)]
        if thing is not None and not wanted and self.rng.random() < PLAIN_SHARE and "as-is" in worlds:
            return [("as-is", 1.0)]
        if self.rng.random() < BLEND_SHARE:
            share = float(self.rng.uniform(0.1, 0.9))
            return [(names[0], share), (names[1], 1 - share)]
        return [(names[0], 1.0)]

    def _choose(self, names: Sequence[str], hard: frozenset[str], count: int) -> list[str]:
        """`count` different names, the hard ones twice as likely."""
        chances = np.array([2.0 if name in hard else 1.0 for name in names])
        return [str(name) for name in self.rng.choice(names, count, replace=False, p=chances / chances.sum())]

    def _mask(self) -> Tensor | None:
        """(H, W) share of the first prompt, 0..1: a half plane or an ellipse, sharp or soft, either side."""
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

    def _advance_life(self, state: StreamState) -> StreamState:
        """Before its next frame a stream may start anew, change its prompt, or cut to another clip."""
        chance = self.rng.random()
        if chance < COLD_START_CHANCE:
            return self._spawn()
        new_prompt_below = COLD_START_CHANCE + PROMPT_CHANGE_CHANCE
        cut = new_prompt_below < chance < new_prompt_below + CLIP_CUT_CHANCE
        if cut:
            state.player = self._player()
        in_place = any(world in PLACES for world, _ in state.worlds)  # the next clip may show nobody to keep
        if chance < new_prompt_below or (cut and in_place):
            if state.prop is not None and not self.masked:
                others = [thing for thing in self.config.things if PROP_OF[thing] == state.prop.kind]
                state.thing = self._choose(others, HARD_THINGS, 1)[0] if self.rng.random() < THING_SHARE else None
            state.worlds, state.mask = self._worlds(state.player, state.thing), self._mask()
        return state

    # -- batches

    def draw(self, size: int) -> Batch:
        """Paint one frame of `size` streams; two draws in a row never share one, so that one can be drawn ahead."""
        self._queues.reverse()
        members, queue = self._queues[0]
        if len(queue) < size:
            queue += [int(i) for i in self.rng.permutation(members)]
        chosen = queue[:size]
        del queue[:size]
        for i in chosen:
            self._streams[i] = self._advance_life(self._streams[i])
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
        particles = particle_planes(seeds, clock, self.height, self.width)
        target = self._paint_targets(streams, source, noise, particles, clock, drawn)
        past, past_level = self._past(streams)
        remembered, age = self._remembered(streams)
        conditions = Conditions(
            concepts=self._concepts(streams),
            level=torch.ones(size),
            step=torch.ones(size),
            past_level=past_level,
            interval_s=torch.tensor([s.interval_s for s in streams]),
            time_s=clock,
            particles=planes_to_patches(particles),
            masks=self._masks(streams),
        )
        return Batch(
            streams,
            planes_to_patches(source * 2 - 1),
            planes_to_patches(target * 2 - 1),
            self._error_weights(streams, drawn),
            planes_to_patches(noise),
            past,
            remembered,
            age,
            conditions,
            self._auxiliary_targets(streams, drawn),
        )

    def _paint_targets(
        self,
        streams: list[StreamState],
        source: Tensor,
        noise: Tensor,
        particles: Tensor,
        clock: Tensor,
        drawn: list[PropFrame | None],
    ) -> Tensor:
        """The teachers' pictures (B, 3, H, W) of the frames; those of one world are painted together."""
        groups: dict[str, list[tuple[int, int]]] = {}
        for i, state in enumerate(streams):
            for j, (world, _) in enumerate(state.worlds):
                groups.setdefault(world, []).append((i, j))
        painted: dict[tuple[int, int], Tensor] = {}
        for world, members in groups.items():
            rows = [i for i, _ in members]
            inputs = source[rows], noise[rows], particles[rows], clock[rows]
            if world in PLACES:
                pictures = PLACES[world](TeacherInputs(*inputs), self._mattes(streams, rows))
            else:
                pictures = teach(world, *inputs, worlds=self.teachers)
            painted |= {member: pictures[k] for k, member in enumerate(members)}
        result = []
        for i, state in enumerate(streams):
            if state.mask is not None:
                mask = state.mask.to(self.device)
                picture = painted[i, 0] * mask + painted[i, 1] * (1 - mask)
            else:
                picture = torch.stack([painted[i, j] * share for j, (_, share) in enumerate(state.worlds)]).sum(0)
            prop = drawn[i]
            if prop is not None and state.thing is not None:
                picture = paint_thing(state.thing, picture.cpu(), prop, float(clock[i])).clamp(0, 1).to(self.device)
            result.append(picture)
        return torch.stack(result)

    def _error_weights(self, streams: list[StreamState], drawn: list[PropFrame | None]) -> Tensor:
        weights = torch.ones(len(streams), self.height // 4, self.width // 4, 1)
        for i, (state, prop) in enumerate(zip(streams, drawn, strict=True)):
            if prop is not None and state.thing is not None:
                weights[i, ..., 0] += (THING_ERROR_WEIGHT - 1) * F.max_pool2d(prop.mask[None], 4)[0, 0]
        return weights.to(self.device)

    def _auxiliary_targets(self, streams: list[StreamState], drawn: list[PropFrame | None]) -> AuxiliaryTargets:
        b, h, w = len(streams), self.height // STRIDE, self.width // STRIDE
        thing, coordinates, person = torch.zeros(b, 1, h, w), torch.zeros(b, 3, h, w), torch.zeros(b, 1, h, w)
        needed = torch.zeros(b, 2, dtype=torch.bool)
        for i, (state, prop) in enumerate(zip(streams, drawn, strict=True)):
            if prop is not None and state.thing is not None:
                thing[i] = F.avg_pool2d(prop.mask, STRIDE)
                coordinates[i] = F.avg_pool2d(prop.coordinates * prop.mask, STRIDE) / thing[i].clamp(min=1e-3)
                needed[i, 0] = True
            if state.mask is None and state.worlds[0][0] in PLACES:
                person[i] = F.avg_pool2d(self._mattes(streams, [i])[0].cpu(), STRIDE)
                needed[i, 1] = True
        return AuxiliaryTargets(thing, coordinates, person, needed)

    def _mattes(self, streams: list[StreamState], rows: list[int]) -> Tensor:
        """Mattes of people, (B, 1, H, W) in 0..1."""
        mattes = []
        for i in rows:
            matte = streams[i].player.matte(streams[i].time_s)
            mattes.append(torch.zeros(1, self.height, self.width) if matte is None else matte)
        return torch.stack(mattes).to(self.device)

    def _concepts(self, streams: list[StreamState]) -> Tensor:
        mixtures = torch.zeros(len(streams), 2 if self.masked else 1, self.config.concepts)
        for i, state in enumerate(streams):
            for j, (world, share) in enumerate(state.worlds):
                mixtures[i, j if self.masked else 0, self.config.worlds.index(world)] += share
            if state.thing is not None:
                mixtures[i, :, len(self.config.worlds) + self.config.things.index(state.thing)] = 1.0
        return mixtures

    def _masks(self, streams: list[StreamState]) -> Tensor | None:
        if not self.masked:
            return None
        first = torch.stack([state.mask for state in streams if state.mask is not None])
        return torch.stack([first, 1 - first], 1)

    def _past(self, streams: list[StreamState]) -> tuple[Tensor, Tensor]:
        pictures = torch.zeros(len(streams), 2, self.height, self.width, 3)
        levels = torch.ones(len(streams), 2)
        for i, state in enumerate(streams):
            kept = len(state.last)
            if self.augmented and self.rng.random() < DROPPED_SHARE:
                kept = int(self.rng.integers(0, len(state.last) + 1))
            for j, picture in enumerate(state.last[:kept]):
                noisy = self.noisy_past and self.rng.random() < 0.4
                level = float(self.rng.uniform(0, MAX_PAST_NOISE)) if noisy else 0.0
                pictures[i, j] = (self._augment(picture) if self.augmented else picture) * (1 - level)
                if level:
                    pictures[i, j] += level * torch.randn(picture.shape, generator=self.generator)
                levels[i, j] = max(level, self.config.past_level)
        b = len(streams)
        patches = to_patches(pictures.flatten(0, 1)).unflatten(0, (b, 2))
        return patches, levels

    def _augment(self, picture: Tensor) -> Tensor:
        """Sometimes resample, change saturation, gain and lift, as in a drifting stream's past; unlabelled."""
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

    def _remembered(self, streams: list[StreamState]) -> tuple[Tensor, Tensor]:
        slots = self.config.slots
        pooled = torch.zeros(len(streams), slots, 3, self.height // 8, self.width // 8)
        age = torch.full((len(streams), slots), -1.0)
        for i, state in enumerate(streams):
            for j, (made_at, picture) in enumerate(state.pooled):
                pooled[i, j], age[i, j] = picture, state.age - made_at
        return pooled, age

    def advance(self, batch: Batch, outputs: Tensor, own_share: float) -> None:
        """Give each stream its newest output: with probability `own_share` the network's, else the teacher's.

        outputs: the network's pictures (B, H, W, 3) in -1..1.
        """
        targets, outputs = to_picture(batch.target).cpu(), outputs.cpu()
        for i, state in enumerate(batch.streams):
            picture = outputs[i] if self._advance_rng.random() < own_share else targets[i]
            picture = ((picture.clamp(-1, 1) * 127.5).round() / 127.5).clone()
            state.last = [picture, *state.last[:1]]
            if self.config.remembers(state.age):
                if len(state.pooled) == self.config.slots:
                    del state.pooled[self.config.sinks]
                state.pooled.append((state.age, pool_frame(picture[None])[0]))
            state.age += 1
            state.time_s += state.interval_s
