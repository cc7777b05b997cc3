"""A teacher paints what a network can learn: from what is near, in one way, by the clock of the waves, and its own."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.evaluation import measures
from engine.models.fields import LOOP_S
from engine.models.particles import particle_planes
from engine.teachers.wordings import wordings
from engine.teachers.worlds import WORLDS, teach

HEIGHT, WIDTH = 64, 96
REACH_PX = 24
"""How far a pixel of the source may change the picture: about what the network sees sharply."""
UNEXPLAINED = 0.2
"""The least share of a world's edges that is more than new colours on the source's edges."""
APART = 0.15
"""The least `measures.world_distance` between two worlds. The same world of other noise is less than half as far."""
FLASH = 0.02
"""The most that the mean brightness of a still scene may change from one frame to the next at 24 a second."""


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _noise(seed: int, count: int = 1, width: int = WIDTH) -> Tensor:
    return torch.randn(count, 3, HEIGHT, width, generator=torch.Generator().manual_seed(seed))


def _at(*seconds: float) -> Tensor:
    return torch.tensor(seconds, dtype=torch.float64)


def _particles(seed: int, time_s: Tensor, width: int = WIDTH) -> Tensor:
    return particle_planes(torch.full((len(time_s),), seed), time_s, HEIGHT, width)


def _teach(world: str, source: Tensor, seed: int, *seconds: float) -> Tensor:
    """Frames at some seconds, a seed's noise and particles over them."""
    time_s = _at(*seconds)
    width = source.shape[3]
    return teach(world, source, _noise(seed, len(source), width), _particles(seed, time_s, width), time_s)


