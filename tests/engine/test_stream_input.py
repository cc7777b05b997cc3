"""What a stream takes: BGR, times or a rate, arrays that nobody may write to; errors in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.batch import StreamBatch
from engine.config import lsd_test
from engine.stream import Stream
from engine.types import PromptRegion
from tests.engine.streams import run, same
from tests.pictures import disc

PICTURES = [disc(i, 96, 64) for i in range(4)]


def test_bgr_in_and_out_is_rgb_with_red_and_blue_exchanged() -> None:
    rgb, bgr = (Stream.from_config(lsd_test(), seed=3, channels=order) for order in ("rgb", "bgr"))
    answers = run(bgr, [np.ascontiguousarray(picture[..., ::-1]) for picture in PICTURES])
    assert same(run(rgb, PICTURES), [answer[..., ::-1] for answer in answers])
    assert all(answer.flags.c_contiguous and answer.flags.writeable for answer in answers)


@pytest.mark.parametrize("together", [True, False])
def test_bgr_in_a_batch(together: bool) -> None:
    alone = run(Stream.from_config(lsd_test(), seed=3, channels="bgr"), PICTURES)
    batch = StreamBatch(together)
    batch.join("a", Stream.from_config(lsd_test(), seed=3, channels="bgr"))
    for picture, wanted in zip(PICTURES, alone, strict=True):
        answer = batch.step({"a": picture})["a"]
        assert np.abs(answer.astype(int) - wanted).mean() < 1  # a batch may round differently


def test_without_times_a_stream_counts_frames_at_its_rate() -> None:
    for fps in (24.0, 12.0):
        timed, counted = Stream.from_config(lsd_test(), fps=fps), Stream.from_config(lsd_test(), fps=fps)
        wanted = [timed.step(picture, index / fps) for index, picture in enumerate(PICTURES)]
        assert same(run(counted, PICTURES), wanted)
    by_default = run(Stream.from_config(lsd_test()), PICTURES)
    assert same(by_default, run(Stream.from_config(lsd_test(), fps=24), PICTURES))
    assert not same(by_default, run(Stream.from_config(lsd_test(), fps=12), PICTURES))


@pytest.mark.parametrize("backend", ["plain", "auto"])
def test_arrays_that_nobody_may_write_to(backend: str) -> None:
    """Warnings are errors here; a picture of Pillow's, as `np.asarray` gives it, is read-only."""
    locked = PICTURES[0].copy()
    locked.flags.writeable = False
    mask = np.ones((64, 96), np.float32)
    mask.flags.writeable = False
    stream, plain = (Stream.from_config(lsd_test(), backend=backend) for _ in range(2))
    for each, picture in ((stream, locked), (plain, PICTURES[0])):
        each.prompt([PromptRegion("as it is", mask), PromptRegion("underwater", mask)])
        each.prompt("as it is")
        each.step(picture)
    assert np.array_equal(stream.step(locked), plain.step(PICTURES[0]))
    assert np.array_equal(locked, PICTURES[0])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"fps": 0}, "fps=30"),
        ({"fps": float("nan")}, "fps=30"),
        ({"fps": "24"}, "fps=30"),
        ({"channels": "BGR"}, "channels='bgr'"),
        ({"device": "gpu"}, "one of auto"),
    ],
)
def test_options_that_are_not_legal_say_what_is(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Stream.from_config(lsd_test(), **options)


@pytest.mark.parametrize(
    ("frame", "remedy"),
    [
        (np.zeros((64, 96), np.uint8), "np.stack"),
        (np.zeros((64, 96, 4), np.uint8), r"frame\[\.\.\., :3\]"),
        (np.zeros((3, 64, 96), np.uint8), r"transpose\(1, 2, 0\)"),
        (np.zeros((2, 64, 96, 3), np.uint8), r"stream\.step\(frames\[0\]\)"),
        (np.zeros((64, 96, 3), np.float32), r"\* 255"),
        (np.zeros((64, 96, 3), np.int64), r"astype\(np\.uint8\)"),
        ("clip.mp4", r"np\.array"),
        (np.zeros((64, 63, 3), np.uint8), "fit"),
    ],
)
def test_what_is_no_frame_is_answered_with_how_to_make_one(frame: Any, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        Stream.from_config(lsd_test()).step(frame)


def test_errors_of_a_stream_speak_python(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="no weights at") as missing:
        Stream.load(tmp_path / "mine.safetensors")
    stream = Stream.from_config(lsd_test())
    stream.step(PICTURES[0])
    with pytest.raises(ValueError, match=r"stream\.reset\(\)") as resized:
        stream.step(np.zeros((96, 64, 3), np.uint8))
    assert not [error for error in (missing, resized) if "--" in str(error.value)]
