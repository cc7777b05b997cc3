"""What directs the live picture: a prompt keeps parameters and regions, and what is set live takes a track's place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.live.cues import LiveCues
from studio.live.mailbox import PromptRequest, SetRequest, ValueRequest
from studio.timeline.keys import Key, Matte
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline

SECOND = 1_000_000


def prompt(text: str, fade_s: float = 0.0, at: int = 0) -> PromptRequest:
    return PromptRequest(Key(0.0, text, fade_s), at)


@pytest.mark.parametrize("keep_past", [True, False])
def test_a_prompt_keeps_tracks_and_regions(keep_past: bool) -> None:
    disc = Matte("disc", "a moon", {"colour": "white"})
    cues = LiveCues(replace(Timeline.of("underwater").set(2, strength=0.5), mattes=(disc,)))
    cues.apply_prompt(prompt("wild west"), SECOND, keep_past=keep_past)
    cue, time_s = cues.at(3 * SECOND)
    assert (cue.prompt, time_s) == ((("wild west", 1.0),), 3.0)
    assert cue.parameters["strength"] == 0.5
    assert [matte.name for matte in cue.mattes] == ["disc"]


@pytest.mark.parametrize("keep_past", [True, False])
def test_a_fade_in_a_fade_starts_from_what_holds(keep_past: bool) -> None:
    cues = LiveCues(Timeline.of("underwater"))
    cues.apply_prompt(prompt("wild west", 2.0), SECOND, keep_past=keep_past)
    cues.apply_prompt(prompt("snowfall", 1.0), 2 * SECOND, keep_past=keep_past)
    cue, _ = cues.at(2 * SECOND + SECOND // 2)
    assert dict(cue.prompt) == {"underwater": 0.25, "wild west": 0.25, "snowfall": 0.5}


def test_the_prompts_before_a_take_are_forgotten_and_those_in_it_are_kept() -> None:
    cues = LiveCues(Timeline.of("underwater"))
    for n in range(1, 6):
        cues.apply_prompt(prompt(f"text {n}"), n * SECOND, keep_past=False)
    assert len(cues.timeline.keys) == 2
    cues.restart(6 * SECOND)
    for n in range(1, 6):
        cues.apply_prompt(prompt(f"text {n}"), (6 + n) * SECOND, keep_past=True)
    assert [key.prompt for key in cues.timeline.keys] == ["text 5", *(f"text {n}" for n in range(1, 6))]


def test_what_is_set_takes_the_tracks_place_from_then_on() -> None:
    cues = LiveCues(Timeline.of("underwater").set(0, strength=0.0).set(4, strength=1.0))
    assert cues.at(SECOND)[0].parameters["strength"] == 0.25
    cues.set(ValueRequest("strength", 1.0, 2.0, "linear"), 2 * SECOND)
    assert [cues.value("strength", at * SECOND) for at in (2, 3, 4, 9)] == [0.5, 0.75, 1.0, 1.0]
    cues.set(ValueRequest("strength", 0.0, 0.0, "linear"), 3 * SECOND)
    assert cues.at(3 * SECOND)[0].parameters["strength"] == 0.0
    cues.restart(5 * SECOND)
    assert cues.value("strength", 5 * SECOND) == 0.0
    cues.restart(6 * SECOND, Timeline.of("wild west"))
    assert cues.value("strength", 6 * SECOND) == 1.0, "another timeline takes the place of all that was set"


def test_a_region_that_follows_a_box_goes_on_from_where_its_thing_is() -> None:
    """Its own box stands in a picture of the take before."""
    ball = Matte("ball", "a moon", {"colour": "red", "box": {"0.0": [0, 0, 0.2, 0.2], "0.5": [0.3, 0, 0.2, 0.2]}})
    mattes = (ball, Matte("disc", "a sun", {"colour": "white"}))
    cues = LiveCues(replace(Timeline.of("underwater"), mattes=mattes))
    assert cues.restart(SECOND, seen={"ball": (0.4, 0.1, 0.2, 0.2)}) == []
    assert [matte.region for matte in cues.timeline.mattes] == [
        {"colour": "red", "box": {"0.0": [0.4, 0.1, 0.2, 0.2]}},
        {"colour": "white"},
    ]
    assert cues.restart(2 * SECOND, seen={"ball": None}) == ["ball"], "it is lost"
    assert [matte.name for matte in cues.timeline.mattes] == ["disc"]


@pytest.mark.parametrize("keep_past", [True, False])
def test_a_set_that_fades_out_goes_on_moving(keep_past: bool) -> None:
    """A clip that began at 10 s is 6 s old at 16 s, whether a take is recorded or not."""
    cues = LiveCues(Timeline.of("underwater"))
    cues.apply_set(SetRequest(SetKey(0.0, {"gallery": "castle"}), 0), 10 * SECOND, keep_past=keep_past)
    for at_s, colour in ((15, "#204060"), (16, "#802020")):
        cues.apply_set(SetRequest(SetKey(0.0, {"colour": colour}, 4.0), 0), at_s * SECOND, keep_past=keep_past)
    stands = {str(set_.set): (set_.time_s, round(set_.weight, 4)) for set_ in cues.at(17 * SECOND)[0].sets}
    assert stands["{'gallery': 'castle'}"] == (7.0, 0.5625)
    assert stands["{'colour': '#204060'}"] == (2.0, 0.1875)
