"""What is no timeline, and what cannot be done to one, is told with what is legal."""

from __future__ import annotations

import pytest

from engine.prompts import PromptError
from studio.timeline.curves import Keyframe
from studio.timeline.files import VERSION, timeline_from_dict
from studio.timeline.keys import Key, Track
from studio.timeline.timeline import Timeline


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Key(0, "   "), "the prompt is empty"),
        (lambda: Key(0, []), "the prompt is empty"),
        (lambda: Key(0, "x" * 5000), "5,000 characters; at most 1,000"),
        (lambda: Key(-1, "a"), "times start at 0"),
        (lambda: Key(float("nan"), "a"), "finite number"),
        (lambda: Key(0, "a", float("inf")), "finite number"),
        (lambda: Key(0, "a", -1), "a key's fade is -1.0 s"),
        (lambda: Key("3", "a"), "finite number"),  # type: ignore[arg-type]
        (lambda: Key(True, "a"), "finite number"),
        (lambda: Key(0, [("a", 0)]), "weights are above 0"),
        (lambda: Key(0, [("a", float("nan"))]), "finite number"),
        (lambda: Key(0, 5), "5 is not a prompt; write a text"),  # type: ignore[arg-type]
        (lambda: Key(0, ["ab"]), "is not a weighted text"),  # type: ignore[list-item]
        (lambda: Timeline(()), "at least one prompt key"),
        (lambda: Timeline((Key(1, "a"), Key(1, "b"))), "two keys at 1.0 s ('a' and 'b')"),
        (lambda: Timeline.of("a").key("k9"), "no key 'k9'; the keys are k1"),
        (lambda: Timeline.of("a").delete("k1"), "at least one prompt key"),
        (lambda: Timeline.of("a") + Timeline.of("b"), "without an end cannot be joined to; say until(8)"),
        (lambda: Timeline.of("a").loop(2), "without an end does not loop"),
        (lambda: Timeline.of("a").until(2).loop(0), "a loop of 0 times; it is a whole number from 1 to 10,000"),
        (lambda: Timeline.of("a").until(2).loop(), "say one of them"),
        (lambda: Timeline.of("a").until(2).loop("3"), "a loop of '3' times; it is a whole number"),  # type: ignore[arg-type]
        (lambda: Timeline.of("a").until(2).loop(until_s=0), "a loop until 0 s; its end is above 0 and at most 20000 s"),
        (lambda: Timeline().at(3, "x", fade=-1), "a key's fade is -1.0 s; it is 0 (a cut) or more"),
        (lambda: Timeline.of("a").change("k1", fade=2), "a key has no 'fade'; it has prompt, fade_s"),
        (lambda: Timeline("underwater"), "for one prompt: Timeline.of('underwater')"),  # type: ignore[arg-type]
        (lambda: Timeline(("a",)), "'a' in a timeline's keys; each is a Key(...)"),  # type: ignore[arg-type]
        (lambda: Timeline().mark(1, 3), "3 is not a marker's name"),  # type: ignore[arg-type]
        (lambda: Timeline().mark(1, " "), "' ' is not a marker's name"),
        (lambda: Timeline.of("a").until(2).at(2, "b"), "the prompt 'b' is at 2.0 s, and the timeline ends at 2.0 s"),
        (lambda: Timeline.of("a").until(0), "its end is above 0"),
        (lambda: Timeline.of("a").until(2)[3:], "nothing is left from 3.0 s on"),
        (lambda: Timeline.of("a")[3:2], "a slice from 3.0 s to 2.0 s is empty"),
        (lambda: Timeline.of("a")[1:2:1], "write timeline[2:6]"),
        (lambda: Timeline.of("a")[-1:], "times start at 0"),
        (lambda: Timeline((Key(1, "a"),)).shift(-2), "moves what is at 1.0 s before 0; slice it: timeline[2.0:]"),
        (lambda: Timeline.of("a").stretch(0), "the factor is above 0"),
        (lambda: Timeline.of("a").set(0, zoom=1), "no parameter 'zoom'; there is strength"),
        (lambda: Timeline.of("a").value("zoom", 0), "no parameter 'zoom'; there is strength"),
        (lambda: Timeline.of("a").set(0, strength=2), "strength is 2.0 at 0.0 s; it goes from 0.0 to 1.0"),
        (lambda: Timeline.of("a").set(0, "fast", strength=1), "ease 'fast'; it is linear, smooth or step"),  # type: ignore[arg-type]
        (lambda: Track("strength", ()), "strength has no values"),
        (lambda: Track("strength", (Keyframe(1, 0), Keyframe(1, 1))), "strength stands twice at 1.0 s"),
        (lambda: Timeline(tracks=(Track("strength", (Keyframe(0, 1),)),) * 2), "two tracks of 'strength'"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1, "prompt": "a"}], mattes=[{}])), "mattes[0] lacks"),
        (lambda: Timeline().at(True), "True is not a time"),
        (lambda: Timeline().at("4"), "'4' is not a time; write seconds, such as 4.5"),  # type: ignore[call-overload]
        (lambda: timeline_from_dict({"schema": "other"}), "schema 'other' is not"),
        (lambda: timeline_from_dict({"schema": "lsd-studio.timeline", "version": VERSION + 1}), "update lsd-studio"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1}])), "keys[0] lacks 'prompt'"),
        (lambda: timeline_from_dict(_saved(keys=5)), "keys is 5, not a list"),
        (lambda: timeline_from_dict(_saved(keys=["a"])), "keys[0] is 'a', not an object"),
        (lambda: timeline_from_dict(_saved(keys=[{"time_s": 1, "prompt": ""}])), "keys[0]: the prompt is empty"),
    ],
)
def test_mistakes_are_told_with_what_is_legal(make, message):
    with pytest.raises(PromptError) as error:
        make()
    assert message in str(error.value)


def _saved(**fields):
    return {"schema": "lsd-studio.timeline", "version": 1, "keys": [], "markers": [], **fields}
