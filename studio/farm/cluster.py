"""Workers as tasks of a Ray cluster. Takes lie on a disk that every machine sees at the same path.

A job is a task that streams its events back. Ray's own retries are off: studio/farm/farm.py retries for every kind of
worker.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

from studio.farm.jobs import Job, WorkerEvent, device_of, threads_of
from studio.workers import Worker

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    raise ValueError("Ray is not installed; pip install 'lsd-studio[ray]'") from None

LOCAL = "local"
"""The address of a cluster on this machine that ends with its `Cluster`."""


class Cluster:
    """The cluster at an address; see studio.farm.jobs.Workers. Raises ConnectionError where there is none."""

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._started = not ray.is_initialized()
        self._at_sigterm = signal.getsignal(signal.SIGTERM)
        """What Ray replaces as it starts, and leaves replaced."""
        if self._started:
            _reach(address)
            here: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
            try:
                ray.init(address, log_to_driver=False, logging_level=logging.WARNING, **here)
            except BaseException:
                self._restore()
                raise
        self._running: dict[Any, int] = {}
        self._cancelled: set[int] = set()

    def submit(self, number: int, job: Job) -> None:
        task = _work.options(num_cpus=threads_of(job), num_gpus=int(device_of(job) == "cuda"))
        self._running[task.remote(job.to_dict())] = number

    def next_event(self) -> tuple[int, WorkerEvent]:
        while True:
            task: Any = ray.wait(list(self._running), num_returns=1)[0][0]
            number = self._running[task]
            try:
                fields: Any = ray.get(next(task))
                event = WorkerEvent(**fields)
            except StopIteration:  # its last event was read before
                del self._running[task]
                continue
            except RayTaskError as error:  # the task itself is broken there: the studio is missing, or another version
                event = WorkerEvent("failed", f"{type(error.cause).__name__}: {error.cause}")
            except RayError as error:
                event = WorkerEvent("lost", " ".join(str(error).split()))
            if event.kind == "lost" and number in self._cancelled:
                event = WorkerEvent("cancelled")
            if event.kind in ("failed", "lost", "cancelled"):
                del self._running[task]
            return number, event

    def cancel(self, number: int) -> None:
        for task, running in self._running.items():
            if running == number:
                self._cancelled.add(number)
                ray.cancel(task, force=True)

    def close(self) -> None:
        for task in self._running:
            ray.cancel(task, force=True)
        if self._started:
            ray.shutdown()
            self._restore()

    def _restore(self) -> None:
        if threading.current_thread() is threading.main_thread() and self._at_sigterm is not None:
            signal.signal(signal.SIGTERM, self._at_sigterm)


def _reach(address: str) -> None:
    """Raise ConnectionError at once where nobody answers at host:port; Ray itself would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            raise ConnectionError(f"no Ray cluster answers at {address} ({error.strerror or error})") from None


@ray.remote(max_retries=0)
def _work(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A job's events, the last one too, as they come."""
    from studio.farm.worker import work

    events: queue.SimpleQueue[WorkerEvent] = queue.SimpleQueue()
    Worker(
        "render",
        lambda: events.put(work(Job.from_dict(job), events.put)),
        lambda error: events.put(WorkerEvent("failed", error)),
    ).start()
    while (event := events.get()).kind == "progress":
        yield vars(event)
    yield vars(event)
