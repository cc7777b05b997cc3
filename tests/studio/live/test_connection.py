"""Laws of a camera's clock: held to the arrival of its frames, whatever a page says; a file's is the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.live import connection as connecting
from studio.live.connection import Connection
from studio.live.director import Director
from studio.takes.manifest import TICKS_PER_SECOND
from studio.takes.recorder import MOST_SOUNDS, WEBM_MAGIC, Recorder
from studio.takes.slate import Slate
from studio.takes.take import Take
from tests.edge_model import EdgeModel

HOUR = 3600 * TICKS_PER_SECOND
FRAME = TICKS_PER_SECOND // 25


class Clock:
    """Seconds that pass when they are told to."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(connecting, "time", clock)
    return clock


@pytest.fixture
def director() -> Iterator[Director]:
    director = Director(EdgeModel())
    yield director
    director.close()


def arrivals(director: Director, clock: Clock, times: list[int], every: float = 0.04, **how: bool) -> list[int]:
    """The director's ticks for frames of these camera ticks that arrive at a steady rate."""
    connection = Connection(director, **how)
    for number, ticks in enumerate(times):
        connection.offer(b"jpeg", number, ticks)
        clock.now += every
    return [arrival.ticks for arrival in connection._take() or []]


@pytest.mark.parametrize("jump", [8 * HOUR, -8 * HOUR, 11 * TICKS_PER_SECOND, -FRAME * 3, 10**14])
@pytest.mark.parametrize("back", [True, False], ids=["one frame", "from then on"])
def test_a_clock_that_jumps_makes_a_new_shift(director: Director, clock: Clock, jump: int, back: bool) -> None:
    times = [HOUR * 9 + n * FRAME + (jump if n == 10 or (n > 10 and not back) else 0) for n in range(30)]
    seen = arrivals(director, clock, times)
    assert seen == [pytest.approx(n * FRAME, abs=4 * FRAME) for n in range(30)]


def test_a_clock_that_runs_too_fast_is_held(director: Director, clock: Clock) -> None:
    for step in (5 * TICKS_PER_SECOND, HOUR, FRAME * 11 // 10, FRAME * 2):
        seen = arrivals(director, clock, [n * step for n in range(10_000)])[-500:]
        assert seen[-1] < 10_000 * FRAME + 12 * TICKS_PER_SECOND
        assert seen == sorted(set(seen))


def test_a_network_that_stands_still_changes_no_time(director: Director, clock: Clock) -> None:
    connection = Connection(director)
    for number in range(100):
        if number == 50:
            clock.now += 8  # and what was taken meanwhile comes at once
        connection.offer(b"jpeg", number, number * FRAME)
        clock.now += 0.04 if not 50 <= number < 90 else 0.0
    assert [arrival.ticks for arrival in connection._take() or []] == [n * FRAME for n in range(100)]


def test_a_files_times_are_the_truth(director: Director, clock: Clock) -> None:
    times = [0, FRAME, HOUR, HOUR + FRAME]
    assert arrivals(director, clock, times, held=False) == times


def test_a_number_that_jumps_goes_on_from_the_last(director: Director) -> None:
    connection = Connection(director)
    for count, number in enumerate((5, 6, 4_000_000_000, 4_000_000_001)):
        connection.offer(b"jpeg", number, count * FRAME)
    assert [arrival.index for arrival in connection._take() or []] == [0, 1, 2, 3]


def test_a_take_is_as_long_as_it_took(director: Director, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    connection = Connection(director)
    director.record(tmp_path, Slate("clock"))
    for number in range(6):
        connection.offer(jpeg(number), number, number * FRAME + (8 * HOUR if number >= 3 else 0))
        for arrival in connection._take() or []:
            director.answer(arrival)
    connection.sound(WEBM_MAGIC + b"x", 99 * HOUR)
    folder = director.cut()
    assert folder
    take = Take.open(folder)
    assert take.duration_s < 30
    ((start_s, _),) = take.sounds
    assert 0 <= start_s < 30


def test_a_header_a_message_opens_one_file_at_a_time(
    director: Director, jpeg: Callable[..., bytes], tmp_path: Path
) -> None:
    folder = director.record(tmp_path, Slate("headers"))
    director.shoot(jpeg(0), 0, 0)
    for number in range(MOST_SOUNDS):
        director.sound(WEBM_MAGIC + bytes([number]), number)
    with pytest.raises(ValueError, match="start another take"):
        director.sound(WEBM_MAGIC, MOST_SOUNDS)
    director.sound(b"more of the last", MOST_SOUNDS)
    take = director._recording_take
    assert take
    recorder: Recorder = take._recorder
    while recorder.waiting:
        pass
    opened = [file for file in recorder._open_files if not getattr(file, "closed", False)]
    assert len(opened) < 10
    assert director.cut() == folder
    assert len(Take.open(folder).sounds) == MOST_SOUNDS
