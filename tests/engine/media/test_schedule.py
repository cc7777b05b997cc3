"""The prompt schedule: what is written is read back, and a mistake is shown where it stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.media import timecode
from engine.media.schedule import _NEGATIVE, EXAMPLE, Schedule, ScheduleError, read, write
from engine.prompts import Key

KEYS = st.lists(
    st.builds(
        Key,
        st.floats(0, 1e6),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
            lambda text: text.strip() and not _NEGATIVE.search(text)
        ),
        st.floats(0, 60),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda key: round(key.time_s, 6),
)


@given(KEYS)
def test_what_is_written_is_read_in_order_of_time(keys):
    text = json.dumps({key.time_s: {"prompt": key.prompt, "fade_s": key.fade_s} for key in keys})
    assert list(read(text).keys) == sorted(keys, key=lambda key: key.time_s)


@given(st.text(max_size=60) | st.integers(0, len(EXAMPLE)).map(lambda cut: EXAMPLE[:cut] + EXAMPLE[cut + 1 :]))
def test_any_text_parses_or_says_where(text):
    try:
        assert read(text).keys
    except ScheduleError as error:
        lines = text.removeprefix("\ufeff").split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1


TEXTS = st.text(st.sampled_from("ab é()[]{}|\\:,\"'0"), min_size=1, max_size=12).map(str.strip).filter(bool)
FRAMES = st.integers(0, 100_000)
RATES = st.sampled_from([12.0, 23.976, 24.0, 25.0, 29.97, 60.0])
STYLES = ("seconds", "s", "frames", "f", "clock", "timecode")


@given(st.dictionaries(FRAMES, TEXTS, min_size=1, max_size=5), RATES, st.sampled_from(STYLES))
def test_what_is_written_in_json_or_keyframes_is_read(said, fps, times):
    keys = tuple(Key(frame / fps, text) for frame, text in sorted(said.items()))
    for form in ("json", "keyframes"):
        again = read(write(Schedule(keys), form, times, fps), fps, frames=times == "frames")
        assert [key.prompt for key in again.keys] == [key.prompt for key in keys]
        assert [key.time_s for key in again.keys] == pytest.approx([key.time_s for key in keys], abs=1e-6)
        assert write(again, form, times, fps) == write(Schedule(keys), form, times, fps)


@given(st.lists(st.tuples(st.integers(1, 1000), TEXTS), min_size=2, max_size=5), RATES, st.sampled_from(STYLES))
def test_what_is_written_as_durations_is_read(said, fps, times):
    starts = [sum(length for length, _ in said[:i]) for i in range(len(said) + 1)]
    keys = tuple(Key(start / fps, text) for start, (_, text) in zip(starts, said, strict=False))
    for end_s in (starts[-1] / fps, None):
        again = read(write(Schedule(keys, end_s), "durations", times, fps), fps)
        assert [key.prompt for key in again.keys] == [key.prompt for key in keys]
        assert [key.time_s for key in again.keys] == pytest.approx([key.time_s for key in keys], abs=1e-5)
        assert again.end_s == (None if end_s is None else pytest.approx(end_s, abs=1e-5))


@given(st.text(st.sampled_from("01:(a)[]|,s \n\\"), max_size=20))
def test_any_keyframes_and_durations_are_read_or_say_where(text):
    try:
        assert read(text).keys
    except ScheduleError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1


@pytest.mark.parametrize(
    ("text", "keys", "end_s"),
    [
        ("0:(underwater), 50:(wild west (at dusk)),", [(0, "underwater"), (2, "wild west (at dusk)")], None),
        ("2s : (b)\n, 0:(a \\( b)", [(0, "a ( b"), (2, "b")], None),
        ("0:01.5:(a), 00:00:04:05:(b), 100f:(c)", [(1.5, "a"), (4, "c"), (4.2, "b")], None),
        ("underwater[10s] | wild west [5]", [(0, "underwater"), (10, "wild west")], 15),
        ("a[25f] | b[0:01.5] | c [2]", [(0, "a"), (1, "b"), (2.5, "c")], 4.5),
        ("a[2s]|b", [(0, "a"), (2, "b")], None),
        ('{"0": "a", "0:04.5": "b", "00:00:05:00": "c", "150f": "d", "1:00:00": "e"}', None, None),
    ],
)
def test_the_forms_that_people_have(text, keys, end_s):
    schedule = read(text, 25)
    expected = keys or [(0, "a"), (4.5, "b"), (5, "c"), (6, "d"), (3600, "e")]
    assert [(key.time_s, key.prompt) for key in schedule.keys] == expected
    assert schedule.end_s == end_s


def test_deforum_counts_frames():
    assert [key.time_s for key in read('{"0": "a", "30": "b"}', 15, frames=True).keys] == [0, 2]


def test_timecode_counts_frames_and_not_seconds():
    assert timecode.to_seconds("01:00:00:00", 29.97) == pytest.approx(3603.6, abs=1e-2)
    assert timecode.from_seconds(3603.6036, "timecode", 30000 / 1001) == "01:00:00:00"


@pytest.mark.parametrize(
    ("schedule", "form", "message"),
    [
        (Schedule((Key(1, "a", 0.5),)), "keyframes", "the key at 1.0 s fades, and keyframes have only texts"),
        (Schedule((Key(1, (("a", 1), ("b", 1))),)), "durations", "is a blend"),
        (Schedule((Key(1, "a"),), 3), "json", "json have no end"),
        (Schedule((Key(1, "a"), Key(1.01, "b"))), "keyframes", "two keys would stand at 24"),
        (Schedule((Key(1, "a"),)), "durations", "has no duration"),
        (Schedule((Key(1, "a --neg b"),)), "json", "'a --neg b' would be read as a negative one"),
        (Schedule((Key(1, "--neg b"),)), "json", "take --neg out"),
        (Schedule((Key(1, "a"),)), "xml", "form 'xml'; it is one of json, keyframes, durations"),
    ],
)
def test_what_a_form_cannot_hold_is_told(schedule, form, message):
    with pytest.raises(ValueError, match=message):
        write(schedule, form)


def test_the_example():
    assert read(EXAMPLE).keys == (Key(0.0, "underwater"), Key(3.0, "wild west", 0.5))


def test_a_blend_of_prompts():
    (key,) = read('{"1": {"prompt": [["a", 3], ["b", 1]]}}').keys
    assert (key.time_s, key.blend) == (1.0, (("a", 0.75), ("b", 0.25)))


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ('{"0": "underwater"\n "3": "wild west"}', 2, 2, "not valid JSON"),
        ('{"0": "underwater",\n "three": "wild west"}', 2, 2, "a time is seconds"),
        ('{"0": "underwater",\n "-1": "wild west"}', 2, 2, "zero or more"),
        ('{"nan": "underwater"}', 1, 2, "is not a time"),
        ('{"0": "underwater",\n "0.0": "wild west"}', 2, 2, "stands twice"),
        ('{"0": "underwater",\n "3": "  "}', 2, 7, "empty"),
        ('{"0": "' + "x" * 5000 + '"}', 1, 7, "5,000 characters"),
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
        ('{"0": "a",\n "00:00:01:24": "b"}', 2, 2, "the last part goes from 0 to 23"),
        ('{"00:00:01;12": "b"}', 1, 2, "drop-frame"),
        ("0:(a),\n 0f:(b)", 2, 2, "stands twice"),
        ("0:(a)\n 5:(b)", 2, 2, "expected a comma"),
        ("0:(a), five:(b)", 1, 8, "expected a key such as"),
        ("0:(a), 5:(b", 1, 10, "never closed"),
        ("0:( )", 1, 4, "empty"),
        ("0:(a --neg b)", 1, 4, "no negative prompts"),
        ('{"0": "--neg dog", "30": "x"}', 1, 7, "what begins with --neg"),
        ('{"0": "cat,--neg dog"}', 1, 7, "no negative prompts"),
        ('{"0": {"prompt": [["cat", 1], ["--neg dog", 1]]}}', 1, 18, "no negative prompts"),
        ("0:(cat),\n 5:(cat (small)--NEG dog)", 2, 5, "what begins with --NEG"),
        ("a[1s] | —neg dog[2s]", 1, 9, "what begins with —neg"),
        ("a[2s] |\n b[x]", 2, 4, "'x' is not a time"),
        ("a[2s] |\n b | c[3s]", 2, 2, "no duration"),
        ("a[0s]", 1, 3, "above 0"),
        ("a[0.0000001s] | b[1s]", 1, 3, "above 0"),
        ('{"0": "a", "0.0000001": "b"}', 1, 12, "stands twice"),
        ("a[1s] | [2s]", 1, 9, "empty"),
    ],
)
def test_a_mistake_is_shown_where_it_stands(text, line, column, says):
    with pytest.raises(ScheduleError, match=says) as caught:
        read(text)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"line {line}, column {column}: " in str(caught.value)


@pytest.mark.parametrize("fps", [0.5, 0.04, 23.976])
def test_a_schedule_is_read_at_any_rate_that_a_file_has(fps: float) -> None:
    """Time lapses have less than a frame a second."""
    assert [key.time_s for key in read('{"0": "a", "3": "b", "5f": "c"}', fps).keys] == sorted([0, 3, 5 / fps])
    for times in ("frames", "seconds", "timecode", "clock"):
        schedule = Schedule((Key(0, "a"), Key(4 / fps, "b")))
        again = read(write(schedule, "json", times, fps), fps, frames=times == "frames")
        assert [key.time_s for key in again.keys] == pytest.approx([0, 4 / fps], abs=1e-5)
    for wrong in (0, -1, 1001):
        with pytest.raises(ValueError, match="above 0, up to 1000"):
            read('{"0": "a"}', wrong)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0:(0.65), 25:(0.55)", "moves a parameter"),
        ('{"0": "0.65", "30": "0.4"}', "moves a parameter"),
        ("0:(0.4+0.1*sin(2*3.14*t/24))", "moves a parameter"),
        ("0.65[2s] | 0.5[3s]", "moves a parameter"),
        ('{"W": 512, "H": 512, "prompts": {"0": "a wood"}}', "settings of a whole animation"),
        ('{"animation_mode": "2D", "max_frames": 120}', "settings of a whole animation"),
        ("schema: lsd-studio.script\nbeats:\n- {at: 0, props: [stick]}\n", "a block of 'schema'"),
        ("# a film\nscenes:\n  sea: underwater [deep]\n", "a block of 'scenes'"),
    ],
)
def test_what_has_another_form_is_not_one_giant_prompt(text: str, says: str) -> None:
    with pytest.raises(ScheduleError, match=says):
        read(text)


@pytest.mark.parametrize(
    "text",
    ["noir: a film[2s] | colour[3s]", '{"0": "1984"}', '{"0": "room 101"}', "t[2s] | max[3s]", "0:(a 50 mm lens)"],
)
def test_prompts_with_colons_and_numbers_stay_prompts(text: str) -> None:
    assert read(text).keys
