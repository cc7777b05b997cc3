"""Long work: its progress, shown by a bar unless the caller shows it; and `await` for it, which can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TypeAlias, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from engine.console import plain, words_column

Progress: TypeAlias = Callable[[int, int], object]
"""Called with frames done and frames in all (0 where that is unknown); what it raises interrupts the work."""

BarMaker: TypeAlias = Callable[[str, int | None], AbstractContextManager[Progress]]
"""Shows a bar under a title while its context lasts; total: frames, None until the first call says."""

Remark: TypeAlias = Callable[[str], object]
"""Called with a sentence that people should know, and that is no mistake."""

COLUMNS = (words_column("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
"""What a bar shows."""

T = TypeVar("T")


@contextmanager
def terminal_bar(title: str, total: int | None, *, brief: bool = False) -> Iterator[Progress]:
    """A bar on standard error; in a pipe a line at the end. brief: nothing stays, and a pipe gets nothing."""
    console = Console(stderr=True)
    with Bars(*COLUMNS, console=console, transient=brief, disable=brief and not console.is_terminal) as bars:
        task = bars.add_task(title, total=total)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)


_make_bar: BarMaker = terminal_bar


def use_bars(make: BarMaker) -> None:
    """Show bars in another way from now on: a view registers its own."""
    global _make_bar
    _make_bar = make


@contextmanager
def progress_bar(title: str, progress: Progress | None = None, total: int | None = None) -> Iterator[Progress]:
    """The caller's own progress where it has one, else a bar under a title."""
    if progress is not None:
        yield progress
        return
    with _make_bar(title, total) as shown:
        yield shown


def print_remark(sentence: str) -> None:
    """Print it to standard error, beside what a program prints for others."""
    Console(stderr=True, highlight=False).print(plain(sentence), soft_wrap=True)


class _CancelledError(BaseException):
    """Ends work in another thread as Ctrl+C would; not an Exception, so that no job is said to have failed."""


async def run_in_background(work: Callable[[Callable[[], None]], T]) -> T:
    """What `work` returns. It gets a function to call at its every step: once cancelled, that ends it there."""
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
        results, error = await asyncio.shield(working)
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
    return results[0]


def cancellable(step: Callable[[], None], progress: Progress) -> Progress:
    """The same progress, at which cancelled work ends; `step` is what `run_in_background` gave."""

    def advance(done: int, total: int) -> None:
        step()
        progress(done, total)

    return advance
