"""Scripts: what is saved comes back, a beat stands where it says, and what is wrong is told before rendering."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.config import lsd_test
from engine.stream import Stream
from engine.teachers.wordings import wordings
from studio.notebook.formatters import html_of
from studio.rendering.preflight import check_script, frames_between
from studio.rendering.render import render, timeline_for
from studio.rendering.replay import first_change
from studio.script import files
from studio.script.compile import place, timeline_of
from studio.script.files import load_script, save_script, with_includes
from studio.script.moments import seconds_of
from studio.script.region import Region
from studio.script.script import Beat, Prop, Scene, Script, ScriptError, Tempo
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.timeline.clock import Clock
from studio.timeline.curves import Keyframe, TimelineError
from studio.timeline.files import timeline_from_dict, timeline_to_dict
from studio.timeline.keys import Marker, Matte
from studio.timeline.timeline import Timeline

DESERT, SEA = Scene("desert", "wild west at dusk"), Scene("sea", "underwater")
STICK = Prop("stick", becomes="a lightsaber")
GREEN = Prop("stick", becomes="a lightsaber", region="green")
HEAD = "schema: lsd-studio.script\nversion: 1\n"

NAMES = st.text(st.sampled_from("ab é:#-'\"{1~\n"), min_size=1, max_size=6).filter(str.strip)
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
MOMENTS = (
    st.floats(0, 1e5)
    | st.integers(0, 500)
    | st.sampled_from(["0:04.5", "108f", "00:00:04:12", "when it drops", "beat 9", "bar 2 beat 1.5", "1e3", "no", "~"])
)
AREAS = st.sampled_from(
    [
        None,
        Region("green"),
        Region((1, 2, 250), tolerance=0.5, box=(0.1, 0.2, 0.3, 0.4)),
        Region(box={0: (0.1, 0.2, 0.3, 0.4), 2.5: (0.5, 0.2, 0.3, 0.4)}),
        Region(mask="drawn mask.png"),
    ]
)
METADATA = st.dictionaries(st.sampled_from(["mood", "lens"]), TEXTS | st.integers() | st.booleans(), max_size=1)
SCENES = st.builds(
    Scene, NAMES, TEXTS | st.lists(st.tuples(TEXTS, st.just(1.0)), min_size=1, max_size=2), TEXTS, METADATA
)
PROPS = st.builds(Prop, NAMES, TEXTS, AREAS, st.just(""), METADATA)
BEATS = st.builds(
    Beat,
    MOMENTS,
    st.none() | NAMES,
    st.none() | st.lists(NAMES, max_size=2),
    st.floats(0, 10),
    st.none() | MOMENTS,
    TEXTS,
    METADATA,
)
SCRIPTS = st.builds(
    Script,
    st.lists(BEATS, max_size=3),
    st.lists(SCENES, max_size=2, unique_by=lambda scene: scene.name),
    st.lists(PROPS, max_size=2, unique_by=lambda prop: prop.name),
    st.none() | st.just(120) | st.just(Tempo(90.5, 0.25, 3)),
    st.none() | st.sampled_from([24, 29.97]),
    TEXTS,
    metadata=METADATA,
)


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream.from_config(lsd_test(), threads=1)


def clock(**fields):
    return Clock(markers=(Marker(2, "the ball drops"), Marker(7, "door"), Marker(8, "door")), **fields)


# -- files


@settings(max_examples=60)
@given(SCRIPTS, st.sampled_from([".yaml", ".json"]))
def test_parse_of_print_is_the_script(script, suffix):
    text = files.dumps(script, suffix)
    again = files.loads(text)
    assert again == script
    assert files.dumps(again, suffix) == text


@given(st.text(st.sampled_from("{}[]:, -\n\t\"'a1&*!|"), max_size=20))
def test_any_text_is_a_script_or_says_what_it_is_not(text):
    with pytest.raises(ScriptError) as error:
        files.loads(text)
    assert "\n" not in str(error.value)


def test_a_file_as_people_write_it(tmp_path):
    path = tmp_path / "film.yaml"
    path.write_text(
        f"""{HEAD}title: The stick
