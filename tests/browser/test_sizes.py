"""The size of the live picture: chosen, kept, and judged by what the machine does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.support import Served, enter
from tests.browser.test_pages import ROOT, start, stop


def test_the_size_of_the_picture_is_chosen_kept_and_stays_in_a_take(
    serve: Callable[..., Served], page: Page, artefacts: Path, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "sessions/example", tmp_path / "sessions/example")
    studio = serve(sessions=tmp_path / "sessions")
    enter(page, studio.url)
    size = page.get_by_label("Size of the picture")
    expect(size.locator("option", has_text="suggested")).to_have_count(1, timeout=30_000)
    page.wait_for_function("document.querySelector('.camera video').videoWidth")
    start(page)
    size.select_option("512")
    page.wait_for_function("document.querySelector('.world canvas').width === 512")
    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()
    expect(size).to_be_disabled()
    page.wait_for_timeout(700)
    page.screenshot(path=artefacts / "live-size.png")
    page.keyboard.press("r")
    expect(page.locator(".kept")).to_contain_text("T001")
    expect(size).to_be_enabled()
    manifest = json.loads((studio.sessions / "my-film/S01/A/T001/take.json").read_text())
    assert manifest["picture"]["width"] == 512
    stop(page)
    page.reload()
    expect(size).to_have_value("512", timeout=30_000)


def test_a_size_that_is_too_slow_is_called_so_and_one_click_takes_a_smaller(
    serve: Callable[..., Served], page: Page, artefacts: Path
) -> None:
    studio = serve()
    enter(page, studio.url)
    size, slow = page.get_by_label("Size of the picture"), page.locator(".slow")
    page.wait_for_function("document.querySelector('.camera video').videoWidth")
    expect(slow).to_be_hidden()
    size.select_option("1280")
    start(page)
    expect(slow).to_have_text(re.compile(r"Too slow for 1280: (\d+ keeps up|try \d+)"), timeout=60_000)
    expect(size.locator("option", has_text="too slow here")).to_have_attribute("value", "1280")
    page.screenshot(path=artefacts / "live-too-slow.png")
    smaller = int(slow.get_attribute("value") or 0)
    assert 160 <= smaller < 1280
    slow.click()
    expect(size).to_have_value(str(smaller))
    page.wait_for_function(f"document.querySelector('.world canvas').width === {smaller}")
    stop(page)
