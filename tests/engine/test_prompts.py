"""Prompts in time: compiled keys give bit for bit what a fold over all past keys gives, at the cost of one of them."""

from __future__ import annotations

import math
import sys
from operator import attrgetter
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import prompts
from engine.prompts import Blend, Key, Prompt, PromptError, Prompts, blend, mix, tidy, words

WORLDS = ("underwater", "wild west", "deep space", "snow falls", " snow  falls ")
SECONDS = st.integers(0, 40_000_000).map(lambda ticks: ticks / 1_000_000) | st.floats(0, 1e6)
BLENDS = st.lists(st.tuples(st.sampled_from(WORLDS), st.floats(0.01, 10)), min_size=1, max_size=3)
PROMPTS = st.sampled_from(WORLDS) | BLENDS
KEYS = st.builds(Key, SECONDS, PROMPTS, st.sampled_from([0.0, 0.5, 3.0, 20.0]) | st.floats(0, 50))
ROWS = st.lists(KEYS, min_size=1, max_size=8, unique_by=attrgetter("time_s"))
TIMES = st.floats(allow_nan=True, allow_infinity=True) | SECONDS


def folded(keys: list[Key], time_s: float) -> tuple[Blend, int, bool]:
    """What holds at a time, from the first key on: the definition."""
    keys = sorted(keys, key=attrgetter("time_s"))
    now, ruling, fading = blend(keys[0].prompt), 0, False
    for i, key in enumerate(keys[1:], start=1):
        if not key.time_s <= time_s:
            break
        until = min(time_s, keys[i + 1].time_s) if i + 1 < len(keys) else time_s
        amount = (until - key.time_s) / key.fade_s if key.fade_s else 1.0
        if amount >= 1:
            now = blend(key.prompt)
        else:
            weights = {text: weight * (1 - amount) for text, weight in now}
            for text, weight in blend(key.prompt):
                weights[text] = weights.get(text, 0.0) + weight * amount
            now = tuple((text, weight) for text, weight in weights.items() if weight > 0)
        ruling, fading = i, amount < 1
    return now, ruling, fading


@given(ROWS, st.lists(TIMES, min_size=1, max_size=8))
def test_compiled_keys_equal_the_fold_over_all_past_keys(keys, times):
    compiled = Prompts(tuple(keys))
    for time_s in [*times, *(key.time_s for key in keys), *(key.time_s + key.fade_s / 2 for key in keys)]:
        assert compiled.at(time_s) == folded(keys, time_s)


@given(ROWS, st.lists(TIMES, min_size=1, max_size=8))
def test_keys_that_are_added_one_by_one_equal_keys_that_are_given_at_once(keys, times):
    first, *later = sorted(keys, key=attrgetter("time_s"))
    grown = Prompts((first,))
    for key in later:
        grown = grown.extended(key)
    whole = Prompts(tuple(keys))
    assert grown == whole
    assert [grown.at(time_s) for time_s in times] == [whole.at(time_s) for time_s in times]


@given(KEYS, ROWS, SECONDS)
def test_a_later_key_changes_nothing_before_it(key, keys, time_s):
    earlier = [other for other in keys if other.time_s < key.time_s]
    if earlier and time_s < key.time_s:
        assert Prompts(tuple(earlier)).extended(key).at(time_s) == Prompts(tuple(earlier)).at(time_s)


