"""SIGTERM and SIGHUP of a real `lsd-studio serve`, while a page records over its socket and a take is rendered.

`record` and `render` on the command line have theirs in tests/studio/test_signals.py and rendering/test_checkpoints.py.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.config import lsd_test
from engine.models.checkpoint import random_weights, save_weights
from studio.model import load_model
from studio.rendering.verify import check_take
from studio.takes.take import Take
from tests.browser.support import Served, start_server
from tests.faults.page import Page, loaded
from tests.faults.shooting import shoot_take
from tests.faults.support import ROOT, contents, until

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals"),
    pytest.mark.long,
    pytest.mark.timeout(300),
]
SLATE = {"production": "ended", "scene": "1", "shot": "A"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    made = random_weights(lsd_test())
    save_weights(path, made.network, made.router, {})
    return path


@pytest.fixture
def serve(tmp_path: Path, weights: Path) -> Iterator[Callable[[], Served]]:
    """`serve()` starts the studio on this test's sessions folder."""
    running: list[Served] = []

    def start() -> Served:
        sessions = tmp_path / "sessions"
        options = ["--sessions", str(sessions), "--weights", str(weights), "--device", "cpu"]
        log = tmp_path / f"serve-{len(running)}.log"
        running.append(start_server(*options, sessions=sessions, log=log, cwd=ROOT))
        return running[-1]

    yield start
    for served in running:
        served.kill()


def shoot(page: Page, frames: int) -> int:
    """Record so many frames; returns how many pictures had come back before."""
    page.connect()
    page.wait(lambda: page.pictures > 5)
    page.say("record", on=True, slate=SLATE)
    page.heard("recording", on=True)
    before = page.pictures
    page.wait(lambda: page.pictures >= before + frames)
    return before


def assert_cut(take: Take, weights: Path, frames: int) -> None:
    """Nothing that was shown is missing, and it is made again byte for byte."""
    assert (take.state, take.manifest.ended) == ("complete", "the studio was closed")
    assert len(take.made) >= frames
    report = check_take(take.folder, load_model(take.manifest.engine, weights=weights))
    assert report.faults == []
    assert report.pictures == f"{len(take.made)} of {len(take.made)} are the same, byte for byte"


@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGHUP", marks=pytest.mark.slow)])
def test_a_page_that_records_is_cut_when_the_server_is_ended(
    serve: Callable[[], Served], weights: Path, name: str
) -> None:
    served = serve()
    page = loaded(served)
    before = shoot(page, 24)
    shown = page.pictures - before
    served.process.send_signal(getattr(signal, name))
    time.sleep(0.05)
    served.process.send_signal(getattr(signal, name))  # it may come twice
    assert served.process.wait(60) == 0, served.log.read_text()
    page.wait(lambda: page.closed)
    assert page.closed
    assert page.closed[0] in (1001, 1012), "going away, or to be started again: the page says so, and comes back"
    (manifest,) = served.sessions.rglob("take.json")
    assert_cut(Take.open(manifest.parent), weights, shown - 1)
    page.hang_up()
    assert "Traceback" not in served.log.read_text()


@pytest.mark.slow
def test_a_render_of_an_ended_server_goes_on_at_its_next_start(serve: Callable[[], Served], weights: Path) -> None:
    served = serve()
    page = loaded(served)
    shoot(page, 200)
    page.say("record", on=False)
    path = page.heard("kept", ready=True)["take"]
    folder = served.sessions / path
    before = contents(folder)
    keys = [{"id": "k1", "time_s": 0.0, "prompt": "wild west", "fade_s": 0.0}]
    job = page.call("render", take=path, keys=keys, markers=[])
    assert job.get("job"), job
    renders = folder / "renders"
    until(lambda: [*renders.glob(".unfinished-*/*.checkpoint")] or [*renders.glob("v*")], 120)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(60) == 0
    page.hang_up()
    if not [*renders.glob("v001")]:
        assert [*renders.glob(".unfinished-*/*.checkpoint")]
        serve()
        until((renders / "v001" / "render.json").exists, 180)
    assert before.items() <= contents(folder).items()
    assert len(Take.open(folder).renders) == 1
    assert shoot_take(served.sessions, 3, "after")
