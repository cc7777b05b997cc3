"""Regions as data: short forms, what travels inside, and what is legal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.prompts import PromptError
from studio.script.region import Region, drawn_mask
from studio.script.script import Prop
from studio.timeline.curves import TimelineError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Region(), "a region needs a colour, a box, a mask or a cast"),
        (lambda: Region("greenish"), "'greenish' is not a colour; write one of red"),
        (lambda: Region((1, 2, 300)), "red, green and blue from 0 to 255"),
        (lambda: Region("green", tolerance=0), "above 0 and at most 1"),
        (lambda: Region(box=(0.5, 0.5, 0.6, 0.1)), "leaves the picture"),
        (lambda: Region(box=(1, 2, 3)), "is not a box; write left, top, width and height"),  # type: ignore[arg-type]
        (lambda: Region(box={}), "boxes are empty"),
        (lambda: Region(box={-1: (0, 0, 1, 1)}), "times start at 0"),
        (lambda: Region.from_dict({"color": "green"}), "a region has colour, tolerance, box, mask and cast, not color"),
        (lambda: Region.from_dict({"mask": 7}), "7 is not a mask; write the path of a PNG"),
        (lambda: Region.from_dict({"colour": 7}), "7 is not a colour"),
        (lambda: Region.from_dict({"box": {"a": [0, 0, 1, 1]}}), "'a' is not a time of a box"),
        (lambda: Region.from_dict({"colour": "red", "tolerance": "wide"}), "tolerance is 'wide'"),
        (lambda: Region.from_dict(7), "7 is not a region"),
        (lambda: drawn_mask("data:image/png;base64,AAAA"), "is not a PNG"),
    ],
)
def test_mistakes_are_told_with_what_is_legal(make, message):
    with pytest.raises(PromptError) as error:
        make()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("short", "region"),
    [
        ("the green stick", Region("green")),
        ("a Gray, dull hat", Region("grey")),
        ("stick.png", Region(mask="stick.png")),
        (Path("masks/stick.PNG"), Region(mask="masks/stick.PNG")),
        ((60, 150, 70), Region((60, 150, 70))),
        (np.array([60, 150, 70]), Region((60, 150, 70))),
        (np.array([0.5, 0.25, 0.25, 0.5]), Region(box=(0.5, 0.25, 0.25, 0.5))),
        ({"colour": "the blue one"}, Region("blue")),
    ],
)
def test_a_short_form_is_the_area_that_it_means(short, region):
    assert Region.from_dict(short) == region
    assert Prop("stick", "a lightsaber", short).part == region
    assert Region.from_dict(json.loads(json.dumps(region.to_dict()))) == region


def test_what_is_no_region_names_colours_masks_and_boxes():
    for wrong in ("the stick", "stick.jpg", (1, 2, 300), 7, "the red and green stick"):
        with pytest.raises(TimelineError, match=r"colour.*a drawn mask \('stick\.png'\) or a box \(\[0\.4, "):
            Region.from_dict(wrong)
    with pytest.raises(TimelineError, match="names red and green; write one colour"):
        Region("the red and green stick")


def test_arrays_are_kept_as_plain_numbers():
    box = np.array([0.5, 0.25, 0.25, 0.5], np.float32)
    region = Region(tuple(np.array([1, 2, 3])), np.float32(0.5), {np.float32(1.5): box})  # type: ignore[arg-type,dict-item]
    assert repr(region) == repr(Region((1, 2, 3), 0.5, {1.5: (0.5, 0.25, 0.25, 0.5)}))
    assert Region(box=box) == Region(box=(0.5, 0.25, 0.25, 0.5))  # type: ignore[arg-type]


def test_a_mask_that_is_not_there_is_named(tmp_path):
    with pytest.raises(TimelineError, match=r"none\.png does not exist; give the path of a PNG"):
        Region(mask="none.png").embedded(tmp_path)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(TimelineError, match=r"text\.png is not a PNG"):
        Region(mask="text.png").embedded(tmp_path)