def lines_run(compiled: Prompts, time_s: float) -> int:
    """How many lines of Python `at` runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line" and frame.f_code.co_filename == prompts.__file__
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        compiled.at(time_s)
    finally:
        sys.settrace(before)
    return count


def test_the_ten_thousandth_key_costs_what_the_second_does():
    keys = tuple(Key(float(n), WORLDS[n % 3], 1.5) for n in range(10_000))
    many, few = Prompts(keys), Prompts(keys[:2])
    work = lines_run(few, 1.5)
    assert 0 < work == lines_run(many, 1.5)
    settled = [lines_run(many, n + 0.5) for n in (10, 5_000, 9_999)]
    assert len(set(settled)) == 1, "the same work wherever it is asked"
    assert settled[0] <= work + len(WORLDS) * 3, "one mix, of a blend that is not longer than the texts there are"


@given(PROMPTS)
def test_the_normal_form_is_its_own_normal_form(prompt):
    pairs = blend(prompt)
    assert blend(pairs) == pairs
    assert Key(0, pairs).blend == pairs
    assert sum(weight for _, weight in pairs) == pytest.approx(1)
    assert len(dict(pairs)) == len(pairs)
    assert all(tidy(text) == text for text, _ in pairs)


@given(PROMPTS, PROMPTS, st.floats(0, 2))
def test_a_mix_lies_between_its_ends(start, target, amount):
    one, two = blend(start), blend(target)
    mixed = mix(one, two, amount)
    assert mixed == two if amount >= 1 else sum(weight for _, weight in mixed) == pytest.approx(1)
    assert dict(mix(one, two, 0.0)) == dict(one)


def test_words_are_for_people():
    assert words("  wild   west ") == "wild west"
    assert words([("underwater", 3), ("wild west", 2)]) == "underwater 60 % + wild west 40 %"


def test_a_share_that_is_too_small_for_a_float_is_none():
    assert blend([("a", 1e300), ("b", 1e-300)]) == (("a", 1.0),)


def test_the_texts_stand_once_in_order_of_appearance():
    keys = (Key(2, "b"), Key(0, "a"), Key(5, [("c", 1), ("a", 1)]))
    assert Prompts(keys).texts == ("a", "b", "c")


WRONG: list[tuple[Any, str]] = [
    ("   ", "the prompt is empty; write what the picture should become"),
    ([], "the prompt is empty"),
    ("x" * 1001, "the prompt has 1,001 characters; at most 1,000 are read: shorten it"),
    (5, "5 is not a prompt; write a text, or pairs"),
    (["a"], "'a' is not a weighted text"),
    ([("a", 0)], "the weight of 'a' is 0.0; weights are above 0"),
    ([("a", math.nan)], "a prompt's weight is nan; it must be a finite number"),
    ([("a", True)], "a prompt's weight is True"),
    ([("a", 10**400)], "a prompt's weight is 1000"),
]


@pytest.mark.parametrize(("prompt", "message"), WRONG)
def test_what_is_wrong_with_a_prompt_is_told(prompt: Prompt, message: str):
    for make in (blend, lambda given: Key(0, given)):
        with pytest.raises(PromptError) as caught:
            make(prompt)
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Key(-1, "a"), "a key's time is -1.0 s; times start at 0"),
        (lambda: Key(math.inf, "a"), "a key's time is inf; it must be a finite number, such as 4.5"),
        (lambda: Key(0, "a", -1), "a key's fade is -1.0 s; it is 0 (a cut) or more"),
        (lambda: Prompts(()), "no keys; give at least one prompt"),
        (lambda: Prompts((Key(1, "a"), Key(1.0, "b"))), "two keys at 1.0 s ('a' and 'b'); move one of them"),
        (lambda: Prompts((Key(1, "a"),)).extended(Key(1, "b")), "a key at 1.0 s does not come after the last one"),
        (lambda: tidy(5), "a prompt is text, not int"),  # type: ignore[arg-type]
    ],
)
def test_what_is_wrong_with_a_key_is_told(make, message):
    with pytest.raises(PromptError) as caught:
        make()
    assert message in str(caught.value)


def test_fades_that_overlap_for_ever_blend_a_bounded_number_of_texts():
    """Else each frame of a take costs more than the one before: 250 such prompts took half a second a frame."""
    keys = tuple(Key(float(n), f"text {n}", 1e9) for n in range(2 * prompts.MOST_BETWEEN))
    one_by_one = Prompts(keys[:1])
    for key in keys[1:]:
        one_by_one = one_by_one.extended(key)
    for each in (Prompts(keys), one_by_one):
        assert len(each.at(1e6).blend) == prompts.MOST_BETWEEN + 1
        assert each.at(1e6).blend[-1][0] == keys[-1].prompt, "the newest is there"
    assert Prompts(keys).at(1e6) == one_by_one.at(1e6)


def test_what_is_left_out_of_a_blend_is_less_than_a_number_can_hold(monkeypatch):
    keys = tuple(Key(float(n), f"text {n}", 5.0) for n in range(600))
    times = [300.5, 599.0, 599.9]
    left = [dict(Prompts(keys).at(time_s).blend) for time_s in times]
    monkeypatch.setattr(prompts, "MOST_BETWEEN", 10**9)
    whole = [dict(Prompts(keys).at(time_s).blend) for time_s in times]
    for some, every in zip(left, whole, strict=True):
        assert len(some) < len(every)
        assert some.items() <= every.items()
        assert sum(weight for text, weight in every.items() if text not in some) < sys.float_info.epsilon


def test_a_prompt_that_would_blend_too_many_texts_is_refused_when_it_is_added(monkeypatch):
    """And not when the take that holds it is opened."""
    monkeypatch.setattr(prompts, "MAX_BLENDED", 10)
    growing = Prompts((Key(0.0, "text 0"),))
    for n in range(1, 5):
        growing = growing.extended(Key(float(n), f"text {n}", 1e9))
    with pytest.raises(PromptError, match="shorten the fades"):
        growing.extended(Key(5.0, "text 5", 1e9))
    assert Prompts(growing.keys).at(99.0) == growing.at(99.0)
