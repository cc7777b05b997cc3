"""Sets in scripts: scenes name them, beats turn to them, files keep them, and mistakes say where."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from studio.rendering.preflight import check_script
from studio.rendering.render import render, timeline_for
from studio.rendering.verify import check_take
from studio.script import compile as compiler
from studio.script.compile import timeline_of
from studio.script.files import dumps, load_script, loads, save_script
from studio.script.script import Beat, Scene, Script, ScriptError
from studio.takes.documents import file_sha256
from studio.takes.take import Take
from tests.edge_model import EdgeModel

DISC = {"matter": "none", "also": {"colour": "white", "tolerance": 0.4}}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "plates" / "beach.JPG"
    path.parent.mkdir()
    Image.linear_gradient("L").convert("RGB").save(path, "JPEG")
    return path


def test_beats_turn_to_the_sets_of_their_scenes() -> None:
    shore, sky = Scene("shore", "underwater", set="gallery:castle"), Scene("sky", set="colour:#88aaff")
    plain = Scene("plain", "wild west")
    beats = [Beat(0, shore), Beat(2, sky, fade=1), Beat(3, props=[]), Beat(4, plain, fade=0.5), Beat(6, shore, until=7)]
    line = timeline_of(Script(beats))
    assert [(key.time_s, key.set, key.fade_s) for key in line.sets] == [
        (0, {"gallery": "castle"}, 0),
        (2, {"colour": "#88aaff"}, 1),
        (4, None, 0.5),
        (6, {"gallery": "castle"}, 0),
        (7, None, 0),
    ]
    assert [key.prompt for key in line.keys][1] == "as it is", "a scene may have a set alone"


def test_a_file_is_read_once_however_many_beats_show_it(
    edge_take: Take, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return file_sha256(path)

    monkeypatch.setattr(compiler, "file_sha256", counted)
    shore, plain = Scene("shore", "underwater", set="plates/beach.JPG"), Scene("plain", "wild west")
    day = Scene("day", "wild west", set="plates/beach.JPG")
    beats = [Beat(n / 10, scene) for n, scene in enumerate([shore, plain, day, plain, shore])]
    script = Script(beats, folder=photo.parents[1])
    timeline_of(script)
    assert read == [photo]
    assert len(timeline_for(edge_take, script).sets) == 5
    assert read == [photo] * 2
    assert timeline_of(script).sets[0].set == {"file": file_sha256(photo) + ".jpg"}


def test_a_script_is_read_and_written_with_its_sets(tmp_path: Path, photo: Path) -> None:
    text = """
schema: lsd-studio.script
version: 2
scenes:
  sea: underwater
  shore: {look: a pencil sketch, set: plates/beach.JPG}
  hall: {set: "gallery:castle", look: "as it is"}
  key: {set: {colour: green, cast: {matter: chroma}}}
beats:
- {at: 0, scene: shore}
"""
    path = tmp_path / "film.yaml"
    path.write_text(text)
    script = load_script(path)
    assert [scene.set for scene in script.scenes] == [
        None,
        {"file": "plates/beach.JPG"},
        {"gallery": "castle"},
        {"colour": "green", "cast": {"matter": "chroma"}},
    ]
    for suffix in (".yaml", ".json"):
        again = loads(dumps(script, suffix), path)
        assert (again.scenes, again.beats) == (script.scenes, script.beats)
    moved = tmp_path / "elsewhere" / "film.yaml"
    moved.parent.mkdir()
    save_script(script, moved)
    assert load_script(moved).scene("shore").set == {"file": "../plates/beach.JPG"}
    name = file_sha256(photo) + ".jpg"
    assert [key.set for key in timeline_of(script).sets] == [{"file": name}]
    assert timeline_of(load_script(moved)) == timeline_of(script)
    other = tmp_path / "other.yaml"
    other.write_text(
        "schema: lsd-studio.script\nversion: 1\ninclude: [elsewhere/film.yaml]\nbeats:\n- {at: 0, scene: shore}"
    )
    assert timeline_of(load_script(other)).sets == timeline_of(script).sets


def test_a_script_without_sets_is_written_as_before() -> None:
    assert dumps(Script([Beat(0, Scene("sea", "underwater"))])).startswith("schema: lsd-studio.script\nversion: 1\n")


def test_mistakes_say_where(tmp_path: Path) -> None:
    begin = "schema: lsd-studio.script\nversion: 2\nscenes:\n  sea: "
    for rest, text in (
        ("{note: nothing}", "line 4, column 8: the scene 'sea' has no look and no set"),
        ("{set: {gallery: a, blur: 1}}", "line 4, column 14: the scene 'sea': a set of gallery, blur; it has one of"),
        ("{set: 'blur:9'}", "blurred by 9.0; it is above 0 and at most 1"),
    ):
        with pytest.raises(ScriptError) as error:
            loads(begin + rest + "\nbeats: []")
        assert text in str(error.value)
    with pytest.raises(ScriptError, match=r"the set .*gone.jpg does not exist"):
        timeline_of(Script([Beat(0, Scene("shore", set=Path("gone.jpg")))], folder=tmp_path))


def test_check_script_says_which_sets_cannot_be_shown(edge_take: Take, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    for set_, level, text in (
        ("gallery:castel", "error", "the gallery has no set 'castel'; did you mean 'castle'?"),
        ("broken.jpg", "error", "broken.jpg is not a whole picture"),
        ("gone.jpg", "error", "gone.jpg does not exist"),
        ({"colour": "green", "cast": {"matter": "ghost"}}, "error", "'ghost' is not a cast"),
    ):
        script = Script([Beat(0, Scene("shore", "underwater", set=set_))], folder=tmp_path)
        problem = check_script(script, edge_take, EdgeModel())[0]
        assert (problem.level, text in problem.text) == (level, True), problem
    good = Script([Beat(0, Scene("shore", "underwater", set={"colour": "green", "cast": DISC}))])
    assert not [problem for problem in check_script(good, edge_take, EdgeModel()) if "set" in problem.text]


@pytest.mark.long
def test_a_take_is_rendered_under_a_script_with_a_picture_behind(edge_take: Take, photo: Path) -> None:
    shore = Scene("shore", set={"file": "plates/beach.JPG", "cast": DISC})
    script = Script([Beat(0, Scene("plain", "underwater")), Beat(1, shore, fade=0.5)], folder=photo.parents[1])
    version = render(edge_take, script, EdgeModel(seed=7))
    name = file_sha256(photo) + ".jpg"
    assert version.timeline.sets[0].set == {"file": name, "cast": DISC}
    for folder in (edge_take.folder, edge_take.folder.parents[2]):
        assert (folder / "sets" / name).read_bytes() == photo.read_bytes()
    assert check_take(edge_take, EdgeModel(seed=7)).sound
    assert timeline_for(edge_take, script) == version.timeline
