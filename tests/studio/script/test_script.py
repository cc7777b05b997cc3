"""Scripts: a beat stands where it says, and becomes what the timeline shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.script import files
from studio.script.compile import timeline_of
from studio.script.files import save_script, with_includes
from studio.script.moments import seconds_of
from studio.script.region import FINDER
from studio.script.script import Beat, Prop, Scene, Script, ScriptError, Tempo
from studio.timeline.clock import Clock
from studio.timeline.curves import TimelineError
from studio.timeline.keys import Marker
from studio.timeline.timeline import Timeline

DESERT, SEA = Scene("desert", "wild west at dusk"), Scene("sea", "underwater")
STICK = Prop("stick", becomes="a lightsaber")
GREEN = Prop("stick", becomes="a lightsaber", region="green")


def clock(**fields):
    return Clock(markers=(Marker(2, "the ball drops"), Marker(7, "door"), Marker(8, "door")), **fields)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (4.5, 4.5),
        ("4.5", 4.5),
        ("108f", 4.5),
        ("frame 108", 4.5),
        ("0:04.5", 4.5),
        ("00:00:04:12", 4.5),
        ("the ball drops", 2),
        ("When the  ball drops", 2),
        ("the ball drops + 0.5", 2.5),
        ("the ball drops - 1.5s", 0.5),
        ("door", 7),
        ("beat 1", 0.25),
        ("beat 3.5", 1.5),
        ("bar 2", 1.75),
        ("bar 2 beat 2", 2.25),
    ],
)
def test_a_beat_stands_where_it_says(at, seconds):
    assert seconds_of(at, Script([], tempo=Tempo(120, 0.25, 3)), clock()) == seconds


def test_a_frame_is_the_takes_own_unless_the_script_counts_otherwise():
    times = (0.0, 0.05, 0.08, 0.13)
    assert seconds_of("2f", Script([]), clock(frames=times)) == 0.08
    assert seconds_of("00:00:00:02", Script([]), clock(frames=times)) == 0.08
    assert seconds_of("2f", Script([], fps=24), clock(frames=times)) == 0.08
    assert seconds_of("2f", Script([], fps=25), clock(frames=times)) == 0.08
    assert seconds_of("2f", Script([], fps=50), clock(frames=times)) == 0.04


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("the bell", "'the bell' is not a marker; the markers are: 'the ball drops', 'door'"),
        ("the ball drops - 3", "is at -1 s; times start at 0"),
        ("beat 4", "'beat 4' needs a tempo"),
        ("-1", "a time is zero or more"),
        ("00:00:01:24", "the last part goes from 0 to 23"),
    ],
)
def test_a_beat_that_stands_nowhere_says_so(at, message):
    with pytest.raises(ScriptError, match=message):
        timeline_of(Script([Beat(at, DESERT)]), Clock(markers=clock().markers))


def test_a_script_becomes_a_timeline():
    script = Script([Beat(0, DESERT), Beat("0:04.5", SEA, fade=1), Beat(9, props=[STICK]), Beat(12, props=[])])
    expected = Timeline().at(0, "wild west at dusk").at(4.5, "underwater", fade=1)
    expected = expected.at(9, "underwater, the stick becomes a lightsaber").at(12, "underwater")
    timeline = timeline_of(script)
    for time_s in (0, 3, 5, 6, 9, 13):
        assert timeline.at(time_s).same_picture(expected.at(time_s))
    assert timeline.keys[2].metadata == {"scene": "sea", "props": ["stick"]}


@given(st.permutations([Beat(0, DESERT), Beat(2, SEA), Beat(5, props=[GREEN]), Beat(6, DESERT, until=8)]))
def test_the_order_of_beats_does_not_matter(beats):
    in_order = sorted(beats, key=lambda beat: beat.at)
    assert timeline_of(Script(beats)) == timeline_of(Script(in_order))


def test_a_prop_with_a_region_is_a_matte_while_it_is_there():
    beats = [
        Beat(0, DESERT),
        Beat(1, props=[GREEN], fade=1),
        Beat(4, SEA),
        Beat(6, props=[], fade=0.5),
        Beat(7, until=8),
    ]
    (matte,) = timeline_of(Script(beats)).mattes
    assert (matte.name, matte.prompt) == ("stick", "a lightsaber")
    assert matte.region == {"colour": "green", "tolerance": 0.2, "finder": FINDER}
    line = timeline_of(Script(beats))
    weights = [sum(cue.weight for cue in line.at(time_s).mattes) for time_s in (0, 1, 1.5, 2, 5, 6, 6.25, 6.5, 9)]
    assert weights == [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]
    assert line.at(9).prompt == (("as it is", 1.0),)


def test_the_plan_of_a_take_has_an_end_and_can_be_joined():
    script = Script([Beat(0, DESERT), Beat("beat 5", SEA)], tempo=120)
    line = timeline_of(script, end_s=4)
    assert [key.time_s for key in line.loop(2).keys] == [0, 2, 4, 6]
    with pytest.raises(ScriptError, match="the last beat is at 2 s, past the end of the plan at 2 s"):
        timeline_of(script, end_s=2)


def test_before_the_first_beat_and_after_an_until_it_is_as_it_is():
    line = timeline_of(Script([Beat(2, SEA, until=4), Beat(6, DESERT)]))
    said = [line.at(time_s).prompt[0][0] for time_s in (0, 2, 4, 6)]
    assert said == ["as it is", "underwater", "as it is", "wild west at dusk"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: timeline_of(Script([Beat(0, "dessert")], [DESERT])),
            "no scene is called 'dessert'; did you mean 'desert'",
        ),
        (
            lambda: timeline_of(Script([Beat(0, "x")], [DESERT])),
            "beat 1: no scene is called 'x'; the scenes are: desert",
        ),
        (lambda: timeline_of(Script([Beat(0, DESERT, ["stik"])], props=[STICK])), "did you mean 'stick'"),
        (lambda: timeline_of(Script([Beat(0, DESERT), Beat("0f", SEA)])), "beat 2: it stands at 0 s, as beat 1 does"),
        (lambda: timeline_of(Script([Beat(3, DESERT, until=2)])), "it ends after it began"),
        (lambda: timeline_of(Script([])), "it has no beat"),
        (lambda: Script([DESERT]), "is not a beat; write Beat"),  # type: ignore[list-item]
        (lambda: Script(Beat(0)), "a script's beats are a list, not Beat("),  # type: ignore[arg-type]
        (lambda: Script([], ["sea"]), "'sea' is not a scene; write Scene('sea', 'underwater')"),  # type: ignore[list-item]
        (lambda: Script([], props=["stick"]), "'stick' is not a prop; write Prop("),  # type: ignore[list-item]
        (lambda: Beat(None), "a beat at None; write seconds such as 4.5"),  # type: ignore[arg-type]
        (lambda: Beat(" "), "a beat at ' '; write seconds"),
        (lambda: Beat(0, until=True), "a beat at True; write seconds"),
        (
            lambda: save_script(Script([Beat(0)]), "none/film.yaml"),
            "cannot write the script none/film.yaml: there is no folder",
        ),
        (lambda: Beat(-1), "a beat at -1 s; times start at 0"),
        (lambda: Beat(0, props="stick"), "props are a list"),
        (lambda: Prop("stick", [("fire", 1), ("ice", 1)]), "write one text, such as 'a lightsaber'"),  # type: ignore[arg-type]
        (lambda: with_includes(Script([], include=["none.yaml"])), "cannot read the script none.yaml"),
        (lambda: Script([], include="none.yaml"), "include is a list of files, not 'none.yaml'; write include=["),
        (lambda: Script([], include=[3]), "3 is not a file to include"),  # type: ignore[list-item]
        (lambda: save_script(Script([], metadata={"a": object()}), "film.yaml"), "keep texts, numbers and lists in it"),
        (lambda: files.loads("schema: lsd-studio.script"), "a script says its version; write: version: 1"),
        (lambda: Script([Beat(0, DESERT), Beat(1, Scene("desert", "neon"))]), "two scenes are called 'desert'"),
        (lambda: Script([Beat(0, props=[STICK]), Beat(1, props=[GREEN])]), "two props are called 'stick'"),
        (lambda: Scene(" ", "a"), "' ' is not a scene's name"),
        (lambda: Tempo(120).seconds(0), "counted from 1"),
        (lambda: save_script(Script([Beat(0)]), "film.txt"), "a .yaml or a .json, not '.txt'"),
    ],
)
def test_mistakes_are_told_with_the_remedy(make, message):
    with pytest.raises(TimelineError) as error:
        make()
    assert message in str(error.value)


def test_a_script_has_markers_of_its_own() -> None:
    script = Script([Beat(0, SEA), Beat("drop + 0.5", DESERT)], markers={"drop": "bar 2"}, tempo=120)
    take = Clock(24, 9.0, (Marker(7, "drop"), Marker(8, "the end")))
    assert [key.time_s for key in timeline_of(script, take).keys] == [0.0, 2.5]
    assert [(mark.time_s, mark.name) for mark in timeline_of(script, take).markers] == [(2.0, "drop"), (8.0, "the end")]
    bare = replace(script, markers={})
    assert timeline_of(bare, take).keys[1].time_s == 7.5
    assert timeline_of(bare, take, markers={"drop": 3.0}).keys[1].time_s == 3.5
    frames = Script([Beat(0, SEA), Beat("50f", DESERT)])
    assert timeline_of(frames, take, fps=25).keys[1].time_s == 2.0
    with pytest.raises(ScriptError, match="the marker 'drop': 'bar 2' needs a tempo"):
        timeline_of(replace(script, tempo=None), take)
    with pytest.raises(ScriptError, match="a script's markers are names with moments"):
        Script([], markers=[2.5])  # type: ignore[arg-type]
    assert Tempo(120, 0.4).at("beat 3") == 1.4
    assert Tempo(120).at("bar 3 beat 2") == 4.5


def test_a_script_is_changed_shifted_stretched_and_looped() -> None:
    script = Script([Beat(0, SEA, fade=1), Beat("0:02", DESERT, until=3.5), Beat("the bell", SEA)])
    assert script.change(2, fade=0.5, scene=SEA).beats[1] == Beat("0:02", "sea", until=3.5, fade=0.5)
    assert [beat.at for beat in script.shift(1.5).beats] == [1.5, 3.5, "the bell + 1.5"]
    assert script.shift(1.5).beats[1].until == 5.0
    assert [beat.at for beat in script.shift(0.5).shift(-0.5).shift(0.25).beats[2:]] == ["the bell + 0.25"]
    own = Script([Beat("drop - 1", SEA)], markers={"drop": 2.5})
    assert (own.shift(1).beats[0].at, own.stretch(2).beats[0].at) == (2.5, 3.0)
    timed = replace(script, beats=script.beats[:2])
    slow = timed.stretch(2)
    assert [(beat.at, beat.until, beat.fade) for beat in slow.beats] == [(0, None, 2), (4, 7, 0)]
    looped = timed.loop(3, 4)
    assert [beat.at for beat in looped.beats] == [0, 2, 4, 6, 8, 10]
    musical = Script([Beat("beat 3", SEA), Beat("48f", DESERT)], tempo=120, fps=24)
    assert [beat.at for beat in musical.shift(1).beats] == [2.0, 3.0]
    for wrong, text in (
        (lambda: script.change(4, fade=1), "no beat 4; they are 1 to 3"),
        (lambda: script.change(1, fad=1), "a beat has no 'fad'; it has at, scene"),
        (lambda: script.stretch(2), "'the bell' is a marker of the take"),
        (lambda: timed.stretch(0), "the factor is above 0"),
        (lambda: timed.shift(-1), "times start at 0"),
        (lambda: timed.loop(2, 1.5), "a beat is at 2 s, and the loop is 1.5 s long"),
        (lambda: timed.loop(0, 4), "a loop of 0 times"),
        (lambda: Script([Beat("48f", SEA)]).shift(1), "counts frames, and the script has no rate"),
    ):
        with pytest.raises(ScriptError, match=text):
            wrong()
