"""The live page says what is true: live is what moves, a clock runs while a take does, and a reload forgets nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import Cable, Served, enter
from tests.studio.takes.test_sound import clip

PICTURE = "document.querySelector('.monitors')?.dataset.picture"


@pytest.fixture(scope="module")
def studio(serve: Callable[..., Served]) -> Served:
    return serve()


def start(page: Page) -> None:
    page.get_by_role("button", name="Start").click()
    page.wait_for_function(PICTURE)
    expect(page.locator(".link b")).to_have_text("Live")


def record(page: Page) -> None:
    page.keyboard.press("r")
    expect(page.locator(".tally")).to_be_visible()


def test_nothing_starts_without_a_source(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    page.get_by_role("radio", name="Clip").click()
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".notices")).to_contain_text("Choose a clip first.")
    expect(page.locator(".link b")).to_have_text("Not started")


@pytest.mark.parametrize(
    ("name", "content"), [("words.mp4", b"no film"), ("picture.png", b"\x89PNG\r\n\x1a\n" + b"0" * 99)]
)
def test_a_file_that_is_not_a_video_is_not_live(
    studio: Served, page: Page, tmp_path: Path, name: str, content: bytes
) -> None:
    """Neither before Start nor while the picture of another source runs: nothing rolls over black."""
    (tmp_path / name).write_bytes(content)
    enter(page, studio.url)
    start(page)
    page.get_by_role("radio", name="Clip").click()
    page.locator(".drop input[type=file]").set_input_files(tmp_path / name)
    expect(page.locator(".camera .empty")).to_contain_text(f"The browser cannot play {name}")
    expect(page.locator(".link b")).to_have_text("No picture from the source")
    expect(page.locator(".record")).to_be_disabled()
    page.keyboard.press("r")
    expect(page.locator(".notices")).to_contain_text("There is nothing to record: no picture from the source.")
    page.get_by_role("radio", name="Example").click()
    expect(page.locator(".link b")).to_have_text("Live")
    expect(page.locator(".record")).to_be_enabled()


def test_a_camera_that_is_unplugged_is_no_longer_live(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    page.get_by_role("radio", name="Camera").click()
    start(page)
    page.evaluate(
        """() => {
          const [track] = document.querySelector('.camera video').srcObject.getTracks();
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }"""
    )
    expect(page.locator(".camera .empty")).to_contain_text("The camera was disconnected")
    expect(page.locator(".link b")).to_have_text("No picture from the source")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    expect(page.locator(".link b")).to_have_text("Live")


def test_a_picture_that_stands_still_is_not_live(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    start(page)
    page.evaluate("document.querySelector('.camera video').pause()")
    expect(page.locator(".link b")).to_have_text("The picture stands still")
    page.evaluate("document.querySelector('.camera video').play()")
    expect(page.locator(".link b")).to_have_text("Live")


def test_another_source_while_the_first_begins_says_nothing_of_play(studio: Served, page: Page, tmp_path: Path) -> None:
    enter(page, studio.url)
    start(page)
    film = clip(tmp_path / "film.mp4", length_s=1.0)
    page.get_by_role("radio", name="Clip").click()
    page.locator(".drop input[type=file]").set_input_files(film)
    page.evaluate("document.querySelector('.stop').click(); document.querySelector('.start').click()")
    page.get_by_role("radio", name="Example").click()
    page.get_by_role("radio", name="Camera").click()
    expect(page.locator(".about")).to_contain_text("Fake", ignore_case=True)
    assert not re.search(r"goo\.gl|play\(\)", page.locator(".notices").inner_text())


def test_the_clock_stands_while_the_connection_is_lost(serve: Callable[..., Served], page: Page) -> None:
    cable = Cable(serve().port)
    try:
        enter(page, cable.url)
        start(page)
        record(page)
        page.wait_for_timeout(600)
        cable.cut()
        expect(page.locator(".link b")).to_contain_text("lost")
        at = page.locator(".rec-time").inner_text()
        expect(page.locator(".overlay")).to_contain_text(f"The connection was lost {at} into the take.")
        page.wait_for_timeout(700)
        assert page.locator(".rec-time").inner_text() == at
        cable.mend()
        expect(page.locator(".link b")).to_have_text("Live")
        page.wait_for_function(f"document.querySelector('.rec-time').value > {at!r}")
    finally:
        cable.close()


def test_stop_in_a_take_says_which_was_kept(studio: Served, page: Page) -> None:
    enter(page, studio.url)
    page.locator("[name=production]").fill("stopped")
    page.locator("[name=production]").blur()
    start(page)
    record(page)
    page.wait_for_timeout(600)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".link b")).to_have_text("Not started")
    expect(page.locator(".kept")).to_contain_text("T001")
    page.locator(".kept a").click()
    expect(page.locator(".title h1")).to_have_text("Scene 01 · Shot A · Take 1")


def test_a_reload_forgets_nothing_and_the_take_goes_on(studio: Served, page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"
    enter(page, studio.url)
    page.locator("[name=production]").fill("reloaded")
    page.locator("[name=production]").blur()
    page.get_by_role("radio", name="Camera").click()
    start(page)
    page.locator("[name=fade]").fill("1.25")
    page.locator("[name=prompt]").fill("a pencil sketch")
    page.keyboard.press("Enter")
    page.locator("[name=prompt]").blur()
    expect(page.locator(".now b")).to_have_text("a pencil sketch")
    record(page)
    page.wait_for_timeout(600)
    page.reload()
    page.wait_for_function(PICTURE)
    expect(page.locator(".tally")).to_be_visible()
    expect(page.locator(".now b")).to_have_text("a pencil sketch")
    expect(page.locator("[name=fade]")).to_have_value("1.25")
    expect(page.get_by_role("radio", name="Camera")).to_have_attribute("aria-checked", "true")
    assert page.locator(".rec-time").inner_text() > "00:00:00:12"
    page.keyboard.press("r")
    expect(page.locator(".kept")).to_contain_text("T001")
    (document,) = studio.sessions.glob("reloaded/S01/A/T*/take.json")
    assert json.loads(document.read_text(encoding="utf-8"))["state"] == "complete"


@pytest.mark.parametrize(("typed", "came"), [("-3", "-3"), ("999", "999"), ("", "no number")])
def test_a_fade_that_is_not_one_is_refused_aloud(studio: Served, page: Page, typed: str, came: str) -> None:
    enter(page, studio.url)
    fade = page.locator("[name=fade]")
    fade.fill(typed)
    fade.blur()
    expect(page.locator(".notices")).to_contain_text(f"A fade lasts 0 to 60 seconds, 0 is a cut; {came} came.")
    expect(fade).to_have_value("0.5")


def test_the_take_number_is_what_the_disk_gave(studio: Served, page: Page) -> None:
    """Two shooters of one shot: the number that stands on the second's slate was taken by the first meanwhile."""
    other = page.context.new_page()
    for shooter in (page, other):
        enter(shooter, studio.url)
        shooter.locator("[name=production]").fill("two")
        shooter.locator("[name=production]").blur()
        expect(shooter.locator("output[name=take]")).to_have_text("1")
    start(page)
    record(page)
    start(other)
    record(other)
    expect(page.locator("output[name=take]")).to_have_text("1")
    expect(other.locator("output[name=take]")).to_have_text("2")
    other.close()


def test_a_missing_take_says_why(studio: Served, page: Page) -> None:
    enter(page, f"{studio.url}#review/nowhere/S01/A/T001")
    empty = page.locator(".room > .empty")
    expect(empty).to_contain_text("nowhere/S01/A/T001")
    page.get_by_role("button", name="Circled").click()  # draws the list anew
    expect(empty).to_contain_text("nowhere/S01/A/T001")
    page.goto(f"{studio.url}#review/%E0%A4%A")
    expect(empty).not_to_contain_text("nowhere")