tempo: 120
scenes:
  desert: wild west at dusk
  sea: {{look: underwater, note: blue gel}}
props:
  stick: {{becomes: a lightsaber, region: green}}
beats:
- {{at: 0, scene: desert}}
- {{at: 0:04.5, scene: sea, props: [stick], fade: 1, note: she turns}}
- at: when the ball drops
  scene: desert
"""
    )
    script = load_script(path)
    assert script.beats[1] == Beat("0:04.5", "sea", ["stick"], 1.0, note="she turns")
    assert script.beats[1].place == "film.yaml, line 12"
    assert script.prop("stick") == GREEN
    save_script(script, tmp_path / "film.json")
    assert load_script(tmp_path / "film.json") == script
    assert json.loads((tmp_path / "film.json").read_text())["schema"] == "lsd-studio.script"


def test_scenes_are_shared_between_scripts(tmp_path):
    (tmp_path / "shared").mkdir()
    Image.new("L", (8, 8), 255).save(tmp_path / "shared" / "window.png")
    shared, window = tmp_path / "shared", Prop("window", "a portal", Region(mask="window.png"))
    save_script(Script([], [DESERT, SEA], [window], folder=shared), shared / "all.yaml")
    text = (
        f"{HEAD}include: [shared/all.yaml]\nscenes: {{sea: neon rain}}\nbeats: [{{at: 0, scene: sea, props: [window]}}]"
    )
    (tmp_path / "film.yaml").write_text(text)
    script = load_script(tmp_path / "film.yaml")
    assert (script.scene("desert"), script.scene("sea").look) == (DESERT, "neon rain")
    assert timeline_of(script).mattes[0].region["mask"].startswith("data:image/png;base64,")
    for name in ("again.yaml", "below/again.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        save_script(script, tmp_path / name)
        assert "wild west" not in (tmp_path / name).read_text()
        assert timeline_of(load_script(tmp_path / name)) == timeline_of(script)
    unread = Script([Beat(0, "desert", ["window"])], include=["shared/all.yaml"], folder=tmp_path)
    said = with_includes(unread)
    with pytest.raises(ScriptError, match=r"no scene is called 'desert'; .* with_includes\(script\) reads it"):
        timeline_of(unread)
    assert said == unread, "what was read is no part of what the script says"
    assert replace(said, title="x").scene("desert") == DESERT
    assert replace(said, include=["other.yaml"]).unread
    assert timeline_of(said).mattes == timeline_of(script).mattes
    again = Script([Beat(0, "desert")], include=[Path("all.yaml")], folder=shared)
    save_script(again, shared / "beside.yaml")
    assert load_script(shared / "beside.yaml").scene("desert") == DESERT
    with pytest.raises(ScriptError, match=r"cannot read the script .*none\.yaml"):
        with_includes(replace(again, include=["none.yaml"]))
    there = Script([Beat(0, DESERT, [replace(window, region=Region(mask=str(shared / "window.png")))])])
    save_script(there, tmp_path / "below/there.yaml")
    assert str(shared / "window.png") in (tmp_path / "below/there.yaml").read_text(), "a whole path stays"
    mine = Script([Beat(0, DESERT, [window])], folder=shared)
    save_script(mine, tmp_path / "below/mine.json")
    assert '"../shared/window.png"' in (tmp_path / "below/mine.json").read_text()
    assert timeline_of(load_script(tmp_path / "below/mine.json")) == timeline_of(mine)


def test_a_cycle_of_includes_is_refused(tmp_path):
    (tmp_path / "a.yaml").write_text(f"{HEAD}include: [b.yaml]")
    (tmp_path / "b.yaml").write_text(f"{HEAD}include: [a.yaml]")
    with pytest.raises(ScriptError, match=r"a cycle: a\.yaml includes b\.yaml includes a\.yaml; take one"):
        load_script(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("beats: [", "line 3, column 9: "),
        ("beats: []\nbeats: []", "line 4, column 1: 'beats' stands twice"),
        ("beats:\n- {scene: sea}", "line 4, column 3: this beat has no time; write at: 4.5"),
        ("beats:\n- {at: -2}", "line 4, column 8: a beat at -2 s; times start at 0"),
        ("beats:\n- {at: 1, fade: long}", "a beat's fade is 'long'"),
        ("beats:\n- {at: 1, fade: -1}", "line 4, column 17: a beat's fade is -1.0 s; it is 0 (a cut) or more"),
        ("beats:\n- {at: 1, props: stick}", "line 4, column 18: props are a list of names, not 'stick'"),
        ("beats:\n- {at: 1, scene: [sea]}", "line 4, column 18: scene is ['sea']; write a name"),
        ("beats: {at: 1}", "beats are a list"),
        ("scenes: {sea: ''}", "line 3, column 15: the prompt is empty"),
        ("scenes: {sea: 5}", "line 3, column 15: 5 is not a prompt"),
        ("scenes:\n  sea:", "None is not a prompt"),
        ("props: {stick: {becomes: a, region: {mask: 7}}}", "line 3, column 37: 7 is not a mask"),
        ("scenes: {sea: {note: a}}", "the scene 'sea' has no look"),
        ("props: {stick: {region: green}}", "does not say what it becomes"),
        ("props: {stick: {becomes: a, region: greenish}}", "line 3, column 37: 'greenish' is not a colour"),
        ("tempo: 0", "line 3, column 8: a tempo of 0 beats a minute"),
        ("fps: -1", "line 3, column 6: the script's fps"),
        ("include: [none.yaml]", "line 3, column 11: cannot read the script"),
        ("a: &x 1\nb: *x", "line 4, column 4: *x repeats something by reference"),
    ],
)
def test_a_mistake_in_a_file_is_shown_where_it_stands(tmp_path, text, message):
    path = tmp_path / "film.yaml"
    path.write_text(HEAD + text)
    with pytest.raises(ScriptError) as error:
        load_script(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a script is an object"),
        ("schema: other", "line 1, column 9: schema 'other' is not 'lsd-studio.script'"),
        ("schema: lsd-studio.script\nversion: 9", "line 2, column 10: version 9; this studio reads 1 to 1: update"),
        ("[" * 5000, "nested too deeply"),
        ("a: \x01", "line 1, column 4: a character that no text holds"),
    ],
)
def test_what_is_no_script_says_so(text, message):
    with pytest.raises(ScriptError) as error:
        files.loads(text)
    assert message in str(error.value)


# -- moments


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


# -- what it means


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
    assert (matte.name, matte.prompt, matte.region) == ("stick", "a lightsaber", {"colour": "green", "tolerance": 0.2})
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
            "cannot write the script none/film.yaml: No such file",
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


# -- against a take


def test_a_check_says_what_is_wrong(shot: Path, stream: Stream) -> None:
    take = Take.open(shot)
    beats = [
        Beat(0.5, DESERT, fade=2, until=3),
        Beat("the ball falls", SEA),  # marked at 1.54 s
        Beat("48f", DESERT, until=2.5),
        Beat(3, props=[Prop("disc", "a moon", "white"), Prop("hat", "a crown", "black")], metadata={"fad": 1}),
        Beat(3.99, SEA, fade=2),
        Beat(4, DESERT),
        Beat(60, SEA),
    ]
    props = [Prop("ball", "a planet", metadata={"regoin": "red"})]
    script = Script(beats, [Scene("hall", "moon", metadata={"noet": "x"})], props, fps=25, metadata={"temop": 120})
    problems = [str(problem) for problem in check_script(script, take, stream)]
    for part in (
        "counts 25 frames a second and the take 24; its frames are converted",
        "beat 1: a gap: nothing is said before 0.5 s",
        "beat 1: an overlap: it goes until 3 s, and beat 2 begins at 1.",
        "beat 1: an overlap: it fades for 2 s, and is over after 1.",
        "beat 3: a gap: nothing is said from 2.5 s to 3 s",
        "beat 4: 'fad' means nothing; did you mean 'fade'?",
        "beat 4: the prop 'hat' is not seen from 3 s to",
        "beat 5: it never shows: beat 6 begins within the same frame",
        "beat 5: an overlap: it fades for 2 s, and is over after 0.01 s",
        "beat 7: it is at 60 s, past the end of the take at 4.1",
        "the scene 'hall': 'noet' means nothing; did you mean 'note'?",
        "the prop 'ball': 'regoin' means nothing; did you mean 'region'?",
        "the script: 'temop' means nothing; did you mean 'tempo'?",
    ):
        assert any(part in line for line in problems), (part, problems)
    assert not any("beat 4: the prop 'disc'" in line for line in problems)
    wrong = check_script(Script([Beat(0, "dessert"), Beat("the bell", SEA)], [DESERT]), take, stream)
    assert [problem.level for problem in wrong] == ["error", "error"]
    assert "did you mean 'desert'?" in str(wrong[0])
    assert "'the bell' is not a marker; the markers are: 'the ball falls'" in str(wrong[1])


@pytest.mark.parametrize("fps", [24, 25, 29.97])
def test_beats_a_frame_apart_all_show(shot: Path, fps: float) -> None:
    """In the clock of a plan; in a take's own by its frames."""
    frames = [Beat(f"{n}f", Scene(f"scene {n}", "underwater")) for n in range(90)]
    take = Take.open(shot)
    for clock in (Clock(fps, 8.0), take.clock):
        placed, _ = place(Script(frames), clock)
        times = [one.start_s for one in placed]
        assert all(frames_between(clock, start, end) for start, end in pairwise(times))
    assert not frames_between(Clock(24), 0.05, 0.08)
    assert frames_between(Clock(24), 0.03, 0.06), "1/24 s lies between"