def _clouds(seed: int, width: int = WIDTH) -> Tensor:
    """Soft colours with some detail, (1, 3, H, W)."""
    random = torch.Generator().manual_seed(seed)
    coarse, fine = (
        F.interpolate(torch.rand(1, 3, HEIGHT // px, width // px, generator=random), (HEIGHT, width), mode="bicubic")
        for px in (11, 4)
    )
    return (0.75 * coarse + 0.25 * fine).clamp(0, 1)


def _scene(backdrop: tuple[float, float, float], things: list[tuple[float, ...]]) -> Tensor:
    """Ellipses (x, y, half width, half height, red, green, blue) before a backdrop lit from one side, (1, 3, H, W)."""
    x = ((torch.arange(WIDTH) + 0.5) / HEIGHT * 2 - WIDTH / HEIGHT)[None]
    y = ((torch.arange(HEIGHT) + 0.5) / HEIGHT * 2 - 1)[:, None]
    picture = torch.tensor(backdrop).view(3, 1, 1) * (0.85 + 0.15 * x - 0.1 * y)
    for across, down, wide, high, *colour in things:
        away = (((x - across) / wide).square() + ((y - down) / high).square()).sqrt()
        picture = picture.lerp(torch.tensor(colour).view(3, 1, 1), ((1 - away) * 12).clamp(0, 1))
    return picture.clamp(0, 1)[None]


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    """Somebody, a table with things, and clouds of colour: (3, 3, H, W)."""
    clothes, skin, hair = (0.25, 0.30, 0.60), (0.80, 0.58, 0.46), (0.16, 0.10, 0.07)
    eyes = [(x, -0.15, 0.07, 0.05, 0.05, 0.05, 0.08) for x in (-0.15, 0.15)]
    head = [
        (0.0, -0.1, 0.42, 0.58, *skin),
        (0.0, -0.55, 0.45, 0.28, *hair),
        *eyes,
        (0.0, 0.2, 0.17, 0.05, 0.6, 0.2, 0.2),
    ]
    somebody = _scene((0.62, 0.66, 0.70), [(0.0, 1.1, 0.85, 0.6, *clothes), *head])
    blue, red = (-0.9, -0.3, 0.35, 0.5, 0.20, 0.45, 0.85), (0.9, 0.3, 0.45, 0.45, 0.85, 0.25, 0.15)
    table, lemon = (0.0, 0.9, 1.4, 0.3, 0.30, 0.20, 0.12), (0.1, 0.0, 0.25, 0.3, 0.95, 0.90, 0.30)
    return torch.cat([somebody, _scene((0.85, 0.80, 0.70), [blue, red, table, lemon]), _clouds(1)])


@pytest.fixture(scope="module")
def painted(pictures: Tensor) -> dict[str, Tensor]:
    """What each world makes of the pictures."""
    return {name: _teach(name, pictures, 0, 1, 1, 1) for name in WORLDS}


def test_a_world_paints_pictures(world: str, painted: dict[str, Tensor], pictures: Tensor) -> None:
    shown = painted[world]
    assert (shown.shape, shown.dtype) == (pictures.shape, torch.float32)
    assert bool(((shown >= 0) & (shown <= 1)).all()), "values in 0..1, none of them NaN"
    assert float(shown.std()) > 0.05, "something is to be seen"


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_black_and_white_are_sources_too(world: str, level: float) -> None:
    shown = _teach(world, torch.full((1, 3, HEIGHT, WIDTH), level), 0, 0.5)
    assert bool(((shown >= 0) & (shown <= 1)).all())


def test_as_is_is_the_source(painted: dict[str, Tensor], pictures: Tensor) -> None:
    assert torch.equal(painted["as-is"], pictures)


def test_an_unknown_world_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'atlantis' is not a world; there are as-is, underwater"):
        _teach("atlantis", torch.zeros(1, 3, HEIGHT, WIDTH), 0, 0)


def test_a_batch_is_painted_as_each_alone(world: str, pictures: Tensor) -> None:
    """Two streams of different pictures, noise, particles and clocks."""
    source, noise, time_s = pictures[:2], _noise(0, 2), _at(0.5, 3.25)
    particles = particle_planes(torch.tensor([4, 5]), time_s, HEIGHT, WIDTH)
    shown = teach(world, source, noise, particles, time_s)
    for i in range(2):
        row = slice(i, i + 1)
        single = teach(world, source[row], noise[row], particles[row], time_s[row])
        torch.testing.assert_close(shown[row], single, atol=2e-5, rtol=0)


def test_teaching_changes_nothing_that_it_is_given(world: str, pictures: Tensor) -> None:
    time_s = _at(1, 1, 1)
    given = [pictures, _noise(0, 3), _particles(0, time_s), time_s]
    before = [tensor.clone() for tensor in given]
    first, second = (teach(world, *given) for _ in range(2))
    assert torch.equal(first, second)
    assert all(torch.equal(then, tensor) for then, tensor in zip(before, given, strict=True))


def test_the_seed_matters_to_random_worlds_alone(world: str, painted: dict[str, Tensor], pictures: Tensor) -> None:
    shown = _teach(world, pictures, 1, 1, 1, 1)
    assert torch.equal(shown, painted[world]) != WORLDS[world].random


def test_moving_worlds_alone_move_over_a_still_scene(world: str, pictures: Tensor) -> None:
    source = torch.cat([pictures, torch.full((1, 3, HEIGHT, WIDTH), 0.93)])  # golden Rome glints on what is bright
    noise = _noise(0, 4)
    first, later = (
        teach(world, source, noise, _particles(seed, time_s), time_s)
        for seed, time_s in enumerate((_at(1, 1, 1, 1), _at(2, 2, 2, 2)))
    )
    assert torch.equal(first, later) != WORLDS[world].moving


def test_the_waves_clock_has_no_seam(world: str, painted: dict[str, Tensor], pictures: Tensor) -> None:
    shown = teach(world, pictures, _noise(0, 3), _particles(0, _at(1, 1, 1)), _at(*[1 + LOOP_S] * 3))
    torch.testing.assert_close(shown, painted[world], atol=1e-4, rtol=0)


def test_a_still_scene_does_not_flash(world: str, pictures: Tensor) -> None:
    levels = []
    for frame in range(8):
        time_s = _at(*[frame / 24] * 3)
        levels.append(teach(world, pictures, _noise(frame, 3), _particles(0, time_s), time_s).mean((1, 2, 3)))
    change = torch.stack(levels).diff(dim=0).abs().max()
    assert float(change) < FLASH


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_looks_no_farther_than_the_network(world: str) -> None:
    source = _clouds(2, 2 * WIDTH)
    touched, changed = source.clone(), 16
    touched[..., :changed] = 1 - touched[..., :changed]
    shown, other = (_teach(world, picture, 0, 1) for picture in (source, touched))
    assert not torch.equal(shown[..., :changed], other[..., :changed])
    beyond = changed + REACH_PX
    torch.testing.assert_close(shown[..., beyond:], other[..., beyond:], atol=1e-3, rtol=0)


def _recoloured(source: Tensor, like: Tensor) -> Tensor:
    """The source under that colour map (linear and square in each channel) which brings it nearest to a picture."""
    terms = torch.cat([source, source.square(), torch.ones_like(source[:, :1])], 1).flatten(2).mT
    weights = torch.linalg.lstsq(terms, like.flatten(2).mT).solution
    return (terms @ weights).mT.view_as(like)


def _edges(pictures: Tensor) -> Tensor:
    """Differences of luma between neighbours, mean 0, length 1, one row a picture."""
    grey = measures.luma(pictures)
    edges = torch.cat([grey.diff(dim=2).flatten(1), grey.diff(dim=3).flatten(1)], 1)
    return F.normalize(edges - edges.mean(1, keepdim=True), dim=1)


def test_a_world_is_more_than_a_colour_table(world: str, painted: dict[str, Tensor], pictures: Tensor) -> None:
    shown = painted[world]
    alike = (_edges(shown) * _edges(_recoloured(pictures, shown))).sum(1)
    unexplained = float(1 - alike.square().mean())
    if world == "as-is":
        assert unexplained < 1e-3, "the measure itself: the source explains the source"
    else:
        assert unexplained > UNEXPLAINED


def test_no_two_worlds_are_near(painted: dict[str, Tensor]) -> None:
    looks = {name: measures.local_statistics(shown) for name, shown in painted.items()}
    distances = {(a, b): float(measures.world_distance(looks[a], looks[b]).mean()) for a, b in combinations(looks, 2)}
    nearest = min(distances, key=distances.__getitem__)
    assert distances[nearest] > APART, f"{nearest[0]} and {nearest[1]} are {distances[nearest]:.3f} apart"


@pytest.mark.parametrize("world", [name for name in WORLDS if WORLDS[name].random])
def test_another_seed_is_the_same_world(world: str, painted: dict[str, Tensor], pictures: Tensor) -> None:
    shown = _teach(world, pictures, 1, 1, 1, 1)
    first, second = (measures.local_statistics(seen) for seen in (shown, painted[world]))
    assert float(measures.world_distance(first, second).mean()) < APART / 2


def test_all_is_made_on_the_sources_device(world: str, pictures: Tensor) -> None:
    """What is made elsewhere would land on the default device, here one without data, and not mix with the source."""
    source, time_s = pictures[:1], _at(1)
    noise, particles = _noise(0), _particles(0, time_s)
    shown = teach(world, source, noise, particles, time_s)
    with torch.device("meta"):
        again = teach(world, source, noise, particles, time_s)
    assert torch.equal(shown, again)


@pytest.mark.gpu
def test_a_gpu_paints_the_same(world: str, pictures: Tensor) -> None:
    time_s = _at(1, 1, 1)
    given = pictures, _noise(0, 3), _particles(0, time_s), time_s
    gpu = teach(world, *(tensor.cuda() for tensor in given))
    assert measures.psnr(gpu.cpu(), teach(world, *given)).min() > 45  # TF32 in convolutions and sums in another order


def _texts(split: str) -> list[str]:
    return [text.strip().lower() for texts in wordings(split).values() for text in texts]


def test_no_text_means_two_worlds_or_is_in_both_splits() -> None:
    counts = Counter(_texts("train") + _texts("held_out"))
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_world_has_words_and_a_fifth_is_held_back() -> None:
    train, held_out = wordings("train"), wordings("held_out")
    assert set(train) == set(held_out) >= set(WORLDS)
    for name, texts in train.items():
        assert len(texts) >= 30, name
        others = [text for text in texts if text != name.replace("-", " ")]  # its name is not a wording of its own
        assert len(held_out[name]) >= 0.2 * (len(others) + len(held_out[name])), name
