"""What outlives a kill and a full disk: real processes, really killed and really out of room."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from engine.media.video import VideoSource, VideoWriter
from engine.types import Frame
from studio.__main__ import main
from studio.delivery import proxies
from studio.model import load_model
from studio.rendering.render import render
from studio.rendering.verify import check_take
from studio.takes.listing import list_takes
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.take import Take
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline

ROOT = Path(__file__).parents[3]

SHOOT = """
import sys
from pathlib import Path
from studio.live.connection import Connection
from studio.live.director import Director
from studio.model import load_model
from studio.live.filecamera import FileCamera, roll
from studio.takes.slate import Slate
from studio.timeline.keys import Key
from studio.timeline.timeline import Timeline

clip, weights, sessions = map(Path, sys.argv[1:])
camera = FileCamera(clip, (96, 64))
director = Director(load_model(weights=weights, device="cpu"), weights=str(weights))
director.warm(camera.width, camera.height)
director.record(sessions, Slate("Killed"), timeline=Timeline((Key(0, "underwater"), Key(1, "wild west", 0.5))))
roll(camera, Connection(director), lambda shot: print(shot.ticks, flush=True))
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a moving pattern whose JPEGs are not small."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    pattern = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    with VideoWriter(path, 96, 64, 24.0) as writer:
        for index in range(96):
            writer.write(Frame(np.roll(pattern, 2 * index, 1), index, index / 24))
    return path


@pytest.fixture
def little_room() -> Iterator[int]:
    """Files of this process can grow to so many bytes and no further; the system refuses the rest."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = 200_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    yield room
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.long
def test_a_take_that_is_killed_loses_a_second_at_most(clip: Path, weights: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SHOOT, str(clip), str(weights), str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as shooting:
        assert shooting.stdout
        shown = [int(line) for line in takewhile(lambda line: int(line) < 2 * TICKS_PER_SECOND, shooting.stdout)]
        recording = next(list_takes(tmp_path)).take
        os.kill(shooting.pid, signal.SIGKILL)
        shown += [int(line) for line in shooting.stdout]
    assert recording
    assert recording.state == "recording", "as long as the process lived"

    take = Take.open(recording.folder)
    assert take.state == "recovered"
    lost_s = (shown[-1] - take.made[-1].ticks) / TICKS_PER_SECOND
    assert lost_s <= 1, f"{lost_s:.2f} s were shown and are not in the take"
    assert [key.prompt for key in take.timeline.keys] == ["underwater", "wild west"]

    stream = load_model(take.manifest.engine, weights=weights)
    report = check_take(take.folder, stream)
    assert report.sound, report.faults
    assert report.pictures == f"{len(take.made)} of {len(take.made)} are the same, byte for byte"
    version = render(take, Timeline((Key(0, "underwater"), Key(1.5, "as it is"))), stream)
    assert version.info["first_row"] > 0
    assert VideoSource(version.video).expected_frames
    assert proxies.make(take.folder).state == "recovered", "its proxies can be made, and it stays what it is"
    assert check_take(take.folder, stream).sound


@pytest.mark.long
def test_a_full_disk_ends_the_recording_and_keeps_what_was_written(
    clip: Path, weights: Path, tmp_path: Path, little_room: int, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["record", "--source", clip, "--production", "Full", "--prompt", "underwater", "--size", "96x64"]
    arguments += ["--weights", weights, "--sessions", tmp_path]
    with pytest.raises(SystemExit, match="1"):
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    remedy = "that disk takes no file so large; make room, or choose a folder on another"
    why = f"the recording ended by itself: the disk failed: File too large; {remedy}"
    assert err.splitlines()[-1] == f"lsd-studio: {why}"

    folder = Path(out.splitlines()[-1])
    take = Take.open(folder)
    assert take.state == "recovered"
    assert "File too large" in take.manifest.ended
    assert max(path.stat().st_size for path in folder.iterdir()) <= little_room
    assert 24 <= len(take.made) < 96
    report = check_take(folder, load_model(take.manifest.engine, weights=weights))
    assert report.sound, report.faults
    assert why in report.notices
