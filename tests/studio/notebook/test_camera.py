"""A camera in a notebook is the live loop: what it shows is recorded, and what goes wrong comes with its remedy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.stream import Stream
from studio.notebook import LiveCamera
from studio.takes.documents import TakeError, file_sha256
from studio.takes.frames import pictures
from studio.takes.sound import SAMPLE_RATE, soundtrack
from studio.takes.take import Take
from studio.timeline.parameters import defaults
from tests.studio.takes.test_sound import clip


@pytest.fixture
def camera(stream: Stream, tmp_path: Path) -> Iterator[LiveCamera]:
    camera = LiveCamera("Test film", "2", "b", sessions=tmp_path / "sessions", stream=stream)
    yield camera
    camera.close()


def until(what: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class View:
    """A page's side of the widget: sends what camera.js sends, over the widget's own way in."""

    def __init__(self, camera: LiveCamera, jpeg: Callable[..., bytes], name: str = "page") -> None:
        self.camera, self.jpeg, self.name, self.number = camera, jpeg, name, 0

    def say(self, type: str, buffers: tuple[bytes, ...] = (), **fields: Any) -> None:
        self.camera._handle_custom_msg({"type": type, "view": self.name, **fields}, buffers)

    def shoot(self, frames: int) -> None:
        """Each frame waits for the answer to the one before."""
        for _ in range(frames):
            self.number += 1
            shown = self.camera.director.status().shown
            frame = self.jpeg(self.number)
            self.say("frame", (frame,), number=self.number, time_ms=self.number * 1000 / 24, quality=0.8)
            deadline = time.monotonic() + 30
            while self.camera.director.status().shown == shown:
                assert time.monotonic() < deadline
                time.sleep(0.005)


def test_its_picture_has_the_size_that_was_asked_for(camera: LiveCamera, stream: Stream, tmp_path: Path) -> None:
    assert camera._state["side"] == camera.side == stream.sizes.live_side
    wide = LiveCamera(sessions=tmp_path / "sessions", stream=stream, side=640)
    assert wide._state["side"] == 640
    wide.close()
    with pytest.raises(ValueError, match="a picture 5000 px across; side is 64 to 1920"):
        LiveCamera(sessions=tmp_path / "sessions", stream=stream, side=5000)


@pytest.mark.long
def test_a_clip_in_the_cameras_place_is_shot_prompted_and_recorded(camera: LiveCamera, small_clip: Path) -> None:
    camera.play(small_clip)
    camera.prompt("underwater")
    until(lambda: camera.director.status().prompt == "underwater")  # its words were embedded
    camera.record()
    until(lambda: camera.director.status().take_s > 0.4)
    camera.prompt("a pencil sketch", fade=0.5)
    until(lambda: camera.director.status().take_s > 1.4)  # longer than the clip: it plays again
    take = camera.cut()
    assert take.name == "Test-film S02 B T001"
    assert [key.prompt for key in take.timeline.keys] == ["underwater", "a pencil sketch"]
    assert take.timeline.keys[1].fade_s == 0.5
    assert take.state == "complete"
    assert camera.take is take
    assert (take.folder / "proxy" / "live.mp4").is_file()
    camera.stop()
    assert not camera.running


@pytest.mark.long
def test_a_clips_own_sound_is_in_the_take_in_sync_each_time_it_plays(camera: LiveCamera, tmp_path: Path) -> None:
    """A clip of 0.8 s with a tone from 0.4 s on: in the take it is heard where the clip's second half is seen."""
    camera.play(clip(tmp_path / "spoken.mp4", tone_s=0.4, length_s=0.8))
    until(lambda: camera.director.status().shown > 8)
    camera.record()
    until(lambda: camera.director.status().take_s > 1.8)
    take = camera.cut()
    camera.stop()
    ((start_s, path),) = take.sounds
    assert start_s == 0
    samples = np.concatenate(list(soundtrack([(0.0, path)], "mono", take.duration_s)), axis=1)[0]
    checked = 0
    for row, picture in zip(take.frames, pictures(take, "raw"), strict=False):
        n = round(float(picture.rgb.mean()) / 9)  # the clip's frame, as its grey tells
        at = round((row.time_s + 0.02) * SAMPLE_RATE)
        if min(abs(n - 9.6), n, 19 - n) > 2 and at + 480 < len(samples):
            assert (np.abs(samples[at : at + 480]).max() > 0.1) == (n > 9.6)
            checked += 1
    assert checked > 8


