"""A place stands behind the person, moves by itself without a seam, and is the same behind everyone."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.models import fields
from engine.models.particles import PARTICLE_KINDS
from engine.teachers.inputs import TeacherInputs
from engine.teachers.places import PLACES
from engine.teachers.worlds import TRAINABLE_WORLDS

HEIGHT, WIDTH = 96, 144


@pytest.fixture(scope="module")
def matte() -> Tensor:
    """A head and shoulders."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, HEIGHT), torch.linspace(-1.5, 1.5, WIDTH), indexing="ij")
    head = ((x / 0.4).square() + ((y + 0.2) / 0.5).square()) < 1
    shoulders = ((x / 0.9).square() + ((y - 1) / 0.6).square()) < 1
    return (head | shoulders).float()[None, None]


def _inputs(source: Tensor, time_s: float) -> TeacherInputs:
    still = source.new_zeros(len(source), len(PARTICLE_KINDS), HEIGHT, WIDTH)
    return TeacherInputs(
        source, torch.zeros_like(source), still, torch.full((len(source),), time_s, dtype=torch.float64)
    )


def _source(seed: int) -> Tensor:
    coarse = torch.rand(1, 3, 6, 9, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (HEIGHT, WIDTH), mode="bilinear")


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_place_replaces_the_room_and_keeps_the_person(place: str, matte: Tensor) -> None:
    first, second = (PLACES[place](_inputs(_source(seed), 1.0), matte).clamp(0, 1) for seed in (0, 1))
    assert first.shape == (1, 3, HEIGHT, WIDTH)
    differs = (first - second).abs().mean(1, keepdim=True)
    inside = torch.nn.functional.avg_pool2d(matte, 9, 1, 4) > 0.99
    outside = torch.nn.functional.avg_pool2d(matte, 9, 1, 4) < 0.01
    assert float(differs[outside].max()) < 1e-4, "nothing of the room is left"
    assert float(differs[inside].mean()) > 0.5 * float((_source(0) - _source(1)).abs().mean()), "the person is"


def test_the_person_is_lit_by_the_place(place: str, matte: Tensor) -> None:
    """Grey clothes are brighter on the side of the light, and take its colour."""
    grey = torch.full((1, 3, HEIGHT, WIDTH), 0.5)
    shown = PLACES[place](_inputs(grey, 0.0), matte).clamp(0, 1)
    rows = slice(HEIGHT // 4, HEIGHT // 2)
    level = (shown.mean(1, keepdim=True) * matte)[0, 0, rows]
    left, right = (level[:, half].sum() for half in (slice(0, WIDTH // 2), slice(WIDTH // 2, None)))
    assert (left > right) == (place == "throne-hall"), "its light comes from the left; the others' from the right"


def test_a_place_moves_in_a_loop(place: str) -> None:
    nobody = torch.zeros(1, 1, HEIGHT, WIDTH)
    source = _source(0)

    def at(time_s: float) -> Tensor:
        return PLACES[place](_inputs(source, time_s), nobody).clamp(0, 1)

    torch.testing.assert_close(at(fields.LOOP_S + 0.3), at(0.3), atol=1e-4, rtol=0)
    frame = float((at(0.3 + 1 / 24) - at(0.3)).abs().mean())
    far = float((at(2.3) - at(0.3)).abs().mean())
    assert 0 < frame < 0.03, "slow"
    assert far > 2 * frame


def test_near_layers_sway_more_than_far_ones() -> None:
    """On the moon the ground moves more than the sky."""
    nobody, source = torch.zeros(1, 1, HEIGHT, WIDTH), _source(0)
    pictures = [PLACES["moon"](_inputs(source, time_s), nobody) for time_s in (0.0, fields.LOOP_S / 4)]
    shift = []
    for rows in (slice(0, HEIGHT // 3), slice(2 * HEIGHT // 3, HEIGHT)):
        a, b = (picture.mean(1)[0, rows] for picture in pictures)
        misfit = [float((a[:, 10:-10] - b.roll(step, 1)[:, 10:-10]).square().mean()) for step in range(10)]
        shift.append(misfit.index(min(misfit)))
    assert shift[0] <= 1 < 4 <= shift[1]


def test_a_batch_is_its_frames(place: str, matte: Tensor) -> None:
    sources = torch.cat([_source(0), _source(1)])
    times = torch.tensor([0.5, 5.0], dtype=torch.float64)
    still = sources.new_zeros(2, len(PARTICLE_KINDS), HEIGHT, WIDTH)
    both = PLACES[place](TeacherInputs(sources, torch.zeros_like(sources), still, times), matte.expand(2, -1, -1, -1))
    for i in range(2):
        one = PLACES[place](_inputs(sources[i : i + 1], float(times[i])), matte)
        torch.testing.assert_close(both[i : i + 1], one, atol=1e-5, rtol=0)


def test_places_are_trained_after_the_worlds() -> None:
    assert TRAINABLE_WORLDS[-len(PLACES) :] == tuple(PLACES)
