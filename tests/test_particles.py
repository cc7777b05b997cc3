"""Particles are as dense at every place, time and frame rate, and go straight."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.models.fields import CELL_PX
from engine.training.particles import Layer, Particles, advance, splat

HEIGHT, WIDTH, STREAMS = 64, 96, 192
LAYERS = (Layer(0.10, (40.0, -60.0), (2.0, 2.0)), Layer(0.25, (-24.0, 12.0), (1.0, 3.0), 0.5))
CELLS = STREAMS * HEIGHT * WIDTH / CELL_PX**2


def _noise(seed: int, streams: int = STREAMS) -> Tensor:
    return torch.randn(streams, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(seed))


def _barren(streams: int = 1) -> Tensor:
    """Noise that gives birth to nothing."""
    return torch.full((streams, 3, HEIGHT, WIDTH), -10.0)


def _at(time_s: float, streams: int = STREAMS) -> Tensor:
    return torch.full((streams,), time_s, dtype=torch.float64)


def _in_picture(particles: Particles, layer: int) -> Tensor:
    """Positions (N, 2) of a layer's living particles within the picture, of all streams together."""
    inside = ((particles.position >= 0) & (particles.position < torch.tensor([WIDTH, HEIGHT]))).all(-1)
    return particles.position[particles.alive & (particles.layer == layer) & inside]


_FRAMES = {
    "cold": [0.0],
    "24": [frame / 24 for frame in range(37)],
    "12": [frame / 12 for frame in range(19)],
    "uneven": [0.0, 0.03, 0.05, 0.30, 0.31, 0.35, 0.80, 0.84, 0.87, 1.40, 1.45, 1.5],
}


@pytest.mark.parametrize("rate", _FRAMES)
def test_density_is_the_same_at_every_rate_and_place(rate: str) -> None:
    particles = None
    for frame, time_s in enumerate(_FRAMES[rate]):
        particles = advance(particles, _noise(frame), _at(time_s), LAYERS)
    assert particles is not None
    for index, layer in enumerate(LAYERS):
        seen = _in_picture(particles, index)
        expected = layer.per_cell * CELLS
        assert len(seen) == pytest.approx(expected, rel=0.12), "about three deviations of the rarer layer's count"
        for axis, extent in enumerate((WIDTH, HEIGHT)):
            thirds = torch.histc(seen[:, axis], 3, 0, extent)
            assert thirds.tolist() == pytest.approx([expected / 3] * 3, rel=0.2)


def test_a_particle_goes_straight_until_it_has_left() -> None:
    before = advance(None, _noise(0, 1), _at(0, 1), LAYERS)
    velocity = torch.tensor([layer.velocity for layer in LAYERS])
    start, moving = before.position[before.alive], velocity[before.layer[before.alive]]
    particles = before
    for then, now in pairwise([0.0, 0.04, 0.1, 0.6]):
        count = int(particles.alive.sum())
        particles = advance(particles, _barren(), _at(now, 1), LAYERS)
        assert int(particles.alive.sum()) <= count, f"none is born from {then} to {now} s"
    place = start + moving * 0.6
    left = particles.position[particles.alive]
    assert 0 < len(left) < len(start)
    gap = torch.cdist(left, place)
    assert float(gap.min(1).values.max()) < 1e-3
    inside = ((place >= 0) & (place < torch.tensor([WIDTH, HEIGHT]))).all(-1)
    assert float(gap.min(0).values[inside].max()) < 1e-3, "and all that are still in the picture are still alive"


def test_a_population_leaves_in_the_end() -> None:
    particles = advance(None, _noise(0, 1), _at(0, 1), LAYERS)
    gone = advance(particles, _barren(), _at(60, 1), LAYERS)
    assert gone.position.shape == (1, 0, 2)
    assert float(splat(gone, LAYERS, HEIGHT, WIDTH).abs().max()) == 0


def _one(layer: int, x: float, y: float, alive: bool = True) -> Particles:
    return Particles(torch.tensor([[[x, y]]]), torch.tensor([[layer]]), torch.tensor([[alive]]), _at(0, 1))


def test_a_spot_is_brightest_at_its_place_and_a_third_of_that_at_its_radius() -> None:
    light = splat(_one(1, 40.5, 20.5), LAYERS, HEIGHT, WIDTH)[0, 0]
    assert float(light.max()) == float(light[20, 40]) == pytest.approx(LAYERS[1].light)
    falls = LAYERS[1].light / torch.e
    assert float(light[20, 41]) == pytest.approx(falls, rel=1e-4), "1 px across"
    assert float(light[23, 40]) == pytest.approx(falls, rel=1e-4), "3 px down"
    wide = splat(_one(1, 40.5, 20.5), LAYERS, HEIGHT, WIDTH, scale=2, shift=(2, 0))[0, 0]
    assert float(wide[20, 42]) == pytest.approx(LAYERS[1].light), "shifted by two radii"
    assert float(wide[20, 44]) == pytest.approx(falls, rel=1e-4), "twice as wide"


def test_the_dead_give_no_light_and_the_living_add_up() -> None:
    dead, lit = _one(0, 30, 30, alive=False), _one(0, 50, 30)
    assert float(splat(dead, LAYERS, HEIGHT, WIDTH).max()) == 0
    position, layer, alive = (torch.cat([part, part], 1) for part in (lit.position, lit.layer, lit.alive))
    pair = Particles(position, layer, alive, lit.time_s)
    torch.testing.assert_close(splat(pair, LAYERS, HEIGHT, WIDTH), 2 * splat(lit, LAYERS, HEIGHT, WIDTH))
