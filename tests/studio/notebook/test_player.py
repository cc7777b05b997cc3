"""The player in a notebook: what is edited on its lane comes back, and outlives the kernel in which it was edited."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from studio.notebook import GridPicker, TakePlayer, contact_strip, highlight, spot
from studio.notebook.formatters import player as player_of
from studio.notebook.formatters import register
from studio.rendering.render import render
from studio.script.region import Region
from studio.script.script import Prop
from studio.takes.documents import TakeError
from studio.takes.frames import pictures
from studio.takes.take import Take
from studio.timeline.files import lane_to_dict


def test_what_is_edited_in_the_player_comes_back(take: Take) -> None:
    player = TakePlayer(take)
    assert player.timeline.keys == take.timeline.keys
    player._edit = {**player._edit, "keys": [{"id": "k1", "time_s": 0.0, "prompt": "gold", "fade_s": 0.0}]}
    assert [key.prompt for key in player.timeline.keys] == ["gold"]


@pytest.mark.long
def test_what_the_lane_does_not_show_stays(take: Take) -> None:
    """Parameters, props and markers survive an edit of the prompts."""
    line = take.timeline.set(0, strength=0.25).mark(1, "now")
    version = render(take, line, progress=lambda done, total: None)
    player = TakePlayer(take, version)
    player._edit = {**player._edit, "keys": [{"id": "k1", "time_s": 0.0, "prompt": "gold", "fade_s": 0.0}]}
    assert (player.timeline.tracks, player.timeline.markers) == (line.tracks, line.markers)


@pytest.mark.long
def test_edits_wait_in_the_take_for_another_kernel_and_for_the_page(take: Take) -> None:
    edit = {"keys": [{"id": "k1", "time_s": 0.0, "prompt": "gold", "fade_s": 0.0}]}
    player = TakePlayer(take)
    player._edit = {**player._edit, **edit}
    for again in (TakePlayer(Take.open(take.folder)), player_of(take)):
        assert again.timeline == player.timeline
        assert again._take["keys"] == lane_to_dict(take.timeline)["keys"], "what undo takes it back to"
    version = render(take, player.timeline, progress=lambda done, total: None)
    assert TakePlayer(take).timeline == take.timeline, "a version holds them now"
    assert player_of(version).timeline == version.timeline
    player_of(version)._edit = {**player_of(version)._edit, "markers": [{"time_s": 1.0, "name": "here"}]}
    assert [path.name for path in (take.folder / "drafts").iterdir()] == ["live.json", "v001.json"]
    assert TakePlayer(take, version).timeline.markers[0].name == "here"
    player_of(version)._edit = lane_to_dict(version.timeline)
    assert [path.name for path in (take.folder / "drafts").iterdir()] == ["live.json"], "nothing waits any more"


def test_edits_that_cannot_be_kept_are_told(take: Take) -> None:
    (take.folder / "drafts").write_text("in the way")
    player = TakePlayer(take)
    player._edit = {**player._edit, "markers": [{"time_s": 1.0, "name": "here"}]}
    assert player._fault.startswith("Not kept for another kernel: ")
    (take.folder / "drafts").unlink()
    player._edit = lane_to_dict(take.timeline)
    assert player._fault == ""
    (take.folder / "drafts").mkdir()
    (take.folder / "drafts" / "live.json").write_text("{")
    assert TakePlayer(take).timeline == take.timeline, "a damaged one is left out"


def test_without_a_page_a_widget_says_where_it_shows(take: Take) -> None:
    assert repr(TakePlayer(take)).startswith(f"the player of {take.name}: it shows itself in JupyterLab; without one, ")
    shell = InteractiveShell()
    register(shell)
    assert shell.display_formatter
    shown, _ = shell.display_formatter.format(take)
    assert set(shown) == {"text/plain", "text/html"}, "and a take is its strip"


@pytest.mark.parametrize("widget", [TakePlayer, GridPicker])
def test_what_is_no_take_is_told(widget: type[TakePlayer | GridPicker]) -> None:
    with pytest.raises(TakeError, match=r"^'sessions/T001' is not a take; open one: Take\.open\("):
        widget("sessions/T001")  # type: ignore[arg-type]


@pytest.mark.long
def test_without_the_widgets_packages_the_remedy_is_told() -> None:
    code = "import sys; sys.modules['anywidget'] = None; import studio.notebook"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr
    assert told.splitlines()[-1].endswith('widgets are not installed; run: pip install "lsd-studio[notebook]"')


@pytest.mark.long
def test_what_a_crash_took_is_made_again(take: Take) -> None:
    shutil.rmtree(take.folder / "proxy")
    contact_strip(take, count=2, width=64)
    assert sorted(path.name for path in (take.folder / "proxy").iterdir()) == ["live.mp4", "raw.mp4"]


def test_a_prop_is_lit_where_it_is(take: Take) -> None:
    """The disc goes from left to right; the rest is dark."""
    sheet = np.asarray(
        highlight(take, Prop("disc", "a moon", Region("white", 0.4)), count=4, width=96).convert("L"), float
    )
    assert sheet.shape == (64, 4 * 100 - 4)
    tiles = [sheet[16:, column * 100 : column * 100 + 96] for column in range(4)]
    places = [float(np.argmax(tile.mean(0))) for tile in tiles]
    assert len(set(places)) == 4
    assert all(np.median(tile) < 60 < 150 < tile.max() for tile in tiles)
    with pytest.raises(TakeError, match="the prop 'hat' has no region to look at; give it a colour, a box or a mask"):
        highlight(take, Prop("hat", "a crown"))


def test_the_dropper_names_the_colour_and_what_has_it(take: Take) -> None:
    """The disc is the only white thing."""
    first = next(iter(pictures(take, "raw"))).rgb
    y, x = np.unravel_index(int(first.sum(-1, dtype=int).argmax()), first.shape[:2])
    at = (float(x) / (first.shape[1] - 1), float(y) / (first.shape[0] - 1))
    spotted = spot(take, at=0, xy=at, tolerance=0.4)
    assert spotted.name == "white"
    assert spotted.box is not None
    assert spotted.box[0] <= at[0] <= spotted.box[0] + spotted.box[2]
    assert 0 < spotted.share[0] <= spotted.share[1] <= spotted.share[2] < 0.5
    assert spotted.region == Region(spotted.colour, 0.4)
    assert "% of the picture" in str(spotted)
    with pytest.raises(TakeError, match="is outside the picture; x and y are shares from 0 to 1"):
        spot(take, xy=(40, 20))
