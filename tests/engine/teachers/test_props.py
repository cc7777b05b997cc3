"""Props sit where their masks say, move without jumps, and become things that depend on what can be seen."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.teachers import props
from engine.teachers.props import PROP_KINDS, PropFrame, SyntheticProp
from engine.teachers.things import PROP_OF, paint_thing
from engine.teachers.wordings import THING_WORDINGS

HEIGHT, WIDTH = 96, 144


@pytest.fixture(scope="module")
def picture() -> Tensor:
    """A soft room: warm to cool, darker towards the floor."""
    y, x = torch.meshgrid(torch.linspace(0, 1, HEIGHT), torch.linspace(0, 1, WIDTH), indexing="ij")
    return torch.stack([0.7 - 0.3 * y, 0.55 - 0.2 * y + 0.05 * x, 0.4 + 0.2 * x])


def _visible(kind: str, picture: Tensor, seed: int = 0) -> tuple[SyntheticProp, PropFrame, float]:
    """A prop, and a moment when it is in the picture as a whole."""
    for number in range(seed, seed + 100):
        prop = SyntheticProp(kind, HEIGHT, WIDTH, np.random.default_rng(number))
        drawn = prop.draw(picture, 0.5)
        mask = drawn.mask[0]
        border = torch.cat([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
        if float(border.max()) == 0 and float(mask.mean()) > 0.02:
            return prop, drawn, 0.5
    raise AssertionError(f"no {kind} came into the picture")


@pytest.mark.parametrize("kind", PROP_KINDS)
def test_a_prop_is_where_its_mask_says(kind: str, picture: Tensor) -> None:
    prop, drawn, time_s = _visible(kind, picture)
    assert drawn.picture.shape == (3, HEIGHT, WIDTH)
    assert drawn.mask.shape == drawn.shade.shape == (1, HEIGHT, WIDTH)
    assert drawn.coordinates.shape == (3, HEIGHT, WIDTH)
    assert 0 <= float(drawn.picture.min()) <= float(drawn.picture.max()) <= 1
    inside, changed = drawn.mask[0] > 0.9, (drawn.picture - picture).abs().amax(0)
    far = torch.nn.functional.max_pool2d(drawn.mask[None], 33, 1, 16)[0, 0] == 0
    assert float(changed[inside].mean()) > 5 * float(changed[far].mean())
    assert float(drawn.coordinates[:2, inside].abs().max()) < 1.2, "inside, coordinates are -1 to 1"
    again = prop.draw(picture, time_s)
    assert torch.equal(again.picture, drawn.picture), "drawing is pure"


@pytest.mark.parametrize("kind", PROP_KINDS)
def test_a_smeared_prop_stays_together(kind: str, picture: Tensor) -> None:
    """Thrown fast and over the picture's edge, it leaves nothing anywhere else."""
    for seed in range(12):
        prop = SyntheticProp(kind, HEIGHT, WIDTH, np.random.default_rng(seed))
        prop._motion, prop._blur, prop._period = "thrown", True, 0.8
        for time_s in (0.0, 0.13, 0.3, 0.41):
            drawn = prop.draw(picture, time_s)
            rows, columns = torch.nonzero(drawn.mask[0] > 0, as_tuple=True)
            away = ((columns + 0.5 - drawn.pose.x).square() + (rows + 0.5 - drawn.pose.y).square()).sqrt()
            assert len(away) == 0 or float(away.max()) < drawn.pose.reach + 2 * props.MARGIN_PX


@pytest.mark.parametrize("kind", PROP_KINDS)
def test_a_prop_moves_without_jumps(kind: str, picture: Tensor) -> None:
    for seed in range(6):
        prop = SyntheticProp(kind, HEIGHT, WIDTH, np.random.default_rng(seed))
        steps, moved = [], 0.0
        before = first = prop.draw(picture, 0.0).mask
        for frame in range(1, 40):
            mask = prop.draw(picture, frame / 24).mask
            steps.append(float((mask - before).abs().mean()))
            moved = max(moved, float((mask - first).abs().mean()))
            before = mask
        assert moved > 2 * float(np.median(steps)), "it should move"
        assert max(steps) < 0.2, "no more of the picture than a fast prop covers in a frame"


