"""The laws of `engine.types.LiveModel`: a new kind of model gives `assert_laws` a function that makes one."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from engine.types import LiveModel, PromptRegion, Setup
from tests.pictures import disc

WIDTH, HEIGHT = 96, 64


def make(model: LiveModel, first: int, last: int) -> list[bytes]:
    """The answers to frames first to last, each as its bytes."""
    return [model.step(disc(i), i / 24, i).tobytes() for i in range(first, last)]


def assert_laws(new: Callable[[], LiveModel], *, as_it_is: bool = True) -> None:
    """new: makes a fresh model, always the same. as_it_is: whether it was taught to leave the picture alone."""
    for law in (
        says_what_it_is,
        answers_in_the_same_size,
        is_deterministic,
        draws_other_noise_for_another_seed,
        has_a_memory_that_snapshots_hold,
        changes_nothing_when_it_raises,
        obeys_at_the_next_frame,
        keeps_the_prompt_when_one_is_refused,
        forgets_frames_and_keeps_the_prompt,
        learns_words_beside_its_frames,
    ):
        law(new)
    if as_it_is:
        leaves_the_picture_as_it_is(new)


def says_what_it_is(new: Callable[[], LiveModel]) -> None:
    model = new()
    setup: Setup = model.setup
    assert model.kind
    assert model.steps >= 1
    assert model.delay >= 0
    assert {"device", "threads", "weights_hash"} <= setup.to_dict().keys()
    assert model.vocabulary.any_words or model.vocabulary.worlds
    assert model.sizes.smallest <= (WIDTH, HEIGHT) <= model.sizes.largest
    text, cosine = model.how_near("underwater")
    if model.vocabulary.any_words:
        assert (model.nearest("underwater"), text, cosine) == ([], "", 1.0)
    else:
        worlds = {*model.vocabulary.worlds}
        assert sum(share for name, share in model.nearest("underwater") if name in worlds) == pytest.approx(1)
        assert -1 <= cosine <= 1


def answers_in_the_same_size(new: Callable[[], LiveModel]) -> None:
    model = new()
    for size in ((96, 64), (75, 91)):
        model.reset()
        frame = disc(0, *size)
        before = frame.copy()
        answer = model.step(frame)
        assert answer.shape == frame.shape
        assert answer.dtype == np.uint8
        kept = answer.copy()
        model.step(disc(1, *size))
        np.testing.assert_array_equal(answer, kept, err_msg="the caller owns the answer")
        np.testing.assert_array_equal(frame, before, err_msg="the frame is the caller's")


def is_deterministic(new: Callable[[], LiveModel]) -> None:
    model, again = new(), new()
    for one in (model, again):
        one.prompt([("underwater", 0.5), ("neon rain", 0.5)])
    answers = make(model, 0, 6)
    assert answers == make(again, 0, 6)
    model.reset()
    assert make(model, 0, 6) == answers
    assert len({*answers}) == 6, "frames that are all alike would prove nothing"


def draws_other_noise_for_another_seed(new: Callable[[], LiveModel]) -> None:
    model = new()
    model.prompt("underwater")
    first = make(model, 0, 3)
    model.reset()
    model.seed += 1
    assert make(model, 0, 3) != first


def has_a_memory_that_snapshots_hold(new: Callable[[], LiveModel]) -> None:
    model, other = new(), new()
    model.prompt(
        [PromptRegion("underwater", np.tri(64, 96, dtype=np.float32)), PromptRegion("as it is", np.ones((64, 96)))]
    )
    make(model, 0, 4)
    state = model.snapshot()
    rest = make(model, 4, 8)
    other.seed += 5
    other.prompt("wild west")
    make(other, 0, 2)
    other.restore(state)
    assert make(other, 4, 8) == rest
    model.restore(state)
    assert make(model, 4, 8) == rest, "a model restores its own snapshot"


def changes_nothing_when_it_raises(new: Callable[[], LiveModel]) -> None:
    model, calm = new(), new()
    for one in (model, calm):
        one.prompt("underwater")
        make(one, 0, 2)
    wrong = [disc(2, 128, 96), disc(2).astype(np.float32), disc(2)[..., 0], None]
    for frame in wrong:
        with pytest.raises(ValueError, match=r"."):
            model.step(frame, 2 / 24, 2)  # type: ignore[arg-type]
    for damaged in (b"", b"no snapshot", calm.snapshot()[:-20]):
        with pytest.raises(ValueError, match=r"."):
            model.restore(damaged)
    assert make(model, 2, 5) == make(calm, 2, 5)


def obeys_at_the_next_frame(new: Callable[[], LiveModel]) -> None:
    model, other = new(), new()
    for one in (model, other):
        one.prompt("underwater")
        make(one, 0, 3)
    other.prompt("wild west")
    assert make(model, 3, 4) != make(other, 3, 4)
    model.prompt([("wild west", 2.0)])
    same = new()
    same.prompt([("wild west", 1.0)])
    model.reset()
    assert make(model, 0, 3) == make(same, 0, 3), "a blend of one prompt is that prompt, whatever its weight"


def keeps_the_prompt_when_one_is_refused(new: Callable[[], LiveModel]) -> None:
    model, calm = new(), new()
    for one in (model, calm):
        one.prompt("underwater")
        make(one, 0, 2)
    for refused in ("", "x" * 1001, [("underwater", -1.0)], []):
        with pytest.raises(ValueError, match=r"."):
            model.prompt(refused)
    with pytest.raises(ValueError, match="empty"):
        model.prepare("  ")
    assert make(model, 2, 4) == make(calm, 2, 4)


def forgets_frames_and_keeps_the_prompt(new: Callable[[], LiveModel]) -> None:
    model, fresh = new(), new()
    for one in (model, fresh):
        one.prompt("underwater")
    make(model, 0, 5)
    model.reset()
    assert make(model, 0, 4) == make(fresh, 0, 4)
    model.close()
    assert make(model, 0, 4) == make(new_under(new, "underwater"), 0, 4), "a closed model can be used, and starts anew"


def new_under(new: Callable[[], LiveModel], prompt: str) -> LiveModel:
    model = new()
    model.prompt(prompt)
    return model


def learns_words_beside_its_frames(new: Callable[[], LiveModel]) -> None:
    model, calm = new_under(new, "underwater"), new_under(new, "underwater")

    def prepare() -> None:
        for i in range(3):
            model.prepare(f"underwater {i}")

    beside = threading.Thread(target=prepare)
    beside.start()
    answers = make(model, 0, 5)
    beside.join()
    assert answers == make(calm, 0, 5)


def leaves_the_picture_as_it_is(new: Callable[[], LiveModel]) -> None:
    model = new_under(new, "as it is")
    for i in range(6):
        error = np.square(model.step(disc(i), i / 24, i).astype(float) - disc(i)).mean()
        assert error <= 255**2 / 1000, f"frame {i}: {10 * np.log10(255**2 / error):.1f} dB; at least 30 are wanted"
