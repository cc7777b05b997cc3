"""Takes with sets: what was shown is made again to the bit, by the recorded mattes, from anywhere."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.compositing.composer import Composer
from engine.designer.place import Place
from engine.media.pictures import decode_jpeg, encode_jpeg
from engine.types import LiveModel
from studio.live.director import Director
from studio.performing.casting import Casting
from studio.rendering.bake import bake
from studio.rendering.render import render
from studio.rendering.replay import first_change, other_libraries, replay, same_setup
from studio.rendering.verify import check_take
from studio.script.region import rgb_of
from studio.sets.libraries import libraries_of
from studio.sets.stage import KEPT, Stage
from studio.sets.store import SetError, Store
from studio.takes.documents import TakeError, rgb_sha256
from studio.takes.mattes import MATTE, matte_crc, mattes
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.sets import SetKey
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel
from tests.studio.conftest import CLUSTER, camera_jpeg, ticks

DISC: dict[str, Any] = {"matter": "none", "also": {"colour": "white", "tolerance": 0.4}}
"""The bright disc of the test's picture."""
PEOPLE: dict[str, Any] = {"matter": "person"}


def picture(path: Path) -> Path:
    """A photograph for a set."""
    y, x = np.mgrid[0:80, 0:120]
    Image.fromarray(np.stack([x * 2, 255 - y * 3, (x + y) % 256], -1).astype(np.uint8)).save(path, quality=95)
    return path


@pytest.fixture
def beach(tmp_path: Path) -> dict[str, Any]:
    """A picture in the store of the production, as a set."""
    store = Store(tmp_path / "sessions" / "My-film" / "sets")
    return {"file": store.add(picture(tmp_path / "beach.jpg"))}


def shoot(sessions: Path, beach: dict[str, Any], model: LiveModel | None = None, cast: dict[str, Any] = DISC) -> Take:
    """A take of 2.5 s: a set from before it, another one that fades in, a setting, a broken frame, off with a fade."""
    director = Director(model or EdgeModel(seed=7))
    director.look_in(sessions / "My-film" / "sets")
    director.change_set({"colour": "#204060", "cast": cast}, wait=True)
    for i in range(6):
        director.shoot(camera_jpeg(i), i, ticks(i))
    director.record(sessions, Slate("My film"))
    for i in range(6, 66):
        if i == 20:
            director.change_set({**beach, "cast": cast}, 0.5, wait=True)
        if i == 26:
            director.say("underwater", 0.25, wait=True)
        if i == 30:
            director.set("light_wrap", 1.0, 0.2)
        if i == 45:
            director.change_set(None, 0.4, wait=True)
        director.shoot(b"no picture" if i == 35 else camera_jpeg(i), i, ticks(i))
    folder = director.cut()
    director.close()
    assert folder
    return Take.open(folder)


