"""What the teachers paint with does what its name says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.teachers import brushes as b

HEIGHT, WIDTH = 32, 48
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))


def test_a_box_is_the_mean_over_a_square(picture: Tensor) -> None:
    blurred = b.box(picture, 5)
    assert blurred.shape == picture.shape
    torch.testing.assert_close(blurred[..., 10, 20], picture[..., 8:13, 18:23].mean((2, 3)))
    corner = torch.cat([picture[..., :1, :3]] * 3 + [picture[..., 1:2, :3], picture[..., 2:3, :3]], 2)  # edges repeated
    corner = torch.cat([corner[..., :1]] * 3 + [corner[..., 1:]], 3)
    torch.testing.assert_close(blurred[..., 0, 0], corner.mean((2, 3)))


@pytest.mark.parametrize("pixels", [4, 8, 16])
def test_soft_keeps_the_flat_and_smooths_the_rest(picture: Tensor, pixels: int) -> None:
    flat = torch.full((1, 3, HEIGHT, WIDTH), 0.3)
    torch.testing.assert_close(b.soft(flat, pixels), flat)
    assert float(b.edges(b.soft(b.luminance(picture), pixels)).mean()) < 0.1 * float(
        b.edges(b.luminance(picture)).mean()
    )


def test_slopes_of_a_plane() -> None:
    across, down = torch.arange(WIDTH) * 0.01, torch.arange(HEIGHT)[:, None] * 0.02
    right, below = b.slopes((across + down)[None, None])
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    torch.testing.assert_close(right[inner], torch.full_like(right[inner], 0.01), atol=1e-5, rtol=0)
    torch.testing.assert_close(below[inner], torch.full_like(below[inner], 0.02), atol=1e-5, rtol=0)
    length = b.edges((across + down)[None, None])
    torch.testing.assert_close(length[inner], torch.full_like(length[inner], 5**0.5 / 100), atol=1e-5, rtol=0)


def test_kuwahara_is_the_mean_of_four_squares_the_calmest_first(picture: Tensor) -> None:
    """Against the definition (Papari et al. 2007, eq. 9), at one pixel; and a border between flats stays sharp."""
    y, x, size = 12, 30, 5
    squares = [picture[..., top : top + size, left : left + size] for top in (y - 4, y) for left in (x - 4, x)]
    weights = torch.stack([(100 * b.luminance(part).var((1, 2, 3), unbiased=False) + 0.01) ** -3 for part in squares])
    means = torch.stack([part.mean((2, 3)) for part in squares])
    expected = (weights[..., None] * means).sum(0) / weights.sum(0)[:, None]
    torch.testing.assert_close(b.kuwahara(picture, size)[..., y, x], expected, atol=1e-4, rtol=0)
    border = torch.zeros(1, 3, HEIGHT, WIDTH)
    border[..., WIDTH // 2 :] = 1
    assert float((b.kuwahara(border, size) - border).abs().max()) < 0.01 < float((b.box(border, size) - border).max())


def test_smoothstep_goes_either_way() -> None:
    value = torch.linspace(-1, 2, 31)
    rising = b.smoothstep(0.0, 1.0, value)
    assert bool((rising[value <= 0] == 0).all())
    assert bool((rising[value >= 1] == 1).all())
    assert bool((rising.diff() >= 0).all())
    torch.testing.assert_close(b.smoothstep(1.0, 0.0, value), 1 - rising)


def test_a_ramp_passes_through_its_stops() -> None:
    stops = ((0.0, (0.1, 0.2, 0.3)), (0.25, (1.0, 0.0, 0.5)), (1.0, (0.0, 1.0, 1.0)))
    for position, colour in stops:
        assert b.ramp(torch.full((1, 1, 1, 1), position), stops).flatten().tolist() == pytest.approx(list(colour))
    between = b.ramp(torch.full((1, 1, 1, 1), 0.125), stops).flatten().tolist()
    assert between == pytest.approx([0.55, 0.1, 0.4])


def test_screen_only_adds_light(picture: Tensor) -> None:
    lit = b.screen(picture, picture.flip(3))
    assert bool((lit >= picture - 1e-6).all())
    assert float(lit.max()) <= 1
    torch.testing.assert_close(b.screen(picture, torch.zeros_like(picture)), picture)


def test_saturation_keeps_grey(picture: Tensor) -> None:
    torch.testing.assert_close(b.saturate(picture, 1), picture)
    torch.testing.assert_close(b.saturate(picture, 0), b.luminance(picture).expand_as(picture))


@pytest.mark.parametrize("texture", [b.paper, b.canvas, b.hatching])
def test_textures_repeat_every_tile(texture: Callable[[int, int, Tensor], Tensor], picture: Tensor) -> None:
    tiles = texture(HEIGHT, WIDTH, picture)
    assert tiles.shape == (1, 1, HEIGHT, WIDTH)
    assert torch.equal(tiles[..., b.TILE_PX :], tiles[..., : -b.TILE_PX])
    assert torch.equal(tiles[..., b.TILE_PX :, :], tiles[..., : -b.TILE_PX, :])
    assert float(tiles.std()) > 0.3
    assert abs(float(tiles.mean())) < 0.1, "it darkens as much as it lightens"


def test_every_brush_stands_in_the_table_with_its_picture() -> None:
    brushes = {name: brush for name, brush in vars(b).items() if getattr(brush, "__module__", "") == b.__name__}
    public = [name for name in brushes if not name.startswith("_")]
    page = (DOCS / "worlds.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| !\[(\w+)\]\(brushes/(\w+)\.jpg\) \| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    assert [row[:3] for row in rows] == [(name, name, name) for name in public]
    for name, _, _, says in rows:
        assert says == " ".join(str(brushes[name].__doc__).strip().split("\n\n")[0].split())
        assert (DOCS / "brushes" / f"{name}.jpg").is_file()
