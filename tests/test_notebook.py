"""The notebooks, run as a reader runs them, from a clean kernel, on a copy of the example."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from studio.notebook import TakePlayer, script, strip
from studio.take import Take
from studio.timeline import TimelineError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped example, where renders may be added."""
    shutil.copytree(ROOT / "sessions" / "example", tmp_path / "sessions" / "example")
    monkeypatch.setenv("LSD_SESSIONS", str(tmp_path / "sessions"))
    return tmp_path / "sessions"


@pytest.fixture
def take(sessions: Path) -> Take:
    return Take.open(next(sessions.glob("example/S*/*/T*")))


@pytest.mark.timeout(300)
def test_the_first_take_runs_and_shows_its_worlds(sessions: Path, take: Take) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / "00_first_take.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(ROOT / "notebooks")}})
    client.execute()
    (version,) = take.renders
    assert [key.prompt for key in version.timeline.keys][1] == "a pencil sketch"
    assert len(version.info["hashes"]) == len(take.made)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert sum("image/png" in output["data"] for output in shown) == 2
    assert sum("application/vnd.jupyter.widget-view+json" in output["data"] for output in shown) >= 2  # bar and player


def test_a_notebook_is_kept_without_outputs() -> None:
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")], path.name


def test_what_is_edited_in_the_player_comes_back(take: Take) -> None:
    player = TakePlayer(take)
    assert player.timeline.keys == take.timeline.keys
    player._keys = [{"id": "k1", "time_s": 0.0, "prompt": "gold", "fade_s": 0.0}]
    assert [key.prompt for key in player.timeline.keys] == ["gold"]


def test_a_strip_shows_camera_world_and_prompts(take: Take) -> None:
    picture = strip(take, count=3, width=64)
    assert picture.width == 3 * 68 - 4
    assert len(set(picture.crop((0, picture.height - 20, picture.width, picture.height)).getdata())) > 3


def test_a_script_fades_where_it_is_told() -> None:
    timeline = script({0: "underwater", 2: ("pencil", 1.0), 4: [("snowfall", 1), ("neon rain", 3)]})
    assert [key.fade_s for key in timeline.keys] == [0.0, 1.0, 0.0]
    assert timeline.at(5).prompt == (("snowfall", 0.25), ("neon rain", 0.75))
    with pytest.raises(TimelineError):
        script({-1: "underwater"})
