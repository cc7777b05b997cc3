"""The rate of a file by the spacing of its pictures, and times in order whatever its stamps are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from engine.media.pace import Pace, in_order, measure


def rounded(times: Sequence[float], clock_s: float = 0.001) -> list[float]:
    return [round(time_s / clock_s) * clock_s for time_s in times]


def times_of(stamps: Sequence[float | None], pace: Pace) -> list[float]:
    return [time_s for _, time_s in in_order([("", stamp) for stamp in stamps], pace)]


@pytest.mark.parametrize("fps", [8, 12.5, 24, 24_000 / 1001, 25, 30_000 / 1001, 30, 50, 60])
@pytest.mark.parametrize("clock_s", [0.001, 1 / 90_000])
@pytest.mark.parametrize("start_s", [0.0, 1.4371])
def test_a_constant_rate_is_read_from_a_coarse_clock_and_its_times_are_exact(
    fps: float, clock_s: float, start_s: float
) -> None:
    stamps = rounded([start_s + n / fps for n in range(400)], clock_s)
    pace = measure(stamps, clock_s)
    assert pace.fps == pytest.approx(fps, rel=1e-9)
    assert times_of(stamps, pace) == [n / pace.fps for n in range(400)]


@pytest.mark.parametrize(
    ("stamps_ms", "fps"),
    [
        ([0, 99, 199, 300, 900, 999, 1699], 10),  # a browser's recording of a page that changes now and then
        ([0, 100, 200, 1500, 1600, 3000], 10),
        ([0, 2000, 4000, 6000], 0.5),
        ([0, 41, 83, 126, 168, 207, 250, 291], 24),  # a camera's jitter
        ([0, 17, 33, 50, 67, 83, 100, 5_000, 5_017, 5_033], 60),  # a pause
        ([0, 33, 67, 100, 20_000, 133, 167, 200, 233, 267], 30),  # a wrong stamp
    ],
)
def test_a_rate_that_varies_has_the_nominal_rate_of_its_usual_spacing(stamps_ms: list[int], fps: float) -> None:
    assert measure([ms / 1000 for ms in stamps_ms], 0.001).fps == fps


def test_a_header_is_believed_as_far_as_the_times_agree() -> None:
    thirty = rounded([n / 30 for n in range(12)])
    assert measure(thirty, 0.001, 30_000 / 1001).fps == 30_000 / 1001  # twelve frames on this clock fit both
    assert measure(thirty, 0.001, 60.0).fps == 30
    assert measure(thirty, 0.001, 3.46).fps == 30
    assert measure([0.0], 0.001, 12.0).fps == 12
    assert measure([], 0.001).fps == 24


@pytest.mark.parametrize(
    "wrong",
    [{5: 20.208}, {5: 0.02}, {5: 20.208, 6: 20.25}, {0: 20.0}, {4: None}, {22: 9.0}, {5: 20.2, 12: 0.0, 18: 7.0}],
)
def test_a_wrong_stamp_is_bounded_by_its_neighbours(wrong: dict[int, float | None]) -> None:
    """Right are the times that the stamps would have said had they been right."""
    stamps: list[float | None] = [*rounded([n / 24 for n in range(24)])]
    for n, stamp in wrong.items():
        stamps[n] = stamp
    pace = measure([stamp for stamp in stamps if stamp is not None], 0.001, 24.0)
    assert times_of(stamps, pace) == pytest.approx([n / 24 for n in range(24)], abs=1e-9)


def test_a_wrong_stamp_of_a_varying_rate_lies_between_its_neighbours() -> None:
    assert times_of([0.0, 0.1, 40.0, 0.5, 0.53], Pace(10)) == pytest.approx([0, 0.1, 0.3, 0.5, 0.53])


def test_two_recordings_in_one_go_on_after_each_other() -> None:
    stamps = [n / 24 for n in range(12)] + [(n + 10) / 24 for n in range(12)]
    assert times_of(stamps, Pace(24, 1e-5)) == [n / 24 for n in range(24)]
    twice = [0.0, 1 / 24, 1 / 24, 2 / 24]
    assert times_of(twice, Pace(24, 1e-5)) == pytest.approx([0, 1 / 24, 1.5 / 24, 2 / 24])
    again = [n / 24 for n in range(12)] * 2
    assert times_of(again, Pace(24, 1e-5)) == [n / 24 for n in range(24)]


def test_a_wrong_last_stamp_does_not_stretch_a_constant_rate() -> None:
    """A header that says 24 and 23 pictures that keep it outweigh one; a rate that varies may end with a pause."""
    stamps = [*rounded([n / 24 for n in range(23)]), 20.208]
    assert times_of(stamps, measure(stamps, 0.001, 24.0))[-1] == 23 / 24
    assert times_of(stamps, measure(stamps, 0.001))[-1] == pytest.approx(20.208, abs=1e-3)
    paused = [*rounded([n / 24 for n in range(10)] + [2 + n / 24 for n in range(12)]), 9.0]
    assert times_of(paused, measure(paused, 0.001, 24.0))[-1] == pytest.approx(9.0, abs=1e-3)


def test_a_rate_is_one_that_files_can_say() -> None:
    assert measure([0.0, 1e5, 2e5, 3e5], 0.001).fps == 0.001
    assert measure([n * 1e-5 for n in range(9)], 1e-6).fps == 1000


def test_pauses_stay() -> None:
    stamps = [0.0, 0.1, 0.2, 1.5, 1.6, 3.0]
    assert times_of(stamps, measure(stamps, 0.001)) == pytest.approx(stamps)


def test_times_grow_whatever_the_stamps_are() -> None:
    chance = random.Random(7)
    for _ in range(300):
        stamps = [chance.choice([None, chance.uniform(-2, 30), n / 24, 0.5]) for n in range(chance.randrange(1, 40))]
        pace = measure([stamp for stamp in stamps if stamp is not None], 0.001)
        times = times_of(stamps, pace)
        assert len(times) == len(stamps)
        assert all(before < after for before, after in pairwise(times))
        assert times[0] >= 0
        assert 0 < pace.fps <= 1000
