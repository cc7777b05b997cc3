"""Particles are a function of seed and time: carried by the wind, everywhere alike, of one piece at every hour."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.models.particles import LAYERS, PARTICLE_KINDS, _hashed, _random, _uniform, particle_planes

HEIGHT, WIDTH = 96, 160
HOURS = 3600.0 * 7


def _at(seed: int, *seconds: float, size: tuple[int, int] = (HEIGHT, WIDTH)) -> Tensor:
    return particle_planes(torch.full((len(seconds),), seed), torch.tensor(seconds, dtype=torch.float64), *size)


@pytest.fixture(params=LAYERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_planes_of_light_in_every_size() -> None:
    for size in ((HEIGHT, WIDTH), (64, 64), (32, 1920)):
        planes = _at(1, 0.0, HOURS, size=size)
        assert planes.shape == (2, len(PARTICLE_KINDS), *size)
        assert bool(((planes >= 0) & (planes <= 1)).all())


def test_the_same_seed_and_time_are_the_same_particles() -> None:
    assert torch.equal(_at(5, 3.0), _at(5, 3.0))
    together = particle_planes(torch.tensor([5, 6]), torch.tensor([3.0, 9.0], dtype=torch.float64), HEIGHT, WIDTH)
    torch.testing.assert_close(together, torch.cat([_at(5, 3.0), _at(6, 9.0)]), atol=1e-5, rtol=0)


def test_another_seed_is_other_particles_under_the_same_water(kind: str) -> None:
    first, second = _at(1, 2.0)[0], _at(2, 2.0)[0]
    plane = PARTICLE_KINDS.index(kind)
    assert not torch.equal(first[plane], second[plane])
    assert torch.equal(first[PARTICLE_KINDS.index("caustics")], second[PARTICLE_KINDS.index("caustics")])


@pytest.mark.parametrize("hour", [0.0, HOURS])
def test_the_wind_carries_every_particle(kind: str, hour: float) -> None:
    """One layer alone, without sway, moves by whole pixels: the later picture is the earlier one, shifted."""
    for layer in LAYERS[kind]:
        (vx, vy), plane = layer.velocity, PARTICLE_KINDS.index(kind)
        seconds = 1 / max(abs(vx), abs(vy))
        before, after = _at(3, hour, hour + seconds)[:, plane]
        still = (after - before).square().mean()
        right, down = round(vx * seconds), round(vy * seconds)
        moved = before.roll((down, right), (0, 1))
        inner = slice(8, -8)
        carried = (after - moved)[inner, inner].square().mean()
        assert carried < still, f"{kind} move with {layer.velocity}"


def test_particles_never_thin_out(kind: str) -> None:
    """As much light in each quarter of the picture, on the average of many seeds, now and hours later."""
    seeds = torch.arange(400)
    for hour in (0.0, HOURS):
        planes = particle_planes(seeds, torch.full((400,), hour, dtype=torch.float64), HEIGHT, WIDTH)[
            :, PARTICLE_KINDS.index(kind)
        ]
        light = planes.mean(0).unflatten(0, (2, -1)).unflatten(2, (2, -1)).mean((1, 3)).flatten()
        assert float(light.min()) > 0
        assert float(light.max() / light.min()) < 1.6


def test_a_negative_clock_is_a_clock() -> None:
    assert bool(torch.isfinite(_at(1, -12.5)).all())
    assert float(_at(1, -12.5)[0, PARTICLE_KINDS.index("stars")].max()) > 0.3


def test_half_precision_is_right_to_half_a_grey_level() -> None:
    seed, time_s = torch.tensor([5]), torch.tensor([3.0], dtype=torch.float64)
    half = particle_planes(seed, time_s, HEIGHT, WIDTH, torch.bfloat16)
    assert half.dtype == torch.bfloat16
    # three roundings of 2^-9 each, of both factors and of the product, and of at most 1
    torch.testing.assert_close(half.float(), _at(5, 3.0), atol=3 * 2**-9, rtol=0)


def test_random_numbers_are_the_same_by_numpy_as_by_torch() -> None:
    seed, layer = torch.tensor([0, 2**63 - 1]), torch.tensor([0, 7, 13])
    cell = torch.tensor([[[0, 0], [-5, 12], [2**40, -(2**40)]]]).expand(2, -1, -1)
    bits = _hashed(_hashed(_hashed(seed[:, None] * 64 + layer) + cell[..., 0]) + cell[..., 1])
    assert torch.equal(_random(seed, layer, cell), torch.stack([_uniform(bits, i) for i in range(3)], -1))
