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

from studio.farm import Job, WorkerEvent

ROOT = Path(__file__).parents[2]
"""Where a worker finds this package, also when it is not installed."""


class Processes:
    """At most `count` processes, started when there is work; see studio.farm.Workers."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._waiting: deque[tuple[int, Job]] = deque()
        self._processes: list[_Process] = []
        self._heard: queue.SimpleQueue[tuple[_Process, WorkerEvent]] = queue.SimpleQueue()

    def submit(self, number: int, job: Job) -> None:
        self._waiting.append((number, job))
        self._hand_out()

    def news(self) -> tuple[int, WorkerEvent]:
        while True:
            process, news = self._heard.get()
            number = process.number
            if news.kind != "progress":
                process.number = None
            if news.kind == "lost":
                self._processes.remove(process)
                process.end()
            self._hand_out()
            if number is not None:  # it did not die for want of work
                return number, news

    def close(self) -> None:
        for process in self._processes:
            process.end()

    def _hand_out(self) -> None:
        while self._waiting:
            process = next((one for one in self._processes if one.number is None), None)
            if process is None:
                if len(self._processes) >= self._count:
                    return
                process = _Process(self._heard)
                self._processes.append(process)
            process.begin(*self._waiting.popleft())


class _Process:
    """A worker process and the thread that hears it."""

    def __init__(self, heard: queue.SimpleQueue[tuple[_Process, WorkerEvent]]) -> None:
        self.number: int | None = None
        """The job that it has."""
        self._heard = heard
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
        self._ear = threading.Thread(target=self._hear, name="farm worker", daemon=True)
        self._ear.start()

    def begin(self, number: int, job: Job) -> None:
        """Give it a job."""
        assert self._process.stdin is not None
        self.number = number
        with suppress(BrokenPipeError):  # it is dead: its ear says so
            self._process.stdin.write(json.dumps(job.to_dict()) + "\n")
            self._process.stdin.flush()

    def end(self) -> None:
        """End it, in the middle of a job too."""
        self._process.terminate()
        self._ear.join()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._heard.put((self, WorkerEvent(**json.loads(line))))
        status = self._process.wait()
        why = f"killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self._heard.put((self, WorkerEvent("lost", f"process {self._process.pid} was {why}")))
