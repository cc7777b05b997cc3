"""The live loop: the newest prompt wins, late frames are dropped and counted, takes hold what was shown."""

from __future__ import annotations

import gc
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.media.pictures import decode_jpeg
from engine.prompts import PromptError
from engine.stream import Stream
from studio.live.connection import Connection
from studio.live.director import Director
from studio.live.frames import LiveFrame
from studio.rendering.verify import check_take
from studio.takes.documents import TakeError, crc
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.mjpeg import packets
from studio.takes.recorder import WEBM_MAGIC
from studio.takes.slate import Slate
from studio.takes.take import Take
from studio.timeline.keys import Key, Matte
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel

Jpeg = Callable[..., bytes]
SLATE = Slate("film")


@pytest.fixture
def model() -> EdgeModel:
    return EdgeModel()


@pytest.fixture
def director(model: EdgeModel) -> Iterator[Director]:
    """The director needs no network: it knows a model by its protocol alone."""
    director = Director(model)
    yield director
    director.close()


def shoot(director: Director, jpeg: Jpeg, first: int, last: int) -> list[LiveFrame]:
    return [director.shoot(jpeg(i), i, i * 41_667) for i in range(first, last)]


def cut(director: Director) -> Take:
    folder = director.cut()
    assert folder
    return Take.open(folder)


def test_a_shot_is_a_picture_of_the_same_size_with_its_age(director: Director, jpeg: Jpeg) -> None:
    (frame,) = shoot(director, jpeg, 0, 1)
    assert frame.error is None
    assert decode_jpeg(frame.packet).shape == (64, 96, 3)
    assert frame.prompt == (("as it is", 1.0),)
    assert frame.age_ms >= frame.step_ms > 0
    assert director.status().shown == 1


@pytest.mark.long
@pytest.mark.usefixtures("thawed")
def test_warmed_up_a_full_collection_has_little_to_look_at(director: Director) -> None:
    """Or frames would stand still for it, as long as all that is imported takes to look at."""
    before = len(gc.get_objects())
    director.warm(96, 64)
    assert len(gc.get_objects()) < before / 10
    assert gc.isenabled(), "garbage of the frames is still found"


def test_a_prompt_holds_from_the_very_next_frame(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    shoot(director, jpeg, 0, 3)
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 3, 5)
    director.say("wild west", wait=True)
    (frame,) = shoot(director, jpeg, 5, 6)
    assert frame.prompt == (("wild west", 1.0),)
    take = cut(director)
    event = next(e for e in take.events if e["kind"] == "prompt" and e["key"]["prompt"] == "wild west")
    assert (event["row"], event["index"], event["ticks"]) == (2, 5, 2 * 41_667)
    assert event["key"]["time_s"] == take.frames[2].time_s
    assert event["requested_ticks"] >= take.frames[1].ticks


def test_the_newest_prompt_wins(director: Director, jpeg: Jpeg) -> None:
    for text in ("underwater", "golden rome", "neon rain"):
        director.say(text)
    director.say("wild west", wait=True)
    (frame,) = shoot(director, jpeg, 0, 1)
    assert frame.prompt == (("wild west", 1.0),)
    assert shoot(director, jpeg, 1, 2)[0].prompt == frame.prompt


@pytest.mark.parametrize(("prompt", "fade_s"), [("", 0), ("x" * 1001, 0), ("underwater", -1), ([("a", 0)], 0)])
def test_a_prompt_that_cannot_be_used_is_refused_and_the_old_one_holds(
    director: Director, jpeg: Jpeg, prompt: str, fade_s: float
) -> None:
    director.say("underwater", wait=True)
    with pytest.raises(PromptError):
        director.say(prompt, fade_s)
    assert shoot(director, jpeg, 0, 1)[0].prompt == (("underwater", 1.0),)


