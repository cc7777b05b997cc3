"""A studio that is served as users serve it, a Chromium whose camera plays a clip, and what both need."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.support import Figures, Served, is_fault, start_server

ROOT = Path(__file__).parents[2]
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP studio.test 127.0.0.1",
)

expect.set_options(timeout=30_000)
"""What a page shows in the end is tested here and how fast is measured elsewhere; a machine may be busy meanwhile."""


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """`serve("--auth", "a:b", sessions=folder, port=n)` starts `lsd-studio serve`, with the shipped weights."""
    running: list[Served] = []

    def start(*options: str, sessions: Path | None = None, port: int | None = None) -> Served:
        sessions = sessions or tmp_path_factory.mktemp("served") / "sessions"
        log = tmp_path_factory.mktemp("log") / "serve.log"
        options = ("--sessions", str(sessions), *options)
        served = start_server(*options, sessions=sessions, log=log, cwd=ROOT, port=port)
        running.append(served)
        return served

    yield start
    for served in running:
        served.kill()


@pytest.fixture(scope="module")
def launch(chromium: str) -> Iterator[Callable[..., Browser]]:
    """`launch(*flags)` starts Chromium; its camera shows a test picture."""
    with sync_playwright() as playwright:

        def start(*flags: str) -> Browser:
            return playwright.chromium.launch(executable_path=chromium, headless=True, args=[*CHROMIUM_FLAGS, *flags])

        yield start


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a laptop's size; what its scripts fail at fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if is_fault(message.type, message.text) else None)
    yield page
    context.close()
    assert not faults, f"the page's scripts failed: {faults}"


@pytest.fixture(scope="session")
def figures(artefacts: Path) -> Figures:
    """Collects what the browser tests measure, in tests/artefacts/browser.json."""
    return Figures(artefacts / "browser.json", {"cores": os.cpu_count()})
