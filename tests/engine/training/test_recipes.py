"""Recipes train what has a teacher; the shipped weights hold what they were trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import SHIPPED_THINGS, SHIPPED_WORLDS
from engine.models.checkpoint import card_path, load_weights
from engine.teachers.things import PROP_OF
from engine.teachers.worlds import TRAINABLE_WORLDS
from engine.training.recipes import RECIPES
from engine.training.ship import complete_card


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_all_that_has_a_teacher(name: str) -> None:
    recipe = RECIPES[name]()
    assert recipe.model.worlds == TRAINABLE_WORLDS
    assert recipe.model.things == tuple(PROP_OF)
    assert sum(size.chance for size in recipe.sizes) == pytest.approx(1)


def test_the_shipped_lists_are_those_of_the_shipped_weights() -> None:
    config = load_weights().config
    assert (config.worlds, config.things) == (SHIPPED_WORLDS, SHIPPED_THINGS)


def test_what_is_shipped_can_be_trained_again() -> None:
    assert set(SHIPPED_WORLDS) <= set(TRAINABLE_WORLDS)
    assert set(SHIPPED_THINGS) <= PROP_OF.keys()


def test_a_card_takes_the_figures_of_an_evaluation(tmp_path: Path) -> None:
    weights, evaluation, about = tmp_path / "w.safetensors", tmp_path / "eval.json", tmp_path / "about.txt"
    card_path(weights).write_text(json.dumps({"name": "w", "about": "old", "evaluation": {}}))
    evaluation.write_text(json.dumps({"adherence": 0.9, "mistaken": [1], "confusion": {}}))
    about.write_text("Knows\n  nothing.\n")
    complete_card(weights, evaluation)
    assert json.loads(card_path(weights).read_text()) == {"name": "w", "about": "old", "evaluation": {"adherence": 0.9}}
    complete_card(weights, evaluation, about)
    assert json.loads(card_path(weights).read_text())["about"] == "Knows nothing."
