"""What is not a version, not an option or not open is refused, with what is right."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from studio.delivery.film import Card, Excerpt, Film
from studio.notebook import GridPicker, LiveCamera, TakePlayer, contact_strip
from studio.notebook.formatters import html_of
from studio.rendering.render import render
from studio.takes.documents import TakeError
from studio.takes.take import Take
from studio.takes.version import Render
from tests.edge_model import EdgeModel


def quiet(done: int, total: int) -> None: ...


@pytest.fixture
def version(take: Take) -> Render:
    return render(take, "gold", progress=quiet)


@pytest.mark.long
def test_a_version_is_itself_or_its_name(take: Take, version: Render) -> None:
    named, given = TakePlayer(take, "v001"), TakePlayer(take, version)
    assert named._live == given._live == version.video.read_bytes()
    assert named.timeline == version.timeline
    assert contact_strip(take, "v001", count=2).tobytes() == contact_strip(take, version, count=2).tobytes()


@pytest.mark.long
def test_what_is_not_a_version_of_the_take_is_refused(take: Take, version: Render, tmp_path: Path) -> None:
    other = Take.open(shutil.copytree(take.folder, tmp_path / "S01" / "B" / "T001"))
    wrongs: tuple[tuple[Any, str], ...] = (
        ("v002", "has no version 'v002'; it has v001"),
        (7, "7 is not a version of"),
        (take, "is not a version of"),
        (other.renders[0], "is a version of another take"),
    )
    for wrong, says in wrongs:
        for show in (TakePlayer, contact_strip):
            with pytest.raises(TakeError, match=says):
                show(take, wrong)
    with pytest.raises(TakeError, match="is not a take; open one"):
        contact_strip(str(take.folder))  # type: ignore[arg-type]


@pytest.mark.long
def test_versions_that_exist_are_compared(take: Take, version: Render) -> None:
    second = render(take, "a pencil sketch", progress=quiet)
    picker = GridPicker([second, version])
    assert [tile["name"] for tile in picker._tiles] == ["v002", "v001"]
    picker.pick(0)
    assert Take.open(take.folder).manifest.circled == "v002"


@pytest.mark.parametrize("wrong", [[], ["v001"], "v001", 7, [7]])
def test_what_holds_no_versions_is_not_compared(wrong: Any) -> None:
    with pytest.raises(TakeError, match=r"GridPicker\(\[first, second\]\)|is not a take"):
        GridPicker(wrong)


@pytest.mark.long
def test_unknown_options_are_refused_with_those_that_there_are(take: Take, version: Render) -> None:
    with pytest.raises(TypeError, match="TakePlayer has no option 'loop'; it has take, version, layout"):
        TakePlayer(take, loop=True)
    with pytest.raises(TypeError, match="GridPicker has no option 'columns'; it has grid, layout"):
        GridPicker(take, columns=2)
    with pytest.raises(TypeError, match="LiveCamera has no option 'fps'; it has production, scene"):
        LiveCamera(fps=24)


def test_a_closed_camera_says_that_it_is_closed(tmp_path: Path) -> None:
    camera = LiveCamera(production="my-film", sessions=tmp_path, stream=EdgeModel())
    camera.close()
    for act in (
        lambda: camera.prompt("gold"),
        lambda: camera.set("strength", 0.5),
        lambda: camera.behind("gallery:castle"),
        lambda: camera.play("clip.mp4"),
        lambda: camera.record(),
        lambda: camera.cut(),
        lambda: camera.mark(),
    ):
        with pytest.raises(TakeError, match=r"closed; make another one: LiveCamera\(production='my-film'"):
            act()


@pytest.mark.long
def test_widgets_and_films_have_a_picture_where_no_widget_runs(take: Take, version: Render) -> None:
    film = Film([Card("The chest", 0.5), Excerpt(version, 0, 0.2), Excerpt(take, 0, 0.2, "raw")])
    for shown in (TakePlayer(take), TakePlayer(take, version), GridPicker(take)):
        bundle, _ = shown._repr_mimebundle_()
        assert "data:image/jpeg" in bundle["text/html"]
        assert "application/vnd.jupyter.widget-view+json" in bundle
    assert html_of(film).count("<img") == 1
    assert "text/html" not in TakePlayer(take).view_bundle()
