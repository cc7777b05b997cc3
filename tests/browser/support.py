"""What the browser tests share: a served studio, a page of it, and the figures that they measure."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page


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

    def stop(self) -> None:
        """As Ctrl+C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
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


def is_fault(kind: str, text: str) -> bool:
    """Chromium reports each refused connection as an error; the pages speak of those themselves."""
    return kind == "error" and not any(word in text for word in ("WebSocket connection", "Failed to load resource"))


def enter(page: Page, url: str) -> None:
    """Load the studio's page and wait for its scripts."""
    page.goto(url)
    page.locator("#studio [data-ready]").wait_for(state="attached")
