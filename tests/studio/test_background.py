"""Work that is awaited: its result, its error or its end come back, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from studio.background import run_in_background


def test_what_work_raises_is_raised_and_an_end_of_iteration_does_not_hang() -> None:
    def fail(step: Callable[[], None]) -> None:
        raise KeyError("x")

    def stop(step: Callable[[], None]) -> None:
        next(iter(()))

    with pytest.raises(KeyError, match="x"):
        asyncio.run(run_in_background(fail))
    with pytest.raises(RuntimeError, match="ended early"):
        asyncio.run(asyncio.wait_for(run_in_background(stop), 5))


@pytest.mark.parametrize("fails", [False, True])
def test_cancelled_however_often_it_returns_when_the_work_has_ended(fails: bool) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(step: Callable[[], None]) -> None:
        begun.set()
        try:
            for n in range(200):
                time.sleep(0.02)
                if fails and n == 10:
                    raise ValueError("boom")
                if not fails and n > 10:
                    step()
        finally:
            ended.set()

    async def cancelled() -> None:
        task = asyncio.create_task(run_in_background(work))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0.02)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(cancelled())
