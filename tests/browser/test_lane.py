"""The lane and the timeline mean the same: what an edit makes in the browser is what Python makes of the same edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from engine.config import SHIPPED_WORLDS
from engine.prompts import PromptError
from engine.teachers.wordings import wordings
from studio.notebook.esm import join
from studio.timeline.colours import colour
from studio.timeline.files import key_to_dict, timeline_from_dict, timeline_to_dict
from studio.timeline.keys import Key
from studio.timeline.sets import SetKey, set_from_text, words_of
from studio.timeline.timeline import Timeline
from studio.web import WEB

Edit = Callable[[str, Timeline, list[Any]], Timeline | None]
TIMES = st.integers(0, 80).map(lambda quarters: quarters / 4 + 1e-6)
PROMPTS = st.sampled_from(["underwater", "wild west"]) | st.just([("underwater", 0.3), ("wild west", 0.7)])
KEYS = st.builds(Key, TIMES, PROMPTS, st.sampled_from([0.0, 0.1, 2.5, 9.0]))
LINES = st.lists(KEYS, min_size=1, max_size=5, unique_by=lambda key: key.time_s).map(lambda keys: Timeline(tuple(keys)))
SETS = st.sampled_from(
    [{"gallery": "castle"}, {"colour": "#203040", "cast": {"matter": "chroma"}}, {"blur": 0.5}, None]
)
SET_KEYS = st.builds(SetKey, TIMES, SETS, st.sampled_from([0.0, 0.1, 2.5]))
STAGED = st.builds(
    lambda line, sets: replace(line, sets=tuple(sets)),
    LINES,
    st.lists(SET_KEYS, min_size=1, max_size=4, unique_by=lambda key: key.time_s),
)
CALL = """([name, state, given]) => {
  try { return edits[name](state, ...given); } catch (error) {
    if (error instanceof edits.EditError) return null;
    throw error;
  }
}"""


@pytest.fixture(scope="module")
def painted(browser: Browser) -> Iterator[Callable[[list[Any]], list[str]]]:
    """`painted(prompts)` are the colours that basics.js gives them."""
    page = browser.new_page()
    source = join(WEB / "basics.js")
    call = """async ([source, prompts]) => {
      const basics = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
      return prompts.map(basics.colour);
    }"""
    yield lambda prompts: page.evaluate(call, [source, prompts])
    page.close()


def test_a_prompt_has_one_colour_on_pages_and_in_notebooks(painted: Callable[[list[Any]], list[str]]) -> None:
    prompts: list[Any] = [
        text for split in ("train", "held_out") for texts in wordings(split).values() for text in texts
    ]
    prompts += ["zebra crossing", "Ünderwäter 3", [("underwater", 0.4), ("a zebra", 0.6)]]
    assert painted(prompts) == [colour(prompt) for prompt in prompts]
    assert len({colour(world.replace("-", " ")) for world in SHIPPED_WORLDS}) == len(SHIPPED_WORLDS), (
        "each world has its own"
    )


@pytest.fixture(scope="module")
def edit(browser: Browser) -> Iterator[Edit]:
    """`edit("split", timeline, [2.5])` is what edits.js makes of it; None where it refuses."""
    page = browser.new_page()
    source = (WEB / "edits.js").read_text(encoding="utf-8")
    page.evaluate(
        """async source => {
          window.edits = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
        }""",
        source,
    )

    def call(name: str, timeline: Timeline, given: list[Any]) -> Timeline | None:
        data = timeline_to_dict(timeline)
        made = page.evaluate(CALL, [name, {name: data.get(name, []) for name in ("keys", "markers", "sets")}, given])
        return timeline_from_dict({**data, **made}) if made else None

    yield call
    page.close()


def python(make: Callable[[], Timeline]) -> Timeline | None:
    """What Python makes of it; None where it refuses."""
    try:
        return make()
    except PromptError:  # TimelineError is one, too
        return None


@settings(max_examples=60)
@given(LINES, TIMES, st.integers(0, 4))
def test_every_edit_is_the_timelines_own(edit: Edit, line: Timeline, time_s: float, number: int) -> None:
    key = line.keys[number % len(line.keys)]
    fresh = Key(time_s, "snow falls", 0.5)
    added = {name: value for name, value in key_to_dict(fresh).items() if name != "id"}
    assert edit("split", line, [time_s]) == python(lambda: line.split(time_s))
    assert edit("trim", line, [key.id, {"start_s": time_s}]) == python(lambda: line.trim(key.id, start_s=time_s))
    assert edit("trim", line, [key.id, {"end_s": time_s}]) == python(lambda: line.trim(key.id, end_s=time_s))
    assert edit("change", line, [key.id, {"time_s": time_s}]) == python(lambda: line.move(key.id, time_s))
    assert edit("change", line, [key.id, {"fade_s": time_s}]) == python(lambda: line.change(key.id, fade_s=time_s))
    assert edit("change", line, [key.id, {"prompt": " "}]) == python(lambda: line.change(key.id, prompt=" "))
    assert edit("add", line, [added]) == python(lambda: line.add(fresh))
    assert edit("remove", line, [key.id]) == python(lambda: line.delete(key.id))
    assert edit("mark", line, [time_s, "the ball"]) == python(lambda: line.mark(time_s, "the ball"))


@settings(max_examples=40)
@given(STAGED, TIMES, st.integers(0, 3), SETS)
def test_every_edit_of_a_set_is_the_timelines_own(
    edit: Edit, line: Timeline, time_s: float, n: int, other: Any
) -> None:
    key = line.sets[n % len(line.sets)]
    fresh = SetKey(time_s, other, 0.5)
    added = {"time_s": fresh.time_s, "set": other, "fade_s": 0.5}
    assert edit("addSet", line, [added]) == python(lambda: line.add(fresh))
    assert edit("change", line, [key.id, {"time_s": time_s}]) == python(lambda: line.move(key.id, time_s))
    assert edit("change", line, [key.id, {"fade_s": time_s}]) == python(lambda: line.change(key.id, fade_s=time_s))
    assert edit("change", line, [key.id, {"set": other}]) == python(lambda: line.change(key.id, set=other))
    assert edit("remove", line, [key.id]) == python(lambda: line.delete(key.id))


@pytest.fixture(scope="module")
def set_words(browser: Browser) -> Iterator[Callable[[str, list[Any]], Any]]:
    """`set_words("setOf", ["gallery:castle"])` is what setlane.js makes of it; None where it refuses."""
    page = browser.new_page()
    call = """async ([source, name, given]) => {
      const lane = await import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})));
      try { return [lane[name](...given)]; } catch (error) { return null; }
    }"""
    yield lambda name, given: page.evaluate(call, [join(WEB / "setlane.js"), name, given])
    page.close()


def test_sets_are_typed_and_named_on_the_lane_as_in_python(set_words: Callable[[str, list[Any]], Any]) -> None:
    for text in (
        "gallery: castle",
        "off",
        "none",
        "blur:0.5",
        "blur: x",
        "blur:2",
        "colour:#204060",
        "a  beach: calm",
        " ",
    ):
        try:
            expected: Any = [set_from_text(text)]
        except PromptError:
            expected = None
        assert set_words("setOf", [text]) == expected, text
    blend = [[{"gallery": "castle"}, 0.25], [None, 0.75]]
    plan = {"plan": {"sky": "day"}}
    for set_ in (
        {"gallery": "castle"},
        None,
        {"blur": 0.5},
        plan,
        {**plan, "name": "a beach"},
        {"colour": "red"},
        blend,
    ):
        assert set_words("nameOf", [set_]) == [words_of(set_)]  # type: ignore[arg-type]