@pytest.fixture(scope="module")
def staged_shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a take with sets. Read it, never write it."""
    folder = tmp_path_factory.mktemp("staged")
    photo = Store(folder / "sessions" / "My-film" / "sets").add(picture(folder / "beach.jpg"))
    return shoot(folder / "sessions", {"file": photo}).folder


@pytest.fixture
def staged(staged_shot: Path, tmp_path: Path, beach: dict[str, Any]) -> Take:
    """A copy of it, to be hurt, beside the picture of its set."""
    return Take.open(shutil.copytree(staged_shot, tmp_path / Path(*staged_shot.parts[-5:])))


def recorded(take: Take) -> list[str | None]:
    return [row.sha256 for row in take.made]


def again(take: Take, **how: Any) -> list[str]:
    return [rgb_sha256(rgb) for _, rgb in replay(EdgeModel(seed=7), take, take.timeline, **how)]


def test_a_take_with_sets_checks_bit_exact(staged: Take, beach: dict[str, Any]) -> None:
    report = check_take(staged, EdgeModel(seed=7))
    assert (report.faults, report.pictures) == (
        [],
        f"{len(staged.made)} of {len(staged.made)} are the same, byte for byte",
    )
    assert len(set(recorded(staged))) == len(staged.made), "frames that are all alike would prove nothing"
    line = staged.timeline
    assert [key.set for key in line.sets] == [
        {"colour": "#204060", "into_s": 0.25, "cast": DISC},
        {**beach, "cast": DISC},
        None,
    ]
    assert [key.fade_s for key in line.sets] == [0, 0.5, 0.4]
    stands = [bool(line.at(row.time_s).sets) for row in staged.made]
    assert stands == [row.matte_crc is not None for row in staged.made]
    assert 30 < sum(stands) < len(stands)
    assert [path.name for path in (staged.folder / "sets").iterdir()] == [beach["file"]]
    assert {MATTE, f"sets/{beach['file']}"} <= staged.manifest.files.keys()


def test_people_are_the_cast_by_default_and_their_mattes_are_recorded(tmp_path: Path, beach: dict[str, Any]) -> None:
    take = shoot(tmp_path / "sessions", beach, cast={})
    assert check_take(take, EdgeModel(seed=7)).sound
    assert sum(1 for _ in mattes(take.folder / MATTE)) == sum(row.matte_crc is not None for row in take.made) > 30


def test_the_recorded_mattes_are_the_ones_that_were_used(staged: Take) -> None:
    kept = list(mattes(staged.folder / MATTE))
    assert [matte_crc(matte) for matte in kept] == [row.matte_crc for row in staged.frames if row.matte_crc]
    assert all(0 < (matte > 128).mean() < 0.5 for matte in kept), "the disc and not the ground"


@pytest.mark.parametrize("first", [1, 13, 21, 40, 55])
def test_a_replay_from_the_middle_gives_the_same(staged: Take, first: int) -> None:
    rows = [row for n, row in enumerate(staged.frames) if n >= first and row.step is not None]
    assert again(staged, first_row=first) == [row.sha256 for row in rows]


def test_a_machine_whose_mattes_round_otherwise_makes_the_same(staged: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Casting, cast: Any, rgb: np.ndarray, time_s: float) -> np.ndarray:
        return np.full(rgb.shape[:2], 77, np.uint8)

    monkeypatch.setattr(Casting, "matte", other)
    assert again(staged) == recorded(staged)
    assert again(staged, mattes="anew") != recorded(staged), "the matter is asked where it is wished"


def test_another_version_of_a_library_is_compared_within_a_tolerance(
    staged: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade of OpenCV whose composites round otherwise: a take that is sound must not be called faulty."""
    compose, opencv = Composer.compose, cv2.__version__

    def rounded(self: Composer, *what: Any) -> np.ndarray:
        return compose(self, *what) ^ np.uint8(1)

    monkeypatch.setattr(Composer, "compose", rounded)
    assert not check_take(staged, EdgeModel(seed=7)).sound, "the same version gives the same bytes"
    monkeypatch.setattr(cv2, "__version__", "4.99.0")
    report = check_take(staged, EdgeModel(seed=7))
    assert (report.faults, report.pictures.partition(",")[0]) == ([], "made on another set-up")
    assert report.notices[-1] == f"cv2: {opencv} in the take, 4.99.0 here"
    monkeypatch.setattr(Composer, "compose", lambda self, *what: 255 - compose(self, *what))
    assert not check_take(staged, EdgeModel(seed=7)).sound, "other pictures are faulty still"


CASTLE: dict[str, Any] = {"plan": {"sky": "night", "structures": ["castle"], "things": ["fireflies"]}, "cast": DISC}


@pytest.fixture
def drawn(tmp_path: Path) -> Take:
    """A take of a second before a drawn castle, which fades into a drawn beach."""
    director = Director(EdgeModel(seed=7))
    director.change_set(CASTLE, wait=True)
    director.record(tmp_path / "sessions", Slate("Drawn film"))
    for i in range(24):
        if i == 10:
            director.change_set({"gallery": "beach", "cast": DISC}, 0.2, wait=True)
        director.shoot(camera_jpeg(i), i, ticks(i))
    folder = director.cut()
    director.close()
    assert folder
    return Take.open(folder)


