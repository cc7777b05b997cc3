"""Words to plans: over wordings that were fitted and over sixty that were not, and what is said of strange ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.designer import vocabulary, words
from engine.designer.colours import MOODS
from engine.designer.lexicon import NOT_DRAWN, PALETTES, PERIODS, PLACES, ROOMS_NOT_DRAWN, SENSES
from engine.designer.library import DesignerError
from engine.designer.plan import PERIODS as PLAN_PERIODS
from engine.designer.plan import Plan
from engine.designer.words import describe, nearest, singular
from engine.text import TextEncoder

LOOKS = (
    "watercolour",
    "oil-painting",
    "pencil",
    "woodblock",
    "film-noir",
    "stained-glass",
    "voxel",
    "underwater",
    "moon",
)
Row = tuple[str, str, str, str]


def rows(file: str, name: str) -> list[Row]:
    spec = importlib.util.spec_from_file_location(file, Path(__file__).with_name(f"{file}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    listed: list[Row] = getattr(module, name)
    return listed


def right(row: Row) -> tuple[bool, bool, bool]:
    """Whether sky, ground and structures are right."""
    text, skies, grounds, structures = row
    plan = describe(text, LOOKS)
    sets = [frozenset() if way == "-" else frozenset(way.split("+")) for way in structures.split("/")]
    return (
        "*" in skies.split("/") or plan["sky"] in skies.split("/"),
        "*" in grounds.split("/") or plan["ground"] in grounds.split("/"),
        structures == "*" or "*" in structures.split("/") or frozenset(plan["structures"]) in sets,
    )


@pytest.mark.parametrize(
    ("file", "name", "least"), [("learnt_wordings", "LEARNT", 0.95), ("held_wordings", "HELD", 0.80)]
)
def test_words_become_the_place_that_they_mean(file: str, name: str, least: float) -> None:
    """Share of sky, ground and structures that are right; the held-back wordings are never tuned on."""
    listed = rows(file, name)
    marks = np.array([right(row) for row in listed])
    wrong = [
        f"{row[0]}: {describe(row[0])} not {row[1:]}" for row, mark in zip(listed, marks, strict=True) if not mark.all()
    ]
    text = f"sky, ground, structures right: {marks.mean(0)}; all three: {marks.all(1).mean():.2f}\n" + "\n".join(wrong)
    print(text)
    assert len(listed) >= 60
    assert marks.mean() >= least, text


def plan(text: str, **expected: Any) -> None:
    described = describe(text, LOOKS)
    assert {key: described[key] for key in expected} == expected
    Plan.from_dict(described)


def test_a_look_beside_a_set() -> None:
    plan("a castle at night as a watercolour", sky="night", structures=["castle"], look="watercolour", unknown=[])
    plan("a castle in the style of an oil painting", structures=["castle"], look="oil-painting", unknown=[])
    plan("a castle, pencil sketch", look="pencil", unknown=[])
    plan("made of blocks: a castle", look="voxel", structures=["castle"])
    plan("a castle", look=None)


def test_a_look_whose_name_is_a_place_counts_only_where_it_is_said_to_be_a_look() -> None:
    plan("a castle underwater", sky="underwater", look=None)
    plan("a castle, underwater style", look="underwater", sky="day")


def test_a_look_that_the_model_does_not_have_is_not_given() -> None:
    described = describe("a castle as a watercolour", ())
    assert (described["look"], described["ground"], described["unknown"]) == (None, "grass", ["watercolour"])


def test_completions() -> None:
    plan("a beach", sky="day", ground="sand")
    plan("a castle at night", sky="night", ground="grass")
    plan("castle", sky="day", ground="grass", structures=["castle"], things=[])
    plan("coral reef", sky="underwater", ground="seabed")


def test_plurals_periods_and_palettes() -> None:
    plan("Eerie castles in the STORM!", sky="storm", structures=["castle"], palette="eerie", unknown=[])
    plan("a japanese castle", structures=["castle"], period="japanese")
    assert [singular(w) for w in ("ruins", "leaves", "cities", "churches", "glass", "canvas", "oasis")] == [
        "ruin", "leaf", "city", "church", "glass", "canva", "oasis",
    ]  # fmt: skip


def test_what_is_negated_is_left_out() -> None:
    plan("a meadow without a castle", structures=[], ground="grass")
    plan("a meadow, no castle", structures=[], ground="grass")


@pytest.mark.parametrize(
    ("text", "things", "structures", "unknown"),
    [
        ("a castle with no birds or dragons, and a forest", [], ["castle", "forest"], []),
        ("a castle without any sign of birds", [], ["castle"], []),
        ("a market without people", [], ["market"], []),
        ("a village, no cars", [], ["village"], []),  # what nothing draws is not there anyway
        ("no stars, not a castle but a temple", [], ["temple"], []),
    ],
)
def test_negation_holds_for_what_it_stands_before(
    text: str, things: list[str], structures: list[str], unknown: list[str]
) -> None:
    plan(text, things=things, structures=structures, unknown=unknown)


def test_a_night_without_a_moon_has_the_sky_that_has_none() -> None:
    plan("a castle at midnight, no moon", sky="stars", ground="grass", structures=["castle"], things=[])
    plan("a castle at midnight", sky="night")


@pytest.mark.parametrize(
    ("text", "structures"),
    [
        ("in the distance a castle, in front of it a village", ["village", "castle"]),
        ("a castle far away behind a village", ["village", "castle"]),
        ("a distant lighthouse and a windmill", ["windmill", "lighthouse"]),
        ("a castle and a village", ["castle", "village"]),
        ("a village with a castle behind it", ["village", "castle"]),
    ],
)
def test_what_is_far_away_stands_behind(text: str, structures: list[str]) -> None:
    plan(text, structures=structures)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paris", {"structures": ["skyline"], "sky": "day"}),
        ("a tavern in Paris", {"structures": ["tavern"], "unknown": []}),
        ("a Kyoto street in the rain", {"structures": ["temple"], "period": "japanese", "ground": "street"}),
        ("Mars at dawn", {"sky": "dawn", "ground": "sand", "structures": ["canyon"], "palette": "warm"}),
        ("a castle in Japan", {"structures": ["castle"], "period": "japanese"}),
        ("on top of a skyscraper", {"structures": ["skyline"], "ground": "rooftop"}),
    ],
)
def test_places_with_names_fill_what_the_words_leave_open(text: str, expected: dict[str, Any]) -> None:
    plan(text, **expected)


def test_places_and_beings_that_nothing_draws_are_unknown_and_not_something_else() -> None:
    for text, strange in (("a football stadium", "stadium"), ("a kitchen", "kitchen"), ("horses on a beach", "horses")):
        described = describe(text, LOOKS)
        assert described["structures"] == []
        assert strange in described["unknown"]
    assert describe("a kitchen", LOOKS)["sky"] == "indoors"


def test_a_slip_of_the_finger_is_read() -> None:
    plan("a castel at nigth", structures=["castle"], sky="night", unknown=[])


def test_words_that_name_nothing_are_unknown_and_the_nearest_names_are_there() -> None:
    described = describe("xyzzy quantum")
    assert described["unknown"] == ["xyzzy", "quantum"]
    assert Plan.from_dict(described) == Plan()
    near = nearest("castel")
    assert "castle" in near
    assert len(nearest("xyzzy")) == 3


@pytest.mark.parametrize(("text", "length"), [("", 0), ("   ", 0), ("a " * 600, 1199)])
def test_no_words_and_too_many(text: str, length: int) -> None:
    with pytest.raises(DesignerError, match=f"1 to 1000 characters, not {length}; try 'a castle at night'"):
        describe(text)


def test_every_sense_of_the_lexicon_exists() -> None:
    legal = {(kind, name) for kind in vocabulary.KINDS for name in vocabulary.names(kind)}
    legal |= {("palette", name) for name in MOODS} | {("period", name) for name in PLAN_PERIODS}
    assert {sense for senses in (SENSES | PLACES).values() for sense in senses} <= legal
    assert set(PALETTES) == set(MOODS)
    assert set(PERIODS) == set(PLAN_PERIODS)


def test_the_embeddings_of_all_phrases_are_shipped() -> None:
    """They take seconds to make; `python -c "from engine.designer.words import remember; remember()"` writes them."""
    shipped = load_file(words.MEANINGS)
    assert {phrase for _, phrase in words.phrases()} | {*NOT_DRAWN, *ROOMS_NOT_DRAWN} == set(shipped)
    phrase = next(iter(shipped))
    assert np.abs(TextEncoder().embed(phrase) - shipped[phrase]).max() < 1e-3


def test_what_no_list_holds_is_read_by_its_meaning() -> None:
    """Neither word is a name or a synonym: the sentence embedding answers."""
    for word in ("mansion", "supermarket", "subway"):
        assert not any(word in vocabulary.drawing("structure", name).synonyms for name in vocabulary.names("structure"))
    plan("a mansion", structures=["castle"])
    plan("a supermarket", structures=["market"])
    plan("a subway", structures=["cave"])


@pytest.mark.parametrize(
    ("text", "sky", "ground", "structures", "left_out"),
    [
        ("a wild west bar at high noon", "day", "sand", ["tavern"], ["saloon"]),  # walls shut out the street
        ("a library beside a castle", "indoors", "wood", ["library"], ["castle"]),
        ("a church on a grassy hill with mountains behind", "day", "grass", ["church", "mountains"], []),
        ("inside a church", "indoors", "stone", ["cathedral"], []),
        ("marble palace hall", "indoors", "marble", ["throne-hall"], []),  # a palace from within
        ("a village of round doors on green hills", "day", "grass", ["village"], []),  # doors are not indoors
        ("haunted woods on a foggy night", "fog", "grass", ["forest"], []),  # woods are trees, wood is planks
        ("thunderstorm over the plains", "storm", "grass", [], []),
        ("deep in the ocean among jellyfish", "underwater", "seabed", [], []),
        ("an alien planet with two moons", "stars", "moondust", [], []),
    ],
)
def test_what_stands_together_is_one_place(
    text: str, sky: str, ground: str, structures: list[str], left_out: list[str]
) -> None:
    plan = describe(text, LOOKS)
    assert (plan["sky"], plan["ground"], plan["structures"]) == (sky, ground, structures)
    assert [name for name in plan["unknown"] if name in vocabulary.names("structure")] == left_out
    assert not [name for name in plan["things"] if name not in ("jellyfish", "planet")], "nothing that nobody named"


def test_a_city_is_a_skyline_and_no_waterfall() -> None:
    plan = describe("New York at night from a roof", LOOKS)
    assert (plan["sky"], plan["ground"], plan["structures"], plan["things"]) == ("night", "rooftop", ["skyline"], [])
