"""Drawn places: every name draws, the same plan gives the same bytes, and a size shows the same place."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import pytest

from engine.compositing.types import View
from engine.designer import library, vocabulary
from engine.designer import place as places
from engine.designer.colours import MOODS
from engine.designer.library import DesignerError, skia
from engine.designer.pen import Pen
from engine.designer.place import Place, draw
from engine.designer.plan import PERIODS, Plan

SMALL = (160, 90)
NAMES = [(kind, name) for kind in vocabulary.KINDS for name in vocabulary.names(kind)]
QUICK = {(kind, name) for kind in vocabulary.KINDS for name in vocabulary.names(kind)[::6]}
"""Some of each kind; all are drawn with the long tests."""
CASTLE = Plan(sky="night", ground="water", structures=("castle",), seed=3)


def plan_of(kind: str, name: str, sky: str) -> Plan:
    if kind == "sky":
        return Plan(sky=name)
    if kind == "ground":
        return Plan(sky=sky, ground=name)
    return Plan(sky=sky, structures=(name,)) if kind == "structure" else Plan(sky=sky, things=(name,))


def digest(picture: np.ndarray) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("kind", "name"), [pytest.param(*each, marks=[] if each in QUICK else pytest.mark.long) for each in NAMES]
)
def test_every_name_is_seen_by_day_and_by_night(kind: str, name: str) -> None:
    """A structure or a thing changes the picture that would be there without it, at some time of ten seconds."""
    for sky in ("day", "night"):
        with_it = Place(plan_of(kind, name, sky))
        first = with_it.picture(0.0, *SMALL)
        assert first.shape == (90, 160, 3)
        assert first.std() > 3
        if kind in ("structure", "thing"):
            without = Place(Plan(sky=sky))
            changes = [
                np.abs(with_it.picture(t, *SMALL).astype(int) - without.picture(t, *SMALL)).max(-1) > 12
                for t in ((0.0,) if kind == "structure" else (0.0, 1.3, 4.0, 7.4, 9.5))
            ]
            assert max(change.mean() for change in changes) > (0.03 if kind == "structure" else 0.0005)


@pytest.mark.parametrize("palette", [None, *MOODS])
def test_each_palette_and_seed_gives_another_picture(palette: str | None) -> None:
    plans = [Plan(structures=("castle",), palette=other) for other in (None, *MOODS)]
    assert len({digest(draw(plan, *SMALL)) for plan in plans}) == len(plans)
    assert digest(draw(Plan(structures=("castle",), palette=palette, seed=1), *SMALL)) != digest(
        draw(Plan(structures=("castle",), palette=palette, seed=2), *SMALL)
    )


def test_noir_is_without_colour() -> None:
    picture = draw(Plan(sky="sunset", structures=("castle",), palette="noir"), *SMALL).astype(int)
    assert np.abs(picture[..., 0] - picture[..., 2]).max() < 24


def test_the_same_plan_gives_the_same_bytes_in_any_order_of_times_sizes_and_threads() -> None:
    place, again = Place(CASTLE), Place(CASTLE)
    moments = [(0.0, *SMALL), (3.7, *SMALL), (3.7, 96, 54), (0.0, *SMALL)]
    once = [digest(place.picture(*moment)) for moment in moments]
    with ThreadPoolExecutor(4) as threads:
        mixed = list(threads.map(lambda moment: digest(again.picture(*moment)), reversed(moments)))
    assert once == mixed[::-1]
    assert once[0] == once[3] != once[1]


@pytest.mark.long
def test_the_same_plan_gives_the_same_bytes_in_another_process() -> None:
    """Whatever the process's own chance (PYTHONHASHSEED) and its number of threads."""
    script = (
        "import hashlib; from engine.designer.place import draw; from engine.designer.plan import Plan;"
        "plan = Plan(sky='aurora', ground='water', structures=('castle', 'forest'), palette='cold', seed=9);"
        "print(hashlib.sha256(draw(plan, 160, 90, 2.5).tobytes()).hexdigest())"
    )
    plan = Plan(sky="aurora", ground="water", structures=("castle", "forest"), palette="cold", seed=9)
    for seed, threads in (("1", "1"), ("77", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads}
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == digest(draw(plan, *SMALL, 2.5))


def test_a_size_shows_the_same_place() -> None:
    """Large and made small again, it looks as it is drawn small: within what an edge moves by half a pixel."""
    plan = Plan(sky="sunset", ground="grass", structures=("castle",), seed=5)
    small, large = draw(plan, 192, 108), draw(plan, 960, 540)
    shrunk = cv2.resize(large, (192, 108), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small).mean() < 6
    other = draw(Plan(sky="sunset", ground="grass", structures=("castle",), seed=6), 192, 108)
    assert np.abs(shrunk.astype(int) - small).mean() < 0.6 * np.abs(other.astype(int) - small).mean()


@pytest.mark.parametrize(
    ("width", "height"), [(64, 64), (16, 400), (700, 60), pytest.param(3840, 2160, marks=pytest.mark.long)]
)
def test_any_size_is_filled(width: int, height: int) -> None:
    picture = draw(CASTLE, width, height)
    assert picture.shape == (height, width, 3)
    assert picture.max() > 60


def test_the_landmark_goes_to_the_free_place_and_no_faster_than_it() -> None:
    place, bare = Place(Plan(structures=("castle",))), Place(Plan())

    def centre(free_x: float) -> float:
        view = View(free_x=free_x)
        there = np.abs(place.picture(0, *SMALL, view).astype(int) - bare.picture(0, *SMALL, view)).max(-1) > 25
        return float(np.average(np.arange(160), weights=there.sum(0) + 1e-9)) / 160

    left, middle, right = centre(0.3), centre(0.5), centre(0.7)
    assert left == pytest.approx(0.3, abs=0.05)
    assert middle == pytest.approx(0.5, abs=0.05)
    assert right == pytest.approx(0.7, abs=0.05)


def test_a_wide_picture_is_filled_wherever_the_landmark_stands() -> None:
    """No layer is moved farther than it reaches: a column beside it would show the sky down to the lower edge."""
    place = Place(Plan(sky="day", ground="snow", structures=("castle",)))
    for free_x, x in ((0.0, 1.0), (1.0, -1.0)):
        lowest = place.picture(0, 260, 100, View(x, 0.0, free_x))[-8:].astype(int)
        assert (lowest[..., 2] - lowest[..., 0]).max() < 60, "snow is white, and the sky behind it blue"


def test_near_layers_move_more_than_far_ones() -> None:
    def shift(structure: str) -> float:
        plan = Plan(structures=(structure,), ground="stone")
        a, b = (Place(plan).picture(0, 320, 180, View(x=x))[60:112] for x in (-1.0, 1.0))
        (moved, _), _ = cv2.phaseCorrelate(*(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (b, a)))
        return moved

    assert shift("castle") > 6


def test_water_mirrors_what_stands_on_it() -> None:
    lit = Place(Plan(sky="night", ground="water", structures=("castle",))).picture(0, *SMALL)
    dark = Place(Plan(sky="night", ground="water")).picture(0, *SMALL)
    below = np.abs(lit[62:].astype(int) - dark[62:]).max(-1)
    assert (below > 8).mean() > 0.05


def test_night_is_dimmer_and_bluer_than_sunset_which_is_warm_and_from_the_side() -> None:
    night, sunset, day = (Place(Plan(sky=sky)).light for sky in ("night", "sunset", "day"))
    assert sum(night.ambient) < 0.5 * sum(day.ambient)
    assert night.key[2] > night.key[0]
    assert night.rim > day.rim
    assert sunset.key[0] > 2 * sunset.key[2]
    assert abs(sunset.key_from[0]) > 0.8 > abs(sunset.key_from[1])
    grey = Place(Plan(sky="sunset", palette="noir")).light
    assert max(grey.key) - min(grey.key) < 0.1


def test_a_place_keeps_two_sizes_and_gives_its_memory_back() -> None:
    place = Place(CASTLE)
    assert place.kept_bytes == 0
    place.picture(0, *SMALL)
    once = place.kept_bytes
    assert 0 < once < 2e6
    for width in (80, 96, 112):
        place.picture(0, width, 64)
    assert place.kept_bytes < once
    place.close()
    assert place.kept_bytes == 0
    assert not place.still


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_memory_of_a_size_is_under_60_mb(size: tuple[int, int]) -> None:
    place = Place(Plan(sky="storm", ground="water", structures=("castle",), framed=True))
    place.picture(0, *size)
    assert place.kept_bytes < 60e6


@pytest.mark.parametrize("view", [View(0.31, -0.2, 0.613), View(-1, 1, 0.16), View(1, -1, 0.84), View(0.2, 0.0, 0.64)])
def test_layers_in_pieces_and_between_pixels_are_as_whole_ones(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut in two or not, a layer is the same picture, to the byte, and skia's own sampling differs by rounding."""
    plan = Plan(sky="sunset", ground="sand", structures=("lighthouse", "castle"), framed=True)
    pictures = []
    for worth in (0.0, 1.0):
        monkeypatch.setattr(places, "WORTH_A_CUT", worth)
        place = Place(plan)
        pictures.append(place.picture(2.0, *SMALL, view))
        kept = place._kept[SMALL].layers
        assert any(len(pieces) == 2 for pieces in kept.values()) == (worth == 1.0)
    assert digest(pictures[0]) == digest(pictures[1])

    def sampled(self: Place, canvas: skia.Canvas, drawn: Any, piece: Any, dx: float, dy: float, opaque: bool) -> None:
        x, y = drawn.width / 2 + piece.x + dx, piece.y + dy
        image = places._image(piece.pixels, piece.opaque)
        canvas.drawImage(image, x, y, skia.SamplingOptions(skia.FilterMode.kLinear), skia.Paint())

    monkeypatch.setattr(places, "WORTH_A_CUT", 0.0)
    monkeypatch.setattr(Place, "_copy", sampled)
    own = Place(plan).picture(2.0, *SMALL, view)
    assert np.abs(own.astype(int) - pictures[0])[2:-2, 2:-2].max() <= 12  # a 32nd of a pixel at the hardest edge
    assert np.abs(own.astype(int) - pictures[0]).mean() < 1.0


def test_many_stamps_are_as_one_by_one() -> None:
    """A batch of sprites is drawn as each by itself; those beside the picture change nothing."""

    def pictured(batch: bool) -> np.ndarray:
        pixels = np.zeros((90, 160, 4), np.uint8)
        info = skia.ImageInfo.Make(160, 90, skia.kBGRA_8888_ColorType, skia.kPremul_AlphaType)
        surface = skia.Surface.MakeRasterDirect(info, pixels, 640)
        canvas = surface.getCanvas()
        canvas.translate(80, 58)
        canvas.scale(90, 90)
        air = vocabulary.drawing("sky", "day").air
        assert air is not None
        pen = Pen(canvas, "test", 0, air, None, unit=90)
        leaf = pen.sprite("leaf", 0.1, 0.06, lambda each: each.fill(each.box(0.01, 0.03, 0.06, 0.05), 0xFFD04020))
        x, y, size, alpha, turn = pen.numbers(40, 5, 1).T
        x, turn = 2.6 * x - 1.3, 360 * turn
        if batch:
            pen.stamps(leaf, x, y - 0.6, 0.5 + size, alpha, turn)
        else:
            for row in zip(x, y - 0.6, 0.5 + size, alpha, turn, strict=True):
                pen.stamp(leaf, *row)
        return pixels.astype(int)

    assert pictured(True).any()
    assert np.abs(pictured(True) - pictured(False)).max() <= 6


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"sky": "nigth"}, "'nigth' is not a sky; did you mean night"),
        ({"ground": "grss"}, "'grss' is not a ground; did you mean grass"),
        ({"structures": ["castel"]}, "'castel' is not a structure; did you mean castle"),
        (
            {"structures": "castle"},
            rf"structures is a list of names such as \['{vocabulary.names('structure')[0]}'\], not 'castle'",
        ),
        ({"structures": ["castle"] * 4}, "at most 3 structures, not 4: leave out 'castle'"),
        ({"things": ["zzz"]}, "'zzz' is not a thing; there are"),
        ({"palette": "golde"}, "'golde' is not a palette; did you mean golden"),
        ({"period": "romans"}, "'romans' is not a period; did you mean roman"),
        ({"strutures": []}, "a place has no 'strutures'; did you mean structures"),
        ({"seed": -1}, "seed is a whole number from 0 to 2147483647, not -1"),
        ({"seed": True}, "seed is a whole number"),
        ({"framed": 1}, "framed is true or false, not 1"),
    ],
)
def test_a_wrong_plan_names_the_remedy(values: dict[str, object], complaint: str) -> None:
    with pytest.raises(DesignerError, match=complaint):
        Plan.from_dict(values)


