"""The pages for everybody: what axe-core finds, and the keyboard alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.support import Served, enter

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def studio(serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """With the example take twice, of two productions."""
    sessions = tmp_path_factory.mktemp("access") / "sessions"
    for production in ("example", "second"):
        shutil.copytree(ROOT / "sessions/example", sessions / production)
    return serve(sessions=sessions)


def faults(page: Page) -> list[str]:
    """What axe-core (https://github.com/dequelabs/axe-core) finds, each with the elements that have it."""
    return [
        f"{fault['impact']}: {fault['help']}: {[node['target'] for node in fault['nodes']]}"
        for fault in Axe().run(page).response["violations"]
    ]


def test_axe_finds_nothing(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    page.wait_for_function("document.querySelector('.camera video').videoWidth")
    assert faults(page) == []
    page.get_by_role("button", name="Start").click()
    page.wait_for_function("document.querySelector('.monitors').dataset.picture")
    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()
    assert faults(page) == [], "while a take is recorded"
    page.keyboard.press("r")
    expect(page.locator(".kept a")).to_be_visible()
    assert faults(page) == [], "when it is kept"
    page.keyboard.press("?")
    assert faults(page) == [], "with the keys shown"
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Review").first.click()
    page.locator(".item").first.click()
    expect(page.locator(".title h1")).to_contain_text("Take")
    assert faults(page) == [], "in review"


def test_arrow_keys_go_through_groups(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    sources = page.get_by_role("radiogroup", name="Source")
    sources.get_by_role("radio", name="Example").focus()
    page.keyboard.press("ArrowRight")
    camera = sources.get_by_role("radio", name="Camera")
    expect(camera).to_be_focused()
    expect(camera).to_have_attribute("aria-checked", "true")
    page.keyboard.press("End")
    expect(sources.get_by_role("radio", name="Clip")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowDown")
    expect(sources.get_by_role("radio", name="Example")).to_be_focused()
    assert sources.locator("[role=radio][tabindex='0']").count() == 1, "Tab passes a group in one step"

    page.get_by_role("link", name="Review").first.click()
    page.locator(".item").first.click()
    page.locator(".item").first.focus()
    expect(page.locator(".item").first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    second = page.locator(".item").nth(1)
    expect(second).to_have_attribute("aria-selected", "true")
    expect(second).to_be_focused()


def test_space_starts_and_stops(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('.monitors').dataset.picture")
    page.keyboard.press("Space")
    expect(page.locator(".link b")).to_have_text("Not started")
