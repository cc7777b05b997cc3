"""A look of one's own pictures: what is measured is what was drawn, and what cannot be measured is refused at once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from engine.teachers import brushes as b
from engine.teachers.inputs import TeacherInputs
from engine.teachers.styles import Style
from engine.teachers.worlds import World, check_teacher

WIDTH, HEIGHT = 192, 144
INKS = ((32, 40, 120), (220, 170, 60), (180, 50, 40))


def drawn(seed: int, outline: bool = False, grain: float = 0.0, streaks: bool = False) -> np.ndarray:
    """Discs in three inks; with an outline, with grain of that deviation in 0..255, or all of strokes one way."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), INKS[seed % 3], np.uint8)
    for n in range(12):
        centre = int(rng.integers(WIDTH)), int(rng.integers(HEIGHT))
        radius = int(rng.integers(10, 36))
        cv2.circle(picture, centre, radius, INKS[n % 3], -1, cv2.LINE_AA)
        if outline:
            cv2.circle(picture, centre, radius, (12, 10, 16), 3, cv2.LINE_AA)
    noise: np.ndarray = rng.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    if streaks:
        noise = cv2.blur(noise, (15, 1))
    return np.clip(picture + (grain * noise / noise.std())[..., None], 0, 255).astype(np.uint8)


@cache
def style(outline: bool = False, grain: float = 0.0, streaks: bool = False) -> Style:
    return Style.of([drawn(seed, outline, grain, streaks) for seed in range(3)])


def painted(look: Style, rgb: np.ndarray) -> np.ndarray:
    source = torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255
    inputs = TeacherInputs(source, torch.zeros_like(source), torch.zeros(1, 6, HEIGHT, WIDTH), torch.zeros(1))
    return look.paint(inputs)[0].permute(1, 2, 0).numpy() * 255


def test_flat_discs_are_patches_without_texture_or_contours() -> None:
    look = style()
    assert look.stroke_px >= 5
    assert look.bristles < 0.005
    assert look.lines < 0.1
    assert min(np.abs(np.array(look.palette[0]) * 255 - ink).max() for ink in INKS) < 12


def test_outlines_are_contours() -> None:
    assert style(outline=True).lines > 0.4 > 4 * style().lines


def test_grain_is_texture_of_its_strength_and_streaks_follow_forms() -> None:
    grain, streaks = style(grain=10.0), style(grain=10.0, streaks=True)
    assert 0.02 < grain.bristles < 0.055  # 10 of 255 is 0.039, some of which is coarser than what counts
    assert grain.along < 0.2
    assert streaks.along > 0.6


def test_a_photograph_of_smooth_light_has_no_strokes() -> None:
    rng = np.random.default_rng(0)
    smooth = [
        cv2.resize(rng.integers(0, 256, (9, 12, 3)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        for _ in range(3)
    ]
    assert Style.of([picture.clip(0, 255).astype(np.uint8) for picture in smooth]).stroke_px == 1


def test_what_is_painted_has_the_inks_of_the_pictures_and_keeps_light_from_dark() -> None:
    ramp = np.repeat(np.linspace(0, 255, WIDTH, dtype=np.uint8)[None, :, None], 3, 2).repeat(HEIGHT, 0)
    picture = painted(style(), ramp)
    away = np.min([np.abs(picture - ink).mean(2) for ink in INKS], axis=0)
    assert np.median(away) < 40  # a grey ramp is up to 110 from the nearest of them
    light = picture @ (0.299, 0.587, 0.114)
    assert light[:, -20:].mean() > light[:, :20].mean() + 60


def test_a_style_is_a_teacher_by_the_rules() -> None:
    world = World("discs", pictures=[drawn(seed, outline=True, grain=6) for seed in range(3)])
    check_teacher(world)
    assert len(set(world.wordings)) >= 8
    assert "in the style of discs" in world.wordings
    assert not set(world.wordings) & set(world.held_out)
    assert "contours" in str(world.style)


def test_the_same_pictures_give_the_same_style(tmp_path: Path) -> None:
    files = []
    for seed in range(3):
        files.append(tmp_path / f"{seed}.png")
        cv2.imwrite(str(files[-1]), drawn(seed)[..., ::-1])
    again = Style.of(files)
    assert torch.equal(again.table, style().table)
    assert str(again) == str(style())


@pytest.mark.parametrize(
    ("pictures", "says"),
    [
        ("paintings", "list of files"),
        ([drawn(0)] * 2, "3 to 30 are needed"),
        ([drawn(0)] * 31, "3 to 30 are needed"),
        ([drawn(0), drawn(1), Path("no-such.jpg")], "does not exist"),
        ([drawn(0), drawn(1), drawn(2)[:60]], "picture 3 is 192x60"),
        ([drawn(0), drawn(1), 7], "picture 3 is int"),
        ([drawn(0), drawn(1), drawn(2)[..., 0]], "height, width, 3"),
    ],
)
def test_pictures_that_are_none_of_a_style_are_refused(pictures: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        World("gauguin", pictures=pictures)


def test_a_world_has_a_teacher_or_pictures() -> None:
    with pytest.raises(ValueError, match="pictures="):
        World("gauguin")
    with pytest.raises(ValueError, match="leave one of the two out"):
        World("gauguin", lambda inputs: inputs.source, pictures=[drawn(0)] * 3)
    with pytest.raises(ValueError, match="list of texts"):
        World("gauguin", lambda inputs: inputs.source, wordings="a gauguin")  # type: ignore[arg-type]


def test_streaks_run_along_the_contours() -> None:
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    form = ((x - 48).square() + (y - 48).square()).sqrt()[None, None] / 96  # rings: contours run around the middle
    noise = torch.randn(1, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    streaks = b.along(noise, form)
    right, down = b.slopes(streaks)
    outward = (x - 48) / (form[0, 0] * 96 + 1e-6), (y - 48) / (form[0, 0] * 96 + 1e-6)
    across = (right[0, 0] * outward[0] + down[0, 0] * outward[1])[16:80, 16:80]
    around = (down[0, 0] * outward[0] - right[0, 0] * outward[1])[16:80, 16:80]
    assert float(across.abs().mean()) > 2 * float(around.abs().mean())
    assert abs(float(streaks.std()) - 1) < 0.05


def test_a_table_of_its_own_colours_changes_nothing() -> None:
    side = torch.linspace(0, 1, 5)
    blue, green, red = torch.meshgrid(side, side, side, indexing="ij")
    picture = torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(b.by_table(picture, torch.stack([red, green, blue])[None]), picture, atol=1e-6, rtol=0)