@pytest.mark.long
def test_a_baked_take_is_the_same_to_the_byte_where_another_version_draws_otherwise(
    drawn: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version draws mirrored pictures: without the clip they are others, with it they are as they were shot."""
    before = check_take(drawn, EdgeModel(seed=7))
    assert before.sound
    folder = bake(drawn)
    assert {path.name for path in folder.iterdir()} == {"baked.json", "0.mkv", "1.mkv"}
    kept = folder.rename(folder.with_name("away"))
    paint = Place.picture
    monkeypatch.setattr(Place, "picture", lambda self, *what: np.ascontiguousarray(paint(self, *what)[:, ::-1]))
    monkeypatch.setattr("engine.designer.library.DRAWINGS", "99")
    assert same_setup(drawn, EdgeModel(seed=7)) is False
    assert not check_take(drawn, EdgeModel(seed=7)).sound, "other pictures are beyond the tolerance"
    kept.rename(folder)
    assert same_setup(drawn, EdgeModel(seed=7))
    assert check_take(drawn, EdgeModel(seed=7)).pictures == before.pictures
    assert again(drawn, first_row=14) == [row.sha256 for row in drawn.made[14:]]
    with pytest.raises(TakeError, match=r"designer drew its sets in version .*, and here is 99"):
        bake(drawn)


@pytest.mark.long
def test_a_version_that_draws_almost_the_same_is_within_the_tolerance_and_one_with_the_same_name_is_not(
    drawn: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint = Place.picture
    monkeypatch.setattr(Place, "picture", lambda self, *what: paint(self, *what) ^ np.uint8(1))
    assert not check_take(drawn, EdgeModel(seed=7)).sound
    monkeypatch.setattr("engine.designer.library.DRAWINGS", "99")
    report = check_take(drawn, EdgeModel(seed=7))
    assert (report.faults, report.pictures.partition(",")[0]) == ([], "made on another set-up")
    assert report.notices[-1] == "designer: 2 in the take, 99 here"


def test_a_take_from_before_drawings_had_versions_is_compared_within_the_tolerance(drawn: Take) -> None:
    def older(event: Mapping[str, Any]) -> dict[str, Any]:
        libraries = {name: version for name, version in event.get("libraries", {}).items() if name != "designer"}
        return {**event, "libraries": libraries} if event["kind"] == "set" else dict(event)

    old = replace(drawn, events=tuple(older(event) for event in drawn.events))
    assert other_libraries(old) == {"designer": ("1", "2")}


@pytest.mark.long
def test_a_changed_clip_and_a_take_without_drawn_sets_are_clear_sentences(
    drawn: Take, staged: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TakeError, match="shows no drawn set; there is nothing to bake"):
        bake(staged)
    assert not list(staged.folder.glob(".bak*"))
    clip = bake(drawn) / "0.mkv"
    clip.write_bytes(clip.read_bytes()[:-50])
    assert check_take(drawn, EdgeModel(seed=7)).sound, "this version draws the same, and needs no clip"
    monkeypatch.setattr("engine.designer.library.DRAWINGS", "99")
    report = check_take(drawn, EdgeModel(seed=7))
    assert "0.mkv is missing or was changed; remove" in report.faults[0]


def test_a_takes_sets_name_the_libraries_that_made_them_and_other_takes_are_written_as_before(
    staged: Take, beach: dict[str, Any], edge_take: Take
) -> None:
    composite, files = ["numpy", "cv2"], ["av", "PIL"]
    events = [event for event in staged.events if event["kind"] == "set"]
    assert [list(event.get("libraries", ())) for event in events] == [composite, composite + files, []]
    assert list(libraries_of([[{"gallery": "castle"}, 1], [beach, 1], [None, 1]])) == [
        *composite,
        "skia",
        "designer",
        *files,
    ]
    assert "libraries" not in (edge_take.folder / "events.jsonl").read_text()
    assert "libraries" not in (edge_take.folder / "take.json").read_text()
    old = replace(staged, events=tuple({k: v for k, v in event.items() if k != "libraries"} for event in staged.events))
    assert same_setup(old, EdgeModel(seed=7)), "a take from before they were kept"


def test_mattes_are_made_anew_on_request(staged: Take) -> None:
    version = render(staged, staged.timeline, EdgeModel(seed=7), mattes="anew")
    assert (version.info["first_row"], version.info["mattes"]) == (0, "anew")
    assert version.info["hashes"] == recorded(staged), "of the same matter and the same machine they are the same"
    assert first_change(staged, staged.timeline) == len(staged.frames)
    assert "mattes" not in render(staged, staged.timeline, EdgeModel(seed=7)).info


@pytest.mark.long
@pytest.mark.parametrize("cast", [DISC, {**DISC, "without": {"box": [0.0, 0.0, 0.4, 1.0]}}])
def test_another_set_is_rendered_the_same_from_a_snapshot_a_checkpoint_and_the_start(
    staged: Take, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = staged.timeline.add(SetKey(2.2, {"blur": 0.4, "cast": cast}, 0.1)).change("s3", time_s=2.4)
    part = render(staged, edited, EdgeModel(seed=7))
    whole = render(staged, edited, EdgeModel(seed=7), full=True)
    assert 0 < part.info["first_row"] < len(staged.frames)
    assert part.info["hashes"] == whole.info["hashes"] != recorded(staged)

    def interrupt(done: int, total: int) -> None:
        if done == 50:
            raise KeyboardInterrupt

    monkeypatch.setattr("studio.rendering.making.EVERY", 7)
    with pytest.raises(KeyboardInterrupt):
        render(staged, edited, EdgeModel(seed=7), full=True, progress=interrupt)
    assert list((staged.folder / "renders").glob(".unfinished-*/*.checkpoint"))
    resumed = render(staged, edited, EdgeModel(seed=7), full=True)
    assert resumed.info["hashes"] == whole.info["hashes"]


def test_a_setting_of_the_composite_changes_the_picture_where_a_set_stands(staged: Take) -> None:
    late = staged.timeline.set(2.3, relight=0.6).set(2.4, "step", relight=0.0)
    assert first_change(staged, late) == len(staged.frames), "no set stands there any more"
    edited = staged.timeline.set(1.0, relight=0.6).set(1.2, "step", relight=0.0)
    first = next(n for n, row in enumerate(staged.frames) if row.time_s >= 1.2)
    assert first_change(staged, edited) == first
    assert render(staged, edited, EdgeModel(seed=7)).info["hashes"][first] != staged.frames[first].sha256


def test_a_take_without_sets_has_no_matte_and_a_render_can_give_it_one(edge_take: Take, beach: dict[str, Any]) -> None:
    assert not (edge_take.folder / MATTE).exists()
    shutil.copytree(
        edge_take.folder.parents[2].parent / "sessions" / "My-film" / "sets", edge_take.folder.parents[2] / "sets"
    )
    edited = edge_take.timeline.with_set(1, {**beach, "cast": DISC}).with_set(3, None)
    version = render(edge_take, edited, EdgeModel(seed=7))
    hashes = recorded(edge_take)
    changed = [now != then for now, then in zip(version.info["hashes"], hashes, strict=True)]
    early = sum(row.time_s < 3 for row in edge_take.made)
    assert changed[:early] == [row.time_s >= 1 for row in edge_take.made][:early]
    assert (edge_take.folder / "sets" / beach["file"]).is_file()
    assert check_take(edge_take, EdgeModel(seed=7)).sound


def test_files_that_are_gone_are_taken_from_the_takes_own(staged: Take, beach: dict[str, Any]) -> None:
    shutil.rmtree(staged.folder.parents[2] / "sets")
    edited = staged.timeline.add(Key(0.4, "snow"))
    assert render(staged, edited, EdgeModel(seed=7)).info["reused"] > 0
    (staged.folder / "sets" / beach["file"]).unlink()
    with pytest.raises(
        SetError, match=r"the set's file [0-9a-f]{12}….jpg is gone from .*sets and .*sets; bring it back"
    ):
        render(staged, edited, EdgeModel(seed=7))
    assert check_take(staged, EdgeModel(seed=7)).faults == [f"sets/{beach['file']}: is missing"]


def test_check_sees_changed_mattes_and_files(staged: Take, beach: dict[str, Any]) -> None:
    path = staged.folder / MATTE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert f"{MATTE}: was changed" in (faults := check_take(staged, EdgeModel(seed=7)).faults)
    assert len(faults) == 2, "the file's checksum and the frame's"
    path.unlink()
    faults = check_take(staged, EdgeModel(seed=7)).faults
    assert [fault.partition(";")[0] for fault in faults] == [f"{MATTE}: is missing"] * 2
    with pytest.raises(TakeError, match=r"matte.mkv is missing"):
        again(staged)
    assert again(staged, mattes="anew") == recorded(staged)


def test_a_take_that_a_crash_cut_short_keeps_the_rows_that_have_their_mattes(staged: Take) -> None:
    path = staged.folder / MATTE
    data = path.read_bytes()
    cluster = data.rfind(CLUSTER)
    for _ in range(5):
        cluster = data.rfind(CLUSTER, 0, cluster)
    path.write_bytes(data[: cluster + 40])
    staged.manifest.model_copy(update={"state": "recording", "ended": "", "files": {}}).save(staged.folder)
    crashed = Take.open(staged.folder)
    assert crashed.state == "recovered"
    assert 0 < len(crashed.frames) < len(staged.frames)
    assert check_take(crashed, EdgeModel(seed=7)).sound


def test_a_set_that_cannot_be_shown_is_said_and_the_shooting_goes_on(tmp_path: Path) -> None:
    director = Director(EdgeModel())
    director.shoot(camera_jpeg(0), 0, ticks(0))
    mistakes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"file": "0" * 64 + ".jpg"}, "is gone from any folder; bring it back, or take another set"),
        ({"file": "../../etc/passwd"}, "does not name a file of a set"),
        ({"colour": "a"}, "'a' is not a colour"),
        ({"plan": {"sky": 5}}, "the set cannot be shown"),
        ({"plan": {"structures": [["castle"]]}}, "the set cannot be shown"),
        ({"colour": "red", "cast": {"matter": "chroma", "settings": {"key": 5}}}, "one is of a wrong type"),
        ({"colour": "red", "cast": {"matter": "chroma", "settings": {"name": "x"}}}, "its name is its 'matter'"),
        ({"colour": "red", "cast": {"matter": ["person"]}}, "is not a cast"),
        ({"colour": "red", "cast": {"matter": "ghosts"}}, "'ghosts' is not a cast; there is person"),
        ({"colour": "red", "cast": {"matter": "person", "also": {"colour": "x"}}}, "the cast's 'also'"),
    )
    for n, (wrong, text) in enumerate(mistakes, start=1):
        director.change_set(wrong, wait=True)
        answer = director.shoot(camera_jpeg(n), n, ticks(n))
        assert answer.error is None
        assert text in director.status().trouble
    director.change_set({"colour": "red"}, wait=True)
    empty = np.full((64, 96, 3), 120, np.uint8)
    shown = decode_jpeg(director.shoot(encode_jpeg(empty), 20, ticks(20), quality=95).packet)
    assert director.status().cast == "nobody in the picture"
    assert np.abs(shown.astype(int) - rgb_of("red")).max() <= 3, "the set alone, as far as JPEG keeps it"
    director.close()


def test_a_timeline_with_sets_is_shot(tmp_path: Path, beach: dict[str, Any], staged: Take) -> None:
    sessions = tmp_path / "sessions"
    director = Director(EdgeModel(seed=7))
    line = replace(staged.timeline, tracks=(), markers=()).with_set(1, {"colour": "red", "cast": DISC}, fade=0.3)
    with pytest.raises(SetError, match="is gone"):
        director.record(sessions, Slate("My film"), timeline=line)
    director.look_in(sessions / "My-film" / "sets")
    director.record(sessions, Slate("My film"), timeline=line)
    for i in range(40):
        director.shoot(camera_jpeg(i), i, ticks(i))
    folder = director.cut()
    director.close()
    assert folder
    take = Take.open(folder)
    assert [(key.time_s, key.set, key.fade_s) for key in take.timeline.sets] == [
        (key.time_s, key.set, key.fade_s) for key in line.sets if key.time_s <= take.frames[-1].time_s
    ]
    assert check_take(take, EdgeModel(seed=7)).sound


def test_each_take_of_a_timeline_places_the_boxes_of_its_cast_anew(tmp_path: Path) -> None:
    """Take 2 begins with another frame than take 1, in which the box must stand where the timeline has it."""
    cast = {"matter": "none", "also": {"box": [0.1, 0.2, 0.4, 0.5]}}
    line = Timeline().with_set(0, {"colour": "#204060", "cast": cast})
    director = Director(EdgeModel(seed=7))
    for first in (0, 17):
        director.record(tmp_path / "sessions", Slate("My film"), timeline=line)
        for i in range(first, first + 12):
            director.shoot(camera_jpeg(i), i, ticks(i))
        folder = director.cut()
        assert folder
        take = Take.open(folder)
        height, width = next(kept := mattes(take.folder / MATTE)).shape
        placed = np.zeros((height, width), bool)
        placed[round(0.3 * height) : round(0.6 * height), round(0.2 * width) : round(0.4 * width)] = True
        assert (next(mattes(take.folder / MATTE))[placed] == 255).all()
        assert len(list(kept)) == 11
        assert again(take, mattes="anew") == recorded(take)
    director.close()


def test_no_frame_of_a_timeline_with_many_sets_waits_for_a_plate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str]] = []
    make = Stage._made

    def noted(self: Stage, set_: Any) -> Any:
        made.append((threading.current_thread().name, set_["colour"]))
        return make(self, set_)

    monkeypatch.setattr(Stage, "_made", noted)
    colours = [f"#0000{16 * n + 16:02x}" for n in range(12)]
    line = Timeline()
    for n, colour in enumerate(colours):
        line = line.with_set(n / 8, {"colour": colour, "cast": DISC}, fade=1 / 16)
    director = Director(EdgeModel(seed=7))
    director.record(tmp_path / "sessions", Slate("My film"), timeline=line)
    prepared = len(made)
    assert {colour for _, colour in made} == set(colours), "each is looked at before the take"
    for i in range(40):
        director.shoot(camera_jpeg(i), i, ticks(i))
        while director._ahead._newest._asked is not None:
            time.sleep(0.001)
    folder = director.cut()
    director.close()
    here = threading.current_thread().name
    assert [colour for thread, colour in made[prepared:] if thread == here] == []
    assert [colour for thread, colour in made[prepared:] if thread != here] == colours[KEPT:]
    assert folder
    assert check_take(Take.open(folder), EdgeModel(seed=7)).sound
