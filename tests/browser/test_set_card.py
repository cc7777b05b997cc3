"""The set card by itself: it keeps to what is shown, whatever the browser can remember."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from engine.media.video import VideoWriter
from engine.types import Frame
from tests.browser.support import Served, enter
from tests.browser.test_pages import start, stop
from tests.browser.test_pages import studio as studio


def test_words_are_shown_as_three_places_and_a_click_takes_one(studio: Served, page: Page, tmp_path: Path) -> None:
    enter(page, studio.url)
    start(page)
    page.locator(".set [name=words]").fill("a castle by a lake at sunset")
    page.keyboard.press("Enter")
    tiles = page.locator(".set .proposals [role=radio]")
    expect(tiles).to_have_count(3)
    expect(tiles.nth(0)).to_have_attribute("aria-checked", "true")
    tiles.nth(2).click()
    expect(tiles.nth(2)).to_have_attribute("aria-checked", "true")
    expect(tiles.nth(0)).to_have_attribute("aria-checked", "false")
    expect(page.locator(".set .standing")).to_have_text("a castle by a lake at sunset")
    page.locator(".set").screenshot(path=tmp_path / "proposals.png")
    stop(page)


def test_the_set_card_keeps_to_what_is_shown(studio: Served, page: Page, tmp_path: Path) -> None:
    """C takes a clean plate only where its button is; a set comes though the browser can remember nothing; a click
    takes the colour of what lies under it, though the picture is cropped to its box."""
    band = tmp_path / "band.mp4"
    with VideoWriter(band, 320, 160) as writer:
        rgb = np.zeros((160, 320, 3), np.uint8)
        rgb[:, :], rgb[:, 80:112] = (200, 30, 30), (30, 180, 40)  # a green band
        for n in range(48):
            writer.write(Frame(rgb, n, n / 24))
    Image.new("RGB", (64, 36), "teal").save(tmp_path / "sea.png")
    sent: list[dict[str, Any]] = []

    def hear(payload: str | bytes) -> None:
        if isinstance(payload, str):
            sent.append(json.loads(payload))

    page.on("websocket", lambda socket: socket.on("framesent", hear))
    enter(page, studio.url)
    page.get_by_role("radio", name="Clip").click()
    page.locator(".drop input[type=file]").set_input_files(band)
    start(page)
    page.keyboard.press("c")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full'); }; }")
    page.locator(".set .bring input").set_input_files(tmp_path / "sea.png")
    expect(page.locator(".set .standing")).to_have_text("sea.png")
    page.locator(".set [name=cast]").select_option("chroma")
    page.evaluate("""() => Object.assign(document.querySelector('.camera video').style,
      {inset: '0 auto auto 0', width: '160px', height: '160px'})""")
    page.locator(".camera video").click(position={"x": 16, "y": 80}, force=True)  # of the clip: 96 of 320
    expect(page.locator(".set .standing")).to_have_text("sea.png")
    page.wait_for_timeout(500)
    keys = [each["cast"]["settings"]["key"] for each in sent if "settings" in (each.get("cast") or {})]
    assert keys, sent
    assert keys[-1][1] > 2 * keys[-1][0]
    assert "clean" not in [each["type"] for each in sent]
    stop(page)


def test_words_become_a_tile_and_a_key_of_the_lane_another_cast(studio: Served, page: Page) -> None:
    """A place in words has a tile with its picture, also when the page is opened again; on the lane of a take the set
    has another cast and in-point, each undone by itself."""
    enter(page, studio.url)
    page.get_by_role("radio", name="Example").click()
    start(page)
    page.locator(".set [name=words]").fill("a castle at night")
    page.locator(".set [name=words]").press("Enter")
    tile = page.locator(".set .gallery").get_by_role("radio", name="a castle at night", exact=True)
    expect(tile).to_have_attribute("aria-checked", "true", timeout=60_000)
    assert "data:image/jpeg" in str(tile.evaluate("tile => tile.style.backgroundImage"))
    page.wait_for_timeout(800)  # the fade to it ends, so that the take begins with one set
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()
    page.wait_for_timeout(1500)
    page.keyboard.press("r")
    expect(page.locator(".kept a")).to_be_visible(timeout=60_000)
    link = page.locator(".kept a")
    stop(page)
    link.click()
    key = page.locator(".lsd-set").first
    expect(key).to_contain_text("a castle at night")
    key.click()
    cast, into_s = page.locator(".lsd-editor [name=cast]"), page.locator(".lsd-editor [name=into_s]")
    expect(cast).to_have_value("null")
    began = into_s.input_value()  # the set had stood for a while when the take began
    cast.select_option(label="Green or blue screen")
    into_s.fill("2.5")
    into_s.press("Enter")
    expect(into_s).to_have_value("2.5")
    undo = page.locator(".lsd-tools [data-do=undo]")
    undo.click()
    expect(into_s).to_have_value(began)
    expect(cast).to_have_value('{"matter":"chroma"}')
    undo.click()
    expect(cast).to_have_value("null")
    expect(undo).to_be_disabled()
    enter(page, studio.url)
    expect(tile).to_be_visible()
