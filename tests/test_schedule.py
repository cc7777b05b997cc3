"""The prompt schedule: what is written is read back, and a mistake is shown where it stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.schedule import EXAMPLE, ScheduleError, ScheduleKey, parse

KEYS = st.lists(
    st.builds(
        ScheduleKey,
        st.floats(0, 1e6),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip),
        st.floats(0, 60),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda key: key.time_s,
)


@given(KEYS)
def test_what_is_written_is_read_in_order_of_time(keys):
    text = json.dumps({key.time_s: {"prompt": key.prompt, "fade_s": key.fade_s} for key in keys})
    assert parse(text) == sorted(keys, key=lambda key: key.time_s)


@given(st.text(max_size=60) | st.integers(0, len(EXAMPLE)).map(lambda cut: EXAMPLE[:cut] + EXAMPLE[cut + 1 :]))
def test_any_text_parses_or_says_where(text):
    try:
        assert parse(text)
    except ScheduleError as error:
        lines = text.removeprefix("\ufeff").split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1


def test_the_example():
    assert parse(EXAMPLE) == [ScheduleKey(0.0, "underwater"), ScheduleKey(3.0, "wild west", 0.5)]


def test_a_blend_of_prompts():
    assert parse('{"1": {"prompt": [["a", 3], ["b", 1.5]]}}') == [ScheduleKey(1.0, (("a", 3.0), ("b", 1.5)))]


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('{"0": "underwater"\n "3": "wild west"}', 2, 2, "not valid JSON"),
        ('{"0": "underwater",\n "three": "wild west"}', 2, 2, "a time in seconds"),
        ('{"0": "underwater",\n "-1": "wild west"}', 2, 2, "zero or more"),
        ('{"nan": "underwater"}', 1, 2, "zero or more"),
        ('{"0": "underwater",\n "0.0": "wild west"}', 2, 2, "stands twice"),
        ('{"0": "underwater",\n "3": "  "}', 2, 7, "empty"),
        ('{"0": "' + "x" * 5000 + '"}', 1, 7, "5000 characters"),
        ('{"0": 7}', 1, 7, "expected a prompt"),
        ('{"0": {"fade_s": 1}}', 1, 7, 'no "prompt"'),
        ('{"0": {"prompt": "a",\n "fade": 1}}', 2, 2, "unknown entry 'fade'"),
        ('{"0": {"prompt": "a",\n "fade_s": "1"}}', 2, 12, "fade_s"),
        ('{"0": {"prompt": "a", "fade_s": -1}}', 1, 33, "fade_s"),
        ('{"0": {"prompt": "a", "fade_s": NaN}}', 1, 33, "fade_s"),
        ('{"0": {"prompt": ["a"]}}', 1, 18, "text in quotes"),
        ('{"0": {"prompt": [["a", 0]]}}', 1, 18, "positive weights"),
        ('{"0": {"prompt": [["", 1]]}}', 1, 18, "empty"),
        ('["underwater"]', 1, 1, "JSON object"),
        ("", 1, 1, "JSON object"),
        ("{}", 1, 1, "empty"),
        ('{"0": "a"} {}', 1, 12, "after the end"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(text, line, column, says):
    with pytest.raises(ScheduleError, match=says) as caught:
        parse(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"line {line}, column {column}: " in str(caught.value)