def test_what_a_page_sends_is_shot_and_recorded(camera: LiveCamera, jpeg: Callable[..., bytes]) -> None:
    view = View(camera, jpeg)
    view.say("start", fps=24.0)
    view.say("prompt", text="underwater", fade_s=0)
    view.shoot(2)
    view.say("record")
    view.say("param", name="strength", value=0.5)
    view.shoot(10)
    assert camera._state["recording"]
    shown = {each["name"]: each["value"] for each in camera._state["parameters"]}
    assert shown == {**defaults(), "strength": 0.5}
    view.say("cut")
    until(lambda: camera._take)
    assert len(camera.take.made) == 10
    assert camera.take.timeline.keys[0].prompt == "underwater"
    assert camera.take.frames[9].time_s == pytest.approx(9 / 24, abs=1e-5), "the page's clock is the take's"
    until(lambda: "10 frames" in camera._state["kept"])


def test_the_newest_view_holds_the_camera(camera: LiveCamera, jpeg: Callable[..., bytes]) -> None:
    old, new = View(camera, jpeg, "old"), View(camera, jpeg, "new")
    old.say("start", fps=24.0)
    old.shoot(1)
    new.say("start", fps=30.0)
    assert camera._state["view"] == "new"
    old.say("frame", (jpeg(1),), number=2, time_ms=50.0, quality=0.8)
    old.say("stop")
    assert camera.running
    new.shoot(1)
    assert camera.director.status().shown == 2
    new.say("stop")
    assert not camera.running


def test_a_kernel_that_ends_cuts_the_take(camera: LiveCamera, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    view = View(camera, jpeg)
    view.say("start", fps=24.0)
    view.say("record")
    view.shoot(3)
    camera.close()
    take = Take.open(tmp_path / "sessions" / "Test-film" / "S02" / "B" / "T001")
    assert (take.state, len(take.made)) == ("complete", 3)


def test_each_mistake_names_its_remedy(
    camera: LiveCamera, stream: Stream, jpeg: Callable[..., bytes], tmp_path: Path
) -> None:
    with pytest.raises(TakeError, match=r"no camera is running; .* press Start, or let a clip stand in: camera.play"):
        camera.record()
    with pytest.raises(TakeError, match=r"nothing is being recorded; camera.record\(\) begins a take"):
        camera.cut()
    with pytest.raises(TakeError, match="nothing was recorded yet; press Record"):
        _ = camera.take
    with pytest.raises(ValueError, match="the prompt is empty"):
        camera.prompt("  ")
    with pytest.raises(ValueError, match="missing"):
        camera.play(tmp_path / "missing.mp4")
    with pytest.raises(TakeError, match="cannot name a folder"):
        LiveCamera("../film", stream=stream)
    view = View(camera, jpeg)
    view.say("trouble", text="The browser was told to keep the camera from this page.")
    with pytest.raises(TakeError, match="told to keep the camera from this page"):
        camera.record()
    view.say("start", fps=24.0)
    camera.record()
    with pytest.raises(TakeError, match="no frame came between Record and Cut"):
        camera.cut()


def test_a_place_stands_behind_the_cast(camera: LiveCamera, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    photo = tmp_path / "beach.png"
    Image.new("RGB", (60, 40), "teal").save(photo)
    view = View(camera, jpeg)
    view.say("start", fps=24)
    camera.behind(photo)
    view.shoot(2)
    camera.record()
    view.shoot(3)
    camera.behind("gallery:castle", fade=0.1)
    view.shoot(4)
    take = camera.cut()
    first, second = (key.set for key in take.timeline.sets)
    # on a busy machine the photo may come with the take's first frame, and its clock then stands at 0
    assert isinstance(first, dict)
    assert {**first, "into_s": 0} == {"file": f"{file_sha256(photo)}.png", "into_s": 0}
    assert second == {"gallery": "castle"}
    assert (take.folder / "sets" / f"{file_sha256(photo)}.png").is_file()
    with pytest.raises(ValueError, match=r"gone\.png does not exist"):
        camera.behind(tmp_path / "gone.png")
    camera.behind(None)