@pytest.mark.parametrize("thing", PROP_OF)
def test_a_thing_takes_the_place_of_its_prop(thing: str, picture: Tensor) -> None:
    _, drawn, time_s = _visible(PROP_OF[thing], picture)
    world = drawn.picture
    made = paint_thing(thing, world, drawn, 3.0 + time_s)
    assert made.shape == world.shape
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    changed = (made - world).abs().mean(0)
    inside = drawn.mask[0] > 0.9
    assert float(changed[inside].mean()) > 0.05
    assert float(changed[inside].mean()) > 2.5 * float(changed[drawn.mask[0] == 0].mean())
    assert torch.equal(made, paint_thing(thing, world, drawn, 3.0 + time_s))
    torch.testing.assert_close(paint_thing(thing, world, drawn, 8.0 + 3.0 + time_s), made, atol=2e-3, rtol=0)


@pytest.mark.parametrize("thing", PROP_OF)
def test_a_thing_does_not_depend_on_the_props_colour(thing: str, picture: Tensor) -> None:
    """Two props of one shape and light, in two colours: nearly the same thing (ice lets a little through)."""
    prop, drawn, time_s = _visible(PROP_OF[thing], picture)
    prop._first, prop._second = prop._second, (0.9, 0.1, 0.5)
    other = prop.draw(picture, time_s)
    inside = drawn.mask[0] > 0.9
    shown = (other.picture - drawn.picture).abs().mean(0)[inside].mean()
    made = paint_thing(thing, other.picture, other, 1.0) - paint_thing(thing, drawn.picture, drawn, 1.0)
    assert float(made.abs().mean(0)[inside].mean()) < 0.35 * float(shown)


def test_what_glows_lights_what_is_near(picture: Tensor) -> None:
    for thing, channel in (("fireball", 0), ("torch", 0), ("lightsaber", 2)):
        _, drawn, _ = _visible(PROP_OF[thing], picture)
        gain = paint_thing(thing, drawn.picture, drawn, 0.0)[channel] - drawn.picture[channel]
        close = torch.nn.functional.max_pool2d(drawn.mask[None], 25, 1, 12)[0, 0] > 0
        near = close & (drawn.mask[0] == 0)
        assert float(gain[near].mean()) > 1.5 * float(gain[~close].mean()) > 0, thing


def test_the_torch_burns_at_its_upper_end(picture: Tensor) -> None:
    prop, drawn, time_s = _visible("stick", picture)
    prop._lean += np.pi  # the same stick upside down
    turned = prop.draw(picture, time_s)
    made = [paint_thing("torch", picture, prop_frame, 0.0) for prop_frame in (drawn, turned)]
    assert float((made[0] - made[1]).abs().max()) < 0.25, "but for the grain of its wood it is the same torch"
    assert float((made[0] - made[1]).abs().mean()) < 0.003


def test_errors_name_what_there_is(picture: Tensor) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="ball, stick, box, cloth"):
        SyntheticProp("hat", HEIGHT, WIDTH, rng)
    prop = SyntheticProp("ball", HEIGHT, WIDTH, rng)
    with pytest.raises(ValueError, match=r"\(3, 96, 144\)"):
        prop.draw(picture[:, 1:], 0.0)
    with pytest.raises(ValueError, match="fireball, planet"):
        paint_thing("toad", picture, prop.draw(picture, 0.0), 0.0)
    with pytest.raises(ValueError, match="draw a stick"):
        paint_thing("torch", picture, prop.draw(picture, 0.0), 0.0)


def test_every_thing_has_its_prop_and_words() -> None:
    assert set(PROP_OF.values()) == set(PROP_KINDS)
    words = json.loads(THING_WORDINGS.read_text(encoding="utf-8"))
    assert words.keys() == PROP_OF.keys()
    seen: set[str] = set()
    for texts in words.values():
        assert (len(texts["train"]), len(texts["held_out"])) == (32, 8)
        everything = {*texts["train"], *texts["held_out"]}
        assert len(everything) == 40
        assert not everything & seen, "a wording belongs to one thing"
        seen |= everything