def test_a_check_names_words_that_the_model_does_not_know(shot: Path) -> None:
    """By the shipped weights; of the wordings that these never read one in twenty is doubted, and no more."""
    known, take = Stream.load(), Take.open(shot)

    def doubted(looks: Sequence[str], becomes: Sequence[str] = ()) -> list[str]:
        props = [Prop(f"prop {n}", text) for n, text in enumerate(becomes)]
        beats = [Beat(0, props=props), *(Beat(1 + n / 100, Scene(f"scene {n}", text)) for n, text in enumerate(looks))]
        problems = [problem.text for problem in check_script(Script(beats), take, known)]
        return [
            text
            for text in (*looks, *becomes)
            if any(said.startswith((f"{text!r} is a thing", f"the model does not know {text!r}")) for said in problems)
        ]

    nearest, _ = known.how_near("a tax return")
    strange = ["a tax return", "a supermarket", "a horse", "zzqq blorb", "a zebra"]
    assert doubted(strange[:3], strange[3:]) == strange
    (problem,) = check_script(Script([Beat(0, SEA), Beat(1, Scene("tax", "a tax return"))]), take, known)
    assert str(problem) == f"beat 2: the model does not know 'a tax return'; the nearest it knows is {nearest!r}"
    assert doubted(["a crate of nailed planks"]) == ["a crate of nailed planks"], "a thing is no world"
    assert doubted(["underwater", "as it is", "wild west at dusk"], ["a lightsaber", "a gold chest"]) == []
    held_out = wordings("held_out")
    looks = [text for world in known.vocabulary.worlds for text in held_out[world]]
    assert len(doubted(looks)) <= 0.06 * len(looks)


