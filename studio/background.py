"""Long work for `await`: done in a thread, so that other cells and pages go on, and ended where it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class _CancelledError(BaseException):
    """Ends work in another thread as Ctrl+C would; no Exception, so that its checkpoints stay."""


async def run_in_background(work: Callable[[Callable[[], None]], T]) -> T:
    """What `work` returns. It is given a function to call at its every step: once cancelled, that ends it there."""
    cancelled = False

    def step() -> None:
        if cancelled:
            raise _CancelledError

    def run() -> tuple[list[T], BaseException | None]:
        try:
            return [work(step)], None
        except _CancelledError:
            return [], None
        except BaseException as error:  # noqa: BLE001 - raised again by the one who waits
            return [], error

    working = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        made, error = await asyncio.shield(working)
    except asyncio.CancelledError:
        cancelled = True
        while not working.done():  # it ends at its next step, however often it is cancelled until then
            with suppress(asyncio.CancelledError):
                await asyncio.wait({working})
        raise
    if isinstance(error, StopIteration):  # which no coroutine may raise
        raise RuntimeError("the work ended early") from error
    if error is not None:
        raise error
    return made[0]


def stepped(step: Callable[[], None], told: Callable[[int, int], object]) -> Callable[[int, int], None]:
    """What tells of the progress, and takes a step each time."""

    def going(done: int, total: int) -> None:
        step()
        told(done, total)

    return going
