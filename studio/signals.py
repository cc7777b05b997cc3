"""Being ended by the system, as containers, services and closed terminals do it: like Ctrl+C, so that takes are cut."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What asks a process to end; Windows has no SIGHUP."""


class TerminatedError(KeyboardInterrupt):
    """The system asked this process to end; the text names the signal."""


@contextmanager
def terminable() -> Iterator[None]:
    """Here SIGTERM and SIGHUP raise TerminatedError in the main thread, once; what comes after cannot disturb the end.

    A signal that is ignored already, as under nohup, stays so. Does nothing in another thread than the main one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    before = {number: handler for number, handler in before.items() if handler == signal.SIG_DFL}

    def end(number: int, frame: Any) -> None:
        for other in before:
            signal.signal(other, signal.SIG_IGN)
        raise TerminatedError(signal.Signals(number).name)

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