def test_where_weights_know_no_wordings_a_text_that_lands_nowhere_is_told(shot: Path) -> None:
    lost = Stream.from_config(replace(lsd_test(), things=()))
    (problem,) = check_script(Script([Beat(0, SEA)]), Take.open(shot), lost)
    blended = ", ".join(f"{name} {share:.0%}" for name, share in lost.nearest("underwater")[:3])
    assert str(problem) == f"beat 1: the model does not know 'underwater'; it would show {blended}"


def test_a_take_without_its_camera_frames_is_told(take: Take, stream: Stream) -> None:
    for damage, message in ((Path.unlink, "is missing"), (lambda path: path.write_bytes(b"no film"), "is damaged")):
        damage(take.folder / "raw.mkv")
        (problem,) = (one for one in check_script(Script([Beat(0, SEA)]), take, stream) if one.level == "error")
        assert f"raw.mkv {message}" in problem.text
        assert problem.text.endswith("bring it back from a copy")
        assert problem.text in html_of(take), "it shows itself, too, and says so"
        with pytest.raises(TakeError, match=f"{message}.*bring it back from a copy"):
            render(take, Script([Beat(0, SEA)]), stream, progress=lambda done, total: None)


def test_frames_of_another_rate_are_converted_and_that_is_said(take: Take) -> None:
    script = Script([Beat(0, SEA), Beat("50f", DESERT)], fps=25, title="The duel")
    with pytest.warns(UserWarning, match=r"The duel: it counts 25 frames a second and the take 24; its frames are"):
        assert timeline_for(take, script).keys[1].time_s == 2.0
    assert timeline_for(take, replace(script, fps=24)).keys[1].time_s == take.frames[50].time_s, "unsaid where none is"


