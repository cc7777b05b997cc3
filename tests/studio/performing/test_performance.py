"""What a performance does with a model: it prompts when the picture is to change, follows on, and checks the answer."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from engine.types import LiveModel, PromptRegion
from studio.performing.performance import Performance
from studio.timeline.keys import Key, Matte
from studio.timeline.parameters import PARAMETERS, Parameter
from studio.timeline.timeline import Timeline

WIDTH, HEIGHT = 96, 64


class Spy:
    """Writes down what it is asked for, and answers with `answer`, or with the frame."""

    kind = "spy"
    seed = 7

    def __init__(self) -> None:
        self.prompts: list[Any] = []
        self.answer: Any = None
        self.fails = False

    def prompt(self, prompt: Any) -> None:
        self.prompts.append(prompt)

    def step(self, frame: np.ndarray, time_s: float, index: int) -> Any:
        if self.fails:
            raise RuntimeError("out of memory")
        return frame.copy() if self.answer is None else self.answer

    def reset(self) -> None:
        self.prompts.append("reset")


def frame(at: int) -> np.ndarray:
    """A red square on grey, its left edge at a column."""
    rgb = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    rgb[20:40, at : at + 20] = (220, 30, 30)
    rgb[26:34, at + 6 : at + 14] = (250, 220, 60)
    return rgb


def answer(performance: Performance, timeline: Timeline, n: int, at: int = 30) -> np.ndarray:
    rgb = frame(at)
    return performance.answer(timeline.at(n / 24), rgb, take_s=n / 24, stream_s=n / 24, index=n)


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def performance(spy: Spy) -> Performance:
    return Performance(cast(LiveModel, spy))


def test_a_prompt_is_given_once_until_it_changes(performance: Performance, spy: Spy) -> None:
    timeline = Timeline((Key(0, "a"), Key(0.1, "b"), Key(0.2, "b")))
    for n in range(8):
        answer(performance, timeline, n)
    assert spy.prompts == [(("a", 1.0),), (("b", 1.0),)]
    performance.restore(None)
    answer(performance, timeline, 8)
    assert spy.prompts[2:] == ["reset", (("b", 1.0),)], "a model that was set back is prompted again"


def test_another_prompt_keeps_the_tracks(performance: Performance, spy: Spy) -> None:
    box = {"box": {"0.0": [30 / WIDTH, 20 / HEIGHT, 20 / WIDTH, 20 / HEIGHT]}}
    timeline = Timeline((Key(0, "a"),), mattes=(Matte("stick", "a sword", box),))
    performance.change(timeline.mattes)
    for n in range(6):
        answer(performance, timeline, n, 30 + 2 * n)
    later = Timeline((Key(0, "c"),), mattes=(Matte("stick", "a torch", box),))
    performance.change(later.mattes)
    answer(performance, later, 6, 42)
    rest, stick = spy.prompts[-1]
    assert (rest.prompt, stick.prompt) == ((("c", 1.0),), (("a torch", 1.0),))
    assert isinstance(stick, PromptRegion)
    columns = np.flatnonzero(stick.mask.max(0) > 0.5)
    assert abs(int(columns[0]) - 42) <= 2, "it was followed to where it is now"


def test_a_frame_that_fails_was_not_seen(performance: Performance, spy: Spy) -> None:
    box = {"box": {"0.0": [30 / WIDTH, 20 / HEIGHT, 20 / WIDTH, 20 / HEIGHT]}}
    timeline = Timeline((Key(0, "a"),), mattes=(Matte("stick", "a sword", box),))
    alike = Performance(cast(LiveModel, Spy()), timeline.mattes)
    performance.change(timeline.mattes)
    for n in range(6):
        if n == 3:
            spy.fails = True
            with pytest.raises(RuntimeError, match="out of memory"):
                answer(performance, timeline, n, 60)
            spy.fails = False
            continue
        answer(performance, timeline, n, 30 + n)
        answer(alike, timeline, n, 30 + n)
    masks = [cast(Any, one.model).prompts[-1][1].mask for one in (performance, alike)]
    np.testing.assert_array_equal(*masks)


@pytest.mark.parametrize(
    "wrong", [np.zeros((HEIGHT, WIDTH // 2, 3), np.uint8), np.zeros((HEIGHT, WIDTH, 3), np.float32), b"picture"]
)
def test_a_model_that_breaks_its_law_is_told_so(performance: Performance, spy: Spy, wrong: Any) -> None:
    spy.answer = wrong
    with pytest.raises(ValueError, match="the model 'spy' answered a frame of uint8"):
        answer(performance, Timeline.of("a"), 0)


@pytest.mark.parametrize("wrong", [np.zeros((HEIGHT, WIDTH, 3)), np.zeros((HEIGHT, 8, 3), np.uint8), None])
def test_a_parameter_that_gives_another_picture_is_named(performance, monkeypatch, wrong: Any):
    shade = Parameter("shade", 0, 1, 0, "how dark it is", on_picture=lambda *answered: wrong)
    monkeypatch.setitem(PARAMETERS, "shade", shade)
    with pytest.raises(ValueError, match=r"a parameter \(.*shade\) answered a frame of uint8"):
        answer(performance, Timeline.of("underwater").set(0, shade=0.5), 0)


def test_a_parameter_acts_on_the_prompt_before_the_step_and_on_the_picture_after_it(performance, spy, monkeypatch):
    def shaded(rgb: np.ndarray, value: float, time_s: float, index: int, seed: int) -> np.ndarray:
        assert (time_s, index, seed) == (2.0, 48, spy.seed)
        return np.asarray(rgb * (1 - value), np.uint8)

    monkeypatch.setitem(PARAMETERS, "shade", Parameter("shade", 0, 1, 0, "how dark it is", on_picture=shaded))
    line = Timeline.of("underwater").set(0, strength=0.25, shade=0.5)
    assert np.array_equal(answer(performance, line, 48), frame(30) // 2)
    assert spy.prompts == [(("as it is", 0.75), ("underwater", 0.25))]


@pytest.mark.parametrize(("made", "under"), [("apart", None), ("painted", (("underwater", 1.0),))])
def test_a_painted_part_lies_over_the_look_of_the_rest(spy, made, under):
    cup = Matte("cup", "a crate", {"colour": "red", "tolerance": 0.2}, made=made)
    timeline = Timeline((Key(0, "underwater"),), mattes=(cup,))
    answer(Performance(cast(LiveModel, spy), timeline.mattes), timeline, 0)
    (regions,) = spy.prompts
    assert [region.under for region in regions] == [None, under]


def test_a_drawn_part_stands_in_the_picture_that_the_model_sees_and_replays_from_its_middle(spy):
    cup = Matte("cup", "a lightsaber", {"colour": "red", "tolerance": 0.2, "finder": 2}, made="drawn")
    timeline = Timeline((Key(0, "underwater"),), mattes=(cup,))
    performance = Performance(cast(LiveModel, spy), timeline.mattes)
    whole = [answer(performance, timeline, n, 20 + 4 * n) for n in range(6)]
    look, seen = spy.prompts[0]
    assert look.prompt == (("underwater", 1.0),)
    assert dict(seen.prompt) == pytest.approx({"underwater": 0.35, "as it is": 0.65})  # it is seen through the look
    assert seen.mask.max() > 0.9 > 0.1 > seen.mask[-1, -1]
    assert np.abs(whole[0].astype(int) - frame(20)).max() > 60
    again = Performance(cast(LiveModel, spy), timeline.mattes)
    assert again.follows
    for n in range(4):
        again.pass_by(timeline.at(n / 24), frame(20 + 4 * n), n / 24)
    assert all(np.array_equal(answer(again, timeline, n, 20 + 4 * n), whole[n]) for n in (4, 5))
    spy.fails = True
    with pytest.raises(RuntimeError):
        answer(performance, timeline, 6, 60)
    spy.fails = False
    assert np.array_equal(answer(performance, timeline, 6, 44), answer(again, timeline, 6, 44))


def test_what_has_no_drawing_is_painted(spy):
    cup = Matte("cup", "a banana", {"colour": "red", "tolerance": 0.2, "finder": 2}, made="drawn")
    timeline = Timeline((Key(0, "underwater"),), mattes=(cup,))
    assert np.array_equal(answer(Performance(cast(LiveModel, spy), timeline.mattes), timeline, 0), frame(30))
    assert [region.under for region in spy.prompts[0]] == [None, (("underwater", 1.0),)]
