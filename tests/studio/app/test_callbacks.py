"""What the review page asks for: takes are prepared, rendered, cancelled, and mistakes are explained."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from studio.delivery import proxies
from studio.rendering.render import render
from studio.takes.take import Take
from studio.timeline.keys import Matte
from studio.timeline.timeline import Timeline
from tests.studio.app.house import House, recorded, stream, until_it_ends


def test_a_take_without_pictures_for_browsers_is_prepared_when_it_is_opened(house: House, weights: Path) -> None:
    folder = recorded(house, weights)
    asked = {"token": house.token(), "take": folder.relative_to(house.folder).as_posix()}
    lost = folder / proxies.LIVE
    for _ in range(2):  # lost once more, they are made once more
        lost.unlink(missing_ok=True)
        assert house.callbacks.take(asked) == {"preparing": True}
        until = time.monotonic() + 30
        while house.callbacks.take(asked).get("preparing"):
            assert time.monotonic() < until
            time.sleep(0.05)
    prepared = house.callbacks.take(asked)
    assert prepared["frames"] == 12
    assert house.client.get(f"/studio/files/{prepared['raw']}", params={"token": asked["token"]}).status_code == 200
    (line,) = house.callbacks.takes(asked)["takes"]
    assert line["poster"]


@pytest.mark.long
def test_what_the_lane_does_not_show_is_rendered_again_too(house: House, weights: Path) -> None:
    """Edits of a version wait in the take, and keep its props and parameters."""
    take = proxies.make(recorded(house, weights))
    moon = Matte("disc", "a moon", {"colour": "white"})
    line = replace(Timeline.of("underwater").set(0.1, strength=0.5), mattes=(moon,))
    render(take, line, stream(weights), progress=lambda done, total: None)
    page = {"token": house.token(), "take": take.folder.relative_to(house.folder).as_posix(), "version": "v001"}
    (live, version) = house.callbacks.take(page)["versions"]
    assert (live["draft"], version["draft"]) == (None, None)
    keys = [{**version["keys"][0], "prompt": "wild west"}]
    assert house.callbacks.draft({**page, "keys": keys, "markers": []}) == {}
    assert house.callbacks.take(page)["versions"][1]["draft"] == {"keys": keys, "markers": [], "sets": []}
    job = house.callbacks.render({**page, "keys": keys, "markers": []})
    assert house.callbacks.take(page)["job"] == job["job"]
    assert [line["rendering"] for line in house.callbacks.takes(page)["takes"]] == [True]
    ended = until_it_ends(house, page | job)
    assert (ended["state"], ended["version"], ended["share"]) == ("made", "v002", 1.0)
    assert house.callbacks.take(page)["job"] is None
    made = take.renders[1].timeline
    assert made.at(0).directed().prompt == (("as it is", 0.5), ("wild west", 0.5))
    assert (made.mattes, made.tracks) == (line.mattes, line.tracks)
    assert house.callbacks.take(page)["versions"][1]["draft"] is None, "a version holds it now"
    assert "has no version 'v009'; load the page again" in house.callbacks.draft({**page, "version": "v009"})["error"]


@pytest.mark.long
def test_a_render_is_cancelled(house: House, weights: Path) -> None:
    take = proxies.make(recorded(house, weights))
    page = {"token": house.token(), "take": take.folder.relative_to(house.folder).as_posix(), "version": "live"}
    keys = {"keys": [{"time_s": 0, "prompt": "wild west"}], "markers": []}
    jobs = [house.callbacks.render({**page, **keys}) for _ in range(2)]
    assert house.callbacks.cancel(page | jobs[1]) == {}
    assert until_it_ends(house, page | jobs[1])["state"] == "cancelled"
    assert until_it_ends(house, page | jobs[0])["state"] == "made"
    assert [version.name for version in Take.open(take.folder).renders] == ["v001"]


def test_callbacks_explain_themselves(house: House) -> None:
    token = {"token": house.token()}
    assert "Load it again" in house.callbacks.takes({"token": "guessed"})["error"]
    for path in ("../../etc", "a/S01/A/T001", "", "a"):
        assert house.callbacks.take({**token, "take": path})["error"]
    assert "does not know this render" in house.callbacks.progress({**token, "job": "none"})["error"]


def test_a_page_names_a_version_and_deletes_it(house: House, weights: Path) -> None:
    take = Take.open(recorded(house, weights))
    version = render(take, "wild west", stream(weights), progress=lambda done, total: None)
    page = {"token": house.token(), "take": take.folder.relative_to(house.folder).as_posix(), "version": "v001"}
    assert house.callbacks.label({**page, "name": " a  dusk "}) == {"shown": "v001"}
    assert Take.open(take.folder).renders[0].label == "a dusk"
    assert "is not a version's name" in house.callbacks.label({**page, "name": "x" * 81})["error"]
    assert "the picture as it was shot has no name" in house.callbacks.label({**page, "version": "live"})["error"]
    assert house.callbacks.label({**page, "bin": True}) == {"shown": "live"}
    assert not version.folder.exists()
    assert "has no version 'v001'" in house.callbacks.label({**page, "bin": True})["error"]