def test_a_fade_goes_on_when_a_take_begins(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    shoot(director, jpeg, 0, 2)
    director.say("wild west", 1.0, wait=True)
    shoot(director, jpeg, 2, 14)
    director.record(tmp_path, SLATE)
    live = [dict(frame.prompt) for frame in shoot(director, jpeg, 14, 40)]
    take = cut(director)
    assert 0 < live[0]["as it is"] < 1
    assert live[-1] == {"wild west": 1.0}
    assert [dict(take.timeline.at(row.time_s).prompt) for row in take.frames] == live


def test_a_script_is_played_on_the_takes_clock(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    shoot(director, jpeg, 0, 30)
    script = Timeline((Key(0.2, "underwater"), Key(0.5, "wild west", 0.25))).mark(0.6, "splash").mark(9, "never")
    director.record(tmp_path, SLATE, timeline=script)
    live = [frame.prompt for frame in shoot(director, jpeg, 30, 60)]
    take = cut(director)
    assert live[0] == (("underwater", 1.0),)
    assert [take.timeline.at(row.time_s).prompt for row in take.frames] == live
    assert [(key.time_s, key.fade_s) for key in take.timeline.keys] == [(0, 0), (0.5, 0.25)]
    assert [(mark.time_s, mark.name) for mark in take.timeline.markers] == [(0.6, "splash")]
    event = [e for e in take.events if e["kind"] == "prompt"][1]
    assert event["ticks"] == next(row.ticks for row in take.frames if row.time_s >= 0.5)


def test_a_key_after_the_cut_is_not_in_the_take(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    director.record(tmp_path, SLATE, timeline=Timeline((Key(0, "underwater"), Key(5, "wild west"))))
    shoot(director, jpeg, 0, 10)
    assert cut(director).timeline.texts() == ("underwater",)


def test_a_broken_frame_is_answered_with_itself_and_recorded(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 2)
    frame = director.shoot(b"no picture", 2, 83_334)
    assert frame.packet == b"no picture"
    assert "JPEG" in (frame.error or "")
    shoot(director, jpeg, 3, 4)
    take = cut(director)
    assert [row.step for row in take.frames] == [0, 1, None, 2]
    assert take.frames[2].error == frame.error
    assert director.status().failed == 1
    assert list(packets(take.folder / "live.mkv"))[2] == b"no picture"


def test_a_step_that_fails_is_answered_with_the_input(
    director: Director, model: EdgeModel, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    shoot(director, jpeg, 0, 2)

    def broken(*arguments: object) -> np.ndarray:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(model, "step", broken)
        (frame,) = shoot(director, jpeg, 2, 3)
    assert (frame.packet, frame.error) == (jpeg(2), "RuntimeError: out of memory")
    assert shoot(director, jpeg, 3, 4)[0].error is None


def test_a_frame_that_fails_says_nothing_of_the_cast(
    director: Director, model: EdgeModel, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> np.ndarray:
        raise RuntimeError("out of memory")

    director.change_set({"colour": "#204060", "cast": {"matter": "clean-plate"}}, wait=True)
    shoot(director, jpeg, 0, 2)
    assert "clean plate" in director.status().cast
    with monkeypatch.context() as patch:
        patch.setattr(model, "step", broken)
        shoot(director, jpeg, 2, 3)
    assert director.status().cast == ""
    shoot(director, jpeg, 3, 4)
    assert "clean plate" in director.status().cast
    director.shoot(b"no picture", 4, 4 * 41_667)
    assert director.status().cast == ""


def test_the_camera_may_change_its_size_between_takes_only(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    shoot(director, jpeg, 0, 2)
    assert decode_jpeg(director.shoot(jpeg(2, (80, 64)), 2, 83_334).packet).shape == (64, 80, 3)
    director.record(tmp_path, SLATE)
    director.shoot(jpeg(3, (80, 64)), 3, 125_001)
    assert "from 80x64 to 96x64" in (shoot(director, jpeg, 4, 5)[0].error or "")
    director.shoot(jpeg(5, (80, 64)), 5, 208_335)
    take = cut(director)
    assert [row.step for row in take.frames] == [0, None, 1]
    assert take.manifest.picture
    assert (take.manifest.picture.width, take.manifest.picture.height) == (80, 64)


@pytest.mark.parametrize("quality", [0, 100])
def test_a_quality_out_of_range_is_the_nearest_that_there_is(director: Director, jpeg: Jpeg, quality: int) -> None:
    assert director.shoot(jpeg(0), 0, 0, quality=quality).error is None


def test_the_quality_belongs_to_its_frame(director: Director, jpeg: Jpeg) -> None:
    sizes = [len(director.shoot(jpeg(0), i, i * 41_667, quality=quality).packet) for i, quality in enumerate((95, 20))]
    assert sizes[1] < sizes[0] / 2


def test_times_always_advance(director: Director, jpeg: Jpeg) -> None:
    given = [(5, 1000), (5, 1000), (3, 500), (9, 1001)]
    frames = [director.shoot(jpeg(0), index, ticks) for index, ticks in given]
    assert [(frame.index, frame.ticks) for frame in frames] == [(5, 1000), (6, 1001), (7, 1002), (9, 1003)]


def test_only_one_take_at_a_time(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    assert director.cut() is None
    folder = director.record(tmp_path, SLATE)
    with pytest.raises(TakeError, match="cut it first"):
        director.record(tmp_path, SLATE)
    assert director.recording == folder
    assert director.cut() is None, "no frame came"
    assert not director.recording
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 1)
    assert cut(director).folder.name == "T001"


def test_a_marker_and_a_note_stand_at_their_moment(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    director.mark("before the take")
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 10)
    director.mark("splash")
    director.note("connection", state="lost")
    take = cut(director)
    (marker,) = take.timeline.markers
    assert marker.name == "splash"
    assert marker.time_s >= take.frames[-1].time_s
    assert [event["state"] for event in take.events if event["kind"] == "connection"] == ["lost"]


def test_late_frames_are_dropped_recorded_and_counted(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    """The camera gives twelve frames while one is made: the newest is answered, the others are kept as they came."""
    frames: list[LiveFrame] = []
    connection = Connection(director)
    busy, go_on = threading.Event(), threading.Event()

    def show(frame: LiveFrame) -> None:
        frames.append(frame)
        busy.set()
        assert go_on.wait(10)

    director.record(tmp_path, SLATE)
    worker = threading.Thread(target=connection.run, args=(show,))
    worker.start()
    connection.offer(jpeg(100), 100, 7_000_000)
    assert busy.wait(10)
    for i in range(101, 113):
        connection.offer(jpeg(i), i, 7_000_000 + (i - 100) * 41_667)
    go_on.set()
    connection.finish()
    worker.join()
    take = cut(director)
    assert [frame.index for frame in frames] == [0, 12]
    assert [row.step for row in take.frames] == [0, *[None] * 11, 1]
    assert [row.ticks for row in take.frames] == [i * 41_667 for i in range(13)]
    assert take.dropped == director.status().dropped == 11
    assert list(packets(take.folder / "raw.mkv")) == [jpeg(i) for i in range(100, 113)]
    assert list(packets(take.folder / "live.mkv")) == [frame.packet for frame in frames]
    assert [row.live_crc for row in take.made] == [crc(frame.packet) for frame in frames]


def test_a_new_connection_goes_on_where_the_old_one_was(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    def run(first: int, start_ticks: int) -> list[LiveFrame]:
        frames: list[LiveFrame] = []
        connection = Connection(director)
        for i in range(3):
            connection.offer(jpeg(i), first + i, start_ticks + i * 41_667)
            frames += [director.answer(arrival) for arrival in connection._take() or []]
        connection.close()
        return frames

    before = run(50, 9_000_000)
    director.record(tmp_path, SLATE)
    time.sleep(0.05)
    after = run(0, 123)
    assert [frame.index for frame in before + after] == list(range(6))
    assert [frame.number for frame in before + after] == [50, 51, 52, 0, 1, 2]
    assert [frame.camera_ticks for frame in after] == [123 + i * 41_667 for i in range(3)]
    gap = after[0].ticks - before[-1].ticks
    assert 50_000 <= gap < 60 * TICKS_PER_SECOND
    assert after[1].ticks - after[0].ticks == 41_667
    assert len(cut(director).frames) == 3


def test_closing_cuts_the_take(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    folder = director.record(tmp_path, SLATE)
    shoot(director, jpeg, 0, 3)
    director.close()
    take = Take.open(folder)
    assert (take.state, take.manifest.ended, len(take.frames)) == ("complete", "closed", 3)


@pytest.mark.parametrize("kind", ["edge", pytest.param("lsd", marks=pytest.mark.long)])
def test_what_holds_is_recorded_and_replays_to_the_bit(stream: Stream, jpeg: Jpeg, tmp_path: Path, kind: str) -> None:
    """Under a timeline with a parameter's way and regions, a prompt, a fade of the parameter and one that cuts it."""
    model = stream if kind == "lsd" else EdgeModel()
    director = Director(model)
    ball = {"box": {"0.0": [0.1, 0.3, 0.3, 0.4]}}
    sun = Matte("ball", "golden rome", {"colour": "red"})
    mattes = (Matte("disc", "neon rain", {"colour": "white"}), Matte("ball", "a moon", ball), sun)
    timeline = replace(Timeline.of("underwater").set(0, strength=0.25).set(1, "smooth", strength=1.0), mattes=mattes)
    director.record(tmp_path, SLATE, timeline=timeline)
    shoot(director, jpeg, 0, 20)
    director.say("wild west", 0.5, wait=True)
    shoot(director, jpeg, 20, 30)
    director.set("strength", 0.0, 2.0, "smooth")
    shoot(director, jpeg, 30, 40)
    director.set("strength", 0.75)
    director.say("snowfall", wait=True)
    shoot(director, jpeg, 40, 50)
    take = cut(director)
    values = [take.timeline.value("strength", row.time_s) for row in take.frames]
    assert values[:24] == [timeline.value("strength", row.time_s) for row in take.frames[:24]]
    assert values[30] > values[39] > 0
    assert values[40:] == [0.75] * 10
    assert {matte.name for matte in take.timeline.mattes} == {"ball", "ball (2)", "disc"}
    report = check_take(take.folder, model)
    director.close()
    assert report.sound, report.faults
    assert report.pictures == "50 of 50 are the same, byte for byte"


def test_a_prompt_that_cannot_hold_is_said_and_the_picture_goes_on(
    jpeg: Jpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.prompts.MAX_BLENDED", 2)
    director = Director(EdgeModel())
    director.record(tmp_path, SLATE)
    for n in range(4):
        director.say(f"world {n}", 1e9, wait=True)
        shoot(director, jpeg, n, n + 1)
    trouble = director.status().trouble
    take = cut(director)
    director.close()
    assert "shorten the fades" in trouble
    assert [row.error for row in take.frames] == [None] * 4
    assert len(take.timeline.keys) == 2, "it opens"


def test_a_thing_that_is_followed_stays_what_it_became_in_the_next_take(jpeg: Jpeg, tmp_path: Path) -> None:
    """The disc moves; the second take begins where it is by then, and is made again to the bit."""
    director = Director(EdgeModel())
    x, y, side = 0.1, 0.3, 0.35
    mattes = (Matte("ball", "a moon", {"box": {"0.0": [x, y, side, side]}}),)
    director.record(tmp_path, SLATE, timeline=replace(Timeline.of("underwater"), mattes=mattes))
    shoot(director, jpeg, 0, 8)
    first = cut(director)
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 8, 16)
    second = cut(director)
    assert [matte.name for matte in first.timeline.mattes] == [matte.name for matte in second.timeline.mattes]
    (found,) = second.timeline.mattes
    left, top, width, height = found.region["box"]["0.0"]
    assert (width, height) != (0, 0)
    assert (left, top) != (x, y), "where it is now"
    report = check_take(second.folder, EdgeModel())
    director.close()
    assert report.sound, report.faults


def test_a_prompt_keeps_parameters_and_regions(director: Director, jpeg: Jpeg, tmp_path: Path) -> None:
    timeline = replace(
        Timeline.of("underwater").set(0, strength=0.5), mattes=(Matte("disc", "neon rain", {"colour": "white"}),)
    )
    director.record(tmp_path, SLATE, timeline=timeline)
    shoot(director, jpeg, 0, 4)
    cut(director)
    director.say("wild west", wait=True)
    shoot(director, jpeg, 4, 8)
    assert director.value("strength") == 0.5
    director.record(tmp_path, SLATE)
    shoot(director, jpeg, 8, 12)
    take = cut(director)
    assert [matte.name for matte in take.timeline.mattes] == ["disc"]
    assert take.timeline.value("strength", 0) == 0.5


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("no-such", 1.0, "no parameter 'no-such'"),
        ("strength", 1.5, "from 0.0 to 1.0"),
        ("strength", math.nan, "finite"),
    ],
)
def test_a_parameter_that_cannot_be_set_is_refused(director: Director, name: str, value: float, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        director.set(name, value)
    with pytest.raises(ValueError, match="fade"):
        director.set("strength", 0.5, -1.0)


def test_sound_that_comes_before_the_takes_first_frame_is_kept(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    """A microphone begins with the order to record; on a busy machine the first frame comes later."""
    director = Director(EdgeModel())
    director.shoot(jpeg(0), 0, 0)
    director.record(tmp_path, Slate("film"))
    director.sound(WEBM_MAGIC + b"one ", 30_000)
    director.sound(b"two ", 30_000)
    director.shoot(jpeg(1), 1, 41_667)
    director.sound(b"three", 30_000)
    folder = director.cut()
    director.close()
    assert folder
    assert (folder / "mic.webm").read_bytes() == WEBM_MAGIC + b"one two three"
    (event,) = (event for event in Take.open(folder).events if event["kind"] == "sound")
    assert event["ticks"] == 30_000 - 41_667
    assert not director.recording


def test_early_sound_that_is_no_webm_ends_nothing(tmp_path: Path, jpeg: Callable[..., bytes]) -> None:
    director = Director(EdgeModel())
    director.record(tmp_path, Slate("film"))
    for _ in range(200):
        director.sound(b"noise", 0)
    director.shoot(jpeg(0), 0, 0)
    with pytest.raises(ValueError, match="begins with a WebM header"):
        director.sound(b"noise", 0)
    folder = director.cut()
    director.close()
    assert folder
    assert Take.open(folder).state == "complete"
