"""Where a prop is: by its colour, by a box that follows it, by a drawn mask; always the same for the same frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from studio.performing.finder import Finder, keyed, lab_of
from studio.performing.mattes import MatteFinder, sightings
from studio.script.region import COLOURS, Region, rgb_of
from studio.takes.take import Take
from studio.timeline.curves import Keyframe
from studio.timeline.keys import Matte
from studio.timeline.timeline import Timeline

HEIGHT, WIDTH = 90, 160
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]


def scene(left: int, top: int, size: int = 24) -> np.ndarray:
    """A chequered thing before a wall with a gradient and some noise."""
    noise = np.random.default_rng(abs(left)).integers(0, 8, (HEIGHT, WIDTH, 1))
    wall = np.stack([90 + X // 2, 100 + Y, 180 - X // 3], -1) + noise
    thing = np.where(((X - left) * 4 // size + (Y - top) * 4 // size)[..., None] % 2, (230, 210, 60), (60, 40, 120))
    inside = (left <= X) & (left + size > X) & (top <= Y) & (top + size > Y)
    return np.where(inside[..., None], thing, wall).astype(np.uint8)


def box_of(left: int, top: int, size: int = 24) -> tuple[float, float, float, float]:
    return left / WIDTH, top / HEIGHT, size / WIDTH, size / HEIGHT


def test_a_box_follows_its_thing_and_loses_it_when_it_is_gone():
    finder = Finder(Region(box=box_of(20, 30)))
    for n in range(30):
        left, top = 20 + 3 * n, round(30 + 20 * np.sin(n / 5))
        mask = finder.mask(scene(left, top), n / 24)
        assert finder.box is not None
        assert finder.box[:2] == pytest.approx(box_of(left, top)[:2], abs=0.02)
        assert mask[top + 12, left + 12] == 1
        assert mask[2, 2] == 0
    for n in range(30, 34):
        assert not finder.mask(scene(-100, 0), n / 24).any()
    assert finder.box is None


def test_a_box_follows_a_thing_that_comes_nearer():
    finder = Finder(Region(box=box_of(60, 30)))
    for n in range(20):
        finder.mask(scene(60 - n // 2, 30 - n // 2, 24 + n), n / 24)
    assert finder.box is not None
    assert finder.box == pytest.approx(box_of(51, 21, 43), abs=0.04)


def test_a_later_box_corrects_the_first_and_none_is_there_before_it():
    finder = Finder(Region(box={0.5: box_of(20, 30), 1: box_of(100, 30)}))
    assert not finder.mask(scene(20, 30), 0.0).any()
    finder.mask(scene(20, 30), 0.5)
    assert finder.box == box_of(20, 30)
    finder.mask(scene(100, 30), 1.0)
    assert finder.box == box_of(100, 30)


@given(st.sampled_from(sorted(COLOURS)))
def test_a_colour_is_found_by_its_name(name):
    ground = (20, 90, 200) if name not in ("blue", "cyan", "purple") else (40, 160, 60)
    if name in ("grey", "white", "black"):
        ground = (200, 30, 30)
    rgb = np.empty((40, 60, 3), np.uint8)
    rgb[:] = ground
    rgb[10:30, 20:40] = COLOURS[name]
    mask = keyed(rgb, rgb_of(name), 0.2)
    assert mask[20, 30] > 0.98
    assert mask[4, 4] < 0.02
    assert 0.9 < mask.sum() / 400 < 1.5


def test_a_hue_is_found_in_shade_and_specks_are_not():
    rgb = np.full((40, 60, 3), 128, np.uint8)
    rgb[10:20, 10:50] = (90, 200, 100)
    rgb[20:30, 10:50] = (20, 70, 28)
    rgb[35, 5] = (60, 150, 70)
    mask = Finder(Region("green")).mask(rgb, 0)
    assert mask[12:28, 12:48].min() > 0.9
    assert mask[35, 5] < 0.1


def test_lab_is_that_of_the_standard():
    lab = lab_of(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 128, 0]], np.float32))
    expected = [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.2], [46.23, -51.7, 49.9]]
    assert lab == pytest.approx(np.array(expected), abs=0.3)


def test_a_mask_is_drawn_in_any_size_and_travels_inside(tmp_path):
    drawn = np.zeros((18, 32), np.uint8)
    drawn[:, :16] = 255
    Image.fromarray(drawn).save(tmp_path / "left.png")
    region = Region(mask="left.png").embedded(tmp_path)
    (tmp_path / "left.png").unlink()
    mask = Finder(Region.from_dict(region.to_dict())).mask(scene(0, 0), 0)
    assert mask.shape == (HEIGHT, WIDTH)
    assert mask[:, :70].min() == 1
    assert mask[:, 90:].max() == 0
    clear = Image.fromarray(np.dstack([drawn] * 3 + [255 - drawn]))  # painted on nothing: opacity counts
    clear.save(tmp_path / "right.png")
    assert Finder(Region(mask=tmp_path / "right.png")).mask(scene(0, 0), 0)[:, 90:].min() == 1


def test_several_at_once_are_what_they_have_in_common():
    rgb = np.full((40, 60, 3), 128, np.uint8)
    rgb[5:15, 5:55] = (60, 150, 70)
    mask = Finder(Region("green", box=(0.0, 0.0, 0.5, 1.0))).mask(rgb, 0)
    assert mask[10, 10] > 0.98
    assert mask[10, 50] == mask[30, 10] == 0


@given(st.integers(0, 130), st.integers(0, 60))
def test_a_mask_is_a_function_of_the_frames(left, top):
    frames = [scene(left, top), scene(left + 2, top), scene(left + 4, top + 1)]
    box = (left / WIDTH, top / HEIGHT, 24 / WIDTH, 24 / HEIGHT)
    one, two = (Finder(Region("yellow", box=box)) for _ in range(2))
    for n, rgb in enumerate(frames[:2]):
        one.mask(rgb, n / 24)
        two.follow(rgb, n / 24)
    first, second = one.mask(frames[2], 2 / 24), two.mask(frames[2], 2 / 24)
    assert np.array_equal(first, second)
    assert np.array_equal(first, np.round(first * 255).astype(np.float32) / np.float32(255))


def test_what_the_stream_is_told_leaves_no_place_without_a_prompt():
    mattes = [Matte("thing", "fire", {"box": {"0": list(box_of(20, 30))}}), Matte("wall", "ice", {"colour": "#8080b0"})]
    values = (Keyframe(0, 0), Keyframe(1, 0.5, "step"))
    timeline = Timeline(mattes=(*mattes, Matte("late", "gold", {"colour": "yellow"}, values)))
    finder = MatteFinder(timeline.mattes)
    regions = finder.direct(timeline.at(0), scene(20, 30), scene(20, 30), 0)[0]
    assert [region.prompt[0][0] for region in regions] == ["as it is", "fire", "ice"]  # type: ignore[union-attr]
    regions = finder.direct(timeline.at(1), scene(20, 30), scene(20, 30), 1)[0]
    assert len(regions) == 4
    assert np.all(sum(region.mask for region in regions) > 0.5)  # type: ignore[union-attr,misc]
    assert MatteFinder().direct(Timeline.of("a").at(0), scene(20, 30), scene(20, 30), 0)[0] == (("a", 1.0),)


def test_the_script_sees_where_and_when_a_thing_is(shot):
    take = Take.open(shot)
    seen = list(sightings(take, Region("white", tolerance=0.4)))
    assert [sighting.row for sighting in seen] == [n for n, row in enumerate(take.frames) if row.step is not None]
    for sighting in seen[:15]:  # a disc of radius 12 at 3 pixels a frame, and from the 12th frame on
        assert sighting.box is not None
        left, _, width, _ = sighting.box
        assert (left + width / 2) * 96 == pytest.approx((sighting.row + 12) * 3, abs=5)


def test_a_region_of_an_old_take_is_found_as_it_was():
    rgb = np.full((40, 60, 3), (150, 90, 60), np.uint8)  # a hand
    where = {"colour": "red", "tolerance": 0.2}
    assert Finder(Region.from_dict(where, finder=1)).mask(rgb, 0.0).mean() > 0.3
    assert Finder(Region.from_dict(where)).mask(rgb, 0.0).max() == 0
    assert MatteFinder([Matte("hand", "a crate", where)])._finders.popitem()[1].region.finder == 1


def test_a_copy_of_a_finder_is_not_changed_by_what_the_other_sees():
    finder = Finder(Region(box=box_of(20, 30)))
    finder.follow(scene(20, 30), 0.0)
    kept = finder.copy()
    finder.follow(scene(30, 30), 1 / 24)
    assert kept.box == pytest.approx(box_of(20, 30))
    kept.follow(scene(30, 30), 1 / 24)
    assert kept.box == finder.box


def test_a_region_of_a_cast_is_what_its_matter_takes():
    wall = np.full((48, 64, 3), (40, 200, 60), np.uint8)
    wall[10:40, 20:40] = (180, 60, 50)
    mask = Finder(Region(cast="chroma", box=(0.25, 0.1, 0.5, 0.8))).mask(wall, 0.0)
    assert mask[25, 30] > 0.9
    assert mask[25, 45] < 0.1
    assert Region.from_dict(Region(cast="person").to_dict()) == Region(cast="person")
