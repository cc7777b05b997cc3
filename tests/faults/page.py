"""A page without a browser: it loads over HTTP, gets its token as Gradio's script does, and shoots over the socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from studio.app import wire
from tests.browser.support import Served
from tests.faults.shooting import camera_jpeg


class Page:
    """A page of a served studio: `load` it, `connect`, then shoot; what it hears is kept."""

    def __init__(self, served: Served) -> None:
        self._url = served.url
        self.token = ""
        self.pictures = 0
        """How many came back."""
        self.messages: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        """Code and reason of the end, once it has come."""
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open = contextlib.ExitStack()

    def load(self) -> None:
        """What a browser asks for first: the page, its settings, and a token."""
        for path in ("", "studio/web/live.js"):
            urllib.request.urlopen(f"{self._url}{path}", timeout=30).read()
        self._config = json.load(urllib.request.urlopen(f"{self._url}config", timeout=30))
        self.token = self.call("enter")["token"]

    def call(self, function: str, **data: Any) -> dict[str, Any]:
        """Call one of the page's functions."""
        component = next(part["id"] for part in self._config["components"] if part["type"] == "html")
        body = {"data": {"token": self.token, **data}, "component_id": component, "fn_name": function}
        request = urllib.request.Request(
            f"{self._url}gradio_api/component_server",
            json.dumps({**body, "session_hash": "page"}).encode(),
            {"content-type": "application/json"},
        )
        return dict(json.load(urllib.request.urlopen(request, timeout=60)))

    def connect(self, fps: float = 24.0) -> None:
        """Press Start: frames go out at that rate, and what comes back is kept, each in a thread."""
        address = f"{self._url.replace('http', 'ws')}studio/live?token={self.token}"
        home = Origin(self._url.rstrip("/"))
        self.socket = self._open.enter_context(connect(address, origin=home, max_size=None, open_timeout=60))
        self.say("hello", version=wire.VERSION, prompt="as it is")
        for work in (lambda: self._shoot(fps), self._listen):
            self._threads.append(threading.Thread(target=work, daemon=True))
            self._threads[-1].start()

    def say(self, kind: str, **fields: Any) -> None:
        """Send a command."""
        self.socket.send(json.dumps({"type": kind, **fields}))

    def heard(self, kind: str, seconds: float = 60, **fields: Any) -> dict[str, Any]:
        """The first message of that kind with these fields, which may still come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for message in list(self.messages):
                if message["type"] == kind and fields.items() <= message.items():
                    return message
            time.sleep(0.02)
        raise AssertionError(f"no {kind} with {fields} came, only {self.messages[-5:]}")

    def wait(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until it holds; the test fails where it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, (self.pictures, self.messages[-3:], self.closed)
            time.sleep(0.02)

    def hang_up(self) -> None:
        """Leave without a word."""
        self._stopped.set()
        self._open.close()
        for thread in self._threads:
            thread.join(10)

    def _shoot(self, fps: float) -> None:
        frames = [camera_jpeg(i) for i in range(48)]
        started = time.monotonic()
        number = 0
        while not self._stopped.is_set():
            at_s = number / fps
            self._stopped.wait(max(0.0, started + at_s - time.monotonic()))
            head = {"number": number, "time_ms": at_s * 1000, "quality": 0.8}
            try:
                self.socket.send(wire.pack("frame", frames[number % 48], **head))
            except ConnectionClosed:
                return
            number += 1

    def _listen(self) -> None:
        try:
            while True:
                message = self.socket.recv()
                if isinstance(message, bytes):
                    self.pictures += 1
                elif (data := json.loads(message))["type"] != "status" or data["trouble"]:
                    self.messages.append(data)
        except ConnectionClosed as end:
            received = end.rcvd
            self.closed = (received.code, received.reason) if received else (1006, "")


def loaded(served: Served) -> Page:
    """A page of a server that has just started: it answers strangers before it knows who is signed in."""
    deadline = time.monotonic() + 60
    while True:
        page = Page(served)
        try:
            page.load()
        except urllib.error.HTTPError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return page
