"""Workers as tasks of a Ray cluster. Takes lie on a disk that every machine sees at the same path.

A take is a task that streams its news back. Ray's own retries are off: studio.farm retries for every kind of worker.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

from studio.farm import Job, WorkerEvent, device_of, threads_of

try:
    import ray
    from ray.exceptions import RayError, RayTaskError
except ImportError:
    raise ValueError("Ray is not installed; pip install 'lsd-studio[ray]'") from None

LOCAL = "local"
"""The address of a cluster on this machine that ends with its `Cluster`."""


class Cluster:
    """The cluster at an address; see studio.farm.Workers. Raises ConnectionError where there is none."""

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._started = not ray.is_initialized()
        if self._started:
            _reach(address)
            here: dict[str, Any] = {"include_dashboard": False} if address == LOCAL else {}
            ray.init(address, log_to_driver=False, logging_level=logging.WARNING, **here)
        self._running: dict[Any, int] = {}

    def submit(self, number: int, job: Job) -> None:
        task = _work.options(num_cpus=threads_of(job), num_gpus=int(device_of(job) == "cuda"))
        self._running[task.remote(job.to_dict())] = number

    def news(self) -> tuple[int, WorkerEvent]:
        while True:
            told: Any = ray.wait(list(self._running), num_returns=1)[0][0]
            number = self._running[told]
            try:
                fields: Any = ray.get(next(told))
                news = WorkerEvent(**fields)
            except StopIteration:  # its last news was heard before
                del self._running[told]
                continue
            except RayTaskError as error:  # the task itself is broken there: the studio is missing, or another version
                news = WorkerEvent("failed", f"{type(error.cause).__name__}: {error.cause}")
            except RayError as error:
                news = WorkerEvent("lost", " ".join(str(error).split()))
            if news.kind in ("failed", "lost"):
                del self._running[told]
            return number, news

    def close(self) -> None:
        for task in self._running:
            ray.cancel(task, force=True)
        if self._started:
            ray.shutdown()


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
    """A job's news, the last one too, as they come."""
    from studio.farm.worker import work

    heard: queue.SimpleQueue[WorkerEvent] = queue.SimpleQueue()
    threading.Thread(target=lambda: heard.put(work(Job.from_dict(job), heard.put)), daemon=True).start()
    while (news := heard.get()).kind == "progress":
        yield vars(news)
    yield vars(news)
