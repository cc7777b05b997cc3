"""Workers as processes of this machine, each with a pipe in and a pipe out; a new one for each that dies."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

import psutil

from studio.farm.jobs import Job, WorkerEvent
from studio.workers import Worker

ROOT = Path(__file__).parents[2]
"""Where a worker finds this package, also when it is not installed."""


class Processes:
    """At most `count` processes, started when there is work; see studio.farm.jobs.Workers.

    niceness: how far they step back for other programs, such as the live picture, as Unix counts it (0 to 19).
    """

    def __init__(self, count: int, niceness: int = 0) -> None:
        self._count, self._niceness = count, niceness
        self._lock = threading.Lock()
        self._waiting: deque[tuple[int, Job]] = deque()
        self._processes: list[_Process] = []
        self._cancelled: set[int] = set()
        self._closed = False
        self._events: queue.SimpleQueue[tuple[_Process | int, WorkerEvent]] = queue.SimpleQueue()

    def submit(self, number: int, job: Job) -> None:
        with self._lock:
            if self._closed:
                self._events.put((number, WorkerEvent("cancelled")))
                return
            self._waiting.append((number, job))
            self._hand_out()

    def next_event(self) -> tuple[int, WorkerEvent]:
        while True:
            source, event = self._events.get()
            if isinstance(source, int):
                return source, event
            with self._lock:
                number = source.number
                if event.kind != "progress":
                    source.number = None
                if event.kind == "lost":
                    self._processes.remove(source)
                    source.end()
                    if self._closed or number in self._cancelled:
                        event = WorkerEvent("cancelled")
                self._hand_out()
            if number is not None:  # it did not die for want of work
                return number, event

    def cancel(self, number: int) -> None:
        with self._lock:
            if any(number == waiting for waiting, _ in self._waiting):
                self._waiting = deque(item for item in self._waiting if item[0] != number)
                self._events.put((number, WorkerEvent("cancelled")))
            for process in self._processes:
                if process.number == number:
                    self._cancelled.add(number)
                    process.stop()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()
            for process in self._processes:
                process.end()

    def _hand_out(self) -> None:
        while self._waiting:
            process = next((process for process in self._processes if process.number is None), None)
            if process is None:
                if len(self._processes) >= self._count:
                    return
                process = _Process(self._events, self._niceness)
                self._processes.append(process)
            process.begin(*self._waiting.popleft())


class _Process:
    """A worker process, and the thread that reads its events."""

    def __init__(self, events: queue.SimpleQueue[tuple[_Process | int, WorkerEvent]], niceness: int) -> None:
        self.number: int | None = None
        """The job that it has."""
        self._events = events
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "studio.farm.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl+C is for the one who asked, and `end` for the workers
        )
        if niceness and os.name == "posix":
            with suppress(psutil.Error):
                psutil.Process(self._process.pid).nice(niceness)
        self._reader = Worker("farm worker", self._read, self._unread).start()

    def begin(self, number: int, job: Job) -> None:
        """Give it a job."""
        assert self._process.stdin is not None
        self.number = number
        with suppress(BrokenPipeError):  # it has exited: the reader thread reports that
            self._process.stdin.write(json.dumps(job.to_dict()) + "\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        """Make it exit, in the middle of a job too; the reader thread reports that."""
        self._process.terminate()

    def end(self) -> None:
        """Make it exit, and wait until its reader has ended."""
        self.stop()
        self._reader.join()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _unread(self, error: str) -> None:
        """What it said could not be read: it is lost, and ends."""
        self._process.kill()
        self._process.wait()
        self._events.put((self, WorkerEvent("lost", f"process {self._process.pid} could not be followed: {error}")))

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._events.put((self, WorkerEvent(**json.loads(line))))
        status = self._process.wait()
        why = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self._events.put((self, WorkerEvent("lost", f"process {self._process.pid} was {why}")))
