"""What the browser tests share: a served studio, a page of it, and the figures that they measure."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

UP_S = 60.0
"""How long a server may take to import torch and Gradio on a busy machine."""


@dataclass
class Served:
    """A studio in a process of its own."""

    port: int
    sessions: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def kill(self) -> None:
        """Nothing is left to save."""
        self.process.kill()
        self.process.wait()


@dataclass
class Figures:
    """What was measured, for people to read."""

    path: Path
    rows: dict[str, Any] = field(default_factory=dict)

    def note(self, **measured: Any) -> None:
        self.rows |= measured
        self.path.write_text(json.dumps(self.rows, indent=2) + "\n")
        print({name: measured[name] for name in measured})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True  # it speaks
    except OSError:
        return False
    return True


def start_server(
    *options: str, sessions: Path, log: Path, cwd: Path, port: int | None = None, env: Mapping[str, str] | None = None
) -> Served:
    """`lsd-studio serve` in a process of its own, once it answers. sessions: the folder that it uses by its options."""
    port = port or free_port()
    command = [sys.executable, "-m", "studio", "serve", "--port", str(port), *options]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=out)
    served = Served(port, sessions, process, log)
    until = time.monotonic() + UP_S
    while not answers(f"{served.url}login_check"):
        if process.poll() is not None or time.monotonic() > until:
            served.kill()
            pytest.fail(f"the server ended, or does not answer:\n{log.read_text()}")
        time.sleep(0.1)
    return served


def is_fault(kind: str, text: str) -> bool:
    """Chromium reports each refused connection as an error; the pages speak of those themselves."""
    return kind == "error" and not any(word in text for word in ("WebSocket connection", "Failed to load resource"))


def enter(page: Page, url: str) -> None:
    """Load the studio's page and wait for its scripts."""
    page.goto(url)
    page.locator("#studio [data-ready]").wait_for(state="attached")


class Cable:
    """A TCP line to a port, which can be cut and mended: the network between browser and studio."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: set[socket.socket] = set()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def cut(self) -> None:
        self._whole = False
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                if not self._whole:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends |= {near, far}
                for source, drain in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, drain), daemon=True).start()

    def _pump(self, source: socket.socket, drain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                drain.sendall(data)
        for end in (source, drain):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
        self._ends.discard(source)