def test_a_plan_goes_through_its_dictionary() -> None:
    plan = Plan("dusk", "sand", ("castle",), (), "golden", "roman", True, 7)
    assert Plan.from_dict(plan.to_dict()) == plan
    assert Plan.from_dict(plan.to_dict() | {"look": "oil", "unknown": ["x"]}) == plan
    assert Plan.from_dict({}) == Plan()


@pytest.mark.parametrize("size", [(8, 90), (160, 9000), (0, 0)])
def test_a_wrong_size_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DesignerError, match=f"16 to 8192 pixels a side, not at {size[0]}x{size[1]}"):
        draw(CASTLE, *size)


def test_a_missing_or_old_library_is_a_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DesignerError, match=r"skia-python 138 or newer, and here is 87\.5: pip install"):
        library.check_version("87.5")
    library.check_version("144.1")
    monkeypatch.setitem(sys.modules, "skia", None)
    monkeypatch.delitem(sys.modules, "engine.designer.library")
    with pytest.raises(Exception, match=r"places are drawn by skia-python, which cannot be loaded here .*pip install"):
        __import__("engine.designer.library")


@pytest.mark.parametrize("period", PERIODS)
def test_every_period_is_drawn(period: str) -> None:
    assert draw(Plan(structures=("castle",), period=period), *SMALL).std() > 3


def test_a_place_is_drawn_from_several_threads_at_once() -> None:
    place, pictures = Place(CASTLE), []
    threads = [threading.Thread(target=lambda: pictures.append(digest(place.picture(1.0, *SMALL)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(pictures)) == 1
