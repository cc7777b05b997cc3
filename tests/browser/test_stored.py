"""What a browser kept of a page, of another version or by another hand, never keeps the page from starting."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Served, enter
from tests.browser.test_pages import studio as studio

NAMES = ["cues", "sets", "slate", "side"]


@pytest.mark.parametrize(
    "kept", ["{", "null", '{"a": 1}', "[null, 5, {}]", '"text"', "5", "[[[", json.dumps(["w"] * 999)]
)
def test_a_page_starts_whatever_the_browser_kept(studio: Served, page: Page, kept: str) -> None:
    enter(page, studio.url)
    page.evaluate(
        "([names, kept]) => names.forEach(name => localStorage.setItem(`lsd-studio.${name}`, kept))", [NAMES, kept]
    )
    of_tab = "for (const name of ['before', 'token']) sessionStorage.setItem(`lsd-studio.${name}`, %s)"
    page.add_init_script(of_tab % json.dumps(kept))
    enter(page, studio.url)
    expect(page.locator("[name=production]")).to_have_value("my-film")
    expect(page.locator(".cue", has_text="underwater")).to_be_visible()
    assert page.locator(".cue .forget").count() <= 60, "cues of one's own are bounded"
    page.locator("[name=prompt]").fill("a river of glass")
    page.locator("[data-do=keep]").click()
    expect(page.locator(".cue").first).to_contain_text("a river of glass")
