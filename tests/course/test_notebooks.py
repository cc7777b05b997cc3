"""The notebooks, run as a reader runs them, from a clean kernel, on a copy of the example."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image
from playwright.sync_api import sync_playwright

from engine.media.video import VideoSource
from engine.models.checkpoint import load_weights
from studio.notebook import contact_strip
from studio.performing.mattes import sightings
from studio.script.region import Region
from studio.takes.frames import moments
from studio.takes.take import Take

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped example, where renders may be added."""
    shutil.copytree(ROOT / "sessions" / "example", tmp_path / "sessions" / "example")
    monkeypatch.setenv("LSD_SESSIONS", str(tmp_path / "sessions"))
    return tmp_path / "sessions"


@pytest.fixture
def take(sessions: Path) -> Take:
    return Take.open(next(sessions.glob("example/S*/*/T*")))


def run(name: str, monkeypatch: pytest.MonkeyPatch, *, short: bool = True) -> list[dict[str, Any]]:
    """A notebook in a clean kernel, by default with its short setting; returns what its cells show, by MIME type."""
    monkeypatch.setenv("LSD_SHORT", "1" if short else "")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=240 if short else 3600, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    return [output["data"] for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]


def shown(data: list[dict[str, Any]], mime: str) -> int:
    return sum(mime in one for one in data)


WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.timeout(300)
def test_the_first_take_runs_and_shows_its_worlds(sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    data = run("00_first_take", monkeypatch)
    (version,) = take.renders
    assert [key.prompt for key in version.timeline.keys][1] == "a pencil sketch"
    assert len(version.info["hashes"]) == len(take.made)
    assert shown(data, "image/png") == 2
    assert shown(data, WIDGET) >= 1, "the player"
    assert any("480/480" in one.get("text/html", "") for one in data), "the bar"


@pytest.mark.timeout(300)
def test_the_prompt_timeline_gives_two_versions(sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    data = run("01_prompt_timeline", monkeypatch)
    bent, dream = take.renders
    assert bent.timeline.value("strength", 0) == 0
    assert [key.prompt for key in dream.timeline.keys][-1] == "a pencil sketch"
    assert sum("<svg" in one.get("text/html", "") for one in data) >= 5


@pytest.mark.timeout(300)
def test_props_and_scenes_give_a_version_with_its_prop(
    sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = run("02_props_and_scenes", monkeypatch)
    (version,) = take.renders
    (matte,) = version.timeline.mattes
    seen = {round(one.time_s, 1): one.box for one in sightings(take, Region.from_dict(matte.region))}
    for time_s in (3.0, 5.0, 7.0, 9.0, 12.0, 15.0):
        left, top, width, height = seen[time_s] or (0, 0, 0, 0)
        middle = left + width / 2, top + height / 2
        assert middle == pytest.approx((0.745, 0.765), abs=0.03), f"the box is on the chest at {time_s} s"
    assert shown(data, "image/png") == 2, "the matte; the chest, lit"
    assert (take.folder.parent / "chest.yaml").is_file()

    camera, coast, moon = at(take.folder / "raw.mkv", 4.3), at(version.video, 4.3), at(version.video, 7.8)
    photo = np.asarray(Image.open(take.folder.parent / "lighthouse.jpg").resize((320, 180)), float)
    right, ground = np.s_[:, 160:], np.s_[150:, 200:]
    assert np.abs(coast[right] - photo[right]).mean() < 10 < 40 < np.abs(camera[right] - photo[right]).mean()
    assert moon[ground].std(axis=2).mean() < 5 < 40 < camera[ground].std(axis=2).mean(), "grey dust, no brown boards"
    hat, coat = np.s_[58:68, 104:114], np.s_[112:128, 100:114]
    for picture in (coast, moon):
        assert greener(picture[hat]) > 60 > 30 > greener(photo[hat]), "her hat stays; the sky there is not green"
        assert bluer(picture[coat]) > 20 > 0 > bluer(photo[coat]), "her coat stays"


def at(video: Path, time_s: float) -> np.ndarray:
    """The picture that is on screen at a time, (H, W, 3), 0 to 255."""
    return moments(VideoSource(video), [time_s])[0].astype(float)


def greener(picture: np.ndarray) -> float:
    """By how much the mean green is above the mean red, in 8-bit steps."""
    return float((picture[..., 1] - picture[..., 0]).mean())


def bluer(picture: np.ndarray) -> float:
    return float((picture[..., 2] - picture[..., 0]).mean())


@pytest.mark.timeout(300)
def test_the_live_camera_gives_a_take_and_a_version(sessions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a browser a clip stands in for the camera, and the page says so."""
    data = run("03_live_camera", monkeypatch)
    take = Take.open(sessions / "my-film" / "S01" / "A" / "T001")
    assert take.state == "complete"
    assert [key.prompt for key in take.timeline.keys] == [
        "snowfall in winter",
        "under the sea, with shafts of sunlight",
    ]
    (version,) = take.renders
    assert "a pencil sketch" in [key.prompt for key in version.timeline.keys]
    assert shown(data, WIDGET) >= 3, "camera, player, player"


@pytest.mark.timeout(300)
def test_variants_are_compared_and_one_is_circled(sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    run("04_variants_and_picking", monkeypatch)
    again = Take.open(take.folder)
    assert len(again.renders) == 2
    assert again.manifest.circled in [version.name for version in again.renders]
    assert (take.folder.parent / "variants.mp4").is_file()


@pytest.mark.timeout(300)
def test_a_minute_of_film_is_cut_at_its_frames_and_plays(
    sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("05_cutting_a_film", monkeypatch)
    (version,) = take.renders
    assert len(version.timeline.keys) == 12
    path = take.folder.parent / "film.mp4"
    light = [float(frame.rgb.mean()) for frame in VideoSource(path)]
    assert len(light) == 60 * 24
    for cut in (96, 636, 1176):  # a card has faded out, a shot begins
        assert light[cut - 1] < 15 < 30 < light[cut], f"a cut at frame {cut}"
    for cut in (564, 1104, 1392):  # a shot is over, a card fades in
        assert light[cut] < 15 < 30 < light[cut - 1], f"a cut at frame {cut}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelector('video').readyState >= 2")
        page.evaluate("document.querySelector('video').play()")
        page.wait_for_function("document.querySelector('video').currentTime > 0.5")
        told = page.evaluate("(v => [v.duration, v.videoWidth, v.videoHeight])(document.querySelector('video'))")
        browser.close()
    assert told == pytest.approx([60, 640, 360], abs=0.05)


@pytest.mark.timeout(300)
def test_inside_the_engine_draws_what_it_promises(sessions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = run("06_inside_the_engine", monkeypatch)
    assert shown(data, "image/png") >= 6
    assert shown(data, WIDGET) >= 1, "the slider"


@pytest.mark.timeout(300)
def test_a_world_of_ones_own_is_learnt_measured_and_played(
    sessions: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = run("07_train_your_own_world", monkeypatch)
    (version,) = take.renders
    assert version.timeline.at(5).prompt == (("a risograph print", 1.0),)
    assert load_weights(sessions / "risograph.safetensors").config.worlds[-1] == "risograph"
    assert shown(data, "image/png") >= 4, "teacher, loss, before and after, the take"
    _, was, now = adherence(data)
    assert now == pytest.approx(was, abs=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_world_of_ones_own_is_found_and_hurts_no_other(sessions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notebook as a reader runs it, on the footage that no lesson saw."""
    found, was, now = adherence(run("07_train_your_own_world", monkeypatch, short=False))
    print(f"found on {found:g} % of the clips; all others {was:g} % before, {now:g} % with it")
    assert found >= 80
    assert now >= was - 2


def adherence(data: list[dict[str, Any]]) -> tuple[float, float, float]:
    """From the last notebook's table, in %: of the new world, and of all others before it and with it."""
    (table,) = (text for one in data if "| **risograph** |" in (text := one.get("text/markdown", "")))
    figures = re.search(r"risograph.*?(\d+)%.*all others.*?([\d.]+)%.*?([\d.]+)%", table, re.DOTALL)
    assert figures, table
    return float(figures[1]), float(figures[2]), float(figures[3])


def test_every_notebook_is_its_text() -> None:
    """The pairs agree, cell by cell, but for the file's header."""
    paths = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [path.stem for path in paths] == sorted(path.stem for path in NOTEBOOKS.glob("*.py"))
    for path in paths:
        cells, text = (jupytext.read(path.with_suffix(suffix)).cells for suffix in (".ipynb", ".py"))
        assert [(c.cell_type, c.source) for c in cells] == [(c.cell_type, c.source) for c in text], path.stem


def test_every_notebook_opens_with_what_its_reader_will_have() -> None:
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        opening = nbformat.read(path, as_version=4).cells[0].source
        assert "At the end of this page" in opening, path.name
        (picture,) = re.findall(r"!\[.+\]\((.+)\)", opening)
        assert (NOTEBOOKS / picture).is_file(), path.name


def test_every_notebook_names_its_kernel() -> None:
    """Without it JupyterLab asks its reader for one, and other tools refuse to run it."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for suffix in (".ipynb", ".py"):
            kernel = jupytext.read(path.with_suffix(suffix)).metadata["kernelspec"]
            assert kernel == {"display_name": "Python 3", "language": "python", "name": "python3"}, path.stem


def test_a_notebook_is_kept_without_outputs() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


def test_a_strip_shows_camera_world_and_prompts(take: Take) -> None:
    picture = contact_strip(take, count=3, width=64)
    assert picture.width == 3 * 68 - 4
    assert len(set(picture.crop((0, picture.height - 20, picture.width, picture.height)).getdata())) > 3
