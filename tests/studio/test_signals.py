"""A studio that the system ends cuts what is recorded, as Ctrl+C does, and the take says how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.media.video import VideoWriter
from engine.types import Frame
from studio.app.sessions import Sessions
from studio.live.director import Director
from studio.signals import TerminatedError, terminable
from studio.takes.slate import Slate
from studio.takes.take import Take
from tests.edge_model import EdgeModel
from tests.pictures import disc

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

SERVE = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from studio.app.server import Studio
from studio.app.sessions import Sessions
from studio.live.director import Director
from studio.signals import terminable
from studio.takes.slate import Slate
from tests.edge_model import EdgeModel
from tests.studio.conftest import camera_jpeg

class Page:
    def block_thread(self):
        try:
            while True:
                time.sleep(0.05)
        except (KeyboardInterrupt, OSError):
            pass

    def close(self, verbose=False):
        pass

if __name__ == "__main__":
    places = Sessions(lambda: Director(EdgeModel()), 1)
    session = places.enter("page")
    session.director.record(Path(sys.argv[1]), Slate("film"))
    for i in range(20):
        session.director.shoot(camera_jpeg(i), i, i * 41_667)
    with terminable():
        print("ready", flush=True)
        Studio("", None, Page(), places, Page(), Page()).wait()
"""


@pytest.mark.long
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_page_that_records_is_cut_when_the_studio_is_ended(tmp_path: Path, name: str) -> None:
    script = SERVE.format(root=str(ROOT))
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout
        assert serving.stdout.readline() == "ready\n"
        time.sleep(0.2)
        serving.send_signal(getattr(signal, name))
        assert serving.wait(60) == 0
    (manifest,) = tmp_path.rglob("take.json")
    take = Take.open(manifest.parent)
    assert (take.state, len(take.frames), take.manifest.ended) == ("complete", 20, "the studio was closed")


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "ended"),
    [("SIGTERM", "terminated by SIGTERM"), ("SIGHUP", "terminated by SIGHUP"), ("SIGINT", "cut")],
)
def test_a_recording_on_the_command_line_is_cut(tmp_path: Path, weights: Path, name: str, ended: str) -> None:
    clip = tmp_path / "clip.mp4"
    with VideoWriter(clip, 96, 64, 24.0) as writer:
        for index in range(24 * 30):
            writer.write(Frame(disc(index % 48), index, index / 24))
    command = [sys.executable, "-m", "studio", "record", "--source", str(clip), "--production", "film"]
    command += ["--size", "96x64", "--weights", str(weights), "--device", "cpu", "--sessions", str(tmp_path / "s")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as recording:
        rows = tmp_path / "s" / "film" / "S01" / "A" / "T001" / "frames.jsonl"
        deadline = time.monotonic() + 60
        while not (rows.exists() and rows.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        recording.send_signal(getattr(signal, name))
        recording.send_signal(getattr(signal, name) if name != "SIGINT" else signal.SIGCONT)  # it may come twice
        assert recording.wait(60) == 0
    take = Take.open(rows.parent)
    assert (take.state, take.manifest.ended) == ("complete", ended)
    assert 0 < len(take.frames) < 24 * 30


def test_a_page_that_stays_away_and_a_studio_that_closes_say_so(tmp_path: Path, jpeg: Callable[[int], bytes]) -> None:
    places = Sessions(lambda: Director(EdgeModel()), 2)
    for token in ("left", "open"):
        director = places.enter(token).director
        director.record(tmp_path, Slate(token))
        director.shoot(jpeg(0), 0, 0)
    places.leave(places.enter("left"))
    places.close()
    ends = {path.parts[-5]: Take.open(path.parent).manifest.ended for path in tmp_path.rglob("take.json")}
    assert ends == {"left": "connection lost", "open": "the studio was closed"}


def test_signals_end_once_and_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)]

    def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # the end is not disturbed
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.1)

    with pytest.raises(TerminatedError, match="SIGTERM"), terminable():
        work()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)] == before


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
