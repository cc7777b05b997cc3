"""Scripts as files: what is saved comes back, and a mistake is shown where it stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.script import files
from studio.script.compile import timeline_of
from studio.script.files import load_script, save_script, with_includes
from studio.script.region import Region
from studio.script.script import Beat, Prop, Scene, Script, ScriptError, Tempo
from studio.timeline.keys import WAYS

DESERT, SEA = Scene("desert", "wild west at dusk"), Scene("sea", "underwater")
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
PROPS = st.builds(Prop, NAMES, TEXTS, AREAS, st.just(""), METADATA, st.sampled_from(["", *WAYS]))
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
    assert script.prop("stick") == replace(GREEN, made="apart", region=Region("green", finder=1))
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
        ("beats:\n- {at: 1, fade_s: 1}", "a beat's fade has the name fade, in seconds; write fade: 1"),
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
        ("schema: lsd-studio.script\nversion: 9", "line 2, column 10: version 9; this studio reads 1 to 3: update"),
        ("[" * 5000, "nested too deeply"),
        ("a: \x01", "line 1, column 4: a character that no text holds"),
    ],
)
def test_what_is_no_script_says_so(text, message):
    with pytest.raises(ScriptError) as error:
        files.loads(text)
    assert message in str(error.value)


@pytest.mark.parametrize(("version", "made"), [(1, "apart"), (2, "apart"), (3, "drawn")])
def test_a_prop_of_an_older_script_is_made_as_it_was(version, made):
    text = f"schema: lsd-studio.script\nversion: {version}\nprops:\n  cup: {{becomes: a crate, region: red}}\n"
    (matte,) = timeline_of(files.loads(text + "beats:\n- {at: 0, props: [cup]}\n")).mattes
    assert matte.made == made


def test_a_prop_is_made_in_one_of_the_ways():
    text = "schema: lsd-studio.script\nversion: 3\nprops:\n  cup: {becomes: a crate, region: red, made: of wood}\n"
    with pytest.raises(ScriptError, match="line 4, column 46: the prop 'cup' is made 'of wood'; write one of apart"):
        files.loads(text)


def test_markers_are_read_and_written() -> None:
    head = "schema: lsd-studio.script\nversion: 3\nmarkers: {drop: 0:02.5, bell: bar 2}\n"
    text = head + "tempo: 120\nbeats: [{at: drop, scene: x}]\n"
    script = files.loads(text)
    assert script.markers == {"drop": "0:02.5", "bell": "bar 2"}
    assert files.loads(files.dumps(script)) == script
    assert "version: 3" in files.dumps(script)
    assert "version: 1" in files.dumps(replace(script, markers={})), "which older studios read"
    with pytest.raises(ScriptError, match="line 3, column"):
        files.loads(text.replace("0:02.5", "-1"))
