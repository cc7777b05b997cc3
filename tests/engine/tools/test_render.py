"""A file's frames under a schedule: cuts at their frame, fades as the studio's timelines have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from engine.media.schedule import read
from engine.media.video import VideoSource
from engine.prompts import AS_IT_IS, Blend, Key, PromptError, blend
from engine.tools.render import play
from engine.types import Frame, Prompt, PromptRegion
from studio.timeline import keys as timelines
from studio.timeline.timeline import Timeline
from tests.edge_model import EdgeModel

FPS = 24


class Noting(EdgeModel):
    """Notes what holds at each frame."""

    def prompt(self, prompt: Prompt | Sequence[PromptRegion]) -> None:
        super().prompt(prompt)
        self.now: Blend = blend(prompt)  # type: ignore[arg-type]

    def step(self, frame: np.ndarray, time_s: float | None = None, index: int | None = None) -> np.ndarray:
        self.noted = [*getattr(self, "noted", []), self.now]
        return super().step(frame, time_s, index)


class Source:
    """Two seconds of grey."""

    width, height, fps = 64, 64, float(FPS)

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(np.full((64, 64, 3), 99, np.uint8), index, index / FPS) for index in range(2 * FPS))


def played(*keys: Key) -> list[Blend]:
    model = Noting()
    assert [frame.index for frame in play(Source(), model, keys)] == [*range(2 * FPS)]
    return model.noted


def test_a_schedule_is_what_the_studios_timeline_makes_of_it() -> None:
    keys = Key(0, "underwater"), Key(0.5, "pencil", fade_s=0.75), Key(1, [("wild west", 3), ("pencil", 1)], fade_s=0.3)
    timeline = Timeline(tuple(timelines.Key(key.time_s, key.prompt, key.fade_s) for key in keys))
    assert played(*keys) == [timeline.at(round(index / FPS, 6)).prompt for index in range(2 * FPS)]


def test_a_cut_is_at_the_first_frame_at_or_after_its_time() -> None:
    for time_s in (13 / FPS - 0.01, 13 / FPS - 1e-7, 13 / FPS + 1e-7):
        noted = played(Key(0, "underwater"), Key(time_s, "pencil"))
        assert [now[0][0] for now in noted] == ["underwater"] * 13 + ["pencil"] * (2 * FPS - 13)


def test_before_a_late_first_key_the_model_keeps_its_prompt_and_a_fade_begins_there() -> None:
    noted = played(Key(1, "pencil", fade_s=0.5))
    assert noted[: FPS + 1] == [((AS_IT_IS, 1.0),)] * (FPS + 1)
    assert dict(noted[FPS + 6])["pencil"] == pytest.approx(0.5)
    assert noted[FPS + 12 :] == [(("pencil", 1.0),)] * (FPS - 12)


def test_a_text_that_cannot_be_used_costs_no_frame() -> None:
    class Refusing(Noting):
        def prepare(self, text: str) -> None:
            raise PromptError(text)

    model = Refusing()
    with pytest.raises(PromptError, match="pencil"):
        next(play(Source(), model, [Key(0, "pencil")]))
    assert not hasattr(model, "noted")


def test_keys_in_frames_hold_from_their_frame_on_in_a_file_that_counts_milliseconds(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "thirty.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(12):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))
    source = VideoSource(tmp_path / "thirty.mkv")
    schedule = read('{"0": "a", "1f": "b", "4f": "c", "7f": "d", "9f": "e"}', source.fps)
    model = Noting()
    list(play(source, model, schedule.keys))
    texts = [now[0][0] for now in model.noted]
    assert [n for n in range(1, 12) if texts[n] != texts[n - 1]] == [1, 4, 7, 9]