def test_a_take_renders_a_script_a_timeline_or_words(take: Take) -> None:
    said = [("underwater", 3.0), ("wild west", 1.0)]
    assert timeline_for(take, said) == timeline_for(take, Timeline.of(said)) == Timeline.of(said)
    assert timeline_for(take, Script([Beat(0, SEA)])) == timeline_of(Script([Beat(0, SEA)]), take.clock)
    with pytest.raises(TimelineError, match="is nothing to render; give a Script, a Timeline or a prompt in words"):
        render(take, {0: "underwater"})  # type: ignore[arg-type]


def test_a_script_renders_and_its_regions_replay_exactly(take: Take) -> None:
    stream = Stream.from_config(lsd_test(), threads=1, seed=7)
    moon = Prop("disc", "a moon", Region("white", 0.4, box=(0.25, 0.2, 0.3, 0.6)))
    script = Script([Beat(0, SEA), Beat("the ball falls", DESERT, [moon], fade=0.5), Beat(3, props=[])])
    one, two = render(take, script, stream), render(take, timeline_of(script, take.clock), stream, full=True)
    assert one.info["hashes"] == two.info["hashes"]
    assert timeline_from_dict(timeline_to_dict(one.timeline)) == timeline_of(script, take.clock)
    plain = render(take, Script([Beat(0, SEA), Beat("the ball falls", DESERT, fade=0.5)]), stream)
    same = [a == b for a, b in zip(one.info["hashes"], plain.info["hashes"], strict=True)]
    rows = [row.time_s for row in take.made]
    assert all(equal for equal, time_s in zip(same, rows, strict=True) if time_s <= 1.54)
    assert not any(equal for equal, time_s in zip(same, rows, strict=True) if 1.7 < time_s < 3)


def test_from_a_snapshot_a_followed_prop_is_where_it_was(take: Take, weights: Path) -> None:
    """What follows a thing must see the frames before the one that is rendered first."""
    stream = Stream.load(weights, device="cpu", seed=7, threads=1)
    area = Region(box={0.5: (0.1, 0.2, 0.3, 0.6)})
    values = (Keyframe(0, 0), Keyframe(3, 1, "step"))
    line = replace(take.timeline, mattes=(Matte("disc", "wild west", area.to_dict(), values),))
    assert take.frames[first_change(take, line)].time_s == pytest.approx(3, abs=0.05)
    part, whole = render(take, line, stream), render(take, line, stream, full=True)
    assert part.info["hashes"] == whole.info["hashes"]
    assert part.info["reused"] > 0
    live = [row.sha256 for row in take.made]
    assert part.info["hashes"][-1] != live[-1]
