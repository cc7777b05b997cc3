"""The bars that the mattes have to clear, on a few of the shots of `python -m engine mattes`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.compositing.person import PersonMatter
from engine.compositing.presence import MOVED, CleanPlateMatter
from engine.evaluation import mattes, shots
from engine.evaluation.alphas import MEASURES, mean_error
from engine.evaluation.drawn import DrawnPerson
from engine.evaluation.keyed import PEOPLE, keyed
from engine.media.pictures import read_picture

SIZE = (384, 216)


def _no_advance(done: int, total: int | None) -> None:
    """Nobody watches."""


def test_a_shot_is_the_mixture_that_its_alpha_says(footage: Path) -> None:
    """Where the alpha is 0 the room is seen, but for the camera's noise."""
    behind = shots.room(footage, "lab", SIZE)
    figures = [shots.moved(each, SIZE, 0.8, 192, 216) for each in keyed(footage / PEOPLE[0], 2)]
    for moment, figure in zip(
        shots.shot(figures.__getitem__, behind, 2, np.random.default_rng(0)), figures, strict=True
    ):
        assert moment.alpha is figure.alpha
        assert 0.1 < (moment.alpha == 1).mean() < 0.6
        outside = moment.alpha == 0
        off = moment.rgb[outside] - behind[outside]
        assert np.abs(off).mean() < 6
        assert np.all(figure.light <= 255.5 * figure.alpha[..., None] + 1e-3)


def test_footage_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"talking-head.*holds dev and train"):
        mattes.try_people(tmp_path, SIZE, 12, 0, _no_advance)


@pytest.mark.long
def test_the_persons_matte_is_better_than_the_mask(footage: Path) -> None:
    """By 30 % in each of the three measures, where a drawn person waves."""
    person = DrawnPerson(read_picture(footage / shots.PORTRAITS[1]), SIZE[::-1], 1)
    figures = [person.at(frame / shots.FPS) for frame in range(30)]
    moments = shots.shot(figures.__getitem__, shots.room(footage, "lobby", SIZE), 30, np.random.default_rng(1))
    truth, raw, matter = [moment.alpha for moment in moments], mattes.RawMask(), PersonMatter()
    ours = [matter.matte(moment.rgb, moment.time_s) / 255 for moment in moments]
    theirs = [raw.matte(moment.rgb) for moment in moments]
    for name, measure in MEASURES.items():
        assert measure(ours, truth) < 0.7 * measure(theirs, truth), name


@pytest.mark.long
@pytest.mark.parametrize("number", [0, 4])
def test_the_clean_plate_finds_what_is_held(footage: Path, number: int) -> None:
    empty, moments = shots.still_shot(footage, SIZE, 24, number, number)
    matter, raw = CleanPlateMatter(), mattes.RawMask()
    for rgb in empty:
        matter.learn(rgb)
    matter.finish()
    ours = []
    for moment in moments:
        ours.append(matter.matte(moment.rgb, moment.time_s) / 255)
        assert matter.trouble is None
        assert moment.thing is not None
        assert ours[-1][moment.thing > 0.99].mean() >= mattes.SOLID
    truth = [moment.alpha for moment in moments]
    assert mean_error(ours, truth) < mattes.HALF * mean_error([raw.matte(moment.rgb) for moment in moments], truth)
    for frame in range(1, 24):
        pushed = shots.bumped(moments[-1], 3, moments[-1].time_s + frame / shots.FPS)
        matter.matte(pushed.rgb, pushed.time_s)
    assert matter.trouble == MOVED


@pytest.mark.long
def test_the_chroma_key_is_exact_and_keeps_hair(footage: Path) -> None:
    report = mattes.try_chroma(footage, SIZE, 0, _no_advance)
    assert report["inside"] < mattes.KEYED_ERROR
    assert report["outside"] < mattes.KEYED_ERROR
    assert report["strands"] > 0.45
